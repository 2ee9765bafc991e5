"""What the door must know, written for it: the keys in force and the rule book in force.

The door never opens the control database. It reads one file in the home, which is replaced whole, so
that it sees either the old truth or the new one.
"""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

from hakam.compliance import rulebook
from hakam.staff import keys
from hakam.storage.embedded import published
from hakam.storage.published import Published, PublishedKey, PublishedPack
from hakam.wiring.settings import Settings

_ONE_AT_A_TIME = threading.Lock()


def published_path(settings: Settings) -> Path:
    """Return where the file lies that the door reads."""
    return settings.home / "published.json"


def gather(settings: Settings, *, now: datetime, revision: int) -> Published:
    """Return what is in force at `now`."""
    version = rulebook.active()
    return Published(
        revision=revision,
        keys=tuple(
            PublishedKey(
                digest=key.digest,
                prefix=key.prefix,
                platform=key.platform,
                scopes=tuple(key.scopes),
                expires_at=key.expires_at.timestamp() if key.expires_at else None,
            )
            for key in keys.in_force(now)
        ),
        pack=PublishedPack(ref=rulebook.ref_of(version), files=dict(version.files)) if version else None,
        max_event_bytes=settings.max_event_bytes,
        max_body_bytes=settings.max_body_bytes,
    )


def publish(settings: Settings, *, now: datetime) -> Published:
    """Write what is in force, unless the file says exactly that already. Return what the file now says."""
    path = published_path(settings)
    with _ONE_AT_A_TIME:
        before = published.read(path) if path.exists() else None
        fresh = gather(settings, now=now, revision=before.revision if before else 0)
        if before == fresh:
            return before
        fresh = gather(settings, now=now, revision=fresh.revision + 1)
        published.write(path, fresh)
    return fresh
