"""Receipts that arrived are noted (DSA Art. 16(4)), however many others wait; letters of outcome are in order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.enforcement.kinds import Channel
from hakam.enforcement.models import Effect
from hakam.intake import answers
from hakam.intake.answers import RECEIPT_DAYS, answer, note_receipts
from hakam.intake.models import Notice, NoticeItem
from hakam.intake.notices import Submission, receive_notice
from hakam.intake.telling import effect_key
from hakam.review.outcomes import Told
from hakam.review.states import Outcome
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.wiring import duties
from hakam.wiring.settings import settings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("book")]
NOW = scene.NOW
MINUTE = timedelta(minutes=1)


@pytest.fixture
def take(vault: FileVault) -> Any:
    """Return a function that takes a notice."""

    def taken(n: int = 0, *, at: datetime = NOW, key: str | None = None, **more: Any) -> Notice:
        given: dict[str, Any] = {
            "platform": scene.PLATFORM,
            "harm": "hate_speech",
            "explanation": "It calls people vermin.",
            "urls": (f"https://maydan.example/p/{n}",),
            "name": "Nadia",
            "email": f"n{n}@example.net",
            "good_faith": "yes",
        }
        by = Actor(ActorKind.PLATFORM, "maydan/k") if key else None
        return receive_notice(Submission(**(given | more)), vault=vault, now=at, key=key, by=by)

    return taken


def arrive(notice: Notice, at: datetime, channel: Channel = Channel.EMAIL) -> None:
    changed = Effect.objects.filter(key=effect_key(notice, "receipt", channel)).update(delivered_at=at)
    assert changed == 1


def noted(notice: Notice) -> datetime | None:
    return Notice.objects.get(pk=notice.pk).receipt_at


def test_a_receipt_is_noted_when_it_arrived_not_when_it_was_looked_at(take: Any) -> None:
    notice = take()
    assert note_receipts(NOW) == 0
    arrive(notice, NOW + MINUTE)
    assert note_receipts(NOW + 9 * MINUTE) == 1
    assert noted(notice) == NOW + MINUTE
    fact = Fact.objects.get(kind=FactKind.NOTICE_RECEIPT_SENT)
    assert (fact.subject, "example.net" in fact.body) == (f"notice:{notice.pk}", False)


def test_receipts_that_nobody_takes_hold_up_no_other(take: Any) -> None:
    for n in range(7):
        take(n, at=NOW + n * MINUTE)
    last = take(8, at=NOW + 8 * MINUTE)
    arrive(last, NOW + 9 * MINUTE)
    assert note_receipts(NOW + 10 * MINUTE, limit=3) == 1
    assert noted(last) == NOW + 9 * MINUTE


def test_notices_of_one_instant_are_all_looked_at(take: Any) -> None:
    notices = [take(n) for n in range(7)]
    for notice in notices:
        arrive(notice, NOW + MINUTE)
    assert note_receipts(NOW + MINUTE, limit=2) == 7
    assert note_receipts(NOW + MINUTE, limit=2) == 0
    assert Fact.objects.filter(kind=FactKind.NOTICE_RECEIPT_SENT).count() == 7


def test_the_first_of_two_ways_counts(take: Any) -> None:
    notice = take(notifier="u9")
    arrive(notice, NOW + 5 * MINUTE, Channel.EMAIL)
    arrive(notice, NOW + 2 * MINUTE, Channel.PLATFORM)
    note_receipts(NOW + 6 * MINUTE)
    assert noted(notice) == NOW + 2 * MINUTE


def test_a_receipt_that_only_the_platform_can_hand_on_is_noted_too(take: Any) -> None:
    notice = take(key="r-1", harm="csam", name="", email="")
    arrive(notice, NOW + MINUTE, Channel.PLATFORM)
    assert note_receipts(NOW + MINUTE) == 1


def test_who_told_us_no_way_to_answer_gets_no_receipt(take: Any) -> None:
    notice = take(harm="csam", name="", email="")
    assert not Effect.objects.exists()
    assert note_receipts(NOW) == 0
    assert noted(notice) is None


def test_what_was_given_up_long_ago_is_not_looked_at_for_ever(take: Any) -> None:
    old, recent = take(1), take(2, at=NOW + MINUTE)
    for notice in (old, recent):
        arrive(notice, NOW + 2 * MINUTE)
    assert note_receipts(NOW + timedelta(days=RECEIPT_DAYS)) == 1
    assert (noted(old), noted(recent)) == (None, NOW + 2 * MINUTE)


def test_the_worker_notes_receipts(take: Any) -> None:
    notice = take()
    arrive(notice, NOW + MINUTE)
    with duties.lanes(settings()) as lanes:
        tasks = {task.name: task for tasks in lanes.values() for task in tasks}
        assert tasks["note receipts"].run(NOW + 2 * MINUTE) == 1
    assert noted(notice) == NOW + MINUTE


# --------------------------------------------------------------------------------------- outcomes


def told(notice: Notice, number: int, outcome: Outcome = Outcome.NO_VIOLATION) -> Told:
    return Told(
        decision=f"decision:{number}",
        outcome=outcome,
        reasons=None,
        measures=(),
        notices=tuple(notice.items.values_list("ref", flat=True)),
        heard_otherwise=frozenset(),
    )


def test_an_earlier_decision_never_overtakes_a_later_one(take: Any) -> None:
    notice = take()
    assert answer(told(notice, 10, Outcome.VIOLATION), now=NOW) == 1
    assert answer(told(notice, 9), now=NOW + MINUTE) == 0
    assert answer(told(notice, 10), now=NOW + MINUTE) == 0
    item = NoticeItem.objects.get()
    assert (item.decision, item.upheld, item.answered_at) == ("decision:10", True, NOW)
    assert answer(told(notice, 11), now=NOW + 2 * MINUTE) == 1
    item.refresh_from_db()
    assert (item.decision, item.upheld) == ("decision:11", False)
    again = [f.body for f in Fact.objects.filter(kind=FactKind.NOTICE_ANSWERED).order_by("seq")]
    assert ['"again":true' in body.replace(" ", "") for body in again] == [False, True]


def test_each_item_of_a_notice_is_answered_by_its_own_decision(take: Any) -> None:
    notice = take(urls=("https://maydan.example/a", "https://maydan.example/b"))
    first, second = notice.items.order_by("pk")
    one = told(notice, 1, Outcome.VIOLATION)
    assert answer(Told(one.decision, one.outcome, None, (), (first.ref,), frozenset()), now=NOW) == 1
    second.refresh_from_db()
    assert second.answered_at is None
    letters = Effect.objects.filter(kind="notice.outcome", channel="email")
    assert [str(letter.payload).count("maydan.example/a") for letter in letters] == [1]


def test_who_hears_it_as_the_outcome_of_a_complaint_is_not_told_twice(take: Any) -> None:
    notice = take()
    ref = notice.items.get().ref
    assert answer(Told("decision:3", Outcome.VIOLATION, None, (), (ref,), frozenset({ref})), now=NOW) == 1
    assert not Effect.objects.filter(kind="notice.outcome").exists()
    assert NoticeItem.objects.get().upheld


def test_a_fact_of_something_else_answers_nobody(take: Any) -> None:
    take()
    fact = Fact.objects.order_by("seq")[0]
    answers.on_fact(fact, NOW)
    assert not NoticeItem.objects.exclude(answered_at=None).exists()
