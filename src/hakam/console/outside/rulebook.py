"""The rule book for everybody (DSA Art. 14): in plain words, every version, what changed, and for machines."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.views.decorators.http import require_GET

from hakam.compliance import rulebook as book
from hakam.compliance.models import RulebookVersion
from hakam.console.installation import installation
from hakam.console.outside.reading import page, speak
from hakam.console.rulebook import clauses_of
from hakam.intake import dispute_access
from hakam.policy.clauses import Clause


def _version(name: str) -> RulebookVersion:
    for version in book.versions():
        if version.version == name:
            return version
    raise Http404


def _in_order(version: RulebookVersion) -> list[Clause]:
    return sorted(clauses_of(version).values(), key=lambda clause: (-clause.severity, clause.id))


def _read(clause: Clause, language: str) -> dict[str, Any]:
    spoken = clause.language_for(language)
    title, text = clause.in_language(language)
    examples = clause.examples.get(language) or clause.examples.get("en") or ()
    laws = [f"{law.provision} ({law.country})" if law.country else law.provision for law in clause.legal]
    return {
        "clause": clause,
        "language": spoken,
        "title": title,
        "text": text,
        "examples": examples,
        "examples_text": "\n".join(examples),
        "laws": "\n".join(laws),
    }


@require_GET
def rulebook(request: HttpRequest, name: str = "") -> HttpResponse:
    """Show a version of the rule book: by default the one in force."""
    version = _version(name) if name else book.active()
    speak(request, request.GET.get("language", ""))
    language = translation.get_language() or "en"
    every = book.versions()
    context: dict[str, Any] = {"version": version, "versions": every}
    if version is not None:
        context["clauses"] = read = [_read(clause, language) for clause in _in_order(version)]
        context["foreign"] = any(one["language"] != language for one in read)
        older = [one for one in every if one.published_at < version.published_at]
        context["before"] = older[0] if older else None
    return page(request, "rulebook.html", context, letter=True)


@require_GET
def differences(request: HttpRequest) -> HttpResponse:
    """Show what changed between two versions, word by word.

    Rules are not among it: their conditions would teach how to get around them.

    # DSA Art. 14(2)
    """
    every = book.versions()
    if len(every) < 2:  # noqa: PLR2004 -- two versions have a difference
        raise Http404
    new = _version(request.GET["to"]) if request.GET.get("to") else every[0]
    old = _version(request.GET["from"]) if request.GET.get("from") else every[1]
    speak(request, request.GET.get("language", ""))
    language = translation.get_language() or "en"
    before, after = clauses_of(old), clauses_of(new)
    rows: list[dict[str, Any]] = []
    for id_ in sorted(before.keys() | after.keys()):
        one, other = before.get(id_), after.get(id_)
        if one is not None and other is not None and _same(one, other):
            continue
        rows.append(
            {
                "id": id_,
                "old": _read(one, language) if one else {},
                "new": _read(other, language) if other else {},
                "added": one is None,
                "removed": other is None,
                "severity": (one.severity, other.severity)
                if one and other and one.severity != other.severity
                else None,
                "ladders": (one.ladder, other.ladder)
                if one and other and one.ladder != other.ladder
                else None,
            }
        )
    read = [side["language"] for row in rows for side in (row["old"], row["new"]) if side]
    foreign = any(one != language for one in read)
    context = {"old": old, "new": new, "versions": every, "rows": rows, "foreign": foreign}
    return page(request, "differences.html", context, letter=True)


def _same(one: Clause, other: Clause) -> bool:
    parts = ("title", "text", "severity", "ladder", "legal", "examples", "harm", "contractual")
    return all(getattr(one, part) == getattr(other, part) for part in parts)


@require_GET
def rulebook_json(_request: HttpRequest) -> JsonResponse:
    """Give the rule book in force to machines (DSA Art. 14(5))."""
    version = book.active()
    if version is None:
        raise Http404
    clauses = [
        {
            "id": clause.id,
            "title": clause.title,
            "text": clause.text,
            "examples": clause.examples,
            "harm": clause.harm.value,
            "severity": clause.severity,
            "measures": [
                {"kind": measure.kind.value, "days": measure.days, "territory": list(measure.territory)}
                for measure in clause.ladder
            ],
            "legal": [{"provision": law.provision, "country": law.country} for law in clause.legal],
        }
        for clause in _in_order(version)
    ]
    body = {
        "platform": installation().platform,
        "pack": version.pack,
        "version": version.version,
        "digest": version.digest,
        "in_force_since": version.active_from,
        "clauses": clauses,
        "redress": {
            "notice": f"{installation().base_url}/report",
            "complaint": "the page of each statement of reasons, for six months; free of charge",
            "bodies": [body.name for body in dispute_access.bodies()],
            "court": "at any time",
            "contact": f"{installation().base_url}/contact",
        },
        "versions": [
            {"version": v.version, "digest": v.digest, "from": v.active_from, "until": v.active_until}
            for v in book.versions()
        ],
    }
    return JsonResponse(body, json_dumps_params={"ensure_ascii": False})
