"""Pieces of a film that goes on, as Media Source Extensions take them: a head once, then fragments.

What comes in is what FFmpeg writes: fragmented MP4 (ISO/IEC 14496-12) or WebM (Matroska, RFC 9559) whose segment does
not end. Who joins later gets the head and begins with a fragment in which a picture needs none before it: players
leave out what comes before that picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

MOST: Final = 16_000_000  # bytes of one piece: what is larger is no fragment of a quarter of a second
_BOX: Final = 8  # bytes of a size and a type
_LARGE: Final = 16  # bytes of a box whose size needs 64 bits
_NOT_SYNC: Final = 0x0001_0000  # of the flags of a sample
_FOLDERS: Final = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"}
_VISUAL, _AUDIO = 78, 28  # bytes of a sample entry before its own boxes
_SEGMENT, _CLUSTER, _TRACKS, _TRACK = 0x1853_8067, 0x1F43_B675, 0x1654_AE6B, 0xAE
_NUMBER, _TYPE, _CODEC = 0xD7, 0x83, 0x86
_BLOCK, _GROUP, _REFERENCE, _IN_GROUP = 0xA3, 0xA0, 0xFB, 0xA1
_PICTURES: Final = 1  # type of a track of WebM
_KEY: Final = 0x80  # flag of a simple block
_NAMES: Final = {"V_VP8": "vp8", "V_VP9": "vp9", "A_OPUS": "opus", "A_VORBIS": "vorbis"}


class FragmentError(ValueError):
    """What comes is no film that browsers are given."""


class Fragment(NamedTuple):
    """One piece. `key`: who joins can begin with it."""

    data: bytes
    key: bool


class Splitter(Protocol):
    """Takes bytes as they come and gives whole fragments."""

    head: bytes
    """What a player must get first; empty until it came."""
    type: str
    """What it is, as `video/mp4; codecs="avc1.42c01e"`; empty until the head came."""

    def feed(self, data: bytes) -> list[Fragment]:
        """Take bytes; return the fragments that are whole by now. Raises `FragmentError`."""
        ...


class Mp4:
    """Fragmented MP4 with H.264, AAC, or both."""

    def __init__(self) -> None:
        self.head, self.type = b"", ""
        self._rest = bytearray()
        self._begun = bytearray()  # boxes of a piece that is not whole
        self._sight: int | None = None  # number of the track with pictures
        self._key = False

    def feed(self, data: bytes) -> list[Fragment]:
        """Take bytes; return the fragments that are whole by now. Raises `FragmentError`."""
        self._rest += data
        out = []
        while (box := self._next()) is not None:
            kind, whole, header = box
            self._begun += whole
            if kind == b"moov":
                self.head, self._begun = bytes(self._begun), bytearray()
                self._read_head(whole[header:])
            elif kind == b"moof":
                self._key = self._begins_anew(whole[header:])
            elif kind == b"mdat":
                if not self.head:
                    raise FragmentError("pictures before the head")
                out.append(Fragment(bytes(self._begun), self._key))
                self._begun = bytearray()
        return out

    def _next(self) -> tuple[bytes, bytes, int] | None:
        if len(self._rest) < _BOX:
            return None
        size, kind, header = int.from_bytes(self._rest[:4]), bytes(self._rest[4:8]), _BOX
        if size == 1:
            if len(self._rest) < _LARGE:
                return None
            size, header = int.from_bytes(self._rest[8:16]), _LARGE
        if not header <= size <= MOST:
            raise FragmentError(f"a box of {size} bytes")
        if len(self._rest) < size:
            return None
        whole = bytes(self._rest[:size])
        del self._rest[:size]
        return kind, whole, header

    def _read_head(self, moov: bytes) -> None:
        codecs = []
        for trak in (body for kind, body in _boxes(moov) if kind == b"trak"):
            found = dict(_all_boxes(trak))
            for kind, entry in _boxes(found.get(b"stsd", b"")[8:]):
                if kind == b"avc1":
                    self._sight = _track_number(found.get(b"tkhd", b""))
                    codecs.append(_h264(dict(_boxes(entry[_VISUAL:]))))
                elif kind == b"mp4a":
                    codecs.append("mp4a.40.2")
                else:
                    raise FragmentError(f"a track of {kind!r}")
        if not codecs:
            raise FragmentError("no track that browsers play")
        self.type = f'{"audio" if self._sight is None else "video"}/mp4; codecs="{", ".join(codecs)}"'

    def _begins_anew(self, moof: bytes) -> bool:
        if self._sight is None:
            return True
        for traf in (body for kind, body in _boxes(moof) if kind == b"traf"):
            inside = dict(_boxes(traf))
            header, run = inside.get(b"tfhd", b""), inside.get(b"trun", b"")
            if int.from_bytes(header[4:8]) == self._sight:
                return not _first_flags(header, run) & _NOT_SYNC
        return False


class WebM:
    """WebM with VP8 or VP9, Opus, or both."""

    def __init__(self) -> None:
        self.head, self.type = b"", ""
        self._rest = bytearray()
        self._before = bytearray()  # of the head, as far as it came
        self._tracks = b""
        self._sight: int | None = None

    def feed(self, data: bytes) -> list[Fragment]:
        """Take bytes; return the fragments that are whole by now. Raises `FragmentError`."""
        self._rest += data
        out = []
        while (element := self._next()) is not None:
            kind, whole, body = element
            if kind == _CLUSTER:
                if not self.head:
                    self._read_head()
                out.append(Fragment(whole, self._begins_anew(body)))
            elif not self.head:
                self._before += whole
                if kind == _TRACKS:
                    self._tracks = body
        return out

    def _next(self) -> tuple[int, bytes, bytes] | None:
        head = _element(bytes(self._rest[:12]))
        if head is None:
            return None
        kind, size, before = head
        if kind == _SEGMENT:  # goes on without end: what is in it comes one by one
            size = 0
        elif size is None or size > MOST:
            raise FragmentError("an element without end")
        if len(self._rest) < before + size:
            return None
        whole = bytes(self._rest[: before + size])
        del self._rest[: before + size]
        return kind, whole, whole[before:]

    def _read_head(self) -> None:
        codecs = []
        for track in (body for kind, body in _elements(self._tracks) if kind == _TRACK):
            inside = dict(_elements(track))
            codec = _NAMES.get(inside.get(_CODEC, b"").decode("ascii", "replace"))
            if codec is None:
                raise FragmentError("a track that browsers do not play")
            if int.from_bytes(inside.get(_TYPE, b"")) == _PICTURES:
                self._sight = int.from_bytes(inside.get(_NUMBER, b""))
            codecs.append(codec)
        if not codecs:
            raise FragmentError("no track that browsers play")
        self.type = f'{"audio" if self._sight is None else "video"}/webm; codecs="{", ".join(codecs)}"'
        self.head = bytes(self._before)

    def _begins_anew(self, cluster: bytes) -> bool:
        if self._sight is None:
            return True
        return any(self._is_key(kind, body) for kind, body in _elements(cluster))

    def _is_key(self, kind: int, body: bytes) -> bool:
        inside = dict(_elements(body)) if kind == _GROUP else {}
        block = inside.get(_IN_GROUP, b"") if inside else body if kind == _BLOCK else b""
        track, after = _vint(block, 0)
        if track != self._sight or len(block) <= after + 2:
            return False
        return _REFERENCE not in inside if inside else bool(block[after + 2] & _KEY)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + _BOX <= len(data):
        size = int.from_bytes(data[place : place + 4])
        if size < _BOX or place + size > len(data):
            return
        yield data[place + 4 : place + 8], data[place + _BOX : place + size]
        place += size


def _all_boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    for kind, body in _boxes(data):
        yield kind, body
        if kind in _FOLDERS:
            yield from _all_boxes(body)


def _track_number(tkhd: bytes) -> int:
    place = 20 if tkhd[:1] == b"\x01" else 12  # times of 64 bits, or of 32
    return int.from_bytes(tkhd[place : place + 4])


def _h264(inside: dict[bytes, bytes]) -> str:
    """Return the name of what H.264 makes use of: profile, constraints and level (RFC 6381)."""
    said = inside.get(b"avcC", b"")
    if len(said) < 4:  # noqa: PLR2004 -- version, profile, constraints, level
        raise FragmentError("H.264 that does not say what it makes use of")
    return f"avc1.{said[1:4].hex()}"


def _first_flags(tfhd: bytes, trun: bytes) -> int:
    """Return the flags of the first sample of a run."""
    said, place = int.from_bytes(tfhd[1:4]), 8
    for flag, size in ((0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4)):
        place += size if said & flag else 0
    usual = int.from_bytes(tfhd[place : place + 4]) if said & 0x20 else 0
    said, place = int.from_bytes(trun[1:4]), 8
    place += 4 if said & 0x1 else 0
    if said & 0x4:
        return int.from_bytes(trun[place : place + 4])
    if said & 0x400:
        place += (4 if said & 0x100 else 0) + (4 if said & 0x200 else 0)
        return int.from_bytes(trun[place : place + 4])
    return usual


def _vint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number of variable length without its marker, and where it ends; (-1, place) if it is not whole."""
    first = data[place] if place < len(data) else 0
    length = 9 - first.bit_length()
    if not first or place + length > len(data):
        return -1, place
    value = int.from_bytes(data[place : place + length]) & ((1 << (7 * length)) - 1)
    return value, place + length


def _element(data: bytes, place: int = 0) -> tuple[int, int | None, int] | None:
    """Return id, size (None: unknown) and where the content begins; None if that is not whole yet."""
    _number, after = _vint(data, place)
    if after == place:
        if len(data) - place >= _BOX:
            raise FragmentError("no element")
        return None
    size, content = _vint(data, after)
    if content == after:
        return None
    endless = size == (1 << (7 * (content - after))) - 1
    return int.from_bytes(data[place:after]), None if endless else size, content


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while (head := _element(data, place)) is not None:
        kind, size, content = head
        if size is None or content + size > len(data):
            return
        yield kind, data[content : content + size]
        place = content + size


SPLITTERS: Final[dict[str, type[Mp4 | WebM]]] = {"mp4": Mp4, "webm": WebM}
