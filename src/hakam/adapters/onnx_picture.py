"""The adapter `onnx` for pictures: a classifier of pictures that was exported to ONNX, read on this machine.

Settings: `folder` (beside the declaration or absolute) with `model.onnx`; `side` (pixels to which a picture is scaled),
`mean` and `deviation` (of each channel, 0 to 255, taken away and divided by), `order` (`rgb` or `bgr`), `layout`
(`nchw` or `nhwc`), `output` (`sigmoid`, `softmax` or `probability`), and `columns`: label to the column of the first
output, where they differ from the order of `labels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
import numpy as np

from hakam.adapters.declared import Declared
from hakam.adapters.model import Answer, Known, ModelUnavailableError, Unknown
from hakam.adapters.onnx import digest_of, probabilities
from hakam.media import extra

if TYPE_CHECKING:
    from hakam.adapters.model import Rgb8

_Three = tuple[float, float, float]
_CHANNELS: Final = 3


class PictureSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the declaration says under `settings`."""

    folder: str
    side: Annotated[int, msgspec.Meta(ge=16, le=1_024)] = 224
    mean: _Three = (123.7, 116.3, 103.5)
    deviation: _Three = (58.4, 57.1, 57.4)
    order: Literal["rgb", "bgr"] = "rgb"
    layout: Literal["nchw", "nhwc"] = "nchw"
    output: Literal["sigmoid", "softmax", "probability"] = "softmax"
    columns: dict[str, Annotated[int, msgspec.Meta(ge=0, le=100_000)]] = {}


class OnnxPictureModel:
    """A classifier of pictures in memory. Raises `ModelUnavailableError` for what can't be used."""

    sends_to = ""

    def __init__(self, declared: Declared) -> None:
        try:
            extra.demand()
            import onnxruntime  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415 -- an extra
        except (ImportError, extra.MediaExtraMissingError) as error:
            raise ModelUnavailableError(
                "it needs onnxruntime and pictures: pip install 'hakam[encoder,media]'"
            ) from error
        try:
            self._settings = msgspec.convert(declared.what.settings, PictureSettings)
        except msgspec.ValidationError as error:
            raise ModelUnavailableError(f"settings: {error}") from error
        self.labels = declared.what.labels
        strange = sorted(set(self._settings.columns) - set(self.labels))
        if strange:
            raise ModelUnavailableError(f"`columns` names no label: {', '.join(strange)}")
        self._columns = [self._settings.columns.get(label, n) for n, label in enumerate(self.labels)]
        if not all(self._settings.deviation):
            raise ModelUnavailableError("`deviation` is no 0")
        path = declared.folder / self._settings.folder / "model.onnx"
        try:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            digest = digest_of([path])
        except Exception as error:
            raise ModelUnavailableError(f"{error}") from error
        self._input = self._session.get_inputs()[0].name
        self.id = f"{declared.name}-{declared.version}-{digest}"

    def look(self, pictures: Sequence[Rgb8]) -> list[Answer]:
        """Answer each picture."""
        return [self._one(picture) for picture in pictures]

    def close(self) -> None:
        """Release nothing: the session goes with the object."""

    def _one(self, picture: Rgb8) -> Answer:
        try:
            row = self._session.run(None, {self._input: self._prepared(picture)})[0].astype(np.float64)
            if row.ndim != 2 or row.shape[1] <= max(self._columns):  # noqa: PLR2004 -- one row of numbers
                return Unknown(f"the network gives {row.shape[1:]} numbers, too few for its columns")
            if not np.isfinite(row).all():
                return Unknown("the network gave no number")
            said = probabilities(row[0], self._settings.output)
        except Exception as error:  # noqa: BLE001 -- a network that fails on a picture says nothing about it
            return Unknown(f"the network failed: {error}"[:300])
        return Known(
            {label: round(float(said[at]), 6) for label, at in zip(self.labels, self._columns, strict=True)}
        )

    def _prepared(self, picture: Rgb8) -> Any:
        import cv2  # noqa: PLC0415 -- needs the extra

        if picture.ndim != _CHANNELS or picture.shape[2] != _CHANNELS:
            raise ValueError("it is no picture of three colours")
        side, chosen = self._settings.side, self._settings
        small: Any = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
        small = small if chosen.order == "rgb" else small[:, :, ::-1]
        small = (small - np.array(chosen.mean, np.float32)) / np.array(chosen.deviation, np.float32)
        block = small[None] if chosen.layout == "nhwc" else small.transpose(2, 0, 1)[None]
        return np.ascontiguousarray(block, np.float32)
