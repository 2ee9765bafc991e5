"""Django's handle on the room."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.apps import AppConfig

from hakam.staff import journal
from hakam.vocabulary.actor import Actor


class ComplianceConfig(AppConfig):
    """The room `compliance`."""

    name = "hakam.compliance"
    label = "compliance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lend the ledger to the room below, whose verbs can't reach up to it."""
        journal.use(_record)


def _record(
    kind: str, *, by: Actor, now: datetime, subject: str, body: Mapping[str, Any], private: Mapping[str, Any]
) -> None:
    from hakam.compliance import ledger  # noqa: PLC0415 -- models can't be imported before the apps are ready
    from hakam.compliance.facts import FactKind  # noqa: PLC0415 -- the same

    ledger.record(FactKind(kind), by=by, now=now, subject=subject, body=body, private=private or None)
