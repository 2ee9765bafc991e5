"""A moderation service that looks at pictures, over a socket."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from tests.adapters.conftest import Declare
from tests.adapters.speaking import Service
from tests.adapters.test_onnx_picture import picture

from hakam.adapters.model import Known, ModelUnavailableError, Unknown
from hakam.adapters.picture_moderations import SIDE, PictureModerationsModel, jpeg
from hakam.testing.sense_models import PictureModelSuite, PictureRig

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]


def build(declare: Declare, served: Service, more: str = "", seconds: float = 0.5) -> PictureModerationsModel:
    text = f"""\
adapter = "moderations"
reads = "picture"
labels = ["violence"]
[settings]
url = "{served.url}"
seconds = {seconds}
{more}
"""
    return PictureModerationsModel(declare(text), secret=lambda name: name)


class TestPictureModerations(PictureModelSuite):
    @pytest.fixture
    def rig(self, declare: Declare, served: Service) -> PictureRig:
        return PictureRig(
            build=lambda: build(declare, served, seconds=10),
            other=lambda: build(declare, served, 'model = "omni"', 10),
            broken=lambda: setattr(served, "manner", "503"),
        )


def test_each_picture_is_sent_small_and_answered(declare: Declare, served: Service) -> None:
    model = build(declare, served, 'key = "k"\nmodel = "omni"')
    said = model.look([picture(250, 10, 10, 900, 1_600), picture(10, 10, 250)])
    model.close()
    assert [one.scores["violence"] for one in said if isinstance(one, Known)] == [0.9, 0.05]
    assert set(served.keys) == {"Bearer k"}
    first = served.seen[0]
    assert first["model"] == "omni"
    assert first["input"][0]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert (
        max(len(base64.b64decode(one["input"][0]["image_url"]["url"][23:])) for one in served.seen) < 100_000
    )


@pytest.mark.parametrize(
    ("manner", "again"), [("503", True), ("silent", True), ("garbage", False), ("400", False)]
)
def test_a_service_in_trouble_is_unknown_and_told(
    declare: Declare, served: Service, manner: str, again: bool
) -> None:
    served.manner = manner
    model = build(declare, served)
    (answer,) = model.look([picture(1, 2, 3)])
    assert isinstance(answer, Unknown)
    assert answer.why
    assert (answer.again > 0) is again
    served.hold.set()
    model.close()


def test_pictures_leave_this_machine_by_https_only(declare: Declare, served: Service) -> None:
    assert build(declare, served).sends_to == served.url.removeprefix("http://").removesuffix("/v1")
    with pytest.raises(ModelUnavailableError, match="https only"):
        PictureModerationsModel(
            declare(
                'adapter="moderations"\nreads="picture"\nlabels=["x"]\n[settings]\nurl="http://example.org"'
            ),
            secret=str,
        )
    with pytest.raises(ModelUnavailableError, match="colour"):
        build(declare, served, "colour = 1")


def test_a_category_that_is_not_there_is_unknown(declare: Declare, served: Service) -> None:
    model = build(declare, served, 'categories = {violence = "gore"}')
    (answer,) = model.look([picture(1, 2, 3)])
    model.close()
    assert isinstance(answer, Unknown)
    assert "gore" in answer.why


def test_a_picture_is_made_as_small_as_it_is_told() -> None:
    import io  # noqa: PLC0415

    from PIL import Image  # noqa: PLC0415 -- here only

    wide = Image.open(io.BytesIO(jpeg(picture(200, 30, 10, 400, 1_000))))
    assert wide.size == (SIDE, round(SIDE * 0.4))
    red, green, blue = np.asarray(wide.convert("RGB"))[5, 5]
    assert (abs(int(red) - 200) < 6, abs(int(green) - 30) < 6, abs(int(blue) - 10) < 6) == (True, True, True)
    assert Image.open(io.BytesIO(jpeg(picture(1, 2, 3, 20, 30)))).size == (30, 20)
