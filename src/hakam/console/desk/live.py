"""Live streams at the desk: the wall of what is on air, one stream with its keys, and who may go live."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, cast

from csp.decorators import csp_update
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.console import live_terms
from hakam.console.admission import admit, person
from hakam.console.charts import line
from hakam.console.desk.deciding import REFUSALS, in_words, remember
from hakam.console.installation import installation, media_servers
from hakam.console.reader import digits
from hakam.live import access, cutting, permits, presence, steps
from hakam.live.configuration import ConfigurationError
from hakam.live.models import Stream
from hakam.live.permits import PermitError
from hakam.live.states import CUTS, Step, StreamState
from hakam.live.steps import StepError
from hakam.live.watching.plan import CLOSE_AT, WEIGHTS
from hakam.live.watching.video_files import Form
from hakam.policy.territories import TERRITORIES
from hakam.review import clauses
from hakam.review.clauses import NoRulebookError
from hakam.staff.roles import Permission
from hakam.vocabulary.event import COUNTRY_CODES

_KEPT_CLAUSE: Final = "live_clause"
_MOST_COUNTRIES: Final = 60
_MOST_LINES: Final = 6  # scores of models that are drawn beside the whole
_BLANK: Final = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # a picture of nothing
_LONGEST_FACTS: Final = 5_000
_LONGEST_NUMBER: Final = 12  # digits


_View = Callable[..., HttpResponse]
_plays = cast("Callable[[_View], _View]", csp_update({"media-src": ["blob:"]}))
"""Lets a page play what it puts together itself, which has no address on any server."""


def _stream(request: HttpRequest, stream_id: int) -> Stream:
    found = access.stream(stream_id, user=person(request))
    if found is None:
        raise Http404
    return found


def _wall(request: HttpRequest) -> dict[str, Any]:
    user, now = person(request), timezone.now()
    return {
        "rows": access.on_air(user, home=installation().home, now=now),
        "over": access.over(user),
        "asked": access.asked_count(),
        "may_permit": user.may(Permission.LIVE_PERMIT),
    }


@require_GET
@admit(Permission.LIVE_READ)
def wall(request: HttpRequest) -> HttpResponse:
    """Show every stream on air, the riskiest first; the list renews itself."""
    part = request.headers.get("HX-Request") and request.GET.get("part") == "wall"
    template = "console/desk/live_wall.html" if part else "console/desk/live.html"
    return render(request, template, _wall(request))


def _default_facts(stream: Stream) -> str:
    """Return the facts as the affected person reads them, in their language, for one key to be enough."""
    with translation.override(stream.language.split("-")[0] or "en"):
        if stream.flagged:
            return _(
                "The live stream shows content that is in a bank of known content. "
                "It was found by an automated comparison and confirmed by a moderator who watched the stream."
            )
        return _("A moderator watched the live stream and saw content that this rule does not allow.")


def _page(request: HttpRequest, stream: Stream, *, error: str = "", status: int = 200) -> HttpResponse:
    user, now = person(request), timezone.now()
    if stream.state == StreamState.LIVE and user.may(Permission.LIVE_ACT):
        presence.look(stream, user=user, now=now)
    version = clauses.active()
    language = translation.get_language() or "en"
    context = _state(request, stream) | {
        "clauses": [(one.id, clauses.title_of(one, language)) for one in clauses.all_in(version)]
        if version
        else [],
        "chosen": request.POST.get("clause") or stream.clause or request.session.get(_KEPT_CLAUSE, ""),
        "facts": request.POST.get("facts") or _default_facts(stream),
        "countries": request.POST.get("countries", ""),
        "error": error,
        "video_words": live_terms.VIDEO.items(),
        "digits": digits("0123456789"),
    }
    return render(request, "console/desk/stream.html", context, status=status)


def _state(request: HttpRequest, stream: Stream) -> dict[str, Any]:
    user, now = person(request), timezone.now()
    found = access.view(stream, home=installation().home, now=now)
    newest = found.points[-1].parts if found.points else {}
    begin = found.points[0].at if found.points else now
    places = [((p.at - begin).total_seconds(), p.score) for p in found.points]
    seen = sorted({name for p in found.points for name in p.parts if name not in WEIGHTS})[:_MOST_LINES]
    beside = [
        [((p.at - begin).total_seconds(), p.parts[name]) for p in found.points if name in p.parts]
        for name in seen
    ]
    shown = found.frames[-1] if found.frames else ""
    return {
        "view": found,
        "stream": stream,
        "picture": shown,
        "picture_age": max(0, round(time.time() - float(shown.removesuffix(".jpg")))) if shown else None,
        "strip": found.frames[::-4][:6][::-1],
        "chart": line(places, least=60.0, mark=CLOSE_AT, beside=beside),
        "parts": {name: value for name, value in newest.items() if name in WEIGHTS},
        "seen": [(n, name, newest.get(name)) for n, name in enumerate(seen, 1)],
        "others": [one for one in found.present if one.pk != user.pk],
        "keys": [(str(n), step.value, step in CUTS) for n, step in enumerate(Step, 1)],
        "standing": {taken.row.step for taken in found.steps if taken.stands},
        "may_act": user.may(Permission.LIVE_ACT) and user.may(Permission.CASE_DECIDE),
        "live": stream.state == StreamState.LIVE,
        "offered_facts": _default_facts(stream),
        "black_after": None
        if found.cut is None or found.cut.black_at is None
        else (found.cut.black_at - found.cut.ordered_at).total_seconds(),
    }


@require_GET
@admit(Permission.LIVE_READ)
@_plays
def stream(request: HttpRequest, stream_id: int) -> HttpResponse:
    """Show one stream: moving without sound, its score, who else looks, and the keys."""
    return _page(request, _stream(request, stream_id))


@require_GET
@admit(Permission.LIVE_READ)
def state(request: HttpRequest, stream_id: int) -> HttpResponse:
    """Give what changes each second. Asking for it is the sign that somebody looks."""
    found = _stream(request, stream_id)
    if found.state == StreamState.LIVE and person(request).may(Permission.LIVE_ACT):
        presence.look(found, user=person(request), now=timezone.now())
    return render(request, "console/desk/stream_state.html", _state(request, found) | {"part": True})


@require_GET
@admit(Permission.LIVE_READ)
def frame(request: HttpRequest, stream_id: int, name: str) -> HttpResponse:
    """Give one frame: decoded, made grey and encoded anew by us, never the server's own bytes.

    Of one that has made room for newer ones since the page was made, nothing is shown; that is no error.
    """
    found = _stream(request, stream_id)
    data = access.frame(installation().home, found, name)
    if data is None and access.may_have_gone(found, name):
        return HttpResponse(_BLANK, content_type="image/gif", headers={"Cache-Control": "no-store"})
    if data is None:
        raise Http404
    return HttpResponse(
        data, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=60, immutable"}
    )


def _territory(text: str) -> tuple[str, ...]:
    """Read countries as somebody types them. Raises `StepError`."""
    named = [word.upper() for word in text.replace(",", " ").replace("،", " ").split()]
    wrong = [word for word in named if word not in COUNTRY_CODES and word not in TERRITORIES]
    if wrong or len(named) > _MOST_COUNTRIES:
        raise StepError(_("Countries are two letters each, as DE, or EU, EEA, GCC."))
    return tuple(named)


def _clause(request: HttpRequest) -> str:
    """Return the clause that was chosen. Raises `StepError`."""
    clause = request.POST.get("clause", "")
    if not clause:
        raise StepError(_("Choose the clause that is broken."))
    return clause


def _because(request: HttpRequest) -> str:
    """Return why a step is taken back. Raises `StepError`."""
    because = request.POST.get("because", "").strip()[:_LONGEST_FACTS]
    if not because:
        raise StepError(_("Say why: the person is told."))
    return because


@require_GET
@admit(Permission.LIVE_READ)
def video(request: HttpRequest, stream_id: int) -> HttpResponse:
    """Give the newest pieces of the moving picture. Asking for them is what lets it be made.

    Query: `form` (see `Form`), `run` and `after`, as the last answer said them. 204: nothing new, and `Hakam-Why` may
    say why. It never waits: a question each quarter of a second holds no thread of the console.
    """
    found = _stream(request, stream_id)
    try:
        form = Form(request.GET.get("form", Form.PLAIN))
    except ValueError:
        return HttpResponse(status=400)
    parts = access.video(
        installation().home,
        found,
        form,
        run=request.GET.get("run", ""),
        after=_number(request.GET.get("after", "")),
        at=time.time(),
    )
    headers = {
        "Cache-Control": "no-store",
        "Hakam-Run": parts.run,
        "Hakam-Next": str(parts.next),
        "Hakam-Age": f"{parts.age:.3f}",
        "Hakam-Why": str(parts.why),
    }
    if not parts.data:
        return HttpResponse(status=204, headers=headers)
    return HttpResponse(parts.data, content_type=parts.type, headers=headers)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else 0


@require_POST
@admit(Permission.LIVE_ACT)
@_plays
def take(request: HttpRequest, stream_id: int) -> HttpResponse:
    """Take a step. A cut is carried out before this answers, and the answer says whether it is black."""
    found = _stream(request, stream_id)
    try:
        step, clause = Step(request.POST.get("step", "")), _clause(request)
        taken = steps.take(
            found.pk,
            step,
            user=person(request),
            now=timezone.now(),
            home=installation().home,
            clause=clause,
            facts=request.POST.get("facts", "")[:_LONGEST_FACTS] or _default_facts(found),
            territory=_territory(request.POST.get("countries", "")) if step is Step.WITHHOLD else (),
            undo_seconds=installation().undo_seconds,
        )
    except (StepError, ConfigurationError) as error:
        return _page(request, found, error=str(error), status=422)
    except PermissionError:
        raise Http404 from None
    except (*REFUSALS, ValueError) as error:
        if isinstance(error, ValueError) and not isinstance(error, REFUSALS):
            return HttpResponse(status=400)
        return _page(request, found, error=in_words(error), status=422)
    request.session[_KEPT_CLAUSE] = clause
    if taken.cut is None:
        remember(request, taken.decision)
        messages.success(request, _("Done. It can be undone for a few seconds."))
    elif cutting.carry_out(taken.cut.pk, media_servers(), clock=lambda: datetime.now(tz=UTC)):
        messages.success(request, _("The stream is black."))
    else:
        messages.error(
            request, _("The order stands, but the stream is not black yet: trying on. Look at the server.")
        )
    return redirect("console:stream", found.pk)


@require_POST
@admit(Permission.LIVE_ACT)
def lift(request: HttpRequest, step_id: int) -> HttpResponse:
    """Take a step back and tell the person why."""
    step = access.step(step_id, user=person(request))
    if step is None:
        raise Http404
    try:
        steps.lift(
            step.pk,
            because=_because(request),
            user=person(request),
            now=timezone.now(),
            home=installation().home,
        )
    except StepError as error:
        messages.error(request, str(error))
    except PermissionError:
        raise Http404 from None
    except (*REFUSALS, NoRulebookError) as error:
        messages.error(request, in_words(error))
    else:
        messages.success(request, _("Taken back. The person is told."))
    return redirect("console:stream", step.stream_id)


def _permits(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    asked, held = access.permits(now=timezone.now())
    context = {
        "asked": asked,
        "held": held,
        "refusals": list(access.refusals()),
        "platform": request.POST.get("platform") or installation().platform,
        "account": request.POST.get("account", ""),
        "event": request.POST.get("event", ""),
        "days": request.POST.get("days", "30"),
        "error": error,
        "may_settle": person(request).may(Permission.LIVE_PERMIT),
    }
    return render(request, "console/desk/permits.html", context, status=status)


def _days(request: HttpRequest) -> int:
    text = request.POST.get("days", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0  # noqa: PLR2004 -- no year


@require_GET
@admit(Permission.LIVE_READ)
def permit_list(request: HttpRequest) -> HttpResponse:
    """List who asks to be live, who is approved, and who was refused."""
    return _permits(request)


@require_POST
@admit(Permission.LIVE_PERMIT)
def approve(request: HttpRequest) -> HttpResponse:
    """Approve an account or an event beforehand."""
    try:
        permits.approve(
            platform=request.POST.get("platform", "")[:63],
            account=request.POST.get("account", ""),
            event=request.POST.get("event", ""),
            days=_days(request),
            because=request.POST.get("because", ""),
            user=person(request),
            now=timezone.now(),
            home=installation().home,
        )
    except (PermitError, ConfigurationError) as error:
        return _permits(request, error=str(error), status=422)
    messages.success(request, _("Approved."))
    return redirect("console:permits")


@require_POST
@admit(Permission.LIVE_PERMIT)
def settle(request: HttpRequest, permit_id: int) -> HttpResponse:
    """Grant a permit, refuse it, or withdraw one."""
    if not access.has_permit(permit_id):
        raise Http404
    given: dict[str, Any] = {
        "because": request.POST.get("because", ""),
        "user": person(request),
        "now": timezone.now(),
        "home": installation().home,
    }
    try:
        match request.POST.get("do", ""):
            case "grant":
                permits.settle(permit_id, grant=True, days=_days(request), **given)
            case "refuse":
                permits.settle(permit_id, grant=False, days=0, **given)
            case "withdraw":
                permits.withdraw(permit_id, **given)
            case _:
                return HttpResponse(status=400)
    except (PermitError, ConfigurationError) as error:
        return _permits(request, error=str(error), status=422)
    messages.success(request, _("Saved. The person is told."))
    return redirect("console:permits")
