"""`bank("name")` in rules: true within the distance, false beyond it, unknown where nobody could ask."""

from __future__ import annotations

import msgspec
import pytest

from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import compile_pack
from hakam.policy.explain import explain
from hakam.policy.known_content import bank_of, nearness, score_of
from hakam.policy.pack import load_pack
from hakam.signals.measure import measure
from hakam.testing import scene
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict


def pack(when: str) -> dict[str, str]:
    rule = f"- rule: known\n  policy: spam\n  stage: live\n  when: {when}\n  then: [limit_reach(days=7)]\n"
    return {**scene.PACK, "rules.yaml": rule}


def judged(when: str, **scores: float) -> Verdict:
    loaded = load_pack(pack(when))
    assert loaded.pack is not None, loaded.errors
    event: Event = msgspec.structs.replace(
        scene.event(), scores={score_of(name): value for name, value in scores.items()}
    )
    return compile_pack(loaded.pack).judge(event, measure(event), MemoryCounters())


def codes(when: str) -> list[str]:
    return [finding.code for finding in load_pack(pack(when)).findings if finding.severity == "error"]


@pytest.mark.parametrize(
    ("when", "distance", "holds"),
    [
        ('bank("a")', 0, True),
        ('bank("a")', 31, True),
        ('bank("a", distance=10)', 10, True),
        ('bank("a", distance=10)', 11, False),
        ('bank("a", distance=0)', 1, False),
        ('bank("b")', 0, False),
        ('not bank("a", distance=10)', 11, True),
        ('not bank("a")', 3, False),
        ('not bank("b")', 3, False),
        ('bank("a") and author.followers < 5', 3, False),
    ],
)
def test_it_holds_within_the_distance(when: str, distance: int, *, holds: bool) -> None:
    assert bool(judged(when, a=nearness(distance)).firings) is holds


def test_looked_up_and_nothing_near_is_no() -> None:
    assert not judged('bank("a")', a=0.0).firings
    assert judged('not bank("a")', a=0.0).firings


def test_what_nobody_could_ask_is_unknown() -> None:
    assert not judged('bank("a")').firings
    assert not judged('not bank("a")').firings


def test_bits_are_told_apart_exactly() -> None:
    values = [nearness(bits) for bits in range(257)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 257
    assert (values[0], values[256]) == (1.0, 0.0)


@pytest.mark.parametrize(
    "when",
    [
        "bank()",
        'bank("a", "b")',
        "bank(author.id)",
        'bank("A b")',
        'bank("")',
        'bank("a", distance=32)',
        'bank("a", distance=-1)',
        'bank("a", distance=2.5)',
        'bank("a", distance=true)',
        'bank("a", radius=3)',
        'bank("a") > 3',
        'len(bank("a"))',
    ],
)
def test_what_is_no_question_to_a_bank_is_refused(when: str) -> None:
    assert codes(when)


def test_the_bank_of_a_rule_can_be_read_from_its_fields() -> None:
    assert bank_of('scores["bank:known-attack"]') == "known-attack"
    assert bank_of('scores["toxicity"]') is None
    assert bank_of("author.id") is None
    assert bank_of('scores["bank:"]') is None


def test_the_explanation_says_bank_and_nearness() -> None:
    loaded = load_pack(pack('bank("a", distance=20)'))
    assert loaded.pack is not None
    event = msgspec.structs.replace(scene.event(), scores={"bank:a": nearness(4)})
    (rule,) = explain(compile_pack(loaded.pack), event, measure(event), {}).rules
    assert rule.outcome is True
    assert rule.reason.text == 'bank("a", distance=20)'
    assert judged('bank("a", distance=20)', a=nearness(4)).firings[0].values == {
        'bank("a", distance=20)': nearness(4)
    }
