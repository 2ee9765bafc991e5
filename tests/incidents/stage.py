"""The stage of an incident: the real door judges, the real worker works, and a test turns the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from hakam.banks import publication as shelves
from hakam.banks.filling import fill
from hakam.banks.rows import Row, row
from hakam.compliance import rulebook
from hakam.compliance.models import Fact
from hakam.door.decode import Received
from hakam.door.judgement import prepare
from hakam.incidents import closing, powers
from hakam.incidents import publication as published
from hakam.incidents.declaring import Declared, confirm, declare
from hakam.incidents.models import Incident
from hakam.incidents.naming import bank_of
from hakam.incidents.powers import BankSettings, NoSettings, Settings, StricterSettings
from hakam.incidents.states import Power
from hakam.intake import events, sightings
from hakam.review.cases import rerank_due
from hakam.review.decisions import finalise_due
from hakam.staff.models import User
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.known_content import KnownContent
from hakam.storage.published import PublishedPack
from hakam.testing import scene
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.event import Author, Event, Media
from hakam.vocabulary.incident import DelayRule, Scope
from hakam.vocabulary.measure import MeasureKind
from hakam.vocabulary.verdict import Verdict

NOW: Final = scene.NOW
CLIP: Final = b"the clip that nobody should see"
PACK: Final = scene.PACK | {
    "params.yaml": """\
- param: flood_limit
  type: number
  default: 20
  least: 2
  most: 50
  about: Posts of one account in ten minutes
- param: quiet_days
  type: duration
  default: 7d
  least: 1d
  most: 30d
  about: How long an account counts as new
""",
    "rules.yaml": scene.PACK["rules.yaml"]
    + """\
- rule: many-hashtags
  policy: spam
  stage: live
  when: len(item.hashtags) >= params.flood_limit
  then: [review(queue="spam")]
""",
}
ALL: Final[Mapping[Power, Settings]] = {
    Power.EMERGENCY_BANK: BankSettings(),
    Power.STRICTER: StricterSettings({"flood_limit": "5"}),
    Power.PRIORITY: NoSettings(),
    Power.DELAY: DelayRule(seconds=600),
    Power.SHARE: NoSettings(),
}


def said(**more: Any) -> Declared:
    """Return what somebody declares."""
    given: dict[str, Any] = {
        "slug": "harbour",
        "title": "Attack at the harbour",
        "kind": "gifct.pci",
        "summary": "A man streams himself while he shoots.",
        "clause": "threat",
        "hours": 24,
    }
    return Declared(**(given | more))


def hashes_of(data: bytes, item: str = "clip-1") -> list[Row]:
    """Return what a bank keeps of a file."""
    made = row(1, EntryKind.SHA256, sha256(data).hexdigest())
    assert isinstance(made, Row)
    return [made._replace(item=item)]


@dataclass
class Stage:
    """A platform. `nadia` declares, `omar` is the second person."""

    folder: Path
    log: FileEventLog
    vault: FileVault
    nadia: User
    omar: User

    def declare(
        self, chosen: Mapping[Power, Settings] = ALL, *, now: datetime = NOW, **more: Any
    ) -> Incident:
        """Declare an incident by one person's word."""
        wait = more.pop("wait", False)
        return declare(
            said(**more),
            chosen,
            platform=scene.PLATFORM,
            lead=self.nadia.pk,
            by=self.nadia.actor,
            now=now,
            wait=wait,
        )

    def declared(
        self, chosen: Mapping[Power, Settings] = ALL, *, now: datetime = NOW, **more: Any
    ) -> Incident:
        """Declare an incident that a second person stands for a minute later."""
        incident = self.declare(chosen, now=now, **more)
        return confirm(incident.slug, by=self.omar.actor, now=now + timedelta(minutes=1))

    def put_in(self, incident: Incident, data: bytes = CLIP, *, now: datetime = NOW) -> None:
        """Put a file's hash into the emergency bank."""
        fill(bank_of(incident), hashes_of(data), by=self.nadia.actor, now=now)

    def upload(
        self,
        item: str,
        data: bytes | None = None,
        *,
        now: datetime,
        author: Author | None = None,
        **more: Any,
    ) -> Verdict:
        """Let the door judge an upload by what is in force now; the log keeps it."""
        event = scene.event(item=item, at=now, **more)
        if author is not None:
            event = msgspec.structs.replace(event, author=author)
        if data is not None:
            media = (Media(data=data),)
            event = msgspec.structs.replace(event, item=msgspec.structs.replace(event.item, media=media))
        return self.judge(event, now=now)

    def judge(self, event: Event, *, now: datetime) -> Verdict:
        """Let the door judge an event."""
        version = rulebook.active()
        assert version is not None
        door = prepare(PublishedPack(rulebook.ref_of(version), dict(version.files)))
        door.known = KnownContent(self.folder, shelves.bring_up(self.folder, now=now))
        door.incidents = published.in_force(now)
        raw = msgspec.json.encode(event)
        entries = door.judge([Received(raw, event, at=now.timestamp())])
        self.log.append(entries)
        return msgspec.json.decode(entries[0].verdict, type=Verdict)

    def work(self, now: datetime) -> None:
        """Do what the worker does by itself."""
        closing.close_due(now)
        powers.undo_due(now)
        while events.consume(self.log, vault=self.vault, now=now, limit=100):
            pass
        for incident in Incident.objects.all():
            sightings.release(bank_of(incident), now=now)
        finalise_due(now)
        while rerank_due(now):
            pass


def held(verdict: Verdict) -> bool:
    """Whether the door answered that it is held."""
    return any(measure.kind is MeasureKind.HOLD for measure in verdict.measures)


def facts(kind: str) -> list[Fact]:
    """Return the facts of a kind, oldest first."""
    return list(Fact.objects.filter(kind=kind).order_by("seq"))


__all__ = ["ALL", "CLIP", "NOW", "PACK", "Scope", "Stage", "facts", "hashes_of", "held", "said"]
