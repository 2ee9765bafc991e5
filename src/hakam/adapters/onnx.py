"""The adapter `onnx`: a classifier that was exported to ONNX, read by onnxruntime on this machine.

Settings: `folder` (beside the declaration or absolute) with `model.onnx` and what the tokenizer needs; `tokenizer`:
`wordpiece` (`vocab.txt`, as BERT has it), `unigram` (`pieces.json`: pieces and scores, as SentencePiece has it) or
`bytes` (each byte of UTF-8 and 3); `lower`, `longest` (ids), `output` (`sigmoid`, `softmax` or `probability`), and
`scales`: label to `[scale, shift]` of its calibration, by which a sum x becomes 1 / (1 + exp(-(scale * x + shift))).
The network takes `input_ids` and, if it wants them, `attention_mask` and `token_type_ids`; its first output has one
column a label.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np

from hakam.adapters.declared import Declared
from hakam.adapters.model import Answer, Known, ModelUnavailableError, Text, Unknown
from hakam.adapters.wordpiece import WordPieces
from hakam.signals.models.pieces import Pieces

_BATCH: Final = 16
_LARGEST: Final = 30.0


class OnnxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the declaration says under `settings`."""

    folder: str
    tokenizer: Literal["wordpiece", "unigram", "bytes"]
    lower: bool = False
    longest: Annotated[int, msgspec.Meta(ge=4, le=8_192)] = 256
    output: Literal["sigmoid", "softmax", "probability"] = "sigmoid"
    scales: dict[str, tuple[float, float]] = {}


class _Unigrams(msgspec.Struct):
    pieces: list[str]
    scores: list[float]
    begin: int = 0
    end: int = 2
    unknown: int = 3


class OnnxModel:
    """An exported classifier in memory. Raises `ModelUnavailableError` for what can't be used."""

    sends_to = ""

    def __init__(self, declared: Declared) -> None:
        try:
            import onnxruntime  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415 -- an extra
        except ImportError as error:
            raise ModelUnavailableError("it needs onnxruntime: pip install 'hakam[encoder]'") from error
        try:
            self._settings = msgspec.convert(declared.what.settings, OnnxSettings)
        except msgspec.ValidationError as error:
            raise ModelUnavailableError(f"settings: {error}") from error
        strange = sorted(set(self._settings.scales) - set(declared.what.labels))
        if strange:
            raise ModelUnavailableError(f"`scales` names no label: {', '.join(strange)}")
        self.labels = declared.what.labels
        folder = declared.folder / self._settings.folder
        try:
            self._encode, files = _tokenizer(self._settings, folder)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
            digest = digest_of([folder / "model.onnx", *files])
        except Exception as error:
            raise ModelUnavailableError(f"{error}") from error
        self._inputs = {one.name for one in self._session.get_inputs()}
        if "input_ids" not in self._inputs:
            raise ModelUnavailableError("the network takes no `input_ids`")
        self.id = f"{declared.name}-{declared.version}-{digest}"

    def read(self, texts: Sequence[Text]) -> list[Answer]:
        """Answer each text."""
        ids = [self._encode(one.text) for one in texts]
        order = sorted(range(len(ids)), key=lambda n: len(ids[n]))
        found: list[Answer] = [Unknown("not read")] * len(ids)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            try:
                rows = self._run([ids[n] for n in places])
            except Exception as error:  # noqa: BLE001 -- a network that fails on a text says nothing about it
                for n in places:
                    found[n] = Unknown(f"the network failed: {error}"[:300])
                continue
            for n, row in zip(places, rows, strict=True):
                found[n] = self._answer(row)
        return found

    def close(self) -> None:
        """Release nothing: the session goes with the object."""

    def _run(self, ids: list[list[int]]) -> Any:
        longest = max(map(len, ids))
        block = np.zeros((len(ids), longest), np.int64)
        mask = np.zeros_like(block)
        for n, row in enumerate(ids):
            block[n, : len(row)], mask[n, : len(row)] = row, 1
        given = {"input_ids": block, "attention_mask": mask, "token_type_ids": np.zeros_like(block)}
        sums = self._session.run(None, {name: one for name, one in given.items() if name in self._inputs})[0]
        if sums.shape != (len(ids), len(self.labels)):
            raise ValueError(f"it gives {sums.shape[1:]} numbers for {len(self.labels)} labels")
        return sums.astype(np.float64)

    def _answer(self, row: Any) -> Answer:
        if not np.isfinite(row).all():
            return Unknown("the network gave no number")
        output, scales = self._settings.output, self._settings.scales
        plain = probabilities(row, output)
        scores = {}
        for label, value, sum_ in zip(self.labels, plain, row, strict=True):
            if label in scales:
                scale, shift = scales[label]
                value = _even(scale * sum_ + shift)  # noqa: PLW2901 -- as the platform calibrated it
            scores[label] = round(float(value), 6)
        return Known(scores)


def probabilities(row: Any, output: str) -> Any:
    """Return what a network's numbers say as probabilities. `output`: `sigmoid`, `softmax` or `probability`."""
    if output == "softmax":
        powers = np.exp(row - row.max())
        return powers / powers.sum()
    return _even(row) if output == "sigmoid" else np.clip(row, 0.0, 1.0)


def _even(value: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-np.clip(value, -_LARGEST, _LARGEST)))


def _tokenizer(settings: OnnxSettings, folder: Path) -> tuple[Any, list[Path]]:
    """Return the function from a text to ids, and the files that decide it."""
    if settings.tokenizer == "bytes":
        return (
            lambda text: [byte + 3 for byte in text.encode("utf-8", "replace")[: settings.longest]] or [0],
            [],
        )
    if settings.tokenizer == "wordpiece":
        path = folder / "vocab.txt"
        words = WordPieces(path.read_text("utf-8").splitlines(), lower=settings.lower)
        return lambda text: words.encode(text, settings.longest), [path]
    path = folder / "pieces.json"
    table = msgspec.json.decode(path.read_bytes(), type=_Unigrams)
    pieces = Pieces(table.pieces, table.scores, begin=table.begin, end=table.end, unknown=table.unknown)
    lower = settings.lower
    return lambda text: pieces.encode(text.lower() if lower else text, settings.longest), [path]


def digest_of(paths: Sequence[Path]) -> str:
    """Return 12 hex digits over some files, with the weights that lie beside them."""
    digest = sha256()
    for path in paths:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
        beside = path.with_name(f"{path.name}.data")  # weights of large networks lie beside them
        if beside.is_file():
            digest.update(beside.read_bytes())
    return digest.hexdigest()[:12]
