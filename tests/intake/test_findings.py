"""Each invariant is broken on purpose, and named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from hakam.compliance.access import facts_after
from hakam.compliance.models import Deadline
from hakam.intake import answers
from hakam.intake.cursors import Cursor
from hakam.intake.events import CURSOR, consume
from hakam.intake.findings import CODES, check
from hakam.intake.models import Conduct, Crowd, Notice, NoticeItem, Quarantined, Suspension
from hakam.intake.notices import Submission, receive_notice
from hakam.review.decisions import decide, finalise_due
from hakam.review.models import Case, CaseSource
from hakam.review.states import CaseState, Outcome
from hakam.staff.models import User
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene

pytestmark = pytest.mark.django_db
NOW = scene.NOW


@pytest.fixture
def busy(book: object, log: FileEventLog, vault: FileVault, amal: User) -> int:
    """Answer one notice, let one wait, see one event."""
    log.append([scene.entry(scene.event(), scene.verdict([scene.firing()]))])
    consume(log, vault=vault, now=NOW, limit=10)
    for n in range(2):
        receive_notice(
            Submission(
                platform="maydan",
                harm="hate_speech",
                explanation="x",
                urls=(f"https://maydan.example/p/{n}",),
                name="N",
                email="n@example.net",
                good_faith="yes",
            ),
            vault=vault,
            log=log,
            now=NOW,
        )
    case = Case.objects.filter(item_id__endswith="/p/0").get()
    decide(case.pk, by=amal.actor, now=NOW, outcome=Outcome.NO_VIOLATION)
    finalise_due(NOW + timedelta(seconds=10))
    for fact in facts_after(0, kinds=answers.KINDS):
        answers.on_fact(fact, NOW)
    return log.last_seq()


def test_what_is_sound_has_no_findings(busy: int) -> None:
    assert list(check(last_seq=busy)) == []


def _unanswered() -> None:
    NoticeItem.objects.update(answered_at=None)
    Deadline.objects.update(met_at=None)


def _unwarned() -> None:
    conduct = Conduct.objects.create(token="t", platform="maydan", kind="notices", account="u7")
    weighed = {"strikes": 2, "total": 9, "gravity": "x", "intention": ""}
    Suspension.objects.create(
        conduct=conduct, begins=NOW, ends=NOW, by="staff:1", because="x", factors=weighed
    )


BREAKS: dict[str, Callable[[], object]] = {
    "I001": lambda: Deadline.objects.update(met_at=NOW),
    "I002": lambda: Cursor.objects.filter(name=CURSOR).update(seq=10_000),
    "I003": lambda: CaseSource.objects.all().delete(),
    "I004": lambda: NoticeItem.objects.filter(answered_at__isnull=False).update(decision="decision:999"),
    "I005": lambda: Quarantined.objects.create(seq=7, at=NOW, reason="x"),
    "I006": lambda: NoticeItem.objects.all().delete(),
    "I007": lambda: Notice.objects.update(good_faith=""),
    "I008": _unanswered,
    "I009": _unwarned,
    "I010": lambda: Crowd.objects.create(first_at=NOW, last_at=NOW),
    "I011": lambda: Crowd.objects.create(first_at=NOW, last_at=NOW, count=3),
}


def test_every_code_is_tried() -> None:
    assert set(BREAKS) == set(CODES)


@pytest.mark.parametrize("code", sorted(BREAKS))
def test_what_is_broken_is_named(busy: int, code: str) -> None:
    BREAKS[code]()
    found = [finding for finding in check(last_seq=busy) if finding.code == code]
    assert found
    assert all(finding.subject and finding.message == CODES[code] for finding in found)


@pytest.mark.parametrize("lacking", [{"name": ""}, {"email": ""}, {"explanation": ""}])
def test_a_notice_without_what_the_law_asks_for(busy: int, lacking: dict[str, str]) -> None:
    Notice.objects.update(**lacking)
    assert "I007" in {finding.code for finding in check()}


def test_child_abuse_needs_no_name(busy: int) -> None:
    Notice.objects.update(name="", email="", harm="csam")
    assert "I007" not in {finding.code for finding in check()}
    assert Case.objects.filter(state=CaseState.OPEN).exists()
