from __future__ import annotations

from itertools import pairwise

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from hakam.console.glyphs import PartKind, hidden_count, merged, parts
from hakam.console.templatetags.hakam import drawn, glyphs, prose, words

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
TRICKY = st.text(alphabet=st.one_of(st.characters(), st.sampled_from(BIDI + "\u200b\u200d\ufeff\u0640")))


@given(TRICKY)
def test_nothing_is_lost_or_changed(text: str) -> None:
    assert "".join(part.text for part in parts(text)) == text


@given(TRICKY)
def test_no_bidirectional_control_reaches_the_page(text: str) -> None:
    assert not set(drawn(text)) & set(BIDI)


@given(TRICKY, st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=6))
def test_marks_never_lose_a_character(text: str, spans: list[tuple[int, int]]) -> None:
    assert "".join(part.text for part in parts(text, spans)) == text


@given(st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=8), st.integers(0, 30))
def test_joined_spans_are_in_order_and_apart(spans: list[tuple[int, int]], length: int) -> None:
    joined = merged(spans, length)
    assert all(0 <= start < end <= length for start, end in joined)
    assert all(one[1] < other[0] for one, other in pairwise(joined))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("a\u202eb", "RLO"),
        ("a\u200bb", "ZWSP"),
        ("a\u200eb", "LRM"),
        ("كـلام", "ـ"),
        ("كـــلام", "ـ×3"),
        ("a\u00adb", "SHY"),
        ("a\ufeffb", "BOM"),
        ("a\U000e0041b", "TAG A"),
        ("a\x07b", "0007"),
        ("a\ue000b", "E000"),
    ],
)
def test_what_can_not_be_seen_gets_a_label(text: str, label: str) -> None:
    found = [part for part in parts(text) if part.kind is PartKind.GLYPH]
    assert [part.label for part in found] == [label]
    assert found[0].name.startswith("U+")


def test_a_family_emoji_stays_one() -> None:
    family = "👨‍👩‍👧"
    assert [part.kind for part in parts(family)] == [PartKind.PLAIN, PartKind.PLAIN] or hidden_count(
        family
    ) == 0
    assert family in drawn(family)


def test_a_joiner_between_letters_is_shown() -> None:
    assert hidden_count("a\u200db") == 1


def test_line_breaks_and_tabs_are_text() -> None:
    assert hidden_count("one\n\ttwo\r\n") == 0


def test_matches_are_marked_and_escaped() -> None:
    assert drawn("<b>kill</b>", [(3, 7)]) == "&lt;b&gt;<mark>kill</mark>&lt;/b&gt;"


def test_a_glyph_inside_a_match_is_still_shown() -> None:
    assert "data-glyph" in drawn("ki\u200bll", [(0, 5)])
    assert drawn("ki\u200bll", [(0, 5)]).count("<mark>") == 2


def test_short_pieces_are_isolated() -> None:
    assert glyphs("سلام") == '<bdi dir="auto">سلام</bdi>'
    assert glyphs(None) == '<bdi dir="auto"></bdi>'


def test_whole_texts_have_their_own_direction() -> None:
    assert words("hi") == '<div class="words" dir="auto">hi</div>'


def test_our_own_isolates_become_elements() -> None:
    assert prose("منصة \u2068Hakam\u2069.") == "منصة <bdi>Hakam</bdi>."


def test_isolates_that_do_not_close_are_shown() -> None:
    assert "FSI" in prose("a \u2068 b")


def test_prose_escapes() -> None:
    assert prose("\u2068<i>\u2069<b>") == "<bdi>&lt;i&gt;</bdi>&lt;b&gt;"


def test_the_tag_works_in_a_template() -> None:
    page = Template("{% load hakam %}{% words text spans %}")
    assert "<mark>bad</mark>" in page.render(Context({"text": "so bad", "spans": [(3, 6)]}))
