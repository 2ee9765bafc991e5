"""Every test runs on a home of its own, on SQLite or PostgreSQL; sockets are for those that ask."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest

# Nothing of the operator's configuration may reach a test, but the two settings that scripts/test chooses.
for _name in [name for name in os.environ if name.startswith("HAKAM_")]:
    if _name not in {"HAKAM_HOME", "HAKAM_DATABASE_URL"}:
        del os.environ[_name]

_BASE = os.environ.get("HAKAM_HOME")
_MADE: Path | None = None
if _BASE is None or "PYTEST_XDIST_WORKER" not in os.environ:
    if _BASE is None:
        _MADE = Path(tempfile.mkdtemp(prefix="hakam-tests-"))
        os.environ["HAKAM_HOME"] = str(_MADE)
else:
    _OWN = Path(_BASE, os.environ["PYTEST_XDIST_WORKER"])
    _OWN.mkdir(parents=True, exist_ok=True)
    os.environ["HAKAM_HOME"] = str(_OWN)

SOCKET_MARKERS = ("sockets", "browser", "chaos")


class SocketBlockedError(RuntimeError):
    """A test opened a network connection without saying so."""


@pytest.fixture(autouse=True)
def _sockets_only_by_mark(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections. Tests marked `sockets`, `browser` or `chaos` reach this machine, no other."""
    marked = any(request.node.get_closest_marker(name) for name in SOCKET_MARKERS)
    real = {"connect": socket.socket.connect, "connect_ex": socket.socket.connect_ex}

    def guarded(name: str) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.family in {socket.AF_INET, socket.AF_INET6}:
                host = str(address[0])
                if not marked:
                    raise SocketBlockedError(f"a connection to {address}; mark the test `sockets`")
                if host not in {"127.0.0.1", "::1", "localhost"}:
                    raise SocketBlockedError(f"a connection to {address}, which is not this machine")
            return real[name](self, address)

        return connect

    for name in real:
        monkeypatch.setattr(socket.socket, name, guarded(name))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty `HAKAM_HOME` to programs that the test starts."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HAKAM_HOME", str(folder))
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `-m chaos --kills 50` brew a longer storm than the everyday one."""
    parser.addoption("--kills", default=2, type=int, help="kills of each process in tests/chaos")


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    if _MADE is not None:
        shutil.rmtree(_MADE, ignore_errors=True)
