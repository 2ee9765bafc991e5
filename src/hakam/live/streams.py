"""Taking in what the gate said: streams that began and ended, people who were not let on air."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.outbox import enqueue
from hakam.intake import cursors
from hakam.live import configuration
from hakam.live.configuration import Conditions
from hakam.live.gate import spool
from hakam.live.gate.judge import DAY, Why
from hakam.live.gate.spool import Said
from hakam.live.models import Refusal, Stream
from hakam.live.servers.server import Moment
from hakam.live.states import StreamState
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import ContentKind, ItemRef

CURSOR: Final = "live"
GATE: Final = Actor(ActorKind.RULE, "go-live gate")


def subject_of(stream: Stream) -> str:
    """Return a stream's name in the ledger."""
    return f"stream:{stream.pk}"


def item_of(stream: Stream) -> ItemRef:
    """Return the item that a stream is, to rules, cases and decisions."""
    return ItemRef(stream.platform, ContentKind.LIVE_START.value, stream.item_id)


def about(stream: Stream) -> tuple[str, ...]:
    """Return the further subjects of a stream's facts."""
    account = (f"account:{stream.platform}/{stream.account}",) if stream.account else ()
    return (f"item:{item_of(stream)}", *account)


def take_in(home: Path, *, now: datetime, limit: int) -> int:
    """Take in up to `limit` rows of the gate's file after the cursor; return how many. Twice is once."""
    path = spool.path_of(home)
    rows = spool.read(path, cursors.position(CURSOR), limit)
    chosen = configuration.load(home) if rows else None
    for seq, said in rows:
        conditions = chosen.conditions_of(said.platform) if chosen else Conditions()
        with transaction.atomic():
            ledger.lock()
            if cursors.move(CURSOR, to=seq):
                _take(seq, said, conditions, now=now)
    if rows:
        spool.forget(path, rows[-1][0])
    return len(rows)


def _take(seq: int, said: Said, conditions: Conditions, *, now: datetime) -> None:
    at = datetime.fromtimestamp(said.at, tz=UTC)
    if not said.allowed:
        _refused(said, conditions, at=at, now=now)
    elif said.moment is Moment.START:
        _started(seq, said, at=at, now=now)
    elif said.moment is Moment.BEAT:
        _beat(said, at=at)
    elif said.moment is Moment.END:
        for stream in _on_air(said):
            end(stream, by=GATE, now=now, at=at)


def _on_air(said: Said) -> Iterator[Stream]:
    found = Stream.objects.select_for_update(of=("self",)).filter(
        server=said.server, name=said.stream, state=StreamState.LIVE
    )
    if said.session:
        found = found.filter(session__in=["", said.session])
    yield from found.order_by("pk")


def _started(seq: int, said: Said, *, at: datetime, now: datetime) -> None:
    shown = said.shown
    for earlier in Stream.objects.select_for_update(of=("self",)).filter(
        server=said.server, name=said.stream, state=StreamState.LIVE
    ):
        end(earlier, by=GATE, now=now, at=at)  # its end was never heard
    stream = Stream.objects.create(
        platform=said.platform,
        server=said.server,
        name=said.stream,
        session=said.session,
        account=shown.account if shown else "",
        item_id=(shown.item if shown and shown.item else f"{said.server}{_joined(said.stream)}@{seq}"),
        url=shown.url if shown else "",
        title=storable(shown.title) if shown else "",
        language=shown.language if shown else "",
        account_created=datetime.fromtimestamp(shown.created, tz=UTC) if shown and shown.created else None,
        state=StreamState.LIVE,
        started_at=at,
        seen_at=at,
    )
    ledger.record(
        FactKind.LIVE_STARTED,
        by=GATE,
        now=now,
        subject=subject_of(stream),
        about=about(stream),
        body={"server": said.server, "sure": said.sure, "at": at},
        private={"name": said.stream},
    )


def _joined(name: str) -> str:
    return name if name.startswith("/") else f"/{name}"


