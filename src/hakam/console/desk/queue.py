"""The queue: what waits for a person, the first to look at on top; and search, the same list over all cases."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.console.admission import admit, person, signed_in
from hakam.console.desk.frame import frame_of
from hakam.console.installation import installation, vault
from hakam.console.rulebook import clause_titles
from hakam.console.terms import LANGUAGES, SOURCES, term
from hakam.review import access
from hakam.review.shapes import QueueFilter
from hakam.staff.roles import Permission

MOST_DIGITS = 6
_FIELDS = ("queue", "language", "clause", "source", "lease", "search", "sort")


class Choice(NamedTuple):
    """A filter with its options."""

    name: str
    title: str
    value: str
    options: list[tuple[str, str]]


def wanted_from(request: HttpRequest, state: str) -> QueueFilter:
    """Read the filter from the address. What makes no sense filters nothing or finds nothing; it is never an error."""
    given = {name: request.GET.get(name, "")[:200] for name in _FIELDS}
    given["sort"] = given["sort"] or "priority"
    return QueueFilter(state=state, **given)


def page_number(request: HttpRequest) -> int:
    """Return the page asked for, from 1."""
    text = request.GET.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 1


def _choices(wanted: QueueFilter, queues: list[str]) -> list[Choice]:
    anything = ("", _("All"))
    return [
        Choice(
            "queue", _("Queue"), wanted.queue, [anything, *((name, term("queue", name)) for name in queues)]
        ),
        Choice("clause", _("Clause"), wanted.clause, [anything, *clause_titles().items()]),
        Choice(
            "language",
            _("Language"),
            wanted.language,
            [anything, *((k, str(v)) for k, v in LANGUAGES.items())],
        ),
        Choice("source", _("Source"), wanted.source, [anything, *((k, str(v)) for k, v in SOURCES.items())]),
        Choice(
            "lease",
            _("With"),
            wanted.lease,
            [anything, ("free", _("Nobody")), ("mine", _("You")), ("taken", _("Others"))],
        ),
        Choice(
            "sort",
            _("Order"),
            wanted.sort,
            [
                ("priority", _("Priority")),
                ("due", _("Deadline")),
                ("oldest", _("Oldest first")),
                ("newest", _("Newest first")),
            ],
        ),
    ]


def _list(request: HttpRequest, *, state: str, template: str, here: str, **more: Any) -> HttpResponse:
    user = person(request)
    now = timezone.now()
    wanted = wanted_from(request, state)
    counts = access.counts(user=user, now=now)
    page = access.queue(user=user, now=now, wanted=wanted, page=page_number(request))
    context = {
        "page": page,
        "counts": counts,
        "here": here,
        "choices": _choices(wanted, sorted(counts.queues)),
        "filtered": any(getattr(wanted, name) for name in _FIELDS if name != "sort"),
        "may_decide": user.may(Permission.CASE_DECIDE),
        **more,
    }
    if request.headers.get("HX-Target") == "cases":
        template = "console/desk/cases.html"
    return render(request, template, context)


@require_GET
@signed_in
def queue(request: HttpRequest) -> HttpResponse:
    """List the cases that wait. Who may not read cases is led to what they may read."""
    if not person(request).may(Permission.CASE_READ):
        entries = frame_of(request).entries
        if not entries:
            raise Http404
        return redirect(entries[0].url)
    return _list(request, state="open", template="console/desk/queue.html", here=reverse("console:queue"))


@require_GET
@admit(Permission.CASE_READ)
def search(request: HttpRequest) -> HttpResponse:
    """Find cases of every state by words, account or address."""
    return _list(request, state="", template="console/desk/search.html", here=reverse("console:search"))


@require_GET
@signed_in
def counts(request: HttpRequest) -> HttpResponse:
    """Return the navigation with fresh counts."""
    return render(request, "console/pieces/navigation.html", {"frame": frame_of(request)})


@require_GET
@admit(Permission.CASE_READ)
def priority(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show how the priority of a case comes about."""
    found = access.case(case_id, user=person(request), now=timezone.now(), vault=vault())
    if found is None:
        raise Http404
    return render(request, "console/desk/priority.html", {"terms": found.terms, "total": found.row.priority})


@require_POST
@admit(Permission.CASE_DECIDE)
def take_next(request: HttpRequest) -> HttpResponse:
    """Take the case of the highest priority that is free."""
    queue_name = request.POST.get("queue", "")
    found = access.next_case(
        user=person(request), now=timezone.now(), queue=queue_name, seconds=installation().lease_seconds
    )
    if found is None:
        return redirect("console:queue")
    return redirect(case_url(found, queue_name))


def case_url(case_id: int, queue_name: str = "") -> str:
    """Return the address of a case, as a step through a queue if one is named."""
    url = reverse("console:case", args=[case_id])
    return f"{url}?queue={queue_name}" if queue_name else url
