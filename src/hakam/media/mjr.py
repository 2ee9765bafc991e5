"""Recordings of Janus (`.mjr`, packets as they came) made into files that can be played, by Janus's own program."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from hakam.media.limited import limited
from hakam.media.sandbox import UnreadableError

SUFFIX: Final = ".mjr"
PROGRAM: Final = "janus-pp-rec"
_SECONDS: Final = 60.0  # by the clock
_MEMORY: Final = 2_147_483_648  # bytes
_LARGEST: Final = 2_000_000_000  # bytes that are written
_HEADS: Final = (b"MJR00001", b"MJR00002")
_CONTAINERS: Final = {
    "vp8": "webm",
    "vp9": "webm",
    "av1": "mp4",
    "h264": "mp4",
    "h265": "mp4",
    "opus": "opus",
}


class _Head(msgspec.Struct):
    c: str = ""  # codec


@contextmanager
def playable(path: Path) -> Iterator[Path]:
    """Give a file that FFmpeg reads: the path itself, or what a recording of Janus was made into, while the block runs.

    Raises `UnreadableError` for what can't be made into one, and where the program is not installed.
    """
    if path.suffix != SUFFIX:
        yield path
        return
    program = shutil.which(PROGRAM)
    if program is None:
        raise UnreadableError(
            "no program", f"`{PROGRAM}` is not installed (Debian: apt-get install janus-tools)"
        )
    container = _CONTAINERS.get(codec_of(path))
    if container is None:
        raise UnreadableError("unknown codec", "a codec that we can't play")
    with tempfile.TemporaryDirectory(prefix="hakam-mjr-") as folder:
        made = Path(folder) / f"recording.{container}"
        words = limited(
            program, [str(path), str(made)], memory=_MEMORY, seconds=int(_SECONDS), written=_LARGEST
        )
        try:
            subprocess.run(  # noqa: S603 -- a fixed program, no shell
                words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                timeout=_SECONDS, check=True,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            raise UnreadableError("damaged or cut short", f"`{PROGRAM}` could not read it") from error
        if not made.exists() or not made.stat().st_size:
            raise UnreadableError("damaged or cut short", "it holds nothing that can be played")
        yield made


def codec_of(path: Path) -> str:
    """Return the codec of a recording of Janus, empty for what is none. Raises `OSError`."""
    with path.open("rb") as file:
        if file.read(8) not in _HEADS:
            return ""
        head = file.read(int.from_bytes(file.read(2), "big"))
    try:
        return msgspec.json.decode(head, type=_Head).c
    except msgspec.MsgspecError:
        return ""
