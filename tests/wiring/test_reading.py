"""What the worker reads pictures with: the rules in force, loaded anew when others are published."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from tests.media.memes import ENGLISH, meme, needs_tesseract

from hakam.intake.media_files import NOWHERE
from hakam.media import nudity
from hakam.review.models import Case
from hakam.storage.embedded.event_log import FileEventLog
from hakam.testing import scene
from hakam.vocabulary.event import Media
from hakam.wiring import duties, ports, publish
from hakam.wiring.reading import PictureReading
from hakam.wiring.settings import Settings

pytestmark = pytest.mark.django_db
NUDE = """
- rule: nude
  policy: spam
  stage: live
  when: scores["nudity"] > 0.5
  then: [review(queue="nude")]
"""


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    found: Settings = replace(django_settings.HAKAM, home=tmp_path)
    return found


@pytest.fixture
def reader(chosen: Settings) -> Iterator[PictureReading]:
    made = PictureReading(chosen, NOWHERE)
    yield made
    made.close()


def test_without_rules_in_force_nothing_is_read(reader: PictureReading) -> None:
    assert reader.reading() is None
    assert reader.judge(scene.event()) is None


@needs_tesseract
def test_the_rules_in_force_judge_and_are_replaced(chosen: Settings, reader: PictureReading) -> None:
    scene.publish()
    publish.publish(chosen, now=scene.NOW)
    reading = reader.reading()
    assert reading is not None
    assert set(reading.languages) == {"en", "ar"}
    verdict = reading.judge(scene.event("buy followers"))
    assert verdict is not None
    assert [firing.rule for firing in verdict.live] == ["known-spam"]
    quiet = {**scene.PACK, "rules.yaml": ""}
    scene.publish({**quiet, "pack.yaml": quiet["pack.yaml"].replace("1.0.0", "1.0.1")}, now=scene.NOW)
    publish.publish(chosen, now=scene.NOW)
    reading = reader.reading()
    assert reading is not None
    verdict = reading.judge(scene.event("buy followers"))
    assert verdict is not None
    assert verdict.live == ()


@pytest.mark.skipif(not nudity.available() and "CI" not in os.environ, reason="pip install 'hakam[nudity]'")
def test_the_network_is_loaded_only_for_a_rule_that_asks(chosen: Settings, reader: PictureReading) -> None:
    version = scene.PACK["pack.yaml"].replace("1.0.0", "2.0.0")
    scene.publish({**scene.PACK, "pack.yaml": version, "rules.yaml": scene.PACK["rules.yaml"] + NUDE})
    publish.publish(chosen, now=scene.NOW)
    reading = reader.reading()
    assert reading is not None
    assert reading.sandbox.nudity
    said = reading.sandbox.said(meme(ENGLISH, "en"), plates=False)
    assert said.nudity is not None
    scene.publish(now=scene.NOW)
    publish.publish(chosen, now=scene.NOW)
    reading = reader.reading()
    assert reading is None or not reading.sandbox.nudity


@needs_tesseract
def test_the_worker_does_it(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    log = FileEventLog(chosen.home / "events")
    monkeypatch.setattr(ports, "event_log", lambda: log)
    scene.publish()
    publish.publish(chosen, now=scene.NOW)
    event = scene.event("look at this")
    item = replace_media(event, meme(ENGLISH, "en"))
    with duties.lanes(chosen) as lanes:
        (task,) = lanes["writing"]
        log.append([scene.entry(item, scene.verdict())])
        assert task.run(scene.NOW + timedelta(seconds=5)) == 1
    log.close()
    assert Case.objects.get().queue == "spam"


def replace_media(event: scene.Event, data: bytes) -> scene.Event:
    from msgspec.structs import replace as replaced  # noqa: PLC0415 -- `replace` is that of dataclasses here

    return replaced(event, item=replaced(event.item, media=(Media(data=data),)))
