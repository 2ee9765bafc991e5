"""Banks of known content: what is kept, why and until when; what people said of matches; what to take out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePath

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hakam.banks import access, looking
from hakam.banks.filling import fill
from hakam.banks.formats.form import FormatError
from hakam.banks.formats.known import FORMATS, ListFormat
from hakam.banks.judging import judge_entry
from hakam.banks.keeping import change_bank, create_bank, subject_of
from hakam.banks.kinds import BankAction, BankError, BankSource
from hakam.banks.withdraw import withdraw as take_out
from hakam.compliance import ledger
from hakam.console.admission import admit, person
from hakam.console.desk.handing_in import told_to_script
from hakam.console.installation import installation
from hakam.console.rulebook import clause_titles
from hakam.console.terms import BANK_ACTIONS, BANK_SOURCES
from hakam.staff.roles import Permission
from hakam.vocabulary.bank import BANK_NAME, LARGEST_DISTANCE

PER_PAGE = 50
LARGEST_UPLOAD = 50_000_000  # bytes; larger lists go through `hakam bank import`
_SHOWN_BAD = 5
_SHOWN_HISTORY = 20


class BankForm(forms.Form):
    """A new bank."""

    name = forms.RegexField(
        BANK_NAME,
        label=gettext_lazy("Name"),
        max_length=63,
        help_text=gettext_lazy("Lower-case letters, digits and hyphens: rules call it by this name."),
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Source"), choices=[(s.value, BANK_SOURCES[s.value]) for s in BankSource]
    )
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    clause = forms.ChoiceField(label=gettext_lazy("Clause"))
    action = forms.ChoiceField(
        label=gettext_lazy("A match"),
        choices=[(a.value, BANK_ACTIONS[a.value]) for a in BankAction],
        help_text=gettext_lazy(
            "By itself a bank can hold something until a person has looked. More takes a rule."
        ),
    )
    country = forms.CharField(
        label=gettext_lazy("Country whose law asks for it"),
        max_length=2,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )
    distance = forms.IntegerField(
        label=gettext_lazy("Bits within which a picture counts as a copy"),
        min_value=0,
        max_value=LARGEST_DISTANCE,
        initial=LARGEST_DISTANCE,
    )
    days = forms.IntegerField(
        label=gettext_lazy("Ends after days"),
        min_value=1,
        max_value=3650,
        required=False,
        help_text=gettext_lazy("Left empty, it does not end."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Offer the clauses of the rule book in force."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["clause"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(clause_titles().items())


class ListForm(forms.Form):
    """A hash list to take in."""

    file = forms.FileField(label=gettext_lazy("File"))
    form = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[(f.value, f.value) for f in ListFormat],
        initial=ListFormat.CSV.value,
    )
    whole = forms.BooleanField(
        label=gettext_lazy("It is the whole list: what it does not name is withdrawn"), required=False
    )


def _told(request: HttpRequest, name: str) -> access.Told:
    found = access.bank(person(request), name)
    if found is None:
        raise Http404
    return found


def _listing(request: HttpRequest, form: BankForm, status: int = 200) -> HttpResponse:
    now = timezone.now()
    context = {
        "rows": [(told, told.bank.in_force(now)) for told in access.banks(person(request))],
        "form": form,
        "may_manage": person(request).may(Permission.BANK_MANAGE),
    }
    return render(request, "console/desk/banks.html", context, status=status)


@require_GET
@admit(Permission.BANK_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the banks with their figures."""
    return _listing(request, BankForm())


@require_POST
@admit(Permission.BANK_MANAGE)
def make(request: HttpRequest) -> HttpResponse:
    """Make an empty bank."""
    form = BankForm(request.POST)
    if not form.is_valid():
        return _listing(request, form, 422)
    given, now = form.cleaned_data, timezone.now()
    try:
        create_bank(
            given["name"],
            source=BankSource(given["source"]),
            purpose=given["purpose"],
            clause=given["clause"],
            action=BankAction(given["action"]),
            country=given["country"].upper(),
            distance=given["distance"],
            expires_at=now + timedelta(days=given["days"]) if given["days"] else None,
            by=person(request).actor,
            now=now,
        )
    except BankError as error:
        form.add_error(None, str(error))
        return _listing(request, form, 422)
    return redirect("console:bank", given["name"])


