"""Where things stand in the files of a pack, and the gathering of what is wrong with them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from hakam.policy.codes import CODES
from hakam.vocabulary.finding import Finding, Severity, Span

MAX_FINDINGS = 1_000


class Scalar(msgspec.Struct, frozen=True):
    """A piece of text of a YAML file, with what is needed to find each of its characters again.

    `source` is the slice of the file that `span` covers; `value` is what YAML makes of it.
    """

    value: str
    span: Span
    source: str
    style: str = ""  # "" plain, ' or " quoted, | or > block

    def within(self, start: int, end: int) -> Span:
        """Return the span of `value[start:end]` in the file."""
        places = _places(self)
        start = min(max(start, 0), len(places) - 1)
        end = min(max(end, start), len(places) - 1)
        line, column = places[start]
        if end > start:  # the end of the last character, so that a span never runs over a line's margin
            end_line, end_column = places[end - 1]
            end_column += 1
        else:
            end_line, end_column = line, column + 1
        return Span(self.span.file, line, column, end_line, end_column)


_ESCAPES = {"x": 4, "u": 6, "U": 10}  # characters of an escape in double quotes, with its backslash


@lru_cache(maxsize=256)
def _places(scalar: Scalar) -> list[tuple[int, int]]:  # noqa: C901, PLR0912 -- one walk through two texts
    """Return (line, column) of each character of the value and of the place after the last.

    YAML folds white space and reads escapes, so the two texts are walked together: a character of the value
    stands at its next occurrence in the source.
    """
    source = scalar.source
    positions: list[tuple[int, int]] = []
    line, column = scalar.span.line, scalar.span.column
    for char in source:
        positions.append((line, column))
        if char == "\n":
            line, column = line + 1, 1
        else:
            column += 1
    positions.append((line, column))
    at = 0
    if scalar.style in {"'", '"'}:
        at = 1
    elif scalar.style in {"|", ">"}:
        at = source.find("\n") + 1
    places = []
    for char in scalar.value:
        while scalar.style == '"' and source.startswith("\\\n", at):  # the line goes on
            at += 2
            while at < len(source) and source[at] in " \t":
                at += 1
        if scalar.style == '"' and source.startswith("\\", at):
            places.append(positions[at])
            at = min(at + _ESCAPES.get(source[at + 1 : at + 2], 2), len(source))
            continue
        if char.isspace():
            found = next((n for n in range(at, len(source)) if source[n].isspace()), -1)
        else:
            found = source.find(char, at)
        if found >= 0:
            places.append(positions[found])
            at = found + 1
        else:
            places.append(positions[min(at, len(source))])
    places.append(positions[min(at, len(source))])
    return places


class Reporter:
    """Collects findings, all of them up to a bound that is itself reported. Never raises."""

    def __init__(self) -> None:
        self._findings: dict[Finding, None] = {}
        self.dropped = 0
        self._dropped_errors = False

    def report(
        self,
        code: str,
        message: str,
        span: Span | None,
        *,
        hint: str,
        subject: str | None = None,
    ) -> None:
        """Add one finding. Its severity is the code's; `hint` says what to do, and no finding goes without."""
        if len(self._findings) >= MAX_FINDINGS:
            self.dropped += 1
            self._dropped_errors |= CODES[code].severity is Severity.ERROR
            return
        self._findings[Finding(code, CODES[code].severity, message, span, hint, subject)] = None

    def has_errors(self, since: int = 0) -> bool:
        """Whether a finding that forbids loading was made, after the first `since`."""
        return self._dropped_errors or any(f.severity is Severity.ERROR for f in list(self._findings)[since:])

    def __len__(self) -> int:
        return len(self._findings)

    def findings(self) -> tuple[Finding, ...]:
        """Return all findings by place: file, line, column."""
        found = list(self._findings)
        if self.dropped:
            found.append(
                Finding(
                    "P005",
                    Severity.ERROR if self._dropped_errors else Severity.WARNING,
                    f"{self.dropped} more findings; these are the first {MAX_FINDINGS}",
                    hint="mend these and check again",
                )
            )
        last = Span("\U0010ffff", 0, 0, 0, 0)
        return tuple(sorted(found, key=lambda f: (f.span or last, f.code, f.message)))


def nearest(word: str, known: Iterable[str], *, say: str = "did you mean `{}`?") -> str | None:
    """Return a hint with the known name that looks most like `word`."""
    names = list(known)
    close = difflib.get_close_matches(word[:100], names, n=1, cutoff=0.6)
    if not close:
        lowered = {name.lower(): name for name in names}
        close = [lowered[word.lower()]] if word.lower() in lowered else []
    return say.format(close[0]) if close else None


def listing(names: Sequence[str], limit: int = 12) -> str:
    """Return names in backticks for a hint, shortened when there are many."""
    shown = ", ".join(f"`{name}`" for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
