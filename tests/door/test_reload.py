"""What is published is in force within a second; what can't be used leaves the old in force and is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from hakam.door.app import Door
from hakam.door.reload import Keeper
from hakam.policy.lists import ListKind
from hakam.policy.pack import load_pack
from hakam.storage.embedded import published
from hakam.storage.embedded.list_files import keep
from hakam.storage.embedded.lists import FOLDER, open_lists
from hakam.storage.event_log import LogFullError
from hakam.storage.published import Published, PublishedList, PublishedPack
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
    published_key,
    published_pack,
    read,
)

AUTH = f"Bearer {key_text('forum')}"
NO_COUNTERS = RULES[: RULES.index("- rule: flood")]


def live(house: House, story: Callable[[Door], Awaitable[None]]) -> None:
    """Open a door that watches the published file, with nothing in force yet."""
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


def publish(
    house: House, revision: int, pack: PublishedPack | None, *, keys: Any = KEYS, lists: Any = ()
) -> None:
    published.write(house.config.published_path, Published(revision, keys, pack, lists=tuple(lists)))


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until it holds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "it never came true"
        await asyncio.sleep(0.005)


async def send(door: Door, *events: Any) -> list[Any]:
    status, body = read(await door.events(AUTH, "application/json", dumps(list(events))))
    assert status == 200
    results: list[Any] = body["results"]
    return results


def test_a_pack_and_keys_come_into_force(house: House) -> None:
    async def story(door: Door) -> None:
        assert read(await door.events(AUTH, "application/json", b"{}"))[0] == 503
        publish(house, 1, published_pack())
        await until(lambda: door.published.revision == 1)
        assert fired((await send(door, event("1", "badword")))[0]) == ["bad-word"]
        publish(house, 2, published_pack(pack_files(RULES.replace("badword", "otherword"), version="2")))
        await until(lambda: door.published.revision == 2)
        results = await send(door, event("2", "badword"), event("3", "otherword", author="bob"))
        assert [fired(result) for result in results] == [[], ["bad-word"]]

    live(house, story)


def test_a_revoked_key_is_out_and_a_new_one_in_without_a_new_engine(house: House) -> None:
    async def story(door: Door) -> None:
        publish(house, 1, published_pack())
        await until(lambda: door.published.revision == 1)
        judgement = door.judgement
        publish(house, 2, published_pack(), keys=(published_key("new", "forum", "events:write"),))
        await until(lambda: door.published.revision == 2)
        assert door.judgement is judgement
        assert read(await door.events(AUTH, "application/json", dumps(event("1"))))[0] == 401
        answer = await door.events(f"Bearer {key_text('new')}", "application/json", dumps(event("1")))
        assert answer.status == 200

    live(house, story)


def test_a_pack_with_errors_leaves_the_old_in_force_and_is_told(house: House) -> None:
    async def story(door: Door) -> None:
        publish(house, 1, published_pack())
        await until(lambda: door.published.revision == 1)
        good = published_pack()
        bad_files = {**good.files, "rules.yaml": RULES.replace("word(", "wrod(")}
        publish(house, 2, PublishedPack(good.ref.__class__("test", "2", "0" * 64), bad_files))
        await until(lambda: door.trouble is not None)
        assert "test@2" in (door.trouble or "")
        assert read(door.health())[0] == 200
        assert read(door.health())[1]["status"] == "degraded"
        assert fired((await send(door, event("1", "badword")))[0]) == ["bad-word"]
        assert "hakam_door_trouble 1.0" in door.exposition().body.decode()
        publish(house, 3, published_pack(pack_files(version="3")))
        await until(lambda: door.trouble is None and door.published.revision == 3)

    live(house, story)


def test_a_pack_whose_files_are_not_what_its_digest_says_is_refused(house: House) -> None:
    async def story(door: Door) -> None:
        good = published_pack()
        publish(house, 1, PublishedPack(good.ref, {**good.files, "rules.yaml": NO_COUNTERS.lstrip()}))
        await until(lambda: door.trouble is not None)
        assert door.judgement is None

    live(house, story)


def test_a_torn_file_is_told_and_changes_nothing(house: House) -> None:
    async def story(door: Door) -> None:
        publish(house, 1, published_pack())
        await until(lambda: door.published.revision == 1)
        house.config.published_path.write_bytes(b'{"revision": 2, "ke')
        await until(lambda: door.trouble is not None)
        assert fired((await send(door, event("1", "badword")))[0]) == ["bad-word"]

    live(house, story)


def test_counters_are_rebuilt_from_the_log_at_the_start(house: House) -> None:
    async def before(door: Door) -> None:
        publish(house, 1, published_pack())
        await until(lambda: door.published.revision == 1)
        await send(door, *[event(f"b{n}") for n in range(3)])

    async def after(door: Door) -> None:
        await until(lambda: door.published.revision == 1)
        assert fired((await send(door, event("a")))[0]) == ["flood"]

    live(house, before)
    live(house, after)


def test_counters_go_on_under_new_rules_that_count_the_same(house: House) -> None:
    async def story(door: Door) -> None:
        publish(house, 1, published_pack())
        await until(lambda: door.published.revision == 1)
        await send(door, *[event(f"b{n}") for n in range(3)])
        counters = door.judgement and door.judgement.counters
        publish(house, 2, published_pack(pack_files(RULES.replace("badword", "other"), version="2")))
        await until(lambda: door.published.revision == 2)
        assert door.judgement is not None
        assert door.judgement.counters is counters
        assert fired((await send(door, event("a")))[0]) == ["flood"]

    live(house, story)


def test_a_new_counter_knows_what_happened_before_it(house: House) -> None:
    async def story(door: Door) -> None:
        publish(house, 1, published_pack(pack_files(NO_COUNTERS)))
        await until(lambda: door.published.revision == 1)
        await send(door, *[event(f"b{n}") for n in range(3)])
        publish(house, 2, published_pack(pack_files(version="2")))
        await until(lambda: door.published.revision == 2)
        assert fired((await send(door, event("a")))[0]) == ["flood"]

    live(house, story)


def test_a_new_counter_counts_each_event_once_even_while_events_pour_in(house: House) -> None:
    counting = (
        RULES
        + '\n- rule: total\n  policy: spam\n  stage: shadow\n  when: count(by=event.platform, within="1d") >= 1\n'
    )
    counting += "  then: [limit_reach]\n"

    async def story(door: Door) -> None:
        publish(house, 1, published_pack(pack_files(NO_COUNTERS)))
        await until(lambda: door.published.revision == 1)
        sent = 0
        swapped = False

        async def pour(name: str) -> None:
            nonlocal sent
            while not swapped:
                await send(door, *[event(f"{name}-{sent}-{n}", author=f"{name}{n}") for n in range(10)])
                sent += 10

        pouring = [asyncio.ensure_future(pour(name)) for name in "abcd"]
        await until(lambda: sent > 0)
        publish(house, 2, published_pack(pack_files(counting, version="2")))
        await until(lambda: door.published.revision == 2)
        before = sent
        await until(lambda: sent > before)
        swapped = True
        await asyncio.gather(*pouring)
        result = (await send(door, event("last")))[0]
        (total,) = [f for f in result["verdict"]["firings"] if f["rule"] == "total"]
        assert list(total["values"].values()) == [sent + 1]
        assert house.log.last_seq() == sent + 1

    live(house, story)


def test_events_that_the_log_refused_do_not_count_for_long(house: House) -> None:
    async def story(door: Door) -> None:
        publish(house, 1, published_pack())
        await until(lambda: door.published.revision == 1)
        append = house.log.append

        def refuse(_: Any) -> Any:
            raise LogFullError("full")

        house.log.append = refuse  # type: ignore[method-assign]
        for n in range(5):
            assert read(await door.events(AUTH, "application/json", dumps(event(f"r{n}"))))[0] == 507
        house.log.append = append  # type: ignore[method-assign]
        await until(lambda: not door.miscounted)
        await until(lambda: door.metrics.reloads["recount"] >= 1)
        results = await send(door, *[event(f"g{n}") for n in range(4)])
        assert [fired(result) for result in results] == [[], [], [], ["flood"]]

    live(house, story)


LISTED = """
- rule: known-scammers
  policy: spam
  stage: live
  when: author.id in list("bad-ids") or contains_any(text.folded, list("slurs"))
  then: [remove]
