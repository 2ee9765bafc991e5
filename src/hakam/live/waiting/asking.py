"""Questions of ticket holders, on their way to the door: answered once they are judged and on disk, and not before.

The node keeps nothing. Questions wait in memory for at most a few requests to the door, in groups, so that a burst is
some twenty requests a second; who asked is answered with what the door said, or told to try again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import httpx
import msgspec

from hakam.live.questions import BARRING, Question
from hakam.live.waiting.plan import Asking
from hakam.vocabulary.measure import Measure

LABEL: Final = "question"  # that makes a message of the chat a question
MOST_WAITING: Final = 20_000
_GROUP: Final = 500  # questions in one request
_LINES: Final = 3  # requests at once
_GATHER: Final = 0.02  # seconds that a request waits for company
_MOST_ASKERS: Final = 1_000_000  # whose last questions are remembered
_TIMEOUT: Final = 20.0
_NEVER: Final = 422  # status of an event that will not become better by itself
_TRY_AGAIN: Final = 10  # seconds
_UNFIT: Final = (401, 403)  # statuses of a key that will not do
_NEVER_COMES: Final = datetime(9999, 12, 31, tzinfo=UTC)
_SHUT: Final = BARRING[Question.ITEM] | BARRING[Question.ACCOUNT]
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
_log = logging.getLogger("hakam.waiting")


class AskingError(Exception):
    """A question was not taken.

    `code` is stable: `empty`, `too_long`, `malformed`, `too_soon`, `too_many`, `door_busy`, `refused`.
    """

    def __init__(self, code: str, wait: int | None = None) -> None:
        self.code, self.wait = code, wait  # seconds until it makes sense to try again
        super().__init__(code)


class Asked(msgspec.Struct):
    """What a person sends."""

    text: str
    language: str = ""


class _Result(msgspec.Struct):
    verdict: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None


class _Results(msgspec.Struct):
    results: list[_Result]


class _Problem(msgspec.Struct):
    title: str
    detail: str = ""


class _Going(NamedTuple):
    event: bytes
    answer: asyncio.Future[_Result]


class Turns:
    """How often and how soon each holder asks on this node."""

    def __init__(self, limits: Asking) -> None:
        self._limits = limits
        self._asked: OrderedDict[bytes, tuple[int, float]] = OrderedDict()  # how often, when last

    def take(self, holder: bytes, at: float) -> None:
        """Count a question. Raises `AskingError`."""
        count, last = self._asked.get(holder, (0, 0.0))
        if count >= self._limits.each:
            raise AskingError("too_many")
        left = last + self._limits.every_seconds - at
        if count and left > 0:
            raise AskingError("too_soon", int(left) + 1)
        self._asked[holder] = (count + 1, at)
        self._asked.move_to_end(holder)
        if len(self._asked) > _MOST_ASKERS:
            self._asked.popitem(last=False)

    def give_back(self, holder: bytes) -> None:
        """Count a question less: it was not taken."""
        count, _ = self._asked.pop(holder, (1, 0.0))
        if count > 1:
            self._asked[holder] = (count - 1, 0.0)


class Line:
    """The way to the door. `run` sends; `ask` waits for the answer."""

    def __init__(self, event: str, limits: Asking, *, url: str, key: str, platform: str) -> None:
        self.limits = limits
        self._event, self._platform = event, platform
        self._url, self._key = f"{url.rstrip('/')}/v1/events", key
        self._turns = Turns(limits)
        self._waiting: asyncio.Queue[_Going] = asyncio.Queue(MOST_WAITING)

    async def ask(self, asked: Asked, *, holder: bytes, account: str, now: datetime) -> None:
        """Send a question and return once it is taken. Raises `AskingError`."""
        text = asked.text.strip()
        if not text:
            raise AskingError("empty")
        if len(text) > self.limits.longest:
            raise AskingError("too_long")
        self._turns.take(holder, now.timestamp())
        going = _Going(
            self._event_of(asked, text, holder, account, now), asyncio.get_running_loop().create_future()
        )
        try:
            self._waiting.put_nowait(going)
            found = await asyncio.wait_for(going.answer, _TIMEOUT * 2)
            self._settle(found)
        except (asyncio.QueueFull, TimeoutError):
            self._turns.give_back(holder)
            raise AskingError("door_busy", _TRY_AGAIN) from None
        except AskingError as error:
            if error.code == "door_busy":
                self._turns.give_back(holder)
            raise

    @staticmethod
    def _settle(found: _Result) -> None:
        if found.problem is not None and found.problem.get("status", 500) == _NEVER:
            raise AskingError("malformed")
        if found.verdict is None:
            raise AskingError("door_busy", _TRY_AGAIN)
        measures = msgspec.convert(found.verdict.get("measures", []), list[Measure])
        if any(measure.kind in _SHUT for measure in measures):
            raise AskingError("refused")

    def _event_of(self, asked: Asked, text: str, holder: bytes, account: str, now: datetime) -> bytes:
        # The same words of the same holder are the same question, however often they are sent.
        name = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16, key=holder).hexdigest()
        item: dict[str, Any] = {
            "id": f"question-{name}",
            "text": text,
            "thread": self._event,
            "labels": [LABEL],
            "audience": "public",
        }
        language = asked.language if _LANGUAGE.fullmatch(asked.language) else ""
        if language:
            item["language"] = language
        return msgspec.json.encode(
            {
                "id": f"{self._event}-{name}",
                "platform": self._platform,
                "kind": "live.chat",
                "at": now,
                "author": {"id": account or f"guest-{holder.hex()}"},
                "item": item,
            }
        )

    async def trouble(self) -> str:
        """Return why the door takes no question with this key; empty if it does, or can't be asked now.

        An event of the year 9999 is refused once its key and its platform were looked at: nothing is kept of it.
        """
        probe = self._event_of(Asked("?"), "?", b"", "nobody", _NEVER_COMES)
        head = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as client:
            try:
                answer = await client.post(self._url, content=probe, headers=head)
            except httpx.HTTPError:
                return ""
        if answer.status_code not in _UNFIT:
            return ""
        with contextlib.suppress(msgspec.MsgspecError):
            told = msgspec.json.decode(answer.content, type=_Problem)
            return f"{told.title}: {told.detail}" if told.detail else told.title
        return f"it answers {answer.status_code}"

    async def run(self) -> None:
        """Send until cancelled."""
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as client:
            await asyncio.gather(*(self._send(client) for _ in range(_LINES)))

    async def _send(self, client: httpx.AsyncClient) -> None:
        while True:
            group = [await self._waiting.get()]
            await asyncio.sleep(_GATHER)
            while len(group) < _GROUP and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            results = await self._post(client, b"\n".join(one.event for one in group), len(group))
            for one, result in zip(group, results, strict=True):
                if not one.answer.done():
                    one.answer.set_result(result)

    async def _post(self, client: httpx.AsyncClient, body: bytes, count: int) -> list[_Result]:
        head = {"authorization": f"Bearer {self._key}", "content-type": "application/x-ndjson"}
        try:
            answer = await client.post(self._url, content=body, headers=head)
            with contextlib.suppress(msgspec.MsgspecError):
                if count == 1 and answer.is_success:
                    found = [msgspec.json.decode(answer.content, type=_Result)]
                    if found[0].verdict is not None:
                        return found
                if answer.status_code in {200, 207}:
                    found = msgspec.json.decode(answer.content, type=_Results).results
                    if len(found) == count:
                        for result in found:
                            if result.problem is not None:
                                _log.warning("the door took a question not: %s", result.problem.get("title"))
                        return found
            _log.warning("the door answered %s: %.300s", answer.status_code, answer.text)
        except httpx.HTTPError as error:
            _log.warning("the door can't be reached: %s", error)
        return [_Result()] * count
