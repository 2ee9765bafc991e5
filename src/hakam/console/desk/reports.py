"""Transparency reports at the desk: made, read sheet by sheet, followed down to their facts, published in versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance import access
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.models import MadeReport
from hakam.compliance.reports import keeping, making, recipients
from hakam.compliance.reports.keeping import ReportError
from hakam.compliance.reports.period import Period, half, year
from hakam.compliance.reports.recipients import RecipientsError
from hakam.compliance.reports.sheets import Sheet, Stated, Value, letters
from hakam.console.admission import admit, person
from hakam.console.installation import installation
from hakam.console.report_files import FORMS, download
from hakam.console.sheet_words import in_words, prescribed, shown, title_in_words
from hakam.console.terms import REPORT_LAWS
from hakam.staff.roles import Permission

FACTS_A_PAGE: Final = 100
_WIDE: Final = 40  # characters from which a text may break its line
_FIRST_COLUMNS: Final = 5  # that say what a row is about, as in every part from 3 on


class MakeForm(forms.Form):
    """Whose report, of which law and period, and what the ledger does not know."""

    law = forms.ChoiceField(
        label=gettext_lazy("Report"),
        required=False,
        choices=[(law, REPORT_LAWS[law]) for law in keeping.LAWS],
    )

    year = forms.IntegerField(label=gettext_lazy("Year"), min_value=2000, max_value=2199)
    half = forms.TypedChoiceField(
        label=gettext_lazy("Period"),
        coerce=int,
        choices=[
            (0, gettext_lazy("whole year")),
            (1, gettext_lazy("first half")),
            (2, gettext_lazy("second half")),
        ],
    )
    provider = forms.CharField(label=gettext_lazy("Name of the provider"), max_length=300)
    stated = forms.CharField(
        label=gettext_lazy("What no ledger knows, as JSON"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(
            attrs={"rows": 4, "dir": "ltr", "placeholder": '{"never": ["O"], "texts": {}}'}
        ),
    )

    def clean_stated(self) -> dict[str, Any]:
        """Return what was stated, as `hakam report make --stated` reads it."""
        text = self.cleaned_data["stated"].strip() or "{}"
        try:
            said = msgspec.json.decode(text, type=dict[str, Any])
            msgspec.convert({"provider": "", "service": "", **said}, Stated)
        except msgspec.MsgspecError as error:
            raise forms.ValidationError(str(error)) from error
        if unknown := sorted(set(said) - set(Stated.__struct_fields__)):
            raise forms.ValidationError(_("no report holds: %(names)s") % {"names": ", ".join(unknown)})
        return said


class RecipientsForm(forms.Form):
    """The average of six months."""

    first = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=gettext_lazy("To"), widget=forms.DateInput(attrs={"type": "date"}))
    total = forms.IntegerField(
        label=gettext_lazy("Average monthly active recipients in the Union"), min_value=0
    )
    method = forms.CharField(
        label=gettext_lazy("How they were counted"),
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    by_state = forms.CharField(
        label=gettext_lazy("By Member State, one a line"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "ltr", "placeholder": "DE 120000\nFR 80000"}),
    )

    def clean_by_state(self) -> dict[str, int]:
        """Return the numbers by Member State."""
        found = {}
        for line in self.cleaned_data["by_state"].split("\n"):
            code, _space, number = line.strip().partition(" ")
            if not line.strip():
                continue
            if code not in EU or not number.strip().isdecimal():
                raise forms.ValidationError(_("Write a line as: DE 120000"))
            found[code] = int(number)
        return found


@dataclass(frozen=True)
class ShownCell:
    """A cell, and how many facts stand behind it."""

    value: Value
    facts: int
    column: int
    changed: bool
    wide: bool  # a text, not a figure


def _list(request: HttpRequest, *, status: int = 200, **bound: forms.Form) -> HttpResponse:
    name, today = installation().platform, timezone.localdate()
    context = {
        "reports": keeping.made(name),
        "wishes": making.waiting(name),
        "counts": recipients.published(name),
        "form": bound.get("make")
        or MakeForm(initial={"year": today.year - 1, "half": 0, "provider": installation().platform_name}),
        "recipients_form": bound.get("count") or RecipientsForm(),
        "may_publish": person(request).may(Permission.REPORT_PUBLISH),
    }
    return render(request, "console/desk/reports.html", context, status=status)


@require_GET
@admit(Permission.REPORT_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List drafts and published reports, and the numbers of recipients."""
    return _list(request)


