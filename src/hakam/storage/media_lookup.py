"""What the banks say of a file as people see and hear it: pictures by the sandbox, clips and recordings by FFmpeg.

By hashes first. Landmarks are compared only with banks in which nothing else is near: that costs some milliseconds a
known picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from hakam.media import chromaprint, ffmpeg
from hakam.media.long_hashes import Frame
from hakam.media.sandbox import Sandbox, UnreadableError
from hakam.media.sniff import is_clip
from hakam.storage.known_media import Alike, KnownMedia
from hakam.vocabulary.bank import EntryKind

if TYPE_CHECKING:
    from hakam.media.picture import Luma8

MOST_STILLS = 6  # frames shown to people for one match
_STILL_SIDE = 320  # pixels
_STILL_QUALITY = 70
_LANDMARKS_EVERY = 3.0  # seconds of a clip
_MOST_LOOKS = 20  # frames of a clip whose landmarks are compared
NO_CLIPS = "no program for clips"


class Still(NamedTuple):
    """A frame that is near to a known one, small and grey. `jpeg`: the file."""

    seconds: float
    jpeg: bytes


class Looked(NamedTuple):
    """What lies near, one for each bank; the frames that are near, by bank.

    `missed`: why a part of the file was not looked at, as that there was no time for all frames; what the rest showed
    counts, and that nothing was near in it says nothing of the whole.
    """

    alike: list[Alike]
    stills: dict[str, list[Still]] = {}
    missed: str = ""


def look_at(data: bytes, media: KnownMedia, sandbox: Sandbox, *, at: float) -> Looked:
    """Return what lies near. `at`: Unix seconds, when it was posted. Raises `sandbox.UnreadableError`."""
    if not is_clip(data):
        return _picture(data, media, sandbox, at)
    try:
        with ffmpeg.opened(data) as file:
            return _clip(file, media, at)
    except ffmpeg.ProgramMissingError as error:
        raise UnreadableError(NO_CLIPS, str(error)) from error


def _picture(data: bytes, media: KnownMedia, sandbox: Sandbox, at: float) -> Looked:
    looked = sandbox.look(data, landmarks=media.holds(EntryKind.LANDMARKS))
    wanted = [(EntryKind.PDQ, one.digest, None) for one in looked.hashes if one.good]
    found: dict[str, Alike] = {}
    seen = media.known.find(wanted, at)
    for match in (*seen.matches, *seen.shadows):
        how = f"{match.distance} bits apart"
        found.setdefault(match.bank, Alike(match.bank, match.entry, match.kind, how, distance=match.distance))
    if looked.landmarks:
        for alike in media.pictures(looked.landmarks, at, besides=frozenset(found)):
            found.setdefault(alike.bank, alike)
    return Looked(list(found.values()), missed=looked.missed)


def _clip(file: ffmpeg.File, media: KnownMedia, at: float) -> Looked:
    found: dict[str, Alike] = {}
    stills: dict[str, list[Still]] = {}
    missed = ""
    if file.told.sight:
        watched = _Watched(media.holds(EntryKind.LANDMARKS))
        frames = watched.frames(file)
        for alike in (*media.clips(frames, at), *_single(frames, media, at)):
            if alike.bank not in found:
                found[alike.bank] = alike
                stills[alike.bank] = watched.stills([near.seen for near in alike.near])
        for seconds, marks in watched.marks:
            for alike in media.pictures(marks, at, besides=frozenset(found)):
                found[alike.bank] = alike
                stills[alike.bank] = watched.stills([seconds])
        missed = watched.missed
    if file.told.sound and media.holds(EntryKind.CHROMAPRINT):
        heard, lacking = _heard(file)
        missed = missed or lacking
        for alike in media.recordings(heard, at):
            found.setdefault(alike.bank, alike)
    return Looked(list(found.values()), stills, missed)


def _heard(file: ffmpeg.File) -> tuple[Sequence[int], str]:
    """Return the fingerprint of a file's sound, or none and why. Raises `UnreadableError` for what has sound alone."""
    try:
        return chromaprint.fingerprint(file.sound()), ""
    except UnreadableError as error:
        if not file.told.sight:
            raise
        return [], f"its sound: {error}"


def _single(frames: list[Frame], media: KnownMedia, at: float) -> Iterator[Alike]:
    """Yield known pictures that a frame shows whole."""
    from hakam.media.clips import Near  # noqa: PLC0415 -- needs the extra

    for frame in frames:
        seen = media.known.find([(EntryKind.PDQ, frame.digest.hex(), None)], at)
        for match in (*seen.matches, *seen.shadows):
            near = (Near(frame.seconds, 0.0, match.distance),)
            how = f"a frame, {match.distance} bits apart"
            yield Alike(match.bank, match.entry, match.kind, how, near, match.distance)


class _Watched:
    """What is kept of a clip while it is read: its hashes, small stills, and landmarks of a few frames."""

    def __init__(self, landmarks: bool) -> None:
        self._landmarks = landmarks
        self._small: dict[float, bytes] = {}
        self.marks: list[tuple[float, bytes]] = []
        self.missed = ""

    def frames(self, file: ffmpeg.File) -> list[Frame]:
        """Read a clip and return its hashes: if time ran out, those of what was read. Raises `UnreadableError`."""
        from hakam.media import clips  # noqa: PLC0415 -- needs the extra

        apart = max(_LANDMARKS_EVERY, file.told.seconds / _MOST_LOOKS)
        frames: list[Frame] = []
        try:
            frames.extend(clips.of_query(self._kept(file.frames(clips.QUERY_RATE), apart)))
        except UnreadableError as error:
            if not self._small:
                raise
            self.missed = f"after {max(self._small):g} s: {error}"
        return frames

    def stills(self, wanted: list[float]) -> list[Still]:
        """Return some of the stills at these times, spread over them."""
        step = max(1, -(-len(wanted) // MOST_STILLS))
        return [Still(seconds, self._small[seconds]) for seconds in wanted[::step] if seconds in self._small]

    def _kept(self, frames: Iterator[tuple[float, Luma8]], apart: float) -> Iterator[tuple[float, Luma8]]:
        import cv2  # noqa: PLC0415 -- needs the extra

        from hakam.media.landmarks import landmarks, packed  # noqa: PLC0415
        from hakam.media.picture import fitted  # noqa: PLC0415
        from hakam.media.variants import mirror  # noqa: PLC0415

        for seconds, luma in frames:
            small = cv2.imencode(
                ".jpg", fitted(luma, _STILL_SIDE), [cv2.IMWRITE_JPEG_QUALITY, _STILL_QUALITY]
            )[1]
            self._small[seconds] = small.tobytes()
            due = not self.marks or seconds >= self.marks[-1][0] + apart
            if self._landmarks and due and len(self.marks) < _MOST_LOOKS:
                self.marks.append((seconds, packed([landmarks(luma), landmarks(mirror(luma))])))
            yield seconds, luma
