"""A crowd: very many notices of one item are one case, none lost, none twice; each notifier is answered."""

from __future__ import annotations

import base64
import itertools
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.intake.flood import LATER, NOW, PLATFORM_KEY, URL, Flood, case, decided

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline, Fact
from hakam.enforcement.models import Effect
from hakam.intake import access, crowds, cursors, findings, logged
from hakam.intake.figures import notice_figures
from hakam.intake.models import Crowd, CrowdSpan, Notice, NoticeItem, Quarantined
from hakam.intake.objections import complain
from hakam.review.complaints import NothingToContestError
from hakam.review.models import Case, CaseSource
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.storage.embedded.vault import FileVault
from hakam.storage.event_log import Entry
from hakam.testing import scene
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.notice import LOGGED_AS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("book")]


@pytest.fixture
def desk(tmp_path: Path, vault: FileVault, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flood]:
    monkeypatch.setattr(crowds, "FULL", 5)
    made = Flood(tmp_path, vault)
    yield made
    made.log.close()


def test_a_thousand_notices_are_one_case_and_each_counts(desk: Flood) -> None:
    desk.report(1_000)
    assert desk.take() == 1_000
    assert case().notices == 1_000
    assert Notice.objects.count() == 5  # read one by one; the others are counted
    [crowd] = Crowd.objects.all()
    assert (crowd.count, crowd.kinds) == (995, {"hate_speech/illegal": 995})
    assert sum(CrowdSpan.objects.values_list("count", flat=True)) == 995
    assert CaseSource.objects.filter(case=case()).count() == 6
    received = Fact.objects.filter(kind=FactKind.NOTICE_RECEIVED)
    assert sum(ledger.body_of(fact).get("count", 1) for fact in received) == 1_000
    assert Deadline.objects.filter(subject=f"crowd:{crowd.pk}", met_at=None).exists()
    assert case().priority_parts["volume"] > 190  # on top: 20 for each doubling
    assert ledger.verify_chain() is None or not list(ledger.verify_chain())


