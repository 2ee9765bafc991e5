"""From the ledger to the tally: one walk over the facts of a period, each counted where the regulation counts it.

Nothing but facts is read, so that every figure can be told from the facts that make it and reckoned again by anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from sys import intern
from typing import Any, Final, NamedTuple

import msgspec
from django.db.models import TextField
from django.db.models.functions import Cast

from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.compliance.reports.categories import places
from hakam.compliance.reports.period import Period
from hakam.compliance.reports.tally import Cell, Tally
from hakam.compliance.reports.template import APPEALS, AUTOMATED, ILLEGAL, NOTICES, ORDERS, TERMS, TOTAL
from hakam.vocabulary.measure import NATURE, MeasureKind, Restriction

TOLD_EVERY: Final = 20_000  # facts after which progress is told
LOOK_BACK: Final = timedelta(days=400)  # for what began before the period and ended in it
EURO: Final = {"GR": "EL"}  # the templates use Eurostat's codes
K: Final = FactKind
KINDS: Final = (
    K.STATEMENT_ISSUED, K.CASE_DECIDED, K.DECISION_FINAL, K.NOTICE_RECEIVED, K.NOTICE_ANSWERED, K.COMPLAINT_RECEIVED,
    K.COMPLAINT_DECIDED, K.ORDER_RECEIVED, K.ORDER_ACKNOWLEDGED, K.ORDER_CARRIED_OUT, K.MISUSE_SUSPENDED,
    K.DISPUTE_OPENED, K.DISPUTE_DECIDED, K.DISPUTE_IMPLEMENTED, K.DISPUTE_NOT_IMPLEMENTED,
)  # fmt: skip
# What no verb writes yet. A figure of these alone is not counted, so it is blank: `0` would claim that nothing came.
UNWRITTEN: Final[frozenset[FactKind]] = frozenset()

COMPLAINTS: Final = "Number of complaints submitted to the internal-complaints mechanism"
NEWLY: Final = "Number of restrictions newly imposed as a result of an internal complaint"
AGAINST: Final = {
    Restriction.VISIBILITY: (
        "Complaint regarding a decision to remove or disable access to or restrict visibility of information"
    ),
    Restriction.SERVICE: "Complaint regarding a decision to suspend or terminate the provision of the service",
    Restriction.ACCOUNT: "Complaint regarding a decision to suspend or terminate an account",
    Restriction.MONETARY: "Complaint regarding a decision to restrict the ability to monetise information",
}  # fmt: skip
SUSPENDED: Final = {  # by the kind of misuse, DSA Art. 24(1)
    "illegal_content": "Number of suspensions enacted for the provision of manifestly illegal content",
    "notices": "Number of suspensions enacted for the provision of manifestly unfounded notices",
    "complaints": "Number of suspensions enacted for the provision of manifestly unfounded complaints",
}
DISPUTES: Final = "Number of disputes submitted to out-of-court dispute settlement bodies"
IMPLEMENTED: Final = "Percentage of outcomes implemented"
ANSWERED: Final = "Outcomes answered for"  # what the percentage is of; no row of the template
FOUND: Final = {  # by the outcome of a dispute
    "upheld": "Decisions upheld",
    "partly": "Decisions partially reversed",
    "reversed": "Decisions reversed",
    "omitted": "Decision omitted",
}
NO_ACTION: Final = (
    "Complaint regarding a decision not to take action on a notice submitted in accordance with Article 16"
)
NO_ACTION_FLAGGER: Final = (
    "Complaint regarding a decision not to take action on a notice submitted by a Trusted Flagger in accordance "
    "with Article 16"
)
SOLELY: Final = "Number of measures solely taken by automated means"
NOT_SOLELY: Final = "Number of measures not taken by automated means"
NOTICES_SOLELY: Final = "Number of notices solely processed by automated means"
NOTICES_NOT: Final = "Number of notices not processed by automated means"
# Columns of parts 5 and 6 by the code of the restriction; the two kinds of suspension of the service are one column.
RESTRICTIONS: Final = {
    "DECISION_VISIBILITY_CONTENT_REMOVED": "H", "DECISION_VISIBILITY_CONTENT_DISABLED": "I",
    "DECISION_VISIBILITY_CONTENT_DEMOTED": "J", "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED": "K",
    "DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED": "L", "DECISION_VISIBILITY_CONTENT_LABELLED": "M",
    "DECISION_VISIBILITY_OTHER": "N", "DECISION_MONETARY_SUSPENSION": "O", "DECISION_MONETARY_TERMINATION": "P",
    "DECISION_MONETARY_OTHER": "Q", "DECISION_PROVISION_PARTIAL_SUSPENSION": "R",
    "DECISION_PROVISION_TOTAL_SUSPENSION": "R", "DECISION_PROVISION_PARTIAL_TERMINATION": "S",
    "DECISION_PROVISION_TOTAL_TERMINATION": "S", "DECISION_ACCOUNT_SUSPENDED": "T", "DECISION_ACCOUNT_TERMINATED": "U",
}  # fmt: skip
_LED_TO: Final = frozenset({"notice", "trusted_flagger", "other_notification"})  # the last: by an order
_ACKNOWLEDGED_AT_ONCE: Final = 3_600.0  # seconds: an automatic receipt within the hour counts as none
_BODY: Final = msgspec.json.Decoder(dict[str, Any])


class _Fact(NamedTuple):
    seq: int
    at: datetime
    kind: str
    subject: str
    body: dict[str, Any]


class _Statement(NamedTuple):
    """What is remembered of a statement: a year of a large platform has a million."""

    harm: str | None
    illegal: bool
    kinds: tuple[str, ...]  # of its measures
    detected: bool  # by automated means
    automated: str
    source: str


def _statement(body: dict[str, Any]) -> _Statement:
    return _Statement(
        body["harm"] and intern(body["harm"]),
        body["illegal"],
        _kept(tuple(m["kind"] for m in body["measures"])),
        body["automated_detection"],
        intern(body["automated_decision"]),
        intern(body["source"]),
    )


@cache
def _kept(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Return the one tuple of these kinds, so that a million statements share a few."""
    return kinds


