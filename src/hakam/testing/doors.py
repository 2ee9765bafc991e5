"""A door on a log of its own with a small pack and some keys, in this process or in one of its own. For tests."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import msgspec

from hakam.door.app import Answer, Door
from hakam.door.config import DoorConfig
from hakam.door.judgement import prepare
from hakam.policy.pack import load_pack
from hakam.storage.embedded import published
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.event_log import EventLog
from hakam.storage.known_content import KnownContent
from hakam.storage.published import Published, PublishedKey, PublishedPack

JSON = "application/json"
_given: set[int] = set()  # ports named before, whose process may not have taken them yet
NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z

RULES = """
- rule: bad-word
  policy: spam
  stage: live
  when: word(text.folded, "badword", "كلمة سيئة")
  then: [remove, 'review(queue="spam")']
- rule: flood
  policy: spam
  stage: live
  when: count(by=author.id, within="1h") >= 4
  then: [limit_reach]
- rule: chorus
  policy: spam
  stage: shadow
  when: distinct(author.id, per=text.fingerprint, within="1h") >= 3
  then: [limit_reach]
"""


def pack_files(rules: str = RULES, version: str = "1") -> dict[str, str]:
    """Return the files of a pack of three rules: a word, a flood, a chorus."""
    return {
        "pack.yaml": f'id: test\nversion: "{version}"\nmaturity: test\nlanguages: [en]\n',
        "policies.yaml": "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam}\n  text: {en: No spam.}\n"
        "  ladder: [limit_reach, remove]\n",
        "rules.yaml": rules.lstrip(),
    }


def published_pack(files: dict[str, str] | None = None) -> PublishedPack:
    """Return a pack as the console publishes it."""
    files = files or pack_files()
    loaded = load_pack(files)
    assert loaded.pack is not None, loaded.errors
    return PublishedPack(loaded.pack.ref, files)


def key_text(name: str) -> str:
    """Return the text of the key called `name`."""
    return f"hk_{name:0<8}_{'s' * 43}"


def published_key(name: str, platform: str, *scopes: str, expires_at: float | None = None) -> PublishedKey:
    """Return that key as the console publishes it."""
    return PublishedKey(
        hashlib.sha256(key_text(name).encode()).hexdigest(), name, platform, scopes, expires_at
    )


KEYS = (
    published_key("forum", "forum", "events:write", "check"),
    published_key("checker", "forum", "check"),
    published_key("shop", "shop", "events:write"),
    published_key("old", "forum", "events:write", expires_at=NOW - 1),
)


def event(
    id_: str, text: str = "hello there", *, author: str = "ann", platform: str = "forum", **more: Any
) -> dict[str, Any]:
    """Return an event as a platform would send it."""
    return {
        "id": id_,
        "platform": platform,
        "kind": "post",
        "at": "2026-01-01T00:00:00Z",
        "author": {"id": author},
        "item": {"id": f"p-{id_}", "text": text},
        **more,
    }


def dumps(value: Any) -> bytes:
    """Return a value as JSON."""
    return msgspec.json.encode(value)


@dataclass
class House:
    """A door in this process, and what was published for it."""

    folder: Path
    config: DoorConfig = field(init=False)
    publication: Published = field(default_factory=lambda: Published(1, KEYS, published_pack()))
    log: EventLog = field(init=False)

    def __post_init__(self) -> None:
        self.config = DoorConfig(self.folder)
        self.log = FileEventLog(self.config.log_path)

    def configure(self, **changes: Any) -> None:
        """Change the configuration of doors opened later."""
        self.config = replace(self.config, **changes)

    def publish(self, **changes: Any) -> None:
        """Publish something else for doors opened later."""
        self.publication = msgspec.structs.replace(self.publication, **changes)

    def visit(self, story: Callable[[Door], Awaitable[Any]]) -> Any:
        """Open a door, live through `story`, close the door."""

        async def whole() -> Any:
            door = Door(self.config, self.log, asyncio.get_running_loop(), clock=lambda: NOW)
            pack = self.publication.pack
            door.use(KnownContent(self.folder, self.publication.banks))
            door.replace(self.publication, prepare(pack) if pack else None)
            try:
                return await story(door)
            finally:
                await asyncio.to_thread(door.commit.stop)

        return asyncio.run(whole())

    def send(self, *bodies: Any, key: str = "forum", kind: str = JSON) -> list[tuple[int, Any]]:
        """Send requests one after the other through one door; return status and decoded body of each."""

        async def story(door: Door) -> list[tuple[int, Any]]:
            answers = []
            for body in bodies:
                data = body if isinstance(body, bytes) else dumps(body)
                answers.append(read(await door.events(f"Bearer {key_text(key)}", kind, data)))
            return answers

        answers: list[tuple[int, Any]] = self.visit(story)
        return answers


def read(answer: Answer) -> tuple[int, Any]:
    """Return the status and the decoded body of an answer."""
    return answer.status, msgspec.json.decode(answer.body)


def fired(result: Any) -> list[str]:
    """Return the rules that fired, of one result."""
    return [firing["rule"] for firing in result["verdict"].get("firings", [])]


def free_port() -> int:
    """Return a port of this machine that nobody listens at, another each time.

    The system picks it: of processes that ask at the same time, each gets its own.
    """
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _given:
            _given.add(port)
            return port


class Running:
    """A real door process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.headers = {"authorization": f"Bearer {key_text('forum')}"}
        self.publication = Published(1, KEYS, published_pack())

    def publish(self, **changes: Any) -> None:
        """Publish changes for the running process."""
        changes.setdefault("revision", self.publication.revision + 1)
        self.publication = msgspec.structs.replace(self.publication, **changes)
        published.write(self.folder / "published.json", self.publication)

    def start(self, *, wait: bool = True) -> None:
        """Start the process and, unless told otherwise, wait until it takes events in."""
        self.output = (self.folder / "door.out").open("ab")
        self.process = subprocess.Popen(  # noqa: S603 -- our own program
            [
                sys.executable,
                "-W",
                "error",
                "-m",
                "hakam.door",
                "--home",
                str(self.folder),
                "--port",
                str(self.port),
            ],
            stdout=self.output,
            stderr=self.output,
        )
        if wait:
            self.until(lambda: httpx.get(f"{self.url}/healthz", trust_env=False).is_success)

    def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until a condition holds; fail if the process ends or the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process is not None
            assert self.process.poll() is None, self.said()
            with suppress(httpx.TransportError):
                if condition():
                    return
            time.sleep(0.05)
        raise AssertionError(f"it never came true; {self.said()}")

    def said(self) -> str:
        """Return the end of what the process wrote."""
        return (self.folder / "door.out").read_text(errors="replace")[-3_000:]

    def health(self) -> dict[str, Any]:
        """Return what `/healthz` says."""
        found: dict[str, Any] = httpx.get(f"{self.url}/healthz", trust_env=False).json()
        return found

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end and return the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self.output.close()
        return code
