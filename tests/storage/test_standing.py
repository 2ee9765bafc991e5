"""The file of measures in force: whole rows, read while they are written, and no harm when it can't be read."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from hakam.storage.standing import FILE, StandingReader, StandingWriter
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.embedded  # files only: one database is enough
ITEM = ItemRef("forum", "post", "77")
REMOVE, LIMIT = Measure(MeasureKind.REMOVE), Measure(MeasureKind.LIMIT_REACH, ("DE",), 7)
SUSPEND = Measure(MeasureKind.SUSPEND, days=3)


def test_what_stands_on_item_and_account_is_read_together(tmp_path: Path) -> None:
    reader = StandingReader(tmp_path)
    assert reader.of(ITEM, "u1") == ()
    with StandingWriter(tmp_path) as file:
        file.on_item(ITEM, [REMOVE, LIMIT])
        file.on_account("forum", "u1", [SUSPEND])
        file.on_account("other", "u1", [REMOVE])
    assert set(reader.of(ITEM, "u1")) == {REMOVE, LIMIT, SUSPEND}
    assert set(reader.of(ITEM, "u2")) == {REMOVE, LIMIT}
    assert reader.of(ItemRef("forum", "comment", "77"), "u1") == (SUSPEND,)
    assert reader.of(ItemRef("forum", "post", "u1"), "") == ()
    with StandingWriter(tmp_path) as file:
        file.on_item(ITEM, [LIMIT])
        file.on_account("forum", "u1", [])
    assert reader.of(ITEM, "u1") == (LIMIT,)
    reader.close()
    assert reader.of(ITEM, "u1") == (LIMIT,)


@pytest.mark.parametrize("bad", [b"", b"no database at all, but long enough to be looked at" * 100])
def test_a_file_that_can_not_be_read_means_that_nothing_is_known(tmp_path: Path, bad: bytes) -> None:
    (tmp_path / FILE).write_bytes(bad)
    reader = StandingReader(tmp_path)
    assert reader.of(ITEM, "u1") == ()
    (tmp_path / FILE).unlink()
    with StandingWriter(tmp_path) as file:
        file.on_item(ITEM, [REMOVE])
    assert reader.of(ITEM, "u1") == (REMOVE,)


def test_a_row_of_another_release_does_no_harm(tmp_path: Path) -> None:
    with StandingWriter(tmp_path) as file:
        file.on_item(ITEM, [REMOVE])
    with sqlite3.connect(tmp_path / FILE) as raw:
        raw.execute("update standing set measures = ?", (b'[{"kind": "banish"}]',))
    raw.close()
    assert StandingReader(tmp_path).of(ITEM, "u1") == ()


def test_a_reader_never_waits_for_a_writer(tmp_path: Path) -> None:
    with StandingWriter(tmp_path) as file:
        file.on_item(ITEM, [REMOVE])
        reader = StandingReader(tmp_path)
        file._file.execute("begin immediate")
        file.on_item(ITEM, [LIMIT])
        assert reader.of(ITEM, "") == (REMOVE,)
        file._file.execute("commit")
        assert reader.of(ITEM, "") == (LIMIT,)


def test_two_writers_take_turns(tmp_path: Path) -> None:
    def write(name: str) -> None:
        for n in range(40):
            with StandingWriter(tmp_path) as file:
                file.on_item(ItemRef("forum", "post", f"{name}{n}"), [REMOVE])

    both = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for one in both:
        one.start()
    for one in both:
        one.join()
    reader = StandingReader(tmp_path)
    assert all(reader.of(ItemRef("forum", "post", f"{name}{n}"), "") for name in "ab" for n in range(40))
