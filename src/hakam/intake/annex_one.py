"""The reader of removal orders: the form of TCO Annex I as JSON, XML, text or PDF, read field by field.

# TCO Annex I, sections A to G. What is not found stays empty and is named; a person looks at every field before the
order is taken. Nothing in a document is followed or fetched.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree import ElementTree as ET

import msgspec
from django.utils.translation import gettext as _

from hakam.compliance.eu_database.codes import EU
from hakam.intake.order_contents import Contents, ContentType, OrderKind

MOST: Final = 20_000_000  # bytes
MOST_TEXT: Final = 500_000  # characters that are looked at
MOST_PAGES: Final = 50
SILENT_DAYS: Final = 42  # TCO Art. 11(3): six weeks
STATES: Final[Mapping[str, str]] = {
    "austria": "AT", "belgium": "BE", "bulgaria": "BG", "croatia": "HR", "cyprus": "CY", "czechia": "CZ",
    "czech republic": "CZ", "denmark": "DK", "estonia": "EE", "finland": "FI", "france": "FR", "germany": "DE",
    "greece": "GR", "hungary": "HU", "ireland": "IE", "italy": "IT", "latvia": "LV", "lithuania": "LT",
    "luxembourg": "LU", "malta": "MT", "netherlands": "NL", "the netherlands": "NL", "poland": "PL", "portugal": "PT",
    "romania": "RO", "slovakia": "SK", "slovenia": "SI", "spain": "ES", "sweden": "SE",
}  # fmt: skip
# The fields of the form: section, what is looked for at the beginning of a line, and in our JSON and XML.
FIELDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("A", "issuing_state", r"issuing member state|member state of (the )?issuing|issued by member state"),
    ("A", "addressee", r"addressee|hosting service provider"),
    ("A", "home_state", r"member state of (the )?(main establishment|residence|legal representative)[^:]*"),
    ("A", "issued_at", r"(time and date|date and time|date) of issu\w+( of the (removal )?order)?|issued( on| at)?"),
    ("A", "reference", r"reference( number)?( of the (removal )?order)?|order (number|no\.?)"),
    ("B", "urls", r"urls?|uniform resource locators?|exact address(es)?"),
    ("B", "reasons", r"(statement of )?reasons|further reasons|additional (information|reasons)[^:]*|explanation"),
    ("E", "authority", r"name of (the )?(issuing )?(competent )?authority|issuing authority|authority"),
    ("E", "representative", r"(name( and post)? of (its|the) representative|representative|name and (post|position))"),
    ("E", "file", r"file (number|no\.?|reference)"),
    ("E", "email", r"e-?mail( address)?"),
    ("E", "phone", r"(tele)?phone( number)?|tel\.?"),
    ("E", "signature", r"(electronic )?signature|(official )?stamp( and/or (electronic )?signature)?"),
    ("F", "contact", r"contact (details|point)( for feedback( and clarification)?)?|feedback and clarification"),
    ("G", "redress_body", r"(competent )?(body or court|court or body|court|body)( to [^:]*)?"),
    ("G", "deadline", r"deadline( for [^:]*)?|time limit"),
    ("G", "provisions", r"(links? to )?provisions of national (law|legislation)"),
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
_STRICT: Final = frozenset({"contact", "email", "phone", "signature"})  # ours stand in section A
_URL: Final = re.compile(r"https?://[^\s<>\"')\]]+")
_DATES: Final = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%d.%m.%Y, %H:%M", "%d/%m/%Y %H:%M", "%H:%M %d.%m.%Y",
    "%H:%M, %d.%m.%Y", "%H:%M %d/%m/%Y", "%d %B %Y %H:%M", "%d %B %Y, %H:%M", "%H:%M, %d %B %Y", "%Y-%m-%d",
    "%d.%m.%Y", "%d/%m/%Y", "%d %B %Y",
)  # fmt: skip
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
    head = data.lstrip()[:64]
    if head.startswith(b"%PDF"):
        how, found, ticks = "pdf", *_from_text(_pdf(data))
    elif head.startswith(b"{"):
        how, found, ticks = "json", _from_json(data), []
    elif head.startswith(b"<"):
        how, found, ticks = "xml", _from_xml(data), []
    else:
        how, found, ticks = "text", *_from_text(_text(data))
    contents = _contents(found, ticks)
    if not any(found.values()):
        raise AnnexError(_("no field of the form was found in it"))
    return Read(contents, {name: value for name, value in found.items() if value}, how)


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
        said = msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise AnnexError(_("the JSON can't be read")) from error
    return dict(_flat(said))


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
    fitting = [(s, name, m["value"].strip()) for s, name, pattern in _LABELS if (m := pattern.match(line))]
    fitting = [one for one in fitting if not section or one[0] in {section, ""} or one[1] not in _STRICT]
    fitting.sort(key=lambda one: one[0] not in {section, ""})
    return (fitting[0][1], fitting[0][2]) if fitting else None


def _state(text: str) -> str:
    words = text.strip().strip(".").lower()
    if words.upper() in EU:
        return words.upper()
    return STATES.get(words, STATES.get(words.partition("(")[0].strip(), ""))


def date_in(text: str) -> datetime | None:
    """Return the instant that a text names: with its zone, or in UTC; None if it is none."""
    text = " ".join(text.replace("UTC", " ").replace(" at ", " ").split()).strip(" .")
    at: datetime | None = None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        for form in _DATES:
            try:
                at = datetime.strptime(text, form)  # noqa: DTZ007 -- the zone is set below
                break
            except ValueError:
                continue
    if at is None:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


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
        issued_at=date_in(found.get("issued_at", "")),
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
