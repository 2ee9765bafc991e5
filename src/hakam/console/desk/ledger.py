"""The ledger: what happened, in order; whether the chain holds; the story of one thing."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from hakam.compliance import access
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of, verify_chain
from hakam.compliance.models import Fact
from hakam.console.admission import admit
from hakam.staff.access import names
from hakam.staff.roles import Permission

PER_PAGE = 50
MOST_DIGITS = 15
MOST_FINDINGS = 20
_PAGES = {
    "case": "console:case",
    "complaint": "console:complaint",
    "effect": "console:delivery",
    "request": "console:request",
}


def link_to(subject: str) -> str:
    """Return the page of what a fact is about, else its story; never empty."""
    kind, _sep, id_ = subject.partition(":")
    try:
        if kind == "duty":
            return reverse("console:duty_clock", args=id_.split("/")[-2:])
        if kind in _PAGES:
            return reverse(_PAGES[kind], args=[id_])
    except NoReverseMatch:
        pass
    return ""


def _rows(facts: list[Fact]) -> list[dict[str, Any]]:
    known = names({fact.actor for fact in facts})
    return [
        {
            "fact": fact,
            "actor_kind": fact.actor.partition(":")[0],
            "actor": known.get(fact.actor, fact.actor.partition(":")[2]),
            "link": link_to(fact.subject),
            "about": sorted(link.subject for link in fact.links.all()),
            "body": [(key, value) for key, value in body_of(fact).items() if value not in (None, "", [], {})],
        }
        for fact in facts
    ]


@require_GET
@admit(Permission.LEDGER_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the facts, the newest first."""
    kind, before = request.GET.get("kind", ""), request.GET.get("before", "")
    facts = access.page(
        before=int(before) if before.isascii() and before.isdigit() and len(before) <= MOST_DIGITS else None,
        kind=kind[:64],
        limit=PER_PAGE + 1,
    )
    more = len(facts) > PER_PAGE
    context = {
        "rows": _rows(facts[:PER_PAGE]),
        "older": facts[PER_PAGE - 1].seq if more else None,
        "kind": kind,
        "kinds": list(FactKind),
    }
    return render(request, "console/desk/ledger.html", context)


@require_GET
@admit(Permission.LEDGER_READ)
def chain(request: HttpRequest) -> HttpResponse:
    """Recompute the chain and say whether it holds."""
    findings = list(islice(verify_chain(), MOST_FINDINGS))
    newest = access.page(limit=1)
    return render(
        request, "console/desk/chain.html", {"findings": findings, "newest": newest[0] if newest else None}
    )


@require_GET
@admit(Permission.LEDGER_READ)
def story(request: HttpRequest) -> HttpResponse:
    """Tell everything that happened to one thing, in order."""
    subject = request.GET.get("subject", "").strip()[:700]
    facts = access.story(subject) if subject else []
    return render(
        request,
        "console/desk/story.html",
        {"subject": subject, "rows": _rows(facts), "link": link_to(subject)},
    )


@require_GET
@admit(Permission.LEDGER_READ)
def fact(request: HttpRequest, seq: int) -> HttpResponse:
    """Show one fact with its links in the chain."""
    found = access.fact(seq)
    if found is None:
        raise Http404
    return render(request, "console/desk/fact.html", {"row": _rows([found])[0]})
