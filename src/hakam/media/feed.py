"""Frames and sound of something that goes on: FFmpeg reads a stream, with limits, and we its pipes.

It may open the protocols that it is told and no file. It ends by itself when it has used up its share of the processor,
and whoever watches starts another.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import IO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hakam.media.chromaprint import RATE
from hakam.media.ffmpeg import EVEN, SIDE, ClipBounds, limited_command, size_of

FORMATS: Final = "flv,live_flv,hls,mpegts,mov,matroska,webm,mp3,aac,ogg,sdp,rtp,rtsp"
BOUNDS: Final = ClipBounds(cpu_seconds=3_600)
_HEAD: Final = 80  # bytes of a line of the stream of frames
_SOUND_BYTES: Final = RATE // 2 * 2  # half a second of samples, and no half of one
QUIET: Final = "10000000"  # microseconds after which a server that sends nothing is given up


def reading(url: str, protocols: str, *, seconds: int) -> list[str]:
    """Return the words of FFmpeg that come before a stream: it may open these protocols and no file.

    `seconds`: how long it looks at the stream before it knows what is in it.
    """
    words = [
        "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "quiet", "-threads", "1",
        "-protocol_whitelist", protocols, "-format_whitelist", FORMATS,
        "-analyzeduration", str(seconds * 1_000_000),
    ]  # fmt: skip
    if url.startswith(("rtmp", "http")):
        words += ["-rw_timeout", QUIET]
    return words


class Feeding(NamedTuple):
    """What to read, and with what."""

    url: str
    protocols: str  # as `rtmp,tcp`
    before: tuple[str, ...] = ()  # words before `-i`
    sight: bool = True
    sound: bool = True
    rate: float = 2.0  # frames a second
    colour: bool = False  # whether frames are read with their colours


class Feed:
    """One running program. `on_frame` gets (Unix seconds, luma), `on_sound` samples of 11,025 a second, in threads.

    `on_colour` gets, of each frame that was read with its colours, what makes it a picture of red, green and blue.
    """

    def __init__(
        self,
        what: Feeding,
        *,
        on_frame: Callable[[float, NDArray[np.uint8]], None],
        on_sound: Callable[[NDArray[np.int16]], None],
        on_colour: Callable[[float, Callable[[], NDArray[np.uint8]]], None] | None = None,
        bounds: ClipBounds = BOUNDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.what = what
        self._on_frame, self._on_sound, self._clock = on_frame, on_sound, clock
        self._on_colour = on_colour
        self.frames = 0
        self.heard = 0
        ends: list[int] = []
        with_sound = what.sound and (sys.platform != "win32" or not what.sight)
        pipe = os.pipe() if with_sound and what.sight else None
        if pipe is not None:
            ends.append(pipe[1])
        words = self._words(what, with_sound, ends)
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- a fixed program, no shell
                limited_command(words, bounds),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=tuple(ends) if sys.platform != "win32" else (),
            )
        except BaseException:
            for end in pipe or ():
                os.close(end)
            raise
        for end in ends:
            os.close(end)
        assert self._process.stdout is not None
        sound_from: IO[bytes] | None = os.fdopen(pipe[0], "rb") if pipe is not None else None
        self._pipes: list[IO[bytes]] = [self._process.stdout, *([sound_from] if sound_from else [])]
        self._threads: list[threading.Thread] = []
        if what.sight:
            self._start(self._see, self._process.stdout)
            if sound_from is not None:
                self._start(self._hear, sound_from)
        elif with_sound:
            self._start(self._hear, self._process.stdout)

    @property
    def running(self) -> bool:
        """Whether the program still reads."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the program and wait for the threads."""
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=10)
        for pipe in self._pipes:
            pipe.close()

    def _start(self, act: Callable[[IO[bytes]], None], pipe: IO[bytes]) -> None:
        thread = threading.Thread(target=act, args=(pipe,), name="feed", daemon=True)
        thread.start()
        self._threads.append(thread)

    @staticmethod
    def _words(what: Feeding, with_sound: bool, ends: Sequence[int]) -> list[str]:
        scale = ":".join(EVEN.format(side=side, least=SIDE) for side in ("iw", "ih"))
        words = reading(what.url, what.protocols, seconds=2)
        words += [*(["-skip_frame", "noref"] if what.sight else []), *what.before, "-i", what.url]
        if what.sight:
            form = "yuvj420p" if what.colour else "gray"  # the same luma, at the full range
            words += ["-map", "0:v:0", "-vf", f"fps={what.rate:g},scale={scale}:flags=area,format={form}",
                      "-f", "yuv4mpegpipe", "-strict", "-1", "-flush_packets", "1", "pipe:1"]  # fmt: skip
        if with_sound:
            to = f"pipe:{ends[0]}" if ends else "pipe:1"
            words += ["-map", "0:a:0?" if what.sight else "0:a:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le",
                      "-flush_packets", "1", to]  # fmt: skip
        return words

    def _see(self, pipe: IO[bytes]) -> None:
        try:
            size = size_of(pipe.readline(_HEAD))
            while size is not None and pipe.readline(_HEAD).startswith(b"FRAME"):
                width, height = size
                whole = width * height
                asked = whole * 3 // 2 if self.what.colour else whole
                body = pipe.read(asked)
                if len(body) < asked:
                    break
                self.frames += 1
                at, planes = self._clock(), np.frombuffer(body, np.uint8)
                self._on_frame(at, planes[:whole].reshape(height, width))
                if self.what.colour and self._on_colour is not None:
                    self._on_colour(at, partial(rgb, planes, width, height))
        except ValueError:
            return  # closed under our hands

    def _hear(self, pipe: IO[bytes]) -> None:
        try:
            while samples := pipe.read(_SOUND_BYTES):
                self.heard += len(samples) // 2
                self._on_sound(np.frombuffer(samples[: len(samples) // 2 * 2], np.int16))
        except ValueError:
            return


def rgb(planes: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return the picture (height, width, 3) of three planes of full range, the two of colour half as wide and high.

    By ITU-R BT.601, as JPEG files have it. `width` and `height` are even.
    """
    whole, part = width * height, width * height // 4
    luma = planes[:whole].reshape(height, width).astype(np.float32)
    blue, red = (
        planes[start : start + part]
        .reshape(height // 2, width // 2)
        .repeat(2, 0)
        .repeat(2, 1)
        .astype(np.float32)
        - 128.0
        for start in (whole, whole + part)
    )
    three = (luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue)
    picture: NDArray[np.uint8] = np.clip(np.rint(np.stack(three, axis=2)), 0, 255).astype(np.uint8)
    return picture
