"""The whole chain once, bounded: from a post to a decision that is contested and reversed, each link proved.

Everything goes the way it goes in earnest: Maydan posts and reports over HTTP, the door judges, the
worker opens cases and delivers webhooks, two people decide, an author complains, the other person
reverses. A link that does not happen within its time is a failure, not a warning.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import msgspec

from hakam.compliance import access as compliance
from hakam.compliance import ledger
from hakam.demo import moderators
from hakam.demo.moderators import Done
from hakam.demo.platform import Platform
from hakam.demo.seed import Progress, Seeded, play
from hakam.demo.setting_up import PLATFORM
from hakam.review import access as review
from hakam.review.states import Outcome
from hakam.staff import access as staff
from hakam.staff.models import User
from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault
from hakam.vocabulary.counted import counted
from hakam.vocabulary.event import ItemRef
from hakam.wiring.worker import utc_now

PATIENCE = 30.0  # seconds for each link that others must bring about
PAUSE = 0.1
CASES_EACH = 12  # decided by each moderator
_GONE = {"remove", "withhold", "hold"}


class BrokenLinkError(RuntimeError):
    """A link of the chain did not happen. The message says which, and what was seen instead."""


class Link(msgspec.Struct, frozen=True):
    """One link that happened."""

    name: str
    what: str
    seconds: float


class Chain:
    """Runs the links in order; `links` tells what happened so far."""

    def __init__(
        self, platform: Platform, *, site: str, log: EventLog, vault: Vault, on_link: Callable[[Link], None]
    ) -> None:
        self._platform = platform
        self._store = platform.store
        self._site = site
        self._log = log
        self._vault = vault
        self._on_link = on_link
        self.links: list[Link] = []

    @contextmanager
    def _link(self, name: str) -> Iterator[list[str]]:
        began, said = time.monotonic(), list[str]()
        yield said
        link = Link(name, "; ".join(said), time.monotonic() - began)
        self.links.append(link)
        self._on_link(link)

    def run(self, *, first: User, second: User, undo_seconds: int, on_progress: Progress) -> None:
        """Run every link. Raises `BrokenLinkError`."""
        seeded = self._post(on_progress)
        self._cases(first, seeded)
        done = self._decide(first, second, undo_seconds=undo_seconds)
        contested = self._restricted(done)
        self._answered(done)
        self._complain(contested)
        self._reverse(first if contested.by == second.username else second, contested)
        self._story(contested)

    def _wait(self, condition: Callable[[], object], otherwise: Callable[[], str]) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > until:
                raise BrokenLinkError(f"{otherwise()} after {PATIENCE:.0f} s")
            time.sleep(PAUSE)

    def _post(self, on_progress: Progress) -> Seeded:
        with self._link("posts judged") as said:
            seeded = play(self._platform, on_progress=on_progress, stop=threading.Event())
            kept = self._log.last_seq()
            if kept < self._store.count_posts():
                raise BrokenLinkError(
                    f"{self._store.count_posts()} posts were handed in, {kept} are in the event log"
                )
            if not seeded.fired:
                raise BrokenLinkError("no live rule fired on any post")
            rules = counted(len(seeded.rules), "rule")
            said.append(f"{counted(seeded.posts, 'post')}, {seeded.fired} with a verdict by {rules}")
            said.append(counted(seeded.reports, "report"))
        return seeded

    def _cases(self, user: User, seeded: Seeded) -> None:
        with self._link("cases opened") as said:
            self._wait(
                lambda: review.counts(user, now=utc_now()).open >= min(seeded.reports, CASES_EACH),
                lambda: f"only {review.counts(user, now=utc_now()).open} cases are open",
            )
            said.append(f"{review.counts(user, now=utc_now()).open} open cases")

    def _decide(self, first: User, second: User, *, undo_seconds: int) -> list[Done]:
        with self._link("cases decided") as said:
            done = [
                one
                for user in (first, second)
                for one in moderators.work(
                    user, vault=self._vault, limit=CASES_EACH, undo_seconds=undo_seconds
                )
            ]
            for user in (first, second):
                mine = [one for one in done if one.by == user.username]
                if not mine:
                    raise BrokenLinkError(f"{user.username} found no case to decide")
                violations = sum(one.outcome is Outcome.VIOLATION for one in mine)
                said.append(f"{user.username} {len(mine)}, of these {violations} violations")
        return done

    def _restricted(self, done: list[Done]) -> Done:
        """Wait until Maydan has carried out a removal, with its statement told, and return that decision."""
        removals = [one for one in done if _GONE & set(one.measures)]
        if not removals:
            raise BrokenLinkError("no decision removed anything")
        with self._link("measures applied") as said:
            self._wait(
                lambda: all(self._is_gone(one.item) for one in removals),
                lambda: f"Maydan still shows {[one.item for one in removals if not self._is_gone(one.item)]}",
            )
            contested = removals[0]
            self._wait(
                lambda: self._statement_link(contested), lambda: f"{contested.author} has no statement"
            )
            page = self._page(contested.item)
            link = self._statement_link(contested)
            if link is None or link not in page:
                raise BrokenLinkError(f"Maydan's page of {contested.item} has no link to the statement")
            said.append(f"{counted(len(removals), 'post')} removed on Maydan, each with its statement")
        return contested

    def _answered(self, done: list[Done]) -> None:
        """Wait until a reporter of what was decided has heard of it (DSA Art. 16(5))."""
        with self._link("reporters answered") as said:
            refs = (ItemRef(PLATFORM, kind, one.item) for one in done for kind in ("post", "comment"))
            reported = sum(bool(review.reports_about(ref)) for ref in refs)
            if reported:
                self._wait(
                    lambda: any(hook.kind == "notice.outcome" for hook in self._store.hooks(10_000)),
                    lambda: "no reporter was told the outcome",
                )
            said.append(f"{reported} of {len(done)} cases decided had been reported")

    def _is_gone(self, item: str) -> bool:
        return any(m.kind in _GONE for m in self._store.measures("item", [item])[item])

    def _statement_link(self, done: Done) -> str | None:
        statement = compliance.statement_of(f"decision:{done.decision}")
        return self._store.statement_link(str(statement.pk)) if statement else None

    def _page(self, item: str) -> str:
        return httpx.get(f"{self._site}/en/post/{item}", timeout=10, trust_env=False).text

    def _complain(self, contested: Done) -> None:
        with self._link("complaint received") as said:
            statement = compliance.statement_of(f"decision:{contested.decision}")
            if statement is None:
                raise BrokenLinkError(f"decision {contested.decision} has no statement")
            self._platform.complain(
                statement=str(statement.pk),
                author=contested.author,
                text="I quoted what somebody else wrote, to object to it.",
                language=statement.language,
            )
            said.append(f"{contested.author} objects to decision {contested.decision} of {contested.by}")

    def _reverse(self, user: User, contested: Done) -> None:
        with self._link("decision reversed") as said:
            mine = [c for c in moderators.open_complaints(user) if c.decision_id == contested.decision]
            if not mine:
                raise BrokenLinkError(
                    f"{user.username} sees no complaint about decision {contested.decision}"
                )
            new = moderators.reverse(user, mine[0])
            self._wait(
                lambda: not self._is_gone(contested.item), lambda: f"Maydan still hides {contested.item}"
            )
            post = self._store.post(contested.item)
            if post is None or 'class="card open"' not in self._page(contested.item):
                raise BrokenLinkError(f"Maydan's page does not show {contested.item} again")
            said.append(f"{user.username} upheld the complaint: decision {new}, the post is back")

    def _story(self, contested: Done) -> None:
        with self._link("ledger tells it") as said:
            told = [fact.kind for fact in ledger.story(f"decision:{contested.decision}")]
            for kind in ("case.decided", "statement.issued", "measure.applied", "complaint.received"):
                if kind not in told:
                    raise BrokenLinkError(f"the story of decision {contested.decision} lacks {kind}: {told}")
            broken = list(ledger.verify_chain())
            if broken:
                raise BrokenLinkError(f"the chain of the ledger is broken: {broken[0].message}")
            said.append(f"{len(told)} facts about decision {contested.decision}; the chain holds")


def moderator(username: str) -> User:
    """Return a person of the demo. Raises `BrokenLinkError`."""
    user = staff.by_username(username)
    if user is None:
        raise BrokenLinkError(f"there is no {username}")
    return user
