"""`hakam evidence`: the dated pack for a regulator, made here, checked anywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError
from hakam.vocabulary.counted import counted

app = typer.Typer(help="Evidence packs for regulators: made, and found unchanged.", no_args_is_help=True)


@app.command()
def pack(file: Annotated[Path, typer.Argument(help="Where the ZIP goes.")]) -> None:
    """Write the evidence pack: documents, figures, configuration, ledger proof, manifest and signature."""
    settings = open_home()
    from hakam.regulator.checks import Chosen  # noqa: PLC0415 -- needs Django started
    from hakam.regulator.pack import build  # noqa: PLC0415 -- the same
    from hakam.regulator.proof import key_from  # noqa: PLC0415 -- the same
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- the same

    chosen = Chosen(settings.notice_hours, settings.complaint_days, database=bool(settings.eu_database_url))
    data = build(
        settings.platform,
        key=key_from(settings.secret("evidence")),
        chosen=chosen,
        by=SYSTEM,
        now=datetime.now(tz=UTC),
    )
    try:
        file.write_bytes(data)
    except OSError as error:
        raise CommandError(f"the pack can't be written: {error}") from error
    OUT.print(f"{file}: {counted(len(data), 'byte')}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The ZIP.")],
    key: Annotated[
        Path | None,
        typer.Option(help="The platform's public key as PEM, from its page `/contact/evidence-key.pem`."),
    ] = None,
) -> None:
    """Check a pack: every file against the manifest, the manifest against the signature. Exit code 1 if it was changed.

    Without the platform's key it is only proved that nothing was changed since, not who made it.
    """
    from hakam.regulator import proof  # noqa: PLC0415 -- the command line starts without it

    try:
        wrong = proof.check(file.read_bytes(), public_key=key.read_bytes() if key else b"")
    except OSError as error:
        raise CommandError(f"{error.filename} can't be read: {error.strerror}") from error
    for one in wrong:
        OUT.print(one)
    if wrong:
        raise typer.Exit(1)
    OUT.print("unchanged" if key else "unchanged since it was made; give --key to know by whom")
