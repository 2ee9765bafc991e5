"""The reader of removal orders: the form of TCO Annex I as JSON, XML, text or PDF, read field by field.

# TCO Annex I, sections A to G. In English the fields are found by their labels, in any other language of the Union by
their places (`annex_places`). What is not found stays empty and is named; a person looks at every field before the
order is taken. Nothing in a document is followed or fetched.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final
from xml.etree import ElementTree as ET

import msgspec
from django.utils.translation import gettext as _

from hakam.compliance.eu_database.codes import EU
from hakam.intake import annex_places
from hakam.intake.order_contents import Contents, ContentType, OrderKind

MOST: Final = 20_000_000  # bytes
MOST_TEXT: Final = 500_000  # characters that are looked at
MOST_PAGES: Final = 50
SILENT_DAYS: Final = 42  # TCO Art. 11(3): six weeks
# The fields of the form: section, what is looked for at the beginning of a line, and in our JSON and XML.
FIELDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("A", "issuing_state", r"issuing member state|member state of (the )?issuing|issued by member state"),
    ("A", "addressee", r"addressee|hosting service provider"),
    (
        "A", "home_state",
        r"member state (of (the )?(main establishment|residence|legal representative)|where the hosting)[^:]*",
    ),
    ("A", "issued_at", r"(time and date|date and time|date) of issu\w+( of the (removal )?order)?|issued( on| at)?"),
    ("A", "reference", r"reference( number)?( of the (removal )?order)?|order (number|no\.?)"),
    ("B", "urls", r"urls?( and any additional[^:]*)?|uniform resource locators?|exact address(es)?"),
    ("B", "reasons", r"(statement of )?reasons|further reasons|additional (information|reasons)[^:]*|explanation"),
    ("E", "authority", r"name of (the )?(issuing )?(competent )?authority|issuing authority|authority"),
    (
        "E", "representative",
        r"(name( and post)? of (its|the) representative( and post held)?|representative|name and (post|position))",
    ),
    ("E", "file", r"file (number|no\.?|reference)"),
    ("E", "email", r"e-?mail( address)?"),
    ("E", "phone", r"(tele)?phone( number| no\.?)?|tel\.?( no\.?)?"),
    (
        "E", "signature",
        r"(electronic )?signature|(official )?stamp( \(if available\))?( and(/or)? (electronic )?signature)?",
    ),
    (
        "F", "contact",
        r"contact (details|point)( for feedback( and clarification)?| of the issuing[^:]*)?|feedback and clarification",
    ),
    ("G", "redress_body", r"(competent )?(body or court|court or body|court|body)( to [^:]*)?"),
    ("G", "deadline", r"deadline( for [^:]*)?|time limit"),
    ("G", "provisions", r"(links? to )?(the )?provisions (of|in) (the )?national (law|legislation)"),
    ("", "legal_basis", r"legal basis"),
)  # fmt: skip
_TICKED: Final = re.compile(r"^\s*(?:\[\s*[xX✓✔]\s*\]|\(\s*[xX]\s*\)|[☒☑✓✔🗹])\s*(?P<text>.+)$")
_EMPTY_BOX: Final = re.compile(r"^\s*(?:\[\s*\]|\(\s*\)|[☐□▢])")
_SECTION: Final = re.compile(
    r"^\s*(?:section|part)?\s*(?P<letter>[A-G])\s*(?:[.:)\-–—]|$)\s*(?P<rest>.*)$", re.IGNORECASE
)
_LABELS: Final = tuple(
    (
        s,
        name,
        re.compile(rf"^\s*(?:\d+\.\s*)?(?:{words})\s*(?:\([^)]*\))?\s*[:：]\s*(?P<value>.*)$", re.IGNORECASE),
    )
    for s, name, words in FIELDS
)
_TYPES: Final = (
    (ContentType.SOLICIT_GROUP, re.compile(r"participat\w+ in .{0,60}group|terrorist group", re.IGNORECASE)),
    (ContentType.SOLICIT_OFFENCE, re.compile(r"solicit", re.IGNORECASE)),
    (ContentType.INSTRUCTION, re.compile(r"instruction", re.IGNORECASE)),
    (ContentType.THREAT, re.compile(r"threat", re.IGNORECASE)),
    (ContentType.INCITEMENT, re.compile(r"incit|glorif", re.IGNORECASE)),
)
_SILENCE: Final = re.compile(r"refrain from informing|not (to )?inform|non-disclosure", re.IGNORECASE)
# A form whose labels are English has one of these; the boxes stand in the order of TCO Art. 2(7) in any language.
_ANCHORS: Final = frozenset({"issuing_state", "home_state", "issued_at", "reference", "authority"})
_BOXES: Final = (
    ContentType.INCITEMENT,
    ContentType.SOLICIT_OFFENCE,
    ContentType.SOLICIT_GROUP,
    ContentType.INSTRUCTION,
    ContentType.THREAT,
)
_STRICT: Final = frozenset({"contact", "email", "phone", "signature"})  # ours stand in section A
_URL: Final = re.compile(r"https?://[^\s<>\"')\]]+")
# Dates of the form: day, month and year in figures or with the month in words, of any language of the Union.
_YMD: Final = re.compile(
    r"(?<![\w/.-])(?P<y>\d{4})\s?[.\-/]\s?(?P<m>\d{1,2})\s?[.\-/]\s?(?P<d>\d{1,2})(?![\w/-])"
)
_DMY: Final = re.compile(
    r"(?<![\w/.-])(?P<d>\d{1,2})\s?[.\-/]\s?(?P<m>\d{1,2})\s?[.\-/]\s?(?P<y>\d{4})(?![\w/-])"
)
_TIME: Final = re.compile(
    r"(?<![\w:.,])(?P<hour>[01]?\d|2[0-3])\s?(?P<mark>[:.hH])\s?(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?!\d)"
    r"(?:\s?(?P<half>[aApPπΠμΜ])\.?\s?[mMμΜ]\b)?"  # of a clock of twelve hours, in English or Greek
)
_ZONE: Final = re.compile(r"(?:UTC|GMT)\s?(?P<hours>[+-]\d{1,2})(?::?(?P<minutes>\d\d))?", re.IGNORECASE)
_ZONES: Final[Mapping[str, int]] = {  # minutes ahead of UTC; the second of each pair is summer time
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120, "HEC": 60, "HAEC": 120,
    "SEČ": 60, "SELČ": 120, "EET": 120, "EEST": 180,
}  # fmt: skip
_WIDE: Final[tuple[tuple[bytes, str], ...]] = (  # how a text in UTF-16 begins: with its mark, or as XML without one
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"),
)  # fmt: skip
_DECLARED: Final = re.compile(rb"""^(<\?xml[^>]*?)\sencoding=(?:"[^"]*"|'[^']*')""")
_LONGEST_DATE: Final = 80  # characters of a line that is a date
_HARMS: Final[Mapping[str, str]] = {
    ContentType.INCITEMENT: "terrorism_incitement",
    ContentType.SOLICIT_OFFENCE: "terrorism_recruitment",
    ContentType.SOLICIT_GROUP: "terrorism_recruitment",
    ContentType.INSTRUCTION: "terrorism_instruction",
    ContentType.THREAT: "terrorism_threat",
}


