"""`hakam doctor`: see whether everything that must hold still holds."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import typer

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, show_findings
from hakam.vocabulary.counted import counted

if TYPE_CHECKING:
    from hakam.vocabulary.finding import Finding


def modules() -> dict[str, ModuleType]:
    """Return where each room checks itself, lowest first. Django must be started."""
    from hakam.banks import findings as banks  # noqa: PLC0415 -- needs Django started
    from hakam.compliance import findings as compliance  # noqa: PLC0415
    from hakam.enforcement import findings as enforcement  # noqa: PLC0415
    from hakam.exchange import findings as exchange  # noqa: PLC0415
    from hakam.incidents import findings as incidents  # noqa: PLC0415
    from hakam.intake import findings as intake  # noqa: PLC0415
    from hakam.live import findings as live  # noqa: PLC0415
    from hakam.privacy import findings as privacy  # noqa: PLC0415
    from hakam.regulator import findings as regulator  # noqa: PLC0415
    from hakam.review import findings as review  # noqa: PLC0415
    from hakam.safeguarding import findings as safeguarding  # noqa: PLC0415
    from hakam.staff import findings as staff  # noqa: PLC0415
    from hakam.wiring import findings as wiring  # noqa: PLC0415

    return {
        "staff": staff,
        "compliance": compliance,
        "banks": banks,
        "enforcement": enforcement,
        "review": review,
        "intake": intake,
        "safeguarding": safeguarding,
        "privacy": privacy,
        "exchange": exchange,
        "live": live,
        "regulator": regulator,
        "incidents": incidents,
        "installation": wiring,
    }


def examine() -> tuple[dict[str, list[Finding]], int]:
    """Run every check; return what each room found and how many are errors. Django must be started."""
    from hakam.vocabulary.finding import Severity  # noqa: PLC0415

    found = {name: list(module.check()) for name, module in modules().items()}
    return found, sum(one.severity is Severity.ERROR for findings in found.values() for one in findings)


def doctor() -> None:
    """Examine the whole installation: the chain of the ledger and what must always hold in each room.

    Prints each finding with its code (docs/reference/findings.md explains them). Exit code 1 if any is
    an error.
    """
    open_home()
    found, errors = examine()
    for name, findings in found.items():
        OUT.print(f"[bold]{name}[/]: {len(findings) or 'nothing'} found" if findings else f"{name}: sound")
        show_findings(findings)
    total = sum(len(findings) for findings in found.values())
    OUT.print(
        f"\n{counted(errors, 'error')}, {counted(total - errors, 'warning or note', 'warnings and notes')}"
        if total
        else "\nall sound"
    )
    if errors:
        raise typer.Exit(1)
