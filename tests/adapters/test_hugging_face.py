"""A classifier in a folder as Hugging Face's library saves it: a tiny one, made on the spot."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from tests.adapters.conftest import Declare

from hakam.adapters.hugging_face import TransformersModel
from hakam.adapters.model import Known, ModelUnavailableError, Text
from hakam.testing.models import ModelSuite, Rig

HERE = all(importlib.util.find_spec(name) for name in ("torch", "transformers"))
needs_library = pytest.mark.skipif(not HERE, reason="the extra `transformers` is not installed")
TOML = """\
adapter = "transformers"
labels = ["toxicity"]
[settings]
folder = "tiny"
output = "softmax"
columns = {toxicity = "LABEL_1"}
longest = 64
"""
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "you", "hate", "##s", "friend", "كلاب", "اهلا")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Save a BERT of one layer with random weights."""
    import torch  # noqa: PLC0415 -- an extra
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast  # noqa: PLC0415

    torch.manual_seed(7)
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(str(folder))
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=2,
    )
    BertForSequenceClassification(config).save_pretrained(str(folder), safe_serialization=True)
    return folder


def build(declare: Declare, text: str = TOML) -> TransformersModel:
    return TransformersModel(declare(text))


@needs_library
@pytest.mark.filterwarnings("ignore")  # of the library and its own dependencies
class TestTiny(ModelSuite):
    @pytest.fixture
    def rig(self, declare: Declare, folder: Path) -> Rig:
        return Rig(build=lambda: build(declare), other=lambda: build(declare, TOML.replace("64", "32")))

    def test_labels_are_found_by_name(self, declare: Declare, folder: Path) -> None:
        (answer,) = build(declare).read([Text("you hate")])
        assert isinstance(answer, Known)
        with pytest.raises(ModelUnavailableError, match="LABEL_0, LABEL_1"):
            build(declare, TOML.replace("LABEL_1", "toxic"))

    def test_weights_that_run_code_are_not_opened(self, declare: Declare, folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
        with pytest.raises(ModelUnavailableError):
            build(declare)

    def test_other_weights_are_another_model(self, declare: Declare, folder: Path) -> None:
        before = build(declare).id
        text = (folder / "config.json").read_text("utf-8")
        (folder / "config.json").write_text(text + "\n", "utf-8")
        assert build(declare).id != before

    def test_nothing_is_fetched(self, declare: Declare) -> None:
        with pytest.raises(ModelUnavailableError, match="there is no folder"):
            build(declare, TOML.replace('"tiny"', '"bert-base-uncased"'))


@pytest.mark.skipif(HERE, reason="the extra is installed")
def test_without_the_extra_it_says_what_to_install(declare: Declare) -> None:
    with pytest.raises(ModelUnavailableError, match=r"pip install 'hakam\[transformers\]'"):
        build(declare)
