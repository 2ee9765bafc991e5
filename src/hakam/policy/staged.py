"""A parameter's value on trial: the rules that read it judge by the old value, and a variant of each by the new one.

The variant is a rule of its own (`RULE.staged`) with a stage of its own, so whatever shows, counts or replays rules
knows it already. In shadow it only records. As a canary it is live for its share of authors, always the same ones, and
the rule itself gives way to it for them: nobody is judged by both values. A rule that is not live itself has a variant
that only records.
"""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from hakam.policy.check import Checker
from hakam.policy.clauses import Clause
from hakam.policy.params import Param, Tuning, shown
from hakam.policy.rules import Rule, read_rules
from hakam.policy.source import Reporter
from hakam.policy.staging import Staging, place
from hakam.policy.strict_yaml import Node
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Stage

SUFFIX = ".staged"


class Part(NamedTuple):
    """What is needed to read rules once more: files, the checker and what it knew, tuning, the pack's languages."""

    nodes: Sequence[Node]
    checker: Checker
    clauses: Dictionary[str, Clause]
    known: frozenset[str] | None
    tuning: Tuning
    languages: tuple[str, ...]


def variants(rules: Sequence[Rule], part: Part, report: Reporter) -> list[Rule]:
    """Return a variant of each rule that reads a value on trial. `rules` are those of the pack, without errors."""
    found: dict[str, Rule] = {}
    ids = {rule.id for rule in rules}
    for param in part.tuning.params.values():
        if param.staged is None:
            continue
        for rule, other in _readers(rules, param, part):
            if rule.id in found:
                report.report(
                    "P313",
                    f"`{rule.id}` reads two values on trial, `{param.name}` is the second",
                    param.staged.span,
                    hint="try one value after the other",
                )
                continue
            name = f"{rule.id}{SUFFIX}"
            if name in ids:
                hint = "rename it: a value on trial makes a rule of this name"
                report.report("P013", f"a second rule `{name}`", rule.span, hint=hint)
            found[rule.id] = _variant(rule, other, param, name)
    return list(found.values())


def _readers(rules: Sequence[Rule], param: Param, part: Part) -> list[tuple[Rule, Rule]]:
    """Return the rules that mean something else with the value on trial, each with what it is then."""
    assert param.staged is not None
    quiet = Reporter()  # all of this was read, and found right, with the value in force
    tried = msgspec.structs.replace(param, value=param.staged.value)
    names = msgspec.structs.replace(
        part.checker.names, params={**part.checker.names.params, param.name: tried}
    )
    checker = Checker(names, quiet)
    other = {
        rule.id: rule
        for node in part.nodes
        for rule in read_rules(
            node, checker, part.clauses, part.known, quiet, part.tuning.off, part.languages
        )
    }
    return [
        (rule, other[rule.id]) for rule in rules if rule.id in other and other[rule.id].digest != rule.digest
    ]


def _variant(rule: Rule, other: Rule, param: Param, name: str) -> Rule:
    assert param.staged is not None
    live = rule.stage is Stage.LIVE
    staging = param.staged.staging if live else Staging(Stage.SHADOW)
    said = f"params.{param.name} = {shown(param.kind, param.staged.value)}"
    return msgspec.structs.replace(other, id=name, staging=staging, variant_of=rule.id, tried=said)


def giving_way(rules: Sequence[Rule]) -> dict[int, int]:
    """Return which rules give way to which variants, by their numbers. A variant that is put aside is none."""
    numbers = {rule.id: n for n, rule in enumerate(rules)}
    return {
        numbers[rule.variant_of]: n
        for n, rule in enumerate(rules)
        if rule.variant_of in numbers and rule.stage is Stage.CANARY
    }


def judges(variant: Rule, event: Event) -> bool:
    """Whether a variant stands in its rule's place for the author of an event."""
    share = variant.staging.share
    return variant.stage is Stage.CANARY and place(variant.placed, event.platform, event.author.id) < share
