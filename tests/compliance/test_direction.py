"""What a text quotes can't turn around what stands beside it."""

from __future__ import annotations

from unicodedata import bidirectional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance.direction import settled

TURNING = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("photo_\u202egpj.exe", "photo_[RLO]gpj.exe"),
        ("\u2067قال\u2069", "[RLI]قال[PDI]"),
        ("a\u2028b", "a[LS]b"),
        ("نيم\u200cفاصله", "نيم\u200cفاصله"),  # a joiner is spelling
        ("سعر (5)\u200f", "سعر (5)\u200f"),  # a mark reorders nothing but itself
        ("plain", "plain"),
    ],
)
def test_controls_are_written_out(text: str, shown: str) -> None:
    assert settled(text) == shown


@given(
    st.text(
        alphabet=st.characters() | st.sampled_from("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    )
)
def test_none_is_left_and_nothing_else_is_changed(text: str) -> None:
    shown = settled(text)
    assert not {bidirectional(c) for c in shown} & TURNING
    assert settled(shown) == shown
    if not {bidirectional(c) for c in text} & TURNING and not set(text) & {"\u2028", "\u2029"}:
        assert shown == text
