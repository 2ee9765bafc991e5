"""Edge snapshots kept fresh by the worker, at a bounded cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from hakam.live.edge import EdgeFolder
from hakam.live.edge_keys import signing_key

SHARE: Final = (
    20  # gathering takes one part of so many of the time, so that millions of entries starve nobody
)


class EdgeKeeper:
    """Renews the snapshot of every platform that has one: `hakam edge build` is what starts it."""

    def __init__(
        self, home: Path, secret: Callable[[], str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._home, self._secret, self._clock = home, secret, clock
        self._not_before = 0.0

    def keep(self, now: datetime) -> int:
        """Renew what has changed or is about to end; return how many snapshots were written."""
        start = self._clock()
        if start < self._not_before:
            return 0
        written = 0
        for base in sorted((self._home / "edge").glob("*/base")):
            folder = EdgeFolder(self._home, base.parent.name)
            written += folder.build(signing_key(self._secret()), now=now, keep=True).written
        end = self._clock()
        self._not_before = end + (end - start) * (SHARE - 1)
        return written