@require_GET
@admit(Permission.BANK_READ)
def bank(request: HttpRequest, name: str) -> HttpResponse:
    """Show a bank: what it is for, its entries, its history; and what it says of a hash or a text."""
    told, now = _told(request, name), timezone.now()
    before = request.GET.get("before", "")
    rows = access.entries(
        told.bank,
        before=int(before) if before.isdecimal() and len(before) < _MOST_DIGITS else None,
        doubted=request.GET.get("doubted") == "1",
        limit=PER_PAGE + 1,
    )
    asked = request.GET.get("look", "")[:10_000].strip()
    context = {
        "told": told,
        "bank": told.bank,
        "in_force": told.bank.in_force(now),
        "kinds": access.kinds_of(told.bank),
        "rows": rows[:PER_PAGE],
        "older": rows[PER_PAGE - 1].entry.pk if len(rows) > PER_PAGE else None,
        "doubted": request.GET.get("doubted") == "1",
        "asked": asked,
        "in_a_rule": f'bank("{name}")',
        "history": ledger.story(subject_of(name))[-_SHOWN_HISTORY:][::-1],
        "form": ListForm(),
        "may_manage": person(request).may(Permission.BANK_MANAGE),
        **(_answer(asked, name) if asked else {}),
    }
    return render(request, "console/desk/bank.html", context)


_MOST_DIGITS = 19


def _answer(asked: str, name: str) -> dict[str, object]:
    try:
        seen, troubles = looking.look_up(installation().home, asked, now=timezone.now())
    except BankError as error:
        return {"refused": str(error)}
    return {"found": [match for match in seen.matches if match.bank == name], "troubles": troubles}


@require_POST
@admit(Permission.BANK_MANAGE)
@told_to_script
def take_in(request: HttpRequest, name: str) -> HttpResponse:
    """Take a hash list into the bank."""
    _told(request, name)
    form = ListForm(request.POST, request.FILES)
    file = form.files.get("file")
    if not form.is_valid() or not isinstance(file, UploadedFile):
        messages.error(request, _("Choose a file and its format."))
        return redirect("console:bank", name)
    if (file.size or 0) > LARGEST_UPLOAD:
        messages.error(request, _("The list is too large for a page: use `hakam bank import`."))
        return redirect("console:bank", name)
    chosen = ListFormat(form.cleaned_data["form"])
    try:
        filled = fill(
            name,
            FORMATS[chosen].read(file.read(), None),
            origin=f"{PurePath(file.name or '').name}, {chosen}",
            whole=form.cleaned_data["whole"],
            by=person(request).actor,
            now=timezone.now(),
        )
    except (BankError, FormatError) as error:
        messages.error(request, _("It can't be taken in: %(why)s") % {"why": error})
        return redirect("console:bank", name)
    messages.success(
        request,
        _("%(added)s added, %(known)s known already, %(removed)s withdrawn, %(refused)s refused")
        % {
            "added": filled.added,
            "known": filled.known,
            "removed": filled.removed,
            "refused": filled.refused,
        },
    )
    for bad in filled.bad[:_SHOWN_BAD]:
        messages.warning(request, _("Row %(place)s: %(why)s") % {"place": bad.place, "why": bad.why})
    return redirect("console:bank", name)


@require_POST
@admit(Permission.BANK_MANAGE)
def change(request: HttpRequest, name: str) -> HttpResponse:
    """Switch a bank on or off."""
    _told(request, name)
    wanted = request.POST.get("enabled", "")
    if wanted not in {"yes", "no"}:
        return HttpResponse(status=400)
    change_bank(name, enabled=wanted == "yes", by=person(request).actor, now=timezone.now())
    messages.success(request, _("Saved."))
    return redirect("console:bank", name)


@require_POST
@admit(Permission.BANK_READ)
def judge(request: HttpRequest, name: str, entry: int) -> HttpResponse:
    """Say whether a match of an entry was right."""
    told = _told(request, name)
    if access.entry(told.bank, entry) is None:
        raise Http404
    correct = request.POST.get("correct", "")
    if correct not in {"yes", "no"}:
        return HttpResponse(status=400)
    judge_entry(name, entry, correct=correct == "yes", by=person(request).actor, now=timezone.now())
    messages.success(request, _("Noted."))
    return redirect("console:bank", name)


@require_POST
@admit(Permission.BANK_MANAGE)
def withdraw(request: HttpRequest, name: str, entry: int) -> HttpResponse:
    """Take an entry out, with the other hashes of the same thing."""
    found = access.entry(_told(request, name).bank, entry)
    if found is None:
        raise Http404
    reason = request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, _("Say why it is withdrawn."))
        return redirect("console:bank", name)
    items = [found.entry.item] if found.entry.item else []
    removed = take_out(
        name, entries=[entry], items=items, reason=reason[:500], by=person(request).actor, now=timezone.now()
    )
    messages.success(request, _("Withdrawn: %(count)s") % {"count": removed})
    return redirect("console:bank", name)
