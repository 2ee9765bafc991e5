"""An event on which two ways of judging differ: what must never be, and what is said of it before it can do harm.

Rules are judged by one compiled function at the door, by the plain interpreter when that fails and for explanations,
and over columns in back-tests. All three mean the same; where they do not, nobody may rely on any of them.
"""

from __future__ import annotations

from enum import StrEnum

from hakam.vocabulary.finding import Finding, Severity, Span


class Judging(StrEnum):
    """A way of judging beside the compiled function."""

    INTERPRETER = "interpreter"
    COLUMNS = "columns"


def differing(
    rule: str, event: str, *, by: Judging, function_fires: bool, span: Span | None = None
) -> Finding:
    """Return the finding that says of a rule and an event what the function and another way answer."""
    if by is Judging.INTERPRETER:
        message = (
            f"`{rule}` on the event `{event}`: the compiled function fires, the interpreter does not"
            if function_fires
            else f"`{rule}` on the event `{event}`: the interpreter fires, the compiled function does not"
        )
    else:
        message = (
            f"`{rule}` on the event `{event}`: the compiled function fires, the columns do not"
            if function_fires
            else f"`{rule}` on the event `{event}`: the columns fire, the compiled function does not"
        )
    hint = "a defect of Hakam, not of the pack: please report it with the rule and the event"
    return Finding("P605", Severity.ERROR, message, span, hint)
