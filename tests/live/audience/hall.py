"""An audience that asks: events as the platform's server sends them, through the rules of a small pack."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from hakam.live.audience.taking import Audience
from hakam.live.models import AudienceQuestion
from hakam.storage.event_log import Entry
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog
from hakam.vocabulary.event import Author, Change, ContentKind, Event, Item
from hakam.vocabulary.verdict import Firing

EVENT = "talk"
GRAIN = "When will grain ships leave the harbour of Odesa again, and who guarantees their way?"
GRAIN_AGAIN = "when will grain ships leave the harbour of Odesa again and who guarantees their way!!!"
WAGES = "Why do nurses in our hospitals earn less today than four years ago, after all those promises?"
WATER = "متى تعود المياه إلى أحياء المدينة القديمة بعد كل هذه الوعود يا سيادة الوزير؟"
WATER_AGAIN = "متى تعود المياه الى احياء المدينة القديمة، بعد كل هذه الوعود، يا سيادة الوزير"


class Hall:
    """One event, its log, and the worker's reader of it."""

    def __init__(self, now: datetime = scene.NOW) -> None:
        self.now = now
        self.log = MemoryEventLog(clock=self._clock)
        self.audience = Audience(self.log)
        self.asked = 0

    def _clock(self) -> float:
        return self.now.timestamp()

    def entry(
        self,
        text: str,
        *,
        by: str = "",
        language: str | None = None,
        item: str = "",
        change: Change = Change.CREATED,
        firings: Sequence[Firing] = (),
        **more: Any,
    ) -> Entry:
        """Make what the door keeps of a question."""
        self.asked += 1
        given: dict[str, Any] = {"labels": ("question",), "thread": EVENT} | more
        event = Event(
            id=f"ask-{self.asked}",
            platform=scene.PLATFORM,
            kind=ContentKind.LIVE_CHAT,
            at=self.now,
            author=Author(id=by or f"u{self.asked}", created_at=self.now - timedelta(days=400)),
            item=Item(id=item or f"q{self.asked}", text=text, language=language, **given),
            change=change,
        )
        return scene.entry(event, scene.verdict(firings))

    def ask(self, text: str, **more: Any) -> None:
        """Send a question; the worker has not seen it yet."""
        self.log.append([self.entry(text, **more)])

    def take_in(self) -> int:
        """Let the worker read to the end."""
        seen = 0
        while passed := self.audience.take_in(self.now):
            seen += passed
        return seen


def raw(**given: Any) -> bytes:
    """Return any JSON as the log holds it."""
    return msgspec.json.encode(given)


def only() -> AudienceQuestion:
    """Return the one question there is."""
    return AudienceQuestion.objects.get()
