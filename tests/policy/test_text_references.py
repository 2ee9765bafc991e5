"""Every function on texts against a plain, slow reading of what the reference says of it.

Terms and texts come from Hypothesis: Latin, Arabic with its marks, emoji, letters of astral planes, combining marks,
nothing at all, tens of thousands of characters. Each condition is judged by the compiled function and by the
interpreter; the references below know neither scans, automata nor RE2, and read one character after the other.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from hakam.policy.calls import SHORT_TARGET
from hakam.policy.counters import NO_COUNTERS
from hakam.policy.engine import compile_pack
from hakam.policy.functions import FUNCTIONS
from hakam.policy.interpret import Seen, outcome
from hakam.policy.lists import ListKind
from hakam.policy.outside import OutsideList, pack_list
from hakam.policy.pack import load_pack
from hakam.policy.similarity import LONGEST
from hakam.signals.fold import fold_with_places
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

PIECES = (
    "free", "Money", "win", "ربح", "سَريع", "مـال", "أحمد", "ة", "لا", "a1",
    "x", "7", "٣", "é", "e\u0301", "ß", "İ", "😀", "👩\u200d💻", "한", "ᄒ",
    "か\u3099", "क\u093f", "𑄇\U00011133", "𝖆", "ﷺ", "-", "_", ".", "،", "؟",
    "\u200b", "\u064b", "\u0640", "\u202e", "'", "\n", "\t", " ", "  ",
    "\u00a0", "\u2028", "#", "\\", '"', "$", "kk", "0", "о", "Ω",
)  # fmt: skip
texts = st.one_of(
    st.just(""),
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
)
huge = st.tuples(st.sampled_from(PIECES), st.integers(5_000, 20_000), texts).map(
    lambda parts: f"{parts[0] * parts[1]} {parts[2]}"
)
terms = st.lists(
    st.lists(st.sampled_from(PIECES[:36]), min_size=1, max_size=3).map("".join)
    | st.lists(st.sampled_from(PIECES[:36]), min_size=1, max_size=3).map(" ".join),
    min_size=1,
    max_size=4,
    unique=True,
)
slowly = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


# ------------------------------------------------------------------------------------------------ the references


def folded(text: str) -> str:
    """Fold character by character, as the desk shows what matched."""
    return fold_with_places(text)[0]


def words(text: str) -> list[str]:
    """Return the words of a folded text: runs of letters, marks and digits."""
    found, word = [], ""
    for char in text:
        if char.isalnum() or unicodedata.category(char)[0] == "M":
            word += char
        elif word:
            found.append(word)
            word = ""
    return [*found, word] if word else found


def holds_words(text: str, term: str) -> bool:
    """Say whether the words of a term stand in a text, one after the other."""
    there, wanted = words(folded(text)), words(folded(term))
    return any(there[at : at + len(wanted)] == wanted for at in range(len(there) - len(wanted) + 1)) and bool(
        wanted
    )


def holds_part(text: str, part: str) -> bool:
    """Say whether a part begins anywhere in a text."""
    return any(text[at : at + len(part)] == part for at in range(len(text) - len(part) + 1))


def alike(one: str, other: str) -> float:
    """Return the share of pieces of three characters that two texts have in common."""

    def pieces(text: str) -> set[str]:
        spaced = f" {' '.join(words(folded(text)))} "[:LONGEST]
        return {spaced[at : at + 3] for at in range(len(spaced) - 2)}

    ours, theirs = pieces(one), pieces(other)
    either = ours | theirs
    return len(ours & theirs) / len(either) if either else 0.0


# ------------------------------------------------------------------------------------------------- both ways


def quoted(found: Iterable[str]) -> str:
    return ", ".join(f"r{json.dumps(one, ensure_ascii=False)}" for one in found)


def writable(found: Iterable[str]) -> bool:
    """Whether texts can stand in raw quotes, and mean themselves there."""
    return not any(set('"\\\n\r\x00\u2028\u2029\x85\x0b\x0c') & set(one) for one in found)


def judged(packs: Any, conditions: list[str], event: Event, lists: Any = None) -> dict[str, bool | None]:
    """Return the outcome of each condition on which both ways agree. Those that the checker refuses are left out."""
    out: dict[str, bool | None] = {}
    for condition in conditions:
        files = packs.files(condition, f"not ({condition})")
        loaded = load_pack(files, lists or {})
        if loaded.pack is None:
            assert {one.code for one in loaded.errors} <= {"P201", "P204", "P205", "P206"}, loaded.errors
            continue
        engine = compile_pack(loaded.pack)
        verdict = engine.judge(event, measure(event, engine.needs), NO_COUNTERS)
        assert verdict.quarantined == ()
        fired = {firing.rule for firing in verdict.firings}
        assert len(fired) <= 1
        told = True if "r0" in fired else False if "r1" in fired else None
        assert outcome(loaded.pack.rules[0].when, Seen(event, measure(event))) is told, condition
        out[condition] = told
    return out


def check(packs: Any, event: Event, wanted: dict[str, bool], lists: Any = None) -> None:
    for condition, told in judged(packs, list(wanted), event, lists).items():
        assert told is wanted[condition], (condition, event.item.text)


@given(terms, texts | huge)
@example(["ربح سريع"], "")
@example(["free money"], "FREE\u200b mo\u0301ney")
@example(["𑄇\U00011133"], "x 𑄇\U00011133 y")
@slowly
def test_contains_any_and_word_on_whole_words(
    packs: Any, make_event: Any, found: list[str], text: str
) -> None:
    assume(writable(found))
    any_of = any(holds_words(text, term) for term in found)
    check(
        packs,
        make_event(text),
        {
            f"contains_any(text.folded, [{quoted(found)}])": any_of,
            f"word(text.folded, {quoted(found)})": any_of,
        },
    )


@given(terms, texts | huge)
@slowly
def test_parts_and_both_ends_of_raw_and_folded_texts(
    packs: Any, make_event: Any, found: list[str], text: str
) -> None:
    assume(writable(found))
    lower, raw = folded(text), text
    asked = [one for one in map(folded, found) if one.strip()]
    wanted = {
        f"contains_any(text.raw, [{quoted(found)}], words=False)": any(holds_part(raw, one) for one in found),
        f"starts_with(text.raw, {quoted(found)})": any(raw[: len(one)] == one for one in found),
        f"ends_with(text.raw, {quoted(found)})": any(
            raw[max(len(raw) - len(one), 0) :] == one for one in found
        ),
        f"len(text.raw) > {len(raw) // 2}": len(raw) > len(raw) // 2,
        f"len(text.folded) == {len(lower)}": True,
    }
    if len(asked) == len(found):  # else a term has nothing left, which the checker says
        wanted |= {
            f"contains_any(text.folded, [{quoted(found)}], words=False)": any(
                holds_part(lower, one) for one in asked
            ),
            f"starts_with(text.folded, {quoted(found)})": any(lower[: len(one)] == one for one in asked),
            f"ends_with(text.folded, {quoted(found)})": any(
                lower[max(len(lower) - len(one), 0) :] == one for one in asked
            ),
        }
    check(packs, make_event(text), wanted)


@given(terms, texts)
@slowly
def test_other_texts_are_searched_as_they_are_or_folded(
    packs: Any, make_event: Any, found: list[str], text: str
) -> None:
    assume(writable(found))
    event = make_event("", author={"name": text}, item={"title": text})
    check(
        packs,
        event,
        {
            f"contains_any(author.name, [{quoted(found)}], words=False)": any(
                holds_part(text, one) for one in found
            ),
            f"contains_any(folded(author.name), [{quoted(found)}])": any(
                holds_words(text, one) for one in found
            ),
            f"folded(item.title) == {quoted(found[:1])}": folded(text) == folded(found[0]),
            f"len(author.name) == {len(text)}": True,
        },
    )


@given(st.lists(texts.filter(bool), max_size=4), terms)
@slowly
def test_lists_of_texts_hold_if_one_of_them_does(
    packs: Any, make_event: Any, labels: list[str], found: list[str]
) -> None:
    assume(writable(found))
    event = make_event("", author={"labels": labels})
    values = (
        OutsideList("ids", pack_list(ListKind.VALUES, found)[0]) if all(map(str.isprintable, found)) else None
    )
    wanted = {
        f"any_in(author.labels, [{quoted(found)}])": any(one in found for one in labels),
        f"contains_any(author.labels, [{quoted(found)}], words=False)": any(
            holds_part(label, one) for label in labels for one in found
        ),
        f"starts_with(author.labels, {quoted(found)})": any(
            label[: len(one)] == one for label in labels for one in found
        ),
        f"len(author.labels) == {len(labels)}": True,
        f"{quoted(found[:1])} in author.labels": found[0] in labels,
    }
    lists = {}
    if values is not None:
        lists = {"ids": values}
        wanted['any_in(author.labels, list("ids"))'] = any(one in found for one in labels)
    check(packs, event, wanted, lists)


@given(st.lists(st.sampled_from(PIECES[:20]), min_size=1, max_size=6).map(" ".join), texts | huge)
@example("free money now", "money free now")
@slowly
def test_similar_is_the_share_of_common_pieces(packs: Any, make_event: Any, target: str, text: str) -> None:
    assume(writable([target]) and len(" ".join(words(folded(target)))) >= SHORT_TARGET)
    share = alike(text, target)
    for least in (0.25, 0.5, 0.8):
        if abs(share - least) > 1e-9:
            check(
                packs,
                make_event(text),
                {f"similar(text.folded, {quoted([target])}, at_least={least})": share >= least},
            )


# Patterns whose meaning Python's `re` and RE2 share, on texts of any script.
PATTERNS: dict[str, str] = {
    "wi[mn]+": "wi[mn]+",
    "[a-c]1|ربح": "[a-c]1|ربح",
    "fr.e": "fr.e",
    "^x": r"\Ax",
    "x$": r"x\Z",
    "(?:kk|w)i?n{1,2}": "(?:kk|w)i?n{1,2}",
    "[^a-z ]{3}": "[^a-z ]{3}",
    "س[رك]يع": "س[رك]يع",
    "😀+": "😀+",
}


@given(st.sampled_from(sorted(PATTERNS)), texts | huge)
@slowly
def test_matches_finds_what_a_backtracking_engine_finds(
    packs: Any, make_event: Any, pattern: str, text: str
) -> None:
    plain = re.compile(PATTERNS[pattern])
    lower = folded(text)
    check(
        packs,
        make_event(text),
        {
            f'matches(text.folded, r"{pattern}")': plain.search(lower) is not None,
            f'matches(text.raw, r"{pattern}")': plain.search(text) is not None,
        },
    )


@given(texts)
@slowly
def test_matches_on_words_covers_whole_ones(packs: Any, make_event: Any, text: str) -> None:
    check(
        packs,
        make_event(text),
        {
            f'matches(text.folded, r"{pattern}", words=True)': any(
                re.fullmatch(pattern, " ".join(there[at:end]))
                for there in [words(folded(text))]
                for at in range(len(there))
                for end in range(at + 1, len(there) + 1)
            )
            for pattern in ("wi[mn]+", "ربح|free", "[a-z]1", "free win")
        },
    )


REFERENCES: dict[str, Callable[..., object]] = {
    "contains_any": holds_words, "word": holds_words, "starts_with": holds_part, "ends_with": holds_part, "len": len,
    "folded": folded, "matches": re.search, "similar": alike, "any_in": holds_part,
}  # fmt: skip


def test_every_function_that_reads_a_text_has_a_reference() -> None:
    elsewhere = {  # counters, marks, banks, territories, other rules: no texts
        "known", "list", "count", "distinct", "sum", "rate", "marked", "bank", "rule", "territory",
    }  # fmt: skip
    assert set(FUNCTIONS) == set(REFERENCES) | elsewhere


@pytest.mark.parametrize(
    "text", ["", "a", "  a  b ", "k.i.l.l", "مَرحبًا", "𑄇\U00011133 x", "1٣", "a_b", "क\u093f"]
)
def test_the_reference_of_words_is_not_empty_talk(text: str) -> None:
    assert "".join(words(text)) == "".join(char for char in text if unicodedata.category(char)[0] in "LNM")
