"""`hakam key`: the API keys of platforms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError, table
from hakam.staff.roles import Scope

app = typer.Typer(help="The API keys of platforms.", no_args_is_help=True)


@app.command()
def issue(
    platform: Annotated[str, typer.Argument(help="Id of the platform that will use it.")],
    scope: Annotated[list[Scope], typer.Option(help="What the key may do; repeat for more.")],
    name: Annotated[str, typer.Option(help="What people will know it by.")],
    person: Annotated[
        str | None,
        typer.Option(
            "--for", help="Whose deeds its deeds are: a user name. For `incidents:read` and `incidents:act`."
        ),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days after which it ends; without it, never.")
    ] = None,
) -> None:
    """Issue a key. Its text goes to standard output, once: only a digest is kept."""
    chosen = open_home()
    from hakam.staff.keys import BadKeyError, issue_key  # noqa: PLC0415 -- needs Django started
    from hakam.staff.models import User  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- needs Django started
    from hakam.wiring import publish  # noqa: PLC0415 -- needs Django started

    now = datetime.now(tz=UTC)
    whose = User.objects.filter(username=person, is_active=True).first() if person else None
    if person and whose is None:
        raise CommandError(f"there is nobody called {person}")
    try:
        _key, text = issue_key(
            platform=platform,
            scopes=scope,
            name=name,
            by=SYSTEM,
            now=now,
            expires_at=now + timedelta(days=days) if days else None,
            person=whose,
        )
    except BadKeyError as error:
        raise CommandError(str(error)) from error
    publish.publish(chosen, now=now)  # the door knows it at once, worker or no worker
    typer.echo(text)


@app.command("list")
def list_keys() -> None:
    """List every key that was ever issued."""
    open_home()
    from hakam.staff.keys import all_keys  # noqa: PLC0415 -- needs Django started

    shown = table("prefix", "platform", "name", "scopes", "of", "issued", "state")
    now = datetime.now(tz=UTC)
    for key in all_keys():
        state = (
            "revoked"
            if key.revoked_at
            else "ended"
            if key.expires_at and key.expires_at <= now
            else "in force"
        )
        shown.add_row(
            key.prefix,
            key.platform,
            key.name,
            " ".join(key.scopes),
            key.person.username if key.person else "",
            f"{key.created_at:%Y-%m-%d %H:%M}",
            state,
        )
    OUT.print(shown)


@app.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="The public part of the key, as `hakam key list` shows it.")],
) -> None:
    """End a key at once."""
    chosen = open_home()
    from hakam.staff.keys import all_keys, revoke_key  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- needs Django started
    from hakam.wiring import publish  # noqa: PLC0415 -- needs Django started

    key = next((key for key in all_keys() if key.prefix == prefix), None)
    if key is None:
        raise CommandError(f"no key has the prefix {prefix!r}; `hakam key list` shows them all")
    now = datetime.now(tz=UTC)
    revoke_key(key, by=SYSTEM, now=now)
    publish.publish(chosen, now=now)
    OUT.print(f"revoked {prefix}")
