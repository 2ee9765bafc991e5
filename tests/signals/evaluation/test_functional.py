"""The functional tests themselves: that they are whole, apart from what models learn, and name groups fairly."""

from __future__ import annotations

from collections import Counter

import pytest
from training.corpora import seeds

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


def test_both_languages_test_the_same_kinds_but_for_their_tricks_and_dialects() -> None:
    english, arabic = ({case.function for case in cases(language)} for language in LANGUAGES)
    own = ("spelling", "tatweel", "dialect")
    assert {name for name in english ^ arabic if not any(word in name for word in own)} == set()


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
