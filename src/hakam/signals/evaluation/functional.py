"""Functional tests: small sets of sentences, each for one thing that a classifier must be able to do.

In the manner of HateCheck (Roettger et al. 2021), written anew; see `functional/*.yaml`. Models never train on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from hakam.signals.models.heads import Head

LANGUAGES = ("en", "ar", "de", "es", "fr", "hi", "it", "pt", "tr", "ur", "ur-Latn")


class Case(NamedTuple):
    """One sentence and what is right for it. `group` is the group that it names, if any."""

    language: str
    function: str
    head: Head
    expected: bool
    text: str
    group: str = ""


def cases(language: str) -> Iterator[Case]:
    """Yield the cases of a language, each sentence once for each group that its slot takes.

    A language that bends its nouns names each group in several forms; a case knows its group by the first, `group`.
    """
    book = _book(language)
    groups = [group if isinstance(group, dict) else {"group": group} for group in book["groups"]]
    for function in book["functions"]:
        head, expected = Head(function["head"]), bool(function["expected"])
        for text in function["texts"]:
            for forms in groups if "{" in text else [{}]:
                filled = text
                for name, words in forms.items():
                    filled = filled.replace(f"{{{name}}}", words)
                yield Case(language, function["name"], head, expected, filled, forms.get("group", ""))


@cache
def _book(language: str) -> Any:
    file = resources.files("hakam.signals.evaluation") / "functional" / f"{language}.yaml"
    return YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))


def all_cases() -> list[Case]:
    """Return the cases of all languages."""
    return [case for language in LANGUAGES for case in cases(language)]
