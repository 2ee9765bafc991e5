"""Every measure says what it costs and how it is taken back, before it is applied."""

from __future__ import annotations

import pytest

from hakam.vocabulary.measure import NATURE, Measure, MeasureKind, Restriction, Reversal, Target


def test_every_measure_has_its_nature() -> None:
    assert list(NATURE) == list(MeasureKind)


def test_measures_stand_from_the_mildest_to_the_most_severe() -> None:
    severities = [NATURE[kind].severity for kind in MeasureKind]
    assert severities == sorted(severities)
    assert (severities[0], severities[-1]) == (0, 100)


def test_only_ending_an_account_for_good_can_not_be_taken_back() -> None:
    final = {kind for kind in MeasureKind if NATURE[kind].reversal is Reversal.IRREVERSIBLE}
    assert final == {MeasureKind.TERMINATE}


@pytest.mark.parametrize("kind", list(MeasureKind))
def test_what_restricts_has_its_field_in_the_public_database(kind: MeasureKind) -> None:
    # DSA Art. 24(5): every restriction that owes a statement is reported; what restricts nothing is not.
    nature = NATURE[kind]
    assert (nature.restriction is None) == (nature.tdb_field is None) == (nature.tdb_value is None)


@pytest.mark.parametrize("kind", list(MeasureKind))
def test_restrictions_of_accounts_touch_accounts(kind: MeasureKind) -> None:
    # DSA Art. 17(1)(a)
    nature = NATURE[kind]
    if nature.restriction in {Restriction.ACCOUNT, Restriction.SERVICE}:
        assert nature.target is Target.ACCOUNT
    if nature.restriction in {Restriction.VISIBILITY, Restriction.MONETARY}:
        assert nature.target is Target.ITEM


def test_telling_and_warning_owe_no_statement() -> None:
    assert {kind for kind in MeasureKind if NATURE[kind].restriction is None} == {
        MeasureKind.NOTIFY,
        MeasureKind.WARN,
    }


def test_a_measure_knows_its_nature() -> None:
    assert Measure(MeasureKind.REMOVE, territory=("DE",)).nature is NATURE[MeasureKind.REMOVE]
