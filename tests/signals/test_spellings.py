"""Ways of writing that are met in the wild, as text: `fixtures/spellings.txt` and `fixtures/links.txt`.

Beside them properties: however a word is disguised, by one trick or two, it folds to what the plain word folds to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.signals.fingerprint import fingerprint
from hakam.signals.fold import fold, fold_counting, fold_with_places, fold_words
from hakam.signals.links import find_links, host_of

FOLDER = Path(__file__).parent / "fixtures"
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|(\\))")


def lines(name: str) -> Iterator[tuple[str, str]]:
    """Yield the two sides of each line of a fixture, escapes read."""
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "==")):
            left, _, right = line.partition("=>")
            read = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else "\\", left.strip(" "))
            yield read, right.strip(" ")


@pytest.mark.parametrize(("written", "says"), list(lines("spellings.txt")), ids=ascii)
def test_spellings(written: str, says: str) -> None:
    meant, _, tricks = says.rpartition(" | ")
    assert fold_counting(written) == (meant, int(tricks))
    assert fold_with_places(written)[0] == meant


@pytest.mark.parametrize(("text", "hosts"), list(lines("links.txt")), ids=ascii)
def test_links(text: str, hosts: str) -> None:
    found = [host_of(link) for link in find_links(text)]
    assert list(dict.fromkeys(found)) == hosts.split()


LATIN = ["kill", "bitch", "suicide", "porn", "casino", "viagra", "hate", "idiot"]
ARABIC = ["كلب", "احمق", "قتل", "نفسك", "ربح", "خنزير", "مرتزق"]
MARKS = "\u064b\u064e\u0650\u0651\u0652"
HIDDEN = "\u200b\u2060\u00ad\ufeff"


def between(word: str, what: str) -> str:
    """Put something between all letters."""
    return what.join(word)


latin_tricks = st.sampled_from([
    str.upper,
    str.title,
    lambda word: "".join(chr(0x1D400 + ord(c) - 97 + 26) for c in word),  # mathematical bold
    lambda word: "".join(chr(0xFF41 + ord(c) - 97) for c in word),  # full width
    lambda word: "".join(chr(0x24D0 + ord(c) - 97) for c in word),  # circled
    lambda word: between(word, "\u0336") + "\u0336",
])  # fmt: skip
arabic_tricks = st.sampled_from([
    lambda word: between(word, "\u0640"),
    lambda word: between(word, "\u0640\u0640\u0640"),
    lambda word: "".join(c + MARKS[n % len(MARKS)] for n, c in enumerate(word)),
    lambda word: word.replace("ا", "أ"),
    lambda word: word.replace("ك", "ک").replace("ي", "ی"),
    lambda word: f"\u200f{word}\u200f",
])  # fmt: skip
gaps = st.sampled_from(["", *(f"{gap}" for gap in " .-_*|/·•"), *HIDDEN])


@given(st.sampled_from(LATIN), latin_tricks, gaps)
@settings(max_examples=150, deadline=None)
def test_a_disguised_latin_word_is_the_word(word: str, trick: object, gap: str) -> None:
    assert callable(trick)
    assert fold(between(trick(word), gap) if trick in {str.upper, str.title} else trick(word)) == word
    assert fold_words(f"so, {between(word, gap)}!") == f" so {word} "


@given(st.sampled_from(ARABIC), arabic_tricks, gaps)
@settings(max_examples=150, deadline=None)
def test_a_disguised_arabic_word_is_the_word(word: str, trick: object, gap: str) -> None:
    assert callable(trick)
    assert fold(trick(word)).strip() == word
    assert fold_words(f"يا {between(word, gap)}!") == f" يا {word} " or gap == " "
    assert fold(between(word, gap)) == word


SENTENCE = "earn money fast from your home and ask me how today"
SENTENCE_AR = "اربح المال بسرعة من منزلك واسألني كيف اليوم"

SALT = ["💰", "!!!", "...", " 4821 ", " xk39 ", "\u200b", "  ", "\n", "،", " - ", "١٢"]


@given(
    st.sampled_from([SENTENCE, SENTENCE_AR]),
    st.lists(st.sampled_from(SALT), max_size=6),
    st.lists(st.integers(0, 8), min_size=6, max_size=6),
)  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_salt_between_words_does_not_change_the_fingerprint(
    sentence: str, salt: list[str], places: list[int]
) -> None:
    words = sentence.split()
    for grain, place in zip(salt, places, strict=False):
        words.insert(place, grain)
    assert fingerprint(fold_words(" ".join(words))) == fingerprint(fold_words(sentence)) is not None


@given(st.permutations(SENTENCE.split()))
@settings(max_examples=60, deadline=None)
def test_other_orders_are_other_texts(words: list[str]) -> None:
    same = " ".join(words) == SENTENCE
    assert (fingerprint(fold_words(" ".join(words))) == fingerprint(fold_words(SENTENCE))) is same


@given(st.sampled_from(SENTENCE.split()), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_a_word_left_out_is_another_text(word: str, n: int) -> None:
    less = SENTENCE.replace(word, "", 1)
    more = f"{SENTENCE} {'now' if n % 2 else 'آن'}"
    assert len({fingerprint(fold_words(text)) for text in (SENTENCE, less, more)}) == 3
