"""Near misses: one condition short of firing, or within a tenth of the threshold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from benchmarks.backtest import pack as made_pack

from hakam.backtest.dataset import Dataset
from hakam.backtest.lacking import Nearly
from hakam.backtest.near import NearMisses, looked_at
from hakam.backtest.steps import relaxed, steps_of
from hakam.policy.interpret import Seen, outcome
from hakam.policy.pack import Pack
from hakam.policy.rules import Rule
from hakam.policy.tree import Compare, Literal


@pytest.fixture
def rule(load_files: Callable[[dict[str, str]], Pack]) -> Callable[[str], Rule]:
    return lambda text: load_files(made_pack.files((text,))).rules[0]


def test_a_rule_of_several_steps_nearly_fires_when_all_but_one_hold(
    dataset: Dataset, rule: Callable[[str], Rule]
) -> None:
    made = rule("author.posts < 50 and (author.verified and author.followers > 20) and item.media_count == 0")
    when = made.when
    assert len(steps_of(when)) == 4
    chunk = dataset.chunk(0)
    (rows,), among = NearMisses([made]).rows(chunk, {}, [np.zeros(chunk.rows, dtype=np.bool_)])
    assert among == chunk.rows
    for row in range(chunk.rows):
        seen: Seen = chunk.seen(row, {})
        held = sum(outcome(step, seen) is True for step in steps_of(when))
        assert rows[row] == (held == 3), row
    assert rows.any()


@pytest.mark.parametrize(
    ("text", "sole", "wider"),
    [
        # words and no quotation: near is what was quoted, and not each post without the words
        ('word(text.folded, "free") and not author.verified', 'word(text.folded, "free")', None),
        (
            "not (item.media_count > 0) and author.verified and not (author.posts < 50)",
            "author.verified",
            None,
        ),
        # a threshold that was nearly reached is near
        ("author.posts < 50 and not author.verified", "author.posts < 50", "author.posts < 55"),
        # where more than one step is no `not`, and where all are, any of them may lack
        ("author.posts < 50 and author.followers > 20 and not author.verified", None, None),
        ("not author.verified and not (item.media_count > 0)", None, None),
    ],
)
def test_that_something_is_absent_makes_nothing_near(
    dataset: Dataset, rule: Callable[[str], Rule], text: str, sole: str | None, wider: str | None
) -> None:
    made, chunk = rule(text), dataset.chunk(0)
    fires = np.array([outcome(made.when, chunk.seen(row, {})) is True for row in range(chunk.rows)])
    (rows,), _ = NearMisses([made]).rows(chunk, {}, [fires])
    steps, nearly = steps_of(made.when), Nearly(made)
    musts = [rule(must).when for must in (sole, wider) if must is not None]
    for row in range(chunk.rows):
        seen: Seen = chunk.seen(row, {})
        near = sum(outcome(step, seen) is not True for step in steps) == 1
        if musts:
            near = near and any(outcome(must, seen) is True for must in musts)
        assert rows[row] == near == nearly(seen), row
    assert rows.any()
    assert not rows.all()


def test_what_fires_is_no_near_miss(dataset: Dataset, rule: Callable[[str], Rule]) -> None:
    chunk = dataset.chunk(0)
    made = rule("author.posts < 50 and author.verified")
    (rows,), _ = NearMisses([made]).rows(chunk, {}, [np.ones(chunk.rows, dtype=np.bool_)])
    assert not rows.any()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("author.posts < 50", 55.0),
        ("author.posts <= 50", 55.0),
        ("author.posts > 50", 45.0),
        ("50 > author.posts", 55.0),
        ("author.followers >= -10", -11.0),
        ('author.age < "10d"', 950_400.0),
        ('scores["spam"] >= 0.5', 0.45),
    ],
)
def test_a_threshold_is_moved_by_a_tenth(rule: Callable[[str], Rule], text: str, value: float) -> None:
    found = relaxed(rule(text).when)
    assert isinstance(found, Compare)
    literal = found.right if isinstance(found.right, Literal) else found.left
    assert isinstance(literal, Literal)
    assert literal.value == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "author.posts == 5",
        "author.verified",
        'word(text.folded, "x")',
        'event.at > "2026-01-01"',
        "author.posts < author.followers",
    ],
)
def test_what_has_no_threshold_has_no_near_misses(
    dataset: Dataset, rule: Callable[[str], Rule], text: str
) -> None:
    made = rule(text)
    assert relaxed(made.when) is None
    chunk = dataset.chunk(0)
    (rows,), _ = NearMisses([made]).rows(chunk, {}, [np.zeros(chunk.rows, dtype=np.bool_)])
    assert not rows.any()


@pytest.mark.parametrize("text", ["author.posts < 80", "author.posts < 50 and author.verified"])
def test_where_a_rule_is_switched_off_it_does_not_nearly_fire(
    dataset: Dataset, load_files: Callable[[dict[str, str]], Pack], rule: Callable[[str], Rule], text: str
) -> None:
    """And elsewhere it nearly fires on what it would nearly fire on if it were switched off nowhere."""
    tuned = {"tuned.yaml": "communities:\n  c1: {without: [r00]}\n"}
    off = load_files({**made_pack.files((text,)), **tuned}).rules[0]
    assert off.off == {"c1"}
    chunk = dataset.chunk(0)
    silent = [np.zeros(chunk.rows, dtype=np.bool_)]
    (rows,), _ = NearMisses([off]).rows(chunk, {}, silent)
    (everywhere,), _ = NearMisses([rule(text)]).rows(chunk, {}, silent)
    there = np.array([chunk.event(row).item.community == "c1" for row in range(chunk.rows)])
    assert (everywhere & there).any()
    assert rows.any()
    assert rows.tolist() == (everywhere & ~there).tolist()


def test_few_parts_are_looked_through() -> None:
    assert looked_at(1) == {0}
    assert looked_at(5) == set(range(5))
    assert len(looked_at(1_000)) == 12
    assert {0, 999} <= looked_at(1_000)
