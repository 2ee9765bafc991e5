"""`python -m benchmarks.transparency_database`: a million statements built, checked, sent and taken, with five kills.

The database is the simulated one of `hakam.testing`, which judges every statement by its own table and knows every puid
for ever. The sender is a process of its own that is killed (SIGKILL) in the middle of its work. In the end
the two sides are compared: every statement is there, none twice.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

ROOT = Path(__file__).resolve().parents[2]
TARGET = 600.0  # seconds for a million
CHUNK = 5_000


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def chunks(source: Iterator, size: int) -> Iterator[list]:
    """Yield lists of up to `size`."""
    while part := list(islice(source, size)):
        yield part


def main() -> int:
    """Measure, compare, tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--statements", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hakam-year-") as home:
        os.environ["HAKAM_HOME"] = home
        from hakam.wiring.start import start_django

        start_django()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        return run(chosen.statements, chosen.kills)


def run(count: int, kills: int) -> int:
    """Make the year, then measure."""
    from benchmarks.transparency_database.year import statements

    from hakam.compliance.eu_database import submissions
    from hakam.compliance.models import Statement, Submission
    from hakam.testing import scene
    from hakam.testing.eu_database import TransparencyDatabase

    scene.publish()
    pack = scene.in_force()
    now = datetime.now(tz=UTC)
    began = time.perf_counter()
    making = 0.0
    for part in chunks(statements(count, pack, "hate"), CHUNK):
        made = time.perf_counter()
        Statement.objects.bulk_create([statement for statement, _facts in part], batch_size=500)
        making += (
            time.perf_counter() - made
        )  # the statements are there before the database is told: not measured
        submissions.put_in_all(part, now=now, base_url="https://hakam.example")
    building = time.perf_counter() - began - making
    queued = Submission.objects.filter(state="queued").count()
    print(
        f"{count:,} statements of a year; built, redacted, checked and queued in {building:.0f} s ({queued:,} due)"
    )

    database = TransparencyDatabase(keep=False)
    server = make_server("127.0.0.1", 0, database, server_class=_Server, handler_class=_Quiet)  # type: ignore[arg-type]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    began = time.perf_counter()
    done_kills = 0
    while True:
        sender = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.transparency_database.sender", url], cwd=ROOT, env=os.environ
        )
        target = queued * (done_kills + 1) // (kills + 1)
        while sender.poll() is None:
            if done_kills < kills and len(database.puids) >= target:
                sender.send_signal(signal.SIGKILL)
                sender.wait()
                done_kills += 1
                break
            time.sleep(0.05)
        else:
            break
    sending = time.perf_counter() - began
    server.shutdown()
    there = database.puids
    ours = set(Submission.objects.filter(state="sent").values_list("puid", flat=True).iterator(10_000))
    total = building + sending
    print(f"sent in {sending:.0f} s with {done_kills} kills, {database.requests:,} requests")
    print(f"in the database: {len(there):,}; sent here: {len(ours):,}; the same: {there == ours}")
    print(
        f"{total:.0f} s in all, {count / total:,.0f} statements/s; target {TARGET * count / 1_000_000:.0f} s"
    )
    good = there == ours and len(there) == queued == count and done_kills == kills
    return 0 if good and total < TARGET * count / 1_000_000 else 1


if __name__ == "__main__":
    sys.exit(main())
