"""On call: colleagues are told by e-mail when a legal clock runs out, at any hour.

The ledger decides: a warning, an escalation or a miss is a fact, and each such fact of a clock that rings makes one
letter for everybody who has the role it names. Where nobody has it, the administrators are told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hakam.compliance.clocks import clocks
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.compliance.models import Fact
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.outbox import enqueue
from hakam.staff import access
from hakam.staff.models import User
from hakam.staff.roles import Role

KINDS = frozenset({FactKind.DEADLINE_WARNED, FactKind.DEADLINE_ESCALATED, FactKind.DEADLINE_MISSED})


def on_fact(fact: Fact, now: datetime) -> None:
    """Tell whom a warning names. Telling twice is telling once."""
    body = body_of(fact)
    clock = clocks().get(body["clock"])
    if clock is None or not clock.rings or not body.get("tell"):
        return
    role = Role(body["tell"])
    for person in access.with_role(role) or access.with_role(Role.ADMINISTRATOR):
        enqueue(
            now=now,
            key=f"alert:{fact.pk}:{person.pk}",
            platform="",
            channel=Channel.EMAIL,
            kind=EffectKind.STAFF_ALERT,
            payload=_worded(person, fact, body, clock.title),
        )


def _worded(person: User, fact: Fact, body: dict[str, Any], title: dict[str, str]) -> dict[str, Any]:
    with translation.override(person.language):
        language = "ar" if person.language.startswith("ar") else "en"
        what = title[language]
        due = date_format(localtime(datetime.fromisoformat(body["due_at"])), "DATETIME_FORMAT")
        over = fact.kind == FactKind.DEADLINE_MISSED
        subject = _("Missed: %(what)s") if over else _("The clock runs: %(what)s")
        left = _("It ran out at %(due)s.") if over else _("It runs out at %(due)s, in %(minutes)s minutes.")
        return letter(
            to=person.email,
            language=language,
            subject=subject % {"what": what},
            paragraphs=[
                left % {"due": due, "minutes": body.get("minutes_left", 0)},
                _("It is about %(subject)s.") % {"subject": fact.subject},
            ],
            links=((_("All clocks"), "/desk/clocks"),),
        )
