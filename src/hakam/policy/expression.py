"""From the text of an expression to Python's syntax tree, bounded, with each node's place in the pack's file.

Python's own parser reads the grammar; nothing is ever run. What of that grammar the language takes is decided
by the checker.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence

import msgspec

from hakam.policy.habits import slip_in, tokens_of
from hakam.policy.source import Reporter, Scalar
from hakam.vocabulary.finding import Span

MAX_TEXT = 20_000
MAX_NODES = 2_000
MAX_DEPTH = 40


class Parsed(msgspec.Struct, frozen=True):
    """A syntax tree and where it came from."""

    root: ast.expr
    scalar: Scalar
    starts: tuple[int, ...]  # offset in the text of each line
    lines: tuple[str, ...]

    def bounds(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends in the expression's text."""
        line: int = getattr(node, "lineno", 2)
        end_line: int = getattr(node, "end_lineno", None) or line
        end = self._offset(end_line, getattr(node, "end_col_offset", None) or 0)
        last = len(self.scalar.value.rstrip())  # a list without brackets ends where our parenthesis does
        return self._offset(line, getattr(node, "col_offset", 0)), min(end, last)

    def span(self, node: ast.AST) -> Span:
        """Return the place of a node in its file."""
        return self.scalar.within(*self.bounds(node))

    def text(self, node: ast.AST) -> str:
        """Return the source of a node, white space evened out."""
        start, end = self.bounds(node)
        return " ".join(self.scalar.value[start:end].split())

    def _offset(self, line: int, column: int) -> int:
        if line - 2 >= len(self.lines):
            return len(self.scalar.value)
        if line < 2:  # noqa: PLR2004 -- a line was put before the text
            return 0
        n = line - 2
        return self.starts[n] + len(
            self.lines[n].encode("utf-8", "replace")[:column].decode("utf-8", "ignore")
        )


def parse(scalar: Scalar, report: Reporter, *, what: str = "condition") -> Parsed | None:
    """Parse one expression. Returns `None` when it can't be read; why is reported at its place."""
    text = scalar.value
    if not text.strip():
        report.report("P101", f"the {what} is empty", scalar.span, hint="write what must hold")
        return None
    if len(text) > MAX_TEXT:
        report.report(
            "P110", f"an expression of {len(text):,} characters", scalar.span, hint=f"at most {MAX_TEXT:,}"
        )
        return None
    lines = tuple(text.split("\n"))
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(f"(\n{text}\n)", mode="eval").body
    except SyntaxError as error:
        _unreadable(error, scalar, tuple(starts), lines, report)
        return None
    except (ValueError, MemoryError, RecursionError, UnicodeError, Warning) as error:
        deep = isinstance(error, MemoryError | RecursionError)
        why = "too deeply nested" if deep else " ".join(str(error).split())[:120]
        hint = (
            "split it by `terms.yaml`"
            if deep
            else "write `and`, `or`, `not`; `==` to compare; texts in quotes"
        )
        report.report("P110" if deep else "P101", f"cannot read the {what}: {why}", scalar.span, hint=hint)
        return None
    parsed = Parsed(tree, scalar, tuple(starts), lines)
    own = isinstance(tree, ast.Tuple | ast.GeneratorExp)  # they take our parentheses for their own
    if not own and (tree.lineno < 2 or (tree.end_lineno or 2) > len(lines) + 1):  # noqa: PLR2004 -- `a) or (b` closed ours
        report.report(
            "P101",
            "a parenthesis closes that was never opened",
            scalar.span if (place := unmatched(text)) is None else scalar.within(place, place + 1),
            hint="remove it, or open one before it",
        )
        return None
    return parsed if _bounded(parsed, report) else None


def _unreadable(
    error: SyntaxError, scalar: Scalar, starts: tuple[int, ...], lines: tuple[str, ...], report: Reporter
) -> None:
    slip = slip_in(scalar.value)
    if slip is not None:
        hint = slip.hint
        if hint == "close the quotes" and not scalar.style:  # the rest may have been taken for a comment
            hint = (
                "close the quotes; if they hold ` #`, write `|` after the colon and the text on the next line"
            )
        report.report(slip.code, slip.message, scalar.within(slip.start, slip.end), hint=hint)
        return
    n = min(max((error.lineno or 2) - 2, 0), len(lines) - 1)
    start = min(starts[n] + max((error.offset or 1) - 1, 0), max(len(scalar.value) - 1, 0))
    message = error.msg.lower()
    if "(\n" in (error.text or "") or "'(' was never closed" in message:
        message = "a parenthesis is never closed"
    if ("never closed" in message or "unmatched" in message) and (
        place := unmatched(scalar.value)
    ) is not None:
        start = place
    hint = "write a condition, as `author.posts > 3`"
    if "never closed" in message:
        hint = "close what is open"
    if "&&" in scalar.value or "||" in scalar.value or "invalid syntax" in message or "==" in message:
        hint = "write `and`, `or`, `not`; `==` to compare; texts in quotes"
    if "unmatched" in message:
        hint = "remove it, or open one before it"
    if "escape" in message:
        report.report("P121", "a backslash in plain quotes", scalar.within(start, start + 1), hint=_RAW)
        return
    report.report(
        "P101", f"cannot read the expression: {message}", scalar.within(start, start + 1), hint=hint
    )


