"""One layout for the files of a pack (`hakam fmt`): comments stay, meaning stays, doing it twice changes nothing.

What is laid out: white space at the ends of lines and of the file, one empty line between the entries of a list, and
the expressions of `when` and of terms: spaces as Python's formatters put them, a line for each part of a long `and`
or `or`. An expression that holds a comment keeps its lines.
"""

from __future__ import annotations

import io
import token
import tokenize
from collections.abc import Mapping as Dictionary

from hakam.policy.source import Reporter, Scalar
from hakam.policy.strict_yaml import Mapping, Node, Sequence, Text, read

WIDTH = 100
_TIGHT = {"(", "[", "{"}
_CLOSING = {")", "]", "}"}
_WORDS = {"and", "or", "not", "in", "is", "if", "else", "lambda"}
_LEADING = {*_TIGHT, *_WORDS, ",", "=", "<", ">", "<=", ">=", "==", "!=", "*", "/", "//", "%", "+", "-"}
_NO_TOKEN = {token.NL, token.NEWLINE, token.ENDMARKER, token.INDENT, token.DEDENT}


def lay_out(files: Dictionary[str, str]) -> dict[str, str]:
    """Return the files of a pack in the one layout. A file that can't be read stays as it is."""
    return {
        path: _file(path, text) if path.endswith(".yaml") else _lines(text) for path, text in files.items()
    }


def _lines(text: str) -> str:
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line.rstrip() for line in text.split("\n")]
    return "\n".join(lines).rstrip("\n") + "\n" if any(lines) else ""


def _file(path: str, text: str) -> str:
    text = _lines(text)
    report = Reporter()
    node = read(path, text, report)
    if node is None or report.has_errors():
        return text
    lines = text.split("\n")
    for scalar, key in sorted(_expressions(path, node), key=lambda found: -found[0].span.line):
        _replace(lines, scalar, key)
    text = "\n".join(lines)
    spaced = isinstance(node, Sequence) and not node.flow and not path.startswith("tests")
    return _spaced(text, node) if spaced and isinstance(node, Sequence) else text


def _expressions(path: str, node: Node) -> list[tuple[Scalar, str]]:
    """Return the scalars that hold conditions, each with its key."""
    if path.startswith("rules"):
        entries = node.items if isinstance(node, Sequence) else ()
        found = [(entry.entries.get("when"), "when") for entry in entries if isinstance(entry, Mapping)]
    elif path == "terms.yaml":
        found = [(value, name) for name, value in node.entries.items()] if isinstance(node, Mapping) else []
    else:
        found = []
    return [
        (value.scalar, key)
        for value, key in found
        if isinstance(value, Text) and value.scalar.style in {"", "|"}
    ]


def _replace(lines: list[str], scalar: Scalar, key: str) -> None:
    """Put an expression in its layout in place of its lines."""
    start = scalar.span.line - 1
    head, colon, _ = lines[start].partition(f"{key}:")
    if not colon:
        return  # the value stands below its key
    laid = expression(scalar.value) if scalar.value.strip() else None
    if laid is None:
        return
    one = scalar.style == "" and scalar.span.line == scalar.span.end_line
    end = scalar.span.end_line if scalar.style == "" else start + 1 + scalar.source.rstrip().count("\n")
    tail = (
        lines[end - 1][scalar.span.end_column - 1 :] if scalar.style == "" else ""
    )  # a comment that ends it
    margin = " " * (len(head) + 2)
    plain = scalar.style == "" and "\n" not in laid and len(head) + len(key) + len(laid) + 2 <= WIDTH
    if plain and not _stands_alone(laid):
        return  # to YAML it would be something else
    if plain:
        new = [f"{head}{key}: {laid}{tail}"]
    elif scalar.style == "" and ("\n" not in laid or not one or tail):
        return  # YAML folded it over lines, or a comment stands beside it: it stays
    else:
        new = [f"{head}{key}: |", *(f"{margin}{line}" for line in laid.split("\n"))]
    lines[start:end] = new


def _stands_alone(laid: str) -> bool:
    """Whether YAML reads an expression without quotes as the text that it is."""
    report = Reporter()
    node = read("terms.yaml", f"one: {laid}\n", report)
    found = node.entries.get("one") if isinstance(node, Mapping) and not report.has_errors() else None
    return isinstance(found, Text) and found.scalar.value == laid


def expression(source: str) -> str | None:
    """Return an expression in its layout; `None` if it holds a comment, or can't be read or laid out as it is meant."""
    tokens = _tokens(source)
    if tokens is None:
        return None
    laid = _laid(tokens)
    again = _tokens(laid) if laid is not None else None
    if again is None or [part.string for part in again] != [part.string for part in tokens]:
        return None  # `a. 1` would become `a .1`
    return laid


def _tokens(source: str) -> list[tokenize.TokenInfo] | None:
    try:
        return [
            part
            for part in tokenize.generate_tokens(io.StringIO(f"({source.strip()}\n)").readline)
            if part.type not in _NO_TOKEN
        ][1:-1]
    except (tokenize.TokenError, SyntaxError):
        return None


def _laid(tokens: list[tokenize.TokenInfo]) -> str | None:
    if any(part.type in {token.COMMENT, token.ERRORTOKEN} or "\n" in part.string for part in tokens):
        return None
    pieces: list[str] = []
    breaks: list[int] = []
    depth = 0
    for n, part in enumerate(tokens):
        before = tokens[n - 1] if n else None
        if part.string in _CLOSING:
            depth -= 1
        if depth == 0 and part.string in {"and", "or"}:
            breaks.append(len(pieces))
        pieces.append(f"{' ' if before is not None and _apart(tokens, n, depth) else ''}{part.string}")
        if part.string in _TIGHT:
            depth += 1
    if depth != 0:
        return None
    line = "".join(pieces)
    if len(line) <= WIDTH or not breaks:
        return line
    kinds = {pieces[at].strip() for at in breaks}
    chosen = [at for at in breaks if pieces[at].strip() == "or"] if len(kinds) > 1 else breaks
    ends = [*chosen, len(pieces)]
    parts = ["".join(pieces[: chosen[0]])]
    parts += ["".join(pieces[at:end]).strip() for at, end in zip(chosen, ends[1:], strict=True)]
    return "\n".join(parts)


def _apart(tokens: list[tokenize.TokenInfo], n: int, depth: int) -> bool:
    """Whether a space stands before a token."""
    part, before = tokens[n].string, tokens[n - 1].string
    if before in _TIGHT or part in {*_CLOSING, ",", ".", ":"} or before == ".":
        return False
    if part in {"(", "["}:
        called = tokens[n - 1].type == token.NAME and before not in _WORDS
        return not (called or before in _CLOSING)
    if (part == "=" or before == "=") and depth > 0:
        return False
    leading = n == 1 or tokens[n - 2].string in _LEADING  # what a sign of its own stands after
    sign = before in {"-", "+"} and leading
    return not sign


def _spaced(text: str, node: Sequence) -> str:
    """Put one empty line before each entry of a list but the first, above the comments that stand over it."""
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines) if line.startswith("- ")]
    if len(starts) != len(node.items):
        return text  # something else begins with a dash: inside a block of text
    out: list[str] = []
    for n, line in enumerate(lines):
        if n in starts[1:]:
            above: list[str] = []
            while out and out[-1].startswith("#"):
                above.insert(0, out.pop())
            while out and not out[-1]:
                out.pop()
            out += ["", *above]
        out.append(line)
    return "\n".join(out)
