"""Judging an event again, once the worker has learnt scores of it that its rules read.

The door answers in milliseconds, by what is known then. What a slower model says, or what a decoded picture shows,
comes seconds later. The event is then judged by the very rules and lists that judged it first, with the measurements
and counters of that time and the scores learnt since. Only rules that did not fire before do anything. To rules, a
score that is not there yet is unknown, so none fires for want of it.

Of a source (a model, the look at media), a record takes in one answer. The caller moves its cursor in the same
transaction: a worker that is killed does the batch again, and no record acts twice.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
from django.db import InterfaceError, OperationalError, transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.intake.acting import act
from hakam.intake.models import Cursor, LaterFiring, LaterJudgement
from hakam.investigation.stored import fired_in, read
from hakam.policy.counters import RecordedCounters
from hakam.policy.engine import Engine, most_urgent
from hakam.policy.known_content import bank_of
from hakam.policy.tree import Field, walk
from hakam.review import evidence, trips
from hakam.review.automatic import key_of
from hakam.review.cases import about
from hakam.review.why import CannotExplainError, engine_of
from hakam.storage.event_log import Record
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Event, ItemRef
from hakam.vocabulary.measure import merged
from hakam.vocabulary.verdict import Firing, PackRef, Stage, Verdict

LONGEST_WHY: Final = 300
_TURN: Final = "judged again"  # the row that lets one lane at a time judge again
_OUTAGES: Final = (OperationalError, InterfaceError, OSError, MemoryError)
_LOG: Final = logging.getLogger(__name__)
_replace = msgspec.structs.replace


class _Judged(msgspec.Struct, frozen=True):
    """The little of a verdict that tells which rules judged."""

    pack: PackRef
    lists: dict[str, str] = {}


class Learnt(NamedTuple):
    """What one source says of one record. Without scores it is unknown, and `unknown` says why."""

    record: Record
    source: str
    made_by: str
    scores: Mapping[str, float]
    unknown: str = ""


class _Measured(msgspec.Struct):
    """What the log keeps beside an event, as far as it is scores."""

    scores: dict[str, float] = {}


_AT_ONCE: Final = 500  # records whose later scores are looked up together
_measured: Final = msgspec.json.Decoder(_Measured).decode
_judged: Final = msgspec.json.Decoder(_Judged).decode
_verdict: Final = msgspec.json.Decoder(Verdict).decode


def reads(record: Record) -> frozenset[str]:
    """Return the scores that the rules of a record's verdict read; none if those rules are not at hand."""
    try:
        judged = _judged(record.verdict)
        engine = engine_of(judged.pack, judged.lists)
    except (CannotExplainError, msgspec.MsgspecError) as error:
        _LOG.info("record %s is not judged again: %s", record.seq, error)
        return frozenset()
    return scores_read(engine)


def scores_read(engine: Engine) -> frozenset[str]:
    """Return the names of the scores that some rule reads."""
    known = _READ.get(engine.ref.digest)
    if known is None:
        paths = {
            node.spec.path for rule in engine.rules for node in walk(rule.when) if isinstance(node, Field)
        }
        known = frozenset(path[8:-2] for path in paths if path.startswith('scores["'))
        if len(_READ) > _MOST_PACKS:
            _READ.clear()
        _READ[engine.ref.digest] = known
    return known


_READ: dict[str, frozenset[str]] = {}
_MOST_PACKS: Final = 64


def take_in(learnt: Learnt, *, vault: Vault, now: datetime) -> bool:
    """Keep what was learnt of a record and judge it again, in the caller's transaction; say whether it was new.

    A record that can't be judged again is told in the log and left as it was; an outage is raised.
    """
    with transaction.atomic():
        Cursor.objects.select_for_update().get_or_create(
            pk=_TURN
        )  # each judgement sees all that was learnt before
        if LaterJudgement.objects.filter(seq=learnt.record.seq, source=learnt.source).exists():
            return False
        try:
            with transaction.atomic():
                _judge(learnt, vault=vault, now=now)
        except _OUTAGES:
            raise
        except Exception:  # noqa: BLE001 -- one record must not hold up all that come after it
            _LOG.exception("record %s could not be judged again", learnt.record.seq)
            _keep(learnt, (), pack="", now=now)
        return True


def learnt_of(seq: int) -> dict[str, float]:
    """Return every score that was learnt of a record after its first verdict."""
    return _together(LaterJudgement.objects.filter(seq=seq).order_by("pk").values_list("scores", flat=True))


def with_all_scores(records: Iterable[Record]) -> Iterator[tuple[Record, dict[str, float]]]:
    """Yield each record with every score of it that is known by now: the door's, and what was learnt later.

    For back-tests and trials, which ask what rules would make of all that. What the platform sent stands in the record.
    """
    source = iter(records)
    while batch := list(islice(source, _AT_ONCE)):
        later: dict[int, list[dict[str, float]]] = defaultdict(list)
        found = LaterJudgement.objects.filter(seq__in=[one.seq for one in batch]).order_by("pk")
        for seq, scores in found.values_list("seq", "scores"):
            later[seq].append(scores)
        for one in batch:
            yield one, _together([_measured(one.signals).scores, *later.get(one.seq, ())])


