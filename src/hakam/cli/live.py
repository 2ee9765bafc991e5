"""`hakam live`: the media servers that are guarded, their addresses, live passes, and who is on air."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from hakam.cli.screen import OUT, CommandError

if TYPE_CHECKING:
    from hakam.live.configuration import LiveConfiguration
    from hakam.wiring.settings import Settings

app = typer.Typer(
    help="Live streams: the media servers that are guarded, their addresses, live passes.",
    no_args_is_help=True,
)
_DAY = 86_400.0


def _configured() -> tuple[Settings, LiveConfiguration]:
    from hakam.live.configuration import FILE  # noqa: PLC0415 -- --help needs none of it
    from hakam.wiring.programs import live_configuration  # noqa: PLC0415 -- the same
    from hakam.wiring.settings import SettingError, settings  # noqa: PLC0415 -- the same

    chosen = settings()
    try:
        found = live_configuration(chosen)
    except SettingError as error:
        raise CommandError(str(error)) from error
    if found is None:
        raise CommandError(f"{chosen.home / FILE} is missing; see docs/how-to/moderate-live-streams.md")
    return chosen, found


@app.command()
def servers() -> None:
    """Check `live.json`, and print the address that each media server calls."""
    from hakam.live.gate.keeper import address_token  # noqa: PLC0415 -- --help needs none of it
    from hakam.wiring.media_servers import adapters  # noqa: PLC0415 -- the same

    chosen, found = _configured()
    for server in found.servers:
        adapter = adapters().get(server.kind)
        if adapter is None:
            raise CommandError(
                f"there is no media server `{server.kind}`; there are {', '.join(sorted(adapters()))}"
            )
        problems = adapter.problems(server.settings)
        if problems:
            raise CommandError(f"server {server.name}: {'; '.join(problems)}")
        token = address_token(chosen.secret("gate"), server.name)
        address = f"http://{found.host}:{found.port}/gate/{server.name}/{token}"
        OUT.print(
            f"{server.name}: {server.kind} for {server.platform}; unsure: {server.when_unsure}, without the gate: "
            f"{adapter.without_gate}"
        )
        OUT.print(f"  {address}", soft_wrap=True)


@app.command("pass")
def make_pass(
    platform: Annotated[str, typer.Argument(help="The platform, as in `live.json`.")],
    account: Annotated[str, typer.Argument(help="Id of the account.")],
    hours: Annotated[float, typer.Option(min=0.01, help="How long it can be used to begin.")] = 12.0,
    stream: Annotated[str, typer.Option(help="The one stream name that it is for.")] = "",
    item: Annotated[str, typer.Option(help="The platform's id of the broadcast.")] = "",
    event: Annotated[str, typer.Option(help="A planned event.")] = "",
    country: Annotated[str, typer.Option(help="Country of the account, as DE.")] = "",
    age: Annotated[int, typer.Option(min=0, max=150, help="Years of the person; 0: not said.")] = 0,
    account_days: Annotated[
        float, typer.Option(min=0, help="Age of the account in days; 0: not said.")
    ] = 0.0,
    *,
    verified: Annotated[bool, typer.Option(help="The identity is verified.")] = False,
) -> None:
    """Print a live pass: for trying out, platforms make their own."""
    from hakam.live.gate.passes import Pass, issue  # noqa: PLC0415 -- --help needs none of it

    chosen, found = _configured()
    if platform not in {server.platform for server in found.servers}:
        raise CommandError(f"no server of `{platform}` is in live.json")
    now = time.time()
    made = Pass(
        account=account,
        until=round(now + hours * 3_600),
        stream=stream,
        item=item,
        event=event,
        created=round(now - account_days * _DAY) if account_days else None,
        verified=verified or None,
        age=age or None,
        country=country.upper() or None,
    )
    key = issue(made, chosen.secret(f"live-{platform}"))
    longest, name = _longest_pass(found, platform)
    if len(key) > longest:
        raise CommandError(
            f"the pass has {len(key)} characters, and {name} hands over {longest}: leave out what no condition "
            "asks for, or shorten item and event"
        )
    OUT.print(key, soft_wrap=True)


def _longest_pass(found: LiveConfiguration, platform: str) -> tuple[int, str]:
    """Return how long a pass of a platform may be, and for which of its servers."""
    from hakam.live.gate import passes  # noqa: PLC0415 -- --help needs none of it
    from hakam.wiring.media_servers import adapters  # noqa: PLC0415 -- the same

    known = adapters()
    limits = [
        (known[server.kind].longest_pass, server.name)
        for server in found.servers
        if server.platform == platform and server.kind in known
    ]
    return min(limits, default=(passes.LONGEST, platform))


@app.command()
def senses() -> None:
    """Say what the watch asks about streams besides the banks: models that look, writing in frames, speech to text."""
    from hakam.cli.home import open_home  # noqa: PLC0415 -- --help needs none of it

    chosen = open_home()
    from hakam.adapters import declared as declarations  # noqa: PLC0415 -- the same
    from hakam.adapters.declared import DeclarationError  # noqa: PLC0415 -- the same
    from hakam.intake.switching import is_on  # noqa: PLC0415 -- the same
    from hakam.media import extra, tesseract  # noqa: PLC0415 -- the same

    missing = ", ".join(extra.missing())
    languages = tesseract.installed(chosen.languages) if tesseract.available() else ()
    if missing:
        OUT.print(f"nothing is seen or heard: {missing} missing; pip install 'hakam[media]'")
    absent = f"not read: {tesseract.ProgramMissingError(chosen.languages)}"
    OUT.print(f"writing in frames: {', '.join(languages) or absent}", soft_wrap=True)
    for reads, none in (
        ("picture", 'no model looks at frames: none is declared with `reads = "picture"`'),
        (
            "speech",
            'nobody writes down speech: none comes with Hakam, and none is declared with `reads = "speech"`',
        ),
    ):
        found = [
            f"{one.name} ({one.what.adapter}, {'on' if is_on(one) else 'off: hakam models on ' + one.name})"
            for one in declarations.all_in(chosen.home)
            if not isinstance(one, DeclarationError) and one.what.reads == reads
        ]
        OUT.print(f"{reads}: {', '.join(found) or none}", soft_wrap=True, markup=False)
    OUT.print("see docs/how-to/moderate-live-streams.md")
