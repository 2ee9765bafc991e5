"""A synthetic year in the ledger: every harm, every Member State, every kind of decision, complaint and order."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hakam.compliance import ledger
from hakam.compliance.chain import canonical
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.harm import Harm
from hakam.vocabulary.measure import MeasureKind
from hakam.vocabulary.reasons import Automation, Source

PLATFORM = "maydan"
YEAR = 2026
FIRST = datetime(YEAR, 1, 1, tzinfo=UTC)
K = FactKind


class Year:
    """Writes facts as the verbs write them."""

    def __init__(self, seed: int = 3) -> None:
        self.dice = random.Random(seed)  # noqa: S311 -- a year that can be made again
        self.decisions = 0
        self.things = 0
        self._waiting: list[Fact] | None = (
            None  # many facts at once: unchained, since no report reads the chain
        )

    def note(self, fact: FactKind, at: datetime, subject: str, /, **body: Any) -> None:
        body = {"platform": PLATFORM} | body
        if self._waiting is None:
            ledger.record(fact, by=SYSTEM, now=at, subject=subject, body=body)
            return
        seq = len(self._waiting) + 1
        self._waiting.append(
            Fact(
                seq=seq,
                at=at,
                kind=fact.value,
                actor="system",
                subject=subject,
                body=canonical(body),
                previous="",
                digest=f"{seq:064d}",
            )
        )

    def thing(self, noun: str) -> str:
        self.things += 1
        return f"{noun}:{self.things}"

    def decision(
        self,
        at: datetime,
        *,
        harm: str | None,
        source: Source,
        illegal: bool,
        measures: list[MeasureKind],
        automated: Automation = Automation.NONE,
        outcome: str = "violation",
        final: bool = True,
        **more: Any,
    ) -> str:
        self.decisions += 1
        name = f"decision:{self.decisions}"
        if outcome == "violation":
            self.note(
                K.STATEMENT_ISSUED,
                at,
                self.thing("statement"),
                decision=name,
                harm=harm,
                illegal=illegal,
                measures=[{"kind": kind.value} for kind in measures],
                automated_detection=automated is not Automation.NONE,
                automated_decision=automated.value,
                source=source.value,
                **more,
            )
        self.note(K.CASE_DECIDED, at, name, outcome=outcome, **more)
        if final:
            self.note(K.DECISION_FINAL, at + timedelta(seconds=10), name, outcome=outcome, **more)
        return name

    def notice(self, at: datetime, *, harm: str, trusted: bool, illegal: bool, items: int) -> str:
        name = self.thing("notice")
        self.note(K.NOTICE_RECEIVED, at, name, harm=harm, trusted=trusted, illegal=illegal, items=items)
        return name

    def fill(self, count: int) -> None:
        """Write a year at once."""
        self._waiting = []
        self._happen(count)
        Fact.objects.bulk_create(self._waiting, batch_size=500)
        self._waiting = None

    def _happen(self, count: int) -> None:
        """Write about 6 facts for each of `count` happenings, spread over a year and a little around it."""
        harms, states, kinds = list(Harm), sorted(EU), list(MeasureKind)
        for n in range(count):
            at = FIRST + timedelta(seconds=(n / count * 1.1 - 0.05) * 31_536_000)
            harm = harms[n % len(harms)].value
            pick = self.dice.sample(kinds, self.dice.choice((1, 1, 2)))
            illegal, automated = self.dice.random() < 0.4, self.dice.choice(list(Automation))
            self.decision(
                at,
                harm=self.dice.choice((harm, harm, None)),
                source=self.dice.choice((Source.OWN_INITIATIVE, Source.OTHER_NOTIFICATION)),
                illegal=illegal,
                measures=pick,
                automated=automated,
                final=self.dice.random() < 0.95,
            )
            trusted = n % 7 == 0
            notice = self.notice(at, harm=harm, trusted=trusted, illegal=n % 5 != 0, items=1 + n % 4)
            source = Source.TRUSTED_FLAGGER if trusted else Source.NOTICE
            outcome = "violation" if self.dice.random() < 0.6 else "no_violation"
            later = at + timedelta(minutes=self.dice.randrange(5, 9_000))
            answer = self.decision(
                later,
                harm=harm,
                source=source,
                illegal=illegal,
                measures=pick,
                automated=automated,
                outcome=outcome,
            )
            self.note(
                K.NOTICE_ANSWERED,
                later + timedelta(minutes=1),
                notice,
                item=f"{notice}:0",
                decision=answer,
                outcome=outcome,
                channels=[],
                again=False,
            )
            if n % 3 == 0:
                self.complain(later + timedelta(days=1), answer, notice if outcome != "violation" else "")
            if n % 2 == 0:
                self.order(
                    at,
                    states[n % len(states)],
                    harm if n % 10 else None,
                    kind="act" if n % 3 else "inform",
                    items=1 + n % 3,
                )

    def complain(self, at: datetime, decision: str, notice: str) -> None:
        name = self.thing("complaint")
        self.note(
            K.COMPLAINT_RECEIVED,
            at,
            name,
            decision=decision,
            notice=notice,
            complainant="notifier" if notice else "affected",
        )
        if self.dice.random() < 0.2:
            return
        upheld = self.dice.random() < 0.4
        new = None
        if upheld:
            outcome = "violation" if notice or self.dice.random() < 0.5 else "no_violation"
            name_ = self.decision(
                at,
                harm="spam",
                source=Source.NOTICE,
                illegal=False,
                measures=[MeasureKind.LABEL],
                outcome=outcome,
            )
            new = int(name_.partition(":")[2])
        self.note(
            K.COMPLAINT_DECIDED,
            at + timedelta(hours=self.dice.randrange(1, 400)),
            name,
            state="upheld" if upheld else "denied",
            new_decision=new,
        )

    def order(self, at: datetime, country: str, harm: str | None, *, kind: str, items: int) -> None:
        name = self.thing("order")
        self.note(K.ORDER_RECEIVED, at, name, kind=kind, country=country, harm=harm, items=items)
        self.note(K.ORDER_ACKNOWLEDGED, at + timedelta(minutes=self.dice.randrange(1, 200)), name, kind=kind)
        self.note(K.ORDER_CARRIED_OUT, at + timedelta(hours=self.dice.randrange(1, 90)), name, kind=kind)


@pytest.fixture
def year(db: None) -> Year:
    return Year()


@pytest.fixture
def write(year: Year) -> Callable[[int], Year]:
    def fill(count: int) -> Year:
        year.fill(count)
        return year

    return fill
