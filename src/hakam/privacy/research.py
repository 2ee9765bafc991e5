"""Data for vetted researchers (DSA Art. 40): asked for, approved by a second person, pseudonymised, until a day.

Each project has a key of its own, so that its pseudonyms fit those of no other project, and nobody gets back from them
once the key is destroyed. Free text is left out unless the approval names it. Figures below a threshold are not told.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import secrets
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Statement
from hakam.compliance.storable import storable
from hakam.intake.models import NoticeItem
from hakam.privacy.models import Project
from hakam.review.models import Case, Decision
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import SYSTEM, Actor

ANSWER: Final = "research.answer"
EXPIRY: Final = "research.expiry"
_LEAST: Final = 5
_ROWS: Final = 2_000


class ProjectState(StrEnum):
    """Where a project is."""

    ASKED = "asked"
    APPROVED = "approved"  # by a second person; the worker makes the export
    MADE = "made"
    REFUSED = "refused"
    ENDED = "ended"  # key and export are destroyed


class ResearchError(ValueError):
    """This can't be done with a project. Nothing was changed."""


class Column(NamedTuple):
    """A column of a table, as the data dictionary tells it. `free` is free text, `grouped` is counted."""

    name: str
    kind: str
    meaning: str
    free: bool = False
    grouped: bool = False


class Table(NamedTuple):
    """A table that can be asked for."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    rows: Callable[[Project, Callable[[str, str], str]], Iterator[tuple[Any, ...]]]


def _span(project: Project) -> tuple[datetime, datetime]:
    return (
        datetime.combine(project.first, time.min, tzinfo=UTC),
        datetime.combine(project.last, time.max, tzinfo=UTC),
    )


def _cases(project: Project, name: Callable[[str, str], str]) -> Iterator[tuple[Any, ...]]:
    found = Case.objects.filter(platform=project.platform, opened_at__range=_span(project), restricted=False)
    for one in found.order_by("pk").iterator(_ROWS):
        yield (
            name("case", str(one.pk)), name("account", one.author_id), one.opened_at.date(), one.item_kind, one.clause,
            one.harm, one.language, one.notices, one.verdicts, one.state, one.excerpt,
        )  # fmt: skip


def _decisions(project: Project, name: Callable[[str, str], str]) -> Iterator[tuple[Any, ...]]:
    found = Decision.objects.filter(
        platform=project.platform, at__range=_span(project), case__restricted=False
    ).order_by("pk")
    for one in found.iterator(_ROWS):
        reasons = one.reasons or {}
        kinds = "+".join(sorted({str(m.get("kind")) for m in one.measures}))
        yield (
            name("case", str(one.case_id)), name("account", one.author_id), one.at.date(), one.outcome, one.clause,
            kinds, bool(reasons.get("automated_detection")), reasons.get("automated_decision") or "", one.state,
            reasons.get("facts") or "",
        )  # fmt: skip


def _notices(project: Project, name: Callable[[str, str], str]) -> Iterator[tuple[Any, ...]]:
    found = NoticeItem.objects.filter(
        notice__platform=project.platform, notice__received_at__range=_span(project)
    ).select_related("notice")
    for one in found.order_by("pk").iterator(_ROWS):
        notice = one.notice
        sender = notice.notifier or notice.email
        yield (
            name("notice", str(notice.pk)), name("notifier", sender) if sender else "", notice.received_at.date(),
            notice.harm, notice.illegal, notice.trusted, notice.language, one.upheld, notice.explanation,
        )  # fmt: skip


def _statements(project: Project, name: Callable[[str, str], str]) -> Iterator[tuple[Any, ...]]:
    found = Statement.objects.filter(platform=project.platform, issued_at__range=_span(project))
    for one in found.order_by("pk").iterator(_ROWS):
        kinds = "+".join(sorted({str(m.get("kind")) for m in one.measures}))
        yield (
            name("account", one.recipient), one.issued_at.date(), one.item_kind, one.reasons.get("harm") or "", kinds,
            one.language, one.withdrawn_at is not None, one.reasons.get("facts") or "",
        )  # fmt: skip


_ACCOUNT = Column("account", "pseudonym", "whose item it is")
_CASE = Column("case", "pseudonym", "the case")
TABLES: Final = {
    table.name: table
    for table in (
        Table("cases", "items that somebody looked at, those about abuse of children left out", (
            _CASE, _ACCOUNT, Column("opened_on", "date", "day in UTC"),
            Column("item_kind", "code", "kind of item", grouped=True),
            Column("clause", "code", "clause of the rule book", grouped=True),
            Column("harm", "code", "kind of harm", grouped=True), Column("language", "code", "language of the content"),
            Column("notices", "number", "notices about it"), Column("verdicts", "number", "verdicts of rules"),
            Column("state", "code", "open, decided or merged"),
            Column("excerpt", "text", "start of the text", free=True),
        ), _cases),
        Table("decisions", "what was decided", (
            _CASE, _ACCOUNT, Column("decided_on", "date", "day in UTC"),
            Column("outcome", "code", "violation, no_violation or stands", grouped=True),
            Column("clause", "code", "clause of the rule book", grouped=True),
            Column("measures", "code", "kinds of measures, joined by +", grouped=True),
            Column("automated_detection", "true or false", "whether a machine found it"),
            Column("automated_decision", "code", "full, partial or none"),
            Column("state", "code", "pending, final, undone or replaced"),
            Column("facts", "text", "facts of the reasons", free=True),
        ), _decisions),
        Table("notices", "what people reported, one row an item", (
            Column("notice", "pseudonym", "the notice"), Column("notifier", "pseudonym", "who sent it; empty: unknown"),
            Column("received_on", "date", "day in UTC"), Column("harm", "code", "kind of harm alleged", grouped=True),
            Column("illegal", "true or false", "alleged illegal, or against the rules only"),
            Column("trusted", "true or false", "by a trusted flagger"), Column("language", "code", "of the notice"),
            Column("upheld", "true or false", "whether the decision agreed; empty: none yet"),
            Column("explanation", "text", "in the notifier's words", free=True),
        ), _notices),
        Table("statements", "statements of reasons", (
            _ACCOUNT, Column("issued_on", "date", "day in UTC"), Column("item_kind", "code", "kind of item"),
            Column("harm", "code", "kind of harm", grouped=True),
            Column("measures", "code", "kinds of measures, joined by +", grouped=True),
            Column("language", "code", "of the statement"), Column("withdrawn", "true or false", "it was reversed"),
            Column("facts", "text", "facts of the reasons", free=True),
        ), _statements),
    )
}  # fmt: skip


def subject_of(project: Project) -> str:
    """Return a project's name in the ledger."""
    return f"research:{project.pk}"


