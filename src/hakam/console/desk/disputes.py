"""Disputes before certified bodies (DSA Art. 21) at the desk: dates, the file, the outcome, the costs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance.access import deadlines_of
from hakam.compliance.eu_database.codes import EU
from hakam.console.admission import admit, person
from hakam.console.countries import offered
from hakam.console.installation import installation, vault
from hakam.intake import dispute_access, disputes
from hakam.intake.disputes import DisputeError, DisputeOutcome
from hakam.intake.models import Dispute, DisputeBody
from hakam.review.lineage import decision_named
from hakam.staff.roles import Permission


class BodyForm(forms.Form):
    """A certified body, as in the Commission's list."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=300)
    country = forms.ChoiceField(label=gettext_lazy("Member State"), choices=offered(EU))
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=320)
    certified_on = forms.DateField(
        label=gettext_lazy("Certified on"), widget=forms.DateInput(attrs={"type": "date"})
    )
    certified_until = forms.DateField(
        label=gettext_lazy("Certified until"), widget=forms.DateInput(attrs={"type": "date"})
    )


class DisputeForm(forms.Form):
    """A dispute that a body told us of."""

    body_id = forms.TypedChoiceField(label=gettext_lazy("Body"), coerce=int)
    decision = forms.RegexField(
        label=gettext_lazy("Decision"),
        regex=r"^decision:[0-9]{1,12}$",
        widget=forms.TextInput(attrs={"placeholder": "decision:7", "dir": "ltr"}),
    )
    reference = forms.CharField(label=gettext_lazy("Reference of the body"), max_length=300)
    received_at = forms.DateTimeField(
        label=gettext_lazy("Received by the body"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the bodies that are entered."""
        super().__init__(*args, **kwargs)
        field = self.fields["body_id"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(one.pk, one.name) for one in DisputeBody.objects.order_by("name")]


def _list(
    request: HttpRequest, *, form: DisputeForm | None = None, body: BodyForm | None = None, status: int = 200
) -> HttpResponse:
    user = person(request)
    context = {
        "rows": dispute_access.disputes(user),
        "form": form or DisputeForm(),
        "body": body or BodyForm(),
        "bodies": dispute_access.bodies(),
        "may_handle": user.may(Permission.DISPUTE_HANDLE),
    }
    return render(request, "console/desk/disputes.html", context, status=status)


@require_GET
@admit(Permission.DISPUTE_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the disputes, those that wait for us on top."""
    return _list(request)


@require_POST
@admit(Permission.DISPUTE_HANDLE)
def add_body(request: HttpRequest) -> HttpResponse:
    """Enter a certified body."""
    form = BodyForm(request.POST)
    if not form.is_valid():
        return _list(request, body=form, status=422)
    try:
        disputes.register_body(by=person(request).actor, now=timezone.now(), **form.cleaned_data)
    except DisputeError as error:
        form.add_error(None, str(error))
        return _list(request, body=form, status=422)
    messages.success(request, _("Saved."))
    return redirect("console:disputes")


@require_POST
@admit(Permission.DISPUTE_HANDLE)
def start(request: HttpRequest) -> HttpResponse:
    """Note a dispute that a body told us of."""
    form = DisputeForm(request.POST)
    if not form.is_valid():
        return _list(request, form=form, status=422)
    try:
        made = disputes.open_dispute(by=person(request).actor, now=timezone.now(), **form.cleaned_data)
    except DisputeError as error:
        form.add_error(None, str(error))
        return _list(request, form=form, status=422)
    return redirect("console:dispute", made.pk)


def _find(request: HttpRequest, dispute_id: UUID) -> Dispute:
    found = dispute_access.dispute(person(request), str(dispute_id))
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, found: Dispute, *, error: str = "", status: int = 200) -> HttpResponse:
    contested = decision_named(found.decision)
    context = {
        "dispute": found,
        "case": contested.case_id
        if contested is not None and person(request).may(Permission.CASE_READ)
        else None,
        "clocks": [one for one in deadlines_of(disputes.subject_of(found)) if one.met_at is None],
        "outcomes": list(DisputeOutcome),
        "may_handle": person(request).may(Permission.DISPUTE_HANDLE),
        "error": error,
        "given": request.POST,
    }
    return render(request, "console/desk/dispute.html", context, status=status)


@require_GET
@admit(Permission.DISPUTE_READ)
def one(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """Show one dispute."""
    return _page(request, _find(request, dispute_id))


def _money(request: HttpRequest, name: str) -> Decimal:
    field = forms.DecimalField(min_value=0, max_digits=10, decimal_places=2)
    try:
        amount: Decimal = field.clean(request.POST.get(name) or "0")
    except forms.ValidationError as error:
        raise DisputeError(_("Write an amount as 120.50")) from error
    return amount


def _decide(key: str, because: str, given: dict[str, Any], request: HttpRequest) -> object:
    outcome = request.POST.get("outcome", "")
    if outcome not in set(DisputeOutcome):
        raise DisputeError(_("Choose the outcome."))
    return disputes.decide(
        key,
        outcome=DisputeOutcome(outcome),
        text=because,
        fee=_money(request, "fee"),
        reimburse=_money(request, "reimburse"),
        **given,
    )


def _export(key: str, _because: str, given: dict[str, Any], _request: HttpRequest) -> object:
    language = translation.get_language() or "en"
    return disputes.export(
        key, language=language, platform_name=installation().platform_name, vault=vault(), **given
    )


_VERBS: dict[str, Callable[[str, str, dict[str, Any], HttpRequest], object]] = {
    "refuse": lambda key, because, given, _request: disputes.refuse(key, because=because, **given),
    "export": _export,
    "decide": _decide,
    "reverse": lambda key, because, given, _request: disputes.settle(
        key, because=because, reverse=True, **given
    ),
    "settle": lambda key, because, given, _request: disputes.settle(key, because=because, **given),
    "pay": lambda key, _because, given, _request: disputes.pay(key, **given),
}


@require_POST
@admit(Permission.DISPUTE_HANDLE)
def act(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """Refuse, export the file, note the outcome, carry it out or say why not, note the payment."""
    found = _find(request, dispute_id)
    verb = _VERBS.get(request.POST.get("do", ""))
    if verb is None:
        return _page(request, found, error=_("Choose what to do."), status=422)
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    try:
        document = verb(str(found.pk), request.POST.get("because", "")[:10_000], given, request)
    except DisputeError as error:
        return _page(request, found, error=str(error), status=422)
    if isinstance(document, bytes):
        response = HttpResponse(document, content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="dispute-{found.pk}.json"'
        response["Cache-Control"] = "no-store"
        return response
    messages.success(request, _("Saved."))
    return redirect("console:dispute", found.pk)
