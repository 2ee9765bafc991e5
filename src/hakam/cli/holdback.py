"""`hakam pack holdback`: what rules change, measured against the authors whom they only watch."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hakam.cli.screen import OUT, CommandError, show_whole, table
from hakam.vocabulary.counted import counted

if TYPE_CHECKING:
    from hakam.investigation.holdback import Effect, Group
    from hakam.signals.evaluation.figures import Figure


def holdback(
    since: Annotated[int, typer.Option(min=1, max=3_650, help="How many days back it looks.")] = 28,
    follow: Annotated[
        int, typer.Option(min=1, max=365, help="How many days an author is followed after the first hit.")
    ] = 7,
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Compare authors on whom rules act with the holdback group of the pack, for whom they only watch.

    For each rule: the share of authors that it hit again within some days, and the share that posted again at all, with
    95 % intervals. Ctrl-C ends it with what was found so far.
    """
    if follow >= since:
        raise CommandError("nobody can be followed: --follow must be less than --since")
    from hakam.cli.home import open_home  # noqa: PLC0415 -- --help needs none of it

    chosen = open_home()
    from hakam.cli.query import interruptible, progress_bar  # noqa: PLC0415 -- as above
    from hakam.compliance import rulebook  # noqa: PLC0415 -- needs Django started
    from hakam.compliance.questions import record_query  # noqa: PLC0415 -- needs Django started
    from hakam.review.confined import confined  # noqa: PLC0415 -- needs Django started
    from hakam.review.holdback import measured  # noqa: PLC0415 -- needs Django started
    from hakam.storage.embedded.event_log import FileEventLog  # noqa: PLC0415 -- as above
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- as above

    version = rulebook.active()
    if version is None:
        raise CommandError("no rule book is in force; publish one: hakam pack publish FOLDER")
    now = datetime.now(tz=UTC)
    log = FileEventLog(chosen.home / "events")
    try:
        with interruptible() as cancelled, progress_bar() as progress:
            found = measured(
                log, now=now, span=since, days=follow, hidden=confined().holds, progress=progress,
                cancelled=cancelled,
            )  # fmt: skip
    finally:
        log.close()
    record_query(
        by=SYSTEM, now=now, where="", since=datetime.fromtimestamp(found.since, tz=UTC), until=now,
        looked=found.looked, matched=0, shown=0, fields=("holdback",),
    )  # fmt: skip
    if json:
        import msgspec  # noqa: PLC0415 -- --help needs none of it

        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        return
    _show(found, rulebook.load(version).holdback)


def _show(found: Effect, share: float) -> None:
    if share:
        OUT.print(
            f"{100 * share:g} % of all authors are held back: rules of clauses below severity 50 only watch them"
        )
    else:
        OUT.print(
            "the pack in force holds back nobody: write `holdback: 2%` into its pack.yaml", style="yellow"
        )
    days = f"{found.days:g}"
    OUT.print(
        f"{counted(found.looked, 'event')} looked at; authors are followed for {days} days after a first hit"
    )
    if found.stopped:
        OUT.print("it ended early: the older part was left out", style="yellow")
    shown = table("rule", "authors", "followed", f"again in {days} d", f"posted in {days} d")
    for row in found.rows:
        name = row.rule or "all together"
        shown.add_row(name, *_cells(row.acted), style="bold" if not row.rule else "")
        shown.add_row("  only watched", *_cells(row.watched))
        if row.again and row.posted:
            few = "" if row.enough else ", too few to tell"
            shown.add_row(f"  difference{few}", "", "", _signed(row.again), _signed(row.posted), style="dim")
    show_whole(shown)


def _cells(group: Group) -> tuple[str, ...]:
    return f"{group.authors:,}", f"{group.followed:,}", _share(group.again), _share(group.posted)


def _share(figure: Figure | None) -> str:
    return (
        "–" if figure is None else f"{figure.value:.1%} ({100 * figure.low:.1f} to {100 * figure.high:.1f})"
    )


def _signed(figure: Figure) -> str:
    return f"{100 * figure.value:+.1f} ({100 * figure.low:+.1f} to {100 * figure.high:+.1f})"
