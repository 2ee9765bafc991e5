"""Every test runs on SQLite or PostgreSQL; sockets are for those that ask. Its home: `hakam.testing.own_home`."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from django.template.base import Template
from django.utils import translation
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import HealthCheck, settings
from whitenoise.middleware import WhiteNoiseMiddleware

if TYPE_CHECKING:
    from django.template.context import Context
    from django.utils.safestring import SafeString
    from playwright.sync_api import Browser

# a busy machine is no mistake of the code
settings.register_profile("hakam", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hakam")
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


@pytest.fixture(autouse=True)
def _nobody_s_language() -> None:
    """Forget the language that an earlier test of this process spoke."""
    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_looked_for_once() -> Iterator[None]:
    """Let all clients of a process share one look for static files: each makes the middleware anew, and it looks."""
    look = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[tuple[object, ...], dict[str, Any]] = {}

    def looked(self: WhiteNoiseMiddleware) -> None:
        asked = (self.static_prefix, self.static_root, self.max_age, self.charset, self.allow_all_origins)
        if asked not in found:
            before = dict(self.files)
            look(self)
            found[asked] = {url: file for url, file in self.files.items() if before.get(url) is not file}
        self.files.update(found[asked])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", looked)
        yield


@pytest.fixture(scope="session", autouse=True)
def _templates_tell_nobody(django_test_environment: None) -> Iterator[None]:
    """Render templates as in service: no test asks which were rendered, for which Django copies every context."""

    def render(self: Template, context: Context) -> SafeString:
        return self.nodelist.render(context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", render)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nobody_hangs_up_on_a_slow_machine() -> None:
    """Let requests of tests that name no time-out wait longer than httpx would: a machine may stop for seconds."""
    for part in ("connect", "read", "write", "pool"):
        setattr(DEFAULT_TIMEOUT_CONFIG, part, 60.0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty `HAKAM_HOME` to programs that the test starts."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HAKAM_HOME", str(folder))
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give the system's Chromium. It ends with the module: playwright's loop would stop every other loop here."""
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 -- for the few that drive it

    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("no Chromium: apt-get install chromium, or name it: CHROMIUM=/path/to/chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv(
            "DJANGO_ALLOW_ASYNC_UNSAFE", "true"
        )  # a loop runs in this thread, and nothing here awaits
        expect.set_options(timeout=60_000)  # several browsers share a machine that may stop for seconds
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(autouse=True)
def _no_request_outlives_its_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close all pages and wait until the server has answered them, before the test's rows are thrown away.

    A request under way holds tables of SQLite that the next test wants empty. One that was sent a moment ago may not
    have been taken yet: the server takes them in turn, so it has taken all when it has answered another.
    """
    if not {"browser", "live_server"}.issubset(request.fixturenames):
        yield
        return
    browser: Browser = request.getfixturevalue("browser")
    request.getfixturevalue("_django_db_helper")  # whatever is set up before this is taken down after it
    yield
    for context in browser.contexts:
        context.close()
    httpx.get(
        f"{request.getfixturevalue('live_server').url}/static/console/css/outside.css"
    ).raise_for_status()
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=60)


@pytest.fixture(scope="session")
def django_db_modify_db_settings_parallel_suffix(request: pytest.FixtureRequest) -> None:
    """Give each process of tests a PostgreSQL database of its own. SQLite's lies in its memory anyhow."""
    if os.environ.get("HAKAM_DATABASE_URL"):
        request.getfixturevalue("django_db_modify_db_settings_xdist_suffix")


NEEDS_DATABASE = {"db", "transactional_db", "live_server"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with files that take long; on PostgreSQL run only what the database can make a difference to.

    A process of tests takes whole files: a long one that comes last leaves the others without work.
    """
    long = {name: n for n, name in enumerate(("chaos", "browser", "embedded"))}
    first: dict[Path, int] = {}
    for item in items:
        rank = min((n for name, n in long.items() if item.get_closest_marker(name)), default=len(long))
        first[item.path] = min(rank, first.get(item.path, rank))
    items.sort(key=lambda item: first[item.path])
    if not os.environ.get("HAKAM_DATABASE_URL"):
        return

    def differs(item: pytest.Item) -> bool:
        if item.get_closest_marker("embedded"):
            return False
        programs = any(item.get_closest_marker(name) for name in SOCKET_MARKERS)
        asks = NEEDS_DATABASE.intersection(getattr(item, "fixturenames", ()))
        return programs or bool(asks) or item.get_closest_marker("django_db") is not None

    again = [item for item in items if differs(item)]
    config.hook.pytest_deselected(items=[item for item in items if not differs(item)])
    items[:] = again


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `-m chaos --kills 50` brew a longer storm than the everyday one, and `--times` tell what takes long."""
    parser.addoption("--times", action="store_true", help="tell at the end where the time went")
    parser.addoption("--kills", default=2, type=int, help="kills of each process in tests/chaos")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the seconds that each room took, all processes together, and the files that took longest."""
    if not terminalreporter.config.getoption("--times"):
        return
    rooms: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for report in chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            file = report.nodeid.partition("::")[0]
            files[file] += report.duration
            rooms["/".join(file.split("/")[:2])] += report.duration
    terminalreporter.section("where the time went")
    for found, most in ((rooms, 15), (files, 25)):
        for name, seconds in found.most_common(most):
            terminalreporter.line(f"{seconds:8.1f} s  {name}")
        terminalreporter.line(f"{found.total():8.1f} s  all")
