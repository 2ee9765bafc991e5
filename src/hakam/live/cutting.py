"""The kill switch: an order on the disk first, then the server is told, then somebody looks whether it is black.

An order is never lost: whoever ordered carries it out at once, and the worker goes on with what was not finished.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.live.models import Cut, Stream
from hakam.live.servers.at_work import Servers
from hakam.live.servers.server import Unreachable
from hakam.live.states import StreamState
from hakam.live.streams import about, end, subject_of
from hakam.vocabulary.actor import SYSTEM, Actor

PATIENCE: Final = 3.0  # seconds that the first try takes at most: a person waits for it
_HANDED_OVER: Final = timedelta(seconds=5)  # from when on the worker looks after an order
_LONGEST_REST: Final = 30.0  # seconds between two tries
_BETWEEN: Final = 0.05


def order(stream: Stream, *, decision: int, preserve: bool, by: Actor, now: datetime) -> Cut:
    """Order a locked stream to be cut, inside the caller's transaction."""
    cut = Cut.objects.create(
        stream=stream,
        decision=decision,
        preserve=preserve,
        ordered_at=now,
        next_at=now + _HANDED_OVER,
        preserve_next_at=now if preserve else None,
    )
    stream.state = StreamState.CUT
    stream.save(update_fields=["state"])
    ledger.record(
        FactKind.LIVE_CUT_ORDERED,
        by=by,
        now=now,
        subject=subject_of(stream),
        about=(*about(stream), f"decision:{decision}"),
        body={"preserve": preserve},
    )
    return cut


def carry_out(
    cut_id: int,
    servers: Servers,
    *,
    clock: Callable[[], datetime],
    patience: float = PATIENCE,
    pause: Callable[[float], None] = time.sleep,
) -> bool:
    """Make a stream black and look that it is. False: not yet, and the worker tries again. Never raises for the server.

    `clock` gives the moment; at least one try is made, and more until `patience` seconds have passed.
    """
    cut = Cut.objects.select_related("stream").get(pk=cut_id)
    if cut.black_at is not None:
        return True
    stream, error = cut.stream, ""
    until = time.monotonic() + patience
    while True:
        try:
            adapter, handle = servers.handle(stream.server, stream.name, stream.session)
            dropped = adapter.drop(handle)
            error = "" if dropped.done else dropped.detail
            if dropped.done and adapter.black(handle):
                _black(cut_id, detail=dropped.detail, now=clock())
                return True
            error = error or "the server still gives the stream out"
        except Unreachable as problem:
            error = str(problem)
        if time.monotonic() >= until:
            break
        pause(_BETWEEN)
    _not_yet(cut_id, error=error, now=clock())
    return False


def carry_out_due(servers: Servers, *, clock: Callable[[], datetime], limit: int = 20) -> int:
    """Go on with orders that are not finished: after a crash, or while a server does not answer. Returns how many."""
    due = Cut.objects.filter(next_at__lte=clock(), black_at=None).order_by("next_at", "pk")
    found = list(due.values_list("pk", flat=True)[:limit])
    for cut_id in found:
        carry_out(cut_id, servers, clock=clock, patience=0.0)
    return len(found)


def _black(cut_id: int, *, detail: str, now: datetime) -> None:
    with transaction.atomic():
        ledger.lock()
        cut = Cut.objects.select_for_update(of=("self",)).get(pk=cut_id)
        if cut.black_at is not None:
            return
        cut.black_at, cut.next_at, cut.error = now, None, ""
        cut.tries += 1
        cut.save(update_fields=["black_at", "next_at", "error", "tries"])
        stream = Stream.objects.select_for_update(of=("self",)).get(pk=cut.stream_id)
        ledger.record(
            FactKind.LIVE_BLACK,
            by=SYSTEM,
            now=now,
            subject=subject_of(stream),
            about=(*about(stream), f"decision:{cut.decision}"),
            body={
                "seconds": round((now - cut.ordered_at).total_seconds(), 3),
                "tries": cut.tries,
                "how": detail,
            },
        )
        if stream.ended_at is None:
            end(stream, by=SYSTEM, now=now, at=now)


def _not_yet(cut_id: int, *, error: str, now: datetime) -> None:
    with transaction.atomic():
        cut = Cut.objects.select_for_update(of=("self",)).get(pk=cut_id)
        if cut.black_at is not None:
            return
        cut.tries += 1
        cut.error = error[:500]
        cut.next_at = now + timedelta(seconds=min(_LONGEST_REST, 0.5 * 2.0 ** min(cut.tries - 1, 10)))
        cut.save(update_fields=["tries", "error", "next_at"])
