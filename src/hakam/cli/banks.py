"""`hakam bank`: banks of known content."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from hakam.banks.kinds import BankAction, BankSource
from hakam.cli.home import open_home
from hakam.cli.screen import ERR, OUT, CommandError, table
from hakam.vocabulary.bank import DIGITS, LARGEST_DISTANCE, EntryKind
from hakam.vocabulary.counted import counted
from hakam.wiring.settings import Settings

app = typer.Typer(
    help="Banks of known content: hashes of what is not to be seen again.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="Name of the bank.")]
_SHOWN_BAD = 20


def _format(word: str | None, path: Path | None) -> str:
    from hakam.banks.formats.known import ListFormat, guessed  # noqa: PLC0415 -- needs Django started

    if word is None:
        found = guessed(path) if path is not None else None
        if found is None:
            raise CommandError(f"say the format with --format: {', '.join(ListFormat)}")
        return found.value
    if word not in set(ListFormat):
        raise CommandError(f"there is no format {word!r}: {', '.join(ListFormat)}")
    return word


@contextmanager
def _changing() -> Iterator[tuple[Settings, datetime]]:
    """Give a verb the settings and the time; tell its refusals; publish what it changed."""
    chosen, now = open_home(), datetime.now(tz=UTC)
    from hakam.banks.formats.form import FormatError  # noqa: PLC0415 -- needs Django started
    from hakam.banks.kinds import BankError  # noqa: PLC0415
    from hakam.wiring import publish  # noqa: PLC0415

    try:
        yield chosen, now
    except (BankError, FormatError) as error:
        raise CommandError(str(error)) from error
    publish.publish(chosen, now=now)  # the door knows it at once, worker or no worker


@app.command()
def create(
    name: Name,
    source: Annotated[BankSource, typer.Option(help="Who answers for what is in it.")],
    purpose: Annotated[str, typer.Option(help="What these hashes are kept for, in words for people.")],
    clause: Annotated[str, typer.Option(help="The clause of the rule book that such content breaks.")],
    action: Annotated[
        BankAction,
        typer.Option(help="What a match asks for by itself: nothing, or a person. Rules may ask for more."),
    ] = BankAction.NOTE,
    country: Annotated[
        str, typer.Option(help="Whose law asks for it, as DE; empty for no one country's.")
    ] = "",
    distance: Annotated[
        int, typer.Option(min=0, max=LARGEST_DISTANCE, help="Bits within which a picture counts as a copy.")
    ] = LARGEST_DISTANCE,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days after which it ends; without it, never.")
    ] = None,
) -> None:
    """Make an empty bank."""
    with _changing() as (_, now):
        from hakam.banks.keeping import create_bank  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        create_bank(
            name,
            source=source,
            purpose=purpose,
            clause=clause,
            action=action,
            country=country,
            distance=distance,
            expires_at=now + timedelta(days=days) if days else None,
            by=SYSTEM,
            now=now,
        )
    OUT.print(f"made the bank {name}")


@app.command("list")
def list_banks() -> None:
    """List every bank with its figures."""
    open_home()
    from hakam.banks import access  # noqa: PLC0415 -- needs Django started

    now = datetime.now(tz=UTC)
    shown = table("name", "source", "clause", "a match", "entries", "right", "wrong", "state")
    for told in access.told():
        bank = told.bank
        state = "in force" if bank.in_force(now) else "expired" if bank.enabled else "off"
        shown.add_row(
            bank.name,
            bank.source,
            bank.clause,
            bank.action,
            f"{told.entries:,}",
            str(told.right),
            str(told.wrong),
            state,
        )
    OUT.print(shown)


@app.command("import")
def import_list(
    name: Name,
    path: Annotated[Path, typer.Argument(help="The list.", exists=True, dir_okay=False)],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="csv json threatexchange ncmec stopncii stix misp; without it, as the file's name tells.",
        ),
    ] = None,
    kind: Annotated[EntryKind | None, typer.Option(help="Kind of the rows that do not say theirs.")] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="The list is all there is: what it does not name is withdrawn.")
    ] = False,
    example: Annotated[
        bool, typer.Option("--example", help="These are seeds: `hakam doctor` tries whether they are found.")
    ] = False,
) -> None:
    """Take a hash list into a bank.

    Rows that can't be kept are told by their line, and the others come in. What the source withdrew goes at once. Exit
    code 1 if nothing of the list could be kept.
    """
    with _changing() as (_, now):
        from hakam.banks.filling import fill  # noqa: PLC0415 -- needs Django started
        from hakam.banks.formats.known import ListFormat, read_file  # noqa: PLC0415
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        chosen = ListFormat(_format(form, path))
        filled = fill(
            name,
            read_file(path, chosen, kind),
            origin=f"{path.name}, {chosen}",
            example=example,
            whole=whole,
            by=SYSTEM,
            now=now,
        )
    for bad in filled.bad[:_SHOWN_BAD]:
        ERR.print(Text(f"{path.name}:{bad.place}: {bad.why}"), soft_wrap=True)
    if filled.refused > _SHOWN_BAD:
        ERR.print(f"and {filled.refused - _SHOWN_BAD:,} more")
    OUT.print(
        f"{filled.added:,} added, {filled.known:,} known already, {filled.removed:,} withdrawn, "
        f"{filled.refused:,} refused"
    )
    if filled.refused and not (filled.added or filled.known or filled.removed):
        raise typer.Exit(1)


@app.command()
def add(
    name: Name,
    paths: Annotated[
        list[Path], typer.Argument(help="Pictures, clips, recordings.", exists=True, dir_okay=False)
    ],
    label: Annotated[str, typer.Option(help="What they are, in a word or two.")] = "",
    example: Annotated[
        bool, typer.Option("--example", help="These are seeds: `hakam doctor` tries whether they are found.")
    ] = False,
    hot: Annotated[
        bool,
        typer.Option(
            "--hot",
            help="Keep their landmarks too: found off centre, under a logo, inside other pictures. For incidents.",
        ),
    ] = False,
) -> None:
    """Keep pictures, clips and recordings in a bank, so that edited copies are found: mirrored, cropped, framed, cut.

    Needs the extra `media`, and for clips and recordings the program `ffmpeg`. Each is decoded in a process of its own.
    The files themselves are kept nowhere. Exit code 1 if one can't be kept; the others are.
    """
    failed = 0
    with _changing() as (_, now):
        from hakam.banks.clips import clip_kept_as  # noqa: PLC0415 -- needs Django started
        from hakam.banks.filling import fill  # noqa: PLC0415
        from hakam.banks.kinds import BankError  # noqa: PLC0415
        from hakam.banks.pictures import kept_as  # noqa: PLC0415
        from hakam.media.extra import MediaExtraMissingError  # noqa: PLC0415
        from hakam.media.sandbox import Sandbox  # noqa: PLC0415
        from hakam.media.sniff import is_clip  # noqa: PLC0415
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        try:
            sandbox = Sandbox()
        except MediaExtraMissingError as error:
            raise CommandError(str(error)) from error
        with sandbox:
            for path in paths:
                try:
                    data = path.read_bytes()
                    if is_clip(data):
                        kept = clip_kept_as(data, label=label, landmarks=hot)
                    else:
                        kept = kept_as(data, label=label, sandbox=sandbox, landmarks=hot)
                except (BankError, OSError) as error:
                    failed += 1
                    ERR.print(Text(f"{path}: {error}"), soft_wrap=True)
                    continue
                filled = fill(
                    name,
                    kept.rows,
                    variants=kept.variants,
                    example=example,
                    origin="pictures",
                    by=SYSTEM,
                    now=now,
                )
                OUT.print(
                    Text(
                        f"{path}: {counted(filled.added, 'hash', 'hashes')} added, {filled.known} known already"
                    )
                )
    if failed:
        raise typer.Exit(1)


@app.command("export")
def export_list(
    name: Name,
    path: Annotated[Path, typer.Argument(help="Where to write; `-` for standard output.")],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="csv json threatexchange ncmec stopncii stix misp; without it, as the file's name tells.",
        ),
    ] = None,
) -> None:
    """Write a bank as a hash list. That it left is recorded."""
    with _changing() as (_, now):
        from hakam.banks.exporting import export  # noqa: PLC0415 -- needs Django started
        from hakam.banks.formats.known import ListFormat  # noqa: PLC0415
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        pieces = export(name, ListFormat(_format(form, path)), by=SYSTEM, now=now)
        if str(path) == "-":
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            return
        try:
            with path.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
        except OSError as error:
            raise CommandError(f"{path} can't be written: {error.strerror}") from error
    OUT.print(f"wrote {path}")


@app.command()
def match(
    given: Annotated[list[str], typer.Argument(help="Hashes in hex, or texts.")],
    kind: Annotated[
        EntryKind | None,
        typer.Option(
            help="Their kind; without it, by their length (64 digits: SHA-256 and PDQ are both tried)."
        ),
    ] = None,
) -> None:
    """Look hashes or texts up in every bank in force, as the door does. Exit code 1 if nothing matches."""
    with _changing() as (chosen, now):
        from hakam.banks.looking import look_up  # noqa: PLC0415 -- needs Django started
        from hakam.wiring import publish  # noqa: PLC0415

        publish.publish(chosen, now=now)
        found = [(one, *look_up(chosen.home, one, now=now, kind=kind)) for one in given]
    shown = table("what", "bank", "entry", "kind", "bits apart")
    for one, seen, _ in found:
        for near in seen.matches:
            shown.add_row(Text(one[:20]), near.bank, str(near.entry), near.kind, str(near.distance))
    for trouble in dict.fromkeys(trouble for _, _, troubles in found for trouble in troubles):
        ERR.print(Text(trouble, "yellow"), soft_wrap=True)
    if not shown.row_count:
        OUT.print("no match")
        raise typer.Exit(1)
    OUT.print(shown)


@app.command()
def look(
    paths: Annotated[
        list[Path], typer.Argument(help="Pictures, clips, recordings.", exists=True, dir_okay=False)
    ],
) -> None:
    """Look pictures, clips and recordings up in every bank in force, as the worker does.

    Needs the extra `media`, and for clips and recordings the program `ffmpeg`. Each is decoded in a process of its own.
    One that can't be read is told, and the others are looked up. Exit code 1 if nothing matches.
    """
    with _changing() as (chosen, now):
        from hakam.banks import publication  # noqa: PLC0415 -- needs Django started
        from hakam.media.extra import MediaExtraMissingError  # noqa: PLC0415
        from hakam.media.sandbox import Sandbox, UnreadableError  # noqa: PLC0415
        from hakam.storage.known_content import KnownContent  # noqa: PLC0415
        from hakam.storage.known_media import KnownMedia  # noqa: PLC0415
        from hakam.storage.media_lookup import look_at  # noqa: PLC0415
        from hakam.wiring import publish  # noqa: PLC0415

        publish.publish(chosen, now=now)
        known = KnownContent(chosen.home, publication.in_force(chosen.home, now=now))
        media = KnownMedia(known)
        shown = table("what", "bank", "entry", "kind", "how near")
        try:
            sandbox = Sandbox()
        except MediaExtraMissingError as error:
            raise CommandError(str(error)) from error
        with sandbox:
            for path in paths:
                try:
                    looked = look_at(path.read_bytes(), media, sandbox, at=now.timestamp())
                except (UnreadableError, OSError) as error:
                    ERR.print(Text(f"{path}: {error}"), soft_wrap=True)
                    continue
                if looked.missed:
                    ERR.print(Text(f"{path}: only a part was looked at; {looked.missed}"), soft_wrap=True)
                for one in looked.alike:
                    shown.add_row(Text(path.name), one.bank, str(one.entry), one.kind, one.how)
    for trouble in dict.fromkeys([*known.troubles, *media.troubles]):
        ERR.print(Text(trouble, "yellow"), soft_wrap=True)
    if not shown.row_count:
        OUT.print("no match")
        raise typer.Exit(1)
    OUT.print(shown)


@app.command()
def feedback(
    name: Name,
    entry: Annotated[int, typer.Argument(help="Number of the entry, as a match names it.")],
    right: Annotated[bool, typer.Option("--right/--wrong", help="Whether the match was right.")],
    note: Annotated[str, typer.Option(help="Why, for colleagues.")] = "",
) -> None:
    """Say whether a match was right."""
    with _changing() as (_, now):
        from hakam.banks.judging import judge_entry  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        judge_entry(name, entry, correct=right, note=note, by=SYSTEM, now=now)
    OUT.print("noted")


@app.command()
def withdraw(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, for the record. Name nobody in it.")],
    entry: Annotated[list[int] | None, typer.Option(help="Number of an entry; repeat for more.")] = None,
    item: Annotated[
        list[str] | None, typer.Option(help="The source's id of a thing; all its hashes go.")
    ] = None,
    digest: Annotated[list[str] | None, typer.Option("--hash", help="A hash; repeat for more.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="All that is in the bank.")] = False,
) -> None:
    """Take entries out of a bank, at once and for good: no hash stays behind."""
    if not (entry or item or digest or everything):
        raise CommandError("say what: --entry, --item, --hash or --everything")
    with _changing() as (chosen, now):
        from hakam.banks import access  # noqa: PLC0415 -- needs Django started
        from hakam.banks import withdraw as verbs  # noqa: PLC0415
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        hashes = [(k, d) for d in digest or () for k in EntryKind if DIGITS.get(k) == len(d.strip())]
        things = access.things(name, entries=entry or (), hashes=hashes)
        removed = verbs.withdraw(
            name,
            reason=reason,
            entries=entry or (),
            items=item or (),
            hashes=hashes,
            everything=everything,
            by=SYSTEM,
            now=now,
        )
        left = access.left_of(name, things)
    from hakam.wiring import publish  # noqa: PLC0415 -- needs Django started

    publish.erase_withdrawn(chosen)
    OUT.print(f"withdrew {counted(removed, 'entry')}")
    for thing, count in sorted(left.items()):
        others = counted(count, "other hash", "other hashes")
        ERR.print(Text(f"{others} of {thing} still match; --item {thing} takes them out too"), soft_wrap=True)


@app.command()
def correct(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, for the record. Name nobody in it.")],
    label: Annotated[str | None, typer.Option(help="What they are, in a word or two.")] = None,
    thing: Annotated[str | None, typer.Option(help="The id of the thing that they are hashes of.")] = None,
    entry: Annotated[list[int] | None, typer.Option(help="Number of an entry; repeat for more.")] = None,
    item: Annotated[
        list[str] | None, typer.Option(help="The source's id of a thing; all its hashes.")
    ] = None,
    digest: Annotated[list[str] | None, typer.Option("--hash", help="A hash; repeat for more.")] = None,
) -> None:
    """Correct what entries are called, or of which thing they are. Partners of a shared bank hear of it."""
    if not (entry or item or digest):
        raise CommandError("say what: --entry, --item or --hash")
    with _changing() as (_, now):
        from hakam.banks import correcting  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        changed = correcting.correct(
            name,
            reason=reason,
            label=label,
            item=thing,
            entries=entry or (),
            items=item or (),
            hashes=[(k, d) for d in digest or () for k in EntryKind if DIGITS.get(k) == len(d.strip())],
            by=SYSTEM,
            now=now,
        )
    OUT.print(f"corrected {counted(changed, 'entry')}")


@app.command()
def change(
    name: Name,
    enabled: Annotated[bool | None, typer.Option("--on/--off", help="Whether its matches count.")] = None,
    action: Annotated[BankAction | None, typer.Option(help="What a match asks for by itself.")] = None,
    clause: Annotated[str | None, typer.Option(help="Another clause.")] = None,
    distance: Annotated[
        int | None,
        typer.Option(min=0, max=LARGEST_DISTANCE, help="Bits within which a picture counts as a copy."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days from now after which it ends.")
    ] = None,
    shared: Annotated[
        bool | None,
        typer.Option("--share/--no-share", help="Whether partners with a key may fetch its hashes."),
    ] = None,
) -> None:
    """Change a bank; what is not given stays."""
    with _changing() as (_, now):
        from hakam.banks.keeping import change_bank  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        change_bank(
            name,
            enabled=enabled,
            action=action,
            clause=clause,
            distance=distance,
            expires_at=now + timedelta(days=days) if days else None,
            shared=shared,
            by=SYSTEM,
            now=now,
        )
    OUT.print(f"changed the bank {name}")


@app.command()
def delete(
    name: Name, reason: Annotated[str, typer.Option(help="Why, for the record. Name nobody in it.")]
) -> None:
    """Delete a bank with all that is in it, for good."""
    with _changing() as (_, now):
        from hakam.banks.keeping import delete_bank  # noqa: PLC0415 -- needs Django started
        from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415

        held = delete_bank(name, reason=reason, by=SYSTEM, now=now)
    OUT.print(f"deleted the bank {name} with {counted(held, 'entry')}")
