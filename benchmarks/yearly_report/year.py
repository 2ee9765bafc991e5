"""A synthetic year in the ledger: a chain of facts as the verbs write them, for as many decisions as are asked for.

All Member States, all categories: every harm of the crosswalk, every kind of measure, source and ground, notices of
people and of trusted flaggers, complaints with each outcome, orders of every Member State, misuse, disputes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction

from hakam.compliance.chain import Link, canonical
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.facts import FactKind as K
from hakam.compliance.models import Fact
from hakam.vocabulary.harm import Harm
from hakam.vocabulary.measure import MeasureKind
from hakam.vocabulary.reasons import Automation, Source

PLATFORM = "maydan"
YEAR = 2026
FIRST = datetime(YEAR, 1, 1, tzinfo=UTC)
SPAN = 31_536_000 * 1.04  # seconds: a little before the year and after it
CHUNK = 10_000
Happening = tuple[datetime, K, str, dict[str, Any]]
MISUSE = ("illegal_content", "notices", "complaints")
FOUND = ("upheld", "partly", "reversed", "omitted")


def happenings(decisions: int, *, seed: int = 11) -> Iterator[Happening]:
    """Yield what happened, for each decision about four facts. The same seed gives the same year."""
    dice = random.Random(seed)
    harms, states = [harm.value for harm in Harm], sorted(EU)
    kinds, automations = [kind.value for kind in MeasureKind], [one.value for one in Automation]
    own = (Source.OWN_INITIATIVE.value, Source.OTHER_NOTIFICATION.value)
    for n in range(decisions):
        at = FIRST + timedelta(seconds=(n / decisions - 0.02) * SPAN)
        harm: str | None = harms[n % len(harms)] if n % 97 else None
        name, notice = f"decision:{n}", f"notice:{n}" if n % 5 < 2 else ""
        trusted = n % 35 == 0
        source = dice.choice(own) if not notice else "trusted_flagger" if trusted else "notice"
        received = at - timedelta(minutes=dice.randrange(5, 9_000))
        if notice:
            body = {"harm": harm, "trusted": trusted, "illegal": n % 10 != 0, "items": 1 + n % 4}
            yield received, K.NOTICE_RECEIVED, notice, body
        violation = not notice or n % 3 != 0
        outcome = "violation" if violation else "no_violation"
        if violation:
            picked = dice.sample(kinds, 1 + (n % 6 == 0))
            yield (
                at,
                K.STATEMENT_ISSUED,
                f"statement:{n}",
                {
                    "decision": name,
                    "harm": harm,
                    "illegal": dice.random() < 0.4,
                    "measures": [{"kind": kind} for kind in picked],
                    "automated_detection": n % 2 == 0,
                    "automated_decision": dice.choice(automations),
                    "source": source,
                },
            )
        yield at, K.CASE_DECIDED, name, {"outcome": outcome}
        if n % 41:
            yield at + timedelta(seconds=10), K.DECISION_FINAL, name, {"outcome": outcome}
        if notice:
            body = {
                "item": f"{notice}:0",
                "decision": name,
                "outcome": outcome,
                "channels": [],
                "again": False,
            }
            yield at + timedelta(minutes=1), K.NOTICE_ANSWERED, notice, body
        if n % 29 == 0:
            yield from _complaint(n, at, notice if not violation else "", dice)
        if n % 50 == 0:
            yield from _order(n, at, states[(n // 50) % len(states)], harm, dice)
        if n % 5_000 == 0:
            kind = MISUSE[(n // 5_000) % len(MISUSE)]
            yield at, K.MISUSE_SUSPENDED, f"misuse:{n}", {"kind": kind}
        if n % 2_000 == 0:
            yield from _dispute(n, at, dice)


def _complaint(n: int, at: datetime, notice: str, dice: random.Random) -> Iterator[Happening]:
    name, later = f"complaint:{n}", at + timedelta(hours=5)
    who = "notifier" if notice else "affected"
    yield (
        later,
        K.COMPLAINT_RECEIVED,
        name,
        {"decision": f"decision:{n}", "notice": notice, "complainant": who},
    )
    if n % 58:
        return
    upheld = n % 3 == 0
    if upheld:
        outcome = "violation" if dice.random() < 0.5 else "no_violation"
        yield later, K.CASE_DECIDED, f"decision:new-{n}", {"outcome": outcome}
    body = {"state": "upheld" if upheld else "denied", "new_decision": f"new-{n}" if upheld else None}
    yield later + timedelta(minutes=dice.randrange(30, 20_000)), K.COMPLAINT_DECIDED, name, body


def _order(n: int, at: datetime, country: str, harm: str | None, dice: random.Random) -> Iterator[Happening]:
    name, kind = f"order:{n}", "inform" if n % 200 == 0 else "act"
    yield at, K.ORDER_RECEIVED, name, {"kind": kind, "country": country, "harm": harm, "items": 1 + n % 3}
    yield at + timedelta(minutes=dice.randrange(1, 200)), K.ORDER_ACKNOWLEDGED, name, {"kind": kind}
    yield at + timedelta(minutes=dice.randrange(60, 5_000)), K.ORDER_CARRIED_OUT, name, {"kind": kind}


def _dispute(n: int, at: datetime, dice: random.Random) -> Iterator[Happening]:
    name, outcome = f"dispute:{n}", FOUND[(n // 2_000) % len(FOUND)]
    yield at, K.DISPUTE_OPENED, name, {"received_at": at.isoformat(), "decision": f"decision:{n}"}
    yield at + timedelta(days=dice.randrange(1, 9)), K.DISPUTE_DECIDED, name, {"outcome": outcome}
    if outcome in {"partly", "reversed"}:
        done = K.DISPUTE_IMPLEMENTED if n // 2_000 % 3 != 2 else K.DISPUTE_NOT_IMPLEMENTED
        yield at + timedelta(days=10), done, name, {"outcome": outcome}


def write(decisions: int) -> int:
    """Append the year to an empty ledger, each fact chained to the one before, and return how many there are."""
    link, count = None, 0
    columns = "seq, at, kind, actor, subject, body, private, private_digest, previous, digest"
    insert = (
        f"INSERT INTO compliance_fact ({columns}) VALUES (%s, %s, %s, 'system', %s, %s, NULL, '', %s, %s)"  # noqa: S608 -- constants
    )
    source = happenings(decisions)
    previous = "0" * 64
    while part := list(islice(source, CHUNK)):
        rows = []
        for at, kind, subject, body in part:
            count += 1
            text = canonical({"platform": PLATFORM} | body)
            link = Link(previous, count, at, kind.value, "system", subject, (), text, "")
            digest = link.digest()
            when = connection.ops.adapt_datetimefield_value(at)
            rows.append((count, when, kind.value, subject, text, previous, digest))
            previous = digest
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(insert, rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO compliance_ledgerhead (id, seq, digest) VALUES (1, %s, %s) "
            "ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, digest = excluded.digest",
            [count, previous],
        )
    assert Fact.objects.count() == count
    return count