def pseudonym(key: str, kind: str, name: str) -> str:
    """Return the pseudonym of something in one project: 24 hex digits. Without the key it can't be tried out."""
    return hmac.new(bytes.fromhex(key), f"{kind}\x00{name}".encode(), hashlib.sha256).hexdigest()[:24]


def ask(
    *,
    title: str,
    researcher: str,
    email: str,
    purpose: str,
    platform: str,
    tables: Iterable[str],
    first: date,
    last: date,
    expires_on: date,
    owner: Actor,
    now: datetime,
    reference: str = "",
    least: int = 10,
) -> Project:
    """Enter a request; who enters it owns it, and its clock runs (DSA Art. 40(5)). Raises `ResearchError`."""
    said = [storable(text).strip() for text in (title, researcher, purpose)]
    wanted = [name for name in TABLES if name in set(tables)]
    if not all(said) or "@" not in email:
        raise ResearchError(_("name the project, its purpose, the researcher and an e-mail address"))
    if not wanted:
        raise ResearchError(_("choose at least one table"))
    if first > last or last > now.date():
        raise ResearchError(_("the span ends before it begins, or in the future"))
    if expires_on <= now.date():
        raise ResearchError(_("the project ends in the future"))
    if least < _LEAST:
        raise ResearchError(_("figures below five are never told"))
    with transaction.atomic():
        ledger.lock()
        made = Project.objects.create(
            title=said[0][:300], researcher=said[1][:300], purpose=said[2], email=email.strip()[:320],
            reference=storable(reference).strip()[:300], platform=platform, tables=wanted, first=first, last=last,
            expires_on=expires_on, least=least, owner=str(owner), state=ProjectState.ASKED, asked_at=now,
        )  # fmt: skip
        deadlines.start(ANSWER, subject=subject_of(made), by=owner, now=now)
        _record(FactKind.RESEARCH_ASKED, made, by=owner, now=now)
    return made


