"""Where in a text the words stand that made a rule fire.

A rule sees the folded text, where spacing tricks and look-alikes are gone. Here the folding is followed back: a run of
words of the text matches when it folds to what the rule saw.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hakam.signals import skeleton
from hakam.signals.fold import fold, split_words

_TOKEN = re.compile(r"\S+")
LONGEST_RUN = 12  # words that one match may span: enough for a letter-by-letter spelling
MOST_WORDS = 3_000  # of a text that are searched; the rest is shown unmarked
SHORTEST = 2  # letters


def seen_words(values: Mapping[str, Any]) -> set[str]:
    """Return every text among the values that a rule saw, folded."""
    out: set[str] = set()
    todo: list[Any] = list(values.values())
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            out.add(split_words(fold(value)).strip())
        elif isinstance(value, Mapping):
            todo.extend(value.values())
        elif isinstance(value, list | tuple):
            todo.extend(value)
    return {words for words in out if len(words) >= SHORTEST}


def spans(text: str, wanted: Iterable[str]) -> list[tuple[int, int]]:
    """Return [start, end) of every run of words in `text` that folds to one of `wanted` (folded already)."""
    targets = set(wanted)
    if not targets or not text:
        return []
    tokens = [found.span() for found in _TOKEN.finditer(text)][:MOST_WORDS]
    longest = max(len(target) for target in targets)
    out = set(skeleton.spans(text, sorted(targets)))
    for first, (start, _end) in enumerate(tokens):
        for last in range(first, min(first + LONGEST_RUN, len(tokens))):
            end = tokens[last][1]
            folded = split_words(fold(text[start:end])).strip()
            if folded in targets:
                out.add((start, end))
                break
            if len(folded) > longest:
                break
    return sorted(out)
