"""What an incident came to: times, copies, mistakes, safeguards. Counted from the ledger alone.

# DSA Art. 48(4)(f): measures, their duration and outcome are reported after the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from statistics import median
from typing import Any, Final

import msgspec

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.incidents.models import Incident
from hakam.incidents.naming import bank_of, subject_of
from hakam.review.states import ComplaintState, Outcome
from hakam.vocabulary.actor import ActorKind

_BEFORE: Final = timedelta(days=1)  # a stream that was cut so long before belongs to it
_AT_ONCE: Final = 500
_MINUTE: Final = 60.0  # seconds
_K: Final = FactKind


class Copy(msgspec.Struct, frozen=True):
    """One sighting, as the ledger has it."""

    seq: int
    uploaded_at: datetime
    seen_at: datetime
    decision: int | None
    again: bool
    rehearsed: bool


class PowerTold(msgspec.Struct, frozen=True):
    """A power and how long it stood."""

    power: str
    taken_at: datetime
    undone_at: datetime | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Times are null where it never came to that; counts are of items unless said otherwise."""

    declared_at: datetime
    confirmed_at: datetime | None
    closed_at: datetime | None
    closed_how: str  # kind of the closing fact; empty: it still runs
    first_uploaded_at: datetime | None
    first_detected_at: datetime | None
    first_blocked_at: datetime | None
    first_hash_at: datetime | None
    first_shared_at: datetime | None
    streams_cut: int
    copies_seen: int  # sightings: an item in two versions is two
    items_seen: int
    items_held: int
    seen_by_hour: dict[str, int]  # hour as ISO 8601 -> sightings
    upheld_by_people: int  # a person looked, and found that it was right to hold it
    left_up_by_people: int  # a person looked, and let it stay: reporting, counter-speech, or no copy at all
    let_go: int  # with its hash, or with the bank at the end
    undecided: int  # still held
    hashes_withdrawn: int  # one by one; not with the bank at its end
    matches_called_wrong: int
    statements: int
    complaints: int
    complaints_upheld: int
    renewals: int
    told: int  # notes of the communication log
    powers: tuple[PowerTold, ...]
    hashes_added: int = 0  # by people, from files and by hand; not those that partners sent
    partners_reached: int = 0  # that confirmed to have a hash of the bank
    seen_within_minute: int = 0  # copies, since their upload
    median_seconds_to_see: float | None = None
    longest_seconds_to_see: float | None = None
    median_seconds_until_free: float | None = None  # from the hold of what was left up or let go
    longest_seconds_until_free: float | None = None

    @property
    def looked_at(self) -> int:
        """How many of the held items a person has judged."""
        return self.upheld_by_people + self.left_up_by_people

    @property
    def share_wrong(self) -> float | None:
        """Return the share of held items, of those that a person judged, that should not have been held; or null."""
        return self.left_up_by_people / self.looked_at if self.looked_at else None

    def seconds(self, start: str, end: str) -> float | None:
        """Return the time between two moments by their names (`first_uploaded_at`), null if one is missing."""
        one, other = getattr(self, start), getattr(self, end)
        return None if one is None or other is None else (other - one).total_seconds()


class _Stream(msgspec.Struct, frozen=True):
    started: datetime | None
    flagged: datetime | None
    black: datetime


