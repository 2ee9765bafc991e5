"""What is erased of each kind of row, and how: the contents go, the row stays as the skeleton of what happened.

Every eraser finds its rows again by what they still hold, so that a pass that was killed goes on where it stopped.
Files go first, then rows and the fact in one transaction: a row without its file is found again, a file without its
row would not be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, Max, Model, OuterRef, Q, QuerySet

from hakam.compliance import lists
from hakam.compliance.models import Fact, FactLink, ListVersion, Statement
from hakam.enforcement.models import Effect
from hakam.intake.models import (
    Conduct,
    Disclosure,
    Dispute,
    HeldComplaint,
    Notice,
    NoticeItem,
    Order,
    Quarantined,
    Strike,
    Suspension,
    Threat,
)
from hakam.privacy import letters, rooms_above
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Project, Subject
from hakam.review.evidence import EvidenceKind
from hakam.review.models import Case, Complaint, Decision, Draft, Evidence, Proposal
from hakam.review.states import CaseState, ComplaintState, DecisionState, ProposalState
from hakam.safeguarding.models import Report, ReportFile

ERASED: Final = "[erased]"
"""What stands where a text must not be empty."""
Row = Any  # a row of any of the tables below


def _nothing(_row: Row) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Eraser:
    """How one kind of row is erased.

    `due` are the rows whose period began before a moment and that still hold something; `of` those of an account.
    `names` are a row's names, for holds; `files` the digests of its copies in the vault; `facts` the ledger's subjects
    whose personal parts go with it; `blank` takes the contents out of the row.
    """

    kind: Kind
    model: type[Model]
    due: Callable[[datetime], QuerySet[Any]]
    of: Callable[[str, str], QuerySet[Any]]
    names: Callable[[Row], Iterable[str]]
    blank: Callable[[Row], None]
    files: Callable[[Row], Iterable[str]] = _nothing
    facts: Callable[[Row], Iterable[str]] = _nothing


def _item(row: Row) -> str:
    return f"item:{row.platform}/{row.item_kind}/{row.item_id}"


def _names_of_case(case: Case) -> list[str]:
    names = [f"case:{case.pk}", _item(case)]
    return [*names, f"account:{case.platform}/{case.author_id}"] if case.author_id else names


def _closed_cases(before: datetime | None) -> QuerySet[Case]:
    """Return the cases that are over: no decision of theirs can be undone, and no complaint about one is open."""
    over = Q(state=CaseState.DECIDED) | Q(state=CaseState.MERGED)
    if before is not None:
        over = Q(state=CaseState.DECIDED, decided_at__lt=before) | Q(
            state=CaseState.MERGED, opened_at__lt=before
        )
    contested = Complaint.objects.filter(decision__case=OuterRef("pk"), state=ComplaintState.OPEN)
    pending = Decision.objects.filter(case=OuterRef("pk"), state=DecisionState.PENDING)
    return Case.objects.filter(over).filter(~Exists(contested), ~Exists(pending))


def _copies(*, media: bool) -> QuerySet[Evidence]:
    copies = Evidence.objects.filter(case=OuterRef("pk"))
    return copies.filter(kind=EvidenceKind.MEDIA) if media else copies.exclude(kind=EvidenceKind.MEDIA)


def _with_contents(cases: QuerySet[Case]) -> QuerySet[Case]:
    noted = Decision.objects.filter(case=OuterRef("pk")).exclude(note="")
    proposed = _proposals().filter(case=OuterRef("pk"))
    return cases.filter(
        ~Q(excerpt="")
        | ~Q(search_text="")
        | Q(Exists(_copies(media=False)))
        | Q(Exists(noted))
        | Q(Exists(proposed))
    )


def _proposals() -> QuerySet[Proposal]:
    """Return the proposals that were settled and still hold what somebody wrote."""
    return Proposal.objects.exclude(state=ProposalState.OPEN).exclude(facts=ERASED)


def _own(cases: QuerySet[Case], platform: str, account: str) -> QuerySet[Case]:
    return cases.filter(platform=platform, author_id=account)


def _blank_case(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(excerpt="", search_text="", item_url="")
    Decision.objects.filter(case=case).update(note="", item_url="")
    _proposals().filter(case=case).update(facts=ERASED, note="", because="")
    case.evidence.exclude(kind=EvidenceKind.MEDIA).delete()


def _blank_media(case: Case) -> None:
    case.evidence.filter(kind=EvidenceKind.MEDIA).delete()


def _files_of_case(case: Case) -> list[str]:
    return list(case.evidence.exclude(kind=EvidenceKind.MEDIA).values_list("digest", flat=True))


def _media_of_case(case: Case) -> list[str]:
    return list(case.evidence.filter(kind=EvidenceKind.MEDIA).values_list("digest", flat=True))


def _blank_contact(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(author_email="")


# Notices


def over(before: datetime | None) -> QuerySet[Notice]:
    """Return the notices that came before a moment, if one is given, and wait for nothing any more."""
    waiting = NoticeItem.objects.filter(notice=OuterRef("pk"), answered_at=None)
    # What a suspension held is over when the suspension is, unless somebody still judges an objection to it.
    unquestioned = Q(held_by__objected_at=None) | Q(held_by__answered_at__isnull=False)
    held = Q(held_by__ended_at__isnull=False) & unquestioned
    found = Notice.objects.filter((Q(held_by=None) & ~Exists(waiting)) | held)
    return found if before is None else found.filter(received_at__lt=before)


def _names_of_notice(notice: Notice) -> list[str]:
    names = [f"notice:{notice.pk}"]
    names += [f"item:{notice.platform}/{one.item_kind}/{one.item_id}" for one in notice.items.all()]
    return [*names, f"account:{notice.platform}/{notice.notifier}"] if notice.notifier else names


def _blank_notifier(notice: Notice) -> None:
    letters.erase(letters.to_notifier([notice]))
    Notice.objects.filter(pk=notice.pk).update(name="", email="", notifier="")


def _blank_notice(notice: Notice) -> None:
    Notice.objects.filter(pk=notice.pk).update(explanation=ERASED, good_faith="")
    notice.items.update(url="")


# Complaints, statements


def _complaints(before: datetime | None) -> QuerySet[Complaint]:
    found = Complaint.objects.exclude(state=ComplaintState.OPEN).exclude(text=ERASED)
    return (found if before is None else found.filter(decided_at__lt=before)).select_related("decision")


def _names_of_complaint(complaint: Complaint) -> list[str]:
    decision = complaint.decision
    names = [
        f"complaint:{complaint.pk}",
        _item(decision),
        f"account:{decision.platform}/{decision.author_id}",
    ]
    return [*names, f"case:{decision.case_id}"] if decision.case_id else names


def _blank_complaint(complaint: Complaint) -> None:
    Complaint.objects.filter(pk=complaint.pk).update(text=ERASED, email="", answer=ERASED)
    HeldComplaint.objects.filter(statement_token=complaint.statement_token).exclude(
        statement_token=""
    ).update(text=ERASED, email="")
    Dispute.objects.filter(decision=f"decision:{complaint.decision_id}").exclude(decided_at=None).update(
        outcome_text="", not_implemented="", refused_because=""
    )


def _statements(before: datetime | None) -> QuerySet[Statement]:
    found = Statement.objects.exclude(reasons__facts=ERASED)
    return found if before is None else found.filter(issued_at__lt=before)


def _names_of_statement(one: Statement) -> list[str]:
    return [
        f"statement:{one.pk}", f"item:{one.platform}/{one.item_kind}/{one.item_id}",
        f"account:{one.platform}/{one.recipient}", one.decision,
    ]  # fmt: skip


def _without_facts(reasons: Mapping[str, Any]) -> dict[str, Any]:
    """Return reasons without what can be traced to a person: law, clause and automation stay."""
    grounds = [{**ground, "explanation": ERASED} for ground in reasons.get("grounds", ())]
    kept = {name: value for name, value in reasons.items() if name != "notifier"}
    return {**kept, "facts": ERASED, "grounds": grounds}


def _blank_statement(one: Statement) -> None:
    reasons = _without_facts(one.reasons)
    Statement.objects.filter(pk=one.pk).update(reasons=reasons, item_url="", recipient="")
    for decision in Decision.objects.filter(pk=_number(one.decision)):
        changed = {**({"reasons": _without_facts(decision.reasons)} if decision.reasons else {})}
        Decision.objects.filter(pk=decision.pk).update(author_id="", note="", item_url="", **changed)


def _number(subject: str) -> int:
    tail = subject.rpartition(":")[2]
    return int(tail) if tail.isdecimal() else 0


# Misuse


def _misuse(before: datetime | None) -> QuerySet[Conduct]:
    found = Conduct.objects.annotate(struck=Max("strikes__at"), ended=Max("suspensions__ends")).filter(
        Exists(Strike.objects.filter(conduct=OuterRef("pk")).exclude(because=ERASED))
    )
    if before is None:
        return found
    return found.filter(struck__lt=before).filter(Q(ended=None) | Q(ended__lt=before))


def _blank_misuse(conduct: Conduct) -> None:
    Strike.objects.filter(conduct=conduct).update(because=ERASED)
    Suspension.objects.filter(conduct=conduct).update(
        because=ERASED, objection="", answer="", factors={"strikes": 0, "total": 0}
    )
    Conduct.objects.filter(pk=conduct.pk).update(
        email="", warning="", account=f"{ERASED}:{conduct.pk}" if conduct.account else ""
    )


# Authorities

_CLEARED: Final[dict[str, Any]] = {
    "reasons": ERASED, "urls": [], "accounts": [], "representative": "", "contact": "", "feedback_to": "",
}  # fmt: skip


def _orders(before: datetime | None) -> QuerySet[Order]:
    found = Order.objects.exclude(contents__reasons=ERASED).filter(
        Q(answered_at__isnull=False) | Q(state="annulled")
    )
    return (
        found
        if before is None
        else found.filter(Q(answered_at__lt=before) | Q(received_at__lt=before, state="annulled"))
    )


def _names_of_order(order: Order) -> list[str]:
    accounts = [f"account:{order.platform}/{one}" for one in order.contents.get("accounts", ())]
    return [f"order:{order.pk}", *accounts]


def _blank_order(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(
        contents={**order.contents, **_CLEARED}, document="", unverified_because=""
    )


def _disclosures(before: datetime | None) -> QuerySet[Disclosure]:
    found = Disclosure.objects.exclude(document="").exclude(released_at=None).select_related("order")
    return found if before is None else found.filter(released_at__lt=before)


def _threats(before: datetime | None) -> QuerySet[Threat]:
    found = Threat.objects.exclude(bundle="").exclude(settled_at=None)
    return found if before is None else found.filter(settled_at__lt=before)


# Messages, facts, drafts


def _facts(before: datetime) -> QuerySet[Fact]:
    return Fact.objects.filter(at__lt=before, private__isnull=False)


def facts_about(platform: str, account: str) -> QuerySet[Fact]:
    """Return the facts with a personal part that name an account, or something of its cases, but no notice."""
    name = f"account:{platform}/{account}"
    linked = FactLink.objects.filter(subject=name).values("fact_id")
    cases = [
        f"case:{pk}"
        for pk in Case.objects.filter(platform=platform, author_id=account).values_list("pk", flat=True)
    ]
    return (
        Fact.objects.filter(private__isnull=False)
        .filter(Q(subject=name) | Q(pk__in=linked) | Q(subject__in=cases))
        .exclude(kind__startswith="notice.")
    )


def key_of_record(seq: int) -> str:
    """Return the ledger's name of a record that was set aside; below zero stands one of the log of notices."""
    return f"event:{seq}" if seq > 0 else f"notices:{-seq}"


