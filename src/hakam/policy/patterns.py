r"""Patterns: RE2 only (linear in the text, whatever the pattern), made fit for folded text, traps refused.

`\b`, `\B`, `\w` and `\W` know ASCII alone in RE2, so around an Arabic word they never match as meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import re2  # type: ignore[import-untyped]  # has no types

from hakam.signals.fold import fold

MAX_PATTERN = 2_000
MAX_PROGRAM = 8 << 20  # bytes that one compiled pattern may take

Problem = Callable[[str, str, str], None]  # code, message, hint

_ASCII_ONLY = frozenset("bBwW")
_EITHER_CASE = re.compile(r"\(\?[a-zU]*i")
_SLASHES = re.compile(r"/([^/]+)/((?=[gmsuy]*i)[gimsuy]{1,4}|)", re.DOTALL)
_SIGNS = ("\x00", " ", "0", "a", "A", "!", "ا")  # a pattern that each of them fulfils asks for nothing


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
    if "(?" not in pattern and (never := _never(pieces)) is not None:
        hint = f"write `{never[1]}`, or leave the sign out"
        problem("P212", f"nothing is ever found by `{never[0]}`: `$` is the end of the text", hint)
    if re.fullmatch(r"%.+%", pattern):
        hint = f"write `{pattern.strip('%')}`: a pattern is found anywhere in the text"
        problem("P209", "`%` stands for itself in a pattern", hint)
    _from_elsewhere(pattern, pieces, problem, folded=folded or words)
    pattern = _fold_pieces(pieces, problem, words=words) if folded or words else "".join(pieces)
    try:
        compiled = re2.compile(pattern, options())
    except re2.error as error:
        _refused(str(error), problem)
        return None
    if compiled.search("") is not None or all(compiled.search(sign) is not None for sign in _SIGNS):
        problem("P204", "the pattern matches any text", "make it ask for at least one character of its own")
        return None
    return f" (?:{pattern}) " if words else pattern


def _from_elsewhere(pattern: str, pieces: list[str], problem: Problem, *, folded: bool) -> None:
    r"""Report what other programs write around a pattern: `/x/i`, and `\<x\>` for a whole word."""
    slashes = _SLASHES.fullmatch(pattern)
    if slashes is not None and (folded or slashes[2]):
        flags = "".join(flag for flag in "ims" if flag in slashes[2] and not (folded and flag == "i"))
        hint = f"write `{f'(?{flags})' * bool(flags)}{slashes[1]}`"
        problem("P213", "`/` stands for itself in a pattern, and no flag follows it", hint)
    edge = next((piece for piece in pieces if piece in {r"\<", r"\>"}), None)
    if folded and edge is not None:
        problem("P213", f"`{edge}` is no edge of a word, and folded text has no such sign", _ascii_hint("b"))


def _ascii_hint(letter: str) -> str:
    if letter in "bB":
        return "use `word(...)`, or `matches(..., words=True)`, which know words of every script"
    return r"use `[\p{L}\p{N}]` for a letter or digit of any script"


def _refused(error: str, problem: Problem) -> None:
    text = error.removeprefix("b'").removesuffix("'").replace("\\\\", "\\")
    hint = "write it as RE2 reads it, with a backslash before a sign that is meant as it stands"
    operator = text.rpartition(": ")[2]
    if "perl operator" in text:
        hint = _perl_hint(operator)
    elif text.startswith(("missing", "unexpected")):
        hint = "close what is open; a sign that is meant as it stands has a backslash before it"
    elif "escape sequence" in text:
        hint = _escape_hint(operator)
    elif text.startswith("no argument"):
        hint = r"`*`, `+` and `?` repeat what stands before them; for anything at all write `.*`"
    elif text.startswith("bad repetition"):
        hint = r"one sign repeats; a plus that is meant as it stands is `\+`"
    elif "character class" in text and operator.startswith(r"\p{Is"):
        hint = f"write `{operator.replace('{Is', '{')}`"
    counts = re.fullmatch(r"\{([0-9]+),([0-9]+)\}", operator)
    if counts is not None and int(counts[1]) > int(counts[2]):
        hint = f"write `{{{counts[2]},{counts[1]}}}`, the smaller count first"
    elif "too large" in text or "repetition size" in text:
        problem("P203", f"the pattern is too large: {text}", "lower the counts in braces")
        return
    problem("P201", f"not an RE2 pattern: {text}", hint)


def _perl_hint(operator: str) -> str:
    if operator.startswith("(?="):
        return "RE2 has no look-around: combine two conditions with `and`"
    if operator.startswith(("(?!", "(?<")):
        return "RE2 has no look-around: combine two conditions with `and not`"
    if operator.startswith("(?>"):
        return "RE2 never goes back, so that nothing need be held: write `(?:`"
    if operator == "(?P":
        return "RE2 has no back references: say it in two conditions, or write the text out"
    return "RE2 knows the flags `i`, `m`, `s` and `U`: leave this out"


def _escape_hint(escape: str) -> str:
    if escape[1:2] == "u":
        return r"a character by its number is written `\x{628}`"
    if escape[1:2] == "Z":
        return r"write `\z`"
    if escape[1:2] in "hH":
        return r"write `[ \t]`"
    if escape[1:2].isdigit() or escape[1:2] in "kg":
        return "RE2 has no back references: say it in two conditions, or write the text out"
    return r"RE2 has no such sign; a literal backslash is `\\`"


def never_in_host(pattern: str) -> tuple[str, str] | None:
    """Return what a pattern asks for and no host holds, a word with capitals or a slash, and what to do instead."""
    pieces, depth, word = _pieces(pattern), 0, ""
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
        depth += (piece == "[") - (piece == "]" and depth > 0)
        needed = not depth and following not in {"?", "*", "{"}
        if needed and piece in {"/", "\\/"}:
            return "/", "search `links.urls`"
        word = word + piece if needed and piece.isalnum() else ""
        if word and not following.isalnum() and word != word.lower() and not _EITHER_CASE.search(pattern):
            return word, f"did you mean `{word.lower()}`?"
    return None


def _never(pieces: list[str]) -> tuple[str, str] | None:
    """Return a piece that keeps a pattern from ever matching, and what to write instead: `$` before a letter."""
    depth = 0  # of brackets: within them `$` is a sign like others
    for n, piece in enumerate(pieces):
        first = pieces[max(n - 1, 0) : n] == ["["] or pieces[max(n - 2, 0) : n] == ["[", "^"]
        depth += (piece == "[") - (piece == "]" and depth > 0 and not first)
        following = pieces[n + 1 : n + 3]
        if depth or piece != "$" or not following or not following[0].isalnum():
            continue
        if following[1:] not in (["?"], ["*"], ["{"], ["|"]):
            return f"${following[0]}", f"\\${following[0]}"
    return None


def _pieces(pattern: str) -> list[str]:
    r"""Split a pattern into escapes (`\p{L}`, `\Q...\E`), and single characters, nothing lost.

    A `\Q` that is never closed reaches to the end and is closed there, so that something can follow.
    """
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
        found.append(pattern[at:stop] if following != "Q" or close >= 0 else f"{pattern[at:]}\\E")
        at = stop
    return found


def _fold_pieces(pieces: list[str], problem: Problem, *, words: bool) -> str:  # noqa: C901 -- one branch for each kind of piece
    """Fold the characters of a pattern one by one, and say so where that can't be done."""
    out: list[str] = []
    lost: list[tuple[str, str]] = []  # what is never found, and what to write instead
    run, at = "", 0

    def end_run() -> None:
        nonlocal run
        if len(run) > 1 and run.isalnum() and fold(run) != "".join(map(fold, run)):
            lost.append((run, f"folding makes it `{fold(run)}`; or search `text.raw`"))
        run = ""

    while at < len(pieces):
        piece = pieces[at]
        if piece == "(" and pieces[at + 1 : at + 2] == ["?"]:  # flags, or a group's name
            end_run()
            stop = next((n for n in range(at, len(pieces)) if pieces[n] in ":>)"), len(pieces) - 1) + 1
            out += pieces[at:stop]
            at = stop
            continue
        if piece == "[":
            end_run()
            if (capitals := _only_capitals(pieces, at)) is not None and "(?i" not in "".join(pieces):
                message = f"`{capitals}` finds small letters too: folded text has no capitals"
                problem("P205", message, "search `text.raw` for capitals, or write small letters")
            text, at = _fold_class(pieces, at)
            out.append(text)
            continue
        at += 1
        if words and piece in {"^", "$", r"\A", r"\z"}:
            lost.append((piece, f"whole words have no `{piece}`: search `text.folded` without `words=True`"))
        if _CAPITALS.fullmatch(piece):
            lost.append((piece, "folded text has no capitals; or search `text.raw`"))
        literal = _literal(piece)
        if literal is not None:
            changed = "".join(map(fold, literal))
            out.append(piece if changed == literal else _written(changed, alone=len(literal) == 1))
            run = (
                run + literal if literal.isalnum() or unicodedata.category(literal[:1] or " ") == "Mn" else ""
            )
            continue
        if piece in "*+?{" and run:
            run = run[:-1]
        end_run()
        out.append(piece)
    end_run()
    for text, hint in lost:
        problem("P205", f"folded text never holds `{text}`", hint)
    return "".join(out)


