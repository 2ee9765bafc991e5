"""The checker's part for functions: arguments, text predicates, counters."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hakam.policy.counting import counter, marked, rate
from hakam.policy.expression import constant, name_of, twice_named
from hakam.policy.fields import FIELDS
from hakam.policy.functions import FUNCTIONS, FunctionSpec
from hakam.policy.kinds import TEXTUAL, Kind
from hakam.policy.known_content import known_content
from hakam.policy.lists import ListKind
from hakam.policy.meant import (
    argument_hint,
    arguments_hint,
    function_hint,
    in_quotes,
    turned_round,
    whole_words,
)
from hakam.policy.outside import OutsideList
from hakam.policy.patterns import never_in_host, prepare
from hakam.policy.terms import check_terms
from hakam.policy.tree import (
    Among,
    Compare,
    Condition,
    Constant,
    Field,
    Folded,
    How,
    Known,
    Literal,
    Overlaps,
    Search,
    Similarity,
    Value,
)
from hakam.signals.fold import fold, split_words
from hakam.signals.skeleton import keys_of_phrase

if TYPE_CHECKING:
    from hakam.policy.check import Expression

SHORT_TERM = 2
SHORT_TARGET = 8  # characters

_CONDITIONS = frozenset(name for name, spec in FUNCTIONS.items() if spec.gives == "condition")


def _spec(check: Expression, node: ast.Call) -> FunctionSpec | None:
    """Return the function that is called, after checking the shape of the call."""
    if not isinstance(node.func, ast.Name):
        path = ast.unparse(node.func)[:80]
        hint = function_hint(path, node, check)
        check.problem("P104", f"`{path}` is no function", _marked(node, hint), hint)
        return None
    spec = FUNCTIONS.get(node.func.id)
    if spec is None:
        hint = function_hint(node.func.id, node, check)
        check.problem("P104", f"there is no function `{node.func.id[:60]}`", _marked(node, hint), hint)
        return None
    good = True
    again = twice_named(node.keywords)
    if again is not None:
        message = f"`{again.arg}=` is here twice"
        check.checker.report.report("P105", message, name_of(check.parsed, again), hint="leave one of them")
        good = False
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg not in spec.keywords:
            hint = argument_hint(keyword, spec)
            message = f"`{spec.name}` has no `{keyword.arg or '**'}=`"
            check.checker.report.report("P105", message, name_of(check.parsed, keyword), hint=hint)
            good = False
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        check.problem("P102", "`*` is not part of the language", node, "write the arguments out")
        return None
    if not spec.least <= len(node.args) <= spec.most:
        check.problem(
            "P105",
            f"`{spec.name}` takes {_arity(spec)}, not {len(node.args)}",
            node,
            arguments_hint(check, spec, node),
        )
        good = False
    return spec if good else None


def _marked(node: ast.Call, hint: str) -> ast.expr:
    """Return what is marked: the whole call where all of it is to be written anew, else its name."""
    return node if hint.startswith("write ") else node.func


def _arity(spec: FunctionSpec) -> str:
    if spec.least == spec.most:
        return f"{spec.least} argument{'s' if spec.least != 1 else ''} before the named ones"
    return f"{spec.least} or more arguments"


def call_condition(check: Expression, node: ast.Call) -> tuple[Condition | None, bool]:  # noqa: C901, PLR0911 -- one branch for each kind of node
    """Check a call where a condition is wanted; the second value says whether it was for us to check."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    enough = name == "similar" and any(keyword.arg == "at_least" for keyword in node.keywords)
    if name in FUNCTIONS and name not in _CONDITIONS and not enough:
        return None, False
    spec = _spec(check, node)
    if spec is None:
        return None, True
    if spec.name == "known":
        value = check.value(node.args[0])
        if value is None:
            return None, True
        if isinstance(value, Literal):
            check.problem("P113", "a constant is always known", node, "ask about a field")
            return Constant(True, check.parsed.text(node), check.parsed.span(node)), True  # noqa: FBT003 -- the value
        if isinstance(value, Field) and not value.spec.nullable:
            check.problem(
                "P113", f"`{value.text}` is always known", node, "leave it out, or ask about another field"
            )
        return Known(value, check.parsed.text(node), check.parsed.span(node)), True
    if spec.name == "rule":
        return check.rule(node), True
    if spec.name == "marked":
        return marked(check, node), True
    if spec.name == "similar":
        return _similar_enough(check, node), True
    if spec.name == "bank":
        return known_content(check, node), True
    if spec.name == "any_in":
        of = check.value(node.args[0])
        if of is None:
            return None, True
        return check.overlaps(of, node.args[1], node), True
    return _search(check, spec, node), True


