"""Values that are hard to hold are judged over columns as by the function, and by both as at the door."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from benchmarks.backtest import pack as made_pack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hakam.backtest.columns import Row, read_event
from hakam.backtest.dataset import Dataset
from hakam.backtest.page import every_day, page
from hakam.backtest.prepare import Reading, prepare, rows_of, rows_of_log, with_scores
from hakam.backtest.report import report
from hakam.backtest.run import Way, run
from hakam.backtest.vectors import wholes
from hakam.backtest.workers import Here
from hakam.door.decode import Received
from hakam.door.judgement import Judgement
from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import compile_pack
from hakam.policy.pack import Pack
from hakam.storage.embedded.archive import roll
from hakam.storage.embedded.event_log import FileEventLog
from hakam.vocabulary.event import ContentKind
from hakam.vocabulary.verdict import Verdict

Load = Callable[[dict[str, str]], Pack]
Door = Callable[[Pack, Iterable[bytes]], dict[str, list[str]]]
_encode = msgspec.json.Encoder().encode
READING = Reading("import", ContentKind.POST, datetime(2026, 1, 1, tzinfo=UTC))
EXACT = 2**53  # the first whole number after which a double leaves some out


def event(number: int, text: str | None = "مرحبا free", **changes: Any) -> bytes:
    made = {
        "id": f"e{number}",
        "platform": "forum",
        "kind": "post",
        "at": "2026-01-01T00:00:00Z",
        "author": {"id": "a1"},
        "item": {"id": "i1", "text": text},
    }
    return _encode(made | changes)


def fires(dataset: Dataset, pack: Pack, way: Way) -> dict[str, int]:
    outcome = run(dataset, pack, pool=Here(), way=way)
    assert outcome.differences == ()
    assert outcome.way is way
    return {unit.rule: int(count) for unit, count in zip(outcome.units, outcome.tally.fires, strict=True)}


HARD: dict[str, tuple[list[bytes], tuple[str, ...]]] = {
    "whole numbers that no double is": (
        [event(n, author={"id": "a", "followers": EXACT - 1 + n}) for n in range(4)],
        (
            f"author.followers == {EXACT + 1}",
            f"author.followers < {EXACT + 1}",
            f"author.followers in [{EXACT + 1}, 5]",
            f"author.followers - 1 == {EXACT}",
            f"author.followers * 2 > {2 * EXACT + 1}",
        ),
    ),
    "numbers of a platform's own, and what is none": (
        [
            event(n, extra=extra)
            for n, extra in enumerate(
                (
                    {"karma": 2**60},
                    {"karma": 2**70, "vip": True},
                    {"karma": -0.0, "plan": ""},
                    {"karma": "12", "tags": ["ب", ""]},
                    {"karma": 1e308, "tags": []},
                    {"karma": None, "vip": 1, "tags": ["a", 3]},
                    {},
                )
            )
        ],
        (
            "extra.karma > 3",
            "extra.karma == 0",
            "extra.karma * 10 > 5",
            "not known(extra.karma)",
            "extra.vip",
            "not extra.vip",
            '"ب" in extra.tags',
            'not "ب" in extra.tags',
            'extra.plan == ""',
        ),
    ),
    "scores beyond all measure": (
        [event(n, scores={"s": value}) for n, value in enumerate((0.0, -0.0, 1e308, -1e308, 5e-324, 0.1 + 0.2))],
        (
            'scores["s"] == 0',
            'scores["s"] * 100 > 1',
            'scores["s"] / scores["s"] == 1',
            '1 / scores["s"] > 0',
            'scores["s"] == 0.3',
            'scores["s"] % 7 < 1',
            'scores["s"] // 3 <= 0',
            'not (scores["s"] * scores["s"] > 1)',
        ),
    ),
    "keys of counters that are large, negative zero, empty or hold a NUL": (
        [
            event(n, author={"id": who, "name": name, "followers": followers}, scores={"s": -0.0 if n % 2 else 0.0})
            for n, (who, name, followers) in enumerate(
                (
                    ("a", "", EXACT + 1),
                    ("a\0", "", EXACT + 1),
                    ("a", "\0", EXACT),
                    ("a", "ا", EXACT + 2),
                    ("a", "أ", 0),
                    ("a\0", "", 0),
                )
            )
        ],
        (
            'count(by=author.id, within="1h") > 2',
            'count(by=author.name, within="1h") > 2',
            'count(by=author.followers, within="1h") > 1',
            'count(by=scores["s"], within="1h") > 2',
            'distinct(author.name, per=author.id, within="1h") > 2',
            'distinct(author.followers, per=event.kind, within="1h") > 3',
        ),
    ),
    "texts that end in the middle of a word of the next": (
        [
            event(n, text)
            for n, text in enumerate(
                ("free", "dom", "re", "e", "\0free\0", "fre", "e crypto", "éfree", "\n",
                 "free\u0301", "", None, "حر", "ية")
                * 3
            )
        ],
        (
            'word(text.folded, "free")',
            'word(text.folded, "حر")',
            'contains_any(text.folded, ["free"], words=False)',
            'contains_any(text.folded, ["حرية", "crypto"])',
            'matches(text.folded, r"fr.e", words=True)',
            'matches(text.raw, r"e.c")',
            'matches(text.raw, r"[^a]f")',
            'matches(text.raw, r"^e")',
            'matches(text.raw, r"\\x00")',
            "text.length == 0",
            "not known(text.raw)",
            "text.length % 2 == 1",
        ),
    ),
    "the first and the last days of the calendar": (
        [
            event(n, at=at)
            for n, at in enumerate(
                (
                    "0001-01-01T00:00:00Z",
                    "0001-01-02T01:00:00+14:00",
                    "1969-12-31T23:59:59.999999Z",
                    "1970-01-01T03:00:00+03:00",
                    "9999-12-31T23:59:59Z",
                )
            )
        ],
        (
            "event.hour == 0",
            "event.hour == 23",
            "event.weekday == 1",
            'event.at > "2000-01-01"',
            'count(within="1h") > 1',
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HARD)
@pytest.mark.parametrize("rows", [1_000, 2])
def test_hard_values_are_judged_the_same_every_way(  # noqa: PLR0917 -- a table and fixtures
    tmp_path: Path, load_files: Load, door: Door, prepared: Callable[..., Dataset], case: str, rows: int
) -> None:
    lines, conditions = HARD[case]
    pack = load_files(made_pack.files(conditions))
    dataset = prepared(lines, tmp_path / "data", rows)
    assert dataset.manifest.why_refused == ()
    says = {rule: len(hits) for rule, hits in door(pack, lines).items()}
    assert set(says.values()) - {0}, "a table on which nothing fires proves nothing"
    assert fires(dataset, pack, Way.FUNCTION) == says
    assert fires(dataset, pack, Way.COLUMNS) == says


extras = st.fixed_dictionaries(
    {},
    optional={
        "karma": st.one_of(
            st.sampled_from([0, -0.0, EXACT, EXACT + 1, -EXACT - 1, 2**64, 1e300, -1e300, 0.5, None, "x", True])
        ),
        "vip": st.sampled_from([True, False, None, 0, 1, "true"]),
        "plan": st.sampled_from(["", "مجاني", "\0", "free", None, 5]),
        "tags": st.lists(st.sampled_from(["ب", "", "\0", "sun"]), max_size=3),
    },
)  # fmt: skip
ASKED = (
    "extra.karma > 0", "extra.karma + 1 > extra.karma",
    f"extra.karma == {EXACT + 1}", "extra.karma / 3 * 3 == extra.karma",
    "extra.karma in [0, 0.5, 1]", "not extra.vip", "known(extra.vip) and extra.karma <= 0", 'extra.plan != "free"',
    'extra.plan in ["", "مجاني"]', 'any_in(extra.tags, ["", "sun"])', "len(extra.tags) > 1", "not known(extra.tags)",
)  # fmt: skip


@given(found=st.lists(extras, min_size=1, max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_platform_sends_of_its_own_is_judged_the_same(
    tmp_path_factory: pytest.TempPathFactory, load_files: Load, door: Door, found: list[dict[str, Any]]
) -> None:
    lines = [event(n, extra=extra) for n, extra in enumerate(found)]
    pack = load_files(made_pack.files(ASKED))
    dataset = prepare(map(Row, lines), tmp_path_factory.mktemp("extra") / "data", pool=Here())
    says = {rule: len(hits) for rule, hits in door(pack, lines).items()}
    assert fires(dataset, pack, Way.COLUMNS) == says


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-00:01"])
def test_a_time_that_is_none_in_utc_is_no_event(at: str) -> None:
    with pytest.raises(ValueError, match="beyond the years 1 to 9999"):
        read_event(event(1, at=at))


def test_one_event_of_the_year_1_does_not_make_the_page_endless(tmp_path: Path, load_files: Load) -> None:
    """That year is what some libraries write for a time that nobody set. Each rule has a plot of all days."""
    pack = load_files(made_pack.files(tuple(f"text.length > {n % 9}" for n in range(12))))
    lines = [event(0, at="0001-01-01T00:00:00Z"), event(1)]
    dataset = prepare(map(Row, lines), tmp_path / "data", pool=Here())
    made = report(dataset, pack, run(dataset, pack, pool=Here()))
    assert made.days == {"0001-01-01": 1, "2026-01-01": 1}
    began = time.process_time()
    assert len(every_day(made.days)) == 739_617
    once = time.process_time() - began
    began = time.process_time()
    text = page(made)
    assert time.process_time() - began < 6 * once  # all days are told once, not once for each rule
    assert text.count("<svg") > 12


# What the door's own model measured


SCORED = (
    'scores["toxicity"] > 0.5',
    'scores["toxicity"] <= 0.5',
    'not known(scores["spam"])',
    'scores["spam"] > 0.99',
)
WORDS = (
    "You are a worthless idiot, shut up",
    "أنت كلب حقير",
    "The library opens at nine",
    "صباح الخير يا أصدقاء",
    None,
)


@pytest.fixture
def judged(tmp_path: Path, load_files: Load) -> tuple[FileEventLog, Pack, dict[str, int]]:
    """Give a log as the door writes it, whose rules read scores that no platform sent; and what they fired on."""
    pack = load_files(made_pack.files(SCORED))
    lines = [event(n, WORDS[n % 5], scores={"toxicity": 1.0} if n == 7 else {}) for n in range(20)]
    judgement = Judgement(compile_pack(pack), MemoryCounters())
    entries = judgement.judge([Received(line, event=read_event(line)) for line in lines])
    clock = iter(range(0, 3_600, 60))
    log = FileEventLog(tmp_path / "events", clock=lambda: float(next(clock)))
    log.append(entries)
    fired = {rule.id: 0 for rule in pack.rules}
    for entry in entries:
        for firing in msgspec.json.decode(entry.verdict, type=Verdict).firings:
            fired[firing.rule] += 1
    return log, pack, fired


@pytest.mark.parametrize("way", [Way.COLUMNS, Way.FUNCTION])
@pytest.mark.parametrize("source", ["log", "hours"])
def test_scores_that_the_door_measured_are_seen_again(
    tmp_path: Path, judged: tuple[FileEventLog, Pack, dict[str, int]], way: Way, source: str
) -> None:
    log, pack, fired = judged
    assert fired["r00"] > 1
    assert fired["r01"] > 1
    if source == "log":
        rows = list(rows_of_log(log.scan(0.0)))
    else:
        (hour,) = roll(log, tmp_path / "hours", now=7_200.0)
        rows = list(rows_of(hour, READING, lambda _share: None))
    log.close()
    dataset = prepare(rows, tmp_path / "data", pool=Here())
    assert fires(dataset, pack, way) == fired


@pytest.mark.parametrize(
    ("raw", "scores", "seen"),
    [
        (b'{"id":"e"}', {}, b'{"id":"e"}'),
        (b'{"id": "e", "mine": [1, {"a": null}]}', {"spam": 0.5},
         b'{"id":"e","mine":[1, {"a": null}],"scores":{"spam":0.5}}'),
        (b'{"scores":{"spam":1.0}}', {"spam": 0.5}, b'{"scores":{"spam":1.0}}'),
        (b'{"scores":{"x":0.1}}', {"spam": 0.5}, b'{"scores":{"spam":0.5,"x":0.1}}'),
        (b'{"scores":{"x":"high"}}', {"spam": 0.5}, b'{"scores":{"x":"high"}}'),
        (b"[]", {"spam": 0.5}, b"[]"),
        (b"", {"spam": 0.5}, b""),
    ],
)  # fmt: skip
def test_what_the_platform_sent_comes_first_and_nothing_else_changes(
    raw: bytes, scores: dict[str, float], seen: bytes
) -> None:
    assert with_scores(raw, scores) == seen


numbers = st.one_of(
    st.floats(allow_nan=True), st.integers(-(2**70), 2**70).map(float), st.sampled_from((2.0**53, -0.0))
)


@given(st.lists(numbers, max_size=20))
def test_values_of_counters_are_handed_on_whole_where_they_are(values: list[float]) -> None:
    """A sum may be beyond what fits into 64 bits; not a number is unknown."""
    finite = [value for value in values if not math.isinf(value)]
    made = wholes(np.array(finite, dtype=np.float64))
    for one, value in zip(made, finite, strict=True):
        wanted = None if math.isnan(value) else int(value) if value.is_integer() else value
        assert (type(one), one) == (type(wanted), wanted)
