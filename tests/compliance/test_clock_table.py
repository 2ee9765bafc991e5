"""Every row of the deadlines tables has its clock: of the Union, the United Kingdom, and other countries."""

from __future__ import annotations

from datetime import date

import pytest

from hakam.compliance.clocks import ClockKind, clock, clocks
from hakam.compliance.profile import duties
from hakam.regulator.regimes import regimes

# (law, what must be done, clock, period): `1h`, `14d`, `6m`, a day of the year; `set`: by law, letter or house
ROWS = [
    ("DSA", "tell an authority that its order to act arrived", "order.act.receipt", "set"),
    ("DSA", "give effect to an order to act", "order.act.effect", "set"),
    ("DSA", "tell an authority that its order to inform arrived", "order.inform.receipt", "set"),
    ("DSA", "answer an order to inform", "order.inform.effect", "set"),
    ("DSA", "tell the recipient of an order", "order.recipient", "set"),
    ("DSA", "confirm a notice", "notice.receipt", "set"),
    ("DSA", "decide a notice", "notice.decision", "set"),
    ("DSA", "decide a notice of a trusted flagger", "notice.decision.flagger", "set"),
    ("DSA", "send a statement to the Transparency Database", "statement.database", "set"),
    ("DSA", "tell of a threat to life", "threat.report", "set"),
    ("DSA", "let people complain", "complaint.window", "6m"),
    ("DSA", "decide a complaint", "complaint.answer", "set"),
    ("DSA", "a certified body decides", "dispute.decision", "90d"),
    ("DSA", "answer for the outcome of a dispute", "dispute.outcome", "set"),
    ("DSA", "publish active recipients", "recipients.publish", "6m"),
    ("DSA", "publish the yearly report", "report.yearly", "2m"),
    ("DSA", "publish the half-yearly report of the very large", "report.half_yearly", "2m"),
    ("DSA", "keep reports public", "report.public", "60m"),
    ("DSA", "assess systemic risks", "risk.assessment", "12m"),
    ("DSA", "be audited", "audit", "12m"),
    ("DSA", "measures in a crisis", "crisis.measures", "3m"),
    ("DSA", "exemption of who was small", "small.grace", "12m"),
    ("TCO", "remove", "tco.removal", "1h"),
    ("TCO", "contact before the first order", "tco.first_contact", "12h"),
    ("TCO", "ask for scrutiny", "tco.scrutiny.ask", "48h"),
    ("TCO", "scrutiny is decided", "tco.scrutiny.decision", "72h"),
    ("TCO", "preserve", "tco.preserve", "6m"),
    ("TCO", "decide a complaint", "tco.complaint", "14d"),
    ("TCO", "report on specific measures", "tco.measures", "3m"),
    ("TCO", "report on specific measures again", "tco.measures.yearly", "12m"),
    ("TCO", "review of a decision", "tco.review", "3m"),
    ("TCO", "silence", "tco.silence", "42d"),
    ("TCO", "publish the yearly report", "tco.transparency", "03-01"),
    ("TCO", "tell of a threat to life", "tco.threat", "set"),
    ("e-Evidence", "answer a production order", "evidence.production", "10d"),
    ("e-Evidence", "answer it in an emergency", "evidence.production.emergency", "8h"),
    ("e-Evidence", "preserve", "evidence.preservation", "60d"),
    ("OSA", "take intimate images down", "uk.intimate", "48h"),
    ("OSA", "report child abuse", "uk.csea", "set"),
    ("OSA", "assess risks of a new service", "uk.risk.new", "3m"),
    ("OSA", "assess risks again", "uk.risk.review", "12m"),
    ("OSA", "assess the access of children again", "uk.access.review", "12m"),
    ("OSA", "keep superseded records", "uk.records", "36m"),
    ("OSA", "notice before an inspection", "uk.inspection", "7d"),
    ("OSA", "preserve what a notice names", "uk.preserve", "12m"),
    ("OSA", "answer an information notice", "uk.information", "set"),
    ("OSA", "publish a transparency report", "uk.transparency", "set"),
    ("TAKE IT DOWN", "remove with known copies", "us.intimate", "48h"),
    ("18 USC 2258A", "report child abuse", "us.csam", "set"),
    ("18 USC 2258A", "preserve", "us.preserve", "12m"),
    ("IT Rules", "carry an order out", "in.order", "3h"),
    ("IT Rules", "intimate images and impersonation", "in.intimate", "2h"),
    ("IT Rules", "complaint about content", "in.content", "36h"),
    ("IT Rules", "acknowledge a grievance", "in.acknowledge", "24h"),
    ("IT Rules", "resolve a grievance", "in.grievance", "168h"),
    ("IT Rules", "remind users", "in.remind", "3m"),
    ("IT Rules", "preserve", "in.preserve", "180d"),
    ("OSA 2021 (Australia)", "carry a removal notice out", "au.removal", "24h"),
    ("OSA 2021 (Australia)", "wait for a complaint to be answered", "au.complaint", "48h"),
    ("Apple 1.2", "respond to a report", "apple.report", "24h"),
    ("Decree-Law 34/2021", "as the order says", "ae.order", "set"),
]  # fmt: skip


EXPECTED = {"uk.risk.review", "apple.report"}  # what Ofcom and app review expect: no law sets the number


def period(key: str) -> str:
    found = clock(key)
    if found.before:
        return found.before
    return next(
        (f"{n}{unit}" for n, unit in ((found.hours, "h"), (found.days, "d"), (found.months, "m")) if n), ""
    )


@pytest.mark.parametrize(("law", "what", "key", "long"), ROWS, ids=[f"{row[0]}: {row[1]}" for row in ROWS])
def test_each_row_of_the_deadlines_tables_has_its_clock(law: str, what: str, key: str, long: str) -> None:
    assert key in clocks(), f"{law}: {what}"
    if long == "set":
        found = clock(
            key
        )  # without undue delay, or as the letter says: a target of the house, or given with the order
        assert found.target or found.given or not found.read, (
            key,
            "the law sets no number, so this is a target",
        )
    else:
        assert period(key) == long
        assert clock(key).target is (key in EXPECTED)


def test_every_clock_that_somebody_must_meet_is_in_the_tables_or_says_where_else_it_is_from() -> None:
    elsewhere = {
        "audit.publish", "tco.feedback", "uk.risk.new", "fr.removal", "de.manifest", "nz.takedown", "authority.request",
        "gdpr.request", "research.answer", "in.remind",
    }  # fmt: skip
    acts = {key for key, one in clocks().items() if one.kind is ClockKind.ACT}
    assert acts - {row[2] for row in ROWS} - elsewhere == set()
    assert all(clock(key).source.startswith("https://") for key in elsewhere)


def test_every_clock_of_a_duty_and_of_a_regime_is_there() -> None:
    wanted = {key for duty in duties().values() for key in duty.clocks}
    wanted |= {key for one in regimes().values() for key in (one.clock, one.receipt) if key}
    assert wanted - set(clocks()) == set()


def test_each_clock_of_today_is_in_force_today() -> None:
    today = date(2026, 11, 29)
    gone = {key for key, one in clocks().items() if not one.in_force(today)}
    assert {row[2] for row in ROWS} & gone == set()
