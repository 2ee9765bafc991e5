"""People and programs that act in the same instant, on PostgreSQL: one case, one lease, one outcome."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import pytest
from django.db import connection

from hakam.compliance import ledger
from hakam.compliance.access import statement_of
from hakam.compliance.models import Fact
from hakam.enforcement.models import AppliedMeasure
from hakam.review import evidence
from hakam.review.cases import Source, open_case
from hakam.review.complaints import AlreadyComplainedError, complain
from hakam.review.confirming import confirm
from hakam.review.decisions import TooLateError, decide, finalise_due, undo
from hakam.review.leases import LeaseHeldError, NotOpenError, next_case
from hakam.review.models import Case, CaseSource, Complaint, Decision, Proposal
from hakam.review.proposing import ProposalError, propose, refuse
from hakam.review.states import CaseState, DecisionState, Outcome, SourceKind, TransitionError
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]
NOW = scene.NOW
LATER = NOW + timedelta(seconds=10)
T = TypeVar("T")


def at_once(*acts: Callable[[], T]) -> list[T | Exception]:
    """Do all `acts` in the same instant, each on a connection of its own; errors are returned."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | Exception:
        barrier.wait()
        try:
            return act()
        except Exception as error:  # noqa: BLE001 -- the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    scene.publish()
    return FileVault(tmp_path / "vault", b"k" * 32)


def reporting(vault: FileVault, ref: str, item: str = "77") -> Callable[[], Case]:
    event = scene.event("You are vermin", item=item)
    snapshot = evidence.freeze(vault, scene.raw(event))
    source = Source(kind=SourceKind.NOTICE, ref=ref, clause="hate", harm="hate_speech")
    return lambda: open_case(
        by=SYSTEM, now=NOW, item=scene.ref(event), source=source, snapshot=snapshot, event=event
    )


def violation(case: Case, person: Any) -> Callable[[], Decision]:
    return lambda: decide(
        case.pk,
        by=person.actor,
        now=NOW,
        outcome=Outcome.VIOLATION,
        clause="hate",
        measures=[Measure(MeasureKind.REMOVE)],
        facts="Vermin.",
    )


def test_many_reports_in_one_instant_are_one_case(vault: FileVault) -> None:
    opened = at_once(*(reporting(vault, f"notice:{n}:0") for n in range(8)))
    assert all(isinstance(case, Case) for case in opened), opened
    case = Case.objects.get()
    assert (case.notices, CaseSource.objects.count()) == (8, 8)
    assert list(ledger.verify_chain()) == []


def test_the_same_report_in_one_instant_counts_once(vault: FileVault) -> None:
    at_once(*(reporting(vault, "notice:1:0") for _ in range(8)))
    assert (Case.objects.get().notices, CaseSource.objects.count()) == (1, 1)
    assert Fact.objects.filter(kind__startswith="case.").count() == 1


def test_everybody_who_asks_gets_another_case(vault: FileVault) -> None:
    people = [scene.person(f"m{n}") for n in range(8)]
    for n in range(6):
        reporting(vault, f"notice:{n}:0", item=str(n))()
    given = at_once(*((lambda p=p: next_case(user=p, now=NOW)) for p in people))  # type: ignore[misc]
    numbers = [case.pk for case in given if isinstance(case, Case)]
    assert len(numbers) == len(set(numbers)) == 6
    assert given.count(None) == 2


def test_two_who_decide_at_once_decide_once(vault: FileVault) -> None:
    amal, basil = scene.person("amal"), scene.person("basil")
    case = reporting(vault, "notice:1:0")()
    outcomes = at_once(violation(case, amal), violation(case, basil))
    refused = [one for one in outcomes if isinstance(one, Exception)]
    assert [type(one) for one in refused] in ([NotOpenError], [LeaseHeldError])
    assert (Decision.objects.count(), AppliedMeasure.objects.count()) == (1, 1)


