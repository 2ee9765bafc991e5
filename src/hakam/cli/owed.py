"""Clocks on the screen: until when something is due, and whether it was in time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from hakam.cli.screen import OUT, table

if TYPE_CHECKING:
    from hakam.compliance.models import Deadline

AT = "%Y-%m-%d %H:%M"


def state_of(clock: Deadline, now: datetime) -> Text:
    """Say how a clock stands: when it is due, in UTC, and whether that is over."""
    due = f"{clock.due_at:{AT}}"
    if clock.met_at is not None:
        late = clock.kind == "act" and clock.met_at > clock.due_at
        return Text(
            f"{'late' if late else 'in time' if clock.kind == 'act' else 'over'}, {clock.met_at:{AT}}"
        )
    if clock.paused_at is not None:
        return Text("stands still", style="yellow")
    if clock.kind == "act" and clock.due_at < now:
        return Text(f"overdue since {due}", style="bold red")
    return Text(due)


def show_clocks(subject: str, now: datetime) -> None:
    """Print the clocks of a subject with their law, the first due on top; nothing if it has none."""
    from hakam.compliance.access import deadlines_of  # noqa: PLC0415 -- needs Django started
    from hakam.compliance.clocks import clock  # noqa: PLC0415

    found = deadlines_of(subject)
    if not found:
        return
    shown = table("clock", "law", "due (UTC)")
    for one in found:
        shown.add_row(clock(one.clock).title["en"], clock(one.clock).law, state_of(one, now))
    OUT.print(shown)


def first_due(subjects: list[str]) -> dict[str, Deadline]:
    """Return of each subject the duty that is due first and not done."""
    from hakam.compliance.models import Deadline  # noqa: PLC0415 -- needs Django started

    running = Deadline.objects.filter(subject__in=subjects, met_at=None, kind="act").order_by("-due_at")
    return {one.subject: one for one in running}
