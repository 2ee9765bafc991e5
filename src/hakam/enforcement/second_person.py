"""The second person is told: what one person proposed waits for another, who must hear of it.

The ledger decides: each proposal of what can't be undone, each release of rules that go live, and each decision on many
items at once makes one letter for everybody who may settle it, except for whoever proposed it. What it is about stands
on the page, never in the letter, which leads to the very page where it is confirmed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _

from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.compliance.models import Fact
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.outbox import enqueue
from hakam.staff import access
from hakam.staff.models import User
from hakam.staff.roles import Permission

KINDS = frozenset({FactKind.PROPOSAL_MADE, FactKind.RELEASE_PROPOSED, FactKind.BULK_ASKED})
_NEEDED: Final = {
    FactKind.PROPOSAL_MADE: Permission.CASE_DECIDE,
    FactKind.RELEASE_PROPOSED: Permission.PACK_PUBLISH,
    FactKind.BULK_ASKED: Permission.BULK_DECIDE,
}


def on_fact(fact: Fact, now: datetime) -> None:
    """Tell whoever may be the second person. Telling twice is telling once."""
    kind, body = FactKind(fact.kind), body_of(fact)
    if (kind is FactKind.RELEASE_PROPOSED and not body.get("goes_live")) or (
        kind is FactKind.BULK_ASKED and not body.get("waits")
    ):
        return  # one person was enough
    for person in access.with_permission(_NEEDED[kind]):
        if str(person.actor) == fact.actor:
            continue
        enqueue(
            now=now,
            key=f"second:{fact.pk}:{person.pk}",
            platform="",
            channel=Channel.EMAIL,
            kind=EffectKind.STAFF_ALERT,
            payload=_worded(person, kind, fact),
        )


def _number(fact: Fact, name: str) -> str:
    """Return the number in `name:12`, the fact's subject or one of those it is about; empty if it names none."""
    about = fact.links.values_list("subject", flat=True)
    found = (one.partition(":") for one in (fact.subject, *about))
    return next((number for what, _colon, number in found if what == name and number.isdecimal()), "")


def _worded(person: User, kind: FactKind, fact: Fact) -> dict[str, Any]:
    with translation.override(person.language):
        if kind is FactKind.RELEASE_PROPOSED:
            subject, what = _("Rules wait for a second person"), _("A colleague wants to let a rule go live.")
            draft = _number(fact, "draft")
            link = (_("Look and confirm"), f"/desk/rules/drafts/{draft}/release" if draft else "/desk/rules")
        elif kind is FactKind.BULK_ASKED:
            subject = _("A decision on many items waits for a second person")
            what = _("A colleague wants to decide many items together.")
            link = (_("Look and confirm"), f"/desk/together/{_number(fact, 'bulk')}")
        else:
            subject = _("A proposal waits for a second person")
            what = _("A colleague proposed a measure that can't be undone.")
            link = (_("Look and confirm"), f"/desk/proposals/{_number(fact, 'proposal')}")
        return letter(
            to=person.email,
            language="ar" if person.language.startswith("ar") else "en",
            subject=subject,
            paragraphs=[what, _("It takes effect when somebody else confirms it, and not before.")],
            links=(link,),
        )
