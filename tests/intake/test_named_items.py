"""What addresses name: known items and unknown ones, frozen once, on top of the queue once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from hakam.compliance.models import RulebookVersion
from hakam.intake import known_items, named_items
from hakam.intake.known_items import Seen
from hakam.review.models import Case, CaseSource
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.event_log import Entry
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import ItemRef

pytestmark = pytest.mark.django_db
KNOWN, UNKNOWN = "https://maydan.example/p/7", "https://elsewhere.example/x"


@pytest.fixture
def told(log: FileEventLog, book: RulebookVersion) -> FileEventLog:
    """Give a log in which one item was told of, and learnt."""
    event = scene.event("vermin", item="7", url=KNOWN)
    (appended,) = log.append([scene.entry(event, scene.verdict())])
    known_items.learn([Seen(scene.ref(event), KNOWN, appended.seq)])
    return log


def freeze(urls: list[str], vault: FileVault, log: FileEventLog | None) -> list[named_items.Named]:
    return named_items.freeze(urls, scene.PLATFORM, vault=vault, log=log, now=scene.NOW)


def test_a_known_address_is_its_item_and_its_newest_event(vault: FileVault, told: FileEventLog) -> None:
    (found,) = freeze([KNOWN], vault, told)
    assert found.ref == ItemRef(scene.PLATFORM, "post", "7")
    assert found.event is not None
    assert found.event.item.text == "vermin"
    assert found.copy.digest


def test_an_unknown_address_is_an_item_of_its_own(vault: FileVault, told: FileEventLog) -> None:
    (found,) = freeze([UNKNOWN], vault, told)
    assert found.ref == ItemRef(scene.PLATFORM, "url", UNKNOWN)
    assert found.event is None


def test_each_address_counts_once(vault: FileVault, told: FileEventLog) -> None:
    assert [one.url for one in freeze([KNOWN, UNKNOWN, KNOWN], vault, told)] == [KNOWN, UNKNOWN]


def test_without_a_log_the_address_is_frozen(vault: FileVault, told: FileEventLog) -> None:
    (found,) = freeze([KNOWN], vault, None)
    assert found.ref.id == "7"
    assert found.event is None


def test_an_event_that_can_not_be_read_is_frozen_as_it_is(vault: FileVault, log: FileEventLog) -> None:
    (appended,) = log.append([Entry(scene.PLATFORM, "e", 0.0, b'{"no": "event"}', b"{}", b"{}")])
    known_items.learn([Seen(ItemRef(scene.PLATFORM, "post", "8"), KNOWN, appended.seq)])
    (found,) = freeze([KNOWN], vault, log)
    assert found.event is None
    assert found.copy.digest


def test_items_stand_on_top_of_the_queue_once(
    vault: FileVault, told: FileEventLog, book: RulebookVersion
) -> None:
    found = freeze([KNOWN, UNKNOWN], vault, told)
    due = scene.NOW + timedelta(hours=2)
    for _again in range(2):
        with transaction.atomic():
            named_items.open_cases(
                found, subject="request:1", harm="ncii", language="en", due=due, by=SYSTEM, now=scene.NOW
            )
    assert Case.objects.count() == CaseSource.objects.count() == 2
    assert {case.due_at for case in Case.objects.all()} == {due}
    assert named_items.located([KNOWN], scene.PLATFORM) == [(found[0].ref, KNOWN, found[0].event.author.id)]  # type: ignore[union-attr]
    assert named_items.located([UNKNOWN], scene.PLATFORM)[0][2] == ""
