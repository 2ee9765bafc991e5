"""The watch: streams on air are read by FFmpeg, compared, scored each second, and shown to moderators."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from hakam.live.models import Stream, StreamPoint
from hakam.live.servers.at_work import Servers
from hakam.live.servers.server import Source, Unreachable
from hakam.live.states import StreamState
from hakam.live.streams import GATE, end, item_of, note_figures
from hakam.live.watching import blindness, judging
from hakam.live.watching.blindness import Blindness
from hakam.live.watching.chat import ChatTally
from hakam.live.watching.eyes import Eyes
from hakam.live.watching.flagging import flag
from hakam.live.watching.judging import Impression, Judge
from hakam.live.watching.plan import FRAMES_A_SECOND, Signs, closeness, parts, score
from hakam.live.watching.senses import Senses
from hakam.live.watching.showing import Showings
from hakam.live.watching.video_files import Form
from hakam.media.extra import available as media_available
from hakam.media.feed import Feed, Feeding
from hakam.media.ffmpeg import ProgramMissingError, available
from hakam.review.access import reports_about
from hakam.storage.known_media import KnownMedia
from hakam.storage.vault import Vault

FIGURES_EVERY: Final = 5.0  # seconds between two looks at how many watch
LOST: Final = timedelta(seconds=30)  # without a sign: whoever streamed has gone, and nobody said so
KEEP_POINTS: Final = timedelta(days=30)
_BEFORE: Final = 300.0  # seconds against which growth is measured
_REPORTS: Final = 600.0  # seconds of reports that count
_LONGEST_REST: Final = 15.0  # seconds between two tries to read a stream
_SIGN: Final = 3.0  # seconds for which what came says that the stream is on air
_SILENCE: Final = 12.0  # seconds in which nothing came: reading begins anew
_LOUD_AGAIN: Final = 5.0  # seconds for which a stream is read without sound before that is tried once more
_log: Final = logging.getLogger("hakam.watch")


def frames_folder(home: Path, stream_id: int) -> Path:
    """Return where the newest frames of a stream lie, for moderators."""
    return home / "live" / "frames" / str(stream_id)


class _Watch:
    """One stream that is watched."""

    def __init__(self, stream: Stream, find: Callable[[], Source | None], eyes: Eyes, senses: Senses) -> None:
        self.stream, self.eyes, self.senses = stream, eyes, senses
        self._find = find
        self.feed: Feed | None = None
        self.why = ""  # there is nothing to read
        self.came = 0  # frames and samples, until now
        self.came_at = 0.0
        self.tries = 0
        self.loud = True  # read with its sound
        self.mute = False  # it was tried again with sound while it could be read without
        self.began = 0.0
        self.counted = True  # the server counts us as a viewer
        self.due = 0.0
        self.known_at: float | None = None
        self.figures_at = 0.0
        self.history: deque[tuple[float, int, int, int]] = deque()  # when, viewers, shares, reports
        self.reports = 0
        self.impression = Impression()
        self.blindness = Blindness()
        self.written = 0.0  # the newest frame that lies in the folder

    def read(self, moment: float) -> str:
        """Start to read, or go on; return what is the matter."""
        if self.feed is not None and self.feed.running:
            came = self.feed.frames + self.feed.heard
            if came > self.came:
                self.came, self.came_at = came, moment
                self.tries = 0
            colours = (
                self.feed.what.colour is self.senses.sight
            )  # else a model was switched on or off meanwhile
            again = self._is_worth_another_try(moment)
            if colours and moment - self.came_at < _SILENCE and not again:
                return self._trouble
            if again:
                self.mute = self.loud = True
        if self.feed is not None:
            self.feed.close()
            self.feed = None
            self.tries += 1
            self.loud = self.loud if self.came else not self.loud  # a stream may have no sound
            rest = min(_LONGEST_REST, 0.5 * 2.0 ** min(self.tries // 2, 6))
            self.due = moment + (rest if self.tries > 1 else 0.0)
        if moment < self.due:
            return self._trouble
        self.came, self.came_at, self.began = 0, moment, moment
        try:
            source = self._find()
        except Unreachable as error:
            self.tries += 1
            self.due = moment + min(_LONGEST_REST, 0.5 * 2.0 ** min(self.tries // 4, 6))
            self.why = str(error) if self.tries > 2 else ""  # noqa: PLR2004 -- it may only just begin
            return self.why
        self.why = "" if source is not None else "FFmpeg can't read this server"
        if source is None:
            self.due = moment + _LONGEST_REST
            return self.why
        self.counted = source.counted
        what = Feeding(
            source.url,
            source.protocols,
            source.before,
            source.sight,
            source.sound and (self.loud or not source.sight),
            FRAMES_A_SECOND,
            self.senses.sight,
        )
        try:
            self.feed = Feed(
                what,
                on_frame=self.eyes.see,
                on_sound=self._hear,
                on_colour=partial(self.senses.see, self.stream.pk),
            )
        except (OSError, ProgramMissingError) as error:
            self.due = moment + _LONGEST_REST
            return str(error)
        return self._trouble

    def _is_worth_another_try(self, moment: float) -> bool:
        """Whether a stream that is read without sound may have some: it may not have begun when that was tried."""
        if self.loud or self.mute or not self.came or self.feed is None:
            return False
        return self.feed.what.sight and moment - self.began > _LOUD_AGAIN

    def _hear(self, samples: NDArray[np.int16]) -> None:
        at = time.time()
        self.eyes.hear(at, samples)
        self.senses.hear(self.stream.pk, at, samples, self.stream.language or None)

    @property
    def _trouble(self) -> str:
        tired = self.tries > 2  # noqa: PLR2004 -- with and without sound
        return self.why or ("the stream can't be read; trying again" if tired else "")

    def close(self) -> None:
        if self.feed is not None:
            self.feed.close()
            self.feed = None


class Watcher:
    """Watches all streams on air, the riskiest first, as many as the configuration allows."""

    def __init__(
        self,
        servers: Servers,
        *,
        media: Callable[[], KnownMedia],
        vault: Vault,
        chat: ChatTally,
        clock: Callable[[], float] = time.time,
        senses: Senses | None = None,
        judge: Judge = lambda _event: None,
    ) -> None:
        self._servers, self._media, self._vault, self._chat = servers, media, vault, chat
        self._senses, self._judge = senses or Senses(), judge
        self._clock = clock
        self._watches: dict[int, _Watch] = {}
        self._on_air: dict[int, Stream] = {}
        self._showings = Showings(servers.home, find=self._source, leave=self._leave, clock=clock)
        self._noted_at = 0.0
        self._askers = ThreadPoolExecutor(4, thread_name_prefix="figures")

    def turn(self) -> int:
        """Look at every stream once; return how many are watched. Called about twice a second."""
        at = self._clock()
        now = datetime.fromtimestamp(at, tz=UTC)
        settings = self._servers.configuration().watching
        on_air = {
            s.pk: s
            for s in Stream.objects.filter(state=StreamState.LIVE).order_by("-score", "-viewers", "pk")
        }
        self._on_air |= on_air  # whoever has gone is left as it was known
        for gone in set(self._watches) - set(on_air):
            self._stop(gone)
        self._showings.turn(on_air, settings)
        self._on_air = on_air
        self._chat.follow()
        self._note_use(at=at, now=now)
        if not settings.enabled:
            return 0
        chosen = list(on_air.values())[: settings.most]
        for stream in chosen:
            watch = self._watches.get(stream.pk)
            if watch is None:
                watch = self._watches[stream.pk] = self._begin(stream, settings.keep_frames)
            watch.stream = stream
            self._look(watch, at=at, now=now)
        for late in set(self._watches) - {stream.pk for stream in chosen}:
            self._stop(late)
            Stream.objects.filter(pk=late).update(watched="", trouble="others have a higher score")
        return len(self._watches)

    def close(self) -> None:
        """End every program that reads."""
        for stream_id in list(self._watches):
            self._stop(stream_id)
        self._showings.close()
        self._askers.shutdown(wait=True)
        self._senses.close()

    def _begin(self, stream: Stream, keep: int) -> _Watch:
        def find() -> Source | None:
            try:
                adapter, handle = self._servers.handle(stream.server, stream.name, stream.session)
            except Unreachable as error:  # it is configured no more
                _log.warning("stream %s: %s", stream.pk, error)
                return None
            return adapter.source(handle)

        return _Watch(stream, find, Eyes(self._media, keep=keep), self._senses)

    def _source(self, stream_id: int, form: Form) -> Source | None:
        """Return what the maker of a moving picture reads. Raises `Unreachable`."""
        stream = self._on_air[stream_id]
        adapter, handle = self._servers.handle(stream.server, stream.name, stream.session, reader=form.value)
        return adapter.source(handle)

    def _leave(self, stream_id: int, form: Form) -> None:
        stream = self._on_air[stream_id]
        with contextlib.suppress(Unreachable):  # it is configured no more
            adapter, handle = self._servers.handle(
                stream.server, stream.name, stream.session, reader=form.value
            )
            adapter.left(handle)

    def _note_use(self, *, at: float, now: datetime) -> None:
        if at - self._noted_at >= FIGURES_EVERY:
            self._noted_at = at
            for line in self._senses.lines:
                judging.note(line, now=now)

    def _learn(self, watch: _Watch, *, now: datetime) -> bool:
        """Take in what senses learnt of a stream; return whether a case was opened."""
        for line in self._senses.lines:
            judging.admit(line, watch.stream, now=now)
        learnt = self._senses.taken(watch.stream.pk)
        declared = {line.sense.name: line.sense.what for line in self._senses.lines if line.sense.what}
        return bool(
            judging.take_in(
                watch.stream,
                watch.impression,
                learnt,
                judge=self._judge,
                fallbacks=declared,
                pictures=watch.eyes.pictures,
                vault=self._vault,
                now=now,
            )
        )

    def _look(self, watch: _Watch, *, at: float, now: datetime) -> None:
        stream = watch.stream
        can = available() and media_available()
        trouble = watch.read(at) if can else "watching needs FFmpeg and `hakam[media]`"
        if can and watch.blindness.owed(trouble, at=at):
            blindness.ask(stream, trouble, now=now)
            stream.refresh_from_db()
        matches = watch.eyes.matches()
        if matches:
            watch.known_at = max(match.at for match in matches)
            fresh = flag(
                stream.pk, matches, watch.eyes.pictures, self._media().known, vault=self._vault, now=now
            )
            if fresh:
                stream.refresh_from_db()
        if self._learn(watch, now=now):
            stream.refresh_from_db()
        self._show(watch)
        if at - watch.figures_at >= FIGURES_EVERY:
            watch.figures_at = at
            self._figures(watch, now=now)
        if watch.history and at - watch.history[-1][0] < 1.0 and not matches:
            return
        signs = self._signs(watch, at=at, now=now)
        made_of = parts(signs)
        total = score(made_of)
        watch.eyes.closeness = closeness(signs, total, self._servers.configuration().watching)
        watch.history.append((at, stream.viewers or 0, stream.shares, watch.reports))
        seen = watch.impression.scores(at)
        StreamPoint.objects.create(stream=stream, at=now, score=total, parts={**made_of, **seen})
        Stream.objects.filter(pk=stream.pk).update(
            score=total,
            watched=watch.eyes.closeness.value if not trouble else "",
            trouble=trouble[:300],
            **({"seen_at": now} if watch.came and at - watch.came_at < _SIGN else {}),
        )

    def _signs(self, watch: _Watch, *, at: float, now: datetime) -> Signs:
        stream = watch.stream
        while len(watch.history) > 1 and watch.history[1][0] < at - _REPORTS:
            watch.history.popleft()
        watch.reports = reports_about(item_of(stream))
        reported_before = watch.history[0][3] if watch.history else 0
        first = next((one for one in watch.history if at - _BEFORE <= one[0] <= at - _BEFORE / 5), None)
        chat, against = self._chat.of(stream.platform, stream.item_id, at=at)
        age = (
            None
            if stream.account_created is None
            else (now - stream.account_created).total_seconds() / 86_400
        )
        return Signs(
            running=(now - stream.started_at).total_seconds(),
            account_days=age,
            viewers=stream.viewers,
            viewers_before=None if first is None else first[1],
            shares=stream.shares,
            shares_before=stream.shares if first is None else first[2],
            reports=max(0, watch.reports - reported_before),
            chat=chat,
            chat_against=against,
            known_ago=None if watch.known_at is None else max(0.0, at - watch.known_at),
            models=max(watch.impression.scores(at).values(), default=0.0),
            ruled_ago=None if watch.impression.ruled_at is None else max(0.0, at - watch.impression.ruled_at),
        )

    def _figures(self, watch: _Watch, *, now: datetime) -> None:
        stream = watch.stream
        try:
            adapter, handle = self._servers.handle(stream.server, stream.name, stream.session)
            count = adapter.viewers(handle)
            lost = now - stream.seen_at > LOST and adapter.black(handle)
        except Unreachable as error:
            _log.info("stream %s: %s", stream.pk, error)
            return
        with transaction.atomic():
            locked = Stream.objects.select_for_update(of=("self",)).get(pk=stream.pk)
            if lost and locked.state == StreamState.LIVE:
                end(locked, by=GATE, now=now, at=stream.seen_at)
            elif count is not None:
                own = 1 if watch.counted and watch.feed is not None and watch.feed.running else 0
                own += self._showings.viewers()[stream.pk]
                note_figures(locked, viewers=max(0, count - own), at=locked.seen_at)
                stream.viewers = locked.viewers

    def _show(self, watch: _Watch) -> None:
        """Lay the newest frames where the desk finds them: one file a frame, the oldest removed."""
        pictures = watch.eyes.pictures()
        fresh = [picture for picture in pictures if picture.at > watch.written]
        if not fresh:
            return
        folder = frames_folder(self._servers.home, watch.stream.pk)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for picture in fresh:
            path = folder / f"{picture.at:.3f}.jpg"
            new = folder / f".{os.getpid()}.new"
            new.write_bytes(picture.jpeg)
            new.replace(path)
        oldest = pictures[0].at
        for path in folder.glob("*.jpg"):
            if float(path.stem) < oldest - 0.002:  # names are rounded
                path.unlink(missing_ok=True)
        watch.written = fresh[-1].at

    def _stop(self, stream_id: int) -> None:
        watch = self._watches.pop(stream_id)
        watch.close()
        self._senses.forget(stream_id)
        shutil.rmtree(frames_folder(self._servers.home, stream_id), ignore_errors=True)


def forget_points(now: datetime) -> int:
    """Remove scores of streams that ended long ago; return how many."""
    return StreamPoint.objects.filter(at__lt=now - KEEP_POINTS).delete()[0]
