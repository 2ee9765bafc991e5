"""`hakam pack`: put a rule book in force."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hakam.cli.holdback import holdback
from hakam.cli.home import open_home
from hakam.cli.screen import ERR, OUT, CommandError, Language, show_findings, table
from hakam.vocabulary.counted import counted

if TYPE_CHECKING:
    from hakam.backtest.agreement import Agreement
    from hakam.policy.outside import OutsideList
    from hakam.wiring.settings import Settings

app = typer.Typer(help="The rule book in force, and how to change it.", no_args_is_help=True)
app.command("holdback")(holdback)


@app.command()
def publish(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of the pack.")],
    note: Annotated[
        str, typer.Option(help="Why it changes; stands in the ledger and in the rule book's history.")
    ],
    language: Annotated[
        Language, typer.Option("--language", help="The language in which findings are told.")
    ] = Language.EN,
) -> None:
    """Check a pack, try it in all ways of judging, and put it in force. One that fails is refused; nothing changes."""
    chosen = open_home()
    from hakam.compliance import lists, rulebook  # noqa: PLC0415 -- needs Django started
    from hakam.policy.outside import BadListError  # noqa: PLC0415 -- needs Django started
    from hakam.policy.wording import in_language  # noqa: PLC0415 -- needs Django started
    from hakam.storage.packs import PackFolderError, read_folder  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- needs Django started
    from hakam.wiring import publish as door  # noqa: PLC0415 -- needs Django started

    now = datetime.now(tz=UTC)
    try:
        files, opened = read_folder(folder), lists.opened()
        compared = _compared(files, opened, chosen, language)
        version = rulebook.publish(files, by=SYSTEM, now=now, note=note, lists=opened)
    except (OSError, PackFolderError) as error:
        raise CommandError(f"cannot read the pack: {error}") from error
    except rulebook.BrokenPackError as error:
        show_findings([in_language(one, language) for one in error.findings], to=ERR)
        raise CommandError("the pack has errors; nothing was published") from error
    except (rulebook.RulebookError, BadListError) as error:
        raise CommandError(str(error)) from error
    door.publish(chosen, now=now)
    OUT.print(f"{rulebook.ref_of(version)} is in force")
    if compared is not None:
        ways = ", ".join(("compiled function", *compared.ways))
        OUT.print(f"{counted(compared.events, 'event')} judged alike by {ways}")


@app.command()
def back(
    note: Annotated[
        str,
        typer.Option(
            help="Why; stands in the ledger and in the rule book's history. Without it the console asks for it."
        ),
    ] = "",
) -> None:
    """Put the rules that were in force before these in force again, at once. Once more: a step further back."""
    chosen = open_home()
    from hakam.compliance import rulebook  # noqa: PLC0415 -- needs Django started
    from hakam.policy.outside import BadListError  # noqa: PLC0415 -- needs Django started
    from hakam.review import way_back  # noqa: PLC0415 -- needs Django started
    from hakam.review.releases import ReleaseError  # noqa: PLC0415 -- needs Django started
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415 -- needs Django started
    from hakam.wiring import publish as door  # noqa: PLC0415 -- needs Django started

    now = datetime.now(tz=UTC)
    current, before = rulebook.active(), way_back.before()
    if current is None or before is None:
        raise CommandError("there is nothing to go back to: no other rules were in force before these")
    try:
        made = way_back.go(before.pk, instead_of=current.pk, because=note, by=SYSTEM, now=now)
    except (ReleaseError, rulebook.RulebookError, BadListError) as error:
        raise CommandError(f"{error}; nothing was changed") from error
    door.publish(chosen, now=now)
    OUT.print(
        f"{rulebook.ref_of(made)} is in force: the rules of {before.version} instead of {current.version}"
    )
    if way_back.unexplained(made):
        OUT.print("the page of the rules in the console asks why until somebody said it")


def _compared(
    files: dict[str, str], opened: dict[str, OutsideList], chosen: Settings, language: Language
) -> Agreement | None:
    """Try a pack in all ways of judging; None if it has errors, which whoever publishes it says.

    Raises `CommandError` after showing where the ways differ.
    """
    from hakam.backtest.agreement import findings_of  # noqa: PLC0415 -- --help needs none of it
    from hakam.policy.pack import load_pack  # noqa: PLC0415 -- as above
    from hakam.policy.wording import in_language  # noqa: PLC0415 -- as above
    from hakam.wiring.comparing import compare_here  # noqa: PLC0415 -- needs Django started

    pack = load_pack(files, opened).pack
    if pack is None:
        return None
    found = compare_here(pack, chosen)
    if found.sound:
        return found
    told = findings_of(found.differences, pack)
    show_findings([in_language(one, language) for one in told], to=ERR)
    failed = "; ".join(
        f"`{rule}` failed on {count:,} of {counted(found.events, 'event')}"
        for rule, count in found.failed.items()
    )
    raise CommandError(f"{failed or 'ways of judging differ'}; nothing was published")


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
