"""Everybody of a crowd is told, each once, by pages, and never so many at once that others wait behind them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.intake.flood import LATER, NOW, PLATFORM_KEY, Flood, case, decided

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline, Fact
from hakam.enforcement.models import Effect
from hakam.intake import answers, crowd_letters, crowds
from hakam.intake.models import Crowd, NoticeItem
from hakam.intake.objections import complain
from hakam.review import outcomes
from hakam.review.decisions import replace
from hakam.review.models import Decision
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.storage.embedded.vault import FileVault

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("book")]
ARABIC = re.compile("[\u0600-\u06ff]")


@pytest.fixture
def flood(tmp_path: Path, vault: FileVault, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flood]:
    monkeypatch.setattr(crowds, "FULL", 5)
    made = Flood(tmp_path, vault)
    yield made
    made.log.close()


def told(kind: str) -> Counter[str]:
    """Count the letters of a kind by whom they go to."""
    return Counter(e.payload["to"] for e in Effect.objects.filter(kind=kind, channel="email"))


def listed(kind: str = "notice.outcome") -> Counter[str]:
    """Count the notices that platforms were told of in lists."""
    found = Effect.objects.filter(kind=kind, channel="platform")
    return Counter(one["notice"] for e in found for one in e.payload.get("notices", []))


def test_receipts_go_to_whoever_gave_an_address_and_once(flood: Flood) -> None:
    flood.report(30)
    flood.report(10, email="", name="", harm="csam")  # nameless, as the law allows
    flood.take()
    assert flood.tell() == 35
    assert flood.tell() == 0
    assert told("notice.receipt") == Counter({f"n{n}@example.net": 1 for n in range(30)})
    flood.report(3)
    flood.take()
    assert flood.tell() == 3
    assert sum(told("notice.receipt").values()) == 33


def test_a_letter_leads_to_the_notice_s_own_page(flood: Flood) -> None:
    made = flood.report(8)
    flood.take()
    flood.tell()
    links = {e.payload["to"]: str(e.payload["links"]) for e in Effect.objects.filter(kind="notice.receipt")}
    for one in made:
        assert f"/n/{one.token}" in links[one.submission.email]


def test_a_page_is_one_transaction_and_the_next_goes_on_behind_it(flood: Flood) -> None:
    flood.report(25)
    flood.take()
    assert crowd_letters.tell_due(flood.log, now=NOW, limit=8) == 8
    assert Crowd.objects.get().receipted_to == 13  # five were taken in by themselves
    assert crowd_letters.tell_due(flood.log, now=NOW, limit=8) == 8
    assert crowd_letters.tell_due(flood.log, now=NOW, limit=8) == 4
    assert set(told("notice.receipt").values()) == {1}


def test_a_worker_that_dies_over_a_page_writes_it_again_and_nobody_twice(
    flood: Flood, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood.report(25)
    flood.take()
    real, calls = crowd_letters.enqueue, iter(range(1, 1_000))

    def dying(**given: object) -> object:
        if next(calls) == 4:
            raise KeyboardInterrupt
        return real(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(crowd_letters, "enqueue", dying)
    with pytest.raises(KeyboardInterrupt):
        flood.tell()
    assert sum(told("notice.receipt").values()) == 5  # of those taken in by themselves
    assert flood.tell() == 20
    assert told("notice.receipt") == Counter({f"n{n}@example.net": 1 for n in range(25)})


def test_letters_wait_while_very_many_wait_in_the_outbox(
    flood: Flood, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood.report(25)
    flood.take()
    monkeypatch.setattr(crowd_letters, "MOST_WAITING", 5)
    assert flood.tell() == 0
    Effect.objects.filter(channel="email").update(state="delivered")
    assert flood.tell() > 0


def test_the_outcome_goes_out_in_the_language_of_each(flood: Flood, amal: User) -> None:
    flood.report(10)
    flood.report(10, language="ar")
    flood.take()
    decided(amal)
    flood.tell()
    subjects = {e.payload["to"]: e.payload["subject"] for e in Effect.objects.filter(kind="notice.outcome")}
    assert len(subjects) == 20
    for n in range(20):
        assert bool(ARABIC.search(subjects[f"n{n}@example.net"])) is (n >= 10)


def test_a_platform_gets_one_list_a_page_and_language(flood: Flood, amal: User) -> None:
    made = flood.report(40, by=PLATFORM_KEY)
    made += flood.report(20, by=PLATFORM_KEY, language="ar")
    flood.take()
    decided(amal)
    flood.tell()
    assert listed() == Counter({one.id: 1 for one in made[5:]})
    pages = Effect.objects.filter(kind="notice.outcome", key__startswith="crowd:")
    assert {page.payload["language"] for page in pages} == {"en", "ar"}
    for page in pages:
        assert page.payload["outcome"] == "no_violation"
        assert page.payload["item"]["url"]
        assert len(page.payload["notices"]) <= 50
    assert not told("notice.outcome")  # the platform knows the people


def test_when_the_decision_changes_everybody_hears_again(flood: Flood, amal: User, basil: User) -> None:
    made = flood.report(20)
    flood.take()
    decided(amal)
    flood.tell()
    first = Decision.objects.get()
    crowd = Crowd.objects.get()
    assert (crowd.decision, crowd.upheld) == (f"decision:{first.pk}", False)
    complaint = complain(token=made[-1].token, text="It does break them.", now=LATER, notices=flood.log)
    assert complaint.decision == first
    second = replace(
        first.pk, by=basil.actor, now=LATER, outcome=Outcome.NO_VIOLATION, because="The reasons were wrong."
    )
    meant = outcomes.of_decision(f"decision:{second.pk}")
    assert meant is not None
    assert crowd_letters.answer(meant, now=LATER) == 15
    assert crowd_letters.answer(meant, now=LATER) == 0  # hearing it twice is hearing it once
    old = outcomes.of_decision(f"decision:{first.pk}")
    assert old is None or crowd_letters.answer(old, now=LATER) == 0  # an earlier one never overtakes
    flood.tell()
    assert told("notice.outcome")[made[-2].submission.email] == 2
    item = NoticeItem.objects.get(crowd=crowd)
    assert item.decision == f"decision:{second.pk}"


def test_the_clock_is_met_and_the_facts_say_how_many_waited_how_long(flood: Flood, amal: User) -> None:
    flood.report(30)
    flood.report(10, harm="spam", illegal=False)
    flood.take(limit=15)
    decided(amal)
    crowd = Crowd.objects.get()
    assert Deadline.objects.get(subject=f"crowd:{crowd.pk}").met_at is not None
    facts = Fact.objects.filter(kind=FactKind.NOTICE_ANSWERED, subject__startswith=f"crowd:{crowd.pk}:")
    bodies = [ledger.body_of(fact) for fact in facts]
    assert sorted(body["count"] for body in bodies) == [10, 25]
    for body in bodies:
        assert sum(count for _seconds, count in body["waited"]) == body["count"]
        assert all(seconds == 3_600 for seconds, _count in body["waited"])
    assert answers.KINDS  # the same fact answers those that were taken in by themselves
    assert NoticeItem.objects.filter(answered_at__isnull=False).count() == 5


def test_there_is_nothing_to_tell_where_there_is_no_crowd(flood: Flood) -> None:
    flood.report(3)
    flood.take()
    assert flood.tell() == 0
    assert case().notices == 3
