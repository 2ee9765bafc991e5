"""Packs on their way to those who judge: their files, and the lists outside packs as they were when the run began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from shutil import copyfile

import msgspec

from hakam.policy.outside import OutsideList
from hakam.policy.pack import Pack, load_pack
from hakam.storage.embedded.lists import open_lists
from hakam.storage.published import PublishedList

Files = dict[str, str]


class Outside(msgspec.Struct, frozen=True):
    """Lists outside packs: where their files lie, and which versions are read."""

    folder: str = ""
    lists: tuple[PublishedList, ...] = ()


NOTHING = Outside()


def outside_of(packs: Iterable[Pack], folder: Path | None) -> Outside:
    """Return the versions that the rules of some packs read. `folder` holds the files of all lists."""
    found = {name: one.digest for pack in packs for name, one in pack.outside.items()}
    lists = tuple(PublishedList(name, digest) for name, digest in sorted(found.items()))
    return Outside(str(folder.resolve()) if folder is not None else "", lists)


def carried(outside: Outside, folder: Path) -> Outside:
    """Copy the lists into a folder that others can read, and return them there."""
    folder.mkdir()
    for one in outside.lists:
        copyfile(Path(outside.folder) / one.digest, folder / one.digest)
    return msgspec.structs.replace(outside, folder=str(folder))


def opened(files: Files, outside: Outside) -> Pack:
    """Return the pack of some files, which were found sound before. Raises `BadListError` if a list is gone.

    A run asks for the same packs several times in one process. Those without lists outside are read once.
    """
    if not outside.lists:
        return _read(tuple(sorted(files.items())))
    return _sound(files, open_lists(Path(outside.folder), outside.lists))


@lru_cache(maxsize=2)
def _read(files: tuple[tuple[str, str], ...]) -> Pack:
    return _sound(dict(files), {})


def _sound(files: Files, lists: Mapping[str, OutsideList]) -> Pack:
    found = load_pack(files, lists)
    assert found.pack is not None, found.errors
    return found.pack
