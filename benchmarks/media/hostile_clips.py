"""Hostile clips and recordings: cut short, flipped, several types in one, containers that lie, bombs, playlists.

Sound ones are made by FFmpeg, one of each container, once a run.
"""

from __future__ import annotations

import random
import struct
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

FORMS: dict[str, tuple[str, ...]] = {
    "mp4": ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"),
    "mov": ("-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "mkv": ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "libmp3lame"),
    "webm": ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
    "avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "flv": ("-c:v", "flv", "-ar", "22050", "-c:a", "libmp3lame"),
    "wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "ts": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "mpg": ("-c:v", "mpeg1video", "-c:a", "mp2"),
    "mp3": ("-vn", "-c:a", "libmp3lame"),
    "wav": ("-vn", "-c:a", "pcm_s16le"),
    "flac": ("-vn", "-c:a", "flac"),
    "ogg": ("-vn", "-c:a", "libvorbis"),
    "m4a": ("-vn", "-c:a", "aac"),
    "aiff": ("-vn", "-c:a", "pcm_s16be"),
}
_HEADS = (
    b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
    b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01",
    b"RIFF\xff\xff\xff\xffAVI LIST",
    b"RIFF\xff\xff\xff\xffWAVEfmt ",
    b"OggS\x00\x02",
    b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f",
    b"fLaC\x00\x00\x00\x22",
    b"FLV\x01\x05\x00\x00\x00\x09",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    b"\x00\x00\x01\xba",
    b"\xff\xfb\x90\x00",
    b"#!AMR\n",
    b"caff\x00\x01\x00\x00",
)


@cache
def good(form: str) -> bytes:
    """Return a sound clip of two seconds, or a recording."""
    return _ffmpeg("testsrc2=size=160x120:rate=25", "sine=frequency=440", 2.0, form, FORMS[form])


@cache
def bomb(name: str) -> bytes:
    """Return a small file that becomes a large one."""
    black, quiet = "color=black", "anullsrc"
    if name == "hours of nothing":
        return _ffmpeg("", quiet, 10_000.0, "flac", ("-c:a", "flac"))
    if name == "8K":
        still = ("-c:v", "libx264", "-preset", "ultrafast", "-an")
        return _ffmpeg(f"{black}:size=7680x4320:rate=25", "", 2.0, "mp4", still)
    if name == "beyond 8K":
        return _ffmpeg(f"{black}:size=12000x8000:rate=1", "", 1.0, "mkv", ("-c:v", "png", "-an"))
    if name == "a thousand a second":
        return _ffmpeg(
            f"{black}:size=320x240:rate=1000",
            "",
            10.0,
            "mp4",
            ("-c:v", "libx264", "-preset", "ultrafast", "-an"),
        )
    return _ffmpeg(f"{black}:size=16x16:rate=1", "", 20_000.0, "mkv", ("-c:v", "mpeg4", "-an"))


BOMBS = ("hours of nothing", "8K", "beyond 8K", "a thousand a second", "hours of black")


def _ffmpeg(sight: str, sound: str, seconds: float, form: str, codec: tuple[str, ...]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"out.{form}"
        inputs = [word for one in (sight, sound) if one for word in ("-f", "lavfi", "-i", one)]
        command = [
            "ffmpeg",
            "-y",
            "-v",
            "error",
            "-threads",
            "1",
            *inputs,
            "-t",
            str(seconds),
            *codec,
            str(path),
        ]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return path.read_bytes()


def _any(chance: random.Random) -> bytes:
    return good(chance.choice(tuple(FORMS)))


def _cut(chance: random.Random) -> bytes:
    data = _any(chance)
    return data[: chance.randrange(1, len(data))]


def _flipped(chance: random.Random) -> bytes:
    data = bytearray(_any(chance))
    for _ in range(chance.choice((1, 3, 30, 300))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _flipped_head(chance: random.Random) -> bytes:
    data = bytearray(_any(chance))
    for _ in range(chance.randrange(1, 12)):
        data[chance.randrange(min(len(data), 400))] = chance.randrange(256)
    return bytes(data)


def _spliced(chance: random.Random) -> bytes:
    one, other = _any(chance), _any(chance)
    return one[: chance.randrange(len(one))] + other[chance.randrange(len(other)) :]


def _sizes_lie(chance: random.Random) -> bytes:
    """Return a clip whose boxes claim other sizes or counts: MP4's, or those of RIFF."""
    data = bytearray(good(chance.choice(("mp4", "mov", "m4a", "avi", "wav"))))
    names = (
        b"moov",
        b"trak",
        b"stts",
        b"stsz",
        b"stco",
        b"stsc",
        b"mdat",
        b"tkhd",
        b"mvhd",
        b"LIST",
        b"strh",
        b"fmt ",
    )
    places = [place for name in names if (place := data.find(name)) >= 4]
    for place in chance.sample(places, min(len(places), chance.randrange(1, 4))):
        at = place + chance.choice((-4, 4, 8, 12))
        data[at : at + 4] = struct.pack(">I", chance.choice((0, 1, 7, 2**31 - 1, 2**32 - 1)))
    return bytes(data)


def _bomb(chance: random.Random) -> bytes:
    return bomb(chance.choice(BOMBS))


def _playlist(chance: random.Random) -> bytes:
    """Return what names other files and addresses, by itself or inside of a container."""
    list_ = chance.choice(
        (
            b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
            b"#EXTM3U\n#EXTINF:1.0,\nhttp://127.0.0.1:9/a\n",
            b"ffconcat version 1.0\nfile /etc/passwd\n",
            b'<?xml version="1.0"?><MPD><Period><BaseURL>file:///etc/passwd</BaseURL></Period></MPD>',
            b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
            b"[Script Info]\nScriptType: v4.00+\n[Events]\nDialogue: 0,0:00:00.00,0:00:09.00,,,0,0,0,,x\n",
        )
    )
    return chance.choice(
        (list_, good("avi")[:2_000] + b"GAB2\x00" + list_, good("mp4") + list_, _HEADS[0] + list_)
    )


def _polyglot(chance: random.Random) -> bytes:
    tail = chance.choice(
        (
            b"<script>alert(1)</script>",
            b"%PDF-1.7\n",
            b"\x7fELF" + bytes(60),
            b"PK\x03\x04" + bytes(40),
            _any(chance),
        )
    )
    data = _any(chance)
    return data + tail if chance.random() < 0.6 else tail + data


def _noise(chance: random.Random) -> bytes:
    return chance.choice(_HEADS) + chance.randbytes(chance.randrange(1, 4_000))


def _empty_inside(chance: random.Random) -> bytes:
    """Return a sound head with nothing, or nothing but zeros, behind it."""
    data = _any(chance)
    keep = chance.randrange(40, min(len(data), 3_000))
    return data[:keep] + bytes(chance.choice((0, 100, 100_000)))


MAKERS: dict[str, Callable[[random.Random], bytes]] = {
    "clip cut short": _cut,
    "clip, bits flipped": _flipped,
    "clip, head flipped": _flipped_head,
    "clips spliced": _spliced,
    "clip whose sizes lie": _sizes_lie,
    "clip of several types": _polyglot,
    "playlist": _playlist,
    "clip, head and noise": _noise,
    "clip without a body": _empty_inside,
    "clip bomb": _bomb,
}
DEAR = frozenset({"clip bomb"})
