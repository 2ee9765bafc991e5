"""Which formats there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

from hakam.banks.formats import csv_list, json_list, misp, ncmec, stix, stopncii, threatexchange
from hakam.banks.formats.form import LARGEST_FILE, About, FormatError, Leaving
from hakam.banks.rows import Read
from hakam.vocabulary.bank import EntryKind


class ListFormat(StrEnum):
    """How a hash list is written."""

    CSV = "csv"
    JSON = "json"
    THREATEXCHANGE = "threatexchange"
    NCMEC = "ncmec"
    STOPNCII = "stopncii"
    STIX = "stix"
    MISP = "misp"


class Spoken(NamedTuple):
    """How a format is read and written."""

    read: Callable[[bytes, EntryKind | None], Iterator[Read]]
    write: Callable[[About, Iterable[Leaving]], Iterator[bytes]]


FORMATS: dict[ListFormat, Spoken] = {
    ListFormat.CSV: Spoken(csv_list.read, csv_list.write),
    ListFormat.JSON: Spoken(json_list.read, json_list.write),
    ListFormat.THREATEXCHANGE: Spoken(threatexchange.read, threatexchange.write),
    ListFormat.NCMEC: Spoken(ncmec.read, ncmec.write),
    ListFormat.STOPNCII: Spoken(stopncii.read, stopncii.write),
    ListFormat.STIX: Spoken(stix.read, stix.write),
    ListFormat.MISP: Spoken(misp.read, misp.write),
}


def read_file(path: Path, form: ListFormat, kind: EntryKind | None = None) -> Iterator[Read]:
    """Yield the rows of a file. Raises `FormatError`, also for one that is larger than a gigabyte, and `OSError`."""
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise FormatError(
            _("%(size)s bytes; at most %(largest_file)s: split the list")
            % {"size": f"{size:,}", "largest_file": f"{LARGEST_FILE:,}"}
        )
    yield from FORMATS[form].read(path.read_bytes(), kind)


def guessed(path: Path) -> ListFormat | None:
    """Return the format that a file's name tells, if it does."""
    return {
        ".csv": ListFormat.CSV,
        ".tsv": ListFormat.CSV,
        ".json": ListFormat.JSON,
        ".ndjson": ListFormat.JSON,
        ".xml": ListFormat.NCMEC,
    }.get(path.suffix.lower())
