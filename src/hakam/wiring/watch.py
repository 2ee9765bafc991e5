"""The watch of live streams as a process: what it is made of here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from hakam.live.watching.chat import ChatTally
from hakam.live.watching.watcher import Watcher
from hakam.wiring import media_servers, ports
from hakam.wiring.known import KnownBanks
from hakam.wiring.senses import WatchSenses
from hakam.wiring.settings import Settings
from hakam.wiring.worker import Task


@contextmanager
def task(settings: Settings) -> Iterator[Mapping[str, Sequence[Task]]]:
    """Give a worker its one lane; the programs that read streams end with it."""
    log, banks, senses = ports.event_log(), KnownBanks(settings), WatchSenses(settings)
    watcher = Watcher(
        media_servers.servers(),
        media=lambda: banks.newest,
        vault=ports.vault(),
        chat=ChatTally(log, log.last_seq()),
        senses=senses.senses,
        judge=senses.judge,
    )

    def turn(now: datetime) -> int:
        banks.media()
        senses.renew(now)
        watcher.turn()
        return 0

    try:
        yield {"watch": (Task("watch streams", turn, 0.4),)}
    finally:
        watcher.close()
        senses.close()
        banks.close()
