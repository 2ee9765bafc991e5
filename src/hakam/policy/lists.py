r"""Lists: one term, domain or value a line, in `lists/<name>.txt`.

`#` begins a comment (`\#` a term that begins so). `# kind: terms | domains | values` in a comment says what
they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum

import msgspec

from hakam.policy.source import Reporter, nearest
from hakam.signals.fold import fold, split_words
from hakam.signals.links import host_of
from hakam.vocabulary.finding import Span

MAX_TERMS = 200_000
MAX_TERM = 200
_LIKE_KIND = frozenset({"type", "kinds", "types", "list", "list kind", "list type", "format"})
_COLUMNS = {"\t": "tabs", ";": "semicolons", ",": "commas"}
_ROWS = 3  # lines from which alike columns are no chance


class ListKind(StrEnum):
    """What a list holds, hence where it can stand."""

    TERMS = "terms"  # words and phrases for text predicates; folded when searched in folded text
    DOMAINS = "domains"  # registered domains or hosts; compared in lower case
    VALUES = "values"  # anything else, compared as it is


class TermList(msgspec.Struct, frozen=True):
    """One list, as its file says, without duplicates, in order."""

    name: str
    kind: ListKind
    terms: tuple[str, ...]
    file: str


def _kind(file: str, lines: list[str], report: Reporter) -> ListKind:
    kind = ListKind.TERMS
    for number, line in enumerate(lines, 1):
        if not line.lstrip().startswith("#"):
            continue
        key, colon, value = line.strip().lstrip("# ").partition(":")
        key, said = key.strip(), value.strip().lower()
        span = Span(file, number, 1, number, len(line) + 1)
        if colon and key.lower() == "kind":
            if said in set(ListKind):
                kind = ListKind(said)
            else:
                hint = nearest(said, ListKind) or "`terms`, `domains` or `values`"
                report.report("P011", f"`{value.strip()[:40]}` is no kind of list", span, hint=hint)
        elif colon and said in set(ListKind) - {ListKind.TERMS} and key.lower() in _LIKE_KIND:
            report.report("P011", f"`{key[:40]}` is no key of a list", span, hint=f"write `# kind: {said}`")
    return kind


def _table(file: str, lines: list[str], report: Reporter) -> None:
    """Report a list whose lines all have columns: each would be one long term."""
    entries = [
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    for sign, name in _COLUMNS.items():
        columns = entries[0][1].count(sign) if entries else 0
        if columns and len(entries) >= _ROWS and all(line.count(sign) == columns for _n, line in entries):
            number, line = entries[0]
            span = Span(file, number, 1, number, len(line) + 1)
            message = f"all {len(entries)} lines have {columns + 1} columns, split by {name}"
            report.report("P024", message, span, hint="keep the column that holds the terms, one a line")
            return


def _entries(file: str, lines: list[str]) -> Iterator[tuple[str, Span]]:
    """Yield what each line says that is no comment, and its place."""
    for number, line in enumerate(lines, 1):
        term = line.strip()
        if term and not term.startswith("#"):
            span = Span(file, number, 1, number, len(line) + 1)
            yield term.removeprefix("\\") if term.startswith("\\#") else term, span


def read_list(file: str, text: str, report: Reporter) -> TermList:
    """Read one list. Lines that can't be used are reported and left out."""
    name = file.removeprefix("lists/").removesuffix(".txt")
    lines = text.split("\n")
    kind = _kind(file, lines, report)  # said anywhere, it holds for all lines
    _table(file, lines, report)
    terms: dict[str, int] = {}
    for entry, span in _entries(file, lines):
        term = entry
        if kind is ListKind.DOMAINS:  # as `links.hosts` are: lower case, punycode decoded
            term = term.lower().removesuffix(".") if "/" in term else host_of(term) or term
            if "*" in term:
                hint = f"did you mean `{term.lstrip('*.')[:60]}`?"
                report.report(
                    "P209", f"no domain is `{term[:60]}`: a star stands for nothing", span, hint=hint
                )
        if len(term) > MAX_TERM:
            report.report("P020", f"a term of {len(term):,} characters", span, hint=f"at most {MAX_TERM}")
        elif any(ord(char) < 32 for char in term):  # noqa: PLR2004 -- control characters
            report.report("P020", "a control character in a term", span, hint="remove it")
        elif term in terms:
            report.report("P018", f"`{term}` is here twice", span, hint=f"first on line {terms[term]}")
        elif len(terms) >= MAX_TERMS:
            report.report("P001", f"more than {MAX_TERMS:,} terms", span, hint="split the list")
            break
        else:
            terms[term] = span.line
    if not terms:
        report.report(
            "P019", f"the list `{name}` is empty", Span(file, 1, 1, 1, 2), hint="a rule with it never fires"
        )
    return TermList(name, kind, tuple(terms), file)


def report_alike(file: str, text: str, words: Collection[bool], report: Reporter) -> None:
    """Report the lines of a list of terms that say the same as one before them, wherever rules search the list.

    It is searched in folded text alone, as whole words or (`False` in `words`) within them.
    """
    first: dict[tuple[str, ...], tuple[str, int]] = {}
    for term, span in _entries(file, text.split("\n")):
        folded = fold(term)
        searched = tuple(split_words(folded) if whole else folded for whole in sorted(words))
        said, line = first.setdefault(searched, (term, span.line))
        if said != term and searched[0].strip():
            message = f"`{term[:60]}` says the same as `{said[:60]}` in folded text"
            report.report("P018", message, span, hint=f"first on line {line}")
