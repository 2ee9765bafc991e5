"""The media servers of an installation, ready to be called: adapters, settings and secrets brought together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from hakam.live import configuration
from hakam.live.configuration import LiveConfiguration, ServerSettings
from hakam.live.servers import control
from hakam.live.servers.icecast import Icecast
from hakam.live.servers.janus import Janus
from hakam.live.servers.nginx_rtmp import NginxRtmp
from hakam.live.servers.server import Handle, MediaServer, Unreachable
from hakam.live.servers.signed import Signed


def shipped() -> dict[str, MediaServer]:
    """Return the adapters that come with Hakam, by id, with what their first call needs."""
    control.ready()
    return {adapter.id: adapter for adapter in (NginxRtmp(), Icecast(), Janus(), Signed())}


class Servers:
    """Finds adapter and handle of a stream. `secret` gives secrets by name."""

    def __init__(self, home: Path, adapters: Mapping[str, MediaServer], secret: Callable[[str], str]) -> None:
        self.home, self.adapters, self._secret = home, adapters, secret

    def configuration(self) -> LiveConfiguration:
        """Return what is configured now. Raises `ConfigurationError`."""
        return configuration.load(self.home) or LiveConfiguration()

    def find(self, server: str) -> tuple[MediaServer, ServerSettings]:
        """Return the adapter and the settings of a server. Raises `Unreachable` where it is configured no more."""
        settings = self.configuration().server(server)
        if settings is None or settings.kind not in self.adapters:
            raise Unreachable(f"there is no media server `{server}` any more")
        return self.adapters[settings.kind], settings

    def handle(
        self, server: str, stream: str, session: str = "", *, reader: str = ""
    ) -> tuple[MediaServer, Handle]:
        """Return the adapter and the handle of a stream, for one of those who read it. Raises `Unreachable`."""
        adapter, settings = self.find(server)
        secret = self._secret(f"media-{server}")
        return adapter, Handle(stream, session, settings.settings, secret, reader)
