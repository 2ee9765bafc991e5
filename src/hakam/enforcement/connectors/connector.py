"""The extension point: how a message reaches a platform. An implementation is one folder with all that it needs.

A connector knows nothing of the database. It is given values and returns what became of the message; it may be called
from several threads at once. The suite that each must pass is `hakam.testing.connectors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol

import msgspec


class Message(msgspec.Struct, frozen=True):
    """What to deliver. `id` is the same at every try, so that a receiver can drop repeats."""

    id: str
    kind: str
    created_at: datetime
    sent_at: datetime
    data: Mapping[str, Any]


class Destination(msgspec.Struct, frozen=True):
    """Where to. `settings` are the endpoint's own."""

    platform: str
    settings: Mapping[str, Any] = {}
    allow_private: bool = False  # whether private addresses may be called
    timeout: float = 10.0  # seconds


class Delivered(msgspec.Struct, frozen=True, tag=True):
    """The receiver has it."""

    status: int | None = None


class Confirmed(msgspec.Struct, frozen=True, tag=True):
    """The receiver has it, and says whether it did what was asked."""

    applied: bool
    detail: str = ""
    status: int | None = None


class Retry(msgspec.Struct, frozen=True, tag=True):
    """It did not arrive; try again, not before `after` seconds when the receiver asks for that."""

    error: str
    after: float | None = None
    status: int | None = None


class Gone(msgspec.Struct, frozen=True, tag=True):
    """The endpoint says that it exists no more: it is switched off, and its messages wait."""

    error: str
    status: int | None = None


class Dead(msgspec.Struct, frozen=True, tag=True):
    """It can never arrive as it is."""

    error: str
    status: int | None = None


Outcome = Delivered | Confirmed | Retry | Gone | Dead


class Connector(Protocol):
    """Delivers messages to one sort of receiver."""

    id: ClassVar[str]

    def deliver(self, message: Message, to: Destination, secret: str) -> Outcome:
        """Try once. Never raises for what the network or the receiver does."""
        ...

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with an endpoint's settings, for the person who enters them."""
        ...