def _beat(said: Said, *, at: datetime) -> None:
    for stream in _on_air(said):
        note_figures(stream, viewers=said.viewers, shares=said.shares, at=at)


def note_figures(
    stream: Stream, *, at: datetime, viewers: int | None = None, shares: int | None = None
) -> None:
    """Keep what a server, or the watch, counted of a stream."""
    stream.seen_at = max(at, stream.seen_at)
    if viewers is not None:
        stream.viewers, stream.most_viewers = viewers, max(viewers, stream.most_viewers)
    if shares is not None:
        stream.shares = max(shares, stream.shares)
    stream.save(update_fields=["seen_at", "viewers", "most_viewers", "shares"])


def end(stream: Stream, *, by: Actor, now: datetime, at: datetime) -> None:
    """Note that a stream is over, inside the caller's transaction. What was cut stays cut."""
    stream.ended_at = stream.ended_at or max(at, stream.started_at)
    if stream.state == StreamState.LIVE:
        stream.state = StreamState.ENDED
    stream.save(update_fields=["state", "ended_at"])
    ledger.record(
        FactKind.LIVE_ENDED,
        by=by,
        now=now,
        subject=subject_of(stream),
        about=about(stream),
        body={"state": stream.state, "at": stream.ended_at},
    )


def _refused(said: Said, conditions: Conditions, *, at: datetime, now: datetime) -> None:
    earlier = Refusal.objects.select_for_update().filter(token=said.token).first()
    if earlier is not None:
        earlier.tries += 1
        earlier.last_at = max(at, earlier.last_at)
        earlier.save(update_fields=["tries", "last_at"])
        return
    shown, why = said.shown, said.why or Why.UNSURE
    refusal = Refusal.objects.create(
        token=said.token,
        platform=said.platform,
        server=said.server,
        stream=said.stream,
        account=shown.account if shown else "",
        language=shown.language if shown else "",
        event=shown.event if shown else "",
        why=why.value,
        until=None if said.until is None else datetime.fromtimestamp(said.until, tz=UTC),
        source=said.source,
        statement=said.statement,
        facts=_measured(why, said, conditions),
        sure=said.sure,
        first_at=at,
        last_at=at,
    )
    links = (f"account:{refusal.platform}/{refusal.account}",) if refusal.account else ()
    ledger.record(
        FactKind.LIVE_REFUSED,
        by=GATE,
        now=now,
        subject=f"refusal:{refusal.pk}",
        about=(*links, *((refusal.source,) if refusal.source else ())),
        body={"why": why, "until": refusal.until, "sure": said.sure, "server": said.server},
        private={"stream": said.stream, "facts": refusal.facts},
    )
    if refusal.account:
        enqueue(
            now=now,
            key=f"refusal:{refusal.pk}",
            platform=refusal.platform,
            channel=Channel.PLATFORM,
            kind=EffectKind.LIVE_REFUSED,
            payload={
                "author": {"id": refusal.account},
                "stream": refusal.stream,
                "why": why.value,
                "until": None if refusal.until is None else refusal.until.isoformat(),
                "statement": refusal.statement or None,
                "automated": True,
                "links": {"page": f"/live/{refusal.token}"},
            },
            stream=f"refusal:{refusal.platform}/{refusal.account}",
        )


def _measured(why: Why, said: Said, conditions: Conditions) -> dict[str, Any]:
    """Return what was found and what was asked for, so that the person can check it: `[found, wanted]`."""
    shown = said.shown
    if shown is None:
        return {}
    match why:
        case Why.NEW_ACCOUNT:
            days = None if shown.created is None else int((said.at - shown.created) // DAY)
            return {"account_days": [days, conditions.account_days]}
        case Why.AGE:
            return {"age": [shown.age, conditions.least_age]}
        case Why.COUNTRY:
            return {"country": [shown.country, list(conditions.countries_only)]}
        case Why.UNVERIFIED:
            return {"verified": [shown.verified, True]}
        case _:
            return {}
