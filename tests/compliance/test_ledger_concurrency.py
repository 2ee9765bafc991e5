"""Many writers, one chain: no fact is lost, doubled or forked, on a real SQLite file and on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection, connections, transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.vocabulary.actor import Actor, ActorKind

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WRITERS, EACH = 4, 25
KEPT = WRITERS * EACH * 4 // 5  # every fifth deed fails and takes its fact with it


def write(writer: int) -> None:
    for n in range(EACH):
        with transaction.atomic():
            ledger.record(
                FactKind.CASE_OPENED,
                by=Actor(ActorKind.STAFF, str(writer)),
                now=NOW,
                subject=f"case:{writer}-{n}",
                about=["platform:maydan"],
            )
            if n % 5 == 4:
                transaction.set_rollback(True)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the test below writes to a SQLite file")
@pytest.mark.django_db(transaction=True)
def test_threads_on_postgresql_make_one_chain() -> None:
    start = threading.Barrier(WRITERS)

    def work(writer: int) -> None:
        try:
            start.wait()
            write(writer)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(work, n) for n in range(WRITERS)]:
            done.result(timeout=60)
    assert list(Fact.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, KEPT + 1))
    assert list(ledger.verify_chain()) == []


BEGIN = """
    import os, sys
    os.environ.pop("HAKAM_DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "hakam.wiring.django_settings"
    import django; django.setup()
    from django.db import connection
    from hakam.compliance import guards, ledger
    from hakam.compliance.models import Fact, FactLink, LedgerHead
"""
CREATE = """
    with connection.schema_editor() as editor:
        for model in (Fact, FactLink, LedgerHead):
            editor.create_model(model)
        guards.install(editor)
"""
WRITE = """
    sys.path.insert(0, sys.argv[2])
    import importlib.util
    spec = importlib.util.spec_from_file_location("writers", sys.argv[3])
    writers = importlib.util.module_from_spec(spec); spec.loader.exec_module(writers)
    writers.write(int(sys.argv[1]))
"""
PROVE = """
    print([f.message for f in ledger.verify_chain()], Fact.objects.count(), guards.missing(connection))
"""


def program(body: str, home: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(BEGIN) + textwrap.dedent(body), *map(str, arguments)],
        env={**os.environ, "HAKAM_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    return out.strip()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="this one is about a SQLite file")
def test_processes_on_one_sqlite_file_make_one_chain(tmp_path: Path) -> None:
    finish(program(CREATE, tmp_path))
    here = Path(__file__)
    writers = [program(WRITE, tmp_path, n, here.parent, here) for n in range(WRITERS)]
    for process in writers:
        finish(process)
    assert finish(program(PROVE, tmp_path)) == f"[] {KEPT} []"
