"""`hakam report`: the harmonised transparency report of a year or half-year, and where each figure comes from."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError, table
from hakam.vocabulary.counted import counted

app = typer.Typer(help="The transparency report of a period.", no_args_is_help=True)
Year = Annotated[int, typer.Argument(min=2000, max=2199, help="The calendar year.")]
Half = Annotated[
    int,
    typer.Option(
        min=0, max=2, help="1 or 2: half of the year, as very large platforms report. 0: all of it."
    ),
]
Platform = Annotated[
    str, typer.Option(help="Whose report; empty: the platform of the settings, or the only one on record.")
]
MOST = 1_000  # facts shown
Said = Annotated[
    Path | None,
    typer.Option(help="A JSON file with what no ledger knows: provider, recipients, moderators, texts."),
]


def _report(year: int, half: int, platform: str, stated: Path | None) -> Any:
    open_home()
    import msgspec  # noqa: PLC0415 -- the command line starts without it
    from django.utils.timezone import get_default_timezone  # noqa: PLC0415 -- needs Django started

    from hakam.compliance.profile import profile_of  # noqa: PLC0415 -- the same
    from hakam.compliance.reports import gathering, period, sheets  # noqa: PLC0415 -- the same
    from hakam.wiring.settings import settings  # noqa: PLC0415 -- the same

    name = platform or settings().platform
    span = period.half(year, half) if half else period.year(year)
    told = {"provider": settings().platform_name, "service": settings().platform_name}
    if stated is not None:
        told |= _stated(stated)
    tally = gathering.gather(name, span, zone=get_default_timezone())
    if name not in tally.platforms and tally.platforms:
        others = sorted(tally.platforms)
        if platform:
            OUT.print(
                f"nothing is on record of {name} in this period; there is something of {', '.join(others)}"
            )
        elif len(others) > 1:
            raise CommandError(
                f"nothing is on record of {name}, the platform of the settings, in this period; "
                f"choose one by --platform: {', '.join(others)}"
            )
        else:
            OUT.print(f"of {others[0]}: nothing is on record of {name}, the platform of the settings")
            name = others[0]
            tally = gathering.gather(name, span, zone=get_default_timezone())
    try:
        said = msgspec.convert(told, sheets.Stated, strict=False)
    except msgspec.ValidationError as error:
        raise CommandError(f"{stated}: {error}") from error
    return sheets.Report(profile_of(name), span, said, tally)


def _stated(path: Path) -> dict[str, Any]:
    import msgspec  # noqa: PLC0415 -- the command line starts without it

    try:
        said = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError) as error:
        raise CommandError(f"{path} can't be read: {error}") from error
    from hakam.compliance.reports.sheets import Stated  # noqa: PLC0415 -- needs Django started

    known = Stated.__struct_fields__
    if unknown := sorted(said.keys() - set(known)):
        raise CommandError(
            f"{path} says {', '.join(unknown)}, which no report holds; it may say {', '.join(known)}"
        )
    return said


@app.command()
def make(
    year: Year,
    folder: Annotated[Path, typer.Argument(help="Where the files go; made if it is not there.")],
    half: Half = 0,
    platform: Platform = "",
    stated: Said = None,
) -> None:
    """Write the report: one CSV file for each part of the template, and one XLSX workbook of all parts."""
    report = _report(year, half, platform, stated)
    from hakam.compliance.reports.writing import write_csv, write_xlsx  # noqa: PLC0415 -- needs Django started

    pages = report.sheets()
    name = f"transparency-report-{report.period.first}-{report.period.last}.xlsx"
    try:
        written = write_csv(pages, folder)
        book = write_xlsx(pages, folder / name)
    except OSError as error:
        raise CommandError(f"the report can't be written: {error}") from error
    OUT.print(f"{counted(len(written), 'CSV file')} and {book.name} in {folder}")
    OUT.print(
        f"to be published by {report.period.publish_by()}; part 11 is a draft that a person must complete"
    )
    if report.period.last >= date.today():  # noqa: DTZ011 -- a note for the person at the keyboard
        OUT.print("the period is not over: what comes is not in it yet")


@app.command()
def trace(
    year: Year,
    part: Annotated[int, typer.Argument(min=3, max=8, help="The part of the template.")],
    row: Annotated[
        int,
        typer.Argument(min=2, help="The row of the sheet: 2 is the first below the header."),
    ],
    column: Annotated[str, typer.Argument(help="The column, as `G`.")],
    half: Half = 0,
    platform: Platform = "",
) -> None:
    """Show the facts that make one figure of the report."""
    report = _report(year, half, platform, None)
    from hakam.compliance.reports.sheets import letters  # noqa: PLC0415 -- needs Django started

    sheet = next(page for page in report.sheets() if page.part == part)
    names = letters(len(sheet.header))
    if column.upper() not in names or row - 2 >= len(sheet.rows):
        raise typer.BadParameter(
            f"part {part} has rows 2 to {len(sheet.rows) + 1} and columns A to {names[-1]}"
        )
    at = (row - 2, names.index(column.upper()))
    cell = sheet.cells.get(at)
    if cell is None:
        OUT.print("this place holds no figure that is counted from the ledger")
        raise typer.Exit(1)
    facts = report.tally.facts(cell)
    value = sheet.rows[at[0]][at[1]]
    OUT.print(
        f"{sheet.header[at[1]].strip()}: {value if value is not None else 'blank'}, from {counted(len(facts), 'fact')}"
    )
    from hakam.compliance import access  # noqa: PLC0415 -- needs Django started

    shown = table("seq", "at (UTC)", "fact", "subject")
    for seq in facts[:MOST]:
        fact = access.fact(seq)
        if fact is not None:
            shown.add_row(str(seq), f"{fact.at:%Y-%m-%d %H:%M:%S}", fact.kind, fact.subject)
    OUT.print(shown)
    if len(facts) > MOST:
        OUT.print(f"... and {len(facts) - MOST} more")