def figures_of(incident: Incident) -> Figures:
    """Count an incident from its facts, as far as they go now."""
    own = Fact.objects.filter(subject=subject_of(incident)).order_by("seq")
    by_kind: dict[str, list[Fact]] = {}
    for fact in own:
        by_kind.setdefault(fact.kind, []).append(fact)
    declared, closed = by_kind[_K.INCIDENT_DECLARED][0], _closing(by_kind)
    copies = list(_copies(by_kind.get(_K.INCIDENT_COPIES_SEEN, ())))
    held = sorted({copy.decision for copy in copies if copy.decision is not None})
    streams = list(_streams(incident, until=closed.at if closed else None))
    bank = Fact.objects.filter(subject=f"bank:{bank_of(incident)}").order_by("seq")
    replacing = _about((f"decision:{pk}" for pk in held), _K.DECISION_REPLACED)
    replaced = Counter(map(_became, replacing))
    to_see = sorted((copy.seen_at - copy.uploaded_at).total_seconds() for copy in copies)
    freed = sorted(_until_free(held, replacing))
    filled = [f for f in bank.filter(kind=_K.BANK_FILLED) if ledger.body_of(f)["added"]]
    complaints = _linked(held, _K.COMPLAINT_RECEIVED)
    decided = _about([fact.subject for fact in complaints], _K.COMPLAINT_DECIDED)
    return Figures(
        declared_at=declared.at,
        confirmed_at=_first_at(by_kind.get(_K.INCIDENT_CONFIRMED, ())),
        closed_at=closed.at if closed else None,
        closed_how=closed.kind if closed else "",
        first_uploaded_at=_earliest(*(c.uploaded_at for c in copies), *(s.started for s in streams)),
        first_detected_at=_earliest(*(c.seen_at for c in copies), *(s.flagged or s.black for s in streams)),
        first_blocked_at=_earliest(_first_at(_decided(held)), *(s.black for s in streams)),
        first_hash_at=_first_at(filled),
        first_shared_at=_shared_at(incident, list(bank)),
        streams_cut=len(streams),
        copies_seen=len(copies),
        items_seen=sum(not copy.again for copy in copies),
        items_held=len(held),
        seen_by_hour=_by_hour(copies),
        upheld_by_people=replaced["upheld"],
        left_up_by_people=replaced["left up"],
        let_go=replaced["let go"],
        undecided=len(held) - sum(replaced.values()),
        hashes_withdrawn=_withdrawn(list(bank.filter(kind=_K.BANK_WITHDRAWN))),
        matches_called_wrong=_wrong(list(bank.filter(kind=_K.BANK_JUDGED))),
        statements=len(_linked(held, _K.STATEMENT_ISSUED)),
        complaints=len(complaints),
        complaints_upheld=sum(ledger.body_of(f)["state"] == ComplaintState.UPHELD for f in decided),
        renewals=len(by_kind.get(_K.INCIDENT_RENEWED, ())),
        told=len(by_kind.get(_K.INCIDENT_TOLD, ())),
        powers=tuple(_powers(by_kind)),
        hashes_added=sum(ledger.body_of(fact)["added"] for fact in filled),
        partners_reached=len({fact.subject for fact in _given(incident)}),
        seen_within_minute=sum(one <= _MINUTE for one in to_see),
        median_seconds_to_see=median(to_see) if to_see else None,
        longest_seconds_to_see=to_see[-1] if to_see else None,
        median_seconds_until_free=median(freed) if freed else None,
        longest_seconds_until_free=freed[-1] if freed else None,
    )


_CLOSING: Final = (_K.INCIDENT_ENDED, _K.INCIDENT_EXPIRED, _K.INCIDENT_LAPSED, _K.INCIDENT_REFUSED)


def _closing(by_kind: dict[str, list[Fact]]) -> Fact | None:
    return next((by_kind[kind][0] for kind in _CLOSING if kind in by_kind), None)


def _copies(facts: Iterable[Fact]) -> Iterator[Copy]:
    for fact in facts:
        yield from msgspec.convert(ledger.body_of(fact)["copies"], list[Copy])


def _by_hour(copies: Iterable[Copy]) -> dict[str, int]:
    hours = Counter(copy.seen_at.replace(minute=0, second=0, microsecond=0).isoformat() for copy in copies)
    return dict(sorted(hours.items()))


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _first_at(facts: Iterable[Fact]) -> datetime | None:
    return next((fact.at for fact in facts), None)


def _parts(names: Iterable[str]) -> Iterator[list[str]]:
    source = iter(names)
    while part := list(islice(source, _AT_ONCE)):
        yield part


def _linked(decisions: Iterable[int], kind: FactKind) -> list[Fact]:
    """Return the facts of a kind that belong to the story of some decisions."""
    found: dict[int, Fact] = {}
    for names in _parts(f"decision:{pk}" for pk in decisions):
        found |= {f.seq: f for f in Fact.objects.filter(kind=kind, links__subject__in=names)}
    return [found[seq] for seq in sorted(found)]


def _about(subjects: Iterable[str], kind: FactKind) -> list[Fact]:
    found: list[Fact] = []
    for part in _parts(subjects):
        found += Fact.objects.filter(kind=kind, subject__in=part)
    return sorted(found, key=lambda fact: fact.seq)


