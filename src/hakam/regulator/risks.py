"""Risk assessments as living documents: a draft that somebody owns, versions that a second person approved.

# OSA s.9 and s.23: each kind of illegal content on its own, kept up to date, on record; superseded ones for three
# years. DSA Art. 34(1): yearly, of those who need it. Evidence is read from the running system and frozen on approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.calendar import add_months
from hakam.compliance.clocks import clock as clock_of
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.regulator.evidence import Situation, of_harms
from hakam.regulator.models import RiskAssessment
from hakam.regulator.regimes import in_words
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.actor import Actor


class Level(StrEnum):
    """How great a risk is."""

    NEGLIGIBLE = "negligible"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of risk, and the harms of ours that belong to it."""

    key: str
    title: dict[str, str]
    harms: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Its title, in the language in force."""
        return in_words(self.title)


class Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One law's assessment: its kinds and its clocks."""

    key: str
    law: str
    duty: str
    review: str  # clock until the next assessment
    keep: str  # clock of keeping a superseded one
    title: dict[str, str]
    kinds: tuple[Kind, ...]
    first: str = ""  # clock of the first one, for a new service
    read: bool = True  # the law was read for this entry; otherwise ask counsel

    @property
    def words(self) -> str:
        """Its title, in the language in force."""
        return in_words(self.title)


