"""The files of a log: their names, their walk from any place to any other, and what damage leaves of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from hakam.storage.embedded import groups, segments
from hakam.storage.embedded.groups import Group
from hakam.storage.embedded.segments import START, DamagedTopError, Gap, Segment, Segments
from hakam.storage.embedded.watermark import Watermark
from hakam.storage.event_log import CorruptRecordError
from hakam.testing.event_logs import entry

SALT = 4_711


def packed(first: int, count: int) -> bytes:
    """Return a group of `count` records."""
    entries = [entry(str(seq)) for seq in range(first, first + count)]
    bodies = [groups.body_of(one) for one in entries]
    digests = [groups.identity_of(one.platform, one.id).digest for one in entries]
    checksums = [crc32(body, SALT) for body in bodies]
    return groups.pack(first, float(first), digests, bodies, checksums, salt=SALT)


def write(folder: Path, first: int, *sizes: int, skip: int = 0) -> int:
    """Write a file of groups of these sizes, leaving out `skip` numbers between two; return the last number."""
    data = segments.top(SALT)
    seq = first
    for size in sizes:
        data += packed(seq, size)
        seq += size + skip
    Segments(folder).path(first).write_bytes(data)
    return seq - skip - 1


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Segments]:
    """Three files: numbers 1 to 6, 7 to 9 and 10 to 15."""
    write(tmp_path, 1, 3, 1, 2)
    write(tmp_path, 7, 3)
    write(tmp_path, 10, 1, 1, 4)
    files = Segments(tmp_path)
    yield files
    files.close()


def mark_of(files: Segments, first: int, seq: int) -> Watermark:
    return Watermark(first, files.get(first).size(), seq)


def spans(files: Segments, start: tuple[int, int, int], mark: Watermark) -> list[tuple[int, int]]:
    """Return the first and last number of all that is met on a walk; gaps are negative."""
    return [
        (item.first, item.last) if isinstance(item, Group) else (-item.first, -item.last)
        for _, item in files.walk(*start, mark)
    ]


def change(files: Segments, first: int, at: int, data: bytes = b"?") -> None:
    path = files.path(first)
    before = path.read_bytes()
    path.write_bytes(before[:at] + data + before[at + len(data) :])


def test_files_are_known_by_their_first_numbers(files: Segments, tmp_path: Path) -> None:
    (tmp_path / "index.db").write_bytes(b"")
    (tmp_path / "nonsense.events").write_bytes(b"")
    files.refresh()
    assert files.firsts == [1, 7, 10]
    assert [files.holding(seq) for seq in (0, 1, 6, 7, 9, 10, 99)] == [None, 1, 1, 7, 7, 10, 10]
    assert [files.after(first) for first in (1, 7, 10)] == [7, 10, None]
    assert files.path(7).name == "0000000000000000007.events"
    assert Segments(tmp_path / "absent").firsts == []


def test_a_walk_goes_through_all_files(files: Segments) -> None:
    whole = [(1, 3), (4, 4), (5, 6), (7, 9), (10, 10), (11, 11), (12, 15)]
    mark = mark_of(files, 10, 15)
    assert spans(files, (1, START, 1), mark) == whole
    assert spans(files, (7, START, 7), mark) == whole[3:]
    places = [(segment.first, item) for segment, item in files.walk(1, START, 1, mark)]
    for n, (first, item) in enumerate(places):
        assert isinstance(item, Group)
        assert spans(files, (first, item.offset, item.first), mark) == whole[n:]
        assert spans(files, (first, item.end, item.last + 1), mark) == whole[n + 1 :]


def test_a_walk_ends_at_the_watermark(files: Segments) -> None:
    mark = mark_of(files, 10, 15)
    for segment, item in list(files.walk(1, START, 1, mark)):
        assert isinstance(item, Group)
        earlier = Watermark(segment.first, item.end, item.last)
        assert spans(files, (1, START, 1), earlier)[-1] == (item.first, item.last)


def test_numbers_that_were_never_given_are_no_gap(tmp_path: Path) -> None:
    last = write(tmp_path, 5, 2, 2, 2, skip=3)
    files = Segments(tmp_path)
    assert spans(files, (5, START, 1), mark_of(files, 5, last)) == [(5, 6), (10, 11), (15, 16)]
    files.close()


@pytest.mark.parametrize(
    ("first", "number", "left"),
    [
        (1, 0, [(-1, -3), (4, 4), (5, 6), (7, 9)]),
        (1, 1, [(1, 3), (-4, -4), (5, 6), (7, 9)]),
        (1, 2, [(1, 3), (4, 4), (-5, -6), (7, 9)]),
        (7, 0, [(1, 3), (4, 4), (5, 6), (-7, -9)]),
    ],
)
def test_a_damaged_head_is_a_gap(
    files: Segments, first: int, number: int, left: list[tuple[int, int]]
) -> None:
    mark = mark_of(files, 10, 15)
    inside = [item for segment, item in files.walk(1, START, 1, mark) if segment.first == first]
    damaged = inside[number]
    assert isinstance(damaged, Group)
    change(files, first, damaged.offset + 20)
    assert spans(files, (1, START, 1), mark)[:4] == left
    assert spans(files, (1, START, 1), mark)[4:] == [(10, 10), (11, 11), (12, 15)]


def test_a_gap_across_the_search_window_ends_where_a_sound_group_begins(
    files: Segments, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(files, 10, START, b"x" * 60)
    mark = mark_of(files, 10, 15)
    for window in range(4, 80, 3):
        monkeypatch.setattr(segments, "_SEARCH", window)
        assert spans(files, (10, START, 10), mark) == [(-10, -10), (11, 11), (12, 15)]


def test_a_head_longer_than_one_look_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_LOOK", 40)
    last = write(tmp_path, 1, 50, 50)
    files = Segments(tmp_path)
    assert spans(files, (1, START, 1), mark_of(files, 1, last)) == [(1, 50), (51, 100)]
    files.close()


def test_records_of_a_group_are_read_from_any_number_on(files: Segments) -> None:
    segment = files.get(1)
    group = segment.group_at(START, segment.size())
    assert group is not None
    for after in range(4):
        for limit in range(4):
            numbers = [record.seq for record in segment.records(group, after, limit)]
            assert numbers == [seq for seq in (1, 2, 3) if seq > after][:limit]
    assert segment.sound(group)
    change(files, 1, group.end - 1)
    assert not segment.sound(group)
    assert [record.id for record in segment.records(group, 0, 2)] == ["1", "2"]
    with pytest.raises(CorruptRecordError, match="record 3"):
        segment.records(group, 0, 3)


def test_few_files_are_open_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_OPEN", 3)
    for first in range(1, 30):
        write(tmp_path, first, 1)
    files = Segments(tmp_path)
    for _ in range(2):
        assert spans(files, (1, START, 1), mark_of(files, 29, 29)) == [(n, n) for n in range(1, 30)]
    assert len(files._open) == 3
    assert files.get(5) is files.get(5)
    files.close()


def test_a_file_whose_first_bytes_are_damaged_asks_another(files: Segments, tmp_path: Path) -> None:
    change(files, 1, 0)
    with pytest.raises(DamagedTopError):
        Segment(files.path(1), 1)
    assert files.get(1).salt == SALT
    assert spans(files, (1, START, 1), mark_of(files, 7, 9)) == [(1, 3), (4, 4), (5, 6), (7, 9)]
    assert Gap(1, 2).last == 2
