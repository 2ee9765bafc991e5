"""What a delivery needs to know of the installation, given by whoever runs the worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hakam.enforcement.connectors.connector import Connector
from hakam.enforcement.connectors.email.letter_box import EmailConnector
from hakam.enforcement.connectors.webhook.hook import WebhookConnector
from hakam.enforcement.schedule import Jitter, full_jitter


class NoSecretError(LookupError):
    """There is no secret for an endpoint."""


def secret_from_environment(name: str) -> str:
    """Return the secret `name` from `HAKAM_SECRET_<NAME>`; the default resolver."""
    variable = f"HAKAM_SECRET_{name.upper().replace('-', '_')}"
    try:
        return os.environ[variable]
    except KeyError:
        raise NoSecretError(f"the variable {variable} is not set") from None


def shipped_connectors() -> Mapping[str, Connector]:
    """Return the connectors that come with Hakam, by their id."""
    shipped: tuple[Connector, ...] = (WebhookConnector(), EmailConnector())
    return MappingProxyType({connector.id: connector for connector in shipped})


@dataclass(frozen=True, kw_only=True)
class DeliveryPolicy:
    """How effects leave this installation. Everything has a safe default."""

    base_url: str = ""  # of the public pages; links in messages become absolute with it
    platform_name: str = "Hakam"  # as people outside read it
    mail_from: str = ""  # empty: Django's DEFAULT_FROM_EMAIL
    allow_private_endpoints: bool = False
    timeout: float = 10.0  # seconds, for connecting and for each read
    lease_seconds: float = (
        120.0  # after which another worker may take a message over; more than any try can last
    )
    workers: int = 16  # threads that wait for receivers
    secret: Callable[[str], str] = secret_from_environment  # name -> text; the name is `webhook-<platform>`
    connectors: Mapping[str, Connector] = field(default_factory=shipped_connectors)
    jitter: Jitter = full_jitter
