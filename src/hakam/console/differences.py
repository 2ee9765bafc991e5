"""Two texts, word by word: what was taken out, what was put in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final, NamedTuple

_TOKENS = re.compile(r"\s+|\w+|[^\w\s]", re.UNICODE)
MOST_PAIRS = 400_000
"""Pairs of words beyond which whole lines are compared, and of lines beyond which nothing is: time grows with them."""


class Change(StrEnum):
    """What happened to a run of words."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


class Run(NamedTuple):
    """A run of words with one fate."""

    change: Change
    text: str


class Left(NamedTuple):
    """Lines in between that stay as they are and are left out."""

    lines: int


BESIDE: Final = 3
"""Lines that are shown before and after a change in a file."""


def around(runs: Sequence[Run]) -> list[Run | Left]:
    """Return the runs of a file with some lines beside each change, and how many are left out between them."""
    out: list[Run | Left] = []
    for n, run in enumerate(runs):
        lines = run.text.splitlines(keepends=True)
        # The line in which a change ends and the one in which the next begins belong to the changes.
        before, after = (BESIDE + 1 if n else 0), (BESIDE + 1 if n < len(runs) - 1 else 0)
        left = len(lines) - before - after
        if run.change is not Change.SAME or left < BESIDE:
            out.append(run)
            continue
        out += [Run(Change.SAME, "".join(lines[:before]))] * bool(before)
        out.append(Left(left))
        out += [Run(Change.SAME, "".join(lines[len(lines) - after :]))] * bool(after)
    return out


def differences(old: str, new: str) -> list[Run]:
    """Return the runs from `old` to `new`; the kept and added ones spell `new`, the kept and removed `old`."""
    a, b = _TOKENS.findall(old), _TOKENS.findall(new)
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    middle = _between(a[head : len(a) - tail], b[head : len(b) - tail])
    kept = (Run(Change.SAME, "".join(a[:head])), *middle, Run(Change.SAME, "".join(a[len(a) - tail :])))
    return [run for run in kept if run.text]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    return next(
        (n for n, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b))
    )


def _between(a: list[str], b: list[str]) -> list[Run]:
    if len(a) * len(b) > MOST_PAIRS:
        a, b = ("".join(tokens).splitlines(keepends=True) for tokens in (a, b))
    if len(a) * len(b) > MOST_PAIRS:
        return [Run(Change.REMOVED, "".join(a)), Run(Change.ADDED, "".join(b))]
    out: list[Run] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            out.append(Run(Change.SAME, "".join(a[i1:i2])))
            continue
        out.append(Run(Change.REMOVED, "".join(a[i1:i2])))
        out.append(Run(Change.ADDED, "".join(b[j1:j2])))
    return out
