"""NCMEC's hash-sharing XML, version 2: entries of members, with their fingerprints, and entries that were deleted.

Read by expat, event by event: nothing is built in memory, a document type is refused (so no entity can be defined), and
each row has its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from django.utils.translation import gettext as _

from hakam.banks.formats.form import About, FormatError, Leaving
from hakam.banks.rows import BadRow, Gone, Read, row
from hakam.vocabulary.bank import EntryKind

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
_THINGS = frozenset({"image", "video"})
_DELETED = frozenset({"deletedImage", "deletedVideo"})
_PRINTS = frozenset({"md5", "sha1", "sha256", "pdq"})
_STEP = 65_536
_LONGEST = 4_096  # characters of one value: a video's large fingerprints are given by reference
_DEEPEST = 32


def read(data: bytes, _kind: EntryKind | None = None) -> Iterator[Read]:
    """Yield the rows of an answer; places are lines. What was whole before a file breaks off is told with it."""
    reader = _Reader()
    for start in range(0, max(len(data), 1), _STEP):
        reader.feed(data[start : start + _STEP], last=start + _STEP >= len(data))
        yield from reader.taken()
    if not reader.known:
        raise FormatError(_("no hash-sharing answer: there is no `queryResult` in it"))


class _Reader:
    """Follows the elements of one answer."""

    def __init__(self) -> None:
        self.known = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse
        self._path: list[str] = []
        self._said = ""
        self._rows: list[Read] = []
        self._line = 0
        self._member = self._id = self._class = ""
        self._prints: list[tuple[str, str, int]] = []

    def feed(self, part: bytes, *, last: bool) -> None:
        """Read on."""
        try:
            self._parser.Parse(part, last)
        except expat.ExpatError as error:
            raise FormatError(
                _("line %(lineno)s: %(code)s")
                % {"lineno": error.lineno, "code": expat.ErrorString(error.code)}
            ) from error
        except FormatError:
            raise
        except (LookupError, ValueError) as error:  # it names an encoding that expat can't read
            raise FormatError(str(error)) from error

    def taken(self) -> list[Read]:
        """Return the rows since the last time."""
        rows, self._rows = self._rows, []
        return rows

    def _refuse(self, *_told: Any) -> None:
        raise FormatError(_("a document type or an entity is declared; hash lists have none"))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        self._path.append(tag)
        if len(self._path) > _DEEPEST:
            raise FormatError(
                _("line %(currentlinenumber)s: nested too deeply")
                % {"currentlinenumber": self._parser.CurrentLineNumber}
            )
        self._said = ""
        if tag == "queryResult":
            self.known = True
        elif tag in _THINGS or tag in _DELETED:
            self._line = self._parser.CurrentLineNumber
            self._member = self._id = self._class = ""
            self._prints = []
        elif tag == "member" and self._within(_THINGS | _DELETED):
            self._member = attributes.get("id", "")

    def _within(self, tags: frozenset[str]) -> bool:
        return len(self._path) > 1 and self._path[-2] in tags

    def _text(self, text: str) -> None:
        if len(self._said) < _LONGEST:
            self._said += text

    def _end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        said = self._said.strip()
        if tag == "id" and self._within(_THINGS | _DELETED):
            self._id = said
        elif tag == "classification" and self._within(_THINGS):
            self._class = said
        elif tag in _PRINTS and self._within(frozenset({"fingerprints"})) and said:
            self._prints.append((tag, said, self._parser.CurrentLineNumber))
        elif tag in _DELETED:
            self._rows.append(
                Gone(self._name()) if self._id else BadRow(self._line, "a deletion without an id")
            )
        elif tag in _THINGS:
            if not self._prints:
                self._rows.append(BadRow(self._line, "none of its fingerprints can be looked up here"))
            self._rows += [
                row(line, kind, digest, item=self._name(), label=self._class)
                for kind, digest, line in self._prints
            ]
        self._path.pop()
        self._said = ""

    def _name(self) -> str:
        return f"{self._member}-{self._id}" if self._member else self._id


def write(about: About, entries: Iterable[Leaving]) -> Iterator[bytes]:
    """Yield the entries as an answer of the service: those of one item together, as they stand in a row."""
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<queryResult xmlns="{NAMESPACE}">\n <images>\n'.encode()
    item: list[Leaving] = []
    number = 0
    for one in entries:
        if one.kind is EntryKind.TEXT:
            continue  # there is no place for it
        if item and (
            not one.item or one.item != item[0].item or any(one.kind == other.kind for other in item)
        ):
            number += 1
            yield _image(about, item, number)
            item = []
        item.append(one)
    if item:
        yield _image(about, item, number + 1)
    yield b" </images>\n</queryResult>\n"


def _image(about: About, item: list[Leaving], number: int) -> bytes:
    first = item[0]
    member, dash, rest = first.item.partition("-")
    if not (dash and member.isdecimal()):
        member, rest = about.name, first.item or str(number)
    prints = "".join(f"<{one.kind}>{one.digest}</{one.kind}>" for one in item)
    classed = f"<classification>{escape(first.label)}</classification>" if first.label else ""
    at = first.added_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"  <image><member id={quoteattr(member)}>{escape(about.name)}</member><timestamp>{at}</timestamp>"
        f"<id>{escape(rest)}</id>{classed}<fingerprints>{prints}</fingerprints></image>\n"
    ).encode()
