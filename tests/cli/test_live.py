"""`hakam live` as an operator types it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_home_commands import ok, run

from hakam.live.gate import passes

pytestmark = [pytest.mark.embedded]
SETTINGS = {
    "control": "http://127.0.0.1:8080/control",
    "stat": "http://127.0.0.1:8080/stat",
    "rtmp": "rtmp://127.0.0.1/live",
}


def configured(home: Path, **changes: Any) -> None:
    server = {"name": "rtmp-1", "kind": "nginx-rtmp", "platform": "forum", "settings": SETTINGS, **changes}
    home.mkdir(exist_ok=True)
    (home / "live.json").write_text(json.dumps({"servers": [server]}))


def test_each_server_has_an_address_that_stays(home: Path) -> None:
    configured(home)
    printed = ok(run(home, "live", "servers"))
    assert "rtmp-1: nginx-rtmp for forum; unsure: refuse, without the gate: refuse" in printed
    assert "http://127.0.0.1:8431/gate/rtmp-1/" in printed
    assert ok(run(home, "live", "servers")) == printed


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "owncast"}, "no media server"),
        ({"settings": {**SETTINGS, "hls": "/x"}}, "no setting"),
        ({"settings": {}}, "control"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(home: Path, changes: dict[str, Any], words: str) -> None:
    configured(home, **changes)
    done = run(home, "live", "servers")
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_configuration_it_says_where_one_belongs(home: Path) -> None:
    done = run(home, "live", "servers")
    assert done.returncode == 1
    assert "live.json is missing" in done.stderr


def test_a_pass_is_made_that_the_gate_takes(home: Path) -> None:
    configured(home)
    words = [
        "live",
        "pass",
        "forum",
        "u1",
        "--country",
        "jo",
        "--age",
        "20",
        "--account-days",
        "3",
        "--verified",
    ]
    text = ok(run(home, *words)).strip()
    secret = (home / "secrets" / "live-forum").read_text().strip()
    found = passes.read(text, secret, now=time.time())
    assert (found.account, found.country, found.age, found.verified) == ("u1", "JO", 20, True)
    assert found.created is not None
    assert run(home, "live", "pass", "elsewhere", "u1").returncode == 1


def test_a_pass_that_a_server_would_cut_off_is_not_made(home: Path) -> None:
    configured(home)
    done = run(home, "live", "pass", "forum", "u1", "--event", "x" * 150)
    assert done.returncode == 1
    assert "rtmp-1 hands over 250" in done.stderr
    configured(home, kind="icecast", settings={"url": "http://127.0.0.1:8000"})
    assert len(ok(run(home, "live", "pass", "forum", "u1", "--event", "x" * 150)).strip()) > 250


def test_what_the_watch_asks_is_said_and_what_is_missing_too(home: Path) -> None:
    configured(home)
    ok(run(home, "migrate"))
    printed = ok(run(home, "live", "senses"))
    assert "writing in frames" in printed
    assert "speech: nobody writes down speech: none comes with Hakam" in printed
    assert "picture: no model looks at frames" in printed
    (home / "models").mkdir(exist_ok=True)
    (home / "models" / "ear.toml").write_text(
        'adapter = "transcriptions"\nreads = "speech"\n[settings]\nurl = "http://127.0.0.1:9/v1"\n'
    )
    assert "speech: ear (transcriptions, off: hakam models on ear)" in ok(run(home, "live", "senses"))
    assert "the sound of live streams goes to 127.0.0.1:9" in ok(run(home, "models", "on", "ear"))
    assert "speech: ear (transcriptions, on)" in ok(run(home, "live", "senses"))