@require_POST
@admit(Permission.REPORT_PUBLISH)
def make(request: HttpRequest) -> HttpResponse:
    """Ask the worker to count a period and keep its report as a draft."""
    form = MakeForm(request.POST)
    if not form.is_valid():
        return _list(request, make=form, status=422)
    given = form.cleaned_data
    span: Period = half(given["year"], given["half"]) if given["half"] else year(given["year"])
    told = {"service": installation().platform_name, **_known(installation().platform), **given["stated"]}
    try:
        making.ask(
            installation().platform,
            given["law"] or keeping.DSA,
            span,
            stated=msgspec.convert(told | {"provider": given["provider"]}, Stated),
            by=person(request).actor,
            now=timezone.now(),
        )
    except ReportError as error:
        form.add_error(None, str(error))
        return _list(request, make=form, status=422)
    messages.success(request, _("Asked for. The worker counts it; this page shows how far it is."))
    return redirect("console:reports")


@require_GET
@admit(Permission.REPORT_READ)
def progress(request: HttpRequest) -> HttpResponse:
    """Show how far the reports are that were asked for; the page asks again by itself."""
    waiting = making.waiting(installation().platform)
    response = render(request, "console/desk/report_wishes.html", {"wishes": waiting})
    if not waiting and request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"  # all is made: the list above has it
    return response


def _known(platform: str) -> dict[str, Any]:
    """Return what was published before and belongs into a report: the recipients, the day of the last report."""
    count, earlier = recipients.latest(platform), keeping.published(platform, law=keeping.DSA)
    found: dict[str, Any] = {}
    if count is not None:
        found["recipients"] = {
            "TOTAL": count.total,
            **{{"GR": "EL"}.get(k, k): v for k, v in count.by_state.items()},
        }
    if earlier and earlier[0].published_at is not None:
        found["previous"] = timezone.localdate(earlier[0].published_at).isoformat()
    return found


def _find(report_id: int) -> MadeReport:
    found = keeping.find(report_id)
    if found is None or found.platform != installation().platform:
        raise Http404
    return found


def _number(request: HttpRequest, name: str, default: int) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 9 else default  # noqa: PLR2004 -- far beyond any sheet


def _rows(page: Sheet, report: MadeReport, *, every: bool) -> Iterable[tuple[int, list[ShownCell]]]:
    """Yield rows as they are shown: without `every` only those in which something was counted or said."""
    behind = keeping.places(report, page.part)
    changed = (
        {(d.row, d.column) for d in keeping.differences(report) if d.part == page.part}
        if report.version
        else set()
    )
    counted = {row for row, _column in behind}
    for number, row in enumerate(page.rows):
        told = any(v not in (None, 0, "") for v in row[_FIRST_COLUMNS:])
        if every or number in counted or told or page.part in {1, 2} or report.law != keeping.DSA:
            yield (
                number,
                [
                    ShownCell(
                        shown(in_words(report, c, v)),
                        behind.get((number, c), 0),
                        c,
                        (number, c) in changed,
                        isinstance(v, str) and len(v) > _WIDE,
                    )
                    for c, v in enumerate(row)
                ],
            )


@require_GET
@admit(Permission.REPORT_READ)
def one(request: HttpRequest, report_id: int) -> HttpResponse:
    """Show one sheet of a report; each figure leads to its facts."""
    return _page(request, _find(report_id))


