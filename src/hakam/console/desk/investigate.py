"""Investigation: what everybody posted, asked in the language of rules; what entities share; SQL for experts."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance import rulebook
from hakam.compliance.questions import record_query
from hakam.console.admission import admit, person
from hakam.console.charts import bar, columns
from hakam.console.desk.asked import (
    EXAMPLES,
    EXPORTED,
    SAMPLE,
    SAMPLE_SQL,
    SECONDS,
    SPANS,
    TOPS,
    AskError,
    Form,
    Ready,
    address_of,
    prepare,
    read,
    since_of,
)
from hakam.console.installation import event_log
from hakam.investigation import sql as tables
from hakam.investigation.entities import Entity, EntityKind, facets, question_of
from hakam.investigation.query import Answer, Hidden, Query, Step, ask, nothing_hidden
from hakam.policy.codes import CODES
from hakam.policy.fields import FIELDS
from hakam.policy.pack import Pack
from hakam.policy.wording import in_language
from hakam.review import access, questions
from hakam.review.confined import confined
from hakam.review.questions import LongNameError, NameTakenError, QuestionError, UnnamedError
from hakam.staff.models import User
from hakam.staff.roles import Permission

ROWS: Final = 200  # of SQL
SQL_SECONDS: Final = 15.0
LONGEST: Final = 600  # characters of an entity's value
_SAMPLES: Final = {"sample": SAMPLE, "sample_sql": SAMPLE_SQL}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def _pack() -> Pack | None:
    version = rulebook.active()
    return None if version is None else rulebook.load(version)


def hidden_from(user: User) -> Hidden:
    """Return what this person's figures leave out. For who may see all of it, that is nothing."""
    return nothing_hidden if user.may(Permission.CHILD_SAFETY_READ) else confined().holds


def _asked(request: HttpRequest, query: Query, form: Form, ready: Ready | None = None) -> Answer:
    user, now = person(request), timezone.now()
    answer = ask(event_log(), query, hidden=hidden_from(user))
    record_query(
        by=user.actor,
        now=now,
        where=form.where,
        since=ready.since if ready else None,
        until=None,
        looked=answer.looked,
        matched=answer.matched,
        shown=len(answer.hits),
        fields=[one.field for one in answer.top],
        child_safety=user.may(Permission.CHILD_SAFETY_READ),
    )
    return answer


def _told(ready: Ready) -> list[dict[str, Any]]:
    language = (get_language() or "en")[:2]
    return [
        {"finding": in_language(one, language), "spec": CODES[one.code]} for one in ready.asked.findings[:20]
    ]


def _drawn(answer: Answer) -> dict[str, Any]:
    """Prepare an answer's charts; each stands beside its numbers."""
    kinds = {str(kind) for kind in EntityKind}
    return {
        "answer": answer,
        "chart": columns([moment.count for moment in answer.series]) if answer.series else "",
        "tops": [
            {
                "top": top,
                "entity": top.field if top.field in kinds else "",
                "rows": [(one, bar((one.count,), top.counts[0].count)) for one in top.counts],
            }
            for top in answer.top
        ],
    }


@require_GET
@admit(Permission.LOG_QUERY)
def page(request: HttpRequest) -> HttpResponse:
    """Show the form, and the answer if something was asked."""
    form, pack, user = read(request.GET), _pack(), person(request)
    context: dict[str, Any] = {
        "form": form,
        "spans": SPANS,
        "top_fields": sorted({*TOPS, *FIELDS}),
        "tops_offered": TOPS,
        "rules": (rules := sorted(rule.id for rule in pack.rules) if pack else []),
        "retired": form.rule if form.rule not in {"", "*", *rules} else "",
        "kept": questions.kept_for(user),
        "may_sql": user.may(Permission.LOG_SQL),
        "seconds": SECONDS,
        "sample": SAMPLE,
        "examples": EXAMPLES,
        "pack": pack,
        "may_decide": user.may(Permission.BULK_DECIDE),
    }
    if pack is None or not request.GET.get("go"):
        return render(request, "console/desk/investigate.html", context)
    wanted = request.GET.get("format", "")
    try:
        ready = prepare(form, pack, timezone.now(), **({"limit": EXPORTED} if wanted else {}))
    except AskError as error:
        return render(request, "console/desk/investigate.html", context | {"error": str(error)}, status=422)
    context["told"] = _told(ready)
    if ready.query is None:
        return render(request, "console/desk/investigate.html", context, status=422)
    answer = _asked(request, ready.query, form, ready)
    if wanted:
        return _export(answer, wanted, request.GET.get("of", "events"))
    return render(request, "console/desk/investigate.html", context | _drawn(answer))


