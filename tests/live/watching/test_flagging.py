"""A bank knows what a stream shows: one case for a person, once for each bank, and nobody is cut by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.live.stage import Stage

from hakam.banks.filling import fill
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankAction, BankSource
from hakam.banks.rows import Row
from hakam.compliance.models import Fact
from hakam.live.models import Cut, Stream
from hakam.live.streams import item_of
from hakam.live.watching.eyes import Match, Picture
from hakam.live.watching.flagging import _flag, flag
from hakam.review.cases import Source, open_case
from hakam.review.evidence import strips
from hakam.review.models import Case, Evidence
from hakam.review.states import SourceKind
from hakam.storage.embedded.vault import FileVault
from hakam.storage.known_content import KnownContent
from hakam.storage.known_media import Alike
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind
from hakam.wiring import publish
from hakam.wiring.settings import settings

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    scene.publish()
    return Stage(tmp_path)


@pytest.fixture
def known() -> KnownContent:
    for name, action in (("attack", BankAction.REVIEW), ("noted", BankAction.NOTE)):
        create_bank(
            name, source=BankSource.OWN, purpose="p", clause="threat" if action is BankAction.REVIEW else "spam",
            action=action, by=SYSTEM, now=scene.NOW,
        )  # fmt: skip
        fill(name, [Row(EntryKind.MD5, f"{7:032x}")], by=SYSTEM, now=scene.NOW)
    return KnownContent(settings().home, publish.publish(settings(), now=scene.NOW).banks)


def match(stage: Stage, bank: str = "attack") -> Match:
    return Match(stage.now.timestamp(), Alike(bank, 3, EntryKind.VPDQ, "5 of 6 frames"))


def test_a_match_opens_one_case_with_its_frames(stage: Stage, known: KnownContent, tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "evidence", b"k" * 32)
    stream = stage.stream(viewers=50)
    pictures = [Picture(stage.now.timestamp() + n / 2, b"jpeg") for n in range(9)]
    given = {"vault": vault, "now": stage.now}
    assert flag(stream.pk, [match(stage), match(stage)], lambda: pictures, known, **given) == ["attack"]
    assert flag(stream.pk, [match(stage)], lambda: pictures, known, **given) == []
    assert flag(stream.pk, [], lambda: pictures, known, **given) == []
    stream.refresh_from_db()
    assert stream.flagged["attack"].startswith("entry 3, vpdq")
    assert stream.clause == "threat"
    case = Case.objects.get()
    assert (case.pk, case.queue, case.clause, case.author_id) == (stream.case, "live", "threat", "u1")
    (strip,) = strips(Evidence.objects.values_list("digest", flat=True), vault)
    assert [frame.seconds for frame in strip.frames] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert Fact.objects.filter(kind="live.flagged").count() == 1
    assert not Cut.objects.exists()


def test_reports_and_matches_during_the_event_are_one_case(
    stage: Stage, known: KnownContent, tmp_path: Path
) -> None:
    stream = stage.stream()
    for n in range(5):
        open_case(
            by=SYSTEM, now=stage.now, item=item_of(stream), snapshot=None,
            source=Source(kind=SourceKind.NOTICE, ref=f"notice:{n}:0", clause="hate"),
        )  # fmt: skip
    flag(
        stream.pk, [match(stage)], list, known, vault=FileVault(tmp_path / "e", b"k" * 32), now=stage.now
    )  # fmt: skip
    case = Case.objects.get()
    assert (case.notices, case.verdicts, case.clause) == (5, 1, "threat")


def test_what_two_watches_see_at_once_is_noted_once(
    stage: Stage, known: KnownContent, tmp_path: Path
) -> None:
    stream = stage.stream()
    vault = FileVault(tmp_path / "e", b"k" * 32)
    flag(stream.pk, [match(stage)], list, known, vault=vault, now=stage.now)
    _flag(stream.pk, "attack", match(stage), [], known, vault=vault, now=stage.now)
    assert Fact.objects.filter(kind="live.flagged").count() == 1
    assert Stream.objects.get().flagged.keys() == {"attack"}