def set_aside(seqs: Iterable[int]) -> QuerySet[Quarantined]:
    """Return which of these records were set aside with an error that may quote them."""
    return Quarantined.objects.filter(seq__in=list(seqs)).exclude(reason=ERASED)


def _blank_report(report: Report) -> None:
    Report.objects.filter(pk=report.pk).update(contents={}, because="")
    report.files.all().delete()


def _blank_letter(effect: Effect) -> None:
    letters.erase(Effect.objects.filter(pk=effect.pk))


def _names_of_letter(effect: Effect) -> list[str]:
    """Return a message's names, with those of what it tells of: who is held is held in letters too."""
    subject = effect.stream.partition("#")[0]
    kind, _sep, number = subject.partition(":")
    names = [f"effect:{effect.pk}", *([subject] if subject else [])]
    if effect.measure is not None:
        names += [_item(effect.measure), f"account:{effect.platform}/{effect.measure.author_id}"]
    match kind:
        case "statement":
            found = Statement.objects.filter(pk=number).first()
            return names if found is None else [*names, *_names_of_statement(found)]
        case "complaint":
            made = Complaint.objects.filter(pk=number).select_related("decision").first()
            return names if made is None else [*names, *_names_of_complaint(made)]
        case "notice":
            sent = Notice.objects.filter(pk=number).first()
            return names if sent is None else [*names, *_names_of_notice(sent)]
        case "data_request":
            asked = Subject.objects.filter(pk=number).first()
            return names if asked is None else [*names, f"account:{asked.platform}/{asked.account}"]
    return names


