"""Writing: CSV as RFC 4180 has it, one file for each part, and one XLSX workbook. UTF-8, no byte-order mark."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from hakam.compliance.reports.sheets import Sheet, Value

_DECIMALS = 4  # of hours: a third of a second
# Characters: of a column of figures, and of the widest column of texts, which are wrapped.
_NARROW, _WIDE = 14, 60
_LINE, _TALLEST = 15, 409  # points: of a line of text, and what a row can be at most
_A3 = 8


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
        top = book.add_format({"valign": "top"})
        wrapped = book.add_format({"valign": "top", "text_wrap": True})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 0)
            widths = _widths(sheet)
            for column, width in enumerate(widths):
                page.set_column(column, column, width, wrapped if width == _WIDE else top)
            page.set_landscape()
            page.set_paper(_A3)
            page.fit_to_pages(1, 0)  # all columns on one page, as many pages as there are rows
            page.repeat_rows(0)
            page.print_area(0, 0, len(sheet.rows), _last(sheet))
            page.set_row(0, _height(sheet.header, widths))
            for column, title in enumerate(sheet.header):
                page.write_string(0, column, title, bold)
            for number, row in enumerate(sheet.rows, 1):
                page.set_row(number, _height(row, widths))
                for column, value in enumerate(row):
                    style = wrapped if widths[column] == _WIDE else top
                    if isinstance(value, str):
                        page.write_string(number, column, value, style)
                    elif value is not None:
                        page.write_number(number, column, round(value, _DECIMALS), style)
    return path


def _widths(sheet: Sheet) -> list[int]:
    """Return how wide each column is: as its texts ask, and narrow where figures or nothing stand."""
    texts = [
        max((len(value) for value in column if isinstance(value, str)), default=0)
        for column in zip(*sheet.rows, strict=True)
    ] or [0] * len(sheet.header)
    return [min(_WIDE, max(_NARROW, longest + 2)) for longest in texts]


def _height(row: Sequence[Value], widths: Sequence[int]) -> float:
    """Return how tall a row is, in points, for its texts to be read whole; words break lines before they are full."""
    lines = [
        -(-len(value) * 6 // (5 * width))
        for value, width in zip(row, widths, strict=True)
        if isinstance(value, str) and len(value) > width
    ]
    return min(_TALLEST, _LINE * max(lines, default=1))


def _last(sheet: Sheet) -> int:
    """Return the last column in which anything stands: what is blank to the end is not printed."""
    used = [column for row in sheet.rows for column, value in enumerate(row) if value is not None]
    return max(used, default=len(sheet.header) - 1)
