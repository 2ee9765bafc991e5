"""What the door answers, event by event: a verdict that is on disk, or a problem that names what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from hakam.door.app import Door
from hakam.door.judgement import Measured
from hakam.storage import model_figures
from hakam.storage.event_log import Appended, Entry, LogFullError
from hakam.storage.model_figures import ModelFigures
from hakam.testing.doors import (
    KEYS,
    NOW,
    House,
    dumps,
    event,
    fired,
    key_text,
    pack_files,
    published_pack,
    read,
)
from hakam.testing.event_logs import MemoryEventLog

AUTH = f"Bearer {key_text('forum')}"


def records(house: House) -> list[str]:
    return [record.id for record in house.log.read(0, 10_000)]


def test_one_event_gets_its_verdict_and_is_on_disk(house: House) -> None:
    ((status, body),) = house.send(event("e1", "such a b\u200ba\u200bdword"))
    assert status == 200
    assert body["event"] == "e1"
    assert body["duplicate"] is False
    assert fired(body) == ["bad-word"]
    assert [measure["kind"] for measure in body["verdict"]["measures"]] == ["remove"]
    (record,) = house.log.read(0, 10)
    assert msgspec.json.decode(record.verdict) == body["verdict"]


def test_the_record_keeps_bytes_signals_and_counters(house: House) -> None:
    raw = (
        b' {"id":"e1", "platform":"forum","kind":"post","at":"2026-01-01T00:00:00+01:00","author":{"id":"ann"},'
        b'"item":{"id":"p","text":"Such a BADWORD indeed, my friends"},"unknown":{"kept":[1,2]}}'
    )
    house.send(raw)
    (record,) = house.log.read(0, 10)
    assert record.raw == raw
    assert record.at == NOW - 3_600
    measured = msgspec.json.decode(record.signals, type=Measured)
    assert measured.signals.folded == "such a badword indeed, my friends"
    assert measured.signals.text is None  # it is in the bytes already
    assert set(measured.counted.values()) == {1}


def test_a_repeat_gets_the_same_verdict_and_counts_once(house: House) -> None:
    answers = house.send(*[event("e1", "badword")] * 5, event("e2"))
    assert [body["duplicate"] for _, body in answers] == [False, True, True, True, True, False]
    assert {dumps(body["verdict"]) for _, body in answers[:5]} == {dumps(answers[0][1]["verdict"])}
    assert fired(answers[5][1]) == []  # a fifth count would have been a flood
    assert records(house) == ["e1", "e2"]


def test_a_repeat_after_a_restart_and_under_other_rules_keeps_its_verdict(house: House) -> None:
    ((_, first),) = house.send(event("e1", "badword"))
    house.publish(pack=published_pack(pack_files(version="2")))
    ((_, again),) = house.send(event("e1", "something else now"))
    assert again == {**first, "duplicate": True}


def test_a_repeat_within_one_batch(house: House) -> None:
    ((status, body),) = house.send([event("e1", "badword"), event("e2"), event("e1", "other text")])
    assert status == 200
    assert [(r["event"], r["duplicate"], fired(r)) for r in body["results"]] == [
        ("e1", False, ["bad-word"]),
        ("e2", False, []),
        ("e1", True, ["bad-word"]),
    ]
    assert records(house) == ["e1", "e2"]


def test_the_same_id_of_another_platform_is_another_event(house: House) -> None:
    house.send(event("e1"))
    ((_, body),) = house.send(event("e1", platform="shop"), key="shop")
    assert body["duplicate"] is False


def test_repeats_at_the_same_time_are_judged_once(house: House) -> None:
    async def story(door: Door) -> list[Any]:
        sending = [door.events(AUTH, "application/json", dumps(event("e1", "badword"))) for _ in range(50)]
        bodies = [read(answer) for answer in await asyncio.gather(*sending)]
        bodies.append(read(await door.events(AUTH, "application/json", dumps(event("e2")))))
        return bodies

    answers = house.visit(story)
    assert sorted(body["duplicate"] for _, body in answers[:50]) == [False] + [True] * 49
    assert len({dumps(body["verdict"]) for _, body in answers[:50]}) == 1
    assert fired(answers[50][1]) == []
    assert records(house) == ["e1", "e2"]


def test_counters_count_across_requests_and_batches(house: House) -> None:
    answers = house.send(
        [event(f"a{n}") for n in range(3)], event("a3"), [event("b1", author="bob"), event("a4")]
    )
    assert fired(answers[1][1]) == ["flood"]
    assert [fired(result) for result in answers[2][1]["results"]] == [[], ["flood"]]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", dumps([event("1"), event("2")])),
        ("application/json; charset=utf-8", dumps({"events": [event("1"), event("2")]})),
        ("application/json", b' \n { "events" : ' + dumps([event("1"), event("2")]) + b"}"),
        ("application/x-ndjson", dumps(event("1")) + b"\n\n" + dumps(event("2"))),
        ("application/x-ndjson", dumps(event("1")) + b"\r\n" + dumps(event("2")) + b"\r\n"),
    ],
)
def test_every_shape_of_a_batch(house: House, kind: str, body: bytes) -> None:
    ((status, answer),) = house.send(body, kind=kind)
    assert status == 200
    assert [result["event"] for result in answer["results"]] == ["1", "2"]
    assert records(house) == ["1", "2"]


def test_an_event_that_has_a_field_named_events_is_an_event(house: House) -> None:
    ((status, body),) = house.send({**event("1"), "events": [1, 2]})
    assert (status, body["event"]) == (200, "1")


def private(id_: str) -> dict[str, Any]:
    return event(id_, "a badword between us", item={"id": id_, "text": "a badword", "audience": "private"})


def test_a_private_message_is_neither_judged_nor_kept_without_a_legal_basis(house: House) -> None:
    (one, many) = house.send(private("p1"), [private("p2"), event("e1", "badword")])
    assert one[0] == 403
    assert one[1]["type"] == "urn:hakam:problem:private-message"
    assert one[1]["pointer"] == "/item/audience"
    assert many[0] == 207
    assert many[1]["results"][0]["problem"]["pointer"] == "/0/item/audience"
    assert fired(many[1]["results"][1])
    assert records(house) == ["e1"]
    files = [path for path in house.folder.rglob("*") if path.is_file()]
    assert files
    assert not any(b"between us" in path.read_bytes() for path in files)


def test_a_private_message_is_not_even_considered(house: House) -> None:
    async def story(door: Door) -> Any:
        return read(await door.check(AUTH, "application/json", dumps(private("p1"))))

    status, body = house.visit(story)
    assert (status, body["type"]) == (403, "urn:hakam:problem:private-message")


def test_private_messages_are_read_while_a_basis_of_their_platform_lasts(house: House) -> None:
    house.publish(private={"forum": NOW + 1.0})
    ((status, body),) = house.send(private("p1"))
    assert status == 200
    assert fired(body)
    house.publish(private={"forum": NOW})  # it ends now
    assert house.send(private("p2"))[0][0] == 403
    house.publish(private={"shop": NOW + 1.0})  # another platform's
    assert house.send(private("p3"))[0][0] == 403
    assert records(house) == ["p1"]


def test_the_good_part_of_a_batch_is_kept_and_told_apart(house: House) -> None:
    bad_item = {**event("bad"), "item": {"id": "p", "media": [{"url": "x"}, {"hashes": {"pdq": 3}}]}}
    ((status, body),) = house.send([event("1"), bad_item, {"id": 7}, event("2", platform="shop"), event("3")])
    assert status == 207
    problems = [
        (r["event"], r["problem"]["type"][18:], r["problem"]["pointer"])
        for r in body["results"]
        if "problem" in r
    ]
    assert problems == [
        ("bad", "invalid-event", "/1/item/media/1/hashes"),
        (None, "invalid-event", "/2/id"),
        ("2", "wrong-platform", "/3/platform"),
    ]
    assert [r["event"] for r in body["results"]] == ["1", "bad", None, "2", "3"]
    assert records(house) == ["1", "3"]


def test_a_bad_line_of_ndjson_does_not_spoil_the_others(house: House) -> None:
    ((status, body),) = house.send(
        dumps(event("1")) + b"\n{oops\n\xff\n" + dumps(event("2")), kind="application/x-ndjson"
    )
    assert status == 207
    assert [r.get("problem", {}).get("pointer") for r in body["results"]] == [None, "/1", "/2", None]
    assert records(house) == ["1", "2"]


def test_check_answers_and_leaves_no_trace(house: House) -> None:
    async def story(door: Door) -> list[Any]:
        checks = [
            read(await door.check(AUTH, "application/json", dumps(event("c", "badword")))) for _ in range(10)
        ]
        checks.append(read(await door.events(AUTH, "application/json", dumps(event("e1")))))
        checks.append(read(await door.check(AUTH, "application/json", dumps([event("c1"), {"id": "no"}]))))
        return checks

    answers = house.visit(story)
    assert {tuple(fired(body)) for _, body in answers[:10]} == {("bad-word",)}
    assert "duplicate" not in answers[0][1]
    assert fired(answers[10][1]) == []  # ten checks were no flood
    assert [status for status, _ in answers] == [200] * 11 + [207]
    assert records(house) == ["e1"]


def test_check_sees_what_counted_before_it_and_itself(house: House) -> None:
    async def story(door: Door) -> list[list[str]]:
        for n in range(3):
            await door.events(AUTH, "application/json", dumps(event(f"e{n}")))
        return [
            fired(read(await door.check(AUTH, "application/json", dumps(event("c"))))[1]) for _ in range(2)
        ]

    assert house.visit(story) == [["flood"], ["flood"]]


class Failing(MemoryEventLog):
    """A log that fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        if self.error is not None:
            raise self.error
        return super().append(entries)


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (LogFullError("full"), 507, "storage-full"),
        (OSError("broken"), 503, "log-failed"),
        (RuntimeError("a mistake of ours"), 500, "internal"),
    ],
)
def test_when_the_log_fails_nothing_is_acknowledged(
    house: House, error: Exception, status: int, slug: str
) -> None:
    house.log.close()
    house.log = log = Failing()

    async def story(door: Door) -> None:
        assert read(await door.events(AUTH, "application/json", dumps(event("before"))))[0] == 200
        log.error = error
        single = await door.events(AUTH, "application/json", dumps(event("1")))
        assert read(single)[0] == status
        assert read(single)[1]["type"] == f"urn:hakam:problem:{slug}"
        assert ("retry-after" in dict(single.headers)) is (status != 500)
        whole = read(await door.events(AUTH, "application/json", dumps([event("1"), event("2")])))
        assert whole[0] == status  # nothing kept: one problem for all, so that all is sent again
        mixed = read(await door.events(AUTH, "application/json", dumps([event("before"), event("2"), {}])))
        assert mixed[0] == 207
        assert [r.get("problem", {}).get("status") for r in mixed[1]["results"]] == [None, status, 422]
        assert door.miscounted
        log.error = None
        assert read(await door.events(AUTH, "application/json", dumps(event("1"))))[0] == 200

    house.visit(story)
    assert records(house) == ["before", "1"]


