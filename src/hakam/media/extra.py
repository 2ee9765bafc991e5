"""What the extra `hakam[media]` brings, and one clear sentence when it is not installed."""

from __future__ import annotations

import sys
from importlib.util import find_spec

MODULES = ("cv2", "numba", "numpy", "PIL")


class MediaExtraMissingError(RuntimeError):
    """Pictures can't be read here. The message says what to install."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"{', '.join(names)} missing; install Hakam with `pip install 'hakam[media]'`")


def missing() -> tuple[str, ...]:
    """Return the modules of the extra that are not installed. One that another thread is about to load is there."""
    return tuple(name for name in MODULES if name not in sys.modules and find_spec(name) is None)


def available() -> bool:
    """Whether pictures can be hashed on this machine."""
    return not missing()


def demand() -> None:
    """Raise `MediaExtraMissingError` unless everything of the extra is installed."""
    if names := missing():
        raise MediaExtraMissingError(names)
