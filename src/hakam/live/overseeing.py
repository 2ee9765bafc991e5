"""Looking after live events while they run: the controller is told and asked, the crowd is measured, all is noted."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from django.db.models import Sum

from hakam.intake.models import Crowd, NoticeItem
from hakam.live import scheduled, steering
from hakam.live.models import AdmissionHold, EventPoint
from hakam.live.scheduled import ScheduledEvent
from hakam.live.servers.server import Unreachable
from hakam.live.surge.signs import REPORTS, Signs
from hakam.live.surge.tally import Tally, chorus
from hakam.live.waiting.admission import State
from hakam.signals.fold import fold_words
from hakam.signals.near_duplicates import simhash

EVERY: Final = 5.0  # seconds between two looks
KEEP: Final = timedelta(days=30)
_BEFORE: Final = timedelta(hours=2)  # the opening, or the drawing of lots: then it begins to be looked at
_AFTER: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(seconds=60)
_MOST_REPORTS: Final = 20_000
_FALSE: Final = frozenset(
    {"forged", "malformed", "not_yours", "other_event"}
)  # codes that no honest visitor meets


class Overseer:
    """One process does it."""

    def __init__(self, home: Path, *, platform: str, secret: str, tally: Tally) -> None:
        self._home, self._platform, self._secret, self._tally = home, platform, secret, tally

    def look(self, now: datetime) -> int:
        """Look at each event that is near or runs; return how many. One whose controller is away is noted as such."""
        events, _ = scheduled.events(home=self._home, platform=self._platform)
        running = [one for one in events if one.plan is not None and _near(one, now)]
        self._tally.follow({key for one in running for key in threads(one)})
        for one in running:
            self._note(one, now)
        return len(running)

    def _note(self, event: ScheduledEvent, now: datetime) -> None:
        plan = event.plan
        assert plan is not None
        held = AdmissionHold.objects.filter(event=plan.event).first()
        state, trouble = None, ""
        try:
            state = steering.state(plan, secret=self._secret)
        except Unreachable as error:
            trouble = str(error)[:300]
        if held is not None and state is not None and (held.known_at is None or state.held != held.step):
            steering.tell(
                plan, held, secret=self._secret, now=now
            )  # a controller that was set up anew forgot it
        signs = measure(event, state, tally=self._tally, now=now)
        EventPoint.objects.create(
            event=plan.event,
            at=now,
            admission=None if state is None else msgspec.to_builtins(state),
            trouble=trouble,
            crowd=msgspec.to_builtins(signs),
        )


def threads(event: ScheduledEvent) -> set[tuple[str, str]]:
    """Return the threads that belong to an event: its own, that of questions, and those of its streams."""
    items = event.plan.items if event.plan is not None else ()
    return {(event.platform, event.name), *((event.platform, item) for item in items)}


def _near(event: ScheduledEvent, now: datetime) -> bool:
    plan = event.plan
    return plan is not None and plan.opens_at - max(plan.draw, _BEFORE) <= now <= plan.ends_at + _AFTER


def measure(event: ScheduledEvent, state: State | None, *, tally: Tally, now: datetime) -> Signs:
    """Return all that is measured of an event."""
    chat = tally.signs(threads(event), at=now.timestamp())
    given, refused, nodes = _tickets(event, state, now)
    return msgspec.structs.replace(
        chat,
        **_reports(event, now),
        given=given,
        refused=refused,
        pace=event.plan.pace if event.plan is not None else 0.0,
        nodes=nodes,
    )


def _tickets(
    event: ScheduledEvent, state: State | None, now: datetime
) -> tuple[int, int, dict[str, dict[str, int]]]:
    """Return tickets given and refused in the last minute, and what each node refused since it started."""
    if state is None:
        return 0, 0, {}
    earlier = (
        EventPoint.objects.filter(event=event.name, at__lte=now - _MINUTE, admission__isnull=False)
        .order_by("-at")
        .first()
    ) or EventPoint.objects.filter(event=event.name, admission__isnull=False).order_by("at").first()
    before: dict[str, dict[str, Any]] = {}
    span = 1.0
    if earlier is not None and earlier.admission is not None and now - earlier.at < 5 * _MINUTE:
        before = {node["node"]: node for node in earlier.admission.get("nodes", [])}
        span = max(1.0, (now - earlier.at).total_seconds() / 60)
    given = refused = 0
    for node in state.nodes:
        was = before.get(node.node)
        if was is None:  # nothing to compare with: it may have counted for hours
            continue
        more = sum(node.given) - sum(was.get("given", []))
        given += more if more >= 0 else sum(node.given)
        false = sum(n for code, n in node.refused.items() if code in _FALSE)
        false_was = sum(n for code, n in was.get("refused", {}).items() if code in _FALSE)
        refused += false - false_was if false >= false_was else false
    return round(given / span), round(refused / span), {node.node: dict(node.refused) for node in state.nodes}


def _reports(event: ScheduledEvent, now: datetime) -> dict[str, int]:
    items = sorted(item for _, item in threads(event))
    since = now - timedelta(seconds=REPORTS)
    rows = NoticeItem.objects.filter(
        item_id__in=items, notice__platform=event.platform, notice__received_at__gte=since
    )
    found = list(
        rows.order_by("-notice__received_at").values_list(
            "notice__notifier", "notice__email", "notice__explanation"
        )[:_MOST_REPORTS]
    )
    named = [notifier or email for notifier, email, _ in found if notifier or email]
    texts = [
        (hash_, notifier or email or f"unnamed {n}")
        for n, (notifier, email, text) in enumerate(found)
        if (hash_ := simhash(fold_words(text))) is not None
    ]
    swarm = Crowd.objects.filter(platform=event.platform, item_id__in=items, last_at__gte=since).aggregate(
        n=Sum("count")
    )["n"]
    return {
        "reports": len(found),
        "named": len(named),
        "reporters": len(set(named)),
        "report_texts": len(texts),
        "reports_alike": sum(map(len, chorus(texts, least=2))),
        "swarm": swarm or 0,
    }


def forget_old(now: datetime) -> int:
    """Remove what was noted long ago; return how many rows."""
    return EventPoint.objects.filter(at__lt=now - KEEP).delete()[0]
