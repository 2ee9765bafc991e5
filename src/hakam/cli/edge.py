"""`hakam edge`: what is barred, as a signed file that edge nodes read without a call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError
from hakam.live.edge_keys import public_key, signing_key
from hakam.live.questions import Question
from hakam.live.snapshot import Header, Snapshot, SnapshotError, StaleError, verify
from hakam.vocabulary.counted import counted

app = typer.Typer(
    help="Edge snapshots: who and what is barred, as a signed file that edge nodes read without a call.",
    no_args_is_help=True,
)
Key = Annotated[str, typer.Option(help="The public key, as `hakam edge key` prints it: 64 hex digits.")]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}") from error


@app.command()
def build(
    platform: Annotated[str, typer.Option(help="The platform; without it, the one of the settings.")] = "",
    hours: Annotated[
        int, typer.Option(min=1, max=8_760, help="Hours after which an edge node must not trust it any more.")
    ] = 24,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Write a new base, even where a delta would do.")
    ] = False,
) -> None:
    """Write what is barred now: a delta to the base that is there, or both anew where that is shorter."""
    chosen = open_home()
    from hakam.live.edge import EdgeFolder  # noqa: PLC0415 -- needs Django started

    folder = EdgeFolder(chosen.home, platform or chosen.platform)
    made = folder.build(
        signing_key(chosen.secret("edge")),
        now=datetime.now(tz=UTC),
        valid=timedelta(hours=hours),
        fresh=fresh,
    )
    what = "base and delta" if made.rebuilt else "delta"
    OUT.print(
        f"wrote {what} number {made.header.number}: {counted(made.header.entries, 'entry')}, "
        f"base {made.base_bytes:,} bytes, delta {made.delta_bytes:,} bytes"
    )
    OUT.print(f"in {folder.folder}", soft_wrap=True)


@app.command("key")
def show_key() -> None:
    """Print the public key of this installation's snapshots. Edge nodes keep it."""
    chosen = open_home()
    OUT.print(signing_key(chosen.secret("edge")).public_key().public_bytes_raw().hex())


@app.command("verify")
def verify_file(
    path: Annotated[Path, typer.Argument(help="A base or a delta.")],
    key: Key,
) -> None:
    """Say whether a file is whole, signed by the key and still good. Exit code 1 if not."""
    try:
        header = verify(_bytes(path), public_key(key))
    except SnapshotError as error:
        raise CommandError(f"{path}: {error}") from error
    OUT.print(f"{path}: {_described(header)}", soft_wrap=True)
    if header.expires_at < datetime.now(tz=UTC).timestamp():
        raise CommandError(f"{path}: its time is over")


@app.command()
def check(
    question: Annotated[Question, typer.Argument(help="What is asked.")],
    subject: Annotated[str, typer.Argument(help="Id of the account or item.")],
    base: Annotated[Path, typer.Option(help="The base.")],
    key: Key,
    delta: Annotated[Path | None, typer.Option(help="The newest delta.")] = None,
    kind: Annotated[str, typer.Option(help="Kind of the item, as `post`.")] = "",
    country: Annotated[str, typer.Option(help="Country of the viewer, as DE.")] = "",
) -> None:
    """Ask a snapshot, as an edge node does. Exit code 0: surely not barred; 1: perhaps, so ask; 2: it can't say."""
    try:
        read = Snapshot(_bytes(base), None if delta is None else _bytes(delta), public_key(key))
        read.fresh(datetime.now(tz=UTC))
        perhaps = read.barred(question, subject, kind=kind, country=country)
    except (SnapshotError, ValueError, CommandError) as error:
        stale = "stale: " if isinstance(error, StaleError) else ""
        typer.echo(f"error: {stale}{error}", err=True)
        raise typer.Exit(2) from error
    OUT.print("perhaps barred: ask" if perhaps else "not barred")
    raise typer.Exit(1 if perhaps else 0)


def _described(header: Header) -> str:
    until = datetime.fromtimestamp(header.expires_at, tz=UTC).isoformat()
    entries = counted(header.entries, "entry")
    return f"{header.type} number {header.number} of {header.platform}, {entries}, good until {until}"
