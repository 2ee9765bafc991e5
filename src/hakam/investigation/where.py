"""The rule language as a question: one condition, checked against the pack in force and compiled as a rule is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hakam.policy.check import Checker
from hakam.policy.compile import Counted, Failures, Hits, compile_rules
from hakam.policy.counters import Counters
from hakam.policy.engine import needs_of
from hakam.policy.interpret import Seen, leaf_value
from hakam.policy.pack import Pack, names_of
from hakam.policy.rules import Rule
from hakam.policy.source import Reporter, Scalar
from hakam.policy.staging import Staging
from hakam.policy.tree import Condition, Constant, Counter, label, leaves, walk
from hakam.signals.measure import Need, Signals
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Finding, Span
from hakam.vocabulary.verdict import Stage

FILE = "query"  # what findings call the text, since it stands in no file


class Question(msgspec.Struct, frozen=True):
    """A condition ready to be asked of stored events.

    `holds(event, signals, counters)` returns True, False, or `None` if the condition failed on that event.
    `counters` names the counters it reads: only events whose pack counted them have their values.
    """

    text: str
    condition: Condition
    holds: Callable[[Event, Signals, Counters], bool | None]
    needs: frozenset[Need]
    counters: frozenset[str]

    def values(self, seen: Seen) -> dict[str, Any]:
        """Return what each part of the condition saw, unknown values left out."""
        found = {
            label(leaf): leaf_value(leaf, seen)
            for leaf in leaves(self.condition)
            if not isinstance(leaf, Constant)
        }
        return {text: value for text, value in found.items() if value is not None}


class Asked(msgspec.Struct, frozen=True):
    """What came of checking: a question unless there is an error, and all findings, each at its place in the text."""

    question: Question | None
    findings: tuple[Finding, ...]


class Asker:
    """Checks questions against one pack, whose names it reads once."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._names = names_of(pack)

    def ask(self, text: str) -> Asked:
        """Check and compile a condition. Terms, lists, parameters and rules of the pack are known in it."""
        report = Reporter()
        lines = text.split("\n")
        span = Span(FILE, 1, 1, len(lines), len(lines[-1]) + 1)
        condition = Checker(self._names, report).check(Scalar(text, span, text))
        findings = report.findings()
        if condition is None or report.has_errors():
            return Asked(None, findings)
        rule = Rule(FILE, FILE, Staging(Stage.SHADOW), condition, (), None, "", text, None, span)
        program = compile_rules((rule,), nothing=False, found=_found, broken=_broken)
        counters = frozenset(node.name for node in walk(condition) if isinstance(node, Counter))
        return Asked(Question(text, condition, program.judge, needs_of((rule,)), counters), findings)


def _found(
    _event: Event,
    _signals: Signals,
    _counters: Counters,
    fired: list[int],
    failed: Failures,
    _hits: Hits | None,
    _counted: Counted,
) -> bool | None:
    return None if failed else bool(fired)


def _broken(_event: Event, _signals: Signals, _error: Exception) -> bool | None:
    return None
