"""Two spellings of an address are one item."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.intake import known_items
from hakam.intake.known_items import Seen, at_url, by_ref, learn, normalise, ref_of
from hakam.vocabulary.event import ItemRef

REF = ItemRef("maydan", "post", "7")


@pytest.mark.parametrize(
    "spelling",
    [
        "https://maydan.example/p/7",
        "HTTPS://Maydan.Example/p/7",
        " https://maydan.example/p/7/ ",
        "https://maydan.example:443/p/7#top",
        "http://maydan.example:80/p/7",
    ],
)
def test_spellings_of_one_address(spelling: str) -> None:
    assert normalise(spelling) == "https://maydan.example/p/7"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://maydan.example/p/7", "https://maydan.example/P/7"),
        ("https://maydan.example/p?id=7", "https://maydan.example/p?id=8"),
        ("https://maydan.example/p/7", "https://other.example/p/7"),
        ("https://maydan.example:8443/p/7", "https://maydan.example/p/7"),
    ],
)
def test_what_is_not_the_same_stays_apart(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(st.text(max_size=200))
def test_normalising_never_fails_and_twice_is_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.from_regex(r"https?://[a-zA-Z0-9.:\[\]-]{1,30}(/[ -~]{0,30})?", fullmatch=True))
def test_odd_addresses_are_survived(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(
    st.from_regex(known_items._PLAIN, fullmatch=True)
    | st.from_regex(r"https?://[a-z.]{1,9}[!-~]{0,20}", fullmatch=True)
)
def test_the_short_way_and_the_long_way_lead_to_the_same(text: str) -> None:
    short = normalise(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known_items, "_PLAIN", re.compile("(?!)"))
        assert normalise(text) == short


@pytest.mark.django_db
def test_the_newest_event_of_an_item_is_remembered() -> None:
    assert learn([Seen(REF, "https://maydan.example/p/7", 3), Seen(REF, "", 9)]) == 2
    learn([Seen(ItemRef("maydan", "post", "8"), "", 10)])
    known = at_url("https://maydan.example/p/7")
    assert known is not None
    assert (ref_of(known), known.seq) == (REF, 3)
    newest = by_ref(REF)
    assert newest is not None
    assert newest.seq == 9
    learn([Seen(REF, "https://maydan.example/p/7", 12)])
    again = at_url("https://maydan.example/p/7")
    assert again is not None
    assert again.seq == 12


@pytest.mark.django_db
def test_nothing_to_learn_is_no_error() -> None:
    assert learn([]) == 0
    assert at_url("https://maydan.example/p/7") is None
