"""A moderation service over a socket, and Hakam's own door in that shape is one."""

from __future__ import annotations

import pytest
from tests.adapters.conftest import Declare
from tests.adapters.speaking import Service

from hakam.adapters.model import Known, ModelUnavailableError, Text, Unknown
from hakam.adapters.moderations import ModerationsModel
from hakam.testing.models import ModelSuite, Rig

pytestmark = pytest.mark.sockets


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


def test_garbage_is_unknown(declare: Declare, served: Service) -> None:
    served.manner = "garbage"
    model = build(declare, served)
    (answer,) = model.read([Text("hello")])
    model.close()
    assert isinstance(answer, Unknown)


def test_a_strange_setting_is_refused(declare: Declare, served: Service) -> None:
    with pytest.raises(ModelUnavailableError, match="settings"):
        build(declare, served, "temperature = 1")
