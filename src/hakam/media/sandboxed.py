"""The child of `sandbox`: reads pictures from standard input, writes hashes to standard output, and may die of it.

Everything heavy is loaded and compiled before the first picture; then the process gives up what it does not need: other
files, more memory than it was told, core dumps, new processes. Limits of the system are those of POSIX. On Windows the
parent's clock and the limits on pixels and bytes are all there is.
"""

from __future__ import annotations

import io
import struct
import sys
from typing import IO, TYPE_CHECKING

import msgspec

from hakam.media.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hakam.media.nudity import Nudity
    from hakam.media.picture import Luma8

SIZE = struct.Struct("<Q")
_PERHAPS_SHOWN = frozenset({Trouble.DAMAGED, Trouble.NOT_A_PICTURE})  # by browsers, which are more patient


class Job(msgspec.Struct, frozen=True):
    """What to do with the picture that follows."""

    bank: bool  # under the hashes of a bank, else those of a query
    pixels: int
    frames: int
    cpu_seconds: int
    landmarks: bool = False  # of the first frame, beside its hashes
    plates: bool = False  # of the first frame's letters, instead of hashes
    nudity: bool = False  # the highest score of its frames, instead of hashes
    plain: bool = False  # the hash of the picture as it is and no other


class Found(msgspec.Struct, frozen=True):
    """What came of it: (name, hash, quality) of each variant, or the trouble."""

    variants: list[tuple[str, bytes, int]] = []
    landmarks: bytes = b""  # packed: of a query, those of the picture and of its mirror image
    plates: list[bytes] = []  # PGM files
    nudity: float | None = None
    missed: str = ""  # why a part of it could not be read, though the rest was
    trouble: str = ""
    detail: str = ""


def read_exactly(source: IO[bytes], size: int) -> bytes:
    """Return so many bytes; fewer at the end."""
    parts, left = [], size
    while left:
        part = source.read(left)
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def receive(source: IO[bytes]) -> bytes | None:
    """Return the next message, None at the end."""
    head = read_exactly(source, SIZE.size)
    if len(head) < SIZE.size:
        return None
    size = int(SIZE.unpack(head)[0])
    body = read_exactly(source, size)
    return body if len(body) == size else None


def send(target: IO[bytes], body: bytes) -> None:
    """Write a message."""
    target.write(SIZE.pack(len(body)))
    target.write(body)
    target.flush()


def main(memory: int, *, nudity: bool = False) -> None:
    """Serve until standard input ends.

    `memory`: bytes beyond what is in use when all is loaded; 0 for no limit. `nudity`: whether its network is loaded.
    """
    from hakam.media import picture  # noqa: PLC0415 -- nothing of it for who imports the messages only

    _warm_up()
    network = _network() if nudity else None
    _give_up(memory)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    send(target, b"ready")
    decode = msgspec.json.Decoder(Job).decode
    while (head := receive(source)) is not None and (data := receive(source)) is not None:
        job = decode(head)
        _allow(job.cpu_seconds)
        try:
            answer = _said(job, data, network) if job.plates or job.nudity else _hashed(job, data)
        except picture.PictureError as error:
            answer = Found(trouble=error.trouble.value, detail=str(error))
        except MemoryError:
            answer = Found(trouble=Trouble.TOO_LARGE.value, detail="no memory for it")
        except Exception as error:  # noqa: BLE001 -- the next picture is not to blame
            name = type(error).__name__
            answer = Found(trouble=Trouble.DAMAGED.value, detail=f"{name}: {error}"[:200])
        send(target, msgspec.json.encode(answer))


def _hashed(job: Job, data: bytes) -> Found:
    from hakam.media import picture, variants  # noqa: PLC0415 -- in the child only

    limits = picture.Limits(job.pixels, job.frames)
    if job.plain:
        hash_ = picture.plain_hash(data, limits)
        return Found([(variants.ORIENTATIONS[0], hash_.digest, hash_.quality)])
    try:
        return _seen(job, picture.frames(data, limits))
    except picture.PictureError as error:
        if job.bank or error.trouble not in _PERHAPS_SHOWN:
            raise
        return msgspec.structs.replace(_seen(job, picture.shown(data, limits)), missed=str(error))


