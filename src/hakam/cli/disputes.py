"""`hakam disputes`: disputes before certified bodies, what they found, and what is owed for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from hakam.cli.home import open_home
from hakam.cli.owed import AT, first_due, show_clocks, state_of
from hakam.cli.screen import OUT, CommandError, table

app = typer.Typer(
    help="Disputes before certified bodies: which wait, what was found, what is owed for it.",
    no_args_is_help=True,
)


@app.command("list")
def list_disputes(
    everything: Annotated[bool, typer.Option("--all", help="Those that are settled too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
) -> None:
    """List the disputes that wait, for the body or for us, those that we owe something on top."""
    open_home()
    from hakam.intake.disputes import DisputeState, subject_of  # noqa: PLC0415 -- needs Django started
    from hakam.intake.models import Dispute  # noqa: PLC0415

    now = datetime.now(tz=UTC)
    found = Dispute.objects.select_related("body").order_by("-received_at", "pk")
    if not everything:
        found = found.filter(state__in=[DisputeState.OPEN.value, DisputeState.DECIDED.value])
    rows = list(found[:limit])
    due = first_due([subject_of(one) for one in rows])
    if not everything:
        rows.sort(key=lambda one: (subject_of(one) not in due, one.received_at))
    if not rows:
        OUT.print("No dispute waits." if not everything else "There is no dispute.")
        return
    shown = table("dispute", "body", "about", "received", "state", "outcome", "due (UTC)")
    for one in rows:
        clock = due.get(subject_of(one))
        shown.add_row(
            str(one.pk), Text(one.body.name), one.decision, f"{one.received_at:{AT}}", one.state, one.outcome or "-",
            state_of(clock, now) if clock else "-",
        )  # fmt: skip
    OUT.print(shown)


@app.command()
def show(dispute: Annotated[str, typer.Argument(help="The number of a dispute.")]) -> None:
    """Show one dispute: the body, the decision, the outcome, what it costs, its clocks."""
    open_home()
    from hakam.intake.disputes import subject_of  # noqa: PLC0415 -- needs Django started
    from hakam.intake.models import Dispute  # noqa: PLC0415

    now = datetime.now(tz=UTC)
    try:
        found = Dispute.objects.select_related("body").filter(pk=UUID(dispute)).first()
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"there is no dispute {dispute!r}; `hakam disputes list --all` lists them")
    OUT.print(
        Text(
            f"{found.body.name} ({found.body.country}), reference {found.reference}, "
            f"about {found.decision}, {found.state}"
        )
    )
    OUT.print(Text(f"received by the body {found.received_at:{AT}} UTC"))
    if found.outcome:
        decided = f"{found.decided_at:{AT}}" if found.decided_at else "-"
        OUT.print(Text(f"{found.outcome}, {decided} UTC: {found.outcome_text or '-'}"))
        paid = f"paid {found.paid_at:{AT}} UTC" if found.paid_at else "not paid"
        OUT.print(Text(f"fee {found.fee} EUR, reimbursed {found.reimbursed} EUR, {paid}"))
    if found.refused_because:
        OUT.print(Text(f"refused: {found.refused_because}"))
    if found.implemented_at:
        OUT.print(Text(f"carried out {found.implemented_at:{AT}} UTC"))
    elif found.not_implemented:
        OUT.print(Text(f"not carried out: {found.not_implemented}"))
    show_clocks(subject_of(found), now)
