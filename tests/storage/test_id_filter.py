"""The filter never says "new" of what is there, and seldom "perhaps" of what is not."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.storage.embedded import id_filter
from hakam.storage.embedded.event_log import SqliteEventLog
from hakam.storage.embedded.id_filter import IdFilter
from hakam.storage.event_log import Appended
from hakam.testing.event_logs import entry


def digest(number: int) -> bytes:
    return blake2b(str(number).encode(), digest_size=16).digest()


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=50))
@settings(max_examples=50, deadline=None)
def test_what_was_added_is_perhaps_there(digests: list[bytes]) -> None:
    known = IdFilter(0)
    for one in digests:
        known.add(one)
    assert all(known.perhaps(one) for one in digests)


def test_what_was_not_added_is_nearly_always_new() -> None:
    known = IdFilter(0)
    known._mask, known._bits = (1 << 20) - 1, bytearray(1 << 17)
    for number in range((1 << 20) // id_filter._ROOM):
        known.add(digest(number))
    wrong = sum(known.perhaps(digest(-number)) for number in range(1, 20_001))
    assert wrong < 20_000 * 0.005


def test_it_grows_with_what_is_expected_up_to_a_bound() -> None:
    assert len(IdFilter(0)._bits) == 8 << 20
    assert len(IdFilter(6_000_000)._bits) == 16 << 20
    assert len(IdFilter(10**10)._bits) == 128 << 20


def test_a_writer_learns_what_is_there_and_goes_on_learning(tmp_path: Path) -> None:
    log = SqliteEventLog(tmp_path / "events.db")
    log.append([entry(str(n)) for n in range(12_000)])
    log.claim()
    log.append([entry("while it learns")])
    assert log._filling is not None
    log._filling.join(timeout=30)
    assert log._filter is not None
    log.append([entry("afterwards")])
    keys = [("forum", name) for name in ("0", "11999", "while it learns", "afterwards", "absent")]
    found = log.find(keys)
    assert [answer is not None for answer in found] == [True, True, True, True, False]
    assert found[0] == Appended(1, b'{"v":1}')
    log.close()


def test_closing_does_not_wait_for_learning(tmp_path: Path) -> None:
    log = SqliteEventLog(tmp_path / "events.db")
    log.append([entry(str(n)) for n in range(2_000)])
    log.claim()
    log.close()
    again = SqliteEventLog(tmp_path / "events.db")
    again.claim()
    again.close()
