"""CSV and XLSX hold the same: headers to the byte, integers, hours, blanks; no text becomes a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.compliance.reports.conftest import PLATFORM, YEAR, Year

from hakam.compliance.profile import Profile
from hakam.compliance.reports import gathering
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.sheets import Report, Sheet, Stated
from hakam.compliance.reports.template import parts
from hakam.compliance.reports.writing import as_csv, write_csv, write_xlsx

pytestmark = pytest.mark.django_db
EVIL = '=HYPERLINK("http://evil.example"), "quoted", ميدان\nnext'


@pytest.fixture
def pages(write: Callable[[int], Year]) -> tuple[Sheet, ...]:
    write(40)
    period = year_of(YEAR)
    tally = gathering.gather(PLATFORM, period, zone=UTC)
    return Report(Profile(platform=PLATFORM), period, Stated(provider=EVIL, service="Maydan"), tally).sheets()


def test_csv_is_rfc_4180_in_utf_8_without_a_mark(pages: tuple[Sheet, ...], tmp_path: Path) -> None:
    files = write_csv(pages, tmp_path / "report")
    assert [path.name for path in files] == [part.file for part in parts().values()]
    for page, path in zip(pages, files, strict=True):
        raw = path.read_bytes()
        assert not raw.startswith(b"\xef\xbb\xbf")
        assert re.sub(rb'"(?:[^"]|"")*"', b"", raw).replace(b"\r\n", b"").find(b"\n") == -1
        rows = list(csv.reader(io.StringIO(raw.decode(), newline="")))
        assert tuple(rows[0]) == page.header
        assert len(rows) == len(page.rows) + 1
        assert all(len(row) == len(page.header) for row in rows)
        for given, told in zip(page.rows, rows[1:], strict=True):
            for value, text in zip(given, told, strict=True):
                if value is None:
                    assert text == ""
                elif isinstance(value, int):
                    assert text == str(value)
                elif isinstance(value, float):
                    assert float(text) == pytest.approx(value, abs=1e-4)
                else:
                    assert text == value


def test_the_workbook_holds_the_same_and_nothing_alive(pages: tuple[Sheet, ...], tmp_path: Path) -> None:
    path = write_xlsx(pages, tmp_path / "out" / "report.xlsx")
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as book:
        workbook = ET.fromstring(book.read("xl/workbook.xml"))  # noqa: S314 -- our own file
        assert [s.get("name") for s in workbook.iter(f"{name}sheet")] == [page.name for page in pages]
        for number, page in enumerate(pages, 1):
            tree = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314 -- the same
            assert not list(tree.iter(f"{name}f"))  # no formula
            rows = list(tree.iter(f"{name}row"))
            head = ["".join(cell.itertext()) for cell in rows[0].iter(f"{name}c")]
            assert tuple(head) == page.header
            numbers = [
                c
                for row in rows[1:]
                for c in row.iter(f"{name}c")
                if c.get("t") is None and c.find(f"{name}v") is not None
            ]
            wanted = [v for row in page.rows for v in row if isinstance(v, int | float)]
            assert [float(c.find(f"{name}v").text) for c in numbers] == pytest.approx(wanted, abs=1e-4)  # type: ignore[union-attr, arg-type]
        assert "hyperlinks" not in "".join(book.namelist())
    assert path.stat().st_size > 10_000


def test_the_workbook_can_be_read_and_printed(tmp_path: Path) -> None:
    long = "A paragraph that explains. " * 20
    rows = (("All", "Name of the service provider, in full", 3, long, None), ("All", "x", 4, "short", None))
    page = Sheet(11, "11_texts", "11.csv", ("Who", "Indicator", "Figure", "Text", "Blank"), rows, {})
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(write_xlsx((page,), tmp_path / "report.xlsx")) as book:
        tree = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 -- our own file
        workbook = book.read("xl/workbook.xml").decode()
    widths = {int(c.get("min", 0)): float(c.get("width", 0)) for c in tree.iter(f"{name}col")}
    assert widths[2] > len("Name of the service provider, in full")
    assert widths[1] < widths[2] < widths[4] < 70
    assert widths[3] == widths[5] == widths[1]
    heights = [float(row.get("ht", 15)) for row in tree.iter(f"{name}row")]
    assert heights[1] > 8 * 15 > heights[2] == 15  # nine lines at least, and one
    setup = next(tree.iter(f"{name}pageSetup"))
    assert (setup.get("orientation"), setup.get("fitToHeight")) == ("landscape", "0")
    assert "$A$1:$D$3" in workbook  # the column that is blank to its end is not printed
    assert "Print_Titles" in workbook


def test_what_a_spreadsheet_would_run_stays_text(pages: tuple[Sheet, ...]) -> None:
    assert as_csv(pages[0]).count('""quoted""') == 1
