"""The after-action report: a public one without hashes, accounts and names, and a confidential one for who must know.

# DSA Art. 48(4)(f): a public report after the termination of the crisis.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import access, ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.compliance.storable import storable
from hakam.incidents.closing import locked
from hakam.incidents.declaring import name_of_kind
from hakam.incidents.figures import Figures, as_data, figures_of
from hakam.incidents.models import Incident
from hakam.incidents.naming import IncidentError, bank_of, subject_of
from hakam.incidents.states import CLOSED
from hakam.vocabulary.actor import Actor

LONGEST_WORDS: Final = 10_000
TIMES: Final = (
    ("first_uploaded_at", "first_detected_at"),
    ("first_uploaded_at", "first_blocked_at"),
    ("first_uploaded_at", "first_shared_at"),
    ("declared_at", "first_hash_at"),
    ("declared_at", "confirmed_at"),
    ("declared_at", "closed_at"),
)
"""Pairs of moments whose distance is told."""
_OF_POWERS: Final = {FactKind.INCIDENT_POWER_TAKEN, FactKind.INCIDENT_POWER_UNDONE}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The public report. `seconds`: between the moments of `TIMES`, as `from/to`; null where one never came."""

    slug: str
    title: str
    exercise: bool
    kind: str
    kind_name: dict[str, str]
    platform: str
    state: str
    words: str  # of the platform, for the public
    countries: tuple[str, ...]
    languages: tuple[str, ...]
    figures: Figures
    seconds: dict[str, float | None]
    ledger_head: int  # number of the last fact that was counted
    made_at: datetime


def report_of(incident: Incident, *, words: str, now: datetime) -> Report:
    """Count an incident, for the public. Communities and streams are left out: they can name people."""
    head = Fact.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    figures = figures_of(incident)
    return Report(
        slug=incident.slug,
        title=incident.title,
        exercise=incident.exercise,
        kind=incident.kind,
        kind_name=name_of_kind(incident),
        platform=incident.platform,
        state=incident.state,
        words=words,
        countries=tuple(incident.scope.get("countries", ())),
        languages=tuple(incident.scope.get("languages", ())),
        figures=figures,
        seconds={f"{one}/{other}": figures.seconds(one, other) for one, other in TIMES},
        ledger_head=head,
        made_at=now,
    )


def confidential(incident: Incident, *, now: datetime) -> dict[str, Any]:
    """Return the report with all that the public one leaves out: scope, settings, people, log, facts."""
    built: dict[str, Any] = msgspec.to_builtins(report_of(incident, words="", now=now))
    story = access.story(subject_of(incident))
    return built | {
        "confidential": True,
        "figures": as_data(figures_of(incident)),
        "summary": incident.summary,
        "reference": incident.reference,
        "clause": incident.clause,
        "bank": bank_of(incident),
        "scope": incident.scope,
        "declared_by": incident.declared_by,
        "confirmed_by": incident.confirmed_by,
        "closed_by": incident.closed_by,
        "because": incident.because,
        "powers": [
            {"power": row.power, "settings": row.settings, "did": row.did}
            for row in incident.powers.order_by("pk")
        ],
        "renewals": [
            {
                "hours": row.hours,
                "reason": row.reason,
                "state": row.state,
                "asked_by": row.asked_by,
                "settled_by": row.settled_by,
            }
            for row in incident.renewals.order_by("pk")
        ],
        "roles": [
            {"role": row.role, "person": f"staff:{row.person}", "since": row.since.isoformat()}
            for row in incident.roles.order_by("role")
        ],
        "log": [
            {"at": fact.at.isoformat(), "by": fact.actor, "kind": fact.kind, "seq": fact.seq}
            | (ledger.private_of(fact) or {} if fact.kind == FactKind.INCIDENT_TOLD else {})
            | ({"power": ledger.body_of(fact)["power"]} if fact.kind in _OF_POWERS else {})
            for fact in story
        ],
    }


def publish(slug: str, *, words: str, by: Actor, now: datetime) -> Report:
    """Publish the public report of an incident that is over, or publish it anew. Raises `IncidentError`."""
    words = storable(words).strip()
    if not words or len(words) > LONGEST_WORDS:
        raise IncidentError(
            _("say for the public what happened and what you learnt, in at most %(most)s characters")
            % {"most": LONGEST_WORDS}
        )
    with transaction.atomic():
        ledger.lock()
        incident = locked(slug)
        if incident.state not in {state.value for state in CLOSED}:
            raise IncidentError(_("it is not over yet"))
        made = report_of(incident, words=words, now=now)
        data = msgspec.json.encode(made)
        incident.report, incident.reported_at = msgspec.json.decode(data), now
        incident.save(update_fields=["report", "reported_at"])
        ledger.record(
            FactKind.INCIDENT_REPORTED,
            by=by,
            now=now,
            subject=subject_of(incident),
            body={
                "exercise": incident.exercise,
                "digest": hashlib.sha256(data).hexdigest(),
                "ledger_head": made.ledger_head,
            },
        )
    return made


def published(incident: Incident) -> Report | None:
    """Return the public report as it was published last, or None."""
    return None if incident.report is None else msgspec.convert(incident.report, Report)
