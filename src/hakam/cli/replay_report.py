"""What a replay came to, for the person at the keyboard."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hakam.cli.replay_tally import Tally
from hakam.cli.screen import table
from hakam.vocabulary.verdict import Stage

_STYLE = {Stage.LIVE.value: "red", Stage.CANARY.value: "yellow", Stage.SHADOW.value: "dim"}


def show(to: Console, tally: Tally, *, cases: int | None, checked: bool, source: str) -> None:
    """Print the tables. `cases` None: not known. `checked`: the log itself was looked at."""
    if tally.firings:
        to.print(_rules(tally))
        to.print()
    to.print(_sums(tally, cases=cases, checked=checked, source=source))
    if tally.troubles:
        to.print()
        to.print(_troubles(tally))


def _rules(tally: Tally) -> Table:
    shown = table("rule", "policy", "stage", "events", "share", title="Verdicts by rule")
    for column in shown.columns[3:]:
        column.justify = "right"
    order = sorted(tally.firings.items(), key=lambda item: (-item[1], item[0]))
    for (rule, policy, stage), count in order:
        share = f"{100 * count / tally.taken:.2f} %" if tally.taken else ""
        shown.add_row(rule, policy, Text(stage, style=_STYLE.get(stage, "")), f"{count:,}", share)
    return shown


def _sums(tally: Tally, *, cases: int | None, checked: bool, source: str) -> Table:
    shown = table("", "", title=f"Replay of {source}")
    shown.show_header = False
    shown.columns[1].justify = "right"

    def row(name: str, value: str, style: str = "") -> None:
        shown.add_row(name, Text(value, style=style))

    row("rows read", f"{tally.rows:,}")
    row("events, new", f"{tally.new:,}")
    row("events, duplicate", f"{tally.duplicate:,}")
    if checked:
        there = tally.taken - tally.not_in_log
        row("events in the log", f"{there:,} of {tally.taken:,}", "red" if tally.not_in_log else "green")
    else:
        row("events in the log", "not looked at: the door is elsewhere")
    row("rows refused", f"{tally.refused:,}", "red" if tally.refused else "")
    row("rows lost", f"{tally.lost:,}", "red" if tally.lost else "")
    if tally.unsent:
        row("rows read and not sent", f"{tally.unsent:,}", "yellow")
    for stage in (Stage.LIVE, Stage.CANARY, Stage.SHADOW):
        if tally.stages[stage.value]:
            row(f"events whose strongest rule is {stage}", f"{tally.stages[stage.value]:,}")
    row("events on which no rule fired", f"{tally.stages['none']:,}")
    row("events with live measures", f"{tally.measured:,}")
    for rule, count in sorted(tally.quarantined.items()):
        row(f"rule {rule} failed", f"{count:,}", "red")
    unknown = "not yet known" if checked else "not known"
    row("cases opened", unknown if cases is None else f"{cases:,}")
    row("requests (tried again)", f"{tally.requests:,} ({tally.retries:,})")
    row("time, rate", f"{tally.seconds:.1f} s, {tally.rate:,.0f} events/s")
    return shown


def _troubles(tally: Tally) -> Table:
    shown = table("file", "row", "pointer", "what is wrong", title="First errors")
    for trouble in tally.troubles:
        shown.add_row(trouble.file, str(trouble.row), trouble.pointer, Text(trouble.message))
    return shown
