"""Which duties apply to whom, and why: size, tier, country, dates, grace."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance import ledger
from hakam.compliance.access import deadlines_of
from hakam.compliance.clocks import clocks
from hakam.compliance.models import Deadline
from hakam.compliance.profile import (
    Duty,
    Profile,
    Size,
    Tier,
    Why,
    duties,
    judge,
    judge_all,
    profile_of,
    set_profile,
)
from hakam.vocabulary.actor import Actor, ActorKind

DAY = date(2026, 11, 28)
AMAL = Actor(ActorKind.STAFF, "1")


def why(key: str, *, on: date = DAY, **more: object) -> Why:
    return judge(duties()[key], Profile(platform="maydan", **more), on).why  # type: ignore[arg-type]


def test_a_large_platform_of_the_union_has_every_duty_of_its_tier() -> None:
    applying = {j.duty.key for j in judge_all(Profile(platform="maydan"), DAY) if j.applies}
    assert {"dsa.notices", "dsa.database", "dsa.report", "tco.orders"} <= applying
    assert not {"dsa.audit", "dsa.traders", "uk.intimate", "us.intimate"} & applying


@pytest.mark.parametrize("size", [Size.MICRO, Size.SMALL])
def test_small_companies_are_exempt_from_section_3_and_the_report_but_from_nothing_else(size: Size) -> None:
    # DSA Art. 15(2), Art. 19(1)
    for key in ("dsa.report", "dsa.complaints", "dsa.database", "dsa.misuse", "dsa.recipients"):
        assert why(key, size=size) is Why.SMALL
    for key in (
        "dsa.notices",
        "dsa.reasons",
        "dsa.crimes",
        "dsa.orders",
        "dsa.recipients.answer",
        "tco.orders",
    ):
        assert why(key, size=size) is Why.APPLIES


def test_a_very_large_platform_is_exempt_from_nothing_however_small_the_company() -> None:
    # DSA Art. 19(2)
    assert why("dsa.database", tier=Tier.VERY_LARGE, size=Size.MICRO) is Why.APPLIES


def test_who_grew_has_twelve_months() -> None:
    since = date(2026, 2, 28)
    assert (
        why("dsa.database", larger_since=since, on=date(2027, 2, 28)) is Why.GRACE
    )  # No 1182/71, Art. 3(2)(c)
    assert why("dsa.database", larger_since=since, on=date(2027, 3, 1)) is Why.APPLIES


@pytest.mark.django_db
@given(
    st.dates(date(2024, 3, 1), date(2040, 1, 1)),
    st.sampled_from(["UTC", "Asia/Amman", "America/Los_Angeles", "Pacific/Auckland"]),
)
def test_the_judge_and_the_clock_end_the_grace_with_the_same_hour(since: date, zone: str) -> None:
    # DSA Art. 19(1): the last hour of the last day is within the twelve months, for both
    with override_settings(TIME_ZONE=zone), transaction.atomic():
        now = datetime.combine(since, time(12), ZoneInfo(zone))
        set_profile(Profile(platform="p", larger_since=since), by=AMAL, now=now)
        (grace,) = deadlines_of(f"platform:p/larger-since-{since}")
        last = (grace.due_at - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date()
        assert why("dsa.database", larger_since=since, on=last) is Why.GRACE
        assert why("dsa.database", larger_since=since, on=last + timedelta(days=1)) is Why.APPLIES
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("key", "more", "reason"),
    [
        ("dsa.notices", {"tier": Tier.INTERMEDIARY}, Why.TIER),
        ("dsa.complaints", {"tier": Tier.HOSTING}, Why.TIER),
        ("dsa.traders", {}, Why.MARKETPLACE),
        ("dsa.traders", {"marketplace": True}, Why.APPLIES),
        ("dsa.notices", {"countries": ("US",)}, Why.ELSEWHERE),
        ("dsa.notices", {"countries": ("US",), "established": "IE"}, Why.APPLIES),
        ("uk.intimate", {"countries": ("GB",)}, Why.APPLIES),
        ("uk.intimate", {"countries": ("GB",), "on": date(2026, 6, 28)}, Why.NOT_YET),
        ("uk.children", {"countries": ("GB",)}, Why.MINORS),
        ("uk.children", {"countries": ("GB",), "minors": True}, Why.APPLIES),
        ("uk.csea", {"countries": ("GB",), "established": "DE"}, Why.ESTABLISHED),
        ("uk.csea", {"established": "GB"}, Why.APPLIES),
        ("in.large", {"countries": ("IN",), "users": {"IN": 4_999_999}}, Why.USERS),
        ("in.large", {"countries": ("IN",), "users": {"IN": 5_000_000}}, Why.APPLIES),
        ("uk.transparency", {"countries": ("GB",), "categories": {"GB": ("3",)}}, Why.CATEGORY),
        ("uk.transparency", {"countries": ("GB",), "categories": {"GB": ("2B",)}}, Why.APPLIES),
        ("de.netzdg", {"countries": ("DE",)}, Why.ENDED),
        ("de.netzdg", {"countries": ("DE",), "on": date(2024, 5, 13)}, Why.APPLIES),
    ],
)
def test_every_reason_is_given(key: str, more: dict[str, object], reason: Why) -> None:
    assert why(key, **more) is reason  # type: ignore[arg-type]


@given(st.sampled_from(Tier), st.sampled_from(Tier), st.sampled_from(Size), st.sampled_from(sorted(duties())))
def test_a_higher_tier_never_has_fewer_duties(one: Tier, other: Tier, size: Size, key: str) -> None:
    low, high = sorted((one, other), key=list(Tier).index)
    if why(key, tier=low, size=size) is Why.APPLIES:
        assert why(key, tier=high, size=size) is Why.APPLIES


@pytest.mark.parametrize("duty", duties().values(), ids=list(duties()))
def test_each_duty_says_what_it_is_in_both_languages(duty: Duty) -> None:
    assert re.search("[a-z]", duty.title["en"])
    assert re.search("[\u0600-\u06ff]", duty.title["ar"])
    assert duty.law
    assert set(duty.clocks) <= set(clocks())


@pytest.mark.django_db
def test_a_profile_is_set_with_a_fact_and_growth_is_noted() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert profile_of("maydan") == Profile(platform="maydan")
    set_profile(Profile(platform="maydan", size=Size.SMALL), by=AMAL, now=now)
    assert profile_of("maydan").size is Size.SMALL
    grown = set_profile(Profile(platform="maydan", size=Size.LARGER), by=AMAL, now=now)
    assert grown.larger_since == date(2026, 3, 2)
    assert profile_of("maydan") == grown
    facts = ledger.story("platform:maydan")
    assert [fact.kind for fact in facts] == ["profile.changed", "profile.changed"]
    assert ledger.body_of(facts[1])["profile"]["larger_since"] == "2026-03-02"


@pytest.mark.django_db
def test_twelve_months_of_grace_run_as_a_clock_and_end_when_the_company_is_small_again() -> None:
    # DSA Art. 19(1)
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    set_profile(Profile(platform="maydan", size=Size.SMALL), by=AMAL, now=now)
    assert not Deadline.objects.exists()
    grown = set_profile(Profile(platform="maydan", size=Size.LARGER), by=AMAL, now=now)
    (grace,) = deadlines_of("platform:maydan/larger-since-2026-03-02")
    assert (grace.clock, grace.kind, grace.due_at) == (
        "small.grace",
        "window",
        datetime(2027, 3, 3, tzinfo=UTC),
    )
    set_profile(grown, by=AMAL, now=now)  # saved once more: the same months
    assert Deadline.objects.count() == 1
    shrunk = set_profile(msgspec.structs.replace(grown, size=Size.MICRO), by=AMAL, now=now)
    assert shrunk.larger_since is None
    assert not Deadline.objects.filter(met_at=None).exists()
    later = datetime(2026, 9, 1, tzinfo=UTC)
    again = set_profile(Profile(platform="maydan", size=Size.LARGER), by=AMAL, now=later)
    assert again.larger_since == date(2026, 9, 1)
    assert Deadline.objects.get(met_at=None).subject == "platform:maydan/larger-since-2026-09-01"


@pytest.mark.django_db
def test_a_grace_that_was_over_when_it_was_told_starts_no_clock() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    set_profile(Profile(platform="maydan", larger_since=date(2025, 3, 1)), by=AMAL, now=now)
    assert not Deadline.objects.exists()
    set_profile(Profile(platform="maydan", larger_since=date(2025, 6, 1)), by=AMAL, now=now)
    assert Deadline.objects.get().started_at == datetime(2025, 6, 1, tzinfo=UTC)
