"""A clock for an evening: places lie on its axis, so it follows the machine's, and never goes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SteadyClock:
    """Gives the moment. After the machine's clock was set back, it goes on at its own pace until that has caught up.

    Who came in while a clock is behind would else get a place before everybody who waits.
    """

    def __init__(
        self,
        *,
        wall: Callable[[], datetime] = lambda: datetime.now(tz=UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self._steady = wall, steady
        self._last, self._at = wall(), steady()

    def __call__(self) -> datetime:
        """Return the moment, never earlier than before."""
        at = self._steady()
        own = self._last + timedelta(seconds=max(0.0, at - self._at))
        wall = self._wall()
        # What lies between may be the machine's clock that is slewed a little: then it is followed.
        self._last, self._at = (wall if wall >= self._last else own), at
        return self._last
