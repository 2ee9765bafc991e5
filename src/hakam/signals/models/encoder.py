"""The encoder tier: a small multilingual transformer on onnxruntime, for what the linear model is not sure of.

Needs `hakam[encoder]` (onnxruntime) and the folder of the model, which is a wheel of its own (`hakam-encoder`). Its
word table stays in 4-bit blocks and only the rows of the texts at hand are unpacked, so that it takes 30 MB, not 100.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import zstandard

from hakam.signals.models.calibration import Scale, Threshold, by_language
from hakam.signals.models.features import prepare
from hakam.signals.models.heads import Head
from hakam.signals.models.pieces import Pieces

PACKAGE = "hakam_encoder"
BATCH = 16
_FILES = ("manifest.json", "network.onnx", "pieces.json.zst", "words.npy")
_BLOCK = np.dtype([("d", "<f2"), ("q", "u1", 16)])
_BEGIN, _END, _UNKNOWN = 0, 2, 3


class EncoderUnavailableError(RuntimeError):
    """The encoder can't be used. The message says what to install."""


class Manifest(msgspec.Struct, frozen=True):
    """What the folder of a model says of it."""

    name: str
    version: str
    heads: tuple[Head, ...]
    longest: int  # tokens
    scales: dict[Head, dict[str, Scale]]
    thresholds: dict[Head, dict[str, Threshold]]
    sources: tuple[str, ...]
    share_alike: tuple[str, ...]
    base: str


class _Vocabulary(msgspec.Struct):
    pieces: list[str]
    scores: list[float]


def folder_of_package(package: str = PACKAGE) -> Path:
    """Return the folder of the installed model. Raises `EncoderUnavailableError`."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise EncoderUnavailableError("the encoder's weights are not installed: pip install hakam-encoder")
    return Path(found.submodule_search_locations[0])


class Encoder:
    """The model in memory. `sums` may be called by several threads; one call uses `threads` cores."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        try:
            import onnxruntime  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415 -- an extra
        except ImportError as error:
            raise EncoderUnavailableError(
                "the encoder needs onnxruntime: pip install 'hakam[encoder]'"
            ) from error

        self.manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
        digest = sha256()
        for name in _FILES:
            digest.update((folder / name).read_bytes())
        self.id = f"{self.manifest.name}-{self.manifest.version}-{digest.hexdigest()[:12]}"
        self.heads = self.manifest.heads
        text = zstandard.ZstdDecompressor().decompress((folder / "pieces.json.zst").read_bytes())
        vocabulary = msgspec.json.decode(text, type=_Vocabulary)
        self.pieces = Pieces(vocabulary.pieces, vocabulary.scores, begin=_BEGIN, end=_END, unknown=_UNKNOWN)
        table = np.load(folder / "words.npy", mmap_mode="r")
        self._table = table.view(_BLOCK)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            str(folder / "network.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def sums(self, texts: Sequence[str]) -> Any:
        """Return the sums before calibration (float32, one row a text, one column a head)."""
        ids = [self.pieces.encode(prepare(text), self.manifest.longest) for text in texts]
        order = sorted(range(len(ids)), key=lambda n: len(ids[n]))
        out = np.empty((len(ids), len(self.heads)), np.float32)
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            out[places] = self._run([ids[n] for n in places])
        return out

    def _run(self, ids: list[list[int]]) -> Any:
        longest = max(map(len, ids))
        block = np.zeros((len(ids), longest), np.int64)
        mask = np.zeros((len(ids), longest), np.float32)
        for n, row in enumerate(ids):
            block[n, : len(row)], mask[n, : len(row)] = row, 1
        rows, back = np.unique(block.reshape(-1), return_inverse=True)
        vectors = _unpacked(self._table[rows])[back].reshape(len(ids), longest, -1)
        return self._session.run(None, {"vectors": vectors, "mask": mask})[0]

    def probability(self, head: Head, value: float, language: str | None) -> float:
        """Return the calibrated probability of a sum."""
        scale: Scale = by_language(self.manifest.scales[head], language)
        return scale(value)

    def threshold(self, head: Head, language: str | None) -> Threshold:
        """Return where to cut for a head in a language."""
        found: Threshold = by_language(self.manifest.thresholds[head], language)
        return found


def _unpacked(blocks: Any) -> Any:
    """Return the numbers of rows of 4-bit blocks: 32 numbers from 16 bytes and a scale."""
    rows, count = blocks.shape
    out = np.empty((rows, count, 32), np.float32)
    scale = blocks["d"].astype(np.float32)[..., None]
    out[..., :16] = ((blocks["q"] & 15).astype(np.float32) - 8) * scale
    out[..., 16:] = ((blocks["q"] >> 4).astype(np.float32) - 8) * scale
    return out.reshape(rows, count * 32)
