"""Scanning many rows at once finds what scanning each alone finds."""

from __future__ import annotations

import pyarrow as pa
import pytest
from benchmarks.backtest import pack as made_pack
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.backtest import texts
from hakam.backtest.texts import StoredHits, Texts, asked, is_anchored, there
from hakam.policy.fields import FIELDS
from hakam.policy.generate import atom_of
from hakam.policy.pack import load_pack
from hakam.policy.patterns import options
from hakam.policy.scan import finder
from hakam.policy.tree import Field, How, Search
from hakam.vocabulary.finding import Span

SPAN = Span("rules.yaml", 1, 1, 1, 2)


def search(how: How, *terms: str, path: str = "text.folded") -> Search:
    return Search(how, Field(FIELDS[path], path, SPAN), terms, None, "x", SPAN)


class Column:
    """A chunk that has one column."""

    def __init__(self, values: list[str | None]) -> None:
        self.values = pa.array(values, pa.string())

    def field(self, _spec: object) -> pa.Array:
        return self.values


SEARCHES = (
    search(How.CONTAINS, "ab", "قهوة"),
    search(How.PATTERN, "a[bc]+d"),
    search(How.PATTERN, "^ab"),
    search(How.PATTERN, r"d\z"),
    search(How.PATTERN, "[^a]b"),
    search(How.PATTERN, "(?s)a.{0,3}c"),
    search(How.CONTAINS, *(f"t{n}t" for n in range(1_001)), "dab"),
    search(How.CONTAINS, "bab", "abab", " b ", " ", "d "),
)
words = st.one_of(
    st.none(), st.text(alphabet="abcd \nقهوة", max_size=12), st.sampled_from(("", "t7t", "dab", "قهوة"))
)


def wanted(one: Search, values: list[str | None]) -> list[bool]:
    find = finder(one)
    return [value is not None and find(value) is not None for value in values]


@given(
    st.lists(words, max_size=70),
    st.sampled_from((1, 9, 100, 1 << 18)),
    st.sampled_from((1, 3, 256)),
    st.sampled_from((1, 2, 32)),
    st.sets(st.integers(0, len(SEARCHES) - 1)),
)
@settings(max_examples=150, deadline=None)
def test_blocks_hide_nothing_and_add_nothing(
    values: list[str | None], piece: int, block: int, most: int, common: set[int]
) -> None:
    """However wide pieces and blocks are, however much is found in one, and whatever hits often."""
    scans = Texts(SEARCHES)
    column = scans.columns["text.folded"]
    column.common = {atom_of(SEARCHES[number]) for number in common}
    column.scans = column._grouped()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "PIECE", piece)
        patch.setattr(texts, "BLOCK", block)
        patch.setattr(texts, "MOST_FOUND", most)
        hits = scans.hits(Column(values))
    assert len(hits) == len(SEARCHES) + 1
    assert hits[there("text.folded")].tolist() == [value is not None for value in values]
    for one in SEARCHES:
        assert hits[atom_of(one)].tolist() == wanted(one, values), one.terms[:2]


def test_a_hit_across_two_rows_is_none() -> None:
    one = search(How.CONTAINS, "ab")
    hits = Texts([one]).hits(Column(["xa", "bx", "ab", None, "b"]))
    assert hits[atom_of(one)].tolist() == [False, False, True, False, False]


def test_a_hit_that_two_rows_make_does_not_hide_the_one_beside_it() -> None:
    """`ab` begins in the first row and swallows the `b` that the second row's own hit begins with."""
    searches = [search(How.PATTERN, "a[a-z]{2}"), search(How.CONTAINS, "bc")]
    values = ["xa", "bcx", "", "bc", None, "a"]
    hits = Texts(searches).hits(Column(values))
    for one in searches:
        assert hits[atom_of(one)].tolist() == wanted(one, values)


def test_a_hit_may_span_a_whole_block() -> None:
    searches = [search(How.PATTERN, "(?s)a.*z"), search(How.CONTAINS, "mm")]
    values = ["a", *["mm", "x"] * 40, "z", "az"]
    hits = Texts(searches).hits(Column(values))
    for one in searches:
        assert hits[atom_of(one)].tolist() == wanted(one, values)


def test_a_slice_of_a_column_is_read_from_its_own_beginning() -> None:
    column = Column(["ab", "x", "ab", "قهوة"])
    column.values = column.values.slice(1, 2)
    one = search(How.CONTAINS, "ab")
    assert Texts([one]).hits(column)[atom_of(one)].tolist() == [False, True]


@pytest.mark.parametrize(
    ("one", "anchored"),
    [
        (search(How.PATTERN, "abc"), False),
        (search(How.PATTERN, "[^a]bc"), False),
        (search(How.PATTERN, "^abc"), True),
        (search(How.PATTERN, "abc$"), True),
        (search(How.PATTERN, r"\Aabc|x"), True),
        (search(How.PATTERN, r"price \$5"), True),  # in doubt, row by row
        (search(How.CONTAINS, "^"), False),
        (search(How.STARTS, "a"), True),
    ],
)
def test_patterns_that_ask_for_an_end_are_not_scanned_in_blocks(one: Search, anchored: bool) -> None:
    assert is_anchored(one) is anchored


