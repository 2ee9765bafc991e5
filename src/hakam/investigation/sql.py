"""SQL over stored events, for experts: DuckDB over copies of the two tables, read-only and shut in.

The tables are written into a file that is thrown away afterwards. The statement runs in a program of its own, on a
connection that can open nothing else: no file, no network, no extension, no setting, no variable of ours, and never the
control database. Needs the extra `backtest`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from hakam.backtest.extras import BacktestUnavailableError, require
from hakam.investigation import shut_in
from hakam.investigation.query import Answer, Hidden, Query, ask, nothing_hidden
from hakam.investigation.stored import Stored, verdict_of
from hakam.policy.fields import FIELDS, FieldSpec, reader
from hakam.policy.kinds import Kind
from hakam.storage.event_log import EventLog

MEMORY = "512MB"
MAX_DISK = "4GB"  # what a statement may put aside while it runs
SECONDS = 60.0
MAX_ROWS = 10_000
_BATCH = 5_000
# `text.raw` and `text.folded` hold them; private data takes longer to find than all other columns together.
_LEFT_OUT = frozenset(
    {"item.text", "item.title", "text.words", "text.private_data", "text.private_countries"}
)
_FIRST, _LAST = -62_135_596_800.0, 253_402_300_800.0  # the years 1 to 9999
_ROOM = 2_500_000_000  # bytes a statement may map: what DuckDB counts, and what it does not
_BEGINNING = 5.0  # seconds in which the program of a statement begins and ends, beside those of the statement
_KEPT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "SYSTEMROOT",
    "LD_LIBRARY_PATH",
    "VIRTUAL_ENV",
)  # of the environment: no secret
_OPEN = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "memory_limit": MEMORY,
    "max_temp_directory_size": MAX_DISK,
    "threads": "2",
    "lock_configuration": "true",
}


class SqlUnavailableError(RuntimeError):
    """DuckDB is not installed. The message says how to get it."""


class SqlRefusedError(ValueError):
    """The statement is none that reads, or it is wrong, or it took too much. The message says which."""


class NotOneStatementError(SqlRefusedError):
    """There is no statement, or more than one."""

    def __init__(self, count: int) -> None:
        super().__init__(f"one statement at a time, these are {count}" if count else "no statement")
        self.count = count


class NotReadingError(SqlRefusedError):
    """The statement does not read: `kind` is what it is, as `DELETE`."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"only SELECT is taken, this is {kind}")
        self.kind = kind


class TookTooLongError(SqlRefusedError):
    """The statement was ended after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it took longer than {seconds:g} s")
        self.seconds = seconds


class Rows(msgspec.Struct, frozen=True):
    """What a statement answered. `more`: there were more rows than were asked for."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


class Loaded(msgspec.Struct, frozen=True):
    """A file with the tables, and what the query that filled it came to."""

    path: Path
    answer: Answer


def specs() -> tuple[FieldSpec, ...]:
    """Return the fields that have a column in `events`."""
    from hakam.backtest.columns import TYPES  # noqa: PLC0415 -- an extra

    return tuple(spec for path, spec in FIELDS.items() if spec.kind in TYPES and path not in _LEFT_OUT)


