"""A harm has one word in each language of letters, and one place among the groups of the form."""

from __future__ import annotations

import pytest
from django.utils import translation

from hakam.enforcement.letters import LANGUAGES
from hakam.intake.harms import GROUPS, HARMS, harm_word
from hakam.vocabulary.harm import Harm


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_harm_has_its_own_word_and_never_its_key(language: str) -> None:
    with translation.override(language):
        words = [harm_word(key) for key in Harm]
    assert len(set(words)) == len(Harm)
    assert not set(words) & set(Harm)


def test_what_is_no_harm_of_ours_keeps_its_name() -> None:
    assert harm_word("made_up") == "made_up"
    assert harm_word("") == ""


def test_each_harm_stands_in_one_group() -> None:
    assert sum(len(words) for _title, words in GROUPS) == len(HARMS) == len(Harm)
