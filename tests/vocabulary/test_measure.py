"""Every measure says what it costs and how it is taken back, before it is applied; and what the EU database is told.

Facts of the database: its fields and values since 1 July 2025 (`decision_*`).
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.vocabulary.measure import NATURE, Measure, MeasureKind, Restriction, Reversal, Target, merged

# Every value that the Transparency Database takes, by field.
DATABASE = {
    "decision_visibility": {
        "DECISION_VISIBILITY_CONTENT_REMOVED",
        "DECISION_VISIBILITY_CONTENT_DISABLED",
        "DECISION_VISIBILITY_CONTENT_DEMOTED",
        "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED",
        "DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED",
        "DECISION_VISIBILITY_CONTENT_LABELLED",
        "DECISION_VISIBILITY_OTHER",
    },
    "decision_monetary": {
        "DECISION_MONETARY_SUSPENSION",
        "DECISION_MONETARY_TERMINATION",
        "DECISION_MONETARY_OTHER",
    },
    "decision_provision": {
        "DECISION_PROVISION_PARTIAL_SUSPENSION",
        "DECISION_PROVISION_TOTAL_SUSPENSION",
        "DECISION_PROVISION_PARTIAL_TERMINATION",
        "DECISION_PROVISION_TOTAL_TERMINATION",
    },
    "decision_account": {"DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED"},
}
# Which field carries which of the four restrictions (DSA Art. 17(1)(a)-(d)).
FIELD_OF = {
    Restriction.VISIBILITY: "decision_visibility",
    Restriction.MONETARY: "decision_monetary",
    Restriction.SERVICE: "decision_provision",
    Restriction.ACCOUNT: "decision_account",
}
TABLE = """
notify         item     reversible    -           -
context_note   item     reversible    visibility  DECISION_VISIBILITY_CONTENT_LABELLED
label          item     reversible    visibility  DECISION_VISIBILITY_CONTENT_LABELLED
warn           account  reversible    -           -
age_gate       item     reversible    visibility  DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED
lock_replies   item     reversible    visibility  DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED
delay          item     compensable   visibility  DECISION_VISIBILITY_OTHER
limit_reach    item     compensable   visibility  DECISION_VISIBILITY_CONTENT_DEMOTED
demonetise     item     compensable   monetary    DECISION_MONETARY_SUSPENSION
hold           item     compensable   visibility  DECISION_VISIBILITY_CONTENT_DISABLED
withhold       item     compensable   visibility  DECISION_VISIBILITY_CONTENT_DISABLED
remove         item     compensable   visibility  DECISION_VISIBILITY_CONTENT_REMOVED
bar_from_live  account  compensable   service     DECISION_PROVISION_PARTIAL_SUSPENSION
suspend        account  compensable   account     DECISION_ACCOUNT_SUSPENDED
terminate      account  irreversible  account     DECISION_ACCOUNT_TERMINATED
"""
LINES = TABLE.strip().split("\n")


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split()[0])
def test_the_nature_of_each_measure(line: str) -> None:
    name, target, reversal, restriction, value = line.split()
    nature = Measure(MeasureKind(name)).nature
    assert nature.target == target
    assert nature.reversal == reversal
    assert (nature.restriction or "-") == restriction
    assert (nature.tdb_value or "-") == value


def test_every_measure_is_in_the_table_and_ordered_from_mild_to_severe() -> None:
    assert [line.split()[0] for line in LINES] == list(MeasureKind) == list(NATURE)
    severities = [NATURE[kind].severity for kind in MeasureKind]
    assert severities == sorted(set(severities))
    assert (severities[0], severities[-1]) == (0, 100)


@pytest.mark.parametrize("kind", MeasureKind)
def test_what_restricts_is_told_to_the_database_in_the_right_field(kind: MeasureKind) -> None:
    # DSA Art. 24(5): every restriction that owes a statement is reported; what restricts nothing is not.
    nature = NATURE[kind]
    if nature.restriction is None:
        assert (nature.tdb_field, nature.tdb_value) == (None, None)
        return
    assert nature.tdb_field == FIELD_OF[nature.restriction]
    assert nature.tdb_value in DATABASE[nature.tdb_field]


def test_all_four_restrictions_can_be_made() -> None:
    assert {nature.restriction for nature in NATURE.values()} == {None, *Restriction}


def test_telling_and_warning_owe_no_statement() -> None:
    free = {kind for kind in MeasureKind if NATURE[kind].restriction is None}
    assert free == {MeasureKind.NOTIFY, MeasureKind.WARN}


def test_only_ending_an_account_for_good_can_not_be_taken_back() -> None:
    final = {kind for kind in MeasureKind if NATURE[kind].reversal is Reversal.IRREVERSIBLE}
    assert final == {MeasureKind.TERMINATE}


@pytest.mark.parametrize("kind", MeasureKind)
def test_restrictions_of_accounts_touch_accounts(kind: MeasureKind) -> None:
    nature = NATURE[kind]
    if nature.restriction in {Restriction.ACCOUNT, Restriction.SERVICE}:
        assert nature.target is Target.ACCOUNT
    if nature.restriction in {Restriction.VISIBILITY, Restriction.MONETARY}:
        assert nature.target is Target.ITEM


def test_a_measure_is_everywhere_and_without_end_unless_it_says_so() -> None:
    measure = Measure(MeasureKind.REMOVE)
    assert (measure.territory, measure.days, measure.label, measure.note) == ((), None, None, None)
    assert len({measure, Measure(MeasureKind.REMOVE), Measure(MeasureKind.REMOVE, ("DE",))}) == 2


some = st.builds(
    Measure,
    kind=st.sampled_from(
        [MeasureKind.LIMIT_REACH, MeasureKind.REMOVE, MeasureKind.LABEL, MeasureKind.CONTEXT_NOTE]
    ),
    territory=st.sampled_from([(), ("DE",), ("DE", "FR")]),
    days=st.none() | st.integers(1, 5),
    label=st.sampled_from([None, "graphic", "scam"]),
    note=st.sampled_from([None, "a", "b"]),
)


def lasting(measure: Measure) -> float:
    return float("inf") if measure.days is None else measure.days


@given(st.lists(some, max_size=8))
def test_merging_keeps_what_adds_something(measures: list[Measure]) -> None:
    together = merged(measures)
    assert set(together) <= set(measures)
    assert merged(together) == together
    assert len({m.identity for m in together}) == len(together)
    severities = [NATURE[m.kind].severity for m in together]
    assert severities == sorted(severities)
    for one in measures:  # each is covered by one that is kept
        assert any(
            (kept.kind, kept.label) == (one.kind, one.label)
            and (kept.note == one.note or one.kind is not MeasureKind.CONTEXT_NOTE)
            and kept.territory in {(), one.territory}
            and lasting(kept) >= lasting(one)
            for kept in together
        )


def test_a_label_takes_the_place_of_no_other_and_neither_does_a_note_that_readers_see() -> None:
    labels = [Measure(MeasureKind.LABEL, label=text, days=days) for text, days in (("a", 1), ("b", 9))]
    notes = [
        Measure(MeasureKind.CONTEXT_NOTE, note=text) for text in ("It is from 2011.", "Doctors disagree.")
    ]
    assert set(merged([*labels, *notes])) == {*labels, *notes}
    remarks = [Measure(MeasureKind.REMOVE, note=text) for text in ("once", "twice")]
    assert merged(remarks) == (remarks[0],)
