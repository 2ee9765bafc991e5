"""What the console publishes arrives whole, once for each change, and a bad file is an error with a name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hakam.storage.embedded import published
from hakam.storage.embedded.published import PublishedError, PublishedReader
from hakam.storage.published import Published, PublishedKey, PublishedPack
from hakam.vocabulary.verdict import PackRef

KEY = PublishedKey("ab" * 32, "abcd", "forum", ("events:write",), 1e10)
PACK = PublishedPack(
    PackRef("default", "1.0", "cd" * 32), {"pack.yaml": "id: default\n", "lists/a.txt": "مرحبا\n"}
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "published.json"
    assert published.read(path) is None
    whole = Published(7, (KEY,), PACK)
    published.write(path, whole)
    assert published.read(path) == whole
    assert [file.name for file in path.parent.iterdir()] == ["published.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    published.write(tmp_path / "p", Published(1))
    assert (tmp_path / "p").stat().st_mode & 0o077 == 0


def test_a_reader_is_told_once_for_each_change(tmp_path: Path) -> None:
    path = tmp_path / "published.json"
    reader = PublishedReader(path)
    assert reader.poll() is None
    for revision in range(1, 30):
        published.write(path, Published(revision))
        found = reader.poll()
        assert found is not None
        assert found.revision == revision
        assert reader.poll() is None


@pytest.mark.parametrize("bad", [b"", b"{", b'{"revision": "x"}', b"\xff\xfe"])
def test_a_bad_file_is_an_error_once_and_a_good_one_heals_it(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "published.json"
    reader = PublishedReader(path)
    path.write_bytes(bad)
    with pytest.raises(PublishedError, match=r"published\.json"):
        reader.poll()
    assert reader.poll() is None
    published.write(path, Published(2))
    assert reader.poll() == Published(2)
