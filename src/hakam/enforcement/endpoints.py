"""Where platforms take their messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.enforcement.connectors.connector import Connector
from hakam.enforcement.models import Endpoint
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.event import PLATFORM_PATTERN


class EndpointError(ValueError):
    """The endpoint can't be registered as given; `problems` are all reasons."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


def register(
    *, platform: str, connector: Connector, settings: Mapping[str, Any], by: Actor, now: datetime
) -> Endpoint:
    """Set, or change, where a platform takes its messages, and switch it on. What waited is due at once."""
    problems = connector.problems(settings)
    if not re.fullmatch(PLATFORM_PATTERN, platform):
        problems.append(f"{platform!r} is no platform id")
    if problems:
        raise EndpointError(problems)
    with transaction.atomic():
        ledger.lock()
        endpoint = Endpoint.objects.select_for_update().filter(platform=platform).first()
        same = (
            endpoint is not None
            and endpoint.enabled
            and (endpoint.connector, endpoint.settings) == (connector.id, dict(settings))
        )
        if endpoint is not None and same:
            return endpoint
        endpoint, _ = Endpoint.objects.update_or_create(
            platform=platform,
            defaults={"connector": connector.id, "settings": dict(settings), "enabled": True},
            create_defaults={
                "connector": connector.id,
                "settings": dict(settings),
                "enabled": True,
                "created_at": now,
            },
        )
        ledger.record(
            FactKind.ENDPOINT_REGISTERED,
            by=by,
            now=now,
            subject=f"endpoint:{platform}",
            body={"connector": connector.id, "settings": dict(settings)},
        )
    return endpoint


def switch_on(platform: str, *, by: Actor, now: datetime) -> None:
    """Let messages leave again."""
    _switch(platform, enabled=True, by=by, now=now, because="")


def switch_off(platform: str, *, by: Actor, now: datetime, because: str) -> None:
    """Hold all messages to a platform; they wait."""
    _switch(platform, enabled=False, by=by, now=now, because=because)


def by_platform(platforms: Iterable[str]) -> dict[str, Endpoint]:
    """Return the endpoints of some platforms."""
    return {endpoint.platform: endpoint for endpoint in Endpoint.objects.filter(platform__in=list(platforms))}


def find(platform: str) -> Endpoint | None:
    """Return the endpoint of a platform, or None."""
    return Endpoint.objects.filter(platform=platform).first()


def all_endpoints() -> list[Endpoint]:
    """Return every endpoint, by platform."""
    return list(Endpoint.objects.order_by("platform"))


def _switch(platform: str, *, enabled: bool, by: Actor, now: datetime, because: str) -> None:
    with transaction.atomic():
        ledger.lock()
        changed = Endpoint.objects.filter(platform=platform).exclude(enabled=enabled).update(enabled=enabled)
        if changed:
            ledger.record(
                FactKind.ENDPOINT_ENABLED if enabled else FactKind.ENDPOINT_DISABLED,
                by=by,
                now=now,
                subject=f"endpoint:{platform}",
                body={"because": because},
            )
