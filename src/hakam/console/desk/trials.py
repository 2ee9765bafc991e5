"""Whom a draft would touch: what it would have done with the latest events, beside what is in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.backtest.agreement import findings_of
from hakam.backtest.decided import Share, share
from hakam.backtest.lacking import Lacked
from hakam.compliance import drafts, lists
from hakam.compliance.models import RulebookDraft
from hakam.console import turns
from hakam.console.admission import admit, person
from hakam.console.desk.drafts import ahead
from hakam.console.installation import event_log
from hakam.policy.pack import load_pack
from hakam.policy.wording import in_language
from hakam.review import near_misses, trials
from hakam.review.models import Trial
from hakam.review.trials import BrokenError, RuleChange, RuleOutcome, TrialError, TrialResult, TrialState
from hakam.staff import access as staff
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Finding

SPANS: Final = (1, 7, 30)
EXCERPT: Final = 400
SHOWN_WAYS: Final = 3
CHANGES: Final = {
    RuleChange.ADDED: pgettext_lazy("rule in a draft", "new rule"),
    RuleChange.CHANGED: pgettext_lazy("rule in a draft", "rule changed"),
    RuleChange.REMOVED: pgettext_lazy("rule in a draft", "rule removed"),
}


@dataclass(frozen=True)
class Shown:
    """An event as an example. A near miss says what it lacked: in each of `ways` it would have been touched.

    Of more than `SHOWN_WAYS` only the number is told, as `more`.
    """

    text: str
    at: Any
    kind: str
    ways: list[list[SafeString]]
    more: int


@dataclass(frozen=True)
class RuleShown:
    """A rule with its examples and how far people agree."""

    outcome: RuleOutcome
    share: float
    newly: list[Shown]
    no_longer: list[Shown]
    near: list[Shown]
    begins: list[Shown]
    stops: list[Shown]
    precision: Share
    recall: Share

    @property
    def changed(self) -> bool:
        """Whether the rule does anything otherwise."""
        one = self.outcome
        return bool(one.newly_fires or one.no_longer_fires or one.begins_to_act or one.stops_acting)

    @property
    def stays(self) -> bool:
        """Whether neither the rule nor what it does becomes another."""
        return not self.outcome.change and not self.changed

    @property
    def change(self) -> str:
        """What the draft does to the rule, in the reader's language; empty for nothing."""
        return str(CHANGES.get(self.outcome.change, ""))

    @property
    def place(self) -> tuple[bool, bool, int, str]:
        """Where it stands on the page: what the draft writes first, then what changes by it, then the rest."""
        return not self.outcome.change, not self.changed, -self.outcome.after, self.outcome.rule


def _find(draft_id: int) -> RulebookDraft:
    found = drafts.find(draft_id)
    if found is None:
        raise Http404
    return found


def _nothing(_place: int, _event: Event) -> Lacked:
    return ()


def _events(
    names: tuple[tuple[str, str], ...],
    hidden: set[tuple[str, str]],
    lacked: Callable[[int, Event], Lacked] = _nothing,
) -> list[Shown]:
    """Read events of the log; what this person may not see, is gone, or says the same again is left out.

    `lacked` says of the event at a place among the names what a rule lacked on it.
    """
    out: dict[str, Shown] = {}
    for place, (platform, id_) in enumerate(names):
        record = None if (platform, id_) in hidden else event_log().get(platform, id_)
        if record is None:
            continue
        event = msgspec.json.decode(record.raw, type=Event)
        text = (event.item.text or "")[:EXCERPT]
        if text not in out:
            ways = lacked(place, event)
            said = [[turns.said(change) for change in way] for way in ways[:SHOWN_WAYS]]
            out[text] = Shown(text, event.at, event.kind.value, said, max(0, len(ways) - SHOWN_WAYS))
    return list(out.values())


def _lacking(trial: Trial, rule: RuleOutcome) -> Callable[[int, Event], Lacked]:
    """Return what says what the near misses of a rule lacked, as far as the answer kept what they saw."""

    def lacked(place: int, event: Event) -> Lacked:
        if place >= len(rule.near_seen):
            return ()
        return near_misses.lacked(trial, rule.rule, event, rule.near_seen[place])

    return lacked


