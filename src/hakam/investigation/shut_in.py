"""The program in which one statement runs: it has the file with the tables, some memory, some time, and no secrets.

`hakam.investigation.sql` starts it, hands it a `Task` and reads a `Said`. DuckDB asks only now and then whether it was
told to stop, and counts not all of what it takes: whoever started this program ends it, and the system bounds it.
"""

from __future__ import annotations

import datetime as dt
import sys
import threading
from typing import Any, Final

import msgspec

LONGEST: Final = 10_000  # characters of a cell
MOST: Final = 4_000_000  # characters of an answer
CUT: Final = "…"
_DEPTH: Final = 20  # lists in lists


class Task(msgspec.Struct, frozen=True):
    """What is to be run. `limit`: rows; `memory`: bytes beyond what the program holds before it begins."""

    path: str
    statement: str
    limit: int
    seconds: float
    config: dict[str, str]
    memory: int


class Answered(msgspec.Struct, frozen=True, tag="rows"):
    """What it answered. `more`: rows or parts of cells were left out."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


class NotOne(msgspec.Struct, frozen=True, tag="not one"):
    """There is no statement, or more than one."""

    count: int


class NotReading(msgspec.Struct, frozen=True, tag="not reading"):
    """It does not read: `kind` is what it does, as `DELETE`."""

    kind: str


class Late(msgspec.Struct, frozen=True, tag="late"):
    """It took longer than it may."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """DuckDB did not take it, or gave up on it: `why` in its own words."""

    why: str


Said = Answered | NotOne | NotReading | Late | Refused


def main() -> None:
    """Read a task, run it, say what came of it."""
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    sys.stdout.buffer.write(msgspec.msgpack.encode(_run(task)))
    sys.stdout.buffer.flush()


def _run(task: Task) -> Said:
    import duckdb  # noqa: PLC0415 -- an extra; the types of this module are read without it

    _bound(task)
    late = threading.Event()
    try:
        found = duckdb.extract_statements(task.statement)
        if len(found) != 1:
            return NotOne(len(found))
        if found[0].type not in {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}:
            return NotReading(found[0].type.name)
        with duckdb.connect(task.path, read_only=True, config=dict(task.config)) as connection:

            def stop() -> None:
                late.set()
                connection.interrupt()

            timer = threading.Timer(task.seconds, stop)
            timer.daemon = True
            timer.start()
            done = connection.execute(found[0])
            names = tuple(_short(str(column[0])) for column in done.description or ())
            return _rows(done, names, task.limit)
    except duckdb.InterruptException:
        return Late()
    except (duckdb.Error, UnicodeError) as error:
        return Late() if late.is_set() else Refused(" ".join(str(error).split())[:400])
    except MemoryError:
        return Refused("Out of Memory Error: the answer needs more than a statement may have")


def _rows(done: Any, names: tuple[str, ...], limit: int) -> Answered:
    """Read the rows one by one, until there are enough, or enough text."""
    rows: list[tuple[Any, ...]] = []
    left = MOST
    while (row := done.fetchone()) is not None:
        if len(rows) >= limit or left <= 0:
            return Answered(names, tuple(rows), more=True)
        rows.append(tuple(plain(cell) for cell in row))
        left -= sum(len(str(cell)) for cell in rows[-1])
    return Answered(names, tuple(rows), more=False)


def plain(value: Any, depth: int = 0) -> Any:
    """Return a value as it can be handed over and shown: what is no number, text, list or map becomes text."""
    out: Any
    match value:
        case None | bool() | float():
            out = value
        case int():
            out = value if -(2**63) <= value < 2**64 else str(value)
        case list() | tuple() | set() if depth < _DEPTH:
            out = [plain(one, depth + 1) for one in list(value)[:LONGEST]]
        case dict() if depth < _DEPTH:
            pairs = list(value.items())[:LONGEST]
            out = {str(plain(key, depth + 1)): plain(one, depth + 1) for key, one in pairs}
        case dt.datetime():
            out = value.isoformat(" ")
        case bytes():
            out = _short(value[:LONGEST].hex())
        case _:
            out = _short(str(value))
    return out


def _short(text: str) -> str:
    """Cut a long text, and take out halves of letters, which nothing can write."""
    text = text if len(text) <= LONGEST else text[:LONGEST] + CUT
    return text.encode("utf-8", "replace").decode()


def _bound(task: Task) -> None:
    """Give up what a statement has no need of, as far as the system knows how."""
    try:
        import resource  # noqa: PLC0415 -- POSIX only
    except ImportError:
        return
    if sys.platform == "linux":  # elsewhere the system counts what is mapped in other ways
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 -- no path of ours
            mapped = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + task.memory, mapped + task.memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
