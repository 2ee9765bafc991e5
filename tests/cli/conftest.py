"""A real door for the commands that send events, and a wire to it that can be cut."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from hakam.policy.pack import load_pack
from hakam.storage.embedded import published
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.published import Published, PublishedKey, PublishedPack

PACK = {
    "pack.yaml": "id: replay-tests\nversion: 1.0.0\nmaturity: test\nlanguages: [en]\n",
    "policies.yaml": """
- policy: spam
  title: {en: Spam}
  text: {en: Do not advertise.}
  harm: spam
  severity: 20
  contractual: true
  ladder: [limit_reach, remove]
""",
    "rules.yaml": """
- rule: says-buy
  policy: spam
  stage: live
  when: word(text.folded, "buy")
  then: [remove]
- rule: says-free
  policy: spam
  stage: shadow
  when: word(text.folded, "free")
  then: [review(queue="spam")]
""",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DoorProcess:
    """`python -m hakam.door` on a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = f"hk_replayxx_{secrets.token_urlsafe(32)}"
        loaded = load_pack(PACK)
        assert loaded.pack is not None, loaded.findings
        digest = hashlib.sha256(self.key.encode()).hexdigest()
        key = PublishedKey(digest=digest, prefix="replayxx", platform="forum", scopes=("events:write",))
        published.write(
            home / "published.json",
            Published(
                revision=1, keys=(key,), pack=PublishedPack(loaded.pack.ref, PACK), max_body_bytes=200_000
            ),
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HAKAM_")}
        with (self.home / "door.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hakam.door", "--home", str(self.home), "--port", str(self.port)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + 90
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/healthz", trust_env=False).is_success:
                    return
            time.sleep(0.05)
        raise RuntimeError((self.home / "door.log").read_text())

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def ids(self) -> list[str]:
        """Return what is in the log."""
        log = FileEventLog(self.home / "events")
        try:
            return [record.id for record in log.scan(0)]
        finally:
            log.close()


@contextmanager
def running(home: Path) -> Iterator[DoorProcess]:
    process = DoorProcess(home)
    process.start()
    yield process
    if process.process is not None:
        process.process.terminate()
        process.process.wait(timeout=60)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[DoorProcess]:
    """Give a running door whose rules fire on `buy` (live) and `free` (shadow)."""
    home = tmp_path / "door"
    home.mkdir()
    with running(home) as process:
        yield process


@pytest.fixture(scope="module")
def untouched_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DoorProcess]:
    """Give a running door to tests that send it nothing good: it is started once."""
    with running(tmp_path_factory.mktemp("untouched")) as process:
        yield process


class Wire:
    """A relay in front of a door. `cut(n)`: whether connection `n` loses the answers that the door gave."""

    def __init__(self, port: int, cut: Callable[[int], bool]) -> None:
        self._to, self._cut = port, cut
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.cuts = 0
        self._count = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            self._count += 1
            threading.Thread(target=self._relay, args=(near, self._count), daemon=True).start()

    def _relay(self, near: socket.socket, number: int) -> None:
        with closing(near), closing(socket.create_connection(("127.0.0.1", self._to))) as far:
            threading.Thread(target=self._pass, args=(near, far), daemon=True).start()
            while data := far.recv(65_536):
                if self._cut(number):
                    self.cuts += 1
                    near.shutdown(socket.SHUT_RDWR)
                    return
                near.sendall(data)

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._server.close()