def approve(project_id: str, *, text: bool, by: Actor, now: datetime) -> Project:
    """Approve, as somebody else than the owner; `text` says that free text is part of it. Raises `ResearchError`."""
    with transaction.atomic():
        project = _asked(project_id, by)
        if project.expires_on <= now.date():
            raise ResearchError(_("the project ends in the future"))
        project.state, project.settled_by, project.settled_at = ProjectState.APPROVED, str(by), now
        project.text, project.key = text, secrets.token_hex(32)
        project.save(update_fields=["state", "settled_by", "settled_at", "text", "key"])
        deadlines.meet(ANSWER, subject=subject_of(project), by=by, now=now)
        ends = datetime.combine(project.expires_on, time(23, 59, 59), tzinfo=UTC)
        deadlines.start(EXPIRY, subject=subject_of(project), by=by, now=now, length=ends - now)
        _record(FactKind.RESEARCH_APPROVED, project, by=by, now=now, body={"text": text})
    return project


def refuse(project_id: str, *, because: str, by: Actor, now: datetime) -> Project:
    """Refuse, as somebody else than the owner, with a reason. Raises `ResearchError`."""
    because = storable(because).strip()
    if not because:
        raise ResearchError(_("say why it is refused"))
    with transaction.atomic():
        project = _asked(project_id, by)
        project.state, project.settled_by, project.settled_at = ProjectState.REFUSED, str(by), now
        project.because = because
        project.save(update_fields=["state", "settled_by", "settled_at", "because"])
        deadlines.meet(ANSWER, subject=subject_of(project), by=by, now=now)
        _record(FactKind.RESEARCH_REFUSED, project, by=by, now=now)
    return project


def make_due(*, vault: Vault, now: datetime) -> int:
    """Make the next export that was approved; return 1, or 0 when none waits. Made twice, it holds the same."""
    project = Project.objects.filter(state=ProjectState.APPROVED).order_by("settled_at").first()
    if project is None:
        return 0
    data, rows = export(project, now=now)
    digest = vault.put(data)
    with transaction.atomic():
        ledger.lock()
        Project.objects.filter(pk=project.pk).update(
            state=ProjectState.MADE, document=digest, rows=rows, made_at=now
        )
        project.rows = rows
        _record(
            FactKind.RESEARCH_EXPORTED, project, by=SYSTEM, now=now, body={"rows": rows, "document": digest}
        )
    return 1


def export(project: Project, *, now: datetime) -> tuple[bytes, dict[str, int]]:
    """Return the export as a zip, and the number of rows of each table."""
    files: dict[str, bytes] = {}
    rows: dict[str, int] = {}
    for table in (TABLES[name] for name in project.tables):
        data, counts, number = _table(project, table)
        files[f"{table.name}.csv"], rows[table.name] = data, number
        files[f"{table.name}-figures.csv"] = counts
    files["dictionary.json"] = msgspec.json.format(msgspec.json.encode(_dictionary(project)))
    manifest = {
        "project": str(project.pk), "title": project.title, "researcher": project.researcher,
        "reference": project.reference, "platform": project.platform, "first": project.first, "last": project.last,
        "made_at": now, "expires_on": project.expires_on, "free_text": project.text, "least": project.least,
        "pseudonyms": "HMAC-SHA-256 under a key of this project alone, 24 hex digits",
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in files.items()
        },
    }  # fmt: skip
    files["manifest.json"] = msgspec.json.format(msgspec.json.encode(manifest))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue(), rows