@require_GET
@admit(Permission.LOG_QUERY)
def check(request: HttpRequest) -> HttpResponse:
    """Check a condition while somebody writes it."""
    form, pack = read(request.GET), _pack()
    if pack is None or not form.where:
        return render(request, "console/desk/investigate_findings.html", {})
    try:
        ready = prepare(Form(where=form.where), pack, timezone.now())
    except AskError:
        raise Http404 from None
    return render(request, "console/desk/investigate_findings.html", {"told": _told(ready), "checked": True})


@require_GET
@admit(Permission.LOG_QUERY)
def entity(request: HttpRequest) -> HttpResponse:
    """Show one author, domain, hash, fingerprint or address: what is theirs, when, and what they share with others."""
    if "kind" not in request.GET:
        return redirect("console:investigate")
    value, pack, user = request.GET.get("value", "")[:LONGEST], _pack(), person(request)
    try:
        kind = EntityKind(request.GET.get("kind", ""))
        since = since_of(request.GET.get("span", "30d"), timezone.now())
    except ValueError:
        raise Http404 from None
    if pack is None or not value:
        raise Http404
    found = Entity(kind, value)
    query = Query(
        question_of(found),
        since=since.timestamp() if since else 0.0,
        limit=20,
        top=facets(pack),
        top_size=12,
        by=Step.DAY,
        finer=True,
        budget=SECONDS,
    )
    answer = _asked(request, query, Form(where=f"{kind} {value}"), Ready(since=since))
    drawn = _drawn(answer)
    drawn["tops"] = [one for one in drawn["tops"] if one["top"].counts and one["top"].field != str(kind)]
    platforms = sorted({hit.platform for hit in answer.hits})
    context = {
        **drawn,
        "entity": found,
        "span": request.GET.get("span", "30d"),
        "spans": SPANS,
        "histories": [
            (platform, known)
            for platform in platforms
            if kind is EntityKind.AUTHOR and (known := access.history(platform, value, user=user)) is not None
        ],
    }
    return render(request, "console/desk/entity.html", context)


def _refused(error: Exception) -> str:
    """Return why a statement was not run, in the reader's language; empty for what DuckDB alone can say."""
    if isinstance(error, tables.NotReadingError):
        return _("Only SELECT is taken; this is %(kind)s.") % {"kind": error.kind}
    if isinstance(error, tables.NotOneStatementError):
        return _("One statement at a time.")
    if isinstance(error, tables.TookTooLongError):
        return _("It took longer than %(seconds)s seconds and was ended.") % {"seconds": f"{error.seconds:g}"}
    return ""


@require_POST
@admit(Permission.LOG_SQL)
def sql(request: HttpRequest) -> HttpResponse:
    """Run one SELECT over a throw-away copy of what fits; nothing can be written, nothing else be reached."""
    form, pack, statement = read(request.POST), _pack(), request.POST.get("sql", "")[:10_000]
    user = person(request)
    context: dict[str, Any] = {"form": form, "sql": statement, "spans": SPANS, "pack": pack, **_SAMPLES}
    rows, said = tables.Rows((), (), more=False), {}
    try:
        ready = prepare(form, pack, timezone.now(), limit=0) if pack is not None else Ready()
        if ready.query is None:
            return render(
                request, "console/desk/investigate_sql.html", context | {"told": _told(ready)}, status=422
            )
        with tempfile.TemporaryDirectory(prefix="hakam-query-", ignore_cleanup_errors=True) as folder:
            loaded = tables.load(event_log(), ready.query, Path(folder), hidden=hidden_from(user))
            try:
                rows = tables.select(loaded, statement, limit=ROWS, seconds=SQL_SECONDS)
            except tables.SqlRefusedError as error:
                known = _refused(error)
                said = {"error": known} if known else {"machine_said": str(error)}
    except AskError as error:
        return render(
            request, "console/desk/investigate_sql.html", context | {"error": str(error)}, status=422
        )
    except tables.SqlUnavailableError as error:
        return render(
            request, "console/desk/investigate_sql.html", context | {"machine_said": str(error)}, status=422
        )
    record_query(  # what was refused too: an error of DuckDB quotes what it read
        by=user.actor, now=timezone.now(), where=form.where, since=ready.since, until=None,
        looked=loaded.answer.looked, matched=loaded.answer.matched, shown=len(rows.rows), sql=statement,
        child_safety=user.may(Permission.CHILD_SAFETY_READ),
    )  # fmt: skip
    if said:
        return render(request, "console/desk/investigate_sql.html", context | said, status=422)
    if request.POST.get("format") == "csv":
        return _csv("sql", rows.columns, rows.rows)
    return render(
        request, "console/desk/investigate_sql.html", context | {"rows": rows, "answer": loaded.answer}
    )


