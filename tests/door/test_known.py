"""Banks at the door: what an event carries is looked up before the answer, and a withdrawal counts at once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.door.test_reload import AUTH, live, until

from hakam.door.app import Door
from hakam.door.judgement import Judgement, Measured, prepare
from hakam.door.known import banks_of, firings_of_banks, joined, scores_of
from hakam.policy.counters import MemoryCounters
from hakam.policy.known_content import nearness
from hakam.storage.bank_firings import QUEUE
from hakam.storage.bank_shelf import Held, write
from hakam.storage.embedded import published
from hakam.storage.known_content import KnownContent, Seen, bank_folder
from hakam.storage.published import Published, PublishedBank
from hakam.testing.doors import KEYS, House, dumps, event, fired, pack_files, published_pack, read
from hakam.vocabulary.bank import BankMatch, EntryKind
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
FOUR_OFF = f"{int(PDQ, 16) ^ 0b10110001:064x}"
MD5 = "0123456789abcdef0123456789abcdef"
RULES = """
- rule: known-attack
  policy: spam
  stage: live
  when: bank("attack", distance=20)
  then: [limit_reach]
- rule: not-known
  policy: spam
  stage: live
  when: not bank("attack")
  then: [label("new")]
- rule: again
  policy: spam
  stage: live
  when: count(by=author.id, within="1h", where=bank("attack")) >= 2
  then: [label("again")]