def test_a_repeat_of_a_damaged_record_is_not_given_an_invented_verdict(house: House) -> None:
    house.send(event("e1"))
    (path,) = house.config.log_path.glob("*.events")
    path.write_bytes(path.read_bytes().replace(b'"e1"', b'"e0"'))
    ((status, body),) = house.send([event("e1"), event("e2")])
    assert status == 207
    assert body["results"][0]["problem"]["type"].endswith("damaged-record")
    assert body["results"][1]["duplicate"] is False


def test_too_much_waiting_is_refused_before_it_is_judged(house: House) -> None:
    house.configure(max_waiting_events=3)

    async def story(door: Door) -> list[int]:
        first = asyncio.ensure_future(
            door.events(AUTH, "application/json", dumps([event(str(n), author=f"a{n}") for n in range(3)]))
        )
        await asyncio.sleep(0)  # judged and queued, not yet on disk
        second = await door.events(AUTH, "application/json", dumps(event("late")))
        assert dict(second.headers)["retry-after"] == "1"
        third = await first
        fourth = await door.events(AUTH, "application/json", dumps(event("late")))
        return [second.status, third.status, fourth.status]

    assert house.visit(story) == [503, 200, 200]


def test_a_large_batch_lets_others_through(house: House) -> None:
    async def story(door: Door) -> list[str]:
        order: list[str] = []

        async def send(name: str, body: bytes) -> None:
            assert (await door.events(AUTH, "application/json", body)).status == 200
            order.append(name)

        large = [event(f"l{n}", author=f"a{n}") for n in range(1_000)]
        await asyncio.gather(send("large", dumps(large)), send("small", dumps(event("s"))))
        return order

    assert house.visit(story) == ["small", "large"]
    assert len(records(house)) == 1_001


