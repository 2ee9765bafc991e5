"""Who looks at a stream now: any number may, and each sees the others. Nobody holds a stream alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from hakam.live.models import Presence, Stream
from hakam.staff.models import User

GONE: Final = timedelta(seconds=20)  # without a sign


def look(stream: Stream, *, user: User, now: datetime) -> None:
    """Note that a colleague looks at a stream."""
    Presence.objects.update_or_create(
        stream=stream, user=user, defaults={"seen_at": now}, create_defaults={"seen_at": now, "since": now}
    )


def leave(stream: Stream, *, user: User) -> None:
    """Note that a colleague looks elsewhere."""
    Presence.objects.filter(stream=stream, user=user).delete()


def present(streams: Iterable[Stream], *, now: datetime) -> dict[int, list[User]]:
    """Return who looks at each stream, who came first first."""
    rows = Presence.objects.filter(stream__in=[s.pk for s in streams], seen_at__gt=now - GONE)
    found: dict[int, list[User]] = {}
    for row in rows.select_related("user").order_by("since", "pk"):
        found.setdefault(row.stream_id, []).append(row.user)
    return found
