"""`hakam read`: what the worker would read in a picture, for people who want to try it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from hakam.cli.screen import ERR, OUT, CommandError, complain
from hakam.vocabulary.counted import counted
from hakam.wiring.settings import settings

if TYPE_CHECKING:
    from hakam.media.sandbox import Sandbox


def read(paths: Annotated[list[Path], typer.Argument(help="Pictures.")]) -> None:
    """Read what is written in pictures, as the worker does, and score them where `hakam[nudity]` is installed.

    Needs the extra `media`, and the program `tesseract` with data of a language of this installation. Which reader is
    missing is said first, and the others read. A picture that can't be read is told, and the rest are read.
    Nothing is kept. Exit code 1 if any of them could not be read.
    """
    with complain():
        from hakam.media import nudity, tesseract  # noqa: PLC0415 -- nobody else needs them
        from hakam.media.extra import MediaExtraMissingError  # noqa: PLC0415
        from hakam.media.sandbox import Sandbox  # noqa: PLC0415

        there = [path for path in paths if _is_there(path)]
        if not there:
            raise typer.Exit(1)
        languages = settings().languages
        known, unscored = tesseract.installed(languages), nudity.trouble()
        for line in _missing(known, languages, unscored):
            ERR.print(Text(line, "yellow"), soft_wrap=True)
        if not known and unscored:
            raise CommandError("nothing is installed that reads pictures")
        try:
            sandbox = Sandbox(nudity=not unscored)
        except MediaExtraMissingError as error:
            raise CommandError(str(error)) from error
        with sandbox:
            done = sum(_read(path, sandbox, known) for path in there)
        if done < len(paths):
            if len(paths) > 1:
                ERR.print(Text(f"read: {done:,} of {counted(len(paths), 'picture')}"), soft_wrap=True)
            raise typer.Exit(1)


def _is_there(path: Path) -> bool:
    """Whether a path leads to a file; tell if not."""
    if path.is_file():
        return True
    ERR.print(Text(f"{path}: {'is a folder' if path.is_dir() else 'is not there'}"), soft_wrap=True)
    return False


def _missing(known: tuple[str, ...], languages: tuple[str, ...], unscored: str | None) -> list[str]:
    """Return a line for each reader that is not here."""
    from hakam.media import tesseract  # noqa: PLC0415 -- as above

    lines = []
    if not known:
        lines.append(f"not read: writing; {tesseract.ProgramMissingError(languages)}")
    elif missing := tesseract.missing(languages):
        lines.append(
            f"not read: writing in {', '.join(missing)}; Tesseract has no data for it (Debian and Ubuntu: apt-get "
            f"install {' '.join(f'tesseract-ocr-{tesseract.LANGUAGES.get(one, one)}' for one in missing)})"
        )
    if unscored:
        lines.append(f"not scored: nudity; {unscored}")
    return lines


def _read(path: Path, sandbox: Sandbox, known: tuple[str, ...]) -> bool:
    """Print what one picture says. Return whether all readers that are here have read it."""
    from hakam.media import nudity, tesseract  # noqa: PLC0415 -- as above
    from hakam.media.sandbox import UnreadableError  # noqa: PLC0415 -- as above

    try:
        with path.open("rb") as file:
            data = file.read(sandbox.bounds.size + 1)
        said = sandbox.said(data, plates=bool(known))
    except OSError as error:
        ERR.print(Text(f"{path}: {error.strerror or error}"), soft_wrap=True)
        return False
    except UnreadableError as error:
        ERR.print(Text(f"{path}: {error}"), soft_wrap=True)
        return False
    OUT.print(Text(str(path), "bold"), soft_wrap=True)
    if said.nudity is not None:
        OUT.print(Text(f"  {nudity.SCORE} {said.nudity:.3f} ({nudity.MODEL})"))
    if not known:
        return True
    try:
        writing = tesseract.read(said.plates, known) if said.plates else None
    except tesseract.UnreadError as error:
        ERR.print(Text(f"{path}: writing not read: {error}"), soft_wrap=True)
        return False
    if writing is not None and writing.text:
        OUT.print(Text(f"  {counted(writing.words, 'word')}, {writing.program}"))
        OUT.print(Text(writing.text), soft_wrap=True)
    else:
        OUT.print(Text("  nothing is written in it that could be read"))
    return True
