"""`hakam process NAME`: one program in the foreground, for service managers and for `hakam up`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from hakam.cli.screen import CommandError


class Name(StrEnum):
    """The programs."""

    CONSOLE = "console"
    DOOR = "door"
    WORKER = "worker"
    DEMO = "demo"


def process(
    name: Annotated[Name, typer.Argument(help="Which program to run.")],
    lifeline: Annotated[bool, typer.Option("--lifeline", hidden=True)] = False,
) -> None:
    """Run one program in the foreground until a signal ends it.

    `hakam up` runs them all. Use this under systemd or in containers: one unit each for the console, the
    door and the worker, after `hakam migrate`.
    """
    from hakam.wiring import programs, start  # noqa: PLC0415 -- --help needs none of it
    from hakam.wiring.processes import watch_lifeline  # noqa: PLC0415
    from hakam.wiring.settings import settings  # noqa: PLC0415

    if lifeline:
        watch_lifeline()
    if name is Name.DOOR:
        programs.run_door(settings())
        return
    if name is Name.DEMO:
        from hakam.demo.server import serve  # noqa: PLC0415

        serve(settings())
        return
    chosen = start.start_django()
    try:
        start.require_ready()
    except start.NotReadyError as error:
        raise CommandError(str(error)) from error
    if name is Name.CONSOLE:
        programs.run_console(chosen)
    else:
        programs.run_worker(chosen)
