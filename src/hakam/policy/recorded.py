"""A verdict that is told when somebody asks for it.

Who only counts what fires (a back-test) needs no text of what rules saw. So the compiled function notes which rules
fire and what it has computed anyway. The verdict is made of that later, and is the one that would have been made at
once: events and measurements never change, hits and the counters' values are those of that moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from hakam.policy.compile import Counted, Failures, Hits
from hakam.signals.measure import Signals
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict

Tell: TypeAlias = "Callable[[Event, Signals, Any, list[int], Failures, Hits | None, Counted], Verdict]"


class Recorded(msgspec.Struct, gc=False):
    """What the compiled function found on one event on which a rule fired or failed.

    `fired` and the keys of `failed` are places in `Engine.rules`, `hits` and `counted` what scans and counters said.
    """

    tell: Tell
    event: Event
    signals: Signals
    counters: Any  # were asked, and are not asked again
    fired: list[int]
    failed: Failures
    hits: Hits | None
    counted: Counted
    told: Verdict | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict with all its detail, made when it is first asked for."""
        if self.told is None:
            self.told = self.tell(
                self.event, self.signals, self.counters, self.fired, self.failed, self.hits, self.counted
            )
        return self.told
