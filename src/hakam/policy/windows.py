"""What one key of a counter holds: the events of its window, in as little room as they need.

Most keys are seen once or twice, so the first event of a key is held bare: its time (a float), or a tuple of its
time and its member or amount. Up to 64 members are a dictionary in the order of their newest times. From the second
on, times stand in an array of doubles, 8 bytes each, which the garbage collector need not look through. Times are in
order, and whatever can never count again leaves in bulk.

Each function here answers for one key. `end` is where its window begins: an event counts if it is later.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from math import fsum, isfinite
from typing import TypeAlias

Times: TypeAlias = "float | array[float]"  # of one key: its only time, or all of them in order

BULK = 2  # entries that may linger behind the window before they are dropped
FEW = 16  # amounts up to which a plain array of them is added up anew each time
GREAT = 1e300  # amounts from here on are kept exactly at once: a few of them may be more than a double holds
SMALL = 64  # members up to which a dictionary by itself will do; and entries before repeats are thrown out
_SMALLEST = 1 << 1_074  # the smallest double above 0 is one of these parts of 1


def late(times: Times, at: float, within: float) -> tuple[Times, int]:
    """Put in a time that is before the newest. Returns what the key holds then, and the entries added."""
    newest = times if isinstance(times, float) else times[-1]
    if at <= newest - within:
        return times, 0
    if isinstance(times, float):
        return array("d", (at, times)), 1
    times.insert(bisect_right(times, at), at)
    return times, 1


def in_window(times: Times, at: float, within: float) -> int:
    """Return how many of the times lie in the window that ends at `at` or at the newest time, if that is later."""
    if isinstance(times, float):
        return 1 if times > at - within else 0
    end = (max(times[-1], at)) - within
    return len(times) - bisect_right(times, end)


def newest_of(held: object) -> float:
    """Return the newest time of whatever a key holds."""
    if isinstance(held, float):
        return held
    if isinstance(held, tuple):
        return float(held[0])
    if isinstance(held, dict):
        return float(next(reversed(held.values())))
    if isinstance(held, Members | Sums):
        return held.last
    assert isinstance(held, array)
    return float(held[-1])


def entries_of(held: object) -> int:
    """Return how many entries a key takes: one for itself, one for each time that it holds."""
    if isinstance(held, Amounts):
        return len(held) // 2 + 1
    if isinstance(held, array | dict):
        return len(held) + 1
    if isinstance(held, Members | Sums):
        return len(held.times) + 1
    return 2


def see(few: dict[str, float], member: str, at: float, within: float) -> int:
    """Take a sighting into a few members, which stand in the order of their newest times.

    Returns by how many entries the key grew, below 0 if it shrank.
    """
    last = next(reversed(few.values()))
    grown = 0
    if at >= last:
        grown = 1 if few.pop(member, None) is None else 0
        few[member] = last = at
    elif at > last - within and at > few.get(member, float("-inf")):
        grown = 0 if member in few else 1
        few[member] = at
        in_order = sorted(few.items(), key=lambda one: one[1])
        few.clear()
        few.update(in_order)
    end = last - within
    oldest = next(iter(few))
    while few[oldest] <= end:
        del few[oldest]
        grown -= 1
        oldest = next(iter(few))
    return grown


class Members:
    """Many different members of one key, each with the newest time at which it was seen."""

    __slots__ = ("last", "members", "names", "times")

    def __init__(self, few: dict[str, float]) -> None:
        """Begin with some members, in the order of their newest times."""
        self.members = few
        self.names = list(few)
        self.times = array("d", few.values())
        self.last = self.times[-1]

    def add(self, member: str, at: float, within: float) -> int:
        """Take in one sighting. Returns by how many entries the key grew, which is below 0 if it shrank."""
        if at <= self.last - within:
            return 0
        newest = self.members.get(member)
        if newest is not None and at <= newest:
            return 0
        self.members[member] = at
        if at >= self.last:
            self.last = at
            self.times.append(at)
            self.names.append(member)
        else:
            place = bisect_right(self.times, at)
            self.times.insert(place, at)
            self.names.insert(place, member)
        return 1 + self._shrink()

    def _shrink(self) -> int:
        before = len(self.times)
        if before > SMALL and before > 4 * len(self.members):  # many times for few members
            ordered = sorted((at, member) for member, at in self.members.items())
            self.times = array("d", (at for at, _ in ordered))
            self.names = [member for _, member in ordered]
        return len(self.times) - before

    def count(self, at: float, within: float) -> int:
        """Return how many members the window holds that ends at `at` or at the newest time."""
        end = (max(self.last, at)) - within
        if self.times[0] > end:
            return len(self.members)
        return sum(newest > end for newest in self.members.values())

    def expire(self, end: float) -> int:
        """Forget what is not later than `end`. Returns the entries that went."""
        old = 0
        for at in self.times:
            if at > end:
                break
            member = self.names[old]
            if self.members.get(member) == at:
                del self.members[member]
            old += 1
        if old:
            del self.times[:old]
            del self.names[:old]
        return old

    def forget(self, surplus: int) -> None:
        """Forget the oldest sightings, however recent."""
        for at, member in zip(self.times[:surplus], self.names[:surplus], strict=True):
            if self.members.get(member) == at:
                del self.members[member]
        del self.times[:surplus]
        del self.names[:surplus]


class Amounts(array):  # type: ignore[type-arg]
    """A few amounts of one key, each followed by its time, in the order of their times: 16 bytes each."""

    __slots__ = ()

    def put(self, amount: float, at: float, end: float) -> int:
        """Take in the newest amount and forget what is not later than `end`. Returns by how much it grew."""
        old = 0
        while old < len(self) and self[old + 1] <= end:
            old += 2
        if old:
            del self[:old]
        self.append(amount)
        self.append(at)
        return 1 - old // 2

    def total(self, at: float, within: float) -> float:
        """Return the sum of the amounts that the window holds."""
        end = max(self[-1], at) - within
        if self[1] > end:
            return self[0] + self[2] if len(self) == 4 else fsum(self[::2])  # noqa: PLR2004 -- two amounts
        return fsum(amount for amount, time in zip(self[::2], self[1::2], strict=True) if time > end)

    def many(self, within: float) -> Sums:
        """Return the same as `Sums`, which takes any number of amounts."""
        made = Sums()
        for amount, time in zip(self[::2], self[1::2], strict=True):
            made.add(amount, time, within)
        return made


class Sums:
    """Amounts of one key with their times, and their sum, kept exactly in whole parts of `unit`.

    The unit is 1 while all amounts are whole, else the smallest double. So adding and taking away leave no error
    behind, and the sum is rounded once, when it is asked for: the very value of `math.fsum`, without adding up anew.
    Amounts that are not finite are added up anew while they are there.
    """

    __slots__ = ("amounts", "last", "odd", "times", "unit", "whole")

    def __init__(self) -> None:
        self.last = float("-inf")
        self.times = array("d")
        self.amounts = array("d")
        self.whole = 0
        self.unit = 1
        self.odd = 0

    def add(self, amount: float, at: float, within: float) -> int:
        """Take in one amount. Returns the entries added."""
        if at <= self.last - within:
            return 0
        if at >= self.last:
            self.last = at
            self.times.append(at)
            self.amounts.append(amount)
        else:
            place = bisect_right(self.times, at)
            self.times.insert(place, at)
            self.amounts.insert(place, amount)
        if not isfinite(amount):
            self.odd += 1
        elif amount.is_integer():
            self.whole += int(amount) * self.unit
        else:
            if self.unit == 1:
                self.whole *= _SMALLEST
                self.unit = _SMALLEST
            self.whole += _whole(amount)
        return 1

    def expire(self, end: float) -> int:
        """Forget what is not later than `end`. Returns the entries that went."""
        old = bisect_right(self.times, end)
        if old:
            self.forget(old)
        return old

    def forget(self, surplus: int) -> None:
        """Forget the oldest amounts, however recent."""
        for amount in self.amounts[:surplus]:
            if not isfinite(amount):
                self.odd -= 1
            else:
                self.whole -= int(amount) if self.unit == 1 else _whole(amount)
        del self.times[:surplus]
        del self.amounts[:surplus]

    def total(self, at: float, within: float) -> float:
        """Return the sum of the amounts that the window holds. Raises `OverflowError` if no double can hold it."""
        if self.odd or at > self.last:
            return fsum(self.amounts[bisect_right(self.times, max(self.last, at) - within) :])
        return self.whole / self.unit


def _whole(amount: float) -> int:
    above, below = amount.as_integer_ratio()
    return above * (_SMALLEST // below)
