"""A network that looks at pictures: a small real one, which says how red, green and blue they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.adapters.conftest import Declare
from tests.adapters.networks import mean_of_colours

from hakam.adapters.model import Known, ModelUnavailableError, Unknown
from hakam.adapters.onnx_picture import OnnxPictureModel
from hakam.testing.sense_models import PictureModelSuite, PictureRig

TOML = """\
adapter = "onnx"
reads = "picture"
labels = ["red", "blue"]
[settings]
folder = "colours"
side = 16
mean = [0.0, 0.0, 0.0]
deviation = [255.0, 255.0, 255.0]
output = "probability"
columns = {blue = 2}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return mean_of_colours(tmp_path / "models" / "colours", 16)


def picture(red: int, green: int, blue: int, height: int = 90, width: int = 120) -> NDArray[np.uint8]:
    return np.tile(np.array([red, green, blue], np.uint8), (height, width, 1))


def scores(model: OnnxPictureModel, *pictures: NDArray[np.uint8]) -> list[dict[str, float]]:
    found = []
    for answer in model.look(pictures):
        assert isinstance(answer, Known)
        found.append(dict(answer.scores))
    return found


class TestOnnxPicture(PictureModelSuite):
    @pytest.fixture
    def rig(self, declare: Declare, folder: Path) -> PictureRig:
        return PictureRig(
            build=lambda: OnnxPictureModel(declare(TOML)),
            other=lambda: OnnxPictureModel(declare(TOML.replace("probability", "softmax"))),
        )


def test_a_picture_gets_the_scores_of_its_columns(declare: Declare, folder: Path) -> None:
    model = OnnxPictureModel(declare(TOML))
    red, blue = scores(model, picture(255, 0, 0), picture(0, 51, 204, 7, 300))
    assert red == {"red": 1.0, "blue": 0.0}
    assert blue == {"red": 0.0, "blue": pytest.approx(0.8, abs=0.01)}
    model.close()


def test_colours_come_in_the_order_and_layout_that_is_declared(declare: Declare, folder: Path) -> None:
    turned = OnnxPictureModel(declare(TOML.replace("side = 16", 'side = 16\norder = "bgr"')))
    assert scores(turned, picture(255, 0, 0)) == [{"red": 0.0, "blue": 1.0}]
    other = OnnxPictureModel(declare(TOML.replace("side = 16", 'side = 16\nlayout = "nhwc"')))
    (answer,) = other.look([picture(255, 0, 0)])
    assert isinstance(answer, Unknown)  # the network takes another shape, and says so
    assert "failed" in answer.why


def test_the_id_follows_declaration_and_network(declare: Declare, folder: Path) -> None:
    first = OnnxPictureModel(declare(TOML))
    assert first.id.startswith("judge-")
    assert OnnxPictureModel(declare(TOML)).id == first.id
    assert OnnxPictureModel(declare(TOML.replace("probability", "softmax"))).id != first.id
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes().replace(b"colours", b"colourz"))
    assert OnnxPictureModel(declare(TOML)).id != first.id


def test_what_is_no_picture_is_unknown(declare: Declare, folder: Path) -> None:
    model = OnnxPictureModel(declare(TOML))
    for strange in (np.zeros((4, 4), np.uint8), np.zeros((0, 0, 3), np.uint8), np.zeros((4, 4, 4), np.uint8)):
        (answer,) = model.look([strange])
        assert isinstance(answer, Unknown)
    assert model.look([]) == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("columns = {blue = 2}", "columns = {green = 1}", "no label: green"),
        ("255.0, 255.0]", "0.0, 255.0]", "`deviation`"),
        ('folder = "colours"', 'folder = "nowhere"', "model.onnx"),
        ("side = 16", "side = 5", "side"),
        ("side = 16", "colour = 5", "colour"),
    ],
)
def test_a_declaration_that_can_not_be_used_says_why(
    declare: Declare, folder: Path, before: str, after: str, words: str
) -> None:
    with pytest.raises(ModelUnavailableError, match=words):
        OnnxPictureModel(declare(TOML.replace(before, after)))


def test_a_column_that_the_network_does_not_have_is_unknown(declare: Declare, folder: Path) -> None:
    (answer,) = OnnxPictureModel(declare(TOML.replace("blue = 2", "blue = 3"))).look([picture(1, 2, 3)])
    assert isinstance(answer, Unknown)
    assert "too few" in answer.why