def _together(found: Any) -> dict[str, float]:
    """Of a bank, the nearest look counts; of anything else, the newest."""
    out: dict[str, float] = {}
    for scores in found:
        for name, value in scores.items():
            out[name] = max(value, out.get(name, 0.0)) if bank_of(f'scores["{name}"]') else value
    return out


def _judge(learnt: Learnt, *, vault: Vault, now: datetime) -> None:
    record = learnt.record
    told = _verdict(record.verdict)
    if not learnt.scores:
        _keep(learnt, (), pack=told.pack.digest, now=now)
        return
    engine = engine_of(told.pack, told.lists)
    stored = read(record, engine.needs, ())
    earlier = LaterJudgement.objects.filter(seq=record.seq).order_by("pk")
    scores = _together([stored.event.scores, *(one.scores for one in earlier), dict(learnt.scores)])
    sent = evidence.read_event(record.raw)  # what the platform measured itself comes first
    event = _replace(stored.event, scores={**scores, **sent.scores})
    again = engine.judge(event, stored.signals, _LaterCounters(stored.counted, event.platform, now))
    before = {firing.rule for firing in fired_in(record)} | told.aside.keys()
    for one in earlier:
        before |= {firing["rule"] for firing in one.firings}
    fresh = tuple(firing for firing in again.firings if firing.rule not in before)
    row = _keep(learnt, fresh, pack=told.pack.digest, now=now)
    if not fresh:
        return
    _tell(learnt, fresh, before=before, verdict=told, event=sent, now=now)
    for firing in fresh:
        if firing.stage is Stage.LIVE and (firing.measures or firing.rule in again.tripped):
            LaterFiring.objects.create(judgement=row, rule=firing.rule, platform=event.platform, at=now)
    verdict = _of(fresh, again)
    trips.heard(verdict, now=now)
    if verdict.live:
        item = ItemRef(sent.platform, sent.item_kind.value, sent.item.id)
        snapshot = evidence.freeze(vault, record.raw)
        act(sent, verdict, item=item, snapshot=snapshot, seq=record.seq, now=now, later=learnt.source)


def _of(fresh: tuple[Firing, ...], again: Verdict) -> Verdict:
    """Return the verdict of these firings alone."""
    live = [firing for firing in fresh if firing.stage is Stage.LIVE]
    names = {firing.rule for firing in fresh}
    return Verdict(
        again.pack,
        fresh,
        merged(measure for firing in live for measure in firing.measures),
        most_urgent([firing.review for firing in live]),
        tripped=tuple(rule for rule in again.tripped if rule in names),
        lists=again.lists,
    )


def _keep(learnt: Learnt, fresh: tuple[Firing, ...], *, pack: str, now: datetime) -> LaterJudgement:
    return LaterJudgement.objects.create(
        seq=learnt.record.seq,
        source=learnt.source,
        made_by=learnt.made_by[:160],
        scores=dict(learnt.scores),
        unknown=learnt.unknown[:LONGEST_WHY],
        pack=pack,
        firings=storable(msgspec.to_builtins(fresh)),
        at=now,
    )


def _tell(
    learnt: Learnt,
    fresh: tuple[Firing, ...],
    *,
    before: set[str],
    verdict: Verdict,
    event: Event,
    now: datetime,
) -> None:
    """Put both judgements into the ledger: which rules fired first, which fire now, and what was learnt between."""
    item = ItemRef(event.platform, event.item_kind.value, event.item.id)
    ledger.record(
        FactKind.EVENT_JUDGED_AGAIN,
        by=SYSTEM,
        now=now,
        subject=key_of(learnt.record.seq),
        about=about(item, event.author.id),
        body={
            "pack": str(verdict.pack),
            "digest": verdict.pack.digest,
            "source": learnt.source,
            "model": learnt.made_by,
            "scores": {name: round(value, 4) for name, value in sorted(learnt.scores.items())},
            "first": sorted(before - verdict.aside.keys()),
            "now": [{"rule": firing.rule, "stage": firing.stage.value} for firing in fresh],
        },
    )


class _LaterCounters(RecordedCounters):
    """The counters as they were; quotas count the firings of later judgements, which the door can't know."""

    def __init__(self, seen: Mapping[str, Any], platform: str, now: datetime) -> None:
        super().__init__(seen)
        self._platform = platform
        self._now = now

    def count(self, name: str, key: str, at: float, within: float, *, add: bool) -> int | None:
        """Return the recorded value, or of a quota how many firings there were, this one included."""
        if not name.startswith("quota "):
            return super().count(name, key, at, within, add=add)
        rule = name.removeprefix("quota ").rpartition(" ")[0]
        since = self._now - timedelta(seconds=within)
        return 1 + LaterFiring.objects.filter(rule=rule, platform=self._platform, at__gt=since).count()
