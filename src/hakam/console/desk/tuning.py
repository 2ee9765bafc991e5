"""Parameters of the rules: what is in force, who set it, within which bounds, and another value on its way."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance import drafts, lists, rulebook
from hakam.compliance.drafts import DraftError
from hakam.console.admission import admit, person
from hakam.console.desk import drafts as drafts_page
from hakam.console.desk.trials import SPANS
from hakam.console.templatetags.hakam import spoken
from hakam.policy import tuning as values
from hakam.policy.staging import typed_share
from hakam.policy.tuning import TuningError
from hakam.policy.wording import in_language
from hakam.review import tuning
from hakam.review.releases import ReleaseError
from hakam.review.trials import TrialError
from hakam.staff import access as staff
from hakam.staff.roles import Permission

LONGEST = 40  # characters of a value


@require_GET
@admit(Permission.PACK_READ)
def page(request: HttpRequest) -> HttpResponse:
    """Show every parameter of the rule book in force, and which rules are off in which communities."""
    return _page(request)


def _page(
    request: HttpRequest, *, error: str = "", at: str = "", broken: int | None = None, status: int = 200
) -> HttpResponse:
    version = rulebook.active()
    if version is None:
        return render(request, "console/desk/tuning.html", {"version": None}, status=status)
    pack = rulebook.load(version, lists.opened())
    dials = tuning.dials(pack)
    off = values.tuning_of(version.files).off
    people = {name for dial in dials for one in dial.settings for name in (one.by, one.confirmed_by) if name}
    open_drafts = drafts.drafts()
    context: dict[str, Any] = {
        "version": version,
        "dials": dials,
        "rules": [rule for rule in pack.rules if not rule.variant_of],
        "off": sorted((community, rule) for rule, where in off.items() for community in where),
        "communities": sorted(
            {community for dial in dials for community, _value in dial.param.by_community}
            | {community for where in off.values() for community in where}
        ),
        "drafts": open_drafts,
        "names": staff.names(people),
        "spans": SPANS,
        "may_write": person(request).may(Permission.PACK_PUBLISH),
        "error": error,
        "broken": broken,  # a draft with errors, to lead there
        "at": at if at in pack.params or at == "communities" else "",
        "typed": request.POST,
    }
    return render(request, "console/desk/tuning.html", context, status=status)


def _common(request: HttpRequest) -> dict[str, Any]:
    """Return what both forms ask: where it is written, how far back is looked, who asks."""
    draft, days = request.POST.get("draft", ""), request.POST.get("days", "")
    return {
        "community": request.POST.get("community", "")[: values.MAX_COMMUNITY + 1],
        "draft_id": int(draft) if draft.isascii() and draft.isdigit() and len(draft) < 10 else None,  # noqa: PLR2004 -- of a column
        "days": int(days) if days in {str(span) for span in SPANS} else 0,
        "by": person(request).actor,
        "now": timezone.now(),
    }


@require_POST
@admit(Permission.PACK_PUBLISH)
def tune(request: HttpRequest) -> HttpResponse:
    """Write another value into a draft, and show whom it would touch."""
    name = request.POST.get("param", "")[:64]
    asked, share = request.POST.get("stage", ""), typed_share(request.POST.get("share", "")[:16])
    do = request.POST.get("do", "")
    on_trial = asked.startswith("try-") or do == "end"
    stage = asked.removeprefix("try-")
    given = _common(request)
    try:
        draft = tuning.propose(
            name,
            None if do in {"default", "end"} else request.POST.get("value", "")[:LONGEST],
            on_trial=on_trial and do != "default",
            staging={"": None, "canary": f"canary {share}%"}.get(stage, stage),
            **given,
        )
    except (TuningError, DraftError, ReleaseError, TrialError) as error:
        return _refused(request, error, name, given["draft_id"])
    return redirect("console:rule_trial", draft.pk)


@require_POST
@admit(Permission.PACK_PUBLISH)
def switch(request: HttpRequest) -> HttpResponse:
    """Write into a draft that a rule does not hold in a community, or holds there again."""
    rule = request.POST.get("rule", "")[:128]
    given = _common(request)
    try:
        draft = tuning.switch(rule, off=request.POST.get("do") != "on", **given)
    except (TuningError, DraftError, TrialError) as error:
        return _refused(request, error, "communities", given["draft_id"])
    return redirect("console:rule_trial", draft.pk)


def _refused(request: HttpRequest, error: Exception, at: str, draft_id: int | None) -> HttpResponse:
    broken = type(error) in {TuningError, tuning.BrokenDraftError}
    return _page(request, error=in_words(error), at=at, broken=draft_id if broken else None, status=422)


def in_words(error: Exception) -> str:
    """Return why nothing was written, for this reader."""
    if isinstance(error, tuning.SpoiltError):
        found = in_language(error.finding, (get_language() or "en")[:2])
        return format_html(
            "{} {}", _("Nothing was written. The rules would have an error by it:"), spoken(found.message)
        )
    for kind, words in _REFUSALS.items():
        if isinstance(error, kind):
            return str(words)
    if isinstance(error, DraftError):
        return drafts_page.in_words(error)
    if isinstance(error, ReleaseError):
        return _("Choose a stage; a canary's share is above 0 and at most 100.")
    if isinstance(error, TrialError):
        return _("Choose a span.")
    return _("The draft has errors. Mend them first.")


_REFUSALS = {
    values.SameValueError: gettext_lazy("It is so already: nothing was changed."),
    values.UnknownNameError: gettext_lazy("The rule book has no such parameter or rule any more."),
    values.NoValueError: gettext_lazy("Type a number, as 30 or 0.85; a duration as 10m, 24h or 7d."),
    values.OutOfBoundsError: gettext_lazy("The value lies outside of what is allowed."),
    values.NoTrialStageError: gettext_lazy(
        "A value is tried for all communities alike: in shadow, or for a share of authors above none and below all."
    ),
    values.NoCommunityError: gettext_lazy("Type the id of the community, in at most 200 characters."),
}
