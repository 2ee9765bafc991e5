"""Crowds: when very many people report one item, their notices become one case, counted at once and answered each.

The door has made every notice durable in a log of its own. The first `FULL` about an item are taken in one by one, as
any notice; what comes after joins the open case by the thousand, in one transaction with the cursor, so that a worker
that is killed neither loses nor doubles one. Every notifier keeps a receipt, a page, the outcome and redress (DSA Art.
16(4) and (5), Art. 20); a notice whose notifier complains becomes one of its own (`individual`).
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from django.db import InterfaceError, OperationalError, transaction

from hakam.compliance import deadlines, ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.profile import profile_of
from hakam.compliance.storable import storable
from hakam.intake import cursors, known_items, logged, misuse, notice_clocks
from hakam.intake.logged import Logged
from hakam.intake.misuse import MisuseKind
from hakam.intake.models import Crowd, CrowdSpan, Notice, NoticeItem, Quarantined, Suspension
from hakam.intake.notices import CONFIDENCE, DECISION_CLOCK, clause_for, item_of_url, receive_notice
from hakam.review import clauses
from hakam.review.cases import Source, join_many, lock_open
from hakam.review.models import Case, CaseSource
from hakam.review.priority import Inputs
from hakam.review.states import SourceKind
from hakam.storage.event_log import CorruptRecordError, EventLog, Record
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import ItemRef

CURSOR: Final = "notices"
FULL: Final = 100
"""Notices of one open case that are taken in one by one: enough to read what people say."""
ALONE: Final = 25  # notices that one transaction takes in one by one
_OUTAGES: Final = (OperationalError, InterfaceError, OSError, MemoryError)
_LOG: Final = logging.getLogger(__name__)


class _Named(NamedTuple):
    """A notice of the log with the item that it names; none if it names several."""

    logged: Logged
    place: str
    item: ItemRef | None


def subject_of(crowd: Crowd) -> str:
    """Return a crowd's name in the ledger and among the sources of cases."""
    return f"crowd:{crowd.pk}"


def kind_of(logged: Logged) -> str:
    """Return under what a notice is counted: `hate_speech/illegal`, or `spam/terms`."""
    return f"{logged.submission.harm}/{'illegal' if logged.submission.illegal else 'terms'}"


def consume(
    log: EventLog,
    *,
    events: EventLog | None,
    vault: Vault,
    now: datetime,
    limit: int,
    decide_within: timedelta | None = None,
    franking: Mapping[str, bytes] | None = None,
) -> int:
    """Take in up to `limit` notices after the cursor and return how many it passed; 0 when there are none.

    Raises for outages only; then nothing has moved.
    """
    after = cursors.position(CURSOR)
    try:
        records = log.read(after, limit)
    except CorruptRecordError as error:
        records = _before(error, log, after, limit)
        if not records:
            return _set_aside(error.seq, str(error), now=now)
    if not records:
        return 0
    named, broken = _named(records)
    with transaction.atomic():
        ledger.lock()  # alone among all who record, another worker included
        if cursors.position(CURSOR) != after:
            return 0
        last = _take(
            named, events=events, vault=vault, now=now, decide_within=decide_within, franking=franking
        )
        last = records[-1].seq if last is None else last
        for seq, reason in broken.items():
            if seq <= last:
                _quarantine(seq, reason, now=now)
        cursors.move(CURSOR, to=last)
    return sum(record.seq <= last for record in records)


def _before(error: CorruptRecordError, log: EventLog, after: int, limit: int) -> list[Record]:
    while limit > 1:
        limit //= 2
        try:
            return log.read(after, limit)
        except CorruptRecordError as earlier:
            error.seq = earlier.seq
    return []


def _named(records: Sequence[Record]) -> tuple[list[_Named], dict[int, str]]:
    """Read the records, and look up once what lies at each place."""
    found, broken = [], {}
    items: dict[str, ItemRef] = {}
    for record in records:
        try:
            one = logged.read(record)
        except msgspec.MsgspecError as error:
            broken[record.seq] = f"{type(error).__name__}: {error}"
            continue
        place = one.place
        if place and place not in items:
            s = one.submission
            known = known_items.at_url(s.urls[0]) if s.urls else None
            if known is not None:
                items[place] = known_items.ref_of(known)
            else:
                items[place] = item_of_url(s.platform, s.urls[0]) if s.urls else s.items[0]
        found.append(_Named(one, place, items.get(place)))
    return found, broken


