"""The entry-point loader: what others install beside Hakam and Hakam then uses.

An extension is a Python distribution with an entry point in one of the groups below; its name there is
the stable id that is stored with what it does.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

CONNECTORS = "hakam.connectors"
MEDIA_SERVERS = "hakam.media_servers"
MODELS = "hakam.models"
PICTURE_MODELS = "hakam.picture_models"
SPEECH_MODELS = "hakam.speech_models"
GROUPS = (CONNECTORS, MEDIA_SERVERS, MODELS, PICTURE_MODELS, SPEECH_MODELS)


class PluginError(RuntimeError):
    """An extension can't be used. The message names its distribution."""


def _origin(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


@cache
def load(group: str) -> dict[str, Any]:
    """Return id -> object of every extension of `group`.

    Raises `PluginError` when two claim one id or when one can't be imported: an operator who installed
    an extension must never run without it unawares.
    """
    if group not in GROUPS:
        raise PluginError(f"{group!r} is no group of extensions; there are {', '.join(GROUPS)}")
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=group):
        if entry.name in found and found[entry.name].value != entry.value:
            first, second = _origin(found[entry.name]), _origin(entry)
            raise PluginError(f"{first} and {second} both claim the id {entry.name!r} in {group}")
        found[entry.name] = entry
    loaded = {}
    for name, entry in sorted(found.items()):
        try:
            loaded[name] = entry.load()
        except Exception as error:
            raise PluginError(f"{name!r} of {_origin(entry)} can't be loaded: {error}") from error
    return loaded
