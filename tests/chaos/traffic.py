"""What a platform does all day, from several threads, and what it was promised: evidence for the audit."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from tests.house import PLATFORM, House

WORDS = ("morning", "coffee", "train", "garden", "match", "قهوة", "صباح", "حديقة", "مباراة", "rain")
LIVE = ("zorblax",)  # the pack's live rules fire on these
HARSH = ("zorblax quuxim",)
REVIEW = ("frobnitz",)
PAUSE = 0.05  # seconds before the same request is sent again
UNAVAILABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 507})


class Promises(msgspec.Struct):
    """What was acknowledged. `events`: id to verdict as it was first told; `notices`: key to id."""

    events: dict[str, Any] = {}
    changed: list[str] = []  # events whose repeat had another verdict
    notices: dict[str, str] = {}
    complaints: dict[str, str] = {}  # statement to complaint
    refused: list[str] = []  # what was refused for good, which must be empty
    requests: int = 0
    repeats: int = 0


class Traffic:
    """Sends until stopped. Whatever gets no answer is sent again, the same, until it gets one."""

    def __init__(self, house: House, *, seed: int, pace: float) -> None:
        self._house = house
        self._seed = seed
        self._pace = pace  # seconds between two requests of one thread
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(
                target=self._guarded, args=(work, number), name=f"traffic-{work.__name__}", daemon=True
            )
            for number, work in enumerate(
                (self._events, self._events, self._notices, self._objections, self._confirmations)
            )
        ]
        self.promises = Promises()
        self.errors: list[BaseException] = []

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End. What was sent without an answer is sent until it has one."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=300)
            if thread.is_alive():
                raise TimeoutError(f"{thread.name} does not end")
        if self.errors:
            raise self.errors[0]

    def _guarded(self, work: Callable[[random.Random, int], None], number: int) -> None:
        try:
            work(random.Random(f"{self._seed} {number}"), number)  # noqa: S311 -- chance, not secrecy
        except BaseException as error:  # noqa: BLE001 -- told when the traffic ends
            self.errors.append(error)

    def _sent(
        self, client: httpx.Client, path: str, body: bytes, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send until there is an answer that is not "later"."""
        patience = time.monotonic() + 240
        tries = 0
        while True:
            try:
                with self._lock:
                    self.promises.requests += 1
                    self.promises.repeats += tries > 0
                answer = client.post(path, content=body, headers=headers)
            except httpx.TransportError as error:
                why = repr(error)
            else:
                if answer.status_code not in UNAVAILABLE:
                    return answer
                why = f"{answer.status_code} {answer.text[:200]}"
            tries += 1
            if time.monotonic() > patience:
                raise TimeoutError(f"no answer to {path} in 240 s: {why}")
            time.sleep(PAUSE)

    def _events(self, chance: random.Random, number: int) -> None:
        count = 0
        headers = {"content-type": "application/json"}
        with self._house.client(self._house.door_url, timeout=5.0) as client:
            while not self._stop.wait(self._pace):
                batch = []
                for _ in range(chance.choice((1, 1, 3, 8))):
                    count += 1
                    batch.append(event(f"{number}-{count}", chance))
                answer = self._sent(client, "/v1/events", msgspec.json.encode(batch), headers)
                results = answer.json().get("results", [])
                with self._lock:
                    if answer.status_code != httpx.codes.OK or len(results) != len(batch):
                        self.promises.refused.append(answer.text[:300])
                    for sent, result in zip(batch, results, strict=False):
                        earlier = self.promises.events.setdefault(sent["id"], result["verdict"])
                        if earlier != result["verdict"]:
                            self.promises.changed.append(sent["id"])
                if chance.random() < 0.1:  # a platform that is not sure sends again
                    again = self._sent(client, "/v1/events", msgspec.json.encode(batch), headers).json()
                    with self._lock:
                        for sent, result in zip(batch, again["results"], strict=True):
                            if (
                                not result["duplicate"]
                                or result["verdict"] != self.promises.events[sent["id"]]
                            ):
                                self.promises.changed.append(sent["id"])

    def _notices(self, chance: random.Random, number: int) -> None:
        count = 0
        with self._house.client(self._house.console_url) as client:
            while not self._stop.wait(self._pace * 4):
                with self._lock:
                    known = len(self.promises.events)
                if not known:
                    continue
                count += 1
                key = f"notice-{number}-{count}"
                about = f"{chance.randint(0, 1)}-{chance.randint(1, max(1, known // 2))}"
                notice = {
                    "harm": "harassment",
                    "explanation": f"It insults me ({key}).",
                    "items": [{"kind": "post", "id": f"p{about}"}],
                    "notifier": f"reader-{chance.randint(1, 30)}",
                    "name": "A Reader",
                    "email": "reader@forum.example",
                    "good_faith": "I believe in good faith that this is accurate and complete.",
                    "illegal": False,
                }
                answer = self._sent(
                    client,
                    "/api/v1/notices",
                    msgspec.json.encode(notice),
                    {"content-type": "application/json", "idempotency-key": key},
                )
                with self._lock:
                    if answer.status_code == httpx.codes.CREATED:
                        self.promises.notices[key] = answer.json()["id"]
                    else:
                        self.promises.refused.append(f"notice: {answer.status_code} {answer.text[:300]}")

    def _objections(self, chance: random.Random, _number: int) -> None:
        seen: set[str] = set()
        with self._house.client(self._house.console_url) as client:
            while not self._stop.wait(self._pace * 10):
                for message in self._house.received():
                    if self._stop.is_set():
                        return
                    if message.kind != "statement.issued" or message.id in seen:
                        continue
                    seen.add(message.id)
                    if chance.random() > 0.4:
                        continue
                    statement = message.data["id"]
                    complaint = {
                        "statement": statement,
                        "text": "I was quoting somebody else.",
                        "language": "en",
                    }
                    answer = self._sent(
                        client,
                        "/api/v1/complaints",
                        msgspec.json.encode(complaint),
                        {"content-type": "application/json"},
                    )
                    with self._lock:
                        if answer.status_code == httpx.codes.CREATED:
                            self.promises.complaints[statement] = answer.json()["id"]
                        elif answer.status_code == httpx.codes.CONFLICT:  # the answer to the first was lost
                            self.promises.complaints.setdefault(statement, "")
                        elif answer.status_code not in {404, 410}:  # withdrawn in the meantime
                            self.promises.refused.append(
                                f"complaint: {answer.status_code} {answer.text[:300]}"
                            )

    def _confirmations(self, _chance: random.Random, _number: int) -> None:
        done: set[str] = set()
        with self._house.client(self._house.console_url) as client:
            while not self._stop.wait(self._pace * 10):
                for message in self._house.received():
                    if self._stop.is_set():  # the rest stays delivered, without a word of its effect
                        return
                    if message.id in done or message.applied or not message.kind.startswith("measure."):
                        continue
                    answer = self._sent(
                        client,
                        f"/api/v1/deliveries/{message.id}/confirmation",
                        b'{"status": "applied"}',
                        {"content-type": "application/json"},
                    )
                    done.add(message.id)
                    with self._lock:
                        if answer.status_code != httpx.codes.OK:
                            self.promises.refused.append(
                                f"confirmation: {answer.status_code} {answer.text[:300]}"
                            )


