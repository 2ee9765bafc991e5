"""What rooms above add is there when it is asked for, and is not imported with every command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hakam.privacy import erasers, records, rooms_above
from hakam.privacy.kinds import Kind

START = """
import sys
from hakam.wiring.start import start_django as start
start()
heavy = ("numpy", "httpx", "hakam.policy.check", "hakam.regulator.erasing", "hakam.live.erasing")
print(*[name for name in heavy if name in sys.modules])
from hakam.privacy import erasers
print(len(erasers.erasers()) - len(erasers.ERASERS))
"""


def test_the_rooms_above_add_their_kinds_of_rows() -> None:
    above = {one.kind for one in erasers.erasers()} - {one.kind for one in erasers.ERASERS}
    assert {Kind.LEGAL_REQUESTS, Kind.STREAMS} <= above
    assert erasers.eraser(Kind.LEGAL_REQUESTS) is not None


def test_a_module_registers_once_however_often_it_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    module = type(sys)("announced_here")
    module.register = lambda: told.append("registered")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "announced_here", module)
    monkeypatch.setattr(rooms_above, "_modules", {})
    for _ in range(2):
        rooms_above.announce("announced_here")
        rooms_above.register()
    assert told == ["registered"]


def test_a_module_that_fails_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_above, "_modules", {})
    rooms_above.announce("hakam.privacy.nowhere")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="nowhere"):
            rooms_above.register()


def test_recipients_of_the_exchange_are_known() -> None:
    rooms_above.register()
    assert {"known", "lists"} <= records._above.keys()


def test_a_command_starts_without_what_only_erasing_needs(tmp_path: Path) -> None:
    home = dict(os.environ, HAKAM_HOME=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", START], env=home, capture_output=True, text=True, check=True)
    imported, added = done.stdout.splitlines()
    assert imported == ""
    assert int(added) >= 2