def _decided(decisions: Iterable[int]) -> list[Fact]:
    return _about((f"decision:{pk}" for pk in decisions), _K.CASE_DECIDED)


def _became(fact: Fact) -> str:
    """Return what became of something held: by a person, or by the bank that no longer says so."""
    if fact.actor.startswith(f"{ActorKind.RULE}:"):
        return "let go"
    return "upheld" if ledger.body_of(fact)["outcome"] == Outcome.VIOLATION else "left up"


def _until_free(held: Iterable[int], replacing: Iterable[Fact]) -> Iterator[float]:
    """Yield for how many seconds each item was held that was left up or let go."""
    began = {fact.subject: fact.at for fact in _decided(held)}
    for fact in replacing:
        if _became(fact) != "upheld" and fact.subject in began:
            yield (fact.at - began[fact.subject]).total_seconds()


def _given(incident: Incident) -> list[Fact]:
    """Return the facts that a partner has confirmed hashes of the bank, the first first."""
    given = Fact.objects.filter(kind=_K.EXCHANGE_GIVEN, links__subject=f"bank:{bank_of(incident)}")
    return [fact for fact in given.order_by("seq") if ledger.body_of(fact)["came"]]


def _shared_at(incident: Incident, bank: list[Fact]) -> datetime | None:
    """Return when a partner first confirmed that it has hashes of the bank.

    Where partners fetch for themselves and confirm nothing: when they could, it was shared and something was in it.
    """
    if confirmed := _given(incident):
        return confirmed[0].at
    shared = filled = None
    for fact in bank:
        body = ledger.body_of(fact)
        if fact.kind == _K.BANK_CHANGED and body.get("shared"):
            shared = shared or fact.at
        elif fact.kind == _K.BANK_FILLED and body["added"]:
            filled = filled or fact.at
        if shared and filled:
            return max(shared, filled)
    return None


def _withdrawn(facts: list[Fact]) -> int:
    """Return how many hashes were taken out as wrong or taken back; emptying the bank at its end is no mistake."""
    bodies = [ledger.body_of(fact) for fact in facts]
    return sum(body["entries"] for body in bodies if not body["everything"])


def _wrong(facts: list[Fact]) -> int:
    """Return how many entries somebody called wrong, the last word of each person."""
    last: dict[tuple[str, int], bool] = {}
    for fact in facts:
        body = ledger.body_of(fact)
        last[fact.actor, body["entry"]] = body["correct"]
    return len({entry for (_actor, entry), correct in last.items() if not correct})


def _powers(by_kind: dict[str, list[Fact]]) -> Iterator[PowerTold]:
    undone = {ledger.body_of(f)["power"]: f.at for f in by_kind.get(_K.INCIDENT_POWER_UNDONE, ())}
    for fact in by_kind.get(_K.INCIDENT_POWER_TAKEN, ()):
        power = ledger.body_of(fact)["power"]
        yield PowerTold(power, fact.at, undone.get(power))


def _streams(incident: Incident, *, until: datetime | None) -> Iterator[_Stream]:
    """Yield the live streams that were cut under the incident's clause while it lasted, or shortly before."""
    if incident.exercise:
        return
    black = Fact.objects.filter(kind=_K.LIVE_BLACK, at__gte=incident.declared_at - _BEFORE)
    for fact in (black.filter(at__lte=until) if until else black).order_by("seq"):
        names = fact.links.filter(subject__startswith="decision:").values_list("subject", flat=True)
        decided = Fact.objects.filter(kind=_K.CASE_DECIDED, subject__in=list(names))
        if not any(ledger.body_of(one).get("clause") == incident.clause for one in decided):
            continue
        yield _Stream(
            started=_moment(fact.subject, _K.LIVE_STARTED),
            flagged=_moment(fact.subject, _K.LIVE_FLAGGED),
            black=fact.at,
        )


def _moment(subject: str, kind: FactKind) -> datetime | None:
    return _first_at(Fact.objects.filter(subject=subject, kind=kind).order_by("seq"))


def as_data(figures: Figures) -> dict[str, Any]:
    """Return the figures as JSON has them."""
    built: dict[str, Any] = msgspec.to_builtins(figures)
    return built