literal_rows = st.lists(st.one_of(st.none(), st.text(alphabet="ab ق", max_size=9)), max_size=40)
literal_terms = st.lists(st.text(alphabet="ab ق", min_size=1, max_size=5), min_size=1, max_size=8)


@given(
    literal_rows,
    st.lists(literal_terms, min_size=1, max_size=4),
    st.sampled_from((0, 50)),
    st.integers(1, 60),
)
@settings(max_examples=300, deadline=None)
def test_words_are_found_whichever_overlap_and_wherever_rows_end(
    values: list[str | None], lists: list[list[str]], twice: int, piece: int
) -> None:
    """Whether they are looked for twice or once: `find` of Python says what is there."""
    searches = {n: search(How.CONTAINS, *terms) for n, terms in enumerate(lists)}
    by_atom = {atom_of(one): one for one in searches.values()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "_MAX_TERMS", twice)
        patch.setattr(texts, "PIECE", piece)
        found = texts._Literals(by_atom)(pa.array(values, pa.string()))
    for atom, one in by_atom.items():
        assert found[atom].tolist() == [
            value is not None and any(term in value for term in one.terms) for value in values
        ]


@given(literal_rows)
@settings(max_examples=30, deadline=None)
def test_hits_that_were_kept_are_the_same_when_they_are_read(
    tmp_path_factory: pytest.TempPathFactory, values: list[str | None]
) -> None:
    searches = [search(How.CONTAINS, "a", "ق"), search(How.PATTERN, "b +a")]
    hits = Texts(searches).hits(Column(values))
    stored = StoredHits(str(tmp_path_factory.mktemp("hits")))
    stored.write(3, hits)
    read = stored.read(3, len(values))
    assert {atom: flags.tolist() for atom, flags in read.items()} == {
        atom: flags.tolist() for atom, flags in hits.items()
    }


def test_long_lists_are_looked_for_once() -> None:
    one = search(How.CONTAINS, *(f"t{n}t" for n in range(1_001)))
    scans = Texts([one])
    (scan,) = scans.columns["text.folded"].scans
    assert isinstance(scan, texts._Literals)
    assert scan._quickly is None
    flags = scans.hits(Column(["t7t", "x", None, "at999t t1t"] * 50))[atom_of(one)]
    assert flags.tolist() == [True, False, False, True] * 50


SELDOM, OFTEN, EVERYWHERE = (
    search(How.CONTAINS, "rare"),
    search(How.CONTAINS, "sun", "قهوة"),
    search(How.PATTERN, "[a-z]un"),
)


def test_what_hits_often_is_looked_for_by_itself_from_then_on() -> None:
    scans = Texts([SELDOM, OFTEN, EVERYWHERE])
    column = scans.columns["text.folded"]
    values = ["a sun", "قهوة", "rare", *["nothing"] * 7] * 100
    first = scans.hits(Column(values))
    assert column.common == {atom_of(one) for one in (SELDOM, OFTEN, EVERYWHERE)}
    again = scans.hits(Column(values))
    assert not any(isinstance(scan, texts._Blocks) for scan in column.scans)
    for one in (SELDOM, OFTEN, EVERYWHERE):
        assert first[atom_of(one)].tolist() == again[atom_of(one)].tolist() == wanted(one, values)


def test_a_few_rows_say_nothing_about_what_hits_often() -> None:
    scans = Texts([OFTEN])
    scans.hits(Column(["sun"] * 20))
    assert scans.columns["text.folded"].common == set()


def test_a_word_that_many_rows_hold_is_the_same_word_by_itself() -> None:
    """In the column of words, each stands between spaces."""
    one = search(How.WORDS, " sun ", " قهوه ساخنه ", path="text.words")
    values = [" sun ", " sunday ", " قهوه ساخنه ", " قهوه ", None, "", " a.sun b "]
    scans = Texts([one])
    rows = scans.hits(Column(values))[atom_of(one)]
    scans.columns["text.words"].common = {atom_of(one)}
    scans.columns["text.words"].scans = scans.columns["text.words"]._grouped()
    itself = scans.hits(Column(values))[atom_of(one)]
    assert rows.tolist() == itself.tolist() == [True, False, True, False, False, False, False]


def test_patterns_too_large_for_one_expression_are_scanned_row_by_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(texts, "options", lambda _most: options(500))
    searches = [search(How.PATTERN, "[ab]{40}c"), search(How.CONTAINS, "قهوة")]
    scans = Texts(searches)
    scan = next(scan for scan in scans.columns["text.folded"].scans if isinstance(scan, texts._Blocks))
    assert scan.find is None
    values = ["ab" * 20 + "c", "x", None, "قهوة", ""]
    hits = scans.hits(Column(values))
    for one in searches:
        assert hits[atom_of(one)].tolist() == wanted(one, values)


def test_what_a_counter_counts_is_not_looked_for_when_it_is_read() -> None:
    pack = load_pack(
        made_pack.files(
            (
                'count(by=author.id, within="1h", where=word(text.folded, "sun")) > 1 and word(text.folded, "moon")',
            )
        )
    ).pack
    assert pack is not None
    found = asked([rule.when for rule in pack.rules])
    assert [search.terms for search in found["text.words"].values()] == [(" moon ",)]
