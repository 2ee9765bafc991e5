"""The checker's part for lists that stand outside packs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hakam.policy.kinds import Kind
from hakam.policy.lists import ListKind
from hakam.policy.outside import OutsideList
from hakam.policy.tree import Condition, Listed, Literal, Value

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
