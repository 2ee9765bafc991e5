"""Papers as a reader gets them: letters joined, lines in order, every part named, nothing taken for source."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pypdf import PdfReader

from hakam.documents import setting
from hakam.documents.document import Bars, Block, Document, Heading, Note, Prose, Table, own
from hakam.documents.setting import pdf, showable

NOW = datetime(2026, 3, 2, 9, 0, 0, 123_456, tzinfo=UTC)


def paper(*blocks: Block, language: str = "en", **more: Any) -> Document:
    return Document(title=more.pop("title", "T"), language=language, blocks=blocks, made_at=NOW, **more)


def opened(document: Document) -> PdfReader:
    return PdfReader(io.BytesIO(pdf(document)))


def text_of(document: Document) -> str:
    return " ".join("\n".join(page.extract_text() for page in opened(document).pages).split())


def placed(document: Document) -> dict[str, float]:
    """Return where each piece of text begins, in points from the left."""
    found: dict[str, float] = {}

    def see(text: str, cm: list[float], tm: list[float], _font: Any, _size: float) -> None:
        if text.strip():
            found.setdefault(text.strip(), cm[4] + tm[4])

    opened(document).pages[0].extract_text(visitor_text=see)
    return found


def fonts_of(document: Document) -> set[str]:
    names = set()
    for page in opened(document).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            names.add(re.sub("^/[A-Z]{6}\\+", "", font.get_object()["/BaseFont"]))
    return names


def glyphs_of(document: Document, font: str) -> set[str]:
    """Return the different glyphs that the first page draws in a font: two bytes each, as hex."""
    page = opened(document).pages[0]
    wanted = {
        name.encode()
        for name, one in page["/Resources"]["/Font"].items()  # type: ignore[index]
        if font in one.get_object()["/BaseFont"]
    }
    drawn: set[str] = set()
    now = b""
    for operands, operator in page.get_contents().operations:  # type: ignore[union-attr]
        if operator == b"Tf":
            now = str(operands[0]).encode()
        if operator in {b"Tj", b"TJ"} and now in wanted:
            for part in operands[0] if operator == b"TJ" else [operands[0]]:
                raw = part if isinstance(part, bytes) else getattr(part, "original_bytes", b"")
                drawn |= {raw[n : n + 2].hex() for n in range(0, len(raw), 2)}
    return drawn


def test_arabic_letters_are_joined() -> None:
    # one letter alone is one shape; three of it in a row are its first, its middle and its last
    assert len(glyphs_of(paper(Prose("ب")), "HakamSansArabic")) == 1
    assert len(glyphs_of(paper(Prose("ب ب ب")), "HakamSansArabic")) == 1
    assert len(glyphs_of(paper(Prose("ببب")), "HakamSansArabic")) == 3
    assert len(glyphs_of(paper(Prose("مما ر مدار")), "HakamSansArabic")) == 6


def test_a_line_of_arabic_runs_from_right_to_left_with_numbers_and_names_in_place() -> None:
    at = placed(paper(Prose("شوهدت 3 نسخ على example.org يوم 12"), language="ar", title="ت"))
    three = next(x for text, x in at.items() if text.endswith("3") or text == "3")
    host = next(x for text, x in at.items() if "example.org" in text)
    twelve = next(x for text, x in at.items() if "12" in text)
    assert three > host > twelve


def test_the_same_line_in_an_english_paper_keeps_its_own_direction() -> None:
    written = placed(paper(Prose("شوهدت 3 نسخ على example.org يوم 12", written=True)))
    ours = placed(paper(Prose("Seen 3 times on example.org on day 12", written=True), language="ar"))
    host = next(x for text, x in written.items() if "example.org" in text)
    twelve = next(x for text, x in written.items() if "12" in text)
    assert host > twelve
    assert next(x for text, x in ours.items() if "Seen" in text) < 80  # at the left margin


def test_a_name_inside_a_sentence_does_not_turn_what_follows() -> None:
    bare = placed(paper(Prose("GIFCT PCI · 29 مارس"), language="ar", title="ت"))
    isolated = placed(paper(Prose(own("GIFCT PCI") + " · 29 مارس"), language="ar", title="ت"))

    def places(found: dict[str, float]) -> tuple[float, float]:
        name = next(x for text, x in found.items() if "GIFCT" in text)
        day = next(x for text, x in found.items() if text.endswith("29") or text == "29" or "29" in text)
        return name, day

    name, day = places(isolated)
    assert name > day  # the name first, from the right; then the day
    assert isolated != bare


def test_every_letter_of_the_union_and_of_arabic_is_there() -> None:
    said = "Główny Urząd · Αρχή · Орган · Łukasz Ďábel · ñandú · ő · ☒ ☐"
    text = text_of(paper(Prose(said), Prose("پچڤگ ﷼", written=True)))
    for word in said.split(" · "):
        assert word in text
    made = opened(paper(Prose(said)))
    assert b".notdef" not in made.pages[0].get_contents().get_data()  # type: ignore[union-attr]
    assert fonts_of(paper(Prose("☒ Ж ب"))) == {
        "HakamDocument", "HakamSans-Regular", "HakamSansArabic-Regular", "HakamSans-SemiBold"}  # fmt: skip


def test_what_people_wrote_is_no_source() -> None:
    nasty = '#panic("x") *bold* _it_ $x$ @ref <label> // no comment \\ \u2028 "quoted" {{ }}'
    text = text_of(paper(Prose(nasty, written=True), Table(("", ""), ((nasty, nasty),), (1, 1)), title=nasty))
    assert text.count('#panic("x") *bold* _it_ $x$ @ref <label> // no comment \\') == 4  # and in its head


def test_an_address_longer_than_the_line_breaks_and_can_be_copied() -> None:
    address = "https://maydan.example/" + "x" * 300
    pages = opened(paper(Table(("", ""), (("At", address),), (1, 2)))).pages
    text = pages[0].extract_text()
    assert address in "".join(text.split())
    assert "\u200b" not in text
    assert max(map(len, text.split())) < 90  # no line is longer than its cell


def test_it_is_tagged_in_its_language() -> None:
    # ISO 14289-1: PDF/UA-1
    for language in ("en", "ar"):
        made = opened(
            paper(
                Heading("H"), Table(("A", "B"), (("1", "2"),), (1, 1)), Bars((1, 2), "a", "b", "one, two"),
                language=language,
            )
        )  # fmt: skip
        root: Any = made.trailer["/Root"]
        assert root["/Lang"] == language
        assert root["/MarkInfo"]["/Marked"]
        assert root["/StructTreeRoot"]["/K"]
        assert "pdfuaid" in made.xmp_metadata.rdf_root.toxml() if made.xmp_metadata else False
        assert made.metadata is not None
        assert made.metadata.title == "T"


def test_bars_run_with_time_in_every_language_and_are_told_in_words() -> None:
    for language in ("en", "ar"):
        at = placed(paper(Bars((3, 0, 1), "AAA", "ZZZ", "told"), language=language))
        assert at["AAA"] < at["ZZZ"]
    pdf(paper(Bars((), "a", "b", "told")))
    pdf(paper(Bars((0, 0), "a", "b", "told")))
    pdf(paper(Bars(tuple(range(24 * 90)), "a", "b", "told")))  # three months, hour by hour


def test_many_at_once_get_their_own_paper() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: text_of(paper(Prose(f"paper {n}"))), range(16)))
    assert [f"paper {n}" in text for n, text in enumerate(made)] == [True] * 16


def test_a_mark_stands_on_every_page_and_pages_are_counted() -> None:
    long = paper(*(Prose(f"Paragraph {n}") for n in range(120)), mark="CONFIDENTIAL", foot="harbour")
    pages = [page.extract_text() for page in opened(long).pages]
    assert len(pages) > 2
    assert all("CONFIDENTIAL" in page and "harbour" in page for page in pages)
    assert f"1 / {len(pages)}" in pages[0]


def test_the_same_paper_is_the_same_bytes() -> None:
    one = paper(Note("n"), Prose("p", small=True), Heading("h"))
    assert pdf(one) == pdf(msgspec.structs.replace(one))
    assert pdf(one) != pdf(msgspec.structs.replace(one, lead="l"))
    assert opened(one).metadata.creation_date == NOW.replace(microsecond=0)  # type: ignore[union-attr]


def test_a_letter_that_no_font_has_is_named() -> None:
    assert showable("so 😀, 漢") == "so [grinning face], [cjk unified ideograph-6f22]"
    assert showable("a\ufe0f\u202eb\x00") == "a\u202eb"  # a variant, an override, nothing
    assert showable("\U000fffff") == "[u+fffff]"
    assert "[grinning face]" in text_of(paper(Table(("", ""), (("😀", "b"),), (1, 1))))


def test_the_letters_that_we_say_we_have_are_those_of_the_fonts() -> None:
    from reportlab.pdfbase.ttfonts import TTFontFile  # noqa: PLC0415 -- reads them by other means

    have: dict[str, set[int]] = {}
    for path in (Path(setting.__file__).parent / "fonts").glob("*.ttf"):
        have[path.stem] = set(TTFontFile(str(path)).charToGlyph) - {0xFFFF}  # the end of the table
    both = have["sans-regular"] & have["sans-semibold"] | have["arabic-regular"] & have["arabic-semibold"]
    assert {ord(c) for c in setting._letters()} == both | have["document"]


@pytest.mark.parametrize("text", ["", "\n\n", "\x0c", "😀 漢字", "a\u202eb"])
def test_nothing_that_somebody_can_write_breaks_it(text: str) -> None:
    made = paper(
        Prose(text, written=True), Table(("", ""), ((text, text),), (1, 1)), lead=text, mark=text, foot=text
    )
    assert pdf(made).startswith(b"%PDF-")  # fmt: skip
