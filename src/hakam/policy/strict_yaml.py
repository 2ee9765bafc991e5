"""YAML, read strictly: every node has its place, and nothing means something else than it looks.

Of YAML's many forms only these are read: mappings with distinct text keys, sequences, text, whole and decimal
numbers, `true`, `false`, and nothing. Anchors, aliases, merge keys, tags and several documents are refused,
and so are plain words that some readers of YAML take for something else (`no`, `012`, `1e3`, `2024-01-31`,
`12:30`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from hakam.policy.source import Reporter, Scalar
from hakam.vocabulary.finding import Span

MAX_DEPTH = 32
MAX_BYTES = 4_000_000

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")
_SURPRISES = (
    (re.compile(r"(?i:yes|no|on|off|y|n)|True|TRUE|False|FALSE"), "true or false"),
    (re.compile(r"[-+]?(0[0-9_]+|0[oO][0-7_]+)"), "an octal number"),
    (re.compile(r"[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[bB][01_]+"), "a number in another base"),
    (re.compile(r"[-+]?([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9]+)[eE][-+]?[0-9]+"), "a number with an exponent"),
    (
        re.compile(
            r"\+[0-9]+|[-+]?[0-9]+_[0-9_.]*|[-+]?\.[0-9]+|[-+]?[0-9]+\.|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
        ),
        "a number",
    ),
    (re.compile(r"[-+]?[0-9]{19,}"), "a number too large to keep"),
    (re.compile(r"[-+]?[0-9]{1,2}(:[0-9]{1,2})+(\.[0-9]*)?"), "a number in base 60, or a time"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"), "a date"),
    (re.compile(r"~|Null|NULL|<<|="), "nothing, or a merge"),
)
_OR_ELSE = {  # what else to write, besides quotes
    "true or false": ", or `true` or `false`",
    "a number in base 60, or a time": "",
    "a date": "",
    "nothing, or a merge": ", or `null`",
}


class Text(msgspec.Struct, frozen=True):
    """A scalar: text with its places, and the value it has as a number, true, false or nothing."""

    scalar: Scalar
    value: str | int | float | bool | None

    @property
    def span(self) -> Span:
        """Its place."""
        return self.scalar.span


class Sequence(msgspec.Struct, frozen=True):
    """A list. `flow` is the form with square brackets, whose source is kept."""

    items: tuple[Node, ...]
    span: Span
    flow: bool = False
    source: Scalar | None = None


class Mapping(msgspec.Struct, frozen=True):
    """Keys with values, in order."""

    entries: dict[str, Node]
    keys: dict[str, Span]
    span: Span


Node = Text | Sequence | Mapping


def plain(node: Node) -> Any:
    """Return the node as ordinary Python values."""
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def read(file: str, text: str, report: Reporter) -> Node | None:
    """Read one YAML file.

    Returns `None` when it holds nothing that can be used; what is wrong is reported. A file that is the same as
    just now is not read again: while one file of a pack is written, or a list beside it changes, all others stay.
    """
    if len(text) > _REMEMBERED:
        return _document(file, text, report)
    found = _remembered(file, text)
    return found.node if found.clean else _document(file, text, report)


class _Found(NamedTuple):
    node: Node | None
    clean: bool  # nothing was reported


_REMEMBERED = 200_000  # characters: what is longer is read each time


@lru_cache(maxsize=64)
def _remembered(file: str, text: str) -> _Found:
    report = Reporter()
    return _Found(_document(file, text, report), not len(report))


def _document(file: str, text: str, report: Reporter) -> Node | None:
    if len(text) > MAX_BYTES:
        report.report(
            "P001", f"`{file}` has {len(text):,} characters", _whole(file), hint=f"at most {MAX_BYTES:,}"
        )
        return None
    reader = _Reader(file, text, report)
    try:
        return reader.document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if error.context_mark and any(
            sign in str(error.problem) for sign in ("':'", "<stream end>", "end of stream")
        ):
            mark = error.context_mark  # where the key or the bracket stands, not where reading gave up
        span = reader.span(mark, mark) if mark is not None else _whole(file)
        problem = " ".join(str(error.problem or error.context or "it is not YAML").split())
        if (glued := _glued(file, text, span)) is not None:
            key, value, at = glued
            message = f"cannot read the file: no space follows the colon of `{key}:`"
            report.report("P002", message, at, hint=f"write `{key}: {value}`")
            return None
        report.report("P002", f"cannot read the file: {problem}", span, hint=_yaml_hint(problem, text, span))
    except ReaderError as error:
        line, column = (
            text.count("\n", 0, error.position) + 1,
            error.position - text.rfind("\n", 0, error.position),
        )
        report.report(
            "P002",
            f"cannot read the file: the character U+{ord(text[error.position]):04X} is not allowed",
            Span(file, line, column, line, column + 1),
            hint="remove it; nobody sees it in an editor",
        )
    except YAMLError as error:
        why = " ".join(str(error).split())[:200]
        report.report("P002", f"cannot read the file: {why}", _whole(file), hint=_PLAIN)
    except (ValueError, RecursionError, AssertionError, IndexError, AttributeError, TypeError) as error:
        report.report("P002", f"cannot read the file: {type(error).__name__}", _whole(file), hint=_PLAIN)
    return None


def _whole(file: str) -> Span:
    return Span(file, 1, 1, 1, 2)


def _glued(file: str, text: str, span: Span) -> tuple[str, str, Span] | None:
    """Return a key and its value that no space divides, if that may be why reading gave up on this line or the next."""
    lines = text.split("\n")
    for number in range(min(span.line, len(lines)), max(span.line - 3, 0), -1):
        found = _GLUED.fullmatch(lines[number - 1].rstrip())
        if found is not None:
            key, value = found.groups()
            column = found.start(1) + 1
            return key, value, Span(file, number, column, number, column + len(key + value) + 1)
    return None


def _yaml_hint(problem: str, text: str, span: Span) -> str:  # noqa: PLR0911 -- one for each look
    lines = text.split("\n")
    line = lines[span.line - 1] if span.line <= len(lines) else ""
    if "\t" in line[: max(span.column, 1)] or "\\t" in problem:
        return "indent with spaces, never with tabs"
    if "<stream end>" in problem:
        return "close the bracket, or put a comma before what follows"
    if not line.replace("\ufeff", "").isascii() and re.search(r":[^\S \t]", line):
        return "a plain space follows the colon; this one only looks like it"
    if "mapping values" in problem and re.fullmatch(r"\s*(- )?\w+", line[: span.column - 1]):
        return "indent the entries of one list, or of one mapping, alike"
    if re.search(r"^\s*(?:- )?\s*(then|ladder):\s*\[", line):
        return "write each measure on a line of its own, after `- `"
    if re.search(r"^\s*(- )?\s*(when|text|\w+):\s*['\"\[]", line) or "mapping values" in problem:
        return "write `|` after the colon and the text on the next line, indented"
    return next((hint for sign, hint in _HINTS if sign in problem), _PLAIN)


def _tag_hint(tag: str) -> str:
    if re.fullmatch(r"![a-z]+\.\w+", tag):
        return f"write `not {tag[1:]}`"
    return "remove it: types follow from the key"


_GLUED = re.compile(r"\s*(?:- )?([a-z_]+):([^\s/:\"'][^:]{0,80})")
_PLAIN = "write plain YAML: `key: value` on lines of their own, lists with `- `, texts in quotes"
_HINTS = (
    ("expected ','", "close the bracket, or put a comma before what follows"),
    ("could not find expected ':'", "a key is followed by a colon and a space"),
    ("cannot start any token", "put the text in quotes"),
    ("unexpected end of stream", "close the quotes"),
    ("expected <block end>", "indent the entries of one list, or of one mapping, alike"),
)


class _Reader:
    """Builds nodes from the events of ruamel.yaml's parser, which is a state machine and does not recurse."""

    def __init__(self, file: str, text: str, report: Reporter) -> None:
        self.file, self.text, self.report = file, text, report
        self._uncounted = "\ufeff" in text
        yaml = YAML(typ="safe", pure=True)
        self._events = iter(yaml.parse(text))

    def span(self, start: Any, end: Any) -> Span:
        """Turn two marks (which count from 0) into a span of at least one column."""
        first, last = (start.line + 1, self._column(start)), (end.line + 1, self._column(end))
        if last <= first:
            last = (first[0], first[1] + 1)
        return Span(self.file, *first, *last)

    def _column(self, mark: Any) -> int:
        """Return the column of a mark. The parser counts no U+FEFF, whose place is taken all the same."""
        column = int(mark.column) + 1
        if self._uncounted:
            column += self.text.count("\ufeff", self.text.rfind("\n", 0, mark.index) + 1, mark.index)
        return column

    def document(self) -> Node | None:
        """Read the one document of the file."""
        documents, root = 0, None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    span = self.span(event.start_mark, event.end_mark)
                    self.report.report("P004", "a second document", span, hint="one file holds one document")
                    return root
                if event.tags or event.version:
                    span = self.span(event.start_mark, event.end_mark)
                    self.report.report(
                        "P004", "a YAML directive", span, hint="remove the line that begins with `%`"
                    )
            elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent | AliasEvent):
                root = self._node(event, 0)
        return root

    def _node(self, event: Event, depth: int) -> Node | None:
        if depth > MAX_DEPTH:
            self.report.report(
                "P004",
                "nested too deeply",
                self.span(event.start_mark, event.end_mark),
                hint=f"at most {MAX_DEPTH} deep",
            )
            raise ValueError("nested too deeply")
        if isinstance(event, AliasEvent):
            span = self.span(event.start_mark, event.end_mark)
            self.report.report(
                "P004", "an alias", span, hint="write the value out; share conditions by `terms.yaml`"
            )
            return None
        anchor, tag = getattr(event, "anchor", None), getattr(event, "ctag", None)
        if anchor is not None:
            span = self.span(event.start_mark, event.end_mark)
            self.report.report(
                "P004", f"the anchor `&{anchor}`", span, hint="write the value out where it is needed"
            )
        if tag is not None and str(tag) != "!":
            span = self.span(event.start_mark, event.end_mark)
            self.report.report("P004", f"the tag `{str(tag)[:40]}`", span, hint=_tag_hint(str(tag)))
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(event, depth)
        assert isinstance(event, MappingStartEvent)
        return self._mapping(event, depth)

    def _slice(self, start: Any, end: Any) -> str:
        return self.text[start.index : end.index]

    def _scalar(self, event: ScalarEvent) -> Text:
        style = event.style or ""
        source = self._slice(event.start_mark, event.end_mark)
        scalar = Scalar(event.value, self.span(event.start_mark, event.end_mark), source, style)
        if style:
            return Text(scalar, event.value)
        return Text(scalar, self._resolve(scalar))

    def _resolve(self, scalar: Scalar) -> str | int | float | bool | None:
        word = scalar.value
        if word in {"", "null"}:
            return None
        if word in {"true", "false"}:
            return word == "true"
        if _WHOLE.fullmatch(word) and not word.startswith("+"):
            return int(word)
        if _DECIMAL.fullmatch(word):
            return float(word)
        if len(word) <= 64:  # noqa: PLR2004 -- no surprise is longer
            for pattern, seems in _SURPRISES:
                if pattern.fullmatch(word):
                    self.report.report(
                        "P006",
                        f"`{word}` may be read as {seems}",
                        scalar.span,
                        hint=f'write "{word}" in quotes{_OR_ELSE.get(seems, ", or the number in digits")}',
                    )
                    break
        return word

    def _sequence(self, start: SequenceStartEvent, depth: int) -> Sequence:
        items: list[Node] = []
        end: Event = start
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                end = event
                break
            node = self._node(event, depth + 1)
            if node is not None:
                items.append(node)
        span = self.span(start.start_mark, end.end_mark)
        flow = bool(start.flow_style)
        source = self._slice(start.start_mark, end.end_mark) if flow else ""
        return Sequence(tuple(items), span, flow, Scalar(source, span, source) if flow else None)

    def _mapping(self, start: MappingStartEvent, depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Span] = {}
        end: Event = start
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                end = event
                break
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, Text) or not isinstance(key.value, str):
                span = self.span(event.start_mark, event.end_mark)
                self.report.report("P009", "a key must be text", span, hint="put it in quotes")
                continue
            if key.value in entries:
                self.report.report(
                    "P003",
                    f"`{key.value}` is here twice",
                    key.span,
                    hint=f"first on line {keys[key.value].line}",
                )
                continue
            if value is None:  # an alias, already reported
                continue
            entries[key.value] = value
            keys[key.value] = key.span
        return Mapping(entries, keys, self.span(start.start_mark, end.end_mark))