def test_without_a_pack_nothing_is_taken_in(house: House) -> None:
    house.publish(pack=None)
    ((status, body),) = house.send(event("1"))
    assert (status, body["type"]) == (503, "urn:hakam:problem:not-ready")


def test_health_tells_how_it_stands(house: House) -> None:
    async def story(door: Door) -> None:
        assert read(door.health()) == (
            200,
            {"status": "ok", "pack": "test@1", "revision": 1, "banks": [], "trouble": None},
        )
        door.trouble = "something"
        assert read(door.health())[1]["status"] == "degraded"
        door.stopping = True
        assert read(door.health())[0] == 503
        refused = read(await door.events(AUTH, "application/json", dumps(event("1"))))
        assert refused[1]["type"].endswith("stopping")

    house.visit(story)


def test_stats_need_a_key(house: House) -> None:
    async def story(door: Door) -> None:
        await door.events(AUTH, "application/json", dumps([event("1"), event("1")]))
        status, body = read(door.stats(AUTH))
        assert status == 200
        assert (body["last_seq"], body["stored"], body["duplicates"], body["waiting"]) == (1, 1, 1, 0)
        assert read(door.stats(None))[0] == 401

    house.visit(story)


def test_metrics_say_what_happened(house: House) -> None:
    async def story(door: Door) -> str:
        await door.events(AUTH, "application/json", dumps([event("1"), event("1"), {}]))
        await door.check(AUTH, "application/json", dumps(event("2")))
        await door.events(None, "application/json", b"")
        answer = door.exposition()
        assert dict(answer.headers)["content-type"].startswith("text/plain")
        return answer.body.decode()

    text = house.visit(story)
    for line in (
        'hakam_door_events_total{outcome="stored"} 1.0',
        'hakam_door_events_total{outcome="duplicate"} 1.0',
        'hakam_door_problems_total{type="urn:hakam:problem:invalid-event"} 1.0',
        'hakam_door_problems_total{type="urn:hakam:problem:key-missing"} 1.0',
        'hakam_door_requests_total{route="events",status="207"} 1.0',
        'hakam_door_request_seconds_count{route="check"} 1.0',
        "hakam_door_group_events_count 1.0",
        "hakam_door_waiting_events 0.0",
        "hakam_door_ready 1.0",
    ):
        assert line in text
    assert 'hakam_door_pack_info{digest="' in text


