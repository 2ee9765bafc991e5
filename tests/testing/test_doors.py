"""The house of the door's tests: a real door with a small pack, whose parts do what other tests rely on."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hakam.policy.pack import load_pack
from hakam.storage.published import Published
from hakam.testing.doors import (
    KEYS,
    House,
    dumps,
    event,
    fired,
    free_port,
    key_text,
    pack_files,
    published_pack,
)


def test_the_pack_of_the_house_is_sound() -> None:
    loaded = load_pack(pack_files())
    assert loaded.pack is not None
    assert [rule.id for rule in loaded.pack.rules] == ["bad-word", "flood", "chorus"]
    assert published_pack().ref == loaded.pack.ref


def test_another_version_is_another_pack() -> None:
    assert published_pack(pack_files(version="2")).ref != published_pack().ref


def test_a_pack_with_a_mistake_is_not_published() -> None:
    with pytest.raises(AssertionError, match="P103"):
        published_pack(
            pack_files("- rule: r\n  policy: spam\n  stage: live\n  when: nope\n  then: [remove]\n")
        )


def test_keys_are_published_as_hashes_only() -> None:
    assert not any(key_text(key.prefix) in repr(KEYS) for key in KEYS)
    assert len({key.digest for key in KEYS}) == len(KEYS)
    assert {key.platform for key in KEYS} == {"forum", "shop"}


def test_a_visit_judges_and_keeps_what_came(tmp_path: Path) -> None:
    house = House(tmp_path)
    (status, answer), *_ = house.send(event("1", "a badword"), event("2"))
    assert status == 200
    assert fired(answer) == ["bad-word"]
    assert [record.id for record in house.log.read(0, 10)] == ["1", "2"]


def test_counters_go_on_within_one_visit(tmp_path: Path) -> None:
    answers = House(tmp_path).send(*(event(str(n)) for n in range(5)))
    found = [fired(answer) for _, answer in answers]
    assert ["flood" in rules for rules in found] == [False, False, False, True, True]


def test_what_is_published_later_holds_for_doors_opened_later(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.publish(pack=None)
    assert isinstance(house.publication, Published)
    assert house.publication.pack is None
    assert house.send(event("1"))[0][0] != 200
    house.publish(pack=published_pack())
    assert house.send(event("1"))[0][0] == 200


def test_a_free_port_is_free() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", free_port()))


def test_a_port_is_named_once() -> None:
    """Who asked first may not listen yet: the next must not be told the same."""
    assert len({free_port() for _ in range(200)}) == 200


def test_bodies_are_json() -> None:
    assert dumps(event("1", author="bob", kind="comment")).startswith(
        b'{"id":"1","platform":"forum","kind":"comment"'
    )
