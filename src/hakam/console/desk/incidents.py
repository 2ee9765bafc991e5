"""Incidents at the desk: the list, the declaration, and one incident with its clock, powers, copies, log and team."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from hakam.console import incident_figures, incident_paper
from hakam.console.admission import admit, person
from hakam.console.charts import columns
from hakam.console.desk.handing_in import told_to_script
from hakam.console.desk.incident_forms import PARAM, chosen_of, declared_of, number
from hakam.console.installation import event_log, installation
from hakam.console.outside.incidents import paper
from hakam.documents import setting
from hakam.incidents import access, closing, declaring, filling, kinds, renewing, report, team
from hakam.incidents.clock import ends_at
from hakam.incidents.models import Incident
from hakam.incidents.naming import IncidentError, bank_of, subject_of
from hakam.incidents.states import CLOSED, IN_FORCE, UNCONFIRMED, Power, RoleKind
from hakam.intake import pictures
from hakam.policy.params import Param
from hakam.staff import access as staff
from hakam.staff.models import User
from hakam.staff.roles import Permission

LARGEST_FILE = 100_000_000  # bytes; larger ones go through `hakam bank add --hot`
_LONGEST = 10_000


def _found(request: HttpRequest, slug: str) -> Incident:
    found = access.incident(person(request), slug)
    if found is None:
        raise Http404
    return found


@require_GET
@admit(Permission.INCIDENT_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the incidents, what is not over first."""
    user = person(request)
    rows = [
        {"incident": one, "ends": ends_at(one), "kind": kinds.in_words(declaring.name_of_kind(one))}
        for one in access.incidents(user)
    ]
    context = {"rows": rows, "may_declare": user.may(Permission.INCIDENT_DECLARE)}
    return render(request, "console/desk/incidents.html", context)


