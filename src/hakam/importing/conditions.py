"""Conditions of the rule language from keywords and patterns of other systems."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hakam.importing.carried import UnsupportedError

WORD = r"[\p{L}\p{N}_]"
NO_WORD = r"[^\p{L}\p{N}_]"
START, END = rf"(?:^|{NO_WORD})", rf"(?:$|{NO_WORD})"
_PLAIN = re.compile(r"[^\W_]+(?:[ '\u2019-][^\W_]+)*")
_SPECIAL = re.compile(r"([\\.^$*+?{}\[\]|()])")
_QUOTE = re.compile(r'\\.|"', re.DOTALL)  # what a backslash stands before goes with it
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
    return f"matches({field}, {quoted(flags + _QUOTE.sub(_without_quotes, pattern).replace(chr(10), ' '))})"


def _without_quotes(match: re.Match[str]) -> str:
    return r"\x22" if match[0] in {'"', '\\"'} else match[0]


def folded(field: str) -> str:
    """Return the folded form of a text field."""
    return "text.folded" if field == "text.raw" else f"folded({field})"


def translated(pattern: str) -> tuple[str, list[str]]:
    r"""Return a pattern of Python, Rust or PCRE as RE2 takes it here, and what differs. Raises `UnsupportedError`.

    `\w` becomes letters and digits of every script. `\b` at an edge of the pattern becomes a character that is none of
    them; inside, it can only go where the characters beside it already say as much.
    """
    if re.search(r"\(\?(?:[=!]|<[=!])", pattern):
        raise UnsupportedError("look-around, which RE2 does not have")
    if re.search(r"\\[1-9]|\(\?P=", pattern):
        raise UnsupportedError("a back reference, which RE2 does not have")
    pieces = _pieces(pattern)
    leading, trailing = _edges(pieces)
    out: list[str] = []
    notes: list[str] = []
    for n, piece in enumerate(pieces):
        if piece == r"\w":
            out.append(WORD)
        elif piece == r"\W":
            out.append(NO_WORD)
        elif piece.startswith("[") and ("\\w" in piece or "\\W" in piece):
            if "\\W" in piece:
                raise UnsupportedError("`\\W` inside brackets")
            out.append(piece.replace("\\w", "\\p{L}\\p{N}_"))
        elif piece == r"\b":
            out.append(_boundary(pieces, n, leading=n in leading, trailing=n in trailing))
            notes.append("`\\b` knows every script here")
        elif piece == r"\B":
            raise UnsupportedError("`\\B`, which has no like here")
        else:
            out.append({r"\Z": r"\z", "(?P<": "(?P<"}.get(piece, piece))
    return "".join(out), list(dict.fromkeys(notes))


def _pieces(pattern: str) -> list[str]:
    return re.findall(
        r"\\p\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[^:)]*[:)]|\(|\)|\||.", pattern, re.DOTALL
    )


def _edges(pieces: list[str]) -> tuple[set[int], set[int]]:
    r"""Return the places of `\b` at which a match begins, and at which it ends."""
    return _begin(pieces, "(", ")"), {len(pieces) - 1 - n for n in _begin([*reversed(pieces)], ")", "(")}


def _begin(pieces: list[str], opens: str, closes: str) -> set[int]:
    found_at: set[int] = set()
    at_start, groups = True, [True]
    for n, piece in enumerate(pieces):
        if piece == r"\b" and at_start:
            found_at.add(n)
            at_start = False
        elif piece.startswith(opens) and not piece.startswith("(?i") and len(piece) < 4:  # noqa: PLR2004 -- `(?:`
            groups.append(at_start)
        elif piece.startswith(closes):
            groups.pop() if len(groups) > 1 else None
            at_start = False
        elif piece == "|":
            at_start = groups[-1]
        elif not piece.startswith("(?"):
            at_start = False
    return found_at


def _boundary(pieces: list[str], n: int, *, leading: bool, trailing: bool) -> str:
    if leading:
        return START
    if trailing:
        return END
    before, after = pieces[n - 1] if n else "", pieces[n + 1] if n + 1 < len(pieces) else ""
    known = [_is_word(before), _is_word(after)]
    if None not in known and known[0] != known[1]:
        return ""
    raise UnsupportedError("`\\b` inside a pattern")


def _is_word(piece: str) -> bool | None:
    if piece in {r"\w", r"\d"} or (len(piece) == 1 and (piece.isalnum() or piece == "_")):
        return True
    if piece in {r"\W", r"\s"} or (len(piece) == 1 and piece not in "()|*+?{}.[]^$"):
        return False
    return None
