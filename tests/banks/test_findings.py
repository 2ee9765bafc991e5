"""The doctor looks at banks: shelves that are behind or broken, examples that are lost, hashes without a purpose."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from tests.banks.conftest import Make

from hakam.banks import findings, publication
from hakam.banks.filling import fill
from hakam.banks.judging import judge_entry
from hakam.banks.models import Bank
from hakam.banks.rows import Row
from hakam.storage import bank_shelf
from hakam.storage.known_content import bank_folder
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


@pytest.fixture
def home() -> Iterator[Path]:
    shutil.rmtree(settings.HAKAM.home / "banks", ignore_errors=True)  # what other tests kept there
    yield settings.HAKAM.home
    shutil.rmtree(settings.HAKAM.home / "banks", ignore_errors=True)


@pytest.fixture
def sound(make: Make, home: Path) -> Bank:
    bank = make("attack", now=timezone.now() - timedelta(days=2))
    fill(
        "attack",
        [Row(EntryKind.PDQ, PDQ), Row(EntryKind.TEXT, "0123456789abcdef")],
        example=True,
        by=SYSTEM,
        now=timezone.now(),
    )
    publication.bring_up(home, now=timezone.now())
    bank.refresh_from_db()
    return bank


def codes() -> list[str]:
    return [finding.code for finding in findings.check()]


def test_a_sound_bank_is_sound(sound: Bank) -> None:
    assert codes() == []


def test_a_shelf_that_is_behind(sound: Bank) -> None:
    fill("attack", [Row(EntryKind.MD5, PDQ[:32])], by=SYSTEM, now=timezone.now())
    assert codes() == ["B001"]


def test_a_shelf_that_can_t_be_read(sound: Bank, home: Path) -> None:
    (bank_folder(home, sound.pk) / "shelf.json").write_text("{")
    assert codes() == ["B002"]


def test_an_example_that_is_not_found(sound: Bank, home: Path) -> None:
    shelf = bank_folder(home, sound.pk)
    bank_shelf.write(shelf, sound.revision, [], [sound.entries.get(kind="text").pk])
    (finding,) = findings.check()
    assert finding.code == "B003"
    assert finding.subject == "bank:attack"


def test_a_rule_that_asks_a_bank_that_is_not_there(sound: Bank) -> None:
    when = 'bank("attack") or bank("nobody-s")'
    rule = f"- rule: r\n  policy: spam\n  stage: live\n  when: {when}\n  then: [limit_reach]\n"
    later = scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0")
    scene.publish({**scene.PACK, "pack.yaml": later, "rules.yaml": rule}, now=timezone.now())
    (finding,) = findings.check()
    assert (finding.code, finding.subject) == ("B004", "bank:nobody-s")
    assert "`r`" in finding.message
    Bank.objects.update(enabled=False)
    assert sorted(finding.subject or "" for finding in findings.check()) == ["bank:attack", "bank:nobody-s"]


def test_hashes_that_outlive_their_purpose(sound: Bank) -> None:
    Bank.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    assert codes() == ["B005"]


def test_entries_that_people_call_wrong(sound: Bank) -> None:
    entry = sound.entries.get(kind="pdq").pk
    for number, correct in enumerate([False, False, True]):
        judge_entry(
            "attack", entry, correct=correct, by=Actor(ActorKind.STAFF, str(number)), now=timezone.now()
        )
    (finding,) = findings.check()
    assert finding.code == "B006"
    assert "wrong 2 times" in finding.message
    judge_entry("attack", entry, correct=True, by=Actor(ActorKind.STAFF, "0"), now=timezone.now())
    assert codes() == []


def test_clips_that_nothing_is_compared_with_are_told(
    sound: Bank, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(home))  # no FFmpeg
    assert [one.code for one in findings.check()] == []  # it keeps none
    fill("attack", [Row(EntryKind.CHROMAPRINT, "0" * 64, data=bytes(8))], by=SYSTEM, now=timezone.now())
    publication.bring_up(home, now=timezone.now())
    (found,) = findings.check()
    assert (found.code, found.subject) == ("B007", "bank:attack")
    Bank.objects.update(enabled=False)
    assert [one.code for one in findings.check()] == []
