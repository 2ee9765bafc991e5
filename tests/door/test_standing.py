"""A verdict proposes what adds something to the measures in force, and says what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.door.app import Door
from hakam.storage.standing import FILE, StandingWriter
from hakam.testing.doors import RULES, House, dumps, event, key_text, pack_files, published_pack, read
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.verdict import Verdict

HARSH = (
    RULES
    + """
- rule: burner
  policy: spam
  stage: live
  when: word(text.folded, "burner")
  then: [limit_reach, remove]
"""
)
ITEM = ItemRef("forum", "post", "p-2")


@pytest.fixture(name="house")
def house_fixture(tmp_path: Path) -> Any:
    house = House(tmp_path)
    house.publish(pack=published_pack(pack_files(HARSH)))
    yield house
    house.log.close()


def stand(house: House, *measures: Measure, item: ItemRef = ITEM, author: str = "") -> None:
    with StandingWriter(house.folder) as file:
        if author:
            file.on_account("forum", author, measures)
        else:
            file.on_item(item, measures)


def verdicts(house: House, *sent: Any) -> list[Any]:
    answers = [body["verdict"] for status, body in house.send(*sent) if status == 200]
    assert len(answers) == len(sent)
    return answers


def kinds(verdict: Any, name: str) -> list[str]:
    return [one["kind"] for one in verdict.get(name, [])]


def test_what_stands_is_not_proposed_again_and_named(house: House) -> None:
    stand(house, Measure(MeasureKind.REMOVE))
    (told, other) = verdicts(house, event("2", "a badword"), event("3", "a badword"))
    assert (kinds(told, "measures"), kinds(told, "in_force")) == ([], ["remove"])
    assert [one["rule"] for one in told["firings"]] == ["bad-word"]
    assert kinds(told["firings"][0], "measures") == ["remove"]  # what the rule asks for stays to be read
    assert told["review"]["queue"] == "spam"  # a person may still look
    assert (kinds(other, "measures"), "in_force" in other) == (["remove"], False)


def test_what_is_implied_is_in_force_too_and_what_adds_something_is_proposed(house: House) -> None:
    stand(house, Measure(MeasureKind.REMOVE))
    (both,) = verdicts(house, event("2", "a burner"))
    assert (kinds(both, "measures"), kinds(both, "in_force")) == ([], ["limit_reach", "remove"])
    stand(house, Measure(MeasureKind.LIMIT_REACH))
    (some,) = verdicts(house, {**event("4", "a burner"), "item": {"id": "p-2", "text": "a burner"}})
    assert (kinds(some, "measures"), kinds(some, "in_force")) == (["remove"], ["limit_reach"])


def test_it_is_proposed_again_when_it_stands_no_longer(house: House) -> None:
    stand(house, Measure(MeasureKind.REMOVE))

    async def story(door: Door) -> list[Any]:
        answers = []
        for n in range(3):
            sent = {**event(f"x{n}", "a badword"), "item": {"id": "p-2", "text": "a badword"}}
            answers.append(
                read(await door.events(f"Bearer {key_text('forum')}", "application/json", dumps(sent)))[1]
            )
            stand(house, *([] if n == 0 else [Measure(MeasureKind.REMOVE)]))
        return answers

    told = [answer["verdict"] for answer in house.visit(story)]
    assert [kinds(one, "measures") for one in told] == [[], ["remove"], []]


def test_the_log_keeps_what_was_told(house: House) -> None:
    stand(house, Measure(MeasureKind.REMOVE))
    (told,) = verdicts(house, event("2", "a badword"))
    (record,) = house.log.read(0, 10)
    kept = msgspec.json.decode(record.verdict, type=Verdict)
    assert kept.in_force == (Measure(MeasureKind.REMOVE),)
    assert msgspec.json.decode(record.verdict) == told
    assert kept.measures == ()


def test_a_preview_says_the_same(house: House) -> None:
    stand(house, Measure(MeasureKind.REMOVE))

    async def story(door: Door) -> Any:
        return read(
            await door.check(
                f"Bearer {key_text('forum')}", "application/json", dumps(event("2", "a badword"))
            )
        )

    status, body = house.visit(story)
    assert status == 200
    assert (kinds(body["verdict"], "measures"), kinds(body["verdict"], "in_force")) == ([], ["remove"])


@pytest.mark.parametrize("bad", [b"", b"rubbish " * 1_000])
def test_a_file_that_can_not_be_read_stops_no_verdict(house: House, bad: bytes) -> None:
    (house.folder / FILE).write_bytes(bad)
    (told,) = verdicts(house, event("2", "a badword"))
    assert kinds(told, "measures") == ["remove"]
