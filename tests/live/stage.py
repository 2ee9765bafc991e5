"""A stage for streams: a configuration, a gate without a socket, a media server that a test commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from django.utils import timezone

from hakam.live import streams
from hakam.live.gate import passes, spool
from hakam.live.gate.judge import Answer
from hakam.live.gate.keeper import Gatekeeper, address_token
from hakam.live.gate.passes import Pass
from hakam.live.gate.spool import Spool
from hakam.live.models import Stream
from hakam.live.servers.at_work import Servers
from hakam.live.servers.server import (
    Asked,
    Call,
    Dropped,
    Handle,
    Moment,
    Reply,
    Source,
    Unreachable,
)
from hakam.live.states import StreamState
from hakam.testing import scene

DAY = 86_400.0
SERVER = "stage-1"


def secret(name: str) -> str:
    """Give secrets by name."""
    return f"secret of {name}"


class PaperServer:
    """A media server in memory: fields in, a word out. A test says how it behaves."""

    id: ClassVar[str] = "paper"
    without_gate: ClassVar[str] = "refuse"
    longest_pass: ClassVar[int] = passes.LONGEST

    def __init__(self) -> None:
        self.on_air: set[str] = set()
        self.reachable = True
        self.stubborn = 0  # tries to cut that it ignores
        self.dropped: list[str] = []
        self.kept: list[Path] = []
        self.watching: int | None = 3
        self.from_source: Source | None = None
        self.readers: list[str] = []  # who asked for a source
        self.readers_left: list[str] = []

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        return [f"`{name}` is no setting" for name in settings if name != "folder"]

    def asked(self, call: Call, secret: str) -> Asked:
        del secret
        if not call.fields.get("stream"):
            raise ValueError("no stream")
        return Asked(
            Moment(call.fields["moment"]),
            call.fields["stream"],
            call.fields.get("key", ""),
            call.fields.get("session", ""),
            detail={"viewers": int(call.fields["viewers"])} if "viewers" in call.fields else {},
        )

    def reply(self, asked: Asked, answer: Answer, text: str) -> Reply:
        del asked
        return Reply(200 if answer.allowed else 403, (), text.encode())

    def obey(self, asked: Asked, answer: Answer, handle: Handle) -> None:
        if answer.allowed and asked.moment is Moment.START:
            self.on_air.add(handle.stream)

    def drop(self, handle: Handle) -> Dropped:
        if not self.reachable:
            return Dropped(done=False, detail="nobody answers")
        self.dropped.append(handle.stream)
        if self.stubborn:
            self.stubborn -= 1
        else:
            self.on_air.discard(handle.stream)
        return Dropped(done=True, detail="dropped")

    def black(self, handle: Handle) -> bool:
        if not self.reachable:
            raise Unreachable("nobody answers")
        return handle.stream not in self.on_air

    def viewers(self, handle: Handle) -> int | None:
        if not self.reachable:
            raise Unreachable("nobody answers")
        return self.watching

    def source(self, handle: Handle) -> Source | None:
        self.readers.append(handle.reader)
        return self.from_source

    def left(self, handle: Handle) -> None:
        self.readers_left.append(handle.reader)

    def recordings(self, handle: Handle) -> tuple[Path, ...]:
        return tuple(self.kept)


class Stage:
    """A home with one paper server, its gate, and what the worker does."""

    def __init__(self, home: Path, **conditions: Any) -> None:
        self.home, self.server = home, PaperServer()
        self.now: datetime = timezone.now()
        self.configure(**conditions)
        self.spool = Spool(spool.path_of(home))
        self.gate = Gatekeeper(
            home,
            {self.server.id: self.server},
            self.spool,
            secret=secret,
            clock=self._clock,
            base_url="https://hakam.example",
        )
        self.servers = Servers(home, {self.server.id: self.server}, secret)

    def _clock(self) -> float:
        return self.now.timestamp()

    def configure(self, *, when_unsure: str = "refuse", **conditions: Any) -> None:
        """Write `live.json`."""
        self.home.mkdir(parents=True, exist_ok=True)
        server = {
            "name": SERVER,
            "kind": "paper",
            "platform": scene.PLATFORM,
            "when_unsure": when_unsure,
        }
        written = {"servers": [server], "conditions": {scene.PLATFORM: conditions}}
        (self.home / "live.json").write_text(json.dumps(written))

    def key(self, account: str = "u1", **more: Any) -> str:
        """Return a live pass."""
        given = {"created": self.now.timestamp() - 100 * DAY, "until": self.now.timestamp() + 3_600, **more}
        return passes.issue(Pass(account=account, **given), secret(f"live-{scene.PLATFORM}"))

    def call(self, moment: Moment, stream: str = "show", **fields: str) -> Reply:
        """Let the media server ask or tell."""
        server = self.gate.server_at(SERVER, address_token(secret("gate"), SERVER))
        assert server is not None
        told = {"moment": moment.value, "stream": stream, **fields}
        reply, beyond, _first = self.gate.handle(
            server, Call("POST", "", fields=told, at=self.now.timestamp())
        )
        if beyond is not None:
            beyond()
        return reply

    def take_in(self) -> int:
        """Let the worker take in what the gate said."""
        return streams.take_in(self.home, now=self.now, limit=100)

    def stream(self, name: str = "show", **more: Any) -> Stream:
        """Let an account go on air, without asking the book, and return the stream."""
        self.server.on_air.add(name)
        given: dict[str, Any] = {
            "platform": scene.PLATFORM,
            "server": SERVER,
            "name": name,
            "account": "u1",
            "item_id": f"broadcast-{name}",
            "url": f"https://maydan.example/live/{name}",
            "title": "A talk",
            "language": "en",
            "state": StreamState.LIVE,
            "started_at": self.now,
            "seen_at": self.now,
        }
        return Stream.objects.create(**(given | more))

    @property
    def utc(self) -> datetime:
        """Return the moment, in UTC."""
        return self.now.astimezone(UTC)
