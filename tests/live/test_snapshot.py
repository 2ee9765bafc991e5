"""A snapshot as an edge node meets it: true, whole, in time, or refused."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.live.edge_keys import signing_key
from hakam.live.fuse import FuseError
from hakam.live.questions import Question, entry
from hakam.live.snapshot import (
    MAGIC,
    Snapshot,
    SnapshotError,
    StaleError,
    countries,
    hash_of,
    hashes_of,
    split,
    verify,
    write_base,
    write_delta,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(hours=24)
KEY = signing_key("test")
PUBLIC = KEY.public_key()
SALT = bytes(range(16))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "edge-snapshot.md"


def live(*accounts: str) -> list[bytes]:
    return [entry(Question.LIVE, account) for account in accounts]


def base_of(entries: list[bytes], *territories: str, number: int = 1, salt: bytes = SALT) -> bytes:
    return write_base(
        entries,
        platform="maydan",
        number=number,
        territories=territories,
        key=KEY,
        now=NOW,
        until=UNTIL,
        salt=salt,
    )[0]


def delta_of(
    base: bytes,
    before: list[bytes],
    after: list[bytes],
    *territories: str,
    number: int = 2,
    salt: bytes = SALT,
) -> bytes:
    return write_delta(
        base,
        hashes_of(before, salt),
        hashes_of(after, salt),
        number=number,
        territories=territories,
        key=KEY,
        now=NOW,
        until=UNTIL + timedelta(hours=1),
    )


ACCOUNTS = [f"u{number}" for number in range(5_000)]
BASE = base_of(live(*ACCOUNTS))


def test_who_is_barred_is_always_found_and_others_seldom() -> None:
    read = Snapshot(BASE, None, PUBLIC)
    assert all(read.barred(Question.LIVE, account) for account in ACCOUNTS)
    wrong = sum(read.barred(Question.LIVE, f"other{number}") for number in range(50_000))
    assert 120 < wrong < 280  # 195 of 50,000 are to be expected


def test_the_head_says_what_is_in_it() -> None:
    header = verify(BASE, PUBLIC)
    assert (header.type, header.platform, header.number, header.entries) == ("base", "maydan", 1, 5_000)
    assert (header.made_at, header.expires_at) == (int(NOW.timestamp()), int(UNTIL.timestamp()))
    assert header.payload * 8 / header.entries < 12


def test_a_delta_adds_and_takes_out_exactly() -> None:
    after = [*ACCOUNTS[100:], "new1", "new2"]
    read = Snapshot(BASE, delta_of(BASE, live(*ACCOUNTS), live(*after)), PUBLIC)
    assert all(read.barred(Question.LIVE, account) for account in after)
    assert not any(read.barred(Question.LIVE, account) for account in ACCOUNTS[:100])
    assert (read.header.number, read.header.added, read.header.removed) == (2, 2, 100)
    assert read.header.entries == len(after)


def test_a_delta_costs_eight_bytes_a_change() -> None:
    delta = delta_of(BASE, live(*ACCOUNTS), live(*ACCOUNTS[1_000:]))
    assert len(delta) - len(delta_of(BASE, live(*ACCOUNTS), live(*ACCOUNTS))) < 8 * 1_000 + 20


@settings(max_examples=50)
@given(st.sets(st.text("abc", max_size=4)), st.sets(st.text("abc", max_size=4)))
def test_base_and_delta_together_miss_nothing(before: set[str], after: set[str]) -> None:
    base, hashes = write_base(
        live(*before), platform="p", number=1, territories=(), key=KEY, now=NOW, until=UNTIL
    )
    salt = bytes.fromhex(split(base)[0].salt)
    assert (hashes == hashes_of(live(*before), salt)).all()
    read = Snapshot(base, delta_of(base, live(*before), live(*after), salt=salt), PUBLIC)
    assert all(read.barred(Question.LIVE, account) for account in after)
    assert not any(read.barred(Question.LIVE, account) for account in before - after)


# ------------------------------------------------------------------------------------ countries


def test_an_item_is_withheld_where_it_is_and_nowhere_else() -> None:
    entries = [
        entry(Question.ITEM, "1", kind="post", territory="DE"),
        entry(Question.ITEM, "2", kind="post", territory="EU"),
        entry(Question.ITEM, "3", kind="post"),
    ]
    read = Snapshot(base_of(entries, "DE", "EU"), None, PUBLIC)

    def withheld(item: str, country: str) -> bool:
        return read.barred(Question.ITEM, item, kind="post", country=country)

    assert [withheld("1", country) for country in ("DE", "FR", "JO", "")] == [True, False, False, False]
    assert [withheld("2", country) for country in ("DE", "FR", "JO", "")] == [True, True, False, False]
    assert [withheld("3", country) for country in ("DE", "FR", "JO", "")] == [True, True, True, True]


def test_a_territory_that_a_delta_brings_is_asked_for_too() -> None:
    before, after = live("u1"), [*live("u1"), entry(Question.LIVE, "u2", territory="GCC")]
    base = base_of(before)
    read = Snapshot(base, delta_of(base, before, after, "GCC"), PUBLIC)
    assert read.barred(Question.LIVE, "u2", country="SA")
    assert not read.barred(Question.LIVE, "u2", country="JO")


def test_territories_are_told_as_countries() -> None:
    told = countries(["GCC", "DE", ""])
    assert told == {"DE": ("DE",), "GCC": ("AE", "BH", "KW", "OM", "QA", "SA")}


# -------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("place", [0, 8, 9, 40, 200, 2_000, len(BASE) - 65, len(BASE) - 64, len(BASE) - 1])
def test_one_changed_bit_anywhere_is_noticed(place: int) -> None:
    damaged = bytearray(BASE)
    damaged[place] ^= 1
    with pytest.raises(SnapshotError):
        verify(bytes(damaged), PUBLIC)


@given(st.binary(max_size=200))
def test_what_is_no_snapshot_is_refused(data: bytes) -> None:
    for given_bytes in (data, MAGIC + data, BASE[: len(data)], BASE + data + b"x"):
        with pytest.raises(SnapshotError):
            verify(given_bytes, PUBLIC)


def test_another_key_is_refused() -> None:
    with pytest.raises(SnapshotError, match="not of this key"):
        Snapshot(BASE, None, signing_key("other").public_key())


@pytest.mark.parametrize(
    "changes",
    [
        {"segment": 3},
        {"segment": 0},
        {"spread": -4},
        {"spread": 1_000_000},
        {"salt": "zz"},
        {"salt": "00"},
        {"type": "delta"},
        {"type": "delta", "added": -1, "removed": 1},
        {"type": "other"},
        {"payload": "many"},
    ],
)
def test_a_signed_header_that_does_not_fit_is_refused_too(changes: dict[str, object]) -> None:
    length = int.from_bytes(BASE[8:12], "little")
    head = json.dumps(json.loads(BASE[12 : 12 + length]) | changes).encode()
    whole = MAGIC + len(head).to_bytes(4, "little") + head + BASE[12 + length : -64]
    with pytest.raises(SnapshotError, match="header"):
        Snapshot(whole + KEY.sign(whole), None, PUBLIC)


def test_a_delta_fits_its_own_base_only() -> None:
    delta, other = delta_of(BASE, live(*ACCOUNTS), live("u1")), base_of(live("u1"))
    with pytest.raises(SnapshotError, match="another base"):
        Snapshot(other, delta, PUBLIC)
    with pytest.raises(SnapshotError, match="another base"):
        Snapshot(BASE, BASE, PUBLIC)
    with pytest.raises(SnapshotError, match="no base"):
        Snapshot(delta, None, PUBLIC)


def test_an_older_pair_is_not_taken_again() -> None:
    assert Snapshot(BASE, None, PUBLIC, after=1).header.number == 1
    with pytest.raises(SnapshotError, match="older than 2"):
        Snapshot(BASE, None, PUBLIC, after=2)


def test_its_time_ends_and_a_delta_renews_it() -> None:
    alone = Snapshot(BASE, None, PUBLIC)
    alone.fresh(UNTIL)
    with pytest.raises(StaleError):
        alone.fresh(UNTIL + timedelta(minutes=30))
    renewed = Snapshot(BASE, delta_of(BASE, live(*ACCOUNTS), live(*ACCOUNTS)), PUBLIC)
    renewed.fresh(UNTIL + timedelta(minutes=30))


def test_a_salt_that_can_not_carry_the_entries_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = [
        number.to_bytes(16, "big") for number in range(3_000) if not _carries(number.to_bytes(16, "big"))
    ]
    assert failing, "no salt of 3,000 fails for two entries"
    with pytest.raises(FuseError):
        base_of(live("a", "b"), salt=failing[0])
    salts = iter([failing[0], SALT])
    monkeypatch.setattr("secrets.token_bytes", lambda _count: next(salts))
    base, _ = write_base(
        live("a", "b"), platform="p", number=1, territories=(), key=KEY, now=NOW, until=UNTIL
    )
    assert split(base)[0].salt == SALT.hex()


def _carries(salt: bytes) -> bool:
    try:
        base_of(live("a", "b"), salt=salt)
    except FuseError:
        return False
    return True


# ---------------------------------------------------------------------------------- the description


def by_the_page(base: bytes, delta: bytes, data: bytes) -> bool:
    """Answer as a reader in another language would who has docs/reference/edge-snapshot.md and nothing else."""
    length, changes = int.from_bytes(base[8:12], "little"), int.from_bytes(delta[8:12], "little")
    head, change = json.loads(base[12 : 12 + length]), json.loads(delta[12 : 12 + changes])
    table, listed = base[12 + length :][: head["payload"]], delta[12 + changes :][: change["payload"]]
    digest = hashlib.blake2b(data, digest_size=8, salt=bytes.fromhex(head["salt"])).digest()
    places = [listed[place : place + 8] for place in range(0, len(listed), 8)]
    added = change.get("added", 0)
    if digest in places[:added]:
        return True
    if digest in places[added:]:
        return False
    h, segment = int.from_bytes(digest, "little"), head["segment"]
    first = h * head["spread"] >> 64
    second = first + segment ^ (h >> 18) % segment
    third = first + 2 * segment ^ h % segment
    return table[first] ^ table[second] ^ table[third] == (h ^ h >> 32) % 256


def test_a_reader_written_after_the_page_answers_the_same() -> None:
    after = [*ACCOUNTS[100:], "new1", "new2"]
    delta = delta_of(BASE, live(*ACCOUNTS), live(*after))
    read = Snapshot(BASE, delta, PUBLIC)
    asked = live(*ACCOUNTS[:300], "new1", "new2", *(f"other{number}" for number in range(2_000)))
    assert [by_the_page(BASE, delta, data) for data in asked] == [read.perhaps(data) for data in asked]


def test_hashes_come_in_order_and_once() -> None:
    hashes = hashes_of(live("b", "a", "b"), SALT)
    assert hashes.tolist() == sorted({hash_of(data, SALT) for data in live("a", "b")})
    assert hashes.dtype == np.uint64


def test_the_vectors_of_the_reference_are_what_the_code_does() -> None:
    text = PAGE.read_text(encoding="utf-8")
    entries = live("u1", "u2", "هند")
    base = base_of(entries)
    delta = delta_of(base, entries, live("u2", "هند", "u3"))
    for said in (
        PUBLIC.public_bytes_raw().hex(),
        f"{hash_of(entries[0], SALT):016x}",
        base.hex(),
        delta.hex(),
        hashlib.sha256(base).hexdigest(),
    ):
        assert said in text.replace("\n", ""), said
