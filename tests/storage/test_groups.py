"""A group comes back as it went in, and whatever is not just as it was written is known for it."""

from __future__ import annotations

import os
from zlib import crc32

from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.storage.embedded import groups
from hakam.storage.event_log import Entry

SALT = 77
ENTRIES = st.builds(
    Entry,
    platform=st.text(max_size=5),
    id=st.text(max_size=9),
    at=st.floats(allow_nan=False),
    raw=st.binary(max_size=40),
    signals=st.binary(max_size=20),
    verdict=st.binary(max_size=20),
)


def packed(entries: list[Entry], *, salt: int = SALT) -> bytes:
    bodies = [groups.body_of(entry) for entry in entries]
    digests = [groups.identity_of(entry.platform, entry.id).digest for entry in entries]
    return groups.pack(7, 2.5, digests, bodies, [crc32(body, salt) for body in bodies], salt=salt)


def head_in(data: bytes, *, salt: int = SALT) -> groups.Group | None:
    table = groups.table_size(data)
    return None if table is None else groups.head_of(data[: groups.HEAD + table], 100, salt)


@given(st.lists(ENTRIES, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_group_comes_back(entries: list[Entry]) -> None:
    data = packed(entries)
    group = head_in(data)
    assert group is not None
    assert (group.first, group.last, group.received_at) == (7, 6 + len(entries), 2.5)
    assert (group.offset, group.end) == (100, 100 + len(data))
    at = group.bodies - group.offset
    for seq, (entry, row) in enumerate(zip(entries, group.rows(), strict=True), 7):
        body = data[at : at + row.size]
        at += row.size
        record = groups.record_of(seq, group.received_at, body)
        assert (record.platform, record.id, record.at) == (entry.platform, entry.id, entry.at)
        assert (record.raw, record.signals, record.verdict) == (entry.raw, entry.signals, entry.verdict)
        assert row.checksum == crc32(body, SALT)
        assert row.digest == group.digest(seq) == groups.identity_of(entry.platform, entry.id).digest
    assert at == len(data)


def test_any_other_bit_in_the_head_is_noticed() -> None:
    data = packed([Entry("forum", "1", 1.0, b"raw", b"{}", b"{}")])
    for bit in range((groups.HEAD + groups.ROW) * 8):
        changed = bytearray(data)
        changed[bit >> 3] ^= 1 << (bit & 7)
        table = groups.table_size(bytes(changed))
        sound = table == groups.ROW and head_in(bytes(changed)) is not None
        assert not sound, bit


def test_a_group_inside_an_event_is_not_taken_for_one_without_the_salt() -> None:
    smuggled = packed([Entry("forum", "other", 1.0, b"", b"{}", b"{}")], salt=0)
    data = packed([Entry("forum", "1", 1.0, smuggled, b"{}", b"{}")])
    at = data.index(groups.MAGIC, 1)
    assert head_in(data[at:], salt=0) is not None
    assert head_in(data[at:]) is None


def test_too_little_is_no_head() -> None:
    data = packed([Entry("forum", "1", 1.0, b"raw", b"{}", b"{}")])
    assert all(groups.table_size(data[:size]) is None for size in range(groups.HEAD))
    assert groups.table_size(os.urandom(groups.HEAD).replace(b"H", b"x")) is None


def test_an_identity_is_two_halves_of_one_digest() -> None:
    digest, key = groups.identity_of("forum", "1")
    assert len(digest) == 16
    assert key == groups.key_of(digest) == int.from_bytes(digest[:8], "little", signed=True)
    assert groups.identity_of("forum", "\ud800").digest != digest  # half a character has an identity, too
