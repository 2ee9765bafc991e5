"""Conditions of the rule language from keywords and patterns of other systems."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hakam.importing.boundaries import END, NO_WORD, START, WORD, parts, without_edges
from hakam.importing.carried import UnsupportedError
from hakam.policy.patterns import MAX_PATTERN, prepare

_PLAIN = re.compile(r"[^\W_]+(?:[ '\u2019-][^\W_]+)*")
_SPECIAL = re.compile(r"([\\.^$*+?{}\[\]|()])")
_ESCAPE = re.compile(r"\\(?:\\|u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^\x00-\x7f]|_))")
_QUOTE = re.compile(r'\\.|"', re.DOTALL)  # what a backslash stands before goes with it
_LONGEST = (
    1_200  # characters of patterns that are joined: a pattern may have 2,000 with what stands around them
)
_SHOWN = 80  # characters of a pattern that a note shows
_MOST = 4 * MAX_PATTERN  # characters of a pattern that is looked at: remarks in it are left out
_SIGNS = {
    r"\w": WORD,
    r"\W": NO_WORD,
    r"\d": r"\p{Nd}",
    r"\D": r"\P{Nd}",
    r"\s": r"[\s\pZ]",
    r"\S": r"[^\s\pZ]",
    r"\Z": r"\z",
}
_IN_SETS = {r"\w": r"\p{L}\p{N}_", r"\d": r"\p{Nd}", r"\D": r"\P{Nd}", r"\s": r"\s\pZ"}
MANY = 12  # terms that still stand in the rule itself


def quoted(text: str) -> str:
    """Return a text as a constant of the language."""
    raw = "r" if "\\" in text else ""
    for mark in ('"', "'"):
        if mark not in text and "\n" not in text and not text.endswith("\\"):
            return f"{raw}{mark}{text}{mark}"
    raise UnsupportedError(f"a text with both kinds of quotes: {text[:60]!r}")


def escaped(text: str) -> str:
    """Return a pattern that finds a text as it stands."""
    return _SPECIAL.sub(r"\\\1", text)


def whole_word(text: str) -> str:
    """Return a pattern that finds a text as a whole word. An edge of it that is no letter needs no boundary."""
    start = START if re.match(r"\w", text) else ""
    end = END if re.search(r"\w$", text) else ""
    return f"{start}{escaped(text)}{end}"


def is_plain(text: str) -> bool:
    """Whether a term is of words alone, so that whole words of the folded text find it."""
    return _PLAIN.fullmatch(text) is not None


def either(conditions: Iterable[str]) -> str:
    """Join conditions by `or`, in parentheses if there are several."""
    given = list(dict.fromkeys(conditions))
    return given[0] if len(given) == 1 else f"({' or '.join(given)})"


def found(field: str, pattern: str, *, case: bool = False) -> str:
    """Return the condition that a pattern is found in a field."""
    flags = "" if case else "(?i)"
    return f"matches({field}, {quoted(flags + _QUOTE.sub(_without_quotes, pattern).replace(chr(10), chr(92) + 'n'))})"


def _without_quotes(match: re.Match[str]) -> str:
    return r"\x22" if match[0] in {'"', '\\"'} else match[0]


def folded(field: str) -> str:
    """Return the folded form of a text field."""
    return "text.folded" if field == "text.raw" else f"folded({field})"


def joined(patterns: Iterable[str]) -> list[str]:
    """Join patterns as alternatives, in as few as their length allows."""
    made: list[str] = []
    for one in dict.fromkeys(patterns):
        if made and len(made[-1]) + len(one) < _LONGEST:
            made[-1] += f"|{one}"
        else:
            made.append(one)
    return made


def shown(pattern: str) -> str:
    """Return a pattern, or how it begins, as a note names it."""
    return f"the pattern `{pattern if len(pattern) <= _SHOWN else pattern[:_SHOWN] + ' ...'}`"


def sayable(
    patterns: Iterable[str],
    notes: list[str],
    *,
    all_needed: bool = False,
    any_needed: bool = True,
    dot_all: bool = False,
) -> dict[str, str]:
    """Return those of several patterns that can be said here, each with its translation; `notes` hears of differences.

    A pattern less makes a rule act on fewer, so the others stay without it, which `notes` hears too. Where all are
    needed, as behind `not`, or none is left where any is, raises `UnsupportedError`.
    """
    said: dict[str, str] = {}
    lost: list[str] = []
    for pattern in patterns:
        try:
            ours, differs = translated(pattern, dot_all=dot_all)
            prepare(f"(?s:{ours})", _refuse, folded=False, words=False)
        except UnsupportedError as error:
            lost.append(f"{shown(pattern)}: {error}")
            continue
        said[pattern] = ours
        notes += differs
    if lost and (all_needed or (any_needed and not said)):
        raise UnsupportedError(lost[0])
    notes += [f"without {one}" for one in lost]
    return said


def _refuse(_code: str, message: str, _hint: str) -> None:
    raise UnsupportedError(message)


def _as_re2(match: re.Match[str]) -> str:
    """Return a sign that is named by its number, or has a backslash that it does not need, as RE2 takes it."""
    number = match[1] or match[2] or match[3]
    return f"\\x{{{number}}}" if number else match[4] or match[0]


def translated(pattern: str, *, dot_all: bool = False) -> tuple[str, list[str]]:
    r"""Return a pattern of Python, Rust or PCRE as RE2 takes it here, and what differs. Raises `UnsupportedError`.

    `\w`, `\d` and `\s` become letters, digits and spaces of every script, and `\b` what it asks for on either side.
    `dot_all` says whether its dot is the end of a line too.
    """
    if len(pattern) > _MOST:
        raise UnsupportedError(f"{len(pattern):,} characters, and a pattern here has {MAX_PATTERN:,} at most")
    if re.search(r"\(\?(?:[=!]|<[=!])", pattern):
        raise UnsupportedError("look-around, which RE2 does not have")
    if re.search(r"\\[1-9]|\(\?P=", pattern):
        raise UnsupportedError("a back reference, which RE2 does not have")
    said, notes = without_edges(parts(_ESCAPE.sub(_as_re2, pattern)), dot_all=dot_all)
    return "".join(f"{_sign(part.sign)}{part.times}" for part in said), list(dict.fromkeys(notes))


def _sign(sign: str) -> str:
    if sign.startswith("[") and len(sign) > 1 and sign not in {WORD, NO_WORD}:
        return _set(sign)
    return _SIGNS.get(sign, sign)


def _set(sign: str) -> str:
    for part, why in (("\\W", ""), ("&&", ", which RE2 takes for the sign itself")):
        if part in sign:
            raise UnsupportedError(f"`{part}` inside brackets{why}")
    any_ = r"\s" in sign and r"\S" in sign
    return re.sub(
        r"\\.", lambda one: one[0] if any_ and one[0] == r"\s" else _IN_SETS.get(one[0], one[0]), sign
    )
