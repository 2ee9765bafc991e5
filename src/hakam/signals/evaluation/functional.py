"""Functional tests: small sets of sentences, each for one thing that a classifier must be able to do.

In the manner of HateCheck (Roettger et al. 2021), written anew; see `functional/*.yaml`. Models never train on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

from ruamel.yaml import YAML

from hakam.signals.models.heads import Head

LANGUAGES = ("en", "ar")


class Case(NamedTuple):
    """One sentence and what is right for it. `group` is the group that it names, if any."""

    language: str
    function: str
    head: Head
    expected: bool
    text: str
    group: str = ""


def cases(language: str) -> Iterator[Case]:
    """Yield the cases of a language, each sentence once for each group that its slot takes."""
    file = resources.files("hakam.signals.evaluation") / "functional" / f"{language}.yaml"
    book = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    for function in book["functions"]:
        head, expected = Head(function["head"]), bool(function["expected"])
        for text in function["texts"]:
            for group in book["groups"] if "{group}" in text else ("",):
                filled = text.replace("{group}", group)
                yield Case(language, function["name"], head, expected, filled, group)


def all_cases() -> list[Case]:
    """Return the cases of all languages."""
    return [case for language in LANGUAGES for case in cases(language)]
