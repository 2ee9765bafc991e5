"""`python -m benchmarks.yearly_report`: the report of a synthetic year, timed, and reckoned again independently.

The year stands in a real ledger, chained and guarded. Timed is what `hakam report make` does after its start: counting,
filling eleven sheets, writing eleven CSV files and the workbook. Then every number and median of parts 3 to 6 is held
against SQL that shares no counting with it, every header against the annex, and, where LibreOffice is there, every CSV
against what LibreOffice reads in the workbook.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC
from pathlib import Path

TARGET = 60.0  # seconds for a million decisions


def main() -> int:
    """Measure, compare, tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="where the files of the report stay")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hakam-report-") as home:
        os.environ["HAKAM_HOME"] = home
        from hakam.wiring.start import start_django

        start_django()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        return run(chosen.decisions, chosen.keep or Path(home) / "report")


def run(decisions: int, folder: Path) -> int:
    """Make the year and its report, then compare."""
    from benchmarks.yearly_report.year import PLATFORM, YEAR, write

    from hakam.compliance.profile import Profile
    from hakam.compliance.reports import gathering, sheets, writing
    from hakam.compliance.reports.period import year

    facts = write(decisions)
    print(f"{decisions:,} decisions, {facts:,} facts, chained")
    began = time.perf_counter()
    period = year(YEAR)
    tally = gathering.gather(PLATFORM, period, zone=UTC)
    counted = time.perf_counter() - began
    stated = sheets.Stated(provider="Maydan Ltd", service="Maydan")
    pages = sheets.Report(Profile(platform=PLATFORM), period, stated, tally).sheets()
    files = writing.write_csv(pages, folder)
    book = writing.write_xlsx(pages, folder / "report.xlsx")
    seconds = time.perf_counter() - began
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    print(f"report in {seconds:.1f} s ({counted:.1f} s of it counting), {facts / counted:,.0f} facts/s, "
          f"at most {cpu.ru_maxrss / 1024:,.0f} MB; target {TARGET * decisions / 1_000_000:.1f} s")  # fmt: skip
    wrong = [*different(tally), *headers(files)]
    for line in wrong[:20]:
        print(line)
    opened = through_libreoffice(book, files)
    print(opened)
    good = not wrong and not opened.startswith("DIFFERENT")
    return 0 if good and seconds < TARGET * decisions / 1_000_000 else 1


def different(tally: object) -> list[str]:
    """Return where SQL says otherwise than the report."""
    from benchmarks.yearly_report import recount

    from hakam.compliance.reports.tally import Cell, Tally
    from hakam.compliance.reports.template import ILLEGAL, NOTICES, ORDERS, TERMS

    assert isinstance(tally, Tally)
    recount.prepare()
    wrong, seen = [], set()
    for figure in recount.figures():
        cell = Cell(figure.part, (figure.scope, *figure.place), figure.column)
        seen.add(cell)
        ours = tally.median(cell) if cell in tally.timed() else tally.number(cell)
        if ours is None or abs(ours - figure.number) > 1e-4:
            wrong.append(f"DIFFERENT {cell}: report {ours}, SQL {figure.number}")
    parts = {ORDERS, NOTICES, ILLEGAL, TERMS}
    more = {cell for cell in tally.cells() if cell.part in parts} - seen
    wrong += [f"DIFFERENT {cell}: SQL knows no such figure" for cell in more]
    print(f"{len(seen):,} figures of parts 3 to 6 reckoned again in SQL: {len(wrong)} differ")
    return wrong


def headers(files: list[Path]) -> list[str]:
    """Return the files whose first line is not the annex's, byte for byte."""
    from hakam.compliance.reports.template import parts

    wrong = []
    for path, part in zip(files, parts().values(), strict=True):
        first = path.read_bytes().partition(b"\r\n")[0]
        quoted = [
            f'"{c.replace(chr(34), chr(34) * 2)}"' if set(c) & set(',"\r\n') else c for c in part.columns
        ]
        if first != ",".join(quoted).encode() or path.name != part.file:
            wrong.append(f"DIFFERENT header of {path.name}")
    print(f"{len(files)} headers held to the annex: {len(wrong)} differ")
    return wrong


def through_libreoffice(book: Path, files: list[Path]) -> str:
    """Let LibreOffice open the workbook and write every sheet again; compare cell by cell."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        return "LibreOffice is not here: apt-get install --no-install-recommends libreoffice-calc"
    out = book.parent / "libreoffice"
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    command = [office, "--headless", f"-env:UserInstallation=file://{out}/profile", "--convert-to", form]
    subprocess.run([*command, "--outdir", str(out), str(book)], check=True, capture_output=True, timeout=600)
    wrong = cells = 0
    for path in files:
        with path.open(newline="", encoding="utf-8") as handle:
            ours = list(csv.reader(handle))
        name = next(n for n in out.glob("report-*.csv") if n.stem.removeprefix("report-") == _sheet(path))
        with name.open(newline="", encoding="utf-8") as handle:
            theirs = list(csv.reader(handle))
        if len(ours) != len(theirs):
            return f"DIFFERENT {path.name}: {len(ours)} rows, LibreOffice reads {len(theirs)}"
        for mine, other in zip(ours, theirs, strict=True):
            cells += len(mine)
            wrong += sum(
                not _same(a, b) for a, b in zip(mine, [*other, *[""] * (len(mine) - len(other))], strict=True)
            )
    return f"{'DIFFERENT' if wrong else 'same'} in LibreOffice: {cells:,} cells of {len(files)} sheets, {wrong} differ"


def _sheet(path: Path) -> str:
    from hakam.compliance.reports.template import parts

    return next(part.sheet for part in parts().values() if part.file == path.name)


def _same(mine: str, other: str) -> bool:
    if mine == other:
        return True
    try:
        return abs(float(mine) - float(other)) < 1e-3
    except ValueError:
        return False


if __name__ == "__main__":
    sys.exit(main())
