"""What became of rules that were carried over: carried, approximated or left out, with place and reason."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """What became of a rule of the other system."""

    CARRIED = "carried"
    APPROXIMATED = "approximated"  # it means nearly the same; the notes say what differs
    LEFT_OUT = "left out"


class UnsupportedError(ValueError):
    """A part of a rule that can't be said in the rule language. The message says which and why."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule of the other system. `line` counts from 1; `rule` is its id in the pack."""

    file: str
    line: int
    what: str
    status: Status
    rule: str | None = None
    notes: tuple[str, ...] = ()


class Draft(msgspec.Struct):
    """A rule on its way into a pack. `then` are the measures as the language writes them."""

    name: str
    when: str
    then: list[str]
    about: str
    file: str
    line: int
    notes: list[str] = []
    examples: list[tuple[dict[str, object], bool]] = []  # an event, and whether the rule fires on it


class Imported(msgspec.Struct):
    """A pack, as files, and what became of each rule."""

    files: dict[str, str]
    entries: list[Entry]

    def count(self, status: Status) -> int:
        """Return how many rules have a status."""
        return sum(entry.status is status for entry in self.entries)


def summary(entries: list[Entry]) -> str:
    """Return `12 rules: 9 carried, 2 approximated, 1 left out`."""
    counts = [f"{sum(entry.status is status for entry in entries)} {status}" for status in Status]
    return f"{len(entries)} rules: {', '.join(counts)}"


def as_text(entries: list[Entry]) -> str:
    """Return the report for a terminal."""
    lines = []
    for entry in entries:
        lines.append(f"{entry.file}:{entry.line}: {entry.status}: {entry.rule or entry.what}")
        lines += [f"    {note}" for note in entry.notes]
    return "\n".join([*lines, summary(entries)]) + "\n"


def as_markdown(entries: list[Entry]) -> str:
    """Return the report as a table."""

    def cell(text: str) -> str:
        return " ".join(text.split()).replace("|", "\\|")

    rows = [
        f"| {cell(entry.file)}:{entry.line} | {cell(entry.what)} | {entry.status} | "
        f"{f'`{entry.rule}`' if entry.rule else ''} | {cell('; '.join(entry.notes))} |"
        for entry in entries
    ]
    head = "| Where | What | Became | Rule | Why |\n| --- | --- | --- | --- | --- |"
    return "\n".join(["# What was carried over", "", summary(entries), "", head, *rows]) + "\n"