"""


def listed(house: House, **lists: tuple[ListKind, list[str]]) -> list[PublishedList]:
    folder = house.config.home / FOLDER
    return [
        PublishedList(name.replace("_", "-"), keep(folder, kind, entries).digest)
        for name, (kind, entries) in lists.items()
    ]


def listed_pack(house: House, lists: list[PublishedList]) -> PublishedPack:
    files = pack_files(LISTED)
    loaded = load_pack(files, open_lists(house.config.home / FOLDER, lists))
    assert loaded.pack is not None, loaded.errors
    return PublishedPack(loaded.pack.ref, files)


def test_a_list_changes_without_a_new_pack_and_no_event_waits_or_is_lost(house: House) -> None:
    slurs = [f"slur number {n}" for n in range(20_000)]
    first = listed(house, bad_ids=(ListKind.VALUES, ["mallory"]), slurs=(ListKind.TERMS, slurs))
    second = listed(house, bad_ids=(ListKind.VALUES, ["eve"]), slurs=(ListKind.TERMS, [*slurs, "new slur"]))

    async def story(door: Door) -> None:
        publish(house, 1, listed_pack(house, first), lists=first)
        await until(lambda: door.published.revision == 1)
        (result,) = await send(door, event("1", author="mallory"))
        assert fired(result) == ["known-scammers"]
        assert result["verdict"]["lists"]["bad-ids"] == first[0].digest
        publish(house, 2, listed_pack(house, second), lists=second)
        answered = 0
        while door.published.revision == 1:  # events pour in while the lists are being built
            (result,) = await send(door, event(f"w{answered}", author="carol"))
            assert fired(result) == []
            answered += 1
        assert answered > 0
        results = await send(
            door,
            event("2", author="mallory"),
            event("3", author="eve"),
            event("4", "a new slur", author="dan"),
        )
        assert [fired(one) for one in results] == [[], ["known-scammers"], ["known-scammers"]]
        assert {one["verdict"]["lists"]["bad-ids"] for one in results} == {second[0].digest}

    live(house, story)


def test_a_list_that_no_rule_reads_changes_without_a_new_engine(house: House) -> None:
    read_ = listed(house, bad_ids=(ListKind.VALUES, ["mallory"]), slurs=(ListKind.TERMS, ["slur"]))

    async def story(door: Door) -> None:
        publish(house, 1, listed_pack(house, read_), lists=read_)
        await until(lambda: door.published.revision == 1)
        judgement = door.judgement
        other = listed(house, other=(ListKind.VALUES, ["x"]))
        publish(house, 2, listed_pack(house, read_), lists=[*read_, *other])
        await until(lambda: door.published.revision == 2)
        assert door.judgement is judgement

    live(house, story)


def test_a_list_whose_file_is_missing_leaves_the_old_in_force_and_is_told(house: House) -> None:
    lists = listed(house, bad_ids=(ListKind.VALUES, ["mallory"]), slurs=(ListKind.TERMS, ["slur"]))

    async def story(door: Door) -> None:
        publish(house, 1, listed_pack(house, lists), lists=lists)
        await until(lambda: door.published.revision == 1)
        publish(house, 2, listed_pack(house, lists), lists=[PublishedList("bad-ids", "0" * 64), lists[1]])
        await until(lambda: door.trouble is not None)
        assert "bad-ids" in (door.trouble or "")
        assert fired((await send(door, event("1", author="mallory")))[0]) == ["known-scammers"]

    live(house, story)
