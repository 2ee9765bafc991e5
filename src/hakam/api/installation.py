"""What the interface is given to work with. The room above lends it through Django's settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault


def vault() -> Vault:
    """Return the evidence vault."""
    opened: Vault = import_string(settings.HAKAM_VAULT)()
    return opened


def event_log() -> EventLog:
    """Return the event log, for reading."""
    opened: EventLog = import_string(settings.HAKAM_EVENT_LOG)()
    return opened


def notice_log() -> EventLog:
    """Return the log of notices, for reading."""
    opened: EventLog = import_string(settings.HAKAM_NOTICE_LOG)()
    return opened


def franking_keys() -> Mapping[str, bytes]:
    """Return the platform's keys against which messages of encrypted chats are proven, by id."""
    found: Mapping[str, bytes] = import_string(settings.HAKAM_FRANKING_KEYS)()
    return found


def home() -> Path:
    """Return the folder of everything that Hakam writes."""
    return Path(settings.HAKAM.home)


def base_url() -> str:
    """Return the address of the public pages."""
    return str(settings.HAKAM.base_url).rstrip("/")


def platform_name() -> str:
    """Return the name of the platform, as people outside read it."""
    return str(settings.HAKAM.platform_name)


def decide_within() -> timedelta:
    """Return the operator's target for deciding a notice."""
    return timedelta(hours=settings.HAKAM.notice_hours)


def answer_within() -> timedelta:
    """Return the operator's target for answering a complaint."""
    return timedelta(days=settings.HAKAM.complaint_days)
