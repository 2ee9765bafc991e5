"""`hakam report`: files in the form of the template, and where a figure comes from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.embedded
FACTS = """
import sys
from datetime import UTC, datetime
from hakam.wiring.start import start_django
start_django()
from django.db import transaction
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind as K
from hakam.vocabulary.actor import SYSTEM
platform, number = sys.argv[1:]
at = datetime(2025, 5, 1, tzinfo=UTC)
with transaction.atomic():
    ledger.record(K.STATEMENT_ISSUED, by=SYSTEM, now=at, subject=f"statement:{number}", body={
        "platform": platform, "decision": f"decision:{number}", "harm": "spam", "illegal": False,
        "measures": [{"kind": "remove"}], "automated_detection": True, "automated_decision": "none",
        "source": "own_initiative"})
    ledger.record(K.DECISION_FINAL, by=SYSTEM, now=at, subject=f"decision:{number}",
        body={"platform": platform, "outcome": "violation"})
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
    done = run(folder, "-c", FACTS, "default", "1")
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


def total(out: Path) -> str:
    """Return what part 6 counts of removals, in its first row."""
    return next(out.glob("*Part_6_*")).read_text(encoding="utf-8").split("\n")[1]


def test_a_report_is_of_the_platform_that_there_is(tmp_path: Path) -> None:
    def make(*more: str) -> subprocess.CompletedProcess[str]:
        return run(tmp_path, "-m", "hakam.cli", "report", "make", "2025", str(tmp_path / "out"), *more)

    assert run(tmp_path, "-m", "hakam.cli", "migrate").returncode == 0
    empty = make()
    assert "on record" not in empty.stdout  # there is nothing of anybody
    nothing = total(tmp_path / "out")
    assert run(tmp_path, "-c", FACTS, "maydan", "1").returncode == 0
    taken = make()
    assert taken.returncode == 0, taken.stderr
    assert "of maydan: nothing is on record of default, the platform of the settings" in taken.stdout
    assert total(tmp_path / "out") != nothing
    named = make("--platform", "elsewhere")
    assert "nothing is on record of elsewhere in this period; there is something of maydan" in named.stdout
    assert named.returncode == 0
    assert total(tmp_path / "out") == nothing
    assert run(tmp_path, "-c", FACTS, "souk", "2").returncode == 0
    several = make()
    assert several.returncode == 1
    assert "choose one by --platform: maydan, souk" in several.stderr
    assert "on record" not in make("--platform", "souk").stdout
    assert total(tmp_path / "out") != nothing
