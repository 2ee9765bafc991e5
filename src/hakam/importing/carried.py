"""What became of rules that were carried over: carried, approximated or left out, with place and reason."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hakam.vocabulary.counted import counted


class Status(StrEnum):
    """What became of a rule of the other system."""

    CARRIED = "carried"
    APPROXIMATED = "approximated"  # it means nearly the same; the notes say what differs
    LEFT_OUT = "left out"


class UnsupportedError(ValueError):
    """A part of a rule that can't be said in the rule language. The message says which and why."""


MALFORMED = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    RecursionError,
)  # what reading one rule may raise


def reason(error: Exception) -> str:
    """Return why a rule is left out, from what reading it raised."""
    if isinstance(error, UnsupportedError):
        return str(error)
    if isinstance(error, RecursionError):
        return "it needs itself, or is nested too deeply"
    return f"a part of it has another form than is known: {' '.join(str(error).split())[:120]}"


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule of the other system. `line` counts from 1; `rule` is its id in the pack.

    `fires` and `silent`: how many examples the pack has on which it must fire, and on which it must not.
    """

    file: str
    line: int
    what: str
    status: Status
    rule: str | None = None
    notes: tuple[str, ...] = ()
    fires: int = 0
    silent: int = 0

    @property
    def lacks(self) -> str | None:
        """What kind of example could not be made for it, None if it has both or is no rule here."""
        if self.rule is None or (self.fires and self.silent):
            return None
        missing = [
            word for word, count in (("fires", self.fires), ("stays silent", self.silent)) if not count
        ]
        return f"no event was found on which it {' or '.join(missing)}: write one into tests.yaml"


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
    lacking = sum(entry.lacks is not None for entry in entries)
    counts += [f"{lacking} without an example of either kind"] if lacking else []
    return f"{counted(len(entries), 'rule')}: {', '.join(counts)}"


def as_text(entries: list[Entry]) -> str:
    """Return the report for a terminal."""
    lines = []
    for entry in entries:
        lines.append(f"{entry.file}:{entry.line}: {entry.status}: {entry.rule or entry.what}")
        lines += [f"    {note}" for note in (*entry.notes, *([entry.lacks] if entry.lacks else []))]
    return "\n".join([*lines, summary(entries)]) + "\n"


def as_markdown(entries: list[Entry]) -> str:
    """Return the report as a table."""

    def cell(text: str) -> str:
        return " ".join(text.split()).replace("|", "\\|")

    rows = [
        f"| {cell(entry.file)}:{entry.line} | {cell(entry.what)} | {entry.status} | "
        f"{f'`{entry.rule}`' if entry.rule else ''} | {_examples(entry)} | {cell('; '.join(entry.notes))} |"
        for entry in entries
    ]
    head = "| Where | What | Became | Rule | Examples | Why |\n| --- | --- | --- | --- | --- | --- |"
    return "\n".join(["# What was carried over", "", summary(entries), "", head, *rows]) + "\n"


def _examples(entry: Entry) -> str:
    if entry.rule is None:
        return ""
    return f"{entry.fires} fire, {entry.silent} silent" if entry.lacks is None else entry.lacks
