"""What is seen and heard of one stream, compared with the banks as it comes. No database, no network, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hakam.live.watching.plan import FRAMES_A_SECOND, LIGHTLY, Closeness
from hakam.media import chromaprint
from hakam.media.long_hashes import Frame
from hakam.storage.known_media import Alike, KnownMedia
from hakam.vocabulary.bank import EntryKind

if TYPE_CHECKING:
    from hakam.media.picture import Luma8

WINDOW: Final = 30.0  # seconds of frames that are compared with clips
LEAST_FRAMES: Final = 4  # that are compared with clips together: two seconds
_KEPT: Final = 8  # frames that wait uncompared while a stream is watched lightly: four seconds
_STILL_SIDE: Final = 480  # pixels of what moderators see
_STILL_QUALITY: Final = 72
_HEARD: Final = 24.0  # seconds of sound that are compared
_QUICKLY: Final = 12.0  # of them, that are compared each half second, by a short stretch that is near
_LISTEN_EVERY: Final = (
    0.4  # seconds: with each half second of sound that comes, though it may come a little early
)
_THOROUGHLY: Final = 8  # times of that, after which all are compared, by a longer one that may be farther


class Picture(NamedTuple):
    """A frame for people: small and grey. `at`: Unix seconds."""

    at: float
    jpeg: bytes


class Match(NamedTuple):
    """A bank knows what is shown or heard. `at`: Unix seconds of the frame by which it was certain."""

    at: float
    alike: Alike


class Eyes:
    """Frames and sound in, matches out. `media` gives the banks in force; called from the feed's two threads."""

    def __init__(self, media: Callable[[], KnownMedia], *, keep: int) -> None:
        self._media = media
        self.closeness = Closeness.CLOSE
        self._lock = Lock()
        self._window: deque[Frame] = deque()
        self._waiting: deque[tuple[float, Luma8]] = deque(maxlen=_KEPT)
        self._count = 0
        self._pictures: deque[Picture] = deque(maxlen=keep)
        self._matches: list[Match] = []
        self._sound: deque[NDArray[np.int16]] = deque()
        self._samples = 0
        self._listened_at = 0.0
        self._listened = 0
        self._begin: float | None = None

    def see(self, at: float, luma: Luma8) -> None:
        """Take a frame. `at`: Unix seconds."""
        self._count += 1
        self._picture(at, luma)
        self._waiting.append((at, luma))
        if self.closeness is Closeness.LIGHT and self._count % LIGHTLY:
            return
        media = self._media()
        if self.closeness is Closeness.LIGHT:
            newest = self._hashed(*self._waiting.pop())
            self._keep(newest)
            if not (media.any_near(newest, at) or self._of_pictures(newest, media, at)):
                self._waiting.clear()
                return
            self.closeness = Closeness.CLOSE  # the plan takes it back when nothing comes of it
        while self._waiting:
            self._keep(self._hashed(*self._waiting.popleft()))
        self._compare(media, at)

    def hear(self, at: float, samples: NDArray[np.int16]) -> None:
        """Take samples, 11,025 a second. `at`: Unix seconds."""
        self._sound.append(samples)
        self._samples += len(samples)
        while self._samples - len(self._sound[0]) > _HEARD * chromaprint.RATE:
            self._samples -= len(self._sound.popleft())
        media = self._media()
        if at - self._listened_at < _LISTEN_EVERY or not media.holds(EntryKind.CHROMAPRINT):
            return
        self._listened_at = at
        self._listened += 1
        if self._samples < chromaprint.LEAST_SECONDS * chromaprint.RATE:
            return
        thorough = self._listened % _THOROUGHLY == 0
        whole = np.concatenate(self._sound)
        seconds, rule = (_HEARD, chromaprint.THOROUGH) if thorough else (_QUICKLY, chromaprint.QUICK)
        heard = chromaprint.fingerprint(whole[-int(seconds * chromaprint.RATE) :])
        found = list(media.recordings(heard, at, rule))
        if thorough:
            newest = heard[-int(_QUICKLY / chromaprint.SECONDS) :]
            known = {one.bank for one in found}
            found += [one for one in media.recordings(newest, at, chromaprint.QUICK) if one.bank not in known]
        self._found(at, found)

    def matches(self) -> list[Match]:
        """Return the matches since the last call."""
        with self._lock:
            found, self._matches = self._matches, []
        return found

    def pictures(self) -> list[Picture]:
        """Return the newest frames, the oldest first."""
        with self._lock:
            return list(self._pictures)

    def _picture(self, at: float, luma: Luma8) -> None:
        import cv2  # noqa: PLC0415 -- needs the extra

        from hakam.media.picture import fitted  # noqa: PLC0415 -- the same

        jpeg = cv2.imencode(".jpg", fitted(luma, _STILL_SIDE), [cv2.IMWRITE_JPEG_QUALITY, _STILL_QUALITY])[1]
        with self._lock:
            self._pictures.append(Picture(at, jpeg.tobytes()))

    def _hashed(self, at: float, luma: Luma8) -> list[Frame]:
        from hakam.media import clips  # noqa: PLC0415 -- needs the extra

        self._begin = at if self._begin is None else self._begin
        return list(
            clips.of_query([(at - self._begin, luma)])
        )  # seconds since we began to watch, as people read them

    def _keep(self, frames: list[Frame]) -> None:
        self._window.extend(frames)
        while self._window and self._window[-1].seconds - self._window[0].seconds > WINDOW:
            self._window.popleft()

    def _compare(self, media: KnownMedia, at: float) -> None:
        if not media.known:
            return
        window = list(self._window)
        moments = len({frame.seconds for frame in window})
        enough = moments >= LEAST_FRAMES and media.holds(
            EntryKind.VPDQ
        )  # the share of a single frame says nothing
        found = list(media.clips(window, at)) if enough else []
        newest = [frame for frame in window if frame.seconds == window[-1].seconds] if window else []
        found += self._of_pictures(newest, media, at)
        self._found(at, found)

    def _of_pictures(self, frames: list[Frame], media: KnownMedia, at: float) -> list[Alike]:
        if not media.known:
            return []
        wanted = [(EntryKind.PDQ, frame.digest.hex(), None) for frame in frames]
        return [
            Alike(match.bank, match.entry, match.kind, f"a frame, {match.distance} bits apart")
            for match in media.known.find(wanted, at).matches
        ]

    def _found(self, at: float, found: list[Alike]) -> None:
        if found:
            with self._lock:
                self._matches += [Match(at, alike) for alike in found]


def frames_of(seconds: float) -> int:
    """Return how many frames are read in so many seconds."""
    return int(seconds * FRAMES_A_SECOND)
