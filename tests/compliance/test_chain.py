# ruff: noqa: S608 -- statements of the test's own
"""Whatever is done to the ledger behind its back, the proof names the fact and says how."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from hakam.compliance import ledger
from hakam.compliance.chain import GENESIS, Link
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact, FactLink, LedgerHead
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.finding import Finding

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def ten(db: None) -> list[Fact]:
    return [
        ledger.record(
            FactKind.CASE_OPENED,
            by=SYSTEM,
            now=NOW + timedelta(seconds=n),
            subject=f"case:{n}",
            about=[f"item:{n}", "platform:maydan"],
            body={"n": n},
            private={"who": f"u{n}"},
        )
        for n in range(1, 11)
    ]


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def found() -> list[tuple[str, str | None]]:
    return [(f.code, f.subject) for f in ledger.verify_chain()]


def test_an_untouched_ledger_has_no_findings(ten: list[Fact]) -> None:
    assert found() == []


def test_an_empty_ledger_has_no_findings() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "case.decided"),
        ("actor", "staff:1"),
        ("subject", "case:99"),
        ("body", '{"n":4000}'),
        ("private_digest", "f" * 64),
        ("previous", "e" * 64),
        ("digest", "d" * 64),
        ("at", "2026-01-01 00:00:00+00"),
    ],
)
def test_an_altered_field_is_named(ten: list[Fact], column: str, value: str) -> None:
    sql(f"UPDATE compliance_fact SET {column} = %s WHERE seq = 4", value)
    expected = [("C001", "fact:4")]
    assert found() == ([*expected, ("C005", "fact:4")] if column == "private_digest" else expected)


def test_a_link_that_was_added_taken_or_changed_is_named(ten: list[Fact]) -> None:
    sql("UPDATE compliance_factlink SET subject = 'item:999' WHERE fact_id = 3 AND subject = 'item:3'")
    sql("DELETE FROM compliance_factlink WHERE fact_id = 5 AND subject = 'item:5'")
    FactLink.objects.create(fact_id=7, subject="item:1")
    assert found() == [("C001", "fact:3"), ("C001", "fact:5"), ("C001", "fact:7")]


def test_a_missing_fact_is_named(ten: list[Fact]) -> None:
    sql("DELETE FROM compliance_factlink WHERE fact_id = 6")
    sql("DELETE FROM compliance_fact WHERE seq = 6")
    findings = list(ledger.verify_chain())
    assert [(f.code, f.message) for f in findings] == [("C002", "fact 6 is missing")]


def test_a_missing_stretch_is_one_finding(ten: list[Fact]) -> None:
    sql("DELETE FROM compliance_factlink WHERE fact_id BETWEEN 3 AND 5")
    sql("DELETE FROM compliance_fact WHERE seq BETWEEN 3 AND 5")
    assert [f.message for f in ledger.verify_chain()] == ["facts 3 to 5 are missing"]


def test_a_missing_beginning_is_named(ten: list[Fact]) -> None:
    sql("DELETE FROM compliance_factlink WHERE fact_id <= 2")
    sql("DELETE FROM compliance_fact WHERE seq <= 2")
    assert [f.message for f in ledger.verify_chain()] == ["facts 1 to 2 are missing"]


def test_an_end_that_was_cut_off_is_named(ten: list[Fact]) -> None:
    sql("DELETE FROM compliance_factlink WHERE fact_id >= 9")
    sql("DELETE FROM compliance_fact WHERE seq >= 9")
    assert [f.message for f in ledger.verify_chain()] == ["facts 9 to 10 are missing"]


def test_an_end_that_was_cut_off_with_its_head_set_back_to_match_is_beyond_any_chain(ten: list[Fact]) -> None:
    """Only a copy of the head kept elsewhere can show this; the documentation says so."""
    sql("DELETE FROM compliance_factlink WHERE fact_id >= 9")
    sql("DELETE FROM compliance_fact WHERE seq >= 9")
    LedgerHead.objects.update(seq=8, digest=ten[7].digest)
    assert found() == []


def test_facts_that_changed_places_are_named(ten: list[Fact]) -> None:
    swap(5, 6)
    findings = list(ledger.verify_chain())
    assert [(f.code, f.subject) for f in findings] == [("C003", "fact:5"), ("C003", "fact:6")]
    assert "was written as fact 6" in findings[0].message
    assert "was written as fact 5" in findings[1].message


def swap(a: int, b: int) -> None:
    """Exchange the whole content of two facts."""
    one, two = (Fact.objects.get(pk=n) for n in (a, b))
    links = {n: list(FactLink.objects.filter(fact_id=n).values_list("subject", flat=True)) for n in (a, b)}
    sql("UPDATE compliance_fact SET digest = 'x' WHERE seq = %s", a)
    for fact, seq, names in ((one, b, links[a]), (two, a, links[b])):
        FactLink.objects.filter(fact_id=seq).delete()
        fact.pk = seq
        fact.save()
        FactLink.objects.bulk_create([FactLink(fact_id=seq, subject=name) for name in names])


def test_a_fact_replaced_by_one_with_a_fitting_digest_breaks_the_next(ten: list[Fact]) -> None:
    fact = Fact.objects.get(pk=4)
    about = tuple(sorted(FactLink.objects.filter(fact=fact).values_list("subject", flat=True)))
    forged = Link(
        fact.previous, 4, fact.at, fact.kind, fact.actor, fact.subject, about, '{"n":1}', fact.private_digest
    )
    sql("UPDATE compliance_fact SET body = %s, digest = %s WHERE seq = 4", forged.body, forged.digest())
    findings = list(ledger.verify_chain())
    assert [(f.code, f.subject) for f in findings] == [("C003", "fact:5")]
    assert findings[0].hint == "fact 4 was replaced by another, or facts were reordered"


def test_the_last_fact_replaced_by_one_with_a_fitting_digest_breaks_the_head(ten: list[Fact]) -> None:
    fact = Fact.objects.get(pk=10)
    about = tuple(sorted(FactLink.objects.filter(fact=fact).values_list("subject", flat=True)))
    forged = Link(
        fact.previous, 10, fact.at, fact.kind, fact.actor, fact.subject, about, '{"n":1}', fact.private_digest
    )
    sql("UPDATE compliance_fact SET body = %s, digest = %s WHERE seq = 10", forged.body, forged.digest())
    assert found() == [("C004", "fact:10")]


def test_a_fact_slipped_in_behind_the_head_is_named(ten: list[Fact]) -> None:
    link = Link(ten[-1].digest, 11, NOW, "case.opened", "system", "case:11", (), "{}", "")
    Fact.objects.create(
        seq=11,
        at=NOW,
        kind=link.kind,
        actor=link.actor,
        subject=link.subject,
        body="{}",
        previous=link.previous,
        digest=link.digest(),
    )
    assert found() == [("C004", "fact:10")]


def test_a_lost_head_is_named(ten: list[Fact]) -> None:
    sql("DELETE FROM compliance_ledgerhead")
    assert [code for code, _ in found()] == ["C004"]


def test_an_altered_private_part_is_named(ten: list[Fact]) -> None:
    sql("UPDATE compliance_fact SET private = %s WHERE seq = 2", '{"data":{"who":"u3"},"salt":"00"}')
    assert found() == [("C005", "fact:2")]


def test_a_private_part_that_vanished_is_named(ten: list[Fact]) -> None:
    sql("UPDATE compliance_fact SET private = NULL WHERE seq IN (2, 3)")
    ledger.erase_private(ten[7], by=SYSTEM, now=NOW, reason="asked")
    assert found() == [("C006", "fact:2"), ("C006", "fact:3")]


def test_several_wounds_are_all_named(ten: list[Fact]) -> None:
    sql("UPDATE compliance_fact SET body = '{}' WHERE seq IN (2, 8)")
    sql("DELETE FROM compliance_factlink WHERE fact_id = 5")
    sql("DELETE FROM compliance_fact WHERE seq = 5")
    assert found() == [("C001", "fact:2"), ("C002", "fact:5"), ("C001", "fact:8")]


def load(count: int) -> None:
    """Put `count` sound facts in, past the verb: it is the proof that is measured."""
    facts, links, previous = [], [], GENESIS
    for n in range(1, count + 1):
        about = (f"item:{n % 97}",)
        link = Link(
            previous,
            n,
            NOW + timedelta(microseconds=n),
            "case.opened",
            "system",
            f"case:{n}",
            about,
            "{}",
            "",
        )
        previous = link.digest()
        facts.append(
            Fact(
                seq=n,
                at=link.at,
                kind=link.kind,
                actor=link.actor,
                subject=link.subject,
                body=link.body,
                previous=link.previous,
                digest=previous,
            )
        )
        links.append(FactLink(fact_id=n, subject=about[0]))
    Fact.objects.bulk_create(facts, batch_size=2_000)
    FactLink.objects.bulk_create(links, batch_size=5_000)
    LedgerHead.objects.update_or_create(pk=1, defaults={"seq": count, "digest": previous})


def timed(work: Callable[[], list[Finding]]) -> tuple[list[Finding], float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def test_the_proof_is_linear(db: None) -> None:
    """100,000 facts take 2 to 3 seconds on a machine of 2026; what must never happen is a quadratic proof."""
    load(20_000)
    findings, seconds = timed(lambda: list(ledger.verify_chain()))
    assert findings == []
    assert seconds < 20
    sql("UPDATE compliance_fact SET body = '[]' WHERE seq = 17777")
    assert found() == [("C001", "fact:17777")]