def load(
    log: EventLog,
    query: Query,
    folder: Path,
    *,
    hidden: Hidden = nothing_hidden,
    progress: Callable[[float], None] = lambda _share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Loaded:
    """Write what fits a query into the tables `events` and `verdicts` of a new file in `folder`.

    `events` has a row for each event, `verdicts` one for each rule that fired. Raises `SqlUnavailableError`.
    """
    try:
        require("duckdb", "numpy", "pyarrow")
    except BacktestUnavailableError as error:
        raise SqlUnavailableError(f"SQL needs more than the core: {error}") from error
    path = folder / "investigation.duckdb"
    with _connected(path) as connection:
        tables = _Tables(connection)
        needs = frozenset(need for spec in tables.specs for need in spec.needs)
        answer = ask(
            log, query, each=tables.add, needs=needs, hidden=hidden, progress=progress, cancelled=cancelled
        )
        tables.write()
    return Loaded(path, answer)


def select(loaded: Loaded, statement: str, *, limit: int = MAX_ROWS, seconds: float = SECONDS) -> Rows:
    """Run one statement that reads, for at most `seconds`. Raises `SqlRefusedError`.

    It runs in a program of its own, which is ended if it does not end by itself.
    """
    task = shut_in.Task(str(loaded.path), statement, limit, seconds, _OPEN, _ROOM)
    match _said(task):
        case shut_in.Answered(columns, rows, more):
            return Rows(columns, rows, more)
        case shut_in.NotOne(count):
            raise NotOneStatementError(count)
        case shut_in.NotReading(kind):
            raise NotReadingError(kind)
        case shut_in.Refused(why):
            raise SqlRefusedError(why)
        case shut_in.Late():
            raise TookTooLongError(seconds)


def _said(task: shut_in.Task) -> shut_in.Said:
    try:
        done = subprocess.run(  # noqa: S603 -- our own program, no shell
            [sys.executable, "-P", "-m", shut_in.__name__],
            input=msgspec.msgpack.encode(task),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            timeout=task.seconds + _BEGINNING,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return shut_in.Late()
    try:
        found: shut_in.Said = msgspec.msgpack.decode(done.stdout, type=shut_in.Said)
    except msgspec.DecodeError:  # the system ended it
        return shut_in.Refused(
            "Out of Memory Error: the statement needed more than it may have, and was ended"
        )
    return found


@contextmanager
def _connected(path: Path, **how: Any) -> Iterator[Any]:
    import duckdb  # noqa: PLC0415 -- an extra

    connection = duckdb.connect(str(path), **how)
    try:
        yield connection
    finally:
        connection.close()


class _Tables:
    """The two tables being filled, a batch at a time."""

    def __init__(self, connection: Any) -> None:
        import pyarrow as pa  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra

        from hakam.backtest.columns import TYPES, column_of  # noqa: PLC0415 -- an extra

        self.specs = specs()
        self._connection = connection
        self._read = [reader(spec) for spec in self.specs]
        moment = pa.timestamp("us")  # of UTC
        self._types = [moment if spec.kind is Kind.TIME else TYPES[spec.kind] for spec in self.specs]
        self._rows: list[tuple[Any, ...]] = []
        self._beside: list[tuple[Any, ...]] = []
        self._fired: list[tuple[Any, ...]] = []
        own = [("seq", pa.int64()), ("received_at", moment), ("rules", pa.list_(pa.string()))]
        own += [("scores", pa.map_(pa.string(), pa.float64())), ("extra", pa.string())]
        self._own = pa.schema(own)
        fields = zip((column_of(spec.path) for spec in self.specs), self._types, strict=True)
        self._events = pa.schema([*own[:3], *fields, *own[3:]])
        self._verdicts = pa.schema([
            ("seq", pa.int64()), ("received_at", moment), ("event_platform", pa.string()), ("event_id", pa.string()),
            ("author_id", pa.string()), ("pack", pa.string()), ("version", pa.string()), ("rule", pa.string()),
            ("policy", pa.string()), ("stage", pa.string()), ("measures", pa.list_(pa.string())),
            ("queue", pa.string()),
        ])  # fmt: skip
        for name, schema in (("events", self._events), ("verdicts", self._verdicts)):
            self._insert(
                name, pa.Table.from_pylist([], schema=schema), "CREATE TABLE {} AS SELECT * FROM batch"
            )

    def add(self, stored: Stored) -> None:
        """Take one event."""
        record, event = stored.record, stored.event
        self._rows.append(tuple([read(event, stored.signals) for read in self._read]))
        received = round(record.received_at * 1e6)
        rules = [one.rule for one in stored.fired]
        extra = msgspec.json.encode(event.extra).decode() if event.extra else None
        self._beside.append((record.seq, received, rules, list(event.scores.items()), extra))
        if stored.fired:
            verdict = verdict_of(record)
            self._fired += [
                (
                    record.seq, received, event.platform, event.id, event.author.id, verdict.pack.id,
                    verdict.pack.version, one.rule, one.policy, str(one.stage),
                    [str(measure.kind) for measure in one.measures],
                    one.review.queue if one.review is not None else None,
                )
                for one in verdict.firings
            ]  # fmt: skip
        if len(self._rows) >= _BATCH:
            self.write()

    def write(self) -> None:
        """Put what was taken into the tables."""
        import numpy as np  # noqa: PLC0415 -- an extra
        import pyarrow as pa  # noqa: PLC0415 -- an extra

        from hakam.backtest.columns import array_of  # noqa: PLC0415 -- an extra

        if not self._rows:
            return
        odd = np.zeros(len(self._rows), dtype=bool)
        arrays = []
        for spec, column in zip(self.specs, zip(*self._rows, strict=True), strict=True):
            if spec.kind is Kind.TIME:
                arrays.append(pa.array([_micros(value) for value in column], pa.timestamp("us")))
            else:
                arrays.append(array_of(column, spec, odd))
        own = [
            pa.array(column, kind)
            for column, kind in zip(zip(*self._beside, strict=True), self._own.types, strict=True)
        ]
        self._insert("events", pa.Table.from_arrays([*own[:3], *arrays, *own[3:]], schema=self._events))
        if self._fired:
            columns = [
                pa.array(column, kind)
                for column, kind in zip(zip(*self._fired, strict=True), self._verdicts.types, strict=True)
            ]
            self._insert("verdicts", pa.Table.from_arrays(columns, schema=self._verdicts))
        self._rows, self._beside, self._fired = [], [], []

    def _insert(self, name: str, table: Any, how: str = "INSERT INTO {} SELECT * FROM batch") -> None:
        self._connection.register("batch", table)
        self._connection.execute(how.format(name))
        self._connection.unregister("batch")


def _micros(seconds: float | None) -> int | None:
    if seconds is None or not _FIRST <= seconds < _LAST:
        return None
    return round(seconds * 1e6)
