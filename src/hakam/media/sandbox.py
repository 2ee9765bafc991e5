"""Hashing strangers' pictures in processes that may die of them.

A decoder is a million lines of C that reads what an attacker wrote. So no picture is ever decoded in a process that
does anything else: a child with limits on time, memory, pixels and bytes does it, and a file that ends or hangs the
child costs that child alone. The next picture gets a new one.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Self

import msgspec

from hakam.media import extra
from hakam.media.sandboxed import Found, Job, receive, send
from hakam.media.trouble import Trouble

_START_SECONDS = 120.0  # the first start of an installation compiles


class Bounds(NamedTuple):
    """What one picture may cost."""

    seconds: float = 10.0  # by the clock
    cpu_seconds: int = 8
    memory: int = 1_073_741_824  # bytes, beyond what a child holds at rest
    pixels: int = 64_000_000  # of one frame
    frames: int = 8  # of an animation, spread over its length
    size: int = 32_000_000  # bytes of the file


DEFAULT_BOUNDS = Bounds()


class Hashed(NamedTuple):
    """One hash of a picture, and what was done to it before."""

    name: str
    digest: str  # 64 hex digits
    quality: int  # 0 to 100

    @property
    def good(self) -> bool:
        """Whether a match of it means anything."""
        return self.quality >= _GOOD


_GOOD = 50  # `pdq.GOOD_QUALITY`, which needs the extra


class Looked(NamedTuple):
    """What one picture gave. `landmarks`: packed, empty unless they were asked for.

    `missed`: why a part of a damaged one could not be read, though the rest was.
    """

    hashes: list[Hashed]
    landmarks: bytes = b""
    missed: str = ""


class UnreadableError(ValueError):
    """A file gave no picture. `trouble` is one of the words of `trouble.Trouble`, the message says more."""

    def __init__(self, trouble: str, detail: str = "") -> None:
        self.trouble = trouble
        super().__init__(detail or trouble)


class Said(NamedTuple):
    """What one picture says. `plates`: PGM files of its letters. `nudity`: 0 to 1, None if it was not asked for."""

    plates: list[bytes]
    nudity: float | None = None


class _Child:
    """One process. Ended for good by the first thing that goes wrong."""

    def __init__(self, bounds: Bounds, *, nudity: bool = False) -> None:
        more = ["nudity"] if nudity else []
        self._process = subprocess.Popen(  # noqa: S603 -- our own program, no shell
            [sys.executable, "-m", "hakam.media.sandboxed", str(bounds.memory), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.pid = self._process.pid
        with self._clock(_START_SECONDS):
            assert self._process.stdout is not None
            self.alive = receive(self._process.stdout) == b"ready"
        if not self.alive:
            self.end()

    def ask(self, job: Job, data: bytes, seconds: float) -> Found:
        """Have a picture hashed, or find the child ended by it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        answer = None
        with self._clock(seconds) as late:
            try:
                send(self._process.stdin, msgspec.json.encode(job))
                send(self._process.stdin, data)
                answer = receive(self._process.stdout)
            except OSError:  # it is gone while we write
                answer = None
        if answer is None or late.is_set():
            slow = late.is_set()
            code = self.end()
            if slow or code == _CPU:
                return Found(trouble=Trouble.TOO_SLOW, detail=f"more than {seconds:g} seconds")
            return Found(trouble=Trouble.DEADLY, detail=f"its reader ended with code {code}")
        return msgspec.json.decode(answer, type=Found)

    def end(self) -> int:
        """End the process and return its exit code."""
        self.alive = False
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was not written can't be
                    continue
        return self._process.wait()

    @contextmanager
    def _clock(self, seconds: float) -> Iterator[threading.Event]:
        """Kill the process if the block takes longer."""
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            yield late
        finally:
            timer.cancel()


_CPU = -24  # SIGXCPU


class Sandbox:
    """Hashes pictures, one at a time for each thread that asks, in at most `workers` children. Close it at the end."""

    def __init__(self, bounds: Bounds = DEFAULT_BOUNDS, *, workers: int = 1, nudity: bool = False) -> None:
        """Start nothing yet. `nudity`: load its network too, which takes `hakam[nudity]`.

        Raises `extra.MediaExtraMissingError` where pictures can't be hashed.
        """
        extra.demand()
        self.bounds = bounds
        self.nudity = nudity
        self.started = 0  # children so far
        self._turns = threading.Semaphore(workers)
        self._idle: list[_Child] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hashes(self, data: bytes, *, bank: bool = False) -> list[Hashed]:
        """Return the hashes of a picture: those under which it is looked for, or with `bank` those it is kept under.

        Raises `UnreadableError`, as `look` does.
        """
        return self.look(data, bank=bank).hashes

    def plain(self, data: bytes) -> Hashed:
        """Return the hash of a picture as it is. Raises `UnreadableError`, as `look` does."""
        ((name, digest, quality),) = self._ask(self._job(plain=True), data).variants
        return Hashed(name, digest.hex(), quality)

    def look(self, data: bytes, *, bank: bool = False, landmarks: bool = False) -> Looked:
        """Return the hashes of a picture, and its landmarks if they are asked for.

        Raises `UnreadableError` for what is no picture, asks for too much, or ended its reader.
        """
        found = self._ask(self._job(bank=bank, landmarks=landmarks), data)
        hashes = [Hashed(name, digest.hex(), quality) for name, digest, quality in found.variants]
        return Looked(hashes, found.landmarks, found.missed)

    def said(self, data: bytes, *, plates: bool = True) -> Said:
        """Return what a picture says: plates of its letters, and its score where the sandbox has the network.

        Raises `UnreadableError`, as `look` does.
        """
        found = self._ask(self._job(plates=plates, nudity=self.nudity), data)
        return Said(found.plates, found.nudity)

    def _job(
        self,
        *,
        bank: bool = False,
        landmarks: bool = False,
        plates: bool = False,
        nudity: bool = False,
        plain: bool = False,
    ) -> Job:
        limits = self.bounds
        return Job(bank, limits.pixels, limits.frames, limits.cpu_seconds, landmarks, plates, nudity, plain)

    def _ask(self, job: Job, data: bytes) -> Found:
        if not data:
            raise UnreadableError(Trouble.EMPTY, "the file is empty")
        if len(data) > self.bounds.size:
            raise UnreadableError(Trouble.TOO_BIG, f"{len(data):,} bytes, at most {self.bounds.size:,}")
        with self._turns:
            child = self._take()
            try:
                found = child.ask(job, data, self.bounds.seconds)
            except BaseException:
                child.end()
                raise
            self._give_back(child)
        if found.trouble:
            raise UnreadableError(found.trouble, found.detail)
        return found

    def close(self) -> None:
        """End all children."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _take(self) -> _Child:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            self.started += 1
        child = _Child(self.bounds, nudity=self.nudity)
        if not child.alive:
            raise UnreadableError(Trouble.NO_READER, "a process for reading pictures could not be started")
        return child

    def _give_back(self, child: _Child) -> None:
        if child.alive:
            with self._lock:
                self._idle.append(child)
