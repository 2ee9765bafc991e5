"""The checker's part for lists that stand outside packs, for territories, and for what a list holds twice."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hakam.policy.expression import constant
from hakam.policy.kinds import Kind
from hakam.policy.lists import ListKind
from hakam.policy.outside import OutsideList
from hakam.policy.source import Reporter, listing
from hakam.policy.territories import TERRITORIES
from hakam.policy.tree import Condition, Listed, Literal, Value
from hakam.vocabulary.event import COUNTRY_CODES
from hakam.vocabulary.finding import Span
from hakam.vocabulary.iso_codes import country_meant, is_country, is_language, language_meant

if TYPE_CHECKING:
    from hakam.policy.check import Expression


def outside(check: Expression, node: ast.expr, of: Value, whole: ast.expr) -> tuple[Condition | None, bool]:
    """Check whether `of` is in a list outside the pack; the second value says whether `node` names one."""
    is_list = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "list"
    if not isinstance(node, ast.Call) or not is_list or len(node.args) != 1:
        return None, False
    name = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
    if (
        not isinstance(name, str)
        or name in check.checker.names.lists
        or name not in check.checker.names.outside
    ):
        return None, False
    named = check.named_list(node)
    if not isinstance(named, OutsideList):
        return None, True
    if named.kind is ListKind.TERMS:
        search = f'`contains_any(..., list("{named.name}"))`'
        check.problem(
            "P112",
            f"the list `{named.name}` holds terms to search, not values to compare",
            node,
            f"search with {search}",
        )
        return None, True
    if of.kind not in {Kind.TEXT, Kind.TEXTS}:
        hint = "a list outside the pack is compared as it is: look up a text that is not folded"
        check.problem("P112", f"a list of texts can't be compared with {of.kind}", node, hint)
        return None, True
    if isinstance(of, Literal):
        check.problem("P113", "always the same: two constants are compared", whole, "look up a field")
    return Listed(of, named, check.parsed.text(whole), check.parsed.span(whole)), True


def territory(
    check: Expression, node: ast.Call, kind: Kind
) -> tuple[frozenset[str | float | int], str | None] | None:
    """Return the countries of `territory("EU", "DE")`."""
    if kind is not Kind.TEXT:
        check.problem("P112", f"countries can't be compared with {kind}", node, "as `author.country`")
        return None
    found: set[str | float | int] = set()
    for argument in node.args or [node]:
        name = constant(check.parsed, argument, check.checker.report) if node.args else None
        value = name.value if name is not None else None
        if isinstance(value, str) and value in TERRITORIES:
            found |= TERRITORIES[value]
        elif isinstance(value, str) and value in COUNTRY_CODES:
            report_country(check.checker.report, value, check.parsed.span(argument))
            found.add(value)
        else:
            meant = territory_meant(value)
            hint = f"there are {listing(list(TERRITORIES))}, and codes as `DE`"
            if meant is not None:
                hint = f"did you mean `{meant}`?"
            check.problem("P106", "a territory is a name or a country's code in quotes", argument, hint)
            return None
    return frozenset(found), None


def territory_meant(said: object) -> str | None:
    """Return the territory that is meant by `eu` or `deu`, `None` if that can't be told."""
    if not isinstance(said, str):
        return None
    return said.upper() if said.upper() in TERRITORIES else country_meant(said)


def report_country(report: Reporter, code: str, span: Span) -> None:
    """Report two capital letters that no country has; those that the standard leaves to its users are none of ours."""
    if not is_country(code):
        report.report(
            "P129", f"no country has the code `{code[:20]}` (ISO 3166-1)", span, hint=country_hint(code)
        )


def country_hint(text: str) -> str:
    """Return the code that is meant instead."""
    if text in TERRITORIES:
        return f'several countries are asked for by `in territory("{text}")`'
    meant = country_meant(text)
    return f"did you mean `{meant}`?" if meant is not None else "two capital letters (ISO 3166-1), as `DE`"


def report_language(report: Reporter, tag: str, span: Span) -> None:
    """Report what is no language as BCP 47 writes it."""
    if not is_language(tag):
        hint = language_hint(tag)
        report.report("P130", f"`{tag[:60]}` is no language as BCP 47 writes it", span, hint=hint)


def language_hint(text: str) -> str:
    """Return the language that is meant, or how languages look."""
    if "," in text:
        return "as `[en, ar]`, a list"
    meant = language_meant(text)
    return f"did you mean `{meant}`?" if meant is not None and meant != text else "as `en`, `ar`, `pt-BR`"


def twice(check: Expression, first: str | None, text: str, at: ast.expr) -> None:
    """Report a value that a list holds already, `first` as it stands there."""
    if first == text:
        check.problem("P123", f"`{text[:60]}` is here twice", at, "remove it")
    elif first is not None:
        check.problem("P123", f"`{text[:60]}` says the same as `{first[:60]}`", at, "remove it")