def _table(project: Project, table: Table) -> tuple[bytes, bytes, int]:
    kept = [n for n, column in enumerate(table.columns) if project.text or not column.free]
    grouped = [n for n, column in enumerate(table.columns) if column.grouped]
    counts: dict[str, Counter[str]] = {table.columns[n].name: Counter() for n in grouped}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([table.columns[n].name for n in kept])
    number = 0
    for row in table.rows(project, lambda kind, name: pseudonym(project.key, kind, name)):
        writer.writerow([_cell(row[n]) for n in kept])
        for n in grouped:
            counts[table.columns[n].name][str(row[n])] += 1
        number += 1
    return out.getvalue().encode(), _figures(counts, project.least), number


def _figures(counts: dict[str, Counter[str]], least: int) -> bytes:
    """Return figures by value; those below `least` are left out, and one more where subtraction would tell it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["column", "value", "rows"])
    for name, counted in sorted(counts.items()):
        small = {value for value, n in counted.items() if n < least}
        if len(small) == 1 and len(counted) > 1:  # the sum of the others would tell it
            small.add(
                min(
                    (value for value in counted if value not in small),
                    key=lambda value: (counted[value], value),
                )
            )
        for value, n in sorted(counted.items()):
            writer.writerow([name, value, f"<{least}" if n < least else "not told" if value in small else n])
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text  # no formula in a spreadsheet


def _dictionary(project: Project) -> dict[str, Any]:
    return {
        name: {
            "meaning": TABLES[name].meaning,
            "columns": [
                {"name": one.name, "kind": one.kind, "meaning": one.meaning}
                for one in TABLES[name].columns
                if project.text or not one.free
            ],
        }
        for name in project.tables
    }


def take(project_id: str, *, vault: Vault, by: Actor, now: datetime) -> bytes:
    """Return the export, for whoever hands it over; every copy taken is a fact. Raises `ResearchError`."""
    with transaction.atomic():
        project = _locked(project_id)
        if project.state != ProjectState.MADE:
            raise ResearchError(_("no export is there"))
        data = vault.get(project.document)
        _record(FactKind.RESEARCH_TAKEN, project, by=by, now=now, body={"document": project.document})
    return data


def end(project_id: str, *, vault: Vault, by: Actor, now: datetime) -> Project:
    """End a project before its day: its key and its export are destroyed. Raises `ResearchError`."""
    with transaction.atomic():
        project = _locked(project_id)
        if project.state not in {ProjectState.MADE, ProjectState.APPROVED}:
            raise ResearchError(_("it has no export"))
        if project.document:
            vault.delete(project.document)
        project.state, project.key, project.document = ProjectState.ENDED, "", ""
        project.save(update_fields=["state", "key", "document"])
        deadlines.meet(EXPIRY, subject=subject_of(project), by=by, now=now)
        _record(FactKind.RESEARCH_ENDED, project, by=by, now=now)
    return project


def listed(*, limit: int = 200) -> list[Project]:
    """Return the projects, the newest first."""
    return list(Project.objects.order_by("-asked_at")[:limit])


def by_id(project_id: str) -> Project | None:
    """Return one project, or None."""
    return Project.objects.filter(pk=project_id).first()


def _asked(project_id: str, by: Actor) -> Project:
    project = _locked(project_id)
    if project.state != ProjectState.ASKED:
        raise ResearchError(_("it is settled"))
    if project.owner == str(by):
        raise ResearchError(_("somebody else must settle what you own"))
    return project


def _locked(project_id: str) -> Project:
    ledger.lock()
    project = Project.objects.select_for_update().filter(pk=project_id).first()
    if project is None:
        raise ResearchError(_("there is no such project"))
    return project


def _record(
    kind: FactKind, project: Project, *, by: Actor, now: datetime, body: dict[str, Any] | None = None
) -> None:
    ledger.record(
        kind, by=by, now=now, subject=subject_of(project),
        body={"platform": project.platform, "tables": project.tables, **(body or {})},
    )  # fmt: skip
