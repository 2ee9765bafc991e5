"""May this account be live? The whole table, without a file and without a clock."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.live.configuration import Conditions
from hakam.live.gate.book import Bar, Page, Permit
from hakam.live.gate.judge import ASKABLE, DAY, DECIDED, Answer, Why, judge
from hakam.live.gate.passes import Pass

NOW = 1_800_000_000.0
GOOD = Pass(account="u1", until=NOW + 9, created=NOW - 400 * DAY, verified=True, age=40, country="JO")
EMPTY = Page((), (), NOW)


def asked(shown: Pass = GOOD, page: Page | None = EMPTY, *, admit: bool = False, **conditions: Any) -> Answer:
    return judge(shown, page, Conditions(**conditions), at=NOW, stale=60.0, admit=admit)


def bar(why: Why = Why.BARRED, **more: Any) -> Bar:
    given = {"source": "measure:1", "why": why.value, "starts": NOW - 5, "ends": NOW + 5, "territory": (),
             "statement": "t"}  # fmt: skip
    return Bar(**(given | more))


def page(*bars: Bar, permits: tuple[Permit, ...] = (), at: float = NOW) -> Page:
    return Page(bars, permits, at)


def test_nothing_said_against_it_is_allowed() -> None:
    assert asked() == Answer(allowed=True)
    everything = {"account_days": 30, "verified": True, "least_age": 16, "countries_only": ("JO",),
                  "countries_refused": ("XX",)}  # fmt: skip
    assert asked(**everything).allowed


@pytest.mark.parametrize(
    ("conditions", "changed", "why"),
    [
        ({"account_days": 30}, {"created": NOW - 29 * DAY}, Why.NEW_ACCOUNT),
        ({"account_days": 30}, {"created": None}, Why.NEW_ACCOUNT),
        ({"verified": True}, {"verified": False}, Why.UNVERIFIED),
        ({"verified": True}, {"verified": None}, Why.UNVERIFIED),
        ({"least_age": 16}, {"age": 15}, Why.AGE),
        ({"least_age": 16}, {"age": None}, Why.AGE),
        ({"countries_refused": ("JO",)}, {}, Why.COUNTRY),
        ({"countries_only": ("DE",)}, {}, Why.COUNTRY),
        ({"countries_only": ("JO",)}, {"country": None}, Why.COUNTRY),
        ({"approval": True}, {}, Why.UNAPPROVED),
    ],
)
def test_each_condition_refuses_and_a_permit_lifts_it(
    conditions: dict[str, Any], changed: dict[str, Any], why: Why
) -> None:
    shown = Pass(**{name: getattr(GOOD, name) for name in GOOD.__struct_fields__} | changed)
    answer = asked(shown, **conditions)
    assert (answer.allowed, answer.why) == (False, why)
    assert why in ASKABLE
    unknown = any(value is None for value in changed.values())
    assert asked(shown, unknown="admit", **conditions).allowed is unknown
    permit = Permit("permit:1", "", NOW - 1, NOW + 1)
    assert asked(shown, page(permits=(permit,)), **conditions).allowed


def test_a_new_account_is_told_from_when_on() -> None:
    shown = Pass(account="u1", until=NOW + 9, created=NOW - 3 * DAY)
    assert asked(shown, account_days=7).until == NOW + 4 * DAY


def test_a_permit_is_for_its_time_and_its_event() -> None:
    for permit, allowed in (
        (Permit("permit:1", "wedding", NOW - 1, NOW + 1), True),
        (Permit("permit:1", "funeral", NOW - 1, NOW + 1), False),
        (Permit("permit:1", "", NOW + 1, NOW + 2), False),
        (Permit("permit:1", "", NOW - 2, NOW), False),
        (Permit("permit:1", "", NOW - 2, None), True),
    ):
        shown = Pass(account="u1", until=NOW + 9, event="wedding")
        assert asked(shown, page(permits=(permit,)), approval=True).allowed is allowed


@pytest.mark.parametrize("why", DECIDED)
def test_what_was_decided_bars_and_no_permit_lifts_it(why: Why) -> None:
    permit = Permit("permit:1", "", NOW - 1, NOW + 1)
    answer = asked(page=page(bar(why), permits=(permit,)))
    assert (answer.allowed, answer.why, answer.source, answer.statement) == (False, why, "measure:1", "t")


def test_a_bar_has_a_beginning_an_end_and_a_place() -> None:
    assert asked(page=page(bar(starts=NOW + 1))).allowed
    assert asked(page=page(bar(ends=NOW))).allowed
    assert not asked(page=page(bar(ends=None))).allowed
    assert not asked(page=page(bar(territory=("JO",)))).allowed
    assert asked(page=page(bar(territory=("DE",)))).allowed
    nowhere = Pass(account="u1", until=NOW + 9)
    assert asked(nowhere, page(bar(territory=("DE",)))).allowed  # who is nowhere is not there


def test_the_heaviest_bar_is_told() -> None:
    found = asked(page=page(bar(Why.CUT), bar(Why.TERMINATED, source="measure:9"), bar(Why.BARRED)))
    assert (found.why, found.source) == (Why.TERMINATED, "measure:9")
    longer = asked(page=page(bar(ends=NOW + 1), bar(ends=NOW + 99, source="measure:2")))
    assert longer.source == "measure:2"


def test_what_is_not_known_is_answered_as_declared() -> None:
    for unknown in (None, page(at=NOW - 61)):
        assert asked(page=unknown) == Answer(allowed=False, why=Why.UNSURE, sure=False)
        assert asked(page=unknown, admit=True) == Answer(allowed=True, sure=False)
    old_and_barred = page(bar(), at=NOW - 999)
    assert asked(page=old_and_barred, admit=True).why is Why.BARRED


@given(
    bars=st.lists(st.sampled_from(DECIDED), max_size=3),
    stale=st.booleans(),
    admit=st.booleans(),
    days=st.integers(0, 500),
)
def test_nobody_who_is_barred_gets_in_whatever_else_is_said(
    *, bars: list[Why], stale: bool, admit: bool, days: int
) -> None:
    found = asked(
        page=page(*[bar(why, source=f"m:{n}") for n, why in enumerate(bars)], at=NOW - 100 * stale),
        admit=admit,
        account_days=days,
    )
    if bars:
        assert not found.allowed
    if found.allowed:
        assert found.why is None
    else:
        assert found.why is not None
