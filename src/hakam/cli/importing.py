"""`hakam import rules`: rules of another system become a pack, with a report of what could not be carried over."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hakam.cli.screen import OUT, CommandError

if TYPE_CHECKING:
    from hakam.importing.carried import Imported
    from hakam.importing.packing import Importer

app = typer.Typer(help="Carry over what was written for other systems.", no_args_is_help=True)
SUFFIXES = {".sml", ".yaml", ".yml", ".txt", ".md", ".json", ".csv", ".tsv"}
MAX_BYTES = 8 * 1024 * 1024


class Source(StrEnum):
    """What the rules were written for."""

    OSPREY = "osprey"
    AUTOMODERATOR = "automoderator"
    MASTODON = "mastodon"
    DISCORD = "discord"
    THRESHOLDS = "thresholds"


class ReportFormat(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@app.callback()
def _group() -> None:
    """Keep `rules` a command of its own."""


@app.command()
def rules(
    source: Annotated[Source, typer.Argument(help="What the rules were written for.", show_default=False)],
    files: Annotated[
        list[Path], typer.Argument(help="Files, or folders of them.", exists=True, show_default=False)
    ],
    into: Annotated[
        Path, typer.Option("--into", help="The folder of the new pack; it must not be there yet.")
    ],
    name: Annotated[
        str, typer.Option("--name", help="The id of the pack; without it, that of the source.")
    ] = "",
    form: Annotated[
        ReportFormat, typer.Option("--report", help="How the report is printed.")
    ] = ReportFormat.TEXT,
) -> None:
    """Make a pack of rules that were written for another system. All rules only watch at first (`stage: shadow`)."""
    import msgspec  # noqa: PLC0415 -- --help needs none of it

    from hakam.importing.carried import as_markdown, as_text, summary  # noqa: PLC0415 -- as above

    if into.exists():
        raise CommandError(f"{into} is there already; nothing was written")
    made = _read(source, _texts(files), name or source)
    try:
        for path, text in made.files.items():
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            (into / path).write_text(text, encoding="utf-8", newline="\n")
        (into / "README.md").write_text(as_markdown(made.entries), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"the pack can't be written: {error}") from error
    if form is ReportFormat.JSON:
        print(msgspec.json.encode(made.entries).decode())
        return
    if form is ReportFormat.MARKDOWN:
        print(as_markdown(made.entries), end="")
        return
    OUT.print(as_text(made.entries), end="", markup=False, soft_wrap=True)
    OUT.print(f"{into} holds the pack, its README.md this report ({summary(made.entries)})", soft_wrap=True)


def _texts(given: list[Path]) -> dict[str, str]:
    """Return the text of each file, by its path in its folder. Hidden files and other suffixes are passed over."""
    from hakam.storage.tables import NotTextError, text_of  # noqa: PLC0415 -- --help needs none of it

    found: dict[str, str] = {}
    for start in given:
        inside = (
            sorted(path for path in start.rglob("*") if path.suffix.lower() in SUFFIXES)
            if start.is_dir()
            else [start]
        )
        for path in inside:
            name = path.relative_to(start).as_posix() if start.is_dir() else path.name
            if start.is_dir() and any(part.startswith(".") for part in Path(name).parts):
                continue
            try:
                if path.stat().st_size > MAX_BYTES:
                    raise CommandError(f"{path} has more than {MAX_BYTES:,} bytes")
                text = StringIO(text_of(path.read_bytes()), newline=None).read()  # lines end alike
                found[name if name not in found else path.as_posix()] = text
            except (OSError, NotTextError) as error:
                raise CommandError(f"cannot read {path}: {error}") from error
    if not found:
        raise CommandError("there is no file to read")
    return found


def _read(source: Source, files: dict[str, str], name: str) -> Imported:
    from hakam.importing import automoderator, filters, osprey, thresholds  # noqa: PLC0415 -- --help needs none of it

    readers: dict[Source, Importer] = {
        Source.OSPREY: osprey.read,
        Source.AUTOMODERATOR: automoderator.read,
        Source.MASTODON: partial(filters.read_mastodon, now=datetime.now(tz=UTC)),
        Source.DISCORD: filters.read_discord,
        Source.THRESHOLDS: thresholds.read,
    }
    if source is Source.OSPREY:
        files = {path: text for path, text in files.items() if path.endswith(".sml")}
    try:
        return readers[source](files, name)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"cannot read the rules: {error}") from error