def _only_capitals(pieces: list[str], at: int) -> str | None:
    """Return a class in brackets that asks for capitals and takes no small letters."""
    stop = next((n for n in range(at + 2, len(pieces)) if pieces[n] == "]"), len(pieces))
    text = "".join(pieces[at : stop + 1])
    ranges = re.findall(r"(.)-(.)", text)
    capitals = any(one.isupper() and other.isupper() for one, other in ranges)
    others = any(not one.isupper() and not one.isdigit() for one, _ in ranges)
    return text if capitals and not others and not text.startswith("[^") else None


_CAPITALS = re.compile(r"\\p(?:\{L[ut]\}|L[ut])")
_SYNTAX = frozenset("\\.+*?()|[]{}^$")


def _literal(piece: str) -> str | None:
    r"""Return the characters that a piece stands for (`a`, `\x41`, `\Q...\E`), `None` if it is syntax."""
    if len(piece) == 1:
        return None if piece in _SYNTAX else piece
    if piece.startswith(r"\Q"):
        return piece[2:].removesuffix(r"\E")
    code = re.fullmatch(r"\\x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))", piece)
    number = int(code[1] or code[2], 16) if code else _NO_CHARACTER
    return chr(number) if number < _NO_CHARACTER else None


_NO_CHARACTER = 0x110000