@cache
def _columns(kinds: tuple[str, ...]) -> frozenset[str]:
    """Return the columns of the restrictions among kinds of measures; none of them: nothing to count."""
    codes = {NATURE[MeasureKind(kind)].tdb_value for kind in kinds} - {None}
    return frozenset(RESTRICTIONS[str(code)] for code in codes)


def gather(
    platform: str, period: Period, *, zone: tzinfo, progress: Callable[[int], None] | None = None
) -> Tally:
    """Count the facts about a platform in a period. `progress` is told now and then up to which fact."""
    begin, end = period.begin(zone), period.end(zone)
    walk = _Walk(platform)
    # The ledger is read from one end to the other. By the index of kinds its facts would come out of order, and sorting
    # millions of them, bodies and all, costs many times what the walk does: so the kind is asked for as a text.
    rows = (
        Fact.objects.alias(named=Cast("kind", TextField()))
        .filter(named__in=[k.value for k in KINDS], at__gte=begin - LOOK_BACK, at__lt=end)
        .order_by("seq")
        .values_list("seq", Cast("at", TextField()), "kind", "subject", "body")
    )
    seq = 0
    for n, (seq, written, kind, subject, body) in enumerate(rows.iterator(5_000)):
        if progress is not None and n % TOLD_EVERY == 0:
            progress(seq)
        at = _read(written)
        walk.take(_Fact(seq, at, kind, subject, _BODY.decode(body)), counts=at >= begin)
    if progress is not None:
        progress(seq)
    return walk.tally


