"""What one key of a counter holds: the events of its window, in as little room as they need.

Most keys are seen once or twice, and with a million of them each object that is looked at is waited for. So a key
holds as few as can be: the first time of a counter is a bare float; one amount and up to four members are a tuple with
their times, newest first. More times stand in an array of doubles, 8 bytes each, which the garbage collector need
not look through; more amounts in one too, behind their sum; more members in a dictionary. Whatever can never count
again leaves in bulk.

Each function here answers for one key. `end` is where its window begins: an event counts if it is later.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import chain
from math import fsum, isfinite, nan
from typing import Any, Self, TypeAlias

Times: TypeAlias = "float | array[float]"  # of one key: its only time, or all of them in order
Pairs: TypeAlias = "tuple[Any, ...]"  # a time, what was seen then, and so on, newest first

BULK = 2  # entries that may linger behind the window before they are dropped
FEW = 16  # amounts with fractions up to which an array of them is added up anew each time
GREAT = 1e300  # amounts from here on are kept exactly at once: a few of them may be more than a double holds
PAIRED = 4  # members up to which a tuple holds them
PLAIN = 2.0**46  # whole amounts below: `SEVERAL` of them and one more add up without rounding
SEVERAL = 64  # whole amounts up to which an array of them will do
SMALL = 16  # members up to which a dictionary by itself will do
REPEATS = 64  # sightings before repeats among many members are thrown out
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
    if isinstance(held, Few | Members | Sums):
        return held.last
    assert isinstance(held, array)
    return float(held[-1])


def entries_of(held: object) -> int:
    """Return how many entries a key takes: one for itself, one for each time that it holds."""
    if isinstance(held, tuple | Amounts):
        return len(held) // 2 + 1
    if isinstance(held, array | dict):
        return len(held) + 1
    if isinstance(held, Members | Sums):
        return len(held.times) + 1
    return 2


def again(held: Pairs, member: str, at: float, end: float) -> Pairs:
    """Return some members with their newest times after a sighting that is not late, less those of before `end`."""
    cut = len(held)
    while cut and held[cut - 2] <= end:
        cut -= 2
    left = held[:cut]
    if member in left:
        place = left.index(member) - 1
        left = left[:place] + left[place + 2 :]
    return (at, member) + left  # noqa: RUF005 -- unpacking makes a list first


def seen_late(held: Pairs, member: str, at: float, within: float) -> Pairs:
    """Return some members with their newest times after a sighting that is older than the newest."""
    end = held[0] - within
    pairs = [(time, who) for time, who in zip(held[::2], held[1::2], strict=True) if time > end]
    known = next((time for time, who in pairs if who == member), end)
    if at > known:
        pairs = sorted(
            [*(pair for pair in pairs if pair[1] != member), (at, member)], key=_time, reverse=True
        )
    return tuple(chain.from_iterable(pairs))


def inside(held: Pairs, at: float, within: float) -> list[Any]:
    """Return whose times, of some pairs, the window holds that ends at `at` or at the newest time."""
    end = max(held[0], at) - within
    return [what for time, what in zip(held[::2], held[1::2], strict=True) if time > end]


def _time(pair: tuple[float, str]) -> float:
    return pair[0]


class Few(dict):  # type: ignore[type-arg]
    """Some members of one key with the newest time of each, in no order. `floor` is no later than any of these."""

    __slots__ = ("floor", "last")
    floor: float
    last: float

    @classmethod
    def of(cls, held: Pairs) -> Self:
        """Return the same as pairs hold."""
        made = cls(zip(held[1::2], held[::2], strict=True))
        made.last, made.floor = held[0], held[-2]
        return made

    def expire(self, end: float) -> None:
        """Forget what is not later than `end`, which is earlier than the newest time."""
        for member in [member for member, at in self.items() if at <= end]:
            del self[member]
        self.floor = min(self.values())

    def late(self, member: str, at: float, within: float) -> None:
        """Take in a sighting that is older than the newest."""
        if at > self.last - within and at > self.get(member, float("-inf")):
            self[member] = at
            self.floor = min(self.floor, at)

    def count(self, at: float, within: float) -> int:
        """Return how many members the window holds that ends at `at` or at the newest time."""
        end = max(self.last, at) - within
        return sum(newest > end for newest in self.values())

    def pairs(self) -> Pairs:
        """Return the same as pairs."""
        return tuple(chain.from_iterable((at, member) for member, at in reversed(self.in_order().items())))

    def in_order(self) -> dict[str, float]:
        """Return the members with their times, oldest first."""
        return dict(sorted(self.items(), key=lambda one: one[1]))

    def forget(self, surplus: int) -> None:
        """Forget the oldest members, however recent."""
        for member in list(self.in_order())[:surplus]:
            del self[member]


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
        if before > REPEATS and before > 4 * len(self.members):  # many times for few members
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


def plain(amount: float) -> bool:
    """Whether an amount is whole and small enough for `SEVERAL` of them to add up without rounding."""
    return -PLAIN < amount < PLAIN and not amount % 1.0


class Amounts(array):  # type: ignore[type-arg]
    """Some amounts of one key, each followed by its time, in the order of their times: 16 bytes each.

    Before them stands their sum while all are `plain`, and not-a-number else: then they are added up anew.
    """

    __slots__ = ()

    @classmethod
    def of(cls, held: Pairs) -> Self:
        """Return the same as pairs hold."""
        made = cls("d", (nan, *reversed(held)))
        made.renew()
        return made

    def renew(self) -> None:
        """Add up anew, if all amounts are plain."""
        amounts = self[1::2]
        self[0] = fsum(amounts) if all(map(plain, amounts)) else nan

    def add(self, amount: float, at: float, within: float) -> int:
        """Take in one amount that is not great. Returns the entries added."""
        if at <= self[-1] - within:
            return 0
        place = len(self)
        while place > 1 and self[place - 1] > at:
            place -= 2
        self.insert(place, at)
        self.insert(place, amount)
        self[0] = self[0] + amount if plain(amount) else nan
        return 1

    def expire(self, end: float) -> int:
        """Forget what is not later than `end`, which is earlier than the newest time. Returns the entries that went."""
        old = 0
        while self[2 * old + 2] <= end:
            old += 1
        if old:
            self.forget(old)
        return old

    def total(self, at: float, within: float) -> float:
        """Return the sum of the amounts that the window holds."""
        end = max(self[-1], at) - within
        if self[2] > end:
            return fsum(self[1::2]) if self[0] != self[0] else self[0]
        return fsum(amount for amount, time in zip(self[1::2], self[2::2], strict=True) if time > end)

    def full(self) -> bool:
        """Whether there are more amounts than an array is good for."""
        return len(self) > 2 * (FEW if self[0] != self[0] else SEVERAL) + 1

    def forget(self, surplus: int) -> None:
        """Forget the oldest amounts, however recent."""
        del self[1 : 1 + 2 * surplus]
        self.renew()

    def many(self, within: float) -> Sums:
        """Return the same as `Sums`, which takes any number of amounts."""
        made = Sums()
        for amount, time in zip(self[1::2], self[2::2], strict=True):
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
