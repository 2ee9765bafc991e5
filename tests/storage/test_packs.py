"""A pack's folder is read whole, or refused with the name of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from hakam.storage import packs
from hakam.storage.packs import PackFolderError, read_folder


def make(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_all_text_files_are_read_in_order(tmp_path: Path) -> None:
    files = {
        "rules.yaml": b"b: 1\r\n",
        "lists/terms.txt": "\ufeffكلب\n".encode(),
        "pack.yaml": b"a: 1\n",
        ".git/config": b"x",
        "picture.png": b"\x89PNG",
        ".hidden.yaml": b"x",
    }
    assert list(read_folder(make(tmp_path, files)).items()) == [
        ("lists/terms.txt", "كلب\n"),
        ("pack.yaml", "a: 1\n"),
        ("rules.yaml", "b: 1\n"),
    ]


def test_a_file_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    make(tmp_path, {"pack.yaml": b"a: 1\n", "lists/terms.txt": b"one\ntwo\nth\xe9\n"})
    with pytest.raises(PackFolderError, match=r"lists/terms\.txt is not UTF-8: byte 0xe9 in line 3"):
        read_folder(tmp_path)


def test_a_link_out_of_the_pack_is_refused(tmp_path: Path) -> None:
    make(tmp_path, {"pack/pack.yaml": b"a: 1\n", "secret.txt": b"secret"})
    (tmp_path / "pack" / "list.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(PackFolderError, match=r"list\.txt is a link that leads out"):
        read_folder(tmp_path / "pack")


def test_a_link_inside_the_pack_is_followed(tmp_path: Path) -> None:
    make(tmp_path, {"a.txt": b"a"})
    (tmp_path / "b.txt").symlink_to(tmp_path / "a.txt")
    assert read_folder(tmp_path) == {"a.txt": "a", "b.txt": "a"}


def test_a_link_to_a_folder_is_refused(tmp_path: Path) -> None:
    make(tmp_path, {"pack/pack.yaml": b"a: 1\n", "other/x.txt": b"x"})
    (tmp_path / "pack" / "lists").symlink_to(tmp_path / "other")
    with pytest.raises(PackFolderError, match="lists is a link to a folder"):
        read_folder(tmp_path / "pack")


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, {"a.txt": b"a" * 100, "b.txt": b"b" * 100, "c.txt": b"c"})
    with monkeypatch.context() as patch:
        patch.setattr(packs, "MAX_FILES", 2)
        with pytest.raises(PackFolderError, match="more than 2 files"):
            read_folder(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(packs, "MAX_FILE_BYTES", 99)
        with pytest.raises(PackFolderError, match=r"a\.txt has 100 bytes"):
            read_folder(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(packs, "MAX_PACK_BYTES", 150)
        with pytest.raises(PackFolderError, match="more than 150 bytes"):
            read_folder(tmp_path)


def test_what_is_no_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackFolderError, match="is not a folder"):
        read_folder(tmp_path / "absent")
    with pytest.raises(PackFolderError, match="holds no file"):
        read_folder(tmp_path)
