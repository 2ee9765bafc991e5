"""What commands there are: a table of words, so that `hakam --help` imports none of them.

A command is imported when it is called, when its own help is asked for, or when the reference is written.
"""

# ruff: noqa: E501 -- a row is one line

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any, Final, NamedTuple

import typer
from typer.core import TyperGroup


class Entry(NamedTuple):
    """A command: where it stands in the help, `module:name` of its function or `Typer`, and its first line."""

    panel: str
    place: str
    summary: str


_INTERRUPTED = 130  # what shells tell of a program that Ctrl-C ended
_P = "hakam.cli."
COMMANDS: Final[dict[str, Entry]] = {
    "up": Entry("Run", _P + "up:up", "Start everything: prepare the data folder and the database, then run console, door and worker."),
    "demo": Entry("Run", _P + "demo:demo", "Start Hakam with Maydan, a demo platform in Arabic and English. The same as `hakam up --demo`."),
    "process": Entry("Run", _P + "process:process", "Run one program in the foreground until a signal ends it."),
    "migrate": Entry("Run", _P + "database:migrate", "Bring the database to the shape that this version needs. `hakam up` does it by itself."),
    "check": Entry("Rules", _P + "pack_commands:check", "Check a pack: grammar, types, names, patterns, measures. Exit code 1 if it can't be loaded."),
    "test": Entry("Rules", _P + "pack_commands:run_tests", "Run a pack's own tests. A test that fails shows each rule's condition with the values it saw."),
    "fmt": Entry("Rules", _P + "pack_commands:lay_out_pack", "Put the files of a pack in the one layout. Comments and meaning stay."),
    "import": Entry("Rules", _P + "importing:app", "Carry over what was written for other systems."),
    "replay": Entry("Rules", _P + "replay:replay", "Send every row of FILES through the door and tell what the rules said."),
    "backtest": Entry("Rules", _P + "backtest:backtest", "Judge stored events by PACK, touching nobody, and tell what its rules would have done."),
    "evaluate": Entry("Classifiers", _P + "evaluate:evaluate", "Measure the shipped classifiers: AUC, average precision, F1 at the threshold, calibration, with intervals."),
    "labels": Entry("Classifiers", _P + "labels:labels", "Write the texts that people decided about, with what the decisions tell of them."),
    "calibrate": Entry("Classifiers", _P + "train:calibrate", "Fit the probabilities and thresholds of a linear model to your own labelled texts, language by language."),
    "train": Entry("Classifiers", _P + "train:train", "Train a linear model on your own labelled texts. Needs the extra `train`."),
    "models": Entry("Classifiers", _P + "models:app", "Models of your own, whose scores rules read."),
    "compare": Entry("Classifiers", _P + "compare:compare", "Send every text to both and print, category by category, how often they agree."),
    "pack": Entry("Rules", _P + "rulebook:app", "The rule book in force, and how to change it."),
    "bank": Entry("Known content", _P + "banks:app", "Banks of known content: hashes of what is not to be seen again."),
    "partner": Entry("Known content", _P + "partners:app", "Partners: platforms that we exchange hashes with, by signed envelopes."),
    "fires": Entry("Known content", _P + "fires:app", "Recommendations about domains and accounts, to and from the fediverse (FIRES)."),
    "read": Entry("Known content", _P + "reading:read", "Read what is written in pictures, as the worker does, and score them where `hakam[nudity]` is installed."),
    "lists": Entry("Rules", _P + "lists:app", "Lists that rules of every pack can read, changed without a new pack."),
    "edge": Entry("Live", _P + "edge:app", "Edge snapshots: who and what is barred, as a signed file that edge nodes read without a call."),
    "franking": Entry("Live", _P + "franking:app", "Message franking: keys of the platform, and whether a reported message was sent so."),
    "live": Entry("Live", _P + "live:app", "Live streams: the media servers that are guarded, their addresses, live passes."),
    "incident": Entry("Live", _P + "incidents:app", "Incidents: powers for some hours, taken back at their end. Exercises go the same way."),
    "waiting": Entry("Live", _P + "waiting:app", "A waiting room: a live event lets in as many as it holds, in a fair order."),
    "notices": Entry("Law", _P + "notices:app", "Notices of illegal or unwanted content: which wait, until when, what became of each."),
    "orders": Entry("Law", _P + "orders:app", "Orders of courts and authorities: which wait, what they lack, until when they are owed."),
    "disputes": Entry("Law", _P + "disputes:app", "Disputes before certified bodies: which wait, what was found, what is owed for it."),
    "doctor": Entry("Understand", _P + "doctor:doctor", "Examine the whole installation: the chain of the ledger and what must always hold in each room."),
    "query": Entry("Understand", _P + "query:query", "Ask of everything that came through the door: how many, which, whose, when."),
    "explain": Entry("Understand", _P + "explain:explain", "Explain a verdict, a decision, or the code of a finding."),
    "ledger": Entry("Understand", _P + "ledger:app", "The record of all that was done."),
    "privacy": Entry("People and keys", _P + "privacy:app", "Personal data: how long they are kept, what is erased, what people ask for."),
    "report": Entry("Understand", _P + "report:app", "The transparency report of a period."),
    "evidence": Entry("Understand", _P + "evidence:app", "Evidence packs for regulators: made, and found unchanged."),
    "user": Entry("People and keys", _P + "users:app", "The people who work with Hakam."),
    "key": Entry("People and keys", _P + "keys:app", "The API keys of platforms."),
}  # fmt: skip


