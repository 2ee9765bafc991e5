"""Whole tables: for platforms as they are in life, every duty with the reason why it applies or does not.

Each fixture is a profile: its first line says which, the others are `duty  reason`, for a person to read and object to.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hakam.compliance.eu_database.codes import EU
from hakam.compliance.profile import Profile, Size, Tier, judge_all

FIXTURES = Path(__file__).parent / "fixtures"
DAY = date(2026, 11, 28)
UNION = tuple(sorted(EU))
PROFILES: dict[str, Profile] = {
    "small forum of one Member State": Profile(
        platform="p", size=Size.MICRO, countries=("DE",), established="DE"
    ),
    "platform of the Union that grew half a year ago": Profile(
        platform="p", countries=UNION, established="IE", larger_since=date(2026, 5, 1)
    ),
    "very large platform of the world": Profile(
        platform="p",
        tier=Tier.VERY_LARGE,
        countries=(*UNION, "GB", "US", "IN", "AU", "NZ", "AE"),
        established="US",
        minors=True,
        users={"IN": 90_000_000, "GB": 30_000_000},
        categories={"GB": ("1",)},
    ),
    "small service of the United Kingdom with children": Profile(
        platform="p", tier=Tier.HOSTING, size=Size.SMALL, countries=("GB",), established="GB", minors=True
    ),
    "image board of the United States": Profile(platform="p", countries=("US",), established="US"),
    "messenger of India below five million": Profile(
        platform="p", tier=Tier.HOSTING, countries=("IN",), established="IN", users={"IN": 4_000_000}
    ),
    "marketplace of the Union": Profile(platform="p", countries=UNION, established="NL", marketplace=True),
    "cache that only passes on": Profile(platform="p", tier=Tier.INTERMEDIARY, countries=(*UNION, "AU")),
    "platform of the Gulf": Profile(platform="p", countries=("AE", "SA", "EG"), established="AE"),
}


def table(profile: Profile) -> list[str]:
    return [f"{one.duty.key:<24}{one.why}" for one in judge_all(profile, DAY)]


@pytest.mark.parametrize("name", PROFILES)
def test_the_table_is_the_one_that_was_read(name: str) -> None:
    path = FIXTURES / f"duties {name}.txt"
    assert path.read_text(encoding="utf-8").splitlines() == [f"# {name}, on {DAY}", *table(PROFILES[name])]


def test_every_duty_applies_to_somebody_unless_it_ended() -> None:
    applying = {one.duty.key for p in PROFILES.values() for one in judge_all(p, DAY) if one.applies}
    everything = {one.duty.key for one in judge_all(Profile(platform="p"), DAY)}
    others = {"in.large", "fr.removal"}
    assert everything - applying - others <= {"de.netzdg"}
