"""Two texts, word by word: what was taken out, what was put in."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

_TOKENS = re.compile(r"\s+|\w+|[^\w\s]", re.UNICODE)
LONGEST = 20_000
"""Tokens beyond which whole lines are compared: the comparison's time grows with the square."""


class Change(StrEnum):
    """What happened to a run of words."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


class Run(NamedTuple):
    """A run of words with one fate."""

    change: Change
    text: str


def differences(old: str, new: str) -> list[Run]:
    """Return the runs that lead from `old` to `new`; the kept and added ones spell `new`."""
    cut = _TOKENS.findall if len(old) + len(new) < LONGEST else lambda text: text.splitlines(keepends=True)
    a, b = cut(old), cut(new)
    out: list[Run] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            out.append(Run(Change.SAME, "".join(a[i1:i2])))
            continue
        if i2 > i1:
            out.append(Run(Change.REMOVED, "".join(a[i1:i2])))
        if j2 > j1:
            out.append(Run(Change.ADDED, "".join(b[j1:j2])))
    return out
