"""May this account be live here, now? Pure: a pass, a page of the book, conditions and a moment in; an answer out."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import msgspec

from hakam.live.configuration import Conditions
from hakam.live.gate.book import Page
from hakam.live.gate.passes import Pass

DAY: Final = 86_400.0


class Why(StrEnum):
    """Why somebody may not be live. What people decided comes first, then conditions, then what is not known."""

    TERMINATED = "terminated"
    SUSPENDED = "suspended"
    BARRED = "barred"
    STRIKE = "strike"  # a standing violation of a clause of which one is enough
    CUT = "cut"  # a stream of theirs was cut a short while ago
    PASS_MISSING = "pass_missing"  # noqa: S105 -- no password
    PASS_CUT_OFF = "pass_cut_off"  # noqa: S105 -- no password; the media server handed over only its beginning
    PASS_FALSE = "pass_false"  # noqa: S105 -- no password
    PASS_EXPIRED = "pass_expired"  # noqa: S105 -- no password
    COUNTRY = "country"
    AGE = "age"
    UNVERIFIED = "unverified"
    NEW_ACCOUNT = "new_account"
    UNAPPROVED = "unapproved"
    UNSURE = "unsure"  # the gate can't know, and its server is set to refuse then


DECIDED: Final = (Why.TERMINATED, Why.SUSPENDED, Why.BARRED, Why.STRIKE, Why.CUT)
"""Refusals that follow from a decision: its statement of reasons says why, and a complaint is about it."""
ASKABLE: Final = (Why.COUNTRY, Why.AGE, Why.UNVERIFIED, Why.NEW_ACCOUNT, Why.UNAPPROVED)
"""Refusals that a colleague can lift by a permit."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the gate says."""

    allowed: bool
    why: Why | None = None
    until: float | None = None  # Unix seconds; None: no set end, or it does not depend on time
    source: str = ""  # what it follows from, as `measure:12`
    statement: str = ""  # token of its statement of reasons
    sure: bool = True  # False: by `when_unsure`, not by knowledge


def judge(
    shown: Pass,
    page: Page | None,
    conditions: Conditions,
    *,
    at: float,
    stale: float,
    admit: bool,
    running: bool = False,
) -> Answer:
    """Answer for a pass that is true.

    `at`: Unix seconds. `stale`: age in seconds from which the book says nothing. `admit`: what to say then.
    `running`: it is on air already, and only what is known ends it.
    """
    known = page is not None and at - page.written_at <= stale
    if (
        page is not None
    ):  # an old book still bars: what it knows was true, and only a reversal could be missing
        bar = _heaviest(page, at, shown.country, running=running)
        if bar is not None:
            return bar
    if not known:
        goes = admit or running
        return Answer(goes, None if goes else Why.UNSURE, sure=False)
    assert page is not None
    if any(permit.holds(at, shown.event) for permit in page.permits):
        return Answer(allowed=True)
    for why, until in _unmet(shown, conditions, at):
        return Answer(allowed=False, why=why, until=until)
    return Answer(allowed=True)


def _heaviest(page: Page, at: float, country: str | None, *, running: bool) -> Answer | None:
    held = [bar for bar in page.bars if bar.holds(at, country, running=running)]
    if not held:
        return None
    order = {why.value: place for place, why in enumerate(Why)}
    first = min(held, key=lambda bar: (order[bar.why], -(bar.ends or float("inf"))))
    return Answer(
        allowed=False, why=Why(first.why), until=first.ends, source=first.source, statement=first.statement
    )


def _unmet(shown: Pass, conditions: Conditions, at: float) -> Iterator[tuple[Why, float | None]]:
    """Yield each condition that is not met, with the moment from which it will be, if time alone does it."""
    strict = conditions.unknown == "refuse"
    country = shown.country
    if conditions.countries_refused or conditions.countries_only:
        outside = country in conditions.countries_refused or (
            bool(conditions.countries_only) and country not in conditions.countries_only
        )
        if (country is None and strict) or (country is not None and outside):
            yield Why.COUNTRY, None
    if conditions.least_age and (strict if shown.age is None else shown.age < conditions.least_age):
        yield Why.AGE, None
    if conditions.verified and (strict if shown.verified is None else not shown.verified):
        yield Why.UNVERIFIED, None
    if conditions.account_days:
        ripe = None if shown.created is None else shown.created + conditions.account_days * DAY
        if strict if ripe is None else at < ripe:
            yield Why.NEW_ACCOUNT, ripe
    if conditions.approval:
        yield Why.UNAPPROVED, None  # a permit would have been found before
