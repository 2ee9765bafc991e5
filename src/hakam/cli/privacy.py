"""`hakam privacy`: personal data, how long they are kept, what is erased, what people ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError, table
from hakam.vocabulary.counted import counted

app = typer.Typer(
    help="Personal data: how long they are kept, what is erased, what people ask for.", no_args_is_help=True
)


@app.command()
def due() -> None:
    """Show how long each kind is kept, on which ground, and what would be erased now. Touches nothing."""
    open_home()
    from hakam.privacy.retention import overview  # noqa: PLC0415 -- needs Django started
    from hakam.wiring import ports  # noqa: PLC0415

    shown = table("kind", "kept", "legal ground", "due now", "held", "erased so far")
    for row in overview(ports.stores(), now=datetime.now(tz=UTC)):
        kept = " ".join(
            f"{number} {name}"
            for number, name in ((row.kept.months, "months"), (row.kept.days, "days"))
            if number
        )
        shown.add_row(
            row.kept.kind.value, kept, row.kept.ground, str(row.due.free), str(row.due.held), str(row.erased)
        )
    OUT.print(shown)


@app.command()
def erase() -> None:
    """Erase what is due today and not held, as the worker does by itself. Killed, it goes on the next time."""
    open_home()
    from hakam.privacy import erasing, retention  # noqa: PLC0415 -- needs Django started
    from hakam.wiring import ports  # noqa: PLC0415

    stores, now, done = ports.stores(), datetime.now(tz=UTC), 0
    while step := retention.run(stores, now=now):
        done += step
    clean = erasing.clean()
    OUT.print(
        f"{done} erased" + ("" if clean else "; the database could not be cleaned up now: run it again")
    )


@app.command()
def again(
    register: Annotated[
        Path | None,
        typer.Option(help="The newest `erased.txt` there is; by default the one in the home.", exists=True),
    ] = None,
) -> None:
    """After a back-up was put back: let the worker erase anew whoever was erased since it was made."""
    chosen = open_home()
    from dataclasses import replace  # noqa: PLC0415 -- needs Django started

    from hakam.privacy import account_erasure  # noqa: PLC0415
    from hakam.wiring import ports  # noqa: PLC0415

    stores = ports.stores()
    if register is not None:
        stores = replace(stores, register=register)
    count = account_erasure.again(stores, secret=chosen.secret("erasures"), now=datetime.now(tz=UTC))
    OUT.print(f"{counted(count, 'account is', 'accounts are')} erased anew; the worker does it")


@app.command()
def named(
    account: Annotated[str, typer.Argument(help="Id of the account, or what it is called: `name@host`.")],
) -> None:
    """Say which lists, bulletins and datasets name an account, on which ground, and whether they give way."""
    open_home()
    from hakam.privacy import named as places  # noqa: PLC0415 -- needs Django started
    from hakam.privacy.request_letters import WHY  # noqa: PLC0415

    found = places.look(places.names_of(account))
    if not found:
        OUT.print("no list, bulletin or dataset names it")
        return
    shown = table("where", "entries", "when somebody asks for erasure", "given to", "came from")
    for one in found:
        does = f"stays: {WHY[one.why]}" if one.why else "is erased"
        shown.add_row(one.where, str(one.number), does, ", ".join(one.told), one.source)
    OUT.print(shown)


@app.command()
def requests() -> None:
    """List what people asked for, the open ones first."""
    open_home()
    from hakam.privacy.requests import listed  # noqa: PLC0415 -- needs Django started

    shown = table("id", "kind", "platform", "account", "received", "state")
    for one in listed():
        shown.add_row(
            str(one.pk), one.kind, one.platform, one.account, f"{one.received_at:%Y-%m-%d}", one.state
        )
    OUT.print(shown)


@app.command()
def ask(
    kind: Annotated[str, typer.Argument(help="`access`, `erasure`, `rectification` or `objection`.")],
    platform: Annotated[str, typer.Argument(help="Id of the platform.")],
    account: Annotated[str, typer.Argument(help="Id of the account on the platform.")],
    email: Annotated[str, typer.Option(help="Where the answer goes.")] = "",
    words: Annotated[str, typer.Option(help="What the person asks for, in their words.")] = "",
    language: Annotated[str, typer.Option(help="Language of the answer.")] = "en",
) -> None:
    """Enter a request of a person about their data, and print its id. Two people at the desk do the rest."""
    open_home()
    from hakam.privacy.requests import RequestError, receive  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

    try:
        made = receive(
            kind, platform=platform, account=account, email=email, words=words, language=language, by=SYSTEM,
            now=datetime.now(tz=UTC),
        )  # fmt: skip
    except RequestError as error:
        raise CommandError(str(error)) from error
    typer.echo(str(made.pk))


@app.command()
def take(
    request: Annotated[UUID, typer.Argument(help="Id of the request.")],
    file: Annotated[Path, typer.Argument(help="Where the zip goes; it must not be there yet.")],
) -> None:
    """Write the copy of a released request to a file, to hand it over. Every copy taken is recorded."""
    open_home()
    from hakam.privacy.requests import RequestError, hand_over  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415
    from hakam.wiring import ports  # noqa: PLC0415

    if file.exists():
        raise CommandError(f"{file} is there already")
    try:
        data = hand_over(str(request), vault=ports.vault(), by=SYSTEM, now=datetime.now(tz=UTC))
    except RequestError as error:
        raise CommandError(str(error)) from error
    file.touch(mode=0o600)
    file.write_bytes(data)
    OUT.print(f"{file}: {counted(len(data), 'byte')}")
