"""Findings as a compiler shows them: the line, carets below, a hint. Pure: text in, text out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from hakam.policy.wording import hint_word, in_language, severity, tally
from hakam.vocabulary.finding import Finding, Severity

MAX_LINE = 160


def render(findings: Iterable[Finding], files: Mapping[str, str], language: str = "en") -> str:
    """Return all findings as plain text, the files' lines quoted, and a last line that counts them."""
    shown = list(findings)
    blocks = [render_one(finding, files, language) for finding in shown]
    blocks.append(summary(shown, language))
    return "\n\n".join(blocks) + "\n"


def summary(findings: Iterable[Finding], language: str = "en") -> str:
    """Return `2 errors, 1 warning`, or `no findings`."""
    counts = dict.fromkeys(Severity, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return tally(counts, language)


def render_one(finding: Finding, files: Mapping[str, str], language: str = "en") -> str:
    """Return one finding: `error[P103]: message`, its place, the line with carets, the hint."""
    finding = in_language(finding, language)
    lines = [f"{severity(finding.severity, language)}[{finding.code}]: {finding.message}"]
    span = finding.span
    if span is not None:
        number = str(span.line)
        margin = " " * len(number)
        lines.append(f"{margin}--> {span.file}:{span.line}:{span.column}")
        line = _line(files.get(span.file, ""), span.line)
        if line is not None:
            end = span.end_column if span.end_line == span.line else len(line) + 1
            before, marked, shown = _cut(line, span.column - 1, max(end - 1, span.column))
            lines += [
                f"{margin} |",
                f"{number} | {shown}",
                f"{margin} | {' ' * _width(before)}{'^' * max(_width(marked), 1)}",
            ]
    elif finding.subject is not None:
        lines.append(f"  --> {finding.subject}")
    if finding.hint is not None:
        lines.append(f"  = {hint_word(language)}: {finding.hint}")
    return "\n".join(lines)


def _line(text: str, number: int) -> str | None:
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[number - 1] if 0 < number <= len(lines) and lines[number - 1].strip() else None


def _cut(line: str, start: int, end: int) -> tuple[str, str, str]:
    """Return what stands before the mark, the marked part, and the line, shortened if long."""
    line = "".join(char if char.isprintable() else " " for char in line)
    start, end = min(start, len(line)), min(end, len(line))
    if len(line) > MAX_LINE:
        first = max(0, min(start - 40, len(line) - MAX_LINE))
        piece = line[first : first + MAX_LINE]
        lead = "... " if first else ""
        tail = " ..." if first + MAX_LINE < len(line) else ""
        return lead + line[first:start], line[start : min(end, first + MAX_LINE)], f"{lead}{piece}{tail}"
    return line[:start], line[start:end], line


def _width(text: str) -> int:
    """Return how many columns a text takes in a terminal: marks none, wide letters two."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
