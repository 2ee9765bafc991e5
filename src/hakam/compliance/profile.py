"""What a platform is in law: which duties apply to it, and why.

A profile is set by the operator and is a fact. Without one a platform counts as an online platform of no small company
that serves the whole Union: nobody is exempt by silence.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec
from django.db import transaction
from django.utils.timezone import get_default_timezone, localdate

from hakam.compliance import deadlines, ledger
from hakam.compliance.calendar import end_day, midnight
from hakam.compliance.clocks import clock
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.facts import FactKind
from hakam.compliance.models import PlatformProfile
from hakam.vocabulary.actor import Actor


class Tier(StrEnum):
    """What the service is (DSA Art. 3), each with the duties of those before it."""

    INTERMEDIARY = "intermediary"  # T1
    HOSTING = "hosting"  # T2: stores what people post
    PLATFORM = "platform"  # T3: and shows it to the public
    VERY_LARGE = "very_large"  # T4: 45 million recipients in the Union, designated


class Size(StrEnum):
    """How large the company is (Recommendation 2003/361/EC)."""

    MICRO = "micro"  # fewer than 10 staff, at most EUR 2 million
    SMALL = "small"  # fewer than 50 staff, at most EUR 10 million
    LARGER = "larger"


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answers that decide."""

    platform: str
    tier: Tier = Tier.PLATFORM
    size: Size = Size.LARGER
    larger_since: date | None = None  # when the status of a small company was lost: 12 months of grace
    countries: tuple[str, ...] = tuple(sorted(EU))  # where it is offered
    established: str = ""  # the country, if it is one
    marketplace: bool = False  # consumers conclude contracts with traders
    minors: bool = False  # children are likely to access it
    app: bool = False  # people get it as an app from a store
    users: dict[str, int] = {}  # active each month, by country
    categories: dict[str, tuple[str, ...]] = {}  # what a regulator registered it as, by country: `GB` -> `2B`
    languages: tuple[str, ...] = ()  # in which authorities may write (Art. 11(3))


class Why(StrEnum):
    """Why a duty applies, or does not."""

    APPLIES = "applies"
    ELSEWHERE = "elsewhere"  # the platform is not offered where this law counts
    NOT_YET = "not_yet"
    ENDED = "ended"
    TIER = "tier"  # it is a duty of larger tiers
    MARKETPLACE = "marketplace"  # it is a duty of marketplaces
    MINORS = "minors"  # it is a duty of services that children are likely to access
    ESTABLISHED = "established"  # it is a duty of those who are established there
    USERS = "users"  # it is a duty of services with more users there
    CATEGORY = "category"  # it is a duty of services that the regulator put into a category
    SMALL = "small"  # micro and small companies are exempt
    GRACE = "grace"  # the exemption goes on for twelve months


