"""Counters over sliding windows.

The port that the engine asks, an implementation in memory, and replays.

The window of a counter ends at the newest event time that was seen for its key, and an event counts while its
own time lies within it: with `T` the newest time and `w` the window, those with `T - w < at <= T`. So an
event that comes late counts as long as it still falls into the window, and answers with the count at `T`. A
key that is idle for an hour longer than its window is forgotten, so exactness holds for events up to an hour
late. No clock is read: time comes with the events, and whoever feeds them bounds how far in the future `at`
may lie.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, Protocol

from hakam.policy.windows import (
    BULK,
    GREAT,
    LEAST,
    PLAIN,
    ROOM,
    SEVERAL_MEMBERS,
    Amounts,
    Members,
    Sightings,
    Times,
    entries_of,
    in_window,
    late,
    newest_of,
    plain,
    seen,
    sign_of,
)

MAX_ENTRIES = 6_000_000
LATENESS = 3_600.0  # seconds
SWEPT, FADED = 4, 64  # idle keys that go when one comes, and when it is time for the next to fade


class Counters(Protocol):
    """What the engine asks. Both verbs take the event into account if `add` and return the value after it.

    `name` names the counter, `key` the thing counted by, `at` is the event's time and `within` the window, in
    seconds. `None` is unknown. What they raise puts the rules that read the counter aside for this event.
    """

    def count(self, name: str, key: str, at: float, within: float, *, add: bool) -> int | None:
        """Return how many events the window holds."""
        ...

    def distinct(
        self, name: str, key: str, member: str, at: float, within: float, *, add: bool
    ) -> int | None:
        """Return how many different members the window holds."""
        ...

    def total(
        self, name: str, key: str, amount: float, at: float, within: float, *, add: bool
    ) -> float | None:
        """Return the sum of the amounts that the window holds."""
        ...

    def mark(self, name: str, key: str, at: float, within: float) -> None:
        """Set a mark for `within` seconds. `count` of the same name without `add` tells whether it is set."""
        ...


class _Table:
    """The keys of one counter in generations: touched since the last turn, before it, before the one before it.

    A turn comes when an event is half a life (window and lateness) newer than the last turn. So what nobody touched
    for two turns is idle for a life at least: it fades, a few keys at a time, never all at once.
    """

    __slots__ = ("fading", "fresh", "half", "idle", "idler", "turn", "within")

    def __init__(self, at: float, within: float) -> None:
        self.fresh: dict[str, Any] = {}
        self.idle: dict[str, Any] = {}
        self.idler: dict[str, Any] = {}
        self.fading: dict[str, Any] = {}
        self.widen(within)
        self.turn = at + self.half

    def widen(self, within: float) -> None:
        """Let keys live for a longer window."""
        self.within = within
        self.half = (within + LATENESS) / 2

    def take(self, key: str) -> Any:
        """Bring a key that is not fresh back among the fresh. Returns what it holds, `None` if there is no such key."""
        kept = self.idle.pop(key, None)
        if kept is None:
            kept = self.idler.pop(key, None)
        if kept is not None:
            self.fresh[key] = kept
        return kept

    def look(self, key: str) -> Any:
        """Return what a key that is not fresh holds, and leave it where it is."""
        kept = self.idle.get(key)
        return kept if kept is not None else self.idler.get(key)

    def age(self, key: str, at: float) -> None:
        """Begin a new generation, with the key that is being touched as its first. Nothing may be fading."""
        kept = self.fresh.pop(key, None)
        self.fading, self.idler, self.idle = self.idler, self.idle, self.fresh
        self.fresh = {} if kept is None else {key: kept}
        self.turn = max(at, self.turn) + self.half  # nothing fresh is newer


class MemoryCounters:
    """Exact counters in memory, bounded by `max_entries` over all keys.

    Each key and each time is an entry: a key takes 150 to 180 bytes with its first time, each further time 8 to 10,
    a further amount or member 16 to 20 (`python -m benchmarks.engine.counters` measures it). When the bound is
    reached, keys that were not touched lately are forgotten, and `forgotten` counts their entries: until it grows,
    every value is exact, but that `distinct` knows members by their signs (`policy.windows` says with what chance two
    are taken for one). A key that alone has too many keeps the newest, up to a quarter of the bound.
    """

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self.max_entries = max_entries
        self.entries = 0
        self.forgotten = 0
        self._tables: dict[str, _Table] = {}

    def __len__(self) -> int:
        return sum(len(one.fresh) + len(one.idle) + len(one.idler) for one in self._tables.values())

    def held(self) -> int:
        """Return the entries, counted one by one: what `entries` keeps account of."""
        return sum(
            entries_of(kept)
            for table in self._tables.values()
            for generation in (table.fresh, table.idle, table.idler, table.fading)
            for kept in generation.values()
        )

    def count(self, name: str, key: str, at: float, within: float, *, add: bool) -> int:  # noqa: C901, PLR0911, PLR0912 -- written out: a call costs more than a branch
        """Return how many events of the key the window holds."""
        table = self._tables.get(name)
        if table is None:
            if not add:
                return 0
            table = self._table(name, at, within)
        times = table.fresh.get(key)
        if times is None:
            times = table.take(key) if add else table.look(key)
            if times is None:
                if not add:
                    return 0
                table.fresh[key] = at
                self._grown(table, key, at, 2)
                return 1
        if not add:
            return in_window(times, at, within)
        if at >= table.turn:
            self._turn(table, key, at)
        if type(times) is float:
            if at < times:
                return self._late(table, key, times, at, within)
            if times <= at - within:
                table.fresh[key] = at
                return 1
            table.fresh[key] = array("d", (times, at))
            self._grown(table, key, at, 1)
            return 2
        if at < times[-1]:
            return self._late(table, key, times, at, within)
        times.append(at)
        self.entries += 1
        end = at - within
        many = len(times)
        if times[0] <= end:
            old = bisect_right(times, end)
            many -= old
            if old > BULK and old > many:  # old times are dropped in bulk
                del times[:old]
                self.entries -= old
        if self.entries > self.max_entries:
            self._bound(table, key, at)
            many = min(many, len(times))
        return many

    def distinct(self, name: str, key: str, member: str, at: float, within: float, *, add: bool) -> int:  # noqa: C901, PLR0911, PLR0912, PLR0915 -- as above
        """Return how many different members the window of the key holds."""
        table = self._tables.get(name)
        if table is None:
            if not add:
                return 0
            table = self._table(name, at, within)
        sign = float(hash(member))  # `sign_of`
        fresh = table.fresh
        kept: Any = fresh.get(key)
        if kept is None:
            kept = table.take(key) if add else table.look(key)
            if kept is None:
                if not add:
                    return 0
                fresh[key] = complex(at, sign)
                self._grown(table, key, at, 2)
                return 1
        if not add:
            if type(kept) is complex:
                return 1 if kept.real > at - within else 0
            return kept.count(at, within)  # type: ignore[no-any-return]
        if at >= table.turn:
            self._turn(table, key, at)
            fresh = table.fresh
        end = at - within
        if type(kept) is Sightings:
            grown = 0
            if at < kept[-2]:
                grown = -(len(kept) // 2)
                kept.late(sign, at, within)
                grown += len(kept) // 2
            elif kept[-1] == sign:
                kept[-2] = at
            else:
                if sign in kept:
                    place = kept.index(sign) & ~1
                    del kept[place : place + 2]
                else:
                    grown = 1
                kept.append(at)
                kept.append(sign)
            if kept[0] <= end:
                old = 2
                while kept[old] <= end:
                    old += 2
                del kept[:old]
                grown -= old // 2
            many = len(kept) // 2
            if many > SEVERAL_MEMBERS:
                fresh[key] = Members(kept)
        elif type(kept) is complex:
            newest = kept.real
            if at >= newest:
                if newest <= end or kept.imag == sign:
                    fresh[key] = complex(at, sign)
                    return 1
                fresh[key] = Sightings("d", (newest, kept.imag, at, sign))
            elif at <= newest - within or kept.imag == sign:
                return 1
            else:
                fresh[key] = Sightings("d", (at, sign, newest, kept.imag))
            grown, many = 1, 2
        else:
            grown = kept.add(sign, at, within)
            end = kept.last - within
            if kept.times[0] <= end:
                grown -= kept.expire(end)
            many = len(kept.members)
            self._grown(table, key, at, grown)
            return min(many, len(kept.members))
        if grown:
            self.entries += grown
            if self.entries > self.max_entries:
                self._bound(table, key, at)
                return min(many, entries_of(table.fresh[key]) - 1)
        return many

    def total(self, name: str, key: str, amount: float, at: float, within: float, *, add: bool) -> float:  # noqa: C901, PLR0911, PLR0912 -- as above
        """Return the sum of the amounts of the key that the window holds, rounded once."""
        if type(amount) is not float:
            amount = float(amount)
        table = self._tables.get(name)
        if table is None:
            if not add:
                return 0.0
            table = self._table(name, at, within)
        fresh = table.fresh
        kept: Any = fresh.get(key)
        if kept is None:
            kept = table.take(key) if add else table.look(key)
            if kept is None:
                if not add:
                    return 0.0
                fresh[key] = complex(at, amount)
                self._grown(table, key, at, 2)
                return amount
        if not add:
            if type(kept) is complex:
                return kept.imag if kept.real > at - within else 0.0
            return kept.total(at, within)  # type: ignore[no-any-return]
        if at >= table.turn:
            self._turn(table, key, at)
            fresh = table.fresh
        end = at - within
        if type(kept) is complex:
            newest, was = kept.real, kept.imag
            if newest <= end:
                fresh[key] = complex(at, amount)
                return amount
            if at >= newest and plain(amount) and plain(was):
                made = fresh[key] = Amounts("d", (was + amount, was, newest, amount, at))
                self._grown(table, key, at, 1)
                return made[0]  # type: ignore[no-any-return]
        elif (
            type(kept) is Amounts
            and at >= kept[-1]
            and LEAST < amount < PLAIN
            and not amount % 1.0
            and len(kept) <= ROOM
        ):
            together = kept[0] + amount
            if together == together:  # noqa: PLR0124 -- a number: all amounts are plain
                kept.append(amount)
                kept.append(at)
                grown = 1
                if kept[2] <= end:
                    together -= kept[1]
                    old = 3
                    while kept[old + 1] <= end:
                        together -= kept[old]
                        old += 2
                    del kept[1:old]
                    grown -= old // 2
                kept[0] = together
                if grown:
                    self.entries += grown
                    if self.entries > self.max_entries:
                        self._bound(table, key, at)
                        return kept[0]  # type: ignore[no-any-return]
                return together  # type: ignore[no-any-return]
        return self._add(table, key, kept, amount, at, within)

    def _add(  # noqa: PLR0917 -- what `total` knows
        self, table: _Table, key: str, kept: Any, amount: float, at: float, within: float
    ) -> float:
        """Take in an amount that is late, great, no whole number, or one of many. Returns the sum."""
        great = not -GREAT < amount < GREAT
        if type(kept) is complex:
            great = great or not -GREAT < kept.imag < GREAT
            kept = Amounts.of(kept)
        if type(kept) is Amounts and (great or kept.full()):
            kept = kept.many(within)
        table.fresh[key] = kept
        grown = kept.add(amount, at, within)
        grown -= kept.expire(newest_of(kept) - within)
        self._grown(table, key, at, grown)
        return kept.total(at, within)  # type: ignore[no-any-return]

    def mark(self, name: str, key: str, at: float, within: float) -> None:
        """Set a mark: only its newest time is kept."""
        table = self._tables.get(name)
        if table is None:
            table = self._table(name, at, within)
        elif within > table.within:  # a new version of the rules lets it live longer
            table.widen(within)
        newest = table.fresh.get(key)
        if newest is None:
            newest = table.take(key)
        grown = 2 if newest is None else 0
        if newest is None or at > newest:
            table.fresh[key] = at
        self._grown(table, key, at, grown)

    def holds(self, name: str, key: str, member: str, at: float, within: float) -> bool:
        """Whether the window of the key, as of `at`, holds the member. Changes nothing."""
        table = self._tables.get(name)
        kept = None if table is None else table.fresh.get(key) or table.look(key)
        if kept is None:
            return False
        newest = seen(kept, sign_of(member))
        return newest is not None and newest > max(newest_of(kept), at) - within

    # Generations

    def _table(self, name: str, at: float, within: float) -> _Table:
        made = self._tables[name] = _Table(at, within)
        return made

    def _turn(self, table: _Table, key: str, at: float) -> None:
        """Begin a new generation once the last one has faded, so that no event waits for many keys to go."""
        self._fade(table, FADED)
        if not table.fading:
            table.age(key, at)

    def _fade(self, table: _Table, most: int) -> None:
        fading = table.fading
        for _ in range(min(most, len(fading))):
            self.entries -= entries_of(fading.popitem()[1])

    def _late(self, table: _Table, key: str, times: Times, at: float, within: float) -> int:
        times, grown = late(times, at, within)
        table.fresh[key] = times
        many = in_window(times, at, within)
        self._grown(table, key, at, grown)
        return min(many, entries_of(table.fresh[key]) - 1)

    def _grown(self, table: _Table, key: str, at: float, by: int) -> None:
        """Keep account of new entries, and let go of some that are idle."""
        self.entries += by
        if at >= table.turn:
            self._turn(table, key, at)
        elif len(table.fresh) * 4 > self.max_entries and not table.idle and not table.idler:
            self._turn(table, key, at)  # many keys: know early which were touched longer ago
        if table.fading:
            self._fade(table, SWEPT)
        if self.entries > self.max_entries:
            self._bound(table, key, at)

    def _bound(self, touched: _Table, key: str, at: float) -> None:
        """Forget until there is room again, and a little more, so that this is not done for each event."""
        most = self.max_entries - min(self.max_entries // 64, 1_000)
        while self.entries > most:
            for table in self._tables.values():
                self._fade(table, self.entries - most)
            if self.entries <= most:
                return
            table = max(self._tables.values(), key=lambda one: len(one.idle) + len(one.idler))
            oldest = table.idler or table.idle
            if oldest:
                while oldest and self.entries > most:
                    lost = entries_of(oldest.popitem()[1])
                    self.entries -= lost
                    self.forgotten += lost - 1
            elif self.entries == entries_of(touched.fresh[key]):
                self._trim(touched, key)
                return
            else:  # all was touched since the last turn
                for table in self._tables.values():
                    table.age(key if table is touched else "", at)

    def _trim(self, table: _Table, key: str) -> None:
        """Forget the oldest entries of a key that alone has too many."""
        kept = table.fresh[key]
        surplus = entries_of(kept) - 1 - max(self.max_entries // 4, 1)
        if surplus <= 0:
            return
        if type(kept) is array:
            del kept[:surplus]
        else:
            kept.forget(surplus)
        self.entries -= surplus
        self.forgotten += surplus


class RecordingCounters:
    """Passes questions on and keeps the answers in `seen`, for the event log and for replays."""

    def __init__(self, inner: Counters) -> None:
        self._inner = inner
        self.seen: dict[str, Any] = {}

    def start(self) -> None:
        """Begin a new event."""
        self.seen = {}

    def count(self, name: str, key: str, at: float, within: float, *, add: bool) -> int | None:
        """Ask, and remember."""
        value = self.seen[name] = self._inner.count(name, key, at, within, add=add)
        return value

    def distinct(
        self, name: str, key: str, member: str, at: float, within: float, *, add: bool
    ) -> int | None:
        """Ask, and remember."""
        value = self.seen[name] = self._inner.distinct(name, key, member, at, within, add=add)
        return value

    def total(
        self, name: str, key: str, amount: float, at: float, within: float, *, add: bool
    ) -> float | None:
        """Ask, and remember."""
        value = self.seen[name] = self._inner.total(name, key, amount, at, within, add=add)
        return value

    def mark(self, name: str, key: str, at: float, within: float) -> None:
        """Pass on. A verdict sets marks, and so does its replay."""
        self._inner.mark(name, key, at, within)


class PeekingCounters:
    """Answers as if the event were counted, without counting it: for verdicts that leave no trace."""

    def __init__(self, inner: MemoryCounters) -> None:
        self._inner = inner

    def count(self, name: str, key: str, at: float, within: float, *, add: bool) -> int:
        """Return the count with this event in it."""
        return self._inner.count(name, key, at, within, add=False) + add

    def distinct(self, name: str, key: str, member: str, at: float, within: float, *, add: bool) -> int:
        """Return the number of members with this event's among them."""
        held = self._inner.distinct(name, key, member, at, within, add=False)
        return held + (add and not self._inner.holds(name, key, member, at, within))

    def total(self, name: str, key: str, amount: float, at: float, within: float, *, add: bool) -> float:
        """Return the sum with this event in it."""
        return self._inner.total(name, key, 0.0, at, within, add=False) + (amount if add else 0.0)

    def mark(self, name: str, key: str, at: float, within: float) -> None:
        """Leave no trace."""


