"""The yearly report counts every notice of a crowd, and how long each waited (DSA Art. 15(1)(b))."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from tests.intake.flood import NOW, Flood, decided

from hakam.compliance.models import Fact
from hakam.compliance.reports.categories import places
from hakam.compliance.reports.gathering import NOTICES_NOT, gather
from hakam.compliance.reports.period import year
from hakam.compliance.reports.tally import Cell, Tally
from hakam.compliance.reports.template import AUTOMATED, NOTICES, TOTAL
from hakam.intake import crowds
from hakam.staff.models import User
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene

pytestmark = pytest.mark.django_db
SECONDS = 3_600.0


@pytest.fixture
def flood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flood]:
    scene.publish()
    monkeypatch.setattr(crowds, "FULL", 5)
    made = Flood(tmp_path, FileVault(tmp_path / "vault", b"k" * 32))
    yield made
    made.log.close()


@pytest.fixture
def amal(db: None) -> User:
    return scene.person("amal")


def counted() -> Tally:
    return gather(scene.PLATFORM, year(NOW.year), zone=UTC)


def cells(harm: str, column: str) -> list[Cell]:
    return [Cell(NOTICES, (TOTAL, *place), column) for place in places(NOTICES, harm)]


def test_each_of_them_is_a_notice_received(flood: Flood) -> None:
    flood.report(40)
    flood.report(30, harm="spam", illegal=False)  # against the terms: no notice of Art. 16
    flood.take(limit=13)
    tally = counted()
    for column in ("F", "H"):
        assert {tally.number(cell) for cell in cells("hate_speech", column)} == {40}
    assert {tally.number(cell) for cell in cells("spam", "F")} <= {0, 40}  # but for the totals of all


def test_each_of_them_is_processed_once_by_a_person(flood: Flood, amal: User) -> None:
    flood.report(40)
    flood.take()
    decided(amal)
    tally = counted()
    assert tally.number(Cell(AUTOMATED, (NOTICES_NOT, "NAM Total"), "G")) == 40


def test_a_figure_leads_to_the_facts_that_make_it(flood: Flood) -> None:
    flood.report(40)
    flood.take(limit=10)
    for cell in cells("hate_speech", "F"):
        facts = counted().facts(cell)
        assert len(facts) < 40  # a crowd's facts each stand for many
        assert all(Fact.objects.get(seq=seq).kind == "notice.received" for seq in facts)


def test_one_fact_that_stands_for_many_weighs_as_many_in_the_median() -> None:
    tally, cell = Tally(), Cell(NOTICES, ("x",), "J")
    tally.time(cell, 1, SECONDS)
    tally.time(cell, 2, 5 * SECONDS, 3)
    assert tally.median(cell) == 5
    tally.count(cell, 3, 1_000_000)
    assert tally.number(cell) == 1_000_000
