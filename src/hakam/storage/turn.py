"""One after the other: a lock on a file, for which whoever comes second waits, and which ends with its holder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

_BETWEEN: Final = 0.05  # seconds between two tries, where the system can't wait


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Be the only one, of all threads and processes of this machine, who holds `path` while the block runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        _wait_for(file)
        yield


def _wait_for(file: IO[bytes]) -> None:
    if os.name == "nt":
        import msvcrt  # noqa: PLC0415 -- Windows only

        while True:
            try:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            except OSError:
                time.sleep(_BETWEEN)
            else:
                return
    import fcntl  # noqa: PLC0415 -- POSIX only

    fcntl.flock(file, fcntl.LOCK_EX)
