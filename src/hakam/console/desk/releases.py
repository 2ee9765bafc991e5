"""Rolling rules out: stages rule by rule, a second person where one goes live, and the way back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance import drafts, lists, rulebook
from hakam.compliance.drafts import DraftError
from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.compliance.rulebook import RulebookError
from hakam.console.admission import admit, person
from hakam.console.desk import rules as rules_page
from hakam.console.desk.drafts import ahead
from hakam.policy import tuning
from hakam.policy.pack import load_pack
from hakam.policy.params import Number, Tuning
from hakam.policy.staging import Staging, parse_staging, typed_share
from hakam.review import releases, trials, trips, way_back
from hakam.review.models import RuleTrip
from hakam.review.releases import ReleaseError, ReleaseState
from hakam.review.trips import SettledError, TripKind, UnsaidError
from hakam.staff import access as staff
from hakam.staff.roles import Permission

REASON = 2_000  # characters


def _find(draft_id: int) -> RulebookDraft:
    found = drafts.find(draft_id)
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    draft: RulebookDraft,
    *,
    error: str = "",
    typed: QueryDict | None = None,
    status: int = 200,
) -> HttpResponse:
    pack = load_pack(draft.files, lists.at_hand()).pack
    active = rulebook.active()
    chosen = releases.steps(rulebook.load(active) if active else None, pack) if pack is not None else []
    trial = trials.newest(draft)
    result = trials.result_of(trial) if trial is not None else None
    made = releases.newest(draft)
    user = person(request)
    before = draft.base.files if draft.base is not None else {}
    tuned = tuning.tuning_of(active.files if active else {}), tuning.tuning_of(draft.files)
    context: dict[str, Any] = {
        **ahead(draft),
        "draft": draft,
        "broken": pack is None,
        "moving": [step for step in chosen if step.moves],
        "variants": {rule.id for rule in pack.rules if rule.variant_of} if pack is not None else set(),
        "typed": typed,
        "staying": [step for step in chosen if not step.moves],
        "takes_two": releases.takes_two(chosen),
        "result": result,
        "tried": trial is not None and result is not None and trials.fits(trial, draft),
        "release": made,
        "names": staff.names({n for n in (made.by, made.settled_by) if n}) if made is not None else {},
        "mine": made is not None and made.by == str(user.actor),
        "differences": [
            (path, before.get(path, ""), draft.files.get(path, "")) for path in drafts.changed_files(draft)
        ],
        "values": _values(*tuned),
        "switches": tuning.switches(*tuned),
        "may_publish": user.may(Permission.PACK_PUBLISH) and draft.state == drafts.DraftState.OPEN,
        "error": error,
        "note": request.POST.get("note", ""),
    }
    return render(request, "console/desk/release.html", context, status=status)


def _values(
    before: Tuning, after: Tuning
) -> list[tuple[tuning.Change, Staging | None, tuple[Number | None, Number | None]]]:
    """Return each changed value with how it is tried, if it is, and what holds where a community has none."""

    def alike(change: tuning.Change) -> tuple[Number | None, Number | None]:
        if not change.community:
            return None, None
        old, new = (one.params.get(change.param) for one in (before, after))
        return old.value if old else None, new.value if new else None

    return [(change, parse_staging(change.stage), alike(change)) for change in tuning.changes(before, after)]


@require_GET
@admit(Permission.PACK_READ)
def page(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Show what a draft changes, rule by rule, and what is lacking before it can be in force."""
    return _page(request, _find(draft_id))


