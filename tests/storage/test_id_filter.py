"""The filters never say "new" of what is there, and seldom "perhaps" of what is not."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.storage.embedded import id_filter
from hakam.storage.embedded.id_filter import IdFilter, KnownIds

KEYS = st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=50)


def numbers(count: int, seed: int) -> list[int]:
    source = random.Random(seed)  # noqa: S311 -- no secret
    return [source.getrandbits(64) - (1 << 63) for _ in range(count)]


def packed(keys: list[int]) -> bytes:
    return struct.pack(f"<{len(keys)}q", *keys)


@given(KEYS)
@settings(max_examples=50, deadline=None)
def test_what_was_added_is_perhaps_there(keys: list[int]) -> None:
    known = IdFilter(1 << 10)
    known.add(packed(keys))
    assert known.perhaps(keys) == keys


def test_what_was_not_added_is_nearly_always_new() -> None:
    known = IdFilter(1 << 20)
    known.add(packed(numbers((1 << 20) // id_filter._ROOM, 1)))
    assert known.full
    assert len(known.perhaps(numbers(20_000, 2))) < 20_000 * 0.02


def test_a_full_one_is_followed_by_a_larger_one_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(id_filter, "_LEAST", 1 << 10)
    monkeypatch.setattr(id_filter, "_MOST", 1 << 14)
    known = KnownIds(tmp_path)
    keys = numbers(2_300, 3)
    for start in range(0, len(keys), 16):
        known.add(packed(keys[start : start + 16]))
    assert [one.size for one in known.filters] == [1 << 10, 1 << 12, 1 << 14, 1 << 14]
    assert known.perhaps(keys) == set(keys)
    assert len(known.perhaps(numbers(5_000, 4))) < 5_000 * 0.1


def test_what_was_saved_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_filter, "_LEAST", 1 << 10)
    known, keys = KnownIds(tmp_path), numbers(400, 5)
    for start in range(0, 400, 50):
        known.add(packed(keys[start : start + 50]))
        known.save(start + 50)
        again = KnownIds(tmp_path)
        again.load(400)
        assert again.covered == start + 50
        assert again.perhaps(keys[: start + 50]) == set(keys[: start + 50])
        assert [one.count for one in again.filters] == [one.count for one in known.filters]
    assert len(known.filters) == 2


def test_what_knows_more_than_the_log_is_not_trusted(tmp_path: Path) -> None:
    known = KnownIds(tmp_path)
    known.add(packed(numbers(10, 6)))
    known.save(10)
    again = KnownIds(tmp_path)
    again.load(9)
    assert (again.covered, again.filters[0].count) == (0, 0)


def test_a_file_of_a_pair_does_not_speak_for_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(id_filter, "_LEAST", 1 << 10)
    known = KnownIds(tmp_path)
    known.add(packed(numbers(60, 7)))
    known.save(60)
    known.add(packed(numbers(10, 8)))
    known.add(packed(numbers(20, 9)))  # goes to the second
    known.save(90)
    (tmp_path / "ids-1.filter").unlink()  # as if the power had failed between the two
    again = KnownIds(tmp_path)
    again.load(90)
    assert again.covered == 60


@pytest.mark.parametrize("change", ["cut", "flip", "empty", "name"])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, change: str) -> None:
    known = KnownIds(tmp_path)
    known.add(packed(numbers(10, 10)))
    known.save(10)
    path = tmp_path / "ids-0.filter"
    data = bytearray(path.read_bytes())
    if change in {"flip", "name"}:
        data[-5 if change == "flip" else 0] ^= 1
    path.write_bytes({"cut": data[:-1], "empty": b""}.get(change, bytes(data)))
    again = KnownIds(tmp_path)
    again.load(10)
    assert again.covered == 0


def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    known = KnownIds(tmp_path)
    known.save(0)
    known.add(packed(numbers(10, 11)))
    known.save(10)
    known.forget()
    assert list(tmp_path.iterdir()) == []
