"""A real log, judged by the door's own judgement, of a forum where a shop advertises in two languages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.door.decode import Received
from hakam.door.judgement import Judgement
from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import compile_pack
from hakam.policy.pack import Pack, load_pack
from hakam.storage.embedded.event_log import FileEventLog
from hakam.vocabulary.event import Event

START = 1_767_225_600.0  # 2026-01-01T00:00:00Z
HOUR, DAY = 3_600.0, 86_400.0

FILES = {
    "pack.yaml": "id: asked\nversion: 1.0.0\nmaturity: test\nlanguages: [en, ar]\nextra: {price: number}\n",
    "policies.yaml": """
- policy: spam
  title: {en: Spam, ar: إزعاج}
  text: {en: Do not advertise., ar: لا تعلن.}
  harm: spam
  severity: 20
  contractual: true
  ladder: [limit_reach, remove]
- policy: insult
  title: {en: Insults, ar: إهانات}
  text: {en: Do not insult., ar: لا تهن.}
  harm: harassment
  severity: 30
  contractual: true
  ladder: [limit_reach, remove]
""",
    "lists/shops.txt": "# kind: values\nshop.example\nsouq.example\n",
    "terms.yaml": "newcomer: author.posts < 3\n",
    "params.yaml": "- {param: many, type: number, default: 2, least: 1, most: 9}\n",
    "rules.yaml": """
- rule: says-buy
  policy: spam
  stage: live
  when: word(text.folded, "buy", "اشتري")
  then: [remove]
- rule: newcomer-with-shop
  policy: spam
  stage: shadow
  when: newcomer and any_in(links.domains, list("shops"))
  then: [review(queue="spam")]
- rule: in-a-row
  policy: insult
  stage: shadow
  when: count(by=author.id, within="10m") > params.many
  then: [review(queue="spam")]
""",
}


def pack_of(files: dict[str, str]) -> Pack:
    loaded = load_pack(files)
    assert loaded.pack is not None, loaded.errors
    return loaded.pack


class Forum:
    """A log that is written to as the door does, with a clock of its own."""

    def __init__(self, folder: Path, pack: Pack) -> None:
        self.now = START
        self.path = folder / "events"
        self.pack = pack
        self.log = FileEventLog(self.path, clock=lambda: self.now)
        self.judgement = Judgement(compile_pack(pack), MemoryCounters())
        self.count = 0

    def post(
        self, text: str | None = "a lovely day", *, author: str = "ali", at: float | None = None, **more: Any
    ) -> str:
        """Post something `at` seconds after the start; return the event's id."""
        if at is not None:
            self.now = START + at
        self.count += 1
        id_ = f"e{self.count}"
        item = {"id": f"p{self.count}", "text": text, **more.pop("item", {})}
        raw = json.dumps(
            {
                "id": id_,
                "platform": "forum",
                "kind": "post",
                "at": "2026-01-01T00:00:00Z",
                "author": {"id": author, "posts": 1, **more.pop("by", {})},
                "item": {name: value for name, value in item.items() if value is not None},
                **more,
            },
            ensure_ascii=False,
        ).encode()
        event = msgspec.json.decode(raw, type=Event)
        self.log.append(self.judgement.judge([Received(raw, event=event, at=self.now)]))
        return id_


@pytest.fixture(scope="session")
def pack() -> Pack:
    return pack_of(FILES)


@pytest.fixture
def forum(tmp_path: Path, pack: Pack) -> Iterator[Forum]:
    made = Forum(tmp_path, pack)
    yield made
    made.log.close()


@pytest.fixture
def busy(forum: Forum) -> Forum:
    """Three days of posts: on the first two by many, on the third the shop comes."""
    for day in range(2):
        for n in range(6):
            forum.post(f"a lovely day {n}", author=f"user{n}", at=day * DAY + n * HOUR)
    for n in range(4):
        forum.post(
            "buy my lovely carpets at https://shop.example/carpets today",
            author="shop",
            at=2 * DAY + n * 60,
            context={"ip_hash": "aa"},
        )
    forum.post(
        "اشتري السجاد من https://souq.example الآن",
        author="souq",
        at=2 * DAY + HOUR,
        context={"ip_hash": "aa"},
    )
    return forum


Damage = Callable[[bytes], None]


@pytest.fixture
def damage(forum: Forum) -> Damage:
    """Turn over one bit of the record that holds some bytes."""

    def turn(mark: bytes) -> None:
        for file in sorted(forum.path.iterdir()):
            data = bytearray(file.read_bytes())
            place = data.find(mark)
            if place >= 0:
                data[place] ^= 1
                file.write_bytes(data)
                return
        raise AssertionError(f"{mark!r} is in no file of the log")

    return turn
