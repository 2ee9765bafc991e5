"""Disputes in the yearly report, counted again by hand over random years (DSA Art. 24(1))."""

from __future__ import annotations

from datetime import UTC, timedelta
from itertools import count
from statistics import median

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.compliance.reports.conftest import FIRST, YEAR, K, Year
from tests.compliance.reports.test_blanks import rows, sheet

from hakam.compliance.reports import gathering
from hakam.compliance.reports.gathering import DISPUTES, FOUND
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.template import APPEALS

pytestmark = pytest.mark.django_db
OUTCOMES = ["", *FOUND]
LIVES = st.tuples(
    st.integers(-30, 400),
    st.sampled_from(OUTCOMES),
    st.integers(1, 120),
    st.sampled_from([None, True, False]),
)

_EXAMPLES = count()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=st.lists(LIVES, max_size=8))
def test_each_figure_is_what_one_counts_by_hand(
    year: Year, lives: list[tuple[int, str, int, bool | None]]
) -> None:
    platform = (
        f"p{next(_EXAMPLES)}"  # each example is the year of a platform of its own: nothing is ever deleted
    )
    end = FIRST.replace(year=YEAR + 1)
    hand = dict.fromkeys(["Total number", *FOUND.values()], 0)
    hours, asked, done = [], 0, 0
    for n, (day, outcome, later, carried_out) in enumerate(lives):
        at = FIRST + timedelta(days=day)
        year.note(K.DISPUTE_OPENED, at, f"dispute:{platform}-{n}", platform=platform, received_at=at)
        hand["Total number"] += FIRST <= at < end
        if not outcome:
            continue
        decided = at + timedelta(hours=later)
        year.note(K.DISPUTE_DECIDED, decided, f"dispute:{platform}-{n}", platform=platform, outcome=outcome)
        if FIRST <= decided < end:
            hand[FOUND[outcome]] += 1
            hours += [later] if outcome != "omitted" else []
        if carried_out is not None:
            answered = decided + timedelta(days=1)
            kind = K.DISPUTE_IMPLEMENTED if carried_out else K.DISPUTE_NOT_IMPLEMENTED
            year.note(kind, answered, f"dispute:{platform}-{n}", platform=platform, outcome=outcome)
            if FIRST <= answered < end and outcome in {"partly", "reversed"}:
                asked, done = asked + 1, done + carried_out
    tally = gathering.gather(platform, year_of(YEAR), zone=UTC)
    found = {row["F"]: row["G"] for row in rows(sheet(APPEALS, tally=tally)) if row["E"] == DISPUTES}
    assert found.pop("Median time") == (median(hours) if hours else None)
    assert found.pop(gathering.IMPLEMENTED) == (round(done / asked, 4) if asked else None)
    assert found == hand
