"""An exported network from a folder: a small real one, which adds up a weight for each piece of a text."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.adapters.conftest import Declare

from hakam.adapters.model import Known, ModelUnavailableError, Text, Unknown
from hakam.adapters.onnx import OnnxModel
from hakam.testing.models import ModelSuite, Rig

TINY = Path(__file__).parent / "fixtures" / "tiny"
TOML = """\
adapter = "onnx"
labels = ["toxicity", "kindness"]
[settings]
folder = "tiny"
tokenizer = "wordpiece"
lower = true
longest = 64
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "models" / "tiny"))


def build(declare: Declare, text: str = TOML) -> OnnxModel:
    return OnnxModel(declare(text))


def scores(model: OnnxModel, text: str) -> dict[str, float]:
    (answer,) = model.read([Text(text)])
    assert isinstance(answer, Known)
    return dict(answer.scores)


class TestTiny(ModelSuite):
    @pytest.fixture
    def rig(self, declare: Declare, folder: Path) -> Rig:
        return Rig(build=lambda: build(declare), other=lambda: build(declare, TOML + "output = 'softmax'"))


def test_it_reads_words_of_both_languages(declare: Declare, folder: Path) -> None:
    model = build(declare)
    assert scores(model, "You VILE, filthy ...")["toxicity"] > 0.99
    assert scores(model, "a kind friend")["toxicity"] < 0.01
    assert scores(model, "كلاب")["toxicity"] > 0.8
    assert scores(model, "اهلا صديق")["kindness"] > 0.9


def test_what_it_sums_becomes_what_is_declared(declare: Declare, folder: Path) -> None:
    plain = scores(build(declare), "vile")  # the sums are 2 and -5
    assert plain == {"toxicity": pytest.approx(0.8808, abs=1e-4), "kindness": pytest.approx(0.0067, abs=1e-4)}
    soft = scores(build(declare, TOML + 'output = "softmax"'), "vile")
    assert soft["toxicity"] == pytest.approx(0.9991, abs=1e-4)
    assert sum(soft.values()) == pytest.approx(1.0, abs=1e-5)
    cut = scores(build(declare, TOML + 'output = "probability"'), "vile")
    assert cut == {"toxicity": 1.0, "kindness": 0.0}
    scaled = scores(build(declare, TOML + "scales = {toxicity = [0.5, -1.0]}"), "vile")
    assert scaled["toxicity"] == pytest.approx(0.5)


@pytest.mark.parametrize("tokenizer", ["bytes", "unigram"])
def test_other_tokenizers(declare: Declare, folder: Path, tokenizer: str) -> None:
    model = build(declare, TOML.replace("wordpiece", tokenizer).replace("longest = 64", "longest = 12"))
    answers = model.read([Text("hate"), Text("كلاب"), Text("")])
    if tokenizer == "unigram":
        assert all(isinstance(one, Known) for one in answers)
    else:  # bytes beyond the network's table: it fails on the text, and that is unknown
        assert isinstance(answers[0], Unknown)
        assert "the network failed" in answers[0].why


def test_another_network_under_the_same_declaration_has_another_id(declare: Declare, folder: Path) -> None:
    before = build(declare).id
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text(vocabulary.read_text("utf-8") + "more\n", "utf-8")
    assert build(declare).id != before


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"tiny"', '"gone"', "No such file|doesn't exist"),
        ('"wordpiece"', '"magic"', "settings"),
        ("longest = 64", "longest = 64\nscales = {other = [1.0, 0.0]}", "names no label: other"),
    ],
)
def test_what_can_not_work_is_refused(declare: Declare, folder: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(ModelUnavailableError, match=says):
        build(declare, TOML.replace(old, new))


def test_a_network_with_other_labels_says_nothing(declare: Declare, folder: Path) -> None:
    model = build(declare, TOML.replace('["toxicity", "kindness"]', '["one", "two", "three"]'))
    (answer,) = model.read([Text("hate")])
    assert isinstance(answer, Unknown)
    assert "2" in answer.why


def test_a_broken_network_is_refused(declare: Declare, folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"no network")
    with pytest.raises(ModelUnavailableError):
        build(declare)
