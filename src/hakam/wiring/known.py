"""The banks in force as a process asks them, opened anew when something else is published."""

from __future__ import annotations

from hakam.media import extra
from hakam.media.sandbox import Sandbox
from hakam.storage.embedded.published import PublishedReader
from hakam.storage.known_content import KnownContent
from hakam.storage.known_media import KnownMedia
from hakam.storage.published import PublishedBank
from hakam.wiring import publish
from hakam.wiring.settings import Settings


class KnownBanks:
    """The banks in force. One thread polls; what it returned may be used by others."""

    def __init__(self, settings: Settings) -> None:
        self._home = settings.home
        self._reader = PublishedReader(publish.published_path(settings))
        self._media = KnownMedia(KnownContent(settings.home))
        self._banks: tuple[PublishedBank, ...] = ()
        self._sandbox: Sandbox | None = None

    def sandbox(self) -> Sandbox | None:
        """Return where pictures are decoded, started when first asked for; None without the extra `hakam[media]`."""
        if self._sandbox is None and extra.available():
            self._sandbox = Sandbox()
        return self._sandbox

    def media(self) -> KnownMedia:
        """Return what the banks in force know."""
        told = self._reader.poll()
        if told is not None and told.banks != self._banks:
            self._media, self._banks = KnownMedia(KnownContent(self._home, told.banks)), told.banks
        return self._media

    @property
    def newest(self) -> KnownMedia:
        """What `media` returned last: for threads beside the one that polls."""
        return self._media

    def close(self) -> None:
        """End the sandbox's children."""
        if self._sandbox is not None:
            self._sandbox.close()
