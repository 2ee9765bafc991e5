"""`hakam replay` on a machine whose own Hakam runs: it finds door and key, and looks into log and cases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos.traffic import PACK, REVIEW
from tests.house import House

pytestmark = pytest.mark.sockets


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("replay")
    pack = folder / "pack"
    pack.mkdir()
    for name, text in PACK.items():
        (pack / name).write_text(text, encoding="utf-8")
    with House(folder / "home", pack=pack) as made:
        yield made


def figure(said: str, name: str) -> str:
    found = re.search(rf"^{re.escape(name)} +(.+?) *$", said, re.MULTILINE)
    assert found, f"{name!r} is not in\n{said}"
    return found[1]


def test_rows_become_events_and_cases_and_the_key_is_kept(house: House, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    rows = [f"post {n} {REVIEW[0] if n % 10 == 0 else 'fine'},en,label-{n % 2}" for n in range(1, 501)]
    path.write_text("text,lang,raw\n" + "\n".join(rows) + "\n", encoding="utf-8")

    first = house.hakam("replay", str(path)).stdout.decode()
    assert figure(first, "events, new") == "500"
    assert figure(first, "events in the log") == "500 of 500"
    assert figure(first, "cases opened") == "50"
    assert re.search(r"doubtful +noise +live +50 +10.00 %", first)

    again = house.hakam("replay", str(path)).stdout.decode()
    assert figure(again, "events, new") == "0"
    assert figure(again, "events, duplicate") == "500"
    assert figure(again, "cases opened") == "0"

    keys = [
        line for line in house.hakam("key", "list").stdout.decode().splitlines() if "hakam replay" in line
    ]
    assert len(keys) == 1
    kept = house.settings.secrets_dir / "replay-forum"
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.read_text() not in first + again


def test_a_key_that_was_revoked_is_replaced(house: House, tmp_path: Path) -> None:
    path = tmp_path / "one.ndjson"
    path.write_text('{"text": "one more"}\n')
    house.hakam("replay", str(path))
    prefix = (house.settings.secrets_dir / "replay-forum").read_text().split("_")[1]
    house.hakam("key", "revoke", prefix)
    said = house.hakam("replay", str(path), "--again", "b").stdout.decode()
    assert figure(said, "events, new") == "1"
    assert (house.settings.secrets_dir / "replay-forum").read_text().split("_")[1] != prefix


def test_without_a_worker_the_cases_are_said_to_be_unknown(house: House, tmp_path: Path) -> None:
    path = tmp_path / "two.ndjson"
    path.write_text(f'{{"text": "{REVIEW[0]}"}}\n' * 40)
    house.stop_one("worker")
    said = house.hakam("replay", str(path), "--wait", "0.5").stdout.decode()
    assert figure(said, "events in the log") == "40 of 40"
    assert figure(said, "cases opened") == "not yet known"
