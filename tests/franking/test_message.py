"""Commitments hide, bind and open."""

from __future__ import annotations

import hashlib
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hakam.franking.message import (
    KEY_BYTES,
    MAX_ATTACHMENTS,
    MAX_TEXT,
    FrankingError,
    commit,
    digest_of,
    encoded,
    framed,
    new_key,
    opens,
)

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
KEYS = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)
DIGESTS = st.lists(st.binary(min_size=32, max_size=32), max_size=3)
MESSAGES = st.tuples(KEYS, TEXTS, DIGESTS)


@given(MESSAGES)
def test_who_holds_key_and_message_opens_the_commitment(message: tuple[bytes, str, list[bytes]]) -> None:
    key, text, attachments = message
    assert opens(commit(key, text, attachments), key, text, attachments)


@given(MESSAGES, MESSAGES)
def test_nothing_else_opens_it(
    sent: tuple[bytes, str, list[bytes]], claimed: tuple[bytes, str, list[bytes]]
) -> None:
    assume(sent != claimed)
    assert not opens(commit(*sent), *claimed)


@given(MESSAGES, st.integers(0, 32 * 8 - 1))
def test_one_changed_bit_of_the_commitment_shuts_it(
    message: tuple[bytes, str, list[bytes]], bit: int
) -> None:
    commitment = bytearray(commit(*message))
    commitment[bit // 8] ^= 1 << bit % 8
    assert not opens(bytes(commitment), *message)


def test_a_shorter_key_that_hmac_would_fill_with_zeros_is_refused() -> None:
    key = b"k" * (KEY_BYTES - 1)
    with pytest.raises(FrankingError) as caught:
        commit(key, "text")
    assert caught.value.code == "bad_key"
    filled = commit(key + b"\0", "text")
    assert not opens(filled, key, "text")


@given(st.lists(st.binary(max_size=8), max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_framing_parts_what_joining_would_not(one: list[bytes], other: list[bytes]) -> None:
    assert (framed(*one) == framed(*other)) == (one == other)


def test_text_and_attachments_are_not_taken_for_each_other() -> None:
    digest = digest_of(b"a picture")
    key = new_key()
    made = [
        commit(key, "a", [digest]),
        commit(key, "a"),
        commit(key, "", [digest]),
        commit(key, "a", [digest, digest]),
        commit(key, "a" + digest.hex()),
    ]
    assert all(a != b for a, b in combinations(made, 2))


def test_the_order_of_attachments_counts() -> None:
    first, second = digest_of(b"1"), digest_of(b"2")
    key = new_key()
    assert commit(key, "", [first, second]) != commit(key, "", [second, first])


def test_an_attachment_is_known_by_the_digest_of_its_plain_bytes() -> None:
    assert digest_of(b"abc") == hashlib.sha256(b"abc").digest()


def test_the_same_message_twice_shows_nothing_under_new_keys() -> None:
    assert len({commit(new_key(), "مرحبا") for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("text", "attachments", "code"),
    [
        ("\ud800", [], "bad_text"),
        ("a" * (MAX_TEXT + 1), [], "too_long"),
        ("ع" * (MAX_TEXT // 2 + 1), [], "too_long"),
        ("", [b"0" * 32] * (MAX_ATTACHMENTS + 1), "too_many"),
        ("", [b"0" * 31], "bad_digest"),
    ],
)
def test_what_cannot_be_committed_to_says_why(text: str, attachments: list[bytes], code: str) -> None:
    with pytest.raises(FrankingError) as caught:
        encoded(text, attachments)
    assert caught.value.code == code
    assert not opens(b"0" * 32, b"k" * KEY_BYTES, text, attachments)


def test_the_longest_message_is_taken() -> None:
    key = new_key()
    attachments = [b"0" * 32] * MAX_ATTACHMENTS
    assert opens(commit(key, "a" * MAX_TEXT, attachments), key, "a" * MAX_TEXT, attachments)
