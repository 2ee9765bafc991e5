"""What models of others did, as the worker writes it for the door: one small file, read where metrics are asked for.

The door reads no database. So the worker puts the figures where both can see them, whole each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from hakam.storage.embedded.durable import write_whole

FILE: Final = "models.json"


class ModelFigures(msgspec.Struct, frozen=True):
    """One model. Sums are of all its days; `trouble_at` is a Unix time, 0 for none."""

    name: str
    on: bool
    texts: int = 0
    remembered: int = 0
    unknown: int = 0
    calls: int = 0
    characters: int = 0
    tokens: int = 0
    money: float = 0.0
    reviews: int = 0
    seconds: float = 0.0  # that it took to answer
    behind: int = 0  # records of the log that it has not come to
    budget_used: float = 0.0  # the largest share of a budget of the day
    trouble_at: float = 0.0


_DECODER: Final = msgspec.json.Decoder(list[ModelFigures])


def write(home: Path, figures: Sequence[ModelFigures]) -> None:
    """Put the figures in the place of the last ones."""
    write_whole(home / FILE, msgspec.json.encode(figures))


def read(home: Path) -> list[ModelFigures]:
    """Return the latest figures; none where the worker has written none or they can't be read."""
    try:
        return _DECODER.decode((home / FILE).read_bytes())
    except (OSError, msgspec.MsgspecError):
        return []
