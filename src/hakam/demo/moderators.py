"""Two moderators of the demo at work: they take cases, follow the clause's ladder, and answer complaints."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from hakam.review import access, complaint_access
from hakam.review.complaints import decide_complaint
from hakam.review.decisions import decide
from hakam.review.shapes import CaseView, ClauseView, ComplaintRow, StepView
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.storage.vault import Vault
from hakam.vocabulary.measure import MeasureKind

GRAVE = 60  # severity of a clause, of 100
_FACTS = {
    "en": "What was posted: “{excerpt}”. It falls under the rule “{title}”.",
    "ar": "نص المنشور: «{excerpt}». وهو مخالف للبند «{title}».",
}


class Done(msgspec.Struct, frozen=True):
    """One decision of the demo."""

    case: int
    decision: int
    by: str
    outcome: Outcome
    clause: str
    author: str
    item: str
    measures: tuple[str, ...]


def _alleged(view: CaseView) -> ClauseView | None:
    """Return the gravest clause that somebody alleged, if a step of its ladder can be taken by one person."""
    return next((c for c in view.clauses if c.alleged and _step(c) is not None), None)


def _step(clause: ClauseView) -> StepView | None:
    """Return the step to take, never one that can't be taken back.

    A grave clause is answered by removal where its ladder has it, every other by the recommended step.
    """
    usable = [step for step in clause.ladder if not step.irreversible]
    if clause.severity >= GRAVE:
        for step in usable:
            if any(measure.kind is MeasureKind.REMOVE for measure in step.measures):
                return step
    return next((step for step in usable if step.recommended), usable[0] if usable else None)


def work(user: User, *, vault: Vault, limit: int, undo_seconds: int) -> Iterator[Done]:
    """Decide up to `limit` cases as `user`, the most urgent first, and yield each decision."""
    for _ in range(limit):
        case_id = access.next_case(user=user, now=datetime.now(tz=UTC))
        view = (
            None
            if case_id is None
            else access.case(case_id, user=user, now=datetime.now(tz=UTC), vault=vault)
        )
        if view is None:
            return
        yield decide_as(user, view, undo_seconds=undo_seconds)


def decide_as(user: User, view: CaseView, *, undo_seconds: int) -> Done:
    """Decide one case: under the alleged clause by its recommended step, or that nothing is wrong."""
    clause = _alleged(view)
    step = _step(clause) if clause else None
    outcome = Outcome.VIOLATION if clause and step else Outcome.NO_VIOLATION
    words = _FACTS["ar" if view.row.language == "ar" else "en"]
    decision = decide(
        view.row.id,
        by=user.actor,
        now=datetime.now(tz=UTC),
        outcome=outcome,
        clause=clause.id if clause and step else "",
        measures=step.measures if step else (),
        facts=words.format(excerpt=view.row.excerpt, title=clause.title) if clause and step else "",
        undo_seconds=undo_seconds,
    )
    return Done(
        case=view.row.id,
        decision=decision.pk,
        by=user.username,
        outcome=outcome,
        clause=clause.id if clause else "",
        author=view.row.author_id,
        item=view.row.item.id,
        measures=tuple(str(m.kind) for m in step.measures) if step else (),
    )


def open_complaints(user: User) -> tuple[ComplaintRow, ...]:
    """Return the open complaints that `user` may decide."""
    page = complaint_access.complaints(user=user)
    return tuple(row for row in page.rows if row.may_decide)


def reverse(user: User, complaint: ComplaintRow) -> int | None:
    """Uphold a complaint as `user`, and return the number of the decision that reverses the contested one."""
    answer = (
        "أُعيدت قراءة المنشور في سياقه، والقرار السابق لم يكن في محله. أُلغي القرار وأُعيد المحتوى."
        if complaint.language == "ar"
        else "Read again in its context, the earlier decision was wrong. It is reversed and the post is back."
    )
    decided = decide_complaint(
        complaint.id, by=user.actor, now=datetime.now(tz=UTC), uphold=True, answer=answer
    )
    return decided.new_decision_id