class RecordedCounters:
    """Answers with what was seen before, so that a replay is exact. What was not recorded is unknown."""

    def __init__(self, seen: Mapping[str, Any]) -> None:
        self._seen = seen

    def count(self, name: str, key: str, at: float, within: float, *, add: bool) -> int | None:  # noqa: ARG002 -- the port's
        """Return the recorded value."""
        return self._seen.get(name)

    def distinct(  # noqa: D102 -- as above
        self,
        name: str,
        key: str,  # noqa: ARG002 -- the port's
        member: str,  # noqa: ARG002 -- the port's
        at: float,  # noqa: ARG002 -- the port's
        within: float,  # noqa: ARG002 -- the port's
        *,
        add: bool,  # noqa: ARG002 -- the port's
    ) -> int | None:
        return self._seen.get(name)

    def total(  # noqa: D102 -- as above
        self,
        name: str,
        key: str,  # noqa: ARG002 -- the port's
        amount: float,  # noqa: ARG002 -- the port's
        at: float,  # noqa: ARG002 -- the port's
        within: float,  # noqa: ARG002 -- the port's
        *,
        add: bool,  # noqa: ARG002 -- the port's
    ) -> float | None:
        return self._seen.get(name)

    def mark(self, name: str, key: str, at: float, within: float) -> None:
        """Nothing: what comes later was recorded too."""


NO_COUNTERS = RecordedCounters({})