def call_value(check: Expression, node: ast.Call) -> Value | None:  # noqa: PLR0911 -- one for each function
    """Check a call where a value is wanted."""
    spec = _spec(check, node)
    if spec is None:
        return None
    if spec.gives == "condition":
        check.problem(
            "P107", f"`{spec.name}` gives a condition, not a value", node, "join conditions by `and`, `or`"
        )
        return None
    if spec.name in {"list", "territory"}:
        check.fixed(node, Kind.TEXT)
        check.problem("P107", "a list stands where a value is needed", node, "look up with `in` or `any_in`")
        return None
    if spec.name in {"count", "distinct", "sum"}:
        return counter(check, spec, node)
    if spec.name == "rate":
        return rate(check, spec, node)
    if spec.name == "similar":
        return _similarity(check, node)
    of = check.value(node.args[0])
    if of is None:
        return None
    return check.length(of, node) if spec.name == "len" else check.folded(of, node)


# Text predicates


def _flag(check: Expression, node: ast.Call, name: str, *, default: bool) -> bool | None:
    """Return a named argument that is True or False."""
    for keyword in node.keywords:
        if keyword.arg == name:
            if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, bool):
                return keyword.value.value
            check.problem("P106", f"`{name}` is True or False", keyword.value, f"as `{name}=True`")
            return None
    return default


def _search(check: Expression, spec: FunctionSpec, node: ast.Call) -> Condition | None:  # noqa: C901, PLR0911 -- one for each mistake
    if (turned := turned_round(check, node)) is not None:
        message = f"`{spec.name}` takes the field first"
        check.problem("P105", message, node, f"write `{turned}`")
        return None
    of = check.value(node.args[0])
    words = _flag(check, node, "words", default=spec.name == "contains_any")
    if spec.name == "word":
        words = True
    if of is not None and of.kind not in TEXTUAL and of.kind is not Kind.TEXTS:
        message = f"`{spec.name}` searches a text, `{of.text}` is {of.kind}"
        check.problem("P106", message, node.args[0], "search `text.folded`")
        of = None
    if of is not None and isinstance(of, Literal):
        check.problem("P106", "a constant is searched", node.args[0], "search a field")
        of = None
    if of is None or words is None:
        return None
    on_words = isinstance(of, Field) and of.spec.path == "text.words"
    if words and of.kind is not Kind.FOLDED:
        hint = (
            "write `text.folded`"
            if of.text in {"text.raw", "item.text"}
            else f"write `folded({of.text})`"
            if of.kind is Kind.TEXT
            else "add `words=False`"
        )
        message = f"whole words are found in folded text only, `{of.text}` is {of.kind}"
        check.problem("P207", message, node.args[0], hint)
        return None
    if on_words and spec.name in {"starts_with", "ends_with"}:
        message = f"`{spec.name}` searches `text.folded`, not `text.words`"
        check.problem("P106", message, node.args[0], "search `text.folded`")
        return None
    words = words or (on_words and spec.name != "matches")
    if isinstance(of, Field) and of.spec.path == "text.skeleton":
        return _in_skeleton(check, spec, node, of, words=words)
    text, span = check.parsed.text(node), check.parsed.span(node)
    if spec.name == "matches":
        if (whole := whole_words(check, node)) is not None and of.kind is Kind.FOLDED:
            check.problem("P202", r"`\b` knows ASCII letters only", node, f"write `{whole}`")
            return None
        pattern = _pattern(check, node.args[1], of, words=words)
        return (
            None
            if pattern is None
            else Search(How.PATTERN, _on_words(of, words=words), (pattern,), None, text, span)
        )
    found = _terms(check, spec, node)
    if found is None:
        return None
    given, name = found
    how = {"starts_with": How.STARTS, "ends_with": How.ENDS}.get(
        spec.name, How.WORDS if words else How.CONTAINS
    )
    check_terms(check, of, given, how)
    terms = _prepared(check, node, given, folded=of.kind is Kind.FOLDED, words=words)
    check.checker.searches(name, words if of.kind is Kind.FOLDED else None, alike=len(terms) < len(given))
    if not terms:  # nothing to find: never true, but the rule stays, and an unknown text stays unknown
        nothing = Overlaps if of.kind is Kind.TEXTS else Among
        return nothing(of, frozenset(), name, text, span)
    outside = name is not None and name not in check.checker.names.lists
    return Search(how, _on_words(of, words=words), terms, name, text, span, outside)


