"""`hakam notices`: what people and flaggers reported, how far each is, and until when it is owed an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from hakam.cli.home import open_home
from hakam.cli.owed import AT, first_due, show_clocks, state_of
from hakam.cli.screen import OUT, CommandError, table
from hakam.vocabulary.counted import counted

if TYPE_CHECKING:
    from hakam.intake.models import Notice

app = typer.Typer(
    help="Notices of illegal or unwanted content: which wait, until when, what became of each.",
    no_args_is_help=True,
)


def _state(notice: Notice) -> str:
    if notice.held_by_id is not None:
        return "held"
    items = list(notice.items.all())
    done = sum(item.answered_at is not None for item in items)
    return "answered" if done == len(items) else f"{done} of {len(items)} answered" if done else "waits"


@app.command("list")
def list_notices(
    everything: Annotated[
        bool, typer.Option("--all", help="Those that were answered too, the newest first.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
) -> None:
    """List the notices that wait for an answer, the first due on top, and the crowds: many notices of one item."""
    open_home()
    from hakam.intake.models import Crowd, Notice  # noqa: PLC0415 -- needs Django started

    now = datetime.now(tz=UTC)
    found = Notice.objects.prefetch_related("items").order_by("-received_at", "pk")
    crowds = Crowd.objects.order_by("-last_at", "pk")
    if not everything:
        found, crowds = found.filter(items__answered_at=None).distinct(), crowds.filter(answered_at=None)
    notices, many = list(found[:limit]), list(crowds[:limit])
    refs = {item.ref: str(one.pk) for one in notices for item in one.items.all()}
    due = first_due([*refs, *(f"crowd:{one.pk}" for one in many)])
    first = {name: due[ref] for ref, name in sorted(refs.items(), reverse=True) if ref in due}
    rows = [
        (first.get(str(one.pk)), str(one.pk), f"{one.received_at:{AT}}", one.harm,
         counted(len(one.items.all()), "item"), _state(one))
        for one in notices
    ] + [
        (due.get(f"crowd:{one.pk}"), f"crowd:{one.pk}", f"{one.last_at:{AT}}",
         " ".join(sorted({kind.partition("/")[0] for kind in one.kinds})),
         counted(one.count, "notice of one item", "notices of one item"),
         "answered" if one.answered_at else "waits")
        for one in many
    ]  # fmt: skip
    if not everything:
        rows.sort(key=lambda row: (row[0] is None, row[0].due_at if row[0] else now))
    if not rows:
        OUT.print("No notice waits for an answer." if not everything else "There is no notice.")
        return
    shown = table("notice", "received", "about", "of", "state", "due (UTC)")
    for clock, name, received, harm, of, state in rows[:limit]:
        shown.add_row(name, received, harm, of, state, state_of(clock, now) if clock else "-")
    OUT.print(shown)


@app.command()
def show(notice: Annotated[str, typer.Argument(help="The number of a notice, or `crowd:<number>`.")]) -> None:
    """Show one notice: what it says of which items, its clocks, what was decided. Never who sent it."""
    open_home()
    now = datetime.now(tz=UTC)
    if notice.startswith("crowd:"):
        _show_crowd(notice, now)
        return
    from hakam.intake.models import Notice  # noqa: PLC0415 -- needs Django started

    one = Notice.objects.prefetch_related("items").filter(pk=notice).first() if _is_number(notice) else None
    if one is None:
        raise CommandError(f"there is no notice {notice!r}; `hakam notices list --all` lists them")
    who = (
        "a trusted flagger"
        if one.trusted
        else "somebody with an address"
        if one.email or one.notifier
        else "nobody known"
    )
    OUT.print(
        Text(f"{one.harm}, {'illegal' if one.illegal else 'against the rules'}, from {who}, {_state(one)}")
    )
    receipt = f"{one.receipt_at:{AT}}" if one.receipt_at else "not yet"
    OUT.print(Text(f"received {one.received_at:{AT}} UTC, receipt {receipt}, language {one.language}"))
    OUT.print(Text(one.explanation))
    for item in one.items.order_by("pk"):
        answer = (
            f"{item.decision}, {'agreed' if item.upheld else 'not agreed'}" if item.answered_at else "waits"
        )
        OUT.print(Text(f"{item.url or f'{item.item_kind}/{item.item_id}'}: {answer}"))
        show_clocks(item.ref, now)


def _is_number(text: str) -> bool:
    from uuid import UUID  # noqa: PLC0415 -- only here

    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _show_crowd(name: str, now: datetime) -> None:
    from hakam.intake.models import Crowd  # noqa: PLC0415 -- needs Django started

    number = name.partition(":")[2]
    one = Crowd.objects.filter(pk=int(number)).first() if number.isascii() and number.isdigit() else None
    if one is None:
        raise CommandError(f"there is no {name!r}; `hakam notices list --all` lists them")
    OUT.print(Text(f"{counted(one.count, 'notice')} of {one.url or f'{one.item_kind}/{one.item_id}'}"))
    for kind, count in sorted(one.kinds.items()):
        OUT.print(Text(f"{kind}: {counted(count, 'notice')}"))
    answer = f"{one.decision}, {'agreed' if one.upheld else 'not agreed'}" if one.answered_at else "waits"
    OUT.print(Text(f"first {one.first_at:{AT}}, last {one.last_at:{AT}} UTC, {answer}"))
    show_clocks(name, now)
