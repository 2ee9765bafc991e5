"""`hakam query`: ask of everything that came through the door, in the rule language or in SQL."""

from __future__ import annotations

import csv
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hakam.cli.screen import ERR, OUT, CommandError, show_findings, table
from hakam.vocabulary.counted import counted

if TYPE_CHECKING:
    from hakam.investigation.query import Answer, Hidden, Query
    from hakam.investigation.sql import Rows
    from hakam.investigation.tops import Top
    from hakam.policy.pack import Pack

_BAR = 40  # letters of the longest bar
_CELL = 80
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def query(
    where: Annotated[
        str,
        typer.Argument(
            help="A condition as in a rule, with the terms and lists of the pack in force. Empty: all events."
        ),
    ] = "",
    since: Annotated[
        str, typer.Option(help='How far back, as "7d" or "36h", or a day as 2026-01-31; empty: all.')
    ] = "7d",
    until: Annotated[str, typer.Option(help="Until before then, in the same words; empty: now.")] = "",
    rule: Annotated[
        list[str] | None,
        typer.Option(help='Only events on which this rule had fired; "*": any rule. Several: any of them.'),
    ] = None,
    policy: Annotated[
        list[str] | None, typer.Option(help="Only where a rule of this clause had fired.")
    ] = None,
    stage: Annotated[list[str] | None, typer.Option(help="Only where it fired as live or shadow.")] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE",
            help='Only events judged without this rule, as it failed or was put aside; "*": any rule.',
        ),
    ] = None,
    top: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD",
            help="The most frequent values of a field: author.id, links.domains, text.fingerprint, rule, policy, "
            "stage, pack, media.hash ...",
        ),
    ] = None,
    size: Annotated[int, typer.Option(min=1, max=1_000, help="How many of them.")] = 20,
    by: Annotated[str, typer.Option(help="A time series: hour or day (UTC).")] = "",
    limit: Annotated[
        int, typer.Option(min=0, max=10_000, help="How many of the newest events are shown.")
    ] = 20,
    budget: Annotated[float, typer.Option(min=0, help="Seconds to look; 0: until all is looked at.")] = 0.0,
    sql: Annotated[
        str,
        typer.Option(
            metavar="SELECT",
            help="Run this over the tables `events` and `verdicts` of what fits. Needs the extra `backtest`.",
        ),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    as_csv: Annotated[
        bool,
        typer.Option("--csv", help="Print one table as CSV: the SQL's, the top, the series, or the events."),
    ] = False,
    child_safety: Annotated[
        bool,
        typer.Option(
            "--child-safety",
            help="Count and show what is held for abuse of children as well. The ledger keeps that it was.",
        ),
    ] = False,
) -> None:
    """Ask of everything that came through the door: how many, which, whose, when.

    It looks from the newest event backwards. Ctrl-C ends it with what was found so far. Each query is in the ledger.
    """
    _require(not (json and as_csv), "either --json or --csv")
    _require(by in {"", "hour", "day"}, f"{by!r} is no step: hour or day")
    _require(
        not as_csv or bool(sql) or len(top or ()) + bool(by) <= 1,
        "--csv prints one table: ask for one --top, or for --by",
    )
    now = datetime.now(tz=UTC)
    start, end = _time(since, now), _time(until, now)
    _require(end is None or start is None or start < end, "the range is empty: --until lies before --since")

    from hakam.cli.home import open_home  # noqa: PLC0415 -- --help needs none of it

    chosen = open_home()
    from hakam.investigation.query import Query, Step  # noqa: PLC0415 -- as above
    from hakam.storage.embedded.event_log import FileEventLog  # noqa: PLC0415 -- as above

    pack = _pack()
    asked = Query(
        _question(where, pack),
        _fired(rule or [], policy or [], stage or []),
        start.timestamp() if start else 0.0,
        end.timestamp() if end else None,
        0 if sql else limit,
        _facets(top or [], pack),
        size,
        Step(by) if by else None,
        budget=budget or None,
        missed=frozenset(without or ()),
    )
    log = FileEventLog(chosen.home / "events")
    try:
        answer, rows, refused = _run(log, asked, sql, limit, _hidden(child_safety=child_safety))
    finally:
        log.close()
    from hakam.compliance.questions import record_query  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- as above

    shown = len(rows.rows) if rows is not None else len(answer.hits)
    record_query(
        by=SYSTEM, now=now, where=where, since=start, until=end, looked=answer.looked, matched=answer.matched,
        shown=shown, fields=[one.field for one in answer.top], sql=sql, child_safety=child_safety,
    )  # fmt: skip
    if refused:  # it is in the ledger nevertheless: an error of DuckDB quotes what it read
        raise CommandError(refused)
    if json:
        _print_json(answer, rows)
    elif as_csv:
        _print_csv(answer, rows)
    else:
        _show(answer, rows)
    _warn(answer, to_error=json or as_csv)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise CommandError(otherwise)


