"""A final decision puts its statement in for the EU Transparency Database (DSA Art. 24(5)), if the platform must.

What the database asks beside the statement, since when the content is hosted, its language, its media, is read from
the newest event of the item; without one the day of the decision stands for the first.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from django.utils.timezone import get_default_timezone, localdate

from hakam.compliance import access
from hakam.compliance.eu_database import submissions
from hakam.compliance.eu_database.payload import ItemFacts
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact, Statement
from hakam.compliance.profile import duties, judge, profile_of
from hakam.compliance.statements import item_of
from hakam.intake import known_items
from hakam.review import evidence
from hakam.storage.event_log import EventLog

KINDS = frozenset({FactKind.DECISION_FINAL})


def on_fact(fact: Fact, now: datetime, *, log: EventLog, base_url: str) -> None:
    """Put the statement of a decision in, if it has one. Repeating it changes nothing."""
    statement = access.statement_of(fact.subject)
    if statement is None or statement.withdrawn_at is not None:
        return
    duty = judge(duties()["dsa.database"], profile_of(statement.platform), now.date())
    exempt = "" if duty.applies else duty.why.value
    submissions.put_in(statement, facts_of(statement, log), now=now, base_url=base_url, exempt=exempt)


def facts_of(statement: Statement, log: EventLog) -> ItemFacts:
    """Return what is known of the item of a statement."""
    issued = _day(statement.issued_at)
    unknown = ItemFacts(issued)
    known = known_items.by_ref(item_of(statement))
    data = known_items.newest_event(known, log) if known is not None else None
    if data is None:
        return unknown
    try:
        event = evidence.read_event(data)
    except msgspec.MsgspecError:
        return unknown
    since = event.author.created_at if statement.item_kind == "account" else event.at
    return ItemFacts(
        hosted_since=min(_day(since or event.at), issued),
        language=event.item.language or "",
        media=tuple(media.mime for media in event.item.media if media.mime),
    )


def _day(at: datetime) -> date:
    return localdate(at, get_default_timezone())
