"""The bytes of an event's media: those that came along, or a file of the platform's that lies in a folder we may read.

Clips are too large for an event. Hakam fetches no address: the platform says under which addresses the files of a
folder are known (`media_url`, `media_folder`), and an address that begins so is read from there.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from hakam.media.trouble import Trouble
from hakam.vocabulary.event import Media

LARGEST = 500_000_000  # bytes


class UnreachableError(ValueError):
    """An address that should be in the folder is not, or can't be read. The message says more.

    `trouble`: why a file that is there, so that others may see it, can't be read; empty if there is none.
    """

    def __init__(self, detail: str, trouble: str = "") -> None:
        self.trouble = trouble
        super().__init__(detail)


class MediaFolder(NamedTuple):
    """Where the files of a platform lie, and how their addresses begin. Without a folder, nowhere."""

    url: str = ""
    folder: Path | None = None

    def covers(self, media: Media) -> bool:
        """Whether an address is one of this folder's."""
        return self.folder is not None and bool(self.url) and (media.url or "").startswith(self.url)

    def read(self, media: Media) -> bytes | None:
        """Return the bytes of a medium, None if they are elsewhere. Raises `UnreachableError`."""
        if media.data is not None:
            return media.data
        if not self.covers(media):
            return None
        assert self.folder is not None
        name = unquote((media.url or "").removeprefix(self.url).partition("?")[0].partition("#")[0])
        root = self.folder.resolve()
        try:
            path = (root / name.lstrip("/")).resolve()
            if not path.is_relative_to(root) or not path.is_file():
                raise UnreachableError(f"{name[:200]!r} is no file of the folder of media")
            if path.stat().st_size > LARGEST:
                raise UnreachableError(f"{name[:200]!r} has more than {LARGEST:,} bytes", Trouble.TOO_BIG)
            return path.read_bytes()
        except (OSError, ValueError) as error:
            if isinstance(error, UnreachableError):
                raise
            there = isinstance(error, OSError)
            raise UnreachableError(f"{name[:200]!r}: {error}", Trouble.NOT_OPEN if there else "") from error


NOWHERE = MediaFolder()
