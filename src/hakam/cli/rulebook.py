"""`hakam pack`: put a rule book in force."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hakam.cli.home import open_home
from hakam.cli.screen import ERR, OUT, CommandError, show_findings, table

app = typer.Typer(help="The rule book in force, and how to change it.", no_args_is_help=True)


@app.command()
def publish(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of the pack.")],
    note: Annotated[
        str, typer.Option(help="Why it changes; stands in the ledger and in the rule book's history.")
    ],
) -> None:
    """Check a pack and put it in force. A pack with errors is refused and nothing changes."""
    chosen = open_home()
    from hakam.compliance import lists, rulebook  # noqa: PLC0415 -- needs Django started
    from hakam.policy.outside import BadListError  # noqa: PLC0415 -- needs Django started
    from hakam.storage.packs import PackFolderError, read_folder  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- needs Django started
    from hakam.wiring import publish as door  # noqa: PLC0415 -- needs Django started

    now = datetime.now(tz=UTC)
    try:
        version = rulebook.publish(read_folder(folder), by=SYSTEM, now=now, note=note, lists=lists.opened())
    except (OSError, PackFolderError) as error:
        raise CommandError(f"cannot read the pack: {error}") from error
    except rulebook.BrokenPackError as error:
        show_findings(error.findings, to=ERR)
        raise CommandError("the pack has errors; nothing was published") from error
    except (rulebook.RulebookError, BadListError) as error:
        raise CommandError(str(error)) from error
    door.publish(chosen, now=now)
    OUT.print(f"{rulebook.ref_of(version)} is in force")


@app.command()
def schemas(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where the schemas are written.")],
) -> None:
    """Write the JSON Schemas of a pack's files, so that an editor completes keys and marks mistakes while one types."""
    import json  # noqa: PLC0415 -- --help needs none of it

    from hakam.policy.schema import SCHEMAS  # noqa: PLC0415 -- as above

    settings = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, make in SCHEMAS.items():
            path = folder / f"{name}.schema.json"
            path.write_text(json.dumps(make(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            many = name in {"policies", "rules", "tests"}
            settings[f"./{path.as_posix()}"] = [f"{name}.yaml", f"{name}/*.yaml"] if many else f"{name}.yaml"
    except OSError as error:
        raise CommandError(f"the schemas can't be written: {error}") from error
    OUT.print(
        f"{len(settings)} schemas in {folder}; for VS Code (.vscode/settings.json, from the folder above):",
        soft_wrap=True,
    )
    OUT.print_json(json.dumps({"yaml.schemas": settings}))


@app.command("list")
def list_versions() -> None:
    """List every version of the rule book, the newest first."""
    open_home()
    from hakam.compliance import rulebook  # noqa: PLC0415 -- needs Django started

    shown = table("version", "in force from (UTC)", "until", "digest", "note")
    for version in rulebook.versions():
        until = f"{version.active_until:%Y-%m-%d %H:%M}" if version.active_until else "now"
        began = f"{version.active_from:%Y-%m-%d %H:%M}" if version.active_from else ""
        shown.add_row(f"{version.pack}@{version.version}", began, until, version.digest[:12], version.note)
    OUT.print(shown)
