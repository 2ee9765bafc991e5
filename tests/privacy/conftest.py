"""A platform with cases that are over, logs, a vault, and everything that the eraser works on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hakam.enforcement.kinds import Channel
from hakam.enforcement.models import Effect
from hakam.enforcement.states import EffectState
from hakam.intake.notices import Submission, receive_notice
from hakam.privacy.retention import Stores
from hakam.review import evidence
from hakam.review.cases import Source, open_case
from hakam.review.decisions import decide, finalise_due
from hakam.review.models import Case, Decision
from hakam.review.states import Outcome, SourceKind
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.event_log import Entry
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import Measure, MeasureKind

NOW = scene.NOW
DAY = timedelta(days=1)
YEAR = timedelta(days=365)


class World:
    """What happened on the platform, at times that a test chooses."""

    def __init__(self, folder: Path, amal: User, basil: User, lena: User) -> None:
        self.at = NOW
        self.folder = folder
        self.amal, self.basil, self.lena = amal, basil, lena
        self.events = FileEventLog(folder / "events", clock=self._clock)
        self.notices = FileEventLog(folder / "notices", clock=self._clock)
        self.vault = FileVault(folder / "vault", b"k" * 32)
        self.stores = Stores(
            self.events, self.notices, self.vault, (folder / "logs", folder / "mail"), folder / "erased.txt"
        )
        self.count = 0

    def _clock(self) -> float:
        return self.at.timestamp()

    def close(self) -> None:
        self.events.close()
        self.notices.close()

    def post(
        self, text: str = "hello", *, author: str = "u1", at: datetime | None = None, **more: Any
    ) -> int:
        """Let somebody post; return the number of the record."""
        self.at = at or self.at
        self.count += 1
        told = scene.event(text, item=f"p{self.count}", author=author, at=self.at, **more)
        (answer,) = self.events.append(
            [Entry(told.platform, told.id, told.at.timestamp(), scene.raw(told), b"{}", b"{}")]
        )
        return answer.seq

    def case(
        self, text: str = "You are vermin", *, author: str = "u1", at: datetime = NOW, harm: str = "hate_speech",
        clause: str = "hate",
    ) -> Case:  # fmt: skip
        """Report an item."""
        self.count += 1
        told = scene.event(
            text, item=f"c{self.count}", author=author, at=at, email=f"{author}@people.example",
            url=f"https://maydan.example/{self.count}",
        )  # fmt: skip
        return open_case(
            by=SYSTEM, now=at, item=scene.ref(told), event=told, pack="p" * 64,
            source=Source(kind=SourceKind.NOTICE, ref=f"seen:{self.count}", clause=clause, harm=harm),
            snapshot=evidence.freeze(self.vault, scene.raw(told)),
        )  # fmt: skip

    def decided(self, case: Case, *, at: datetime | None = None, violation: bool = True) -> Decision:
        """Decide a case, and let the time for second thoughts pass."""
        moment = at or case.opened_at
        given: dict[str, Any] = (
            {"clause": "hate", "measures": [Measure(MeasureKind.REMOVE)], "facts": "It calls people vermin."}
            if violation
            else {}
        )
        made = decide(
            case.pk, by=self.amal.actor, now=moment, undo_seconds=1,
            outcome=Outcome.VIOLATION if violation else Outcome.NO_VIOLATION, **given,
        )  # fmt: skip
        finalise_due(moment + timedelta(seconds=2))
        made.refresh_from_db()
        case.refresh_from_db()
        return made

    def hand_over(self, at: datetime = NOW) -> None:
        """Let every letter arrive."""
        Effect.objects.filter(channel=Channel.EMAIL, state=EffectState.PENDING).update(
            state=EffectState.DELIVERED, delivered_at=at, next_at=None, attempts=1
        )

    def notice(self, explanation: str = "It is hate.", *, at: datetime = NOW, **more: Any) -> Any:
        """Let somebody notify an address."""
        self.count += 1
        given: dict[str, Any] = {
            "platform": scene.PLATFORM, "urls": (f"https://maydan.example/n{self.count}",), "harm": "hate_speech",
            "explanation": explanation, "language": "en", "illegal": True, "name": "Nora",
            "email": "nora@people.example",
            "good_faith": "In good faith.",
        }  # fmt: skip
        return receive_notice(Submission(**(given | more)), vault=self.vault, now=at)


@pytest.fixture
def world(db: None, tmp_path: Path) -> Iterator[World]:
    scene.publish(now=NOW - 4 * YEAR)
    made = World(
        tmp_path, scene.person("amal"), scene.person("basil", Role.LEGAL), scene.person("lena", Role.LEGAL)
    )
    yield made
    made.close()
