"""A final decision puts its statement in for the database, with what the item's newest event tells."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hakam.compliance import access, ledger, statements
from hakam.compliance.models import RulebookVersion, Submission
from hakam.compliance.profile import Profile, Size, set_profile
from hakam.intake import database_entries, known_items
from hakam.review import decisions, evidence
from hakam.review.cases import Source, open_case
from hakam.review.models import Decision
from hakam.review.priority import Inputs
from hakam.review.states import Outcome, SourceKind
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.event_log import EventLog
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Event
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW


@pytest.fixture
def book(db: None) -> RulebookVersion:
    return scene.publish()


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return FileEventLog(tmp_path / "events")


def decided(tmp_path: Path, event: Event, *, kind: MeasureKind = MeasureKind.REMOVE) -> Decision:
    case = open_case(
        by=SYSTEM,
        now=NOW,
        item=scene.ref(event),
        source=Source(
            kind=SourceKind.NOTICE,
            ref="notice:1:0",
            clause="hate",
            harm="hate_speech",
            summary={},
            inputs=Inputs(),
        ),
        snapshot=evidence.freeze(FileVault(tmp_path / "vault", b"k" * 32), scene.raw(event)),
        event=event,
        pack="p" * 64,
    )
    decision = decisions.decide(
        case.pk,
        by=scene.person("amal").actor,
        now=NOW,
        outcome=Outcome.VIOLATION,
        clause="hate",
        measures=[Measure(kind)],
        facts="It calls people vermin.",
        undo_seconds=10,
    )
    decisions.finalise_due(NOW + timedelta(seconds=20))
    return decision


def follow(log: EventLog) -> None:
    for fact in ledger.facts_after(0, kinds=database_entries.KINDS):
        database_entries.on_fact(fact, NOW + timedelta(seconds=30), log=log, base_url="https://hakam.example")


def test_a_final_decision_is_put_in_once(book: RulebookVersion, log: EventLog, tmp_path: Path) -> None:
    # DSA Art. 24(5)
    event = scene.event("You are vermin", language="ar", at=NOW - timedelta(days=3))
    (appended,) = log.append([scene.entry(event, scene.verdict())])
    known_items.learn([known_items.Seen(scene.ref(event), "", appended.seq)])
    decided(tmp_path, event)
    follow(log)
    follow(log)
    row = Submission.objects.get()
    assert row.state == "queued"
    assert (row.payload["content_date"], row.payload["content_language"]) == ("2026-02-27", "AR")
    assert row.payload["decision_ground_reference_url"].startswith("https://hakam.example/rules/")


def test_of_an_item_that_no_event_told_of_the_day_of_the_decision_counts(
    book: RulebookVersion, log: EventLog, tmp_path: Path
) -> None:
    decided(tmp_path, scene.event("You are vermin"))
    follow(log)
    assert Submission.objects.get().payload["content_date"] == "2026-03-02"


def test_a_small_platform_sends_nothing_and_it_says_why(
    book: RulebookVersion, log: EventLog, tmp_path: Path
) -> None:
    # DSA Art. 19(1)
    set_profile(Profile(platform=scene.PLATFORM, size=Size.SMALL), by=SYSTEM, now=NOW)
    decided(tmp_path, scene.event("You are vermin"))
    follow(log)
    row = Submission.objects.get()
    assert (row.state, row.because) == ("not_due", "small")


def test_a_decision_that_was_taken_back_is_not_put_in(
    book: RulebookVersion, log: EventLog, tmp_path: Path
) -> None:
    decision = decided(tmp_path, scene.event("You are vermin"))
    for fact in ledger.facts_after(0, kinds=database_entries.KINDS):
        statement = access.statement_of(fact.subject)
        assert statement is not None
        statements.withdraw(statement, by=SYSTEM, now=NOW, because="reversed")
    follow(log)
    assert Submission.objects.count() == 0
    assert decision.outcome == "violation"
