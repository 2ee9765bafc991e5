"""Frames and sound of a stranger's file, by FFmpeg as a program of its own that may die of it.

The program reads one private file, knows only the containers that people post, opens no address and no second file,
and has limits on time, memory and pixels. What comes back is bare luma and bare samples, which are numbers to us.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from hakam.media.chromaprint import RATE
from hakam.media.limited import limited
from hakam.media.sandbox import UnreadableError
from hakam.media.trouble import Trouble

SIDE = 512  # pixels of the shorter side of a frame as it is handed over
_CONTAINERS = "mov,matroska,webm,avi,flv,asf,mpegts,mpeg,mp3,wav,flac,ogg,aac,amr,aiff,caf"
_HEAD = 80  # bytes in which a stream of frames says its size
_MOST_PIXELS_OUT = 4_000_000  # of one frame as handed over: what is longer than that is no clip
EVEN = "trunc({side}*min(1\\,{least}/min(iw\\,ih))/2)*2"
_MOST_PROBED = 1_000_000  # bytes of what is said about a file


class ClipBounds(NamedTuple):
    """What one clip or recording may cost."""

    seconds: float = 60.0  # by the clock, for each of sight and sound
    cpu_seconds: int = 90
    memory: int = 2_147_483_648  # bytes of address space
    pixels: int = 36_000_000  # of one frame: 8K
    length: float = 1_200.0  # seconds from the start that are looked at
    size: int = 500_000_000  # bytes of the file


DEFAULT_BOUNDS = ClipBounds()


class Told(NamedTuple):
    """What a file says of itself. `seconds`: 0 if it does not say."""

    sight: bool
    sound: bool
    seconds: float = 0.0


class ProgramMissingError(RuntimeError):
    """FFmpeg is not installed. The message says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "clips and sound need the programs `ffmpeg` and `ffprobe`: install them "
            "(Debian and Ubuntu: apt-get install ffmpeg; macOS: brew install ffmpeg; Windows: winget install ffmpeg)"
        )


def available() -> bool:
    """Whether clips and recordings can be read on this machine."""
    return shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None


@contextmanager
def opened(data: bytes, bounds: ClipBounds = DEFAULT_BOUNDS) -> Iterator[File]:
    """Give a file of which frames and sound can be asked.

    Raises `ProgramMissingError`, and `UnreadableError` for what is empty, too large, or no clip and no recording.
    """
    if not data:
        raise UnreadableError(Trouble.EMPTY, "the file is empty")
    if len(data) > bounds.size:
        raise UnreadableError(Trouble.TOO_BIG, f"{len(data):,} bytes, at most {bounds.size:,}")
    if not available():
        raise ProgramMissingError
    with tempfile.TemporaryDirectory(prefix="hakam-clip-") as folder:
        path = Path(folder) / "clip"
        path.write_bytes(data)
        yield File(path, bounds)


