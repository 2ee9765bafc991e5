"""The models that ship with Hakam, as a model among others: both tiers together, as the doors in other shapes use them.

Rules read them as `scores["encoder:hate"]`. Beside `scores["hate"]`, which the linear tier alone says at the door.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hakam.adapters.model import Answer, Known, Text
from hakam.signals.models.heads import HEADS
from hakam.signals.models.reading import Reader

NAME: Final = "encoder"


class ShippedModel:
    """The cascade: the linear tier, and the encoder where that is not sure. Without the encoder, the first alone."""

    sends_to = ""
    labels: tuple[str, ...] = tuple(map(str, HEADS))

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.id = reader.model

    def read(self, texts: Sequence[Text]) -> list[Answer]:
        """Answer each text."""
        said = self._reader.read([one.text for one in texts], [one.language for one in texts])
        return [Known({str(head): value for head, value in one.scores.items()}) for one in said]

    def close(self) -> None:
        """Release nothing: the reader is the process's own."""
