"""What the door must know, written for it: the keys in force and the rule book in force.

The door never opens the control database. It reads one file in the home, which is replaced whole, so
that it sees either the old truth or the new one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from hakam.banks import publication
from hakam.compliance import lists, private_bases, rulebook
from hakam.incidents import publication as incidents
from hakam.review import trips
from hakam.staff import keys
from hakam.storage.embedded import published
from hakam.storage.published import Published, PublishedBank, PublishedKey, PublishedList, PublishedPack
from hakam.wiring.hold import HomeInUseError, hold
from hakam.wiring.settings import Settings

_ONE_AT_A_TIME = threading.Lock()
_PATIENCE = 120.0  # seconds


def published_path(settings: Settings) -> Path:
    """Return where the file lies that the door reads."""
    return settings.home / "published.json"


def gather(
    settings: Settings, *, now: datetime, revision: int, banks: tuple[PublishedBank, ...] = ()
) -> Published:
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
        banks=banks,
        lists=tuple(PublishedList(one.name, one.digest) for one in lists.in_force()),
        released=trips.taken_back(),
        private=private_bases.published(now),
        incidents=incidents.in_force(now),
        platform=settings.platform,
        base_url=settings.base_url,
        behind_proxy=settings.behind_tls,
        max_event_bytes=settings.max_event_bytes,
        max_body_bytes=settings.max_body_bytes,
    )


def publish(settings: Settings, *, now: datetime) -> Published:
    """Write what is in force, unless the file says exactly that already. Return what the file now says."""
    path = published_path(settings)
    # Who follows the ledger publishes within a transaction. So whoever has the publishing must not ask for the lock of
    # the database to write: each would wait for the other.
    publication.forget_retractions(now)
    with _alone(settings):
        banks = publication.bring_up(settings.home, now=now)
        before = published.read(path) if path.exists() else None
        fresh = gather(settings, now=now, revision=before.revision if before else 0, banks=banks)
        if before == fresh:
            return before
        fresh = gather(settings, now=now, revision=fresh.revision + 1, banks=banks)
        published.write(path, fresh)
    return fresh


def erase_withdrawn(settings: Settings) -> int:
    """Write anew the files that still hold bits of withdrawn hashes; return how many banks had any."""
    with _alone(settings):
        return publication.erase(settings.home)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Wait until nobody else publishes on this home, in this process or another.

    Whoever writes 10 million hashes anew takes half a minute. Raises `HomeInUseError` after two minutes.
    """
    until = time.monotonic() + _PATIENCE
    with _ONE_AT_A_TIME:
        while True:
            try:
                with hold(settings.home, "hakam publish"):
                    yield
                    return
            except HomeInUseError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.02)
