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

from hakam.signals.letters import without_signs
from hakam.signals.models.calibration import Scale, Threshold, by_language
from hakam.signals.models.features import prepare
from hakam.signals.models.fusion import Fusion
from hakam.signals.models.heads import Head
from hakam.signals.models.pieces import Pieces

PACKAGE = "hakam_encoder"
BATCH = 16
MAX_WINDOWS = 16  # of a long text; what comes after some 3,000 characters is not looked at
OVERLAP = 12  # pieces that two windows share
_FILES = ("manifest.json", "network.onnx", "pieces.json.zst", "words.npy")
_CHECKOUT = Path(__file__).resolve().parents[4]
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
    fusion: Fusion | None = None


class _Vocabulary(msgspec.Struct):
    pieces: list[str]
    scores: list[float]


def folder_of_package(package: str = PACKAGE) -> Path:
    """Return the folder of the installed model, or that of the checkout that runs. Raises `EncoderUnavailableError`."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        beside = _CHECKOUT / "models" / package.replace("_", "-") / "src" / package
        if (beside / _FILES[0]).is_file():
            return beside
        raise EncoderUnavailableError(
            "the encoder's weights are not installed: pip install hakam-encoder, or "
            "pip install ./models/hakam-encoder from a checkout"
        )
    return Path(found.submodule_search_locations[0])


class Encoder:
    """The model in memory. `sums` may be called by several threads; one call uses `threads` cores.

    The sums of up to `remember` texts are kept, for those who measure several ways of using them.
    """

    def __init__(self, folder: Path, *, threads: int = 1, remember: int = 0) -> None:
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
        self.fusion = self.manifest.fusion
        self._remember = remember
        self._known: dict[str, Any] = {}
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
        """Return the sums before calibration (float32, one row a text, one column a head).

        A long text is read in windows, and the highest sum counts, as in the linear tier.
        """
        fresh = (
            [text for text in dict.fromkeys(texts) if text not in self._known] if self._remember else texts
        )
        found = self._sums(fresh) if fresh else np.empty((0, len(self.heads)), np.float32)
        if not self._remember:
            return found
        new = dict(zip(fresh, found, strict=True))
        out = [new[text] if text in new else self._known[text] for text in texts]
        if len(self._known) + len(new) <= self._remember:
            self._known.update(new)
        return np.array(out, np.float32).reshape(len(texts), len(self.heads))

    def _sums(self, texts: Sequence[str]) -> Any:
        windows: list[list[int]] = []
        owner: list[int] = []
        for n, text in enumerate(texts):
            found = self._windows(text)
            windows += found
            owner += [n] * len(found)
        order = sorted(range(len(windows)), key=lambda n: len(windows[n]))
        out = np.full((len(texts), len(self.heads)), -np.inf, np.float32)
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            np.maximum.at(out, [owner[n] for n in places], self._run([windows[n] for n in places]))
        return out

    def _windows(self, text: str) -> list[list[int]]:
        """Return the ids of a text, or of its windows, each between begin and end."""
        size = self.manifest.longest
        ids = self.pieces.encode(prepare(without_signs(text)), (size - 2) * MAX_WINDOWS)
        if len(ids) <= size:
            return [ids]
        inner, room = ids[1:-1], size - 2
        overlap = min(OVERLAP, room // 2)
        last = len(inner) - overlap  # what starts here or later would only repeat
        return [[_BEGIN, *inner[n : n + room], _END] for n in range(0, last, room - overlap)]

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
