"""`hakam orders`: orders of courts and authorities, with what each lacks and until when it is owed."""

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
    help="Orders of courts and authorities: which wait, what they lack, until when they are owed.",
    no_args_is_help=True,
)


@app.command("list")
def list_orders(
    everything: Annotated[bool, typer.Option("--all", help="Those that are settled too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
) -> None:
    """List the orders that wait, the first due on top."""
    open_home()
    from hakam.intake.models import Order  # noqa: PLC0415 -- needs Django started
    from hakam.intake.orders import OrderState, subject_of  # noqa: PLC0415

    now = datetime.now(tz=UTC)
    found = Order.objects.select_related("authority").order_by("-received_at", "pk")
    if not everything:
        found = found.exclude(state__in=[OrderState.ANSWERED.value, OrderState.ANNULLED.value])
    rows = list(found[:limit])
    due = first_due([subject_of(one) for one in rows])
    if not everything:
        rows.sort(
            key=lambda one: (
                subject_of(one) not in due,
                due[subject_of(one)].due_at if subject_of(one) in due else now,
            )
        )
    if not rows:
        OUT.print("No order waits." if not everything else "There is no order.")
        return
    shown = table("order", "kind", "authority", "received", "state", "due (UTC)")
    for one in rows:
        clock = due.get(subject_of(one))
        office = Text(f"{one.authority.name} ({one.authority.country})")
        shown.add_row(
            str(one.pk),
            one.kind,
            office,
            f"{one.received_at:{AT}}",
            one.state,
            state_of(clock, now) if clock else "-",
        )
    OUT.print(shown)


@app.command()
def show(order: Annotated[str, typer.Argument(help="The number of an order.")]) -> None:
    """Show one order: what it says and lacks, whether it is verified, its clocks."""
    open_home()
    from hakam.intake.models import Order  # noqa: PLC0415 -- needs Django started
    from hakam.intake.order_contents import missing  # noqa: PLC0415
    from hakam.intake.orders import contents_of, subject_of  # noqa: PLC0415

    now = datetime.now(tz=UTC)
    try:
        found = Order.objects.select_related("authority").filter(pk=UUID(order)).first()
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"there is no order {order!r}; `hakam orders list --all` lists them")
    said = contents_of(found)
    OUT.print(
        Text(
            f"{found.kind}, {found.state}, of {found.authority.name} ({found.authority.country}), "
            f"reference {said.reference or '-'}"
        )
    )
    how = {"key": "by its key", "call_back": "by calling back"}.get(found.verified_how, "not verified")
    OUT.print(Text(f"received {found.received_at:{AT}} UTC, {how}, harm {said.harm}"))
    if found.silent_until is not None:
        OUT.print(Text(f"nobody is told before {found.silent_until:{AT}} UTC"))
    for place in (*said.urls, *said.accounts):
        OUT.print(Text(place))
    for one in missing(said):
        OUT.print(
            Text(f"lacks {one.needed} ({one.law}){'' if one.read else ', ask counsel'}", style="yellow")
        )
    show_clocks(subject_of(found), now)
