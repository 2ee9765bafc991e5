"""What one key of a counter holds: the events of its window, in as little room as they need.

Most keys are seen once or twice, and with a million of them each object that is looked at is waited for. So a key
holds as few as can be: the first time of a counter is a bare float; one amount, or one member, with its time is a
complex number, which is two doubles in one object. More times stand in an array of doubles, 8 bytes each; more amounts
in one too, behind their sum; several members in one with their times; many in a dictionary. Whatever can never count
again leaves in bulk.

A member stands there as its `sign`, a double made of its hash, whose key Python draws anew for each process: a text of
any length takes 8 bytes, and what people wrote is not kept. Two members have the same sign with a chance of less than
one in 2**54, and are then counted as one: of n in a window, some with less than n**2 / 2**55 (of 100,000, one in 3.6
million). Everything else is exact.

Each function here answers for one key. `end` is where its window begins: an event counts if it is later.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from math import fsum, isfinite, nan
from typing import Self, TypeAlias

Times: TypeAlias = "float | array[float]"  # of one key: its only time, or all of them in order

BULK = 2  # entries that may linger behind the window before they are dropped
FEW = 16  # amounts with fractions up to which an array of them is added up anew each time
GREAT = 1e300  # amounts from here on are kept exactly at once: a few of them may be more than a double holds
PLAIN = 2.0**46  # whole amounts below: `SEVERAL` of them and one more add up without rounding
SEVERAL = 64  # whole amounts up to which an array of them will do
LEAST = -PLAIN
REPEATS = 64  # sightings before repeats among many members are thrown out
ROOM = 2 * SEVERAL  # doubles of an array of amounts to which one more may be added
SEVERAL_MEMBERS = 12  # members up to which an array holds them
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


def sign_of(member: str) -> float:
    """Return the double as which a member is kept. It means nothing outside this process."""
    return float(hash(member))


def newest_of(held: object) -> float:
    """Return the newest time of whatever a key holds."""
    if isinstance(held, float):
        return held
    if isinstance(held, complex):
        return held.real
    if isinstance(held, Members | Sums):
        return held.last
    if isinstance(held, Sightings):
        return float(held[-2])
    assert isinstance(held, array)
    return float(held[-1])


def entries_of(held: object) -> int:
    """Return how many entries a key takes: one for itself, one for each time that it holds."""
    if isinstance(held, Amounts | Sightings):
        return len(held) // 2 + 1
    if isinstance(held, array):
        return len(held) + 1
    if isinstance(held, Members | Sums):
        return len(held.times) + 1
    return 2


def seen(held: object, sign: float) -> float | None:
    """Return when a member of a key was seen last, `None` if it was not."""
    if isinstance(held, complex):
        return held.real if held.imag == sign else None
    if isinstance(held, Members):
        return held.members.get(sign)
    assert isinstance(held, Sightings)
    return float(held[held.index(sign) & ~1]) if sign in held else None


class Sightings(array):  # type: ignore[type-arg]
    """Several members of one key: the time of the newest sighting of each, then its sign, oldest first. 16 bytes each.

    A sign that looks like a time, which chance makes of fewer still than like another sign, is taken for the member
    of that time: the order stands.
    """

    __slots__ = ()

    def late(self, sign: float, at: float, within: float) -> None:
        """Take in a sighting that is older than the newest."""
        if at <= self[-2] - within:
            return
        if sign in self:
            place = self.index(sign) & ~1
            if at <= self[place]:
                return
            del self[place : place + 2]
        place = len(self)
        while place and self[place - 2] > at:
            place -= 2
        self.insert(place, sign)
        self.insert(place, at)

    def count(self, at: float, within: float) -> int:  # type: ignore[override]  # as the other forms do
        """Return how many members the window holds that ends at `at` or at the newest time."""
        end = max(self[-2], at) - within
        place = len(self)
        while place and self[place - 2] > end:
            place -= 2
        return (len(self) - place) // 2

    def forget(self, surplus: int) -> None:
        """Forget the oldest members, however recent."""
        del self[: 2 * surplus]


class Members:
    """Many different members of one key, by their signs, each with the newest time at which it was seen."""

    __slots__ = ("last", "members", "signs", "times")

    def __init__(self, several: Sightings) -> None:
        """Begin with some members."""
        self.times = array("d", several[::2])
        self.signs = array("d", several[1::2])
        self.members = dict(zip(self.signs, self.times, strict=True))
        self.last = self.times[-1]

    def add(self, member: float, at: float, within: float) -> int:
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
            self.signs.append(member)
        else:
            place = bisect_right(self.times, at)
            self.times.insert(place, at)
            self.signs.insert(place, member)
        return 1 + self._shrink()

    def _shrink(self) -> int:
        before = len(self.times)
        if before > REPEATS and before > 4 * len(self.members):  # many times for few members
            ordered = sorted((at, member) for member, at in self.members.items())
            self.times = array("d", (at for at, _ in ordered))
            self.signs = array("d", (member for _, member in ordered))
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
            member = self.signs[old]
            if self.members.get(member) == at:
                del self.members[member]
            old += 1
        if old:
            del self.times[:old]
            del self.signs[:old]
        return old

    def forget(self, surplus: int) -> None:
        """Forget the oldest sightings, however recent."""
        for at, member in zip(self.times[:surplus], self.signs[:surplus], strict=True):
            if self.members.get(member) == at:
                del self.members[member]
        del self.times[:surplus]
        del self.signs[:surplus]


def plain(amount: float) -> bool:
    """Whether an amount is whole and small enough for `SEVERAL` of them to add up without rounding."""
    return -PLAIN < amount < PLAIN and not amount % 1.0


class Amounts(array):  # type: ignore[type-arg]
    """Some amounts of one key, each followed by its time, in the order of their times: 16 bytes each.

    Before them stands their sum while all are `plain`, and not-a-number else: then they are added up anew.
    """

    __slots__ = ()

    @classmethod
    def of(cls, one: complex) -> Self:
        """Return the same as one amount and its time."""
        return cls("d", (one.imag if plain(one.imag) else nan, one.imag, one.real))

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
