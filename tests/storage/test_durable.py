"""A file that is replaced is the old one or the new one, whole, wherever the writer stopped and whoever reads."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path
from typing import Never

import pytest

from hakam.storage.embedded import durable, published
from hakam.storage.embedded.durable import write_whole
from hakam.storage.embedded.published import PublishedReader
from hakam.storage.published import Published, PublishedPack
from hakam.vocabulary.verdict import PackRef


class PowerCutError(BaseException):
    """As rude as what ends a process: no handler for errors catches it."""


def cut(*_: object, **__: object) -> Never:
    raise PowerCutError


@pytest.mark.parametrize(
    ("owner", "name", "survives"),
    [
        (os, "open", b"old"),
        (os, "fsync", b"old"),
        (Path, "replace", b"old"),
        (durable, "sync_folder", b"new"),
    ],
)
def test_a_writer_that_stops_anywhere_leaves_a_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, survives: bytes
) -> None:
    path = tmp_path / "kept"
    write_whole(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, cut)
        with pytest.raises(PowerCutError):
            write_whole(path, b"new")
    assert path.read_bytes() == survives
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]
    write_whole(path, b"newer")
    assert path.read_bytes() == b"newer"


def test_contents_reach_the_disk_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def seen_fsync(handle: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "contents")
        fsync(handle)

    def seen_replace(self: Path, target: Path) -> Path:
        order.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "replace", seen_replace)
    write_whole(tmp_path / "kept", b"data")
    assert [step for step in order if step != "folder" or sys.platform != "win32"] == [
        "contents",
        "name",
        "folder",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_mode_is_what_was_asked_for_and_never_wider(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    path.chmod(0o666)  # a careless predecessor's file does not hand its mode on
    before = os.umask(umask)
    try:
        write_whole(path, b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_is_missing_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "kept", b"data")
    assert list(tmp_path.iterdir()) == []


def test_readers_beside_a_writer_see_whole_publications_in_order(tmp_path: Path) -> None:
    path = tmp_path / "published.json"
    last = 60
    published.write(path, Published(0))
    seen: list[list[int]] = [[], [], []]
    failed: list[BaseException] = []

    def read(revisions: list[int]) -> None:
        reader = PublishedReader(path)
        try:
            while not revisions or revisions[-1] < last:
                found = reader.poll()
                if found is not None:
                    assert found.pack is None or found.pack.files["a.txt"] == "x" * (found.revision * 500)
                    revisions.append(found.revision)
        except BaseException as error:  # noqa: BLE001 -- told below, by the thread that may
            failed.append(error)

    readers = [threading.Thread(target=read, args=(revisions,), daemon=True) for revisions in seen]
    for reader in readers:
        reader.start()
    for revision in range(1, last + 1):
        ref = PackRef("p", str(revision), "0" * 64)
        published.write(path, Published(revision, (), PublishedPack(ref, {"a.txt": "x" * (revision * 500)})))
    for reader in readers:
        reader.join(20)
    assert failed == []
    for revisions in seen:
        assert revisions == sorted(revisions)
        assert revisions[-1] == last