"""


def put(
    house: House,
    number: int,
    name: str,
    *held: Held,
    revision: int = 1,
    gone: tuple[int, ...] = (),
    **more: Any,
) -> PublishedBank:
    write(bank_folder(house.folder, number), revision, held, list(gone))
    return PublishedBank(number, name, revision, **more)


def posting(id_: str, **hashes: str) -> dict[str, Any]:
    found = event(id_)
    found["item"]["media"] = [{"mime": "image/jpeg"}, {"hashes": hashes}]
    return found


@pytest.fixture
def filled(house: House) -> House:
    banks = (
        put(house, 1, "attack", Held(7, EntryKind.PDQ, PDQ), Held(8, EntryKind.MD5, MD5)),
        put(house, 2, "ncii", Held(3, EntryKind.PDQ, PDQ), clause="spam"),
    )
    house.publish(pack=published_pack(pack_files(RULES)), banks=banks)
    return house


def test_the_verdict_names_bank_entry_and_distance(filled: House) -> None:
    ((status, result),) = filled.send(posting("e1", pdq=FOUR_OFF))
    assert status == 200
    assert result["verdict"]["matches"] == [
        {"bank": "attack", "entry": 7, "kind": "pdq", "distance": 4, "media": 1},
        {"bank": "ncii", "entry": 3, "kind": "pdq", "distance": 4, "media": 1},
    ]
    assert "known-attack" in fired(result)
    assert PDQ not in dumps(result["verdict"]).decode()


def test_a_bank_with_a_clause_asks_for_a_person_and_restricts_nobody(filled: House) -> None:
    ((_, result),) = filled.send(posting("e1", pdq=PDQ))
    (own,) = [firing for firing in result["verdict"]["firings"] if firing["rule"] == "bank:ncii"]
    assert own["policy"] == "spam"
    assert own["review"] == {"queue": QUEUE}
    assert own["values"] == {'bank("ncii")': "entry 3, pdq, 0 bits apart"}
    assert "measures" not in own
    assert result["verdict"]["review"] == {"queue": QUEUE}


def test_a_bank_that_holds_says_so_in_the_answer(house: House) -> None:
    bank = put(house, 1, "shared", Held(4, EntryKind.MD5, MD5), clause="spam", hold=True)
    house.publish(pack=published_pack(pack_files(RULES)), banks=(bank,))
    ((_, result),) = house.send(posting("e1", md5=MD5))
    assert result["verdict"]["measures"] == [{"kind": "hold"}]
    (own,) = [firing for firing in result["verdict"]["firings"] if firing["rule"] == "bank:shared"]
    assert (own["measures"], own["review"]) == ([{"kind": "hold"}], {"queue": QUEUE})


def test_a_bank_that_only_watches_is_written_down_and_read_by_no_rule(house: House) -> None:
    bank = put(house, 1, "attack", Held(7, EntryKind.MD5, MD5), clause="spam", hold=True, shadow=True)
    house.publish(pack=published_pack(pack_files(RULES)), banks=(bank,))
    ((_, result),) = house.send(posting("e1", md5=MD5))
    (own,) = result["verdict"]["firings"]
    assert (own["rule"], own["stage"]) == ("bank:attack", "shadow")
    assert own["values"] == {'bank("attack")': "entry 7, md5, 0 bits apart"}
    assert result["verdict"].keys().isdisjoint({"measures", "review", "matches"})


def test_what_no_bank_knows_is_known_not_to_be(filled: House) -> None:
    far = f"{int(PDQ, 16) ^ (2**40 - 1):064x}"
    ((_, there), (_, nothing)) = filled.send(posting("e1", pdq=far), event("e2"))
    assert fired(there) == ["not-known"]
    assert "matches" not in there["verdict"]
    assert fired(nothing) == []  # no hash came with it: unknown


def test_files_match_byte_for_byte(filled: House) -> None:
    ((_, result),) = filled.send(posting("e1", md5=MD5))
    assert [match["kind"] for match in result["verdict"]["matches"]] == ["md5"]
    assert fired(result) == ["known-attack"]


def test_the_record_keeps_how_near_it_was_for_a_replay(filled: House) -> None:
    filled.send(posting("e1", pdq=FOUR_OFF))
    record = filled.log.get("forum", "e1")
    assert record is not None
    kept = msgspec.json.decode(record.signals, type=Measured)
    assert kept.scores == {"bank:attack": nearness(4)}  # of the bank that a rule reads
    assert kept.model is None


def test_counters_count_what_the_banks_said_then(filled: House) -> None:
    first, second = filled.send(posting("e1", pdq=PDQ), posting("e2", pdq=PDQ))
    assert "again" not in fired(first[1])
    assert "again" in fired(second[1])
    record = filled.log.get("forum", "e1")
    assert record is not None
    later = prepare(published_pack(pack_files(RULES)))  # its banks know nothing of it any longer
    later.remember(record.raw, record.signals)
    later.known = KnownContent(filled.folder, filled.publication.banks)
    item = msgspec.json.decode(later.consider(msgspec.convert(posting("e3", pdq=PDQ), Event, strict=False)))
    assert "again" in [firing["rule"] for firing in item["firings"]]


def test_a_check_asks_the_banks_too(filled: House) -> None:
    async def story(door: Door) -> Any:
        return read(await door.check(AUTH, "application/json", dumps(posting("e1", pdq=PDQ))))

    _, result = filled.visit(story)
    assert {match["bank"] for match in result["verdict"]["matches"]} == {"attack", "ncii"}
    assert filled.log.get("forum", "e1") is None


def test_what_the_platform_measured_itself_comes_first(filled: House) -> None:
    sent = {**posting("e1", pdq=PDQ), "scores": {"bank:attack": 0.0}}
    ((_, result),) = filled.send(sent)
    assert "known-attack" not in fired(result)
    assert "not-known" in fired(result)


def test_without_banks_the_answer_is_as_it_was(house: House) -> None:
    ((_, result),) = house.send(posting("e1", pdq=PDQ))
    assert "matches" not in result["verdict"]


def test_health_tells_banks_and_their_trouble(filled: House) -> None:
    async def story(door: Door) -> Any:
        return read(door.health())

    assert filled.visit(story)[1]["banks"] == ["attack", "ncii"]
    filled.publish(banks=(*filled.publication.banks, PublishedBank(9, "lost", 4)))
    _, report = filled.visit(story)
    assert report["status"] == "degraded"
    assert "bank lost" in report["trouble"]


def test_a_withdrawal_is_in_force_without_a_start(house: House) -> None:
    held = (Held(7, EntryKind.PDQ, PDQ), Held(8, EntryKind.MD5, MD5))
    first = put(house, 1, "attack", *held)
    pack = published_pack(pack_files(RULES))
    published.write(house.config.published_path, Published(1, KEYS, pack, (first,)))

    async def story(door: Door) -> None:
        async def seen(id_: str) -> list[Any]:
            body = dumps(posting(id_, pdq=PDQ, md5=MD5))
            return list(
                read(await door.events(AUTH, "application/json", body))[1]["verdict"].get("matches", [])
            )

        await until(lambda: door.judgement is not None)
        assert len(await seen("e1")) == 2
        judgement = door.judgement
        second = put(house, 1, "attack", revision=2, gone=(7,))
        published.write(house.config.published_path, Published(2, KEYS, pack, (second,)))
        await until(lambda: door.published.revision == 2)
        assert [match["kind"] for match in await seen("e2")] == ["md5"]
        assert door.judgement is judgement  # the rules and their counters go on
        published.write(house.config.published_path, Published(3, KEYS, pack, ()))
        await until(lambda: door.published.revision == 3)
        assert await seen("e3") == []
        assert door.metrics.reloads["banks"] == 3

    live(house, story)


def test_a_new_rule_book_keeps_the_banks(house: House) -> None:
    bank = put(house, 1, "attack", Held(7, EntryKind.PDQ, PDQ))
    published.write(house.config.published_path, Published(1, KEYS, published_pack(), (bank,)))

    async def story(door: Door) -> None:
        await until(lambda: door.judgement is not None)
        pack = published_pack(pack_files(RULES))
        published.write(house.config.published_path, Published(2, KEYS, pack, (bank,)))
        await until(lambda: door.judgement is not None and door.judgement.engine.ref == pack.ref)
        body = dumps(posting("e1", pdq=PDQ))
        assert "known-attack" in fired(read(await door.events(AUTH, "application/json", body))[1])

    live(house, story)


def test_only_banks_that_rules_read_become_scores() -> None:
    engine = prepare(published_pack(pack_files(RULES))).engine
    read_ = banks_of(engine.rules)
    assert read_ == {"attack"}
    match = BankMatch("other", 1, EntryKind.PDQ, 3)
    assert scores_of(Seen((match,), ("other", "attack")), read_, {}) == {"bank:attack": 0.0}
    two = (BankMatch("attack", 1, EntryKind.PDQ, 3), BankMatch("attack", 2, EntryKind.PDQ, 9))
    assert scores_of(Seen(two, ("attack",)), read_, {}) == {"bank:attack": nearness(3)}
    assert scores_of(Seen(two, ("attack",)), read_, {"bank:attack": 0.5}) == {}
    assert scores_of(Seen(), read_, {}) == {}


def test_rules_and_banks_can_be_told_apart_again(filled: House) -> None:
    ((_, result),) = filled.send(posting("e1", pdq=PDQ))
    told = msgspec.convert(result["verdict"], Verdict)
    own = firings_of_banks(told)
    assert [firing.rule for firing in own] == ["bank:ncii"]
    rules = tuple(firing for firing in told.firings if firing not in own)
    bare = msgspec.structs.replace(told, firings=rules, matches=(), review=None)
    assert joined(bare, own, told.matches) == told


def test_looking_up_is_quick(tmp_path: Path) -> None:
    held = [Held(n, EntryKind.MD5, f"{n:032x}") for n in range(1, 20_001)]
    write(bank_folder(tmp_path, 1), 1, held, [])
    judgement = Judgement(prepare(published_pack()).engine, MemoryCounters())
    known = judgement.known = KnownContent(tmp_path, [PublishedBank(1, "a", 1)])
    started = time.thread_time()
    for number in range(1, 1_001):
        assert known.find([(EntryKind.MD5, f"{number:032x}", None)], 0.0).matches
    assert time.thread_time() - started < 2  # 2 ms each of the processor, whatever the machine does besides
