"""Where the fields of Annex I stand: by section, order and shape, so that a form in any language of the Union is read.

# TCO Annex I is one form in twenty-four languages: the same sections A to G (А to Ж in Bulgarian, Α to Ζ in Greek), the
same boxes, the same rows in the same order. What a row is about is told by its place and by what stands in it (an
address, a date, a Member State), never by its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec

_ALPHABETS: Final = ("ABCDEFG", "АБВГДЕЖ", ("Α", "Β", "Γ", "Δ", "Ε", "ΣΤ", "Ζ"))
_LETTERS: Final = {mark: "ABCDEFG"[n] for alphabet in _ALPHABETS for n, mark in enumerate(alphabet)}
_MARK: Final = rf"(?P<letter>{'|'.join(sorted(_LETTERS, key=len, reverse=True))})"
_HEADS: Final = (  # "A. SZAKASZ", "A JAGU"; "SECTION A:", "Abschnitt A"
    re.compile(rf"^\s*{_MARK}\.?\s+(?P<word>[^\W\d_]{{3,16}})\s*(?:[.:\-–—]|$)\s*(?P<rest>.*)$"),
    re.compile(rf"^\s*(?:[^\W\d_]{{2,16}}\.?\s+)?{_MARK}\s*(?:[.:)\-–—]|$)\s*(?P<rest>.*)$"),
)
_BOX: Final = re.compile(
    r"^\s*(?:(?P<ticked>\[\s*[xX✓✔]\s*\]|\(\s*[xXхХ]\s*\)|[☒☑✓✔🗹])|\[\s*\]|\(\s*\)|[☐□▢])\s*(?P<text>.*)$"
)
_ROW: Final = re.compile(r"^\s*(?:\d{1,2}[.)]\s*)?(?P<label>[^:：]{1,260}?)\s*[:：](?!//)\s*(?P<value>.*)$")
BLANK: Final = " _…–-\t"  # what an empty line of a form is drawn with
_POINT: Final = re.compile(r"\b7\W*(?:\w+\W+)?\(?([a-eабвгдαβγδε])\W", re.IGNORECASE)
_POINTS: Final = {mark: n for marks in ("abcde", "абвгд", "αβγδε") for n, mark in enumerate(marks)}
_ELSEWHERE: Final = re.compile(r"\b(?:E|F|Е|Ε|ΣΤ)\b")  # a remark that sends the reader to sections E and F
_REMARK: Final = 20  # characters of "NB", "Hinweis", "Pastaba"
_MAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_URL: Final = re.compile(r"https?://[^\s<>\"')\]]+")
_PHONE: Final = re.compile(r"^\+?[\d\s()/.\-–]{6,}$")
_ROWS_OF_A: Final = 6
_ROWS_OF_E: Final = 8
_ROWS_OF_G: Final = 3
BOXES: Final = 5  # the types of terrorist content, the points of TCO Art. 2(7)
TITLES: Final[Mapping[str, str]] = {
    "заповед за премахване": "bg", "příkaz k odstranění": "cs", "påbud om fjernelse": "da",
    "entfernungsanordnung": "de", "εντολή αφαίρεσης": "el", "εντολη αφαιρεσης": "el", "removal order": "en",
    "orden de retirada": "es", "eemaldamiskorraldus": "et", "poistamismääräys": "fi", "injonction de retrait": "fr",
    "ordú bainte": "ga", "nalog za uklanjanje": "hr", "eltávolítási végzés": "hu", "ordine di rimozione": "it",
    "nurodymas pašalinti": "lt", "izņemšanas rīkojums": "lv", "ordni ta' tneħħija": "mt",
    "verwijderingsbevel": "nl", "nakaz usunięcia": "pl", "decisão de supressão": "pt", "ordin de eliminare": "ro",
    "príkaz na odstránenie": "sk", "odredba o odstranitvi": "sl", "avlägsnandeorder": "sv",
}  # fmt: skip


class Placed(NamedTuple):
    """What was found by its place."""

    found: dict[str, str]  # by the names of `annex_one.FIELDS`
    types: tuple[int, ...]  # which of the five boxes of section B are ticked, from 0
    silent: bool  # the box of section C is ticked


class _Row(NamedTuple):
    label: str
    value: str
    after_boxes: bool


class _Section(NamedTuple):
    rows: list[_Row]
    boxes: list[tuple[bool, str]]
    text: list[str]


class _Names(msgspec.Struct, frozen=True):
    """How the languages of the Union write its Member States and the months."""

    states: dict[str, list[str]]
    months: dict[str, list[list[str]]]  # language -> twelve lists of names


@cache
def _names() -> _Names:
    return msgspec.json.decode(files("hakam.intake").joinpath("annex_names.json").read_bytes(), type=_Names)


@cache
def states() -> dict[str, str]:
    """Return the code of each Member State by its name, small letters, in every language of the Union."""
    return {name.casefold(): code for code, names in _names().states.items() for name in names}


@cache
def months(language: str = "") -> dict[str, int]:
    """Return the number of each month by its name, small letters, in a language of the Union.

    Without a language in all of them, less what is another month elsewhere (`listopad` is October in Croatian and
    November in Polish).
    """
    known = _names().months
    found: dict[str, set[int]] = {}
    for names in [known[language]] if language in known else known.values():
        for n, words in enumerate(names, 1):
            for word in words:
                found.setdefault(word.casefold(), set()).add(n)
    return {word: numbers.pop() for word, numbers in found.items() if len(numbers) == 1}


def language_of(text: str) -> str:
    """Return the language of a form by its title; empty if it has none of ours. The first title counts."""
    small = " ".join(text[:20_000].casefold().split())
    at = {small.find(t.casefold()): language for t, language in TITLES.items() if t.casefold() in small}
    return at[min(at)] if at else ""


def placed(
    text: str, *, is_date: Callable[[str], bool], state_of: Callable[[str], str]
) -> Placed:  # `state_of` returns the code of a Member State, or nothing
    """Return the fields of a form by their places; what is not found is left out."""
    parts = _sections(text.splitlines())
    found: dict[str, str] = {}
    if "A" in parts:
        found |= _section_a(parts["A"].rows, is_date, state_of)
    types: tuple[int, ...] = ()
    if (b := parts.get("B")) is not None:
        found["urls"] = "\n".join(dict.fromkeys(_URL.findall("\n".join(b.text))))
        found["reasons"] = next((row.value for row in b.rows if row.after_boxes and row.value), "")
        types = _types(b.boxes)
    silent = "C" in parts and any(ticked for ticked, _text in parts["C"].boxes[:1])
    if "E" in parts:
        found |= _section_e(parts["E"].rows, is_date)
    if "F" in parts:
        rows = _without_heads(parts["F"].rows, 2)
        found["contact"] = next((row.value for row in rows if row.value), "")
    if "G" in parts:
        found |= _section_g(_without_heads(parts["G"].rows, _ROWS_OF_G))
    return Placed({name: value for name, value in found.items() if value}, types, silent)


def _sections(lines: Iterable[str]) -> dict[str, _Section]:
    parts: dict[str, _Section] = {}
    part: _Section | None = None
    expected = "A"
    filling = ""  # whether what follows belongs to a `row`, a `box` or nothing
    for raw in lines:
        line = raw
        head = _head(line, expected)
        if head is not None:
            letter, line = head
            part = parts.setdefault(letter, _Section([], [], []))
            expected, filling = chr(ord(letter) + 1), ""
        if part is None or not line.strip():
            continue
        part.text.append(line)
        if (box := _BOX.match(line)) is not None:
            part.boxes.append((box["ticked"] is not None, box["text"].strip()))
            filling = "box"
        elif (row := _row(line)) is not None:
            part.rows.append(_Row(row[0], row[1], bool(part.boxes)))
            filling = "row"
        elif filling == "row":
            last = part.rows[-1]
            part.rows[-1] = last._replace(value=f"{last.value}\n{line.strip()}".strip())
        elif filling == "box":
            ticked, said = part.boxes[-1]
            part.boxes[-1] = (ticked, f"{said} {line.strip()}")
    return parts


def _head(line: str, expected: str) -> tuple[str, str] | None:
    """Return the section that a line begins, and what stands behind; sections come in their order, some may lack."""
    for pattern in _HEADS:
        if (match := pattern.match(line)) is None:
            continue
        letter = _LETTERS[match["letter"]]
        word = match.groupdict().get("word")
        if letter < expected or (word is not None and not word.isupper()):
            continue
        return letter, match["rest"]
    return None


def _row(line: str) -> tuple[str, str] | None:
    match = _ROW.match(line)
    if match is None or (re.search(r"\d$", match["label"]) and match["value"][:1].isdigit()):
        return None  # the colon of a time
    if match["label"].casefold().endswith(("http", "https")):
        return None
    return match["label"].strip(), match["value"].strip(BLANK)


def _without_heads(rows: Sequence[_Row], wanted: int) -> list[_Row]:
    """Return rows without the headings among them: they say nothing, and there are more rows than the form has."""
    kept = list(rows)
    while len(kept) > wanted and (empty := next((r for r in kept[:-1] if not r.value), None)) is not None:
        kept.remove(empty)
    return kept


def _section_a(
    rows: Sequence[_Row], is_date: Callable[[str], bool], state_of: Callable[[str], str]
) -> dict[str, str]:
    kept = [row for row in rows if not (len(row.label) <= _REMARK and _ELSEWHERE.search(row.value))]
    values = [_first(row.value) for row in kept]
    found: dict[str, str] = {}
    if len(values) == _ROWS_OF_A:
        names = ("issuing_state", "addressee", "", "home_state", "issued_at", "reference")
        found = {name: value for name, value in zip(names, values, strict=True) if name}
    dated = [n for n, value in enumerate(values) if value and is_date(value)]
    named = [n for n, value in enumerate(values) if value and state_of(value)]
    if dated:
        found["issued_at"] = values[dated[0]]
    if named[:1] == [0]:
        found["issuing_state"] = values[0]
        found.setdefault("addressee", values[1] if len(values) > 1 and 1 not in {*dated, *named} else "")
    if named and named[-1] != 0:
        found["home_state"] = values[named[-1]]
    if values and len(values) - 1 not in {*dated, *named}:
        found["reference"] = values[-1]
    return found


def _section_e(rows: Sequence[_Row], is_date: Callable[[str], bool]) -> dict[str, str]:
    kept = [row for row in rows if row.after_boxes] or list(rows)
    kept = _without_heads(kept, _ROWS_OF_E)
    values = [_first(row.value) for row in kept]
    found = {
        name: value
        for name, value in zip(("authority", "representative", "file"), values, strict=False)
        if not _MAIL.search(value) and not _PHONE.match(value)
    }
    found["email"] = next((m[0] for value in values if (m := _MAIL.search(value))), "")
    found["phone"] = next((v for v in values[2:] if _PHONE.match(v) and not is_date(v)), "")
    last = values[-1] if len(values) > 3 else ""  # noqa: PLR2004 -- name, post, number, then the signature at the end
    if not (_MAIL.search(last) or _PHONE.match(last) or is_date(last)):
        found["signature"] = last
    return found


def _section_g(rows: Sequence[_Row]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, row in zip(("redress_body", "deadline", "provisions"), rows, strict=False):
        found[name] = row.value
    linked = next((row.value for row in rows if _URL.search(row.value)), "")
    return found | ({"provisions": linked} if linked else {})


def _types(boxes: Sequence[tuple[bool, str]]) -> tuple[int, ...]:
    """Return which boxes are ticked: by their place where all five stand, otherwise by the point that they cite."""
    if len(boxes) == BOXES:
        return tuple(n for n, (ticked, _text) in enumerate(boxes) if ticked)
    cited = (_POINT.search(f"{text} ") for ticked, text in boxes if ticked)
    return tuple(dict.fromkeys(_POINTS[match[1].lower()] for match in cited if match is not None))


def _first(text: str) -> str:
    return text.partition("\n")[0].strip(BLANK)
