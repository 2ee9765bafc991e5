"""Reports of other laws: each figure counted from facts, those of other years and platforms left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind as K
from hakam.compliance.models import MadeReport
from hakam.compliance.reports import keeping, laws
from hakam.compliance.reports.keeping import ReportError
from hakam.compliance.reports.laws import ALL, TCO_ROWS, TERROR, UK_ROWS
from hakam.compliance.reports.period import year
from hakam.compliance.reports.sheets import Stated
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
AT = datetime(2025, 5, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
GROUPS = {"terrorism": TERROR, "hate": ("hate_speech", "hate_women")}
TITLES = (
    ("terrorism", "Terrorism", TERROR),
    ("hate", "Hate", ("hate_speech", "hate_women")),
    (ALL, "All", ()),
)


def fact(what: K, subject: str, at: datetime = AT, **body: Any) -> None:
    with transaction.atomic():
        ledger.record(what, by=SYSTEM, now=at, subject=subject, body={"platform": "p", **body})


def order(number: int, at: datetime = AT, *, law: str = "tco", harm: str = TERROR[0], **more: Any) -> str:
    name = f"order:{number}"
    fact(
        K.ORDER_RECEIVED,
        name,
        at,
        law=law,
        kind="act",
        harm=harm,
        items=2,
        received_at=at,
        country="DE",
        **more,
    )
    return name


def decided(
    number: int, harm: str, at: datetime = AT, *, automated: str = "none", detected: bool = False
) -> None:
    fact(
        K.STATEMENT_ISSUED, f"statement:{number}", at, decision=f"decision:{number}", harm=harm, illegal=True,
        measures=[{"kind": "remove"}], automated_detection=detected, automated_decision=automated, source="notice",
    )  # fmt: skip
    fact(K.DECISION_FINAL, f"decision:{number}", at + HOUR, outcome="violation")


def figures(rows: Any = TCO_ROWS, groups: Any = None) -> dict[str, Any]:
    """Return the figures of 2025 over all groups by their words."""
    tally = laws.gather("p", year(2025), zone=UTC, groups=groups or {"terror": TERROR})
    page = laws.sheet("x", rows, ((ALL, "All"),), tally, {})
    return {row.counts: line[3] for row, line in zip(rows, page.rows, strict=True) if row.counts}


def test_removal_orders_are_counted_as_the_law_asks() -> None:
    # TCO Art. 7(2)
    first, second, third, fourth = (order(n) for n in range(4))
    fact(K.ORDER_CARRIED_OUT, first, AT + HOUR / 2, items=2, territory=[])
    fact(K.ORDER_CARRIED_OUT, second, AT + HOUR, items=3, territory=[])
    fact(K.ORDER_RETURNED, third, AT, impossible=True, missing=[])
    fact(K.ORDER_RETURNED, fourth, AT, impossible=False, missing=["urls"])
    fact(K.ORDER_SCRUTINY_ASKED, first, AT)
    fact(K.ORDER_ANNULLED, first, AT + HOUR)
    found = figures()
    assert (found["orders"], found["ordered_items"], found["impossible"], found["returned"]) == (4, 5, 1, 1)
    assert (found["ordered"], found["scrutiny"], found["annulled"]) == (0.75, 1, 1)


def test_orders_of_other_laws_platforms_and_years_are_left_out() -> None:
    order(1, law="dsa")
    order(2, platform="other")
    late = order(3, AT.replace(year=2024, month=12))
    order(4, AT.replace(year=2026))
    fact(
        K.ORDER_CARRIED_OUT, late, AT.replace(month=1), items=2, territory=[]
    )  # begun before, ended in the year
    assert (figures()["orders"], figures()["ordered_items"]) == (0, 2)


def test_own_decisions_and_complaints_about_terrorist_content() -> None:
    decided(1, TERROR[2])
    decided(2, "spam")
    for number, (decision, state) in enumerate([(1, "upheld"), (1, "denied"), (2, "upheld")]):
        fact(K.COMPLAINT_RECEIVED, f"complaint:{number}", AT + 2 * HOUR, complainant="affected",
             decision=f"decision:{decision}")  # fmt: skip
        fact(K.COMPLAINT_DECIDED, f"complaint:{number}", AT + 3 * HOUR, state=state, new_decision=9)
    found = figures()
    assert (found["restricted"], found["complaints"], found["upheld"], found["denied"]) == (1, 2, 1, 1)


def test_figures_for_ofcom_by_kind() -> None:
    # OSA s.77
    decided(1, "hate_speech", detected=True, automated="full")
    decided(2, "hate_women", detected=True)
    decided(3, TERROR[0])
    for number, (trusted, hours) in enumerate([(False, 2), (True, 4)]):
        fact(
            K.NOTICE_RECEIVED,
            f"notice:{number}",
            AT,
            harm="hate_speech",
            illegal=True,
            items=1,
            trusted=trusted,
        )
        fact(K.NOTICE_ANSWERED, f"notice:{number}", AT + hours * HOUR, outcome="violation", again=False)
    tally = laws.gather("p", year(2025), zone=UTC, groups=GROUPS)
    page = laws.sheet("uk", UK_ROWS, [(key, title) for key, title, _harms in TITLES], tally, {})
    by_kind = {(row[1], row[2]): row[3] for row in page.rows}
    assert by_kind["Hate", "Reports of users and others"] == 2
    assert by_kind["Hate", "Reports of trusted flaggers among them"] == 1
    assert by_kind["Hate", "Median time from a report to its decision, in hours"] == 3.0
    assert by_kind["Hate", "Restrictions of content"] == 2
    assert by_kind["Hate", "Restrictions that were decided by automated means alone"] == 1
    assert by_kind["Terrorism", "Restrictions of content"] == 1
    assert by_kind["Terrorism", "Reports of users and others"] == 0
    assert by_kind["All", "Restrictions of content"] == 3


def make(law: str = "tco", **more: Any) -> MadeReport:
    stated = Stated(provider="P", service="S", texts={TCO_ROWS[0].indicator: "Rules and people."})
    given: dict[str, Any] = {"stated": stated, "by": SYSTEM, "now": LATER, "zone": UTC, "groups": TITLES}
    return keeping.make("p", year(2025), law=law, **(given | more))


def test_a_report_is_kept_with_the_facts_of_each_figure_and_published_in_versions() -> None:
    order(1)
    made = make()
    (page,) = keeping.sheets_of(made)
    row = next(
        n
        for n, line in enumerate(page.rows)
        if line[2] == "Removal orders received" and line[1] == "All together"
    )
    (seq,) = keeping.facts_of(made, 1, row, 3)
    assert ledger.story("order:1")[0].seq == seq
    assert page.rows[0][4] == "Rules and people."
    keeping.publish(made.pk, by=SYSTEM, now=LATER)
    order(2)
    again = make()
    with pytest.raises(ReportError):
        keeping.publish(again.pk, by=SYSTEM, now=LATER)
    second = keeping.publish(again.pk, by=SYSTEM, now=LATER, note="An order was entered late.")
    assert second.version == 2
    assert [(d.before, d.after) for d in keeping.differences(second)][:1] == [(1, 2)]


def test_reports_of_two_laws_do_not_stand_in_each_others_way() -> None:
    tco, uk, dsa = make(), make("uk"), make("dsa")
    assert {tco.law, uk.law, dsa.law} == {"tco", "uk", "dsa"}
    assert keeping.subject_of(tco) == "report:p/tco/2025-01-01/2025-12-31"
    assert keeping.subject_of(dsa) == "report:p/2025-01-01/2025-12-31"
    for one in (tco, uk, dsa):
        assert keeping.publish(one.pk, by=SYSTEM, now=LATER).version == 1
    assert [one.law for one in keeping.published("p", law="tco")] == ["tco"]
    assert len(keeping.published("p")) == 3


def test_there_is_no_report_of_a_law_that_asks_for_none() -> None:
    with pytest.raises(ReportError):
        make("moon")


def test_a_report_on_one_kind_says_everything_once() -> None:
    # TCO Art. 7(2)
    order(1)
    (page,) = keeping.sheets_of(make(groups=[("terrorism", "Terrorism", TERROR)]))
    said = [(row[0], row[2]) for row in page.rows]
    assert len(said) == len(set(said)) == len(TCO_ROWS)
    assert next(row[3] for row in page.rows if row[2] == "Removal orders received") == 1