def _hidden(result: TrialResult, user: User) -> set[tuple[str, str]]:
    names = {name for rule in result.rules for name in rule.named}
    if not user.may(Permission.CASE_READ):
        return names
    if user.may(Permission.CHILD_SAFETY_READ):
        return set()
    return trials.veiled(names, log=event_log(), result=result)


def _rules(trial: Trial, result: TrialResult, user: User) -> list[RuleShown]:
    hidden = _hidden(result, user)
    rows = [
        RuleShown(
            outcome=rule,
            share=rule.after / result.events if result.events else 0.0,
            newly=_events(rule.newly, hidden),
            no_longer=_events(rule.no_longer, hidden),
            near=_events(rule.near_events, hidden, _lacking(trial, rule)),
            begins=_events(rule.begins, hidden),
            stops=_events(rule.stops, hidden),
            precision=share(rule.caught, rule.caught + rule.wrong),
            recall=share(rule.caught, rule.caught + rule.missed),
        )
        for rule in result.rules
    ]
    return sorted(rows, key=lambda row: row.place)


def _page(request: HttpRequest, draft: RulebookDraft, *, error: str = "", status: int = 200) -> HttpResponse:
    trial = trials.newest(draft)
    result = trials.result_of(trial) if trial is not None else None
    user = person(request)
    quiet = request.headers.get("HX-Request") and request.method == "GET"
    context = {
        **ahead(draft),
        "draft": draft,
        "trial": trial,
        "open": trial is not None and trial.state in trials.OPEN,
        "result": result,
        "differing": _differing(result) if result is not None else [],
        "rules": _rules(trial, result, user) if trial is not None and result is not None else [],
        "fits": trial is not None and trials.fits(trial, draft),
        "name": _name(trial),
        "spans": SPANS,
        "may_write": user.may(Permission.PACK_PUBLISH) and draft.state == drafts.DraftState.OPEN,
        "may_ask": user.may(Permission.PACK_PUBLISH) and draft.state == drafts.DraftState.OPEN,
        "reads": user.may(Permission.CASE_READ),
        "broken": not quiet
        and draft.state == drafts.DraftState.OPEN
        and load_pack(draft.files, lists.at_hand()).pack is None,
        "error": error,
    }
    template = "console/desk/trial_answer.html" if quiet else "console/desk/trial.html"
    return render(request, template, context, status=status)


def _differing(result: TrialResult) -> list[Finding]:
    """Return what is said of the first events on which ways of judging differ, in the reader's language."""
    language = (get_language() or "en")[:2]
    return [in_language(one, language) for one in findings_of(result.disagreements[:5])]


def _name(trial: Trial | None) -> str:
    return "" if trial is None else staff.names({trial.asked_by}).get(trial.asked_by, trial.asked_by)


@require_GET
@admit(Permission.PACK_READ)
def trial(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Show the newest trial of a draft, or how far it is."""
    return _page(request, _find(draft_id))


@require_POST
@admit(Permission.PACK_PUBLISH)
def ask(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Ask for a trial; it runs beside the worker."""
    draft = _find(draft_id)
    days = request.POST.get("days", "")
    try:
        trials.ask(
            draft_id,
            days=int(days) if days in {str(span) for span in SPANS} else 0,
            by=person(request).actor,
            now=timezone.now(),
        )
    except BrokenError:  # the page says so by itself
        return _page(request, draft, status=422)
    except TrialError:
        return _page(request, draft, error=_("Choose a span."), status=422)
    return redirect("console:rule_trial", draft_id)


@require_POST
@admit(Permission.PACK_PUBLISH)
def cancel(request: HttpRequest, draft_id: int) -> HttpResponse:
    """End the trial that waits or runs."""
    newest = trials.newest(_find(draft_id))
    if newest is not None and newest.state in {TrialState.WAITING, TrialState.RUNNING}:
        trials.cancel(newest.pk, by=person(request).actor, now=timezone.now())
        messages.success(request, _("Cancelled."))
    return redirect("console:rule_trial", draft_id)
