"""`hakam report`: files in the form of the template, and where a figure comes from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.embedded
FACTS = """
from datetime import UTC, datetime
from hakam.wiring.start import start_django
start_django()
from django.db import transaction
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind as K
from hakam.vocabulary.actor import SYSTEM
at = datetime(2025, 5, 1, tzinfo=UTC)
with transaction.atomic():
    ledger.record(K.STATEMENT_ISSUED, by=SYSTEM, now=at, subject="statement:1", body={
        "platform": "default", "decision": "decision:1", "harm": "spam", "illegal": False,
        "measures": [{"kind": "remove"}], "automated_detection": True, "automated_decision": "none",
        "source": "own_initiative"})
    ledger.record(K.DECISION_FINAL, by=SYSTEM, now=at, subject="decision:1", body={"outcome": "violation"})
"""


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HAKAM_")}
    return subprocess.run(
        [sys.executable, *words],
        env={**environment, "HAKAM_HOME": str(home), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a home with one restriction in its ledger."""
    folder = tmp_path_factory.mktemp("home")
    done = run(folder, "-m", "hakam.cli", "migrate")
    assert done.returncode == 0, done.stderr
    done = run(folder, "-c", FACTS)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_report_is_written_in_both_forms(home: Path, tmp_path: Path) -> None:
    said = tmp_path / "said.json"
    said.write_text('{"provider": "Maydan Ltd", "service": "Maydan", "published": "2026-02-01"}')
    out = tmp_path / "out"
    done = run(home, "-m", "hakam.cli", "report", "make", "2025", str(out), "--stated", str(said))
    assert done.returncode == 0, done.stderr
    assert "to be published by 2026-02-28" in done.stdout
    assert len(list(out.glob("*.csv"))) == 11
    assert (out / "transparency-report-2025-01-01-2025-12-31.xlsx").exists()
    first = next(out.glob("*Part_1_*")).read_text(encoding="utf-8")
    assert "Maydan Ltd" in first
    assert "2026-02-01" in first


def test_a_figure_leads_to_its_fact(home: Path) -> None:
    done = run(home, "-m", "hakam.cli", "report", "trace", "2025", "6", "2", "h")
    assert done.returncode == 0, done.stderr
    assert "Visibility restriction Removal: 1, from 1 fact" in done.stdout
    assert "decision.final" in done.stdout


def test_a_place_without_a_figure_says_so(home: Path) -> None:
    assert run(home, "-m", "hakam.cli", "report", "trace", "2025", "6", "2", "D").returncode == 1
    nowhere = run(home, "-m", "hakam.cli", "report", "trace", "2025", "6", "2", "ZZ")
    assert nowhere.returncode == 2
    assert "columns A to AK" in nowhere.stderr