ERASERS: Final[tuple[Eraser, ...]] = (
    Eraser(
        Kind.CASES, Case, lambda b: _with_contents(_closed_cases(b)),
        lambda p, a: _with_contents(_own(_closed_cases(None), p, a)),
        _names_of_case, _blank_case, files=_files_of_case,
    ),
    Eraser(
        Kind.MEDIA, Case, lambda b: _closed_cases(b).filter(Exists(_copies(media=True))),
        lambda p, a: _own(_closed_cases(None), p, a).filter(Exists(_copies(media=True))),
        _names_of_case, _blank_media, files=_media_of_case,
    ),
    Eraser(
        Kind.CONTACTS, Case, lambda b: _closed_cases(b).exclude(author_email=""),
        lambda p, a: _own(_closed_cases(None), p, a).exclude(author_email=""),
        _names_of_case, _blank_contact,
    ),
    Eraser(
        Kind.NOTIFIERS, Notice, lambda b: over(b).exclude(name="", email="", notifier=""),
        lambda p, a: over(None).filter(platform=p, notifier=a),
        _names_of_notice, _blank_notifier, facts=lambda n: (f"notice:{n.pk}",),
    ),
    Eraser(
        Kind.NOTICES, Notice, lambda b: over(b).exclude(explanation=ERASED),
        lambda p, a: over(None).filter(platform=p, notifier=a).exclude(explanation=ERASED),
        _names_of_notice, _blank_notice, facts=lambda n: (f"notice:{n.pk}",),
    ),
    Eraser(
        Kind.COMPLAINTS, Complaint, _complaints,
        lambda p, a: _complaints(None).filter(decision__platform=p, decision__author_id=a),
        _names_of_complaint, _blank_complaint, facts=lambda c: (f"complaint:{c.pk}",),
    ),
    Eraser(
        Kind.STATEMENTS, Statement, _statements,
        lambda p, a: _statements(None).filter(platform=p, recipient=a),
        _names_of_statement, _blank_statement, facts=lambda s: (f"statement:{s.pk}", s.decision),
    ),
    Eraser(
        Kind.MISUSE, Conduct, _misuse, lambda p, a: _misuse(None).filter(platform=p, account=a),
        lambda c: (f"conduct:{c.pk}", f"account:{c.platform}/{c.account}"), _blank_misuse,
        facts=lambda c: (f"conduct:{c.pk}",),
    ),
    Eraser(
        Kind.ORDERS, Order, _orders, lambda _p, _a: Order.objects.none(), _names_of_order, _blank_order,
        files=lambda o: (o.document,) if o.document else (), facts=lambda o: (f"order:{o.pk}",),
    ),
    Eraser(
        Kind.DISCLOSURES, Disclosure, _disclosures, lambda _p, _a: Disclosure.objects.none(),
        lambda d: _names_of_order(d.order),
        lambda d: void(Disclosure.objects.filter(pk=d.pk).update(document="", fields={})),
        files=lambda d: (d.document,),
    ),
    Eraser(
        Kind.THREATS, Threat, _threats, lambda _p, _a: Threat.objects.none(),
        lambda t: (f"threat:{t.pk}", t.case),
        lambda t: void(Threat.objects.filter(pk=t.pk).update(what=ERASED, because="", bundle="")),
        files=lambda t: (t.bundle,), facts=lambda t: (f"threat:{t.pk}",),
    ),
    Eraser(
        Kind.LETTERS, Effect, letters.over, letters.going_with, _names_of_letter, _blank_letter,
    ),
    Eraser(
        Kind.ERASURE_LETTERS, Effect, letters.of_erasures, lambda _p, _a: Effect.objects.none(), _names_of_letter,
        _blank_letter,
    ),
    Eraser(
        Kind.DRAFTS, Draft, lambda b: Draft.objects.filter(saved_at__lt=b).select_related("case"),
        lambda p, a: Draft.objects.filter(case__platform=p, case__author_id=a, case__state=CaseState.DECIDED),
        lambda d: _names_of_case(d.case), lambda d: void(d.delete()),
    ),
    Eraser(
        Kind.REQUESTS, Subject,
        lambda b: Subject.objects.filter(closed_at__lt=b).exclude(document="", words="", email=""),
        lambda _p, _a: Subject.objects.none(),
        lambda r: (f"data_request:{r.pk}", f"account:{r.platform}/{r.account}"),
        lambda r: void(Subject.objects.filter(pk=r.pk).update(
            document="", words="", email="", identity="", answer="", account=ERASED, found=[]
        )),
        files=lambda r: (r.document,) if r.document else (), facts=lambda r: (f"data_request:{r.pk}",),
    ),
    Eraser(
        Kind.RESEARCH, Project, lambda b: Project.objects.filter(expires_on__lt=b.date()).exclude(key="", document=""),
        lambda _p, _a: Project.objects.none(), lambda r: (f"research:{r.pk}",),
        lambda r: void(Project.objects.filter(pk=r.pk).update(document="", key="", state="ended")),
        files=lambda r: (r.document,) if r.document else (),
    ),
    Eraser(
        Kind.CHILD_REPORTS,
        Report,
        lambda b: Report.objects.filter(filed_at__lt=b).exclude(contents={}),
        lambda _p, _a: Report.objects.none(),
        lambda r: (f"child_report:{r.pk}", f"case:{r.case}"),
        _blank_report,
        files=lambda r: tuple(r.files.values_list("digest", flat=True)),
    ),
    Eraser(
        Kind.LISTS, ListVersion, lambda b: ListVersion.objects.filter(active_until__lt=b, file_kept=True),
        lambda _p, _a: ListVersion.objects.none(), lambda v: (f"list:{v.name}",), lists.drop,
    ),
    Eraser(
        Kind.SET_ASIDE, Quarantined, lambda b: Quarantined.objects.filter(at__lt=b).exclude(reason=ERASED),
        lambda _p, _a: Quarantined.objects.none(), lambda q: (key_of_record(q.pk),),
        lambda q: void(Quarantined.objects.filter(pk=q.pk).update(reason=ERASED)),
        facts=lambda q: (key_of_record(q.pk),),
    ),
    Eraser(
        Kind.LEDGER, Fact, _facts, facts_about,
        lambda f: (f.subject, *(link.subject for link in f.links.all())), lambda _f: None,
        facts=_nothing,
    ),
)  # fmt: skip


