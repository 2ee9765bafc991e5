"""Reading a pack's folder into memory. The policy room takes files as text and never touches a disk."""

from __future__ import annotations

import os
from pathlib import Path

MAX_FILES = 2_000
MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_PACK_BYTES = 32 * 1024 * 1024
SUFFIXES = frozenset({".yaml", ".yml", ".txt", ".csv", ".md", ".json"})


class PackFolderError(ValueError):
    """The folder can't be a pack. The message names the file and says what is wrong with it."""


def read_folder(folder: Path) -> dict[str, str]:
    """Return every text file under `folder` as relative POSIX path -> text, in order of path.

    Hidden files and other suffixes than `SUFFIXES` are passed over. Symbolic links that lead out of the folder, files
    that are not UTF-8, and packs over the limits are refused with `PackFolderError`: a pack is all there or not used.
    """
    root = folder.resolve()
    if not root.is_dir():
        raise PackFolderError(f"{folder} is not a folder")
    found: dict[str, str] = {}
    total = 0
    for path in sorted(_files(root), key=lambda path: path.relative_to(root).as_posix()):
        name = path.relative_to(root).as_posix()
        target = path.resolve()
        if not target.is_relative_to(root):
            raise PackFolderError(f"{name} is a link that leads out of the pack")
        size = target.stat().st_size
        total += size
        if size > MAX_FILE_BYTES:
            raise PackFolderError(f"{name} has {size:,} bytes; a file may have {MAX_FILE_BYTES:,}")
        if total > MAX_PACK_BYTES:
            raise PackFolderError(f"the pack has more than {MAX_PACK_BYTES:,} bytes")
        if len(found) == MAX_FILES:
            raise PackFolderError(f"the pack has more than {MAX_FILES:,} files")
        found[name] = _text(target, name)
    if not found:
        raise PackFolderError(f"{folder} holds no file of a pack ({', '.join(sorted(SUFFIXES))})")
    return found


def _files(root: Path) -> list[Path]:
    files: list[Path] = []
    for folder, folders, names in os.walk(root, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        here = Path(folder)
        for name in folders:
            if (here / name).is_symlink():
                raise PackFolderError(f"{(here / name).relative_to(root).as_posix()} is a link to a folder")
        files += [here / name for name in names if not name.startswith(".") and Path(name).suffix in SUFFIXES]
    return files


def _text(path: Path, name: str) -> str:
    if not path.is_file():
        raise PackFolderError(f"{name} is not a plain file")
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise PackFolderError(
            f"{name} is not UTF-8: byte {error.object[error.start]:#04x} in line {line}"
        ) from None
