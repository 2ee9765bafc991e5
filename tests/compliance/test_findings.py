"""Every code: break the database by hand, and see it named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from hakam.compliance import deadlines, findings, ledger, statements
from hakam.compliance.models import RulebookVersion, Statement
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.finding import Finding
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import Automation, Ground, GroundKind, Reasons, Source

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("book")]


@pytest.fixture
def statement(book: RulebookVersion) -> Statement:
    return issue()


def issue(decision: str = "decision:1") -> Statement:
    return statements.issue(
        by=SYSTEM,
        now=NOW,
        item=ItemRef("maydan", "post", "77"),
        item_url="",
        recipient="u1",
        decision=decision,
        reasons=Reasons(
            clause="spam",
            pack=scene.in_force(),
            grounds=(Ground(GroundKind.CONTRACTUAL, "scene@1.0.0, spam", "Again and again."),),
            facts="Forty times.",
            source=Source.OWN_INITIATIVE,
            automated_detection=True,
            automated_decision=Automation.FULL,
        ),
        measures=[Measure(MeasureKind.REMOVE)],
        language="en",
        effective_from=NOW,
    )


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def found() -> list[Finding]:
    return [finding for finding in findings.check() if finding.code != "C007"]


def codes() -> list[tuple[str, str | None]]:
    return [(finding.code, finding.subject) for finding in found()]


def test_a_sound_room_has_no_findings(statement: Statement, guarded: None) -> None:
    deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=timezone.now())
    assert list(findings.check()) == []


def test_the_chain_is_part_of_it(statement: Statement) -> None:
    sql("UPDATE compliance_fact SET actor = 'staff:9' WHERE seq = 2")
    assert codes() == [("C001", "fact:2")]


def test_missing_guards_are_a_warning() -> None:
    (warning,) = findings.check()
    assert (warning.code, warning.severity, warning.subject) == ("C007", "warning", "ledger")
    assert "compliance_fact_unchanged" in warning.message


def test_a_statement_without_a_fact() -> None:
    fact_before = ledger.page(limit=1)[0].seq
    loose = issue()
    sql("DELETE FROM compliance_factlink WHERE fact_id > %s", fact_before)
    sql("DELETE FROM compliance_fact WHERE seq > %s", fact_before)
    sql(
        "UPDATE compliance_ledgerhead SET seq = %s, digest = (SELECT digest FROM compliance_fact WHERE seq = %s)",
        fact_before,
        fact_before,
    )
    assert codes() == [("C010", f"statement:{loose.pk}")]


def test_a_statement_whose_words_were_changed(statement: Statement) -> None:
    changed = {**statement.reasons, "facts": "Nothing happened."}
    Statement.objects.filter(pk=statement.pk).update(reasons=changed, recipient="u2")
    (finding,) = found()
    assert (finding.code, finding.subject) == ("C011", f"statement:{statement.pk}")
    assert finding.message.startswith("recipient, reasons of")


def test_an_erased_statement_is_not_called_altered(statement: Statement) -> None:
    (fact,) = ledger.story(f"statement:{statement.pk}")
    ledger.erase_private(fact, by=SYSTEM, now=NOW, reason="asked")
    assert codes() == []


def test_a_statement_that_was_deleted(statement: Statement) -> None:
    sql("DELETE FROM compliance_statement")
    assert codes() == [("C012", f"statement:{statement.pk}")]


def test_a_statement_under_a_clause_that_is_not_there(statement: Statement) -> None:
    sql("DELETE FROM compliance_rulebookversion")
    (finding,) = found()
    assert finding.code == "C013"
    assert "`spam` of scene@1.0.0" in finding.message


def test_too_little_time_to_complain(statement: Statement) -> None:
    Statement.objects.update(complain_until=NOW + timedelta(days=170))
    assert codes() == [("C014", f"statement:{statement.pk}")]


def test_two_statements_of_one_decision(statement: Statement) -> None:
    issue()
    assert codes() == [("C015", "decision:1")]


def test_two_rule_books_in_force(book: RulebookVersion) -> None:
    scene.publish({**scene.PACK, "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0")}, now=NOW)
    sql("UPDATE compliance_rulebookversion SET active_until = NULL")
    assert codes() == [("C020", "rulebook")]


def test_a_published_text_that_was_altered(book: RulebookVersion) -> None:
    files = {**scene.PACK, "policies.yaml": scene.PACK["policies.yaml"].replace("Never.", "Sometimes.")}
    RulebookVersion.objects.update(files=files)
    assert codes() == [("C021", "rulebook:scene@1.0.0")]


def test_a_miss_that_nobody_recorded() -> None:
    deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=NOW)
    late = timezone.now() - timedelta(hours=1)
    sql("UPDATE compliance_deadline SET started_at = %s, due_at = %s", late - timedelta(hours=1), late)
    assert codes() == [("C030", "notice:1")]
    deadlines.missed(now=timezone.now())
    assert codes() == []


def test_a_clock_whose_times_are_in_no_order() -> None:
    deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=timezone.now())
    sql("UPDATE compliance_deadline SET met_at = %s", NOW - timedelta(days=400))
    assert codes() == [("C031", "notice:1")]


def test_every_code_is_tested_here_or_with_the_chain_and_documented() -> None:
    here = Path(__file__).parent
    tests = (here / "test_findings.py").read_text("utf-8") + (here / "test_chain.py").read_text("utf-8")
    page = Path(here.parent.parent, "docs", "reference", "findings.md").read_text("utf-8")
    for code, meaning in findings.CODES.items():
        assert f'"{code}"' in tests, code
        assert f"| `{code}` | {meaning} |" in page, code
