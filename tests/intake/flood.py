"""A log of notices with very many in it, and a worker that takes them in. For tests of every room."""

from __future__ import annotations

import base64
import itertools
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.intake import answers, crowd_letters, crowds
from hakam.review.decisions import decide, finalise_due
from hakam.review.models import Case
from hakam.review.states import CaseState, Outcome
from hakam.staff.models import User
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.event_log import Entry
from hakam.testing import scene
from hakam.vocabulary.notice import LOGGED_AS, LoggedNotice, Submission

NOW = scene.NOW
LATER = NOW + timedelta(hours=1)
URL = "https://maydan.example/live/1"
PLATFORM_KEY = f"{scene.PLATFORM}/k"


class Flood:
    """A log of notices and a worker that takes them in."""

    def __init__(self, folder: Path, vault: FileVault) -> None:
        self.log = FileEventLog(folder / "notices", clock=NOW.timestamp)
        self.vault = vault
        self.number = itertools.count()

    def report(self, count: int, *, by: str = "", **more: Any) -> list[LoggedNotice]:
        """Let people report, as the door keeps it."""
        made = []
        for _ in range(count):
            n = next(self.number)
            given: dict[str, Any] = {
                "platform": scene.PLATFORM,
                "harm": "hate_speech",
                "explanation": f"It calls people vermin ({n}).",
                "urls": (URL,),
                "name": "Nadia",
                "email": "" if by else f"n{n}@example.net",
                "notifier": f"user-{n}" if by else "",
                "good_faith": "yes",
            }
            id_ = uuid.uuid4()
            token = base64.urlsafe_b64encode(id_.bytes + b"%017d" % n).decode()
            made.append(
                LoggedNotice(Submission(**(given | more)), str(id_), token, by, f"r{n}" if by else "")
            )
        self.log.append(
            [
                Entry(LOGGED_AS, one.id, NOW.timestamp(), msgspec.json.encode(one), b"{}", b"{}")
                for one in made
            ]
        )
        return made

    def take(self, limit: int = 1_000, rounds: int = 100) -> int:
        """Let the worker work until nothing is left."""
        done = 0
        for _ in range(rounds):
            did = crowds.consume(self.log, events=None, vault=self.vault, now=NOW, limit=limit)
            done += did
            if not did:
                break
        return done

    def tell(self) -> int:
        """Let the worker write until nobody is left to be told."""
        done = 0
        while did := crowd_letters.tell_due(self.log, now=LATER, limit=50):
            done += did
        crowd_letters.tell_due(self.log, now=LATER)
        return done


def case() -> Case:
    return Case.objects.get(state=CaseState.OPEN)


def decided(amal: User, outcome: Outcome = Outcome.NO_VIOLATION) -> None:
    decide(case().pk, by=amal.actor, now=NOW, outcome=outcome, undo_seconds=0)
    finalise_due(LATER)
    for fact in Fact.objects.filter(kind=FactKind.DECISION_FINAL).order_by("seq"):
        answers.on_fact(fact, LATER)
