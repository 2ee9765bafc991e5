"""The functional tests themselves: that they are whole, apart from what models learn, and name groups fairly."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from training.corpora import SEEDED, SEEDS, book_of, seeds

from hakam.signals.evaluation import functional
from hakam.signals.evaluation.baselines import baselines
from hakam.signals.evaluation.functional import LANGUAGES, all_cases, cases
from hakam.signals.evaluation.groups import GROUPS, groups_named
from hakam.signals.fold import fold_words
from hakam.signals.models.heads import Head


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_tests_what_must_and_what_must_not_be_flagged(language: str) -> None:
    found = list(cases(language))
    assert len(found) >= 400
    for head in (Head.HATE, Head.THREAT, Head.EXTREMISM, Head.HARASSMENT, Head.SPAM, Head.SEXUAL):
        assert {case.expected for case in found if case.head is head} == {True, False}
    assert len({case.text for case in found}) == len(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_tests_the_same_kinds_but_for_its_tricks_and_dialects(language: str) -> None:
    english, other = ({case.function for case in cases(one)} for one in ("en", language))
    own = ("spelling", "tatweel", "dialect")
    assert {name for name in english ^ other if not any(word in name for word in own)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_right_for_a_kind_is_the_same_in_every_language(language: str) -> None:
    right = {case.function: (case.head, case.expected) for case in cases("en")}
    for case in cases(language):
        assert right.get(case.function, (case.head, case.expected)) == (case.head, case.expected)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slot_is_filled(language: str) -> None:
    assert [case.text for case in cases(language) if set("{}") & set(case.text)] == []


def test_five_dialects_of_arabic_are_tested() -> None:
    named = {case.function for case in cases("ar") if case.function.startswith("hate in ")}
    for dialect in ("Egyptian", "Levantine", "Gulf", "Iraqi", "Maghrebi"):
        assert f"hate in {dialect} dialect" in named


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "harmless",
    [
        "counter-speech that quotes",
        "counter-speech that answers",
        "news about hate",
        "reclaimed words",
        "negated hate",
        "negated threat",
        "report of a threat",
        "asking for help against violence",
        "a survivor tells",
        "condemnation of terrorism",
        "banter among friends",
    ],
)
def test_what_classifiers_use_to_get_wrong_is_among_them(language: str, harmless: str) -> None:
    found = [case for case in cases(language) if case.function == harmless]
    assert len(found) >= 2
    assert not any(case.expected for case in found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_group_stands_in_as_many_cases(language: str) -> None:
    counts = Counter(case.group for case in cases(language) if case.group)
    assert len(set(counts.values())) == 1


def test_no_model_learns_from_them() -> None:
    learnt = {fold_words(row.text) for row in seeds()}
    assert [case.text for case in all_cases() if fold_words(case.text) in learnt] == []


def _sentences(path: Path) -> set[str]:
    """Return the templates of a file of seeds or of functional tests."""
    book = book_of(path)
    return {text for part in book.get("sets", book.get("functions")) for text in part["texts"]}


def _runs(template: str) -> set[tuple[str, ...]]:
    """Return all runs of five words of a template, a slot being a word."""
    words = fold_words(re.sub(r"\{\w+\}", " § ", template)).split()
    return {tuple(words[n : n + 5]) for n in range(len(words) - 4)}


@pytest.mark.parametrize("language", SEEDED)
def test_no_seed_shares_five_words_in_a_row_with_a_test(language: str) -> None:
    first = book_of(SEEDS / "other.yaml")["languages"][language]
    learnt = _sentences(SEEDS / f"{language}.yaml") | {text for texts in first.values() for text in texts}
    tested = _sentences(Path(functional.__file__).parent / "functional" / f"{language}.yaml")
    assert len(tested) >= 100
    seen = {run for template in learnt for run in _runs(template)}
    assert {template: shared for template in tested if (shared := _runs(template) & seen)} == {}


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("Many women and refugees", ("women", "immigrants and refugees")),
        ("المهاجرين في مدينتنا", ("immigrants and refugees",)),
        ("the weather is fine", ()),
        ("womenswear", ()),
    ],
)
def test_groups_are_found_by_their_words(text: str, groups: tuple[str, ...]) -> None:
    assert groups_named(text) == groups
    assert set(groups) <= set(GROUPS)


def test_baselines_are_shares() -> None:
    for heads in baselines().values():
        for macro_f1, auc in heads.values():
            assert 0 < macro_f1 < auc < 1
