"""`hakam user`: the people who work with Hakam."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated

import typer

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError
from hakam.staff.roles import Role

app = typer.Typer(help="The people who work with Hakam.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Hold the subcommands together, however few they are."""


@app.command()
def create(
    username: Annotated[str, typer.Argument(help="Name to sign in with.")],
    email: Annotated[str, typer.Option(help="E-mail address, for signing in and for messages.")],
    role: Annotated[
        Role, typer.Option(help="What the person may do; docs/reference/permissions.md has the table.")
    ],
    name: Annotated[str, typer.Option(help="Full name, as colleagues see it.")] = "",
    language: Annotated[str, typer.Option(help="Language of the console for this person.")] = "en",
    reads: Annotated[
        list[str] | None, typer.Option(help="Language that the person reads; repeat for more.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Make an account. Without `--password-stdin` a password is made up and shown once."""
    open_home()
    from hakam.staff.users import StaffError, create_user  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- needs Django started

    password = (
        typer.get_text_stream("stdin").readline().rstrip("\n")
        if password_stdin
        else secrets.token_urlsafe(12)
    )
    try:
        create_user(
            username=username,
            email=email,
            role=role,
            by=SYSTEM,
            now=datetime.now(tz=UTC),
            password=password,
            name=name,
            language=language,
            languages_read=reads or [language],
        )
    except StaffError as error:
        raise CommandError(str(error)) from error
    OUT.print(f"made {username}, {role}")
    if not password_stdin:
        OUT.print(f"password: {password}", markup=False)
        OUT.print(
            "It is shown this once. Change it after signing in, and set up the second factor.", style="dim"
        )
