"""`hakam replay`: send stored posts through the door, as a platform would, and tell what the rules said."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from hakam.backtest.row_events import EventMaker, MappingError, Plan, no_text, plan, read_mapping
from hakam.backtest.rows import RowFile, UnreadableFileError
from hakam.cli.replay_home import Home, open_home
from hakam.cli.replay_report import show
from hakam.cli.replay_tally import Tally
from hakam.cli.replay_traffic import DoorError, Sent, Traffic
from hakam.cli.screen import ERR, OUT, CommandError
from hakam.vocabulary.counted import counted
from hakam.vocabulary.event import ContentKind

INTERRUPTED = 130


class Source(msgspec.Struct, frozen=True):
    """A file, with what becomes of its columns."""

    file: RowFile
    maker: EventMaker
    made: Plan


def replay(
    files: Annotated[
        list[Path],
        typer.Argument(help="CSV, TSV, NDJSON or Parquet; the text formats also as .zst, .gz or .xz."),
    ],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=FIELD",
            help="Take a column as a field, as `body=item.text`; with nothing after `=`, leave it out.",
        ),
    ] = None,
    url: Annotated[
        str, typer.Option(help="Address of the door; without it, the door of this machine's Hakam.")
    ] = "",
    key: Annotated[
        str,
        typer.Option(
            envvar="HAKAM_SECRET_REPLAY_KEY",
            help="API key with the scope events:write; without it, one of this machine's Hakam.",
        ),
    ] = "",
    platform: Annotated[
        str, typer.Option(help="Platform of rows that name none; without it, that of the settings.")
    ] = "",
    kind: Annotated[ContentKind, typer.Option(help="Kind of rows that name none.")] = ContentKind.POST,
    batch: Annotated[int, typer.Option(min=1, max=1_000, help="Events in one request.")] = 100,
    connections: Annotated[int, typer.Option(min=1, max=64, help="Requests at the same time.")] = 4,
    keep_labels: Annotated[
        bool,
        typer.Option("--keep-labels", help="Store columns that are no fields under `extra.labels`."),
    ] = False,
    again: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Send the same rows as new events: the name becomes a part of their ids. Without it "
            "a row that the door has seen is a duplicate.",
        ),
    ] = "",
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds to try again while the door is away or busy.")
    ] = 60.0,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait until the worker has opened the cases.")
    ] = 60.0,
) -> None:
    """Send every row of FILES through the door and tell what the rules said.

    The columns `text` and `lang` and any field of the event by its dotted name (`item.url`, `author.id`,
    `author.created_at` ...) become the event; every other column is a label, which no rule ever sees. The id
    of an event is made of the file and the row, so that running it again changes nothing.

    Exit code 0 only if every row became an event that is in the log.
    """
    with ExitStack() as held:
        home = held.enter_context(open_home(url=url, key=key, platform=platform))
        now = datetime.now(tz=UTC)
        sources = _sources(
            files, mapping or [], home, kind=kind, now=now, keep_labels=keep_labels, again=again
        )
        _require_door(home.url)
        tally = Tally()
        traffic = Traffic(
            url=home.url,
            key=home.key,
            tally=tally,
            connections=connections,
            patience=patience,
            missing=home.missing,
            key_is_new=home.key_is_new,
        )
        failure, interrupted = _run(traffic, sources, tally, batch)
        cases = None if interrupted else home.cases_opened(wait)
        show(
            OUT, tally, cases=cases, checked=home.missing is not None, source=", ".join(p.name for p in files)
        )
    if interrupted:
        ERR.print("interrupted: the rows after these were not sent; run it again to go on where it ended")
        raise typer.Exit(INTERRUPTED)
    if failure:
        raise CommandError(failure)
    if not tally.sound:
        raise typer.Exit(1)


def _sources(
    files: Sequence[Path],
    mapping: Sequence[str],
    home: Home,
    *,
    kind: ContentKind,
    now: datetime,
    keep_labels: bool,
    again: str,
) -> list[Source]:
    """Look at every file before the first event leaves, so that a wrong name costs nothing."""
    sources = []
    for path in files:
        try:
            file = RowFile(path)
            columns = file.columns()
            made = plan(columns, read_mapping(mapping))
        except UnreadableFileError as error:
            raise CommandError(str(error)) from error
        except MappingError as error:
            raise CommandError(f"{path}: {error}") from error
        if columns and not any(field.startswith("item") for field in made.fields.values()):
            raise CommandError(f"{path}: {no_text(columns)}")
        maker = EventMaker(
            digest=file.digest(),
            platform=home.platform,
            kind=kind,
            made=made,
            now=now,
            keep_labels=keep_labels,
            again=again,
        )
        sources.append(Source(file, maker, made))
        taken = ", ".join(f"{c} as {f}" if c != f else c for c, f in made.fields.items())
        labels = ", ".join(made.labels)
        fate = "kept under extra.labels" if keep_labels else "not sent"
        OUT.print(
            f"{path.name}: {taken}" + (f"; {fate}: {labels}" if labels else ""), style="dim", markup=False
        )
    return sources


def _require_door(url: str) -> None:
    try:
        httpx.get(f"{url}/healthz", timeout=5.0, trust_env=False)
    except httpx.InvalidURL as error:
        raise CommandError(f"{url!r} is no address of a door: {error}") from error
    except httpx.HTTPError as error:
        raise CommandError(
            f"no door answers at {url} ({error or type(error).__name__}); "
            "start it with `hakam up`, in another terminal"
        ) from error


def _run(traffic: Traffic, sources: Sequence[Source], tally: Tally, batch: int) -> tuple[str, bool]:
    """Send everything; return why it failed, if it did, and whether the person ended it."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[note]}", style="dim"),
        TimeElapsedColumn(),
        TextColumn("left:", style="dim"),
        TimeRemainingColumn(),
        console=ERR,
        disable=not ERR.is_terminal,
    )
    interrupted: list[int] = []

    def end(number: int, _frame: Any) -> None:
        interrupted.append(number)
        loop.call_soon_threadsafe(traffic.stop)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # the second time it ends at once

    async def main() -> None:
        with progress:
            task = progress.add_task("replay", total=sum(s.file.size for s in sources) or 1, note="")
            try:
                await traffic.run(_batches(sources, tally, batch, progress, task))
            finally:
                _move(progress, task, sources, tally)

    loop = asyncio.new_event_loop()
    before = signal.signal(signal.SIGINT, end)
    try:
        loop.run_until_complete(main())
    except (DoorError, UnreadableFileError) as error:
        return str(error), bool(interrupted)
    finally:
        signal.signal(signal.SIGINT, before)
        loop.close()
    return "", bool(interrupted)


def _batches(
    sources: Sequence[Source], tally: Tally, size: int, progress: Progress, task: TaskID
) -> Iterator[list[Sent]]:
    encode = msgspec.json.Encoder().encode
    waiting: list[Sent] = []
    for source in sources:
        name = source.file.path.name
        for row in source.file.rows():
            tally.rows += 1
            if row.problem:
                tally.refuse(name, row.number, row.problem)
                continue
            event = source.maker.event(row)
            waiting.append(Sent(name, row.number, str(event["platform"]), str(event["id"]), encode(event)))
            if len(waiting) == size:
                yield waiting
                waiting = []
                _move(progress, task, sources, tally)
    if waiting:
        yield waiting


def _move(progress: Progress, task: TaskID, sources: Sequence[Source], tally: Tally) -> None:
    done = sum(source.file.position for source in sources)
    note = f"{counted(tally.taken, 'event')}, {tally.rate:,.0f}/s"
    progress.update(task, completed=done, note=note + (f", {tally.retries} retries" if tally.retries else ""))
