"""Writing a file so that after a crash there is either the old one or the new one, whole."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Windows has no such call and keeps names by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_data(file: int) -> None:
    """Wait until what was written to an open file is on disk."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(file)
    elif sys.platform == "darwin":  # where `fsync` leaves the bytes in the cache of the disk
        import fcntl  # noqa: PLC0415 -- not everywhere

        try:
            fcntl.fcntl(file, fcntl.F_FULLFSYNC)
        except OSError:  # a file system that can't
            os.fsync(file)
    else:
        os.fsync(file)


def write_whole(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace `path` by `data` atomically and durably. The folder must exist."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.new")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with open(handle, "wb") as file:  # noqa: PTH123 -- wraps the descriptor, which carries the mode
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
