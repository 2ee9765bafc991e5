"""Figures of a report are those that counting by hand gives, and no text that people wrote becomes part of a page."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from benchmarks.backtest import pack as made_pack
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.backtest import plots
from hakam.backtest.columns import Row
from hakam.backtest.decided import Meaning, agreement, share
from hakam.backtest.page import page
from hakam.backtest.prepare import prepare
from hakam.backtest.report import SHOWN_TEXT, Report, report, show, to_json
from hakam.backtest.run import run
from hakam.backtest.wording import LANGUAGES
from hakam.backtest.workers import Here
from hakam.policy.pack import Pack
from hakam.vocabulary.event import Event

_encode = msgspec.json.Encoder().encode
Load = Callable[[dict[str, str]], Pack]
CONDITIONS = ('word(text.folded, "sun")', "author.posts < 5", 'text.language == "ar"', "author.posts > 100")
ROWS: tuple[tuple[str, str, int, str | None, str | None], ...] = (
    # at, text, posts, language, what people decided
    ("2026-01-01T23:30:00Z", "sun", 1, "en", "spam"),
    ("2026-01-01T23:30:00-01:00", "sun", 9, "en", "no"),  # the second in UTC
    ("2026-01-02T01:00:00+02:00", "شمس", 2, "ar", "threats"),  # the first in UTC
    ("2026-01-02T00:00:00Z", "rain", 4, "en", "yes"),
    ("2026-01-02T13:59:59+14:00", "sun", 3, None, None),  # the first in UTC
    ("2026-01-02T12:00:00-12:00", "مطر", 50, "ar", "maybe"),  # the third in UTC
    ("2026-01-04T00:00:00+00:00", "rain", 50, "en", "no"),
)
FIRED = {"r00": {0, 1, 4}, "r01": {0, 2, 3, 4}, "r02": {2, 5}, "r03": set()}
DAYS = {"2026-01-01": {0, 2, 4}, "2026-01-02": {1, 3}, "2026-01-03": {5}, "2026-01-04": {6}}


def line(number: int, at: str, text: str, posts: int, language: str | None) -> bytes:
    return _encode(
        {
            "id": f"e{number}",
            "platform": "forum",
            "kind": "post",
            "at": at,
            "author": {"id": f"a{number}", "posts": posts},
            "item": {"id": f"i{number}", "text": text, "language": language},
        }
    )


@pytest.fixture(scope="module")
def pack(load_files: Load) -> Pack:
    return load_files(made_pack.files(CONDITIONS))


@pytest.fixture(scope="module")
def made(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Report:
    rows = [Row(line(n, *row[:4]), row[4]) for n, row in enumerate(ROWS)]
    dataset = prepare(rows, tmp_path_factory.mktemp("figures") / "data", pool=Here())
    return report(dataset, pack, run(dataset, pack, pool=Here()))


def test_an_event_belongs_to_its_day_in_utc(made: Report) -> None:
    assert made.days == {day: len(rows) for day, rows in DAYS.items()}
    for rule in made.rules:
        assert rule.by_day == {
            day: len(rows & FIRED[rule.rule]) for day, rows in DAYS.items() if rows & FIRED[rule.rule]
        }
    assert made.first.startswith("2026-01-01T23:00")
    assert made.last.startswith("2026-01-04")


def test_shares_are_of_all_events(made: Report) -> None:
    assert {rule.rule: (rule.fires, rule.share) for rule in made.rules} == {
        name: (len(rows), len(rows) / len(ROWS)) for name, rows in FIRED.items()
    }
    assert made.fired == len(set().union(*FIRED.values()))
    assert sum(made.languages.values()) == len(ROWS)


def test_overlap_is_of_the_events_on_which_either_fires(made: Report) -> None:
    wanted = {}
    names = sorted(FIRED)
    for n, one in enumerate(names):
        for other in names[n + 1 :]:
            if both := FIRED[one] & FIRED[other]:
                wanted[one, other] = (len(both), len(both) / len(FIRED[one] | FIRED[other]))
    assert {(pair.one, pair.other): (pair.events, pair.share) for pair in made.overlap} == wanted
    shares = [pair.share for pair in made.overlap]
    assert shares == sorted(shares, reverse=True)


def test_agreement_is_with_the_decisions_that_can_be_read(made: Report) -> None:
    """A clause is a violation of that clause: `r00` is of threats, `r01` of spam."""
    assert made.decisions == {"no": 2, "maybe": 1, "spam": 1, "threats": 1, "yes": 1}
    assert made.unread_decisions == ("maybe",)
    rules = {rule.rule: rule.agreement for rule in made.rules}
    for name, clause in (("r00", "threats"), ("r01", "spam"), ("r02", "threats"), ("r03", "spam")):
        four: Counter[tuple[bool, bool]] = Counter()
        for n, row in enumerate(ROWS):
            if row[4] not in {None, "maybe"}:
                four[n in FIRED[name], row[4] in {clause, "yes"}] += 1
        found = rules[name]
        assert found is not None
        assert (found.caught, found.wrong, found.missed, found.right) == (
            four[True, True], four[True, False], four[False, True], four[False, False]
        )  # fmt: skip
    assert made.agreement is not None
    assert (made.agreement.caught, made.agreement.wrong, made.agreement.missed, made.agreement.right) == (
        3,
        1,
        0,
        1,
    )


def test_json_has_no_number_that_is_none(made: Report) -> None:
    """Shares of nothing are `null`: `NaN` is no JSON."""
    plain = msgspec.json.decode(to_json(made))
    silent = next(rule for rule in plain["rules"] if rule["rule"] == "r03")
    assert silent["agreement"]["precision"] == {
        "part": 0,
        "whole": 0,
        "value": None,
        "low": None,
        "high": None,
    }
    assert b"NaN" not in to_json(made)


# Wilson's interval, by the equation that it solves


def ends(part: int, whole: int) -> tuple[float, float]:
    """Return the shares whose distance from the one seen is 1.96 of their own deviations, found by halving."""
    seen, z = part / whole, 1.959963984540054

    def distance(true: float) -> float:
        return abs(seen - true) - z * math.sqrt(true * (1 - true) / whole)

    found = []
    for far in (0.0, 1.0):
        near, edge = seen, far
        if distance(edge) <= 0:
            found.append(edge)
            continue
        for _ in range(200):
            middle = (near + edge) / 2
            near, edge = (near, middle) if distance(middle) > 0 else (middle, edge)
        found.append(near)
    return found[0], found[1]


@given(st.integers(1, 20_000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
@settings(deadline=None)
def test_the_interval_holds_the_shares_that_are_not_too_far_from_what_was_seen(pair: tuple[int, int]) -> None:
    found = share(*pair)
    low, high = ends(*pair)
    assert found.low == pytest.approx(low, abs=1e-9)
    assert found.high == pytest.approx(high, abs=1e-9)


@given(st.tuples(*[st.integers(0, 3_000)] * 4))
@settings(deadline=None)
def test_agreement_seen_from_the_other_side_is_the_same(four: tuple[int, int, int, int]) -> None:
    """Who is right is a matter of view: with rule and people exchanged, precision and recall change places."""
    caught, wrong, missed, right = four
    one = agreement(caught=caught, wrong=wrong, missed=missed, right=right)
    other = agreement(caught=caught, wrong=missed, missed=wrong, right=right)
    assert (one.precision, one.recall, one.disagreement) == (
        other.recall,
        other.precision,
        other.disagreement,
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Spam", None),  # clauses are written as they are
        ("\tspam\n", (True, "spam")),
        ("NOT VIOLATING", (False, None)),
        ("نعم", (True, None)),
        ("ربما", None),
        ("1.00", None),
        ("no\0", None),
        ("none", (False, None)),
    ],
)
def test_a_decision_is_read_or_left_out_and_never_guessed(text: str, read: object) -> None:
    assert Meaning(frozenset({"spam"})).read(text) == read


# Texts of others on the page

HOSTILE = (
    "<script>alert(1)</script>",
    "</blockquote></main><h1>",
    '" onmouseover="alert(1)',
    "' style='background:url(https://evil.example/x)",
    "<img src=https://evil.example/p.png>",
    "<svg/onload=alert(1)>",
    "&lt;b&gt; &amp; &#60;",
    "<!-- ]]> -->",
    "</title><style>*{display:none}</style>",
    "{0} {1} %s {made}",
    "\u202egnp.exe\u202c و نص",
    "a\0b\x1b[31m",
)


class Shown(HTMLParser):
    """What the page shows as text, what it is made of, and where it would go."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.drawn = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.drawn = self.drawn or tag == "svg"
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        self.drawn = self.drawn and tag != "svg"

    def handle_data(self, data: str) -> None:
        if not self.drawn:  # plots cut long names
            self.text.append(data)


