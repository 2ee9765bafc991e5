"""The chat of live events, as the event log tells of it: who writes, from where, and how much of it is the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from hakam.live.surge.signs import WINDOW, Signs
from hakam.live.waiting.asking import LABEL
from hakam.signals.fold import fold_words
from hakam.signals.near_duplicates import NearIndex, simhash
from hakam.storage.event_log import CorruptRecordError, EventLog

YOUNG: Final = 7 * 86_400.0  # seconds
_AT_ONCE: Final = 2_000
_MOST: Final = 100_000  # messages of a thread that are remembered
_COMPARED: Final = 3_000  # the newest messages that are compared with each other
_NEAR: Final = 6  # bits; closer than for questions, since nobody looks at each pair
_CHORUS: Final = 3  # accounts that write nearly the same
_KINDS: Final = (b'"live.chat"', b'"comment"')


class Message(NamedTuple):
    """The little that is remembered of a message."""

    at: float
    account: str
    age: float | None  # seconds, of the account
    network: str
    country: str
    hash: int | None  # SimHash; None: too short to be told apart
    hit: bool


class _Item(msgspec.Struct):
    text: str | None = None
    thread: str | None = None
    parent: str | None = None
    labels: tuple[str, ...] = ()


class _Author(msgspec.Struct):
    id: str
    created_at: datetime | None = None
    country: str | None = None


class _Context(msgspec.Struct):
    country: str | None = None
    ip_hash: str | None = None


class _Told(msgspec.Struct):
    kind: str
    item: _Item
    author: _Author
    context: _Context = msgspec.field(default_factory=_Context)


class _Verdict(msgspec.Struct):
    matches: list[msgspec.Raw] = []


class Tally:
    """Follows the log from its end. A message belongs to the thread that it names, or to its parent."""

    def __init__(self, log: EventLog, after: int) -> None:
        self._log, self._after = log, after
        self._said: dict[tuple[str, str], deque[Message]] = {}
        self._wanted: set[tuple[str, str]] = set()

    def follow(self, wanted: Collection[tuple[str, str]]) -> int:
        """Read on to the end of the log, and remember what is said in these (platform, thread); return how much."""
        self._wanted = set(wanted)
        for gone in set(self._said) - self._wanted:
            del self._said[gone]
        seen = 0
        while True:
            try:
                records = self._log.read(self._after, _AT_ONCE)
            except CorruptRecordError as error:
                self._after = error.seq
                continue
            for record in records:
                if any(kind in record.raw for kind in _KINDS):
                    self._take(record.platform, record.raw, record.verdict, record.received_at)
            if records:
                self._after = records[-1].seq
            seen += len(records)
            if len(records) < _AT_ONCE:
                return seen

    def _take(self, platform: str, raw: bytes, verdict: bytes, at: float) -> None:
        try:
            told = msgspec.json.decode(raw, type=_Told)
            hit = b'"matches"' in verdict and bool(msgspec.json.decode(verdict, type=_Verdict).matches)
        except msgspec.MsgspecError:
            return
        key = (platform, told.item.thread or told.item.parent or "")
        if key not in self._wanted:
            return
        made = told.author.created_at
        self._said.setdefault(key, deque(maxlen=_MOST)).append(
            Message(
                at,
                told.author.id,
                None if made is None else max(0.0, at - made.timestamp()),
                told.context.ip_hash or "",
                told.context.country or told.author.country or "",
                # Questions are asked by many in the same words, and folded: that is what they are for.
                None if LABEL in told.item.labels else simhash(fold_words(told.item.text or "")),
                hit,
            )
        )

    def signs(self, keys: Collection[tuple[str, str]], *, at: float) -> Signs:
        """Return what was counted of these threads in the last `WINDOW` seconds. `at`: Unix seconds."""
        said: list[Message] = []
        for key in keys:
            mine = self._said.get(key)
            while mine and mine[0].at < at - WINDOW:
                mine.popleft()
            said += mine or ()
        return signs_of(said)


def signs_of(said: Collection[Message]) -> Signs:
    """Count messages."""
    age = {one.account: one.age for one in said if one.age is not None}
    network = {one.account: one.network for one in said if one.network}
    newest = sorted(said, key=lambda one: one.at)[-_COMPARED:]
    long = [(one.hash, one.account) for one in newest if one.hash is not None]
    choruses = chorus(long, least=_CHORUS)
    return Signs(
        messages=len(said),
        accounts=len({one.account for one in said}),
        aged=len(age),
        young=sum(1 for seconds in age.values() if seconds < YOUNG),
        networked=len(network),
        networks=len(set(network.values())),
        countries=len({one.country for one in said if one.country}),
        long=len(long),
        long_aged=sum(1 for _hash, account in long if account in age),
        alike=sum(len(one) for one in choruses),
        alike_young=sum(len(one) for one in choruses if _young(one, age)),
        hits=sum(one.hit for one in said),
    )


def _young(said: Sequence[str], age: Mapping[str, float]) -> bool:
    """Whether most of those who wrote the same, as far as their age is known, were made within a week."""
    known = [age[who] for who in set(said) if who in age]
    return 2 * sum(1 for seconds in known if seconds < YOUNG) > len(known)


def chorus(said: Iterable[tuple[int, str]], *, least: int) -> list[list[str]]:
    """Return who wrote each message, for each group of near-duplicates of (SimHash, who) by at least so many people."""
    index, first = NearIndex(_NEAR), 0
    groups: dict[str, list[str]] = {}
    for hash_, who in said:
        near = index.near(hash_)
        if near:
            name = near[0][1]
        else:
            first += 1
            name = str(first)
            index.add(hash_, name)
        groups.setdefault(name, []).append(who)
    return [one for one in groups.values() if len(set(one)) >= least]
