"""After an erasure nothing of the contents can be read from any file of a real installation, killed or not."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.furnish import Person
from tests.house import PLATFORM, House

pytestmark = [pytest.mark.sockets, pytest.mark.embedded, pytest.mark.timeout(600)]
SECRET = "Quillfeather-7731-\u0645\u0646\u0634\u0648\u0631"
PEOPLE = (
    Person("lena", "legal", "a long password 1"),
    Person("mira", "legal", "a long password 2"),
    Person("amal", "senior_moderator", "a long password 3"),
)
SCRIPT = Path(__file__).parent / "in_a_home.py"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path / "home", people=PEOPLE) as made:
        yield made


def traces(home: Path) -> list[str]:
    """Return the files of a home in which the secret can be read, as it is or as JSON escapes."""
    spellings = [SECRET.encode(), json.dumps(SECRET)[1:-1].encode(), b"Quillfeather-7731"]
    found = []
    for path in home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if any(one in data for one in spellings):
                found.append(str(path.relative_to(home)))
    return sorted(found)


def until(what: Callable[[], Any], seconds: float = 90.0) -> Any:
    end = time.monotonic() + seconds
    while not (got := what()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)
    return got


def do(house: House, *words: str) -> dict[str, Any]:
    done = house.run("tests.privacy.in_a_home", *words)
    found: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
    return found


def post(house: House, number: int, author: str = "u1", text: str = SECRET) -> None:
    event = {
        "id": f"e{number}", "platform": PLATFORM, "kind": "post", "at": "2026-01-02T03:04:05Z",
        "author": {"id": author, "email": f"{author}@people.example"},
        "item": {"id": f"p{number}", "text": f"{text} {number}", "url": f"https://forum.example/p/{number}"},
    }  # fmt: skip
    answer = httpx.post(
        f"{house.door_url}/v1/events", json=event, headers={"authorization": f"Bearer {house.furniture.key}"}
    )
    assert answer.status_code in {200, 201, 202}, answer.text


def journey(house: House, *, kill: bool) -> None:
    for number in range(4):  # a fifth would be a case of its own, which is kept until it is decided
        post(house, number)
    post(house, 99, author="u2", text="somebody else's words")
    until(lambda: do(house, "seen")["known"] >= 5)
    do(house, "report", "p1", "p3")
    assert traces(house.home) != []
    made = do(house, "ask")["request"]
    until(lambda: do(house, "state", made)["state"] == "prepared")
    do(house, "release", made)
    if kill:
        time.sleep(0.05)
        house.kill("worker")
    until(lambda: do(house, "state", made)["state"] == "answered", 180.0)
    left = ["?"]
    end = time.monotonic() + 90.0
    while left and time.monotonic() < end:
        left = traces(house.home)
        time.sleep(0.5 if left else 0.0)
    assert left == []
    assert "no breaks in the chain" in house.hakam("ledger", "verify").stdout.decode()
    kept = httpx.post(
        f"{house.door_url}/v1/events",
        json={
            "id": "e3", "platform": PLATFORM, "kind": "post", "at": "2026-01-02T03:04:05Z", "author": {"id": "u1"},
            "item": {"id": "p3", "text": "again"},
        },
        headers={"authorization": f"Bearer {house.furniture.key}"},
    )  # fmt: skip
    assert kept.status_code == 410, kept.text
    assert b"somebody else" in b"".join(p.read_bytes() for p in (house.home / "events").glob("*.events"))


def test_nothing_is_left_in_any_file(house: House) -> None:
    journey(house, kill=False)
    with sqlite3.connect(house.home / "control.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_nothing_is_left_when_the_worker_is_killed_in_the_middle(house: House) -> None:
    journey(house, kill=True)
