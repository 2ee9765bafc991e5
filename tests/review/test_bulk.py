"""Many items as one act: whole items or none whoever is killed, a quota, a second person, and one way back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from hakam.compliance.models import Fact, Statement
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.review import bulk, cases, decisions, evidence, leases
from hakam.review.bulk import BulkState, ItemState
from hakam.review.models import Bulk, BulkItem, Case, Decision
from hakam.review.priority import Inputs
from hakam.review.states import SourceKind
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog
from hakam.testing.vaults import MemoryVault
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Change, Event
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
REMOVE = (Measure(MeasureKind.REMOVE),)


class Killed(BaseException):
    """The process ends here: nothing catches it, and what was not committed is gone."""


@pytest.fixture
def log() -> MemoryEventLog:
    scene.publish()
    return MemoryEventLog()


@pytest.fixture
def sara(db: None) -> User:
    return scene.person("sara", Role.SENIOR_MODERATOR)


@pytest.fixture
def noor(db: None) -> User:
    return scene.person("noor", Role.SENIOR_MODERATOR)


def post(log: MemoryEventLog, count: int, *, first: int = 0, text: str = "buy followers") -> list[Event]:
    events = [
        scene.event(f"{text} {n}", item=f"b{n}", author=f"u{n % 3}", language="ar" if n % 2 else "en")
        for n in range(first, first + count)
    ]
    log.append([scene.entry(event, scene.verdict()) for event in events])
    return events


def prepared(log: MemoryEventLog, by: User) -> Bulk:
    return bulk.prepare(log.read(0, 10_000), user=by, now=NOW, asked={"where": "x"})


def asked(made: Bulk, by: User, now: datetime = NOW, **more: Any) -> Bulk:
    given: dict[str, Any] = {
        "clause": "spam",
        "measures": REMOVE,
        "facts": "It sells followers.",
        "because": "one shop",
    }
    return bulk.ask(made.pk, by=by.actor, now=now, **(given | more))


def finish(log: MemoryEventLog, now: datetime = NOW + timedelta(seconds=5)) -> None:
    while bulk.work(log, now, limit=3):
        pass


def report(event: Event, *, harm: str = "spam", clause: str = "spam") -> Case:
    return cases.open_case(
        by=SYSTEM,
        now=NOW,
        item=scene.ref(event),
        source=cases.Source(
            kind=SourceKind.NOTICE, ref=f"notice:{event.item.id}:0", clause=clause, harm=harm,
            summary={"harm": harm, "illegal": False, "language": "en", "accuracy": None}, inputs=Inputs(confidence=0.5),
        ),
        snapshot=evidence.freeze(MemoryVault(), scene.raw(event)),
        event=event,
        pack="p" * 64,
    )  # fmt: skip


class TestPreparing:
    def test_each_item_once_as_its_newest_event_has_it_and_nothing_is_decided(
        self, log: MemoryEventLog, sara: User
    ) -> None:
        post(log, 3)
        log.append([scene.entry(scene.event("edited", item="b1", change=Change.EDITED), scene.verdict())])
        made = prepared(log, sara)
        assert (made.total, made.state) == (3, BulkState.PREPARED)
        assert BulkItem.objects.get(item_id="b1").seq == 4
        assert not Decision.objects.exists()
        assert bulk.work(log, NOW) == 0

    def test_abuse_of_children_is_never_among_them(self, log: MemoryEventLog, sara: User) -> None:
        events = post(log, 2)
        report(events[0], harm="csam", clause="child-abuse")
        assert [item.item_id for item in prepared(log, sara).items.all()] == ["b1"]

    def test_nothing_and_too_much_are_refused(
        self, log: MemoryEventLog, sara: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(bulk.BulkError):
            prepared(log, sara)
        post(log, 3)
        monkeypatch.setattr(bulk, "MOST", 2)
        with pytest.raises(bulk.BulkError):
            prepared(log, sara)
        assert not Bulk.objects.exists()


class TestAsking:
    def test_facts_reason_clause_and_a_measure_with_a_way_back_are_needed(
        self, log: MemoryEventLog, sara: User, noor: User
    ) -> None:
        post(log, 2)
        made = prepared(log, sara)
        for wrong in ({"facts": " "}, {"because": ""}):
            with pytest.raises(bulk.UnsaidError):
                asked(made, sara, **wrong)
        for wrong in ({"clause": "none"}, {"measures": (Measure(MeasureKind.TERMINATE),)}):
            with pytest.raises(bulk.BulkError):
                asked(made, sara, **wrong)
        with pytest.raises(bulk.LateError):
            asked(made, noor)
        made.refresh_from_db()
        assert made.state == BulkState.PREPARED

    def test_beyond_a_size_a_second_person_starts_it_and_nobody_else(
        self, log: MemoryEventLog, sara: User, noor: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk, "SECOND_ABOVE", 2)
        post(log, 3)
        made = asked(prepared(log, sara), sara)
        assert made.state == BulkState.WAITING
        finish(log)
        assert not Decision.objects.exists()
        with pytest.raises(bulk.OwnBulkError):
            bulk.confirm(made.pk, by=sara.actor, now=NOW)
        bulk.confirm(made.pk, by=noor.actor, now=NOW)
        finish(log)
        assert set(Decision.objects.values_list("by", "seconded_by")) == {(str(sara.actor), str(noor.actor))}
        with pytest.raises(bulk.LateError):
            bulk.confirm(made.pk, by=noor.actor, now=NOW)

    def test_refused_it_never_starts_and_costs_no_quota(
        self, log: MemoryEventLog, sara: User, noor: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk, "SECOND_ABOVE", 1)
        post(log, 2)
        made = asked(prepared(log, sara), sara)
        assert bulk.left_of_quota(sara.actor, NOW) == bulk.HOURLY - 2
        bulk.refuse(made.pk, by=noor.actor, now=NOW)
        assert bulk.left_of_quota(sara.actor, NOW) == bulk.HOURLY
        finish(log)
        assert not Decision.objects.exists()

    def test_the_quota_is_of_one_person_and_one_hour(
        self, log: MemoryEventLog, sara: User, noor: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk, "HOURLY", 3)
        post(log, 2)
        asked(prepared(log, sara), sara)
        second = prepared(log, sara)
        with pytest.raises(bulk.QuotaError) as error:
            asked(second, sara)
        assert error.value.left == 1
        asked(prepared(log, noor), noor)
        assert asked(second, sara, NOW + timedelta(minutes=61)).state == BulkState.RUNNING


class TestDeciding:
    def test_each_item_has_its_own_decision_statement_and_language_and_nothing_leaves_yet(
        self, log: MemoryEventLog, sara: User
    ) -> None:
        post(log, 5)
        made = asked(prepared(log, sara), sara)
        finish(log)
        made.refresh_from_db()
        assert made.state == BulkState.DONE
        assert bulk.counts(made) == {"waiting": 0, "decided": 5, "skipped": 0, "undone": 0}
        assert Statement.objects.count() == Decision.objects.count() == 5
        assert set(Statement.objects.values_list("language", flat=True)) == {"ar", "en"}
        assert {decision.by for decision in Decision.objects.all()} == {str(sara.actor)}
        assert {decision.state for decision in Decision.objects.all()} == {"pending"}
        assert made.undo_until is not None
        assert all(one.undo_until <= made.undo_until for one in Decision.objects.all())
        assert not Effect.objects.filter(next_at__lt=NOW + timedelta(minutes=9)).exists()
        assert [fact.kind for fact in Fact.objects.filter(subject=f"bulk:{made.pk}").order_by("seq")] == [
            "bulk.asked",
            "bulk.ended",
        ]

    def test_an_open_case_is_decided_and_one_that_a_colleague_holds_is_left_to_them(
        self, log: MemoryEventLog, sara: User, noor: User
    ) -> None:
        events = post(log, 3)
        case, held = report(events[0]), report(events[1])
        leases.heartbeat(held.pk, by=noor.actor, now=NOW)
        made = asked(prepared(log, sara), sara)
        finish(log)
        case.refresh_from_db()
        held.refresh_from_db()
        assert (case.state, held.state) == ("decided", "open")
        assert made.items.get(item_id="b1").why == "held"
        assert bulk.counts(made)["decided"] == 2

    def test_what_was_edited_since_is_not_what_was_looked_at(self, log: MemoryEventLog, sara: User) -> None:
        post(log, 1)
        made = asked(prepared(log, sara), sara)
        report(scene.event("another text", item="b0"))
        finish(log)
        assert made.items.get().why == "changed"
        assert not Decision.objects.exists()

    def test_what_can_t_be_decided_so_is_left_out_with_the_reason(
        self, log: MemoryEventLog, sara: User
    ) -> None:
        post(log, 2)
        made = asked(prepared(log, sara), sara, measures=(Measure(MeasureKind.SUSPEND, days=900),))
        finish(log)
        assert bulk.counts(made)["skipped"] == 2
        assert made.items.first().why.startswith("refused: ")

    def test_near_the_end_of_the_window_what_is_left_is_left_alone(
        self, log: MemoryEventLog, sara: User
    ) -> None:
        post(log, 3)
        made = asked(prepared(log, sara), sara)
        bulk.work(log, NOW, limit=1)
        bulk.work(log, NOW + bulk.WINDOW - bulk.LAST)
        made.refresh_from_db()
        assert made.state == BulkState.DONE
        assert bulk.counts(made)["waiting"] == 2
        assert Decision.objects.count() == 1


def kill(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, *, after: int, before: bool
) -> Callable[[], None]:
    """Let the process end in the middle of the `after`-th call: before the verb, or when it is done."""
    real, calls = getattr(where, name), [0]

    def dies(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == after and before:
            raise Killed
        answer = real(*args, **kwargs)
        if calls[0] == after:
            raise Killed
        return answer

    monkeypatch.setattr(where, name, dies)
    return lambda: monkeypatch.setattr(where, name, real)


@pytest.mark.skipif("connection.features.has_select_for_update", reason="turns are SQLite's")
@pytest.mark.django_db(transaction=True)
def test_while_others_write_too_ten_items_take_one_turn(
    log: MemoryEventLog, sara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(log, 20)
    made = asked(prepared(log, sara), sara)
    begun: list[str] = []
    with connection.execute_wrapper(
        lambda go, sql, *more: (begun.append(sql) if sql.startswith("BEGIN") else None, go(sql, *more))[1]
    ):
        assert bulk.work(log, NOW + timedelta(seconds=1)) == 20
    assert bulk.counts(made)["decided"] == 20
    assert len(begun) == 3  # two groups, and the end


AT_ONCE = 3  # of `finish`


@pytest.mark.parametrize("turn", [1, 2, 10])
class TestWhoeverIsKilled:
    """Items that share a turn are decided together or not at all."""

    @pytest.fixture(autouse=True)
    def _turn(self, monkeypatch: pytest.MonkeyPatch, turn: int) -> None:
        monkeypatch.setattr(bulk, "A_TURN", turn)

    @staticmethod
    def whole(done: int, turn: int) -> int:
        """Return how many items lasted of those that were done before."""
        before, begun = divmod(done, AT_ONCE)
        return done if connection.features.has_select_for_update else before * AT_ONCE + begun // turn * turn

    @pytest.mark.parametrize("before", [True, False])
    @pytest.mark.parametrize("after", [1, 3, 5])
    def test_in_deciding_has_decided_whole_items_and_the_next_goes_on(
        self,
        log: MemoryEventLog,
        sara: User,
        monkeypatch: pytest.MonkeyPatch,
        *,
        after: int,
        before: bool,
        turn: int,
    ) -> None:
        post(log, 5)
        made = asked(prepared(log, sara), sara)
        heal = kill(monkeypatch, decisions, "decide_item", after=after, before=before)
        with pytest.raises(Killed):
            finish(log)
        decided = set(made.items.filter(state=ItemState.DECIDED).values_list("decision", flat=True))
        assert decided == set(Decision.objects.values_list("pk", flat=True))
        lasted = self.whole(after - 1, turn)
        assert len(decided) == lasted
        assert Statement.objects.count() == AppliedMeasure.objects.count() == lasted
        heal()
        finish(log)
        assert Decision.objects.count() == Statement.objects.count() == 5
        assert bulk.counts(made)["decided"] == 5

    @pytest.mark.parametrize("before", [True, False])
    def test_in_taking_back_has_taken_back_whole_items_and_the_next_goes_on(
        self, log: MemoryEventLog, sara: User, monkeypatch: pytest.MonkeyPatch, *, before: bool, turn: int
    ) -> None:
        post(log, 4)
        made = asked(prepared(log, sara), sara)
        finish(log)
        bulk.undo(made.pk, by=sara.actor, now=NOW + timedelta(minutes=1))
        heal = kill(monkeypatch, decisions, "undo", after=2, before=before)
        with pytest.raises(Killed):
            finish(log)
        undone = Decision.objects.filter(state="undone").count()
        assert bulk.counts(made)["undone"] == undone == self.whole(1, turn)
        heal()
        finish(log)
        made.refresh_from_db()
        assert (made.state, bulk.counts(made)["undone"]) == (BulkState.UNDONE, 4)


class TestTheWayBack:
    def test_all_of_it_is_taken_back_and_nobody_outside_hears_of_it(
        self, log: MemoryEventLog, sara: User
    ) -> None:
        events = post(log, 4)
        case = report(events[0])
        made = asked(prepared(log, sara), sara)
        finish(log)
        bulk.undo(made.pk, by=sara.actor, now=NOW + timedelta(minutes=7))
        finish(log, NOW + timedelta(minutes=7))
        case.refresh_from_db()
        assert case.state == "open"
        assert set(Decision.objects.values_list("state", flat=True)) == {"undone"}
        decisions.finalise_due(NOW + timedelta(hours=1))
        assert not Decision.objects.filter(state="final").exists()
        scene.deliver(NOW + timedelta(hours=1))
        assert not Effect.objects.filter(kind="measure.apply", attempts__gt=0).exists()

    def test_in_the_middle_of_it_what_is_not_decided_stays_undecided(
        self, log: MemoryEventLog, sara: User
    ) -> None:
        post(log, 4)
        made = asked(prepared(log, sara), sara)
        bulk.work(log, NOW, limit=2)
        bulk.undo(made.pk, by=sara.actor, now=NOW)
        finish(log)
        assert bulk.counts(made) == {"waiting": 2, "decided": 0, "skipped": 0, "undone": 2}

    def test_only_who_answers_for_it_and_only_in_time(
        self, log: MemoryEventLog, sara: User, noor: User
    ) -> None:
        post(log, 1)
        made = asked(prepared(log, sara), sara)
        finish(log)
        with pytest.raises(bulk.LateError):
            bulk.undo(made.pk, by=noor.actor, now=NOW)
        with pytest.raises(bulk.LateError):
            bulk.undo(made.pk, by=sara.actor, now=NOW + bulk.WINDOW - bulk.LAST)
        assert Decision.objects.get().state == "pending"
