"""Texts that a pattern finds: some of the shortest, made from itself, each found by RE2 before it is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2  # type: ignore[import-untyped]  # has no types

from hakam.policy.patterns import options
from hakam.policy.scan import SET_MEMORY

MOST = 12  # texts under way at any place of the pattern
LONGEST = 500  # characters of a text
_ESCAPES = {
    "d": "1",
    "D": "a",
    "w": "a",
    "W": " ",
    "s": " ",
    "S": "a",
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "f": "\f",
    "v": "\v",
}
_NOTHING = frozenset("bBAzZQE")  # places and marks, no characters
_LETTERS = "a A1.-_/:@#ا"  # tried, in this order, for a set of characters
_QUANTITY = re.compile(r"[*+?]|\{([0-9]+)(?:,[0-9]*)?\}")


def specimens(pattern: str) -> list[str]:
    """Return texts in which the pattern is found, none if none could be made."""
    try:
        compiled = re2.compile(pattern, options(SET_MEMORY))
        made = _Reader(pattern).alternatives()
    except (re2.error, IndexError, ValueError, RecursionError):
        return []
    return [text for text in dict.fromkeys(made) if text and compiled.search(text)]


class _Reader:
    """Reads a pattern that RE2 has taken, from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.at = pattern, 0

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def alternatives(self) -> list[str]:
        found = self.sequence()
        while self.peek() == "|":
            self.at += 1
            found += self.sequence()
        return found[:MOST]

    def sequence(self) -> list[str]:
        found = [""]
        while (sign := self.peek()) and sign not in "|)":
            choices = self.repeated(self.atom())
            found = [text + choice for choice in choices for text in found if len(text) < LONGEST][:MOST]
        return found

    def repeated(self, one: list[str]) -> list[str]:
        match = _QUANTITY.match(self.pattern, self.at)
        if match is None:
            return one
        self.at = match.end()
        if self.peek() == "?":
            self.at += 1
        if match[0] == "+":
            return one
        if match[0] in {"*", "?"}:
            return [*one, ""]
        least = int(match[1])
        return [text * least for text in one] if least else [*one, ""]

    def atom(self) -> list[str]:
        sign = self.pattern[self.at]
        self.at += 1
        if sign == "(":
            return self.group()
        if sign == "[":
            return self.characters()
        if sign == "\\":
            return [self.escaped()]
        return [{".": "a", "^": "", "$": ""}.get(sign, sign)]

    def group(self) -> list[str]:
        opened = re.compile(r"\?(?:P?<\w+>|[a-zA-Z-]*(:)?)").match(self.pattern, self.at)
        if opened is not None:
            self.at = opened.end()
            if opened[1] is None and "<" not in opened[0]:  # flags alone, as `(?i)`
                self.at += 1
                return [""]
        found = self.alternatives()
        self.at += 1  # the parenthesis
        return found

    def escaped(self) -> str:
        sign = self.pattern[self.at]
        self.at += 1
        if sign in "pP":
            name = self.name()
            inside = re2.compile(rf"\{sign}{{{name}}}")
            return next((one for one in (*_LETTERS, "я", "é", "中") if inside.fullmatch(one)), "")
        if sign == "x":
            return chr(int(self.name() if self.peek() == "{" else self.take(2), 16))
        if sign in _NOTHING:
            return ""
        return _ESCAPES.get(sign, sign)

    def name(self) -> str:
        if self.peek() != "{":
            return self.take(1)
        end = self.pattern.index("}", self.at)
        name = self.pattern[self.at + 1 : end]
        self.at = end + 1
        return name

    def take(self, count: int) -> str:
        self.at += count
        return self.pattern[self.at - count : self.at]

    def characters(self) -> list[str]:
        """Return characters of a set, those that stand in it first."""
        begin = self.at - 1
        end = _end_of_set(self.pattern, self.at)
        self.at = end
        written = self.pattern[begin:end]
        inside = re2.compile(written)
        plain = not written.startswith("[^") and "\\" not in written and "[:" not in written
        named = [one for one in written[1:-1] if plain and inside.fullmatch(one)]
        return list(dict.fromkeys([*named[:2], *(one for one in _LETTERS if inside.fullmatch(one))]))[:2]


def _end_of_set(pattern: str, at: int) -> int:
    """Return the place behind the bracket that ends a set of characters. `at` is behind the one that begins it."""
    at += pattern.startswith("^", at)
    first = at
    while pattern[at] != "]" or at == first:
        if pattern.startswith("[:", at):
            at = pattern.index(":]", at) + 2
        elif pattern.startswith((r"\p{", r"\P{", r"\x{"), at):
            at = pattern.index("}", at) + 1
        else:
            at += 2 if pattern[at] == "\\" else 1
    return at + 1


def in_url(texts: list[str]) -> Iterator[str]:
    """Yield addresses that hold a text as host, or else as they go on behind one."""
    for text in texts:
        plain = text.strip(" ./:")
        if re.fullmatch(r"[\w-]+(?:\.[\w-]+)+(?:/\S*)?", plain):
            yield f"https://{plain}" if "/" in plain else f"https://{plain}/"
        if text.startswith(("http://", "https://")):
            yield text
        yield f"https://host.example/{plain}"
        yield f"https://{re.sub(r'[^a-z0-9-]', '', plain.lower()) or 'x'}.example/"