def void(_result: object) -> None:
    """Forget what a statement returned: a row's eraser returns nothing."""


_above: dict[Kind, tuple[Eraser, Callable[[str], int]]] = {}


def add(one: Eraser, *, names: Callable[[str], int]) -> None:
    """Let a room above erase its rows by the schedule too: `register` of the module it announced calls this.

    `names` returns how many of its rows name a file of the vault. Calls go down, so that this room can't ask it.
    """
    _above[one.kind] = (one, names)


def erasers() -> tuple[Eraser, ...]:
    """Return the erasers of all rooms. Personal parts of facts come last: others name facts that go with their rows."""
    rooms_above.register()
    return (*ERASERS[:-1], *(one for one, _names in _above.values()), ERASERS[-1])


def eraser(kind: Kind) -> Eraser | None:
    """Return the eraser of a kind of rows; None for what lies in files."""
    return next((one for one in erasers() if one.kind is kind), None)


def times_named(digest: str) -> int:
    """Return how many rows of all tables name a file of the vault."""
    rooms_above.register()
    return (
        Evidence.objects.filter(digest=digest).count()
        + Order.objects.filter(document=digest).count()
        + Threat.objects.filter(bundle=digest).count()
        + Disclosure.objects.filter(document=digest).count()
        + ReportFile.objects.filter(digest=digest).count()
        + Subject.objects.filter(document=digest).count()
        + Project.objects.filter(document=digest).count()
        + sum(names(digest) for _one, names in _above.values())
    )
