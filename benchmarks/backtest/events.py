"""Seeded events in Arabic and English, with every field that can be missing missing now and then."""
# ruff: noqa: E501 -- lists of words

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.engine.posts import ARABIC, ENGLISH

BAIT = (
    "free crypto", "double your money", "click here", "giveaway", "ربح سريع", "اضغط هنا", "اقتل نفسك", "BUY NOW!!!",
    "visit https://bit.ly/a8Kd72", "call 0044 555 123 4567", "V1AGRA", "f r e e money", "اربح 500 دولار", "رَبِـــح سَريع",
    "hxxp://evil[.]example/x", "0x52908400098527886e0f7030069857d2e4169ee7", "dm me for prices", "100% legit", "ｆｒｅｅ",
)  # fmt: skip
COUNTRIES = ("US", "FR", "DE", "GB", "SA", "EG", "JO", "MA")
KINDS = ("post", "post", "post", "comment", "message", "profile", "listing", "live.chat")
START = datetime(2026, 2, 20, tzinfo=UTC)


def events(count: int, *, seed: int = 11, authors: int = 4_000, seconds: float = 0.4) -> Iterator[bytes]:
    """Yield `count` events as JSON, about `seconds` apart, some of them late by up to a minute."""
    rng = random.Random(seed)
    clock = 0.0
    for n in range(count):
        clock += rng.random() * 2 * seconds
        yield json.dumps(_event(n, rng, clock, authors), ensure_ascii=False, separators=(",", ":")).encode()


def _event(n: int, rng: random.Random, clock: float, authors: int) -> dict[str, Any]:
    late = rng.random() * 60 if rng.random() < 0.05 else 0.0
    moment = START + timedelta(seconds=round(clock - late, rng.choice((0, 3, 6))))
    event: dict[str, Any] = {
        "id": f"e{n}",
        "platform": "forum" if rng.random() < 0.9 else "chat",
        "kind": rng.choice(KINDS),
        "at": moment.isoformat(),
        "author": _author(rng, moment, authors),
        "item": _item(n, rng),
    }
    if rng.random() < 0.8:
        event["context"] = _some(
            rng,
            country=rng.choice(COUNTRIES),
            client=rng.choice(("App/5.12", "curl/8.4.0", "متصفح", "Mozilla/5.0")),
            ip_hash=f"{rng.randrange(authors):016x}",
        )
    if rng.random() < 0.7:
        event["scores"] = _some(
            rng,
            toxicity=round(rng.betavariate(1.2, 8), 4),
            spam=round(rng.random(), 2),
            sexual=rng.choice((0, 1)),
        )
    if rng.random() < 0.3:
        event["extra"] = _some(
            rng,
            karma=rng.choice((-5, 0, 3, 2.5, "three", None)),
            vip=rng.random() < 0.5,
            plan=rng.choice(("free", "مجاني", 7)),
            tags=rng.choice((["a"], ["a", "ب"], [], "a")),
        )
    if rng.random() < 0.1:
        event["change"] = rng.choice(("edited", "deleted"))
    return event


def _author(rng: random.Random, moment: datetime, authors: int) -> dict[str, Any]:
    number = int(rng.paretovariate(0.6)) % authors
    created = moment - timedelta(days=rng.choice((-1, 0, 0.2, 3, 40, 2_000)), seconds=rng.randrange(86_400))
    return {
        "id": f"u{number}",
        **_some(
            rng,
            name=rng.choice(
                (f"{rng.choice(ENGLISH)}_{number}", f"{rng.choice(ARABIC)} {number}", "Admin", "")
            ),
            created_at=created.isoformat(),
            followers=int(rng.lognormvariate(5, 2)),
            following=int(rng.lognormvariate(5, 1)),
            posts=int(rng.lognormvariate(4, 2)),
            verified=rng.random() < 0.4,
            country=rng.choice(COUNTRIES),
            labels=rng.sample(("vip", "new", "muted"), rng.choice((0, 1, 2))),
        ),
    }


def _item(n: int, rng: random.Random) -> dict[str, Any]:
    arabic = rng.random() < 0.45
    words = rng.choices(ARABIC if arabic else ENGLISH, k=rng.randint(1, 30))
    if rng.random() < 0.25:
        words.insert(rng.randrange(len(words) + 1), rng.choice(BAIT))
    if rng.random() < 0.03:
        words = ["same", "words", "again", "and", "again"]
    item: dict[str, Any] = {
        "id": f"i{n}",
        **_some(
            rng,
            title=" ".join(rng.choices(ENGLISH, k=3)).title(),
            language="ar" if arabic else "en",
            links=[f"https://{rng.choice(ENGLISH)}.example/{n}"],
            mentions=[f"u{rng.randrange(99)}" for _ in range(rng.randrange(7))],
            hashtags=[rng.choice(ENGLISH), rng.choice(ARABIC)],
            parent=f"i{rng.randrange(n + 1)}",
            community=f"c{rng.randrange(20)}",
            audience=rng.choice(("public", "followers", "private")),
            reach=rng.randrange(10_000),
            media=[{"mime": "image/jpeg"}] * rng.randrange(3),
            labels=["adult"] * rng.randrange(2),
        ),
    }
    if rng.random() < 0.93:
        item["text"] = " ".join(words)
    return item


def _some(rng: random.Random, **values: Any) -> dict[str, Any]:
    """Return the values, each of which is missing in two of five events."""
    return {name: value for name, value in values.items() if rng.random() < 0.6}
