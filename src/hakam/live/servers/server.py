"""The extension point: how one kind of media server asks the gate, is watched, and is cut.

An adapter knows nothing of the database and of Django; it is given values and may be called from several threads at
once. The suite that each must pass is `hakam.testing.media_servers`. Entry points: the group `hakam.media_servers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol

import msgspec

from hakam.live.gate.judge import Answer


class Call(msgspec.Struct, frozen=True):
    """An HTTP request to the gate. Header names are in lower case, form fields and the query are in `fields`."""

    method: str
    rest: str  # what follows the server's own address, without the leading slash
    headers: Mapping[str, str] = {}
    fields: Mapping[str, str] = {}
    body: bytes = b""
    at: float = 0.0  # Unix seconds


class Moment(StrEnum):
    """What a media server tells of."""

    ASK = "ask"  # may somebody be live, who has not begun: a refusal is kept, a yes is not yet a stream
    START = "start"  # somebody wants to be live
    BEAT = "beat"  # it still is; the gate may say no now
    END = "end"
    RECORDED = "recorded"  # a recording is complete, in `Asked.path`
    OTHER = "other"  # something that the gate has no opinion on


class Asked(msgspec.Struct, frozen=True):
    """What a call means."""

    moment: Moment
    stream: str = ""  # its name on the server
    shown: str = ""  # the live pass, as it was shown
    session: str = ""  # the server's own number of this broadcast
    path: str = ""
    detail: Mapping[str, Any] = {}  # what the adapter itself needs to answer
    further: tuple[Asked, ...] = ()  # what the same call told besides, from servers that group


class Reply(msgspec.Struct, frozen=True):
    """The HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Handle(msgspec.Struct, frozen=True):
    """A stream on a server: what is cut and looked at."""

    stream: str
    session: str = ""
    settings: Mapping[str, Any] = {}
    secret: str = ""  # of the server's control interface
    reader: str = ""  # which of our readers asks for a source; empty: the watch


class Dropped(msgspec.Struct, frozen=True):
    """What a try to cut did. `done` False: it must be tried again."""

    done: bool
    detail: str = ""


class Source(msgspec.Struct, frozen=True):
    """What FFmpeg reads to watch a stream."""

    url: str
    protocols: str  # all that it may use for it, as `rtmp,tcp`
    before: tuple[str, ...] = ()  # further words before `-i`
    sight: bool = True
    sound: bool = True
    counted: bool = True  # the server counts the watch as one of the viewers
    video: str = ""  # how pictures are encoded, as `vp8`, if the server says


class Unreachable(Exception):  # noqa: N818 -- it names what the server is
    """The server's control interface gave no answer that can be used."""


class MediaServer(Protocol):
    """One kind of media server."""

    id: ClassVar[str]
    without_gate: ClassVar[str]
    """What the server does by itself while the gate gives no answer: `refuse` or `admit`. Tested with the real one."""
    longest_pass: ClassVar[int]
    """Characters of a live pass that it hands over whole."""

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with a server's settings, for the person who enters them."""
        ...

    def asked(self, call: Call, secret: str) -> Asked:
        """Return what a call means. Raises `ValueError` for what is no call of this server."""
        ...

    def reply(self, asked: Asked, answer: Answer, text: str) -> Reply:
        """Word an answer. `text`: one line for the person, with an address where there is more."""
        ...

    def obey(self, asked: Asked, answer: Answer, handle: Handle) -> None:
        """Make the server do what the reply alone does not make it do. Raises `Unreachable`.

        Called for each `START` and `END` after the reply, and for each `ASK` before it: who asks relies on it.
        """
        ...

    def drop(self, handle: Handle) -> Dropped:
        """Cut a stream once, so that nobody sees or hears it. Doing it twice is doing it once. Never raises."""
        ...

    def black(self, handle: Handle) -> bool:
        """Look whether nothing of the stream can be got from the server any more. Raises `Unreachable`."""
        ...

    def viewers(self, handle: Handle) -> int | None:
        """Return how many see or hear it, None if the server does not say. Raises `Unreachable`."""
        ...

    def source(self, handle: Handle) -> Source | None:
        """Return how to watch it; None if FFmpeg can't. Raises `Unreachable` where there is nothing to watch yet.

        Called again each time that reading begins anew, so that a server can be told where to send; `handle.reader`
        tells several readers of one stream apart.
        """
        ...

    def left(self, handle: Handle) -> None:
        """Stop sending to `handle.reader`, who reads no more, if the server was told to send. Never raises."""
        ...

    def recordings(self, handle: Handle) -> tuple[Path, ...]:
        """Return the files of this machine in which the server recorded the stream, the oldest first."""
        ...
