"""The worker's third look: words in pictures are judged as text, a person sees what was read, nobody is restricted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.media.clip_files import clip
from tests.media.drawings import drawing, file_of
from tests.media.memes import ENGLISH, meme, needs_tesseract

from hakam.compliance.models import RulebookVersion
from hakam.door.judgement import prepare
from hakam.enforcement.models import AppliedMeasure
from hakam.intake import cursors, picture_contents
from hakam.intake.media_files import MediaFolder
from hakam.intake.picture_contents import CURSOR, OLDEST, Reading, consume
from hakam.media import nudity
from hakam.media.sandbox import Sandbox
from hakam.review.cases import open_case
from hakam.review.decisions import decide, finalise_due
from hakam.review.evidence import EvidenceKind, freeze, writings
from hakam.review.models import Case, CaseSource, Decision
from hakam.review.states import Outcome
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.published import PublishedPack
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Change, Event, Media
from hakam.vocabulary.verdict import Verdict

pytestmark = pytest.mark.django_db
NOW = scene.NOW
MEME = meme(ENGLISH, "en")  # TO BUY FOLLOWERS, which the scene's rule holds for
PLAIN = file_of(drawing(9))
Judge = Callable[[Event], Verdict | None]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def judge(book: RulebookVersion) -> Judge:
    return judge_of(book)


def judge_of(book: RulebookVersion) -> Judge:
    judgement = prepare(PublishedPack(scene.in_force(), book.files))
    return lambda event: msgspec.json.decode(judgement.consider(event), type=Verdict)


@pytest.fixture
def reading(sandbox: Sandbox, judge: Judge) -> Reading:
    return Reading(sandbox, ["en", "ar"], judge)


def post(log: FileEventLog, *data: bytes, verdict: Verdict | None = None, **more: Any) -> Event:
    event = scene.event(**more)
    item = msgspec.structs.replace(event.item, media=tuple(Media(data=one) for one in data))
    event = msgspec.structs.replace(event, item=item)
    log.append([scene.entry(event, verdict or scene.verdict())])
    return event


@needs_tesseract
def test_words_in_a_picture_that_a_rule_holds_for_get_their_case(
    log: FileEventLog, vault: FileVault, reading: Reading
) -> None:
    post(log, PLAIN, MEME, text="look at this")
    assert consume(log, reading, vault=vault, now=NOW, limit=10) == 1
    case, source = Case.objects.get(), CaseSource.objects.get()
    assert (case.queue, source.clause, source.kind) == ("spam", "spam", "verdict")
    (firing,) = source.summary["firings"]
    assert firing["rule"] == "known-spam"
    assert firing["values"]["picture 2"].startswith("read by tesseract ")
    (kept,) = case.evidence.filter(kind=EvidenceKind.WRITING).values_list("digest", flat=True)
    (written,) = writings([kept], vault)
    assert written.picture == 2
    assert "FOLLOWERS" in written.text
    assert not Decision.objects.exists()  # a machine's reading restricts nobody
    assert not AppliedMeasure.objects.exists()
    assert cursors.position(CURSOR) == log.last_seq()


@needs_tesseract
def test_a_record_is_read_once(log: FileEventLog, vault: FileVault, reading: Reading) -> None:
    post(log, MEME)
    assert [consume(log, reading, vault=vault, now=NOW, limit=10) for _ in range(2)] == [1, 0]
    assert CaseSource.objects.count() == 1


@needs_tesseract
def test_what_the_text_said_already_is_not_said_again(
    log: FileEventLog, vault: FileVault, reading: Reading, judge: Judge
) -> None:
    verdict = judge(scene.event("buy followers"))
    assert verdict is not None
    assert [firing.rule for firing in verdict.live] == ["known-spam"]
    post(log, MEME, text="buy followers", verdict=verdict)
    consume(log, reading, vault=vault, now=NOW, limit=10)
    assert not Case.objects.exists()


@needs_tesseract
def test_a_case_that_is_open_gets_what_was_read(
    log: FileEventLog, vault: FileVault, reading: Reading
) -> None:
    event = post(log, meme(("GOOD MORNING", "DEAR NEIGHBOURS"), "en"))
    case = open_case(
        by=SYSTEM,
        now=NOW,
        item=scene.ref(event),
        source=picture_contents.Source(kind=picture_contents.SourceKind.STAFF, ref="staff:1", clause="spam"),
        snapshot=freeze(vault, msgspec.json.encode(event)),
        event=event,
    )
    consume(log, reading, vault=vault, now=NOW, limit=10)
    digests = case.evidence.filter(kind=EvidenceKind.WRITING).values_list("digest", flat=True)
    assert "NEIGHBOURS" in writings(digests, vault)[0].text
    assert CaseSource.objects.count() == 1


@needs_tesseract
def test_content_that_a_person_judged_under_the_clause_is_left_alone(
    log: FileEventLog, vault: FileVault, reading: Reading
) -> None:
    post(log, MEME, item="5")
    consume(log, reading, vault=vault, now=NOW, limit=10)
    amal = scene.person("amal").actor
    decide(Case.objects.get().pk, by=amal, now=NOW, outcome=Outcome.NO_VIOLATION, undo_seconds=0)
    finalise_due(NOW + timedelta(minutes=1))
    post(log, MEME, item="5")
    consume(log, reading, vault=vault, now=NOW + timedelta(minutes=2), limit=10)
    assert CaseSource.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "more"),
    [
        ((b"GIF89a broken",), {}),
        ((), {}),
        ((MEME,), {"change": Change.DELETED}),
        ((clip(),), {}),
    ],
    ids=["damaged", "none", "deleted", "a clip"],
)
def test_what_can_t_be_read_brings_nothing_about(
    log: FileEventLog, vault: FileVault, reading: Reading, data: tuple[bytes, ...], more: dict[str, Any]
) -> None:
    post(log, *data, **more)
    assert consume(log, reading, vault=vault, now=NOW, limit=10) == 1
    assert not Case.objects.exists()


@needs_tesseract
def test_a_picture_of_the_platform_s_folder_is_read(
    log: FileEventLog, vault: FileVault, reading: Reading, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(MEME)
    event = scene.event()
    item = msgspec.structs.replace(event.item, media=(Media(url="https://m.example/a.jpg"),))
    log.append([scene.entry(msgspec.structs.replace(event, item=item), scene.verdict())])
    folder = MediaFolder("https://m.example/", tmp_path)
    consume(log, reading._replace(folder=folder), vault=vault, now=NOW, limit=10)
    assert Case.objects.get().queue == "spam"


def test_what_is_older_than_an_hour_is_passed_over(
    log: FileEventLog, vault: FileVault, reading: Reading
) -> None:
    post(log, MEME)
    late = datetime.now(tz=UTC) + timedelta(seconds=OLDEST + 60)  # the log has its own clock
    assert consume(log, reading, vault=vault, now=late, limit=10) == 0
    assert not Case.objects.exists()


def test_without_rules_in_force_nothing_is_judged(
    log: FileEventLog, vault: FileVault, reading: Reading
) -> None:
    post(log, MEME)
    nobody = reading._replace(judge=lambda _: None)
    assert consume(log, nobody, vault=vault, now=NOW, limit=10) == 1
    assert not Case.objects.exists()


@pytest.mark.skipif(not nudity.available() and "CI" not in os.environ, reason="pip install 'hakam[nudity]'")
def test_a_rule_reads_the_score_of_nudity(log: FileEventLog, vault: FileVault, db: None) -> None:
    rules = """\
- rule: any-picture
  policy: spam
  stage: live
  when: scores["nudity"] >= 0.0
  then: [remove, review(queue="nude")]
"""
    judge = judge_of(scene.publish({**scene.PACK, "rules.yaml": rules}))
    with Sandbox(nudity=True) as sandbox:
        post(log, PLAIN)
        consume(log, Reading(sandbox, [], judge), vault=vault, now=NOW, limit=10)
    (firing,) = CaseSource.objects.get().summary["firings"]
    (seen,) = (value for source, value in firing["values"].items() if source.startswith("scores"))
    assert 0 <= seen < 0.5
    assert firing["values"]["picture 1, nudity"] == nudity.MODEL
    assert Case.objects.get().queue == "nude"
    assert not Decision.objects.exists()
