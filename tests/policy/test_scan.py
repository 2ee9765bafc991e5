"""One scan finds what plain searches find, for short and long lists, and when memory runs out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.policy import scan
from hakam.policy.fields import FIELDS
from hakam.policy.scan import Scan, find_in, matcher, plainly, remembered
from hakam.policy.tree import Field, How, Search
from hakam.signals.fold import fold, split_words
from hakam.vocabulary.finding import Span

SPAN = Span("f", 1, 1, 1, 2)


def search(how: How, *terms: str, path: str = "text.folded") -> Search:
    return Search(how, Field(FIELDS[path], path, SPAN), terms, None, "text", SPAN)


def plain(one: Search, text: str) -> bool:
    if one.how is How.PATTERN:
        return re2.search(one.terms[0].encode(), scan.encoded(text)) is not None
    if one.how is How.STARTS:
        return any(text.startswith(term) for term in one.terms)
    if one.how is How.ENDS:
        return any(text.endswith(term) for term in one.terms)
    return any(term in (split_words(text) if one.how is How.WORDS else text) for term in one.terms)


terms = st.lists(st.text(alphabet="ab.*+( سر😀", min_size=1, max_size=3), min_size=1, max_size=5, unique=True)
tokens = st.sampled_from(["a", "b", "ab", "سر", "س", "ی", "é", "中", "کا", "a1"])
phrases = st.lists(
    st.lists(tokens, min_size=1, max_size=3).map(lambda some: f" {' '.join(some)} "),
    min_size=1,
    max_size=5,
    unique=True,
)
searches = st.lists(
    st.one_of(
        terms.map(lambda some: search(How.CONTAINS, *some)),
        phrases.map(lambda some: search(How.WORDS, *some)),
        st.sampled_from(["a+b", "^ab", "b$", "س+", "[^a]b", r"\.\*", "(?i)AB", "a.b"]).map(
            lambda p: search(How.PATTERN, p)
        ),
    ),
    min_size=1,
    max_size=6,
)
texts = st.text(alphabet="ab.*+( سر😀\n", max_size=40) | st.lists(
    tokens | st.sampled_from([" ", "_", "-", "،", "😀", "\u0301", "٫", "\ud800", "\n"]), max_size=20
).map("".join)


@given(searches, texts, st.sampled_from([0, 2, 300]), st.sampled_from([0, 3, 300]))
@settings(max_examples=300, deadline=None)
def test_a_scan_finds_what_plain_searches_find(all_: list[Search], text: str, long: int, many: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "LONG_LIST", long)
        patch.setattr(scan, "MANY_WORDS", many)
        built = Scan({n * 7: one for n, one in enumerate(all_)})
        assert built(text) == {n * 7 for n, one in enumerate(all_) if plain(one, text)}
        assert built.slowly(text) <= built(text)


@given(
    st.sampled_from(list(How)).flatmap(
        lambda how: (
            st.just(search(how, "a+b"))
            if how is How.PATTERN
            else (phrases if how is How.WORDS else terms).map(lambda some: search(how, *some))
        )
    ),
    st.lists(texts, max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_testing_and_finding_one_predicate_agree(one: Search, some: list[str]) -> None:
    some = [split_words(text) for text in some] if one.how is How.WORDS else some
    wanted = any(plain(one, text) for text in some)
    assert matcher(one)(some) is wanted
    found = find_in(one)(some)
    assert (found is not None) is wanted
    for text in some:
        assert matcher(one)(text) is plain(one, text)
    assert find_in(one)(None) is None


@given(st.text(alphabet="ab|.*+( سر😀\n-:", min_size=1, max_size=9), texts)
@settings(max_examples=400, deadline=None)
def test_a_pattern_of_a_few_words_holds_where_one_of_them_stands(pattern: str, text: str) -> None:
    few = plainly(search(How.PATTERN, pattern))
    if few:
        assert any(term in text for term in few) is plain(search(How.PATTERN, pattern), text)


@pytest.mark.parametrize(
    ("one", "few"),
    [
        (search(How.PATTERN, "official|support|مدير"), ("official", "support", "مدير")),
        (search(How.PATTERN, "a|b|c|d|e"), ()),  # a call is faster
        (search(How.PATTERN, "a||b"), ()),  # anything
        (search(How.PATTERN, "(?i)a"), ()),
        (search(How.PATTERN, "a[b]"), ()),
        (search(How.CONTAINS, "a.b", "c*"), ("a.b", "c*")),
        (search(How.STARTS, "a"), ()),
        (search(How.WORDS, " a "), ()),
    ],
)
def test_which_predicates_are_that_simple(one: Search, few: tuple[str, ...]) -> None:
    assert plainly(one) == few


def test_no_hit_is_lost_when_the_set_runs_out_of_memory() -> None:
    built = Scan({0: search(How.PATTERN, "x+y"), 1: search(How.CONTAINS, "needle")})
    assert built.found([], "a needle and xxy") == {0, 1}  # not even the end: memory ran out
    assert built.found([2], "a needle and xxy") == frozenset()


def test_patterns_too_large_for_one_set_are_tried_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "SET_MEMORY", 40_000)
    big = {n: search(How.PATTERN, f"x{n}[a-z]{{50}}y") for n in range(40)}
    built = Scan(big)
    assert not built.inline
    assert built("--x7" + "q" * 50 + "y--") == {7}


def test_terms_leave_a_set_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "SET_MEMORY", 10_000)
    many = {n: search(How.CONTAINS, *(f"w{n}x{k}" for k in range(200))) for n in range(8)}
    built = Scan({**many, 9: search(How.PATTERN, "q+z")})
    assert built._lists is not None
    assert built.match is not None
    assert built("a w7x77 qqz") == {7, 9}


def test_long_lists_find_terms_that_overlap() -> None:
    many = tuple(f" w{n} " for n in range(1_400))
    built = Scan({3: search(How.WORDS, *many), 5: search(How.WORDS, " w7 ", " w8 ")})
    assert built(" w7 w8 w9 ") == {3, 5}
    assert built(" nothing ") == frozenset()
    assert find_in(search(How.WORDS, *many))(" so w7 it is ") == "w7"


def test_a_set_that_answers_by_its_wrapper_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Public:
        def __init__(self, inner: object) -> None:
            self.inner = inner

        @staticmethod
        def SearchSet(options: object) -> Public:  # noqa: N802 -- the library's name
            return Public(real.SearchSet(options))

        def __getattr__(self, name: str) -> object:
            if name == "_set":
                raise AttributeError(name)
            return getattr(self.inner, name)

    real = re2.Set
    monkeypatch.setattr(scan.re2, "Set", Public)
    built = Scan({0: search(How.CONTAINS, "needle")})
    assert built("a needle") == {0}
    assert built("nothing") == frozenset()


def test_nothing_that_the_scan_takes_for_letters_separates_words() -> None:
    # A hit of the scan may be no hit of the words, but never the other way round.
    apart = re2.compile(scan._APART)
    for code in (*range(0xD800), *range(0xE000, 0x11000), *range(0x1F000, 0x20000)):
        char = fold(chr(code))
        if len(char) == 1 and apart.search(char) is None:
            assert split_words(f"a{char}b") == f" a{char}b "
        elif len(char) == 1 and scan._UNCERTAIN.search(char) is None:
            assert split_words(f"a{char}b") == " a b "  # and here it is surely right


class TestRemembered:
    """A search that keeps its last answer says what one says that keeps none."""

    def test_the_same_text_is_looked_through_once_and_an_equal_one_again(self) -> None:
        asked: list[str] = []
        look = remembered(lambda text: asked.append(text) or len(text))
        text, equal = str(b"free", "ascii"), str(b"free", "ascii")
        assert text is not equal
        assert [look(text), look(text), look(equal), look(text)] == [4, 4, 4, 4]
        assert len(asked) == 3

    @given(st.lists(st.sampled_from(["free money", "ربح سريع now", "", "nothing", "free ربح سريع"])))
    def test_any_order_of_texts_gives_what_was_found_without_it(self, texts: list[str]) -> None:
        words = search(How.CONTAINS, "free", "ربح سريع")
        plain, kept = find_in(words), remembered(find_in(words))
        assert [kept(text) for text in texts] == [plain(text) for text in texts]

    def test_nothing_found_is_an_answer_too(self) -> None:
        asked: list[object] = []
        look = remembered(asked.append)
        assert look(None) is look(None) is None
        assert asked == [None]

    def test_threads_never_see_what_another_found(self) -> None:
        look = remembered(lambda text: text.upper())
        texts = [f"text {n}" for n in range(8)]

        def many(text: str) -> bool:
            return all(look(text) == text.upper() for _ in range(5_000))

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(many, texts))
