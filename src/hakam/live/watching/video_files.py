"""Where the moving picture of a stream lies between the watch, which makes it, and the console, which hands it on.

`live/video/STREAM/FORM/` in the home. `wanted` is touched each time that a moderator's page asks (`asked`: the first
time); `told` is what the watch says; `RUN.head` and `RUN-NUMBER.key` or `.part` are what a browser gets, the newest
seconds of it. A run is one start of the program that makes it: another run begins anew.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from hakam.media.fragments import Fragment

KEPT_SECONDS: Final = 12.0  # of a stream that lie there
KEPT_BYTES: Final = 24_000_000
SILENT: Final = 4.0  # seconds without a word of the watch, after which nobody is there to make it
_PART: Final = re.compile(r"([0-9a-f]{16})-([0-9]{8})\.(key|part)")
_RUN: Final = re.compile(r"[0-9a-f]{16}")


class Form(StrEnum):
    """What a page asks for."""

    PLAIN = "plain"  # as the operator wants it: as it was sent, unless `live.json` says otherwise
    SOUND = "sound"  # the same, with its sound
    ENCODED = "encoded"  # encoded anew: the browser can't play what was sent
    ENCODED_SOUND = "encoded-sound"

    @property
    def sound(self) -> bool:
        """Whether it has sound."""
        return self in {Form.SOUND, Form.ENCODED_SOUND}

    @property
    def encoded(self) -> bool:
        """Whether it is encoded anew in any case."""
        return self in {Form.ENCODED, Form.ENCODED_SOUND}


class WhyNot(StrEnum):
    """Why there is no moving picture. What the page says of it stands in `console/live_terms.py`."""

    OFF = "off"  # the operator wants none
    MANY = "many"  # as many are made as may be at once
    NO_FFMPEG = "no_ffmpeg"
    NO_PICTURE = "no_picture"  # the stream has sound alone
    UNPLAYABLE = "unplayable"  # as it was sent no browser plays it
    UNREADABLE = "unreadable"  # the stream can't be read now; it is tried again
    NOBODY = "nobody"  # the watch gives no sign
    OVER = "over"  # the stream is not on air


class Told(msgspec.Struct, frozen=True):
    """What the watch says of one form."""

    run: str = ""
    type: str = ""
    why: str = ""  # a `WhyNot`, or empty


class Parts(NamedTuple):
    """What a page gets. `data` empty: nothing new, and `why` may say why."""

    run: str = ""
    type: str = ""
    data: bytes = b""
    next: int = 0  # the number after which to go on
    age: float = 0.0  # seconds since the newest came
    why: str = ""


def folder(home: Path, stream_id: int, form: Form) -> Path:
    """Return where one form of a stream lies."""
    return home / "live" / "video" / str(stream_id) / form.value


def root(home: Path) -> Path:
    """Return where all of it lies."""
    return home / "live" / "video"


def want(home: Path, stream_id: int, form: Form) -> None:
    """Note that somebody looks."""
    place = folder(home, stream_id, form)
    with contextlib.suppress(OSError):  # it is tidied up in this moment: the next question comes soon
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (place / "asked").exists():
            (place / "asked").touch(mode=0o600)
        (place / "wanted").touch(mode=0o600)


def asked(home: Path) -> dict[tuple[int, Form], float]:
    """Return the forms of streams that somebody asked for, with the Unix time of the last question."""
    found = {}
    for mark in root(home).glob("*/*/wanted"):
        with contextlib.suppress(OSError, ValueError):  # somebody tidied up, or it is no folder of ours
            found[int(mark.parent.parent.name), Form(mark.parent.name)] = mark.stat().st_mtime
    return found


def tell(place: Path, told: Told) -> None:
    """Say how it stands: also the sign that somebody is there to make it."""
    _write(place / "told", msgspec.json.encode(told))


class Shelf:
    """Where one run is laid down. The oldest parts make room."""

    def __init__(self, place: Path, run: str) -> None:
        self.place, self.run = place, run
        self._sizes: list[tuple[Path, int, float]] = []
        self._number = 0

    def begin(self, head: bytes) -> None:
        """Lay down the head."""
        _write(self.place / f"{self.run}.head", head)

    def add(self, fragment: Fragment, *, at: float) -> None:
        """Lay down a fragment. `at`: seconds of any clock that goes on."""
        self._number += 1
        path = self.place / f"{self.run}-{self._number:08d}.{'key' if fragment.key else 'part'}"
        _write(path, fragment.data)
        self._sizes.append((path, len(fragment.data), at))
        while len(self._sizes) > 1 and (
            at - self._sizes[0][2] > KEPT_SECONDS or sum(size for _p, size, _at in self._sizes) > KEPT_BYTES
        ):
            self._sizes.pop(0)[0].unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove what this run laid down."""
        for path in self.place.glob(f"{self.run}*"):
            path.unlink(missing_ok=True)


def read(home: Path, stream_id: int, form: Form, *, run: str, after: int, at: float) -> Parts:
    """Return what came after a part of a run; of another run than the newest, its head and what one can begin with.

    `at`: Unix seconds.
    """
    place = folder(home, stream_id, form)
    told = _told(place, at)
    if not _RUN.fullmatch(told.run):
        return Parts(why=told.why)
    known = run == told.run
    nothing = Parts(told.run if known else "", next=after if known else 0)
    parts = _parts(place, told.run)
    fresh = [part for part in parts if known and part.number > after]
    if (known and not fresh) or not parts:
        return nothing
    if not known or fresh[0].number != after + 1:  # who fell behind begins anew
        keys = [place for place, part in enumerate(parts) if part.key]
        fresh = parts[keys[-1] :] if keys else []
    try:
        head = b"" if known else (place / f"{told.run}.head").read_bytes()
        data = b"".join(part.path.read_bytes() for part in fresh)
        age = at - fresh[-1].path.stat().st_mtime if fresh else 0.0
    except OSError:  # it made room in this moment
        return nothing
    return Parts(told.run, told.type, head + data, fresh[-1].number, max(0.0, age)) if data else nothing


def remove(home: Path, stream_id: int, form: Form) -> None:
    """Remove one form of a stream."""
    place = folder(home, stream_id, form)
    shutil.rmtree(place, ignore_errors=True)
    with contextlib.suppress(OSError):
        place.parent.rmdir()


def remove_all(home: Path) -> None:
    """Remove all of it: what a watch that was killed left behind."""
    shutil.rmtree(root(home), ignore_errors=True)


def _told(place: Path, at: float) -> Told:
    """Return what the watch says; that it says nothing, once it had the time to."""
    try:
        told = msgspec.json.decode((place / "told").read_bytes(), type=Told)
        quiet = at - (place / "told").stat().st_mtime > SILENT
    except (OSError, msgspec.MsgspecError):
        told, quiet = Told(), False
        with contextlib.suppress(OSError):
            quiet = at - (place / "asked").stat().st_mtime > SILENT
    return Told(why=WhyNot.NOBODY) if quiet else told


class _Part(NamedTuple):
    number: int
    key: bool
    path: Path


def _parts(place: Path, run: str) -> list[_Part]:
    found = []
    with contextlib.suppress(OSError):
        for path in place.iterdir():
            name = _PART.fullmatch(path.name)
            if name is not None and name[1] == run:
                found.append(_Part(int(name[2]), name[3] == "key", path))
    return sorted(found)


def _write(path: Path, data: bytes) -> None:
    """Write whole or not at all, for this user alone. Not to the disk: it is worth nothing in a minute."""
    new = path.with_name(f".{path.name}.new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    new.replace(path)
