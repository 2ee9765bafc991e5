"""What a file's first bytes say it is: a picture, or a clip or a recording. A guess about whom to ask, no check."""

from __future__ import annotations

_STILL_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")
_UNREAD = (  # kinds of pictures for which no decoder comes along: where their heads stand, and how they begin
    (4, (b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1"), "HEIC"),
    (0, (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a"), "JPEG XL"),
    (0, (b"\x00\x00\x00\x0cjP  \x0d\x0a\x87\x0a", b"\xff\x4f\xff\x51"), "JPEG 2000"),
)
_HEADS = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"OggS",
    b"FLV\x01",
    b"ID3",
    b"fLaC",
    b"#!AMR",
    b"caff",
    b"\x00\x00\x01\xba",  # MPEG programme stream
    b"\x00\x00\x01\xb3",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF: WMV, WMA
)
_FORMS = {b"RIFF": (b"AVI ", b"WAVE"), b"FORM": (b"AIFF", b"AIFC")}
_TS_PACKET = 188
_MP3 = 0xE0  # the highest bits of the second byte of a frame of MPEG audio or AAC


def unread_kind(data: bytes) -> str:
    """Return the name of a kind of pictures that can't be read here, empty if a file begins like none of them."""
    return next((name for place, heads, name in _UNREAD if data[place:].startswith(heads)), "")


def is_clip(data: bytes) -> bool:
    """Whether a file begins like a clip or a recording."""
    if data[4:8] == b"ftyp":
        return data[8:12] not in _STILL_BRANDS
    if data[4:8] in {b"moov", b"mdat", b"wide"} or data.startswith(_HEADS):
        return True
    if data[8:12] in _FORMS.get(data[:4], ()):
        return True
    if data[:1] == b"G" and data[_TS_PACKET : _TS_PACKET + 1] == b"G":
        return True
    return data[:1] == b"\xff" and len(data) > 1 and data[1] & _MP3 == _MP3 and data[1] != 0xFF  # noqa: PLR2004
