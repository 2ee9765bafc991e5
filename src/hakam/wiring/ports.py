"""The stores of this installation, opened once a process: what verbs and pages are given to work with."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import hakam
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault
from hakam.wiring import franking
from hakam.wiring.settings import Settings, settings

if TYPE_CHECKING:
    from hakam.privacy.retention import Stores


def event_log_path(chosen: Settings) -> Path:
    """Return where the event log lies: a file of its own, so that the door waits for nobody."""
    return chosen.home / "events"


@cache
def event_log() -> EventLog:
    """Return the event log, for reading. The door alone appends."""
    return FileEventLog(event_log_path(settings()))


def notice_log_path(chosen: Settings) -> Path:
    """Return where the log of notices lies: what the door receipts, before the worker has come to it."""
    return chosen.home / "notices"


@cache
def notice_log() -> EventLog:
    """Return the log of notices, for reading. The door alone appends."""
    return FileEventLog(notice_log_path(settings()))


def franking_keys() -> dict[str, bytes]:
    """Return the keys by which this platform vouches for messages that it carries, by id."""
    return franking.keys(settings())


@cache
def vault() -> Vault:
    """Return the evidence vault."""
    chosen = settings()
    return FileVault(chosen.home / "evidence", chosen.secret("vault").encode())


def stores() -> Stores:
    """Return what the eraser works on, beside the database."""
    from hakam.privacy.retention import Stores  # noqa: PLC0415 -- needs Django started

    home = settings().home
    return Stores(event_log(), notice_log(), vault(), (home / "logs", home / "mail"), home / "erased.txt")


def default_pack() -> Path:
    """Return the folder of the pack that ships."""
    return Path(hakam.__file__).parent / "packs" / "default"
