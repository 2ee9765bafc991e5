"""A request that lost a tie in the database is done all the same; nothing is done twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from hakam.compliance import ledger
from hakam.compliance.access import statement_of
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.review import evidence, ties
from hakam.review.cases import Source, open_case
from hakam.review.complaints import complain, decide_complaint
from hakam.review.decisions import decide, finalise_due, replace, undo
from hakam.review.leases import take
from hakam.review.models import Case, Complaint, Decision
from hakam.review.states import CaseState, ComplaintState, DecisionState, Outcome, SourceKind
from hakam.review.ties import ATTEMPTS, is_tie, outlast_ties
from hakam.staff.models import User
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import Measure, MeasureKind

NOW = scene.NOW
LATER = NOW + timedelta(seconds=10)
postgresql_only = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time"
)


class Refusal(Exception):  # noqa: N818 -- what psycopg raises is named by its code
    """What the driver says of a statement that failed."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate
        super().__init__(sqlstate)


def database_error(sqlstate: str | None, text: str = "refused") -> OperationalError:
    error = OperationalError(text)
    error.__cause__ = Refusal(sqlstate)
    return error


@pytest.mark.parametrize(
    ("error", "tie"),
    [
        (database_error("40P01"), True),
        (database_error("40001"), True),
        (database_error("57P01", "terminating connection"), False),
        (database_error("53100", "no space left on device"), False),
        (database_error(None, "server closed the connection unexpectedly"), False),
        (OperationalError("database is locked"), True),
        (OperationalError("disk I/O error"), False),
    ],
)
def test_only_what_was_surely_not_done_is_tried_again(error: OperationalError, tie: bool) -> None:
    assert is_tie(error) is tie


class Verb:
    """A verb that loses its first `ties` ties."""

    def __init__(self, lost: int, error: Exception | None = None) -> None:
        self.lost, self.calls = lost, 0
        self.error = error or database_error("40P01")

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.lost:
            raise self.error
        return "done"


@pytest.mark.django_db(transaction=True)
class TestTrying:
    @pytest.mark.parametrize("lost", range(ATTEMPTS))
    def test_it_outlasts_a_few(self, lost: int) -> None:
        verb = Verb(lost)
        assert outlast_ties(verb)() == "done"
        assert verb.calls == lost + 1

    def test_it_gives_up_and_says_so(self) -> None:
        verb = Verb(ATTEMPTS)
        with pytest.raises(OperationalError):
            outlast_ties(verb)()
        assert verb.calls == ATTEMPTS

    @pytest.mark.parametrize("error", [database_error("57P01"), ValueError("no")])
    def test_anything_else_is_raised_at_once(self, error: Exception) -> None:
        verb = Verb(1, error)
        with pytest.raises(type(error)):
            outlast_ties(verb)()
        assert verb.calls == 1

    def test_inside_another_verb_it_leaves_the_trying_to_that_one(self) -> None:
        verb = Verb(1)

        def outer() -> str:
            with transaction.atomic():
                return outlast_ties(verb)()

        assert outlast_ties(outer)() == "done"
        assert verb.calls == 2
        inner = Verb(1)
        with pytest.raises(OperationalError), transaction.atomic():
            outlast_ties(inner)()
        assert inner.calls == 1

    def test_a_verb_keeps_its_name_and_words(self) -> None:
        assert (decide.__name__, complain.__name__) == ("decide", "complain")
        assert "undo window" in str(decide.__doc__)


