"""`hakam demo`: the demo platform; with `--exit`, the whole chain once, each link proved."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Annotated

import typer

from hakam.cli import up as running
from hakam.cli.screen import OUT, CommandError, show_findings, table
from hakam.vocabulary.counted import counted

if TYPE_CHECKING:
    from hakam.demo.chain import Link
    from hakam.wiring.settings import Settings

UNDO_SECONDS = 1  # the bounded run waits for no second thoughts


def demo(
    once: Annotated[
        bool,
        typer.Option(
            "--exit", help="Run the whole chain once without anybody's help, print what happened, end."
        ),
    ] = False,
) -> None:
    """Start Hakam with Maydan, a demo platform in Arabic and English. The same as `hakam up --demo`.

    With `--exit` it posts, judges, decides, delivers, complains and reverses by itself within a minute,
    has the doctor look, and ends with a summary; the exit code is 0 only if every link of the chain
    happened. It takes free ports, and the data folder of the settings, which must hold nothing but the
    demo's data.
    """
    if once:
        run_once()
    else:
        running.up(demo=True)


def choose_ports(environment: MutableMapping[str, str]) -> None:
    """Choose free ports for everything, unless the operator chose."""
    probes = []
    for name in ("CONSOLE", "DOOR", "DEMO"):
        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        environment.setdefault(f"HAKAM_{name}_PORT", str(probe.getsockname()[1]))
        probes.append(probe)
    for probe in probes:
        probe.close()


def run_once() -> None:
    """Run the chain, then the doctor, then tell."""
    from hakam.demo import setting_up  # noqa: PLC0415 -- --help needs none of it
    from hakam.wiring import programs, start  # noqa: PLC0415
    from hakam.wiring.hold import HomeInUseError, hold  # noqa: PLC0415

    os.environ.setdefault("HAKAM_UNDO_SECONDS", str(UNDO_SECONDS))
    choose_ports(os.environ)
    setting_up.choose_settings(os.environ)
    stop = threading.Event()
    programs.stop_on_signals(stop.set)
    began = time.monotonic()
    with running.progress_display() as steps:
        chosen = start.start_django()
        try:
            with hold(chosen.home):
                links = _run(chosen, steps, stop)
        except HomeInUseError as error:
            raise CommandError(str(error)) from error
    _tell(links, seconds=time.monotonic() - began)


def _run(chosen: Settings, steps: running.Steps, stop: threading.Event) -> list[Link]:
    from hakam.demo import setting_up  # noqa: PLC0415 -- needs Django started
    from hakam.demo.chain import BrokenLinkError, Chain, moderator  # noqa: PLC0415
    from hakam.demo.hakam_client import HakamError  # noqa: PLC0415
    from hakam.demo.server import platform_of  # noqa: PLC0415
    from hakam.wiring import ports, programs  # noqa: PLC0415

    running.prepare(chosen, steps, demo=True)
    links: list[Link] = []
    failed: list[Exception] = []

    def run_chain() -> None:
        site = f"http://{programs.near(chosen)}:{chosen.demo_port}"
        chain = Chain(
            platform_of(chosen), site=site, log=ports.event_log(), vault=ports.vault(), on_link=links.append
        )
        try:
            chain.run(
                first=moderator("amal"),
                second=moderator("oskar"),
                undo_seconds=chosen.undo_seconds,
                on_progress=lambda done, total: steps.move("Posts and reports", done, total),
            )
        except (BrokenLinkError, HakamError) as error:
            failed.append(error)
        finally:
            stop.set()

    wanted = [*programs.programs(chosen), setting_up.program(chosen, trickle=False)]
    running.supervise(chosen, wanted, steps, stop, run_chain)
    if failed:
        for link in links:
            OUT.print(f"happened: {link.name}: {link.what}", markup=False)
        raise CommandError(f"the chain broke: {failed[0]}. Logs are in {chosen.home / 'logs'}") from failed[0]
    if not links:
        raise CommandError("stopped before the chain began")
    return links


def _tell(links: list[Link], *, seconds: float) -> None:
    from hakam.cli.doctor import examine  # noqa: PLC0415 -- needs Django started

    found, errors = examine()
    shown = table("link", "what happened", "seconds", title="The whole chain")
    for link in links:
        shown.add_row(link.name, link.what, f"{link.seconds:.1f}")
    shown.add_row("doctor", counted(errors, "error") if errors else "no errors", "")
    OUT.print(shown)
    show_findings(finding for findings in found.values() for finding in findings)
    OUT.print(f"\nDone in {seconds:.0f} s.")
    if errors:
        raise typer.Exit(1)
