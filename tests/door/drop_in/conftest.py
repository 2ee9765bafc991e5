"""Fixtures of the tests of the doors in other shapes: a service without a socket, with the models that ship."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.door.app import Answer
from hakam.door.drop_in.akismet import Akismet
from hakam.door.drop_in.analyst import Analyst
from hakam.door.drop_in.call import Call, DropIn
from hakam.door.drop_in.labels import Labels
from hakam.door.drop_in.moderations import Moderations
from hakam.door.drop_in.perspective import Perspective
from hakam.door.drop_in.pictures import Pictures
from hakam.door.keys import KeyRing
from hakam.signals.models import shipped
from hakam.signals.models.reading import Reader
from hakam.storage.known_content import KnownContent
from hakam.storage.published import PublishedKey
from hakam.testing.doors import KEYS, NOW, key_text
from hakam.vocabulary.problem import Problem

Ask = Callable[..., tuple[int, Any, dict[str, str]]]


def admit(authorization: str | None, scope: str) -> PublishedKey | Problem:
    return KeyRing(KEYS).admit(authorization, scope, NOW)


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader(shipped.linear())


@pytest.fixture
def analyst(reader: Reader) -> Iterator[Analyst]:
    made = Analyst(lambda: reader)
    yield made
    made.stop()


def asker(service: DropIn) -> Ask:
    def ask(
        path: str,
        body: Any = None,
        *,
        key: str | None = "forum",
        query: dict[str, str] | None = None,
        method: str = "POST",
        kind: str = "application/json",
    ) -> tuple[int, Any, dict[str, str]]:
        data = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        shown = f"Bearer {key_text(key)}" if key else None
        call = Call(method, path, query or {}, shown, kind, "127.0.0.1:8421", data)
        answer: Answer = asyncio.run(service.answer(call))
        headers = dict(answer.headers)
        if headers["content-type"].startswith("application/json"):
            return answer.status, msgspec.json.decode(answer.body), headers
        return answer.status, answer.body, headers

    return ask


@pytest.fixture
def moderate(analyst: Analyst) -> Ask:
    return asker(
        Moderations(admit, analyst, Pictures(lambda: KnownContent(Path()), lambda _: None, lambda: NOW))
    )


@pytest.fixture
def perspective(analyst: Analyst, tmp_path: Path) -> Ask:
    return asker(Perspective(admit, analyst, Labels(tmp_path), clock=lambda: NOW))


@pytest.fixture
def akismet(analyst: Analyst, tmp_path: Path) -> Ask:
    return asker(Akismet(admit, analyst, Labels(tmp_path), lambda _platform: False, clock=lambda: NOW))


@pytest.fixture
def akismet_of_private(analyst: Analyst, tmp_path: Path) -> Ask:
    """Return one of a platform whose private messages may be read."""
    return asker(Akismet(admit, analyst, Labels(tmp_path), lambda _platform: True, clock=lambda: NOW))