def _take(
    named: Sequence[_Named],
    *,
    events: EventLog | None,
    vault: Vault,
    now: datetime,
    decide_within: timedelta | None,
    franking: Mapping[str, bytes] | None,
) -> int | None:
    """Take the notices in, in order. Returns the number of the last, if it stopped before the end."""
    someone = Suspension.objects.filter(
        conduct__kind=MisuseKind.NOTICES.value, ended_at=None, begins__lte=now, ends__gt=now
    ).exists()
    items = {one.item for one in named if one.item is not None}
    cases = lock_open(items)
    counts = {item: case.notices for item, case in cases.items()}
    crowds: dict[ItemRef, list[_Named]] = {}
    alone, done = 0, 0
    for one in named:
        item = one.item
        if item is not None and item in cases and counts[item] >= FULL and not (someone and _held(one, now)):
            crowds.setdefault(item, []).append(one)
            counts[item] += 1
        elif alone == ALONE:
            break
        else:
            alone += 1
            _flush(crowds, cases, now=now, decide_within=decide_within)
            if one.place:
                CrowdSpan.objects.filter(place=one.place, open=True).update(open=False)
            _by_itself(
                one, events=events, vault=vault, now=now, decide_within=decide_within, franking=franking
            )
            cases = lock_open(items)  # it may have joined any of them, or opened one
            counts = {item: case.notices for item, case in cases.items()}
        done = one.logged.seq
    else:
        done = 0
    _flush(crowds, cases, now=now, decide_within=decide_within)
    return done or None


def _held(one: _Named, now: datetime) -> bool:
    s = one.logged.submission
    found = misuse.in_force(
        MisuseKind.NOTICES, platform=s.platform, account=s.notifier, email=s.email, now=now, harm=s.harm
    )
    return found is not None


def _by_itself(
    one: _Named,
    *,
    events: EventLog | None,
    vault: Vault,
    now: datetime,
    decide_within: timedelta | None,
    franking: Mapping[str, bytes] | None,
) -> None:
    """Take in a notice as any other, with the id and the link of its receipt, as of when it came."""
    found = one.logged
    try:
        with transaction.atomic():
            receive_notice(
                found.submission,
                vault=vault,
                log=events,
                now=found.at,
                by=found.by if found.notice.by else None,
                key=found.notice.key or None,
                decide_within=decide_within,
                logged=found.notice,
                franking=franking,
            )
    except _OUTAGES:
        raise
    except Exception as error:  # noqa: BLE001 -- one record must not hold up all that come after it
        _LOG.exception("record %s of the log of notices could not be taken in", found.seq)
        _quarantine(found.seq, f"{type(error).__name__}: {error}", now=now)


def _flush(
    crowds: dict[ItemRef, list[_Named]],
    cases: dict[ItemRef, Case],
    *,
    now: datetime,
    decide_within: timedelta | None,
) -> None:
    """Let what was gathered join its cases."""
    for item, ones in crowds.items():
        _join(item, ones, cases[item], now=now, decide_within=decide_within)
    crowds.clear()


def _join(
    item: ItemRef, ones: Sequence[_Named], case: Case, *, now: datetime, decide_within: timedelta | None
) -> None:
    first, last = ones[0].logged, ones[-1].logged
    crowd = _crowd_of(case)
    if crowd is None:
        crowd = Crowd.objects.create(
            platform=item.platform,
            item_kind=item.kind,
            item_id=item.id,
            url=first.submission.urls[0] if first.submission.urls else "",
            first_at=first.at,
            last_at=last.at,
        )
    due = deadlines.start(
        DECISION_CLOCK, subject=subject_of(crowd), by=SYSTEM, now=crowd.first_at, length=decide_within
    ).due_at
    profile, version = profile_of(item.platform), clauses.active()
    for harm in sorted({one.logged.submission.harm for one in ones}):
        due = notice_clocks.start(
            notice_clocks.beside(profile, harm),
            subject=subject_of(crowd),
            by=SYSTEM,
            now=crowd.first_at,
            due=due,
        )
    _stretch(crowd, ones)
    kinds = Counter(kind_of(one.logged) for one in ones)
    crowd.kinds = dict(Counter(crowd.kinds) + kinds)
    crowd.count, crowd.last_at, crowd.telling = crowd.count + len(ones), last.at, True
    crowd.save(update_fields=["kinds", "count", "last_at", "telling"])
    languages = Counter(one.logged.submission.language for one in ones)
    for kind, count in sorted(kinds.items()):
        harm, _slash, ground = kind.partition("/")
        join_many(
            case,
            Source(
                kind=SourceKind.NOTICE,
                ref=subject_of(crowd),
                clause=clause_for("", harm, version),
                by_harm=True,
                harm=harm,
                summary={
                    "harm": harm,
                    "illegal": ground == "illegal",
                    "language": languages.most_common(1)[0][0],
                    "accuracy": None,
                    "count": crowd.count,
                },
                inputs=Inputs(confidence=CONFIDENCE),
                due_at=due,
            ),
            count=count,
            by=SYSTEM,
            now=now,
        )
        mine = [one.logged for one in ones if kind_of(one.logged) == kind]
        ledger.record(
            FactKind.NOTICE_RECEIVED,
            by=SYSTEM,
            now=mine[0].at,
            subject=f"{subject_of(crowd)}:{kind}",
            about=[f"case:{case.pk}", subject_of(crowd)],
            body={
                "platform": item.platform,
                "harm": harm,
                "illegal": ground == "illegal",
                "items": count,
                "count": count,
                "from": mine[0].seq,
                "to": mine[-1].seq,
                "digest": _digest(mine),
                "language": "mul",
                "trusted": False,
                "flagger": None,
                "held": False,
                "anonymous": not any(one.submission.email or one.submission.notifier for one in mine),
            },
        )


