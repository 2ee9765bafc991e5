"""A rule that is really broken, in a door that runs: the others go on, it is put aside, and a person takes it back."""

from __future__ import annotations

import asyncio
import builtins
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from hakam.door import aside
from hakam.door.app import Door
from hakam.door.reload import Keeper
from hakam.policy import compile as compiling
from hakam.policy.quarantine import MOST
from hakam.storage.embedded import published
from hakam.storage.published import Published, PublishedPack
from hakam.testing.doors import (
    KEYS,
    NOW,
    RULES,
    House,
    dumps,
    event,
    fired,
    key_text,
    pack_files,
    published_pack,
    read,
)
from hakam.vocabulary.verdict import Aside

AUTH = f"Bearer {key_text('forum')}"
GUARDED = ("    return (0 in H)", "    {}")  # the rule `bad-word`, in a function of its own
IN_LINE = ("if (k0 is not None and k0 >= 4):", "if {}:")  # the rule `flood`, in the main function
FAULTS = [
    pytest.param(GUARDED, "raise ZeroDivisionError", "bad-word", MOST, id="raises"),
    pytest.param(GUARDED, "while True: pass", "bad-word", 2, id="never ends"),
    pytest.param(IN_LINE, "1 / 0", "flood", MOST, id="raises in line"),
    pytest.param(IN_LINE, "all(True for _ in iter(int, 1))", "flood", 2, id="never ends in line"),
]

