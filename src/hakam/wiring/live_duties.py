"""The worker's duties about live streams."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from hakam.live import cutting, overseeing, preserving, streams
from hakam.live.audience import taking
from hakam.live.audience.taking import Audience
from hakam.live.barring import BookKeeper
from hakam.live.overseeing import EVERY, Overseer
from hakam.live.surge.signs import WINDOW
from hakam.live.surge.tally import Tally
from hakam.live.watching import watcher
from hakam.wiring import media_servers, ports
from hakam.wiring.settings import Settings
from hakam.wiring.worker import Task, utc_now

STREAMS_AT_ONCE = 200


def lanes(settings: Settings) -> Mapping[str, Sequence[Task]]:
    """Return the lanes: what the gate said, its book, cuts that are not finished, recordings that are not kept."""
    servers, vault, book = media_servers.servers(), ports.vault(), BookKeeper(settings.home)

    log = ports.event_log()
    audience = Audience(log)
    overseer = Overseer(
        settings.home,
        platform=settings.platform,
        secret=settings.secret("waiting"),
        tally=Tally(log, log.before(time.time() - WINDOW)),
    )

    def take_in(now: datetime) -> int:
        return streams.take_in(settings.home, now=now, limit=STREAMS_AT_ONCE)

    def finish_cuts(_now: datetime) -> int:
        return cutting.carry_out_due(servers, clock=utc_now)

    def preserve(now: datetime) -> int:
        return preserving.preserve_due(servers, vault=vault, now=now)

    return {
        "live": (
            Task("take in what the gate said", take_in, 0.1),
            Task("keep the gate's book", book.keep, 1.0),
            Task("forget old scores", watcher.forget_points, 3_600.0),
        ),
        "audience": (
            Task("take in questions of audiences", audience.take_in, 0.5),
            Task("forget old questions", taking.forget_old, 3_600.0),
        ),
        "live events": (
            Task("look after live events", overseer.look, EVERY),
            Task("forget old figures of events", overseeing.forget_old, 3_600.0),
        ),
        "cuts": (Task("finish cuts of streams", finish_cuts, 0.25),),
        "recordings": (Task("preserve recordings of streams", preserve, 0.5),),
    }