def _in_skeleton(
    check: Expression, spec: FunctionSpec, node: ast.Call, of: Field, *, words: bool
) -> Condition | None:
    """Look for Arabic phrases by all keys that they may have; phrases of other scripts have none."""
    if not words:
        hint = "look for Arabic phrases with `word`"
        check.problem("P106", f"`{spec.name}` searches no skeleton", node.args[0], hint)
        return None
    found = _terms(check, spec, node)
    if found is None:
        return None
    given, name = found
    check.checker.searches(name, None)  # spellings that fold alike may have keys of their own
    text, span = check.parsed.text(node), check.parsed.span(node)
    keys: dict[str, None] = {}
    for term, at in given:
        some = keys_of_phrase(term)
        keys.update(dict.fromkeys(some))
        if not some and at is not None:
            check.problem(
                "P206",
                f"nothing is left of `{term[:60]}` to search for",
                at,
                "a skeleton holds Arabic words only",
            )
    outside = name is not None and name not in check.checker.names.lists
    if not keys:
        return Among(of, frozenset(), name, text, span)
    return Search(How.WORDS, of, tuple(keys), name, text, span, outside)


def _on_words(of: Value, *, words: bool) -> Value:
    """Return what is searched for whole words: `text.words` stands in for `text.folded`."""
    if words and isinstance(of, Folded):
        return Folded(of.of, of.text, of.span, words=True)
    if words and isinstance(of, Field) and of.spec.path == "text.folded":
        return Field(FIELDS["text.words"], of.text, of.span)
    return of


def _pattern(check: Expression, node: ast.expr, of: Value, *, words: bool) -> str | None:
    literal = constant(check.parsed, node, check.checker.report)
    if literal is None or not isinstance(literal.value, str):
        hint = 'as r"v[i1!]agra"; several are one with `|` between them'
        check.problem("P106", "a pattern is a text in quotes", node, hint)
        return None
    pattern = prepare(
        literal.value,
        lambda code, message, hint: check.problem(code, message, node, hint),
        folded=of.kind is Kind.FOLDED,
        words=words,
    )
    of_hosts = isinstance(of, Field) and of.spec.host is not None
    if pattern is not None and of_hosts and (never := never_in_host(pattern)) is not None:
        check.problem("P113", f"`{of.text}` never holds `{never[0]}`", node, never[1])
    return pattern


