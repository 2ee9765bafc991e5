"""`python -m benchmarks.notices`: a flood of notices on one item, through the public path of a whole installation.

Door, worker and console run as `hakam up` starts them, on a home of their own. A platform hands notices in, in batches
under its key; then people report one by one, without a key, each from an address of its own. In the middle door and
worker are killed (SIGKILL), and whatever was not receipted is sent again. A moderator's pages are timed all the while.
In the end the log, the case, the crowd and the ledger must count what was receipted: none lost, none twice.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
from benchmarks.notices.senders import Report, Task
from tests.furnish import Person
from tests.house import ROOT, House

from hakam.storage.embedded.event_log import FileEventLog
from hakam.vocabulary.notice import LoggedNotice

TARGETS = {"batches": 10_000.0, "singles": 1_500.0}  # receipted notices a second on 2 cores
URL = "https://forum.example/live/1"
PASSWORD = "a long one for the bench"  # noqa: S105 -- of a home that is thrown away


class Pages(threading.Thread):
    """A moderator at the queue and at its first case. Times are kept in milliseconds."""

    def __init__(self, house: House) -> None:
        super().__init__(daemon=True)
        self.house, self.times, self.failed = house, {"queue": [], "case": []}, 0
        self._over = threading.Event()
        self._http = httpx.Client(
            base_url=house.console_url, trust_env=False, timeout=60, follow_redirects=True
        )

    def sign_in(self) -> None:
        """Sign in as a moderator would."""
        page = self._http.get("/accounts/login/")
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        given = {"csrfmiddlewaretoken": token, "login": "mona", "password": PASSWORD}
        answer = self._http.post(
            "/accounts/login/", data=given, headers={"referer": self.house.console_url + "/"}
        )
        if answer.is_error or "/accounts/login" in str(answer.url):
            raise SystemExit(f"could not sign in: {answer.status_code} {answer.url}")

    def look(self, name: str, path: str) -> httpx.Response | None:
        """Open a page once."""
        began = time.perf_counter()
        try:
            answer = self._http.get(path)
        except httpx.TransportError:
            self.failed += 1
            return None
        self.failed += answer.status_code != 200
        self.times[name].append(1_000 * (time.perf_counter() - began))
        return answer

    def run(self) -> None:
        """Look at the queue and at its first case, once a second each."""
        while not self._over.wait(1.0):
            page = self.look("queue", "/desk/")
            if page is not None and 'href="/desk/cases/' in page.text:
                number = page.text.split('href="/desk/cases/')
                first = next((part.split("/")[0] for part in number[1:] if part[:1].isdigit()), "")
                if first:
                    self.look("case", f"/desk/cases/{first}/")

    def end(self) -> None:
        """Go home."""
        self._over.set()
        self.join()


def send(house: House, task: Task) -> subprocess.Popen[bytes]:
    """Start a process that sends."""
    started = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.notices.senders"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=house.environment,
    )  # fmt: skip
    assert started.stdin is not None
    started.stdin.write(msgspec.json.encode(task))
    started.stdin.close()
    return started


def report_of(process: subprocess.Popen[bytes]) -> Report:
    """Return what a process that sends has to say."""
    assert process.stdout is not None
    said = process.stdout.read()
    if process.wait():
        raise SystemExit("a sender failed")
    return msgspec.json.decode(said, type=Report)


def state(house: House) -> dict[str, Any]:
    """Return what the case, the crowds and the ledger count."""
    return json.loads(house.run("benchmarks.notices.counted").stdout)


def main() -> int:
    """Flood, kill, count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--notices", type=int, default=1_000_000, help="in batches by the platform")
    parser.add_argument("--singles", type=int, default=60_000, help="one by one, by anybody")
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hakam-flood-") as folder:
        people = (Person("mona", "moderator", PASSWORD),)
        with House(Path(folder) / "home", people=people) as house:
            return flood(house, chosen)


def flood(house: House, chosen: argparse.Namespace) -> int:
    """Run both kinds of traffic and compare."""
    pages = Pages(house)
    pages.sign_in()
    pages.start()
    ok = True
    sent: set[str] = set()
    for name, total, batch in (("batches", chosen.notices, chosen.batch), ("singles", chosen.singles, 1)):
        if not total:
            continue
        marks = Path(tempfile.mkdtemp(dir=house.home.parent))
        key, connections = (house.furniture.key, 8) if batch > 1 else ("", 128)
        task = Task(house.door_url, key, URL, total, batch, connections, str(marks))
        began = time.perf_counter()
        process = send(house, task)
        kills = chosen.kills if batch > 1 else 0
        for nth in range(1, kills + 1):
            while not (marks / str(max(1, 10 * nth // (kills + 1)))).exists() and process.poll() is None:
                time.sleep(0.02)
            print("killed:", ", ".join(house.kill("door", "worker")), flush=True)
            house.wait_ready("door")
        report = report_of(process)
        ok &= not kills or report.again > 0  # else nothing was under way when they were killed
        sent |= set(report.ids)
        rate = len(report.ids) / report.busy
        ok &= rate >= TARGETS[name]
        print(
            f"{name}: {len(report.ids):,} receipted in {report.busy:.1f} s of sending "
            f"({time.perf_counter() - began:.1f} s with the kill): {rate:,.0f}/s, target {TARGETS[name]:,.0f}; "
            f"p50 {report.p50:.1f} ms, p99 {report.p99:.1f} ms; {report.again:,} requests sent again",
            flush=True,
        )
    began = time.perf_counter()
    total = len(sent)
    while (found := state(house))["case"] < total and time.perf_counter() - began < 1_800:
        time.sleep(1)
    print(f"the worker had counted all {time.perf_counter() - began:.1f} s later", flush=True)
    pages.end()
    log = FileEventLog(house.home / "notices")
    kept: list[str] = []
    after = 0
    while records := log.read(after, 10_000):
        kept += [msgspec.json.decode(record.raw, type=LoggedNotice).id for record in records]
        after = records[-1].seq
    log.close()
    lost, twice = len(sent - set(kept)), len(kept) - len(set(kept))
    print(
        f"receipted {total:,}; in the log {len(kept):,}, of these never receipted {len(set(kept) - sent):,}"
    )
    print(f"lost {lost}, twice {twice}; {found}; cores {os.cpu_count()}, load {os.getloadavg()[0]:.1f}")
    for name, times in pages.times.items():
        if times:
            worst = sorted(times)[int(0.95 * (len(times) - 1))]
            print(
                f"page {name}: {len(times)} looks, median {statistics.median(times):.0f} ms, p95 {worst:.0f} ms"
            )
    print(f"pages that failed: {pages.failed}")
    ok &= not lost and not twice and found["case"] == found["ledger"] == len(kept) and found["open"] == 1
    print("as it should be" if ok else "NOT as it should be")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
