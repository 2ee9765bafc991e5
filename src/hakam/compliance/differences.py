"""What changed between two versions of the rule book: clause by clause, rule by rule, word by word (DSA Art. 14(2))."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from enum import StrEnum

import msgspec

from hakam.compliance.models import RulebookVersion
from hakam.compliance.rulebook import load, ref_of
from hakam.policy.clauses import Clause
from hakam.policy.rules import Rule
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.verdict import PackRef

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MANY = 6_000  # words beyond which lines are compared: the time grows with the square


class Fate(StrEnum):
    """What became of a run of words, of a clause, of a rule."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Run(msgspec.Struct, frozen=True):
    """Words with one fate (never `CHANGED`)."""

    fate: Fate
    text: str


class FieldDifference(msgspec.Struct, frozen=True):
    """One field that differs. `field` is as `text/ar`; the kept and added runs spell the new value."""

    field: str
    runs: tuple[Run, ...]


class EntryDifference(msgspec.Struct, frozen=True):
    """A clause or a rule that differs. An added or removed one shows all its fields."""

    id: str
    fate: Fate
    fields: tuple[FieldDifference, ...]


class Differences(msgspec.Struct, frozen=True):
    """All that differs between two versions, by id."""

    before: PackRef
    after: PackRef
    clauses: tuple[EntryDifference, ...]
    rules: tuple[EntryDifference, ...]
    files: tuple[EntryDifference, ...]  # lists and tests: files that are neither clauses nor rules


def differences(a: RulebookVersion, b: RulebookVersion) -> Differences:
    """Return what changed from `a` to `b`."""
    before, after = load(a), load(b)
    return Differences(
        before=ref_of(a),
        after=ref_of(b),
        clauses=_entries(
            {id_: _of_clause(clause) for id_, clause in before.clauses.items()},
            {id_: _of_clause(clause) for id_, clause in after.clauses.items()},
        ),
        rules=_entries(
            {rule.id: _of_rule(rule) for rule in before.rules},
            {rule.id: _of_rule(rule) for rule in after.rules},
        ),
        files=_entries(_others(before.files), _others(after.files)),
    )


def word_runs(old: str, new: str) -> tuple[Run, ...]:
    """Return the runs that lead from `old` to `new`. Kept and removed ones spell `old`, kept and added `new`."""
    a, b = _WORDS.findall(old), _WORDS.findall(new)
    if len(a) + len(b) > _MANY:
        a, b = old.splitlines(keepends=True), new.splitlines(keepends=True)
    runs: list[Run] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            runs.append(Run(Fate.SAME, "".join(a[i1:i2])))
            continue
        runs += [
            Run(fate, "".join(words))
            for fate, words in ((Fate.REMOVED, a[i1:i2]), (Fate.ADDED, b[j1:j2]))
            if words
        ]
    return tuple(runs)


def _entries(
    old: Mapping[str, dict[str, str]], new: Mapping[str, dict[str, str]]
) -> tuple[EntryDifference, ...]:
    out = []
    for id_ in [*old, *(i for i in new if i not in old)]:
        a, b = old.get(id_), new.get(id_)
        if a == b:
            continue
        fate = Fate.ADDED if a is None else Fate.REMOVED if b is None else Fate.CHANGED
        out.append(EntryDifference(id_, fate, _fields(a or {}, b or {})))
    return tuple(out)


def _fields(old: dict[str, str], new: dict[str, str]) -> tuple[FieldDifference, ...]:
    names = [*old, *(name for name in new if name not in old)]
    return tuple(
        FieldDifference(name, word_runs(old.get(name, ""), new.get(name, "")))
        for name in names
        if old.get(name, "") != new.get(name, "")
    )


def _of_clause(clause: Clause) -> dict[str, str]:
    fields = {f"title/{language}": text for language, text in clause.title.items()}
    fields |= {f"text/{language}": text for language, text in clause.text.items()}
    fields |= {f"examples/{language}": "\n".join(texts) for language, texts in clause.examples.items()}
    fields["harm"] = clause.harm.value
    fields["severity"] = str(clause.severity)
    fields["legal"] = "\n".join(
        f"{g.provision} ({g.country})" if g.country else g.provision for g in clause.legal
    )
    fields["contractual"] = "yes" if clause.contractual else "no"
    fields["ladder"] = "\n".join(_step(measure) for measure in clause.ladder)
    return fields


def _of_rule(rule: Rule) -> dict[str, str]:
    fields = {
        "policy": rule.policy,
        "stage": str(rule.staging),
        "when": rule.source.strip(),
        "then": "\n".join(_step(measure) for measure in rule.measures),
        "about": rule.about or "",
    }
    if rule.review is not None:
        fields["review"] = f"queue {rule.review.queue}, urgency {rule.review.urgency:g}"
    return fields


def _step(measure: Measure) -> str:
    said = [
        measure.kind.value,
        f"in {', '.join(measure.territory)}" if measure.territory else "",
        f"for {measure.days} days" if measure.days is not None else "",
        f"label {measure.label}" if measure.label else "",
        f"note {measure.note}" if measure.note else "",
    ]
    return " ".join(part for part in said if part)


def _others(files: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {
        path: {"text": text}
        for path, text in sorted(files.items())
        if path not in {"policies.yaml", "rules.yaml"} and not path.startswith("rules/")
    }
