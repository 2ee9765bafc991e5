r"""Patterns: RE2 only (linear in the text, whatever the pattern), made fit for folded text, traps refused.

`\b`, `\B`, `\w` and `\W` know ASCII alone in RE2, so around an Arabic word they never match as meant.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import re2  # type: ignore[import-untyped]  # has no types

from hakam.signals.fold import fold

MAX_PATTERN = 2_000
MAX_PROGRAM = 8 << 20  # bytes that one compiled pattern may take

Problem = Callable[[str, str, str | None], None]  # code, message, hint

_ASCII_ONLY = frozenset("bBwW")


def options(max_mem: int = MAX_PROGRAM) -> re2.Options:
    """Return how Hakam compiles every pattern."""
    chosen = re2.Options()
    chosen.max_mem = max_mem
    chosen.log_errors = False
    return chosen


def prepare(pattern: str, problem: Problem, *, folded: bool, words: bool) -> str | None:
    """Return the pattern as it is searched, or `None` when it can't be; what is wrong goes to `problem`."""
    if not pattern:
        problem("P204", "an empty pattern matches everything", "write what the text must hold")
        return None
    if len(pattern) > MAX_PATTERN:
        problem(
            "P203",
            f"a pattern of {len(pattern):,} characters",
            f"at most {MAX_PATTERN:,}; long lists of words go into `lists/`",
        )
        return None
    pieces = _pieces(pattern)
    for piece in pieces:
        if piece[0] == "\\" and piece[1:2] in _ASCII_ONLY:
            problem("P202", f"`{piece}` knows ASCII letters only", _ascii_hint(piece[1]))
            return None
    if folded or words:
        pattern = _fold_pieces(pieces, problem)
    try:
        compiled = re2.compile(pattern, options())
    except re2.error as error:
        _refused(str(error), problem)
        return None
    if compiled.search("") is not None or compiled.search("\x00") is not None:
        problem("P204", "the pattern matches any text", "make it ask for at least one character of its own")
        return None
    return f" (?:{pattern}) " if words else pattern


def _ascii_hint(letter: str) -> str:
    if letter in "bB":
        return "use `word(...)`, or `matches(..., words=True)`, which know words of every script"
    return r"use `[\p{L}\p{N}]` for a letter or digit of any script"


def _refused(error: str, problem: Problem) -> None:
    text = error.removeprefix("b'").removesuffix("'")
    hint = None
    if "perl operator" in text:
        hint = "RE2 has no look-around: combine two conditions with `and not`"
    elif "escape sequence" in text:
        hint = r"RE2 has no back references; a literal backslash is `\\`"
    if "too large" in text or "repetition size" in text:
        problem("P203", f"the pattern is too large: {text}", "lower the counts in braces")
        return
    problem("P201", f"not an RE2 pattern: {text}", hint)


def _pieces(pattern: str) -> list[str]:
    r"""Split a pattern into escapes (`\p{L}`, `\Q...\E`), and single characters, nothing lost."""
    found: list[str] = []
    at, end = 0, len(pattern)
    while at < end:
        char = pattern[at]
        if char != "\\" or at + 1 >= end:
            found.append(char)
            at += 1
            continue
        following = pattern[at + 1]
        stop = at + 2
        if following == "Q":
            close = pattern.find("\\E", stop)
            stop = end if close < 0 else close + 2
        elif following in "pPx" and pattern[stop : stop + 1] == "{":
            close = pattern.find("}", stop)
            stop = end if close < 0 else close + 1
        elif following in "pP":
            stop += 1
        elif following == "x":
            stop += 2
        found.append(pattern[at:stop])
        at = stop
    return found


def _fold_pieces(pieces: list[str], problem: Problem) -> str:  # noqa: C901 -- one branch for each kind of node
    """Fold the letters of a pattern one by one, and say so where folding can't be done letter by letter."""
    out: list[str] = []
    run, in_class = "", False
    lost: list[str] = []

    def end_run() -> None:
        nonlocal run
        if len(run) > 1 and run.isalpha() and fold(run) != "".join(map(_fold_letter, run)):
            lost.append(run)
        run = ""

    group_name = False
    for n, piece in enumerate(pieces):
        before = pieces[n - 1] if n else ""
        if piece == "(" and pieces[n + 1 : n + 2] == ["?"]:
            group_name = True
        elif group_name and piece in ":>)":
            group_name = False
        if group_name:
            end_run()
            out.append(piece)
            continue
        if piece == "[" and not in_class:
            in_class = True
        elif piece == "]" and in_class and before not in {"[", "^"}:
            in_class = False
        if len(piece) == 1 and (piece.isalpha() or unicodedata.category(piece) == "Mn"):
            letter = _fold_letter(piece)
            out.append(letter or ("" if in_class else "(?:)"))
            run = "" if in_class else run + piece
            continue
        if piece in "*+?{" and run:
            run = run[:-1]
        end_run()
        out.append(piece)
    end_run()
    for text in lost:
        problem(
            "P205",
            f"folded text never holds `{text}`",
            f"folding makes it `{fold(text)}`; or search `text.raw`",
        )
    return "".join(out)


def _fold_letter(letter: str) -> str:
    changed = fold(letter)
    return changed if len(changed) <= 1 else letter