def _digest(notices: Sequence[Logged]) -> str:
    """Return the SHA-256 over these notices as they stand in the log: the fact proves each of them."""
    over = hashlib.sha256()
    for one in notices:
        over.update(msgspec.json.encode(one.notice))
    return over.hexdigest()


def _crowd_of(case: Case) -> Crowd | None:
    source = CaseSource.objects.filter(case=case, ref__startswith="crowd:").order_by("-pk").first()
    return None if source is None else Crowd.objects.get(pk=int(source.ref.partition(":")[2]))


def _stretch(crowd: Crowd, ones: Sequence[_Named]) -> None:
    """Write down which stretches of the log are of the crowd, for each place by which it is named."""
    for place in dict.fromkeys(one.place for one in ones):
        seqs = [one.logged.seq for one in ones if one.place == place]
        newest = CrowdSpan.objects.filter(place=place).order_by("-last_seq").first()
        if newest is not None and newest.open and newest.crowd_id == crowd.pk:
            newest.last_seq, newest.count = seqs[-1], newest.count + len(seqs)
            newest.save(update_fields=["last_seq", "count"])
        else:
            CrowdSpan.objects.filter(place=place, open=True).update(open=False)
            CrowdSpan.objects.create(
                crowd=crowd, place=place, first_seq=seqs[0], last_seq=seqs[-1], count=len(seqs)
            )


def _set_aside(seq: int, reason: str, *, now: datetime) -> int:
    with transaction.atomic():
        if not cursors.move(CURSOR, to=seq):
            return 0
        _quarantine(seq, reason, now=now)
    return 1


def _quarantine(seq: int, reason: str, *, now: datetime) -> None:
    """Set a record aside. Its number is kept below zero: those above are of the event log."""
    reason = storable(reason)[:2000]
    _row, fresh = Quarantined.objects.get_or_create(seq=-seq, defaults={"at": now, "reason": reason})
    if fresh:
        ledger.record(
            FactKind.EVENT_QUARANTINED,
            by=SYSTEM,
            now=now,
            subject=f"notices:{seq}",
            private={"reason": reason},
        )


# Finding the notices of a crowd again


def of(found: Logged) -> Crowd | None:
    """Return the crowd that a notice of the log is part of; None of one that was taken in by itself, or not yet."""
    if not found.place:
        return None
    span = (
        CrowdSpan.objects.filter(place=found.place, first_seq__lte=found.seq, last_seq__gte=found.seq)
        .select_related("crowd")
        .first()
    )
    return None if span is None else span.crowd


def notices_of(crowd: Crowd, log: EventLog, *, after: int = 0, page: int = 1_000) -> Iterator[Logged]:
    """Yield the notices of a crowd in the log, in the order in which they came, those after number `after`."""
    spans = list(crowd.spans.order_by("first_seq"))
    if not spans:
        return
    last = max(span.last_seq for span in spans)
    at = max(after, spans[0].first_seq - 1)
    while at < last:
        records = log.read(at, page)
        if not records:
            return
        for record in records:
            if record.seq > last:
                return
            try:
                found = logged.read(record)
            except msgspec.MsgspecError:
                continue
            if any(s.place == found.place and s.first_seq <= found.seq <= s.last_seq for s in spans):
                yield found
        at = records[-1].seq


def individual(token: str, log: EventLog, *, now: datetime) -> Notice | None:
    """Make the notice of a crowd behind a link one of its own, with the answer it got; None if there is none.

    Twice is once. Its receipt, its link and its answer stay what they were.
    """
    found = logged.by_token(token, log)
    crowd = None if found is None else of(found)
    if found is None or crowd is None:
        return None
    s = found.submission
    with transaction.atomic():
        ledger.lock()
        made, fresh = Notice.objects.get_or_create(
            pk=found.notice.id,
            defaults={
                "token": found.notice.token,
                "key": f"{s.platform}:{found.notice.key}" if found.notice.by else None,
                "platform": s.platform,
                "harm": s.harm,
                "clause": s.clause,
                "illegal": s.illegal,
                "explanation": s.explanation.strip(),
                "name": s.name.strip(),
                "email": s.email.strip().lower(),
                "notifier": s.notifier,
                "good_faith": s.good_faith,
                "language": s.language,
                "received_at": found.at,
                "receipt_at": found.at,  # the door's answer was the receipt
            },
        )
        if fresh:
            NoticeItem.objects.create(
                notice=made,
                ref=found.ref,
                url=s.urls[0] if s.urls else "",
                item_kind=crowd.item_kind,
                item_id=crowd.item_id,
                decision=crowd.decision,
                upheld=crowd.upheld,
                answered_at=crowd.answered_at,
                crowd=crowd,
            )
            ledger.record(
                FactKind.NOTICE_TAKEN_UP,
                by=SYSTEM,
                now=now,
                subject=f"notice:{made.pk}",
                about=[subject_of(crowd)],
                body={"platform": s.platform, "crowd": crowd.pk},
            )
    return made
