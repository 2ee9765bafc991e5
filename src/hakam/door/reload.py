"""Putting in force what is published, within a second and without a request that waits for it.

A thread watches the file, checks and compiles, and feeds new counters from the log. Only the last step, a swap of
references and a few records, happens in the event loop. What can't be used leaves the old in force and is reported.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from hakam.door import aside
from hakam.door.app import Door
from hakam.door.judgement import Judgement, UnusablePackError, prepare
from hakam.door.watch import Watch
from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.outside import BadListError
from hakam.storage.embedded.lists import FOLDER, open_lists, read_through
from hakam.storage.embedded.published import PublishedError, PublishedReader
from hakam.storage.event_log import CorruptRecordError, EventLog
from hakam.storage.known_content import KnownContent
from hakam.storage.published import Published, PublishedBank
from hakam.vocabulary.verdict import Aside

_PAGE = 200
_log = logging.getLogger("hakam.door")


def _unchanged(judgement: Judgement, named: dict[str, str]) -> bool:
    """Whether the lists that the rules read are still these versions."""
    return all(named.get(name) == digest for name, digest in judgement.engine.lists.items())


class Keeper:
    """Keeps a door up to date with the published file."""

    def __init__(
        self,
        door: Door,
        log: EventLog,
        loop: asyncio.AbstractEventLoop,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._door = door
        self._log = log
        self._loop = loop
        self._clock = clock
        self._watch = Watch()
        self._reader = PublishedReader(door.config.published_path)
        self._stop = threading.Event()
        self._published: Published | None = None
        self._banks: tuple[PublishedBank, ...] = ()
        self._thread = threading.Thread(target=self._run, name="published", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. A publication that is being prepared is dropped."""
        self._stop.set()
        self._thread.join()
        self._watch.stop()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 -- the door must go on with what it has
                _log.exception("what is published can't be used")
                self._report(f"{type(error).__name__}: {error}")
            self._stop.wait(self._door.config.poll_seconds)

    def _look(self) -> None:
        try:
            published = self._reader.poll()
        except PublishedError as error:
            self._report(str(error))
            return
        if published is not None:
            self._published = published
            self._apply(published)
        elif self._door.miscounted and self._door.judgement is not None and self._published is not None:
            self._recount(self._published)
        elif self._published is not None:
            self._put_aside(self._published)

    def _put_aside(self, published: Published) -> None:
        """Go on without the rules that failed too often."""
        judgement = self._door.judgement
        failing = judgement.to_put_aside if judgement is not None else {}
        if judgement is None or not failing:
            return
        at = self._clock()
        for rule, why in failing.items():
            _log.error("rule %s is put aside: %s", rule, why)
        engine = judgement.engine
        rules = {**engine.aside, **{rule: Aside(why, at) for rule, why in failing.items()}}
        try:
            aside.write(self._door.config.home, engine.ref.digest, rules)
        except OSError as error:
            _log.error("the rules that are put aside can't be kept: %s", error)
        fresh = self._judgement(compile_pack(engine.pack, rules), judgement)
        self._swap(lambda: self._door.replace(published, fresh, self._door.trouble))
        self._door.metrics.reloads["aside"] += 1

    def _judgement(
        self, engine: Engine, before: Judgement, counters: MemoryCounters | None = None
    ) -> Judgement:
        """Return the judgement of an engine that goes on where another one stood; its counters, unless given."""
        return Judgement(
            engine,
            before.counters if counters is None else counters,
            before.scorer,
            guard=self._watch.guard(),
        )

    def _apply(self, published: Published) -> None:
        if (
            published.banks != self._banks
        ):  # first of all: what was withdrawn from one must not match any longer
            known = KnownContent(self._door.config.home, published.banks)
            for trouble in known.troubles:
                _log.error("%s", trouble)
            self._swap(lambda: self._door.use(known))
            self._banks = published.banks
            self._door.metrics.reloads["banks"] += 1
        before = self._door.judgement
        pack = published.pack
        if pack is None:
            trouble = (
                "no pack is published"
                if before is None
                else "no pack is published; the last one stays in force"
            )
            self._swap(lambda: self._door.replace(published, None, trouble))
            return
        named = {one.name: one.digest for one in published.lists}
        put_aside = aside.read(self._door.config.home, pack.ref.digest, published.released)
        if (
            before is not None
            and before.engine.ref == pack.ref
            and before.engine.aside == put_aside
            and _unchanged(before, named)
        ):
            self._swap(lambda: self._door.replace(published, None))
            self._door.metrics.reloads["keys"] += 1
            return
        try:
            lists = open_lists(self._door.config.home / FOLDER, published.lists)
            judgement = prepare(
                pack,
                always=self._door.config.scores,
                lists=lists,
                aside=put_aside,
                guard=self._watch.guard(),
            )
        except (UnusablePackError, BadListError) as error:
            trouble = str(error)
            _log.error("%s", trouble)
            self._swap(lambda: self._door.replace(published, None, trouble))
            self._door.metrics.reloads["refused"] += 1
            return
        for digest in judgement.engine.lists.values():
            read_through(self._door.config.home / FOLDER, digest)
        if before is not None and judgement.counter_names <= before.counter_names:
            judgement = Judgement(  # they go on counting
                judgement.engine, before.counters, judgement.scorer, guard=judgement.guard
            )
            self._swap(lambda: self._door.replace(published, judgement))
        else:
            self._fill(judgement, published)
        self._door.metrics.reloads["pack"] += 1

    def _recount(self, published: Published) -> None:
        """Count anew after the log refused events that were counted."""
        judgement = self._door.judgement
        assert judgement is not None
        self._door.miscounted = False
        self._fill(self._judgement(judgement.engine, judgement, MemoryCounters()), published)
        self._door.metrics.reloads["recount"] += 1

    def _fill(self, judgement: Judgement, published: Published) -> None:
        """Feed the counters with all that the log holds of the longest window, then swap."""
        window = judgement.longest_window
        if window == 0:
            self._swap(lambda: self._door.replace(published, judgement))
            return
        seen = self._feed(judgement, self._log.before(self._clock() - window))
        if self._stop.is_set():
            return

        def finish() -> None:  # in the event loop: nothing is judged meanwhile
            last = self._feed(judgement, seen)
            for (platform, id_), raw in self._door.pending_raws():
                record = self._log.get(platform, id_)
                if record is None or record.seq > last:
                    judgement.remember(raw)
            self._door.replace(published, judgement)

        self._swap(finish)

    def _feed(self, judgement: Judgement, after: int) -> int:
        """Feed the records after a number, until few are left; return the number of the last one."""
        while not self._stop.is_set():
            try:
                records = self._log.read(after, _PAGE)
            except CorruptRecordError as error:
                _log.error("%s: the counters leave it out", error)
                after = error.seq
                continue
            for record in records:
                judgement.remember(record.raw, record.signals)
            if records:
                after = records[-1].seq
            if len(records) < _PAGE:
                break
        return after

    def _report(self, trouble: str) -> None:
        def report() -> None:
            self._door.trouble = trouble

        self._swap(report)
        self._door.metrics.reloads["refused"] += 1

    def _swap(self, action: Callable[[], None]) -> None:
        """Do `action` in the event loop and wait for it."""
        done = threading.Event()
        failures: list[BaseException] = []

        def act() -> None:
            try:
                action()
            except Exception as error:  # noqa: BLE001 -- it belongs to the thread that waits
                failures.append(error)
            finally:
                done.set()

        self._loop.call_soon_threadsafe(act)
        while not done.wait(0.1):
            if self._stop.is_set():
                return
        for failure in failures:
            raise failure
