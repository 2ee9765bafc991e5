"""One `hakam up` and one worker at a time on a home: locks that end with their holder, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class HomeInUseError(RuntimeError):
    """Another process holds the home."""


def _lock(file: IO[str]) -> None:
    """Lock the first byte, or raise `OSError` at once."""
    if os.name == "nt":
        import msvcrt  # noqa: PLC0415 -- Windows only

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl  # noqa: PLC0415 -- POSIX only

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def hold(home: Path, name: str = "hakam up") -> Iterator[None]:
    """Be the one `name` on `home` while the block runs. Raises `HomeInUseError` if there is another."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / f"{name.removeprefix('hakam ')}.lock").open("a+", encoding="utf-8") as file:
        try:
            _lock(file)
        except OSError as error:
            raise HomeInUseError(
                f"another `{name}` runs on {home}; end it first, or choose another folder with HAKAM_HOME"
            ) from error
        yield