def _time(text: str, now: datetime) -> datetime | None:
    from hakam.policy.kinds import parse_duration  # noqa: PLC0415 -- --help needs none of it

    if not text:
        return None
    seconds = parse_duration(text)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(max(0.0, now.timestamp() - seconds), tz=UTC)
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise CommandError(
            f'{text!r} is no time; write "7d", "36h", 2026-01-31 or 2026-01-31T12:00'
        ) from None


def _pack() -> Pack:
    from hakam.compliance import rulebook  # noqa: PLC0415 -- needs Django started

    version = rulebook.active()
    if version is None:
        raise CommandError("no rule book is in force; publish one: hakam pack publish FOLDER")
    return rulebook.load(version)


def _question(where: str, pack: Pack) -> Any:
    from hakam.investigation.where import Asker  # noqa: PLC0415 -- --help needs none of it

    if not where.strip():
        return None
    asked = Asker(pack).ask(where)
    show_findings(asked.findings, to=ERR)
    if asked.question is None:
        raise CommandError("the condition can't be asked")
    return asked.question


def _fired(rules: Sequence[str], policies: Sequence[str], stages: Sequence[str]) -> Any:
    from hakam.investigation.query import Fired  # noqa: PLC0415 -- --help needs none of it
    from hakam.vocabulary.verdict import Stage  # noqa: PLC0415 -- as above

    for one in stages:
        _require(one in {"live", "shadow"}, f"{one!r} is no stage of a verdict: live or shadow")
    return Fired(frozenset(rules), frozenset(policies), frozenset(map(Stage, stages)))


def _facets(names: Sequence[str], pack: Pack) -> Any:
    from hakam.investigation.tops import UnknownFieldError, facet  # noqa: PLC0415 -- --help needs none of it

    try:
        return tuple(facet(name, pack) for name in dict.fromkeys(names))
    except UnknownFieldError as error:
        raise CommandError(str(error)) from error


def _hidden(*, child_safety: bool) -> Hidden:
    from hakam.investigation.query import nothing_hidden  # noqa: PLC0415 -- --help needs none of it
    from hakam.review.confined import confined  # noqa: PLC0415 -- needs Django started

    return nothing_hidden if child_safety else confined().holds


def _run(log: Any, asked: Query, sql: str, limit: int, hidden: Hidden) -> tuple[Answer, Rows | None, str]:
    """Return the answer, the rows of a statement, and why the statement was refused, if it was."""
    from hakam.investigation import sql as tables  # noqa: PLC0415 -- --help needs none of it
    from hakam.investigation.query import ask  # noqa: PLC0415 -- as above

    with interruptible() as cancelled, progress_bar() as progress:
        if not sql:
            return ask(log, asked, hidden=hidden, progress=progress, cancelled=cancelled), None, ""
        with tempfile.TemporaryDirectory(prefix="hakam-query-", ignore_cleanup_errors=True) as folder:
            try:
                loaded = tables.load(
                    log, asked, Path(folder), hidden=hidden, progress=progress, cancelled=cancelled
                )
            except tables.SqlUnavailableError as error:
                raise CommandError(str(error)) from error
            try:
                return loaded.answer, tables.select(loaded, sql, limit=limit or tables.MAX_ROWS), ""
            except tables.SqlRefusedError as error:
                return loaded.answer, None, str(error)


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C end the query with what it has, and the second end the program."""
    asked: list[bool] = []

    def stop(_signal: int, _frame: Any) -> None:
        asked.append(True)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress_bar() -> Iterator[Callable[[float], None]]:
    """Show how much of the log was looked at, while it is."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 -- as above

    columns = TextColumn("looking back"), BarColumn(bar_width=32), TimeRemainingColumn()
    with Progress(*columns, console=ERR, transient=True) as bars:
        task = bars.add_task("", total=1.0)
        yield lambda share: bars.update(task, completed=share)


def _print_json(answer: Answer, rows: Rows | None) -> None:
    import msgspec  # noqa: PLC0415 -- --help needs none of it

    found = msgspec.to_builtins(answer)
    if rows is not None:
        found["sql"] = {
            "columns": rows.columns,
            "rows": [[_plain(cell) for cell in row] for row in rows.rows],
        }
        found["sql"]["more"] = rows.more
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _print_csv(answer: Answer, rows: Rows | None) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    names, cells = _one_table(answer, rows)
    out.writerow(names)
    out.writerows([_cell(value) for value in row] for row in cells)


