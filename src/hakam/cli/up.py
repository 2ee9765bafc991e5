"""`hakam up`: everything that one machine needs, in one command, until Ctrl-C."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from hakam.cli.screen import ERR, OUT, CommandError
from hakam.vocabulary.counted import counted

if TYPE_CHECKING:
    from hakam.wiring.processes import ProcessState, Program
    from hakam.wiring.settings import Settings

READY_SECONDS = 300.0  # a program that ends is told at once: this is for machines with much else to do


class Steps:
    """The progress display: one line a step, on a terminal with spinner and clock, else plain."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show that a step runs, then how it ended: the text given to the yielded function."""
        task = self.open(title)
        notes: list[str] = []
        yield notes.append
        self.close(title, notes[-1] if notes else "")
        self._progress.stop_task(task)

    def open(self, title: str, total: float | None = None) -> TaskID:
        """Begin a step."""
        if title not in self._tasks:
            self._tasks[title] = self._progress.add_task(title, total=total, note="")
        return self._tasks[title]

    def move(self, title: str, done: float, total: float) -> None:
        """Show how far a step has come."""
        self._progress.update(self.open(title), completed=done, total=total)

    def close(self, title: str, note: str) -> None:
        """End a step."""
        task = self.open(title)
        self._progress.update(task, completed=1, total=1, note=note)
        self._progress.stop_task(task)
        if not self._progress.console.is_terminal:
            self._progress.console.print(f"{title}: {note or 'done'}")


@contextmanager
def progress_display() -> Iterator[Steps]:
    """Show the steps of starting."""
    progress = Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description:<22}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[note]}", style="dim"),
        TimeElapsedColumn(),
        console=OUT,
        disable=not OUT.is_terminal,
    )
    with progress:
        yield Steps(progress)


def require_free_ports(host: str, ports: dict[str, int]) -> None:
    """Raise `CommandError` if somebody listens on a port that we need."""
    for variable, port in ports.items():
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CommandError(
                    f"{host}:{port} can't be used ({error.strerror}). Another Hakam may be running; "
                    f"if not, choose a free port: {variable}={port + 100} hakam up"
                ) from error


def supervise(
    settings: Settings,
    wanted: Sequence[Program],
    steps: Steps,
    stop: threading.Event,
    when_ready: Callable[[], None],
) -> None:
    """Start `wanted`, call `when_ready` once all are healthy, keep them up until `stop`, end them."""
    from hakam.wiring.processes import ProcessState, ProgramFailedError, Supervisor  # noqa: PLC0415

    settled = threading.Event()

    def changed(name: str, state: ProcessState, note: str) -> None:
        if settled.is_set():
            if state is not ProcessState.STOPPED:
                ERR.print(Text(f"{datetime.now(tz=UTC):%H:%M:%S} {name}: {state} {note}".rstrip()))
        elif state is ProcessState.READY:
            steps.close(name.capitalize(), note)
        else:
            steps.open(name.capitalize())

    supervisor = Supervisor(wanted, logs=settings.home / "logs", on_change=changed)
    try:
        supervisor.start()
        if supervisor.wait_ready(timeout=READY_SECONDS, stop=stop):
            when_ready()
            settled.set()
            while not stop.wait(0.25):
                supervisor.poll()
    except ProgramFailedError as error:
        raise CommandError(
            f"{error}. The end of its log ({settings.home / 'logs' / error.name}.log):\n{error.log}"
        ) from error
    finally:
        settled.set()
        supervisor.stop()


def addresses(settings: Settings, host: str, *, demo: bool) -> Table:
    """Return what can be opened, and what for."""
    shown = Table.grid(padding=(0, 2))
    shown.add_column(no_wrap=True)
    shown.add_column(no_wrap=True)
    shown.add_column()
    console = f"http://{host}:{settings.console_port}"
    rows = [
        ("Console", f"{console}/", "where people decide"),
        ("Report", f"{console}/report", "for anyone, without an account"),
        ("Rules", f"{console}/rules", "the rule book, with its versions"),
        ("Transparency", f"{console}/transparency", "live figures"),
        ("Door", f"http://{host}:{settings.door_port}/v1/events", "for platforms, with an API key"),
    ]
    if demo:
        rows.insert(
            0, ("Maydan", f"http://{host}:{settings.demo_port}/", "the demo platform: post, report, watch")
        )
    for name, url, what in rows:
        shown.add_row(Text(name, style="bold"), Text(url, style=f"cyan link {url}"), Text(what, style="dim"))
    return shown


