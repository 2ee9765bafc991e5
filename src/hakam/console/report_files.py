"""A transparency report as files: one workbook, or an archive with one CSV for each part."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from django.http import HttpResponse

from hakam.compliance.models import MadeReport
from hakam.compliance.reports import keeping
from hakam.compliance.reports.writing import as_csv, write_xlsx

FORMS: Final = frozenset({"xlsx", "zip"})


def download(report: MadeReport, form: str) -> HttpResponse:
    """Return a report as files: `xlsx`, or `zip` with one CSV for each part."""
    pages = keeping.sheets_of(report)
    law = "" if report.law == keeping.DSA else f"{report.law}-"
    name = f"{law}transparency-report-{report.first}-{report.last}-{report.version or 'draft'}"
    if form == "xlsx":
        with tempfile.TemporaryDirectory() as folder:
            data = write_xlsx(pages, Path(folder) / "report.xlsx").read_bytes()
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    else:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for page in pages:
                archive.writestr(page.file, as_csv(page))
        data, kind = held.getvalue(), "application/zip"
    response = HttpResponse(data, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response
