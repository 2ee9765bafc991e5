"""Checklists that fill themselves: each line says by what it is met, with a link, or that the operator must do it.

The lines are data (`checklists.json`); the checks read configuration and figures. What no figure can show, somebody
attests, with the day on which it is looked at again; an attestation that ran out counts no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.profile import Profile, duties, judge, profile_of
from hakam.compliance.storable import storable
from hakam.regulator import checks, risks
from hakam.regulator.evidence import Situation
from hakam.regulator.models import Attestation
from hakam.regulator.regimes import in_words
from hakam.vocabulary.actor import Actor

LARGE: Final = 7_000_000  # active users a month in the United Kingdom, Ofcom's codes
MULTI: Final = 2  # kinds at medium or high risk
_KINDS: Final = {
    "csam": ("csea",),
    "intimate": ("intimate",),
    "crisis": ("terrorism", "hate", "harassment", "interference"),
    "fraud": ("fraud",),
}
_RISKY: Final = frozenset({"medium", "high"})


class LineState(StrEnum):
    """How a line stands."""

    MET = "met"  # the system shows it
    ATTESTED = "attested"  # the operator says so
    UNSHOWN = "unshown"  # nothing has happened yet that could show it, or half of it is the operator's
    OPEN = "open"  # the system could, and does not yet
    OPERATOR = "operator"  # only the operator can do it
    NOT_OWED = "not_owed"  # the profile or the risks do not ask for it


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One measure."""

    id: str
    law: str
    title: dict[str, str]
    applies: str
    check: str  # of `checks.CHECKS`; empty: the operator must do it

    @property
    def words(self) -> str:
        """Its title, in the language in force."""
        return in_words(self.title)


class Checklist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of measures, as they stood on a day."""

    key: str
    title: dict[str, str]
    duty: str  # only where this duty applies; empty: for everybody
    source: str
    as_of: date
    lines: tuple[Line, ...]

    @property
    def words(self) -> str:
        """Its title, in the language in force."""
        return in_words(self.title)


class Filled(msgspec.Struct, frozen=True):
    """A line, and how it stands."""

    line: Line
    state: LineState
    by: str  # what meets it, or what is missing, in the language in force
    url: str = ""
    until: date | None = None  # of an attestation


class AttestationError(ValueError):
    """This can't be attested. Nothing was changed."""


class _Table(msgspec.Struct, frozen=True):
    checklists: tuple[Checklist, ...]


@cache
def checklists() -> dict[str, Checklist]:
    """Return every checklist by its key."""
    table = msgspec.json.decode(
        files("hakam.regulator").joinpath("checklists.json").read_bytes(), type=_Table
    )
    return {one.key: one for one in table.checklists}  # fmt: skip


class Owed:
    """Which lines a platform owes. What is not known counts as owed: nobody is exempt by silence."""

    def __init__(self, profile: Profile, *, on: date) -> None:
        self._profile, self._on = profile, on

    @cached_property
    def _levels(self) -> Mapping[str, str]:
        return risks.levels(self._profile.platform, "uk")

    @property
    def large(self) -> bool:
        """Whether the service is large in the United Kingdom."""
        return self._profile.users.get("GB", 0) > LARGE

    @property
    def multi(self) -> bool:
        """Whether two kinds of illegal content or more are at medium or high risk, or nobody has assessed it."""
        return not self._levels or sum(level in _RISKY for level in self._levels.values()) >= MULTI

    def risky(self, kinds: tuple[str, ...]) -> bool:
        """Whether one of these kinds is at medium or high risk, or nobody has assessed it."""
        return not self._levels or any(self._levels.get(kind) in _RISKY for kind in kinds)

    def owes(self, applies: str) -> bool:  # noqa: PLR0911 -- one return for each rule
        """Whether a line with this rule is owed."""
        kind, _sep, duty = applies.partition(":")
        if kind == "duty":
            return judge(duties()[duty], self._profile, self._on).applies
        if applies in _KINDS:
            return self.risky(_KINDS[applies])
        match applies:
            case "large":
                return self.large
            case "large_or_multi":
                return self.large or self.multi
            case "large_and_multi":
                return self.large and self.multi
            case "large_or_medium":
                return self.large or not self._levels or bool(_RISKY & set(self._levels.values()))
            case "neither":
                return not self.large and not self.multi
            case "minors":
                return self._profile.minors
            case _:
                return True


def offered(profile: Profile, *, on: date) -> list[Checklist]:
    """Return the checklists that concern a platform."""
    return [
        one for one in checklists().values() if not one.duty or judge(duties()[one.duty], profile, on).applies
    ]


def fill(checklist: Checklist, platform: str, *, now: datetime, chosen: checks.Chosen) -> list[Filled]:
    """Fill a checklist from configuration, figures and attestations, in its order."""
    situation = Situation(platform, now=now)
    owed = Owed(profile_of(platform), on=now.date())
    said = {
        one.line: one
        for one in Attestation.objects.filter(
            platform=platform, checklist=checklist.key, until__gte=now.date()
        )
    }
    return [_filled(line, owed, said.get(line.id), situation, chosen) for line in checklist.lines]


def _filled(
    line: Line, owed: Owed, said: Attestation | None, situation: Situation, chosen: checks.Chosen
) -> Filled:
    if not owed.owes(line.applies):
        return Filled(line, LineState.NOT_OWED, "")
    found = checks.CHECKS[line.check](situation, chosen) if line.check else None
    if found is not None and found.met:
        return Filled(line, LineState.MET, found.by, found.url)
    if said is not None:
        return Filled(line, LineState.ATTESTED, said.text, until=said.until)
    if found is not None:
        state = LineState.UNSHOWN if found.met is None else LineState.OPEN
        return Filled(line, state, found.by, found.url)
    return Filled(line, LineState.OPERATOR, _("The operator must do this, and can attest it here."))


def attest(
    platform: str, checklist: str, line: str, *, text: str, until: date, by: Actor, now: datetime
) -> Attestation:
    """Note how the operator meets a line, or by what other measure, until it is looked at again.

    # OSA s.23: alternatives to a measure of the codes are on record, with how they comply. Raises `AttestationError`.
    """
    text = storable(text).strip()
    found = checklists().get(checklist)
    if found is None or line not in {one.id for one in found.lines}:
        raise AttestationError(_("there is no such line"))
    if not text:
        raise AttestationError(_("say how it is met"))
    if not now.date() < until <= date(now.year + 1, now.month, min(now.day, 28)):
        raise AttestationError(_("it is looked at again within a year"))
    with transaction.atomic():
        ledger.lock()
        made, _fresh = Attestation.objects.update_or_create(
            platform=platform,
            checklist=checklist,
            line=line,
            defaults={"text": text, "until": until, "by": str(by), "at": now},
        )
        ledger.record(
            FactKind.CHECKLIST_ATTESTED,
            by=by,
            now=now,
            subject=f"checklist:{platform}/{checklist}",
            body={"line": line, "text": text, "until": until},
        )
    return made
