"""`hakam process NAME`: one program in the foreground, for service managers and for `hakam up`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Name(StrEnum):
    """The programs."""

    CONSOLE = "console"
    DOOR = "door"
    WORKER = "worker"


def process(name: Annotated[Name, typer.Argument(help="Which program to run.")]) -> None:
    """Run one program in the foreground until a signal ends it.

    `hakam up` runs them all. Use this under systemd or in containers: one unit each for the console, the
    door and the worker, after `hakam migrate`.
    """
    from hakam.wiring import child  # noqa: PLC0415 -- --help needs none of it

    child.run(name.value)
