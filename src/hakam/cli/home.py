"""The installation that a command works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hakam.wiring.settings import Settings


def open_home() -> Settings:
    """Start Django on the home of the settings and return those. Rooms can be imported afterwards.

    Raises `NotReadyError` if the database is not in this version's shape, and `SettingError`.
    """
    from hakam.wiring import start  # noqa: PLC0415 -- --help needs none of it

    chosen = start.start_django()
    start.require_ready()
    return chosen
