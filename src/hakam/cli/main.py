"""The command `hakam`: its commands by name, and how errors reach the person at the keyboard.

Which commands there are stands in `commands`; each is one file, imported when it is called.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import hakam
from hakam.cli.commands import Commands

app = typer.Typer(
    name="hakam",
    cls=Commands,
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


def main() -> None:
    """Run the command line. An error that a person can mend is one clear line and exit code 1 or 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # Windows consoles, minimal locales
    try:
        app()
    except Exception:
        from hakam.cli.screen import complain  # noqa: PLC0415 -- only where there is something to tell

        with complain():
            raise
