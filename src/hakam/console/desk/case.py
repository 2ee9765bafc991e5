"""One case on one screen: why it is here, what was reported, whose it is, what the rules saw, what the clause says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.console.admission import admit, person
from hakam.console.aims import aims_of
from hakam.console.desk.queue import case_url
from hakam.console.desk.reported import (
    draft_of_facts,
    facts_language,
    in_reach,
    reported,
    strips_of,
    unseen_of,
    values_of,
    veiled,
    writings_of,
)
from hakam.console.installation import installation, vault
from hakam.intake import misuse_access, threats
from hakam.intake.access import words_of
from hakam.review import access, leases, proposal_access
from hakam.review.personal import reveal_personal_data
from hakam.review.shapes import CaseView, FiringView, SourceView, VersionView
from hakam.review.states import SourceKind
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.verdict import Firing

SHOWN_SOURCES = 4
SHOWN_NOTES = 5  # what the newest say; the rest is folded
_ICONS = {
    SourceKind.VERDICT: "machine",
    SourceKind.NOTICE: "flag",
    SourceKind.TRUSTED_FLAGGER: "megaphone",
    SourceKind.ORDER: "shield",
    SourceKind.COMPLAINT: "complaint",
    SourceKind.VERSION: "edit",
    SourceKind.STAFF: "person",
}


@dataclass(frozen=True)
class SourceLine:
    """One reason why the case exists, as a line."""

    kind: SourceKind
    icon: str
    at: datetime
    clause: str
    harm: str
    rules: tuple[str, ...]
    accuracy: float | None
    illegal: bool
    count: int = 1  # of a crowd
    proof: str = ""  # of a message that the notifier opened


def _line(source: SourceView) -> SourceLine:
    said = source.summary
    firings = msgspec.convert(said.get("firings", []), tuple[Firing, ...])
    return SourceLine(
        kind=source.kind,
        icon=_ICONS[source.kind],
        at=source.at,
        clause=source.clause,
        harm=str(said.get("harm") or ""),
        rules=tuple(dict.fromkeys(firing.rule for firing in firings))[:4],
        accuracy=said.get("accuracy"),
        illegal=bool(said.get("illegal")),
        count=int(said.get("count") or 1),
        proof=str(said.get("proof") or ""),
    )


def _once(firings: Iterable[FiringView]) -> list[FiringView]:
    """Leave out a firing that says what a newer one said: the same rule, the same values."""
    out: dict[str, FiringView] = {}
    for firing in firings:
        out.setdefault(f"{firing.rule} {firing.values}", firing)
    return list(out.values())


def _seq(ref: str) -> int | None:
    """Return the number of the record behind a verdict: only rules can be explained, which judge records."""
    number, _, later = ref.removeprefix("event:").partition("/")  # after it: what was learnt later
    if later == "picture":  # a rule held for what was read in a picture, which no record has
        return None
    return int(number) if ref.startswith("event:") and number.isascii() and number.isdigit() else None


def find(request: HttpRequest, case_id: int) -> CaseView:
    """Return the case, or answer that there is no such page."""
    user = person(request)
    user.language = (
        translation.get_language() or user.language
    )  # clauses in the language of the page; not saved
    found = access.case(case_id, user=user, now=timezone.now(), vault=vault())
    if found is None:
        raise Http404
    return found


def context_of(
    request: HttpRequest, case: CaseView, *, queue: str = "", opened: tuple[VersionView, ...] | None = None
) -> dict[str, Any]:
    """Return everything that the screen shows. `opened` are the copies of a restricted case, when just revealed."""
    user = person(request)
    if opened is not None:
        case = replace(case, hidden=False, versions=opened)
    lines = [_line(source) for source in case.sources if source.kind is not SourceKind.VERSION]
    versions = reported(case.versions, case.firings)
    newest = case.versions[-1].event if case.versions else None
    draft = case.draft.body if case.draft else {}
    notes = () if case.hidden else words_of(source.ref for source in case.sources)
    return {
        "case": case,
        "queue": queue,
        "sources": lines[:SHOWN_SOURCES],
        "more_sources": lines[SHOWN_SOURCES:],
        "versions": versions,
        "strips": [] if case.hidden else strips_of(case),
        "writings": [] if case.hidden else writings_of(case),
        "unseen": unseen_of(case),
        "vanished": bool(versions) and versions[-1].change == "deleted",
        "changed_since": any(version.changed for version in versions),
        "clauses": in_reach(case.clauses),
        "clock": next((clock for clock in case.deadlines if clock.met_at is None), None),
        "veiled": opened is not None or veiled(case, user),
        "firings": [
            {
                "rule": firing.rule,
                "known": user.may(Permission.PACK_READ),
                "stage": firing.stage,
                "measures": [one for one in firing.measures if one not in firing.already],
                "already": firing.already,
                "values": [] if case.hidden else values_of(firing),
                "seq": _seq(firing.ref),
            }
            for firing in _once(case.firings)
        ],
        "scores": [{"name": k, "value": v} for k, v in sorted(newest.scores.items())] if newest else [],
        "aims": [] if case.hidden or newest is None else aims_of(case.row.harm, newest),
        "notes": notes,
        "more_notes": len(notes) - SHOWN_NOTES,
        "proposal": proposal_access.open_on(case.row.id, user=user),
        "decided": [d for d in case.decisions if d.case_id == case.row.id],
        "threats": threats.of_case(user, case.row.id),
        "may_raise": user.may(Permission.THREAT_RAISE),
        "may_strike": user.may(Permission.MISUSE_STRIKE),
        "struck": misuse_access.struck(decision.subject for decision in case.decisions),
        "conducts": misuse_access.of_account(
            user,
            case.row.item.platform,
            case.history.author_id if case.history else "",
            now=timezone.now(),
        ),
        "may_reveal": user.may(Permission.PERSONAL_DATA_READ),
        "facts": draft_of_facts(case, versions),
        "facts_language": facts_language(case),
        "draft": draft,
    }


def upcoming_url(user: User, case_id: int, queue: str) -> str:
    """Return the address of the case that would come after this one; empty if there is none."""
    upcoming = access.peek(user=user, now=timezone.now(), queue=queue, after=case_id)
    return "" if upcoming is None else case_url(upcoming, queue)


def screen(request: HttpRequest, case_id: int, queue: str) -> str:
    """Return the screen of a case without the page around it."""
    context = context_of(request, find(request, case_id), queue=queue)
    return render_to_string("console/desk/case_screen.html", context, request=request)


@require_GET
@admit(Permission.CASE_READ)
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show a case. Looking takes no lease: the page takes it once it is shown."""
    queue = request.GET.get("queue", "")[:64]
    upcoming = upcoming_url(person(request), case_id, queue)
    if request.headers.get("X-Case-Fragment") == "ahead":
        return HttpResponse(screen(request, case_id, queue), headers={"X-Upcoming": upcoming})
    context = context_of(request, find(request, case_id), queue=queue)
    return render(request, "console/desk/case.html", {**context, "upcoming": upcoming})


