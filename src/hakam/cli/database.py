"""`hakam migrate`: bring the database to this version's shape."""

from __future__ import annotations

from hakam.cli.screen import OUT


def migrate() -> None:
    """Bring the database to the shape that this version needs. `hakam up` does it by itself."""
    from hakam.wiring import start  # noqa: PLC0415 -- --help needs none of it

    start.start_django()
    applied = start.migrate()
    for name in applied:
        OUT.print(f"applied {name}")
    if not applied:
        OUT.print("nothing to do: the database is in shape")
