"""`hakam waiting` as an organiser types it, with real nodes."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.cli.test_home_commands import ok, run

from hakam.live.edge_keys import public_key
from hakam.live.waiting.gate import read_gate
from hakam.live.waiting.ticket import believe, parse

pytestmark = [pytest.mark.embedded, pytest.mark.sockets]


def planned(home: Path, *, opens_in: float = 3_600, **changes: Any) -> None:
    """Plan the event `talk`."""
    opens = (datetime.now(tz=UTC) + timedelta(seconds=opens_in)).replace(microsecond=0)
    plan = {
        "event": "talk",
        "title": {"en": "The conversation", "ar": "الحوار"},
        "opens_at": opens.isoformat(),
        "ends_at": (opens + timedelta(hours=1)).isoformat(),
        "capacity": 500,
        "pace": 100,
        "lanes": [{"name": "press", "reserved": 5}],
        **changes,
    }
    path = home / "talk.json"
    home.mkdir(exist_ok=True)
    path.write_text(json.dumps(plan), encoding="utf-8")
    assert ", lanes public, press" in ok(run(home, "waiting", "plan", str(path)))


@contextmanager
def serving(home: Path, *words: str, kill: bool = False) -> Iterator[str]:
    """Run a node as a program; yield its address. It is asked to end, or killed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "hakam.cli", "waiting", "serve", "talk", "--port", str(port), *words],
        env={**os.environ, "HAKAM_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == f"http://127.0.0.1:{port}/"
        yield f"http://127.0.0.1:{port}"
    finally:
        (process.kill if kill else process.terminate)()
        assert process.wait(60) == (-9 if kill else 0)
        process.stdout.close()  # type: ignore[union-attr]


def test_tickets_for_a_file_of_accounts_are_signed_and_counted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    planned(home)
    accounts = tmp_path / "accounts.txt"
    accounts.write_text('نور\n\n  yusuf \na,"b"\n', encoding="utf-8")
    rows = list(csv.reader(ok(run(home, "waiting", "tickets", "talk", str(accounts))).splitlines()))
    assert [row[0] for row in rows] == ["account", "نور", "yusuf", 'a,"b"']
    key = public_key(ok(run(home, "waiting", "key")))
    for _, text in rows[1:]:
        ticket, said, signature = parse(text)
        believe(key, said, signature)
        assert ticket.lane == 0
    counted = list((home / "waiting" / "talk").glob("issued-*.json"))
    assert len(counted) == 1
    with serving(home) as url:
        gate = read_gate(httpx.get(f"{url}/gate").content, key)
        assert [lane.waiting for lane in gate.lanes] == [3, 0]
        told = httpx.get(url, headers={"cookie": f"hakam_ticket={rows[2][1]}; hakam_holder=yusuf"})
        assert told.status_code == 202
        assert httpx.get(f"{url}/report").status_code == 401
        token = ok(run(home, "waiting", "token")).strip()
        report = httpx.get(f"{url}/report", headers={"authorization": f"Bearer {token}"})
        assert report.json()["present"] == [0, 0]
        assert ok(run(home, "waiting", "load", "0.5", "--url", url)) == "load 0.5 is known\n"


def test_what_cannot_be_given_out_says_why(tmp_path: Path) -> None:
    home = tmp_path / "home"
    planned(home, opens_in=-60)
    accounts = tmp_path / "accounts.txt"
    accounts.write_text("nour\n")
    for words, said in (
        ((), "is open: whoever comes now gets a place from a node"),
        (("--lane", "guests"), "has no lane `guests`: it has public, press"),
    ):
        done = run(home, "waiting", "tickets", "talk", str(accounts), *words)
        assert (done.returncode, said in done.stderr) == (1, True)
    assert "account,ticket" in ok(run(home, "waiting", "tickets", "talk", str(accounts), "--lane", "press"))
    planned(home, opens_in=-3_700)
    done = run(home, "waiting", "tickets", "talk", str(accounts), "--lane", "press")
    assert "`talk` is over" in done.stderr
    done = run(home, "waiting", "serve", "talk", "--name", "../up")
    assert "letters, digits and -._ only" in done.stderr


def test_a_killed_node_knows_its_counts_and_its_frontier_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    planned(home, opens_in=-5, pace=1, capacity=500)
    key = public_key(ok(run(home, "waiting", "key")))
    with serving(home, "--name", "one", kill=True) as url:
        for _ in range(100):
            assert httpx.post(f"{url}/ticket").status_code == 201
        until = time.monotonic() + 60
        while read_gate(httpx.get(f"{url}/gate").content, key).lanes[0].waiting < 50:
            assert time.monotonic() < until  # counts are written once a second
            time.sleep(0.1)
    before = read_gate_file(home)
    with serving(home, "--name", "one") as url:
        gate = read_gate(httpx.get(f"{url}/gate").content, key)
        assert gate.number > before["number"]
        assert gate.lanes[0].frontier >= before["frontiers"][0]
        assert 10 <= gate.lanes[0].waiting <= 100


def read_gate_file(home: Path) -> dict[str, Any]:
    """Return what the controller keeps."""
    kept: dict[str, Any] = json.loads((home / "waiting" / "talk" / "admission.json").read_text())
    return kept


def test_a_rehearsal_says_what_the_set_up_holds_and_touches_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    planned(home)
    said = ok(
        run(
            home, "waiting", "rehearse", "talk", "--people", "100", "--within", "2", "--seconds", "12",
            "--down-twice",
        )
    )  # fmt: skip
    lines = {" ".join(line.split()) for line in said.splitlines()}
    assert {
        "connections at once 100",
        "neither a seat nor a clear wait 0",
        "order broken 0",
    } <= lines
    (steps,) = [line.removeprefix("steps: ").split(" > ") for line in lines if line.startswith("steps: ")]
    assert steps == sorted(steps, key=("open", "slowed", "priority", "held").index)
    assert (len(steps), steps[0], steps[-1] in {"priority", "held"}) == (3, "open", True)
    kept = sorted(path.name for path in (home / "waiting" / "talk").iterdir())
    assert kept == ["plan.json", "rehearsals"], "what it held, and no place or seat"
