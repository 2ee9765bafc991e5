"""The report as a page: one file, both languages, texts in their own direction, nothing from outside."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from hakam.backtest import plots
from hakam.backtest.columns import Row
from hakam.backtest.dataset import Dataset
from hakam.backtest.page import every_day, page
from hakam.backtest.prepare import prepare
from hakam.backtest.report import Report, Shown, report
from hakam.backtest.run import run
from hakam.backtest.wording import LANGUAGES, STAGES, WORDS
from hakam.backtest.workers import Here
from hakam.policy.about import About
from hakam.policy.changes import Change, Turn
from hakam.policy.pack import Pack

VOID = {"meta", "br", "rect", "line", "circle"}


class Outline(HTMLParser):
    """Checks that elements are closed in turn, and keeps what would load something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.quotes: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        found = dict(attrs)
        self.loads += [str(found[name]) for name in ("src", "href", "srcset") if name in found]
        if tag == "script":
            self.loads.append("script")
        if tag == "blockquote":
            self.quotes.append(found)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def made(lines: list[bytes], pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Give a report in which people decided, two versions differ and names are hostile."""
    rows = [Row(line, ("spam", "no", "<b>?", None)[n % 4]) for n, line in enumerate(lines[:800])]
    rows.append(
        Row(
            '{"id":"<x>","platform":"forum","kind":"post","at":"2026-02-20T00:00:01Z","author":{"id":"a","posts":1,'
            '"name":"<script>alert(1)</script>","followers":1,"following":9},"item":{"id":"i",'
            '"text":"<img src=x> ربح سريع","language":"ar"}}'.encode()
        )
    )
    dataset: Dataset = prepare(
        rows, tmp_path_factory.mktemp("page") / "data", pool=Here(), sources=["a&b.csv"]
    )
    outcome = run(dataset, pack, pool=Here(), before=pack, sample=60)
    return report(dataset, pack, outcome, before=pack, seconds=3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_and_loads_nothing(made: Report, language: str) -> None:
    text = page(made, language)
    outline = Outline()
    outline.feed(text)
    assert outline.open == []
    assert outline.loads == []
    assert "url(" not in text
    assert "default-src 'none'" in text
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_wrote_is_text_in_its_own_direction(made: Report, language: str) -> None:
    text = page(made, language)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<img" not in text
    assert "&lt;img src=x&gt; ربح سريع" in text
    outline = Outline()
    outline.feed(text)
    assert outline.quotes
    assert all(quote == {"dir": "auto"} for quote in outline.quotes)


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ("<b>Why</b>", {"en": "&lt;b&gt;Why", "ar": "&lt;b&gt;Why"}),
        ({"en": "<b>Why</b>", "ar": "<b>لماذا</b>"}, {"en": "&lt;b&gt;Why", "ar": "&lt;b&gt;لماذا"}),
        ({"de": "Warum", "fr": "Pourquoi"}, {"en": "Warum", "ar": "Warum"}),
    ],
)
def test_a_rule_is_for_something_in_the_language_of_the_page(
    made: Report, about: About, told: dict[str, str]
) -> None:
    rules = tuple(msgspec.structs.replace(rule, about=about) for rule in made.rules)
    pages = {language: page(msgspec.structs.replace(made, rules=rules), language) for language in LANGUAGES}
    for language, text in pages.items():
        assert text.count(f'<p dir="auto">{told[language]}') == len(rules)
        assert text.count('<p dir="auto">') == len(rules)


def near(made: Report, *lacked: tuple[Change, ...]) -> Report:
    """Give a report with one near miss, which lacked this."""
    shown = Shown("forum", "e", "2026-03-01T12:00:00Z", "amal", "sunny", lacked=lacked)
    rule = msgspec.structs.replace(made.rules[0], near_count=1, near=(shown,), hits=(), change=None)
    return msgspec.structs.replace(made, rules=(rule,))


def words(text: str) -> str:
    """Return the part of a page that says what a near miss lacked, without its marks, items apart."""
    told = text.split('<div class="lacked"')[1].split("</div>", maxsplit=1)[0].partition(">")[2]
    return re.sub("<[^>]+>", "", told.replace("<li>", " | "))


FEW = Change(Turn.BELOW, "author.posts", "50", 53)
FOUND = Change(Turn.FOUND, 'word(x, "شاي")', unknown=True)
SAW = Change(Turn.TRUE, 'item.language in ["ar"]', value="de")


@pytest.mark.parametrize(
    ("lacked", "english", "arabic"),
    [
        (
            [(FEW,)],
            "It would have fired if author.posts were below 50 (it was 53)",
            "كانت ستنطبق لو كانت قيمة author.posts أقل من 50 (كانت 53)",
        ),
        (
            [(FEW, FOUND)],
            (
                "It would have fired if author.posts were below 50 (it was 53) and "
                "if word(x, &quot;شاي&quot;) had found something (what it reads was not known)"
            ),
            (
                "كانت ستنطبق لو كانت قيمة author.posts أقل من 50 (كانت 53) و "
                "لو وجد word(x, &quot;شاي&quot;) شيئًا (ما يقرؤه لم يكن معروفًا)"
            ),
        ),
        (
            [(FEW,), (SAW,)],
            (
                "It would have fired | if author.posts were below 50 (it was 53) | "
                "if item.language in [&quot;ar&quot;] were true (it saw de)"
            ),
            (
                "كانت ستنطبق | لو كانت قيمة author.posts أقل من 50 (كانت 53) | "
                "لو تحقّق item.language in [&quot;ar&quot;] (القيمة: de)"
            ),
        ),
    ],
)
def test_a_near_miss_says_what_it_lacked(
    made: Report, lacked: list[tuple[Change, ...]], english: str, arabic: str
) -> None:
    assert words(page(near(made, *lacked))) == english
    assert words(page(near(made, *lacked), "ar")) == arabic


@pytest.mark.parametrize(
    ("ways", "rest"), [(3, {"en": "", "ar": ""}), (5, {"en": "other ways: 2", "ar": "طرق أخرى: 2"})]
)
def test_of_many_ways_the_first_are_told(made: Report, ways: int, rest: dict[str, str]) -> None:
    lacked = [(msgspec.structs.replace(FEW, text=f"author.n{n}"),) for n in range(ways)]
    for language in LANGUAGES:
        told = words(page(near(made, *lacked), language))
        assert told.count("author.n") == 3
        assert told.count(" | ") == 3 + bool(rest[language])
        assert told.endswith(rest[language] or ")")


def test_a_near_miss_of_which_nothing_can_be_said_says_nothing(made: Report) -> None:
    assert '<div class="lacked"' not in page(near(made))
    assert "sunny" in page(near(made))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_near_miss_saw_is_text_and_keeps_its_direction(made: Report, language: str) -> None:
    hostile = Change(Turn.EQUAL, "a < b", "<i>", "<script>x</script>")
    text = page(near(made, (hostile,)), language)
    outline = Outline()
    outline.feed(text)
    assert outline.open == []
    assert outline.loads == []
    assert "<script" not in text
    assert "<bdi>&lt;script&gt;x&lt;/script&gt;</bdi>" in text
    assert '<bdi class="code" dir="ltr">a &lt; b</bdi>' in text
    assert f'<div class="lacked" dir="{"rtl" if language == "ar" else "ltr"}">' in text


def test_each_near_miss_of_a_run_is_shown_with_a_reason(made: Report) -> None:
    shown = [one for rule in made.rules for one in rule.near]
    assert len(shown) > 50
    assert page(made).count('<div class="lacked"') == len(shown)


def test_both_languages_have_every_word() -> None:
    assert set(WORDS["en"]) == set(WORDS["ar"])
    assert set(STAGES["en"]) == set(STAGES["ar"])
    for name, text in WORDS["ar"].items():
        assert re.search("[\u0600-\u06ff]", text), name
        assert re.findall(r"\{\d\}", text) == re.findall(r"\{\d\}", WORDS["en"][name]), name


def test_figures_and_warnings_are_on_the_page(made: Report) -> None:
    text = page(made)
    assert f"<b>{made.events:,}</b>" in text
    assert "Compared with what people decided" in text
    assert "could not be read" in text
    assert "&lt;b&gt;?" in text
    assert made.agreement is not None
    assert f"{made.agreement.caught:,}" in text
    for rule in made.rules:
        assert f">{rule.rule}</bdi>" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_changed_has_its_sign_before_the_number(made: Report, language: str) -> None:
    changed = replace(
        made, rules=[replace(made.rules[0], change=replace(made.rules[0].change, newly_fires=1_200))]
    )
    assert '<bdi dir="ltr">+1,200</bdi>' in page(changed, language)


def test_a_report_of_nothing_says_so(made: Report) -> None:
    import msgspec  # noqa: PLC0415 -- this test alone

    quiet = msgspec.structs.replace(
        made, rules=tuple(msgspec.structs.replace(rule, fires=0, hits=()) for rule in made.rules)
    )
    assert "No rule fires on any of these events." in page(quiet)
    assert "لا تنطبق أي قاعدة على هذه الأحداث." in page(quiet, "ar")


# Plots


def parsed(svg: str) -> Any:
    return ET.fromstring(svg)  # noqa: S314 -- written by our own code


def test_bars_are_as_long_as_their_values() -> None:
    svg = parsed(
        plots.bars([("a", 10, "10"), ("b", 5, "5"), ("c", 0, "0"), ("<d>", 0.001, "")], "Title & more")
    )
    widths = [float(one.attrib["width"]) for one in svg.iter("rect")]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.1)
    assert widths[2] == 0
    assert widths[3] == 1  # what is there can be seen
    assert svg.find("title").text == "Title & more"
    assert [one.text for one in svg.iter("text") if one.get("class") == "name"] == ["a", "b", "c", "<d>"]


def test_days_without_events_are_there_too() -> None:
    days = {"2026-01-01": 4, "2026-01-04": 2}
    svg = parsed(plots.days(days, every_day(days), "By day"))
    assert [one.find("title").text for one in svg.iter("rect")] == [
        "2026-01-01: 4",
        "2026-01-02: 0",
        "2026-01-03: 0",
        "2026-01-04: 2",
    ]


def test_a_long_span_is_put_together_evenly() -> None:
    names = every_day(["2020-01-01", "2025-12-31"])
    svg = parsed(plots.days(dict.fromkeys(names, 1), names, "By day"))
    columns = list(svg.iter("rect"))
    assert len(columns) <= 120
    total = sum(int(one.find("title").text.rsplit(": ", 1)[1]) for one in columns)
    assert total == len(names)


def test_an_interval_lies_where_its_share_lies() -> None:
    svg = parsed(plots.interval(0.5, 0.25, 0.75, "50 %"))
    span = svg.find("line[@class='range']").attrib
    assert float(span["x1"]) < float(svg.find("circle").attrib["cx"]) < float(span["x2"])


def test_no_plot_is_wrong_without_values() -> None:
    assert parsed(plots.bars([], "x")).tag == "svg"
    assert parsed(plots.days({}, [], "x")).tag == "svg"
    assert every_day([]) == []
