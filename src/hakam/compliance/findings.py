"""What must hold in this room at all times. `hakam doctor` runs it; the codes are in the ledger reference."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.db.models import Count, F, Q
from django.utils import timezone

from hakam.compliance import guards, rulebook
from hakam.compliance.calendar import add_months
from hakam.compliance.chain import canonical, verify_chain
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import private_of
from hakam.compliance.models import Deadline, Fact, RulebookVersion, Statement
from hakam.compliance.rulebook import RulebookError
from hakam.compliance.statements import COMPLAINT_MONTHS, content_of, subject_of
from hakam.policy.pack import digest_of
from hakam.vocabulary.finding import Finding, Severity

_GRACE = timedelta(minutes=5)  # for the worker to come round

CODES = {
    "C001": "a fact was altered",
    "C002": "facts are missing",
    "C003": "facts were reordered or replaced",
    "C004": "the head of the ledger does not fit its last fact",
    "C005": "the private part of a fact was altered",
    "C006": "the private part of a fact is gone without a record",
    "C007": "the guards of the ledger are missing in the database",
    "C010": "a statement has no fact",
    "C011": "a statement differs from what the ledger proves",
    "C012": "a fact issued a statement that does not exist",
    "C013": "a statement names a clause that the rule book does not have",
    "C014": "a statement leaves less than six months to complain",
    "C015": "a decision has several statements",
    "C020": "several versions of the rule book are in force",
    "C021": "the text of a published version was altered",
    "C030": "a deadline was missed, and the miss is not recorded",
    "C031": "a deadline was met before it began",
}


def check() -> Iterator[Finding]:
    """Yield everything that is broken in this room."""
    yield from verify_chain()
    yield from _guards()
    yield from _statements()
    yield from _rulebook()
    yield from _deadlines()


def _error(code: str, message: str, subject: str, hint: str | None = None) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, subject=subject, hint=hint)


def _guards() -> Iterator[Finding]:
    absent = guards.missing(connection)
    if absent:
        yield Finding(
            code="C007",
            severity=Severity.WARNING,
            message=f"the database lacks the guards {', '.join(absent)}",
            subject="ledger",
            hint="run the migrations again; until then only the chain shows a change of facts",
        )


def _statements() -> Iterator[Finding]:
    facts = {
        fact.subject: fact
        for fact in Fact.objects.filter(kind=FactKind.STATEMENT_ISSUED).order_by("-seq").iterator(2_000)
    }
    known: dict[tuple[str, str], bool] = {}
    for statement in Statement.objects.order_by("issued_at", "pk").iterator(2_000):
        subject = subject_of(statement)
        fact = facts.pop(subject, None)
        if fact is None:
            yield _error("C010", f"no fact says that {subject} was issued", subject)
        else:
            kept = private_of(fact)
            if kept is not None and canonical(kept) != canonical(content_of(statement)):
                wrong = [name for name, value in content_of(statement).items() if kept.get(name) != value]
                yield _error("C011", f"{', '.join(wrong)} of {subject} differ from fact {fact.seq}", subject)
        yield from _clause(statement, known)
        least = add_months(statement.effective_from.date(), COMPLAINT_MONTHS)
        if statement.complain_until.date() < least:
            yield _error("C014", f"the time to complain about {subject} ends before {least}", subject)
    for subject, fact in facts.items():
        yield _error("C012", f"fact {fact.seq} issued {subject}, which does not exist", subject)
    several = (
        Statement.objects.values("decision")
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
        .values_list("decision", "n")
    )
    for decision, n in several.order_by("decision"):
        yield _error("C015", f"{decision} has {n} statements", decision)


def _clause(statement: Statement, known: dict[tuple[str, str], bool]) -> Iterator[Finding]:
    pack, clause = statement.reasons["pack"], statement.reasons["clause"]
    key = (pack["digest"], clause)
    if key not in known:
        version = RulebookVersion.objects.filter(digest=key[0]).first()
        try:
            known[key] = version is not None and clause in rulebook.load(version).clauses
        except RulebookError:
            known[key] = False
    if not known[key]:
        subject = subject_of(statement)
        yield _error(
            "C013",
            f"the clause `{clause}` of {pack['id']}@{pack['version']} is not in the rule book",
            subject,
        )


def _rulebook() -> Iterator[Finding]:
    active = list(RulebookVersion.objects.filter(active_from__isnull=False, active_until=None).order_by("pk"))
    if len(active) > 1:
        names = ", ".join(f"{v.pack}@{v.version}" for v in active)
        yield _error("C020", f"{names} are in force together", "rulebook")
    for version in RulebookVersion.objects.order_by("pk").iterator():
        if digest_of(version.files) != version.digest:
            subject = f"rulebook:{version.pack}@{version.version}"
            yield _error(
                "C021", f"the files of {version.pack}@{version.version} do not fit their digest", subject
            )


def _deadlines() -> Iterator[Finding]:
    late = Deadline.objects.filter(
        met_at=None, missed_at=None, paused_at=None, due_at__lt=timezone.now() - _GRACE
    )
    for deadline in late.order_by("due_at").iterator():
        yield _error(
            "C030",
            f"the clock `{deadline.clock}` of {deadline.subject} ran out at {deadline.due_at:%Y-%m-%d %H:%M} UTC",
            deadline.subject,
            "the worker records misses; is it running?",
        )
    for deadline in Deadline.objects.filter(Q(met_at__lt=F("started_at")) | Q(due_at__lte=F("started_at"))):
        yield _error("C031", f"the times of the clock `{deadline.clock}` are in no order", deadline.subject)