def tail(path: Path, seconds: float, bounds: ClipBounds = DEFAULT_BOUNDS) -> bytes:
    """Return the end of a long recording as Matroska, sight and sound as they were, at most `bounds.size` bytes.

    Raises `ProgramMissingError` and `UnreadableError`.
    """
    words = [
        "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "quiet", "-protocol_whitelist", "file,pipe",
        "-format_whitelist", _CONTAINERS, "-sseof", f"-{seconds:g}", "-i", str(path),
        "-map", "0:v?", "-map", "0:a?", "-c", "copy", "-f", "matroska", "pipe:1",
    ]  # fmt: skip
    with subprocess.Popen(  # noqa: S603 -- a fixed program, no shell
        limited_command(words, bounds),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        late = threading.Event()
        clock = threading.Timer(bounds.seconds, _kill, (process, late))
        clock.daemon = True
        clock.start()
        assert process.stdout is not None
        try:
            data = process.stdout.read(bounds.size + 1)
        finally:
            clock.cancel()
            process.kill()
            process.wait()
    if late.is_set() or not data or len(data) > bounds.size:
        raise UnreadableError(Trouble.DAMAGED, "its end can't be read")
    return data


class File:
    """A clip or a recording that lies in a private folder."""

    def __init__(self, path: Path, bounds: ClipBounds) -> None:
        self._path = path
        self._bounds = bounds
        self.told = self._probed()

    def frames(self, rate: float) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Yield (seconds, luma) so many times a second, the shorter side at most 512 pixels.

        What can be read before a file breaks off is yielded. Raises `UnreadableError` if that is nothing.
        """
        scale = ":".join(EVEN.format(side=side, least=SIDE) for side in ("iw", "ih"))
        words = [
            "-map",
            "0:v:0",
            "-an",
            "-sn",
            "-dn",
            "-vf",
            # What is shown at each moment, whatever the rate: else the samples of two rates never meet.
            f"fps={rate:g}:round=up,scale={scale}:flags=area,format=gray",
        ]
        count = 0
        with self._running(["-skip_frame", "noref"], [*words, "-f", "yuv4mpegpipe", "-strict", "-1"]) as (
            pipe,
            why,
        ):
            size = size_of(pipe.readline(_HEAD))
            while size is not None and pipe.readline(_HEAD).startswith(b"FRAME"):
                width, height = size
                body = pipe.read(width * height)
                if len(body) < width * height:
                    break
                yield count / rate, np.frombuffer(body, np.uint8).reshape(height, width)
                count += 1
        if not count or why():
            raise self._unreadable(why(), "no frame of it can be read")

    def sound(self) -> NDArray[np.int16]:
        """Return its sound in one channel, 11,025 samples a second. Raises `UnreadableError`."""
        words = ["-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", "1", "-ar", str(RATE), "-f", "s16le"]
        with self._running([], words) as (pipe, why):
            samples = pipe.read(int(self._bounds.length * RATE) * 2)
        if len(samples) < RATE or why():
            raise self._unreadable(why(), "no sound of it can be read")
        return np.frombuffer(samples[: len(samples) // 2 * 2], np.int16)

    def _unreadable(self, why: str, detail: str) -> UnreadableError:
        if why == Trouble.TOO_SLOW:
            return UnreadableError(why, f"more than {self._bounds.seconds:g} seconds")
        return UnreadableError(Trouble.DAMAGED, detail)

    @contextmanager
    def _running(
        self, before: Sequence[str], after: Sequence[str]
    ) -> Iterator[tuple[IO[bytes], Callable[[], str]]]:
        """Give what the program writes, and a function that says why it was ended, if it was."""
        words = [
            "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "quiet", "-threads", "2", *before,
            *self._reading(), "-t", f"{self._bounds.length:g}", *after, "pipe:1",
        ]  # fmt: skip
        late = threading.Event()
        with subprocess.Popen(  # noqa: S603 -- a fixed program, no shell
            limited_command(words, self._bounds),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            clock = threading.Timer(self._bounds.seconds, _kill, (process, late))
            clock.daemon = True
            clock.start()
            assert process.stdout is not None
            try:
                yield (
                    process.stdout,
                    lambda: Trouble.TOO_SLOW if late.is_set() or process.returncode == _CPU else "",
                )
            finally:
                clock.cancel()
                process.kill()
                process.wait()

    def _reading(self) -> list[str]:
        return ["-protocol_whitelist", "file,pipe", "-format_whitelist", _CONTAINERS, "-i", str(self._path)]

    def _probed(self) -> Told:
        words = [
            "ffprobe",
            "-loglevel",
            "quiet",
            *self._reading(),
            "-show_streams",
            "-show_format",
            "-of",
            "json",
        ]
        try:
            done = subprocess.run(  # noqa: S603 -- a fixed program, no shell
                limited_command(words, self._bounds),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._bounds.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise self._unreadable(Trouble.TOO_SLOW, "") from error
        if done.returncode == _CPU:
            raise self._unreadable(Trouble.TOO_SLOW, "")
        if (
            not done.stdout
        ):  # whatever a file is, it ends with an object: so it was not the program that ended
            raise UnreadableError(Trouble.DEADLY, f"its reader ended with code {done.returncode}")
        try:
            said = msgspec.json.decode(done.stdout[:_MOST_PROBED], type=_Said)
        except msgspec.MsgspecError as error:
            raise UnreadableError(Trouble.NOT_A_CLIP, "no clip and no recording that can be read") from error
        for stream in said.streams:
            if stream.width * stream.height > self._bounds.pixels:
                raise UnreadableError(
                    Trouble.TOO_LARGE,
                    f"{stream.width} x {stream.height}, at most {self._bounds.pixels} pixels",
                )
        sight = any(one.codec_type == "video" and not one.disposition.attached_pic for one in said.streams)
        sound = any(one.codec_type == "audio" for one in said.streams)
        if not sight and not sound:
            raise UnreadableError(Trouble.NOT_A_CLIP, "no clip and no recording that can be read")
        try:
            seconds = max(float(said.format.duration), 0.0)
        except ValueError:
            seconds = 0.0
        return Told(sight, sound, seconds)


class _Disposition(msgspec.Struct):
    attached_pic: int = 0


class _Stream(msgspec.Struct):
    codec_type: str = ""
    width: int = 0
    height: int = 0
    disposition: _Disposition = msgspec.field(default_factory=_Disposition)


class _Format(msgspec.Struct):
    duration: str = "0"


class _Said(msgspec.Struct):
    streams: list[_Stream] = []
    format: _Format = msgspec.field(default_factory=_Format)


_CPU = -24  # SIGXCPU


def _kill(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def limited_command(words: list[str], bounds: ClipBounds) -> list[str]:
    """Return what runs a program with less, or the program itself where there is no such thing."""
    program = shutil.which(words[0])
    if program is None:
        raise ProgramMissingError
    return limited(program, words[1:], memory=bounds.memory, seconds=bounds.cpu_seconds)


def size_of(head: bytes) -> tuple[int, int] | None:
    """Return width and height from the first line of a stream of frames, None if it is none."""
    if not head.startswith(b"YUV4MPEG2 "):
        return None
    sizes = {part[:1]: part[1:] for part in head.split()[1:]}
    try:
        width, height = int(sizes[b"W"]), int(sizes[b"H"])
    except (KeyError, ValueError):
        return None
    return (width, height) if 0 < width * height <= _MOST_PIXELS_OUT else None
