"""`hakam fires`: lists outside packs as datasets of FIRES, offered to the fediverse or followed from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError, table
from hakam.vocabulary.counted import counted
from hakam.wiring.settings import Settings

app = typer.Typer(
    help="Recommendations about domains and accounts, to and from the fediverse (FIRES).",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="Name of the list outside packs.")]
Because = Annotated[str, typer.Option(help="Why, for the record.")]


@contextmanager
def _changing() -> Iterator[tuple[Settings, datetime]]:
    """Give a verb the settings and the time; tell its refusals; publish what it changed."""
    chosen, now = open_home(), datetime.now(tz=UTC)
    from hakam.exchange.fires.shapes import FiresError  # noqa: PLC0415 -- needs Django started
    from hakam.exchange.kinds import ExchangeError  # noqa: PLC0415
    from hakam.wiring import publish  # noqa: PLC0415

    try:
        yield chosen, now
    except (FiresError, ExchangeError) as error:
        raise CommandError(str(error)) from error
    publish.publish(chosen, now=now)


def _word(word: str, words: type[StrEnum], what: str) -> str:
    if word not in set(words):
        raise CommandError(f"{word!r} is no {what}: {', '.join(words)}")
    return word


@app.command()
def offer(
    name: Name,
    title: Annotated[str, typer.Option(help="What it is, for everybody.")],
    policy: Annotated[str, typer.Option(help="What you recommend: accept, filter, reject or drop.")],
    kind: Annotated[str, typer.Option(help="What its entries are: domain or actor.")] = "domain",
    summary: Annotated[str, typer.Option(help="For whom it is meant, and how entries come in and go.")] = "",
    harm: Annotated[str, typer.Option(help="The kind of harm, as a label.")] = "",
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="Address of a filter, with the policy filter; repeat for more."),
    ] = None,
) -> None:
    """Offer a list outside packs to everybody, as a dataset. It stands in words at an address without a key."""
    with _changing() as (chosen, now):
        from hakam.exchange.fires import offering  # noqa: PLC0415 -- needs Django started
        from hakam.exchange.fires.shapes import EntityKind, Policy  # noqa: PLC0415
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        made = offering.offer(
            name, title=title, kind=EntityKind(_word(kind, EntityKind, "kind")), summary=summary, harm=harm,
            policy=Policy(_word(policy, Policy, "policy")), filters=filters or (), by=SYSTEM, now=now,
        )  # fmt: skip
        changes = made.changes.count()
    OUT.print(f"offered {name}: {counted(changes, 'recommendation')}")
    OUT.print(f"address {chosen.base_url}/fires/datasets/{made.number}", soft_wrap=True)


@app.command()
def withdraw(name: Name, because: Because) -> None:
    """Retract all that a dataset recommends. Its history stays, so that who follows it hears of that."""
    with _changing() as (_, now):
        from hakam.exchange.fires import offering  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        offering.withdraw(name, because=because, by=SYSTEM, now=now)
    OUT.print("withdrawn")


@app.command()
def erase(
    name: Name,
    entry: Annotated[str, typer.Argument(help="The domain or account.")],
    because: Because,
) -> None:
    """Erase an entry from a dataset's whole history, once it has left the list. Who has read it is told to do so."""
    with _changing() as (_, now):
        from hakam.exchange.fires import offering  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        erased = offering.erase(name, entry, because=because, by=SYSTEM, now=now)
    OUT.print(f"erased {counted(erased, 'change')}")


@app.command()
def follow(
    name: Name,
    address: Annotated[str, typer.Argument(help="Address of the dataset.")],
    kind: Annotated[str, typer.Option(help="Which of its entries: domain or actor.")] = "domain",
    policy: Annotated[
        list[str] | None,
        typer.Option(help="Which recommendations: repeat for more. Without it, reject and drop."),
    ] = None,
) -> None:
    """Follow a dataset of another server as a list outside packs. Until a rule reads it, it does nothing."""
    with _changing() as (_, now):
        from hakam.exchange.fires import following  # noqa: PLC0415 -- needs Django started
        from hakam.exchange.fires.shapes import EntityKind, Policy  # noqa: PLC0415
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        policies = [Policy(_word(one, Policy, "policy")) for one in policy or ("reject", "drop")]
        following.follow(
            name,
            address,
            kind=EntityKind(_word(kind, EntityKind, "kind")),
            policies=policies,
            by=SYSTEM,
            now=now,
        )
    OUT.print(f"{name} is followed; the worker reads it within a minute, `hakam fires read` now")


@app.command()
def read(name: Name) -> None:
    """Read a dataset now, from where reading stopped."""
    with _changing() as (chosen, now):
        from hakam.exchange.fires import following  # noqa: PLC0415 -- needs Django started
        from hakam.exchange.http import HttpReach  # noqa: PLC0415
        from hakam.exchange.models import Followed  # noqa: PLC0415

        one = Followed.objects.filter(name=name, ended_at=None).first()
        if one is None:
            raise CommandError(f"nothing named {name!r} is followed")
        reach = HttpReach(allow_private=chosen.allow_private_endpoints)
        try:
            new = following.read(one, reach, now=now)
        finally:
            reach.close()
        stands = len(following.recommended(one))
    OUT.print(f"{counted(new, 'new change')}; {counted(stands, 'entry')} in {name}")


@app.command()
def leave(name: Name, because: Because) -> None:
    """Follow a dataset no longer, and forget what it said. Its list is emptied."""
    with _changing() as (_, now):
        from hakam.exchange.fires import following  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        following.leave(name, because=because, by=SYSTEM, now=now)
    OUT.print("left")


@app.command("list")
def list_all() -> None:
    """List what is offered and what is followed."""
    open_home()
    from hakam.exchange.fires import following, offering  # noqa: PLC0415 -- needs Django started

    shown = table("list", "way", "kind", "policy", "entries", "title", "last trouble")
    for one in offering.offered():
        latest = offering.latest(one).values()
        stands = sum(change.type == "Recommendation" for change in latest)
        way = "offered" if one.ended_at is None else "withdrawn"
        shown.add_row(one.name, way, one.kind, one.policy, f"{stands:,}", Text(one.title), "")
    for other, count in following.followed():
        shown.add_row(
            other.name, "followed", other.kind, " ".join(other.policies), f"{count:,}", Text(other.title),
            Text(other.last_error[:60]),
        )  # fmt: skip
    OUT.print(shown)
