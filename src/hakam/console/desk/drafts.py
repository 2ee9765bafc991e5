"""Writing rules: drafts of the rule book, an editor that checks while one writes, and the tests of the pack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance import catching_up, drafts, lists, rulebook, three_way
from hakam.compliance.drafts import (
    DraftConflictError,
    DraftError,
    DraftState,
    TooMuchError,
    UnsaidError,
    WrongFileError,
)
from hakam.compliance.models import RulebookDraft
from hakam.console import at_hand
from hakam.console.admission import admit, person
from hakam.console.installation import installation
from hakam.policy.codes import CODES, CodeSpec
from hakam.policy.engine import compile_pack
from hakam.policy.fields import FIELDS
from hakam.policy.functions import FUNCTIONS
from hakam.policy.layout import lay_out
from hakam.policy.pack import Pack, load_pack
from hakam.policy.testing import run_examples
from hakam.policy.wording import in_language
from hakam.staff import access as staff
from hakam.staff.roles import Permission
from hakam.vocabulary.finding import Finding, Severity
from hakam.vocabulary.measure import MeasureKind

SHOWN: Final = 100
"""Findings and failed tests on one page; the first ones are mended first."""


@dataclass(frozen=True)
class Told:
    """A finding with what its code means and where it is."""

    finding: Finding
    spec: CodeSpec
    here: bool  # in the file that is open
    url: str


@dataclass(frozen=True)
class Check:
    """What a check of the whole draft says."""

    told: tuple[Told, ...]
    errors: int
    warnings: int
    more: int  # that are not shown
    pack: Pack | None  # None where there are errors

    @property
    def fine(self) -> bool:
        """Whether the pack could be published."""
        return not self.errors


def check(draft: RulebookDraft, path: str) -> Check:
    """Check the whole draft; what stands in the open file comes first."""
    loaded = load_pack(draft.files, lists.at_hand())
    findings = loaded.findings
    ordered = sorted(
        findings,
        key=lambda f: (f.span is None or f.span.file != path, f.severity is not Severity.ERROR),
    )
    errors = sum(f.severity is Severity.ERROR for f in findings)
    return Check(
        told=tuple(_told(draft, finding, path) for finding in ordered[:SHOWN]),
        errors=errors,
        warnings=len(findings) - errors,
        more=max(0, len(findings) - SHOWN),
        pack=loaded.pack,
    )


def _told(draft: RulebookDraft, finding: Finding, path: str) -> Told:
    span = finding.span
    where = {"path": span.file, "line": str(span.line)} if span is not None else {}
    url = f"{reverse('console:rule_draft', args=[draft.pk])}?{urlencode(where)}"
    told = in_language(finding, (get_language() or "en")[:2])
    return Told(told, CODES[finding.code], span is not None and span.file == path, url)


def _find(draft_id: int) -> RulebookDraft:
    found = drafts.find(draft_id)
    if found is None:
        raise Http404
    return found


@require_GET
@admit(Permission.PACK_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the open drafts."""
    return _list(request)


