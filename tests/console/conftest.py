"""A desk with real cases, and clients signed in as whoever is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.media.drawings import drawing, file_of, grey

from hakam.compliance import rulebook, statements
from hakam.compliance.models import RulebookVersion, Statement
from hakam.console.installation import event_log, vault
from hakam.console.outside import senders
from hakam.door.decode import Received
from hakam.door.judgement import Judgement
from hakam.enforcement.models import Effect
from hakam.intake import answers
from hakam.intake.throttle import Throttle
from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import compile_pack
from hakam.review import evidence
from hakam.review.cases import Source, add_version, open_case
from hakam.review.complaints import complain
from hakam.review.decisions import decide, finalise_due
from hakam.review.models import Case, Complaint, Decision
from hakam.review.priority import Inputs
from hakam.review.states import Outcome, SourceKind
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.standing import StandingReader
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Change, Event
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.verdict import Firing, Stage

SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def _no_kept_figures() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _nobody_has_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "THROTTLE", Throttle())


@pytest.fixture
def unhurried(settings: Any) -> None:
    """Let effects wait for an hour, so that whoever takes a decision back in a test is in time."""
    settings.HAKAM = replace(settings.HAKAM, undo_seconds=3_600)


@pytest.fixture
def book(db: None) -> RulebookVersion:
    return scene.publish()


class Desk:
    """What a day at the desk consists of, at the present moment: the pages know no other."""

    def __init__(self) -> None:
        self.reports = 0
        self.now: datetime = timezone.now()

    def case(
        self,
        text: str = "You are vermin",
        *,
        clause: str = "hate",
        harm: str = "hate_speech",
        kind: SourceKind = SourceKind.NOTICE,
        values: dict[str, Any] | None = None,
        event: Event | None = None,
        inputs: Inputs | None = None,
        **more: Any,
    ) -> Case:
        """Report an item, or let a rule find it, if `values` says what the rule saw."""
        self.reports += 1
        told = event or scene.event(
            text, item=f"i{self.reports}", url=f"https://maydan.example/{self.reports}", at=self.now, **more
        )
        summary: dict[str, Any] = {"harm": harm, "illegal": True, "language": "en", "accuracy": None}
        ref = f"notice:{self.reports}:0"
        if values is not None:
            kind, ref = SourceKind.VERDICT, f"event:{self.reports}"
            firing = Firing("known-words", clause, "d" * 64, Stage.LIVE, values=values)
            summary = {"firings": [{"rule": firing.rule, "policy": clause, "rule_digest": firing.rule_digest,
                                    "stage": "live", "values": values}], "pack": "scene@1.0.0", "seq": 1}  # fmt: skip
        return open_case(
            by=SYSTEM,
            now=self.now,
            item=scene.ref(told),
            source=Source(
                kind=kind,
                ref=ref,
                clause=clause,
                harm=harm,
                summary=summary,
                inputs=inputs or Inputs(confidence=0.5),
            ),
            snapshot=evidence.freeze(vault(), scene.raw(told)),
            event=told,
            pack="p" * 64,
        )

    def frames(self, case: Case) -> Case:
        """Put two frames of a clip that is known into a case."""
        jpeg = file_of(grey(drawing(1, 320, 240)), "JPEG")
        strip = evidence.Strip("attack", 7, [evidence.StripFrame(at, jpeg) for at in (1.5, 71.0)])
        copy = evidence.freeze(vault(), msgspec.json.encode(strip), evidence.EvidenceKind.MEDIA)
        evidence.keep(case, copy, now=self.now, pack="")
        return case

    def written(self, case: Case, *texts: str) -> Case:
        """Put what was read in pictures into a case."""
        read = [evidence.Writing(n, text, "tesseract 5.3.0 (eng+ara)") for n, text in enumerate(texts, 1)]
        copy = evidence.freeze(vault(), msgspec.json.encode(read), evidence.EvidenceKind.WRITING)
        evidence.keep(case, copy, now=self.now, pack="")
        return case

    def later(self, case: Case, text: str, *, change: Change = Change.EDITED) -> None:
        """Let the author edit or delete what was reported."""
        told = scene.event(text, item=case.item_id, change=change, at=self.now)
        add_version(
            now=self.now,
            item=scene.ref(told),
            ref=f"event:later-{case.pk}-{change}",
            snapshot=evidence.freeze(vault(), scene.raw(told)),
            event=told,
            pack="p" * 64,
        )

    def remove(self, case: Case, by: User, **more: Any) -> Decision:
        """Decide that the item goes, and let the undo window pass."""
        given: dict[str, Any] = {
            "clause": "hate",
            "measures": [Measure(MeasureKind.REMOVE)],
            "facts": "It calls people vermin.",
        }
        decided = decide(
            case.pk, by=by.actor, now=self.now, outcome=Outcome.VIOLATION, undo_seconds=1, **(given | more)
        )
        return self._final(decided)

    def keep(self, case: Case, by: User) -> Decision:
        """Decide that nothing is wrong, and let the undo window pass."""
        decided = decide(case.pk, by=by.actor, now=self.now, outcome=Outcome.NO_VIOLATION, undo_seconds=1)
        return self._final(decided)

    def _final(self, decided: Decision) -> Decision:
        after = self.now + timedelta(seconds=2)
        finalise_due(after)
        decided.refresh_from_db()
        return decided

    def answer(self, decided: Decision) -> None:
        """Let the notifiers hear of a decision, as the worker does."""
        told = answers.outcomes.of_decision(f"decision:{decided.pk}")
        assert told is not None
        answers.answer(told, now=self.now + timedelta(seconds=3))

    def statement(self, decided: Decision) -> Statement:
        """Return the statement of a decision."""
        return Statement.objects.get(decision=f"decision:{decided.pk}")

    def complaint(self, decided: Decision, text: str = "I was joking") -> Complaint:
        """Let the affected person object."""
        token = self.statement(decided).token
        return complain(statement_token=token, text=text, now=self.now + timedelta(seconds=5))

    def effect(self) -> Effect:
        """Return the newest message in the outbox."""
        found = Effect.objects.order_by("-created_at").first()
        assert found is not None
        return found


@pytest.fixture
def desk(book: RulebookVersion) -> Desk:
    return Desk()


@pytest.fixture
def amal(db: None) -> User:
    return scene.person("amal")


@pytest.fixture
def basil(db: None) -> User:
    return scene.person("basil")


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """Return a function that gives a client signed in as a person, or as a new one of a role."""
    made: dict[Role, User] = {}

    def enter(who: User | Role = Role.MODERATOR, *, language: str = "en") -> Client:
        if isinstance(who, Role):
            if who not in made:
                made[who] = scene.person(f"the-{who.value.replace('_', '-')}", who)
            who = made[who]
        client = Client()
        client.force_login(who)
        client.cookies["django_language"] = language
        return client

    return enter


def text_of(statement: Statement) -> str:
    """Return the facts of a statement."""
    return statements.reasons_of(statement).facts


class Stored:
    """An event log that is written to as the door does, judged by the rule book in force."""

    def __init__(self) -> None:
        self.at = 0.0
        self.log = MemoryEventLog(clock=lambda: self.at)
        self.counters = MemoryCounters()
        self.count = 0
        self.standing: StandingReader | None = None

    def post(self, text: str = "hello", *, ago: float = 60.0, **more: Any) -> int:
        """Let somebody post something, `ago` seconds before now; return the number of its record."""
        self.count += 1
        at = timezone.now() - timedelta(seconds=ago)
        raw = {
            "id": f"log-{self.count}",
            "platform": scene.PLATFORM,
            "kind": "post",
            "at": at.isoformat(),
            "author": {"id": more.pop("author", "u1"), **more.pop("by", {})},
            "item": {"id": more.pop("item", f"p{self.count}"), "text": text, **more.pop("of", {})},
            **more,
        }
        data = msgspec.json.encode(raw)
        version = rulebook.active()
        assert version is not None
        judgement = Judgement(compile_pack(rulebook.load(version)), self.counters, standing=self.standing)
        event = msgspec.json.decode(data, type=Event)
        (entry,) = judgement.judge([Received(data, event=event, at=at.timestamp())])
        self.at = at.timestamp()
        self.log.append([entry])
        return self.log.last_seq()


_stored: list[MemoryEventLog] = []


def log_of_the_test() -> MemoryEventLog:
    """Return the log that pages read while a test runs."""
    return _stored[-1]


@pytest.fixture
def stored(book: RulebookVersion, settings: Any) -> Iterator[Stored]:
    """Give an event log of one's own that the pages read."""
    made = Stored()
    _stored.append(made.log)
    settings.HAKAM_EVENT_LOG = f"{__name__}.log_of_the_test"
    event_log.cache_clear()
    yield made
    event_log.cache_clear()
    _stored.pop()
