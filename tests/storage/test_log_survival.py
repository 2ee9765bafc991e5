"""A writing process is killed again and again while others read: nothing acknowledged is lost, nothing half is seen."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hakam.storage.embedded.event_log import FileEventLog
from hakam.testing.event_logs import entry

KILLS = 12
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")

# Writes groups of changing sizes for ever; prints the first and last number and what it sent when all is acknowledged.
WRITER = """
import json, sys
from pathlib import Path
from hakam.storage.embedded import log_files, log_index, log_writer
from hakam.storage.embedded.event_log import FileEventLog
from hakam.testing.event_logs import entry
log_files.SEGMENT_BYTES, log_writer.RUN, log_writer.SAVE_EVENTS, log_index.FAN_IN = 300_000, 100, 500, 3
folder, life = Path(sys.argv[1]), sys.argv[2]
log = FileEventLog(folder)
n = 0
while True:
    size = (n % 37) + 1
    names = [f"{life}-{n + m}" for m in range(size)]
    answers = log.append([entry(name, raw=name.encode() * 60, verdict=name.encode()) for name in names])
    print(json.dumps([[a.seq, a.earlier is None, name] for a, name in zip(answers, names)]), flush=True)
    n += size
"""

# Follows the log by its cursor for ever; says what is wrong.
READER = """
import sys, time
from pathlib import Path
from hakam.storage.embedded.event_log import FileEventLog
log, after = FileEventLog(Path(sys.argv[1])), 0
while True:
    for record in log.read(after, 100):
        assert record.seq == after + 1, (record.seq, after)
        assert record.raw == record.id.encode() * 60 and record.verdict == record.id.encode(), record
        after = record.seq
    print(after, flush=True)
    if after % 3 == 0 and after:
        assert log.get("forum", record.id).seq == after
    time.sleep(0.002)
"""


@pytest.mark.timeout(600)
def test_killed_at_any_moment_it_keeps_what_it_acknowledged_and_readers_see_nothing_else(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "events"
    random_moments = random.Random(20_261)  # noqa: S311 -- no secret
    promised: dict[str, int] = {}
    said = tmp_path / "reader.txt"
    with said.open("wb") as output:
        reader = subprocess.Popen([sys.executable, "-c", READER, str(folder)], stdout=output, stderr=output)
        life = 0
        while life < KILLS or len(promised) <= 100:  # a slow machine needs more lives to do something in
            promised |= one_life(folder, life, random_moments.uniform(0.0, 0.4))
            life += 1
        log = FileEventLog(folder)
        log.claim()
        until = time.monotonic() + 120
        while reader.poll() is None and time.monotonic() < until:
            if said.read_bytes().split()[-1:] == [str(log.last_seq()).encode()]:
                break
            time.sleep(0.05)
        assert reader.poll() is None, said.read_text()[-2_000:]
        reader.kill()
        reader.wait()
    assert said.read_bytes().split()[-1] == str(log.last_seq()).encode()
    assert list(log.damaged()) == []
    records = {record.id: record.seq for record in log.scan(0)}
    assert {name: records.get(name) for name in promised} == promised
    assert len(records) == log.last_seq()  # none twice
    again = log.append([entry(name) for name in promised])
    assert all(a.earlier == name.encode() for a, name in zip(again, promised, strict=True))
    log.close()


def one_life(folder: Path, life: int, seconds: float) -> dict[str, int]:
    """Let a writer live for a moment after its first answer, kill it, and return what it acknowledged."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(life)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # `communicate` would pass over what `readline` had read ahead
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    first = writer.stdout.readline()
    assert first, writer.stderr.read().decode()
    time.sleep(seconds)
    writer.kill()
    rest, _ = writer.communicate(timeout=60)
    acknowledged = [line for line in (first + rest).split(b"\n")[:-1] if line]
    told = [answer for line in acknowledged for answer in json.loads(line)]
    assert all(fresh for _, fresh, _ in told)
    return {name: seq for seq, _, name in told}
