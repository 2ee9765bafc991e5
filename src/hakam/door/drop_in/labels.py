"""Labels that clients hand back (`suggestscore`, `submit-spam`): kept for `hakam train` and `hakam calibrate`.

One JSON object a line in `labels.ndjson` of the home. It holds texts of people: it lies beside the event log, under the
same protection, and nothing but those two commands reads it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec

from hakam.signals.models.heads import Head

FILE = "labels.ndjson"
MAX_BYTES = 1 << 30


class Label(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client says of a text. `labels` are probabilities, 0 to 1."""

    text: str
    labels: dict[str, float]
    at: float  # Unix seconds
    platform: str
    source: str
    language: str | None = None


class LabelsFullError(OSError):
    """The file has reached its bound: train with it, then move it away."""


class Labels:
    """The file of labels. Safe between threads of one process."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._lock = threading.Lock()

    def keep(
        self,
        text: str,
        labels: Mapping[Head, float],
        *,
        at: float,
        platform: str,
        source: str,
        language: str | None = None,
    ) -> None:
        """Append a label. Raises `LabelsFullError`, `OSError`."""
        named = {str(head): float(value) for head, value in labels.items()}
        line = msgspec.json.encode(Label(text, named, at, platform, source, language)) + b"\n"
        with self._lock, self._path.open("ab") as file:
            if file.tell() + len(line) > MAX_BYTES:
                raise LabelsFullError(f"{FILE} has reached {MAX_BYTES:,} bytes")
            file.write(line)
