"""Counts of parts add up to the counts of the whole, however the work is split."""

from __future__ import annotations

import numpy as np
from benchmarks.backtest import pack as made_pack
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.backtest.counting import Counts
from hakam.backtest.dataset import Dataset
from hakam.backtest.decided import Meaning
from hakam.backtest.run import Job, Judge, Way
from hakam.backtest.tally import Tally, Unit, add, drawn, tally_chunk, total
from hakam.policy.pack import Pack

NO_COUNTERS = tuple(one for one in made_pack.CONDITIONS if "count(" not in one and "distinct(" not in one)


def judged(dataset: Dataset) -> list[Tally]:
    job = Job(str(dataset.folder), (made_pack.files(NO_COUNTERS),), Counts({}), Way.COLUMNS, sample=5)
    return [Judge(job).part(number) for number in range(len(dataset.parts))]


def test_the_order_in_which_parts_come_changes_nothing(dataset: Dataset) -> None:
    one = total(judged(dataset), len(NO_COUNTERS), 5)
    other = total(reversed(judged(dataset)), len(NO_COUNTERS), 5)
    assert one.events == other.events == dataset.rows
    assert one.fires.tolist() == other.fires.tolist()
    assert one.samples == other.samples
    assert one.together.tolist() == other.together.tolist()
    assert one.days == other.days


def test_days_and_languages_add_up_to_the_events(dataset: Dataset) -> None:
    found = total(judged(dataset), len(NO_COUNTERS), 5)
    assert sum(found.days.values()) == sum(found.languages.values()) == dataset.rows
    assert (sum(found.by_day.values()) == found.fires).all()
    assert (sum(found.by_language.values()) == found.fires).all()
    assert set(found.languages) <= {"ar", "en", ""}


@given(st.integers(0, 2**40), st.integers(1, 200), st.integers(1, 30), st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_a_sample_does_not_know_how_the_work_was_split(start: int, rows: int, size: int, pieces: int) -> None:
    flags = np.ones(rows, dtype=np.bool_)
    flags[::3] = False
    whole = drawn(flags, start, 5, size)
    parts = np.array_split(np.arange(rows), pieces)
    split = sorted(
        pair for part in parts if len(part) for pair in drawn(flags[part], start + int(part[0]), 5, size)
    )[:size]
    assert whole == split
    assert len(whole) == min(size, int(flags.sum()))
    assert all(flags[position - start] for _, position in whole)


def test_a_sample_is_drawn_evenly() -> None:
    taken = np.zeros(10)
    for salt in range(400):
        for _, position in drawn(np.ones(1_000, dtype=np.bool_), 0, salt, 5):
            taken[position // 100] += 1
    assert taken.sum() == 2_000
    assert taken.min() > 140  # 200 expected in each tenth; 140 lies four deviations below
    assert taken.max() < 260


def test_two_versions_are_compared_rule_by_rule(dataset: Dataset) -> None:
    chunk = dataset.chunk(0)
    rows = chunk.rows
    first, second, third = (np.zeros(rows, dtype=np.bool_) for _ in range(3))
    first[:10] = True  # r: before
    second[5:20] = True  # r: after, changed
    third[100] = True  # only in the version before
    units = [
        Unit("r", "spam", "a", before=0),
        Unit("r", "spam", "b", after=0),
        Unit("gone", "spam", "c", before=1),
    ]
    found = tally_chunk(chunk, units, [first, second, third], meaning=Meaning(), size=4, against=True)
    assert found.differ == {"r": (10, 5), "gone": (0, 1)}
    assert found.any_before == 11
    assert found.any_after == 15
    assert found.events_newly == 10
    assert found.events_no_longer == 6
    assert len(found.samples["newly"]["r"]) == 4
    assert [position for _, position in found.samples["no_longer"]["gone"]] == [100]


class Decided:
    """A chunk whose people decided something."""

    def __init__(self, chunk: object, decided: list[str | None]) -> None:
        import pyarrow as pa  # noqa: PLC0415 -- this test alone

        self._chunk, self._decided = chunk, pa.array(decided, pa.string())

    def stored(self, name: str) -> object:
        return self._decided if name == "decided" else self._chunk.stored(name)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._chunk, name)


def test_rules_are_compared_with_decisions_under_their_own_clause(dataset: Dataset, pack: Pack) -> None:
    chunk = dataset.chunk(0)
    decided: list[str | None] = [None] * chunk.rows
    decided[:6] = ["spam", "spam", "threats", "no", "no", "what?"]
    fired = np.zeros(chunk.rows, dtype=np.bool_)
    fired[[0, 2, 3, 5, 50]] = True
    units = [Unit("r", "spam", "a", after=0)]
    meaning = Meaning(frozenset(pack.clauses))
    found = tally_chunk(Decided(chunk, decided), units, [fired], meaning=meaning, size=4, against=False)  # type: ignore[arg-type]
    assert found.agree.tolist() == [[1, 2, 1, 1]]  # row 2 breaks another clause than this rule's
    assert found.agree_any.tolist() == [2, 1, 1, 1]  # all rules together are compared with any violation
    assert found.decisions == {"spam": 2, "threats": 1, "no": 2, "what?": 1}
    whole = Tally(1)
    add(whole, found, 4)
    add(whole, found, 4)
    assert whole.agree.tolist() == [[2, 4, 2, 2]]
    assert whole.decisions["spam"] == 4