class AnnexError(ValueError):
    """This is no form that can be read. Nothing was changed."""


class Read(msgspec.Struct, frozen=True):
    """A form as it was read: what fits an order, what else stands in it, and how it came."""

    contents: Contents
    found: dict[str, str]  # every field of the form that was found, as it stands there
    how: str  # `json`, `xml`, `pdf` or `text`

    def lines(self) -> list[tuple[str, str, str]]:
        """Return (section, field, value) of every field of the form, in its order; empty where nothing was found."""
        return [(section, name, self.found.get(name, "")) for section, name, _words in FIELDS]


def read(data: bytes) -> Read:
    """Read a form. Raises `AnnexError` for what is no form, is damaged, or holds no field of it."""
    if len(data) > MOST:
        raise AnnexError(_("at most 20 MB"))
    data = _narrow(data)
    head = data.lstrip()[:64]
    if head.startswith(b"%PDF"):
        how, found, ticks = "pdf", *_read_text(_pdf(data))
    elif head.startswith(b"{"):
        how, found, ticks = "json", _from_json(data), []
    elif head.startswith(b"<"):
        how, found, ticks = "xml", _from_xml(data), []
    else:
        how, found, ticks = "text", *_read_text(_text(data))
    contents = _contents(found, ticks)
    if not any(found.values()):
        raise AnnexError(_("no field of the form was found in it"))
    return Read(contents, {name: value for name, value in found.items() if value}, how)


def _narrow(data: bytes) -> bytes:
    """Return a text in UTF-16 as UTF-8, and any without its byte order mark; other files as they are."""
    for begins, encoding in _WIDE:
        if data.startswith(begins):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError as error:
                raise AnnexError(_("this is no text")) from error
            return _DECLARED.sub(rb"\1", text.encode())
    return data.removeprefix(codecs.BOM_UTF8)


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)[:MOST_TEXT]
        except UnicodeDecodeError:
            continue
    raise AnnexError(_("this is no text"))


