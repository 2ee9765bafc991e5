"""How long a media server waits for the gate: the gate as a process of its own, asked over real HTTP.

Each question is a connection of its own, as nginx-rtmp and Icecast make it, and stands beside an empty request to the
same server, one after the other, so a busy machine slows both. Meanwhile somebody does to its files what the
worker does: the book is stamped and accounts are written, what was said is taken in and removed.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from tests.live.real.rig import free_port, listens, until

from hakam.live.gate import passes, spool
from hakam.live.gate.book import Bar, Writer, path_of
from hakam.live.gate.keeper import address_token
from hakam.live.gate.passes import Pass

SECRET = "a secret of the benchmark"  # noqa: S105 -- of a home that lives for a minute
BAR = Bar("measure:1", "barred", 0.0, None, (), "")
SETTINGS = {"control": "http://127.0.0.1:9", "stat": "http://127.0.0.1:9", "rtmp": "rtmp://127.0.0.1/live"}
LIMIT = 20.0  # milliseconds
OK = 200
REFUSED = 403
BURST = 20  # questions at once


def key(account: str) -> str:
    """Return a live pass."""
    return passes.issue(Pass(account=account, until=time.time() + 3_600), SECRET)


@contextmanager
def process(home: Path, port: int, accounts: int) -> Iterator[None]:
    """Run the gate over a book with so many barred accounts, beside a worker."""
    server = {"name": "rtmp-1", "kind": "nginx-rtmp", "platform": "forum", "settings": SETTINGS}
    (home / "live.json").write_text(json.dumps({"port": port, "servers": [server]}))
    Writer(path_of(home)).write_all(
        (("forum", f"barred-{n}", [BAR], []) for n in range(accounts)), at=time.time()
    )
    environment = {
        **os.environ, "HAKAM_HOME": str(home), "HAKAM_SECRET_GATE": SECRET, "HAKAM_SECRET_LIVE_FORUM": SECRET,
    }  # fmt: skip
    words = "from hakam.wiring.child import run; run('gate')"
    stop = threading.Event()
    with subprocess.Popen([sys.executable, "-c", words], env=environment) as child:
        worker = threading.Thread(target=work, args=(home, stop), daemon=True)
        try:
            until(lambda: listens(port))
            worker.start()
            yield
        finally:
            stop.set()
            child.terminate()
            worker.join(10)


def work(home: Path, stop: threading.Event) -> None:
    """Do to the gate's files what the worker does, until told to stop."""
    writer, after, turn = Writer(path_of(home)), 0, 0
    while not stop.wait(0.1):
        turn += 1
        rows = spool.read(spool.path_of(home), after, 200)
        if rows:
            after = rows[-1][0]
            spool.forget(spool.path_of(home), after)
        writer.write("forum", f"barred-{turn}", [BAR])
        if turn % 10 == 0:
            writer.stamp(time.time())


def took(port: int, method: str, path: str, body: str = "") -> tuple[float, int]:
    """Return milliseconds from the connection to the whole answer, and its status."""
    head = {"content-type": "application/x-www-form-urlencoded"} if body else {}
    began = time.perf_counter()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request(method, path, body or None, head)
    answer = line.getresponse()
    answer.read()
    line.close()
    return (time.perf_counter() - began) * 1e3, answer.status


def told(name: str, values: list[float]) -> str:
    """Return one line: median, 95th and 99th part of a hundred, and the slowest."""
    ordered = sorted(values)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.95, 0.99)]
    middle = statistics.median(ordered)
    return f"{name}: median {middle:.2f} ms, p95 {at[0]:.2f}, p99 {at[1]:.2f}, slowest {ordered[-1]:.2f}"


def measure(questions: int, accounts: int) -> None:
    """Measure and print."""
    print(f"{questions} questions, {accounts:,} barred accounts, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        home, port = Path(folder), free_port()
        address = f"/gate/rtmp-1/{address_token(SECRET, 'rtmp-1')}"
        with process(home, port, accounts):
            bodies = [
                urlencode(
                    {
                        "call": "publish",
                        "name": f"show-{n}",
                        "clientid": n,
                        "key": key(f"barred-{n * 61 % accounts}" if n % 2 else f"u{n}"),
                    }
                )
                for n in range(questions)
            ]
            empty, asked, by_get = [], [], []
            for n, body in enumerate(bodies):
                empty.append(took(port, "GET", "/healthz")[0])
                right = REFUSED if n % 2 else OK
                for spent, given in (
                    (asked, ("POST", address, body)),
                    (by_get, ("GET", f"{address}?{body}")),
                ):
                    one, status = took(port, *given)
                    assert status == right, status
                    spent.append(one)
            with ThreadPoolExecutor(BURST) as people:
                burst = [one for one, _ in people.map(lambda body: took(port, "POST", address, body), bodies)]
    print(told("an empty request", empty))
    print(told("a question, by POST", asked))
    print(told("a question, by GET", by_get))
    print(told(f"a question, {BURST} at once from one Python program", burst))
    over = sum(one >= LIMIT for one in asked)
    ratio = statistics.median(asked) / statistics.median(empty)
    print(
        f"a question takes {ratio:.2f} times an empty request; {over} of {questions} took {LIMIT:.0f} ms or more"
    )
