"""The worker's second look: pictures that came along are decoded, and an edited copy of what is known gets its case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from benchmarks.media.hostile import png
from numpy.typing import NDArray
from PIL import Image
from tests.media.clip_files import clip, edited
from tests.media.drawings import drawing, file_of

from hakam.banks import publication
from hakam.banks.clips import clip_kept_as
from hakam.banks.filling import fill
from hakam.banks.keeping import change_bank, create_bank
from hakam.banks.kinds import BankAction, BankSource
from hakam.banks.pictures import kept_as
from hakam.compliance.models import RulebookVersion
from hakam.intake import cursors, unseen
from hakam.intake.media_files import MediaFolder
from hakam.intake.models import BankSighting, LaterJudgement
from hakam.intake.pictures import CURSOR, QUEUE, Look, consume
from hakam.media.ffmpeg import File
from hakam.media.sandbox import Sandbox, UnreadableError
from hakam.review.decisions import decide, finalise_due
from hakam.review.evidence import strips
from hakam.review.models import Case, CaseSource, Decision
from hakam.review.states import Outcome
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.known_content import KnownContent
from hakam.storage.known_media import KnownMedia
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import BankMatch, EntryKind
from hakam.vocabulary.event import Change, ContentKind, Media

pytestmark = pytest.mark.django_db
NOW = scene.NOW
MIRRORED = file_of(Image.fromarray(drawing(1)).transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG", quality=60)
OTHER = file_of(drawing(9))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def home(book: RulebookVersion, tmp_path: Path, sandbox: Sandbox) -> Path:
    create_bank(
        "attack",
        source=BankSource.OWN,
        purpose="p",
        clause="threat",
        action=BankAction.REVIEW,
        by=SYSTEM,
        now=NOW,
    )
    kept = kept_as(file_of(drawing(1)), label="", sandbox=sandbox, landmarks=True)
    fill("attack", kept.rows, variants=kept.variants, by=SYSTEM, now=NOW)
    return tmp_path / "home"


@pytest.fixture
def known(home: Path) -> KnownMedia:
    return KnownMedia(KnownContent(home, publication.bring_up(home, now=NOW)))


def post(log: FileEventLog, *data: bytes, matches: tuple[BankMatch, ...] = (), **more: Any) -> None:
    event = scene.event(**more)
    item = msgspec.structs.replace(event.item, media=tuple(Media(data=one) for one in data))
    said = msgspec.structs.replace(scene.verdict(), matches=matches)
    log.append([scene.entry(msgspec.structs.replace(event, item=item), said)])


def test_an_edited_copy_gets_its_case(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox
) -> None:
    post(log, OTHER, MIRRORED)
    assert consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10) == 1
    case, source = Case.objects.get(), CaseSource.objects.get()
    assert case.queue == QUEUE
    assert (source.clause, source.kind) == ("threat", "verdict")
    (firing,) = source.summary["firings"]
    assert firing["rule"] == "bank:attack"
    assert "pdq" in firing["values"]['bank("attack")']
    assert cursors.position(CURSOR) == log.last_seq()


def test_a_copy_inside_another_picture_gets_its_case(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox
) -> None:
    whole = Image.fromarray(drawing(9))
    whole.paste(Image.fromarray(drawing(1)).resize((400, 300)), (380, 20))
    post(log, file_of(whole, "JPEG", quality=75))
    consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10)
    (firing,) = CaseSource.objects.get().summary["firings"]
    assert "landmarks in place" in firing["values"]['bank("attack")']


def test_a_clip_of_the_platform_s_folder_gets_its_case_with_frames(
    log: FileEventLog, vault: FileVault, home: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    fill("attack", clip_kept_as(clip(), label="").rows, by=SYSTEM, now=NOW)
    known = KnownMedia(KnownContent(home, publication.bring_up(home, now=NOW)))
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.mp4").write_bytes(edited(clip(), "-vf", "hflip"))
    event = scene.event()
    media = (Media(url="https://m.example/gone.mp4"), Media(url="https://m.example/a.mp4"))
    item = msgspec.structs.replace(event.item, media=media)
    log.append([scene.entry(msgspec.structs.replace(event, item=item), scene.verdict())])
    look = Look(known, sandbox, MediaFolder("https://m.example/", tmp_path / "media"))
    assert consume(log, look, vault=vault, now=NOW, limit=10) == 1
    (firing,) = CaseSource.objects.get().summary["firings"]
    assert "of 12 frames, from 0:00 to 0:05" in firing["values"]['bank("attack")']
    kept = Case.objects.get().evidence.filter(kind="media").values_list("digest", flat=True)
    (strip,) = strips(kept, vault)
    assert strip.bank == "attack"
    assert [frame.seconds for frame in strip.frames] == sorted({frame.seconds for frame in strip.frames})
    assert strips(["0" * 64], vault) == ()


def test_a_round_ends_in_time(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hakam.intake.following.ROUND", 0.0)
    for item in "123":
        post(log, OTHER, item=item)
    assert [consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10) for _ in range(4)] == [
        1,
        1,
        1,
        0,
    ]


def test_a_record_is_looked_at_once(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox
) -> None:
    post(log, MIRRORED)
    assert [consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10) for _ in range(2)] == [1, 0]
    assert CaseSource.objects.count() == 1


@pytest.mark.parametrize(
    "more",
    [
        {
            "matches": (BankMatch("attack", 1, EntryKind.PDQ, 3, 0),)
        },  # the door has asked for a person already
        {"change": Change.DELETED},
    ],
)
def test_what_needs_no_second_look_gets_none(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox, more: dict[str, Any]
) -> None:
    post(log, MIRRORED, **more)
    assert consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10) == 1
    assert not Case.objects.exists()


def test_other_pictures_and_broken_ones_only_move_the_cursor(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox
) -> None:
    post(log, OTHER, b"no picture", MIRRORED[:500])
    post(log)
    assert consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10) == 2
    assert not Case.objects.exists()


def test_a_bank_that_only_notes_opens_no_case(
    log: FileEventLog, vault: FileVault, home: Path, sandbox: Sandbox
) -> None:
    change_bank("attack", action=BankAction.NOTE, by=SYSTEM, now=NOW)
    known = KnownMedia(KnownContent(home, publication.bring_up(home, now=NOW)))
    post(log, MIRRORED)
    assert consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10) == 1
    assert not Case.objects.exists()


def test_without_banks_nothing_is_decoded(
    log: FileEventLog, vault: FileVault, tmp_path: Path, book: RulebookVersion
) -> None:
    with Sandbox() as untouched:
        post(log, MIRRORED)
        assert (
            consume(log, Look(KnownMedia(KnownContent(tmp_path)), untouched), vault=vault, now=NOW, limit=10)
            == 1
        )
        assert untouched.started == 0


def test_content_that_a_person_has_judged_under_the_clause_is_not_asked_about_again(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox
) -> None:
    amal = scene.person("amal")
    post(log, MIRRORED, item="5")
    consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10)
    decide(Case.objects.get().pk, by=amal.actor, now=NOW, outcome=Outcome.NO_VIOLATION, undo_seconds=0)
    finalise_due(NOW + timedelta(minutes=1))
    post(log, MIRRORED, item="5")
    assert consume(log, Look(known, sandbox), vault=vault, now=NOW + timedelta(hours=1), limit=10) == 1
    assert Case.objects.count() == 1


def test_several_pictures_of_one_item_are_one_case(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox
) -> None:
    post(log, MIRRORED, file_of(drawing(1)), MIRRORED)
    consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10)
    assert (Case.objects.count(), CaseSource.objects.count()) == (1, 1)


READS = """\
- rule: copy-of-attack
  policy: threat
  stage: live
  when: bank("attack", distance=20)
  then: [limit_reach(days=7)]
