"""What people see of cases and complaints: frozen values that `access` fills and the console draws."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hakam.review.priority import Term
from hakam.review.states import CaseState, ComplaintState, DecisionState, Outcome, SourceKind
from hakam.vocabulary.event import Event, ItemRef
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.reasons import Reasons


@dataclass(frozen=True)
class LeaseView:
    """Who holds a case, and until when."""

    user_id: int
    username: str
    until: datetime
    mine: bool


@dataclass(frozen=True)
class CaseRow:
    """A case in a list."""

    id: int
    item: ItemRef
    item_url: str
    author_id: str
    language: str
    queue: str
    state: CaseState
    clause: str
    harm: str
    restricted: bool
    excerpt: str  # empty for a restricted case
    priority: float
    notices: int
    verdicts: int
    opened_at: datetime
    due_at: datetime | None
    decided_at: datetime | None
    lease: LeaseView | None

    def overdue(self, now: datetime) -> bool:
        """Whether its deadline has passed undecided."""
        return self.state is CaseState.OPEN and self.due_at is not None and self.due_at <= now


@dataclass(frozen=True)
class QueueFilter:
    """Which cases to list. Empty strings do not filter."""

    state: str = CaseState.OPEN.value
    queue: str = ""
    language: str = ""
    platform: str = ""
    clause: str = ""
    author: str = ""
    source: str = ""  # a `SourceKind`
    lease: str = ""  # `mine`, `free`, `taken`
    search: str = ""
    sort: str = "priority"  # `priority`, `oldest`, `newest`, `due`


@dataclass(frozen=True)
class QueuePage:
    """One page of a list of cases."""

    rows: tuple[CaseRow, ...]
    total: int
    page: int  # from 1
    pages: int
    filter: QueueFilter
    more: bool = False  # there are more than `total`; narrow the filter to see them


@dataclass(frozen=True)
class Counts:
    """The figures of the console's header, as far as this person may see them."""

    open: int
    overdue: int
    mine: int  # leased by this person now
    complaints: int
    queues: dict[str, int] = field(default_factory=dict)  # open cases of each queue


@dataclass(frozen=True)
class SourceView:
    """One reason why a case exists."""

    kind: SourceKind
    ref: str
    at: datetime
    clause: str
    summary: dict[str, Any]  # what kind of source says what is in `cases.py`


@dataclass(frozen=True)
class FiringView:
    """A rule that fired on the item, with the values that made it fire."""

    rule: str
    clause: str
    stage: str
    values: dict[str, Any]
    measures: tuple[Measure, ...]
    ref: str  # `event:812`
    at: datetime
    pack: str
    already: tuple[Measure, ...] = ()  # of `measures`, those that were in force when it fired


@dataclass(frozen=True)
class VersionView:
    """A frozen copy of the item. The first is what was reported; later ones are edits, or its deletion."""

    digest: str  # SHA-256 of the bytes in the vault
    kind: str  # of the evidence: `event`, `notice`
    captured_at: datetime
    event: Event | None  # None: what was frozen is no event (a notice on an unknown address)
    text: str  # title and text, empty if there is none
    change: str  # `created`, `edited`, `deleted`
    changed: bool  # whether the content differs from the version before
    damaged: str = ""  # why the copy can't be read; empty if it can


@dataclass(frozen=True)
class EvidenceView:
    """A frozen copy, by its digest."""

    digest: str
    kind: str
    size: int
    captured_at: datetime
    pack: str


@dataclass(frozen=True)
class DecisionView:
    """A decision, for colleagues."""

    id: int
    case_id: int | None
    item: ItemRef
    by: str
    by_name: str  # a colleague's user name, or the actor
    automated: bool
    at: datetime
    outcome: Outcome
    state: DecisionState
    clause: str
    reasons: Reasons | None
    measures: tuple[Measure, ...]
    note: str
    undo_until: datetime
    replaced_by: int | None

    @property
    def subject(self) -> str:
        """Its name in the ledger."""
        return f"decision:{self.id}"

    def undoable(self, now: datetime) -> bool:
        """Whether its effects still wait."""
        return self.state is DecisionState.PENDING and now < self.undo_until


@dataclass(frozen=True)
class AuthorHistory:
    """What is known of the account."""

    author_id: str
    violations: int  # standing decisions against it
    automated: int  # of these, taken by a rule
    cleared: int  # decisions that found nothing wrong
    open_cases: int
    decisions: tuple[DecisionView, ...]  # the newest twenty
    created_at: datetime | None = None  # from the newest version of the item
    followers: int | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepView:
    """A step of a clause's ladder."""

    measures: tuple[Measure, ...]
    recommended: bool  # for this author, by the strikes already standing
    milder: bool  # the step below the recommended one
    irreversible: bool


@dataclass(frozen=True)
class ClauseView:
    """A clause that can be chosen, in the reader's language."""

    id: str
    title: str
    text: str
    severity: int
    harm: str
    alleged: bool  # by a source of this case
    ladder: tuple[StepView, ...]  # mildest first


@dataclass(frozen=True)
class DeadlineView:
    """A running clock on a case or a notice of it."""

    clock: str
    subject: str
    due_at: datetime
    met_at: datetime | None
    missed_at: datetime | None


@dataclass(frozen=True)
class DraftView:
    """What this person began to write."""

    body: dict[str, Any]
    saved_at: datetime


@dataclass(frozen=True)
class CaseView:
    """Everything that one screen shows of a case."""

    row: CaseRow
    terms: tuple[Term, ...]  # of the priority, the largest first
    sources: tuple[SourceView, ...]  # the newest two hundred
    source_counts: dict[str, int]
    firings: tuple[FiringView, ...]
    versions: tuple[VersionView, ...]  # oldest first; empty while `hidden`
    hidden: bool  # restricted: `evidence.reveal` shows the copies and writes a fact
    evidence: tuple[EvidenceView, ...]
    clauses: tuple[ClauseView, ...]  # alleged ones first, then by severity
    history: AuthorHistory | None
    decisions: tuple[DecisionView, ...]  # on this item, newest first
    complaints: tuple[ComplaintRow, ...]
    deadlines: tuple[DeadlineView, ...]
    in_force: tuple[Measure, ...]  # on the item and on its account, planned ones included
    draft: DraftView | None
    pack: str
    may_decide: bool
    merged_into: int | None

    @property
    def pending(self) -> DecisionView | None:
        """The decision of this case that can still be undone, if there is one."""
        found = [d for d in self.decisions if d.case_id == self.row.id and d.state is DecisionState.PENDING]
        return found[0] if found else None


@dataclass(frozen=True)
class ComplaintRow:
    """A complaint in a list."""

    id: str
    decision_id: int
    case_id: int | None
    item: ItemRef
    clause: str
    complainant: str  # `affected` or `notifier`
    language: str
    state: ComplaintState
    received_at: datetime
    due_at: datetime
    excerpt: str
    may_decide: bool
    why_not: str  # `decided it yourself`, in the language in force; empty if this person may


@dataclass(frozen=True)
class ComplaintPage:
    """One page of a list of complaints."""

    rows: tuple[ComplaintRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class ComplaintView:
    """Everything that one screen shows of a complaint."""

    row: ComplaintRow
    text: str
    decision: DecisionView
    earlier: tuple[DecisionView, ...]  # what that decision replaced, newest first
    versions: tuple[VersionView, ...]
    hidden: bool
    record: int  # number of the record that a rule judged, where no case was opened; 0: none
    clauses: tuple[ClauseView, ...]  # for a notifier's complaint: what could be decided instead
    decided_by: str
    decided_at: datetime | None
    answer: str
