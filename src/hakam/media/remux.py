"""A stream as browsers play it, made while somebody looks: FFmpeg puts it into MP4 or WebM, without encoding it anew.

What browsers can't play is encoded anew, small. It is a program of its own beside the one that watches (`feed`), with
the same limits: it may open the protocols that it is told and no file.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from hakam.media.feed import BOUNDS, reading
from hakam.media.ffmpeg import EVEN, ClipBounds, limited_command
from hakam.media.fragments import SPLITTERS, Fragment, Splitter

Container = Literal["mp4", "webm"]
FRAGMENT: Final = 0.25  # seconds of a fragment
SIDE: Final = 480  # pixels of the shorter side of what is encoded anew
RATE: Final = 15  # frames a second of it
_BITS: Final = "600k"  # a second of it
_AT_ONCE: Final = 65_536  # bytes


class Remuxing(NamedTuple):
    """What to read, and what to make of it."""

    url: str
    protocols: str  # as `rtmp,tcp`
    before: tuple[str, ...] = ()  # words before `-i`
    container: Container = "mp4"
    encode: bool = False  # pictures anew, as VP8 (in WebM)
    sight: bool = True
    sound: bool = False  # always anew, as AAC (MP4) or Opus (WebM)


class Remux:
    """One running program. `on_fragment` gets each fragment in a thread; by then `head` and `type` are there."""

    def __init__(
        self,
        what: Remuxing,
        *,
        on_fragment: Callable[[Splitter, Fragment], None],
        bounds: ClipBounds = BOUNDS,
    ) -> None:
        self.what = what
        self._on_fragment = on_fragment
        self._splitter: Splitter = SPLITTERS[what.container]()
        self._process = subprocess.Popen(  # noqa: S603 -- a fixed program, no shell
            limited_command(words(what), bounds),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._thread = threading.Thread(target=self._read, name="remux", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether there is more to come."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the program and wait for the thread."""
        self._process.kill()
        self._process.wait()
        self._thread.join(timeout=10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        try:
            while data := os.read(pipe.fileno(), _AT_ONCE):
                for fragment in self._splitter.feed(data):
                    self._on_fragment(self._splitter, fragment)
        except (ValueError, OSError):
            return  # closed under our hands, no film, or whoever takes it has no place for it
        finally:
            self._process.kill()


def words(what: Remuxing) -> list[str]:
    """Return the command."""
    out = reading(what.url, what.protocols, seconds=1)
    out += [*what.before, "-i", what.url]
    if what.sight and what.encode:
        scale = ":".join(EVEN.format(side=side, least=SIDE) for side in ("iw", "ih"))
        out += ["-map", "0:v:0", "-vf", f"fps={RATE},scale={scale},format=yuv420p", "-c:v", "libvpx",
                "-threads", "1", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-b:v", _BITS,
                "-g", str(RATE)]  # fmt: skip
    elif what.sight:
        out += ["-map", "0:v:0", "-c:v", "copy"]
    if what.sound:
        codec = "aac" if what.container == "mp4" else "libopus"
        out += ["-map", "0:a:0?" if what.sight else "0:a:0", "-c:a", codec, "-b:a", "96k",
                "-ac", "2", "-ar", "48000"]  # fmt: skip
    if what.container == "mp4":
        out += ["-movflags", "empty_moov+default_base_moof+frag_keyframe",
                "-frag_duration", str(round(FRAGMENT * 1_000_000))]  # fmt: skip
    else:
        out += ["-live", "1", "-cluster_time_limit", str(round(FRAGMENT * 1_000))]
    return [*out, "-max_interleave_delta", "1000000", "-flush_packets", "1", "-f", what.container, "pipe:1"]
