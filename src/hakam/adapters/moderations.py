"""The adapter `moderations`: an endpoint that speaks as OpenAI's moderations do, another Hakam among them.

Settings: `url` (as `https://api.openai.com/v1`), `model` (empty: the service's choice), `key` (name of a secret),
`seconds`, `at_once`, and `categories`: label to the category of the service, where they differ, as
`{hate = "hate/threatening"}`. Each text is a request of its own, so that one that is refused hides no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Annotated, Any

import msgspec

from hakam.adapters.declared import Declared
from hakam.adapters.endpoint import TroubleError, opened
from hakam.adapters.model import Answer, Known, ModelUnavailableError, Text, Unknown


class ModerationsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the declaration says under `settings`."""

    url: str
    model: str = ""
    key: str = ""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 20.0
    at_once: Annotated[int, msgspec.Meta(ge=1, le=64)] = 4
    categories: dict[str, str] = {}


class Moderations:
    """A moderation service, whatever it is given. Raises `ModelUnavailableError` for what can't be used."""

    def __init__(self, declared: Declared, *, secret: Callable[[str], str]) -> None:
        try:
            self._settings = chosen = msgspec.convert(declared.what.settings, ModerationsSettings)
        except msgspec.ValidationError as error:
            raise ModelUnavailableError(f"settings: {error}") from error
        self.labels = declared.what.labels
        self._endpoint = opened(chosen, secret, at_once=chosen.at_once)
        self.sends_to = self._endpoint.host
        digest = sha256(msgspec.json.encode(chosen, order="deterministic")).hexdigest()[:12]
        self.id = f"{declared.name}-{declared.version}-{digest}"
        self._threads = ThreadPoolExecutor(chosen.at_once, thread_name_prefix=f"model-{declared.name}")

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._endpoint.close()


class ModerationsModel(Moderations):
    """A moderation service that reads texts."""

    def read(self, texts: Sequence[Text]) -> list[Answer]:
        """Answer each text; `at_once` of them are under way at a time."""
        return list(self._threads.map(self._one, texts))

    def _one(self, one: Text) -> Answer:
        if not one.text.strip():
            return Known(dict.fromkeys(self.labels, 0.0))  # nothing was said
        text = one.text.encode("utf-8", "replace").decode("utf-8")
        body: dict[str, Any] = {"input": text}
        if self._settings.model:
            body["model"] = self._settings.model
        sent = len(text)
        try:
            found, _ = self._endpoint.post("/moderations", body)
        except TroubleError as error:
            return Unknown(str(error), error.again, sent=sent, calls=1)
        scores = scores_in(found, self.labels, self._settings.categories)
        if isinstance(scores, Unknown):
            return Unknown(scores.why, sent=sent, calls=1)
        return Known(scores, sent=sent, calls=1)


def scores_in(
    found: bytes, labels: Sequence[str], categories: Mapping[str, str]
) -> dict[str, float] | Unknown:
    """Return the score of each label that an answer gives. `categories`: label to the service's name for it."""
    try:
        said = msgspec.json.decode(found)["results"][0]["category_scores"]
        return {label: float(said[categories.get(label, label)]) for label in labels}
    except (msgspec.DecodeError, KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        return Unknown(f"the endpoint gives no score: {error}"[:300], calls=1)
