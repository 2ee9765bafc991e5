"""Lists that stand outside rule packs: up to ten million entries, looked up in a file that is never read whole.

An entry is filed under its CRC-32. The file holds for each of `2 ** bits` places where its entries begin, then the
entries themselves, each on a line, place by place. Looking one up compares it with the few entries of its place, so the
answer is exact; the file is mapped into memory, shared by all processes that read it, and there at once however long
it is: 4 to 8 bytes an entry beside its text. A file never changes: its name is the digest of what it holds.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from mmap import mmap
from zlib import crc32

from hakam.policy.lists import MAX_TERM, MAX_TERMS, ListKind

MAX_ENTRIES = 10_000_000
MARK = b"hakamls1"
_HEAD = struct.Struct("<8sIIQ32s8x")  # mark, kind, bits, entries, digest
_KINDS = tuple(ListKind)
_WIDEST = 2**32 - 1  # bytes of all entries together: places are numbers of 32 bits


class BadListError(ValueError):
    """A file is no list, or a list can't be built. The message says why."""


class OutsideList:
    """One version of a list. Equal to another that holds the same; safe to share between threads.

    `kind` is None for a list whose content is not at hand: it stands for any kind and holds nothing.
    """

    __slots__ = ("_blob", "_starts", "_text", "count", "digest", "holds", "kind", "name")

    def __init__(self, name: str, data: bytes | mmap | None) -> None:
        """Read the head of `data`, which must stay as it is. Raises `BadListError`."""
        self.name = name
        self.kind: ListKind | None = None
        self.count, self.digest = 0, ""
        self.holds: Callable[[object], bool] = lambda _: False
        if data is None:
            return
        if sys.byteorder != "little":
            raise BadListError("lists outside packs need a machine that keeps the small end of numbers first")
        if len(data) < _HEAD.size or data[: len(MARK)] != MARK:
            raise BadListError("the file is no list of Hakam's")
        _, kind, bits, self.count, digest = _HEAD.unpack(data[: _HEAD.size])
        text = _HEAD.size + 4 * ((1 << bits) + 1)
        if kind >= len(_KINDS) or bits > 32 or text >= len(data):  # noqa: PLR2004 -- bits of a CRC
            raise BadListError("the file is cut off or was changed")
        self.kind, self.digest = _KINDS[kind], digest.hex()
        self._blob, self._text = data, text
        self._starts = memoryview(data)[_HEAD.size : text].cast("I")
        if text + self._starts[-1] != len(data):
            raise BadListError("the file is cut off or was changed")
        self.holds = _lookup(data, text, self._starts, (1 << bits) - 1)

    def __contains__(self, value: object) -> bool:
        """Whether the list holds a text. About a microsecond, however long the list is."""
        return self.holds(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OutsideList) and (self.name, self.digest) == (other.name, other.digest)

    def __hash__(self) -> int:
        return hash((self.name, self.digest))

    def __repr__(self) -> str:
        return f"OutsideList({self.name!r}, {self.digest[:12]!r}, {self.count:,})"

    def entries(self) -> Iterator[str]:
        """Yield the entries, in the order of the file, which says nothing."""
        if self.kind is None:
            return
        start, end = self._text + 1, self._text + self._starts[-1]
        while start < end:
            stop = self._blob.find(b"\n", start)
            yield self._blob[start:stop].decode()
            start = stop + 1

    def terms(self) -> tuple[str, ...]:
        """Return all entries, in the order of the file: for a list of terms to search, which is never long."""
        return tuple(self.entries())


def _lookup(data: bytes | mmap, text: int, starts: memoryview, mask: int) -> Callable[[object], bool]:
    """Return the function that looks an entry up. Each line ends where the next begins, the first is empty."""

    def holds(value: object) -> bool:
        try:
            entry = value.encode()  # type: ignore[attr-defined]  # what is no text is no entry
        except (AttributeError, UnicodeEncodeError):
            return False
        place = crc32(entry) & mask
        start = starts[place]
        end = starts[place + 1]
        if start == end:
            return False
        line = b"\n%b\n" % entry
        return line in data[text + start - 1 : text + end] and b"\n" not in entry

    return holds


def pack_list(kind: ListKind, entries: Iterable[str]) -> tuple[bytes, str, int]:
    """Return a list's file, the digest of what it holds (SHA-256, hex), and how many entries that is.

    The digest is that of the kind and the entries in order, each on a line. Raises `BadListError`.
    """
    lines = sorted({entry.encode() for entry in entries})
    most = MAX_TERMS if kind is ListKind.TERMS else MAX_ENTRIES
    if not lines:
        raise BadListError("the list is empty")
    if len(lines) > most:
        raise BadListError(f"{len(lines):,} entries; a list of {kind} holds at most {most:,}")
    if sum(map(len, lines)) + len(lines) >= _WIDEST:
        raise BadListError("the entries take more than 4 GB")
    seen = hashlib.sha256(f"{kind}\n".encode())
    for line in lines:
        seen.update(line + b"\n")
    bits = max((2 * len(lines) - 1).bit_length(), 1)  # one or two places an entry
    mask = (1 << bits) - 1
    lines.sort(key=lambda line: crc32(line) & mask)  # stable: in order within a place
    starts = memoryview(bytearray(4 * (mask + 2))).cast("I")
    at, place = 1, 0
    for line in lines:
        own = crc32(line) & mask
        while place <= own:
            starts[place] = at
            place += 1
        at += len(line) + 1
    while place <= mask + 1:
        starts[place] = at
        place += 1
    head = _HEAD.pack(MARK, _KINDS.index(kind), bits, len(lines), seen.digest())
    return b"".join((head, starts.tobytes(), b"\n", b"\n".join(lines), b"\n")), seen.hexdigest(), len(lines)


def problem_of(entry: str) -> str | None:
    """Return what keeps a text from being an entry, `None` if nothing does."""
    if not entry:
        return "nothing"
    if len(entry) > MAX_TERM:
        return f"{len(entry):,} characters; at most {MAX_TERM}"
    if any(ord(char) < 32 for char in entry):  # noqa: PLR2004 -- control characters
        return "a control character"
    try:
        entry.encode()
    except UnicodeEncodeError:
        return "half of a character"
    return None


class _Presumed(Mapping[str, OutsideList]):
    """Every list there can be, its content not at hand: for reading a pack's clauses, not for judging."""

    def __getitem__(self, name: str) -> OutsideList:
        return OutsideList(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


PRESUMED: Mapping[str, OutsideList] = _Presumed()
