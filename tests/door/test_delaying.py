"""Uploads that wait while an incident is in force, through the whole door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.door.app import Door
from hakam.storage.embedded import published
from hakam.storage.published import Published, PublishedIncident
from hakam.testing.doors import NOW, House, dumps, event, key_text, read
from hakam.vocabulary.incident import DelayRule, Scope
from hakam.vocabulary.verdict import Verdict

START = 1_767_225_600.0  # of the events of this stage: 2026-01-01
PICTURE = [{"url": "https://forum.example/a.jpg"}]


@pytest.fixture(name="house")
def house_fixture(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.log.close()


def incident(name: str = "incident-a", seconds: int = 60, **more: Any) -> PublishedIncident:
    given: dict[str, Any] = {
        "platform": "forum",
        "until": START + 3_600,
        "exercise": False,
        "scope": Scope(),
        "delay": DelayRule(seconds),
    }
    return PublishedIncident(name=name, **(given | more))


def upload(house: House, id_: str = "1", **more: Any) -> Verdict:
    body = event(id_, **more)
    body["item"]["media"] = PICTURE
    ((status, said),) = house.send(body)
    assert status == 200
    return msgspec.convert(said["verdict"], Verdict)


def test_the_answer_says_how_long_and_why(house: House) -> None:
    house.publish(incidents=(incident(),))
    body = event("1")
    body["item"]["media"] = PICTURE
    ((status, said),) = house.send(body)
    assert status == 200
    assert said["verdict"]["delay"] == {"seconds": 60, "incident": "incident-a"}


def test_without_an_incident_the_answer_says_nothing_of_it(house: House) -> None:
    ((_status, said),) = house.send(event("1"))
    assert not {"delay", "rehearsed"} & said["verdict"].keys()


def test_a_repeat_gets_the_same_answer_though_the_incident_is_over(house: House) -> None:
    house.publish(incidents=(incident(),))
    first = upload(house)
    house.publish(incidents=())
    assert upload(house) == first
    assert upload(house, "2").delay is None


def test_of_two_incidents_the_longer_wait_counts(house: House) -> None:
    house.publish(
        incidents=(incident("incident-a", 60), incident("incident-b", 90), incident("incident-c", 30))
    )
    delay = upload(house).delay
    assert delay is not None
    assert (delay.seconds, delay.incident) == (90, "incident-b")


def test_an_exercise_beside_a_real_incident_lets_nobody_wait_longer(house: House) -> None:
    house.publish(incidents=(incident("incident-a", 60), incident("exercise-b", 900, exercise=True)))
    verdict = upload(house)
    assert verdict.delay is not None
    assert verdict.delay.seconds == 60
    assert verdict.rehearsed is not None
    assert verdict.rehearsed.incident == "exercise-b"


@pytest.mark.parametrize("left", [0, -1])
def test_at_its_hour_it_is_over_whatever_is_published(house: House, left: int) -> None:
    house.publish(incidents=(incident(until=START + left),))
    assert upload(house).delay is None


def test_another_platform_s_incident_is_not_ours(house: House) -> None:
    house.publish(incidents=(incident(platform="shop"),))
    assert upload(house).delay is None


def test_asking_without_storing_says_the_same(house: House) -> None:
    house.publish(incidents=(incident(),))
    body = event("1")
    body["item"]["media"] = PICTURE

    async def story(door: Door) -> Any:
        return read(await door.check(f"Bearer {key_text('checker')}", "application/json", dumps(body)))

    status, said = house.visit(story)
    assert status == 200
    assert said["verdict"]["delay"]["seconds"] == 60


@pytest.mark.parametrize(
    ("scope", "waits"),
    [
        (Scope(), True),
        (Scope(communities=("news",)), True),
        (Scope(communities=("cats",)), False),
        (Scope(languages=("ar",)), True),
        (Scope(languages=("en",)), False),
        (Scope(countries=("EG",)), True),
        (Scope(countries=("DE",)), False),
        (Scope(streams=("show-1",)), True),
        (Scope(streams=("show-2",)), False),
        (Scope(communities=("news",), countries=("DE",)), False),
    ],
)
def test_the_scope_says_who_waits(house: House, scope: Scope, waits: bool) -> None:
    house.publish(incidents=(incident(scope=scope),))
    body = event("1")
    body["author"] |= {"country": "EG"}
    body["item"] |= {"media": PICTURE, "community": "news", "language": "ar-EG", "thread": "show-1"}
    ((_status, said),) = house.send(body)
    assert ("delay" in said["verdict"]) is waits


@pytest.mark.parametrize("change", ["deleted", "edited"])
def test_what_goes_away_waits_for_nothing(house: House, change: str) -> None:
    house.publish(incidents=(incident(),))
    assert (upload(house, change=change).delay is None) is (change == "deleted")


def test_a_stream_waits_before_it_starts_and_its_pieces_do_not(house: House) -> None:
    house.publish(incidents=(incident(),))
    ((_, start),) = house.send(event("1", kind="live.start"))
    assert "delay" in start["verdict"]
    assert upload(house, "2", kind="live.segment").delay is None


def test_incidents_survive_the_file_between_console_and_door(tmp_path: Path) -> None:
    told = Published(
        3, incidents=(incident(scope=Scope(countries=("EG",)), delay=DelayRule(60, newer_than_days=7)),)
    )
    published.write(tmp_path / "published.json", told)
    assert published.read(tmp_path / "published.json") == told
    assert NOW > 0
