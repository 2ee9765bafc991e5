"""`hakam partner`: platforms with which hashes are exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError, table
from hakam.wiring.settings import Settings

app = typer.Typer(
    help="Partners: platforms that we exchange hashes with, by signed envelopes.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="What we call the partner.")]
Because = Annotated[str, typer.Option(help="Why, for the record. Name nobody in it.")]


@contextmanager
def _changing() -> Iterator[tuple[Settings, datetime]]:
    """Give a verb the settings and the time; tell its refusals; publish what it changed."""
    chosen, now = open_home(), datetime.now(tz=UTC)
    from hakam.banks.kinds import BankError  # noqa: PLC0415 -- needs Django started
    from hakam.exchange.kinds import ExchangeError  # noqa: PLC0415
    from hakam.wiring import publish  # noqa: PLC0415

    try:
        yield chosen, now
    except (ExchangeError, BankError) as error:
        raise CommandError(str(error)) from error
    publish.publish(chosen, now=now)


@app.command("key")
def show_key() -> None:
    """Print the public key of this installation and its thumbprint. Partners need both; neither is secret."""
    chosen = open_home()
    from hakam.exchange import keys  # noqa: PLC0415 -- needs Django started

    public = keys.signing_key(chosen.secret(keys.SECRET)).public_key()
    OUT.print(f"key {keys.written(public)}", soft_wrap=True)
    OUT.print(f"thumbprint {keys.thumbprint(public)}", soft_wrap=True)
    OUT.print(f"address {chosen.base_url}/exchange/v1", soft_wrap=True)


@app.command()
def add(
    name: Name,
    title: Annotated[str, typer.Option(help="Who it is, for people, also in public.")],
    address: Annotated[
        str, typer.Option(help="Where its exchange takes envelopes, as its `partner key` says.")
    ],
    key: Annotated[str, typer.Option(help="Its public key: 43 characters.")],
) -> None:
    """Add a partner. It starts in quarantine; say with `agree` what goes which way.

    Compare the thumbprint that is printed with the one that the partner reads to you, by voice.
    """
    with _changing() as (chosen, now):
        from hakam.exchange import keys, partners  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        own = keys.thumbprint(keys.signing_key(chosen.secret(keys.SECRET)).public_key())
        made = partners.add_partner(name, title=title, address=address, key=key, own=own, by=SYSTEM, now=now)
    OUT.print(f"added {name}, in quarantine")
    OUT.print(f"thumbprint {made.thumbprint}", soft_wrap=True)


@app.command("list")
def list_partners() -> None:
    """List every partner with what goes which way."""
    open_home()
    from hakam.exchange import access  # noqa: PLC0415 -- needs Django started

    shown = table(
        "name", "state", "trust", "gives us", "gets", "hashes here", "of ours there", "last trouble"
    )
    for one in access.told():
        partner = one.partner
        shown.add_row(
            partner.name,
            partner.state,
            partner.trust + (f" ({partner.wanted_trust} asked for)" if partner.wanted_trust else ""),
            ", ".join(a.purpose for a in one.takes),
            ", ".join(a.purpose for a in one.gives),
            f"{one.here:,}",
            f"{one.there:,}",
            Text(partner.last_error[:60]),
        )
    OUT.print(shown)


@app.command()
def agree(
    name: Name,
    way: Annotated[str, typer.Argument(help="`give` or `take`.")],
    purpose: Annotated[str, typer.Argument(help="`incident`, or a kind of harm, as `terrorism_incitement`.")],
    country: Annotated[
        list[str] | None, typer.Option(help="Only what this country's law asks for, as DE; repeat for more.")
    ] = None,
    clause: Annotated[
        str, typer.Option(help="When taking: the clause of our rule book that it breaks.")
    ] = "",
    response: Annotated[
        str, typer.Option(help="When taking: what a match does once trust allows: note, review or hold.")
    ] = "review",
    end: Annotated[bool, typer.Option("--end", help="End it: what was taken under it is withdrawn.")] = False,
) -> None:
    """Agree what is given to a partner, or taken from it, for a purpose. Without an agreement nothing goes."""
    with _changing() as (_, now):
        from hakam.exchange import partners  # noqa: PLC0415 -- needs Django started
        from hakam.exchange.kinds import Response, Way  # noqa: PLC0415
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        if way not in set(Way):
            raise CommandError(f"{way!r} is no way: {', '.join(Way)}")
        if response not in set(Response):
            raise CommandError(f"{response!r} is no response: {', '.join(Response)}")
        if end:
            partners.end_agreement(name, Way(way), purpose, by=SYSTEM, now=now)
        else:
            partners.agree(
                name,
                Way(way),
                purpose,
                countries=country or (),
                clause=clause,
                response=Response(response),
                by=SYSTEM,
                now=now,
            )
    OUT.print("ended" if end else "agreed")


@app.command()
def trust(
    name: Name,
    wanted: Annotated[str, typer.Argument(help="`quarantine`, `advise` or `act`.")],
    because: Because,
) -> None:
    """Say how far a partner's word goes: less at once, more when a second person confirms it in the console."""
    with _changing() as (_, now):
        from hakam.exchange import partners  # noqa: PLC0415 -- needs Django started
        from hakam.exchange.kinds import Trust  # noqa: PLC0415
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        if wanted not in set(Trust):
            raise CommandError(f"{wanted!r} is no trust: {', '.join(Trust)}")
        partner = partners.ask_trust(name, Trust(wanted), because=because, by=SYSTEM, now=now)
    OUT.print("a second person must confirm it in the console" if partner.wanted_trust else "done")


@app.command()
def pause(name: Name) -> None:
    """Send and take nothing for the time being. What came stays as it is."""
    with _changing() as (_, now):
        from hakam.exchange import partners  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        partners.pause(name, by=SYSTEM, now=now)
    OUT.print("paused")


@app.command()
def resume(name: Name) -> None:
    """Go on where it was paused."""
    with _changing() as (_, now):
        from hakam.exchange import partners  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        partners.resume(name, by=SYSTEM, now=now)
    OUT.print("resumed")


@app.command()
def end(name: Name, because: Because) -> None:
    """End a partnership for good: what came is withdrawn, and what was held only for it is released."""
    with _changing() as (_, now):
        from hakam.exchange import partners  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        partners.end(name, because=because, by=SYSTEM, now=now)
    OUT.print("ended")
