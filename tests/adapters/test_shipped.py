"""The models that ship, as a model among others."""

from __future__ import annotations

import pytest

from hakam.adapters.model import Known, Text
from hakam.adapters.shipped import ShippedModel
from hakam.signals.models import shipped
from hakam.testing.models import MemoryModel, ModelSuite, Rig


class TestCascade(ModelSuite):
    @pytest.fixture
    def rig(self) -> Rig:
        # The 8-bit network rounds by the longest text of a batch, which moves a score by some hundredths.
        return Rig(build=lambda: ShippedModel(shipped.reader()), near=0.08)


class TestMemory(ModelSuite):
    @pytest.fixture
    def rig(self) -> Rig:
        return Rig(build=MemoryModel, other=lambda: MemoryModel(id_="memory-2"))


def test_it_says_what_the_doors_in_other_shapes_say() -> None:
    model = ShippedModel(shipped.reader())
    (answer,) = model.read([Text("I will kill you, you filthy rat", "en")])
    (reading,) = shipped.reader().read(["I will kill you, you filthy rat"], ["en"])
    assert isinstance(answer, Known)
    assert answer.scores == {str(head): value for head, value in reading.scores.items()}
    assert model.id == reading.model or model.id.startswith("linear-")