class Judged(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was found about one kind."""

    level: str = ""  # a `Level`; empty: not assessed yet
    reasons: str = ""  # likelihood and impact, with the risk factors
    measures: str = ""  # what is done against it


class Assessment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a risk assessment says, kind by kind."""

    kinds: dict[str, Judged] = {}
    consulted: str = ""  # risk profiles, guidance and other sources


class RiskError(ValueError):
    """This can't be done. Nothing was changed."""


class _Table(msgspec.Struct, frozen=True):
    schemes: tuple[Scheme, ...]


@cache
def schemes() -> dict[str, Scheme]:
    """Return every scheme by its key."""
    table = msgspec.json.decode(
        files("hakam.regulator").joinpath("risk_kinds.json").read_bytes(), type=_Table
    )
    return {one.key: one for one in table.schemes}  # fmt: skip


def subject_of(row: RiskAssessment) -> str:
    """Return an assessment's name in the ledger."""
    return f"risk:{row.platform}/{row.scheme}"


def said_in(row: RiskAssessment) -> Assessment:
    """Return what an assessment says, as a value."""
    return msgspec.convert(row.body, Assessment)


def draft_of(platform: str, scheme: str) -> RiskAssessment | None:
    """Return the draft of a scheme, or None."""
    return RiskAssessment.objects.filter(platform=platform, scheme=scheme, version=None).first()


def newest(platform: str, scheme: str) -> RiskAssessment | None:
    """Return the newest approved version, or None."""
    return versions(platform, scheme)[0] if versions(platform, scheme) else None


def versions(platform: str, scheme: str) -> list[RiskAssessment]:
    """Return every approved version, the newest first."""
    found = RiskAssessment.objects.filter(platform=platform, scheme=scheme, version__isnull=False)
    return list(found.order_by("-version"))


def find(platform: str, number: int) -> RiskAssessment | None:
    """Return one by its number, or None."""
    return RiskAssessment.objects.filter(platform=platform, pk=number).first()


def levels(platform: str, scheme: str) -> Mapping[str, str]:
    """Return the level of each kind in the newest approved version; nothing without one."""
    row = newest(platform, scheme)
    return {} if row is None else {key: one.level for key, one in said_in(row).kinds.items()}


def write(
    platform: str,
    scheme_key: str,
    said: Assessment,
    *,
    owner: User,
    by: Actor,
    now: datetime,
    trigger: str = "",
) -> RiskAssessment:
    """Save the draft, whole or not. `trigger` is why it is made: the year, a significant change. Raises `RiskError`."""
    scheme = schemes().get(scheme_key)
    if scheme is None:
        raise RiskError(_("there is no such assessment"))
    known = {one.key for one in scheme.kinds}
    if not set(said.kinds) <= known or not {one.level for one in said.kinds.values()} <= {"", *Level}:
        raise RiskError(_("no such kind, or no such level"))
    if not owner.may(Permission.REGULATOR_HANDLE):
        raise RiskError(_("choose people who may handle requests"))
    with transaction.atomic():
        ledger.lock()
        row, _fresh = RiskAssessment.objects.update_or_create(
            platform=platform,
            scheme=scheme.key,
            version=None,
            defaults={
                "body": storable(msgspec.to_builtins(said)),
                "owner": owner.pk,
                "written_by": str(by),
                "written_at": now,
                "trigger": storable(trigger).strip(),
            },
        )
        ledger.record(
            FactKind.RISK_WRITTEN,
            by=by,
            now=now,
            subject=subject_of(row),
            body={"assessed": sum(bool(one.level) for one in said.kinds.values()), "of": len(known)},
        )
    return row


def wanting(row: RiskAssessment) -> list[Kind]:
    """Return the kinds that lack a level or reasons."""
    said = said_in(row).kinds
    return [
        kind
        for kind in schemes()[row.scheme].kinds
        if not (found := said.get(kind.key, Judged())).level or not found.reasons.strip()
    ]


def evidence_of(scheme: Scheme, situation: Situation) -> dict[str, list[Any]]:
    """Return the evidence of each kind, as the system says it now."""
    return {kind.key: of_harms(situation, kind.harms) for kind in scheme.kinds}


def approve(
    platform: str, number: int, *, by: Actor, now: datetime, review_on: date | None = None
) -> RiskAssessment:
    """Approve a draft as a second person: it becomes a version with the evidence of this moment, and stays.

    # OSA s.23: a record of every assessment; the one before is kept for three years from now. Raises `RiskError`.
    """
    row = find(platform, number)
    if row is None or row.version is not None:
        raise RiskError(_("this is approved already, or was written anew"))
    scheme = schemes()[row.scheme]
    latest = add_months(now.date(), clock_of(scheme.review).months)
    evidence = evidence_of(scheme, Situation(platform, now=now))
    with transaction.atomic():
        ledger.lock()
        row = RiskAssessment.objects.select_for_update().get(pk=number)
        if row.version is not None:
            raise RiskError(_("this is approved already, or was written anew"))
        if row.written_by == str(by):
            raise RiskError(_("somebody else must approve what you wrote"))
        if lacking := wanting(row):
            names = ", ".join(one.words for one in lacking)
            raise RiskError(_("a level and reasons are missing for: %(kinds)s") % {"kinds": names})
        due = review_on or latest
        if not now.date() < due <= latest:
            raise RiskError(_("it is looked at again after today, and within the period that the law sets"))
        before = newest(platform, row.scheme)
        highest = RiskAssessment.objects.filter(platform=platform, scheme=row.scheme).aggregate(
            n=Max("version")
        )
        row.version, row.review_on = (highest["n"] or 0) + 1, due
        row.approved_by, row.approved_at = str(by), now
        row.evidence = msgspec.to_builtins(evidence)
        row.save(update_fields=["version", "review_on", "approved_by", "approved_at", "evidence"])
        subject = f"{subject_of(row)}/{row.version}"
        ledger.record(
            FactKind.RISK_APPROVED, by=by, now=now, subject=subject, about=(subject_of(row),),
            body={"scheme": row.scheme, "version": row.version, "review_on": due,
                  "levels": {key: one.level for key, one in said_in(row).kinds.items()}},
        )  # fmt: skip
        if before is not None:
            old = f"{subject_of(before)}/{before.version}"
            deadlines.meet(scheme.review, subject=old, by=by, now=now)
            deadlines.start(scheme.keep, subject=old, by=by, now=now)
        if scheme.first:
            deadlines.meet(scheme.first, subject=subject_of(row), by=by, now=now)
        deadlines.start(scheme.review, subject=subject, by=by, now=now)
    return row
