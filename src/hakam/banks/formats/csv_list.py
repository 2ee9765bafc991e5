"""CSV, separated by commas, semicolons or tabs: a head line names the columns, the order is free.

`hash` (or `digest`, `pdq`, `md5` ...), `kind` (or `algorithm`), and where there is: `id`, `label`, `gone`; or `text`,
of which the SimHash is kept. A list without a head is read if the kind is said: its first column is the hash.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from hakam.banks.formats.form import About, FormatError, Leaving, text_row
from hakam.banks.rows import BadRow, Read, row
from hakam.storage import tables
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.yes_no import yes_or_no

_HASH = ("hash", "digest", "hash_digest", "hash_value", "signal", "value")
_KIND = ("kind", "algorithm", "hash_type", "signal_type", "type")
_ITEM = ("id", "item", "source_id")
_LABEL = ("label", "labels", "classification", "category")
_GONE = ("gone", "deleted", "withdrawn")
_WITHDRAWN = frozenset({"deleted", "withdrawn"})
_FORMULA = ("=", "+", "-", "@")  # what a spreadsheet calculates
_LONGEST_CELL = 8_388_608  # characters: a clip of three hours and a half, four frames a second


def read(data: bytes, kind: EntryKind | None = None) -> Iterator[Read]:
    """Yield the rows of a list; places are lines. `kind` is that of rows that do not say theirs."""
    try:
        text = tables.text_of(data)
    except tables.NotTextError as error:
        raise FormatError(
            _(
                "line %(line)s is not %(encoding)s: save it as UTF-8 (in a spreadsheet: `CSV UTF-8`) or UTF-16 "
                "(`Unicode Text`)"
            )
            % {"line": error.line, "encoding": error.encoding}
        ) from error
    if csv.field_size_limit() < _LONGEST_CELL:
        csv.field_size_limit(_LONGEST_CELL)  # of the whole process, which has no other way
    lines = tables.rows_in(text)
    try:
        head = next((cells for cells in lines if any(cell.strip() for cell in cells)), None)
        if head is None:
            return
        names = {name.strip().lower().lstrip("# "): place for place, name in enumerate(head)}
        columns = _Columns(names, kind)
        if not columns.usable:
            if kind is None:
                raise FormatError(
                    _("the first line names no column `hash` or `text`; without a head, say the kind")
                )
            yield row(lines.line_num, kind, head[0])
            columns = _Columns({"hash": 0}, kind)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield columns.row(lines.line_num, cells)
    except csv.Error as error:
        raise FormatError(
            _("line %(line)s: no CSV from here on: %(error)s") % {"line": lines.line_num, "error": error}
        ) from error


class _Columns:
    """Where each thing stands."""

    def __init__(self, names: dict[str, int], kind: EntryKind | None) -> None:
        self._own = next(((k, names[k.value]) for k in EntryKind if k.value in names and k != "text"), None)
        self._places = [
            next((names[n] for n in known if n in names), None)
            for known in (_HASH, _KIND, _ITEM, _LABEL, _GONE)
        ]
        self._text = names.get("text")
        self._kind = kind
        self.usable = self._own is not None or self._places[0] is not None or self._text is not None

    def row(self, line: int, cells: list[str]) -> Read:
        """Return what a line says."""
        hash_, kind, item, label, gone = (
            cells[place].strip() if place is not None and place < len(cells) else "" for place in self._places
        )
        if self._own is not None and not hash_:
            kind, place = self._own[0].value, self._own[1]
            hash_ = cells[place].strip() if place < len(cells) else ""
        if not hash_ and self._text is not None and self._text < len(cells):
            return text_row(line, cells[self._text], item=_read(item), label=_read(label))
        if not kind and self._kind is None:
            return BadRow(line, "it does not say its kind of hash, and none was said for the list")
        said = kind or str(self._kind)
        return row(
            line,
            said,
            hash_,
            item=_read(item),
            label=_read(label),
            gone=gone.lower() in _WITHDRAWN or yes_or_no(gone) is True,
        )


def write(_about: About, entries: Iterable[Leaving]) -> Iterator[bytes]:
    """Yield the list."""
    yield b"kind,hash,id,label,added\n"
    for one in entries:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(
            [one.kind, one.digest, _plain(one.item), _plain(one.label), one.added_at.isoformat()]
        )
        yield line.getvalue().encode()


def _plain(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell


def _read(cell: str) -> str:
    """Return what `_plain` made a cell of."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell
