"""The adapter `chat`: a model behind an endpoint that speaks as OpenAI's chat completions do.

Settings: `url` (as `https://host/v1`), `model`, `style` (see `prompts`), `clause` (of the rule book: its words are what
the model judges by), `language` of those words, `key` (name of a secret, empty for none), `seconds` that one text may
take, `at_once`, and prices for a million tokens, `price_in` and `price_out`.

Texts leave this machine. Nothing else of an event does: no names, no ids, no addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Annotated, Any

import msgspec

from hakam.adapters.declared import Declared
from hakam.adapters.endpoint import TroubleError, opened
from hakam.adapters.model import Answer, Known, ModelUnavailableError, Text, Unknown
from hakam.adapters.prompts import (
    PROMPTS_VERSION,
    Reply,
    Style,
    UnreadableAnswerError,
    first_of,
    prompt,
    read,
)

_MOST_TOKENS = 10_000_000  # of one answer: what services say is kept and summed up, and may be anything
_MOST_MICROS = 1e12  # a million of the currency


class ChatSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the declaration says under `settings`."""

    url: str
    model: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    style: Style
    clause: str = ""
    language: str = "en"
    key: str = ""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 20.0
    at_once: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4
    price_in: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    price_out: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class ChatModel:
    """One model behind one endpoint. `secret` gives a key by its name, `clause` the words of a clause in a language.

    Raises `ModelUnavailableError` for what can't be used.
    """

    def __init__(
        self, declared: Declared, *, secret: Callable[[str], str], clause: Callable[[str, str], str]
    ) -> None:
        self._settings = chosen = _chosen(declared)
        self.labels = declared.what.labels
        self._policy = clause(chosen.clause, chosen.language) if chosen.clause else ""
        self._endpoint = opened(chosen, secret, at_once=chosen.at_once)
        self.sends_to = self._endpoint.host
        said = f"{PROMPTS_VERSION}\0{self._policy}"
        self.id = f"{declared.name}-{declared.version}-{sha256(said.encode()).hexdigest()[:12]}"
        self._threads = ThreadPoolExecutor(chosen.at_once, thread_name_prefix=f"model-{declared.name}")

    def read(self, texts: Sequence[Text]) -> list[Answer]:
        """Answer each text; `at_once` of them are under way at a time."""
        return list(self._threads.map(self._one, texts))

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._endpoint.close()

    def _one(self, one: Text) -> Answer:
        if not one.text.strip():
            return Known(dict.fromkeys(self.labels, 0.0))  # nothing was said
        chosen = self._settings
        asked = prompt(chosen.style, self._policy, one.text)
        body: dict[str, Any] = {
            "model": chosen.model,
            "messages": asked.messages,
            "temperature": 0,
            "max_tokens": asked.most_tokens,
        }
        if chosen.style is not Style.POLICY:
            body |= {"logprobs": True, "top_logprobs": 10}
        sent = len(one.text)
        try:
            found, streamed = self._endpoint.post("/chat/completions", body)
        except TroubleError as error:
            return Unknown(str(error), error.again, sent=sent, calls=1)
        try:
            reply, usage, finish = _streamed(found) if streamed else _whole(found)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            return Unknown("the endpoint does not answer as a chat completion", sent=sent, calls=1)
        tokens, micros = self._cost(usage)
        try:
            if finish is not None and finish != "stop":
                raise UnreadableAnswerError(f"the answer was cut short: {finish}"[:100])  # noqa: TRY301
            scores = read(chosen.style, self.labels, one.text, reply)
        except UnreadableAnswerError as error:
            return Unknown(str(error)[:300], 0.0, tokens, micros, sent, 1)
        return Known(scores, tokens, micros, sent, 1)

    def _cost(self, usage: Any) -> tuple[int, int]:
        """Return tokens, and their price in millionths: a price for a million tokens is one in millionths for each."""
        try:
            given, made = int(usage["prompt_tokens"]), int(usage["completion_tokens"])
        except (KeyError, TypeError, ValueError):
            return 0, 0
        given, made = (min(max(0, count), _MOST_TOKENS) for count in (given, made))
        micros = given * self._settings.price_in + made * self._settings.price_out
        return given + made, round(min(micros, _MOST_MICROS))


def _chosen(declared: Declared) -> ChatSettings:
    """Return the settings. Raises `ModelUnavailableError`."""
    try:
        chosen = msgspec.convert(declared.what.settings, ChatSettings)
    except msgspec.ValidationError as error:
        raise ModelUnavailableError(f"settings: {error}") from error
    if chosen.style is not Style.LLAMA_GUARD:
        if not chosen.clause:
            raise ModelUnavailableError("`clause` names what the model judges by")
        if len(declared.what.labels) != 1:
            raise ModelUnavailableError("it judges by one clause, which is one label")
    return chosen


def _whole(found: bytes) -> tuple[Reply, Any, str | None]:
    body = msgspec.json.decode(found)
    choice = body["choices"][0]
    content = choice["message"]["content"]
    if not isinstance(content, str):
        raise TypeError("no text")
    return Reply(content, first_of(choice)), body.get("usage"), choice.get("finish_reason")


def _streamed(found: bytes) -> tuple[Reply, Any, str | None]:
    """Read an answer that came in pieces, from a service that streams whether asked to or not."""
    words: list[str] = []
    first: dict[str, float] = {}
    usage: Any = None
    finish: str | None = None
    ended = False
    for line in found.split(b"\n"):
        said = line.strip()
        if not said.startswith(b"data:"):
            continue
        data = said[5:].strip()
        if data == b"[DONE]":
            ended = True
            break
        body = msgspec.json.decode(data)
        usage = body.get("usage") or usage
        for choice in body["choices"][:1]:
            words.append(choice.get("delta", {}).get("content") or "")
            first = first or first_of(choice)
            finish = choice.get("finish_reason") or finish
    if not ended and finish is None:
        raise ValueError("the stream broke off")
    return Reply("".join(words), first), usage, finish
