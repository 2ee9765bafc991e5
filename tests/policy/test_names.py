"""What a condition outside the pack can name is what the pack's own rules can name."""

from __future__ import annotations

from hakam.policy.check import Checker
from hakam.policy.pack import load_pack, names_of
from hakam.policy.source import Reporter, Scalar
from hakam.storage.packs import read_folder
from hakam.vocabulary.finding import Span
from hakam.wiring.ports import default_pack


def test_every_rule_of_the_shipped_pack_can_be_read_again_with_its_names() -> None:
    pack = load_pack(read_folder(default_pack())).pack
    assert pack is not None
    report = Reporter()
    checker = Checker(names_of(pack), report)
    for rule in pack.rules:
        text = rule.source
        lines = text.split("\n")
        found = checker.check(Scalar(text, Span("query", 1, 1, len(lines), len(lines[-1]) + 1), text))
        assert found is not None, (rule.id, report.findings())
    assert not report.has_errors()
    assert len(pack.rules) > 10
