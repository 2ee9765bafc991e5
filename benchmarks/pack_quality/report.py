"""The tables of the reference page: what the pack says, and what was measured."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from figures import LanguageFigures, RuleFigures, Share, label_of

from hakam.policy.about import in_language
from hakam.policy.pack import Pack
from hakam.policy.rules import Rule
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.verdict import Stage

_NAMES = {"en": "English", "ar": "Arabic"}
_COLUMNS = (
    "Rule",
    "Stage",
    "Fires",
    "Share of rows",
    "Label",
    "Precision by that label",
    "Any label of harm",
    "Share found",
    "Fires on only-negative rows",
)


def write_part(page: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- name:begin -->` and `<!-- name:end -->`, each there once."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    whole = page.read_text("utf-8")
    if whole.count(begin) != 1 or whole.count(end) != 1:
        raise SystemExit(f"{page} has no part `{name}`")
    before, _, rest = whole.partition(begin)
    page.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{rest.partition(end)[2]}", "utf-8")


def describe(pack: Pack) -> str:
    """Return the clauses and the rules of a pack as tables."""
    lines = [_counts(pack), "", *_head("Clause", "Harm", "Severity", "Ladder")]
    for clause in pack.clauses.values():
        ladder = ", ".join(_measure(step) for step in clause.ladder)
        title = " · ".join(clause.title[language] for language in pack.languages)
        lines.append(_line(f"`{clause.id}` {title}", f"`{clause.harm}`", str(clause.severity), ladder))
    lines += ["", *_head("Rule", "Clause", "Stage", "Does", "About")]
    for rule in pack.rules:
        about = " ".join(in_language(rule.about, "en").split())
        lines.append(_line(f"`{rule.id}`", f"`{rule.policy}`", str(rule.staging), _does(rule), about))
    return "\n".join(lines)


def meaning_of(pack: Pack) -> str:
    """Return a short digest of what the rules mean, with their terms, values and lists, whatever else changes.

    Figures stand as long as it does: a test compares the page's with that of the pack.
    """
    meanings = "".join(f"{rule.id}:{rule.digest}\n" for rule in sorted(pack.rules, key=lambda rule: rule.id))
    return hashlib.sha256(meanings.encode()).hexdigest()[:12]


def show_figures(pack: Pack, found: dict[str, LanguageFigures], splits: Sequence[str]) -> str:
    """Return the tables of one measurement."""
    lines = [f"Splits: {', '.join(splits)}. Pack {pack.ref}, meaning of its rules `{meaning_of(pack)}`."]
    for language, figures in found.items():
        if figures.rows:
            lines += ["", f"### {_NAMES[language]}", "", *_summary(figures), "", *_table(pack, figures)]
    fired = {rule for figures in found.values() for rule in figures.rules}
    quiet = [f"`{rule.id}`" for rule in pack.rules if rule.id not in fired]
    lines += ["", "### Never fired here", "", f"{len(quiet)} rules: {', '.join(quiet)}."]
    return "\n".join(lines)


def _counts(pack: Pack) -> str:
    stages = {stage: sum(rule.stage is stage for rule in pack.rules) for stage in Stage}
    terms = sum(len(found.terms) for found in pack.lists.values())
    acting = sum(
        rule.stage is not Stage.SHADOW and any(m.nature.restriction is not None for m in rule.measures)
        for rule in pack.rules
    )
    return (
        f"{pack.ref} ({pack.maturity}): {len(pack.clauses)} clauses, "
        f"{len(pack.rules)} rules ({stages[Stage.LIVE]} live, {stages[Stage.CANARY]} canary, "
        f"{stages[Stage.SHADOW]} shadow), {len(pack.lists)} lists with {terms:,} entries, "
        f"{len(pack.examples)} tests. {acting} rules restrict by themselves before a person has looked."
    )


def _summary(figures: LanguageFigures) -> list[str]:
    positives = ", ".join(f"{name} {count:,}" for name, count in sorted(figures.positives.items()))
    sources = ", ".join(f"{name} {count:,}" for name, count in sorted(figures.sources.items()))
    rows, benign = figures.rows, figures.benign
    return [
        f"{rows:,} rows ({sources}). Labelled harmful: {positives}.",
        f"{benign:,} rows have only negative labels.",
        "",
        *_head("What non-shadow rules would do", "All rows", "Rows with only negative labels"),
        _line(
            "restrict before a person has looked",
            _rare(figures.restricted, rows),
            _rare(figures.restricted_benign, benign),
        ),
        _line(
            "ask for a person",
            _rare(figures.sent_to_review, rows),
            _rare(figures.sent_to_review_benign, benign),
        ),
    ]


def _table(pack: Pack, figures: LanguageFigures) -> list[str]:
    shown = [(rule, figures.rules[rule.id]) for rule in pack.rules if rule.id in figures.rules]
    return [*_head(*_COLUMNS), *(_row(rule, seen, figures) for rule, seen in shown)]


def _row(rule: Rule, seen: RuleFigures, figures: LanguageFigures) -> str:
    label = label_of(rule.policy)
    positives = figures.positives[label] if label else 0
    return _line(
        f"`{rule.id}`",
        str(rule.staging),
        f"{seen.fires:,}",
        f"{seen.fires / figures.rows:.3%}",
        label or "none",
        Share(seen.right, seen.labelled).show() if label else "not labelled",
        Share(seen.harmful, seen.known).show(),
        f"{seen.right / positives:.1%}" if positives else "not known",
        f"{seen.benign:,}",
    )


def _rare(hits: int, total: int) -> str:
    low, high = Share(hits, total).interval
    return f"{hits:,} of {total:,} = {hits / max(total, 1):.3%} [{low:.3%}, {high:.3%}]"


def _does(rule: Rule) -> str:
    acts = [_measure(measure) for measure in rule.measures]
    if rule.review is not None:
        acts.append(f"review in `{rule.review.queue}`")
    return ", ".join(acts)


def _measure(measure: Measure) -> str:
    days = f" {measure.days} d" if measure.days else ""
    where = f" {'/'.join(measure.territory)}" if measure.territory else ""
    return f"{measure.kind}{where}{days}"


def _head(*names: str) -> list[str]:
    return [_line(*names), "| --- " * len(names) + "|"]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