@require_GET
@admit(Permission.LOG_SQL)
def sql_form(request: HttpRequest) -> HttpResponse:
    """Show the form for SQL."""
    context = {"form": read(request.GET), "spans": SPANS, "sql": "", "pack": _pack(), **_SAMPLES}
    return render(request, "console/desk/investigate_sql.html", context)


@require_POST
@admit(Permission.LOG_QUERY)
def keep(request: HttpRequest) -> HttpResponse:
    """Keep a question, for oneself or for colleagues."""
    form = read(request.POST)
    try:
        made = questions.keep(
            request.POST.get("name", ""),
            form.fields,
            shared=request.POST.get("shared") == "on",
            user=person(request),
            now=timezone.now(),
        )
    except QuestionError as error:
        messages.error(request, _not_kept(error))
    else:
        said = _("Kept in place of the question that had this name.") if made.replaced else _("Kept.")
        if made.withdrawn:
            said = f"{said} {_('Colleagues no longer see it.')}"
        messages.success(request, said)
    return redirect(address_of(form))


def _not_kept(error: QuestionError) -> str:
    if isinstance(error, NameTakenError):
        return _("Another of your questions has this name. Nothing was changed.")
    if isinstance(error, UnnamedError):
        return _("It needs a name. Nothing was changed.")
    if isinstance(error, LongNameError):
        return _("Its name has at most %(most)s characters. Nothing was changed.") % {
            "most": questions.LONGEST
        }
    return _("You keep %(most)s questions: remove some first.") % {"most": questions.MOST}


@require_POST
@admit(Permission.LOG_QUERY)
def change_kept(request: HttpRequest, question_id: int) -> HttpResponse:
    """Give one's own question another name, or share it or no longer."""
    try:
        kept = questions.change(
            question_id,
            name=request.POST.get("name", ""),
            shared=request.POST.get("shared") == "on",
            user=person(request),
        )
    except QuestionError as error:
        messages.error(request, _not_kept(error))
    else:
        if kept is None:
            raise Http404
        messages.success(request, _("Changed."))
    return redirect(address_of(read(request.POST)))


@require_POST
@admit(Permission.LOG_QUERY)
def forget(request: HttpRequest, question_id: int) -> HttpResponse:
    """Remove one's own question."""
    if not questions.remove(question_id, user=person(request)):
        raise Http404
    messages.success(request, _("Removed."))
    return redirect("console:investigate")


def _export(answer: Answer, wanted: str, of: str) -> HttpResponse:
    if wanted == "json":
        body = msgspec.json.format(msgspec.json.encode(answer), indent=2)
        return _file(HttpResponse(body, content_type="application/json"), "events.json")
    if of == "series":
        return _csv(
            "series", ("start", "count"), ((one.start.isoformat(), one.count) for one in answer.series)
        )
    top = next((one for one in answer.top if one.field == of), None)
    if top is not None:
        return _csv("top", (of, "count"), ((one.value, one.count) for one in top.counts))
    names = ("seq", "received_at", "platform", "event", "kind", "author", "item", "language", "rules", "text")
    rows = (
        (
            hit.seq, hit.received_at.isoformat(), hit.platform, hit.event, hit.kind, hit.author, hit.item,
            hit.language or "", " ".join(one.rule for one in hit.fired), hit.text or "",
        )
        for hit in answer.hits
    )  # fmt: skip
    return _csv("events", names, rows)


def _csv(name: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    out = csv.writer(answer)
    out.writerow(names)
    out.writerows([_cell(value) for value in row] for row in rows)
    return _file(answer, f"{name}.csv")


def _cell(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _file(answer: HttpResponse, name: str) -> HttpResponse:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
