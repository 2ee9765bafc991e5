"""Cutting words into pieces: the most probable segmentation, unknown characters, bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals.models.pieces import Pieces

PIECES = [
    "<b>",
    "<pad>",
    "<e>",
    "<?>",
    "\u2581",
    "\u2581un",
    "a",
    "b",
    "ab",
    "\u2581ab",
    "happy",
    "\u2581unhappy",
    "h",
    "p",
    "y",
]
SCORES = [0.0, 0.0, 0.0, 0.0, -3.0, -4.0, -5.0, -5.0, -6.0, -4.0, -7.0, -20.0, -6.0, -6.0, -6.0]
CUT = Pieces(PIECES, SCORES, begin=0, end=2, unknown=3)


def names(text: str, limit: int = 64) -> list[str]:
    return [PIECES[n] for n in CUT.encode(text, limit)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ab", ["\u2581ab"]),
        ("unhappy", ["\u2581un", "happy"]),
        ("abb ab", ["\u2581ab", "b", "\u2581ab"]),
        ("ｕｎhappy", ["\u2581un", "happy"]),
        ("", []),
    ],
)
def test_the_most_probable_pieces_win(text: str, found: list[str]) -> None:
    assert names(text) == ["<b>", *found, "<e>"]


def test_what_no_piece_holds_is_unknown() -> None:
    assert "<?>" in names("ab☃")


def test_special_pieces_are_never_found_in_a_text() -> None:
    assert "<b>" not in names("<b>")[1:]


@given(st.text(max_size=200), st.integers(3, 20))
def test_any_text_keeps_the_limit_and_is_framed(text: str, limit: int) -> None:
    found = CUT.encode(text, limit)
    assert len(found) <= limit
    assert (found[0], found[-1]) == (0, 2)
    assert CUT.encode(text, limit) == found
