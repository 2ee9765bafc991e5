"""The curtain rises: the script's posts go through Hakam, and its readers' reports follow."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from hakam.demo import script
from hakam.demo.hakam_client import HakamError
from hakam.demo.platform import SEND_AT_ONCE, Platform
from hakam.demo.store import Post
from hakam.wiring.settings import Settings

Progress = Callable[[int, int], None]


class Seeded(msgspec.Struct):
    """What came of it."""

    posts: int = 0
    before: int = 0  # posts that were in from an earlier start, which was stopped
    fired: int = 0  # posts on which at least one live rule fired
    reports: int = 0
    rules: Counter[str] = msgspec.field(default_factory=Counter)
    complete: bool = True  # False: it was stopped before the end
    earlier: bool = False  # True: the script was in already

    def __str__(self) -> str:
        """Return one line for people."""
        if self.earlier:
            return "in place"
        if self.before:
            whole = self.posts + self.before
            return f"{whole} posts, {self.before} of them from an earlier start, {self.reports} reports"
        return f"{self.posts} posts, {self.fired} judged by a rule, {self.reports} reports"


def _count(seeded: Seeded, answers: Iterable[dict[str, Any]]) -> None:
    for answer in answers:
        seeded.posts += 1
        firings = (answer.get("verdict") or {}).get("firings") or []
        live = {firing["rule"] for firing in firings if firing.get("stage") == "live"}
        seeded.fired += bool(live)
        seeded.rules.update(live)


def seed(settings: Settings, *, on_progress: Progress, stop: threading.Event | None = None) -> Seeded:
    """Post and report everything of the script that is not in yet. Raises `HakamError`."""
    from hakam.demo.server import platform_of  # noqa: PLC0415 -- the server imports this room's other files

    return play(platform_of(settings), on_progress=on_progress, stop=stop or threading.Event())


def play(platform: Platform, *, on_progress: Progress, stop: threading.Event) -> Seeded:
    """Post and report the script. Stops early when `stop` is set, and goes on from there next time."""
    store = platform.store
    seeded = Seeded()
    if store.note("seeded") is not None:
        seeded.earlier = True
        return seeded
    start = float(store.note("curtain") or time.time())
    store.set_note("curtain", repr(start))
    store.add_authors(script.authors(start))
    told = script.posts(start)
    store.add_posts(post for post, _ in told)
    unsent = {post.id for post in store.unsent()}
    waiting = [post for post, _ in told if post.id in unsent]
    reports = [(post, report) for post, reports in told for report in reports]
    total = len(told) + len(reports)
    done = seeded.before = len(told) - len(waiting)
    for part in _parts(waiting):
        if stop.is_set():
            seeded.complete = False
            return seeded
        _count(seeded, platform.hand_in(part))
        done += len(part)
        on_progress(done, total)
    people = store.authors()
    for post, report in reports:
        if stop.is_set():
            seeded.complete = False
            return seeded
        author = people[report.by]
        platform.report(post, author=author, harm=report.harm, why=report.why, language=author.language)
        seeded.reports += 1
        on_progress(done + seeded.reports, total)
    store.set_note("seeded", repr(time.time()))
    return seeded


def _parts(posts: list[Post]) -> Iterable[list[Post]]:
    return (posts[start : start + SEND_AT_ONCE] for start in range(0, len(posts), SEND_AT_ONCE))


__all__ = ["HakamError", "Seeded", "play", "seed"]
