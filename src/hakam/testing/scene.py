"""A small scene for tests: a pack of four clauses, colleagues, events and verdicts.

Everything real, nothing random.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import msgspec

from hakam.compliance import rulebook
from hakam.compliance.models import RulebookVersion
from hakam.enforcement import endpoints
from hakam.enforcement.delivery import deliver_due
from hakam.enforcement.delivery_policy import DeliveryPolicy
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.staff.users import create_user
from hakam.storage.event_log import Entry
from hakam.testing.connectors import MemoryConnector
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Author, Change, ContentKind, Event, Item, ItemRef
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.verdict import Firing, PackRef, ReviewRequest, Stage, Verdict

NOW: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLATFORM: Final = "maydan"

PACK: Final[dict[str, str]] = {
    "pack.yaml": 'id: scene\nversion: "1.0.0"\nmaturity: stable\nlanguages: [en, ar]\n',
    "policies.yaml": """\
- policy: spam
  title: {en: Spam, ar: رسائل مزعجة}
  text: {en: Do not post the same thing again and again., ar: لا تكرر المنشور نفسه.}
  harm: spam
  severity: 20
  ladder: [label("spam"), limit_reach(days=7), remove]
- policy: hate
  title: {en: Hate speech, ar: خطاب كراهية}
  text: {en: Do not attack people for who they are., ar: لا تهاجم الناس بسبب هويتهم.}
  harm: hate_speech
  severity: 60
  legal: [{provision: "Criminal Code, section 130", country: DE}]
  ladder: [limit_reach, remove, suspend(days=30)]
- policy: threat
  title: {en: Threats, ar: تهديد}
  text: {en: Do not threaten people., ar: لا تهدد الناس.}
  harm: threat
  severity: 80
  ladder: [warn, remove, suspend(days=90), terminate]
- policy: child-abuse
  title: {en: Sexual abuse of children, ar: الاعتداء الجنسي على الأطفال}
  text: {en: Never., ar: ممنوع.}
  harm: csam
  severity: 100
  legal: [{provision: "Directive 2011/93/EU", country: EU}]
  ladder: [warn, remove, terminate]
""",
    "rules.yaml": """\
- rule: known-spam
  policy: spam
  stage: live
  when: word(text.folded, "buy followers")
  then: [limit_reach(days=7), review(queue="spam")]
""",
}

_numbers = count(1)


def publish(
    files: dict[str, str] | None = None, *, now: datetime = NOW - timedelta(days=30)
) -> RulebookVersion:
    """Put the pack of the scene, or another, in force."""
    return rulebook.publish(files or PACK, by=SYSTEM, now=now)


def in_force() -> PackRef:
    """Return the name of the rule book in force."""
    version = rulebook.active()
    assert version is not None
    return rulebook.ref_of(version)


def person(name: str, /, role: Role = Role.MODERATOR, **more: Any) -> User:
    """Make a colleague."""
    return create_user(username=name, email=f"{name}@example.org", role=role, by=SYSTEM, now=NOW, **more)


def event(
    text: str = "hello",
    *,
    id: str | None = None,  # noqa: A002 -- the event's own word
    item: str = "77",
    author: str = "u1",
    kind: ContentKind = ContentKind.POST,
    change: Change = Change.CREATED,
    url: str | None = None,
    email: str | None = None,
    language: str | None = "en",
    reach: int | None = None,
    at: datetime = NOW,
) -> Event:
    """Make an event on the platform of the scene."""
    return Event(
        id=id or f"e{next(_numbers)}",
        platform=PLATFORM,
        kind=kind,
        at=at,
        author=Author(id=author, email=email, language=language),
        item=Item(id=item, text=text, url=url, language=language, reach=reach),
        change=change,
    )


def ref(event: Event) -> ItemRef:
    """Return the name of an event's item."""
    return ItemRef(event.platform, event.item_kind.value, event.item.id)


def deliver(now: datetime, *, connector: MemoryConnector | None = None) -> MemoryConnector:
    """Let everything that is due leave, and return the connector that took it."""
    taken = connector or MemoryConnector()
    if endpoints.find(PLATFORM) is None:
        endpoints.register(platform=PLATFORM, connector=taken, settings={}, by=SYSTEM, now=NOW)
    policy = DeliveryPolicy(
        secret=lambda _name: "whsec_", connectors={taken.id: taken, "email": taken}, workers=1
    )
    while deliver_due(now=now, limit=200, policy=policy):
        pass
    return taken


def raw(event: Event) -> bytes:
    """Return an event as a platform sends it."""
    return msgspec.json.encode(event)


def firing(
    policy: str = "spam",
    *,
    rule: str = "known-spam",
    measures: Sequence[Measure] = (),
    queue: str | None = "spam",
    urgency: float = 0.0,
    stage: Stage = Stage.LIVE,
    values: dict[str, Any] | None = None,
) -> Firing:
    """Make the firing of a rule."""
    return Firing(
        rule=rule,
        policy=policy,
        rule_digest="0" * 64,
        stage=stage,
        measures=tuple(measures),
        review=None if queue is None else ReviewRequest(queue, urgency),
        values=values or {'word(text.folded, "buy followers")': True},
    )


def verdict(firings: Iterable[Firing] = (), *, pack: PackRef | None = None) -> Verdict:
    """Make a verdict under the rule book in force."""
    fired = tuple(firings)
    live = [one for one in fired if one.stage is Stage.LIVE]
    return Verdict(
        pack=pack or in_force(),
        firings=fired,
        measures=tuple(measure for one in live for measure in one.measures),
        review=next((one.review for one in live if one.review is not None), None),
    )


def entry(event: Event, said: Verdict) -> Entry:
    """Make what the door appends to the event log."""
    return Entry(
        platform=event.platform,
        id=event.id,
        at=event.at.timestamp(),
        raw=raw(event),
        signals=b'{"signals":{}}',
        verdict=msgspec.json.encode(said),
    )