def _read(written: str) -> datetime:
    """Return the instant that a database wrote as text: in UTC, with or without saying so."""
    at = datetime.fromisoformat(written)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class _Walk:
    """Remembers what later facts refer to, and counts."""

    def __init__(self, platform: str) -> None:
        self.tally = Tally()
        self._platform = platform
        self._statements: dict[str, _Statement] = {}  # by decision
        self._outcomes: dict[str, str] = {}  # by decision
        self._notices: dict[str, _Fact] = {}
        self._complaints: dict[str, _Fact] = {}
        self._orders: dict[str, _Fact] = {}
        self._disputes: dict[str, datetime] = {}  # when the body received it
        self._handlers: dict[str, Callable[[_Fact, bool], None]] = {
            K.STATEMENT_ISSUED: self._statement_issued,
            K.CASE_DECIDED: self._case_decided,
            K.DECISION_FINAL: self._decision_final,
            K.NOTICE_RECEIVED: self._notice_received,
            K.NOTICE_ANSWERED: self._notice_answered,
            K.COMPLAINT_RECEIVED: self._complaint_received,
            K.COMPLAINT_DECIDED: self._complaint_decided,
            K.ORDER_RECEIVED: self._order_received,
            K.ORDER_ACKNOWLEDGED: self._order_acknowledged,
            K.ORDER_CARRIED_OUT: self._order_carried_out,
            K.MISUSE_SUSPENDED: self._suspended,
            K.DISPUTE_OPENED: self._dispute_opened,
            K.DISPUTE_DECIDED: self._dispute_decided,
            K.DISPUTE_IMPLEMENTED: self._dispute_answered,
            K.DISPUTE_NOT_IMPLEMENTED: self._dispute_answered,
        }

    def take(self, fact: _Fact, *, counts: bool) -> None:
        """Take one fact; `counts` says whether it lies in the period."""
        whose = fact.body.get("platform", self._platform)
        self.tally.platforms.add(whose)
        if whose == self._platform:
            self._handlers[fact.kind](fact, counts)

    def _statement_issued(self, fact: _Fact, _counts: bool) -> None:
        if "decision" in fact.body:  # older facts do not say it
            self._statements[fact.body["decision"]] = _statement(fact.body)

    def _case_decided(self, fact: _Fact, _counts: bool) -> None:
        self._outcomes[fact.subject] = intern(fact.body["outcome"])

    def _decision_final(self, fact: _Fact, counts: bool) -> None:
        """Count a restriction of our own initiative when its decision is final (DSA Art. 15(1)(c))."""
        statement = self._statements.get(fact.subject)
        if statement is None or not counts:
            return
        columns = _columns(statement.kinds)
        if not columns:
            return
        own = statement.source not in _LED_TO
        row = SOLELY if statement.automated == "full" else NOT_SOLELY
        for scope in ("Total number", "Own-initiative") if own else ("Total number",):
            self.tally.count(Cell(AUTOMATED, (row, scope), "G"), fact.seq)
        if not own:
            return
        part = ILLEGAL if statement.illegal else TERMS
        columns = columns | ({"F", "G"} if statement.detected else {"F"})
        for place in places(part, statement.harm):
            for column in columns:
                self.tally.count(Cell(part, (TOTAL, *place), column), fact.seq)

    def _notice_received(self, fact: _Fact, counts: bool) -> None:
        self._notices[fact.subject] = fact
        if counts and fact.body["illegal"]:  # DSA Art. 16 is about illegal content
            self._in_notices(fact, fact.seq, "F", "G", amount=fact.body.get("count", 1))
            self._in_notices(fact, fact.seq, "H", "I", amount=fact.body["items"])

    def _notice_answered(self, fact: _Fact, counts: bool) -> None:
        notice = self._notices.get(fact.subject)
        if notice is None or not counts or fact.body["again"] or not notice.body["illegal"]:
            return
        many = fact.body.get("count", 1)  # of a crowd
        statement = self._statements.get(fact.body.get("decision", ""))
        solely = statement is not None and statement.automated == "full"
        scopes = ("NAM Total", *(["NAM Trusted Flagger"] if notice.body["trusted"] else []))
        for scope in scopes:
            row = (NOTICES_SOLELY if solely else NOTICES_NOT, scope)
            self.tally.count(Cell(AUTOMATED, row, "G"), fact.seq, many)
        if fact.body["outcome"] != "violation" or statement is None:
            return
        law = statement.illegal
        self._in_notices(notice, fact.seq, "L" if law else "N", "M" if law else "O", amount=many)
        waited = fact.body.get("waited") or [((fact.at - notice.at).total_seconds(), 1)]
        for place in places(NOTICES, notice.body["harm"]):
            for column in ("J", "K") if notice.body["trusted"] else ("J",):
                for seconds, times in waited:
                    self.tally.time(Cell(NOTICES, (TOTAL, *place), column), fact.seq, seconds, times)

    def _in_notices(self, notice: _Fact, seq: int, column: str, trusted: str, *, amount: int = 1) -> None:
        for place in places(NOTICES, notice.body["harm"]):
            self.tally.count(Cell(NOTICES, (TOTAL, *place), column), seq, amount)
            if notice.body["trusted"]:
                self.tally.count(Cell(NOTICES, (TOTAL, *place), trusted), seq, amount)

    def _complaint_received(self, fact: _Fact, counts: bool) -> None:
        self._complaints[fact.subject] = fact
        if counts:
            for row in self._rows_of(fact):
                self.tally.count(Cell(APPEALS, (row, "Total number"), "G"), fact.seq)

    def _complaint_decided(self, fact: _Fact, counts: bool) -> None:
        complaint = self._complaints.get(fact.subject)
        if complaint is None or not counts:
            return
        scope = "Decisions upheld"
        if fact.body["state"] == "upheld":  # the complainant was right
            outcome = self._outcomes.get(f"decision:{fact.body['new_decision']}", "")
            by_notifier = complaint.body["complainant"] == "notifier"
            partly = outcome == "violation" and not by_notifier
            scope = "Decisions partially reversed" if partly else "Decisions reversed"
            if outcome == "violation" and by_notifier:
                self.tally.count(Cell(APPEALS, (NEWLY, "Total number"), "G"), fact.seq)
        for row in self._rows_of(complaint):
            self.tally.count(Cell(APPEALS, (row, scope), "G"), fact.seq)
            seconds = (fact.at - complaint.at).total_seconds()
            self.tally.time(Cell(APPEALS, (row, "Median time"), "G"), fact.seq, seconds)

    def _rows_of(self, complaint: _Fact) -> list[str]:
        """Return the rows in which a complaint counts: all of them, and what it is against (DSA Art. 20(1))."""
        if complaint.body["complainant"] == "notifier":
            notice = self._notices.get(complaint.body.get("notice", ""))
            trusted = notice is not None and notice.body["trusted"]
            return [COMPLAINTS, NO_ACTION_FLAGGER if trusted else NO_ACTION]
        if (
            complaint.body.get("against") == "service"
        ):  # a suspension of notices or complaints has no statement
            return [COMPLAINTS, AGAINST[Restriction.SERVICE]]
        statement = self._statements.get(complaint.body.get("decision", ""))
        natures = [NATURE[MeasureKind(kind)] for kind in statement.kinds] if statement else []
        restricting = [nature for nature in natures if nature.restriction is not None]
        if not restricting:
            return [COMPLAINTS]
        gravest = max(restricting, key=lambda nature: nature.severity)
        return [COMPLAINTS, AGAINST[gravest.restriction]] if gravest.restriction else [COMPLAINTS]

    def _suspended(self, fact: _Fact, counts: bool) -> None:
        if counts:
            self.tally.count(Cell(APPEALS, (SUSPENDED[fact.body["kind"]], "Total number"), "G"), fact.seq)

    def _dispute_opened(self, fact: _Fact, counts: bool) -> None:
        self._disputes[fact.subject] = datetime.fromisoformat(fact.body["received_at"])
        if counts:
            self._in_disputes("Total number", fact.seq)

    def _dispute_decided(self, fact: _Fact, counts: bool) -> None:
        received = self._disputes.get(fact.subject)
        if received is not None and counts:
            self._in_disputes(FOUND[fact.body["outcome"]], fact.seq)
            if fact.body["outcome"] != "omitted":
                seconds = (fact.at - received).total_seconds()
                self.tally.time(Cell(APPEALS, (DISPUTES, "Median time"), "G"), fact.seq, seconds)

    def _dispute_answered(self, fact: _Fact, counts: bool) -> None:
        if counts and fact.body["outcome"] in {"partly", "reversed"}:  # what asks for something to be done
            self._in_disputes(ANSWERED, fact.seq)
            if fact.kind == K.DISPUTE_IMPLEMENTED:
                self._in_disputes(IMPLEMENTED, fact.seq)

    def _in_disputes(self, scope: str, seq: int) -> None:
        self.tally.count(Cell(APPEALS, (DISPUTES, scope), "G"), seq)

    def _order_received(self, fact: _Fact, counts: bool) -> None:
        # DSA Art. 15(1)(a)
        if fact.body.get("law") == "e-evidence":
            return  # neither an order to act nor one to inform
        if "received_at" in fact.body:  # at the contact point, before anybody wrote it down
            fact = fact._replace(at=datetime.fromisoformat(fact.body["received_at"]))
        self._orders[fact.subject] = fact
        if not counts:
            return
        act = fact.body["kind"] == "act"
        self._in_orders(fact, fact.seq, "G" if act else "K")
        if act:
            self._in_orders(fact, fact.seq, "H", amount=fact.body["items"])

    def _order_acknowledged(self, fact: _Fact, counts: bool) -> None:
        order = self._orders.get(fact.subject)
        if order is not None and counts:
            seconds = (fact.at - order.at).total_seconds()
            seconds = 0.0 if seconds <= _ACKNOWLEDGED_AT_ONCE else seconds
            self._order_took(order, fact.seq, seconds, "I" if order.body["kind"] == "act" else "L")

    def _order_carried_out(self, fact: _Fact, counts: bool) -> None:
        order = self._orders.get(fact.subject)
        if order is not None and counts:
            seconds = (fact.at - order.at).total_seconds()
            self._order_took(order, fact.seq, seconds, "J" if order.body["kind"] == "act" else "M")

    def _in_orders(self, order: _Fact, seq: int, column: str, *, amount: int = 1) -> None:
        for row in self._order_rows(order):
            self.tally.count(Cell(ORDERS, row, column), seq, amount)

    def _order_took(self, order: _Fact, seq: int, seconds: float, column: str) -> None:
        for row in self._order_rows(order):
            self.tally.time(Cell(ORDERS, row, column), seq, seconds)

    def _order_rows(self, order: _Fact) -> list[tuple[str, ...]]:
        country = EURO.get(order.body["country"], order.body["country"])
        found = places(ORDERS, order.body["harm"])
        return [(scope, *place) for scope in (TOTAL, country) for place in found]
