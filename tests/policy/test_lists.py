"""Lists and their kinds."""

from __future__ import annotations

from hakam.policy.lists import ListKind, read_list
from hakam.policy.source import Reporter


def test_lists_say_their_kind() -> None:
    report = Reporter()
    found = read_list("lists/x.txt", "# kind: domains\n\nEvil.Example.\n# note: x\n\\#tag\n", report)
    assert found.kind is ListKind.DOMAINS
    assert found.terms == ("evil.example", "#tag")
    assert len(report) == 0
    read_list("lists/x.txt", "# kind: word\nx\ny\ny\n", report)
    assert [finding.code for finding in report.findings()] == ["P011", "P018"]
