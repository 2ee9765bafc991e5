"""A stream on air that can't be read: a person is asked to look at it, since no bank, model or rule sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hakam.intake import unseen
from hakam.live.models import Stream
from hakam.live.streams import item_of
from hakam.review.cases import LIVE_QUEUE

PATIENCE: Final = 60.0  # seconds for which a stream may be unreadable: it may only just begin


class Blindness:
    """Since when one stream can't be read, and when a person was last asked. Seconds of the watch's clock."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._asked: float | None = None

    def owed(self, trouble: str, *, at: float) -> bool:
        """Take in whether it can be read now; return whether a person is to be asked."""
        if not trouble:
            self._since = None
            return False
        self._since = at if self._since is None else self._since
        if at - self._since < PATIENCE or (self._asked is not None and at - self._asked < unseen.EVERY):
            return False
        self._asked = at
        return True


def ask(stream: Stream, trouble: str, *, now: datetime) -> None:
    """Open the case of a stream that can't be read, or add to the one that is open."""
    case = unseen.ask(
        item_of(stream),
        {"stream": trouble},
        queue=LIVE_QUEUE,
        seq=0,
        now=now,
        reach=stream.viewers,
        item_url=stream.url,
        author_id=stream.account,
        language=stream.language,
    )
    if case is not None:
        Stream.objects.filter(pk=stream.pk).update(case=case.pk)
