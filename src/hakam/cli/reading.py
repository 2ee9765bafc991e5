"""`hakam read`: what the worker would read in a picture, for people who want to try it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from hakam.cli.screen import ERR, OUT, CommandError, complain
from hakam.vocabulary.counted import counted
from hakam.wiring.settings import settings


def read(
    paths: Annotated[list[Path], typer.Argument(help="Pictures.", exists=True, dir_okay=False)],
) -> None:
    """Read what is written in pictures, as the worker does, and score them where `hakam[nudity]` is installed.

    Needs the extra `media` and the program `tesseract`, with data of a language of this installation. A picture that
    can't be read is told, and the others are read. Nothing is kept. Exit code 1 if none could be read.
    """
    with complain():
        from hakam.media import nudity, tesseract  # noqa: PLC0415 -- nobody else needs them
        from hakam.media.extra import MediaExtraMissingError  # noqa: PLC0415
        from hakam.media.sandbox import Sandbox, UnreadableError  # noqa: PLC0415

        languages = settings().languages
        known = tesseract.installed(languages)
        if not known and not nudity.available():
            raise CommandError(str(tesseract.ProgramMissingError(languages)))
        if not known:
            ERR.print(Text(str(tesseract.ProgramMissingError(languages)), "yellow"), soft_wrap=True)
        try:
            sandbox = Sandbox(nudity=nudity.available())
        except MediaExtraMissingError as error:
            raise CommandError(str(error)) from error
        done = 0
        with sandbox:
            for path in paths:
                try:
                    said = sandbox.said(path.read_bytes(), plates=bool(known))
                    writing = tesseract.read(said.plates, known) if said.plates else None
                except (UnreadableError, tesseract.UnreadError, OSError) as error:
                    ERR.print(Text(f"{path}: {error}"), soft_wrap=True)
                    continue
                done += 1
                OUT.print(Text(str(path), "bold"), soft_wrap=True)
                if said.nudity is not None:
                    OUT.print(Text(f"  {nudity.SCORE} {said.nudity:.3f} ({nudity.MODEL})"))
                if writing is not None and writing.text:
                    OUT.print(Text(f"  {counted(writing.words, 'word')}, {writing.program}"))
                    OUT.print(Text(writing.text), soft_wrap=True)
                elif known:
                    OUT.print(Text("  nothing is written in it that could be read"))
        if not done:
            raise typer.Exit(1)
