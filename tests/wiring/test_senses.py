"""What the watch asks about streams here: declared models that are on, in the very version that was switched on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from tests.adapters.networks import mean_of_colours
from tests.adapters.test_onnx_picture import TOML
from tests.media.memes import needs_tesseract

from hakam.adapters.declared import read
from hakam.adapters.model import ModelUnavailableError
from hakam.intake.models import ModelUse
from hakam.intake.switching import switch_off, switch_on
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.wiring import publish
from hakam.wiring.models import Models, adapters, build, rows
from hakam.wiring.senses import WatchSenses
from hakam.wiring.settings import Settings

pytestmark = pytest.mark.django_db
SPEECH = """\
adapter = "transcriptions"
reads = "speech"
[settings]
url = "http://127.0.0.1:9/v1"
"""


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    mean_of_colours(tmp_path / "models" / "colours", 16)
    (tmp_path / "models" / "judge.toml").write_text(TOML)
    (tmp_path / "models" / "ear.toml").write_text(SPEECH)
    found: Settings = replace(django_settings.HAKAM, home=tmp_path)
    return found


@pytest.fixture
def watch(chosen: Settings) -> Iterator[WatchSenses]:
    made = WatchSenses(chosen)
    yield made
    made.close()


def names(watch: WatchSenses) -> set[str]:
    return {line.sense.name for line in watch.senses.lines}


def turn_on(chosen: Settings, name: str) -> None:
    one = read(chosen.home / "models" / f"{name}.toml")
    switch_on(one, sends_to="", by=SYSTEM, now=scene.NOW)


def test_nothing_is_asked_before_somebody_switched_it_on(chosen: Settings, watch: WatchSenses) -> None:
    watch.renew(scene.NOW)
    assert names(watch) == set()
    turn_on(chosen, "judge")
    turn_on(chosen, "ear")
    watch.renew(scene.NOW + timedelta(seconds=1))
    assert names(watch) == set()  # it looks every two seconds
    watch.renew(scene.NOW + timedelta(seconds=2))
    assert names(watch) == {"judge", "ear"}
    first = watch.senses.lines
    watch.renew(scene.NOW + timedelta(seconds=5))
    assert watch.senses.lines == first  # those at work go on
    switch_off("ear", by=SYSTEM, now=scene.NOW)
    (chosen.home / "models" / "judge.toml").write_text(TOML + "# another\n")
    watch.renew(scene.NOW + timedelta(seconds=8))
    assert names(watch) == {"judge"}
    (chosen.home / "models" / "judge.toml").write_text(TOML.replace("side = 16", "side = 32"))
    watch.renew(scene.NOW + timedelta(seconds=11))
    assert names(watch) == set()  # another declaration is another model, and it is off


def test_one_that_can_not_be_used_is_told_and_tried_again_later(chosen: Settings, watch: WatchSenses) -> None:
    turn_on(chosen, "judge")
    network = chosen.home / "models" / "colours" / "model.onnx"
    whole = network.read_bytes()
    network.write_bytes(b"no network")
    watch.renew(scene.NOW)
    assert names(watch) == set()
    assert ModelUse.objects.get(name="judge").trouble
    network.write_bytes(whole)
    watch.renew(scene.NOW + timedelta(seconds=4))
    assert names(watch) == set()
    watch.renew(scene.NOW + timedelta(minutes=2))
    assert names(watch) == {"judge"}


@needs_tesseract
def test_writing_is_read_where_rules_are_in_force(chosen: Settings, watch: WatchSenses) -> None:
    scene.publish()
    publish.publish(chosen, now=scene.NOW)
    watch.renew(scene.NOW)
    assert names(watch) == {"writing"}
    verdict = watch.judge(scene.event("buy followers"))
    assert verdict is not None
    assert [one.rule for one in verdict.live] == ["known-spam"]


def test_the_worker_that_reads_texts_leaves_them_alone(chosen: Settings) -> None:
    turn_on(chosen, "judge")
    models = Models(chosen, endpoints=False)
    models._keep_up(scene.NOW)
    assert set(models._askers) == {"encoder"}
    models.close()


def test_an_adapter_is_of_what_it_reads(chosen: Settings) -> None:
    assert set(adapters(chosen, "speech")) == {"transcriptions"}
    assert set(adapters(chosen, "picture")) == {"moderations", "onnx"}
    (chosen.home / "models" / "ear.toml").write_text(SPEECH.replace("transcriptions", "whisper"))
    with pytest.raises(ModelUnavailableError, match=r"reads speech; there are transcriptions"):
        build(chosen, read(chosen.home / "models" / "ear.toml"))
    found = {one.name: one for one in rows(chosen)}
    assert found["judge"].model is not None
    assert "whisper" in found["ear"].trouble
