"""Moving pictures of streams for moderators, made while somebody looks: one reader for all who look at a stream.

It stands beside the watch, never in its way: another program reads the stream, and when it fails the watch goes on.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Container
from pathlib import Path
from typing import Final

from hakam.live.configuration import Watching
from hakam.live.servers.server import Source, Unreachable
from hakam.live.watching import video_files
from hakam.live.watching.video_files import Form, Shelf, Told, WhyNot
from hakam.media.ffmpeg import ProgramMissingError, available
from hakam.media.fragments import Fragment, Splitter
from hakam.media.remux import Container as Wrapped
from hakam.media.remux import Remux, Remuxing

LOOKED: Final = 8.0  # seconds after the last question in which it is still made
OPENING: Final = 12.0  # seconds in which the first piece must come
QUIET: Final = 8.0  # seconds without a piece, after which reading begins anew
_LONGEST_REST: Final = 5.0  # seconds between two tries
_TRIES: Final = 3  # that gave nothing before it is said
_OTHER: Final[dict[Wrapped, Wrapped]] = {"mp4": "webm", "webm": "mp4"}
_log: Final = logging.getLogger("hakam.watch")

Find = Callable[[int, Form], Source | None]
"""Finds what to read of a stream for a form. None: nothing can be read. Raises `Unreachable`."""
Leave = Callable[[int, Form], None]
"""Tells the server that this form of a stream is read no more."""


class _Show:
    """One form of one stream."""

    def __init__(self, stream_id: int, form: Form, place: Path, *, encode: bool) -> None:
        self.stream_id, self.form, self.place = stream_id, form, place
        self.encode = encode
        self.container: Wrapped = "webm" if encode else "mp4"
        self.remux: Remux | None = None
        self.counted = False
        self._shelf: Shelf | None = None
        self._type = ""
        self._came = 0.0
        self._began = 0.0
        self._tried: set[Wrapped] = set()
        self._tries = 0
        self._due = 0.0
        self._why = ""

    @property
    def reads(self) -> bool:
        """Whether the server has it as one of the viewers."""
        return self.counted and self.remux is not None

    def turn(self, find: Find, at: float) -> None:
        """Begin, go on, or begin anew. `at`: seconds of a clock that goes on."""
        if self.remux is not None and self._is_over(at):
            self._failed(at)
        if self.remux is None and at >= self._due:
            self._begin(find, at)
        run = self._shelf.run if self._shelf is not None and self._type else ""
        video_files.tell(self.place, Told(run, self._type if run else "", "" if run else self._why))

    def close(self) -> None:
        """Read no more, and remove what lies there."""
        if self.remux is not None:
            self.remux.close()
            self.remux = None

    def _is_over(self, at: float) -> bool:
        assert self.remux is not None
        late = at - self._came > QUIET if self._type else at - self._began > OPENING
        return late or not self.remux.running

    def _failed(self, at: float) -> None:
        assert self.remux is not None
        self.remux.close()
        self.remux = None
        ever = bool(self._type)
        if self._shelf is not None:
            self._shelf.clear()
        self._shelf, self._type = None, ""
        if ever:  # it could be read: the stream was interrupted
            self._tries, self._tried = 0, set()
            self._due = at + 0.5
            return
        self._tries += 1
        self._tried.add(self.container)
        if not self.encode and _OTHER[self.container] not in self._tried:
            self.container = _OTHER[self.container]
            return
        self._tried = set()
        self.container = "webm" if self.encode else "mp4"
        if not self.encode:
            self._why = WhyNot.UNPLAYABLE
        elif self._tries >= _TRIES:
            self._why = WhyNot.UNREADABLE
        self._due = at + min(_LONGEST_REST, 0.5 * 2.0 ** min(self._tries, 6))

    def _begin(self, find: Find, at: float) -> None:
        try:
            source = find(self.stream_id, self.form)
        except Unreachable:
            source = None
        if source is None:
            self._tries += 1
            self._why = WhyNot.UNREADABLE if self._tries > _TRIES else ""
            self._due = at + 1.0
            return
        if not source.sight and not (self.form.sound and source.sound):
            self._why, self._due = WhyNot.NO_PICTURE, at + _LONGEST_REST
            return
        if source.video in {"vp8", "vp9"} and not self._tried:
            self.container = "webm"
        what = Remuxing(
            source.url,
            source.protocols,
            source.before,
            "webm" if not source.sight else self.container,
            encode=self.encode,
            sight=source.sight,
            sound=self.form.sound and source.sound,
        )
        shelf = self._shelf = Shelf(self.place, secrets.token_hex(8))
        self._began = self._came = at
        self.counted = source.counted

        def lay(splitter: Splitter, fragment: Fragment) -> None:
            if shelf is not self._shelf:
                return
            if not self._type:
                shelf.begin(splitter.head)
            self._came = time.monotonic()
            shelf.add(fragment, at=self._came)
            self._type = splitter.type

        try:
            self.remux = Remux(what, on_fragment=lay)
        except (OSError, ProgramMissingError) as error:
            _log.warning("stream %s: %s", self.stream_id, error)
            self._why, self._due = WhyNot.NO_FFMPEG, at + _LONGEST_REST


class Showings:
    """What is shown now. Used by one thread."""

    def __init__(
        self,
        home: Path,
        *,
        find: Find,
        leave: Leave,
        clock: Callable[[], float] = time.time,
        goes_on: Callable[[], float] = time.monotonic,
    ) -> None:
        self._home, self._find, self._leave = home, find, leave
        self._clock, self._goes_on = clock, goes_on
        self._shows: dict[tuple[int, Form], _Show] = {}
        video_files.remove_all(home)

    def turn(self, on_air: Container[int], settings: Watching) -> int:
        """Make what somebody looks at, and no more; return how many forms that is."""
        at, asked = self._clock(), video_files.asked(self._home)
        wanted = {one for one, when in asked.items() if one[0] in on_air and at - when <= LOOKED}
        for one in set(self._shows) - wanted:
            self._end(one)
        for one in set(asked) - wanted:
            video_files.remove(self._home, *one)
        off = not settings.enabled or settings.video == "off"
        for one in sorted(wanted):
            place = video_files.folder(self._home, *one)
            if off or not available():
                if one in self._shows:
                    self._end(one)  # whoever looks asks again
                else:
                    self._say(place, WhyNot.OFF if off else WhyNot.NO_FFMPEG)
            elif one in self._shows:
                self._turn(self._shows[one])
            elif len(self._shows) >= settings.most_videos:
                self._say(place, WhyNot.MANY)
            else:
                encode = one[1].encoded or settings.video == "encode"
                self._shows[one] = _Show(*one, place, encode=encode)
                self._turn(self._shows[one])
        return len(self._shows)

    def viewers(self) -> Counter[int]:
        """Return how many viewers of each stream are readers of ours."""
        return Counter(show.stream_id for show in self._shows.values() if show.reads)

    def close(self) -> None:
        """End every program, and remove what lies there."""
        for one in list(self._shows):
            self._end(one)
        video_files.remove_all(self._home)

    def _turn(self, show: _Show) -> None:
        try:
            show.turn(self._find, self._goes_on())
        except OSError as error:  # the disk is full, or somebody removed the folder: stills remain
            _log.warning("stream %s: %s", show.stream_id, error)

    @staticmethod
    def _say(place: Path, why: WhyNot) -> None:
        try:
            video_files.tell(place, Told(why=why))
        except OSError as error:
            _log.warning("%s: %s", place, error)

    def _end(self, one: tuple[int, Form]) -> None:
        self._shows.pop(one).close()
        video_files.remove(self._home, *one)
        self._leave(*one)
