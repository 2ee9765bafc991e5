"""How fast the worker takes in quiet events, and how fast the desk is with 100,000 cases.

python benchmarks/desk/bench.py [--events 60000] [--cases 100000]

Runs on SQLite in a new folder, or on the PostgreSQL database named by HAKAM_DATABASE_URL (its tables are
dropped).
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hakam.wiring.django_settings")
os.environ["HAKAM_HOME"] = tempfile.mkdtemp(prefix="hakam-bench-")

import django

django.setup()

from django.apps import apps
from django.core.management import call_command
from django.db import connection

from hakam.intake.events import consume
from hakam.review import access
from hakam.review.leases import next_case
from hakam.review.models import Case, CaseSource
from hakam.review.shapes import QueueFilter
from hakam.review.states import CaseState
from hakam.signals.fold import fold
from hakam.staff.models import User
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene

NOW = scene.NOW
WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "lazy",
    "dog",
    "market",
    "street",
    "news",
    "today",
    "people",
    "say",
    "good",
    "bad",
    "never",
    "always",
    "السوق",
    "اليوم",
    "الناس",
    "يقول",
    "جيد",
    "سيء",
    "دائما",
    "ابدا",
    "مدينة",
    "كتاب",
    "صديق",
    "بيت",
    "طريق",
    "سماء",
]


def show(name: str, value: str) -> None:
    """Print one figure."""
    print(f"{name:<58}{value:>28}", flush=True)


def timed(times: int, act: object) -> str:
    """Return the median and the largest time of an act, in milliseconds."""
    taken, cpu = [], process_time()
    for _ in range(times):
        start = perf_counter()
        act()  # type: ignore[operator]
        taken.append((perf_counter() - start) * 1000)
    mean = (process_time() - cpu) / times * 1000
    return f"{statistics.median(taken):.1f} / {max(taken):.1f} / {mean:.1f} ms"


def quiet_events(folder: Path, count: int) -> None:
    """Measure the worker on events that no rule fired on."""
    log = FileEventLog(folder / "events")
    vault = FileVault(folder / "vault", b"k" * 32)
    verdict = scene.verdict()
    for start in range(0, count, 1000):
        log.append(
            [
                scene.entry(
                    scene.event(
                        " ".join(random.choices(WORDS, k=20)),
                        item=str(n),
                        author=f"u{n % 5000}",
                        url=f"https://maydan.example/p/{n}",
                    ),
                    verdict,
                )
                for n in range(start, min(start + 1000, count))
            ]
        )
    start, cpu = perf_counter(), process_time()
    done = 0
    while step := consume(log, vault=vault, now=NOW, limit=2000):
        done += step
    show("quiet events, with an address each", f"{done / (perf_counter() - start):,.0f}/s")
    show("    the same by CPU time of the worker", f"{done / (process_time() - cpu):,.0f}/s")
    log.close()


def many_cases(count: int) -> None:
    """Measure the desk on many open cases."""
    user = User.objects.create(username="bench", role="moderator")
    made = []
    for n in range(count):
        text = " ".join(random.choices(WORDS, k=25)) + (" needle" if n % 5000 == 0 else "")
        made.append(
            Case(
                platform="maydan",
                item_kind="post",
                item_id=f"c{n}",
                author_id=f"u{n % 5000}",
                language=random.choice(["en", "ar"]),
                queue=random.choice(["general", "spam", "hate"]),
                state=CaseState.OPEN,
                clause="spam",
                excerpt=text[:280],
                search_text=fold(text),
                priority=random.random() * 1000,
                opened_at=NOW - timedelta(minutes=n),
                notices=1,
            )
        )
    Case.objects.bulk_create(made, batch_size=1000)
    CaseSource.objects.bulk_create(
        [CaseSource(case=case, kind="notice", ref=f"n{n}", at=NOW) for n, case in enumerate(made)],
        batch_size=1000,
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    wanted = QueueFilter
    show("queue, first page (median / largest / mean CPU)", timed(15, lambda: access.queue(user, now=NOW)))
    show("queue, page 1,000", timed(5, lambda: access.queue(user, now=NOW, page=1000)))
    show(
        "queue in one language", timed(15, lambda: access.queue(user, now=NOW, wanted=wanted(language="ar")))
    )
    show("search, rare word", timed(5, lambda: access.queue(user, now=NOW, wanted=wanted(search="needle"))))
    show(
        "search, frequent Arabic words",
        timed(5, lambda: access.queue(user, now=NOW, wanted=wanted(search="الناس مدينة"))),
    )
    show("search, nothing found", timed(5, lambda: access.queue(user, now=NOW, wanted=wanted(search="zzzz"))))
    show("counts of the header", timed(15, lambda: access.counts(user, now=NOW)))
    show("next case, taken", timed(30, lambda: next_case(user=user, now=NOW)))


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--cases", type=int, default=100_000)
    chosen = parser.parse_args()
    random.seed(7)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    from django.conf import settings  # the tables as the models are, whatever the lineage says

    settings.MIGRATION_MODULES = {config.label: None for config in apps.get_app_configs()}
    call_command("migrate", run_syncdb=True, verbosity=0)
    scene.publish()
    show("database", connection.vendor)
    quiet_events(Path(os.environ["HAKAM_HOME"]), chosen.events)
    many_cases(chosen.cases)


if __name__ == "__main__":
    sys.exit(main())
