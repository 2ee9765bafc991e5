"""Make a home ready as an operator would: database, rule book, people, keys, an endpoint.

`python -m tests.furnish` runs in the environment of the home, reads an `Order` as JSON from standard input
and writes the `Furniture` to standard output. One process instead of a command line for each piece.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import msgspec


class Person(msgspec.Struct, frozen=True):
    """Somebody who works with Hakam."""

    username: str
    role: str
    password: str
    name: str = ""
    language: str = "en"
    reads: tuple[str, ...] = ("en", "ar")


class Order(msgspec.Struct, frozen=True):
    """What the home shall have. The platform gets a key with every scope."""

    platform: str
    people: tuple[Person, ...] = ()
    hook_url: str = ""
    hook_secret: str = ""


class Furniture(msgspec.Struct, frozen=True):
    """What it has. `people` maps a user name to the number of the account."""

    key: str
    rulebook: str
    people: dict[str, int]


def furnish(order: Order) -> Furniture:
    """Make it so. Django must be started."""
    from hakam.enforcement import endpoints  # noqa: PLC0415 -- needs Django started
    from hakam.enforcement.delivery_policy import shipped_connectors  # noqa: PLC0415
    from hakam.staff.keys import issue_key  # noqa: PLC0415
    from hakam.staff.roles import PERSONAL_SCOPES, Role, Scope  # noqa: PLC0415
    from hakam.staff.users import create_user  # noqa: PLC0415
    from hakam.vocabulary.actor import SYSTEM  # noqa: PLC0415
    from hakam.wiring import publish, start  # noqa: PLC0415
    from hakam.wiring.settings import settings  # noqa: PLC0415

    now = datetime.now(tz=UTC)
    start.migrate()
    rulebook = start.ensure_rulebook(settings(), now=now)
    people = {
        person.username: create_user(
            username=person.username,
            email=f"{person.username}@forum.example",
            role=Role(person.role),
            by=SYSTEM,
            now=now,
            password=person.password,
            name=person.name or person.username.title(),
            language=person.language,
            languages_read=person.reads,
        ).pk
        for person in order.people
    }
    if order.hook_url:
        folder = settings().secrets_dir
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"webhook-{order.platform}"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(order.hook_secret)
        endpoints.register(
            platform=order.platform,
            connector=shipped_connectors()["webhook"],
            settings={"url": order.hook_url},
            by=SYSTEM,
            now=now,
        )
    _key, text = issue_key(
        platform=order.platform, scopes=set(Scope) - PERSONAL_SCOPES, name="tests", by=SYSTEM, now=now
    )
    publish.publish(settings(), now=now)
    return Furniture(key=text, rulebook=rulebook, people=people)


if __name__ == "__main__":
    from hakam.wiring import start

    start.start_django()
    sys.stdout.buffer.write(
        msgspec.json.encode(furnish(msgspec.json.decode(sys.stdin.buffer.read(), type=Order)))
    )