def _form(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    version = rulebook.active()
    given = request.POST
    pack = rulebook.load(version) if version is not None else None
    context = {
        "kinds": [
            (one, kinds.in_words(one.name), kinds.in_words(one.means))
            for one in kinds.offered(timezone.localdate())
        ],
        "version": kinds.version(),
        "clauses": list(pack.clauses.values()) if pack is not None else [],
        "params": [
            (one, given.get(f"{PARAM}{one.name}", ""))
            for one in (pack.params.values() if pack is not None else ())
            if _tunable(one)
        ],
        "most_hours": declaring.MOST_HOURS,
        "given": given,
        "chosen": given.getlist("power") if given else [Power.EMERGENCY_BANK.value, Power.PRIORITY.value],
        "error": error,
    }
    return render(request, "console/desk/incident_new.html", context, status=status)


def _tunable(one: Param) -> bool:
    return one.least != one.most


@require_GET
@admit(Permission.INCIDENT_DECLARE)
def new(request: HttpRequest) -> HttpResponse:
    """Ask what happened, where, and which powers are needed."""
    return _form(request)


@require_POST
@admit(Permission.INCIDENT_DECLARE)
def declare(request: HttpRequest) -> HttpResponse:
    """Declare an incident or an exercise."""
    user, now = person(request), timezone.now()
    try:
        made = declaring.declare(
            declared_of(request.POST, now),
            chosen_of(request.POST),
            platform=installation().platform,
            lead=user.pk,
            by=user.actor,
            now=now,
            wait=request.POST.get("wait") == "on",
        )
    except IncidentError as error:
        return _form(request, error=str(error), status=422)
    return redirect("console:incident", made.slug)


def _live(one: Incident) -> dict[str, Any]:
    now = timezone.now()
    counters = access.counters(one, now=now)
    running = one.state in {state.value for state in IN_FORCE | UNCONFIRMED}
    waited = pictures.behind(event_log(), now=now) if running else None
    return {
        "behind": waited if waited is not None and waited > pictures.LATE else None,
        "incident": one,
        "counters": counters,
        "chart": columns([count for _at, count in counters.bars]),
        "bars": counters.bars,
        "width": counters.width.total_seconds(),
        "bank": bank_of(one),
        "ends": ends_at(one),
        "running": running,
        "unconfirmed": one.state in {state.value for state in UNCONFIRMED},
    }


def _page(request: HttpRequest, one: Incident, *, error: str = "", status: int = 200) -> HttpResponse:
    user, now = person(request), timezone.now()
    told = access.told(one, now=now)
    actors = {fact.actor for fact in told.story} | {one.declared_by, one.confirmed_by, one.closed_by}
    if told.asked is not None:
        actors.add(told.asked.asked_by)
    in_force = one.state in {state.value for state in IN_FORCE}
    may = user.may(Permission.INCIDENT_DECLARE)
    context = _live(one) | {
        "told": told,
        "kind": kinds.in_words(declaring.name_of_kind(one)),
        "names": staff.names(actors),
        "powers": [
            (row, in_force and row.taken_at is not None and row.undone_at is None) for row in told.powers
        ],
        "roles": [(role, who, [other for other in team.able(role) if other != who] if may else [])
                  for role in RoleKind for row in [told.roles.get(role.value)]
                  for who in [told.people.get(row.person) if row else None]],
        "scope": [(name, values) for name, values in one.scope.items() if values],
        "may": may,
        "second": access.may_be_second(user, one),
        "seconds": access.seconds(one),
        "mine": one.declared_by == str(user.actor),
        "renewal_mine": told.asked is not None and told.asked.asked_by == str(user.actor),
        "in_force": in_force,
        "closed": one.state in {state.value for state in CLOSED},
        "may_fill": may and in_force and any(
            row.power == Power.EMERGENCY_BANK and row.undone_at is None for row in told.powers
        ),
        "subject": subject_of(one),
        "most_hours": declaring.MOST_HOURS,
        "given": request.POST,
        "error": error,
    }  # fmt: skip
    return render(request, "console/desk/incident.html", context, status=status)


@require_GET
@admit(Permission.INCIDENT_READ)
def incident(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one incident; its counters renew themselves."""
    one = _found(request, slug)
    if request.headers.get("HX-Request") and request.GET.get("part") == "live":
        return render(request, "console/desk/incident_live.html", _live(one))
    return _page(request, one)


@require_POST
@admit(Permission.INCIDENT_DECLARE)
@told_to_script
def act(request: HttpRequest, slug: str) -> HttpResponse:
    """Confirm, refuse, prolong, end, take a power back, give a role, put a file into the bank."""
    one = _found(request, slug)
    try:
        said = _act(request, one)
    except IncidentError as error:
        one.refresh_from_db()
        return _page(request, one, error=str(error), status=422)
    messages.success(request, said)
    return redirect("console:incident", slug)


def _act(request: HttpRequest, one: Incident) -> str:
    chosen = _ACTS.get(request.POST.get("do", ""))
    if chosen is None:
        raise IncidentError(_("Choose what to do."))
    return chosen(request, one)


def _because(request: HttpRequest) -> str:
    return request.POST.get("because", "")[:_LONGEST]


def _confirm(request: HttpRequest, one: Incident) -> str:
    declaring.confirm(one.slug, by=person(request).actor, now=timezone.now())
    return _("Confirmed. It lasts until its end.")


def _refuse(request: HttpRequest, one: Incident) -> str:
    declaring.refuse(one.slug, because=_because(request), by=person(request).actor, now=timezone.now())
    return _("Refused. What it changed is taken back.")


def _ask(request: HttpRequest, one: Incident) -> str:
    hours = number(request.POST.get("hours", ""), _("Hours")) or 0
    by, now = person(request).actor, timezone.now()
    renewing.ask_renewal(one.slug, hours=hours, reason=_because(request), by=by, now=now)
    return _("Asked. A second person grants it.")


def _grant(request: HttpRequest, one: Incident) -> str:
    renewing.grant_renewal(one.slug, by=person(request).actor, now=timezone.now())
    return _("Granted. Everything lasts as much longer.")


def _decline(request: HttpRequest, one: Incident) -> str:
    renewing.refuse_renewal(one.slug, by=person(request).actor, now=timezone.now())
    return _("Not granted. It ends when it would have ended.")


def _end(request: HttpRequest, one: Incident) -> str:
    held = request.POST.get("held", "")
    closing.end(
        one.slug, because=_because(request), by=person(request).actor, now=timezone.now(),
        keep_bank=held == "keep", release=held == "release",
    )  # fmt: skip
    return _("Ended. What it changed is taken back.")


def _take_back(request: HttpRequest, one: Incident) -> str:
    power = request.POST.get("power", "")
    if power not in set(Power):
        raise IncidentError(_("Choose what to do."))
    closing.take_back_power(one.slug, Power(power), by=person(request).actor, now=timezone.now())
    return _("Taken back.")


def _give_role(request: HttpRequest, one: Incident) -> str:
    given, number_of = request.POST, request.POST.get("person", "")
    role = given.get("role", "")
    who = User.objects.filter(pk=int(number_of)).first() if number_of.isdecimal() else None
    if who is None or role not in set(RoleKind):
        raise IncidentError(_("choose a person and a role"))
    team.give_role(one.slug, RoleKind(role), who, by=person(request).actor, now=timezone.now())
    return _("Saved.")


def _fill(request: HttpRequest, one: Incident) -> str:
    file = request.FILES.get("file")
    if file is None or isinstance(file, list):
        raise IncidentError(_("choose a file"))
    if (file.size or 0) > LARGEST_FILE:
        raise IncidentError(_("the file is larger than 100 MB: use `hakam bank add --hot`"))
    label = request.POST.get("label", "")[:200]
    filled = filling.put_in(one.slug, file.read(), label=label, by=person(request).actor, now=timezone.now())
    if not filled.added:
        return _("It is in the bank already: nothing was added.")
    return ngettext(
        "%(count)s hash is in the bank, and is matched within a second.",
        "%(count)s hashes are in the bank, and are matched within a second.",
        filled.added,
    ) % {"count": filled.added}


_ACTS: Final[Mapping[str, Callable[[HttpRequest, Incident], str]]] = {
    "confirm": _confirm,
    "refuse": _refuse,
    "ask": _ask,
    "grant": _grant,
    "decline": _decline,
    "end": _end,
    "take_back": _take_back,
    "role": _give_role,
    "fill": _fill,
}


@require_POST
@admit(Permission.INCIDENT_READ)
def note(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down who was told what."""
    one = _found(request, slug)
    given = request.POST
    try:
        team.note_told(
            slug, whom=given.get("whom", ""), words=given.get("words", ""), by=person(request).actor,
            now=timezone.now(),
        )  # fmt: skip
    except IncidentError as error:
        return _page(request, one, error=str(error), status=422)
    messages.success(request, _("Written down."))
    return redirect("console:incident", slug)


def _report(request: HttpRequest, one: Incident, *, error: str = "", status: int = 200) -> HttpResponse:
    made = report.report_of(one, words="", now=timezone.now())
    context = {
        "incident": one,
        "report": made,
        "times": incident_figures.times(made),
        "groups": incident_figures.groups(made.figures),
        "powers": incident_figures.powers(made.figures),
        "public": report.published(one),
        "kind": kinds.in_words(declaring.name_of_kind(one)),
        "closed": one.state in {state.value for state in CLOSED},
        "may_publish": person(request).may(Permission.REPORT_PUBLISH)
        or person(request).may(Permission.INCIDENT_DECLARE),
        "words": request.POST.get("words", "") or (one.report or {}).get("words", ""),
        "error": error,
    }
    return render(request, "console/desk/incident_report.html", context, status=status)


@require_GET
@admit(Permission.INCIDENT_READ)
def after(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the public will read, as it stands now."""
    return _report(request, _found(request, slug))


@require_POST
@admit(Permission.INCIDENT_DECLARE)
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish the report."""
    one = _found(request, slug)
    try:
        report.publish(
            slug, words=request.POST.get("words", ""), by=person(request).actor, now=timezone.now()
        )
    except IncidentError as error:
        return _report(request, one, error=str(error), status=422)
    messages.success(request, _("The report is public."))
    return redirect("console:incident_report", slug)


@require_GET
@admit(Permission.INCIDENT_DECLARE)
def confidential(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand out the confidential report as JSON."""
    one = _found(request, slug)
    data = msgspec.json.format(msgspec.json.encode(report.confidential(one, now=timezone.now())))
    response = HttpResponse(data, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="incident-{one.slug}.json"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
@admit(Permission.INCIDENT_DECLARE)
def confidential_pdf(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """Hand out the confidential report as a paper."""
    one, now = _found(request, slug), timezone.now()
    more = report.confidential(one, now=now)
    people = (row["person"] for row in more["roles"])
    actors = {more["declared_by"], more["confirmed_by"], more["closed_by"], *people}
    actors |= {row["by"] for row in more["log"]}
    actors |= {row[who] for row in more["renewals"] for who in ("asked_by", "settled_by")}
    made = report.report_of(one, words=(one.report or {}).get("words", ""), now=now)
    with translation.override(language):
        document = incident_paper.confidential(
            made, more, platform=installation().platform_name, names=staff.names(actors)
        )
        return paper(setting.pdf(document), f"incident-{one.slug}-{language}.pdf", secret=True)
