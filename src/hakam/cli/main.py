"""The command `hakam`: its commands by name, and how errors reach the person at the keyboard.

Each command is one file and imports what it needs when it is called, so that `hakam --help` is instant.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import hakam
from hakam.cli import (
    database,
    demo,
    doctor,
    explain,
    keys,
    ledger,
    pack_commands,
    process,
    replay,
    rulebook,
    up,
    users,
)
from hakam.cli.screen import complain

app = typer.Typer(
    name="hakam",
    help=(
        "Hakam keeps a platform's promises: it takes in what is posted and reported, judges it by rules that "
        "anyone can read, lets people decide, tells everyone concerned why, and can prove all of it.\n\n"
        "Start with `hakam up --demo`, then open the address it prints. Settings are environment variables "
        "(`HAKAM_HOME`, `HAKAM_DATABASE_URL` ...); docs/reference/settings.md lists them."
    ),
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"hakam {hakam.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version_asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Take the options that belong to no command."""


app.command("up", rich_help_panel="Run")(up.up)
app.command("demo", rich_help_panel="Run")(demo.demo)
app.command("process", rich_help_panel="Run")(process.process)
pack_commands.register(app)
replay.register(app)
app.command("migrate", rich_help_panel="Run")(database.migrate)
app.command("doctor", rich_help_panel="Understand")(doctor.doctor)
app.command("explain", rich_help_panel="Understand")(explain.explain)
app.add_typer(ledger.app, name="ledger", rich_help_panel="Understand")
app.add_typer(rulebook.app, name="pack", rich_help_panel="Rules")
app.add_typer(users.app, name="user", rich_help_panel="People and keys")
app.add_typer(keys.app, name="key", rich_help_panel="People and keys")


def main() -> None:
    """Run the command line. An error that a person can mend is one clear line and exit code 1 or 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # Windows consoles, minimal locales
    with complain():
        app()
