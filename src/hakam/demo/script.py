"""The seeded script: who lives on Maydan, what they wrote before the curtain rises, and what they report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import count, repeat
from typing import Any

import msgspec
from ruamel.yaml import YAML

from hakam.demo.store import Author, Post

DAY = 86_400.0
SPREAD = 2.0 * DAY  # the script's posts lie in this span before the start
BURST = 40.0  # seconds between the same text from several authors


class Person(msgspec.Struct, frozen=True):
    """An author of the script."""

    id: str
    name: str
    language: str
    country: str
    days: int
    followers: int
    verified: bool = False


class Report(msgspec.Struct, frozen=True):
    """A reader's report: `harm` is a key of Hakam's list."""

    by: str
    harm: str
    why: str


class Line(msgspec.Struct, frozen=True):
    """A post of the script; `by` several authors means that each posts it."""

    by: str | tuple[str, ...]
    text: str
    id: str = ""
    reply: str | None = None
    reports: tuple[Report, ...] = ()

    @property
    def authors(self) -> tuple[str, ...]:
        """Who posts it."""
        return (self.by,) if isinstance(self.by, str) else self.by


def _read(name: str, kind: Any) -> Any:
    text = files("hakam.demo").joinpath("script", name).read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe", pure=True).load(text), kind)


@cache
def people() -> dict[str, Person]:
    """Return everybody of the script by id."""
    return {person.id: person for person in _read("people.yaml", tuple[Person, ...])}


@cache
def lines() -> tuple[tuple[str, Line], ...]:
    """Return every post of the script with its language, oldest first, both languages interleaved evenly."""
    told = [
        ((position + 0.5) / len(part), language, line)
        for language in ("ar", "en")
        for part in [_read(f"posts-{language}.yaml", tuple[Line, ...])]
        for position, line in enumerate(part)
    ]
    return tuple((language, line) for _, language, line in sorted(told, key=lambda row: (row[0], row[1])))


@cache
def trickle() -> tuple[Line, ...]:
    """Return what goes on being written while the demo runs."""
    return tuple(_read("trickle.yaml", tuple[Line, ...]))


def pauses() -> Iterator[int]:
    """Yield how many turns pass before each line of the trickle: twice as many each time that all was said, at most 16.

    So nobody says the same thing five times within an hour, which a rule would take for spam.
    """
    for said in count():
        yield from repeat(min(2**said, 16), len(trickle()))


def authors(start: float) -> list[Author]:
    """Return the people as Maydan keeps them; `start` is the curtain, in Unix seconds."""
    return [
        Author(p.id, p.name, p.language, p.country, start - p.days * DAY - SPREAD, p.followers, p.verified)
        for p in people().values()
    ]


def posts(start: float) -> list[tuple[Post, tuple[Report, ...]]]:
    """Return the posts before the curtain with the reports on each, oldest first."""
    told = lines()
    step = SPREAD / (len(told) + 1)
    made = []
    for position, (language, line) in enumerate(told):
        for copy, author in enumerate(line.authors):
            post = Post(
                id=line.id if copy == 0 else f"{line.id}-{copy + 1}",
                author=author,
                at=start - SPREAD + (position + 1) * step + copy * BURST,
                language=language,
                text=line.text,
                reply=line.reply,
            )
            made.append((post, line.reports))
    return made