class Duty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One duty, as data."""

    key: str
    law: str
    where: str  # `EU`, or a country
    title: dict[str, str]
    tier: Tier = Tier.INTERMEDIARY  # from which tier on
    small_exempt: bool = False
    marketplace: bool = False
    minors: bool = False
    established: bool = False
    users: int = 0  # from how many active users a month in that country on
    category: tuple[str, ...] = ()  # one of these, as the regulator registered it
    clocks: tuple[str, ...] = ()  # keys of the clocks that belong to it
    read: bool = True  # the law was read for this entry; otherwise ask counsel before you rely on it
    since: date = date(2024, 2, 17)
    until: date | None = None


class Judgement(msgspec.Struct, frozen=True):
    """Whether a duty applies to a platform, and why."""

    duty: Duty
    why: Why

    @property
    def applies(self) -> bool:
        """Whether it does."""
        return self.why is Why.APPLIES


class _Table(msgspec.Struct, frozen=True):
    duties: tuple[Duty, ...]


GRACE = "small.grace"
GRACE_MONTHS = clock(GRACE).months  # DSA Art. 19(1)
_TIERS = list(Tier)


@cache
def duties() -> dict[str, Duty]:
    """Return every duty by its key."""
    table = msgspec.json.decode(files("hakam.compliance").joinpath("duties.json").read_bytes(), type=_Table)
    return {duty.key: duty for duty in table.duties}


def judge(duty: Duty, profile: Profile, on: date) -> Judgement:
    """Say whether `duty` applies to a platform on a day. The first reason that it does not is the one that is given."""
    return Judgement(duty, _why(duty, profile, on))


def _why(duty: Duty, profile: Profile, on: date) -> Why:  # noqa: PLR0911 -- one return for each reason
    served = set(profile.countries) | {profile.established}
    if not (served & EU if duty.where == "EU" else duty.where in served):
        return Why.ELSEWHERE
    if on < duty.since:
        return Why.NOT_YET
    if duty.until is not None and on > duty.until:
        return Why.ENDED
    if _TIERS.index(profile.tier) < _TIERS.index(duty.tier):
        return Why.TIER
    if duty.marketplace and not profile.marketplace:
        return Why.MARKETPLACE
    if (condition := _condition(duty, profile)) is not None:
        return condition
    if (
        duty.small_exempt and profile.tier is not Tier.VERY_LARGE
    ):  # DSA Art. 15(2), Art. 19(2): never a very large platform
        if profile.size is not Size.LARGER:
            return Why.SMALL
        if profile.larger_since is not None and on <= end_day(profile.larger_since, GRACE_MONTHS):
            return Why.GRACE
    return Why.APPLIES


def _condition(duty: Duty, profile: Profile) -> Why | None:
    """Return what a duty of another country asks for besides and this platform has not, or None."""
    if duty.minors and not profile.minors:
        return Why.MINORS
    if duty.established and profile.established != duty.where:
        return Why.ESTABLISHED
    if profile.users.get(duty.where, 0) < duty.users:
        return Why.USERS
    if duty.category and not set(duty.category) & set(profile.categories.get(duty.where, ())):
        return Why.CATEGORY
    return None


def judge_all(profile: Profile, on: date) -> tuple[Judgement, ...]:
    """Judge every duty, in the order of the data."""
    return tuple(judge(duty, profile, on) for duty in duties().values())


def profile_of(platform: str) -> Profile:
    """Return what is known of a platform; without a word of the operator, the one with the most common duties."""
    row = PlatformProfile.objects.filter(platform=platform).first()
    return Profile(platform=platform) if row is None else msgspec.convert(row.body, Profile)


def has_certified_bodies(platform: str, on: date) -> bool:
    """Whether certified bodies settle disputes with a platform (DSA Art. 21): not where it is small (Art. 19(1))."""
    return judge(duties()["dsa.disputes"], profile_of(platform), on).applies


def set_profile(profile: Profile, *, by: Actor, now: datetime) -> Profile:
    """Set what a platform is. Whoever stops being small keeps the exemption for twelve months (DSA Art. 19(1)).

    A clock runs for those months. It ends at once if the company is small again.
    """
    with transaction.atomic():
        ledger.lock()
        before = profile_of(profile.platform)
        grown = before.size is not Size.LARGER and profile.size is Size.LARGER
        if profile.size is not Size.LARGER:
            profile = msgspec.structs.replace(profile, larger_since=None)
        elif grown and profile.larger_since is None:
            profile = msgspec.structs.replace(profile, larger_since=localdate(now))
        body = msgspec.to_builtins(profile)
        PlatformProfile.objects.update_or_create(
            platform=profile.platform, defaults={"body": body, "changed_by": str(by), "changed_at": now}
        )
        ledger.record(
            FactKind.PROFILE_CHANGED,
            by=by,
            now=now,
            subject=f"platform:{profile.platform}",
            body={"profile": body},
        )
        _run_grace(before, profile, by=by, now=now)
    return profile


def _run_grace(before: Profile, after: Profile, *, by: Actor, now: datetime) -> None:
    if before.larger_since not in {None, after.larger_since}:
        deadlines.meet(GRACE, subject=_grace_of(before), by=by, now=now)
    since = after.larger_since
    if since is not None and localdate(now) <= end_day(since, GRACE_MONTHS):
        began = min(now, midnight(since, get_default_timezone()))
        deadlines.start(GRACE, subject=_grace_of(after), by=by, now=began)


def _grace_of(profile: Profile) -> str:
    return f"platform:{profile.platform}/larger-since-{profile.larger_since}"
