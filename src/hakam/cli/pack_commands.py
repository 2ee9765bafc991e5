"""`hakam check` and `hakam test`: what a policy lead runs before a pack touches anyone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hakam.cli.screen import Language
from hakam.vocabulary.counted import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hakam.policy.engine import Engine
    from hakam.policy.outside import OutsideList
    from hakam.policy.pack import Loaded
    from hakam.policy.testing import ExampleResult

FAILED = 1
UNUSABLE = 2
SHOWN = 5
GENERATED = 200

Folder = Annotated[Path, typer.Argument(help="The folder of the pack.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the findings as JSON, for editors and CI.")]


def check(
    pack: Folder,
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Treat warnings as errors.")] = False,
    language: Annotated[
        Language, typer.Option("--language", help="The language in which findings are told.")
    ] = Language.EN,
) -> None:
    """Check a pack: grammar, types, names, patterns, measures. Exit code 1 if it can't be loaded."""
    import msgspec  # noqa: PLC0415 -- `hakam --help` stays instant

    from hakam.policy.render import render, summary  # noqa: PLC0415 -- as above
    from hakam.policy.wording import in_language, soundness  # noqa: PLC0415 -- as above
    from hakam.vocabulary.finding import Severity  # noqa: PLC0415 -- as above

    files, loaded = _load(pack)
    if as_json:
        told = [in_language(finding, language) for finding in loaded.findings]
        print(msgspec.json.encode(told).decode())
    elif loaded.findings:
        print(render(loaded.findings, files, language), end="")
    if loaded.pack is not None and not as_json:
        found = loaded.pack
        held = (len(found.rules), len(found.clauses), len(found.lists), len(found.examples))
        told_in_short = summary(loaded.findings, language)
        print(soundness(str(found.ref), held, told_in_short, found.ref.digest[:12], language))
    worst = {finding.severity for finding in loaded.findings}
    if loaded.pack is None or (strict and Severity.WARNING in worst):
        raise typer.Exit(FAILED)


def run_tests(
    pack: Folder,
    only: Annotated[str | None, typer.Option("--only", help="Run the tests whose name holds this.")] = None,
    covered: Annotated[
        bool, typer.Option("--coverage", help="Name each part of a condition that no test saw both ways.")
    ] = False,
    generated: Annotated[
        int | None,
        typer.Option(
            "--generated",
            min=0,
            help="Judge so many events, made of the types, in two ways that must agree; 200, unless --only.",
        ),
    ] = None,
    least: Annotated[
        float,
        typer.Option("--cover-at-least", min=0, max=100, help="Fail below this coverage, in per cent."),
    ] = 0.0,
) -> None:
    """Run a pack's own tests. A test that fails shows each rule's condition with the values it saw.

    Then tell how many outcomes of conditions the tests have seen, and judge generated events in two ways.
    """
    from hakam.policy.engine import compile_pack  # noqa: PLC0415 -- `hakam --help` stays instant
    from hakam.policy.render import render  # noqa: PLC0415 -- as above
    from hakam.policy.testing import run_examples  # noqa: PLC0415 -- as above

    files, loaded = _load(pack)
    if loaded.pack is None:
        print(render(loaded.errors, files), end="")
        raise typer.Exit(FAILED)
    engine = compile_pack(loaded.pack)
    passed, failed = 0, 0
    for result in run_examples(engine):
        if only is not None and only not in result.name:
            continue
        if result.passed:
            passed += 1
        else:
            failed += 1
            print(_failure(result))
    print(f"{passed} passed, {failed} failed")
    if only is None or covered:
        failed += _coverage(engine, named=covered, least=least)
    count = (GENERATED if only is None else 0) if generated is None else generated
    failed += _generated(engine, count)
    if failed or not passed:
        raise typer.Exit(FAILED)


def _coverage(engine: Engine, *, named: bool, least: float) -> int:
    """Tell how much the tests cover; return 1 if that is less than `least` per cent."""
    from hakam.policy.coverage import coverage  # noqa: PLC0415 -- as above

    found = coverage(engine)
    for gap in found.uncovered if named else ():
        print(f"  {gap.rule}: `{gap.leaf}` was never {'true' if gap.never else 'other than true'}")
    share = 100 * found.seen / found.total if found.total else 100.0
    more = "" if named or not found.uncovered else "; --coverage names the others"
    covered = f"{counted(found.total, 'outcome')} of conditions {'is' if found.seen == 1 else 'are'} covered"
    print(f"{found.seen} of {covered} ({share:.0f} %){more}")
    if share < least:
        print(f"that is less than {least:g} %")
    return int(share < least)


