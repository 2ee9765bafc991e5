"""Workers that are killed at any moment: nothing is lost, and an idempotent receiver sees each message once."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from hakam.enforcement.connectors.webhook.secret import new_secret

_PATH = Path(__file__).parent / "connectors" / "receiver.py"
_SPEC = importlib.util.spec_from_file_location("crash_receiver", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
_MODULE = importlib.util.module_from_spec(_SPEC)
sys.modules["crash_receiver"] = _MODULE
_SPEC.loader.exec_module(_MODULE)

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="uses a SQLite file of its own"),
]
DECISIONS, KILLS = 40, 4

BEGIN = """
    import os, sys, time
    os.environ.pop("HAKAM_DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "hakam.wiring.django_settings"
    import django; django.setup()
    from datetime import UTC, datetime
    from hakam.compliance import ledger
    from hakam.enforcement.delivery import deliver_due
    from hakam.enforcement.delivery_policy import DeliveryPolicy
    from hakam.enforcement.models import AppliedMeasure, Effect
    URL, SECRET = sys.argv[1], sys.argv[2]
    policy = DeliveryPolicy(
        allow_private_endpoints=True, secret=lambda name: SECRET, lease_seconds=2.0, workers=4, timeout=10.0
    )
"""
PREPARE = """
    from django.core.management import call_command
    call_command("migrate", verbosity=0)
    from hakam.enforcement import endpoints
    from hakam.enforcement.connectors.webhook.hook import WebhookConnector
    from hakam.enforcement.restrict import restrict
    from hakam.enforcement.reverse import reverse
    from hakam.testing import scene
    from hakam.vocabulary.actor import SYSTEM
    from hakam.vocabulary.event import ItemRef
    from hakam.vocabulary.measure import Measure, MeasureKind
    from hakam.vocabulary.reasons import Automation, Ground, GroundKind, Reasons, Source
    scene.publish()
    now = datetime.now(UTC)
    endpoints.register(platform="maydan", connector=WebhookConnector(), settings={"url": URL}, by=SYSTEM, now=now)
    reasons = Reasons(
        clause="spam", pack=scene.in_force(), facts="Forty times.", source=Source.OWN_INITIATIVE,
        grounds=(Ground(GroundKind.CONTRACTUAL, "scene@1.0.0, spam", "Again."),),
        automated_detection=True, automated_decision=Automation.FULL,
    )
    for n in range(int(sys.argv[3])):
        restrict(
            by=SYSTEM, now=now, item=ItemRef("maydan", "post", str(n)), item_url="", author_id="u1",
            measures=[Measure(MeasureKind.REMOVE)], reasons=reasons, decision=f"decision:{n}", language="en",
            undo_seconds=0,
        )
"""
WORK = """
    while True:
        if not deliver_due(now=datetime.now(UTC), limit=5, policy=policy):
            time.sleep(0.05)
"""
DRAIN = """
    end = time.monotonic() + 150
    while Effect.objects.filter(state__in=["pending", "sending"]).exists() and time.monotonic() < end:
        if not deliver_due(now=datetime.now(UTC), limit=50, policy=policy):
            time.sleep(0.1)
    states = sorted(set(AppliedMeasure.objects.values_list("state", flat=True)))
    effects = sorted(set(Effect.objects.values_list("state", flat=True)))
    print(Effect.objects.count(), effects, states, [f.message for f in ledger.verify_chain()])
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
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 0, out
    return out.strip().splitlines()[-1] if out.strip() else ""


@pytest.fixture
def platform() -> Iterator[Any]:
    with _MODULE.receiver(new_secret()) as server:
        server.answer = (200, {}, b'{"status": "applied"}')
        yield server


def test_killed_workers_lose_nothing_and_double_nothing(tmp_path: Path, platform: Any) -> None:
    finish(program(PREPARE, tmp_path, platform.url, platform.secret, DECISIONS))
    chance = random.Random(7)  # noqa: S311 -- when to kill, the same every time
    expected = DECISIONS * 2  # a measure and a statement each
    for _ in range(KILLS):
        before = len(platform.got)
        workers = [program(WORK, tmp_path, platform.url, platform.secret) for _ in range(2)]
        end = time.monotonic() + 30
        while len(platform.got) == before < expected and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.15))
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
            worker.communicate()
    said = finish(program(DRAIN, tmp_path, platform.url, platform.secret))
    assert said == f"{expected} ['confirmed'] ['applied'] []"
    ids = [headers["webhook-id"] for headers, _ in platform.got]
    assert len(set(ids)) == expected, "each message arrived, and none that nobody sent"
    assert len(platform.verified) == len(ids), "every one of them was signed"
    bodies = {headers["webhook-id"]: body for headers, body in platform.got}
    assert all(bodies[h["webhook-id"]] == body for h, body in platform.got), (
        "a repeat is the very same message"
    )