def read(text: str) -> Shown:
    shown = Shown()
    shown.feed(text)
    return shown


def hostile(made: Report, text: str) -> Report:
    """Put a text wherever a report has one of somebody else."""
    event = msgspec.json.decode(line(1, ROWS[0][0], "x", 1, None), type=Event)
    author = msgspec.structs.replace(event.author, id=text, name=text)
    item = msgspec.structs.replace(event.item, text=text, title=text)
    one = show(msgspec.structs.replace(event, id=text, author=author, item=item), decided=text)
    replace: Any = msgspec.structs.replace
    rules = tuple(
        replace(rule, rule=f"{rule.rule}{text}", policy=text, about=text, hits=(one,) * bool(rule.fires),
                by_language={text: rule.fires} if rule.fires else {}, near=(one,), near_count=1)
        for rule in made.rules
    )  # fmt: skip
    return replace(  # type: ignore[no-any-return]
        made, rules=rules, sources=(text,), refused=1, why_refused=(text,), unread_decisions=(text,),
        decisions={text: 3}, languages={text: 7}, overlap=tuple(replace(pair, one=text) for pair in made.overlap),
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_and_changes_nothing(made: Report, text: str, language: str) -> None:
    harmless, found = (
        read(page(hostile(made, "harmless"), language)),
        read(page(hostile(made, text), language)),
    )
    assert found.tags == harmless.tags
    assert found.attributes == harmless.attributes
    assert not found.attributes & {
        "src",
        "href",
        "srcset",
        "onload",
        "onmouseover",
        "style",
        "action",
        "data",
    }
    assert not found.tags.keys() & {"script", "img", "link", "iframe", "object", "form", "base", "a"}
    times = "".join(harmless.text).count("harmless")
    assert "".join(found.text).count(text) == times > 10  # each of them is there, letter by letter


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_asks_nobody_for_anything(made: Report, language: str) -> None:
    text = page(made, language)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1] == "default-src 'none'; style-src 'unsafe-inline'"
    style = text[text.index("<style>") : text.index("</style>")]
    assert not re.search(r"@import|url\(|https?:|@font-face", style)
    # Sides are named by the direction of writing, so one style serves both.
    assert not re.search(r"(margin|padding|border)-(left|right)|text-align:(left|right)|float:", style)