_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_TOKENS = re.compile(  # texts and comments, whose brackets are none, and brackets
    r"""'''.*?(?:'''|\Z)|"{3}.*?(?:"{3}|\Z)|'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?|#[^\n]*|[()\[\]{}]""",
    re.DOTALL,
)


def unmatched(text: str) -> int | None:
    """Return the place of the first bracket that closes nothing, or of the last one that is never closed."""
    open_: list[tuple[str, int]] = []
    for token in _TOKENS.finditer(text):
        bracket = token[0]
        if bracket in _BRACKETS:
            open_.append((_BRACKETS[bracket], token.start()))
        elif bracket in _BRACKETS.values():
            if not open_ or open_[-1][0] != bracket:
                return token.start()
            open_.pop()
    return open_[-1][1] if open_ else None


def name_of(parsed: Parsed, keyword: ast.keyword, *, sign: bool = True) -> Span:
    """Return the place of the name of an argument, with its equals sign if wanted."""
    start = parsed.bounds(keyword)[0]
    end = parsed.bounds(keyword.value)[0] if sign else start + len(keyword.arg or "**")
    return parsed.scalar.within(start, end)


def twice_named(keywords: Sequence[ast.keyword]) -> ast.keyword | None:
    """Return the first argument whose name stands before it already: Python's grammar takes that."""
    given: set[str | None] = set()
    for keyword in keywords:
        if keyword.arg is not None and keyword.arg in given:
            return keyword
        given.add(keyword.arg)
    return None


_RAW = 'put an `r` before the quotes: r"..."'


def measure(root: ast.expr) -> tuple[int, int]:
    """Return how many nodes an expression has, and how deep it is."""
    count, depth, level = 0, 0, [root]
    while level and depth <= MAX_DEPTH:
        depth += 1
        count += len(level)
        level = [
            child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
        ]
    return count, depth


def _bounded(parsed: Parsed, report: Reporter) -> bool:
    count, depth = measure(parsed.root)
    if depth > MAX_DEPTH:
        report.report("P110", "nested too deeply", parsed.scalar.span, hint="split it by `terms.yaml`")
    elif count > MAX_NODES:
        report.report(
            "P110",
            f"an expression of {count:,} parts",
            parsed.scalar.span,
            hint="long lists go into `lists/`",
        )
    else:
        return True
    return False


def constant(parsed: Parsed, node: ast.expr, report: Reporter) -> ast.Constant | None:
    """Return `node` if it is a constant of the language; strings with a backslash must be raw."""
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        value = node.operand.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return ast.copy_location(ast.Constant(-value), node)
        return None
    if not isinstance(node, ast.Constant):
        return None
    if isinstance(node.value, str):
        start, end = parsed.bounds(node)
        source = parsed.scalar.value[start:end]
        if "\\" in source and source[:1] not in {"r", "R"}:
            report.report("P121", "a backslash in plain quotes", parsed.span(node), hint=_RAW)
        if sum(token.kind == "text" for token in tokens_of(source)) > 1:
            hint = "put a comma between them, or write one text"
            report.report("P128", "two texts side by side are read as one", parsed.span(node), hint=hint)
    return node


def construct(node: ast.expr) -> str:
    """Return the name of what Python knows and the language does not."""
    names = {
        ast.Lambda: "`lambda`",
        ast.IfExp: "`if ... else`",
        ast.JoinedStr: "an f-string",
        ast.ListComp: "a comprehension",
        ast.SetComp: "a comprehension",
        ast.DictComp: "a comprehension",
        ast.GeneratorExp: "a comprehension",
        ast.Dict: "a dictionary",
        ast.NamedExpr: "`:=`",
        ast.Await: "`await`",
        ast.Yield: "`yield`",
        ast.Starred: "`*`",
        ast.Slice: "a slice",
        ast.Tuple: "a list without brackets",
    }
    return names.get(type(node), "this")


def construct_hint(node: ast.expr) -> str:
    """Return what to write instead of it."""
    if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp):
        return "`any_in(field, [...])` asks whether two lists meet"
    if isinstance(node, ast.IfExp):
        return "join conditions by `and` and `or`"
    return "write fields, values and functions, joined by `and`, `or`, `not`"