def _one_table(answer: Answer, rows: Rows | None) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
    if rows is not None:
        return rows.columns, iter(rows.rows)
    if answer.top:
        return (answer.top[0].field, "count"), ((one.value, one.count) for one in answer.top[0].counts)
    if answer.by is not None:
        return (str(answer.by), "count"), ((one.start.isoformat(), one.count) for one in answer.series)
    names = ("seq", "received_at", "platform", "event", "kind", "author", "item", "language", "rules", "text")
    return names, (
        (
            hit.seq, hit.received_at.isoformat(), hit.platform, hit.event, hit.kind, hit.author, hit.item, hit.language,
            " ".join(one.rule for one in hit.fired), hit.text,
        )
        for hit in answer.hits
    )  # fmt: skip


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _show(answer: Answer, rows: Rows | None) -> None:
    fit = "fits" if answer.matched == 1 else "fit"
    OUT.print(f"{answer.matched:,} of {counted(answer.looked, 'event')} {fit} ({answer.seconds:,.1f} s)")
    if rows is not None:
        _show_rows(rows)
    for top in answer.top:
        _show_top(top)
    if answer.by is not None:
        _show_series(answer)
    if answer.hits:
        _show_hits(answer)


def _show_rows(rows: Rows) -> None:
    shown = table(*rows.columns)
    for row in rows.rows:
        shown.add_row(*(_short("" if cell is None else str(cell)) for cell in row))
    OUT.print(shown)
    if rows.more:
        OUT.print("and more rows; --limit shows them", style="dim")


def _show_top(top: Top) -> None:
    OUT.print(f"{counted(top.values, 'value')} of {top.field}", style="bold", markup=False)
    shown = table("value", "events")
    for one in top.counts:
        shown.add_row(_short(one.value), f"{one.count:,}")
    OUT.print(shown)
    if top.short_by:
        OUT.print(f"too many values: counts may be too low by up to {top.short_by:,}", style="yellow")


def _show_series(answer: Answer) -> None:
    most = max((one.count for one in answer.series), default=0) or 1
    shown = table(f"{answer.by} (UTC)", "events", "")
    for column in answer.series:
        start = f"{column.start:%Y-%m-%d %H:%M}" if answer.by == "hour" else f"{column.start:%Y-%m-%d}"
        shown.add_row(start, f"{column.count:,}", "█" * round(_BAR * column.count / most))
    OUT.print(shown)


def _show_hits(answer: Answer) -> None:
    shown = table("record", "received (UTC)", "event", "author", "rules", "text")
    for hit in answer.hits:
        fired = " ".join(f"{one.rule}" if one.stage == "live" else f"({one.rule})" for one in hit.fired)
        text = _short(" ".join((hit.text or "").split()))
        received = f"{hit.received_at:%Y-%m-%d %H:%M:%S}"
        shown.add_row(
            str(hit.seq), received, _short(f"{hit.platform}/{hit.event}"), _short(hit.author), fired, text
        )
    OUT.print(shown)


def _short(text: str) -> str:
    from rich.markup import escape  # noqa: PLC0415 -- as above

    return escape(text if len(text) <= _CELL else f"{text[:_CELL]}…")


def _warn(answer: Answer, *, to_error: bool) -> None:
    """Tell what the figures leave out."""
    to = ERR if to_error else OUT
    if answer.stopped is not None:
        why = "the time was used up" if answer.stopped == "time" else "interrupted"
        back = f"; looked back to {answer.looked_since:%Y-%m-%d %H:%M}" if answer.looked_since else ""
        days = ""
        if answer.looked_since and answer.first and answer.last:
            days = f", {_days(answer.last, answer.looked_since)} of {_days(answer.last, answer.first)} days"
        to.print(f"{why}{back}{days}: all figures are of this part alone", style="yellow")
    for count, what in (
        (answer.unsure, "events on which the condition could not be judged"),
        (answer.uncounted, "events that no rule of their time counted as the condition asks: unknown"),
        (answer.unread, "records that can't be read"),
        (answer.damaged, "damaged records"),
    ):
        if count:
            to.print(f"{count:,} {what}", style="yellow")


def _days(newest: datetime, oldest: datetime) -> str:
    return f"{(newest - oldest).total_seconds() / 86_400:.1f}"
