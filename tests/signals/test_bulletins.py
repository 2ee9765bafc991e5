"""Bulletins: two spellings of one address or account are one hash, and what is neither has none."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals.bulletins import account_digest, url_digest


@pytest.mark.parametrize(
    "spelling",
    [
        "https://shop.example/win?id=7",
        "http://SHOP.example/win?id=7",
        "shop.example/win?id=7",
        "https://shop.example:443/win/?id=7",
        "http://shop.example:80/win?id=7#top",
        "hxxps://shop.example/win?id=7",
        " https://user@shop.example./win?id=7 ",
    ],
)
def test_spellings_of_an_address_are_one(spelling: str) -> None:
    assert url_digest(spelling) == sha256(b"shop.example/win?id=7").hexdigest()


def test_what_differs_is_told_apart() -> None:
    said = [
        "shop.example",
        "shop.example/a",
        "shop.example/A",
        "shop.example/a?b",
        "shop.example:8080/a",
        "a.shop.example/a",
    ]
    assert len({url_digest(one) for one in said}) == len(said)


@pytest.mark.parametrize(
    "text", ["", "   ", "win", "https://", "https://x:y:z/", "//", "x" * 3_000, "mailto:"]
)
def test_what_is_no_address_has_none(text: str) -> None:
    assert url_digest(text) is None


@pytest.mark.parametrize(
    "name", ["Eve@Bad.example", "@eve@bad.example", "acct:eve@bad.example", "mailto:EVE@bad.example"]
)
def test_spellings_of_an_account_are_one(name: str) -> None:
    assert account_digest(name) == sha256(b"eve@bad.example").hexdigest()


def test_an_actor_is_its_address() -> None:
    assert account_digest("https://bad.example/users/eve/") == url_digest("https://bad.example/users/eve")


@pytest.mark.parametrize(
    "name", ["", "eve", "12345", "@eve", "eve@", "eve@localhost", "two words@bad.example"]
)
def test_a_name_of_one_platform_is_none(name: str) -> None:
    assert account_digest(name) is None


@given(st.text(max_size=300))
def test_whatever_comes_is_hashed_or_not(text: str) -> None:
    for found in (url_digest(text), account_digest(text)):
        assert found is None or len(found) == 64
