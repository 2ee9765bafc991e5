"""`hakam pack holdback` shows both groups, their intervals, and what is too little to tell."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest
from tests.cli.test_query import forum as forum_of_posts
from tests.investigation.conftest import Forum

from hakam.cli import holdback as command
from hakam.cli.main import main
from hakam.compliance import ledger
from hakam.compliance.models import Fact
from hakam.investigation.holdback import ALL, Effect, Group, Row, difference
from hakam.investigation.query import Stopped
from hakam.signals.evaluation.figures import Figure, share


def group(again: int, posted: int, many: int) -> Group:
    return Group(many + 3, many, share(again, many), share(posted, many))


def row(rule: str, acted: Group, watched: Group) -> Row:
    return Row(
        rule, acted, watched, difference(watched.again, acted.again), difference(watched.posted, acted.posted)
    )


forum = forum_of_posts
FOUND = Effect(
    0.0,
    28 * 86_400.0,
    7.0,
    (
        row(ALL, group(50, 200, 400), group(24, 30, 40)),
        row("says-buy", group(5, 9, 10), group(1, 2, 3)),
        row("new", Group(2, 0, None, None), Group(0, 0, None, None)),
    ),
    12_345,
    7,
    Stopped.CANCELLED,
)


def lines(show: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> list[str]:
    show()
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line.strip()]


def test_groups_stand_below_each_other_with_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    said = lines(lambda: command._show(FOUND, 0.02), capsys)
    assert said[0].startswith("2 % of all authors are held back")
    assert "12,345 events looked at; authors are followed for 7 days after a first hit" in said
    assert "it ended early: the older part was left out" in said
    assert "all together 403 400 12.5% (9.6 to 16.1) 50.0% (45.1 to 54.9)" in said
    assert "only watched 43 40 60.0% (44.6 to 73.7) 75.0% (59.8 to 85.8)" in said
    assert "difference +47.5 (+31.7 to +61.5) +25.0 (+9.0 to +36.9)" in said
    assert any(line.startswith("difference, too few to tell") for line in said)
    assert "new 2 0 – –" in said


def test_shares_are_told_as_people_read_them() -> None:
    assert command._share(Figure(0.125, 0.0956, 0.161)) == "12.5% (9.6 to 16.1)"
    assert command._share(None) == "–"
    assert command._signed(Figure(-0.05, -0.2, 0.101)) == "-5.0 (-20.0 to +10.1)"


@pytest.mark.embedded
@pytest.mark.django_db
def test_machines_read_the_same_and_the_ledger_keeps_that_it_was_asked(
    forum: Forum, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["hakam", "pack", "holdback", "--json", "--since", "3650"])
    with pytest.raises(SystemExit):
        main()
    found = json.loads(capsys.readouterr().out)
    assert found["days"] == 7.0
    assert found["looked"] == forum.count
    assert [row["rule"] for row in found["rows"]] == [""]
    assert found["rows"][0]["watched"]["authors"] == 0
    assert found["passed_over"] == 5  # the pack holds nobody back
    assert ledger.body_of(Fact.objects.filter(kind="log.queried").latest("seq"))["fields"] == ["holdback"]
