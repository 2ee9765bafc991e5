"""Requests under laws of any country at the desk: entered, checked, done, answered; whose they are, who stands in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance.access import deadlines_of
from hakam.compliance.profile import profile_of
from hakam.console.admission import admit, person
from hakam.console.desk.retention import end_of
from hakam.console.installation import event_log, installation, vault
from hakam.console.terms import LANGUAGES
from hakam.enforcement.ordered import states_of
from hakam.intake.harms import GROUPS
from hakam.regulator import access, keepers, requests
from hakam.regulator.keepers import KeeperError
from hakam.regulator.models import Request
from hakam.regulator.regimes import Said, missing, offered, regimes
from hakam.regulator.requests import RequestError
from hakam.staff.roles import Permission

_TALL = forms.Textarea(attrs={"rows": 3, "dir": "auto"})
_LINES = forms.Textarea(attrs={"rows": 3, "dir": "ltr", "spellcheck": "false"})
_LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local"})


class RequestForm(forms.Form):
    """A request as it was read. What it does not say stays empty, and is named to whoever sent it."""

    regime = forms.ChoiceField(label=gettext_lazy("What it is"))
    reference = forms.CharField(label=gettext_lazy("Its file reference"), required=False, max_length=300)
    issuer = forms.CharField(label=gettext_lazy("Who asks"), required=False, max_length=300)
    contact = forms.EmailField(label=gettext_lazy("E-mail for answers"), required=False, max_length=320)
    received_at = forms.DateTimeField(
        label=gettext_lazy("Received"),
        required=False,
        widget=_LOCAL,
        help_text=gettext_lazy("Left empty: now."),
    )
    due = forms.DateTimeField(label=gettext_lazy("Period that it sets, until"), required=False, widget=_LOCAL)
    legal_basis = forms.CharField(label=gettext_lazy("Legal basis"), required=False, max_length=2000)
    notice_type = forms.CharField(
        label=gettext_lazy("What the notice is about"), required=False, max_length=500
    )
    reasons = forms.CharField(
        label=gettext_lazy("Its reasons"), required=False, max_length=20000, widget=_TALL
    )
    questions = forms.CharField(
        label=gettext_lazy("What it asks for"), required=False, max_length=20000, widget=_TALL
    )
    urls = forms.CharField(
        label=gettext_lazy("Exact addresses, one a line"), required=False, max_length=100_000, widget=_LINES
    )
    accounts = forms.CharField(
        label=gettext_lazy("Accounts, one a line"), required=False, max_length=50_000, widget=_LINES
    )
    harm = forms.ChoiceField(
        label=gettext_lazy("Subject"),
        required=False,
        choices=[("", "–"), *((title, list(words.items())) for title, words in GROUPS)],
    )
    signature = forms.CharField(
        label=gettext_lazy("Signature, as it is written"), required=False, max_length=300
    )
    declares = forms.BooleanField(
        label=gettext_lazy("It declares that this is an intimate image"), required=False
    )
    subject = forms.BooleanField(
        label=gettext_lazy("The person shown asks, or somebody for them"), required=False
    )
    good_faith = forms.BooleanField(label=gettext_lazy("It states good faith"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Its language"), choices=list(LANGUAGES.items()))
    document = forms.FileField(label=gettext_lazy("The document as it came"), required=False)
    owner = forms.TypedChoiceField(label=gettext_lazy("Owner"), required=False, coerce=int, empty_value=None)
    deputy = forms.TypedChoiceField(
        label=gettext_lazy("Deputy"), required=False, coerce=int, empty_value=None
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the laws that bind the platform, and the people who may handle requests."""
        super().__init__(*args, **kwargs)
        bound = offered(profile_of(installation().platform), timezone.localdate())
        others = [one for one in regimes().values() if one not in bound]
        _choices(self, "regime").choices = [
            (gettext_lazy("Laws that bind the platform"), [(one.key, one.words) for one in bound]),
            (gettext_lazy("Other laws"), [(one.key, one.words) for one in others]),
        ]
        people = [("", "–"), *((one.pk, one.get_full_name() or one.username) for one in keepers.handlers())]
        _choices(self, "owner").choices = _choices(self, "deputy").choices = people

    def said(self) -> Said:
        """Return what was typed, as a value. Call it on a valid form."""
        given = self.cleaned_data
        plain: dict[str, Any] = {name: given[name] for name in Said.__struct_fields__}
        for name in ("urls", "accounts"):
            plain[name] = tuple(plain[name].split())
        return Said(**plain)


def _choices(form: forms.Form, name: str) -> forms.ChoiceField:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    return field


def _list(
    request: HttpRequest, *, form: RequestForm | None = None, error: str = "", status: int = 200
) -> HttpResponse:
    user, now = person(request), timezone.now()
    rows = [
        (one, clock, requests.regime_of(one), keepers.in_charge(one.owner, one.deputy, now=now))
        for one, clock in access.requests(user, closed=request.GET.get("state") == "closed")
    ]
    people = keepers.handlers()
    gone = keepers.absences([one.pk for one in people], now=now)
    context = {
        "rows": rows,
        "closed": request.GET.get("state") == "closed",
        "form": form or RequestForm(),
        "error": error,
        "may_handle": user.may(Permission.REGULATOR_HANDLE),
        "people": [(one, gone.get(one.pk)) for one in people],
        "away_until": gone.get(user.pk),
        "me": user,
    }
    return render(request, "console/desk/requests.html", context, status=status)


