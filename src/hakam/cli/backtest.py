"""`hakam backtest`: what a pack would have done to events that are stored already."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hakam.cli.screen import ERR, OUT, CommandError, show_whole, table
from hakam.policy.differing import differing
from hakam.vocabulary.counted import counted
from hakam.vocabulary.event import ContentKind

if TYPE_CHECKING:
    from hakam.backtest.columns import Row
    from hakam.backtest.dataset import Dataset
    from hakam.backtest.decided import Share
    from hakam.backtest.prepare import Reading
    from hakam.backtest.report import Report, RuleReport
    from hakam.backtest.workers import Pool
    from hakam.policy.pack import Pack

INTERRUPTED = 130
SHOWN_RULES = 40
_STEPS = {
    "prepare": "preparing events",
    "counters": "counting",
    "check": "checking both ways",
    "rules": "judging",
}

Progress = Callable[[str, float], None]


def backtest(
    pack: Annotated[Path, typer.Argument(help="The folder of the pack.", show_default=False)],
    events: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files or folders: Parquet (also the event log's hours), NDJSON, CSV, TSV, the text formats also as "
            ".zst, .gz or .xz; or a folder made by --keep. Without any: the event log of this machine's Hakam."
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Another version of the pack: show what newly fires and what no longer."),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the prepared events in this folder, for the next back-test.")
    ] = None,
    decided: Annotated[
        str, typer.Option(metavar="COLUMN", help="The column that says what people decided about each row.")
    ] = "",
    violating: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VALUE",
            help="What in that column means a violation, any other value meaning none. Without it: the ids of "
            "the pack's clauses, yes, true, 1; no, false, 0.",
        ),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="Take a column as a field, as `body=item.text`."),
    ] = None,
    platform: Annotated[str, typer.Option(help="Platform of rows that name none.")] = "import",
    kind: Annotated[ContentKind, typer.Option(help="Kind of rows that name none.")] = ContentKind.POST,
    since: Annotated[
        str, typer.Option(help='How far the event log is read back, as "7d", "36h"; without it, all of it.')
    ] = "",
    way: Annotated[
        str,
        typer.Option(help="auto, columns or function: how events are judged. The answer is the same."),
    ] = "auto",
    processes: Annotated[int, typer.Option(min=0, help="Processes; 0: as many as there are cores.")] = 0,
    cluster: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Judge on the machines of a Ray cluster, HOST:PORT of its head, or auto. Needs the extra `cluster`, "
            "and --keep on a storage that they all share.",
        ),
    ] = "",
    sample: Annotated[int, typer.Option(min=0, max=500, help="Events shown for each rule.")] = 20,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page.")] = None,
    lang: Annotated[str, typer.Option(help="Language of the page: en or ar.")] = "en",
    json: Annotated[Path | None, typer.Option(help="Write the report as JSON.")] = None,
) -> None:
    """Judge stored events by PACK, touching nobody, and tell what its rules would have done.

    The same compiled function as at the door, counters in order of time included. Needs the extra `backtest`.
    """
    from hakam.backtest.extras import BacktestUnavailableError, require  # noqa: PLC0415 -- --help needs none of it

    try:
        require()
    except BacktestUnavailableError as error:
        raise CommandError(str(error)) from error
    _require(
        way in {"auto", "columns", "function"}, f"{way!r} is no way of judging: auto, columns or function"
    )
    _require(lang in {"en", "ar"}, f"{lang!r} is no language of the report: en or ar")
    for wanted in (html, json):
        if wanted is not None:
            _require(not wanted.is_dir(), f"the report can't be written: {wanted} is a folder")
            _require(
                wanted.parent.is_dir(), f"the report can't be written: there is no folder {wanted.parent}"
            )
    began = time.monotonic()
    try:
        with ExitStack() as held:
            loaded, before = _load(pack), _load(against) if against is not None else None
            made = _run(
                held,
                loaded,
                before,
                events or [],
                keep=keep,
                decided=decided,
                violating=violating or [],
                mapping=mapping or [],
                platform=platform,
                kind=kind,
                since=since,
                way=way,
                processes=processes,
                cluster=cluster,
                sample=sample,
                began=began,
            )
    except KeyboardInterrupt:  # the bars of progress are gone by now, so that the line stands
        ERR.print("interrupted: nothing was changed")
        raise typer.Exit(INTERRUPTED) from None
    show(made)  # first: whatever becomes of the files, the figures are not lost
    _write(made, html=html, lang=lang, json=json)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise CommandError(otherwise)


def _load(folder: Path) -> Pack:
    from hakam.cli.pack_commands import published_lists  # noqa: PLC0415 -- --help needs none of it
    from hakam.policy.pack import load_pack  # noqa: PLC0415 -- as above
    from hakam.policy.render import render  # noqa: PLC0415 -- as above
    from hakam.storage.packs import PackFolderError, read_folder  # noqa: PLC0415 -- as above

    try:
        files = read_folder(folder)
    except (OSError, PackFolderError) as error:
        raise CommandError(f"cannot read the pack: {error}") from error
    found = load_pack(files, published_lists())
    if found.pack is None:
        raise CommandError(f"{folder} is not sound:\n{render(found.errors, files)}")
    return found.pack


def _lists_folder() -> Path:
    """Return where the lists outside packs lie."""
    from hakam.storage.embedded.lists import FOLDER  # noqa: PLC0415 -- --help needs none of it
    from hakam.wiring.settings import settings  # noqa: PLC0415 -- as above

    return settings().home / FOLDER


def _run(
    held: ExitStack,
    pack: Pack,
    before: Pack | None,
    events: Sequence[Path],
    *,
    keep: Path | None,
    decided: str,
    violating: Sequence[str],
    mapping: Sequence[str],
    platform: str,
    kind: ContentKind,
    since: str,
    way: str,
    processes: int,
    cluster: str,
    sample: int,
    began: float,
) -> Report:
    from hakam.backtest import prepare  # noqa: PLC0415 -- --help needs none of it
    from hakam.backtest.cluster import ClusterError  # noqa: PLC0415 -- as above
    from hakam.backtest.dataset import Dataset, StaleColumnsError  # noqa: PLC0415 -- as above
    from hakam.backtest.decided import Meaning  # noqa: PLC0415 -- as above
    from hakam.backtest.report import report  # noqa: PLC0415 -- as above
    from hakam.backtest.row_events import MappingError, read_mapping  # noqa: PLC0415 -- as above
    from hakam.backtest.rows import UnreadableFileError  # noqa: PLC0415 -- as above
    from hakam.backtest.run import Way, run  # noqa: PLC0415 -- as above
    from hakam.backtest.workers import Here, Processes  # noqa: PLC0415 -- as above
    from hakam.policy.outside import BadListError  # noqa: PLC0415 -- as above

    already = len(events) == 1 and prepare.is_prepared(events[0])
    # entered first, so that it goes after those who write to it
    folder = None if already else held.enter_context(_folder(keep))
    pool: Pool = (
        _on_cluster(held, cluster, events, keep)
        if cluster
        else Here()
        if processes == 1
        else held.enter_context(Processes(processes or None))
    )
    progress = held.enter_context(_progress())
    try:
        if folder is None:
            dataset = Dataset(events[0])
        else:
            reading = prepare.Reading(platform, kind, datetime.now(tz=UTC), read_mapping(mapping), decided)
            dataset = _prepared(
                held, events, reading, folder=folder, since=since, pool=pool, progress=progress
            )
        meaning = Meaning(frozenset(pack.clauses), frozenset(violating))
        outcome = run(
            dataset,
            pack,
            pool=pool,
            before=before,
            meaning=meaning,
            way=Way(way),
            sample=sample,
            lists=_lists_folder() if pack.outside or (before is not None and before.outside) else None,
            progress=progress,
        )
    except (
        UnreadableFileError,
        MappingError,
        BadListError,
        StaleColumnsError,
        prepare.NothingToTestError,
        FileExistsError,
        ClusterError,
    ) as error:
        raise CommandError(str(error)) from error
    return report(dataset, pack, outcome, before=before, meaning=meaning, seconds=time.monotonic() - began)


def _on_cluster(held: ExitStack, address: str, events: Sequence[Path], keep: Path | None) -> Pool:
    """Return the machines of a cluster, which read events where they are kept."""
    from hakam.backtest import prepare  # noqa: PLC0415 -- --help needs none of it
    from hakam.backtest.cluster import Cluster, ClusterError  # noqa: PLC0415 -- as above
    from hakam.backtest.extras import BacktestUnavailableError  # noqa: PLC0415 -- as above

    storage = events[0] if len(events) == 1 and prepare.is_prepared(events[0]) else keep
    if storage is None:
        raise CommandError(
            "a cluster reads events from a storage that all its machines share: give it a folder there, --keep FOLDER"
        )
    try:
        return held.enter_context(Cluster(address, storage if storage.is_dir() else storage.resolve().parent))
    except (ClusterError, BacktestUnavailableError, OSError) as error:
        raise CommandError(str(error)) from error


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give columns a place: `keep`, or one for this run alone. What is half written there does not stay."""
    from hakam.backtest import prepare  # noqa: PLC0415 -- --help needs none of it

    if keep is None:
        with tempfile.TemporaryDirectory(prefix="hakam-backtest-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    there = keep.is_dir()
    ours = not (there and any(keep.iterdir()))
    try:
        yield keep
    finally:
        if ours and keep.is_dir() and not prepare.is_prepared(keep):
            shutil.rmtree(keep)
            if there:
                keep.mkdir()


def _prepared(
    held: ExitStack,
    events: Sequence[Path],
    reading: Reading,
    *,
    folder: Path,
    since: str,
    pool: Pool,
    progress: Progress,
) -> Dataset:
    from hakam.backtest import prepare  # noqa: PLC0415 -- --help needs none of it

    if events:
        files = prepare.files_in(events)
        rows = _rows(files, reading, progress)
        sources = [str(path) for path in events]
        return prepare.prepare(rows, folder, pool=pool, sources=sources)
    from hakam.cli.home import open_home  # noqa: PLC0415 -- the log's own home
    from hakam.storage.embedded.event_log import FileEventLog  # noqa: PLC0415 -- as above

    chosen = open_home()
    from hakam.intake.again import with_all_scores  # noqa: PLC0415 -- needs Django started
    from hakam.review.judged import by_people  # noqa: PLC0415 -- as above

    log = FileEventLog(chosen.home / "events")
    held.callback(log.close)
    start = _start(since)
    first = log.before(start)
    total = max(1, log.last_seq() - first)

    def counted() -> Iterator[Row]:
        for n, row in enumerate(prepare.rows_with_scores(with_all_scores(log.scan(start)))):
            if not n % 1_000:
                progress("prepare", min(1.0, n / total))
            yield row

    return prepare.prepare(
        counted(), folder, pool=pool, sources=[str(chosen.home / "events")], decisions=by_people()
    )


def _start(since: str) -> float:
    from hakam.policy.kinds import parse_duration  # noqa: PLC0415 -- --help needs none of it

    if not since:
        return 0.0
    seconds = parse_duration(since)
    if seconds is None:
        raise CommandError(f'{since!r} is no span of time; write "7d", "36h" or "90m"')
    return (datetime.now(tz=UTC) - timedelta(seconds=seconds)).timestamp()


def _rows(files: Sequence[Path], reading: Reading, progress: Progress) -> Iterator[Row]:
    from hakam.backtest import prepare  # noqa: PLC0415 -- --help needs none of it

    sizes = [path.stat().st_size if path.is_file() else 0 for path in files]
    whole, done = max(1, sum(sizes)), 0
    for path, size in zip(files, sizes, strict=True):

        def tell(share: float, done: int = done, size: int = size) -> None:
            progress("prepare", (done + share * size) / whole)

        yield from prepare.rows_of(path, reading, tell)
        done += size


@contextmanager
def _progress() -> Iterator[Progress]:
    from rich.progress import (  # noqa: PLC0415 -- --help needs none of it
        BarColumn,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars  # noqa: PLC0415 -- as above

    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=ERR,
        transient=True,
    )
    tasks: dict[str, TaskID] = {}
    seen: dict[str, float] = {}

    def tell(step: str, share: float) -> None:
        if step not in tasks:
            tasks[step] = bars.add_task(_STEPS[step], total=1.0)
        if share >= 1.0 or share - seen.get(step, -1.0) >= 0.002:  # noqa: PLR2004 -- what a bar can show
            seen[step] = share
            bars.update(tasks[step], completed=share)

    with bars:
        yield tell


def _write(made: Report, *, html: Path | None, lang: str, json: Path | None) -> None:
    from hakam.backtest.page import page  # noqa: PLC0415 -- --help needs none of it
    from hakam.backtest.report import to_json  # noqa: PLC0415 -- as above

    try:
        if html is not None:
            html.write_text(page(made, lang), encoding="utf-8")
        if json is not None:
            json.write_bytes(to_json(made))
    except OSError as error:
        raise CommandError(f"the report can't be written: {error}") from error


def show(made: Report) -> None:
    """Print the report's figures."""
    compared, judged = made.against is not None, made.agreement is not None
    columns = ["rule", "stage", "fires", "share", "near"]
    columns += ["newly", "no longer"] if compared else []
    columns += ["precision (95 %)", "recall (95 %)"] if judged else []
    shown = table(*columns, title=f"{made.pack} on {counted(made.events, 'event')}")
    # Names that begin alike would be told apart no more; the intervals give way.
    shown.columns[0].no_wrap = True
    loud = [
        rule
        for rule in made.rules
        if rule.fires or rule.near_count or rule.state in {"new", "changed", "removed"}
    ]
    for rule in sorted(loud, key=lambda rule: (-rule.fires, rule.rule))[:SHOWN_RULES]:
        shown.add_row(*_cells(rule, compared=compared, judged=judged))
    if loud:
        show_whole(shown)  # names that begin alike could not be told apart if they were cut
    if len(loud) > SHOWN_RULES:
        more = counted(len(loud) - SHOWN_RULES, "more rule")
        OUT.print(f"and {more}; --html or --json shows all", style="dim")
    if len(loud) < len(made.rules):
        silent = counted(len(made.rules) - len(loud), "rule fires", "rules fire")
        OUT.print(f"{silent} on none of these events", style="dim")
    OUT.print(
        f"{made.fired:,} of {counted(made.events, 'event')} {_fires(made.fired)} a rule "
        f"({made.fired / made.events:.2%}); "
        f"{made.first} to {made.last}; {made.seconds:,.1f} s, judged by {made.way}"
    )
    if compared:
        OUT.print(
            f"against {made.against}: {counted(made.events_newly or 0, 'event fires', 'events fire')} only now, "
            f"{made.events_no_longer:,} {_fires(made.events_no_longer)} no more"
        )
    if made.agreement is not None:
        OUT.print(
            f"all rules together against people: precision {_percent(made.agreement.precision)}, "
            f"recall {_percent(made.agreement.recall)}, disagreement {_percent(made.agreement.disagreement)}"
        )
    _warn(made)


def _fires(number: int | None) -> str:
    return "fires" if number == 1 else "fire"


def _cells(rule: RuleReport, *, compared: bool, judged: bool) -> list[str]:
    cells = [rule.rule, rule.stage, f"{rule.fires:,}", f"{rule.share:.3%}", f"{rule.near_count:,}"]
    if compared:
        change = rule.change
        cells += [f"+{change.newly_fires:,}", f"-{change.no_longer_fires:,}"] if change else ["", ""]
    if judged:
        agreed = rule.agreement
        cells += [_percent(agreed.precision), _percent(agreed.recall)] if agreed else ["", ""]
    return cells


def _percent(found: Share) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "-"
    return f"{found.value:.1%} ({found.low:.1%} - {found.high:.1%})"


def _warn(made: Report) -> None:
    """Tell what the figures leave out, or why they took long."""
    if made.refused:
        rows = counted(made.refused, "row is no event", "rows are no events")
        ERR.print(f"{rows}: {'; '.join(made.why_refused[:3])}", style="yellow", markup=False)
    if made.unread_decisions:
        ERR.print(
            f"decisions that can't be read: {', '.join(made.unread_decisions[:10])}; say which mean a violation: "
            "--violating VALUE",
            style="yellow",
        )
    if made.counters_forgot:
        ERR.print(
            f"{counted(made.counters_forgot, 'entry')} of counters did not fit into memory; values may be too low",
            style="yellow",
        )
    if made.differences:
        one = made.differences[0]
        told = differing(one.rule, one.event, by=one.by, function_fires=one.function_fires)
        ERR.print(
            f"ways of judging differed on a sample, so the door's function judged everything: {told.code} "
            f"{told.message}; {told.hint}",
            style="bold red",
        )
