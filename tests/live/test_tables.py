"""The gate and the plan as tables of text: every combination that matters, each on a line that anybody can read."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from hakam.live.configuration import Conditions, Watching
from hakam.live.gate.book import Bar, Page, Permit
from hakam.live.gate.judge import DAY, Answer, judge
from hakam.live.gate.passes import Pass
from hakam.live.servers.at_work import shipped
from hakam.live.servers.server import Call
from hakam.live.states import Step
from hakam.live.steps import measures_of
from hakam.live.watching.plan import WEIGHTS, Signs, closeness, parts, score
from hakam.testing import scene
from hakam.vocabulary.measure import Measure

FOLDER = Path(__file__).parent / "fixtures"
NOW = 1_800_000_000.0
STALE = 120.0
CONDITIONS: dict[str, dict[str, object]] = {
    "country": {"countries_only": ("JO",)},
    "age": {"least_age": 16},
    "verified": {"verified": True},
    "created": {"account_days": 7},
}
FACTS: dict[str, dict[str, object]] = {
    "country": {"good": "JO", "bad": "DE", "unknown": None},
    "age": {"good": 16, "bad": 15, "unknown": None},
    "verified": {"good": True, "bad": False, "unknown": None},
    "created": {"good": NOW - 7 * DAY, "bad": NOW - 6 * DAY, "unknown": None},
}
SPANS: dict[str, tuple[float, float | None]] = {
    "runs": (NOW - 5, NOW + 5),
    "endless": (NOW - 5, None),
    "ended": (NOW - 5, NOW),
    "later": (NOW + 1, NOW + 5),
    "here": (NOW - 5, NOW + 5),
    "elsewhere": (NOW - 5, NOW + 5),
}
PLACES = {"here": ("JO", "LB"), "elsewhere": ("DE",)}


def rows(name: str) -> list[tuple[list[str], str]]:
    """Return the cells and the answer of each line."""
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    split = [line.partition(" -> ") for line in lines if not line.startswith("#")]
    return [([cell.strip() for cell in left.split("|")], right.strip()) for left, _arrow, right in split]


def said(answer: Answer) -> str:
    """Write an answer as the tables do."""
    if not answer.allowed:
        return str(answer.why)
    return "allowed" if answer.sure else "allowed, unsure"


def bar(why: str, span: str) -> Bar:
    starts, ends = SPANS[span]
    return Bar("measure:1", why, starts, ends, PLACES.get(span, ()), "")


@pytest.mark.parametrize("name", ["conditions", "bars", "permits", "closeness", "scores", "steps", "calls"])
def test_no_line_stands_twice(name: str) -> None:
    found = [tuple(cells) for cells, _answer in rows(name)]
    assert len(set(found)) == len(found) > 30


def test_conditions() -> None:
    for cells, expected in rows("conditions"):
        asked = {name: value for one in cells[0].split("+") for name, value in CONDITIONS[one].items()}
        told = dict(fact.split("=") for fact in cells[1].split())
        facts = {name: FACTS[name][value] for name, value in told.items()}
        conditions = Conditions(**asked, unknown=cells[2])  # type: ignore[arg-type]
        shown = Pass(account="u1", until=NOW + 9, **facts)  # type: ignore[arg-type]
        answer = judge(shown, Page((), (), NOW), conditions, at=NOW, stale=STALE, admit=False)
        assert said(answer) == expected, cells


def test_bars() -> None:
    for cells, expected in rows("bars"):
        written = {"fresh": NOW - STALE, "stale": NOW - STALE - 1}.get(cells[2])
        page = None if written is None else Page((bar(cells[0], cells[1]),), (), written)
        shown = Pass(account="u1", until=NOW + 9, country="JO")
        answer = judge(shown, page, Conditions(), at=NOW, stale=STALE, admit=cells[3] == "admit")
        assert said(answer) == expected, cells


def test_permits() -> None:
    for cells, expected in rows("permits"):
        starts, ends = SPANS[cells[1]]
        permit = Permit("permit:1", "" if cells[0] == "any" else cells[0], starts, ends)
        bars = (bar("barred", "runs"),) if cells[3] == "barred" else ()
        shown = Pass(account="u1", until=NOW + 9, event="" if cells[2] == "none" else cells[2])
        page = Page(bars, (permit,), NOW)
        answer = judge(shown, page, Conditions(approval=True), at=NOW, stale=STALE, admit=False)
        assert said(answer) == expected, cells


def test_closeness() -> None:
    for cells, expected in rows("closeness"):
        signs = Signs(
            running=float(cells[0]) * 60,
            account_days=None if cells[1] == "unknown" else float(cells[1]),
            viewers=int(cells[2]),
            known_ago=None if cells[4] == "never" else float(cells[4]),
        )
        assert closeness(signs, float(cells[3]), Watching()) == expected, cells


def test_scores() -> None:
    for cells, expected in rows("scores"):
        name, (first, _word, second) = cells[0], f"{cells[1]} of ".split(" ")[:3]
        match name:
            case "reports":
                signs = Signs(reports=int(first), viewers=int(second))
            case "growth":
                signs = Signs(viewers_before=int(first), viewers=int(second))
            case "chat":
                signs = Signs(chat_against=int(first), chat=int(second))
            case _:
                signs = Signs(known_ago=float(first))
        made_of = parts(signs)
        assert f"{made_of[name]:.4f}" == expected, cells
        assert score(made_of) >= WEIGHTS[name] * made_of[name] - 0.001, cells


@pytest.mark.django_db
def test_steps() -> None:
    scene.publish()
    for cells, expected in rows("steps"):
        strict = Conditions(one_strike=(cells[1],) if cells[2] == "once" else (), strike_days=14)
        made = measures_of(Step(cells[0]), clause=cells[1], conditions=strict, territory=("FR", "DE", "FR"))
        assert " ".join(map(written, made)) == expected, cells


def written(measure: Measure) -> str:
    """Write a measure as the table does."""
    inside = ",".join(measure.territory) or str(measure.days or "")
    return f"{measure.kind}({inside})" if inside else measure.kind.value


def test_calls() -> None:
    adapters = shipped()
    for cells, expected in rows("calls"):
        fields = dict(parse_qsl(cells[1], keep_blank_values=True))
        try:
            asked = adapters[cells[0]].asked(Call("POST", "", fields=fields), "")
        except ValueError:
            assert expected == "refused", cells
            continue
        assert f"{asked.moment} {asked.stream} {asked.shown or '-'}" == expected, cells
