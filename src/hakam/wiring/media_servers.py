"""The media servers of this installation: adapters that come with Hakam, and those installed beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Final

from hakam.live import configuration
from hakam.live.servers.at_work import Servers, shipped
from hakam.live.servers.server import MediaServer
from hakam.wiring import plugins
from hakam.wiring.settings import settings

_log: Final = logging.getLogger("hakam.live")


@cache
def adapters() -> dict[str, MediaServer]:
    """Return every adapter by its id. Raises `PluginError` where two claim one."""
    found: dict[str, MediaServer] = shipped()
    added: dict[str, Callable[[], MediaServer]] = plugins.load(plugins.MEDIA_SERVERS)
    taken = sorted(set(found) & set(added))
    if taken:
        raise plugins.PluginError(f"an extension claims {', '.join(taken)}, which comes with Hakam")
    return {**found, **{name: made() for name, made in added.items()}}


@cache
def servers() -> Servers:
    """Return the media servers of this installation, ready to be called."""
    chosen = settings()
    return Servers(chosen.home, adapters(), chosen.secret)


def make_ready() -> None:
    """Load what a cut from the console needs, where streams are guarded: the first costs what the second does."""
    if (settings().home / configuration.FILE).exists():
        try:
            servers()
        except plugins.PluginError:  # the gate does not start then, and says why
            _log.exception("media servers can't be used")
