"""What rules change: authors on whom they act beside those for whom they only watch."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from hakam.compliance import rulebook
from hakam.compliance.questions import record_query
from hakam.console.admission import admit, person
from hakam.console.desk.investigate import hidden_from
from hakam.console.installation import event_log
from hakam.investigation.holdback import FEW
from hakam.review.holdback import measured
from hakam.signals.evaluation.figures import Figure
from hakam.staff.roles import Permission

SPANS: Final = (14, 28, 90)  # days that are looked back on
FOLLOWED: Final = (1, 7, 13)  # days after a first hit; fewer than are looked back on
LINE: Final = "holdback: 2%"  # of pack.yaml
COMMAND: Final = "hakam pack holdback"
SECONDS: Final = 10.0  # for each of two readings


@require_GET
@admit(Permission.PACK_READ)
def page(request: HttpRequest) -> HttpResponse:
    """Say what the holdback group is, and show what it tells when somebody asks."""
    version = rulebook.active()
    pack = rulebook.load(version) if version is not None else None
    span, days = _chosen(request, "span", SPANS, 28), _chosen(request, "days", FOLLOWED, 7)
    context: dict[str, Any] = {
        "share": pack.holdback if pack is not None else 0.0,
        "version": version,
        "spans": SPANS,
        "followed": FOLLOWED,
        "span": span,
        "days": days,
        "few": FEW,
        "line": LINE,
        "command": COMMAND,
        "may_write": person(request).may(Permission.PACK_PUBLISH),
    }
    if version is not None and "span" in request.GET:
        user, now = person(request), timezone.now()
        found = measured(event_log(), now=now, span=span, days=days, budget=SECONDS, hidden=hidden_from(user))
        since = datetime.fromtimestamp(found.since, tz=UTC)
        record_query(
            by=user.actor, now=now, where="", since=since, until=now, looked=found.looked, matched=0, shown=0,
            fields=("holdback",),
        )  # fmt: skip
        context |= {
            "found": found,
            "since": since,
            "rows": [
                {
                    "row": row,
                    "groups": (("acted", row.acted), ("watched", row.watched)),
                    "again": _tells(row.again, enough=row.enough),
                    "posted": _tells(row.posted, enough=row.enough),
                }
                for row in found.rows
                if row.acted.authors or row.watched.authors
            ],
        }
    return render(request, "console/desk/holdback.html", context)


def _chosen(request: HttpRequest, name: str, options: tuple[int, ...], otherwise: int) -> int:
    given = request.GET.get(name, "")
    return int(given) if given in {str(one) for one in options} else otherwise


def _tells(difference: Figure | None, *, enough: bool) -> str:
    """Return what a difference tells: `few` authors, `less`, `more`, or `open` if its interval holds 0."""
    if difference is None or not enough:
        return "few"
    return "less" if difference.low > 0 else "more" if difference.high < 0 else "open"
