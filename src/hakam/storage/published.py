"""What the console publishes for the door: keys and packs, as one file that is replaced whole.

The door never reads the control database, so it needs neither Django nor a database driver, and neither waits for
the other's lock.
"""

from __future__ import annotations

import msgspec

from hakam.vocabulary.incident import DelayRule, Scope
from hakam.vocabulary.verdict import PackRef


class PublishedKey(msgspec.Struct, frozen=True):
    """An API key as the door knows it. `digest` is the SHA-256 (hex) of the key."""

    digest: str
    prefix: str
    platform: str
    scopes: tuple[str, ...]
    expires_at: float | None = None  # Unix seconds


class PublishedList(msgspec.Struct, frozen=True):
    """The version in force of a list that stands outside packs. Its file is `lists/<digest>` in the home."""

    name: str
    digest: str


class PublishedPack(msgspec.Struct, frozen=True):
    """A pack in force, with all its files (path -> text)."""

    ref: PackRef
    files: dict[str, str]


class PublishedBank(msgspec.Struct, frozen=True):
    """A bank of known content in force. Its hashes lie in the folder `banks/<number>` of the home."""

    number: int
    name: str
    revision: int  # of its shelf
    distance: int = 31  # bits within which a picture is a copy
    clause: str = (
        ""  # a match asks for a person under this clause; empty: what follows is for the rules to say
    )
    expires_at: float | None = None  # Unix seconds
    hold: bool = False  # what matches is held until a person has looked
    shadow: bool = False  # a match is written down and does nothing


class PublishedIncident(msgspec.Struct, frozen=True):
    """An incident that lets uploads wait. It ends by itself at `until`, whoever else is asleep."""

    name: str
    platform: str
    until: float  # Unix seconds
    exercise: bool
    scope: Scope
    delay: DelayRule


class Published(msgspec.Struct, frozen=True):
    """Everything the door must know. `revision` grows with each publication."""

    revision: int
    keys: tuple[PublishedKey, ...] = ()
    pack: PublishedPack | None = None
    banks: tuple[PublishedBank, ...] = ()
    lists: tuple[PublishedList, ...] = ()
    released: dict[str, float] = {}  # rules that were put aside -> when a person took them back, Unix seconds
    private: dict[str, float] = {}  # platforms whose private messages may be read -> until when, Unix seconds
    incidents: tuple[PublishedIncident, ...] = ()
    platform: str = ""  # that notices by anybody belong to; empty: the door takes none
    base_url: str = ""  # of the public pages
    behind_proxy: bool = False  # a proxy in front names the sender last in `X-Forwarded-For`
    max_event_bytes: int = 1_048_576
    max_body_bytes: int = 33_554_432