@require_POST
@admit(Permission.PACK_PUBLISH)
def stage(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Write another stage of one rule into the draft."""
    found = _find(draft_id)
    chosen = request.POST.get("stage", "")
    share = typed_share(request.POST.get("share", "")[:16])
    try:
        releases.set_stage(
            draft_id,
            rule=request.POST.get("rule", "")[:128],
            staging=f"canary {share}%" if chosen == "canary" else chosen,
            by=person(request).actor,
            now=timezone.now(),
        )
    except releases.BrokenError:  # the page says so by itself
        return _page(request, found, status=422)
    except (releases.NoRuleError, releases.VariantError, DraftError) as error:
        return _page(request, found, error=in_words(error), status=422)
    except ReleaseError:
        said = _("Choose a stage; a canary's share is above 0 and at most 100.")
        return _page(request, found, error=said, typed=request.POST, status=422)
    return redirect("console:rule_release", draft_id)


@require_POST
@admit(Permission.PACK_PUBLISH)
def publish(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Put the draft in force, or ask the second person."""
    found = _find(draft_id)
    note = request.POST.get("note", "")[:REASON]
    try:
        made = releases.release(draft_id, note=note, by=person(request).actor, now=timezone.now())
    except (ReleaseError, RulebookError, DraftError) as error:
        return _page(request, found, error=in_words(error), status=422)
    if made.state == ReleaseState.PUBLISHED:
        messages.success(request, _("It is in force."))
        return redirect("console:rules")
    messages.success(request, _("A rule goes live: a colleague must confirm it. They are told by e-mail."))
    return redirect("console:rule_release", draft_id)


@require_POST
@admit(Permission.PACK_PUBLISH)
def settle(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Confirm or refuse what a colleague released, or withdraw one's own."""
    found = _find(draft_id)
    made = releases.newest(found)
    verdict = request.POST.get("verdict", "")
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    try:
        if made is None or verdict not in {"confirm", "refuse"}:
            return _page(request, found, error=_("Say whether you confirm it."), status=422)
        if verdict == "confirm":
            releases.confirm(made.pk, **given)
            messages.success(request, _("It is in force."))
            return redirect("console:rules")
        releases.refuse(made.pk, because=request.POST.get("because", "")[:REASON], **given)
    except (ReleaseError, RulebookError, DraftError) as error:
        return _page(request, _find(draft_id), error=in_words(error), status=422)
    messages.success(request, _("It is not published. The draft can be written on."))
    return redirect("console:rule_release", draft_id)


@require_POST
@admit(Permission.PACK_PUBLISH)
def go_back(request: HttpRequest, version_id: int) -> HttpResponse:
    """Put an earlier version in force again, at once."""
    try:
        releases.go_back(
            version_id,
            because=request.POST.get("because", "")[:REASON],
            by=person(request).actor,
            now=timezone.now(),
        )
    except releases.OverError:
        raise Http404 from None
    except (ReleaseError, RulebookError) as error:
        messages.error(request, in_words(error))
    else:
        messages.success(request, _("The earlier version is in force again."))
    return redirect("console:rules")


@require_POST
@admit(Permission.PACK_PUBLISH)
def go_back_at_once(request: HttpRequest, version_id: int) -> HttpResponse:
    """Put the rules before these in force again; why may be said afterwards."""
    instead_of = _whole(request.POST.get("instead_of", "")) or 0
    because = request.POST.get("because", "")[:REASON]
    try:
        way_back.go(
            version_id, instead_of=instead_of, because=because, by=person(request).actor, now=timezone.now()
        )
    except releases.OverError:
        raise Http404 from None
    except releases.ChangedError:
        messages.error(
            request, _("Nothing was changed: other rules are in force by now than those you looked at.")
        )
    except (ReleaseError, RulebookError) as error:
        messages.error(request, in_words(error))
    else:
        messages.success(request, _("The earlier version is in force again."))
    return redirect("console:rules")


@require_POST
@admit(Permission.PACK_PUBLISH)
def explain_back(request: HttpRequest, version_id: int) -> HttpResponse:
    """Take the reason for which somebody went back with one key."""
    if not RulebookVersion.objects.filter(pk=version_id).exists():
        raise Http404
    because = request.POST.get("because", "")[:REASON]
    try:
        way_back.explain(version_id, because=because, by=person(request).actor, now=timezone.now())
    except ReleaseError as error:
        messages.error(request, in_words(error))
    else:
        messages.success(request, _("The reason stands in the rule book's history."))
    return redirect("console:rules")


@require_POST
@admit(Permission.PACK_PUBLISH)
def settle_trip(request: HttpRequest, trip_id: int) -> HttpResponse:
    """Say what one made of a rule whose quota was used up."""
    if not RuleTrip.objects.filter(pk=trip_id).exists():
        raise Http404
    because = request.POST.get("because", "")[:REASON]
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    try:
        with transaction.atomic():
            trip = trips.settle(trip_id, because=because, **given)
            draft = _another_quota(request, trip, given) if request.POST.get("quota") == "other" else None
    except SettledError:
        messages.error(request, _("Somebody looked after it in the meantime: nothing was changed."))
    except UnsaidError:
        _kept(request, trip_id)
        messages.error(request, _("Say what you make of it."))
    except (ReleaseError, DraftError):
        _kept(request, trip_id)
        messages.error(
            request, _("A quota is a number of measures an hour, a day, or both. Nothing was changed.")
        )
    else:
        if draft is not None:
            messages.success(
                request, _("The other quota is in a draft: look whom it touches, and release it.")
            )
            return redirect("console:rule_release", draft.pk)
        if trip.kind == TripKind.ASIDE and trips.stands(trip):
            said = _(
                "It is asked again. Should it go on failing, it is put aside again, and people are told."
            )
        else:
            said = _("Noted. If it happens again, people are told again.")
        messages.success(request, said)
    return redirect("console:rules")


def _kept(request: HttpRequest, trip_id: int) -> None:
    """Keep what was typed for the form on the page of the rules, which shows it once."""
    fields = ("because", "quota", "hour", "day")
    typed = {name: request.POST.get(name, "")[:REASON] for name in fields}
    request.session[rules_page.TYPED] = {"trip": trip_id, **typed}


def _another_quota(request: HttpRequest, trip: RuleTrip, given: dict[str, Any]) -> RulebookDraft:
    """Begin a draft in which the rule has the quota that the person chose."""
    hour, day = (_whole(request.POST.get(name, "")) for name in ("hour", "day"))
    draft = drafts.begin(_("Another quota for %(rule)s") % {"rule": trip.rule}, **given)
    return releases.set_quota(draft.pk, rule=trip.rule, hour=hour, day=day, **given)


def _whole(text: str) -> int | None:
    """Return a number that was typed, None for an empty field, 0 for anything else."""
    text = text.strip()
    if not text:
        return None
    return int(text) if text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 -- no quota is that large


def in_words(error: Exception) -> str:
    """Return why the rule book was not changed, for this reader."""
    for kind, said in _REFUSALS.items():
        if isinstance(error, kind):
            return str(said)
    return _("It can't be published as it is: %(why)s.") % {"why": error}


_REFUSALS = {
    releases.NoRuleError: gettext_lazy("The draft has no such rule any more."),
    releases.VariantError: gettext_lazy(
        "This rule tries a value of a parameter: its stage is set on the page of parameters, with the value."
    ),
    releases.NoReasonError: gettext_lazy("Say why: it stands in the rule book's history."),
    releases.BehindError: gettext_lazy(
        "The rules in force were changed since this draft began: take that over first."
    ),
    releases.UntriedError: gettext_lazy(
        "Look first whom it would touch: there is no sound trial of this draft as it is."
    ),
    releases.OwnReleaseError: gettext_lazy("You released it: a colleague must confirm it."),
    releases.ChangedError: gettext_lazy("The draft, or what is in force, was changed since it was released."),
    releases.OverError: gettext_lazy("It was settled in the meantime."),
    drafts.DraftOverError: gettext_lazy("This draft is over. Begin another one."),
    rulebook.VersionTakenError: gettext_lazy(
        "This version was published before: give the pack a new version in pack.yaml."
    ),
}
