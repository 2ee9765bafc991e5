"""The media servers of this installation: adapters that come with Hakam, and those installed beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from hakam.live.servers.at_work import Servers, shipped
from hakam.live.servers.server import MediaServer
from hakam.wiring import plugins
from hakam.wiring.settings import settings


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
