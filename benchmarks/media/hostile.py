"""`python -m benchmarks.media.hostile --count 10000`: files that attack decoders, through the sandbox.

Made here, the same for the same number: cut short, bits flipped, bombs (a small file that asks for much), several types
in one file, wrong types under a picture's head. What counts: an answer for each, none that hangs, and a good picture
hashed right afterwards.
"""

from __future__ import annotations

import argparse
import io
import random
import struct
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np
from benchmarks.media import hostile_clips
from PIL import Image

from hakam.media import chromaprint, clips, ffmpeg, long_hashes
from hakam.media.sandbox import Bounds, Sandbox, UnreadableError
from hakam.storage.bank_shelf import Held, write
from hakam.storage.known_content import KnownContent
from hakam.storage.known_media import KnownMedia
from hakam.storage.media_lookup import Looked, look_at
from hakam.storage.published import PublishedBank
from hakam.vocabulary.bank import EntryKind

FORMS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_HEADS = (
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x00\x20ftypavif",
)


class Hostile(NamedTuple):
    """A file and what it tries."""

    name: str
    data: bytes


def good(chance: random.Random, form: str = "PNG", side: int = 160) -> bytes:
    """Return a sound picture with structure."""
    across, down = np.meshgrid(np.arange(side), np.arange(side * 3 // 4))
    waves = np.sin(across / chance.uniform(4, 20)) + np.cos(down / chance.uniform(4, 20))
    grey = ((waves + 2) * 60).astype(np.uint8)
    file = io.BytesIO()
    picture = Image.fromarray(np.dstack([grey, grey[::-1], grey[:, ::-1]]))
    if form == "GIF":
        turned = [picture.rotate(n) for n in range(1, 5)]
        picture.save(file, form, save_all=True, append_images=turned)
    else:
        picture.save(file, form)
    return file.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *more: bytes, body: bytes = b"", depth: int = 8, colour: int = 0) -> bytes:
    """Return a PNG that says what it likes of its size."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    middle = b"".join(more)
    return _HEADS[1] + chunk(b"IHDR", head) + middle + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _cut(chance: random.Random) -> bytes:
    data = good(chance, chance.choice(FORMS))
    return data[: chance.randrange(1, len(data))]


def _flipped(chance: random.Random) -> bytes:
    data = bytearray(good(chance, chance.choice(FORMS)))
    for _ in range(chance.choice((1, 3, 30, 300))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _flipped_head(chance: random.Random) -> bytes:
    data = bytearray(good(chance, chance.choice(FORMS)))
    for _ in range(chance.randrange(1, 8)):
        data[chance.randrange(min(len(data), 64))] = chance.randrange(256)
    return bytes(data)


def _spliced(chance: random.Random) -> bytes:
    one, other = (good(chance, chance.choice(FORMS)) for _ in range(2))
    return one[: chance.randrange(len(one))] + other[chance.randrange(len(other)) :]


def _wide_png(chance: random.Random) -> bytes:
    side = chance.choice((2**31 - 1, 1_000_000, 65_535, 20_000))
    return png(side, chance.choice((side, 1)), body=zlib.compress(bytes(1_000)))


def _zlib_bomb(chance: random.Random) -> bytes:
    side = chance.choice(
        (2_000, 5_000, 7_900)
    )  # within the limit on pixels: some kilobytes become up to 62 MB
    packer = zlib.compressobj(9)
    row = bytes(side + 1)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png(side, side, body=body)


def _text_bomb(chance: random.Random) -> bytes:
    packer = zlib.compressobj(9)
    body = (
        b"".join(packer.compress(bytes(1_000_000)) for _ in range(chance.choice((20, 80)))) + packer.flush()
    )
    kind = chance.choice((b"zTXt", b"iCCP"))
    return png(64, 64, chunk(kind, b"a\x00\x00" + body), body=zlib.compress(bytes(65 * 64)))


def _gif_bomb(chance: random.Random) -> bytes:
    side = chance.choice((65_535, 8_000, 3_000))
    head = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x4c\x01\x00"
    return head + frame * chance.choice((1, 50, 5_000)) + b";"


def _tiff(chance: random.Random) -> bytes:
    """Return a TIFF whose directory lies: of its size, of its strips, or of where the next directory is."""
    huge = chance.choice((2**32 - 1, 2**31, 100_000, 64))
    tags = [
        (256, 4, 1, huge), (257, 4, 1, chance.choice((huge, 1, 64))), (258, 3, 1, chance.choice((8, 16, 1, 65))),
        (259, 3, 1, chance.choice((1, 5, 7, 8, 32_773, 50_000))), (262, 3, 1, 1),
        (273, 4, chance.choice((1, 2**20)), 8),
        (277, 3, 1, chance.choice((1, 3, 65_535))), (278, 4, 1, huge), (279, 4, 1, chance.choice((huge, 10))),
    ]  # fmt: skip
    body = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return (
        b"II*\x00" + struct.pack("<I", 8) + body + struct.pack("<I", chance.choice((8, 0, 10**9))) + bytes(64)
    )


def _jpeg_bomb(chance: random.Random) -> bytes:
    data = bytearray(good(chance, "JPEG"))
    at = data.find(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", *(chance.choice((65_500, 8_000, 0)) for _ in range(2)))
    return bytes(data)


def _scans(chance: random.Random) -> bytes:
    """Return a progressive JPEG whose scans are repeated: each costs as much as a picture."""
    file = io.BytesIO()
    Image.open(io.BytesIO(good(chance, side=chance.choice((400, 1_200))))).save(
        file, "JPEG", progressive=True
    )
    data = file.getvalue()
    first = data.find(b"\xff\xda")
    last = data.rfind(b"\xff\xda")
    return data[:first] + data[first:last] * chance.choice((10, 100)) + data[last:]


def _zip(chance: random.Random) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        inside = zipfile.ZipInfo("a.jpg", (2026, 1, 1, 0, 0, 0))
        packed.writestr(inside, bytes(chance.choice((1_000, 20_000_000))), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _polyglot(chance: random.Random) -> bytes:
    tail = chance.choice(
        (_zip(chance), b"<script>alert(1)</script>", b"%PDF-1.7\n1 0 obj<<>>endobj", b"\x7fELF" + bytes(60))
    )
    data = good(chance, chance.choice(FORMS))
    return data + tail if chance.random() < 0.6 else tail + data


def _wrong(chance: random.Random) -> bytes:
    return chance.choice(
        (
            b"<!doctype html><title>Not found</title>",
            b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><svg>&b;</svg>',
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n(id) run",
            b"%PDF-1.7\n",
            b"\x00\x00\x00\x18ftypmp42" + bytes(64),
            b"push graphic-context\nviewbox 0 0 1 1\nfill 'url(https://127.0.0.1/\"|id\")'",
            b"\x7fELF" + bytes(200),
            bytes(chance.randrange(1, 5_000)),
            b"\xff" * chance.randrange(1, 5_000),
        )
    )


def _noise(chance: random.Random) -> bytes:
    return chance.choice(_HEADS) + chance.randbytes(chance.randrange(1, 4_000))


Makers = Mapping[str, Callable[[random.Random], bytes]]
MAKERS: Makers = {
    "cut short": _cut,
    "bits flipped": _flipped,
    "head flipped": _flipped_head,
    "spliced": _spliced,
    "PNG of any size": _wide_png,
    "PNG, zlib bomb": _zlib_bomb,
    "PNG, text bomb": _text_bomb,
    "GIF bomb": _gif_bomb,
    "TIFF that lies": _tiff,
    "JPEG that lies": _jpeg_bomb,
    "JPEG of many scans": _scans,
    "zip": _zip,
    "several types": _polyglot,
    "wrong type": _wrong,
    "head and noise": _noise,
}
_DEAR = frozenset({"PNG, zlib bomb", "PNG, text bomb", "GIF bomb", "JPEG of many scans", "zip"})


def hostile(
    count: int, seed: int = 1, makers: Makers = MAKERS, dear: Collection[str] = _DEAR
) -> Iterator[Hostile]:
    """Yield so many files; the kinds in turn, those that take long to make once in ten turns."""
    names = list(makers)
    number = turn = 0
    while number < count:
        name = names[turn % len(names)]
        turn += 1
        if name in dear and (turn // len(names)) % 10:
            continue
        number += 1
        yield Hostile(name, makers[name](random.Random(f"{seed}/{turn}")))


@contextmanager
def looking(seconds: float) -> Iterator[tuple[Sandbox, Callable[[bytes], Looked]]]:
    """Give the sandbox, and what the worker does with a file where banks hold something of every kind."""
    known = good(random.Random(0), side=400)
    with tempfile.TemporaryDirectory() as home, Sandbox(Bounds(seconds=seconds)) as sandbox:
        looked = sandbox.look(known, bank=True, landmarks=True)
        clip = hostile_clips.good("mp4")
        with ffmpeg.opened(clip) as file:
            frames = long_hashes.packed_frames(clips.of_bank(file.frames(clips.BANK_RATE)))
            sounds = long_hashes.packed_sounds(chromaprint.fingerprint(file.sound()) or [1, 2])
        held = [
            Held(1, EntryKind.PDQ, looked.hashes[0].digest),
            Held(2, EntryKind.LANDMARKS, "", looked.landmarks),
            Held(3, EntryKind.VPDQ, "", frames),
            Held(4, EntryKind.CHROMAPRINT, "", sounds),
        ]
        bank = PublishedBank(1, "known", 1, 31, "", None)
        write(Path(home) / "banks" / "1", 1, held, [])
        media = KnownMedia(KnownContent(Path(home), (bank,)))
        yield sandbox, lambda data: look_at(data, media, sandbox, at=0.0)


def main() -> None:
    """Run the files through and tell what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="half of them clips and recordings")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=Bounds().seconds, help="for one picture")
    given = parser.parse_args()
    sound, clip = good(random.Random(0), side=400), hostile_clips.good("mp4")
    names = (*MAKERS, *hostile_clips.MAKERS)
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in names}
    taken: list[tuple[float, str]] = []
    pictures = hostile(given.count - given.count // 2, given.seed)
    others = hostile(given.count // 2, given.seed, hostile_clips.MAKERS, hostile_clips.DEAR)
    with looking(given.seconds) as (sandbox, look):
        right = [look(sound).alike, look(clip).alike]
        assert all(right), "what the bank knows is not found"
        started = time.perf_counter()
        for number, file in enumerate(chain.from_iterable(zip_longest(pictures, others)), 1):
            if file is None:
                continue
            before = time.perf_counter()
            try:
                look(file.data)
                outcome = "looked at"
            except UnreadableError as error:
                outcome = error.trouble
            taken.append((time.perf_counter() - before, file.name))
            outcomes[file.name][outcome] += 1
            if number % 500 == 0 or outcome in {"ended its reader", "took too long"}:
                assert [look(sound).alike, look(clip).alike] == right, (
                    "sound files are seen otherwise after it"
                )
            if number % 1_000 == 0:
                print(f"{number:,} files, {time.perf_counter() - started:.0f} s", flush=True)
        assert [look(sound).alike, look(clip).alike] == right
        children = sandbox.started
    for name, counted in outcomes.items():
        print(
            f"{name:22s} {sum(counted.values()):6,}  {', '.join(f'{w} {n:,}' for w, n in counted.most_common())}"
        )
    taken.sort()
    middle, slow = taken[len(taken) // 2][0], taken[int(len(taken) * 0.99)][0]
    print(
        f"{len(taken):,} files, {children} children for pictures; "
        f"half within {middle * 1000:.1f} ms, 99 % within {slow * 1000:.0f} ms"
    )
    print(f"the slowest: {', '.join(f'{took:.1f} s, {name}' for took, name in taken[-3:])}")


if __name__ == "__main__":
    main()
