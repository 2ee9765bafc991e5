"""What rules change: authors on whom they act, against the holdback group, for whom the same rules only watch.

Who is in the group is drawn by `policy.staging.place`, whatever anybody does, so the two differ by nothing but chance
and what rules do. For each author that a rule hits, the first hit counts; what is compared is the share of authors that
the rule hits again within some days, and the share that goes on posting. Shares have 95 % intervals by Wilson (1927),
their difference that of Newcombe (1998, method 10).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from hakam.investigation.query import ANY, Fired, Hidden, Query, Stopped, ask, nothing_hidden
from hakam.investigation.stored import Stored
from hakam.policy.engine import GRAVE, HOLDBACK
from hakam.policy.pack import Pack
from hakam.policy.staging import place
from hakam.signals.evaluation.figures import Figure, share
from hakam.storage.event_log import EventLog
from hakam.vocabulary.event import Change
from hakam.vocabulary.verdict import PackRef, Stage

DAY: Final = 86_400.0
ALL: Final = ""  # in place of a rule: any of them
FEW: Final = 10  # authors of a group; below, nothing is concluded

Author = tuple[str, str]  # platform, id


class Under(msgspec.Struct, frozen=True):
    """A version of a pack: the share of authors held back, and the rules that act on all others."""

    share: float
    rules: frozenset[str]

    def holds_back(self, author: Author) -> bool:
        """Whether an author is in the holdback group."""
        return place(HOLDBACK, *author) < self.share


def under(pack: Pack) -> Under | None:
    """Return what a pack holds back, `None` if nothing.

    Left out are rules of grave clauses, which hold nobody back; those without measures; canaries, which only watch for
    most authors; and rules with a value on trial.
    """
    if not pack.holdback:
        return None
    tried = {rule.variant_of for rule in pack.rules if rule.variant_of}
    rules = frozenset(
        rule.id
        for rule in pack.rules
        if rule.staging.stage is Stage.LIVE
        and rule.measures
        and pack.clauses[rule.policy].severity < GRAVE
        and not rule.variant_of
        and rule.id not in tried
    )
    return Under(pack.holdback, rules) if rules else None


class Group(msgspec.Struct, frozen=True):
    """Authors that a rule hit. `followed` were hit long enough before the end, of them come the shares."""

    authors: int
    followed: int
    again: Figure | None  # share of `followed` that was hit again, `None` if there are none
    posted: Figure | None  # share of `followed` that posted anything again


class Row(msgspec.Struct, frozen=True):
    """One rule, or all rules together (`rule` is empty).

    Differences are the group's share less that of the others: above 0 for `again`, the rule makes people stop; above 0
    for `posted`, it makes them leave.
    """

    rule: str
    acted: Group
    watched: Group
    again: Figure | None
    posted: Figure | None

    @property
    def enough(self) -> bool:
        """Whether both groups have so many authors that a difference means something."""
        return min(self.acted.followed, self.watched.followed) >= FEW


class Effect(msgspec.Struct, frozen=True):
    """What was found. `since` to `until` (Unix seconds of receipt) was looked at; `stopped` if less than was asked."""

    since: float
    until: float
    days: float  # within which an author is followed
    rows: tuple[Row, ...]
    looked: int
    passed_over: int  # verdicts of versions that are not known, or held nobody back
    stopped: Stopped | None = None


class _Hit(msgspec.Struct):
    """One author and one rule. Blocks of the log come from the newest backwards, each from its oldest record on."""

    held: bool
    first: float
    seq: int  # of the first hit; several records may have been received at once
    again: bool = False
    posted: bool = False

    def see(self, at: float, seq: int, within: float, *, held: bool) -> None:
        """Take in a hit: the one nearest after another is the earliest of those seen before it, or is yet to come."""
        if seq < self.seq:
            self.again = self.first - at <= within
            self.first, self.seq, self.held = at, seq, held
        elif seq > self.seq and at - self.first <= within:
            self.again = True


class _Packed(msgspec.Struct):
    pack: PackRef


_packed = msgspec.json.Decoder(_Packed).decode


class _Hits:
    def __init__(self, versions: Callable[[PackRef], Under | None], within: float) -> None:
        self._versions, self._within = versions, within
        self._known: dict[str, Under | None] = {}
        self.hits: dict[str, dict[Author, _Hit]] = {ALL: {}}
        self.passed_over = 0

    def see(self, stored: Stored) -> None:
        if stored.event.change is not Change.CREATED:  # an edit of what was hit is no other hit
            return
        ref = _packed(stored.record.verdict).pack
        if ref.digest not in self._known:
            self._known[ref.digest] = self._versions(ref)
        version = self._known[ref.digest]
        if version is None:
            self.passed_over += 1
            return
        author = stored.event.platform, stored.event.author.id
        rules = {said.rule for said in stored.fired} & version.rules
        if not rules:
            return
        held, at, seq = version.holds_back(author), stored.record.received_at, stored.record.seq
        for rule in (ALL, *rules):
            known = self.hits.setdefault(rule, {})
            if (hit := known.get(author)) is None:
                known[author] = _Hit(held, at, seq)
            else:
                hit.see(at, seq, self._within, held=held)

    def post(self, stored: Stored) -> None:
        """Take in any post, once all hits are known."""
        author, at = (stored.event.platform, stored.event.author.id), stored.record.received_at
        seq = stored.record.seq
        if author not in self.hits[ALL] or stored.event.change is not Change.CREATED:
            return
        for known in self.hits.values():
            hit = known.get(author)
            if hit is not None and seq > hit.seq and at - hit.first <= self._within:
                hit.posted = True

    def rows(self, until: float) -> Iterator[Row]:
        for rule, known in self.hits.items():
            groups = [
                self._group([hit for hit in known.values() if hit.held is held], until)
                for held in (False, True)
            ]
            acted, watched = groups
            yield Row(
                rule,
                acted,
                watched,
                difference(watched.again, acted.again),
                difference(watched.posted, acted.posted),
            )

    def _group(self, hits: list[_Hit], until: float) -> Group:
        followed = [hit for hit in hits if hit.first + self._within <= until]
        many = len(followed)
        if not many:
            return Group(len(hits), 0, None, None)
        again, posted = sum(hit.again for hit in followed), sum(hit.posted for hit in followed)
        return Group(len(hits), many, share(again, many), share(posted, many))


def difference(one: Figure | None, other: Figure | None) -> Figure | None:
    """Return one share less another, with its 95 % interval: Newcombe's, from the intervals of both."""
    if one is None or other is None:
        return None
    value = one.value - other.value
    return Figure(
        value,
        value - math.hypot(one.value - one.low, other.high - other.value),
        value + math.hypot(one.high - one.value, other.value - other.low),
    )