@require_GET
@admit(Permission.REGULATOR_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the requests, the first due on top, who looks after each, and who is away."""
    return _list(request)


@require_POST
@admit(Permission.REGULATOR_HANDLE)
def receive(request: HttpRequest) -> HttpResponse:
    """Take a request that arrived; incomplete ones too. What was typed is never lost to an error."""
    form = RequestForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, form=form, status=422)
    given = form.cleaned_data
    try:
        made = requests.receive(
            given["regime"],
            form.said(),
            platform=installation().platform,
            vault=vault(),
            log=event_log(),
            by=person(request).actor,
            now=timezone.now(),
            received_at=given["received_at"],
            document=given["document"].read() if given["document"] else b"",
            owner=given["owner"],
            deputy=given["deputy"],
        )
    except RequestError as error:
        _refuse(form, error)
        return _list(request, form=form, status=422)
    messages.success(request, _("Taken. The clock runs."))
    return redirect("console:request", made.pk)


def _refuse(form: RequestForm, error: RequestError) -> None:
    for field, what in error.wrong.items():
        form.add_error(field if field in form.fields else None, what)
    if not error.wrong:
        form.add_error(None, str(error))


def _find(request: HttpRequest, request_id: UUID) -> Request:
    found = access.request(person(request), str(request_id))
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    found: Request,
    *,
    form: RequestForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    said, regime, now = requests.said_in(found), requests.regime_of(found), timezone.now()
    people = {one.pk: one for one in keepers.handlers()}
    initial = {
        **{name: getattr(said, name) for name in Said.__struct_fields__},
        "urls": "\n".join(said.urls),
        "accounts": "\n".join(said.accounts),
        "regime": regime.key,
        "owner": found.owner,
        "deputy": found.deputy,
    }
    context: dict[str, Any] = {
        "row": found,
        "said": said,
        "regime": regime,
        "missing": missing(regime, said),
        "clocks": [one for one in deadlines_of(requests.subject_of(found)) if one.met_at is None],
        "measures": states_of(requests.subject_of(found)),
        "may_handle": person(request).may(Permission.REGULATOR_HANDLE),
        "people": list(people.values()),
        "owner": people.get(found.owner or 0),
        "deputy": people.get(found.deputy or 0),
        "gone": keepers.absences(people, now=now),
        "in_charge": keepers.in_charge(found.owner, found.deputy, now=now),
        "form": form or RequestForm(initial=initial),
        "error": error,
        "given": request.POST,
        "still": found.state in {"open", "incomplete"},
    }
    return render(request, "console/desk/request.html", context, status=status)


@require_GET
@admit(Permission.REGULATOR_READ)
def one(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Show one request: what it says and lacks, its clock, whose it is."""
    return _page(request, _find(request, request_id))


_VERBS: dict[str, Callable[[str, str, dict[str, Any]], object]] = {
    "carry_out": lambda key, _because, given: requests.carry_out(key, log=event_log(), **given),
    "answer": lambda key, because, given: requests.answer(key, text=because, **given),
    "refuse": lambda key, because, given: requests.refuse(key, because=because, **given),
    "take_back": lambda key, because, given: requests.take_back(key, because=because, **given),
}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None  # noqa: PLR2004 -- of a key


@require_POST
@admit(Permission.REGULATOR_HANDLE)
def act(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Carry out, answer, refuse, take back, or say whose it is."""
    found = _find(request, request_id)
    do = request.POST.get("do", "")
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    try:
        if do == "assign":
            owner, deputy = _number(request.POST.get("owner", "")), _number(request.POST.get("deputy", ""))
            requests.assign(str(found.pk), owner=owner, deputy=deputy, **given)
        elif do == "prolong":
            until = end_of(request.POST.get("until", ""))
            if until is None:
                raise RequestError(_("give the day on which it ends"))  # noqa: TRY301 -- said on the page as others
            requests.prolong(
                str(found.pk), until=until, because=request.POST.get("because", "")[:2_000], **given
            )
        elif do in _VERBS:
            _VERBS[do](str(found.pk), request.POST.get("because", "")[:20_000], given)
        else:
            return _page(request, found, error=_("Choose what to do."), status=422)
    except RequestError as error:
        return _page(request, found, error=str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("console:request", found.pk)


@require_POST
@admit(Permission.REGULATOR_HANDLE)
def complete(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Take what was missing, or what was mistyped: the whole request as it reads now."""
    found = _find(request, request_id)
    form = RequestForm({**request.POST.dict(), "regime": found.regime})
    if not form.is_valid():
        return _page(request, found, form=form, error=_("Something is missing or wrong."), status=422)
    try:
        requests.complete(str(found.pk), form.said(), by=person(request).actor, now=timezone.now())
    except RequestError as error:
        _refuse(form, error)
        return _page(request, found, form=form, error=str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("console:request", found.pk)


@require_POST
@admit(Permission.REGULATOR_HANDLE)
def absence(request: HttpRequest) -> HttpResponse:
    """Say that one is away for some days, or back: what is one's own goes to the deputy at once."""
    user, now = person(request), timezone.now()
    days = _number(request.POST.get("days", "")) or 0
    try:
        if request.POST.get("do") == "back":
            keepers.come_back(user, by=user.actor, now=now)
        else:
            keepers.go_away(
                user, begins=now, ends=now + timedelta(days=min(days, 366)), by=user.actor, now=now
            )
    except KeeperError as error:
        return _list(request, error=str(error), status=422)
    moved = requests.hand_over(now=now)
    messages.success(request, _("Saved. Requests that others look after now: %(count)s.") % {"count": moved})
    return redirect("console:requests")
