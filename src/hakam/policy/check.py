"""The checker: from Python's syntax tree to Hakam's typed tree, with every mistake named at its place.

A node that is wrong gives `None`, and its neighbours are checked nevertheless, so that no finding hides
another.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

import msgspec

from hakam.policy.calls import call_condition, call_value
from hakam.policy.comparisons import choices, comparison, known_hint
from hakam.policy.expression import MAX_NODES, Parsed, constant, construct, construct_hint, measure, parse
from hakam.policy.fields import FIELDS, FieldSpec, score_field
from hakam.policy.functions import FUNCTIONS
from hakam.policy.kinds import LISTS, TEXTUAL, Kind, parse_duration, parse_time
from hakam.policy.listed import outside, territory, twice
from hakam.policy.lists import ListKind, TermList
from hakam.policy.meant import (
    alternatives_meant,
    bit_operator,
    bracket_hint,
    comma,
    condition_hint,
    duration_hint,
    in_quotes,
    literal_meant,
    name_hint,
    template_hint,
    time_hint,
)
from hakam.policy.outside import OutsideList
from hakam.policy.params import Param
from hakam.policy.source import Reporter, Scalar, nearest
from hakam.policy.tree import (
    And,
    Arithmetic,
    Condition,
    Constant,
    Field,
    Folded,
    Length,
    Literal,
    Not,
    Or,
    Overlaps,
    Truth,
    Value,
)
from hakam.signals.fold import fold

_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}
_SCORE_NAME = 64
_CIRCLE = "write out in one of them what it needs of the other"
_ONE_KIND = "texts stand in quotes, numbers without"
MAX_NUMBER = 2**63
MAX_TERM_DEPTH = 60


class Names(msgspec.Struct, frozen=True):
    """What an expression can name: the lists, the fields that the pack declares, the shared terms' texts."""

    lists: Mapping[str, TermList]
    extra: Mapping[str, FieldSpec]
    terms: Mapping[str, Scalar]
    rules: Mapping[str, Scalar] = {}  # conditions by the rules' ids
    params: Mapping[str, Param] = {}
    outside: Mapping[str, OutsideList] = {}  # lists that stand outside the pack
    marks: Mapping[tuple[str, str], float] = {}  # (on, name) -> seconds that a mark lives


class Checker:
    """Checks the expressions of one pack. Remembers terms, and what was used."""

    def __init__(self, names: Names, report: Reporter) -> None:
        self.names, self.report = names, report
        self.used_lists: set[str] = set()
        self.searched: dict[str, set[bool | None]] = {}  # where lists are: see `searches`
        self.alike: set[str] = set()  # lists of which some search needs fewer texts than they have entries
        self.used_outside: dict[str, OutsideList] = {}
        self.used_terms: set[str] = set()
        self.used_params: set[str] = set()
        self.reading: list[str] = []  # terms being read, to find circles
        self.circular: set[str] = set()  # those that need themselves
        self.in_counter = False
        self._terms: dict[str, Condition | None] = {}
        self._sizes: dict[str, tuple[int, int]] = {}

    def searches(self, name: str | None, words: bool | None, *, alike: bool = False) -> None:
        """Remember where a list is searched: in folded text, by whole words or not, or (`None`) elsewhere."""
        if name is not None:
            self.searched.setdefault(name, set()).add(words)
            if alike:
                self.alike.add(name)

    def check(self, scalar: Scalar) -> Condition | None:
        """Return the typed condition, `None` if anything in it is wrong."""
        parsed = parse(scalar, self.report)
        if parsed is None:
            return None
        expression = Expression(self, parsed)
        found = expression.condition(parsed.root)
        if self.reading:
            self._sizes[self.reading[-1]] = (expression.size, expression.depth)
        if not expression.fits():
            return None
        if found is None and not self.report.has_errors(0):  # a rule never vanishes without a word
            self.report.report(
                "P101", "cannot read the condition", scalar.span, hint="write it in another way, or in parts"
            )
        return found

    def term(self, name: str) -> Condition | None:
        """Return the condition of a shared term, read once."""
        self.used_terms.add(name)
        if name not in self._terms:
            self.reading.append(name)
            self._terms[name] = self.check(self.names.terms[name])
            self.reading.pop()
        return self._terms[name]

    def rule(self, id_: str) -> Condition | None:
        """Return the condition of a rule that another refers to, read once.

        What is wrong with it is reported where it is a rule of its own.
        """
        name = f"rule {id_}"
        if name not in self._terms:
            quiet, self.report = self.report, Reporter()
            self.reading.append(name)
            self._terms[name] = self.check(self.names.rules[id_])
            self.reading.pop()
            self.report = quiet
        return self._terms[name]

    def size_of(self, name: str) -> tuple[int, int]:
        """Return how many nodes a term has, and how deep it is, with the terms that it uses."""
        return self._sizes.get(name, (1, 1))