@pytest.mark.parametrize("round_", range(5))
def test_undoing_at_the_last_instant_is_either_done_or_too_late(vault: FileVault, round_: int) -> None:
    amal = scene.person("amal")
    decision = violation(reporting(vault, "notice:1:0")(), amal)()
    at_once(
        lambda: undo(decision.pk, by=amal.actor, now=LATER - timedelta(microseconds=1)),
        lambda: finalise_due(LATER),
    )
    decision.refresh_from_db()
    case = Case.objects.get()
    measure = AppliedMeasure.objects.get()
    if decision.state == DecisionState.UNDONE:
        assert (case.state, measure.state) == (CaseState.OPEN, "cancelled")
    else:
        assert (decision.state, case.state, measure.state) == (
            DecisionState.FINAL,
            CaseState.DECIDED,
            "planned",
        )


@pytest.mark.parametrize("round_", range(8))
def test_a_report_during_an_undo_is_in_the_open_case(vault: FileVault, round_: int) -> None:
    amal = scene.person("amal")
    decision = violation(reporting(vault, "notice:1:0")(), amal)()
    done = at_once(lambda: undo(decision.pk, by=amal.actor, now=NOW), reporting(vault, "notice:2:0"))
    assert all(isinstance(one, Case) for one in done), done
    opened = Case.objects.get(state=CaseState.OPEN)
    assert set(opened.sources.values_list("ref", flat=True)) >= {"notice:2:0"}
    everything = set(CaseSource.objects.values_list("ref", flat=True))
    assert everything == {"notice:1:0", "notice:2:0"}


def test_one_complaint_in_one_instant(vault: FileVault) -> None:
    decision = violation(reporting(vault, "notice:1:0")(), scene.person("amal"))()
    finalise_due(LATER)
    statement = statement_of(f"decision:{decision.pk}")
    assert statement is not None
    token = statement.token
    taken = at_once(*((lambda: complain(statement_token=token, text="No.", now=LATER)) for _ in range(4)))
    assert sum(isinstance(one, Complaint) for one in taken) == 1
    assert all(isinstance(one, Complaint | AlreadyComplainedError | TooLateError) for one in taken), taken


def proposed(vault: FileVault) -> tuple[Case, Callable[[Any], Callable[[], Proposal]]]:
    case = reporting(vault, "notice:1:0")()
    given: dict[str, Any] = {
        "clause": "threat",
        "measures": [Measure(MeasureKind.TERMINATE)],
        "facts": "A threat.",
    }
    return case, lambda person: lambda: propose(case.pk, by=person.actor, now=NOW, **given)


def test_two_who_propose_at_once_leave_one_proposal(vault: FileVault) -> None:
    _case, proposing = proposed(vault)
    done = at_once(*(proposing(scene.person(name)) for name in ("amal", "basil", "carol")))
    assert [type(one) for one in done if not isinstance(one, Proposal)] == [ProposalError] * 2
    assert Proposal.objects.count() == 1


@pytest.mark.parametrize("round_", range(3))
@pytest.mark.parametrize("other", ["confirm", "refuse", "withdraw", "decide"])
def test_a_proposal_is_settled_once_whoever_comes_in_the_same_instant(
    vault: FileVault, other: str, round_: int
) -> None:
    amal, basil, carol = (scene.person(name) for name in ("amal", "basil", "carol"))
    case, proposing = proposed(vault)
    proposal = proposing(amal)()
    acts: dict[str, Callable[[], object]] = {
        "confirm": lambda: confirm(proposal.pk, by=carol.actor, now=NOW),
        "refuse": lambda: refuse(proposal.pk, by=carol.actor, now=NOW, because="A quote."),
        "withdraw": lambda: refuse(proposal.pk, by=amal.actor, now=NOW, because=""),
        "decide": lambda: decide(case.pk, by=carol.actor, now=NOW, outcome=Outcome.NO_VIOLATION),
    }
    done = at_once(lambda: confirm(proposal.pk, by=basil.actor, now=NOW), acts[other])
    refused = [one for one in done if isinstance(one, Exception)]
    assert len(refused) == 1, done
    assert isinstance(refused[0], TransitionError | NotOpenError)
    proposal.refresh_from_db()
    kinds = [fact.kind for fact in ledger.story(f"proposal:{proposal.pk}")]
    assert kinds == ["proposal.made", f"proposal.{proposal.state}"]
    ended = AppliedMeasure.objects.filter(kind=MeasureKind.TERMINATE.value).count()
    assert ended == int(proposal.state == "confirmed")
    decided = Decision.objects.count()
    assert decided == (0 if proposal.state in {"refused", "withdrawn"} else 1)