def _written(text: str, *, alone: bool) -> str:
    """Return a text as a pattern; what was one character stays one for the count that may follow."""
    escaped: str = re2.escape(text)
    return f"(?:{escaped})" if alone and len(text) != 1 else escaped


def _fold_class(pieces: list[str], at: int) -> tuple[str, int]:
    """Add what its members fold to to a class in brackets; return it and the place after it.

    The members stay: a range such as `[ء-ي]` must not lose its ends.
    """
    out = [pieces[at]]
    at += 1
    if pieces[at : at + 1] == ["^"]:
        out.append("^")
        at += 1
    first = at
    while at < len(pieces) and (at == first or pieces[at] != "]"):
        low, high = pieces[at], pieces[at]
        if low == "[" and pieces[at + 1 : at + 2] == [":"] and ":]" in "".join(pieces[at + 2 :]):
            stop = "".join(pieces[at + 2 :]).index(":]") + at + 4  # `[:alpha:]` has no escapes
            out += pieces[at:stop]
            at = stop
            continue
        at += 1
        out.append(low)
        if pieces[at : at + 1] == ["-"] and pieces[at + 1 : at + 2] not in ([], ["]"]):
            high = pieces[at + 1]
            out += ["-", high]
            at += 2
        ends = [fold(_literal(end) or "") for end in (low, high)]
        if all(len(end) == 1 for end in ends) and ends != [low, high] and ends[0] <= ends[1]:
            written = [re2.escape(end) for end in ends]
            out.append(written[0] if low == high else "-".join(written))
    out += pieces[at : at + 1]
    return "".join(out), at + 1
