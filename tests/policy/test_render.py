"""Findings drawn as a compiler draws them."""

from __future__ import annotations

from hakam.policy.render import render, render_one, summary
from hakam.vocabulary.finding import Finding, Severity, Span


def finding(line: int, column: int, end: int) -> Finding:
    return Finding(
        "P103", Severity.ERROR, "no such thing", Span("f.yaml", line, column, line, end), "mend it"
    )


def test_drawing_marks_the_place() -> None:
    assert render_one(finding(2, 7, 10), {"f.yaml": "one\nwhen: bad\n"}) == (
        "error[P103]: no such thing\n --> f.yaml:2:7\n  |\n2 | when: bad\n  |       ^^^\n  = hint: mend it"
    )


def test_drawing_counts_columns_of_a_terminal() -> None:
    text = render_one(finding(1, 4, 6), {"f.yaml": "漢é\u0301xy"})
    assert "  |    ^^" in text.replace("   ^^", "   ^^")
    lines = text.split("\n")
    assert lines[-2].index("^") == len("1 | ") + 3


def test_drawing_shortens_long_lines_around_the_mark() -> None:
    text = render_one(finding(1, 500, 503), {"f.yaml": "a" * 499 + "BAD" + "c" * 500})
    line, carets = text.split("\n")[3:5]
    assert len(line) < 180
    assert line[carets.index("^") : carets.rindex("^") + 1] == "BAD"


def test_drawing_survives_a_place_outside_the_file() -> None:
    assert "f.yaml:99:1" in render_one(finding(99, 1, 2), {"f.yaml": "x"})
    assert "f.yaml:1:99" in render_one(finding(1, 99, 120), {"f.yaml": "x"})
    assert "case:12" in render_one(Finding("P001", Severity.ERROR, "m", None, None, "case:12"), {})


def test_the_last_line_counts() -> None:
    warning = Finding("P021", Severity.WARNING, "w")
    assert summary([finding(1, 1, 2), warning, warning]) == "1 error, 2 warnings"
    assert render([], {}) == "no findings\n"
