"""`hakam ledger`: the record of all that was done."""

from __future__ import annotations

from typing import Annotated

import typer

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, show_findings, table
from hakam.vocabulary.counted import counted

app = typer.Typer(help="The record of all that was done.", no_args_is_help=True)


@app.command()
def verify() -> None:
    """Check the whole chain of digests, from the first fact to the last. Exit code 1 if it is broken."""
    open_home()
    from hakam.compliance.ledger import page, verify_chain  # noqa: PLC0415 -- needs Django started

    broken = sum(show_findings(verify_chain()).values())
    newest = page(limit=1)
    breaks = counted(broken, "break") if broken else "no breaks"
    OUT.print(f"{counted(newest[0].seq if newest else 0, 'fact')}, {breaks} in the chain")
    if broken:
        raise typer.Exit(1)


@app.command()
def show(
    subject: Annotated[
        str, typer.Argument(help="What it is about, as `case:12` or `decision:7`; empty: all.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the newest facts.")] = 50,
) -> None:
    """Show facts, the oldest first: the story of one subject, or the newest of all."""
    open_home()
    from hakam.compliance.ledger import page  # noqa: PLC0415 -- needs Django started

    shown = table("seq", "at (UTC)", "fact", "by", "subject")
    for fact in reversed(page(subject=subject, limit=limit)):
        shown.add_row(str(fact.seq), f"{fact.at:%Y-%m-%d %H:%M:%S}", fact.kind, fact.actor, fact.subject)
    OUT.print(shown)
