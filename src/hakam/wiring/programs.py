"""The programs of one machine: how each is run here, how the supervisor starts it and knows that it works."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from hakam.live import configuration
from hakam.live.configuration import LiveConfiguration
from hakam.signals.models.heads import Head
from hakam.wiring.processes import Program
from hakam.wiring.settings import SettingError, Settings
from hakam.wiring.worker import read_heartbeat

CONSOLE, DOOR, WORKER = "console", "door", "worker"
GATE, WATCH = "gate", "watch"  # only where streams are guarded: `live.json` in the home
TRIALS = "trials"  # started by the worker when a trial waits, ends with it
MOST_CONSOLE_THREADS = 8
_SWITCH = 0.0005  # seconds: the gate's loop waits no longer for a thread that tells a media server
_DIRECT = build_opener(ProxyHandler({}))  # a health check never goes through the operator's proxy


def answers(url: str, _started_at: float = 0.0) -> bool:
    """Whether `url` answers with a status below 500 within two seconds."""
    request = Request(url, headers={"user-agent": "hakam-health"})  # noqa: S310 -- http to ourselves
    try:
        with _DIRECT.open(request, timeout=2):
            return True
    except (URLError, OSError, ValueError):
        return False


def beats(heartbeat: Path, started_at: float) -> bool:
    """Whether a worker that began after `started_at` (Unix seconds) has given a sign of life."""
    beat = read_heartbeat(heartbeat)
    return beat is not None and beat.at >= started_at and beat.started_at >= started_at - 1


def heartbeat_path(settings: Settings) -> Path:
    """Return the file in which the worker tells how it fares."""
    return settings.home / "worker.json"


def near(settings: Settings) -> str:
    """Return the host by which this machine reaches its own processes."""
    return "127.0.0.1" if settings.host in {"0.0.0.0", "::", ""} else settings.host  # noqa: S104 -- compared only


def command(name: str) -> Sequence[str]:
    """Return the command that runs the program `name` as a child of a supervisor."""
    return (sys.executable, "-m", "hakam.wiring.child", name)


def programs(settings: Settings) -> tuple[Program, ...]:
    """Return the three programs that make up Hakam, and two more where live streams are guarded."""
    host = near(settings)
    return (
        *live_programs(settings),
        Program(
            name=CONSOLE,
            command=command(CONSOLE),
            ready=partial(answers, f"http://{host}:{settings.console_port}/healthz"),
        ),
        Program(
            name=DOOR,
            command=command(DOOR),
            ready=partial(answers, f"http://{host}:{settings.door_port}/healthz"),
        ),
        Program(name=WORKER, command=command(WORKER), ready=partial(beats, heartbeat_path(settings))),
    )


def live_programs(settings: Settings) -> tuple[Program, ...]:
    """Return gate and watch, if `live.json` is in the home. Raises `SettingError` for one that can't be used."""
    chosen = live_configuration(settings)
    if chosen is None:
        return ()
    host = "127.0.0.1" if chosen.host in {"0.0.0.0", "::", ""} else chosen.host  # noqa: S104 -- compared only
    return (
        Program(
            name=GATE, command=command(GATE), ready=partial(answers, f"http://{host}:{chosen.port}/healthz")
        ),
        Program(name=WATCH, command=command(WATCH), ready=partial(beats, watch_heartbeat_path(settings))),
    )


def watch_heartbeat_path(settings: Settings) -> Path:
    """Return the file in which the watch tells how it fares."""
    return settings.home / "watch.json"


def live_configuration(settings: Settings) -> LiveConfiguration | None:
    """Return what is configured of live streams. Raises `SettingError`."""
    try:
        return configuration.load(settings.home)
    except configuration.ConfigurationError as error:
        raise SettingError(str(error)) from error