def test_metrics_tell_of_the_models_that_the_worker_asks(house: House) -> None:
    async def story(door: Door) -> tuple[str, str]:
        before = door.exposition().body.decode()
        told = ModelFigures(
            "judge",
            on=True,
            texts=9,
            unknown=2,
            calls=8,
            money=0.25,
            behind=4,
            budget_used=0.5,
            trouble_at=7.0,
        )
        model_figures.write(door.config.home, [told, ModelFigures("other", on=False)])
        return before, door.exposition().body.decode()

    before, text = house.visit(story)
    assert 'model="judge"' not in before
    for line in (
        'hakam_model_texts_total{model="judge"} 9.0',
        'hakam_model_unknown_total{model="judge"} 2.0',
        'hakam_model_calls_total{model="judge"} 8.0',
        'hakam_model_money_total{model="judge"} 0.25',
        'hakam_model_on{model="judge"} 1.0',
        'hakam_model_on{model="other"} 0.0',
        'hakam_model_behind{model="judge"} 4.0',
        'hakam_model_budget_used{model="judge"} 0.5',
        'hakam_model_trouble_at{model="judge"} 7.0',
    ):
        assert line in text


def test_a_rule_that_fails_is_left_out_and_counted(house: House) -> None:
    async def story(door: Door) -> str:
        assert door.judgement is not None

        def explode(*_: Any, **__: Any) -> int:
            raise ZeroDivisionError

        door.judgement.counters.count = explode  # type: ignore[method-assign]
        status, body = read(await door.events(AUTH, "application/json", dumps(event("1", "badword"))))
        assert status == 200
        assert body["verdict"]["quarantined"] == ["flood"]
        assert "bad-word" in fired(body)
        return door.exposition().body.decode()

    assert 'hakam_door_quarantined_total{rule="flood"} 1.0' in house.visit(story)


