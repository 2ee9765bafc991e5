"""A row of a list is a hash that can be kept, or says where it stands and what is wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.banks.rows import BadRow, Row, row
from hakam.vocabulary.bank import DIGITS, EntryKind

MD5 = "0123456789abcdef0123456789abcdef"


def test_a_good_row_is_kept_in_lower_case() -> None:
    assert row(3, "MD5", f" {MD5.upper()} ", item="a-1", label="A1") == Row(EntryKind.MD5, MD5, "a-1", "A1")


@pytest.mark.parametrize(
    ("said", "kind"), [("SHA-256", EntryKind.SHA256), ("sha-1", EntryKind.SHA1), ("Pdq", EntryKind.PDQ)]
)
def test_kinds_are_known_as_people_write_them(said: str, kind: EntryKind) -> None:
    found = row(1, said, "0123456789abcdef" * 4 if DIGITS[kind] == 64 else "0123456789" * 4)
    assert isinstance(found, Row)
    assert found.kind is kind


@pytest.mark.parametrize(
    ("kind", "digest", "why"),
    [
        ("photodna", MD5, "no kind of hash"),
        ("md5", MD5[:-1], "32 hex digits"),
        ("md5", "z" * 32, "32 hex digits"),
        ("sha256", MD5, "64 hex digits"),
        ("pdq", "", "64 hex digits"),
        ("md5", "d41d8cd98f00b204e9800998ecf8427e", "empty file"),
        ("sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "empty file"),
        ("pdq", "0" * 64, "blank"),
        ("pdq", "f" * 64, "blank"),
        ("text", "0" * 16, "blank"),
    ],
)
def test_a_bad_row_says_what_is_wrong(kind: str, digest: str, why: str) -> None:
    found = row(7, kind, digest)
    assert isinstance(found, BadRow)
    assert found.place == 7
    assert why in found.why


@pytest.mark.parametrize("name", ["item", "label"])
@pytest.mark.parametrize("value", ["x" * 201, "a\x00b", "a\nb"])
def test_names_are_short_and_plain(name: str, value: str) -> None:
    assert isinstance(row(1, "md5", MD5, **{name: value}), BadRow)


@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_a_file_says_there_is_an_answer(kind: str, digest: str) -> None:
    found = row(1, kind, digest)
    assert isinstance(found, Row | BadRow)
    if isinstance(found, Row):
        assert len(found.digest) == DIGITS[found.kind]