def load(name: str) -> Any:
    """Import a command and return it as the group keeps it."""
    entry = COMMANDS[name]
    module, _colon, attribute = entry.place.partition(":")
    found = getattr(import_module(module), attribute)
    command: Any
    if isinstance(found, typer.Typer):
        command = typer.main.get_group(found)
    else:
        alone = typer.Typer(rich_markup_mode="markdown", add_completion=False)
        alone.command(name)(found)
        command = typer.main.get_command(alone)
    command.name = name
    command.rich_help_panel = entry.panel
    return command


class _Lazy(MutableMapping[str, Any]):
    """The commands of the table, each loaded when it is looked at, and those that were added by hand."""

    def __init__(self, added: dict[str, Any]) -> None:
        self._loaded = dict(added)

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            if name not in COMMANDS:
                raise KeyError(name)
            self._loaded[name] = load(name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*COMMANDS, *self._loaded]))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in COMMANDS or name in self._loaded


class Commands(TyperGroup):
    """The program's own group: its help is written from the table."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Lazy(dict(self.commands))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; without any, show the help, as for a mistake."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a value that can't be is told in words for people, and so is that Ctrl-C ended it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("interrupted", err=True)
            ctx.exit(_INTERRUPTED)
        except typer.BadParameter as error:
            from hakam.cli.mistakes import reworded  # noqa: PLC0415 -- only where there is something to tell

            reworded(error)
            raise

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help of the whole program, in the look of the others."""
        width = min(shutil.get_terminal_size((80, 24)).columns, 100)
        lines = [
            "",
            f" {typer.style('Usage:', fg='yellow')} {ctx.command_path} [OPTIONS] COMMAND [ARGS]...",
            "",
        ]
        for paragraph in (self.help or "").split("\n\n"):
            lines += [*(f" {line}" for line in textwrap.wrap(paragraph.replace("`", ""), width - 2)), ""]
        options = [record for p in self.get_params(ctx) if (record := p.get_help_record(ctx))]
        lines += _box("Options", options, width)
        panels: dict[str, list[tuple[str, str]]] = {}
        for name, entry in COMMANDS.items():
            panels.setdefault(entry.panel, []).append((name, entry.summary))
        for panel, rows in panels.items():
            lines += _box(panel, rows, width)
        formatter.write("\n".join(lines) + "\n\n")


def _box(title: str, rows: list[tuple[str, str]], width: int) -> list[str]:
    first = max(len(name) for name, _text in rows)
    inner = width - 4
    out = [f"╭─ {title} " + "─" * (width - len(title) - 5) + "╮"]
    for name, text in rows:
        for number, part in enumerate(textwrap.wrap(text.replace("`", ""), inner - first - 2) or [""]):
            word = typer.style(name.ljust(first), fg="cyan", bold=True) if number == 0 else " " * first
            out.append(f"│ {word}  {part.ljust(inner - first - 2)} │")
    return [*out, "╰" + "─" * (width - 2) + "╯"]
