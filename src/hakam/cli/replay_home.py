"""Where a replay goes: a door elsewhere, or this machine's own Hakam, whose log can be looked at."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hakam.cli.screen import CommandError

if TYPE_CHECKING:
    from hakam.cli.replay_traffic import Missing
    from hakam.wiring.settings import Settings

KEY_NAME = "hakam replay"
_LOOK = 0.1  # seconds between two looks at the worker's cursor
_PAGE = 500


class Home:
    """A door with a key for it. Of a door elsewhere nothing more is known."""

    missing: Missing | None = None
    key_is_new = False

    def __init__(self, *, url: str, key: str, platform: str) -> None:
        self.url, self.key, self.platform = url.rstrip("/"), key, platform

    def cases_opened(self, _wait: float) -> int | None:
        """Return how many cases were opened since, or None where that can't be known."""
        return None


class LocalHome(Home):
    """This machine's own Hakam. Needs Django started."""

    def __init__(self, settings: Settings, *, key: str, platform: str) -> None:
        from hakam.storage.embedded.event_log import FileEventLog  # noqa: PLC0415 -- needs Django started
        from hakam.wiring.programs import near  # noqa: PLC0415

        super().__init__(
            url=f"http://{near(settings)}:{settings.door_port}",
            key=key,
            platform=platform or settings.platform,
        )
        self._log = FileEventLog(settings.home / "events")
        self.missing = self._missing
        self._ledger_before = _newest_fact()
        if not key:
            self.key, self.key_is_new = key_of(settings, self.platform)

    def _missing(self, keys: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        return self._log.missing(keys)

    def cases_opened(self, wait: float) -> int | None:
        """Return how many cases were opened since; None if the worker did not get there in `wait` s."""
        from hakam.compliance.access import facts_after  # noqa: PLC0415 -- needs Django started
        from hakam.compliance.facts import FactKind  # noqa: PLC0415
        from hakam.intake import cursors, events  # noqa: PLC0415

        until = time.monotonic() + wait
        while cursors.position(events.CURSOR) < self._log.last_seq():
            if time.monotonic() > until:
                return None
            time.sleep(_LOOK)
        opened, after = 0, self._ledger_before
        while page := facts_after(after, kinds=[FactKind.CASE_OPENED], limit=_PAGE):
            opened, after = opened + len(page), page[-1].seq
        return opened

    def close(self) -> None:
        """Release the log."""
        self._log.close()


def _newest_fact() -> int:
    from hakam.compliance.access import page  # noqa: PLC0415 -- needs Django started

    newest = page(limit=1)
    return newest[0].seq if newest else 0


def key_of(settings: Settings, platform: str) -> tuple[str, bool]:
    """Return a key of `platform` that may send events, and whether it was issued just now.

    The text of a key can't be had from the database, so it lies in the home beside the other secrets.
    """
    from hakam.staff import keys  # noqa: PLC0415 -- needs Django started
    from hakam.staff.roles import Scope  # noqa: PLC0415
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415
    from hakam.wiring import publish  # noqa: PLC0415

    now = datetime.now(tz=UTC)
    path = settings.secrets_dir / f"replay-{platform}"
    if path.exists():
        text = path.read_text(encoding="utf-8").strip()
        known = keys.find(text, now=now)
        if known is not None and known.platform == platform and Scope.EVENTS_WRITE in known.scopes:
            return text, publish.publish(settings, now=now) is None
    try:
        _key, text = keys.issue_key(
            platform=platform, scopes=[Scope.EVENTS_WRITE], name=KEY_NAME, by=SYSTEM, now=now
        )
    except keys.BadKeyError as error:
        raise CommandError(str(error)) from error
    settings.secrets_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    publish.publish(settings, now=now)
    return text, True


@contextmanager
def open_home(*, url: str, key: str, platform: str) -> Iterator[Home]:
    """Give the door that was asked for. Raises `CommandError` if it can't be used."""
    from hakam.wiring import start  # noqa: PLC0415 -- --help needs none of it
    from hakam.wiring.settings import settings  # noqa: PLC0415

    if not key.isascii() or not key.isprintable():
        raise CommandError("this can't be a key: keys are letters, digits and signs of ASCII")
    if url:
        if not key:
            raise CommandError(f"a key of the Hakam at {url} is needed: --key, or HAKAM_SECRET_REPLAY_KEY")
        yield Home(url=url, key=key, platform=platform or settings().platform)
        return
    chosen = start.start_django()
    try:
        start.require_ready()
    except start.NotReadyError as error:
        raise CommandError(f"{chosen.home}: {error}") from error
    home = LocalHome(chosen, key=key, platform=platform)
    try:
        yield home
    finally:
        home.close()
