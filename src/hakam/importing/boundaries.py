r"""Edges of words in patterns: what `\b` asks for, said by the characters on either side of it.

RE2's own `\b` knows ASCII alone, and the rule language refuses it. Elsewhere it stands between a letter, digit or
underscore of any script and anything else, or an end of the text. So it holds wherever what a pattern asks for on
either side says as much, and at the edges of the pattern a character, or an end, is asked for in its place.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import NamedTuple

from hakam.importing.carried import UnsupportedError

WORD = r"[\p{L}\p{N}_]"
NO_WORD = r"[^\p{L}\p{N}_]"
START, END = rf"(?:^|{NO_WORD})", rf"(?:$|{NO_WORD})"
_OF_ITS_LINE = r"[^\p{L}\p{N}_\n]"
_SIGN = re.compile(
    r"\\[pP](?:\{[^}]*\}|[A-Z])|\\x\{[^}]*\}|\\x[0-9a-fA-F]{2}|\\.|\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|\(\?#[^)]*\)"
    r"|\(\?P?<[^>]*>|\(\?[^:()]*[:)]|\(|\)|\||.",
    re.DOTALL,
)
_COUNT = re.compile(r"(?:[*+?]|\{[0-9]*,?[0-9]*\})[?+]?")
_ENDS = {-1: frozenset({"^", r"\A"}), 1: frozenset({"$", r"\Z", r"\z"})}  # of the text, behind and ahead
_NO_LETTERS = frozenset([r"\s", r"\n", r"\t", r"\r", r"\f", r"\v", r"\W"])
_LETTERS, _OTHERS = re.compile(r"\\p\{?[LN]"), re.compile(r"\\p\{?[PSZC]")
_NUMBER = re.compile(r"\\x\{?([0-9a-fA-F]+)\}?")
_MANY = 256  # characters of a range that are looked at one by one

# What may stand there: a letter or digit, anything else, `None` for the end of the pattern.
_Beside = frozenset[bool | None]
_LETTER, _OTHER, _NOTHING = frozenset({True}), frozenset({False}), frozenset({None})
_EITHER: frozenset[bool] = frozenset({True, False})


class Part(NamedTuple):
    """One sign of a pattern, and how often it stands there: a count as written, with its lazy mark."""

    sign: str
    times: str = ""

    @property
    def optional(self) -> bool:
        """Whether it may be missing."""
        return self.times[:1] in {"*", "?"} or self.times.startswith(("{0", "{,"))


EDGE = Part(r"\b")


def parts(pattern: str) -> list[Part]:
    """Return the signs of a pattern, each with its count. Remarks are left out."""
    found: list[Part] = []
    at = 0
    while at < len(pattern):
        match = _SIGN.match(pattern, at)
        assert match is not None  # its last way takes any character
        at = match.end()
        if not match[0].startswith("(?#"):
            found.append(Part(match[0]))
        if found and not found[-1].times and not found[-1].sign.startswith("(") and found[-1].sign != "|":
            count = _COUNT.match(pattern, at)
            found[-1] = Part(found[-1].sign, count[0] if count else "")
            at = count.end() if count else at
    return found


def is_group(sign: str) -> bool:
    """Whether a sign opens a group. Flags alone do not."""
    return sign.startswith("(") and not (sign.startswith("(?") and sign.endswith(")"))


def _groups(given: Sequence[Part]) -> dict[int, int]:
    """Return where each group that begins ends, and the other way round."""
    match: dict[int, int] = {}
    open_: list[int] = []
    for n, part in enumerate(given):
        if is_group(part.sign):
            open_.append(n)
        elif part.sign == ")" and open_:
            begin = open_.pop()
            match[begin], match[n] = n, begin
    return match


class _Pattern:
    def __init__(self, given: list[Part]) -> None:
        self.parts = given
        self.match = _groups(given)
        self._ways = self._alternatives()

    def _alternatives(self) -> dict[int, list[int]]:
        """Return the places of the `|` of each group, by where it begins; those of the pattern by -1."""
        ways: dict[int, list[int]] = {}
        open_: list[int] = []
        for n, part in enumerate(self.parts):
            if is_group(part.sign):
                open_.append(n)
            elif part.sign == ")" and open_:
                open_.pop()
            elif part.sign == "|":
                ways.setdefault(open_[-1] if open_ else -1, []).append(n)
        return ways

    def counted(self, n: int) -> bool:
        """Whether a place is in a group that stands there a number of times."""
        around = ((begin, end) for begin, end in self.match.items() if begin < n < end)
        return any(self.parts[end].times.startswith("{") for _, end in around)

    def beside(self, n: int, step: int) -> _Beside:
        """Return what may stand next to place `n`: behind it for a step of 1, before it for -1."""
        return frozenset(self.walk(n, step)[0])

    def alone(self, n: int, step: int) -> bool:
        """Whether neither another boundary nor an end of the text may stand at the same point as place `n`."""
        other = {r"\b", *_ENDS[-step]}
        return not any(self.parts[at].sign in other for at in self.walk(n, step)[1])

    def own_edges(self, n: int, step: int) -> set[int]:
        """Return the places of boundaries with which ways begin, seen from place `n`, with nothing before them."""
        found: set[int] = set()
        todo = [n + step, *(bar + step for bar in self._ways.get(-1, []))]
        while todo:
            at = todo.pop()
            part = self.parts[at] if 0 <= at < len(self.parts) else Part("")
            if part == EDGE:
                found.add(at)
            elif (is_group(part.sign) if step > 0 else part.sign == ")") and at in self.match:
                begin = min(at, self.match[at])
                if not self.parts[self.match[begin]].times:
                    todo += [at + step, *(bar + step for bar in self._ways.get(begin, []))]
        return found

    def walk(self, n: int, step: int, *, through: bool = True) -> tuple[set[bool | None], set[int]]:
        """Return what may stand next to a place, `through` other boundaries or not, and all places looked at for it."""
        found: set[bool | None] = set()
        seen: set[int] = set()
        todo = [n + step]
        if n in {-1, len(self.parts)}:  # from outside, by any way
            todo += [bar + step for bar in self._ways.get(-1, [])]
        while todo:
            at = todo.pop()
            if not 0 <= at < len(self.parts):
                found.add(None)
            elif at not in seen:
                seen.add(at)
                todo += self._look(at, step, found) if through or self.parts[at].sign != r"\b" else []
        return found, seen

    def _look(self, at: int, step: int, found: set[bool | None]) -> list[int]:
        """Look at one place; return where to look on."""
        part = self.parts[at]
        if part.sign == "|":  # this way ends: what comes is behind the group
            begin = next((one for one, bars in self._ways.items() if at in bars), -1)
            if begin < 0:
                return [len(self.parts)]
            return [self.match.get(begin, len(self.parts)) if step > 0 else begin]
        opens, closes = is_group(part.sign), part.sign == ")" and at in self.match
        if opens or closes:
            return self._at_a_group(at, step, entered=opens is (step > 0))
        if part.sign in _ENDS[step]:
            found |= _OTHER  # where the text ends stands no letter
            return []
        if part.sign in {"", r"\b"} or part.sign.startswith("(") or part.sign in _ENDS[-step]:  # of no width
            return [at + step]
        found |= kinds(part.sign)
        return [at + step] if part.optional else []

    def _at_a_group(self, at: int, step: int, *, entered: bool) -> list[int]:
        begin, end = sorted((at, self.match.get(at, at)))
        bars = self._ways.get(begin, [])
        near = (begin, *bars) if step > 0 else (end, *bars)
        inside = [one + step for one in near]
        count = self.parts[end].times
        if entered:
            return [*inside, *([(end if step > 0 else begin) + step] if self.parts[end].optional else [])]
        again = inside if count[:1] in {"*", "+", "{"} else []
        return [at + step, *again]


def kinds(sign: str) -> frozenset[bool]:
    """Return what characters a sign stands for: letters, digits and underscores, or others, or both."""
    if sign in {r"\w", r"\d"} or _LETTERS.match(sign):
        return _LETTER
    if sign in {*_NO_LETTERS, NO_WORD, _OF_ITS_LINE} or _OTHERS.match(sign):
        return _OTHER
    number = _NUMBER.fullmatch(sign)
    if number is not None and int(number[1], 16) <= sys.maxunicode:
        return frozenset({_is_letter(chr(int(number[1], 16)))})
    if sign == "." or sign.startswith((r"\p", r"\P", r"\x")) or sign in {r"\D", r"\S"}:
        return _EITHER
    if sign.startswith("[") and len(sign) > 1:
        return _of_set(sign[1:-1])
    return frozenset({_is_letter(sign[-1])})


def _is_letter(char: str) -> bool:
    return char.isalnum() or char == "_"


def _of_set(inside: str) -> frozenset[bool]:
    if inside.startswith("^"):
        return _OTHER if r"\w" in inside else _EITHER
    found: set[bool] = set()
    signs = re.findall(
        r"\[:\^?[a-z]+:\]|\\[pP](?:\{[^}]*\}|[A-Z])|\\x\{[^}]*\}|\\x..|\\.|.", inside, re.DOTALL
    )
    for n, sign in enumerate(signs):
        if sign == "-" and 0 < n < len(signs) - 1:
            low, high = ord(signs[n - 1][-1]), ord(signs[n + 1][-1])
            among = map(chr, range(low, min(high, low + _MANY) + 1))
            found |= {*map(_is_letter, among)} if len(signs[n - 1]) == len(signs[n + 1]) == 1 else _EITHER
        else:
            found |= (
                {_is_letter(sign)} if len(sign) == 1 else _EITHER if sign.startswith("[:") else kinds(sign)
            )
    return frozenset(found)


def word_edges(pattern: str, notes: list[str]) -> list[tuple[str, tuple[str, str]]]:
    r"""Return what stands around a pattern in place of `(?:^|\W|\b)` and `(?:$|\W|\b)`, so that words are found whole.

    A pattern that begins with a letter begins a word; where it begins with something else, or with `\b`, anything may
    stand before it. One whose ways begin otherwise is given way by way. What differs goes to `notes`. Raises
    `UnsupportedError` where it can't be said.
    """
    given = parts(pattern)
    try:
        return [_word_edges(given, notes)]
    except UnsupportedError:
        flags = given[:1] if given[0].sign.startswith("(?") and not is_group(given[0].sign) else []
        ways = _ways(given[len(flags) :])
        if len(ways) == 1:
            raise
        return [_word_edges([*flags, *way], notes) for way in ways]


def _word_edges(given: list[Part], notes: list[str]) -> tuple[str, tuple[str, str]]:
    left = list(given)
    edges = []
    for begin, step in ((-1, 1), (len(given), -1)):
        pattern = _Pattern(left)
        own = pattern.own_edges(begin, step)
        if own and pattern.beside(begin, step) == _LETTER:  # the edge that is put there says the same
            left = [Part("") if n in own else part for n, part in enumerate(left)]
            pattern = _Pattern(left)
        first, seen = pattern.walk(begin, step, through=False)
        if any(left[at] == EDGE for at in seen) and not first <= _OTHER:
            raise UnsupportedError(r"`\b` in some ways of a pattern of whole words, and not in others")
        if first >= _EITHER:
            notes.append("a pattern that may begin or end with no letter is not found right beside one here")
        edges.append("" if first <= _OTHER else START if step > 0 else END)
    return written(left), (edges[0], edges[1])


def _ways(given: list[Part]) -> list[list[Part]]:
    """Return the alternatives of a pattern as a whole."""
    ways: list[list[Part]] = [[]]
    depth = 0
    for part in given:
        depth += is_group(part.sign) - (part.sign == ")")
        if part.sign == "|" and not depth:
            ways.append([])
        else:
            ways[-1].append(part)
    return ways


def written(given: list[Part]) -> str:
    """Return parts as the pattern that they are."""
    return "".join(f"{part.sign}{part.times}" for part in given)


def without_edges(given: list[Part], *, dot_all: bool) -> tuple[list[Part], list[str]]:
    r"""Return a pattern without `\b`, and what differs. Raises `UnsupportedError` where it can't be said.

    `dot_all`: whether its dot is the end of a line too.
    """
    left = _shared(
        [one for n, one in enumerate(given) if one != EDGE or given[n - 1 : n] != [one]]
    )  # twice is once
    if any(part.sign == r"\B" for part in left):
        raise UnsupportedError(r"`\B`, which has no like here")
    notes: list[str] = []
    other = NO_WORD if dot_all else _OF_ITS_LINE
    pattern = _Pattern(left)
    while (at := next((n for n, part in enumerate(left) if part.sign == EDGE.sign), None)) is not None:
        if left[at].times:
            raise UnsupportedError(r"`\b` with a count")
        begin, end, said = _said(pattern, at, other, notes)
        left[begin:end] = said
        if end - begin != len(said):  # places moved
            pattern = _Pattern(left)
    return left, notes


def _shared(given: list[Part]) -> list[Part]:
    """Return a pattern with the boundaries once that each of its ways begins or ends with."""
    ways = _ways(given)
    first, last = (
        len(ways) > 1 and all(way[one : one + 1 or None] == [EDGE] for way in ways) for one in (0, -1)
    )
    if not (first or last) or any(way == [EDGE] for way in ways):
        return given
    inside = [one for way in ways for one in (Part("|"), *way[first : len(way) - last])][1:]
    return [*[EDGE] * first, Part("(?:"), *inside, Part(")"), *[EDGE] * last]


def _said(pattern: _Pattern, at: int, other: str, notes: list[str]) -> tuple[int, int, list[Part]]:
    """Return from where to where the pattern changes around a boundary, and what stands there instead."""
    before, after = pattern.beside(at, -1), pattern.beside(at, 1)
    if (before, after) in {(_OTHER, _LETTER), (_LETTER, _OTHER)}:
        return at, at + 1, [Part("")]
    if (None in before) is not (None in after):
        if pattern.counted(at):
            raise UnsupportedError(r"`\b` in a group with a count")
        if not (pattern.alone(at, -1) and pattern.alone(at, 1)):
            raise UnsupportedError(r"`\b` with nothing for sure between it and another")
        edge = _edge(START, after, notes) if None in before else _edge(END, before, notes)
        return at, at + 1, [edge]
    for step, far, near in ((-1, after, before), (1, before, after)):
        if far == _LETTER and near == _EITHER:
            found = _at_a_gap(pattern, at, step, other)
            if found is not None:
                return found
    raise UnsupportedError(r"`\b` inside a pattern")


def _edge(said: str, beside: _Beside, notes: list[str]) -> Part:
    """Return what stands at an edge of a pattern for a boundary."""
    if beside == _OTHER:
        return Part(WORD)
    if beside != _LETTER:
        notes.append(r"`\b` beside what may be no letter is the edge of a word here, whatever stands there")
    return Part(said)


def _at_a_gap(pattern: _Pattern, at: int, step: int, other: str) -> tuple[int, int, list[Part]] | None:
    r"""Say a boundary between a letter and what may be empty: `.*`, or what holds no letters, as `\s*` does."""
    place = at + step
    sign, count = pattern.parts[place]
    beyond = pattern.beside(place, step)
    low, high = sorted((at, place))
    group = sign.startswith(("(", ")"))
    if not group and kinds(sign) == _OTHER and count[:1] in {"*", "?"} and beyond == _LETTER:
        return low, high + 1, [Part(sign, "+" if count[:1] == "*" else "")]
    if sign != "." or count[:1] not in {"*", "+"} or beyond not in {_LETTER, _OTHER}:
        return None
    run = [Part(other), Part(".", "*")][::step]
    second = place + step
    if 0 <= second < len(pattern.parts) and pattern.parts[second].sign == r"\b":
        if beyond == _OTHER:
            return None
        low, high = sorted((at, second))
        return low, high + 1, [Part("(?:"), *run, Part(")", "?"), Part(other)]
    if beyond == _LETTER or count.startswith("+"):
        return low, high + 1, run
    return low, high + 1, [Part("(?:"), *run, Part(")", "?")]