@require_POST
@admit(Permission.CASE_READ)
def reveal_evidence(request: HttpRequest, case_id: int) -> HttpResponse:
    """Open the copies of a restricted case. The ledger keeps who did."""
    found = find(request, case_id)
    opened = access.reveal(case_id, user=person(request), now=timezone.now(), vault=vault())
    if opened is None:
        raise Http404
    return render(request, "console/desk/case.html", context_of(request, found, opened=opened))


@require_POST
@admit(Permission.PERSONAL_DATA_READ)
def reveal(request: HttpRequest, case_id: int) -> HttpResponse:
    """Open the raw copies and the personal data. The ledger keeps who did."""
    data = reveal_personal_data(case_id, user=person(request), now=timezone.now(), vault=vault())
    if data is None:
        raise Http404
    copies = [
        {"kind": c.kind, "digest": c.digest, "text": c.damaged or _indented(c.text)} for c in data.copies
    ]
    persons = [(_("Account"), data.author_id), (_("E-mail of the author"), data.author_email)]
    context = {"copies": copies, "persons": [(label, value) for label, value in persons if value]}
    if not request.headers.get("HX-Request"):
        return render(request, "console/desk/raw_page.html", {**context, "case_id": case_id})
    return render(request, "console/desk/raw.html", context)


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text


@require_POST
@admit(Permission.CASE_DECIDE)
def lease(request: HttpRequest, case_id: int) -> HttpResponse:
    """Take or prolong the lease: the heartbeat of the open page."""
    user, now = person(request), timezone.now()
    find(request, case_id)
    with suppress(
        leases.LeaseHeldError, leases.NotOpenError
    ):  # the answer shows who holds it, or that it is closed
        leases.heartbeat(case_id, by=user.actor, now=now, seconds=installation().lease_seconds)
    found = find(request, case_id)
    return render(
        request, "console/desk/lease.html", {"case": found, "lease": found.row.lease, "beating": True}
    )


@require_POST
@admit(Permission.CASE_DECIDE)
def skip(request: HttpRequest, case_id: int) -> HttpResponse:
    """Give a case back and take the next one. The draft stays."""
    user, now = person(request), timezone.now()
    queue = request.POST.get("queue", "")[:64]
    leases.release(case_id, by=user.actor, now=now)
    found = access.next_case(
        user=user, now=now, queue=queue, after=case_id, seconds=installation().lease_seconds
    )
    return redirect(case_url(found, queue) if found else reverse("console:queue"))


@require_POST
@admit(Permission.CASE_DECIDE)
def draft(request: HttpRequest, case_id: int) -> HttpResponse:
    """Keep what somebody began to write."""
    find(request, case_id)
    clause = request.POST.get("clause", "")[:128]
    body = {name: request.POST.get(name, "")[:5000] for name in ("facts", "note")}
    body |= {"clause": clause, "step": request.POST.get(f"step:{clause}", "")[:3]}
    leases.save_draft(case_id, body, by=person(request).actor, now=timezone.now())
    return HttpResponse(_("saved"))
