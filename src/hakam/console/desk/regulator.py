"""The regulator desk: contact points, risk assessments, checklists, the evidence pack."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance.profile import duties, judge, profile_of
from hakam.console.admission import admit, person
from hakam.console.installation import installation
from hakam.regulator import checklists, contacts, keepers, pack, proof, risks
from hakam.regulator.checklists import AttestationError, LineState
from hakam.regulator.checks import Chosen
from hakam.regulator.contacts import ContactError, Contacts
from hakam.regulator.evidence import Situation
from hakam.regulator.models import RiskAssessment
from hakam.regulator.risks import Assessment, Judged, Level, RiskError, Scheme
from hakam.staff.access import names
from hakam.staff.models import User
from hakam.staff.roles import Permission

_LONGEST = 20_000
_MOST_DIGITS = 12


def _chosen() -> Chosen:
    here = installation()
    return Chosen(here.notice_hours, here.complaint_days, database=bool(here.eu_database_url))


class ContactsForm(forms.Form):
    """How the platform is reached."""

    authorities_email = forms.EmailField(label=gettext_lazy("E-mail for authorities"), required=False)
    authorities_languages = forms.CharField(
        label=gettext_lazy("Languages in which authorities may write"), required=False, max_length=200,
        help_text=gettext_lazy("Language codes with spaces between, as: en de"),
    )  # fmt: skip
    removal_email = forms.EmailField(
        label=gettext_lazy("E-mail for removal orders on terrorist content"), required=False,
        help_text=gettext_lazy("Left empty: the same as for authorities. Somebody must read it day and night."),
    )  # fmt: skip
    people_email = forms.EmailField(label=gettext_lazy("E-mail for people"), required=False)
    people_phone = forms.CharField(label=gettext_lazy("Telephone for people"), required=False, max_length=64)
    people_address = forms.CharField(
        label=gettext_lazy("Postal address"), required=False, max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )  # fmt: skip
    people_hours = forms.CharField(
        label=gettext_lazy("When a person answers"), required=False, max_length=300
    )
    representative_name = forms.CharField(
        label=gettext_lazy("Legal representative in the Union"), required=False, max_length=300
    )
    representative_address = forms.CharField(
        label=gettext_lazy("Address of the representative"), required=False, max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )  # fmt: skip
    representative_email = forms.EmailField(
        label=gettext_lazy("E-mail of the representative"), required=False
    )
    representative_phone = forms.CharField(
        label=gettext_lazy("Telephone of the representative"), required=False, max_length=64
    )
    representative_state = forms.CharField(
        label=gettext_lazy("Member State of the representative, two letters"), required=False, max_length=2
    )
    officer_name = forms.CharField(
        label=gettext_lazy("Grievance officer (India)"), required=False, max_length=300
    )
    officer_email = forms.EmailField(label=gettext_lazy("E-mail of the grievance officer"), required=False)

    def contacts(self) -> Contacts:
        """Return what was typed, as a value. Call it on a valid form."""
        given: dict[str, Any] = dict(self.cleaned_data)
        given["authorities_languages"] = tuple(given["authorities_languages"].lower().split())
        given["representative_state"] = given["representative_state"].upper()
        return Contacts(**given)


def _contacts(request: HttpRequest, form: ContactsForm | None = None, *, status: int = 200) -> HttpResponse:
    name = installation().platform
    said = contacts.contacts_of(name)
    initial = {field: getattr(said, field) for field in Contacts.__struct_fields__}
    initial["authorities_languages"] = " ".join(said.authorities_languages)
    context = {
        "form": form or ContactsForm(initial=initial),
        "gaps": contacts.gaps(said, profile_of(name), now=timezone.now()),
        "changed_at": contacts.changed_at(name),
        "may_handle": person(request).may(Permission.REGULATOR_HANDLE),
    }
    return render(request, "console/desk/contacts.html", context, status=status)


@require_GET
@admit(Permission.REGULATOR_READ)
def contact_points(request: HttpRequest) -> HttpResponse:
    """Show the contact points, and what must be public and is not."""
    return _contacts(request)


@require_POST
@admit(Permission.REGULATOR_HANDLE)
def save_contacts(request: HttpRequest) -> HttpResponse:
    """Publish the contact points."""
    form = ContactsForm(request.POST)
    if not form.is_valid():
        return _contacts(request, form, status=422)
    try:
        contacts.publish(
            installation().platform, form.contacts(), by=person(request).actor, now=timezone.now()
        )
    except ContactError as error:
        for field, what in error.wrong.items():
            form.add_error(field, what)
        return _contacts(request, form, status=422)
    messages.success(request, _("Published."))
    return redirect("console:contacts")


# Risk assessments ---------------------------------------------------------------------------------


@require_GET
@admit(Permission.REGULATOR_READ)
def risk_list(request: HttpRequest) -> HttpResponse:
    """List the assessments: which are owed, which are in force, when each is looked at again."""
    name, today = installation().platform, timezone.localdate()
    profile = profile_of(name)
    rows = []
    for scheme in risks.schemes().values():
        found = risks.versions(name, scheme.key)
        rows.append(
            {
                "scheme": scheme,
                "owed": judge(duties()[scheme.duty], profile, today).applies,
                "newest": found[0] if found else None,
                "older": found[1:],
                "draft": risks.draft_of(name, scheme.key),
                "late": bool(found) and found[0].review_on is not None and found[0].review_on < today,
            }
        )
    return render(request, "console/desk/risks.html", {"rows": rows})


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else 0


def _scheme(key: str) -> Scheme:
    found = risks.schemes().get(key)
    if found is None:
        raise Http404
    return found


def _draft(request: HttpRequest, scheme: Scheme, *, error: str = "", status: int = 200) -> HttpResponse:
    name, user = installation().platform, person(request)
    draft = risks.draft_of(name, scheme.key)
    basis = draft or risks.newest(name, scheme.key)
    typed = _typed(request, scheme) if request.method == "POST" else None
    said = typed or (risks.said_in(basis) if basis else Assessment())
    evidence = risks.evidence_of(scheme, Situation(name, now=timezone.now()))
    context = {
        "scheme": scheme,
        "draft": draft,
        "said": said,
        "kinds": [(kind, said.kinds.get(kind.key, Judged()), evidence[kind.key]) for kind in scheme.kinds],
        "levels": list(Level),
        "people": keepers.handlers(),
        "owner": _number(request.POST.get("owner", "")) if typed else (basis.owner if basis else user.pk),
        "trigger": request.POST.get("trigger", draft.trigger if draft else ""),
        "mine": draft is not None and draft.written_by == str(user.actor),
        "wanting": len(risks.wanting(draft)) if draft else len(scheme.kinds),
        "may_handle": user.may(Permission.REGULATOR_HANDLE),
        "error": error,
    }
    return render(request, "console/desk/risk_draft.html", context, status=status)


@require_GET
@admit(Permission.REGULATOR_READ)
def risk_draft(request: HttpRequest, scheme: str) -> HttpResponse:
    """Show the draft beside the evidence of this moment, or what the newest version says."""
    return _draft(request, _scheme(scheme))


def _typed(request: HttpRequest, scheme: Scheme) -> Assessment:
    given = request.POST
    return Assessment(
        kinds={
            kind.key: Judged(
                given.get(f"level-{kind.key}", ""),
                given.get(f"reasons-{kind.key}", "")[:_LONGEST],
                given.get(f"measures-{kind.key}", "")[:_LONGEST],
            )
            for kind in scheme.kinds
        },
        consulted=given.get("consulted", "")[:_LONGEST],
    )


@require_POST
@admit(Permission.REGULATOR_HANDLE)
def save_risk(request: HttpRequest, scheme: str) -> HttpResponse:
    """Save the draft, or approve it as a second person."""
    found, user, now = _scheme(scheme), person(request), timezone.now()
    name = installation().platform
    try:
        if request.POST.get("do") == "approve":
            draft = risks.draft_of(name, found.key)
            made = risks.approve(name, draft.pk if draft else 0, by=user.actor, now=now)
            messages.success(request, _("Approved. The evidence of this moment is kept with it."))
            return redirect("console:risk", made.pk)
        owner = User.objects.filter(pk=_number(request.POST.get("owner", ""))).first()
        risks.write(
            name, found.key, _typed(request, found), owner=owner or user, by=user.actor, now=now,
            trigger=request.POST.get("trigger", "")[:_LONGEST],
        )  # fmt: skip
    except RiskError as error:
        return _draft(request, found, error=str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("console:risk_draft", found.key)


def _find(number: int) -> RiskAssessment:
    found = risks.find(installation().platform, number)
    if found is None or found.version is None:
        raise Http404
    return found


@require_GET
@admit(Permission.REGULATOR_READ)
def risk(request: HttpRequest, number: int) -> HttpResponse:
    """Show an approved version, with the evidence as it was then."""
    row = _find(number)
    scheme, said = risks.schemes()[row.scheme], risks.said_in(row)
    known = names({row.written_by, row.approved_by, f"staff:{row.owner}"})
    context = {
        "row": row,
        "scheme": scheme,
        "said": said,
        "kinds": [
            (kind, said.kinds.get(kind.key, Judged()), row.evidence.get(kind.key, [])) for kind in scheme.kinds
        ],
        "written_by": known.get(row.written_by, row.written_by),
        "approved_by": known.get(row.approved_by, row.approved_by),
        "owner": known.get(f"staff:{row.owner}", "–"),
    }  # fmt: skip
    return render(request, "console/desk/risk.html", context)


# Checklists ---------------------------------------------------------------------------------------


def _checklist(request: HttpRequest, key: str, *, error: str = "", status: int = 200) -> HttpResponse:
    name, now = installation().platform, timezone.now()
    every = checklists.offered(profile_of(name), on=now.date())
    found = checklists.checklists().get(key)
    if found is None:
        raise Http404
    filled = checklists.fill(found, name, now=now, chosen=_chosen())
    owed = [one for one in filled if one.state is not LineState.NOT_OWED]
    context = {
        "checklist": found,
        "every": every,
        "lines": owed,
        "rest": [one for one in filled if one.state is LineState.NOT_OWED],
        "done": sum(one.state in {LineState.MET, LineState.ATTESTED} for one in owed),
        "may_handle": person(request).may(Permission.REGULATOR_HANDLE),
        "latest": (now + timedelta(days=360)).date(),
        "error": error,
    }
    return render(request, "console/desk/checklist.html", context, status=status)


@require_GET
@admit(Permission.REGULATOR_READ)
def checklist(request: HttpRequest, key: str) -> HttpResponse:
    """Show a checklist, filled from configuration and figures as they are now."""
    return _checklist(request, key)


@require_POST
@admit(Permission.REGULATOR_HANDLE)
def attest(request: HttpRequest, key: str) -> HttpResponse:
    """Note how the operator meets a line."""
    until = forms.DateField(required=False)
    try:
        checklists.attest(
            installation().platform,
            key,
            request.POST.get("line", ""),
            text=request.POST.get("text", "")[:_LONGEST],
            until=until.clean(request.POST.get("until", "")) or timezone.localdate(),
            by=person(request).actor,
            now=timezone.now(),
        )
    except (AttestationError, forms.ValidationError) as error:
        said = error.messages[0] if isinstance(error, forms.ValidationError) else str(error)
        return _checklist(request, key, error=said, status=422)
    messages.success(request, _("Saved."))
    return redirect("console:checklist", key)


@require_POST
@admit(Permission.REGULATOR_HANDLE)
def evidence_pack(request: HttpRequest) -> HttpResponse:
    """Give the dated evidence pack as a ZIP; that it left the house is a fact."""
    now = timezone.now()
    data = pack.build(
        installation().platform,
        key=proof.key_from(installation().secret("evidence")),
        chosen=_chosen(),
        by=person(request).actor,
        now=now,
    )
    response = HttpResponse(data, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="evidence-{now:%Y%m%dT%H%M%SZ}.zip"'
    response["Cache-Control"] = "no-store"
    return response
