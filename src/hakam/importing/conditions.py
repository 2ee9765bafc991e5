"""Conditions of the rule language from keywords and patterns of other systems."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hakam.importing.carried import UnsupportedError
from hakam.policy.patterns import prepare

WORD = r"[\p{L}\p{N}_]"
NO_WORD = r"[^\p{L}\p{N}_]"
START, END = rf"(?:^|{NO_WORD})", rf"(?:$|{NO_WORD})"
_PLAIN = re.compile(r"[^\W_]+(?:[ '\u2019-][^\W_]+)*")
_SPECIAL = re.compile(r"([\\.^$*+?{}\[\]|()])")
_ESCAPE = re.compile(r"\\(?:\\|u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^\x00-\x7f]|_))")
_QUOTE = re.compile(r'\\.|"', re.DOTALL)  # what a backslash stands before goes with it
_LONGEST = (
    1_200  # characters of patterns that are joined: a pattern may have 2,000 with what stands around them
)
_SHOWN = 80  # characters of a pattern that a note shows
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


def sayable(
    patterns: Iterable[str], notes: list[str], *, all_needed: bool = False, any_needed: bool = True
) -> list[str]:
    """Return those of several patterns that can be said here, translated; `notes` hears of differences.

    A pattern less makes a rule act on fewer, so the others stay without it, which `notes` hears too. Where all are
    needed, as behind `not`, or none is left where any is, raises `UnsupportedError`.
    """
    said: list[str] = []
    lost: list[str] = []
    for pattern in patterns:
        shown = f"the pattern `{pattern if len(pattern) <= _SHOWN else pattern[:_SHOWN] + ' ...'}`"
        try:
            ours, differs = translated(pattern)
            prepare(f"(?s:{ours})", _refuse, folded=False, words=False)
        except UnsupportedError as error:
            lost.append(f"{shown}: {error}")
            continue
        said.append(ours)
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


def translated(pattern: str) -> tuple[str, list[str]]:
    r"""Return a pattern of Python, Rust or PCRE as RE2 takes it here, and what differs. Raises `UnsupportedError`.

    `\w` becomes letters and digits of every script. `\b` at an edge of the pattern becomes a character that is none of
    them; inside, it can only go where the characters beside it already say as much.
    """
    if re.search(r"\(\?(?:[=!]|<[=!])", pattern):
        raise UnsupportedError("look-around, which RE2 does not have")
    if re.search(r"\\[1-9]|\(\?P=", pattern):
        raise UnsupportedError("a back reference, which RE2 does not have")
    pieces = _pieces(_ESCAPE.sub(_as_re2, pattern))
    leading, trailing = _edges(pieces)
    out: list[str] = []
    notes: list[str] = []
    for n, piece in enumerate(pieces):
        if piece == r"\w":
            out.append(WORD)
        elif piece == r"\W":
            out.append(NO_WORD)
        elif piece.startswith("[") and len(piece) > 1:
            out.append(_set(piece))
        elif piece == r"\b":
            out.append(_boundary(pieces, n, leading=n in leading, trailing=n in trailing))
            notes.append("`\\b` knows every script here")
        elif piece == r"\B":
            raise UnsupportedError("`\\B`, which has no like here")
        else:
            out.append({r"\Z": r"\z", "(?P<": "(?P<"}.get(piece, piece))
    return "".join(out), list(dict.fromkeys(notes))


def _set(piece: str) -> str:
    for sign, why in (("\\W", ""), ("&&", ", which RE2 takes for the sign itself")):
        if sign in piece:
            raise UnsupportedError(f"`{sign}` inside brackets{why}")
    return piece.replace("\\w", "\\p{L}\\p{N}_")


def _pieces(pattern: str) -> list[str]:
    found_ = re.findall(
        r"\\p\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?#[^)]*\)|\(\?[^:)]*[:)]|\(|\)|\||.",
        pattern,
        re.DOTALL,
    )
    return [piece for piece in found_ if not piece.startswith("(?#")]  # remarks


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
