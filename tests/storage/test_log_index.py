"""The index tells where events and numbers lie, whatever runs they came in and whatever became of the runs."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from hakam.storage.embedded import log_index
from hakam.storage.embedded.log_index import KEY_BYTES, Covered, LogIndex, Place


def digests(count: int) -> list[bytes]:
    return [os.urandom(16) for _ in range(count)]


def runs(index: LogIndex) -> list[tuple[int, int]]:
    rows = index._db.execute("SELECT level, last_seq FROM run ORDER BY last_seq").fetchall()
    return [(level, last) for level, last in rows]


def test_what_was_added_is_found_before_and_after_merging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_index, "FAN_IN", 3)
    index, reader = LogIndex(tmp_path / "index.db", write=True), LogIndex(tmp_path / "index.db")
    events = {digest: seq for seq, digest in enumerate(digests(1_000), 1)}
    names = list(events)
    for start in range(0, 1_000, 100):
        some = {digest: events[digest] for digest in names[start : start + 100]}
        index.add(some, [], Covered(1, 0, start + 100))
        while index.merge():
            pass
        asked = [*names, *digests(50)]
        assert reader.find(asked) == {digest: [events[digest]] for digest in names[: start + 100]}
        assert reader.covered() == Covered(1, 0, start + 100)
    assert runs(index) == [(2, 900), (0, 1_000)]
    assert index._db.execute("SELECT count(*) FROM event").fetchone() == (1_000,)
    assert index.find([]) == {}
    reader.close()
    index.close()


def test_a_run_of_the_last_level_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_index, "FAN_IN", 2)
    index = LogIndex(tmp_path / "index.db", write=True)
    for n in range(1, 17):
        index.add({os.urandom(16): n}, [], Covered(1, 0, n))
        while index.merge():
            pass
    assert runs(index) == [(2, 4), (2, 8), (2, 12), (2, 16)]
    index.close()


def test_events_that_share_a_key_are_both_told(tmp_path: Path) -> None:
    index = LogIndex(tmp_path / "index.db", write=True)
    first, second = b"12345678aaaaaaaa", b"12345678bbbbbbbb"
    index.add({first: 1, second: 2}, [], Covered(1, 0, 2))
    assert index.find([second]) == {second: [1, 2]}  # the log has the whole digest
    index.close()


def test_numbers_need_not_follow_on_one_another(tmp_path: Path) -> None:
    index = LogIndex(tmp_path / "index.db", write=True)
    events = dict(zip(digests(6), [3, 4, 9, 10, 11, 40], strict=True))
    index.add(events, [], Covered(1, 0, 40))
    index.add({}, [], Covered(1, 0, 41))
    assert index.find(list(events)) == {digest: [seq] for digest, seq in events.items()}
    index.close()


def test_places_are_found_by_number_and_by_time(tmp_path: Path) -> None:
    index = LogIndex(tmp_path / "index.db", write=True)
    places = [Place(1, 10.0, 1, 16), Place(5, 10.0, 1, 99), Place(9, 12.5, 9, 16)]
    assert index.place_of(3) is None
    index.add({}, places, Covered(9, 50, 12))
    assert [index.place_of(seq) for seq in (0, 1, 4, 5, 8, 9, 99)] == [
        None,
        places[0],
        places[0],
        places[1],
        places[1],
        places[2],
        places[2],
    ]
    assert [index.place_before(time) for time in (9.0, 10.0, 11.0, 12.5, 13.0)] == [
        None,
        None,
        places[1],
        places[1],
        places[2],
    ]
    index.close()


def test_keys_of_later_runs_are_told_some_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_index, "_SOME", 7)
    index = LogIndex(tmp_path / "index.db", write=True)
    first, second = digests(20), digests(30)
    index.add({digest: n for n, digest in enumerate(first, 1)}, [], Covered(1, 0, 20))
    index.add({digest: n for n, digest in enumerate(second, 21)}, [], Covered(1, 0, 50))
    told = list(index.keys(20))
    assert max(map(len, told)) == 7 * KEY_BYTES
    assert sorted(b"".join(told)) == sorted(b"".join(digest[:KEY_BYTES] for digest in second))
    assert len(b"".join(index.keys(0))) == 50 * KEY_BYTES
    assert list(index.keys(50)) == []
    index.close()


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    index = LogIndex(tmp_path / "index.db", write=True)
    index.add({os.urandom(16): 1}, [], Covered(1, 0, 1))
    pages = index._db.execute("PRAGMA page_count").fetchone()[0]
    index._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    events = {digest: n for n, digest in enumerate(digests(5_000), 2)}
    with pytest.raises(sqlite3.OperationalError, match="full"):
        index.add(events, [], Covered(1, 0, 5_001))
    assert (index.covered().seq, runs(index)) == (1, [(0, 1)])
    index._db.execute("PRAGMA max_page_count = 1000000")
    index.add(events, [], Covered(1, 0, 5_001))
    assert len(index.find(list(events))) == 5_000
    index.close()


def test_another_file_is_not_taken_for_an_index(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        LogIndex(path, write=True)
    log_index.delete(path)
    LogIndex(path, write=True).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    for write in (True, False):
        with pytest.raises(sqlite3.DatabaseError, match="format 99"):
            LogIndex(path, write=write)
    with pytest.raises(sqlite3.OperationalError):
        LogIndex(tmp_path / "absent.db")
