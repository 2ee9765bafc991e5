"""Every format: what is written is read again, entry by entry; what is no list is refused; nothing else breaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.banks.formats import known
from hakam.banks.formats.form import About, FormatError, Leaving
from hakam.banks.formats.known import FORMATS, ListFormat, guessed, read_file
from hakam.banks.rows import BadRow, Gone, Row
from hakam.vocabulary.bank import BULLETINS, DIGITS, EntryKind

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ABOUT = About("our-bank", "own", "what we removed, & more <than> once", 31, AT)
_NAMES = set(BULLETINS)
LACKS = {
    ListFormat.NCMEC: {EntryKind.TEXT, *_NAMES},
    ListFormat.STOPNCII: {EntryKind.TEXT, EntryKind.SHA1, EntryKind.SHA256, *_NAMES},
    ListFormat.THREATEXCHANGE: {EntryKind.TEXT, *_NAMES},
    ListFormat.STIX: _NAMES,
    ListFormat.MISP: _NAMES,
}
"""Kinds for which a format has no word."""


def leaving(kind: EntryKind, number: int, item: str = "", label: str = "") -> Leaving:
    return Leaving(kind, f"{number:x}".rjust(DIGITS[kind], "a"), item, label, AT)


def written(form: ListFormat, entries: list[Leaving]) -> bytes:
    return b"".join(FORMATS[form].write(ABOUT, entries))


@pytest.mark.parametrize("form", list(ListFormat))
def test_what_is_written_is_read_again(form: ListFormat) -> None:
    kinds = [kind for kind in DIGITS if kind not in LACKS.get(form, set())]
    entries = [
        leaving(kind, n * 16 + m, f"42-item{n}", "A1, <new>")
        for n in range(20)
        for m, kind in enumerate(kinds)
    ]
    rows = list(FORMATS[form].read(written(form, entries), None))
    assert [(row.kind, row.digest) for row in rows if isinstance(row, Row)] == [
        (e.kind, e.digest) for e in entries
    ] or {(row.kind, row.digest) for row in rows if isinstance(row, Row)} == {
        (e.kind, e.digest) for e in entries
    }
    assert len(rows) == len(entries)
    assert all(isinstance(row, Row) and not row.gone for row in rows)


@pytest.mark.parametrize("form", list(ListFormat))
def test_an_empty_bank_is_an_empty_list(form: ListFormat) -> None:
    assert list(FORMATS[form].read(written(form, []), None)) == []


@pytest.mark.parametrize("form", [f for f in ListFormat if f is not ListFormat.STOPNCII])
def test_labels_come_through(form: ListFormat) -> None:
    (row,) = FORMATS[form].read(written(form, [leaving(EntryKind.MD5, 7, "42-x", "A1")]), None)
    assert isinstance(row, Row)
    assert row.label == "A1"


@pytest.mark.parametrize(
    "form", [ListFormat.CSV, ListFormat.JSON, ListFormat.NCMEC, ListFormat.THREATEXCHANGE]
)
def test_the_source_s_ids_come_through(form: ListFormat) -> None:
    (row,) = FORMATS[form].read(written(form, [leaving(EntryKind.MD5, 7, "42-x")]), None)
    assert isinstance(row, Row)
    assert row.item == "42-x"


@pytest.mark.parametrize("form", list(ListFormat))
@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b"nothing of the sort", b'{"a":', b"[" * 100_000, b"<a><b></a>"]
)
def test_what_is_no_list_is_refused(form: ListFormat, data: bytes) -> None:
    try:
        rows = list(FORMATS[form].read(data, None))
    except FormatError:
        return
    assert not any(isinstance(row, Row) for row in rows)


@pytest.mark.parametrize("form", list(ListFormat))
@settings(max_examples=60, deadline=None)
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_no_bytes_break_a_reader(form: ListFormat, data: bytes) -> None:
    try:
        for row in FORMATS[form].read(data, EntryKind.MD5):
            assert isinstance(row, Row | Gone | BadRow)
    except FormatError:
        pass


@pytest.mark.parametrize("form", list(ListFormat))
def test_a_file_that_was_cut_short_never_loses_what_it_does_not_name(form: ListFormat) -> None:
    whole = written(form, [leaving(EntryKind.MD5, n, f"42-{n}") for n in range(40)])
    try:
        rows = list(FORMATS[form].read(whole[: len(whole) * 2 // 3], None))
    except FormatError:
        return
    assert form is ListFormat.CSV  # the only one in which half a file is a file
    assert not any(isinstance(row, Gone) or (isinstance(row, Row) and row.gone) for row in rows)


@pytest.mark.parametrize("form", [ListFormat.NCMEC, ListFormat.STOPNCII, ListFormat.THREATEXCHANGE])
def test_what_a_format_has_no_word_for_stays_at_home(form: ListFormat) -> None:
    """A partner's tools would take the SimHash of a text for a text."""
    text = leaving(EntryKind.TEXT, 7)
    assert text.digest.encode() not in written(form, [text, leaving(EntryKind.MD5, 8)])


_ODD: list[object] = [None, True, -1, 1.5, 10**30, "", "x" * 5000, [], {}, [None], {"a": None}]


def _places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from _places(one, (*path, key))


@pytest.mark.parametrize("form", [f for f in ListFormat if f not in {ListFormat.CSV, ListFormat.NCMEC}])
def test_a_value_of_another_type_anywhere_breaks_no_reader(form: ListFormat) -> None:
    kinds = [kind for kind in DIGITS if kind not in LACKS.get(form, set())]
    good = json.loads(written(form, [leaving(kind, 7, "42-x", "A1") for kind in kinds]))
    for path in _places(good):
        for odd in _ODD:
            bad = deepcopy(good)
            inner = bad
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = odd
            try:
                rows = list(FORMATS[form].read(json.dumps(bad).encode(), None))
            except FormatError:
                continue
            assert all(isinstance(row, Row | Gone | BadRow) for row in rows), (path, odd)


def test_a_name_tells_its_format() -> None:
    assert guessed(Path("a.CSV")) is ListFormat.CSV
    assert guessed(Path("a.ndjson")) is ListFormat.JSON
    assert guessed(Path("a.xml")) is ListFormat.NCMEC
    assert guessed(Path("a.txt")) is None


def test_a_file_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(written(ListFormat.CSV, [leaving(EntryKind.MD5, 1)]))
    assert len(list(read_file(path, ListFormat.CSV))) == 1
    monkeypatch.setattr(known, "LARGEST_FILE", 10)
    with pytest.raises(FormatError, match="split"):
        list(read_file(path, ListFormat.CSV))
