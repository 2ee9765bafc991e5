"""What the console must know of the installation. The room above lends it through Django's settings."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from hakam.live.servers.at_work import Servers
from hakam.privacy.retention import Stores
from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault


class Installation(Protocol):
    """The part of the operator's settings that pages depend on."""

    @property
    def home(self) -> Path:
        """The folder of everything that Hakam writes."""
        ...

    @property
    def platform(self) -> str:
        """The platform that public forms belong to."""
        ...

    @property
    def platform_name(self) -> str:
        """Its name, as people outside read it."""
        ...

    @property
    def base_url(self) -> str:
        """The address of these pages, as others reach them."""
        ...

    @property
    def undo_seconds(self) -> int:
        """How long effects wait."""
        ...

    @property
    def lease_seconds(self) -> int:
        """How long a lease runs without a heartbeat."""
        ...

    @property
    def complaint_days(self) -> int:
        """The internal target for answering a complaint."""
        ...

    @property
    def notice_hours(self) -> int:
        """The internal target for deciding a notice."""
        ...

    @property
    def eu_database_url(self) -> str:
        """The address of the EU Transparency Database; empty: none is sent to."""
        ...

    def secret(self, name: str) -> str:
        """Return a secret of the installation, made on first use."""
        ...


def installation() -> Installation:
    """Return the operator's settings."""
    chosen: Installation = settings.HAKAM
    return chosen


@cache
def vault() -> Vault:
    """Return the evidence vault of the installation."""
    opened: Vault = import_string(settings.HAKAM_VAULT)()
    return opened


@cache
def event_log() -> EventLog:
    """Return the event log of the installation, for reading."""
    opened: EventLog = import_string(settings.HAKAM_EVENT_LOG)()
    return opened


@cache
def stores() -> Stores:
    """Return what the eraser works on: for previews."""
    opened: Stores = import_string(settings.HAKAM_STORES)()
    return opened


@cache
def notice_log() -> EventLog:
    """Return the log of notices, for reading."""
    opened: EventLog = import_string(settings.HAKAM_NOTICE_LOG)()
    return opened


def media_servers() -> Servers:
    """Return the media servers of the installation. Not kept: tests put others in their place."""
    opened: Servers = import_string(settings.HAKAM_MEDIA_SERVERS)()
    return opened
