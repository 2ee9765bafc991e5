"""Whoever comes second waits; whoever holds and dies holds no more."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from hakam.storage.turn import in_turn

HOLD = """
import sys, time
from pathlib import Path
from hakam.storage.turn import in_turn
with in_turn(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_threads_never_hold_it_together(tmp_path: Path) -> None:
    inside, most = 0, 0

    def count() -> None:
        nonlocal inside, most
        for _ in range(50):
            with in_turn(tmp_path / "a" / "lock"):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)


def test_a_process_that_is_killed_holds_it_no_more(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        got = threading.Event()

        def wait() -> None:
            with in_turn(tmp_path / "lock"):
                got.set()

        thread = threading.Thread(target=wait)
        thread.start()
        assert not got.wait(0.3)
        other.kill()
        assert got.wait(120)
        thread.join()