def _seen(job: Job, frames: Iterator[Luma8]) -> Found:
    from hakam.media import variants  # noqa: PLC0415 -- in the child only

    found: list[tuple[str, bytes, int]] = []
    marks = b""
    for number, luma in enumerate(frames):
        made = variants.of_bank(luma) if job.bank else variants.of_query(luma)
        before = f"frame {number + 1}, " if number else ""
        found += [(f"{before}{one.name}", one.hash.digest, one.hash.quality) for one in made]
        if job.landmarks and not number:
            marks = _marks(luma, bank=job.bank)
    return Found(found, marks)


def _said(job: Job, data: bytes, network: Nudity | None) -> Found:
    """Return what a picture says, or what there is to be read of a damaged one."""
    from hakam.media import picture  # noqa: PLC0415 -- in the child only

    try:
        return _told(job, data, network)
    except picture.PictureError as error:
        if error.trouble not in _PERHAPS_SHOWN:
            raise
        return msgspec.structs.replace(_told(job, data, network, damaged=True), missed=str(error))


def _told(job: Job, data: bytes, network: Nudity | None, *, damaged: bool = False) -> Found:
    """Return its letters, and what a network makes of it."""
    from hakam.media import lettering, picture  # noqa: PLC0415 -- in the child only

    letters, score = [], None
    if job.plates:
        for luma in (picture.shown if damaged else picture.frames)(data, picture.Limits(job.pixels, 1)):
            letters = [
                b"P5\n%d %d\n255\n" % one.shape[::-1] + one.tobytes() for one in lettering.plates(luma)
            ]
    if job.nudity and network is not None:
        seen = picture.coloured(
            data, picture.Limits(job.pixels, 1 if damaged else job.frames), damaged=damaged
        )
        score = max((network.score(one) for one in seen), default=None)
    return Found(plates=letters, nudity=score)


def _network() -> Nudity:
    from PIL import Image  # noqa: PLC0415 -- in the child only

    from hakam.media.nudity import Nudity  # noqa: PLC0415

    made = Nudity()
    made.score(Image.new("RGB", (8, 8)))  # what it loads late is loaded now
    return made


def _marks(luma: Luma8, *, bank: bool) -> bytes:
    from hakam.media import landmarks, variants  # noqa: PLC0415 -- in the child only

    if bank:
        return landmarks.packed(landmarks.of_bank(luma))
    return landmarks.packed([landmarks.landmarks(side) for side in (luma, variants.mirror(luma))])


def _warm_up() -> None:
    """Compile and load all that a picture can ask for, while that is still permitted."""
    import cv2  # noqa: PLC0415 -- in the child only
    import numpy as np  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    from hakam.media import lettering, picture, variants  # noqa: PLC0415

    cv2.setNumThreads(1)
    Image.init()
    grey = (np.add.outer(np.arange(96), np.arange(128) * 3) % 251).astype(np.uint8)
    frozen = grey.copy()
    frozen.flags.writeable = False  # what Pillow gives: another type to the compiler
    for luma in (grey, frozen):
        variants.of_bank(luma)
        variants.of_query(luma)
        _marks(luma, bank=True)
        lettering.plates(luma)
    for form in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"):
        file = io.BytesIO()
        Image.fromarray(grey).convert("RGB").save(file, form)
        for luma in picture.frames(file.getvalue()):
            variants.of_query(luma)
    file = io.BytesIO()
    Image.new("RGB", (512, 512)).save(file, "JPEG")
    picture.plain_hash(file.getvalue())


def _give_up(memory: int) -> None:
    try:
        import resource  # noqa: PLC0415 -- POSIX only
    except ImportError:
        return
    if memory and sys.platform == "linux":  # elsewhere the system counts what is mapped in other ways
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 -- no path of ours
            mapped = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory, mapped + memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))


def _allow(cpu_seconds: int) -> None:
    """Let this picture have so much of the processor, beyond what was used before."""
    try:
        import resource  # noqa: PLC0415 -- POSIX only
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds, hard))


if __name__ == "__main__":
    main(int(sys.argv[1]), nudity="nudity" in sys.argv[2:])
