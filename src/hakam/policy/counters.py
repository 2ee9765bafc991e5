"""Counters over sliding windows.

The port that the engine asks, an exact implementation in memory, and replays.

The window of a counter ends at the newest event time that was seen for its key, and an event counts while its
own time lies within it: with `T` the newest time and `w` the window, those with `T - w < at <= T`. So an
event that comes late counts as long as it still falls into the window, and answers with the count at `T`. A
key that is idle for an hour longer than its window is forgotten, so exactness holds for events up to an hour
late. No clock is read: time comes with the events, and whoever feeds them bounds how far in the future `at`
may lie.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Mapping
from math import fsum
from typing import Any, Protocol

MAX_ENTRIES = 2_000_000
LATENESS = 3_600.0  # seconds


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


class _Window:
    """The times of one key: `times` in order, with the member of each where members are counted."""

    __slots__ = ("last", "members", "times")

    def __init__(self) -> None:
        self.times: list[float] | list[tuple[float, str]] | list[tuple[float, float]] = []
        self.members: dict[str, float] = {}
        self.last = float("-inf")


class MemoryCounters:
    """Exact counters in memory, bounded by `max_entries` over all keys.

    Each key and each time is an entry, of 100 to 300 bytes. When the bound is reached, the keys that were
    touched longest ago are forgotten, and `forgotten` counts their entries: until it grows, every value is
    exact. A key that alone has too many keeps the newest, up to a quarter of the bound.
    """

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self.max_entries = max_entries
        self.entries = 0
        self.forgotten = 0
        self._windows: OrderedDict[tuple[str, str], tuple[_Window, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._windows)

    def count(self, name: str, key: str, at: float, within: float, *, add: bool) -> int:
        """Return how many events of the key the window holds."""
        window = self._window(name, key, at, within, add=add)
        times: list[float] = window.times  # type: ignore[assignment]
        if add:
            if at >= window.last:
                window.last = at
                times.append(at)
                self.entries += 1
            elif at > window.last - within:
                insort(times, at)
                self.entries += 1
        start = bisect_right(times, max(window.last, at) - within)
        held = len(times) - start
        if start > 16 and start * 2 > len(times):  # noqa: PLR2004 -- old times are dropped in bulk
            old = bisect_right(times, window.last - within)
            del times[:old]
            self.entries -= old
        self._bound(window)
        return held

    def distinct(self, name: str, key: str, member: str, at: float, within: float, *, add: bool) -> int:
        """Return how many different members the window of the key holds."""
        window = self._window(name, key, at, within, add=add)
        times: list[tuple[float, str]] = window.times  # type: ignore[assignment]
        members = window.members
        if add and at > window.last - within:
            newest = members.get(member)
            if newest is None or at > newest:
                members[member] = at
                if at >= window.last:
                    window.last = at
                    times.append((at, member))
                else:
                    insort(times, (at, member))
                self.entries += 1
        self._expire(window, window.last - within)
        if len(times) > 64 and len(times) > 4 * len(members):  # noqa: PLR2004 -- many times for few members
            self.entries -= len(times) - len(members)
            times[:] = sorted((newest, member) for member, newest in members.items())
        end = (
            max(window.last, at) - within
        )  # of a reading that adds nothing but is newer than all that was added
        held = (
            len(members) if end <= window.last - within else sum(newest > end for newest in members.values())
        )
        self._bound(window)
        return held

    def total(self, name: str, key: str, amount: float, at: float, within: float, *, add: bool) -> float:
        """Return the sum of the amounts of the key that the window holds, in the order of their times."""
        window = self._window(name, key, at, within, add=add)
        times: list[tuple[float, float]] = window.times  # type: ignore[assignment]
        if add and at > window.last - within:
            if at >= window.last:
                window.last = at
                times.append((at, amount))
            else:
                insort(times, (at, amount))
            self.entries += 1
        end = window.last - within
        old = bisect_right(times, (end, float("inf")))
        if old:
            del times[:old]
            self.entries -= old
        start = bisect_right(times, (max(window.last, at) - within, float("inf")))
        held = fsum(entry[1] for entry in times[start:])
        self._bound(window)
        return held

    def mark(self, name: str, key: str, at: float, within: float) -> None:
        """Set a mark: only its newest time is kept."""
        window = self._window(name, key, at, within, add=True)
        if at > window.last:
            self.entries += 1 - len(window.times)
            window.last = at
            window.times = [at]

    def holds(self, name: str, key: str, member: str, at: float, within: float) -> bool:
        """Whether the window of the key, as of `at`, holds the member. Changes nothing."""
        found = self._windows.get((name, key))
        if found is None:
            return False
        newest = found[0].members.get(member)
        return newest is not None and newest > max(found[0].last, at) - within

    def _expire(self, window: _Window, end: float) -> None:
        times: list[tuple[float, str]] = window.times  # type: ignore[assignment]
        old = 0
        for at, member in times:
            if at > end:
                break
            old += 1
            if window.members.get(member) == at:
                del window.members[member]
        if old:
            del times[:old]
            self.entries -= old

    def _window(self, name: str, key: str, at: float, within: float, *, add: bool) -> _Window:
        place = (name, key)
        found = self._windows.get(place)
        if found is None:
            window = _Window()
            if not add:
                return window
            self._windows[place] = (window, within)
            self.entries += 1
        else:
            window = found[0]
            self._windows.move_to_end(place)
        for _ in range(2):  # sweep: these hold nothing any more
            oldest, (idle, width) = next(iter(self._windows.items()))
            if idle is window or idle.last > at - width - LATENESS:
                break
            self.entries -= len(idle.times) + 1
            del self._windows[oldest]
        return window

    def _bound(self, touched: _Window) -> None:
        while self.entries > self.max_entries:
            place, (window, _) = next(iter(self._windows.items()))
            if window is touched:
                surplus = len(window.times) - max(self.max_entries // 4, 1)
                if surplus <= 0:
                    break
                for entry in window.times[:surplus]:
                    if (
                        isinstance(entry, tuple)
                        and isinstance(entry[1], str)
                        and window.members.get(entry[1]) == entry[0]
                    ):
                        del window.members[entry[1]]
                del window.times[:surplus]
                self.entries -= surplus
                self.forgotten += surplus
                continue
            self.entries -= len(window.times) + 1
            self.forgotten += len(window.times)
            del self._windows[place]


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