- rule: no-copy
  policy: spam
  stage: shadow
  when: not bank("attack")
  then: [review(queue="spam")]
"""


def test_rules_that_read_the_bank_judge_again_by_what_the_look_found(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox
) -> None:
    scene.publish(
        {
            **scene.PACK,
            "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "2.0.0"),
            "rules.yaml": scene.PACK["rules.yaml"] + READS,
        },
        now=NOW - timedelta(days=1),
    )
    post(log, MIRRORED, item="1")
    post(log, OTHER, item="2")
    post(log, b"no picture", item="3")
    post(log, item="4")
    look = Look(known, sandbox)
    assert [consume(log, look, vault=vault, now=NOW, limit=10) for _ in range(2)] == [4, 0]
    decision = Decision.objects.get()
    assert (decision.item_id, decision.clause, decision.key) == ("1", "threat", "event:1/media")
    rows = list(LaterJudgement.objects.order_by("seq"))
    assert [row.seq for row in rows] == [1, 2]  # what could not be looked at stays unknown
    assert rows[0].scores["bank:attack"] > 0.9
    assert rows[1].scores == {"bank:attack": 0.0}
    assert [firing["rule"] for firing in rows[1].firings] == ["no-copy"]


def test_a_bank_that_holds_holds_an_edited_copy(
    log: FileEventLog, vault: FileVault, home: Path, sandbox: Sandbox
) -> None:
    change_bank("attack", action=BankAction.HOLD, by=SYSTEM, now=NOW)
    known = KnownMedia(KnownContent(home, publication.bring_up(home, now=NOW)))
    post(log, MIRRORED)
    consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10)
    (held,) = Decision.objects.all()
    assert [one["kind"] for one in held.measures] == ["hold"]
    assert Case.objects.get().queue == QUEUE
    assert BankSighting.objects.get().held_by == held


def test_a_bank_that_watches_is_written_down_only(
    log: FileEventLog, vault: FileVault, home: Path, sandbox: Sandbox
) -> None:
    change_bank("attack", action=BankAction.SHADOW, by=SYSTEM, now=NOW)
    known = KnownMedia(KnownContent(home, publication.bring_up(home, now=NOW)))
    post(log, MIRRORED)
    consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10)
    assert not Decision.objects.exists()
    assert not Case.objects.exists()
    assert BankSighting.objects.get().shadow


def test_a_clip_for_which_there_was_no_time_is_no_proof_and_stands_in_the_log(
    log: FileEventLog,
    vault: FileVault,
    known: KnownMedia,
    sandbox: Sandbox,
    *,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pack = scene.PACK["pack.yaml"].replace("1.0.0", "2.0.0")
    rules = scene.PACK["rules.yaml"] + READS
    scene.publish({**scene.PACK, "pack.yaml": pack, "rules.yaml": rules}, now=NOW - timedelta(days=1))
    harmless = clip((8, 9))
    real = File.frames

    def slow(file: File, rate: float) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        for seconds, frame in real(file, rate):
            if seconds >= stop[-1]:
                raise UnreadableError("took too long", "more than 60 seconds")
            yield seconds, frame

    monkeypatch.setattr(File, "frames", slow)
    stop: list[float] = []
    for number, most in enumerate((99.0, 2.0, 0.0), 1):
        stop.append(most)
        post(log, harmless, item=f"c{number}")
        consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10)
    assert list(LaterJudgement.objects.values_list("seq", flat=True)) == [1]  # of the others nothing is known
    assert "record 2, media 0 was looked at in part: after 1.5 s: more than 60 seconds" in caplog.text
    assert "record 3, media 0 was not looked at: more than 60 seconds" in caplog.text
    (source,) = CaseSource.objects.all()  # somebody looks at the one of which nothing is known
    assert Case.objects.get().item_id == "c3"
    assert source.summary["firings"][0]["values"] == {"media 1": "took too long: more than 60 seconds"}


def test_a_copy_that_lacks_its_end_gets_its_case_all_the_same(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox
) -> None:
    post(log, MIRRORED[:-2])
    consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10)
    (firing,) = CaseSource.objects.get().summary["firings"]
    assert firing["rule"] == "bank:attack"


BROKEN = clip((8,), seconds=1.0)[:900]


def test_a_clip_of_which_nothing_can_be_read_is_for_a_person_and_accuses_nobody(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox
) -> None:
    post(log, OTHER, BROKEN)
    consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10)
    case, source = Case.objects.get(), CaseSource.objects.get()
    assert (case.queue, case.clause, case.harm, source.clause) == (QUEUE, "", "", "")
    (firing,) = source.summary["firings"]
    assert firing["rule"] == unseen.RULE
    assert firing["values"] == {"media 2": "not a clip: no clip and no recording that can be read"}
    assert 0 < case.priority < 30  # behind what is known
    assert case.evidence.count() == 1
    assert not Decision.objects.exists()
    amal = scene.person("amal")
    decide(case.pk, by=amal.actor, now=NOW, outcome=Outcome.NO_VIOLATION, undo_seconds=0)
    finalise_due(NOW + timedelta(minutes=1))
    assert Case.objects.get().state == "decided"


def test_clips_of_a_live_stream_are_asked_about_in_its_queue_once_in_some_minutes(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox
) -> None:
    minutes = timedelta(seconds=unseen.EVERY)
    for now in (NOW, NOW + timedelta(seconds=1), NOW + minutes):
        post(log, BROKEN, item="s1", kind=ContentKind.LIVE_SEGMENT)
        consume(log, Look(known, sandbox), vault=vault, now=now, limit=10)
    assert Case.objects.get().queue == "live"
    assert CaseSource.objects.count() == 2


def test_a_flood_of_broken_clips_does_not_bury_the_queue(
    log: FileEventLog,
    vault: FileVault,
    known: KnownMedia,
    sandbox: Sandbox,
    *,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(unseen, "MOST", 2)
    for number in range(4):
        post(log, BROKEN, item=f"b{number}")
    post(log, BROKEN, item="b1")  # an item that is asked about already
    post(log, BROKEN, item="s1", kind=ContentKind.LIVE_SEGMENT)
    while consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10):
        pass
    assert sorted(Case.objects.values_list("item_id", flat=True)) == ["b0", "b1", "s1"]
    assert "record 3 was not looked at, and nobody is asked" in caplog.text


def test_files_that_nobody_sees_are_asked_about_by_nobody(
    log: FileEventLog, vault: FileVault, known: KnownMedia, sandbox: Sandbox, tmp_path: Path
) -> None:
    event = scene.event()
    item = msgspec.structs.replace(event.item, media=(Media(url="https://m.example/gone.mp4"),))
    log.append([scene.entry(msgspec.structs.replace(event, item=item), scene.verdict())])
    post(log, b"no picture at all", file_of(drawing(9))[:60])
    look = Look(known, sandbox, MediaFolder("https://m.example/", tmp_path))
    while consume(log, look, vault=vault, now=NOW, limit=10):
        pass
    assert cursors.position(CURSOR) == 2
    assert not Case.objects.exists()


def test_a_file_that_is_too_much_for_its_reader_is_for_a_person(
    log: FileEventLog,
    vault: FileVault,
    known: KnownMedia,
    sandbox: Sandbox,
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hakam.intake.media_files.LARGEST", 1_000)
    (tmp_path / "big.mp4").write_bytes(clip())
    event = scene.event()
    item = msgspec.structs.replace(event.item, media=(Media(url="https://m.example/big.mp4"),))
    log.append([scene.entry(msgspec.structs.replace(event, item=item), scene.verdict())])
    post(log, png(100_000, 100_000), item="bomb")
    look = Look(known, sandbox, MediaFolder("https://m.example/", tmp_path))
    while consume(log, look, vault=vault, now=NOW, limit=10):
        pass
    firings = [source.summary["firings"][0] for source in CaseSource.objects.order_by("pk")]
    assert firings[0]["values"] == {"media 1": "too many bytes"}
    assert firings[1]["values"]["media 1"].startswith("too many pixels: 100000 x 100000")


def test_where_no_bank_asks_for_a_person_nobody_is_asked(
    log: FileEventLog, vault: FileVault, home: Path, sandbox: Sandbox
) -> None:
    change_bank("attack", action=BankAction.NOTE, by=SYSTEM, now=NOW)
    known = KnownMedia(KnownContent(home, publication.bring_up(home, now=NOW)))
    post(log, BROKEN)
    consume(log, Look(known, sandbox), vault=vault, now=NOW, limit=10)
    assert not Case.objects.exists()
