"""Trials run beside the worker, in a process that starts when one waits and ends with it."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from hakam.compliance import drafts
from hakam.intake.models import LaterJudgement
from hakam.review import trials
from hakam.review.models import Trial
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.event_log import Entry
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.wiring import ports, programs
from hakam.wiring.duties import lanes
from hakam.wiring.settings import settings
from hakam.wiring.trial_runs import TrialProcess, events_since, run_all

SLEEPER = (sys.executable, "-c", "import sys; sys.stdin.read()")  # ends when its lifeline does


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FileEventLog]:
    made = FileEventLog(tmp_path / "events")
    monkeypatch.setattr(ports, "event_log", lambda: made)
    yield made
    made.close()


def waiting() -> Trial:
    scene.publish()
    draft = drafts.begin("Vermin", by=SYSTEM, now=timezone.now())
    return trials.ask(draft.pk, days=7, by=SYSTEM, now=timezone.now())


def happened(log: FileEventLog, *texts: str, scores: dict[str, float] | None = None) -> None:
    for n, text in enumerate(texts):
        event = scene.event(text, item=f"w{n}", at=timezone.now() - timedelta(hours=1))
        entry: Entry = scene.entry(event, scene.verdict())
        signals = msgspec.json.encode({"scores": scores or {}})
        log.append([msgspec.structs.replace(entry, signals=signals)])


@pytest.fixture
def home(tmp_path: Path) -> Any:
    return dataclasses.replace(settings(), home=tmp_path)


@pytest.mark.django_db
class TestRunning:
    def test_every_trial_that_waits_is_run_over_the_log(self, log: FileEventLog, home: Any) -> None:
        trial = waiting()
        happened(log, "buy followers now", "hello")
        run_all(home)
        trial.refresh_from_db()
        found = trials.result_of(trial)
        assert found is not None
        assert (found.events, found.fired_after) == (2, 1)

    def test_rules_see_the_scores_of_that_time(self, log: FileEventLog) -> None:
        scene.publish()
        happened(log, "hello", scores={"toxicity": 0.75})
        (event,) = events_since(timezone.now() - timedelta(days=1))
        assert event.scores == {"toxicity": 0.75}

    def test_rules_see_what_was_learnt_later_too(self, log: FileEventLog) -> None:
        scene.publish()
        happened(log, "hello", scores={"toxicity": 0.75})
        LaterJudgement.objects.create(
            seq=log.last_seq(),
            source="slow",
            made_by="slow-1",
            scores={"slow:hate": 0.9},
            pack="",
            at=timezone.now(),
        )
        (event,) = events_since(timezone.now() - timedelta(days=1))
        assert event.scores == {"toxicity": 0.75, "slow:hate": 0.9}


@pytest.mark.django_db
class TestTheProcess:
    @pytest.fixture(autouse=True)
    def _sleeper(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(programs, "command", lambda _name: SLEEPER)

    def test_it_starts_only_when_a_trial_waits_and_once(self, home: Any) -> None:
        beside = TrialProcess(home)
        assert beside.look(timezone.now()) == 0
        waiting()
        assert beside.look(timezone.now()) == 1
        assert beside.look(timezone.now()) == 0
        beside.stop()

    def test_it_ends_with_the_worker(self, home: Any) -> None:
        waiting()
        beside = TrialProcess(home)
        beside.look(timezone.now())
        process = beside._running
        assert process is not None
        beside.stop()
        assert process.returncode == -signal.SIGTERM  # asked, not killed
        beside.stop()

    def test_after_one_that_died_another_is_started(self, home: Any) -> None:
        waiting()
        beside = TrialProcess(home)
        beside.look(timezone.now())
        process = beside._running
        assert process is not None
        process.kill()
        process.wait()
        assert beside.look(timezone.now()) == 1
        beside.stop()


@pytest.mark.django_db
def test_the_worker_has_a_lane_for_it() -> None:
    with lanes(settings()) as duties:
        assert [task.name for task in duties["trials"]] == ["start trials of drafts"]


def test_the_program_runs_by_itself_and_ends(tmp_path: Path) -> None:
    """The real command, in a home of its own without a trial: it comes to its end without an error."""
    environment = {"HAKAM_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    migrate = "from hakam.wiring import start; start.start_django(); start.migrate()"
    subprocess.run([sys.executable, "-c", migrate], env=environment, check=True, timeout=120)
    done = subprocess.run(
        programs.command(programs.TRIALS), env=environment, timeout=60, check=False, stdin=subprocess.PIPE,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode in {0, -15}, done.stderr
    assert b"Traceback" not in done.stderr
