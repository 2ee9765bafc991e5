"""`hakam lists`: lists that stand outside packs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hakam.cli.home import open_home
from hakam.cli.screen import ERR, OUT, CommandError, show_findings, table
from hakam.policy.lists import ListKind

if TYPE_CHECKING:
    from hakam.compliance.models import ListVersion
    from hakam.policy.outside import OutsideList

app = typer.Typer(
    help="Lists that rules of every pack can read, changed without a new pack.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help='Name of the list, as rules write it: `list("name")`.')]


@app.command()
def add(
    name: Name,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help=".txt, .csv, .tsv or .ndjson, as it is or as .zst or .gz."
        ),
    ],
    note: Annotated[
        str, typer.Option(help="Why it changes; stands in the ledger and in the list's history.")
    ],
    kind: Annotated[
        ListKind, typer.Option(help="`values` and `domains` are compared, `terms` are searched in texts.")
    ] = ListKind.VALUES,
    column: Annotated[
        str | None,
        typer.Option(help="Column of a CSV with a head, or key of NDJSON objects; without it, the first."),
    ] = None,
    ground: Annotated[
        str | None,
        typer.Option(
            help="Why it may name people: `interest` gives way when somebody asks to be erased; `obligation`, `vital` "
            "and `claims` stay. Without it, what the version before said."
        ),
    ] = None,
) -> None:
    """Put a version of a list in force. A file with entries that can't be used is refused and nothing changes."""
    chosen = open_home()
    from hakam.compliance import lists  # noqa: PLC0415 -- needs Django started
    from hakam.policy.outside import BadListError  # noqa: PLC0415 -- needs Django started
    from hakam.storage.embedded import list_files  # noqa: PLC0415 -- needs Django started
    from hakam.storage.embedded import lists as files  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.counted import counted  # noqa: PLC0415 -- needs Django started
    from hakam.wiring import publish  # noqa: PLC0415 -- needs Django started

    now = datetime.now(tz=UTC)
    folder = chosen.home / files.FOLDER
    if ground is not None and ground not in set(lists.ListGround):
        raise CommandError(f"`{ground[:60]}` is no ground; choose one of {', '.join(lists.ListGround)}")
    stated = lists.ListGround(ground) if ground is not None else None
    try:
        lists.check_name(name)
        with _progress() as tell:
            kept = list_files.keep(folder, kind, files.entries_of(file, kind, column=column, progress=tell))
        _fits(files.open_list(folder, name, kept.digest))
        version = lists.publish(
            name, kind, kept.digest, kept.entries, by=SYSTEM, now=now, note=note, ground=stated
        )
    except OSError as error:
        raise CommandError(f"cannot read the list: {error}") from error
    except (BadListError, lists.ListError) as error:
        raise CommandError(str(error)) from error
    publish.publish(chosen, now=now)
    again = f", {kept.repeated:,} said twice" if kept.repeated else ""
    size = counted(kept.entries, kind.value.removesuffix("s"))
    OUT.print(f"{name} version {version.number} is in force: {size}{again}; digest {kept.digest[:12]}")


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 -- as above

    columns = TextColumn("{task.description}"), BarColumn(bar_width=32), TimeRemainingColumn()
    with Progress(*columns, console=ERR, transient=True) as bars:
        task = bars.add_task("reading", total=1.0)
        yield lambda share: bars.update(task, completed=share)


def _fits(found: OutsideList) -> None:
    """Refuse a list with which the pack in force could not be loaded."""
    from hakam.compliance import lists, rulebook  # noqa: PLC0415 -- needs Django started

    active = rulebook.active()
    if active is None or found.name not in rulebook.load(active).outside:
        return
    try:
        rulebook.load(active, {**lists.opened(), found.name: found})
    except rulebook.BrokenPackError as error:
        show_findings(error.findings, to=ERR)
        raise CommandError("the pack in force can't be used with this list; nothing was changed") from error


@app.command("list")
def list_all() -> None:
    """List what is in force."""
    open_home()
    from hakam.compliance import lists  # noqa: PLC0415 -- needs Django started

    _show(lists.in_force())


@app.command()
def history(name: Name) -> None:
    """List every version of a list, the newest first."""
    open_home()
    from hakam.compliance import lists  # noqa: PLC0415 -- needs Django started

    found = lists.history(name)
    if not found:
        raise _unknown(name)
    _show(found)


@app.command()
def show(
    name: Name,
    version: Annotated[
        int | None, typer.Option(min=1, help="Number of a version; without it, the newest.")
    ] = None,
    holds: Annotated[str | None, typer.Option(help="Only tell whether the list holds this.")] = None,
    most: Annotated[int, typer.Option(min=0, help="How many entries to show; 0 for all.")] = 20,
) -> None:
    """Show the entries of a list, or whether it holds one (exit code 1 if not)."""
    chosen = open_home()
    from hakam.compliance import lists  # noqa: PLC0415 -- needs Django started
    from hakam.policy.outside import BadListError  # noqa: PLC0415 -- needs Django started
    from hakam.storage.embedded.lists import FOLDER, open_list  # noqa: PLC0415 -- needs Django started

    found = lists.history(name)
    if not found:
        raise _unknown(name)
    meant = next((one for one in found if version is None or one.number == version), None)
    if meant is None:
        raise CommandError(f"there is no version {version} of `{name}`; the newest is {found[0].number}")
    if not meant.file_kept:
        raise CommandError(f"version {meant.number} of `{name}` was erased after its period")
    try:
        opened = open_list(chosen.home / FOLDER, name, meant.digest)
    except BadListError as error:
        raise CommandError(str(error)) from error
    if holds is not None:
        inside = holds in opened
        typer.echo(f"{name} version {meant.number} {'holds' if inside else 'does not hold'} it")
        raise typer.Exit(0 if inside else 1)
    for entry in opened.entries() if most == 0 else islice(opened.entries(), most):
        typer.echo(entry)
    there = opened.count - meant.erased
    if most and there > most:
        typer.echo(f"... {there - most:,} more", err=True)


@app.command()
def remove(
    name: Name,
    note: Annotated[str, typer.Option(help="Why; stands in the ledger.")],
) -> None:
    """Take a list out of force. Its versions stay, so that earlier verdicts can be explained."""
    chosen = open_home()
    from hakam.compliance import lists  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- needs Django started
    from hakam.wiring import publish  # noqa: PLC0415 -- needs Django started

    now = datetime.now(tz=UTC)
    try:
        version = lists.remove(name, by=SYSTEM, now=now, note=note)
    except lists.ListError as error:
        raise CommandError(str(error)) from error
    publish.publish(chosen, now=now)
    OUT.print(f"{name} is no longer in force; its last version was {version.number}")


def _unknown(name: str) -> CommandError:
    from hakam.compliance import lists  # noqa: PLC0415 -- needs Django started
    from hakam.policy.source import nearest  # noqa: PLC0415 -- as above

    hint = nearest(name, lists.names())
    return CommandError(f"there is no list `{name}`{f'; {hint}' if hint else ''}")


def _show(versions: list[ListVersion]) -> None:
    shown = table(
        "list", "version", "kind", "entries", "in force from (UTC)", "until", "digest", "ground", "note"
    )
    for one in versions:
        until = f"{one.active_until:%Y-%m-%d %H:%M}" if one.active_until else "now"
        began = f"{one.active_from:%Y-%m-%d %H:%M}"
        shown.add_row(
            one.name, str(one.number), one.kind, f"{one.entries - one.erased:,}", began, until, one.digest[:12],
            one.ground, one.note,
        )  # fmt: skip
    OUT.print(shown)
