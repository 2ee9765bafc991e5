"""From a clip or a recording to the rows under which a bank keeps it: the file's hash, its frames, its sound."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from hakam.banks.kinds import BankError
from hakam.banks.pictures import Kept
from hakam.banks.rows import Row, made, row
from hakam.media import chromaprint, ffmpeg, long_hashes
from hakam.media.sandbox import UnreadableError
from hakam.vocabulary.bank import EntryKind

if TYPE_CHECKING:
    from hakam.media.picture import Luma8

MOST_MARKED = 24  # frames of a clip whose landmarks are kept
_MARKED_EVERY = 5.0  # seconds
_MOST_NAME = 120


def clip_kept_as(data: bytes, *, label: str, landmarks: bool = False) -> Kept:
    """Return the rows of a clip or a recording: SHA-256 of the file, vPDQ of its frames, Chromaprint of its sound.

    With `landmarks` also those of a frame each five seconds, at most 24. All have one `item`, so they are withdrawn
    together. Raises `BankError` for a file that can't be read, and for one in which nothing is seen or heard.
    """
    digest = sha256(data).hexdigest()
    item, label = f"clip-{digest[:16]}", label[:_MOST_NAME]
    try:
        with ffmpeg.opened(data) as file:
            rows = [*_seen(file, landmarks=landmarks), *_heard(file)]
    except (UnreadableError, ffmpeg.ProgramMissingError) as error:
        raise BankError(str(error)) from error
    if not rows:
        raise BankError(_("nothing is to be seen or heard in it by which it could be known again"))
    of_file = row(1, EntryKind.SHA256, digest)
    assert isinstance(of_file, Row)
    return Kept([one._replace(item=item, label=label) for one in (of_file, *rows)], {})


def _seen(file: ffmpeg.File, *, landmarks: bool) -> Iterator[Row]:
    if not file.told.sight:
        return
    from hakam.media import clips  # noqa: PLC0415 -- needs the extra
    from hakam.media.landmarks import of_bank, packed  # noqa: PLC0415

    marks: list[bytes] = []
    last = -_MARKED_EVERY
    apart = max(_MARKED_EVERY, file.told.seconds / MOST_MARKED)

    def watched() -> Iterator[tuple[float, Luma8]]:
        nonlocal last
        for seconds, luma in file.frames(clips.BANK_RATE):
            if landmarks and len(marks) < MOST_MARKED and seconds >= last + apart:
                last = seconds
                sets = of_bank(luma)
                if any(len(one.points) for one in sets):
                    marks.append(packed(sets))
            yield seconds, luma

    frames = list(clips.of_bank(watched()))
    if frames:
        yield made(EntryKind.VPDQ, long_hashes.packed_frames(frames))
    yield from (made(EntryKind.LANDMARKS, one) for one in dict.fromkeys(marks))


def _heard(file: ffmpeg.File) -> Iterator[Row]:
    if file.told.sound:
        sounds = chromaprint.fingerprint(file.sound())
        if len(set(sounds)) > 1:  # silence is the same in every clip
            yield made(EntryKind.CHROMAPRINT, long_hashes.packed_sounds(sounds))