Break = Callable[[tuple[str, str], str], None]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Write a fault into the code of a rule wherever a pack is compiled."""

    def inject(where: tuple[str, str], fault: str) -> None:
        def faulty(source: str, *more: Any) -> Any:
            return builtins.compile(source.replace(where[0], where[1].format(fault)), *more)

        monkeypatch.setattr(compiling, "compile", faulty, raising=False)

    return inject


def live(house: House, story: Callable[[Door], Awaitable[None]]) -> None:
    """Open a door that watches the published file."""
    house.configure(poll_seconds=0.02)

    async def whole() -> None:
        loop = asyncio.get_running_loop()
        door = Door(house.config, house.log, loop, clock=lambda: NOW)
        keeper = Keeper(door, house.log, loop, clock=time.time)
        try:
            await story(door)
        finally:
            await asyncio.to_thread(keeper.stop)
            await asyncio.to_thread(door.commit.stop)

    asyncio.run(whole())


def publish(house: House, revision: int, pack: PublishedPack | None = None, **more: Any) -> None:
    made = Published(revision, KEYS, pack or published_pack(), **more)
    published.write(house.config.published_path, made)


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "it never came true"
        await asyncio.sleep(0.005)


async def verdicts(door: Door, *events: Any) -> list[dict[str, Any]]:
    status, body = read(await door.events(AUTH, "application/json", dumps(list(events))))
    assert status == 200
    return [result["verdict"] for result in body["results"]]


def put_aside(door: Door) -> set[str]:
    return set(door.judgement.engine.aside) if door.judgement is not None else set()


@pytest.mark.parametrize(("where", "fault", "rule", "times"), FAULTS)
def test_it_is_put_aside_alone_and_all_events_are_answered(  # noqa: PLR0917 -- a fault and what comes of it
    house: House, broken: Break, where: tuple[str, str], fault: str, rule: str, times: int
) -> None:
    broken(where, fault)
    other = {"bad-word": "flood", "flood": "bad-word"}[rule]

    async def story(door: Door) -> None:
        publish(house, 1)
        await until(lambda: door.published.revision == 1)
        failing = [event(f"f{n}", "badword") for n in range(times)]
        first = await verdicts(door, *failing)
        assert [verdict["quarantined"] for verdict in first] == [[rule]] * times
        assert all("aside" not in verdict for verdict in first)
        await until(lambda: put_aside(door) == {rule})
        *_, after = await verdicts(door, *[event(f"after{n}", "badword") for n in range(3)])
        assert "quarantined" not in after
        assert set(after["aside"]) == {rule}
        assert after["aside"][rule]["at"] == pytest.approx(time.time(), abs=60)
        assert other in [firing["rule"] for firing in after["firings"]]
        (nothing,) = await verdicts(door, event("quiet", "hello", author="yan"))
        assert set(nothing["aside"]) == {rule}  # also where nothing fires: it was not judged by this rule
        assert f'hakam_door_rule_aside{{rule="{rule}"}} 1.0' in door.exposition().body.decode()
        health = read(door.health())[1]
        assert health["status"] == "degraded"
        assert rule in health["trouble"]

    live(house, story)


def test_a_rule_that_never_ends_delays_nobody_for_long(house: House, broken: Break) -> None:
    broken(GUARDED, "while True: pass")

    async def story(door: Door) -> None:
        publish(house, 1)
        await until(lambda: door.published.revision == 1)
        used = time.process_time()
        many = [event(f"e{n}", "badword" if n < 2 else "hello", author=f"a{n}") for n in range(200)]
        found = await verdicts(door, *many)
        assert time.process_time() - used < 10
        assert len(found) == 200
        assert sum("quarantined" in verdict for verdict in found) == 2

    live(house, story)


def test_asking_without_counting_is_guarded_too(house: House, broken: Break) -> None:
    broken(GUARDED, "while True: pass")

    async def story(door: Door) -> None:
        publish(house, 1)
        await until(lambda: door.published.revision == 1)
        for n in range(2):
            status, body = read(
                await door.check(AUTH, "application/json", dumps([event(f"c{n}", "badword")]))
            )
            assert status == 200
            assert body["results"][0]["verdict"]["quarantined"] == ["bad-word"]
        await until(lambda: put_aside(door) == {"bad-word"})

    live(house, story)


def test_a_few_failures_put_nothing_aside(house: House, broken: Break) -> None:
    broken(GUARDED, "raise ZeroDivisionError")

    async def story(door: Door) -> None:
        publish(house, 1)
        await until(lambda: door.published.revision == 1)
        await verdicts(door, *[event(f"f{n}", "badword") for n in range(MOST - 1)])
        await asyncio.sleep(0.2)
        assert put_aside(door) == set()
        assert read(door.health())[1]["status"] == "ok"

    live(house, story)


def test_it_stays_aside_over_a_start_and_a_person_takes_it_back(
    house: House, broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(IN_LINE, "1 / 0")

    async def breaks(door: Door) -> None:
        publish(house, 1)
        await until(lambda: door.published.revision == 1)
        await verdicts(door, *[event(f"f{n}", author="ann") for n in range(MOST)])
        await until(lambda: put_aside(door) == {"flood"})

    async def starts_again(door: Door) -> None:
        await until(lambda: door.published.revision == 1)
        assert put_aside(door) == {"flood"}
        monkeypatch.undo()  # it was mended
        publish(house, 2, released={"flood": time.time() - 3_600})  # taken back long before it was put aside
        await until(lambda: door.published.revision == 2)
        assert put_aside(door) == {"flood"}
        publish(house, 3, released={"flood": time.time() + 1})
        await until(lambda: door.published.revision == 3)
        assert put_aside(door) == set()
        (verdict,) = await verdicts(door, event("after", author="ann"))
        assert "aside" not in verdict
        assert [firing["rule"] for firing in verdict["firings"]] == [
            "flood"
        ]  # it counted what came meanwhile
        assert not aside.read(house.folder, published_pack().ref.digest, {"flood": time.time() + 1})

    live(house, breaks)
    live(house, starts_again)


def test_another_version_asks_it_again(house: House, broken: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(GUARDED, "raise ZeroDivisionError")

    async def story(door: Door) -> None:
        publish(house, 1)
        await until(lambda: door.published.revision == 1)
        await verdicts(door, *[event(f"f{n}", "badword", author=f"a{n}") for n in range(MOST)])
        await until(lambda: put_aside(door) == {"bad-word"})
        monkeypatch.undo()
        publish(house, 2, published_pack(pack_files(RULES, version="2")))
        await until(lambda: door.published.revision == 2)
        assert put_aside(door) == set()
        (verdict,) = await verdicts(door, event("after", "badword", author="zoe"))
        assert fired({"verdict": verdict})[0] == "bad-word"

    live(house, story)


# The file


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff"])
def test_a_spoilt_file_puts_nothing_aside(house: House, content: bytes) -> None:
    (house.folder / aside.NAME).write_bytes(content)
    assert aside.read(house.folder, "d", {}) == {}


def test_the_file_is_of_one_version(house: House) -> None:
    rules = {"r": Aside("it failed", 5.0)}
    aside.write(house.folder, "d", rules)
    assert aside.read(house.folder, "d", {}) == rules
    assert aside.read(house.folder, "other", {}) == {}
    assert aside.read(house.folder, "d", {"r": 4.0}) == rules
    assert aside.read(house.folder, "d", {"r": 5.0, "s": 9.0}) == {}


def test_a_verdict_keeps_what_was_aside() -> None:
    raw = msgspec.json.encode({"r": Aside("it failed", 5.0)})
    assert msgspec.json.decode(raw, type=dict[str, Aside])["r"].at == 5.0
