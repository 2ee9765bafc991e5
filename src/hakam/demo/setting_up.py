"""Making Maydan known to Hakam: its people, its key, its endpoint, as an operator would by hand."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import MutableMapping
from datetime import datetime
from functools import partial
from importlib.resources import files
from pathlib import Path

import msgspec

from hakam.vocabulary.actor import SYSTEM
from hakam.wiring.processes import Program
from hakam.wiring.programs import answers, near
from hakam.wiring.settings import Settings

PLATFORM = "maydan"


class DemoError(RuntimeError):
    """The demo can't run here. The message says why and what would help."""


class DemoPerson(msgspec.Struct, frozen=True):
    """An account of the demo, with the password that this home made up for it."""

    username: str
    password: str
    what: str


_PEOPLE = (
    # username, name, role, language, languages read, what
    ("amal", "Amal Saleh", "moderator", "ar", ("ar", "en"), "moderator, console in Arabic"),
    ("oskar", "Oskar Lund", "senior_moderator", "en", ("en", "ar"), "senior moderator, console in English"),
    ("petra", "Petra Novak", "policy_lead", "en", ("en",), "policy lead: rules and ledger"),
    ("admin", "Ada Admin", "administrator", "en", ("en", "ar"), "administrator: people, keys, deliveries"),
)


def choose_settings(environment: MutableMapping[str, str]) -> None:
    """Choose what the demo needs, unless the operator chose already. Call it before settings are read."""
    environment.setdefault("HAKAM_PLATFORM", PLATFORM)
    environment.setdefault("HAKAM_PLATFORM_NAME", "Maydan")
    environment.setdefault("HAKAM_ALLOW_PRIVATE_ENDPOINTS", "true")  # Maydan is on this very machine
    port = environment.get("HAKAM_CONSOLE_PORT")
    if port:
        environment.setdefault("HAKAM_BASE_URL", f"http://127.0.0.1:{port}")


def store_path(settings: Settings) -> Path:
    """Return Maydan's own file."""
    return settings.home / "maydan.db"


def key_path(settings: Settings) -> Path:
    """Return where Maydan keeps its API key, readable by its owner only."""
    return settings.secrets_dir / "maydan-key"


def webhook_secret(settings: Settings) -> str:
    """Return the secret that signs the webhooks to Maydan, made on first use."""
    from hakam.enforcement.connectors.webhook.secret import new_secret  # noqa: PLC0415 -- rarely

    path = settings.secrets_dir / f"webhook-{PLATFORM}"
    if not path.exists():
        _keep_secret(path, new_secret())
    return settings.secret(f"webhook-{PLATFORM}")


def _keep_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)


def password_of(settings: Settings, username: str) -> str:
    """Return the password of a demo account: the same at each start, another in each home."""
    digest = hashlib.sha256(f"{settings.secret('demo')} {username}".encode()).digest()
    listed = files("hakam.demo").joinpath("script", "words.txt").read_text(encoding="utf-8").split()
    number = int.from_bytes(digest[:12], "big")
    words = []
    for _ in range(3):
        number, index = divmod(number, len(listed))
        words.append(listed[index])
    return f"{'-'.join(words)}-{number % 900 + 100}"


def _require_demo_home(settings: Settings) -> None:
    """Refuse an installation of real work: the demo's people and posts must not mix with it."""
    from hakam.staff.access import by_username  # noqa: PLC0415 -- needs Django started
    from hakam.staff.users import anybody  # noqa: PLC0415

    if anybody() and by_username(_PEOPLE[0][0]) is None:
        raise DemoError(
            f"{settings.home} holds data that is not the demo's; choose another folder with HAKAM_HOME"
        )


def set_up(settings: Settings, *, now: datetime) -> list[DemoPerson]:
    """Make people, key and endpoint, as far as they are not there yet. Django must be started.

    Raises `DemoError` for an installation that is not the demo's.
    """
    from hakam.enforcement import endpoints  # noqa: PLC0415 -- needs Django started
    from hakam.enforcement.delivery_policy import shipped_connectors  # noqa: PLC0415
    from hakam.staff.keys import find, issue_key  # noqa: PLC0415
    from hakam.staff.roles import PERSONAL_SCOPES, Scope  # noqa: PLC0415

    _require_demo_home(settings)
    people = _ensure_people(settings, now=now)
    path = key_path(settings)
    if not path.exists() or find(path.read_text(encoding="utf-8").strip()) is None:
        _key, text = issue_key(
            platform=PLATFORM, scopes=set(Scope) - PERSONAL_SCOPES, name="Maydan's server", by=SYSTEM, now=now
        )
        _keep_secret(path, text)
    webhook_secret(settings)
    endpoints.register(
        platform=PLATFORM,
        connector=shipped_connectors()["webhook"],
        settings={"url": f"http://{near(settings)}:{settings.demo_port}/hooks/hakam"},
        by=SYSTEM,
        now=now,
    )
    return people


def _ensure_people(settings: Settings, *, now: datetime) -> list[DemoPerson]:
    from hakam.staff.access import by_username  # noqa: PLC0415 -- needs Django started
    from hakam.staff.roles import Role  # noqa: PLC0415
    from hakam.staff.users import create_user  # noqa: PLC0415

    people = []
    for username, name, role, language, reads, what in _PEOPLE:
        password = password_of(settings, username)
        if by_username(username) is None:
            create_user(
                username=username,
                email=f"{username}@maydan.example",
                role=Role(role),
                by=SYSTEM,
                now=now,
                password=password,
                name=name,
                language=language,
                languages_read=reads,
            )
        people.append(DemoPerson(username, password, what))
    return people


def program(settings: Settings, *, trickle: bool = True) -> Program:
    """Return Maydan's process for the supervisor."""
    return Program(
        name="maydan",
        command=(sys.executable, "-m", "hakam.demo"),
        ready=partial(answers, f"http://{near(settings)}:{settings.demo_port}/healthz"),
        environment={} if trickle else {"MAYDAN_TRICKLE_SECONDS": "0"},
    )
