"""A moderation service over a socket, and Hakam's own door in that shape is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.conftest import Declare
from tests.adapters.speaking import Service

from hakam.adapters.model import Known, ModelUnavailableError, Text, Unknown
from hakam.adapters.moderations import ModerationsModel
from hakam.storage.embedded import published
from hakam.testing.doors import Running, key_text
from hakam.testing.models import ModelSuite, Rig, assert_sound

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]


def build(declare: Declare, served: Service, more: str = "") -> ModerationsModel:
    text = f"""\
adapter = "moderations"
labels = ["violence", "hate"]
[settings]
url = "{served.url}"
seconds = 10
{more}
"""
    return ModerationsModel(declare(text), secret=lambda name: name)


class TestModerations(ModelSuite):
    @pytest.fixture
    def rig(self, declare: Declare, served: Service) -> Rig:
        return Rig(
            build=lambda: build(declare, served),
            other=lambda: build(declare, served, 'model = "omni-moderation-latest"'),
            broken=lambda: setattr(served, "manner", "503"),
        )


def test_scores_are_those_of_the_categories(declare: Declare, served: Service) -> None:
    model = build(declare, served, 'key = "k"\ncategories = {violence = "hate", hate = "violence"}')
    (answer,) = model.read([Text("I will hurt you")])
    model.close()
    assert isinstance(answer, Known)
    assert answer.scores == {"violence": 0.1, "hate": 0.95}
    assert served.keys == ["Bearer k"]
    assert served.seen == [{"input": "I will hurt you"}]


def test_a_category_that_is_not_there_is_unknown(declare: Declare, served: Service) -> None:
    model = build(declare, served, 'categories = {hate = "hate/strange"}')
    (answer,) = model.read([Text("hello")])
    model.close()
    assert isinstance(answer, Unknown)
    assert "hate/strange" in answer.why


@pytest.mark.parametrize("manner", ["garbage", "nested"])
def test_garbage_is_unknown(declare: Declare, served: Service, manner: str) -> None:
    served.manner = manner
    model = build(declare, served)
    (answer,) = model.read([Text("hello")])
    model.close()
    assert isinstance(answer, Unknown)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    """Start Hakam's own door, the process that ships."""
    running = Running(tmp_path / "home")
    (tmp_path / "home").mkdir()
    published.write(tmp_path / "home" / "published.json", running.publication)
    running.start()
    yield running
    assert running.end() == 0, running.said()


def test_hakams_own_door_is_such_a_service(declare: Declare, door: Running) -> None:
    declared = declare(f"""\
adapter = "moderations"
labels = ["hate", "threat", "sexual"]
[settings]
url = "{door.url}/v1"
key = "door"
seconds = 60
categories = {{threat = "harassment/threatening"}}
""")
    model = ModerationsModel(declared, secret=lambda name: key_text("forum") if name == "door" else "")
    with closing(model):
        assert model.sends_to == door.url.removeprefix("http://")
        threat, kind, arabic, empty = model.read(
            [
                Text("I will find you tonight and kill you, you are dead", "en"),
                Text("thank you all for the lovely evening, see you next week", "en"),
                Text("شكرا لكم جميعا على هذه الأمسية الجميلة", "ar"),
                Text("  "),
            ]
        )
        for answer in (threat, kind, arabic, empty):
            assert_sound(answer, model)
            assert isinstance(answer, Known)
        assert isinstance(threat, Known)
        assert isinstance(kind, Known)
        assert threat.scores["threat"] > 0.5 > kind.scores["threat"]
        assert isinstance(empty, Known)
        assert set(empty.scores.values()) == {0.0}
    stranger = ModerationsModel(declared, secret=lambda _name: "no key")
    with closing(stranger):
        (refused,) = stranger.read([Text("hello there")])
    assert isinstance(refused, Unknown)
    assert "401" in refused.why
    assert refused.again == 0  # asking again would not help


def test_a_strange_setting_is_refused(declare: Declare, served: Service) -> None:
    with pytest.raises(ModelUnavailableError, match="settings"):
        build(declare, served, "temperature = 1")
