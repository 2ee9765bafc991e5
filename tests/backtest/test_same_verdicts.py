"""Whatever the way of judging, the verdicts are the door's, to the last event."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from benchmarks.backtest import pack as made_pack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hakam.backtest.counting import Counts, count_all
from hakam.backtest.dataset import Dataset
from hakam.backtest.run import Job, Judge, Way, conditions_of
from hakam.backtest.workers import Here
from hakam.policy.pack import Pack, load_pack

Door = dict[str, list[str]]


def fired(dataset: Dataset, files: dict[str, str], way: Way, folder: Path, *, together: bool = False) -> Door:
    """Return the ids of the events on which each rule fires, in order of time.

    `together`: what rules ask of texts is looked for when counters are counted.
    """
    folder.mkdir(exist_ok=True)
    loaded = load_pack(files).pack
    assert loaded is not None
    rules = conditions_of((loaded,)) if together else ()
    counts = count_all(dataset, (files,), folder, pool=Here(), rules=rules)
    judge = Judge(Job(str(dataset.folder), (files,), counts, way))
    assert together is (judge.hits is not None)
    found: Door = {unit.rule: [] for unit in judge.units}
    for number in range(len(dataset.parts)):
        chunk = dataset.chunk(number)
        counted = counts.of(chunk)
        if way is Way.FUNCTION:
            flags, failed = judge.by_function(chunk, counted)
        else:
            flags, failed, _ = judge.by_columns(chunk, counted, judge._hits(number, chunk))
        assert failed == {}
        ids = chunk.stored("event_id").to_pylist()
        for unit, one in zip(judge.units, flags, strict=True):
            found[unit.rule] += [ids[row] for row in np.flatnonzero(one)]
    return found


@pytest.mark.parametrize("way", [Way.COLUMNS, Way.FUNCTION])
def test_a_back_test_says_what_the_door_said(
    dataset: Dataset, pack: Pack, door_says: Door, way: Way, tmp_path: Path
) -> None:
    found = fired(dataset, pack.files, way, tmp_path / "work")
    different = [rule for rule in door_says if found[rule] != door_says[rule]]
    assert different == []


def test_texts_that_are_searched_once_for_counters_and_rules_give_the_same(
    dataset: Dataset, pack: Pack, door_says: Door, tmp_path: Path
) -> None:
    found = fired(dataset, pack.files, Way.COLUMNS, tmp_path / "work", together=True)
    assert [rule for rule in door_says if found[rule] != door_says[rule]] == []


def test_the_comparison_is_about_something(door_says: Door, lines: list[bytes]) -> None:
    """Rules that fire on everything or nothing would prove little."""
    silent = [rule for rule, hits in door_says.items() if not hits]
    loud = [rule for rule, hits in door_says.items() if len(hits) == len(lines)]
    assert silent == []
    assert loud == []


FIELDS = (
    "author.posts", "author.followers", "item.reach", "author.following", 'scores["spam"]', 'scores["toxicity"]',
    "text.length", "text.word_count", "item.media_count", "text.repairs", "len(item.mentions)", "len(text.raw)",
    "len(author.name)", "extra.karma", 'scores["nobody"]',
)  # fmt: skip
numbers = st.sampled_from(("0", "1", "2", "3.5", "10", "0.25", "1000", "7", "-3"))
arithmetic = st.recursive(
    st.one_of(st.sampled_from(FIELDS), st.sampled_from(FIELDS), numbers),
    lambda below: st.tuples(below, st.sampled_from(("+", "-", "*", "/", "//", "%")), below).map(
        lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
    ),
    max_leaves=4,
)
comparisons = st.tuples(
    arithmetic.filter(lambda text: any(field in text for field in FIELDS)),
    st.sampled_from(("<", "<=", ">", ">=", "==", "!=")),
    arithmetic,
).map(" ".join)
texts = st.sampled_from(
    tuple(
        condition
        for condition in made_pack.CONDITIONS
        if "count(" not in condition and "distinct(" not in condition
    )
)
others = st.sampled_from(
    (
        "author.verified",
        "not author.verified",
        "known(author.posts)",
        'text.language in ["ar", "fr"]',
        "item.language != text.language",
        "author.posts in [0, 1, 2, 3]",
        "not item.parent in item.mentions",
        'author.age >= "3d"',
        'known(scores["spam"])',
    )
)
conditions = st.recursive(
    st.one_of(comparisons, texts, others),
    lambda below: st.one_of(
        below.map(lambda text: f"not ({text})"),
        st.tuples(below, st.sampled_from(("and", "or")), below).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        ),
    ),
    max_leaves=6,
)


@given(st.lists(conditions, min_size=1, max_size=12))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_condition_is_judged_the_same_over_columns(dataset: Dataset, written: list[str]) -> None:
    files = made_pack.files(tuple(written))
    if load_pack(files).pack is None:  # two constants compared, a condition too deep: refused by the checker
        return
    judge = Judge(Job(str(dataset.folder), (files,), Counts({}), Way.COLUMNS))
    chunk = dataset.chunk(1)
    rows = list(range(0, chunk.rows, 3))
    exact, failed = judge.by_function(chunk, {}, rows)
    found, failed_too, _ = judge.by_columns(chunk, {})
    assert failed == failed_too == {}
    for unit, one, other in zip(judge.units, exact, found, strict=True):
        assert one[rows].tolist() == other[rows].tolist(), (unit.rule, written)


def test_a_computed_key_is_counted_one_by_one(
    dataset: Dataset,
    lines: list[bytes],
    tmp_path: Path,
    load_files: Callable[[dict[str, str]], Pack],
    door: Callable[[Pack, list[bytes]], Door],
) -> None:
    """A counter without a vector form: its key is computed, so the compiled function counts it itself."""
    pack = load_files(
        made_pack.files(
            (
                'count(by=extra.karma, within="1h") > 3',
                'distinct(author.id, per=extra.plan, within="10m") > 2 and author.posts > 3',
            )
        )
    )
    counts = count_all(dataset, (pack.files,), tmp_path, pool=Here())
    assert len(counts.one_by_one) == 2
    assert counts.forgotten == 0
    for way in (Way.COLUMNS, Way.FUNCTION):
        assert fired(dataset, pack.files, way, tmp_path / way) == door(pack, lines)


def test_long_lists_are_found_too(
    dataset: Dataset,
    lines: list[bytes],
    tmp_path: Path,
    load_files: Callable[[dict[str, str]], Pack],
    door: Callable[[Pack, list[bytes]], Door],
) -> None:
    files = made_pack.files(('contains_any(text.folded, list("many"))', 'word(text.folded, "sun", "قهوة")'))
    files["lists/many.txt"] = (
        "".join(f"phrase number {n}\n" for n in range(1_500)) + "free crypto\nاقتل نفسك\n"
    )
    pack = load_files(files)
    says = door(pack, lines)
    assert says["r00"]
    assert fired(dataset, files, Way.COLUMNS, tmp_path / "work") == says


GROWN = (
    'sum(item.media_count, per=author.id, within="10m") > 6',
    'sum(scores["spam"], per=item.community, within="30m", where=author.posts > 3) >= 1.5',
    'rate(by=author.id, within="5m") > 1',
    'marked("burner", on="author") and item.media_count > 0',
    'similar(text.folded, "same words again and again", at_least=0.8)',
    'similar(text.folded, "كتاب مدرسة صباح مساء") > 0.2 and known(author.posts)',
    "author.posts < params.few_posts",
    'rule("r06") and author.followers > 100',
    "event.hour == 0 and event.weekday in [5, 6]",
    'author.age < params.young or "/login" in links.paths',
    "len(links.shorteners) > 0",
    "len(links.homographs) < 1 and len(links.urls) > 0",
)
PARAMS = """\
- param: few_posts
  type: number
  default: 10
  least: 0
  most: 1000
  about: How many posts make a member.
