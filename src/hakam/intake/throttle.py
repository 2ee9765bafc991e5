"""Slowing floods of notices from one sender, without obstructing anybody who reports (DSA Art. 16(1)).

A hook for the doors through which notices come: they ask before they take one, and answer a refusal by when
to come again. A sender has a bucket of tokens that fills steadily; what is refused is never counted against
anybody. The memory is bounded: who was silent longest is forgotten, which only ever lets more through.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from math import ceil
from threading import Lock
from typing import Final

BURST: Final = 60  # notices at once: a whole school behind one address on a bad day
PER_HOUR: Final = 600.0  # so nobody who writes by hand ever waits longer than six seconds
SENDERS: Final = 50_000
_EPSILON: Final = 1e-6  # of a token, or of a second: sums of fractions are not exact


class Throttle:
    """Buckets of tokens by sender, a keyed hash of an address or a platform's user; nothing goes to disk."""

    def __init__(self, *, burst: int = BURST, per_hour: float = PER_HOUR, senders: int = SENDERS) -> None:
        self.burst, self.per_second, self.senders = burst, per_hour / 3600, senders
        self._buckets: OrderedDict[str, tuple[float, float]] = (
            OrderedDict()
        )  # sender -> tokens, at (Unix seconds)
        self._lock = Lock()

    def admit(self, sender: str, *, now: datetime) -> int:
        """Return 0 and take a token, or the whole seconds until there is one."""
        at = now.timestamp()
        with self._lock:
            tokens, before = self._buckets.pop(sender, (float(self.burst), at))
            tokens = min(float(self.burst), tokens + max(0.0, at - before) * self.per_second)
            admitted = tokens >= 1 - _EPSILON
            self._buckets[sender] = (tokens - 1 if admitted else tokens, max(at, before))
            if len(self._buckets) > self.senders:
                self._buckets.popitem(last=False)
        return 0 if admitted else max(1, ceil((1 - tokens) / self.per_second - _EPSILON))