class Expression:
    """One expression being checked."""

    def __init__(self, checker: Checker, parsed: Parsed) -> None:
        self.checker, self.parsed = checker, parsed
        self.size, self.own_depth = measure(parsed.root)
        self.depth = self.own_depth

    def fits(self) -> bool:
        """Whether the expression, with the terms that it uses, is small enough."""
        if self.size <= MAX_NODES and self.depth <= MAX_TERM_DEPTH:
            return True
        message = f"{self.size:,} parts, {self.depth} deep, with the terms that it uses"
        hint = f"at most {MAX_NODES:,} parts, {MAX_TERM_DEPTH} deep"
        self.checker.report.report("P110", message, self.parsed.scalar.span, hint=hint)
        return False

    def problem(self, code: str, message: str, node: ast.AST, hint: str) -> None:
        """Report one mistake at a node's place."""
        self.checker.report.report(code, message, self.parsed.span(node), hint=hint)

    # Conditions

    def condition(self, node: ast.expr) -> Condition | None:  # noqa: C901, PLR0911 -- one for each kind
        """Check an expression that must be true or false."""
        text, span = self.parsed.text(node), self.parsed.span(node)
        if isinstance(node, ast.BoolOp):
            items = self._joined(node)
            if any(item is None for item in items):
                return None
            kept = tuple(item for item in items if item is not None)
            return And(kept, text, span) if isinstance(node.op, ast.And) else Or(kept, text, span)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            below = self.condition(node.operand)
            return None if below is None else Not(below, text, span)
        if isinstance(node, ast.Compare):
            return comparison(self, node)
        if isinstance(node, ast.Tuple):
            comma(self, node)
            return None
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            self.problem(
                "P113", f"always {str(node.value).lower()}", node, "remove it, or say what it depends on"
            )
            return Constant(node.value, text, span)
        if isinstance(node, ast.Name) and node.id in self.checker.names.terms:
            return self._term(node)
        if isinstance(node, ast.Call):
            found, is_condition = call_condition(self, node)
            if is_condition:
                return found
        value = self.value(node)
        if value is None:
            return None
        if value.kind is not Kind.CONDITION:
            self.problem("P108", f"a condition is needed, this is {value.kind}", node, condition_hint(value))
            return None
        return Truth(value, text, span)

    def _joined(self, node: ast.BoolOp) -> list[Condition | None]:
        """Check what `and` and `or` join. `x == "a" or "b"` is told once, as a whole."""
        meant = alternatives_meant(self, node)
        items: list[Condition | None] = []
        n = 0
        while n < len(node.values):
            last, instead = meant.get(n, (n, None))
            if instead is None:
                items.append(self.condition(node.values[n]))
            else:
                start, end = self.parsed.bounds(node.values[n])[0], self.parsed.bounds(node.values[last])[1]
                span = self.parsed.scalar.within(start, end)
                message = "`or` joins conditions, not the values of one comparison"
                self.checker.report.report("P108", message, span, hint=f"write `{instead}`")
                items.append(None)
            n = last + 1
        return items

    def rule(self, node: ast.Call) -> Condition | None:
        """Check `rule("id")`."""
        id_ = constant(self.parsed, node.args[0], self.checker.report)
        if id_ is None or not isinstance(id_.value, str):
            self.problem(
                "P106", "the id of a rule is a text in quotes", node.args[0], 'as `rule("spam-links")`'
            )
            return None
        if id_.value not in self.checker.names.rules:
            hint = nearest(id_.value, self.checker.names.rules) or "see the ids in `rules.yaml`"
            self.problem("P124", f"there is no rule `{id_.value[:60]}`", node.args[0], hint)
            return None
        name = f"rule {id_.value}"
        if name in self.checker.reading:
            self.checker.circular.update(self.checker.reading[self.checker.reading.index(name) :])
            found = None
        else:
            found = self.checker.rule(id_.value)
        if found is None and name in self.checker.circular:
            self.problem("P117", f"the rule `{id_.value}` needs itself", node.args[0], _CIRCLE)
        return self._sized(name, found)

    def _sized(self, name: str, found: Condition | None) -> Condition | None:
        size, depth = self.checker.size_of(name)
        self.size = min(self.size + size, MAX_NODES + 1)
        self.depth = max(self.depth, depth + self.own_depth)
        return found

    def _term(self, node: ast.Name) -> Condition | None:
        if node.id in self.checker.reading:
            circle = " -> ".join([*self.checker.reading[self.checker.reading.index(node.id) :], node.id])
            self.problem("P117", f"the term `{node.id}` needs itself: {circle}", node, _CIRCLE)
            return None
        return self._sized(node.id, self.checker.term(node.id))

    # Fixed values

    def is_fixed(self, node: ast.expr) -> bool:
        """Whether a node is a literal list or a named one."""
        return isinstance(node, ast.List | ast.Tuple | ast.Set) or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"list", "territory"}
        )

    def named_list(self, node: ast.Call) -> TermList | OutsideList | None:
        """Check `list("name")`. A list of the pack comes before one outside that has its name."""
        arguments = node.args
        if len(arguments) != 1 or node.keywords:
            self.problem("P105", "`list` takes one name", node, FUNCTIONS["list"].signature)
            return None
        name = constant(self.parsed, arguments[0], self.checker.report)
        if name is None or not isinstance(name.value, str):
            hint = in_quotes(self, arguments[0]) or 'as `list("bad-words")`'
            self.problem("P106", "the name of a list is a text in quotes", arguments[0], hint)
            return None
        found = self.checker.names.lists.get(name.value)
        if found is None and (outside := self.checker.names.outside.get(name.value)) is not None:
            self.checker.used_outside[name.value] = outside
            return outside
        if found is None:
            known = [*self.checker.names.lists, *self.checker.names.outside]
            hint = nearest(name.value, known) or f"add `lists/{name.value[:40]}.txt`, or `hakam lists add`"
            self.problem("P111", f"there is no list `{name.value[:60]}`", arguments[0], hint)
            return None
        self.checker.used_lists.add(name.value)
        return found

    def fixed(  # noqa: C901, PLR0911 -- one branch for each kind of node
        self, node: ast.expr, kind: Kind, of: Value | None = None
    ) -> tuple[frozenset[str | float | int], str | None] | None:
        """Return the values of a list that is compared with `kind`, and its name if it has one. `of` gives hints."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "territory":
            return territory(self, node, kind)
        if isinstance(node, ast.Call):
            named = self.named_list(node)
            if named is None or isinstance(named, OutsideList):
                return None  # one outside is looked up by `outside`, wherever that is possible
            if kind not in TEXTUAL:
                self.problem(
                    "P112", f"a list of texts can't be compared with {kind}", node, "look up a text in it"
                )
                return None
            if named.kind is ListKind.TERMS and kind is not Kind.FOLDED:
                search = f'`contains_any(..., list("{named.name}"))`'
                hint = f"search with {search}, or begin the file with `# kind: values`"
                self.problem(
                    "P112",
                    f"the list `{named.name}` holds terms to search, not values to compare",
                    node,
                    hint,
                )
                return None
            folded = kind is Kind.FOLDED
            held = frozenset(map(fold, named.terms) if folded else named.terms)
            self.checker.searches(named.name, False if folded else None, alike=len(held) < len(named.terms))
            return held, named.name
        assert isinstance(node, ast.List | ast.Tuple | ast.Set)
        if not node.elts:
            self.problem("P113", "an empty list holds nothing", node, "write its values")
            return frozenset(), None
        values: dict[str | float | int, str] = {}
        wrong = False
        for element in node.elts:
            value = self.value(element, expected=kind)
            if value is None:
                wrong = True
            elif not isinstance(value, Literal):
                self.problem("P116", "a list is of constants", element, "compare with `==` and `or`")
                wrong = True
            elif value.kind is not kind and not {value.kind, kind} <= TEXTUAL:
                meant = None if of is None or isinstance(of, Literal) else literal_meant(of, value, "==")
                hint = _ONE_KIND if meant is None else f"write `{meant}`"
                self.problem("P116", f"{value.kind} in a list that is compared with {kind}", element, hint)
                wrong = True
            else:
                fixed_value = fold(str(value.value)) if kind is Kind.FOLDED else value.value
                twice(self, values.get(fixed_value), value.text, element)
                values.setdefault(fixed_value, value.text)
        return None if wrong else (frozenset(values), None)

    # Values

    def value(self, node: ast.expr, expected: Kind | None = None) -> Value | None:  # noqa: C901, PLR0911 -- one branch for each kind of node
        """Check an expression that must be a value. `expected` tells how to read a text in quotes."""
        literal = constant(self.parsed, node, self.checker.report)
        if literal is not None:
            return self._literal(literal, node, expected)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "params":
            return self._param(node)
        if isinstance(node, ast.Attribute | ast.Name | ast.Subscript):
            return self._field(node, expected)
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            below = self.value(node.operand)
            if below is None:
                return None
            if below.kind not in {Kind.NUMBER, Kind.DURATION}:
                self.problem(
                    "P120",
                    f"`-` has no meaning for {below.kind}",
                    node,
                    "arithmetic is for numbers and times",
                )
                return None
            zero = Literal(0, below.kind, "0", self.parsed.span(node))
            return Arithmetic("-", zero, below, below.kind, self.parsed.text(node), self.parsed.span(node))
        if isinstance(node, ast.Call):
            return call_value(self, node)
        if isinstance(node, ast.BoolOp | ast.Compare) or (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        ):
            if self.condition(node) is not None:
                self.problem(
                    "P107",
                    "a condition stands where a value is needed",
                    node,
                    "join conditions by `and`, `or`",
                )
            return None
        if self.is_fixed(node):
            hint = template_hint(self, node) or "look up with `in` or `any_in`"
            self.problem("P107", "a list stands where a value is needed", node, hint)
            return None
        self.problem("P102", f"{construct(node)} is not part of the language", node, construct_hint(node))
        return None

    def _literal(self, node: ast.Constant, at: ast.expr, expected: Kind | None) -> Literal | None:  # noqa: C901, PLR0911 -- one branch for each kind of node
        value, text, span = node.value, self.parsed.text(at), self.parsed.span(at)
        if isinstance(value, bool):
            return Literal(value, Kind.CONDITION, text, span)
        if isinstance(value, int | float):
            if not -MAX_NUMBER < value < MAX_NUMBER:
                self.problem("P106", "a number too large", at, "numbers lie within 64 bits")
                return None
            if expected is Kind.DURATION:
                self.problem(
                    "P107",
                    f"a duration is compared with the number `{text}`",
                    at,
                    duration_hint(value),
                )
                return None
            return Literal(value, Kind.NUMBER, text, span)
        if isinstance(value, str):
            if expected is Kind.DURATION:
                seconds = parse_duration(value)
                if seconds is None:
                    self.problem("P109", f"`{value[:40]}` is no duration", at, duration_hint(value))
                    return None
                return Literal(seconds, Kind.DURATION, text, span)
            if expected is Kind.TIME:
                moment = parse_time(value)
                if moment is None:
                    self.problem("P109", f"`{value[:40]}` is no time", at, time_hint(value))
                    return None
                return Literal(moment, Kind.TIME, text, span)
            if expected is Kind.FOLDED:
                return Literal(fold(value), Kind.FOLDED, text, span)
            return Literal(value, Kind.TEXT, text, span)
        if value is None:
            self.problem(
                "P114", "`None` is not a value: what is missing is unknown", at, known_hint(none=True)
            )
        else:
            self.problem(
                "P102",
                f"{type(value).__name__} constants are not part of the language",
                at,
                "there are numbers, texts in quotes, `True` and `False`",
            )
        return None

    def _param(self, node: ast.Attribute) -> Value | None:
        param = self.checker.names.params.get(node.attr)
        if param is None:
            hint = nearest(node.attr, self.checker.names.params, say="did you mean `params.{}`?")
            hint = hint or "declare it in `params.yaml`"
            self.problem("P103", f"there is no parameter `{node.attr[:60]}`", node, hint)
            return None
        self.checker.used_params.add(param.name)
        return param.value_at(self.parsed.text(node), self.parsed.span(node))

    def _field(self, node: ast.expr, expected: Kind | None = None) -> Field | None:
        path = self._path(node)
        if path is None:
            return None
        text, span = self.parsed.text(node), self.parsed.span(node)
        spec = FIELDS.get(path)
        extra = self.checker.names.extra
        if path.startswith("scores["):
            spec = score_field(path[8:-2])
        elif path.startswith("extra."):
            spec = extra.get(path[6:])
            if spec is None:
                hint = (
                    nearest(path[6:], extra, say="did you mean `extra.{}`?")
                    or "declare it in `pack.yaml` under `extra`"
                )
                self.problem("P118", f"`{path[:80]}` is not declared", node, hint)
                return None
        if spec is not None:
            return Field(spec, text, span)
        self.problem(
            "P103", f"there is no field or term `{path[:80]}`", node, name_hint(self, path, expected)
        )
        return None

    def _path(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Subscript):
            key = constant(self.parsed, node.slice, self.checker.report)
            if isinstance(node.value, ast.Name) and node.value.id == "scores" and key is not None:
                name = key.value
                if isinstance(name, str) and 0 < len(name) <= _SCORE_NAME and not set(name) & set("\"'\\\n"):
                    return f'scores["{name}"]'
                hint = 'as `scores["toxicity"]`'
                self.problem("P106", "the name of a score is a short text in quotes", node.slice, hint)
                return None
            hint = bracket_hint(self, node)
            self.problem("P102", "brackets stand only after `scores`", node, hint)
            return None
        names: list[str] = []
        at = node
        while isinstance(at, ast.Attribute):
            names.append(at.attr)
            at = at.value
        if not isinstance(at, ast.Name):
            self.problem("P102", "a dot stands only in the name of a field", node, "as `author.id`")
            return None
        return ".".join([at.id, *reversed(names)])

    def _arithmetic(self, node: ast.BinOp) -> Value | None:
        sign = _ARITHMETIC.get(type(node.op))
        if sign is None:
            bit_operator(self, node)
            return None
        left, right = self.value(node.left), self.value(node.right)
        for one, at, beside in ((left, node.left, right), (right, node.right, left)):
            wants = beside is not None and beside.kind in {Kind.TIME, Kind.DURATION}
            if isinstance(one, Literal) and one.kind is Kind.TEXT and wants:
                fixed_value = self.value(at, expected=Kind.DURATION)
                left, right = (fixed_value, right) if one is left else (left, fixed_value)
                break
        if left is None or right is None:
            return None
        kind = _result(sign, left.kind, right.kind)
        if kind is None:
            self.problem(
                "P120",
                f"`{left.kind} {sign} {right.kind}` has no meaning",
                node,
                "arithmetic is for numbers and times",
            )
            return None
        if sign in {"/", "//", "%"} and isinstance(right, Literal) and right.value == 0:
            hint = "divide by what is not 0"
            self.problem(
                "P131", f"`{left.text} {sign} {right.text}` is unknown on every event", node.right, hint
            )
        return Arithmetic(sign, left, right, kind, self.parsed.text(node), self.parsed.span(node))

    def length(self, of: Value, node: ast.expr) -> Value | None:
        """Check `len(x)`."""
        if of.kind not in TEXTUAL | LISTS:
            self.problem(
                "P106", f"`len` needs a text or a list, `{of.text}` is {of.kind}", node, "as `len(item.text)`"
            )
            return None
        return Length(of, self.parsed.text(node), self.parsed.span(node))

    def folded(self, of: Value, node: ast.expr) -> Value | None:
        """Check `folded(x)`."""
        if of.kind is not Kind.TEXT:
            hint = f"write `{of.text}`" if of.kind is Kind.FOLDED else "as `folded(author.name)`"
            message = f"`folded` needs a text that is not folded, `{of.text}` is {of.kind}"
            self.problem("P106", message, node, hint)
            return None
        return Folded(of, self.parsed.text(node), self.parsed.span(node))

    def overlaps(self, of: Value, values: ast.expr, node: ast.expr) -> Condition | None:
        """Check `any_in(x, values)`."""
        if of.kind not in LISTS:
            self.problem(
                "P106",
                f"`any_in` needs a list of the event, `{of.text}` is {of.kind}",
                node,
                f"`{of.text} in ...`",
            )
            return None
        if not self.is_fixed(values):
            message = 'the second argument is `list("name")` or `[...]`'
            if isinstance(values, ast.Constant):
                hint = f"write `any_in({of.text}, [{self.parsed.text(values)}])`"
                self.problem("P106", message, node, hint)
            else:
                self.problem("P106", message, values, "write the values in brackets")
            return None
        listed, is_outside = outside(self, values, of, node)
        if is_outside:
            return listed
        found = self.fixed(values, Kind.TEXT if of.kind is Kind.TEXTS else Kind.NUMBER)
        if found is not None and isinstance(of, Field) and (found[1] is None or not of.spec.host):
            choices(self, of, found[0], values)
        return None if found is None else Overlaps(of, *found, self.parsed.text(node), self.parsed.span(node))


def _result(sign: str, left: Kind, right: Kind) -> Kind | None:
    number, duration, time = Kind.NUMBER, Kind.DURATION, Kind.TIME
    if left is number and right is number:
        return number
    table = {
        ("+", duration, duration): duration,
        ("-", duration, duration): duration,
        ("/", duration, duration): number,
        ("*", duration, number): duration,
        ("*", number, duration): duration,
        ("/", duration, number): duration,
        ("-", time, time): duration,
        ("+", time, duration): time,
        ("-", time, duration): time,
    }
    return table.get((sign, left, right))
