"""`hakam waiting`: a waiting room for a live event."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import hashlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import msgspec
import typer

from hakam.cli.screen import OUT, CommandError, table

if TYPE_CHECKING:
    from hakam.live.waiting.asking import Line
    from hakam.live.waiting.plan import Plan
    from hakam.live.waiting.rehearsal import Outcome
    from hakam.wiring.settings import Settings

app = typer.Typer(
    help="A waiting room: a live event lets in as many as it holds, in a fair order.", no_args_is_help=True
)
Event = Annotated[str, typer.Argument(help="Name of the event, as its plan has it.")]
_LOCAL = ("127.0.0.1", "localhost", "::1")
_MOST_TICKETS = 1_000_000


def _settings() -> Settings:
    from hakam.wiring import settings  # noqa: PLC0415 -- --help needs none of it

    return settings.settings()


def _plan(chosen: Settings, event: str) -> Plan:
    from hakam.live.waiting.plan import PlanError, load_plan  # noqa: PLC0415 -- --help needs none of it

    try:
        return load_plan(chosen.home, event)
    except PlanError as error:
        raise CommandError(str(error)) from error


def _lots(secret: str) -> bytes:
    return hashlib.sha256(b"hakam waiting lots 1\0" + secret.encode()).digest()


@app.command()
def plan(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="The plan as JSON; see docs/how-to/live-event.md."),
    ],
) -> None:
    """Check a plan and keep it in the home. An event of the same name is planned anew."""
    from hakam.live.waiting.plan import PlanError, keep_plan, read_plan  # noqa: PLC0415

    try:
        read = read_plan(file.read_bytes())
    except PlanError as error:
        raise CommandError(f"{file}: {error}") from error
    path = keep_plan(_settings().home, read)
    OUT.print(
        f"{read.event}: {read.capacity:,} seats, {read.pace:g} people a second, lanes {', '.join(read.lane_names)}"
    )
    OUT.print(f"kept as {path}", soft_wrap=True)


@app.command("key")
def show_key() -> None:
    """Print the public key of tickets and gates. Nodes without the secret keep it."""
    from hakam.live.edge_keys import waiting_key  # noqa: PLC0415 -- --help needs none of it

    key = waiting_key(_settings().secret("waiting"))
    OUT.print(key.public_key().public_bytes_raw().hex())


@app.command()
def token() -> None:
    """Print the token that the controller, and who reports load, show to a node."""
    OUT.print(_token(_settings().secret("waiting")))


def _token(secret: str) -> str:
    from hakam.live.edge_keys import waiting_token  # noqa: PLC0415 -- --help needs none of it

    return waiting_token(secret)


@app.command()
def tickets(
    event: Event,
    holders: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="One account id a line.")],
    lane: Annotated[str, typer.Option(help="Lane of the plan.")] = "public",
) -> None:
    """Print a ticket for each account of a file, as CSV. Public ones are given out before the opening only."""
    from hakam.live.edge_keys import waiting_key  # noqa: PLC0415 -- --help needs none of it
    from hakam.live.waiting.issued import Issued  # noqa: PLC0415
    from hakam.live.waiting.plan import PUBLIC, folder_of  # noqa: PLC0415
    from hakam.live.waiting.ticket import TicketError, issue  # noqa: PLC0415

    chosen, now = _settings(), datetime.now(tz=UTC)
    planned, secret = _plan(chosen, event), chosen.secret("waiting")
    if lane not in planned.lane_names:
        raise CommandError(f"`{event}` has no lane `{lane}`: it has {', '.join(planned.lane_names)}")
    if lane == PUBLIC and now >= planned.opens_at:
        raise CommandError(f"`{event}` is open: whoever comes now gets a place from a node")
    names = [name for name in map(str.strip, holders.read_text(encoding="utf-8").splitlines()) if name]
    if len(names) > _MOST_TICKETS:
        raise CommandError(f"{len(names):,} accounts, but at most {_MOST_TICKETS:,} at once")
    key, lots, number = waiting_key(secret), _lots(secret), planned.lane_names.index(lane)
    issued, rows = Issued(planned), []
    for name in names:
        try:
            text = issue(key, planned, name, lots=lots, now=now, lane=number)
        except TicketError as error:
            raise CommandError(f"`{event}` is over") from error
        issued.count(text)
        rows.append((name, text))
    issued.keep(folder_of(chosen.home, event))  # before anybody can hold a ticket that is not counted
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("account", "ticket"))
    out.writerows(rows)


@app.command()
def serve(
    event: Event,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8430,
    name: Annotated[str, typer.Option(help="Name of this node; without it, its host and port.")] = "",
    gate_from: Annotated[
        str, typer.Option(help="Address of the node that controls the gate. Without it, this one does.")
    ] = "",
    node: Annotated[
        list[str] | None, typer.Option(help="Address of another node that gives out tickets.")
    ] = None,
    holder_header: Annotated[
        str, typer.Option(help="Header in which a trusted front says who asks; without it, a cookie does.")
    ] = "",
    secure: Annotated[bool, typer.Option("--secure", help="Cookies over TLS only.")] = False,
    door: Annotated[str, typer.Option(help="Address of the door, to take questions of the audience.")] = "",
    door_key: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="File with a key of the door, scope events:write."),
    ] = None,
    checks_only: Annotated[bool, typer.Option("--checks-only", help="Give out no tickets.")] = False,
) -> None:
    """Serve a node of the waiting room until told to stop."""
    from hakam.live.edge_keys import waiting_key  # noqa: PLC0415 -- only this process needs it
    from hakam.live.waiting.node import Issuing, Node  # noqa: PLC0415
    from hakam.live.waiting.plan import folder_of  # noqa: PLC0415
    from hakam.live.waiting.server import Application, Controller, Follower, Options, run  # noqa: PLC0415
    from hakam.live.waiting.steady import SteadyClock  # noqa: PLC0415

    if gate_from and node:
        raise CommandError("either this node controls the gate, or it takes it from another")
    chosen = _settings()
    planned, secret = _plan(chosen, event), chosen.secret("waiting")
    key, name = waiting_key(secret), name or f"{host}-{port}"
    if not all(c.isalnum() or c in "-._" for c in name):
        raise CommandError("the name of a node holds letters, digits and -._ only")
    folder = folder_of(chosen.home, event)
    served = Node(
        planned,
        key.public_key(),
        name=name,
        clock=SteadyClock(),
        path=folder / f"node-{name}.json",
        issuing=None if checks_only else Issuing(key, _lots(secret)),
    )
    line = _line(chosen, planned, door, door_key) if door else None
    application = Application(served, Options(host, port, _token(secret), secure, holder_header), line)
    turn = (
        Follower(application, gate_from).turn
        if gate_from
        else Controller(application, key, folder / "admission.json", nodes=node or ()).turn
    )

    async def main() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        await run(application, turn, stop=stop, ready=lambda: OUT.print(f"http://{host}:{port}/"))

    asyncio.run(main())


def _line(chosen: Settings, planned: Plan, door: str, key_file: Path | None) -> Line:
    """Return the way of questions to the door."""
    from hakam.live.waiting.asking import Line  # noqa: PLC0415 -- only a node that takes questions needs it

    if planned.questions is None:
        raise CommandError(f"the plan of `{planned.event}` has no `questions`")
    key = key_file.read_text(encoding="utf-8").strip() if key_file else ""
    if not key.startswith("hk_"):
        raise CommandError("--door needs --door-key: a file with a key that `hakam key` made, hk_...")
    line = Line(
        planned.event, planned.questions, url=door, key=key, platform=planned.platform or chosen.platform
    )
    if trouble := asyncio.run(line.trouble()):
        raise CommandError(f"the door takes no questions with this key: {trouble}")
    return line


@app.command()
def load(
    level: Annotated[float, typer.Argument(min=0, max=10, help="1 is all that the set-up bears.")],
    url: Annotated[
        str, typer.Option(help="Address of the node that controls the gate.")
    ] = "http://127.0.0.1:8430",
) -> None:
    """Tell the gate how loaded the event is. It counts for 30 seconds; a monitor repeats it."""
    import httpx  # noqa: PLC0415 -- only this command needs it

    try:
        answer = httpx.post(
            f"{url.rstrip('/')}/load",
            json={"load": level},
            headers={"authorization": f"Bearer {_token(_settings().secret('waiting'))}"},
        )
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise CommandError(f"{url}: {error}") from error
    OUT.print(f"load {level:g} is known")


@app.command()
def rehearse(
    event: Event,
    *,
    people: Annotated[int, typer.Option(min=1, max=50_000, help="How many come.")] = 2_000,
    within: Annotated[float, typer.Option(min=0, max=600, help="Seconds in which they come.")] = 10,
    seconds: Annotated[float, typer.Option(min=5, max=3_600, help="How long it lasts.")] = 60,
    down_twice: Annotated[
        bool, typer.Option("--down-twice", help="Report an overload after a third and after two thirds.")
    ] = False,
    url: Annotated[
        str, typer.Option(help="A node on this machine to rehearse at; without it, one is started for it.")
    ] = "",
) -> None:
    """Rehearse an event with a crowd of real connections, before the day, and say what the set-up holds.

    Without `--url` the plan is copied, opened a few seconds from now, and nothing of the real event is touched.
    """
    from hakam.live.waiting.rehearsal import rehearse as crowd  # noqa: PLC0415 -- only this command needs it
    from hakam.live.waiting.rehearsed import keep, rehearsed  # noqa: PLC0415

    if url and urlsplit(url).hostname not in _LOCAL:
        raise CommandError("a rehearsal sends its crowd to this machine only")
    planned = _plan(_settings(), event)
    _raise_limit(people)
    with tempfile.TemporaryDirectory() as folder:
        server = None if url else _stage(planned, Path(folder), seconds)
        at = url or f"http://127.0.0.1:{server.port}/"  # type: ignore[union-attr]
        try:

            async def main() -> Outcome:
                task = asyncio.create_task(crowd(at, people, seconds, within=within))
                if down_twice:
                    for _ in range(2):
                        await asyncio.sleep(seconds / 3)
                        if server is not None:
                            await asyncio.to_thread(server.overload)
                return await task

            outcome = asyncio.run(main())
        finally:
            steps = [] if server is None else server.end()
    _show(outcome, steps)
    found = rehearsed(outcome, steps, at=datetime.now(tz=UTC), where=url)
    keep(_settings().home, event, found)  # the console shows it
    if outcome.wrong or outcome.order_broken:
        raise typer.Exit(1)


class _Stage:
    """A server that is started for a rehearsal, in a folder of its own."""

    def __init__(self, planned: Plan, home: Path, port: int) -> None:
        from hakam.live.waiting.plan import keep_plan  # noqa: PLC0415 -- --help needs none of it

        keep_plan(home, planned)
        self.port, self._home = port, home
        self._steps: list[str] = []
        self._over, self._reported = threading.Event(), 0.0
        self._reporter: threading.Thread | None = None
        self._environment = {"HAKAM_HOME": str(home), "HAKAM_SECRET_WAITING": "rehearsal", "PYTHONUTF8": "1"}
        self._process = subprocess.Popen(  # noqa: S603 -- ourselves
            [sys.executable, "-m", "hakam.cli", "waiting", "serve", planned.event, "--port", str(port)],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        if not self._process.stdout.readline().startswith("http"):
            raise CommandError("the node did not start")

    def step(self) -> str:
        """Return the step of admission now."""
        import httpx  # noqa: PLC0415 -- only this command needs it

        body = httpx.get(f"http://127.0.0.1:{self.port}/gate", timeout=30).content[72:]
        return str(msgspec.json.decode(body)["step"])

    def overload(self) -> None:
        """Report that the event bears no more, until admission has stepped down; from then on, that it just bears it.

        A report is forgotten after some seconds, so that one is repeated to the end of the rehearsal or the next
        overload: otherwise admission would step up again by itself.
        """
        before, end = self.step(), time.monotonic() + 30
        self._steps = self._steps or [before]
        self._reported = 1.0
        if self._reporter is None:
            self._reporter = threading.Thread(target=self._report, daemon=True)
            self._reporter.start()
        while self.step() == before and time.monotonic() < end:
            time.sleep(0.5)
        self._reported = 0.75
        self._steps.append(self.step())

    def _report(self) -> None:
        import httpx  # noqa: PLC0415 -- only this command needs it

        bearer = {"authorization": f"Bearer {_token('rehearsal')}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=bearer, timeout=30) as client:
            while not self._over.wait(0.5):
                with contextlib.suppress(httpx.HTTPError):  # it ends while it is told
                    client.post("/load", json={"load": self._reported})

    def end(self) -> list[str]:
        """Stop it; return the steps that were seen."""
        self._over.set()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        return self._steps


def _stage(planned: Plan, home: Path, seconds: float) -> _Stage:
    opens = (datetime.now(tz=UTC) + timedelta(seconds=4)).replace(microsecond=0)
    now_open = msgspec.structs.replace(
        planned,
        opens_at=opens,
        ends_at=opens + timedelta(seconds=seconds + 600),
        settle_seconds=min(planned.settle_seconds, max(1, int(seconds / 12))),
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return _Stage(now_open, home, port)


def _raise_limit(people: int) -> None:
    """Let this process open so many connections, where the system allows it."""
    try:
        import resource  # noqa: PLC0415 -- not on Windows
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = people + 200
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise CommandError(f"{people:,} people need {wanted:,} open files, and `ulimit -Hn` is {hard:,}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _show(outcome: Outcome, steps: list[str]) -> None:
    shown = table("what", "found")
    rows = [
        ("people", f"{outcome.people:,}"),
        ("connections at once", f"{outcome.most_open:,}"),
        ("let in", f"{outcome.admitted:,}"),
        ("answers", f"{sum(outcome.answers.values()):,}"),
        ("answers a second", f"{sum(outcome.answers.values()) / outcome.seconds:,.0f}"),
        ("time of an answer, median", f"{outcome.at(0.5) * 1000:,.1f} ms"),
        ("99 of 100 within", f"{outcome.at(0.99) * 1000:,.1f} ms"),
        ("neither a seat nor a clear wait", f"{outcome.wrong:,}"),
        ("order broken", f"{outcome.order_broken:,}"),
    ]
    for row in rows:
        shown.add_row(*row)
    OUT.print(shown)
    if steps:
        OUT.print(f"steps: {' > '.join(steps)}")
    for what, n in outcome.answers.most_common():
        if what not in {"admitted", "wait", "ticket"}:
            OUT.print(f"{n:,} x {what}")