def run_gate(settings: Settings) -> None:
    """Serve the go-live gate until told to stop."""
    import asyncio  # noqa: PLC0415 -- only this process needs it
    import gc  # noqa: PLC0415
    import time  # noqa: PLC0415

    from hakam.live.gate.keeper import Gatekeeper  # noqa: PLC0415
    from hakam.live.gate.server import Application, Options, run  # noqa: PLC0415
    from hakam.live.gate.spool import Spool, path_of  # noqa: PLC0415
    from hakam.wiring.media_servers import adapters  # noqa: PLC0415

    chosen = live_configuration(settings)
    if chosen is None:
        raise SettingError(f"{settings.home / configuration.FILE} is missing: nothing is to be guarded")
    spool = Spool(path_of(settings.home))
    keeper = Gatekeeper(
        settings.home,
        adapters(),
        spool,
        secret=settings.secret,
        clock=time.time,
        base_url=settings.base_url,
    )
    if keeper.trouble:
        raise SettingError(keeper.trouble)

    gc.collect()
    gc.freeze()  # what was loaded lives as long as the process: no answer waits until all of it was looked at again
    sys.setswitchinterval(_SWITCH)

    async def serve() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def end() -> None:
            loop.call_soon_threadsafe(stop.set)

        stop_on_signals(end)
        await run(Application(keeper), Options(chosen.host, chosen.port), stop=stop)

    try:
        asyncio.run(serve())
    finally:
        spool.close()


def run_watch(settings: Settings) -> None:
    """Watch the streams on air until told to stop."""
    from hakam.wiring.start import start_django  # noqa: PLC0415 -- only this process needs it

    start_django()
    from hakam.wiring.watch import task  # noqa: PLC0415 -- needs Django started
    from hakam.wiring.worker import Worker  # noqa: PLC0415

    stop = threading.Event()
    stop_on_signals(stop.set)
    with task(settings) as lanes:
        Worker(lanes, heartbeat=watch_heartbeat_path(settings)).run(stop)


def run_console(settings: Settings) -> None:
    """Serve the console and the control API until told to stop. Django under WSGI: see decision 0003."""
    from granian import Granian  # noqa: PLC0415 -- only this process needs it
    from granian.constants import Interfaces  # noqa: PLC0415

    Granian(
        "hakam.wiring.wsgi:application",
        address=settings.host,
        port=settings.console_port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=min(MOST_CONSOLE_THREADS, 2 * (os.cpu_count() or 1) + 1),
        websockets=False,
        workers_kill_timeout=10,
        respawn_failed_workers=True,
        process_name=None,
    ).serve()


def run_door(settings: Settings) -> None:
    """Serve the door until told to stop."""
    from hakam.door.server import DoorConfig, serve  # noqa: PLC0415 -- only this process needs it

    try:
        scores = tuple(map(Head, settings.scores))
    except ValueError as error:
        raise SettingError(f"HAKAM_SCORES: {error}; it takes {', '.join(Head)}") from error
    require_model(settings)
    serve(DoorConfig(settings.home, settings.host, settings.door_port, settings.metrics_public, scores))


def require_model(settings: Settings) -> None:
    """Raise `SettingError` if the linear model that the settings name can't be used: before the first text comes."""
    chosen = settings.linear_model
    if chosen:
        from hakam.signals.models import shipped  # noqa: PLC0415 -- loads NumPy
        from hakam.signals.models.linear import UnreadableModelError  # noqa: PLC0415 -- the same

        try:
            shipped.linear()
        except (OSError, UnreadableModelError) as error:
            raise SettingError(f"HAKAM_LINEAR_MODEL: {chosen}: {error}") from error


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` on every signal that asks this process to end."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop())


def run_worker(settings: Settings) -> None:
    """Do the worker's duties until told to stop."""
    from hakam.wiring.start import start_django  # noqa: PLC0415 -- only this process needs it

    start_django()
    from hakam.wiring.duties import lanes  # noqa: PLC0415 -- needs Django started
    from hakam.wiring.worker import Worker  # noqa: PLC0415

    stop = threading.Event()
    stop_on_signals(stop.set)
    with lanes(settings) as duties:
        Worker(duties, heartbeat=heartbeat_path(settings)).run(stop)


def run_trials(settings: Settings) -> None:
    """Run the trials of drafts that wait, one after the other, below everything else that the machine does."""
    from hakam.wiring.start import start_django  # noqa: PLC0415 -- only this process needs it

    start_django()
    from hakam.wiring.trial_runs import run_all  # noqa: PLC0415 -- needs Django started

    if hasattr(os, "nice"):
        os.nice(10)
    run_all(settings)
