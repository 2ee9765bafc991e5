"""`hakam replay` against a real door: what it sends, what it prints, how it ends."""

from __future__ import annotations

import gzip
import os
import re
import signal
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.cli.conftest import DoorProcess, Wire

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]

CORPUS = (
    "text,lang,raw,abuse\nbuy now,en,spam,1\nhello there,en,ham,0\nمرحبا,ar,ham,0\nfree things,en,spam,1\n"
)


def replay(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hakam.cli", "replay", *map(str, arguments)],
        env={**os.environ, "COLUMNS": "120", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def at(door: DoorProcess) -> list[str]:
    return ["--url", door.url, "--key", door.key, "--platform", "forum"]


def figure(said: str, name: str) -> int:
    found = re.search(rf"^{re.escape(name)} +([\d,]+)", said, re.MULTILINE)
    assert found, f"{name!r} is not in\n{said}"
    return int(found[1].replace(",", ""))


def test_a_corpus_goes_through_the_door_and_ends_in_a_table(door: DoorProcess, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(CORPUS)
    done = replay(path, *at(door))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "text as item.text, lang as item.language; not sent: raw, abuse" in done.stdout
    assert re.search(r"says-buy +spam +live +1 +25.00 %", done.stdout)
    assert re.search(r"says-free +spam +shadow +1 +25.00 %", done.stdout)
    assert figure(done.stdout, "rows read") == figure(done.stdout, "events, new") == len(door.ids()) == 4
    assert figure(done.stdout, "events on which no rule fired") == 2


def test_files_of_all_formats_go_in_one_run_and_a_second_run_changes_nothing(
    door: DoorProcess, tmp_path: Path
) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(CORPUS.encode()))
    (tmp_path / "b.ndjson").write_text('{"text": "buy", "author": {"id": "u1"}}\n' * 3)
    parquet.write_table(pa.Table.from_pylist([{"body": "free"}, {"body": "x"}]), tmp_path / "c.parquet")
    (tmp_path / "c.ndjson").write_text('{"text": "other"}\n')
    files = [tmp_path / "a.csv.gz", tmp_path / "b.ndjson", tmp_path / "c.ndjson"]
    first = replay(*files, *at(door))
    assert first.returncode == 0, first.stdout + first.stderr
    assert figure(first.stdout, "events, new") == 8
    third = replay(tmp_path / "c.parquet", *at(door), "--map", "body=item.text")
    assert figure(third.stdout, "events, new") == 2
    again = replay(*files, *at(door), "--batch", "1", "--connections", "2")
    assert again.returncode == 0
    assert (figure(again.stdout, "events, new"), figure(again.stdout, "events, duplicate")) == (0, 8)
    assert len(door.ids()) == 10
    anew = replay(*files, *at(door), "--again", "tuesday")
    assert figure(anew.stdout, "events, new") == 8


def test_bad_rows_are_shown_and_make_the_exit_code_1(door: DoorProcess, tmp_path: Path) -> None:
    path = tmp_path / "posts.ndjson"
    path.write_text('{"text": "fine"}\n{"text": 5}\nnot JSON\n{"text": "x", "author.followers": -4}\n')
    done = replay(path, *at(door))
    assert done.returncode == 1
    assert figure(done.stdout, "rows refused") == 3
    assert figure(done.stdout, "events, new") == 1
    errors = done.stdout[done.stdout.index("First errors") :]
    assert re.search(r"posts.ndjson +2 +/item/text +expected `str \| null`, got `int`", errors)
    assert re.search(r"posts.ndjson +3 +is no JSON object", errors)
    assert re.search(r"posts.ndjson +4 +/author/followers +expected `int` >= 0", errors)


def test_a_damaged_file_sends_what_it_holds_and_says_so(door: DoorProcess, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv.gz"
    whole = gzip.compress("\n".join(["text", *(f"post {n * 7919 % 10_007}" for n in range(5_000))]).encode())
    path.write_bytes(whole[: len(whole) // 2])
    done = replay(path, *at(door))
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert 100 < figure(done.stdout, "events, new") == len(door.ids()) < 5_000


@pytest.mark.parametrize(
    ("content", "arguments", "says"),
    [
        ("a,b\n1,2\n", [], "say which is the text: --map a=item.text"),
        ("text\nx\n", ["--map", "text=item.txt"], "did you mean `item.text`"),
        ("text\nx\n", ["--map", "txt=item.text"], "did you mean `text`"),
        ("text\nx\n", ["--url", "http://127.0.0.1:1"], "start it with `hakam up`"),
        ("text\nx\n", ["--key", "hk_x"], "401 unknown key"),
        ("text\nx\n", ["--key", ""], "a key of the Hakam at"),
    ],
)
def test_what_cannot_be_replayed_says_what_to_do(
    untouched_door: DoorProcess, tmp_path: Path, content: str, arguments: list[str], says: str
) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(content)
    done = replay(path, *at(untouched_door), *arguments)
    assert done.returncode == 1
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert untouched_door.ids() == []


def test_a_home_that_was_never_made_ready_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("text\nx\n")
    done = replay(path, HAKAM_HOME=str(tmp_path / "nowhere"), HAKAM_DATABASE_URL="")
    assert done.returncode == 1
    assert "hakam up" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_with_the_table_so_far_and_a_rerun_goes_on(door: DoorProcess, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("text\n" + "".join(f"post {n}\n" for n in range(20_000)))
    pressed, answers = threading.Event(), count(1)

    def held_up(_number: int) -> bool:  # so that it can be caught
        if next(answers) > 4:
            pressed.wait(120)
        time.sleep(0.05)
        return False

    wire = Wire(door.port, cut=held_up)
    process = subprocess.Popen(
        [sys.executable, "-m", "hakam.cli", "replay", str(path), *at(door), "--url", wire.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 90
    while not door.ids() and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    pressed.set()
    said, errors = process.communicate(timeout=60)
    wire.close()
    assert process.returncode == 130, said + errors
    assert "interrupted" in errors
    taken = figure(said, "events, new")
    assert 0 < taken == len(door.ids()) < 20_000
    rest = replay(path, *at(door))
    assert rest.returncode == 0
    assert figure(rest.stdout, "events, duplicate") == taken
    assert len(door.ids()) == 20_000
