"""Whoever reads what changed in the rules sees every change of a clause (DSA Art. 14(2)), and no rule's condition."""

from __future__ import annotations

import pytest
from tests.console.conftest import Desk
from tests.console.test_outside import page

from hakam.testing import scene

WAS = scene.PACK["policies.yaml"]


def published(desk: Desk, *changes: tuple[str, str], pack: dict[str, str] | None = None) -> str:
    text = WAS
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    newer = {
        **scene.PACK,
        "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0"),
        "policies.yaml": text,
    }
    scene.publish({**newer, **(pack or {})}, now=desk.now)
    return page("/rules/differences")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (("Do not threaten people.", "Do not threaten anybody."), "<ins>anybody</ins>"),
        (("{en: Threats,", "{en: Serious threats,"), "<ins>Serious"),
        (("section 130", "section 131"), "<del>130</del><ins>131</ins>"),
        (
            ("  harm: threat\n", "  harm: threat\n  examples: {en: [I will find you.]}\n"),
            "<ins>I will find you.</ins>",
        ),
        (("severity: 80", "severity: 70"), '<ins><span class="num">70</span></ins>'),
        (("ladder: [warn, remove, suspend(days=90), terminate]", "ladder: [warn, remove]"), "<ins>"),
    ],
)
def test_each_part_of_a_clause(desk: Desk, change: tuple[str, str], shown: str) -> None:
    found = published(desk, change)
    assert shown in found
    assert "The clauses are the same" not in found
    assert found.count('class="clause-text"') == 1


def test_a_clause_that_is_new_or_gone(desk: Desk) -> None:
    more = (
        "- policy: adult\n  title: {en: Adult, ar: للبالغين}\n  text: {en: Label it., ar: ضع وسمًا.}\n"
        "  harm: adult_sexual\n  severity: 30\n  ladder: [age_gate]\n"
    )
    found = published(desk, (WAS, WAS + more))
    assert "New clause" in found
    assert "Label it." in found
    assert "Clause removed" in page("/rules/differences?from=1.1.0&to=1.0.0")


def test_rules_keep_their_conditions_to_themselves(desk: Desk) -> None:
    rules = scene.PACK["rules.yaml"].replace("buy followers", "buy likes")
    found = published(desk, pack={"rules.yaml": rules})
    assert "buy likes" not in found
    assert "The clauses are the same in both versions." in found
