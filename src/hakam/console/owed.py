"""What is owed, in words: the findings of the rooms of law for whoever answers for them, each with where to act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hakam.privacy import findings as privacy
from hakam.regulator import findings as regulator
from hakam.safeguarding import findings as safeguarding
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.finding import Severity

WORDS: Final[Mapping[str, Promise]] = {
    "G001": _("A request is not answered, and its time is over"),
    "G002": _("Nobody who is here is in charge of a request"),
    "G003": _("A risk assessment is due to be reviewed"),
    "G004": _("A risk assessment that the law asks for was never approved"),
    "G005": _("An attestation of a checklist ran out"),
    "G006": _("A contact point that the law wants public is missing"),
    "G007": _("A yearly report is due and not published"),
    "G008": _("A request is closed, and its clock still runs"),
    "G009": _("Statements of reasons wait longer for the Transparency Database than their clock allows"),
    "D001": _("Somebody who asked about their data was not answered in time"),
    "D002": _("Who prepared somebody's data released it"),
    "D003": _("A hold is past its end and was not ended"),
    "D004": _("Nothing was erased by the schedule for days"),
    "D005": _("Data or the key of a research project is still here after its end"),
    "D006": _("What a removal order took away is not held for six months"),
    "D008": _("The schedule keeps something shorter than a law where the platform is offered"),
    "D007": _("What a filed report of child abuse is about is not held for a year"),
    "Y001": _("A report of child abuse was not sent in time"),
    "Y002": _("The receiver does not take a report of child abuse as it is"),
    "Y003": _("One person prepared and approved a report of child abuse"),
    "Y004": _("Child abuse was found, and no report was prepared"),
}
"""The meanings of the codes, for the desk. `hakam doctor` says them in English."""
_PAGES: Final[Mapping[str, str]] = {
    "request": "console:request", "risk": "console:risks", "checklist": "console:checklist",
    "contacts": "console:contacts", "report": "console:reports", "data_request": "console:data_request",
    "hold": "console:hold", "retention": "console:retention", "research": "console:research_project",
    "order": "console:order", "child_report": "console:child_report", "case": "console:case",
    "database": "console:eu_database",
}  # fmt: skip


class Owed(NamedTuple):
    """One thing that is owed or broken."""

    code: str
    title: Promise
    subject: str
    broken: bool
    url: str
    times: int = 1  # how often it was found of the same subject: several contact points, say


def owed(user: User, *, now: datetime) -> list[Owed]:
    """Return what the rooms found that this person may see; what is broken first."""
    found = [*regulator.check(now=now)] if user.may(Permission.REGULATOR_READ) else []
    if user.may(Permission.RETENTION_READ):
        found += privacy.check(now=now)
    if user.may(Permission.CHILD_REPORT_HANDLE):
        found += safeguarding.check(now=now)
    times = Counter((one.code, one.subject) for one in found)
    first = {(one.code, one.subject): one for one in found}
    rows = [
        Owed(
            one.code,
            WORDS[one.code],
            one.subject or "",
            one.severity is Severity.ERROR,
            _page(one.subject or "", user),
            times[key],
        )
        for key, one in first.items()
    ]
    return sorted(rows, key=lambda row: not row.broken)


def _page(subject: str, user: User) -> str:
    kind, _sep, key = subject.partition(":")
    if kind == "child_report" and not user.may(Permission.CHILD_REPORT_HANDLE):
        return reverse("console:holds")  # what can be done about it by somebody who may not open it
    name = _PAGES[kind]
    match kind:
        case "checklist":
            return reverse(name, args=[key.rpartition("/")[2]])
        case "risk" | "contacts" | "report" | "retention" | "database":
            return reverse(name)
        case _:
            return reverse(name, args=[key])
