"""`hakam incident`: declare, confirm, prolong, end, write the log, report. Every deed is somebody's: `--as`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from hakam.cli.home import open_home
from hakam.cli.screen import OUT, CommandError, table

if TYPE_CHECKING:
    from hakam.incidents.powers import Settings as PowerSettings
    from hakam.incidents.states import Power
    from hakam.staff.models import User
    from hakam.wiring.settings import Settings

app = typer.Typer(
    help="Incidents: powers for some hours, taken back at their end. Exercises go the same way.",
    no_args_is_help=True,
)
Slug = Annotated[str, typer.Argument(help="The short name of the incident.")]
As = Annotated[str, typer.Option("--as", help="Whose deed it is: a user name that may do it.")]


@contextmanager
def _deed(username: str, *, declare: bool = True) -> Iterator[tuple[Settings, User, datetime]]:
    """Give a verb the settings, the person and the time; tell its refusals; let the door know at once."""
    chosen, now = open_home(), datetime.now(tz=UTC)
    from hakam.incidents.naming import IncidentError  # noqa: PLC0415 -- needs Django started
    from hakam.staff.models import User  # noqa: PLC0415
    from hakam.staff.roles import Permission  # noqa: PLC0415
    from hakam.wiring import publish  # noqa: PLC0415

    user = User.objects.filter(username=username, is_active=True).first()
    needed = Permission.INCIDENT_DECLARE if declare else Permission.INCIDENT_READ
    if user is None or not user.may(needed):
        raise CommandError(f"{username} is nobody who may do this")
    try:
        yield chosen, user, now
    except IncidentError as error:
        raise CommandError(str(error)) from error
    publish.publish(chosen, now=now)


@app.command()
def kinds() -> None:
    """List the types that can be declared today, as GIFCT and the EU name them."""
    from hakam.incidents.kinds import offered  # noqa: PLC0415 -- --help needs none of it

    shown = table("key", "activated by", "name")
    for one in offered(datetime.now(tz=UTC).date()):
        shown.add_row(one.key, one.issuer or "this platform", one.name["en"])
    OUT.print(shown)


@app.command("list")
def list_incidents() -> None:
    """List every incident, the newest first."""
    open_home()
    from hakam.incidents.clock import ends_at  # noqa: PLC0415 -- needs Django started
    from hakam.incidents.models import Incident  # noqa: PLC0415

    shown = table("incident", "what", "state", "declared", "until", "title")
    for one in Incident.objects.order_by("-declared_at"):
        what = "exercise" if one.exercise else "incident"
        times = f"{one.declared_at:%Y-%m-%d %H:%M}", f"{ends_at(one):%Y-%m-%d %H:%M}"
        shown.add_row(one.slug, what, one.state, *times, Text(one.title))
    OUT.print(shown)


@app.command()
def declare(
    name: Slug,
    title: Annotated[str, typer.Option(help="It stands above every page, and in the public report.")],
    summary: Annotated[str, typer.Option(help="What happened, for colleagues.")],
    clause: Annotated[str, typer.Option(help="The clause that its content breaks.")],
    who: As,
    kind: Annotated[str, typer.Option(help="The type: see `hakam incident kinds`.")] = "own",
    hours: Annotated[int, typer.Option(help="How long it lasts at most.")] = 24,
    power: Annotated[
        list[str] | None,
        typer.Option(help="emergency_bank, priority, delay, stricter, share; several times for several."),
    ] = None,
    minutes: Annotated[int, typer.Option(help="How long uploads wait, with `delay`.")] = 10,
    newer_than_days: Annotated[int | None, typer.Option(help="Only accounts younger than this wait.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A parameter with `stricter`: `flood_limit=5`.")
    ] = None,
    country: Annotated[list[str] | None, typer.Option(help="Scope: whoever posts from there.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Scope: what is written in it.")] = None,
    community: Annotated[list[str] | None, typer.Option(help="Scope: what is posted there.")] = None,
    stream: Annotated[list[str] | None, typer.Option(help="Scope: a broadcast, by its id.")] = None,
    *,
    review_only: Annotated[bool, typer.Option(help="Copies stay up while a person looks.")] = False,
    exercise: Annotated[bool, typer.Option(help="The same path; nobody is touched.")] = False,
    partners: Annotated[bool, typer.Option(help="Partners take part in the exercise.")] = False,
    wait: Annotated[bool, typer.Option(help="Nothing changes before a second person confirms.")] = False,
) -> None:
    """Declare an incident: in force at once, for an hour, until a second person confirms it."""
    with _deed(who) as (settings, user, now):
        from hakam.incidents import declaring  # noqa: PLC0415 -- needs Django started
        from hakam.incidents.clock import ends_at  # noqa: PLC0415
        from hakam.vocabulary.incident import Scope  # noqa: PLC0415

        made = declaring.declare(
            declaring.Declared(
                slug=name, title=title, kind=kind, summary=summary, clause=clause, hours=hours,
                exercise=exercise, partners_take_part=partners,
                scope=Scope(
                    communities=tuple(community or ()), countries=tuple(country or ()),
                    languages=tuple(language or ()), streams=tuple(stream or ()),
                ),
            ),
            _chosen(
                power or ["emergency_bank", "priority"], minutes, newer_than_days, set_ or [],
                hold=not review_only,
            ),
            platform=settings.platform, lead=user.pk, by=user.actor, now=now, wait=wait,
        )  # fmt: skip
        ends = ends_at(made)
    OUT.print(f"{made.slug}: {made.state}, until {ends:%Y-%m-%d %H:%M} UTC")
    OUT.print(f"a second person confirms it: hakam incident confirm {made.slug} --as NAME")


def _chosen(
    names: list[str], minutes: int, newer_than_days: int | None, values: list[str], *, hold: bool
) -> dict[Power, PowerSettings]:
    from hakam.incidents.naming import IncidentError  # noqa: PLC0415 -- needs Django started
    from hakam.incidents.powers import BankSettings, NoSettings, StricterSettings  # noqa: PLC0415
    from hakam.incidents.states import Power  # noqa: PLC0415
    from hakam.vocabulary.incident import DelayRule  # noqa: PLC0415

    if unknown := sorted(set(names) - set(Power)):
        raise IncidentError(f"there is no power `{unknown[0]}`; there are {', '.join(Power)}")
    if wrong := [one for one in values if "=" not in one]:
        raise IncidentError(f"`{wrong[0]}`: write `parameter=value`")
    settings: dict[Power, PowerSettings] = {
        Power.EMERGENCY_BANK: BankSettings(hold=hold),
        Power.STRICTER: StricterSettings(dict(one.split("=", 1) for one in values)),
        Power.PRIORITY: NoSettings(),
        Power.DELAY: DelayRule(seconds=minutes * 60, newer_than_days=newer_than_days),
        Power.SHARE: NoSettings(),
    }
    return {power: settings[power] for power in Power if power.value in names}


@app.command("confirm")
def confirm_incident(name: Slug, who: As) -> None:
    """Stand for an incident as the second person."""
    with _deed(who) as (_, user, now):
        from hakam.incidents.declaring import confirm  # noqa: PLC0415 -- needs Django started

        made = confirm(name, by=user.actor, now=now)
    OUT.print(f"{made.slug}: {made.state}, until {made.until:%Y-%m-%d %H:%M} UTC")


@app.command("refuse")
def refuse_incident(
    name: Slug, who: As, because: Annotated[str, typer.Option(help="Why it is none.")]
) -> None:
    """Say as the second person that it is none: what it changed is taken back."""
    with _deed(who) as (_, user, now):
        from hakam.incidents.declaring import refuse  # noqa: PLC0415 -- needs Django started

        made = refuse(name, because=because, by=user.actor, now=now)
    OUT.print(f"{made.slug}: {made.state}")


@app.command()
def renew(
    name: Slug,
    who: As,
    hours: Annotated[int, typer.Option(help="How many hours more.")] = 0,
    because: Annotated[str, typer.Option(help="Why it must go on.")] = "",
    *,
    grant: Annotated[bool, typer.Option(help="Grant what a colleague asked for.")] = False,
) -> None:
    """Ask for more time with a reason, or grant it as the second person."""
    with _deed(who) as (_, user, now):
        from hakam.incidents.renewing import ask_renewal, grant_renewal  # noqa: PLC0415 -- needs Django

        if grant:
            until = grant_renewal(name, by=user.actor, now=now).until
            said = f"{name}: until {until:%Y-%m-%d %H:%M} UTC"
        else:
            ask_renewal(name, hours=hours, reason=because, by=user.actor, now=now)
            said = f"{name}: asked for; a second person grants it"
    OUT.print(said)


@app.command("end")
def end_incident(
    name: Slug,
    who: As,
    because: Annotated[str, typer.Option(help="Why it ends.")],
    *,
    release: Annotated[
        bool, typer.Option(help="Let go what is held and nobody has looked at; people are told.")
    ] = False,
    keep_bank: Annotated[
        bool, typer.Option(help="Keep its bank for a year as an ordinary one, and what it holds.")
    ] = False,
) -> None:
    """End an incident: every power is taken back."""
    with _deed(who) as (_, user, now):
        from hakam.incidents.closing import end  # noqa: PLC0415 -- needs Django started

        made = end(name, because=because, keep_bank=keep_bank, release=release, by=user.actor, now=now)
    OUT.print(f"{made.slug}: {made.state}; every power is taken back")


@app.command()
def log(
    name: Slug,
    who: As,
    whom: Annotated[str, typer.Option(help="Who was told.")],
    words: Annotated[str, typer.Option(help="What was said.")],
) -> None:
    """Write down who was told what. It can't be changed."""
    with _deed(who, declare=False) as (_, user, now):
        from hakam.incidents.team import note_told  # noqa: PLC0415 -- needs Django started

        note_told(name, whom=whom, words=words, by=user.actor, now=now)
    OUT.print("written down")


@app.command()
def report(
    name: Slug,
    who: As,
    publish: Annotated[str, typer.Option(help="Publish it, with these words for the public.")] = "",
    file: Annotated[Path | None, typer.Option(help="Write it there as JSON.")] = None,
    *,
    confidential: Annotated[bool, typer.Option(help="With scope, settings, people and log.")] = False,
) -> None:
    """Print or publish the after-action report, as JSON. Every figure is counted from the ledger."""
    with _deed(who) as (_, user, now):
        import msgspec  # noqa: PLC0415 -- the command line starts without it

        from hakam.incidents import access  # noqa: PLC0415 -- needs Django started
        from hakam.incidents import report as reports  # noqa: PLC0415

        found = access.find(name)
        if found is None:
            raise CommandError(f"there is no incident {name}")
        if publish:
            made: object = reports.publish(name, words=publish, by=user.actor, now=now)
        elif confidential:
            made = reports.confidential(found, now=now)
        else:
            made = reports.report_of(found, words="", now=now)
        data = msgspec.json.format(msgspec.json.encode(made)).decode()
    if file is None:
        OUT.print(Text(data), soft_wrap=True)
        return
    try:
        file.write_text(data + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"the report can't be written: {error}") from error
    OUT.print(f"{file} is written")