def test_every_key_of_the_house_has_another_digest() -> None:
    assert len({key.digest for key in KEYS}) == len(KEYS)


def test_requests_that_come_together_are_one_group_in_the_order_of_their_coming(house: House) -> None:
    async def story(door: Door) -> list[Any]:
        sending = [
            door.events(AUTH, "application/json", dumps(event(f"s{n}", author=f"a{n % 7}")))
            for n in range(40)
        ]
        sending.append(door.events(AUTH, "application/json", dumps([event("b1"), {"id": 1}, event("s3")])))
        answers = [read(answer) for answer in await asyncio.gather(*sending)]
        assert "hakam_door_group_events_count 1.0" in door.exposition().body.decode()
        return answers

    answers = house.visit(story)
    assert [body["event"] for _, body in answers[:40]] == [f"s{n}" for n in range(40)]
    results = answers[40][1]["results"]
    assert [(r["event"], r.get("duplicate")) for r in results] == [("b1", False), (None, None), ("s3", True)]
    assert results[2]["verdict"] == answers[3][1]["verdict"]
    assert records(house) == [*(f"s{n}" for n in range(40)), "b1"]


def test_what_is_not_judged_yet_counts_as_waiting(house: House) -> None:
    house.configure(max_waiting_events=3)

    async def story(door: Door) -> list[int]:
        sending = [
            door.events(AUTH, "application/json", dumps([event(f"{n}a"), event(f"{n}b")])) for n in range(4)
        ]
        answers = await asyncio.gather(*sending)  # all open before the first is judged
        assert read(door.stats(AUTH))[1]["waiting"] == 0
        return [answer.status for answer in answers]

    assert house.visit(story) == [200, 200, 503, 503]


def test_a_mistake_of_ours_is_answered_and_the_door_goes_on(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(door: Door) -> None:
        judgement = door.judgement
        assert judgement is not None
        engine = judgement.engine
        judge = engine.judge

        def explode(*_: Any) -> Any:
            raise ZeroDivisionError

        for verb in (door.events, door.check):
            engine.judge = explode  # type: ignore[method-assign]
            broken = read(await verb(AUTH, "application/json", dumps([event("1"), event("1"), {}])))
            assert [r["problem"]["status"] for r in broken[1]["results"]] == [500, 500, 422]
            engine.judge = judge  # type: ignore[method-assign]
            assert read(await verb(AUTH, "application/json", dumps(event("1"))))[0] == 200
        assert door.commit.events == 0

    house.visit(story)
    assert records(house) == ["1"]
    assert "could not be judged" in caplog.text