# ------------------------------------------------------------- the real thing, on PostgreSQL


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Report a post."""
    scene.publish()
    vault = FileVault(tmp_path / "vault", b"k" * 32)
    event = scene.event("You are vermin")
    return open_case(
        by=SYSTEM,
        now=NOW,
        item=scene.ref(event),
        source=Source(kind=SourceKind.NOTICE, ref="notice:1:0", clause="hate", harm="hate_speech"),
        snapshot=evidence.freeze(vault, scene.raw(event)),
        event=event,
    )


@pytest.fixture
def amal(transactional_db: None) -> User:
    return scene.person("amal")


@pytest.fixture
def basil(transactional_db: None) -> User:
    return scene.person("basil")


def remove(case: Case, by: User) -> Decision:
    return decide(
        case.pk,
        by=by.actor,
        now=NOW,
        outcome=Outcome.VIOLATION,
        clause="hate",
        measures=[Measure(MeasureKind.REMOVE)],
        facts="Vermin.",
    )


def _waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def rival(lock: Callable[[], object], ended: list[str]) -> Iterator[None]:
    """Hold the ledger until somebody waits for it, then want what they hold: the database ends their transaction."""
    ready = threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SET LOCAL deadlock_timeout = '60s'"
                    )  # so that it is never ours that is ended
                ledger.lock()
                ready.set()
                until = time.monotonic() + 100
                while not _waiting() and time.monotonic() < until:
                    time.sleep(0.01)
                lock()
            ended.append("rival")
        finally:
            ready.set()
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(100)
    try:
        yield
    finally:
        thread.join(120)
    assert ended == ["rival"], "the rival's transaction must have come through"


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[OperationalError]]:
    """Note every tie that was lost."""
    seen: list[OperationalError] = []
    judge = ties.is_tie

    def noting(error: OperationalError) -> bool:
        seen.append(error)
        return judge(error)

    monkeypatch.setattr(ties, "is_tie", noting)
    yield seen


def rows(model: Any, pk: Any) -> Callable[[], object]:
    """Return what locks a row."""
    return lambda: list(model.objects.select_for_update().filter(pk=pk))


@postgresql_only
@pytest.mark.django_db(transaction=True)
class TestDeadlocks:
    def test_a_decision_is_taken_once(self, case: Case, amal: User, monkeypatch: pytest.MonkeyPatch) -> None:
        with counted(monkeypatch) as lost, rival(rows(Case, case.pk), []):
            decision = remove(case, amal)
        assert len(lost) == 1
        assert (decision.case_id, Decision.objects.count()) == (case.pk, 1)
        assert AppliedMeasure.objects.count() == 1
        case.refresh_from_db()
        assert case.state == CaseState.DECIDED
        assert list(ledger.verify_chain()) == []
        assert len([fact for fact in ledger.story(f"case:{case.pk}") if fact.kind == "case.decided"]) == 1

    def test_an_undo_is_done(self, case: Case, amal: User, monkeypatch: pytest.MonkeyPatch) -> None:
        decision = remove(case, amal)
        with counted(monkeypatch) as lost, rival(rows(Case, case.pk), []):
            undo(decision.pk, by=amal.actor, now=NOW)
        assert len(lost) == 1
        decision.refresh_from_db()
        case.refresh_from_db()
        assert (decision.state, case.state) == (DecisionState.UNDONE, CaseState.OPEN)
        assert AppliedMeasure.objects.get().state == "cancelled"

    def test_a_case_is_taken(self, case: Case, amal: User, monkeypatch: pytest.MonkeyPatch) -> None:
        with counted(monkeypatch) as lost, rival(rows(Case, case.pk), []):
            assert take(case.pk, by=amal.actor, now=NOW).lease_by_id == amal.pk
        assert len(lost) == 1

    def test_a_complaint_is_taken_and_answered_once(
        self, case: Case, amal: User, basil: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        decision = remove(case, amal)
        finalise_due(LATER)
        statement = statement_of(f"decision:{decision.pk}")
        assert statement is not None
        with counted(monkeypatch) as lost, rival(rows(Decision, decision.pk), []):
            made = complain(statement_token=statement.token, text="No.", now=LATER, email="u@example.net")
        assert len(lost) == 1
        assert Complaint.objects.get().pk == made.pk
        assert Effect.objects.filter(kind="complaint.receipt", channel="email").count() == 1
        with rival(rows(Complaint, made.pk), []):
            decide_complaint(str(made.pk), by=basil.actor, now=LATER, uphold=True, answer="You are right.")
        assert len(lost) == 2
        made.refresh_from_db()
        assert made.state == ComplaintState.UPHELD
        assert Effect.objects.filter(kind="complaint.outcome", channel="email").count() == 1
        assert [m.state for m in AppliedMeasure.objects.all()] != ["planned"]

    def test_a_decision_is_replaced_once(
        self, case: Case, amal: User, basil: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        decision = remove(case, amal)
        finalise_due(LATER)
        with counted(monkeypatch) as lost, rival(rows(Decision, decision.pk), []):
            new = replace(
                decision.pk, by=basil.actor, now=LATER, outcome=Outcome.NO_VIOLATION, because="It is satire."
            )
        assert len(lost) == 1
        decision.refresh_from_db()
        assert (decision.state, decision.replaced_by_id) == (DecisionState.REPLACED, new.pk)
        assert Decision.objects.count() == 2
