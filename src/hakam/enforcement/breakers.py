"""A rule that does not do all it says any more is told at once to whoever may change the rules."""

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

KINDS = frozenset({FactKind.RULE_TRIPPED, FactKind.RULE_PUT_ASIDE})


def on_fact(fact: Fact, now: datetime) -> None:
    """Tell whoever may publish rules. Telling twice is telling once."""
    rule = str(body_of(fact)["rule"])
    aside = fact.kind == FactKind.RULE_PUT_ASIDE
    for person in access.with_permission(Permission.PACK_PUBLISH):
        enqueue(
            now=now,
            key=f"tripped:{fact.pk}:{person.pk}",
            platform="",
            channel=Channel.EMAIL,
            kind=EffectKind.STAFF_ALERT,
            payload=_worded(person, rule, aside=aside),
        )


def _worded(person: User, rule: str, *, aside: bool) -> dict[str, Any]:
    with translation.override(person.language):
        if aside:
            subject = _("%(rule)s is put aside")
            paragraphs = [
                _("The rule failed too often, so that it is not asked any more. The other rules go on."),
                _("It is asked again when somebody takes it back, or when another version is in force."),
            ]
        else:
            subject = _("The quota of %(rule)s is used up")
            paragraphs = [
                _(
                    "The rule would have taken more measures than its quota allows. It only asks for people now."
                ),
                _("It acts again when the window of its quota has passed, unless somebody changes it."),
            ]
        return letter(
            to=person.email,
            language="ar" if person.language.startswith("ar") else "en",
            subject=subject % {"rule": rule},
            paragraphs=paragraphs,
            links=((_("To the rules"), "/desk/rules"),),
        )
