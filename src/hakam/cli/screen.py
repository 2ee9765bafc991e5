"""The person at the keyboard: where output goes, how findings look, how errors are told."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from hakam.vocabulary.finding import Finding, Severity
from hakam.wiring.settings import SettingError
from hakam.wiring.start import NotReadyError

OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)

_WIDEST = 1_000  # columns
_COLOUR = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "blue"}


class Language(StrEnum):
    """A language in which findings are told."""

    EN = "en"
    AR = "ar"


class CommandError(Exception):
    """What was asked can't be done. The message says why and what would help; exit code 1."""


@contextmanager
def complain() -> Iterator[None]:
    """Turn an error that a person can mend into one line. Programming errors keep their traceback."""
    try:
        yield
    except SettingError as error:
        ERR.print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
        sys.exit(2)
    except (CommandError, NotReadyError) as error:
        ERR.print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:  # `hakam ... | head`
        sys.exit(0)


def show_findings(findings: Iterable[Finding], *, to: Console = OUT) -> dict[Severity, int]:
    """Print findings as `severity code subject: message`, with hints; return how many of each."""
    counts = dict.fromkeys(Severity, 0)
    for finding in findings:
        counts[finding.severity] += 1
        place = finding.subject or ""
        if finding.span:
            place = f"{finding.span.file}:{finding.span.line}:{finding.span.column}"
        line = Text.assemble(
            (f"{finding.severity} ", _COLOUR[finding.severity]),
            (finding.code, "bold"),
            f" {place}: " if place else " ",
            finding.message,
        )
        to.print(line, soft_wrap=True)
        if finding.hint:
            to.print(Text(f"    {finding.hint}", style="dim"), soft_wrap=True)
    return counts


def table(*columns: str, title: str | None = None) -> Table:
    """Return a plain table in the house style."""
    made = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    for column in columns:
        made.add_column(column)
    return made


def show_whole(shown: Table) -> None:
    """Print a table no cell of which may be cut, as figures with their intervals, however narrow the screen is.

    Its lines are then longer than the screen, which wraps them; a file or a pager has them whole.
    """
    needed = Measurement.get(OUT, OUT.options.update(max_width=_WIDEST), shown).maximum
    Console(file=OUT.file, width=max(needed, OUT.width), highlight=False).print(shown)