def effect(
    log: EventLog,
    versions: Callable[[PackRef], Under | None],
    *,
    since: float,
    until: float,
    days: float,
    budget: float | None = None,
    hidden: Hidden = nothing_hidden,
    progress: Callable[[float], None] = lambda _share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Effect:
    """Compare both groups over a range of the log.

    It is read twice: for hits, and for what the authors that were hit posted. `versions` says what a version holds
    back, `None` if it is not known or holds back nobody. `budget`: seconds for each reading; if they do not do, the
    older part of the range is left out.
    """
    found = _Hits(versions, days * DAY)
    hits = Query(None, Fired(frozenset({ANY})), since, until, 0, budget=budget)
    answer = ask(
        log,
        hits,
        each=found.see,
        hidden=hidden,
        cancelled=cancelled,
        progress=lambda part: progress(part / 2),
    )
    begin = answer.looked_since.timestamp() if answer.stopped and answer.looked_since else since
    posts = ask(
        log,
        Query(since=begin, until=until, limit=0, budget=budget),
        each=found.post,
        hidden=hidden,
        cancelled=cancelled,
        progress=lambda part: progress(0.5 + part / 2),
    )
    rows = sorted(found.rows(until), key=lambda row: (row.rule != ALL, -row.watched.followed, row.rule))
    return Effect(
        begin, until, days, tuple(rows), posts.looked, found.passed_over, answer.stopped or posts.stopped
    )
