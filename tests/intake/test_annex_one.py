"""The reader of Annex I: forms as text, JSON, XML and PDF, field by field; bad ones told and never followed."""

from __future__ import annotations

import codecs
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.intake import annex_one
from hakam.intake.annex_one import AnnexError, Read
from hakam.intake.order_contents import OrderKind, missing, wrong

FIXTURES = Path(__file__).parent / "fixtures"
FORMS = sorted(FIXTURES.glob("annex *.txt"))
FIELDS = ("reference", "legal_basis", "issued_at", "home_state", "urls", "content_types", "reasons", "silent_days",
          "representative", "signature", "contact", "redress_body", "language")  # fmt: skip


def form(name: str) -> bytes:
    return (FIXTURES / f"annex {name}.txt").read_text("utf-8").partition("=====\n")[0].encode()


def told(read: Read) -> list[str]:
    """Return what was read as lines, as the fixtures write it."""
    out = [f"how: {read.how}"]
    for field in FIELDS:
        value = getattr(read.contents, field)
        text = (
            " ".join(value)
            if isinstance(value, tuple)
            else str(value.isoformat() if isinstance(value, datetime) else value)
        )
        out.append(f"{field}: {' / '.join(text.splitlines())}".strip())
    return [*out, f"missing: {' '.join(one.field for one in missing(read.contents))}".strip()]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_each_form_is_read_as_a_person_reads_it(path: Path) -> None:
    # TCO Annex I, sections A to G
    given_, _sep, expected = path.read_text("utf-8").partition("=====\n")
    read = annex_one.read(given_.encode())
    assert told(read) == expected.splitlines()
    assert read.contents.kind is OrderKind.REMOVAL
    assert wrong(read.contents) == {}


def test_there_are_forms_of_each_kind() -> None:
    assert {annex_one.read(form(path.stem.removeprefix("annex "))).how for path in FORMS} == {
        "text",
        "json",
        "xml",
    }


def as_pdf(text: str) -> bytes:
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415 -- only here
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 -- the same

    held = io.BytesIO()
    canvas = Canvas(held, pagesize=A4)
    y = 800
    for line in text.splitlines():
        canvas.drawString(40, y, line)
        y -= 14
        if y < 40:
            canvas.showPage()
            y = 800
    canvas.save()
    return held.getvalue()


def test_a_pdf_is_read_like_its_text() -> None:
    text = form("whole").decode()
    read = annex_one.read(as_pdf(text))
    assert read.how == "pdf"
    plain = annex_one.read(text.encode())
    assert told(read)[1:] == told(plain)[1:]


def test_a_pdf_of_pictures_says_so() -> None:
    with pytest.raises(AnnexError, match="pictures and no text"):
        annex_one.read(as_pdf(""))


@pytest.mark.parametrize("data", [b"%PDF-1.7 broken", b"%PDF-", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj"])
def test_a_damaged_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(AnnexError):
        annex_one.read(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   \n",
        b"{",
        b'{"a": 1}x',
        b"{}",
        b"<order",
        b"<a></a>",
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b"Dear Sir or Madam, please remove it.",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a><reference>x</reference></a>',
    ],
)
def test_what_is_no_form_is_refused(data: bytes) -> None:
    with pytest.raises(AnnexError):
        annex_one.read(data)


@pytest.mark.parametrize("kind", ["whole", "json", "xml"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be with mark"])
def test_a_form_is_read_whatever_unicode_it_was_saved_in(kind: str, encoding: str) -> None:
    plain = form(kind)
    text = plain.decode()
    if encoding.startswith("utf-16"):
        text = text.replace('encoding="UTF-8"', 'encoding="UTF-16"')
    saved = text.encode(encoding) if " " not in encoding else codecs.BOM_UTF16_BE + text.encode("utf-16-be")
    assert annex_one.read(saved) == annex_one.read(plain)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_declarations_are_refused_whatever_they_are_written_in(encoding: str) -> None:
    bomb = '<!DOCTYPE order [<!ENTITY x "https://maydan.example/p/1">]><order><urls>&x;</urls></order>'
    with pytest.raises(AnnexError, match="declarations"):
        annex_one.read(bomb.encode(encoding))


def test_a_form_that_is_too_large_is_refused() -> None:
    with pytest.raises(AnnexError):
        annex_one.read(b"x" * (annex_one.MOST + 1))


def test_the_lines_of_the_form_show_what_was_not_found() -> None:
    lines = annex_one.read(form("with gaps")).lines()
    empty = {name for _section, name, value in lines if not value}
    assert {"issued_at", "reasons", "contact", "phone"} <= empty
    assert ("A", "reference", "PH-2026/88") in lines
    assert [section for section, _name, _value in lines] == sorted(
        (section for section, _name, _value in lines), key=lambda s: s or "Z"
    )


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-29 02:10", datetime(2026, 3, 29, 2, 10, tzinfo=UTC)),
        ("29/03/2026 02:10", datetime(2026, 3, 29, 2, 10, tzinfo=UTC)),
        ("02:10, 29 March 2026", datetime(2026, 3, 29, 2, 10, tzinfo=UTC)),
        ("2026-03-29T02:10:00+02:00", datetime(2026, 3, 29, 0, 10, tzinfo=UTC)),
        ("29.03.2026 02:10 UTC.", datetime(2026, 3, 29, 2, 10, tzinfo=UTC)),
        ("29. März 2026, 02:10 Uhr (MEZ)", datetime(2026, 3, 29, 1, 10, tzinfo=UTC)),
        ("29 mars 2026 à 02 h 10 (UTC+1)", datetime(2026, 3, 29, 1, 10, tzinfo=UTC)),
        ("2026 m. kovo 29 d. 02:10", datetime(2026, 3, 29, 2, 10, tzinfo=UTC)),
        ("2026. 03. 29. 2:10 CET", datetime(2026, 3, 29, 1, 10, tzinfo=UTC)),
        ("29.3.2026 klo 2.10", datetime(2026, 3, 29, 2, 10, tzinfo=UTC)),
        ("25 października 2026 r., godz. 02:30 CEST", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("29 March 2026, 9:05 pm", datetime(2026, 3, 29, 21, 5, tzinfo=UTC)),
        ("12:05 a.m. on 29 March 2026", datetime(2026, 3, 29, 0, 5, tzinfo=UTC)),
        ("March 29, 2026 12:05 PM", datetime(2026, 3, 29, 12, 5, tzinfo=UTC)),
        ("29/3/2026 9:05 μ.μ.", datetime(2026, 3, 29, 21, 5, tzinfo=UTC)),
        ("29/3/2026 09:05 π.μ.", datetime(2026, 3, 29, 9, 5, tzinfo=UTC)),
        ("29. mars 2026 kl. 09.05 am Ort", datetime(2026, 3, 29, 9, 5, tzinfo=UTC)),
        ("BKA-2026-04-17", None),
        ("31.02.2026 10:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_date_is_read_in_many_forms(text: str, at: datetime | None) -> None:
    assert annex_one.date_in(text) == at


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_nothing_that_strangers_send_breaks_the_reader(data: bytes) -> None:
    try:
        read = annex_one.read(data)
    except AnnexError:
        return
    assert wrong(read.contents) == {}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(form("whole").decode().splitlines()), max_size=60))
def test_lines_in_any_order_break_nothing(lines: list[str]) -> None:
    try:
        read = annex_one.read("\n".join(lines).encode())
    except AnnexError:
        return
    assert wrong(read.contents) == {}
    assert all(url.startswith("http") for url in read.contents.urls)
