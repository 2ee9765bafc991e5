"""The most frequent values of a field, in bounded memory however many values there are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from hakam.investigation.stored import Stored, verdict_of
from hakam.policy.fields import FIELDS, reader, score_field
from hakam.policy.pack import Pack
from hakam.policy.source import nearest
from hakam.signals.measure import Need
from hakam.vocabulary.event import Event

KEPT = 100_000  # values held while counting
LONGEST = 300  # characters of a value; longer ones are told apart by a digest
_SCORE = 64  # characters of a score's name

Values = Callable[[Stored], Iterable[Any]]


class UnknownFieldError(ValueError):
    """There is no such field. The message names the nearest one."""


class Facet(msgspec.Struct, frozen=True):
    """What can be counted: a field of the language, or something of the verdict or the media."""

    name: str
    values: Values
    needs: frozenset[Need] = frozenset()


class Count(msgspec.Struct, frozen=True):
    """One value and how often it was met."""

    value: str
    count: int


class Top(msgspec.Struct, frozen=True):
    """The most frequent values. `short_by`: no count is too low by more than this; 0 when all are exact.

    `values` says how many different ones were met, a lower bound when `short_by` is not 0.
    """

    field: str
    counts: tuple[Count, ...]
    values: int
    without: int  # events that have no value
    short_by: int = 0


def hashes_of(event: Event) -> list[str]:
    """Return the hashes of an event's files, as `pdq:f00d`: those that were sent, and what a file that was sent has."""
    found = []
    for one in event.item.media:
        hashes = dict(one.hashes)
        if one.data is not None and "sha256" not in hashes:
            hashes["sha256"] = hashlib.sha256(one.data).hexdigest()
        found += [f"{name}:{value}" for name, value in sorted(hashes.items())]
    return found


def _hashes(stored: Stored) -> Iterable[str]:
    return hashes_of(stored.event)


def _pack(stored: Stored) -> Iterable[str]:
    return [str(verdict_of(stored.record).pack)]


_OWN: dict[str, Values] = {
    "rule": lambda stored: [one.rule for one in stored.fired],
    "policy": lambda stored: [one.policy for one in stored.fired],
    "stage": lambda stored: [one.stage for one in stored.fired],
    "pack": _pack,
    "media.hash": _hashes,
}
OWN = tuple(_OWN)


def facet(name: str, pack: Pack) -> Facet:
    """Return what is counted under a name: any field of the language, `rule`, `policy`, `stage`, `pack`, `media.hash`.

    Raises `UnknownFieldError`.
    """
    if name in _OWN:
        return Facet(name, _OWN[name])
    spec = FIELDS.get(name) or pack.extra.get(name.removeprefix("extra."))
    if spec is None and name[:8] in {'scores["', "scores['"} and name[-2:] == name[7:8] + "]":
        inner = name[8:-2]
        if 0 < len(inner) <= _SCORE:
            spec = score_field(inner)
    if spec is None:
        known = (*FIELDS, *_OWN, *(f"extra.{one}" for one in pack.extra))
        hint = nearest(name, known) or 'as `author.id`, `links.domains`, `rule`, `scores["toxicity"]`'
        raise UnknownFieldError(f"there is no field `{name[:80]}`; {hint}")
    get = reader(spec)

    def values(stored: Stored) -> Iterable[Any]:
        found = get(stored.event, stored.signals)
        if found is None:
            return ()
        return dict.fromkeys(found) if isinstance(found, tuple | list) else (found,)

    return Facet(spec.path, values, frozenset(spec.needs))


def shown(value: Any) -> str:
    """Return a value as it is counted and read: a long one is cut and told apart by a digest."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{text[: LONGEST - 14]}… {digest}"


class Tally:
    """Counts values one by one. When there are too many, the rarest go, and what that may hide is kept account of."""

    def __init__(self, facet: Facet, kept: int = KEPT) -> None:
        self._facet, self._kept = facet, kept
        self._counts: dict[str, int] = {}
        self._without = self._short_by = 0

    def add(self, stored: Stored) -> None:
        """Count the values of one event, each once."""
        values = {shown(value) for value in self._facet.values(stored)}
        if not values:
            self._without += 1
        for value in values:
            self._counts[value] = self._counts.get(value, 0) + 1
        if len(self._counts) > 2 * self._kept:
            self._forget()

    def _forget(self) -> None:
        order = sorted(self._counts.items(), key=lambda one: (-one[1], one[0]))
        rest = order[self._kept :]
        self._short_by += rest[0][
            1
        ]  # whatever is met again may have been counted that often before, no oftener
        self._counts = dict(order[: self._kept])

    def top(self, size: int) -> Top:
        """Return the `size` most frequent values, in order of their text among equals."""
        order = sorted(self._counts.items(), key=lambda one: (-one[1], one[0]))
        counts = tuple(Count(value, count) for value, count in order[:size])
        return Top(self._facet.name, counts, len(self._counts), self._without, self._short_by)
