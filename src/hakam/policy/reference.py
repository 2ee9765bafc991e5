"""The tables of the reference.

Fields, functions, findings, bounds. Generated from what the checker itself uses.
"""

from __future__ import annotations

from collections.abc import Iterable

from hakam.policy import check, counting, expression, lists, pack, patterns, rules
from hakam.policy.codes import CODES
from hakam.policy.cost import MAX_RULE_COST
from hakam.policy.fields import EXTRA_KINDS, FIELDS
from hakam.policy.functions import FUNCTIONS

BEGIN, END = "<!-- generated:begin -->", "<!-- generated:end -->"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join(lines)


def fields_table() -> str:
    """Return all fields with their types."""
    rows = []
    for spec in FIELDS.values():
        choices = f": {', '.join(spec.choices)}" if spec.choices else ""
        rows.append(
            (f"`{spec.path}`", str(spec.kind), "yes" if spec.nullable else "never", f"{spec.doc}{choices}")
        )
    rows.append(
        ('`scores["name"]`', "number", "yes", "a score that the platform or a model measured, 0 to 1")
    )
    rows.append(("`extra.name`", "as declared", "yes", f"declared in `pack.yaml`: {', '.join(EXTRA_KINDS)}"))
    return _table(("Field", "Type", "Can be unknown", "What it is"), rows)


def functions_table() -> str:
    """Return all functions with signature and an example."""
    rows = [(f"`{f.signature}`", f.gives, f.doc, f"`{f.example}`") for f in FUNCTIONS.values()]
    return _table(("Function", "Gives", "What it says", "Example"), rows)


def findings_table() -> str:
    """Return all findings."""
    rows = [(f"`{c.code}`", str(c.severity), c.title, c.explanation) for c in CODES.values()]
    return _table(("Code", "Severity", "Finding", "What it means"), rows)


def bounds_table() -> str:
    """Return what bounds a pack, so that none can stall the door."""
    rows = [
        ("files in a pack", f"{pack.MAX_FILES:,}"),
        ("rules", f"{rules.MAX_RULES:,}"),
        ("counters", f"{pack.MAX_COUNTERS:,}"),
        ("terms in a list", f"{lists.MAX_TERMS:,}"),
        ("characters of an expression", f"{expression.MAX_TEXT:,}"),
        ("parts of an expression, with its terms", f"{expression.MAX_NODES:,}"),
        ("depth of an expression, with its terms", f"{expression.MAX_DEPTH}, {check.MAX_TERM_DEPTH}"),
        ("characters of a pattern", f"{patterns.MAX_PATTERN:,}"),
        ("memory of a compiled pattern", f"{patterns.MAX_PROGRAM >> 20} MiB"),
        ("window of a counter", f"{counting.MIN_WINDOW:g} s to {counting.MAX_WINDOW / 86_400:g} days"),
        ("estimated cost of a rule", f"{MAX_RULE_COST // 1_000} us"),
    ]
    return _table(("What", "At most"), rows)


def generated() -> str:
    """Return the generated part of `docs/reference/rule-language.md`."""
    parts = {"Fields": fields_table(), "Functions": functions_table(), "Bounds": bounds_table()}
    sections = "\n\n".join(f"## {title}\n\n{table}" for title, table in parts.items())
    about = "`hakam explain P103` prints an example and its repair."
    return f"{BEGIN}\n\n{sections}\n\n## Findings\n\n{about}\n\n{findings_table()}\n\n{END}"
