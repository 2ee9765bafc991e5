"""`python -m hakam.wiring.child NAME`: one program under the supervisor, importing no more than it needs."""

from __future__ import annotations

import sys

from hakam.wiring import programs
from hakam.wiring.processes import watch_lifeline
from hakam.wiring.settings import settings


def run(name: str, *, checked: bool = False) -> None:
    """Run the program `name` until a signal ends it. `checked`: the database is known to be in shape.

    Raises `NotReadyError`, `SettingError`.
    """
    if name == programs.DOOR:
        programs.run_door(settings())
        return
    if name == programs.GATE:
        programs.run_gate(settings())
        return
    if not checked:
        from hakam.wiring import start  # noqa: PLC0415 -- the console's worker process loads Django by itself

        start.start_django()
        start.require_ready()
    if name == programs.CONSOLE:
        programs.run_console(settings())
    elif name == programs.WATCH:
        programs.run_watch(settings())
    elif name == programs.TRIALS:
        programs.run_trials(settings())
    else:
        programs.run_worker(settings())


if __name__ == "__main__":
    watch_lifeline()
    run(sys.argv[1], checked=True)