def event(name: str, chance: random.Random) -> dict[str, Any]:
    """Return a post. One in six calls for a measure, one in twelve for a person."""
    words = chance.choices(WORDS, k=6)
    lot = chance.random()
    if lot < 0.05:
        words.append(chance.choice(HARSH))
    elif lot < 0.16:
        words.append(chance.choice(LIVE))
    elif lot < 0.24:
        words.append(chance.choice(REVIEW))
    return {
        "id": f"e{name}",
        "platform": PLATFORM,
        "kind": "post",
        "at": datetime.now(tz=UTC).isoformat(),
        "author": {"id": f"u{name}", "language": chance.choice(("en", "ar"))},
        "item": {"id": f"p{name}", "text": " ".join(words), "url": f"https://forum.example/p/{name}"},
    }


PACK = {
    "pack.yaml": "id: chaos\nversion: 1.0.0\nmaturity: test\nlanguages: [en, ar]\n",
    "policies.yaml": """
- policy: noise
  title: {en: Noise, ar: ضوضاء}
  text: {en: Do not make noise., ar: لا تُحدث ضوضاء.}
  harm: harassment
  severity: 40
  contractual: true
  ladder: [notify, limit_reach, hold, remove, suspend(days=7)]
""",
    "rules.yaml": f"""
- rule: loud
  policy: noise
  stage: live
  when: word(text.folded, "{LIVE[0]}")
  then: [limit_reach]
- rule: louder
  policy: noise
  stage: live
  when: word(text.folded, "quuxim")
  then: [remove, suspend(days=7), review(queue="noise")]
- rule: doubtful
  policy: noise
  stage: live
  when: word(text.folded, "{REVIEW[0]}")
  then: [review(queue="noise")]
""",
}
