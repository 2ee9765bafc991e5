"""Clocks that a person starts: from what happened, on whose word, what follows, and what runs by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hakam.compliance import deadlines, ledger
from hakam.compliance.access import deadlines_of, facts_of
from hakam.compliance.calendar import end_of_period
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline
from hakam.compliance.profile import Profile, Tier, set_profile
from hakam.regulator import by_hand
from hakam.regulator.by_hand import ByHandError
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def begin(who: User, clock: str = "audit", **more: object) -> Deadline:
    given = {"because": "Its report came by post.", "about": "Auditors & Sons", "by": who.actor, "now": NOW}
    return by_hand.begin(clock, platform=scene.PLATFORM, **(given | more))  # type: ignore[arg-type]


def done(who: User, made: Deadline, **more: object) -> Deadline:
    number = int(made.subject.rpartition("/")[2])
    given = {"note": "The report is in the drawer.", "by": who.actor, "now": NOW + 30 * DAY}
    return by_hand.done(scene.PLATFORM, made.clock, number, **(given | more))  # type: ignore[arg-type]


def running() -> list[str]:
    return sorted(Deadline.objects.filter(met_at=None).values_list("clock", flat=True))


def test_a_clock_runs_from_when_it_happened_and_says_who_knew_how(lena: User) -> None:
    # DSA Art. 37(1): at least once a year
    since = NOW - 10 * DAY
    made = begin(lena, since=since)
    assert (made.started_at, made.due_at) == (since, end_of_period(since, 12, working=False))
    said = by_hand.told(made)
    assert (said.about, said.because, said.by) == (
        "Auditors & Sons",
        "Its report came by post.",
        str(lena.actor),
    )
    (fact,) = facts_of(made.subject, FactKind.DUTY_BEGUN)
    assert ledger.body_of(fact) == {
        "platform": scene.PLATFORM,
        "clock": "audit",
        "since": "2026-11-18T12:00:00Z",
    }
    assert deadlines_of(made.subject)[0].next_at is not None  # it warns before


def test_it_warns_before_and_is_missed_after(lena: User) -> None:
    made = begin(lena, "audit.publish")
    assert [one.pk for one in deadlines.warned(now=made.due_at - timedelta(days=10))] == [made.pk]
    assert [one.pk for one in deadlines.missed(now=made.due_at + DAY)] == [made.pk]
    kinds = [fact.kind for fact in ledger.story(made.subject)]
    assert kinds == ["duty.begun", "deadline.started", "deadline.warned", "deadline.missed"]


def test_an_advert_is_kept_for_a_year_after_it_was_shown_last_each_on_its_own(lena: User) -> None:
    # DSA Art. 39(1)
    first, second = (begin(lena, "adverts.repository", about=f"advert {n}") for n in (1, 2))
    assert [first.subject, second.subject] == [
        f"duty:{scene.PLATFORM}/adverts.repository/{n}" for n in (1, 2)
    ]
    assert [one.pk for one in deadlines.ended(now=NOW + 400 * DAY)] == [first.pk, second.pk]


@pytest.mark.parametrize(
    ("clock", "more", "why"),
    [
        ("tco.removal", {}, "started by hand"),
        ("audot", {}, "started by hand"),
        ("audit", {"because": " "}, "how you know"),
        ("audit", {"since": NOW + DAY}, "lies ahead"),
        ("in.remind", {"since": NOW.replace(year=2024)}, "no such clock yet"),
    ],
)
def test_what_cannot_be_is_refused(lena: User, clock: str, more: dict[str, object], why: str) -> None:
    with pytest.raises(ByHandError, match=why):
        begin(lena, clock, **more)
    assert not Deadline.objects.exists()


def test_the_report_of_an_audit_starts_the_next_audit_and_three_months_to_publish_it(lena: User) -> None:
    # DSA Art. 37(1), DSA Art. 42(4)
    made = done(lena, begin(lena), at=NOW + 20 * DAY)
    assert made.met_at == NOW + 20 * DAY
    assert running() == ["audit", "audit.publish"]
    publish = Deadline.objects.get(clock="audit.publish")
    assert publish.due_at == end_of_period(NOW + 20 * DAY, 3, working=False)
    assert by_hand.told(made).done == "The report is in the drawer."
    assert by_hand.told(publish).because == "The report is in the drawer."


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"note": ""}, "what was done"),
        ({"at": NOW - DAY}, "after it began"),
        ({"at": NOW + 31 * DAY}, "not in the future"),
    ],
)
def test_what_was_done_is_said_with_when_and_where(lena: User, more: dict[str, object], why: str) -> None:
    made = begin(lena)
    with pytest.raises(ByHandError, match=why):
        done(lena, made, **more)
    made.refresh_from_db()
    assert made.met_at is None


def test_what_is_done_is_done_once(lena: User) -> None:
    made = begin(lena)
    done(lena, made)
    with pytest.raises(ByHandError, match="ended already"):
        done(lena, made)
    with pytest.raises(ByHandError, match="no such clock"):
        by_hand.done(scene.PLATFORM, "audit", 99, note="x", by=lena.actor, now=NOW)
    assert running() == ["audit", "audit.publish"]


def test_in_india_users_are_reminded_every_three_months_without_anybodys_word(lena: User) -> None:
    # IT Rules r.3(1)(c)
    assert by_hand.keep_up(scene.PLATFORM, now=NOW) == 0  # not offered there
    set_profile(Profile(platform=scene.PLATFORM, countries=("DE", "IN")), by=SYSTEM, now=NOW)
    assert by_hand.keep_up(scene.PLATFORM, now=NOW) == 1
    assert by_hand.keep_up(scene.PLATFORM, now=NOW + DAY) == 0
    made = Deadline.objects.get()
    assert (made.clock, made.due_at) == ("in.remind", end_of_period(NOW, 3, working=False))
    assert by_hand.told(made).by == str(SYSTEM)
    done(lena, made)
    assert running() == ["in.remind"]
    assert by_hand.keep_up(scene.PLATFORM, now=NOW + 31 * DAY) == 0


def test_a_clock_whose_duty_is_gone_ends_and_is_never_missed(lena: User) -> None:
    set_profile(Profile(platform=scene.PLATFORM, tier=Tier.VERY_LARGE), by=SYSTEM, now=NOW)
    assert by_hand.keep_up(scene.PLATFORM, now=NOW) == 1
    assert running() == ["audit"]
    set_profile(Profile(platform=scene.PLATFORM), by=SYSTEM, now=NOW + DAY)
    assert by_hand.keep_up(scene.PLATFORM, now=NOW + DAY) == 1
    assert running() == []
    assert deadlines.missed(now=NOW + 900 * DAY) == []
    (fact,) = facts_of(f"duty:{scene.PLATFORM}/audit/1", FactKind.DEADLINE_ENDED)
    assert "does not apply" in ledger.body_of(fact)["reason"]
    set_profile(Profile(platform=scene.PLATFORM, tier=Tier.VERY_LARGE), by=SYSTEM, now=NOW + 2 * DAY)
    assert by_hand.keep_up(scene.PLATFORM, now=NOW + 2 * DAY) == 1
    assert running() == ["audit"]


def test_what_is_erased_of_a_clock_is_only_what_people_said(lena: User) -> None:
    made = begin(lena)
    (fact,) = facts_of(made.subject, FactKind.DUTY_BEGUN)
    ledger.erase_private(fact, by=SYSTEM, now=NOW + DAY, reason="asked")
    assert by_hand.told(made).about == ""
    assert not list(ledger.verify_chain())