def _list(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    rows = drafts.drafts()
    context = {
        "rows": rows,
        "names": staff.names({row.changed_by for row in rows}),
        "version": rulebook.active(),
        "may_write": person(request).may(Permission.PACK_PUBLISH),
        "error": error,
    }
    return render(request, "console/desk/drafts.html", context, status=status)


@require_POST
@admit(Permission.PACK_PUBLISH)
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a draft on the rule book in force."""
    try:
        draft = drafts.begin(request.POST.get("title", ""), by=person(request).actor, now=timezone.now())
    except DraftError:
        return _list(request, error=_("Say what the draft is for."), status=422)
    return redirect("console:rule_draft", draft.pk)


@require_GET
@admit(Permission.PACK_READ)
def draft(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Show a file of a draft, in the editor for whoever may write."""
    return _editor(request, _find(draft_id), request.GET.get("path", ""))


def ahead(draft: RulebookDraft) -> dict[str, Any]:
    """Return what the pages of a draft say of a version that came in force since it began."""
    newest = catching_up.behind(draft)
    if newest is None:
        return {"ahead": None}
    by = newest.published_by
    return {"ahead": newest, "ahead_by": staff.names({by}).get(by, by)}


@require_POST
@admit(Permission.PACK_PUBLISH)
def catch_up(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Take into a draft what came in force since it began."""
    found = _find(draft_id)
    try:
        found, clashes = catching_up.catch_up(draft_id, by=person(request).actor, now=timezone.now())
    except DraftError as error:
        return _editor(request, found, "", error=in_words(error), status=422)
    url = reverse("console:rule_draft", args=[draft_id])
    if clashes:
        messages.warning(
            request,
            _("Taken over. In %(files)s both had changed the same lines: both stand there, choose.")
            % {"files": ", ".join(clashes)},
        )
        return redirect(f"{url}?{urlencode(_first_clash(found, clashes[0]))}")
    messages.success(request, _("Taken over: the draft begins on what is in force."))
    return redirect(url)


def _first_clash(draft: RulebookDraft, path: str) -> dict[str, str]:
    """Return where the first place stands at which two texts met."""
    lines = draft.files[path].splitlines()
    met = (n for n, line in enumerate(lines, 1) if line.startswith(f"{three_way.MINE} "))
    return {"path": path, "line": str(next(met, 1))}


def _first(draft: RulebookDraft) -> str:
    """Return the file that most people come for: one that the draft changed, rules before others."""
    changed = drafts.changed_files(draft)
    paths: list[str] = list(draft.files)
    return min(paths, key=lambda path: (not path.startswith("rules"), path not in changed, path))


def _base_of(draft: RulebookDraft) -> Pack | None:
    """Return the pack that a draft began on, for what it declares while the draft has errors."""
    return load_pack(draft.base.files, lists.at_hand()).pack if draft.base is not None else None


def _editor(
    request: HttpRequest,
    draft: RulebookDraft,
    path: str,
    *,
    text: str | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    if not path:
        path = _first(draft)
    if path not in draft.files:
        raise Http404
    changed = drafts.changed_files(draft)
    history = drafts.history(draft, path)
    writes = person(request).may(Permission.PACK_PUBLISH) and draft.state == DraftState.OPEN
    checked = check(draft, path)
    context = {
        **ahead(draft),
        "draft": draft,
        "path": path,
        "text": draft.files[path] if text is None else text,
        "rows": min(30, max(14, draft.files[path].count("\n") + 2)),
        "plain": path.startswith("lists/"),
        "seen": drafts.seen_at(draft, path),
        "files": [(name, changed.get(name, "")) for name in sorted(draft.files)],
        "removed": [name for name, what in changed.items() if what == "removed"],
        "history": history,
        "names": staff.names({draft.created_by, draft.changed_by, *(save.by for save in history)}),
        "before": draft.base.files.get(path, "") if draft.base is not None else "",
        "changed_here": path in changed,
        "check": checked,
        "functions": FUNCTIONS.values(),
        "fields": FIELDS.values(),
        "scores": at_hand.scores(installation().home),
        "extras": at_hand.extras(checked.pack or _base_of(draft)),
        "acts": list(MeasureKind),
        "may_write": writes,
        "line": request.GET.get("line", ""),
    }
    return render(request, "console/desk/draft.html", context | more, status=status)


@require_POST
@admit(Permission.PACK_PUBLISH)
def save(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Save a file, and do what else the button says: check, lay out, run the tests, remove."""
    found = _find(draft_id)
    path = request.POST.get("path", "")
    do = request.POST.get("do", "save")
    text = request.POST.get("text", "")
    if do == "layout":
        text = lay_out({path: drafts.even(text)})[path]
    quiet = bool(request.headers.get("HX-Request"))
    try:
        found = drafts.save(
            draft_id,
            path=path,
            text=None if do == "remove" else text,
            seen=_number(request.POST.get("seen", "")),
            by=person(request).actor,
            now=timezone.now(),
            apart=do == "mine",
        )
    except DraftConflictError as error:
        return _conflict(request, found, path, text, error, quiet=quiet)
    except DraftError as error:
        if quiet:
            return render(request, "console/desk/draft_findings.html", {"error": in_words(error)})
        known = path in found.files
        return _editor(
            request,
            found,
            path if known else "",
            text=text if known else None,
            error=in_words(error),
            status=422,
        )
    return _after(request, found, path, do, quiet=quiet)


def _after(request: HttpRequest, found: RulebookDraft, path: str, do: str, *, quiet: bool) -> HttpResponse:
    """Answer a save that was taken."""
    if quiet:
        context = {
            "draft": found,
            "check": check(found, path),
            "seen": drafts.seen_at(found, path),
            "saved": True,
        }
        return render(request, "console/desk/draft_findings.html", context)
    if do == "remove":
        messages.success(request, _("The file is removed from the draft."))
        return redirect("console:rule_draft", found.pk)
    if do == "tests":
        return _editor(request, found, path, tested=True, **_tests(found))
    messages.success(request, _("Saved."))
    return redirect(f"{reverse('console:rule_draft', args=[found.pk])}?{urlencode({'path': path})}")


def in_words(error: DraftError) -> str:
    """Return what is wrong with a save, for this reader."""
    if isinstance(error, WrongFileError):
        return _("A pack has no file of this name. Rules stand in rules/name.yaml, lists in lists/name.txt.")
    if isinstance(error, TooMuchError):
        return _("This is more than a pack can hold.")
    if isinstance(error, UnsaidError):
        return _("Say why it is laid aside.")
    return _("This draft is over. Begin another one.")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 -- of a column


def _conflict(
    request: HttpRequest,
    found: RulebookDraft,
    path: str,
    text: str,
    error: DraftConflictError,
    *,
    quiet: bool,
) -> HttpResponse:
    context = {
        "draft": found,
        "path": path,
        "mine": drafts.even(text),
        "theirs": error.theirs,
        "name": staff.names({error.theirs.by}).get(error.theirs.by, error.theirs.by),
        "plain": path.startswith("lists/"),
        "conflict": True,
    }
    if quiet:
        return render(request, "console/desk/draft_findings.html", context)
    return render(request, "console/desk/draft_conflict.html", context, status=409)


def _tests(draft: RulebookDraft) -> dict[str, Any]:
    """Run the tests that the pack brings with it, by the engine that judges at the door."""
    loaded = load_pack(draft.files, lists.at_hand())
    if loaded.pack is None:
        return {"tests": None}
    results = list(run_examples(compile_pack(loaded.pack)))
    failed = [result for result in results if not result.passed]
    return {"tests": len(results), "failed": failed[:SHOWN], "failures": len(failed)}


@require_POST
@admit(Permission.PACK_PUBLISH)
def add_file(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Add an empty file to a draft."""
    found = _find(draft_id)
    path = request.POST.get("new", "").strip()
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    try:
        if path in found.files:
            return redirect(f"{reverse('console:rule_draft', args=[draft_id])}?{urlencode({'path': path})}")
        found = drafts.save(draft_id, path=path, text="", seen=found.revision, **given)
    except DraftError as error:
        return _editor(request, found, "", error=in_words(error), status=422)
    return redirect(f"{reverse('console:rule_draft', args=[draft_id])}?{urlencode({'path': path})}")


@require_POST
@admit(Permission.PACK_PUBLISH)
def discard(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Lay a draft aside."""
    found = _find(draft_id)
    try:
        drafts.discard(
            draft_id, because=request.POST.get("because", ""), by=person(request).actor, now=timezone.now()
        )
    except DraftError as error:
        return _editor(request, found, "", error=in_words(error), status=422)
    messages.success(request, _("The draft is laid aside. Its text stays in the history."))
    return redirect("console:rule_drafts")
