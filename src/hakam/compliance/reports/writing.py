"""Writing: CSV as RFC 4180 has it, one file for each part, and one XLSX workbook. UTF-8, no byte-order mark."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import xlsxwriter

from hakam.compliance.reports.sheets import Sheet, Value

_DECIMALS = 4  # of hours: a third of a second


def _written(value: Value) -> str:
    if value is None:
        return ""
    return f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def as_csv(sheet: Sheet) -> str:
    """Return a sheet as CSV: CRLF, quotes doubled, counts as integers, times in hours."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(sheet.header)
    writer.writerows([_written(value) for value in row] for row in sheet.rows)
    return out.getvalue()


def write_csv(sheets: tuple[Sheet, ...], folder: Path) -> list[Path]:
    """Write every part into `folder` under the annex's file names, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for sheet in sheets:
        path = folder / sheet.file
        path.write_bytes(as_csv(sheet).encode())
        written.append(path)
    return written


def write_xlsx(sheets: tuple[Sheet, ...], path: Path) -> Path:
    """Write one workbook with a sheet for each part. Nothing in it is a formula or a link."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 0)
            page.set_column(0, len(sheet.header) - 1, 24)
            for column, title in enumerate(sheet.header):
                page.write_string(0, column, title, bold)
            for number, row in enumerate(sheet.rows, 1):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        page.write_string(number, column, value)
                    elif value is not None:
                        page.write_number(number, column, round(value, _DECIMALS))
    return path