def _page(request: HttpRequest, report: MadeReport, *, error: str = "", status: int = 200) -> HttpResponse:
    pages = keeping.sheets_of(report)
    page = next((p for p in pages if p.part == _number(request, "part", 1)), pages[0])
    every = request.GET.get("all") == "1"
    shown = list(_rows(page, report, every=every))
    # The service and the period are the same in every row of the template of the DSA.
    skip = {1, 2} if page.part > 2 and report.law == keeping.DSA else set()  # noqa: PLR2004 -- parts
    skip |= {
        c
        for c in range(min(_FIRST_COLUMNS, len(page.header)), len(page.header))
        if page.header[c].startswith("Contextual")
        and all(cells[c].value in (None, "") for _n, cells in shown)
    }
    context = {
        "report": report,
        "pages": [(p.part, p.name.partition("_")[2].replace("_", " ")) for p in pages],
        "page": page,
        "header": [
            (c, title_in_words(report, title)) for c, title in enumerate(page.header) if c not in skip
        ],
        "prescribed": prescribed(report),
        "rows": [(n, [cell for cell in cells if cell.column not in skip]) for n, cells in shown],
        "hidden": len(page.rows) - len(shown),
        "every": every,
        "earlier": keeping.newest(report),
        "may_publish": person(request).may(Permission.REPORT_PUBLISH),
        "error": error,
        "note": request.POST.get("note", ""),
    }
    return render(request, "console/desk/report_made.html", context, status=status)


@require_GET
@admit(Permission.LEDGER_READ)
def figure(request: HttpRequest, report_id: int, part: int, row: int, column: int) -> HttpResponse:
    """Show the facts that make one figure."""
    report = _find(report_id)
    page = next((p for p in keeping.sheets_of(report) if p.part == part), None)
    if page is None or row >= len(page.rows) or column >= len(page.header):
        raise Http404
    facts = keeping.facts_of(report, part, row, column)
    begin = min(_number(request, "from", 0), len(facts))
    found = [access.fact(seq) for seq in facts[begin : begin + FACTS_A_PAGE]]
    context = {
        "report": report,
        "page": page,
        "title": title_in_words(report, page.header[column].strip()),
        "prescribed": prescribed(report),
        "value": shown(page.rows[row][column]),
        "about": [
            in_words(report, c, v)
            for c, v in list(enumerate(page.rows[row]))[3 if prescribed(report) else 0 : 6]
            if isinstance(v, str) and v
        ],
        "place": f"{letters(len(page.header))[column]}{row + 2}",
        "facts": [fact for fact in found if fact is not None],
        "count": len(facts),
        "begin": begin,
        "next": begin + FACTS_A_PAGE if begin + FACTS_A_PAGE < len(facts) else None,
    }
    return render(request, "console/desk/report_figure.html", context)


@require_POST
@admit(Permission.REPORT_PUBLISH)
def publish(request: HttpRequest, report_id: int) -> HttpResponse:
    """Publish a draft as the next version."""
    report = _find(report_id)
    try:
        keeping.publish(
            report.pk, by=person(request).actor, now=timezone.now(), note=request.POST.get("note", "")[:5_000]
        )
    except ReportError as error:
        return _page(request, report, error=str(error), status=422)
    messages.success(request, _("Published."))
    return redirect("console:report_made", report.pk)


@require_POST
@admit(Permission.REPORT_PUBLISH)
def count_recipients(request: HttpRequest) -> HttpResponse:
    """Publish the number of active recipients."""
    form = RecipientsForm(request.POST)
    if not form.is_valid():
        return _list(request, count=form, status=422)
    try:
        recipients.publish(
            installation().platform, by=person(request).actor, now=timezone.now(), **form.cleaned_data
        )
    except RecipientsError as error:
        form.add_error(None, str(error))
        return _list(request, count=form, status=422)
    messages.success(request, _("Published."))
    return redirect("console:reports")


@require_GET
@admit(Permission.REPORT_READ)
def files(_request: HttpRequest, report_id: int, form: str) -> HttpResponse:
    """Give a report as files, drafts too."""
    if form not in FORMS:
        raise Http404
    return download(_find(report_id), form)