def _pdf(data: bytes) -> str:
    from pypdf import PdfReader  # noqa: PLC0415 -- read only when a PDF comes
    from pypdf.errors import PyPdfError  # noqa: PLC0415 -- the same

    try:
        pages = PdfReader(io.BytesIO(data)).pages
        text = "\n".join(page.extract_text() for page in pages[:MOST_PAGES])
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise AnnexError(_("the PDF can't be read")) from error
    if not text.strip():
        raise AnnexError(_("the PDF holds pictures and no text: type the order in"))
    return text[:MOST_TEXT]


def _from_json(data: bytes) -> dict[str, str]:
    try:
        return dict(_flat(msgspec.json.decode(data, type=dict[str, Any])))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise AnnexError(_("the JSON can't be read")) from error


def _flat(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in said.items():
        match value:
            case dict():
                yield from _flat(value)
            case list():
                yield str(name).lower(), "\n".join(str(one) for one in value)
            case bool():
                yield str(name).lower(), "yes" if value else ""
            case None:
                pass
            case _:
                yield str(name).lower(), str(value)


def _from_xml(data: bytes) -> dict[str, str]:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise AnnexError(_("XML with declarations of its own is not read"))
    try:
        root = ET.fromstring(data)  # noqa: S314 -- no declarations, so nothing to expand or to fetch
    except ET.ParseError as error:
        raise AnnexError(_("the XML can't be read")) from error
    found: dict[str, str] = {}
    for element in root.iter():
        name = element.tag.rpartition("}")[2].lower().replace("-", "_")
        text = (element.text or "").strip()
        if text:
            found[name] = f"{found[name]}\n{text}" if name in found else text
    return found


def _read_text(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the fields by their labels if they are English, otherwise by their places, and what is ticked."""
    found, ticks = _from_text(text)
    if found.keys() & _ANCHORS:
        return found, ticks
    spoken = annex_places.language_of(text)
    there = annex_places.placed(
        text, is_date=lambda value: date_in(value, spoken) is not None, state_of=_state
    )
    if not there.found.keys() & _ANCHORS:
        return found, ticks
    kinds = [_BOXES[n].value for n in there.types]
    more = {"content_types": " ".join(kinds), "language": spoken}
    more["silent_days"] = str(SILENT_DAYS) if there.silent else ""
    law = {"legal_basis": found["legal_basis"]} if "legal_basis" in found else {}
    return there.found | law | {name: value for name, value in more.items() if value}, []


def _from_text(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the fields by their labels, and what is ticked."""
    found: dict[str, str] = {}
    ticks: list[str] = []
    section, name = "", ""
    for line in text.splitlines():
        if (head := _SECTION.match(line)) is not None and not _label(line, section):
            section, name = head["letter"].upper(), ""
            line = head["rest"]  # noqa: PLW2901 -- what stands behind the letter is read as a line
        if (tick := _TICKED.match(line)) is not None:
            ticks.append(f"{section} {tick['text'].strip()}")
            name = ""
        elif _EMPTY_BOX.match(line):
            name = ""
        elif (label := _label(line, section)) is not None:
            name = label[0]
            found[name] = label[1] if not found.get(name) else f"{found[name]}\n{label[1]}".strip()
        elif name and line.strip():
            found[name] = f"{found[name]}\n{line.strip()}".strip()
    if "2021/784" in text:
        found.setdefault("legal_basis", "Regulation (EU) 2021/784, Article 3")
    if "urls" not in found and (urls := _URL.findall(text)):
        found["urls"] = "\n".join(dict.fromkeys(urls))
    return found, ticks


def _label(line: str, section: str) -> tuple[str, str] | None:
    """Return the field whose label begins a line, and what stands behind it; that of the section goes first."""
    fitting = [
        (s, name, m["value"].strip(annex_places.BLANK))
        for s, name, pattern in _LABELS
        if (m := pattern.match(line))
    ]
    fitting = [one for one in fitting if not section or one[0] in {section, ""} or one[1] not in _STRICT]
    fitting.sort(key=lambda one: one[0] not in {section, ""})
    return (fitting[0][1], fitting[0][2]) if fitting else None


def _state(text: str) -> str:
    words = " ".join(text.strip().strip(".").split())
    if words.upper() in EU:
        return words.upper()
    named = annex_places.states()
    for said in (words, words.partition("(")[0], words.partition(",")[0]):
        if (code := named.get(said.strip().casefold())) is not None:
            return code
    code = words.rpartition("(")[2].strip(" )").upper()
    return code if code in EU else ""


def date_in(text: str, language: str = "") -> datetime | None:
    """Return the instant that a text names, in a language of the Union: with its zone, or in UTC; None if none."""
    text = " ".join(text.split()).strip(" .")
    try:
        at = datetime.fromisoformat(text.removesuffix("UTC").strip())
    except ValueError:
        pass
    else:
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    if len(text) > _LONGEST_DATE or (day := _day_in(text, language)) is None:
        return None
    (year, month, number), rest = day
    clock = next((m for m in _TIME.finditer(rest) if m["mark"] != "."), None) or _TIME.search(rest)
    hour, minute, second = (
        (int(clock[part] or 0) for part in ("hour", "minute", "second")) if clock else (0, 0, 0)
    )
    if clock and clock["half"]:
        hour = hour % 12 + (12 if clock["half"] in "pPμΜ" else 0)
    try:
        return datetime(year, month, number, hour, minute, second, tzinfo=_zone_in(rest))
    except ValueError:
        return None


def _day_in(text: str, language: str) -> tuple[tuple[int, int, int], str] | None:
    """Return year, month and day, and what else stands in the text."""
    for pattern in (_YMD, _DMY):
        if (match := pattern.search(text)) is not None:
            rest = f"{text[: match.start()]} {text[match.end() :]}"
            return (int(match["y"]), int(match["m"]), int(match["d"])), rest
    named = annex_places.months(language)
    words = re.findall(r"[^\W\d_]+", text)
    month = next((named[word.casefold()] for word in words if word.casefold() in named), 0)
    year = re.search(r"(?<!\d)\d{4}(?!\d)", text)
    if not month or year is None:
        return None
    rest = f"{text[: year.start()]} {text[year.end() :]}"
    number = re.search(r"(?<![\d:.])\d{1,2}(?![\d:hH])(?!\.\d)", rest)
    if number is None:
        return None
    return (int(year[0]), month, int(number[0])), f"{rest[: number.start()]} {rest[number.end() :]}"


def _zone_in(text: str) -> timezone:
    if (match := _ZONE.search(text)) is not None:
        hours = int(match["hours"])
        minutes = int(match["minutes"] or 0)
        return timezone(timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes))
    said = (word for word in re.findall(r"[^\W\d_]+", text) if word in _ZONES)
    return timezone(timedelta(minutes=_ZONES[next(said, "UTC")]))


def _types(found: Mapping[str, str], ticks: list[str]) -> tuple[str, ...]:
    named = [word for word in found.get("content_types", "").lower().split() if word in set(ContentType)]
    for tick in ticks:
        if tick[:1] in {"B", " "}:
            named += [next((kind.value for kind, pattern in _TYPES if pattern.search(tick)), "")]
    return tuple(dict.fromkeys(filter(None, named)))


def _contents(found: Mapping[str, str], ticks: list[str]) -> Contents:
    silent = found.get("silent_days", "")
    days = int(silent) if silent.isdecimal() and len(silent) < 4 else 0  # noqa: PLR2004 -- of days
    if any(_SILENCE.search(tick) for tick in ticks):
        days = days or SILENT_DAYS
    redress = ", ".join(filter(None, (found.get("redress_body", ""), found.get("deadline", ""))))
    signature = found.get("signature", "").strip(" _.-–").lower()
    contact = found.get("contact", "") or found.get("email", "")
    types = _types(found, ticks)
    return Contents(
        kind=OrderKind.REMOVAL,
        reference=_line(found.get("reference", "")),
        legal_basis=found.get("legal_basis", ""),
        reasons=found.get("reasons", ""),
        provisions=found.get("provisions", ""),
        urls=tuple(dict.fromkeys(_URL.findall(found.get("urls", "")))),
        harm=_HARMS[types[0]] if types else "terrorism_incitement",
        language=_line(found.get("language", "en"))[:2].lower(),
        issued_at=date_in(found.get("issued_at", ""), _line(found.get("language", ""))[:2].lower()),
        silent_days=days,
        silent_because="TCO Art. 11(3)" if days else "",
        content_types=types,
        home_state=_state(found.get("home_state", "")),
        representative=_line(found.get("representative", "")),
        contact=contact.replace("\n", ", ")[:500],
        redress_body=redress.replace("\n", ", ")[:1000],
        signature=bool(signature) and signature not in {"no", "false", "none"},
        emergency=found.get("emergency", "").lower() in {"yes", "true", "1"},
    )


def _line(text: str) -> str:
    return text.partition("\n")[0].strip()[:300]
