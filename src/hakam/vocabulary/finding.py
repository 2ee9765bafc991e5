"""What a check found wrong. Findings are values: collected, then rendered by whoever asked."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """Whether what was checked can still be used."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Span(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """A place in a file. Lines and columns count from 1; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing found. `code` (as `P012`) is documented; `message` starts in lower case and has no final stop."""

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    hint: str | None = None
    subject: str | None = None  # what it is about when it has no place in a file, as `case:12`
