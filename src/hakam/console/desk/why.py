"""Why a verdict says what it says: the tree of each rule's condition with the values it saw, and what would turn it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from hakam.compliance.questions import record_view
from hakam.console.admission import admit, person
from hakam.console.desk.rules import Piece, pieces
from hakam.console.installation import event_log
from hakam.console.turns import said, shown
from hakam.intake.again import learnt_of
from hakam.policy.explain import ParamSeen, Reason, RuleExplanation
from hakam.review import access, why
from hakam.review.confined import confined
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.storage.event_log import CorruptRecordError, Record
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict

_LACKS: Final = {
    why.Lack.VERSION: gettext_lazy("The version of the rule book that judged is not in the history."),
    why.Lack.LIST: gettext_lazy("A list that the rules read then is not there any more."),
    why.Lack.RECORD: gettext_lazy("The record can't be read."),
}


@dataclass(frozen=True)
class Part:
    """One part of a condition, to be drawn. `mark` is `yes`, `no` or `unknown`."""

    mark: str
    joins: str
    pieces: list[Piece]
    value: str
    decides: bool
    parts: list[Part]


@dataclass(frozen=True)
class RuleShown:
    """One rule, to be drawn. `ways`: each of them turns the outcome, its changes together.

    `off_in`: the community of the event, if the rule is switched off there; `tree` is what it would have said.
    """

    rule: str
    clause: str
    stage: str
    mark: str
    tripped: bool
    tree: Part
    ways: list[list[SafeString]]
    off_in: str
    would: str
    params: tuple[ParamSeen, ...]


def part(reason: Reason) -> Part:
    """Prepare a part and all below it."""
    leaf = reason.joins is None
    return Part(
        _mark(reason.outcome),
        reason.joins or "",
        pieces(reason.text) if leaf else [],
        shown(reason.value) if leaf and reason.value is not None else "",
        reason.decides,
        [part(below) for below in reason.parts],
    )


def rule_shown(rule: RuleExplanation, told: Verdict) -> RuleShown:
    """Prepare a rule."""
    return RuleShown(
        rule.rule,
        rule.policy,
        str(rule.stage),
        _mark(rule.outcome),
        rule.rule in told.tripped,
        part(rule.reason),
        [[said(change) for change in way.changes] for way in rule.ways],
        rule.off_in,
        _mark(rule.reason.outcome),
        rule.params,
    )


def _mark(outcome: bool | None) -> str:
    return {True: "yes", False: "no", None: "unknown"}[outcome]


def readable_record(seq: int, user: User) -> tuple[Record, Event]:
    """Return a record of the log; what this person may not see and what is not there answer alike."""
    try:
        found = event_log().read(seq - 1, 1) if seq else []
        record = next((one for one in found if one.seq == seq), None)
        event = why.event_of(record) if record is not None else None
    except (CorruptRecordError, why.CannotExplainError):
        raise Http404 from None
    if record is None or event is None:
        raise Http404
    cases = access.readable(user).filter(
        platform=event.platform, item_kind=event.item_kind.value, item_id=event.item.id
    )
    secret = confined().record(record)
    if secret and not user.may(Permission.CHILD_SAFETY_READ):
        raise Http404
    if not user.may(Permission.LOG_QUERY) and not cases.exists():
        raise Http404
    if secret:
        record_view(record.seq, by=user.actor, now=timezone.now())
    return record, event


@require_GET
@admit(Permission.CASE_READ)
def verdict(request: HttpRequest, seq: int) -> HttpResponse:
    """Explain the verdict of a record; of one rule only, if it is asked for by a page that is open already."""
    record, event = readable_record(seq, person(request))
    wanted = request.GET.get("rule", "")[:128]
    context: dict[str, Any] = {"seq": seq, "event": event, "wanted": wanted}
    try:
        found = why.why(record, learnt_of(record.seq))
    except why.CannotExplainError as error:
        context["lack"] = _LACKS[error.lack]
    else:
        rules = [rule_shown(rule, found.told) for rule in found.explanation.rules]
        context |= {
            "why": found,
            "fired": [one for one in rules if one.mark == "yes" or one.rule == wanted],
            "unsure": [one for one in rules if one.mark == "unknown" and one.rule != wanted],
            "off": [one for one in rules if one.off_in and one.rule != wanted],
            "others": [one for one in rules if one.mark == "no" and not one.off_in and one.rule != wanted],
            "one": next((one for one in rules if one.rule == wanted), None),
        }
    if request.headers.get("HX-Request"):
        return render(request, "console/desk/why_piece.html", context)
    return render(request, "console/desk/verdict.html", context)