def _terms(
    check: Expression, spec: FunctionSpec, node: ast.Call
) -> tuple[list[tuple[str, ast.expr | None]], str | None] | None:
    """Return the terms given, each with its place (`None` from a list's file), and the list's name."""
    arguments = node.args[1:]
    if len(arguments) == 1 and isinstance(arguments[0], ast.Call):
        if not check.is_fixed(arguments[0]):
            check.problem(
                "P106",
                'terms are texts in quotes, `[...]` or `list("name")`',
                arguments[0],
                "write its terms",
            )
            return None
        named = check.named_list(arguments[0])
        if isinstance(named, OutsideList):
            if named.kind in {ListKind.TERMS, None}:
                return [(term, None) for term in named.terms()], named.name
            hint = "look up with `in` or `any_in`, or add it anew with `--kind terms`"
            check.problem(
                "P112", f"the list `{named.name}` holds {named.kind}, not terms to search", arguments[0], hint
            )
            return None
        return None if named is None else ([(term, None) for term in named.terms], named.name)
    if len(arguments) == 1 and isinstance(arguments[0], ast.List | ast.Tuple | ast.Set):
        arguments = arguments[0].elts
        if not arguments:
            check.problem("P113", "an empty list holds nothing", node.args[1], "write its terms")
            return [], None
    found: list[tuple[str, ast.expr | None]] = []
    good = True
    for argument in arguments:
        literal = constant(check.parsed, argument, check.checker.report)
        if literal is None or not isinstance(literal.value, str):
            hint = in_quotes(check, argument) or f"as `{spec.example}`"
            check.problem("P106", f"`{spec.name}` looks for texts in quotes", argument, hint)
            good = False
            continue
        found.append((literal.value, argument))
    return (found, None) if good else None


def _prepared(
    check: Expression, node: ast.Call, given: list[tuple[str, ast.expr | None]], *, folded: bool, words: bool
) -> tuple[str, ...]:
    """Fold and pad terms as they are searched; those of which nothing is left are reported."""
    terms: dict[str, None] = {}
    for term, at in given:
        ready = fold(term) if folded else term
        if words:
            ready = split_words(ready)
        core = ready.strip()
        if not core:
            check.problem(
                "P206",
                f"nothing is left of `{term[:60]}` to search for",
                at or node,
                "write letters or digits",
            )
            continue
        if not words and len(core) < SHORT_TERM:
            check.problem(
                "P208", f"`{term}` is found inside almost any text", at or node, "search whole words"
            )
        terms[ready] = None
    return tuple(terms)


# Likeness


def _similarity(check: Expression, node: ast.Call) -> Similarity | None:
    of = check.value(node.args[0])
    target = constant(check.parsed, node.args[1], check.checker.report)
    if of is not None and (isinstance(of, Literal) or of.kind is not Kind.FOLDED):
        hint = f"`folded({of.text})`" if of.kind is Kind.TEXT else "as `text.folded`"
        check.problem("P106", f"`similar` compares folded text, `{of.text}` is {of.kind}", node.args[0], hint)
        of = None
    if target is None or not isinstance(target.value, str):
        check.problem(
            "P106", "what a text is compared with is a text in quotes", node.args[1], "put it in quotes"
        )
        return None
    words = split_words(fold(target.value))
    if len(words.strip()) < SHORT_TARGET:
        check.problem(
            "P106", f"`{target.value[:60]}` is too short to be like it", node.args[1], "use `word(...)`"
        )
        return None
    if of is None:
        return None
    return Similarity(_on_words(of, words=True), words, check.parsed.text(node), check.parsed.span(node))


def _similar_enough(check: Expression, node: ast.Call) -> Condition | None:
    found = _similarity(check, node)
    (at,) = [keyword.value for keyword in node.keywords if keyword.arg == "at_least"]
    bound = check.value(at)
    if bound is None or found is None:
        return None
    if bound.kind is not Kind.NUMBER or (isinstance(bound, Literal) and not 0 < float(bound.value) <= 1):
        check.problem("P106", "`at_least` is a number above 0, up to 1", at, "as `at_least=0.8`")
        return None
    return Compare(">=", found, bound, check.parsed.text(node), check.parsed.span(node))
