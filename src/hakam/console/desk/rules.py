"""The rule book, for those who work with it: clauses, ladders, rules with their conditions, tests, versions."""

from __future__ import annotations

import io
import token as tokens
import tokenize
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from hakam.compliance import rulebook
from hakam.compliance.models import RulebookVersion
from hakam.console.admission import admit, person
from hakam.console.desk.asked import missed_by
from hakam.policy.pack import Pack
from hakam.policy.quarantine import FAILED, OVERRAN
from hakam.review import releases, trips, way_back
from hakam.review.confined import confined
from hakam.review.models import RuleTrip
from hakam.review.trips import BEFORE_ASIDE
from hakam.staff import access as staff
from hakam.staff.roles import Permission

TYPED: Final = "trip_typed"
"""Of the session: what was typed about a breaker and refused, until the page has shown it."""

_WORDS = frozenset({"and", "or", "not", "in", "is", "True", "False", "None", "true", "false"})


class Piece(NamedTuple):
    """A piece of a condition, with what it is, for its colour."""

    kind: str  # `word`, `text`, `number`, `name`, `remark` or empty
    text: str


def pieces(source: str) -> list[Piece]:
    """Cut the condition of a rule into pieces. Its grammar is Python's; what can't be cut stays whole."""
    try:
        return list(_pieces(source))
    except (tokenize.TokenError, SyntaxError):
        return [Piece("", source)]


def _pieces(source: str) -> Iterator[Piece]:
    wrapped = f"({source}\n)"  # several lines are one condition
    lines = wrapped.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    at = 1
    end = len(wrapped) - 2
    for found in tokenize.generate_tokens(io.StringIO(wrapped).readline):
        start = starts[found.start[0] - 1] + found.start[1]
        if start < 1 or not found.string.strip() or start >= end:
            continue
        if start > at:
            yield Piece("", wrapped[at:start])
        yield Piece(_kind(found), found.string)
        at = start + len(found.string)
    if at < end:
        yield Piece("", wrapped[at:end])


def _kind(found: tokenize.TokenInfo) -> str:
    if found.type == tokens.STRING:
        return "text"
    if found.type == tokens.NUMBER:
        return "number"
    if found.type == tokens.COMMENT:
        return "remark"
    if found.type == tokens.NAME:
        return "word" if found.string in _WORDS else "name"
    return ""


def _missed(request: HttpRequest, found: list[RuleTrip], pack: Pack) -> dict[int, str]:
    """Return where whoever may ask the log finds the events that were judged without each rule that was put aside.

    What a rule against abuse of children may have missed is for child-safety.
    """
    user = person(request)
    if not user.may(Permission.LOG_QUERY):
        return {}
    hidden = frozenset() if user.may(Permission.CHILD_SAFETY_READ) else confined().clauses
    veiled = {rule.id for rule in pack.rules if rule.policy in hidden}
    page, now = reverse("console:investigate"), timezone.now()
    return {
        trip.pk: f"{page}?{missed_by(trip.rule, trip.first_at - BEFORE_ASIDE, now).link}"
        for trip in found
        if trip.kind == trips.TripKind.ASIDE and trip.rule not in veiled
    }


def _version(wanted: str) -> RulebookVersion | None:
    if not wanted:
        return rulebook.active()
    return next((v for v in rulebook.versions() if v.version == wanted), None)


@require_GET
@admit(Permission.PACK_READ)
def rules(request: HttpRequest) -> HttpResponse:
    """Show a version of the rule book whole: by default the one in force."""
    wanted = request.GET.get("version", "")
    version = _version(wanted)
    if version is None and wanted:
        raise Http404
    if version is None:
        return render(request, "console/desk/rules.html", {"version": None})
    pack: Pack = rulebook.load(version)
    context: dict[str, Any] = {
        "version": version,
        "versions": rulebook.versions(),
        "pack": pack,
        "clauses": [
            {
                "clause": clause,
                "titles": sorted(clause.title.items()),
                "texts": [
                    {"language": lang, "title": clause.title[lang], "text": clause.text.get(lang, "")}
                    for lang in pack.languages
                    if lang in clause.title
                ],
                "ladder": clause.ladder,
                "rules": [rule.id for rule in pack.rules if rule.policy == clause.id],
            }
            for clause in sorted(pack.clauses.values(), key=lambda c: (-c.severity, c.id))
        ],
        "rules": [
            {
                "rule": rule,
                "pieces": pieces(rule.source),
                "tests": [e for e in pack.examples if rule.id in e.fires or rule.id in e.silent],
            }
            for rule in pack.rules
        ],
        "lists": sorted(pack.lists.values(), key=lambda one: one.name),
    }
    context["trips"] = [trip for trip in trips.unseen() if trip.kind == trips.TripKind.QUOTA]
    context["aside"] = [trip for trip in trips.unseen() if trip.kind == trips.TripKind.ASIDE]
    context["standing"] = {trip.pk for trip in context["aside"] if trips.stands(trip)}
    context["put_aside"] = {
        trip.rule for trip in context["aside"] if trip.pk in context["standing"] and not version.active_until
    }
    context["errors"] = {
        trip.pk: trip.why.removeprefix(FAILED) for trip in context["aside"] if trip.why.startswith(FAILED)
    }
    context["overran"] = OVERRAN
    context["typed"] = request.session.pop(TYPED, {})
    context["earlier_trips"] = trips.earlier()
    context["missed"] = _missed(request, [*context["aside"], *context["earlier_trips"]], pack)
    context["held_now"] = trips.held_back(timezone.now())
    context["held"] = {} if version.active_until else context["held_now"]
    context["names"] = staff.names(
        {version.published_by, *(trip.seen_by for trip in context["earlier_trips"])}
    )
    context["waiting"] = releases.waiting()
    context["may_publish"] = person(request).may(Permission.PACK_PUBLISH)
    if not version.active_until:
        context["before"], context["back_key"] = way_back.before(), "Shift B"
        context["unexplained"] = way_back.unexplained(version)
    return render(request, "console/desk/rules.html", context)