def test_the_bound_of_a_transaction_stops_where_it_says_and_goes_on_there(desk: Flood) -> None:
    for n in range(crowds.ALONE + 10):
        desk.report(1, urls=(f"https://maydan.example/p/{n}",))
    first = crowds.consume(desk.log, events=None, vault=desk.vault, now=NOW, limit=1_000)
    assert first == crowds.ALONE
    assert desk.take() == 10
    assert Notice.objects.count() == crowds.ALONE + 10
    assert not Crowd.objects.exists()


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_worker_that_dies_in_the_middle_neither_loses_nor_doubles_one(
    desk: Flood, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    desk.report(300)
    real, calls = cursors.move, itertools.count(1)

    def dying(name: str, *, to: int) -> bool:
        moved = real(name, to=to)
        if next(calls) == at:
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(crowds.cursors, "move", dying)
    with pytest.raises(KeyboardInterrupt):
        desk.take(limit=100)
    assert desk.take(limit=100) > 0
    assert case().notices == 300
    received = Fact.objects.filter(kind=FactKind.NOTICE_RECEIVED)
    assert sum(ledger.body_of(fact).get("count", 1) for fact in received) == 300
    [crowd] = Crowd.objects.all()
    assert len({one.notice.id for one in crowds.notices_of(crowd, desk.log)}) == crowd.count == 295


def test_other_items_between_them_keep_their_own_cases(desk: Flood) -> None:
    for _ in range(20):
        desk.report(5)
        desk.report(1, urls=("https://maydan.example/p/quiet",), harm="spam", illegal=False)
        desk.report(1, urls=(URL, "https://maydan.example/p/second"))  # names two: taken in by itself
    desk.take(limit=33)
    counts = dict(Case.objects.values_list("item_id", "notices"))
    assert counts["https://maydan.example/live/1"] == 120
    assert counts["https://maydan.example/p/quiet"] == 20
    assert counts["https://maydan.example/p/second"] == 20
    for crowd in Crowd.objects.all():
        found = list(crowds.notices_of(crowd, desk.log))
        assert len(found) == crowd.count
        assert all(len(one.submission.urls) == 1 for one in found)


def test_every_notifier_has_a_page_a_receipt_the_outcome_and_redress(desk: Flood, amal: User) -> None:
    made = desk.report(40)
    last = made[-1]
    waiting = access.status(last.token, now=NOW, notices=desk.log)
    assert waiting is not None
    assert not waiting.answered
    desk.take()
    status = access.status(last.token, now=NOW, notices=desk.log)
    assert status is not None
    assert status.items[0].due_at is not None
    desk.tell()
    receipts = Effect.objects.filter(kind="notice.receipt")
    assert {effect.payload["to"] for effect in receipts} == {f"n{n}@example.net" for n in range(40)}
    decided(amal, Outcome.NO_VIOLATION)
    desk.tell()
    outcomes = Effect.objects.filter(kind="notice.outcome")
    assert sorted(effect.payload["to"] for effect in outcomes) == sorted(
        f"n{n}@example.net" for n in range(40)
    )
    status = access.status(last.token, now=LATER, notices=desk.log)
    assert status is not None
    assert status.answered
    assert status.items[0].upheld is False
    assert status.items[0].complain_until is not None
    made_complaint = complain(token=last.token, text="But it does.", now=LATER, notices=desk.log)
    assert made_complaint.notice == f"notice:{last.id}:0"
    again = access.status(last.token, now=LATER, notices=desk.log)
    assert again is not None
    assert again.items[0].complaint_token == made_complaint.token
    assert Notice.objects.get(pk=last.id).items.get().crowd == Crowd.objects.get()
    assert not list(findings.check())


def test_a_notice_of_a_crowd_that_is_not_answered_has_nothing_to_contest(desk: Flood) -> None:
    made = desk.report(20)
    desk.take()
    with pytest.raises(NothingToContestError):
        complain(token=made[-1].token, text="Why?", now=NOW, notices=desk.log)


def test_a_platform_hears_the_outcome_in_lists_and_asks_by_id(desk: Flood, amal: User) -> None:
    made = desk.report(60, by=PLATFORM_KEY)
    desk.take()
    found = access.status_by_id(made[-1].id, platform=scene.PLATFORM, now=NOW, notices=desk.log)
    assert found is not None
    assert found.token == made[-1].token
    assert access.status_by_id(made[-1].id, platform="another", now=NOW, notices=desk.log) is None
    decided(amal, Outcome.NO_VIOLATION)
    desk.tell()
    lists = [
        e.payload["notices"] for e in Effect.objects.filter(kind="notice.outcome") if "notices" in e.payload
    ]
    assert [one["notice"] for page in lists for one in page] == [one.id for one in made[5:]]
    assert lists[0][0]["notifier"] == {"id": "user-5"}
    assert not desk.tell()  # nobody twice


def test_who_reports_after_the_decision_opens_another_case(desk: Flood, amal: User) -> None:
    desk.report(30)
    desk.take()
    decided(amal, Outcome.NO_VIOLATION)
    later = desk.report(30)
    desk.take()
    assert case().notices == 30
    assert [crowd.count for crowd in Crowd.objects.order_by("pk")] == [25, 25]
    [old, new] = Crowd.objects.order_by("pk")
    found = logged.by_token(later[-1].token, desk.log)
    assert found is not None
    assert crowds.of(found) == new
    assert len(list(crowds.notices_of(old, desk.log))) == 25


def test_the_figures_count_every_one(desk: Flood, amal: User) -> None:
    desk.report(50)
    desk.report(30, harm="spam", illegal=False)
    desk.take()
    decided(amal, Outcome.NO_VIOLATION)
    figures = notice_figures()
    assert (figures.received, figures.illegal, figures.answered_items) == (80, 50, 80)
    assert dict(figures.by_harm) == {"hate_speech": 50, "spam": 30}
    crowd = Crowd.objects.get()
    desk.tell()
    one = next(crowds.notices_of(crowd, desk.log))
    assert crowds.individual(one.notice.token, desk.log, now=LATER) is not None
    assert notice_figures().received == 80  # one of its own now, and still counted once


def test_a_record_that_can_t_be_read_is_set_aside_and_the_rest_goes_on(desk: Flood) -> None:
    desk.report(3)
    desk.log.append([Entry(LOGGED_AS, str(uuid.uuid4()), 0, b'{"not": "a notice"}', b"{}", b"{}")])
    desk.report(3)
    assert desk.take() == 7
    assert case().notices == 6
    assert Quarantined.objects.get().seq == -4
    assert any(found.code == "I005" for found in findings.check())


def test_links_are_found_by_their_secret_alone(desk: Flood) -> None:
    [made] = desk.report(1)
    found = logged.by_token(made.token, desk.log)
    assert found is not None
    assert found.notice == made
    other = base64.urlsafe_b64encode(uuid.UUID(made.id).bytes + b"x" * 17).decode()
    for wrong in (other, "", "short", "é" * 44, "!" * 44, made.token[:-1] + "é"):
        assert logged.by_token(wrong, desk.log) is None
    assert logged.by_id("no-uuid", desk.log) is None
    assert logged.by_id(str(uuid.uuid4()), desk.log) is None
    assert isinstance(found.place, str)
    assert found.place


def test_items_are_known_by_the_platform_s_own_ids_too(desk: Flood) -> None:
    ref = ItemRef(scene.PLATFORM, "post", "77")
    desk.report(30, urls=(), items=(ref,), by=PLATFORM_KEY)
    desk.take()
    assert (case().item_kind, case().item_id, case().notices) == ("post", "77", 30)
    assert NoticeItem.objects.filter(item_id="77").count() == 5


def test_a_crowd_that_does_not_add_up_is_found(desk: Flood) -> None:
    desk.report(30)
    desk.take()
    assert not list(findings.check())
    Crowd.objects.update(count=26)
    assert [found.code for found in findings.check()] == ["I011"]
    Crowd.objects.update(count=25)
    Deadline.objects.filter(subject__startswith="crowd:").delete()
    assert "I010" in {found.code for found in findings.check()}