- param: young
  type: duration
  default: "2d"
  least: "1h"
  most: "30d"
  about: How young is young.
"""
TUNED = """\
params: {few_posts: 20}
communities:
  c1:
    params: {few_posts: 60, young: "10d"}
  c2:
    params: {few_posts: 2}
    without: [r08]
"""


@pytest.mark.parametrize("way", [Way.COLUMNS, Way.FUNCTION])
def test_sums_marks_parameters_and_rules_that_build_on_rules(  # noqa: PLR0917 -- a table and fixtures
    dataset: Dataset,
    lines: list[bytes],
    tmp_path: Path,
    load_files: Callable[[dict[str, str]], Pack],
    door: Callable[[Pack, list[bytes]], Door],
    way: Way,
) -> None:
    """What has no vector form of its own is judged the same all the same; marks follow the verdicts themselves."""
    files = {**made_pack.files(GROWN), "params.yaml": PARAMS, "tuned.yaml": TUNED}
    files["rules.yaml"] += (
        "- rule: sets-a-mark\n  policy: spam\n  stage: live\n  when: author.posts < 3 and item.media_count == 2\n"
        '  then: [remove, \'mark("burner", on="author", expires="1h")\']\n'
    )
    pack = load_files(files)
    says = door(pack, lines)
    assert [rule for rule, hits in says.items() if not hits] == []
    found = fired(dataset, files, way, tmp_path / "work")
    assert [rule for rule in says if found[rule] != says[rule]] == []
