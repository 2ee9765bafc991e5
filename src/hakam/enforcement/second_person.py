"""The second person is told: what one person proposed waits for another, who must hear of it.

The ledger decides: each proposal of what can't be undone, and each release of rules that go live, makes one letter for
everybody who may settle it, except for whoever proposed it. What it is about stands on the page, never in the letter.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

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

KINDS = frozenset({FactKind.PROPOSAL_MADE, FactKind.RELEASE_PROPOSED})


def on_fact(fact: Fact, now: datetime) -> None:
    """Tell whoever may be the second person. Telling twice is telling once."""
    rules = fact.kind == FactKind.RELEASE_PROPOSED
    if rules and not body_of(fact).get("goes_live"):
        return  # one person was enough
    needed = Permission.PACK_PUBLISH if rules else Permission.CASE_DECIDE
    for person in access.with_permission(needed):
        if str(person.actor) == fact.actor:
            continue
        enqueue(
            now=now,
            key=f"second:{fact.pk}:{person.pk}",
            platform="",
            channel=Channel.EMAIL,
            kind=EffectKind.STAFF_ALERT,
            payload=_worded(person, rules=rules),
        )


def _worded(person: User, *, rules: bool) -> dict[str, Any]:
    with translation.override(person.language):
        if rules:
            subject, what = _("Rules wait for a second person"), _("A colleague wants to let a rule go live.")
            link = (_("To the rules"), "/desk/rules")
        else:
            subject = _("A proposal waits for a second person")
            what = _("A colleague proposed a measure that can't be undone.")
            link = (_("To the proposals"), "/desk/proposals")
        return letter(
            to=person.email,
            language="ar" if person.language.startswith("ar") else "en",
            subject=subject,
            paragraphs=[what, _("It takes effect when somebody else confirms it, and not before.")],
            links=(link,),
        )
