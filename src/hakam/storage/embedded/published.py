"""The published configuration as one file, replaced whole: a reader sees the old one or the new one, no mixture."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hakam.storage.embedded.durable import write_whole
from hakam.storage.published import Published


class PublishedError(ValueError):
    """The file can't be read or is not what was published."""


def write(path: Path, published: Published) -> None:
    """Replace what is published, durably. Only its owner can read the file, since it holds digests of keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, msgspec.json.encode(published))


def read(path: Path) -> Published | None:
    """Return what is published, `None` if nothing is yet. Raises `PublishedError`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Published)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise PublishedError(f"{path}: {error}") from error


class PublishedReader:
    """Tells when the file changed, at the cost of one `stat`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None

    def poll(self) -> Published | None:
        """Return what is published if it is new since the last poll, else `None`.

        Raises `PublishedError` once for each bad file; the next good one is returned as usual.
        """
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return None
        signature = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        if signature == self._seen:
            return None
        self._seen = signature
        return read(self.path)
