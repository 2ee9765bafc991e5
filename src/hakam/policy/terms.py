"""The checker's part for terms that stand in a rule: twice the same, one within another, patterns, names of lists."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from hakam.policy.kinds import Kind
from hakam.policy.listed import twice
from hakam.policy.tree import Field, How, Value
from hakam.signals.fold import fold, split_words

if TYPE_CHECKING:
    from hakam.policy.check import Expression

Given = list[tuple[str, ast.expr | None]]
MAX_COMPARED = 200  # terms: longer lists stand in files
_PATTERN = re.compile(r"\\[bBdDsSwW]|\.[*+]|\[[^\]]+\][*+?{]|\w\[[^\]]+\]\w|\(\?|^\^|\w\{[0-9]|[(]\w+[|]")
_WILD = re.compile(r"\*.*[^*].*|.*[^*].*\*", re.DOTALL)
_PARTS: dict[How, Callable[[str, str], bool]] = {
    How.WORDS: str.__contains__,
    How.CONTAINS: str.__contains__,
    How.STARTS: str.startswith,
    How.ENDS: str.endswith,
}


def check_terms(check: Expression, of: Value, given: Given, how: How) -> None:
    """Report what is odd about terms that stand in the rule itself; those of a list's file have no place here."""
    here = [(term, at) for term, at in given if at is not None]
    folded = of.kind is Kind.FOLDED
    for term, at in here:
        _as_host(check, of, term, at)
        if folded:
            _as_pattern(check, term, at, how)
        if term in check.checker.names.lists or term in check.checker.names.outside:
            message = f"`{term}` is the name of a list, and is searched as a word"
            check.problem("P211", message, at, f'write `list("{term}")` in place of the terms')
    if len(here) <= MAX_COMPARED:
        _among_others(check, here, how, folded=folded)


def _as_host(check: Expression, of: Value, term: str, at: ast.expr) -> None:
    """Report what no host holds: capitals, which are lost, a scheme, a path, a star."""
    if not isinstance(of, Field) or of.spec.host is None:
        return
    meant = term.lower()
    meant = meant.partition("://")[2] if "://" in meant else meant
    meant = meant.partition("/")[0]
    if "*" in meant:
        message = f"`{term[:60]}` is searched as it stands: a star stands for nothing"
        check.problem("P209", message, at, f"did you mean `{meant.strip('*')[:60]}`?")
    elif meant != term:
        hint = f"did you mean `{meant[:60]}`?" if meant.strip(".") else "search `links.urls`"
        check.problem("P113", f"`{of.spec.path}` never holds `{term[:60]}`", at, hint)


def _as_pattern(check: Expression, term: str, at: ast.expr, how: How) -> None:
    """Report stars, percent signs and signs of patterns, which folding takes away."""
    searched = (split_words(fold(term)) if how is How.WORDS else fold(term)).strip()
    if not searched:
        return
    if _WILD.fullmatch(term) or (term[0] == term[-1] == "%" and len(term) > 2):  # noqa: PLR2004 -- both signs
        message = f"`{term[:60]}` is searched as `{searched[:60]}`: its signs stand for nothing"
        hint = f"write `{term.strip('*%')[:60]}`; `words=False` finds parts of words"
        check.problem("P209", message, at, hint)
    elif _PATTERN.search(term):
        message = f"`{term[:60]}` is searched as `{searched[:60]}`: its signs stand for nothing"
        check.problem("P209", message, at, 'patterns stand in `matches(text.folded, r"...")`')


def _among_others(check: Expression, here: list[tuple[str, ast.expr]], how: How, *, folded: bool) -> None:
    """Report terms that say the same, and those that are found only where another is found."""
    read: dict[str, tuple[str, ast.expr]] = {}
    for term, at in here:
        ready = fold(term) if folded else term
        ready = split_words(ready) if how is How.WORDS else ready
        if not ready.strip():
            continue
        first = read.get(ready)
        twice(check, None if first is None else first[0], term, at)
        read.setdefault(ready, (term, at))
    for ready, (term, at) in read.items():
        shorter = next((one for one in read if one != ready and _PARTS[how](ready, one)), None)
        if shorter is not None:
            message = f"`{term[:60]}` adds nothing: `{read[shorter][0][:60]}` is found wherever it is"
            check.problem("P210", message, at, "remove it, or the shorter one")
