"""Clocks: what the law or the house wants done by when, what runs now, what is late, and what a person starts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance import access
from hakam.compliance.clocks import Clock, clocks
from hakam.console import timewords
from hakam.console.admission import admit, person
from hakam.console.desk.ledger import link_to
from hakam.console.installation import installation
from hakam.console.owed import owed
from hakam.console.reader import digits
from hakam.regulator import by_hand
from hakam.regulator.by_hand import ByHandError
from hakam.regulator.regimes import in_words
from hakam.staff.access import names
from hakam.staff.roles import Permission

YEAR = timedelta(days=365)
_LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local"})


class ByHandForm(forms.Form):
    """What starts a clock that nothing of ours can know of."""

    clock = forms.ChoiceField(label=gettext_lazy("What happened"))
    since = forms.DateTimeField(
        label=gettext_lazy("When it happened"), required=False, widget=_LOCAL,
        help_text=gettext_lazy("Left empty: now."),
    )  # fmt: skip
    about = forms.CharField(
        label=gettext_lazy("What it is about"), required=False, max_length=2000,
        help_text=gettext_lazy("As the name of the auditor, the reference of the authority, the number of the advert."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )  # fmt: skip
    because = forms.CharField(
        label=gettext_lazy("How you know of it"), max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer what a person can know of, with the clock that it starts."""
        super().__init__(*args, **kwargs)
        field = self.fields["clock"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (one.key, f"{in_words(one.hand)} ({in_words(one.title)}: {length_of(one)})")
            for one in by_hand.offered()
        ]


def length_of(clock: Clock) -> str:
    """Return how long a clock runs, in words."""
    if clock.given:
        return _("as the order says")
    if clock.before:
        month, day = clock.before.split("-")
        return _("before %(day)s/%(month)s") % {
            "day": digits(str(int(day))),
            "month": digits(str(int(month))),
        }
    if clock.months:
        return digits(ngettext("%(count)s month", "%(count)s months", clock.months) % {"count": clock.months})
    return timewords.span(clock.length)


def _shown(of: list[str]) -> list[dict[str, Any]]:
    now = timezone.now()
    found = access.of_clocks(of, since=now - YEAR) if of else access.running()
    return [
        {
            "deadline": deadline,
            "data": clocks().get(deadline.clock),
            "link": link_to(deadline.subject),
            "late": deadline.missed_at is not None
            or (deadline.met_at is None and deadline.paused_at is None and deadline.due_at < now),
        }
        for deadline in found
    ]


def _listing(request: HttpRequest, form: ByHandForm, *, status: int = 200) -> HttpResponse:
    """List what is owed, the clocks that run, the first due on top, and all that there are.

    `?of=KEY,KEY` lists those of twelve months instead, ended ones too: the evidence of a line of a checklist.
    """
    today = timezone.localdate()
    known = [
        {"data": one, "length": length_of(one), "in_force": one.in_force(today)} for one in clocks().values()
    ]
    of = [key for key in request.GET.get("of", "")[:400].split(",") if key in clocks()]
    context = {
        "rows": _shown(of),
        "of": of,
        "known": known,
        "owed": [] if of else owed(person(request), now=timezone.now()),
        "form": form,
        "may_handle": person(request).may(Permission.REGULATOR_HANDLE),
    }
    return render(request, "console/desk/clocks.html", context, status=status)


@require_GET
@admit(Permission.LEDGER_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List what is owed, the clocks that run, all that there are, and what a person can start."""
    return _listing(request, ByHandForm())


@require_POST
@admit(Permission.REGULATOR_HANDLE)
def begin(request: HttpRequest) -> HttpResponse:
    """Start a clock from what a person knows."""
    form = ByHandForm(request.POST)
    if not form.is_valid():
        return _listing(request, form, status=422)
    try:
        made = by_hand.begin(
            platform=installation().platform,
            by=person(request).actor,
            now=timezone.now(),
            **form.cleaned_data,
        )
    except ByHandError as error:
        form.add_error(None, str(error))
        return _listing(request, form, status=422)
    messages.success(request, _("The clock runs."))
    return redirect(link_to(made.subject))


def _by_hand(
    request: HttpRequest, clock: str, number: int, *, error: str = "", status: int = 200
) -> HttpResponse:
    found = by_hand.find(installation().platform, clock, number)
    if found is None:
        raise Http404
    said, data = by_hand.told(found), clocks()[clock]
    known = names({said.by, said.done_by} - {""})
    context = {
        "deadline": found,
        "number": number,
        "data": data,
        "length": length_of(data),
        "said": said,
        "by": known.get(said.by, ""),
        "done_by": known.get(said.done_by, ""),
        "next": [(one, length_of(one)) for one in (clocks()[key] for key in data.then)],
        "may_handle": person(request).may(Permission.REGULATOR_HANDLE),
        "given": request.POST,
        "error": error,
    }
    return render(request, "console/desk/duty_clock.html", context, status=status)


@require_GET
@admit(Permission.LEDGER_READ)
def by_hand_page(request: HttpRequest, clock: str, number: int) -> HttpResponse:
    """Show a clock that a person started: of what, how they knew, when it ends, and what follows."""
    return _by_hand(request, clock, number)


@require_POST
@admit(Permission.REGULATOR_HANDLE)
def done(request: HttpRequest, clock: str, number: int) -> HttpResponse:
    """Note that it was done."""
    at = forms.DateTimeField(required=False)
    try:
        by_hand.done(
            installation().platform, clock, number, note=request.POST.get("note", ""), by=person(request).actor,
            now=timezone.now(), at=at.clean(request.POST.get("at", "")),
        )  # fmt: skip
    except forms.ValidationError as error:
        return _by_hand(request, clock, number, error=" ".join(error.messages), status=422)
    except ByHandError as error:
        return _by_hand(request, clock, number, error=str(error), status=422)
    messages.success(request, _("Noted."))
    return redirect("console:duty_clock", clock, number)
