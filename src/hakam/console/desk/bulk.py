"""Deciding an answer of the log as one act: what it would touch, the reasons, a second person, how far it is, undo."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance import rulebook
from hakam.compliance.questions import record_query
from hakam.console.admission import admit, person
from hakam.console.desk.asked import AskError, address_of, read
from hakam.console.desk.asked import prepare as prepared
from hakam.console.installation import event_log
from hakam.console.templatetags.hakam import written
from hakam.investigation.query import ask as ask_log
from hakam.investigation.stored import Stored
from hakam.review import access
from hakam.review import bulk as bulks
from hakam.review.bulk import BulkError, BulkState
from hakam.review.confined import confined
from hakam.review.models import Bulk
from hakam.staff import access as staff
from hakam.staff.roles import Permission
from hakam.storage.event_log import Record
from hakam.vocabulary.event import Event
from hakam.vocabulary.measure import Measure

SAMPLE: Final = 12
EXCERPT: Final = 300


def _find(bulk_id: int) -> Bulk:
    found = bulks.find(bulk_id)
    if found is None:
        raise Http404
    return found


@require_POST
@admit(Permission.BULK_DECIDE)
def prepare(request: HttpRequest) -> HttpResponse:
    """Write down what an answer holds now, to be looked at before anything is decided."""
    form, now, version = read(request.POST), timezone.now(), rulebook.active()
    if version is None or not person(request).may(Permission.LOG_QUERY):
        raise Http404
    records: list[Record] = []

    def take(stored: Stored) -> None:
        if len(records) <= bulks.MOST:
            records.append(stored.record)

    try:
        ready = prepared(form, rulebook.load(version), now, limit=0)
        if ready.query is None:
            messages.error(request, _("The condition has an error."))
            return redirect(address_of(form))
        answer = ask_log(event_log(), ready.query, each=take, hidden=confined().holds)
        made = bulks.prepare(records, user=person(request), now=now, asked=form.fields)
    except AskError as error:
        messages.error(request, str(error))
        return redirect(address_of(form))
    except BulkError:
        messages.error(
            request,
            _("There is nothing to decide, or more than %(most)s items: narrow the question.")
            % {"most": bulks.MOST},
        )
        return redirect(address_of(form))
    record_query(
        by=person(request).actor, now=now, where=form.where, since=ready.since, until=None,
        looked=answer.looked, matched=answer.matched, shown=made.total,
    )  # fmt: skip
    if answer.stopped is not None and answer.looked_since is not None:
        messages.warning(
            request,
            _("The time was used up: these are only the items that are newer than %(when)s.")
            % {"when": written(answer.looked_since)},
        )
    return redirect("console:bulk", made.pk)


@require_GET
@admit(Permission.BULK_DECIDE)
def listing(request: HttpRequest) -> HttpResponse:
    """List what was decided together."""
    rows = bulks.newest()
    return render(
        request, "console/desk/bulks.html", {"rows": rows, "names": staff.names({r.by for r in rows})}
    )


@require_GET
@admit(Permission.BULK_DECIDE)
def one(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """Show one: before it is asked for what it would touch, afterwards how far it is."""
    return _page(request, _find(bulk_id))


def _page(request: HttpRequest, made: Bulk, *, error: str = "", status: int = 200) -> HttpResponse:
    user, now = person(request), timezone.now()
    counted = bulks.counts(made)
    authors = Counter(made.items.values_list("author_id", flat=True))
    late = made.undo_until is None or now >= made.undo_until - bulks.LAST
    context: dict[str, Any] = {
        "bulk": made,
        "counts": counted,
        "handled": made.total - counted["waiting"],
        "authors": len(authors),
        "most": authors.most_common(8),
        "sample": [] if request.headers.get("HX-Request") else _sample(made),
        "measures": msgspec.convert(made.measures, tuple[Measure, ...]),
        "clauses": access.clauses_for((), Counter(), translation.get_language() or "en"),
        "mine": made.by == str(user.actor),
        "names": staff.names({name for name in (made.by, made.seconded_by) if name}),
        "left": bulks.left_of_quota(user.actor, now),
        "takes_two": made.total > bulks.SECOND_ABOVE,
        "until": None if made.undo_until is None else made.undo_until - bulks.LAST,
        "may_undo": made.state in {BulkState.RUNNING, BulkState.DONE}
        and not late
        and str(user.actor) in {made.by, made.seconded_by},
        "moving": made.state in {BulkState.RUNNING, BulkState.UNDOING},
        "skipped": made.items.filter(state="skipped")[:20],
        "decided": made.items.exclude(decision=None).select_related("decision")[:20],
        "error": error,
        "given": request.POST,
        "chosen": request.POST.get("choice", "").split("|"),
    }
    quiet = request.headers.get("HX-Request") and request.method == "GET"
    template = "console/desk/bulk_progress.html" if quiet else "console/desk/bulk.html"
    return render(request, template, context, status=status)


def _sample(made: Bulk) -> list[dict[str, Any]]:
    """Return some of the items as people wrote them, spread over all of them."""
    known, shown = confined(), []
    numbers = list(made.items.order_by("seq").values_list("seq", flat=True))
    for seq in numbers[:: max(1, len(numbers) // SAMPLE)][:SAMPLE]:
        record = next((found for found in event_log().read(seq - 1, 1) if found.seq == seq), None)
        if record is None or known.record(record):
            continue
        event = msgspec.json.decode(record.raw, type=Event)
        text = (event.item.text or "")[:EXCERPT]
        shown.append(
            {"seq": seq, "text": text, "author": event.author.id, "at": event.at, "kind": event.kind.value}
        )
    return shown


@require_POST
@admit(Permission.BULK_DECIDE)
def ask(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """Decide all of it, or ask the second person."""
    made = _find(bulk_id)
    clause, _bar, step = request.POST.get("choice", "").partition("|")
    ladder = {c.id: c.ladder for c in access.clauses_for((), Counter(), "en")}.get(clause, ())
    try:
        if not step.isascii() or not step.isdigit() or int(step) >= len(ladder):
            return _page(request, made, error=in_words(bulks.UnsaidError()), status=422)
        made = bulks.ask(
            bulk_id,
            clause=clause,
            measures=ladder[int(step)].measures,
            facts=request.POST.get("facts", "")[:5_000],
            because=request.POST.get("because", "")[:2_000],
            by=person(request).actor,
            now=timezone.now(),
        )
    except BulkError as error:
        return _page(request, made, error=in_words(error), status=422)
    if made.state == BulkState.WAITING:
        messages.success(request, _("A colleague must confirm it: nothing happens until then."))
    return redirect("console:bulk", bulk_id)


@require_POST
@admit(Permission.BULK_DECIDE)
def settle(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """Confirm or refuse what a colleague asked for, or withdraw one's own."""
    made = _find(bulk_id)
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    verdict = request.POST.get("verdict", "")
    try:
        if verdict not in {"confirm", "refuse"}:
            return _page(request, made, error=_("Say whether you confirm it."), status=422)
        (bulks.confirm if verdict == "confirm" else bulks.refuse)(bulk_id, **given)
    except BulkError as error:
        return _page(request, _find(bulk_id), error=in_words(error), status=422)
    return redirect("console:bulk", bulk_id)


@require_POST
@admit(Permission.BULK_DECIDE)
def undo(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """Take all of it back."""
    _find(bulk_id)
    try:
        bulks.undo(bulk_id, by=person(request).actor, now=timezone.now())
    except BulkError as error:
        return _page(request, _find(bulk_id), error=in_words(error), status=422)
    messages.success(request, _("It is taken back. Nobody outside hears of it."))
    return redirect("console:bulk", bulk_id)


def in_words(error: BulkError) -> str:
    """Return why nothing was changed, for this reader."""
    match error:
        case bulks.QuotaError():
            return ngettext(
                "The quota of this hour leaves you %(shown)s item.",
                "The quota of this hour leaves you %(shown)s items.",
                error.left,
            ) % {"shown": error.left}
        case bulks.UnsaidError():
            return _("Choose a clause and a measure, and write the facts and the reason.")
        case bulks.OwnBulkError():
            return _("You asked for it: a colleague must confirm it.")
        case bulks.LateError():
            return _("It was settled in the meantime, or the time for it is over.")
        case _:
            return _("This can't be decided together: look at the items one by one.")