def up(
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Also start Maydan, a demo platform in Arabic and English, and fill it."),
    ] = False,
) -> None:
    """Start everything: prepare the data folder and the database, then run console, door and worker.

    Ctrl-C ends all of it. A program that crashes is started again; what it wrote is in `<home>/logs`.
    """
    from hakam.wiring import programs, start  # noqa: PLC0415 -- --help needs none of it
    from hakam.wiring.hold import HomeInUseError, hold  # noqa: PLC0415

    if demo:
        from hakam.demo import setting_up  # noqa: PLC0415

        setting_up.choose_settings(os.environ)
    stop = threading.Event()
    programs.stop_on_signals(stop.set)
    with progress_display() as steps:
        with steps.step("Data folder") as note:
            chosen = start.start_django()
            note(str(chosen.home))
        with ExitStack() as held:
            try:
                held.enter_context(hold(chosen.home))
            except HomeInUseError as error:
                raise CommandError(str(error)) from error
            ports = {"HAKAM_CONSOLE_PORT": chosen.console_port, "HAKAM_DOOR_PORT": chosen.door_port}
            if demo:
                ports["HAKAM_DEMO_PORT"] = chosen.demo_port
            require_free_ports(chosen.host, ports)
            accounts = prepare(chosen, steps, demo=demo)
            wanted = list(programs.programs(chosen))
            if demo:
                wanted.append(setting_up.program(chosen))
            supervise(chosen, wanted, steps, stop, lambda: _tell(chosen, steps, accounts, stop, demo=demo))
    OUT.print("\nStopped. Everything is saved.")


def prepare(settings: Settings, steps: Steps, *, demo: bool) -> Table | None:
    """Make the home ready; return the log-ins to show, if there are any to show."""
    from hakam.wiring import publish, start  # noqa: PLC0415 -- needs Django started

    with steps.step("Database") as note:
        applied = start.migrate()
        note(counted(len(applied), "migration") if applied else "in shape")
    with steps.step("Rule book") as note:
        note(start.ensure_rulebook(settings, now=datetime.now(tz=UTC)))
    accounts = None
    if demo:
        from hakam.demo import setting_up  # noqa: PLC0415

        with steps.step("Demo accounts") as note:
            try:
                people = setting_up.set_up(settings, now=datetime.now(tz=UTC))
            except setting_up.DemoError as error:
                raise CommandError(str(error)) from error
            note(", ".join(person.username for person in people))
        accounts = Table.grid(padding=(0, 2))
        for person in people:
            accounts.add_row(
                Text(person.username, style="bold"), person.password, Text(person.what, style="dim")
            )
    publish.publish(settings, now=datetime.now(tz=UTC))
    return accounts


def _tell(
    settings: Settings, steps: Steps, accounts: Table | None, stop: threading.Event, *, demo: bool
) -> None:
    from hakam.staff.users import anybody  # noqa: PLC0415 -- needs Django started
    from hakam.wiring.programs import near  # noqa: PLC0415

    host = near(settings)
    OUT.print(
        Panel(
            addresses(settings, host, demo=demo), title="Hakam is running", title_align="left", expand=False
        )
    )
    if accounts is not None:
        OUT.print(Panel(accounts, title="Log-ins of the demo", title_align="left", expand=False))
    elif not anybody():
        OUT.print("Nobody can sign in yet. Make the first account, in another terminal:")
        OUT.print(
            "  hakam user create NAME --email ADDRESS --role administrator\n", style="bold", markup=False
        )
    OUT.print("Ctrl-C ends everything.", style="dim")
    if demo:
        _seed(settings, steps, stop)


def _seed(settings: Settings, steps: Steps, stop: threading.Event) -> None:
    from hakam.demo.seed import HakamError, seed  # noqa: PLC0415 -- needs Django started

    steps.move("Demo posts", 0, 1)
    try:
        told = seed(settings, on_progress=partial(steps.move, "Demo posts"), stop=stop)
        steps.close("Demo posts", str(told))
    except HakamError as error:  # Hakam runs; the next start goes on from here
        steps.close("Demo posts", "interrupted")
        ERR.print(Text(f"Maydan's posts are not all in: {error}", "yellow"))