def _generated(engine: Engine, count: int) -> int:
    """Judge generated events in two ways; return on how many these differ."""
    from hakam.policy.coverage import disagreements, generated_events  # noqa: PLC0415 -- as above

    if not count:
        return 0
    wrong = list(disagreements(engine, generated_events(engine, count)))
    for one in wrong[:SHOWN]:
        print(f"  {one.rule}: compiled {one.compiled}, plain {one.plain} on {one.event}")
    print(f"{counted(count, 'generated event')}, {counted(len(wrong), 'difference')}")
    return len(wrong)


_UNREAD = frozenset({"P001", "P002", "P003", "P004"})  # what YAML itself refuses


def lay_out_pack(
    pack: Folder,
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit code 1 if it would.")
    ] = False,
) -> None:
    """Put the files of a pack in the one layout. Comments and meaning stay."""
    from hakam.policy.layout import lay_out  # noqa: PLC0415 -- `hakam --help` stays instant

    files, loaded = _load(pack)
    laid = lay_out(files)
    changed = sorted(path for path, text in laid.items() if text != files[path])
    if loaded.pack is not None and not _same_meaning(loaded, laid):
        typer.echo("the layout would change what a rule means; nothing was written", err=True)
        raise typer.Exit(UNUSABLE)
    for path in changed:
        print(f"{'would change' if check_only else 'changed'} {path}")
        if not check_only:
            (pack / path).write_text(laid[path], encoding="utf-8", newline="\n")
    print(f"{len(changed)} of {counted(len(files), 'file')} {'would change' if check_only else 'changed'}")
    unread = {one.span.file for one in loaded.errors if one.code in _UNREAD and one.span is not None}
    for path in sorted(unread):
        typer.echo(f"{path} can't be read and is as it was; `hakam check` shows why", err=True)
    if changed and check_only:
        raise typer.Exit(FAILED)


def _same_meaning(loaded: Loaded, laid: dict[str, str]) -> bool:
    from hakam.policy.pack import load_pack  # noqa: PLC0415 -- as above

    before = loaded.pack
    again = load_pack(laid, before.outside if before is not None else None).pack
    if again is None or before is None:
        return False
    return {rule.id: rule.digest for rule in again.rules} == {rule.id: rule.digest for rule in before.rules}


def _load(folder: Path) -> tuple[dict[str, str], Loaded]:
    from hakam.policy.pack import load_pack  # noqa: PLC0415 -- `hakam --help` stays instant
    from hakam.storage.packs import read_folder  # noqa: PLC0415 -- as above

    try:
        files = read_folder(folder)
    except (OSError, ValueError) as error:
        typer.echo(f"cannot read the pack: {error}", err=True)
        raise typer.Exit(UNUSABLE) from error
    return files, load_pack(files, published_lists())


def published_lists() -> Mapping[str, OutsideList]:
    """Return the lists outside packs that are in force in the home, none where there is no home."""
    from hakam.policy.outside import BadListError  # noqa: PLC0415 -- `hakam --help` stays instant
    from hakam.storage.embedded.lists import FOLDER, open_lists  # noqa: PLC0415 -- as above
    from hakam.storage.embedded.published import PublishedError, read  # noqa: PLC0415 -- as above
    from hakam.wiring.settings import SettingError, settings  # noqa: PLC0415 -- as above

    try:
        home = settings().home
        published = read(home / "published.json")
        return open_lists(home / FOLDER, published.lists) if published is not None else {}
    except (BadListError, PublishedError, SettingError) as error:
        typer.echo(f"lists outside the pack can't be read: {error}", err=True)
        return {}


def _failure(result: ExampleResult) -> str:
    lines = [f"FAILED {result.name}  ({result.span.file}:{result.span.line})"]
    for miss in result.misses:
        lines.append(
            f"  `{miss.rule}` {'did not fire and should' if miss.should_fire else 'fired and should not'}:"
        )
        lines += [f"    {line}" for line in miss.why.split("\n")]
    return "\n".join(lines) + "\n"
