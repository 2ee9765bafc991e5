"""The mildest measure that works."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.policy.pack import load_pack
from hakam.review.clauses import ladder_of
from hakam.review.ladder import Advice, NotOnLadderError, advise, at_most, check, irreversible, next_milder
from hakam.storage.packs import read_folder
from hakam.vocabulary.harm import GRAVE, Harm
from hakam.vocabulary.measure import NATURE, Measure, MeasureKind
from hakam.wiring.ports import default_pack

LABEL = Measure(MeasureKind.LABEL)
LIMIT = Measure(MeasureKind.LIMIT_REACH, days=7)
REMOVE_EU = Measure(MeasureKind.REMOVE, territory=("DE", "FR"))
SUSPEND = Measure(MeasureKind.SUSPEND, days=30)
TERMINATE = Measure(MeasureKind.TERMINATE)
LADDER = ((LABEL,), (LIMIT,), (REMOVE_EU,), (REMOVE_EU, SUSPEND), (TERMINATE,))

measures = st.builds(
    Measure,
    kind=st.sampled_from(list(MeasureKind)),
    territory=st.lists(st.sampled_from(["DE", "FR", "US"]), unique=True, max_size=3).map(tuple),
    days=st.none() | st.integers(1, 90),
)


@given(measures)
def test_a_measure_is_at_most_itself(measure: Measure) -> None:
    assert at_most(measure, measure)
    check([measure], [(measure,)], clause="c")


@given(measures, measures, measures)
def test_what_is_milder_than_something_mild_is_milder_than_something_harsh(
    a: Measure, b: Measure, c: Measure
) -> None:
    if at_most(a, b) and at_most(b, c):
        assert at_most(a, c)


@given(measures, measures)
def test_two_different_measures_are_never_each_at_most_the_other(a: Measure, b: Measure) -> None:
    if at_most(a, b) and at_most(b, a):
        assert (a.kind, set(a.territory), a.days) == (b.kind, set(b.territory), b.days)


@given(measures)
def test_nothing_harsher_than_the_top_is_ever_allowed(measure: Measure) -> None:
    ladder = ((LABEL,), (LIMIT,))
    if measure.nature.severity > LIMIT.nature.severity:
        with pytest.raises(NotOnLadderError, match=measure.kind):
            check([measure], ladder, clause="spam")


@pytest.mark.parametrize(
    "harsher",
    [
        Measure(MeasureKind.SUSPEND),
        Measure(MeasureKind.SUSPEND, days=31),
    ],
)
def test_longer_than_provided_is_refused(harsher: Measure) -> None:
    with pytest.raises(NotOnLadderError):
        check([harsher], LADDER[:4], clause="spam")


def test_wider_than_provided_is_refused() -> None:
    ladder = LADDER[:3]
    check([Measure(MeasureKind.REMOVE, territory=("DE",))], ladder, clause="hate")
    for territory in ((), ("DE", "US")):
        with pytest.raises(NotOnLadderError):
            check([Measure(MeasureKind.REMOVE, territory=territory)], ladder, clause="hate")


def test_a_union_of_countries_holds_its_members() -> None:
    europe = ((Measure(MeasureKind.WITHHOLD, territory=("EU",)),),)
    check([Measure(MeasureKind.WITHHOLD, territory=("DE", "FR"))], europe, clause="hate")
    for wider in ("EEA", "NO", "US"):
        with pytest.raises(NotOnLadderError):
            check([Measure(MeasureKind.WITHHOLD, territory=(wider,))], europe, clause="hate")


def test_what_the_clause_does_not_name_is_allowed_when_milder() -> None:
    check([Measure(MeasureKind.AGE_GATE), Measure(MeasureKind.WARN)], LADDER[:3], clause="hate")


def test_an_empty_ladder_allows_nothing() -> None:
    with pytest.raises(NotOnLadderError):
        check([Measure(MeasureKind.NOTIFY)], (), clause="hate")
    assert advise((), 3) is None


def test_the_first_offence_gets_the_first_step_and_each_further_one_climbs() -> None:
    assert advise(LADDER, 0) == Advice(0, None)
    assert advise(LADDER, 1) == Advice(1, 0)
    assert advise(LADDER, 3) == Advice(3, 2)


def test_nobody_is_warned_first_about_what_is_grave() -> None:
    removing = next(n for n, step in enumerate(LADDER) if step[0].nature.severity >= 70)
    assert removing > 1
    assert advise(LADDER, 0, grave=True) == Advice(removing, removing - 1)
    assert advise(LADDER, 1, grave=True) == Advice(removing + 1, removing)
    assert advise(LADDER[:removing], 0, grave=True) == Advice(
        removing - 1, removing - 2
    )  # the harshest there is
    assert advise((), 0, grave=True) is None


def test_the_default_rule_book_recommends_removal_under_each_grave_clause() -> None:
    pack = load_pack(read_folder(default_pack())).pack
    assert pack is not None
    grave = [clause for clause in pack.clauses.values() if clause.harm in GRAVE]
    assert {clause.harm for clause in grave} >= {Harm.TERRORISM_INCITEMENT, Harm.CSAM, Harm.GROOMING}
    for clause in grave:
        advice = advise(ladder_of(clause), 0, grave=True)
        assert advice is not None
        step = ladder_of(clause)[advice.recommended]
        assert max(m.nature.severity for m in step) >= NATURE[MeasureKind.REMOVE].severity, clause.id


@given(st.integers(0, 1000))
def test_what_cannot_be_undone_is_never_recommended(strikes: int) -> None:
    advice = advise(LADDER, strikes)
    assert advice is not None
    assert not irreversible(LADDER[advice.recommended])


@given(st.lists(measures, min_size=1, max_size=3))
def test_the_next_milder_step_is_milder(taken: list[Measure]) -> None:
    step = next_milder(taken, LADDER)
    harshest = max(m.nature.severity for m in taken)
    if step is None:
        assert harshest <= LABEL.nature.severity
    else:
        assert max(m.nature.severity for m in step) < harshest


def test_every_kind_of_measure_has_a_place() -> None:
    assert sorted(NATURE, key=lambda kind: NATURE[kind].severity) == list(MeasureKind)
