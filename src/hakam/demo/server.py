"""Maydan as a process: reads where Hakam is, serves its pages, and lets its people go on talking."""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time

from hakam.demo import script
from hakam.demo.hakam_client import Hakam, HakamError
from hakam.demo.pages import Pages
from hakam.demo.platform import Platform
from hakam.demo.setting_up import key_path, store_path, webhook_secret
from hakam.demo.site import Site
from hakam.demo.store import Store
from hakam.wiring.programs import near
from hakam.wiring.settings import Settings, settings

LOG = logging.getLogger("maydan")
TRICKLE = "MAYDAN_TRICKLE_SECONDS"  # environment: seconds between two new posts at first; 0 for none
EVERY = 15.0


def platform_of(chosen: Settings) -> Platform:
    """Return Maydan with its store and its way to Hakam."""
    host = near(chosen)
    hakam = Hakam(
        door=f"http://{host}:{chosen.door_port}",
        api=f"http://{host}:{chosen.console_port}",
        key=key_path(chosen).read_text(encoding="utf-8").strip(),
    )
    return Platform(Store(store_path(chosen)), hakam, base_url=f"http://{host}:{chosen.demo_port}")


def make_application() -> Site:
    """Return the WSGI application; called once in the serving process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    chosen = settings()
    platform = platform_of(chosen)
    every = float(os.environ.get(TRICKLE, EVERY))
    threading.Thread(target=live, args=(platform, every), name="people", daemon=True).start()
    pages = Pages(platform.store, console=chosen.base_url)
    return Site(platform, pages, secret=webhook_secret(chosen))


def live(platform: Platform, every: float) -> None:
    """Let people post now and then, once the script is in, and hand in what could not be handed in before."""
    coming, pauses = itertools.cycle(script.trickle()), script.pauses()
    left = next(pauses)
    while True:
        time.sleep(every or EVERY)
        if platform.store.note("seeded") is None:
            continue
        left -= 1
        try:
            platform.hand_in_unsent()
            if every and left <= 0:
                left, line = next(pauses), next(coming)
                author = platform.store.authors()[line.authors[0]]
                platform.write(author=author, text=line.text, language=author.language)
        except HakamError as error:
            LOG.warning("Hakam can't be reached: %s", error)
        except Exception:
            LOG.exception("the people of Maydan were interrupted")


def serve(chosen: Settings) -> None:
    """Serve until told to stop."""
    from granian import Granian  # noqa: PLC0415 -- only this process needs it
    from granian.constants import Interfaces  # noqa: PLC0415

    Granian(
        "hakam.demo.server:make_application",
        factory=True,
        address=chosen.host,
        port=chosen.demo_port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=4,
        websockets=False,
        workers_kill_timeout=5,
        respawn_failed_workers=True,
    ).serve()