def test_plots_of_hostile_names_are_whole() -> None:
    for text in HOSTILE:
        found = read(plots.bars([(text, 3, text)], text) + plots.interval(0.5, 0.1, 0.9, text))
        assert set(found.tags) == {"svg", "title", "text", "rect", "line", "circle"}


@pytest.mark.parametrize(
    ("title", "text", "shown"),
    [
        (None, "a" * SHOWN_TEXT, "a" * SHOWN_TEXT),
        (None, "a" * (SHOWN_TEXT + 1), "a" * SHOWN_TEXT + "…"),
        ("عنوان", "نص", "عنوان\nنص"),
        ("only a title", None, "only a title"),
        (None, None, ""),
        ("", "", ""),
    ],
)
def test_a_sample_shows_the_beginning_of_a_text(title: str | None, text: str | None, shown: str) -> None:
    event = msgspec.json.decode(line(1, "2026-01-01T03:00:00+03:00", "x", 1, None), type=Event)
    item = msgspec.structs.replace(event.item, title=title, text=text)
    found = show(msgspec.structs.replace(event, item=item))
    assert found.text == shown
    assert found.author == "a1"
    assert datetime.fromisoformat(found.at) == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_report_is_written_the_same_twice(pack: Pack, tmp_path: Path, made: Report) -> None:
    rows = [Row(line(n, *row[:4]), row[4]) for n, row in enumerate(ROWS)]
    dataset = prepare(rows, tmp_path / "data", pool=Here())
    again = report(dataset, pack, run(dataset, pack, pool=Here()))
    assert to_json(again) == to_json(made)
    assert page(again, "ar") == page(made, "ar")
