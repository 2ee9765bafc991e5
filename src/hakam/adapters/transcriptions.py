"""The adapter `transcriptions`: an endpoint that writes down speech as OpenAI's does, on this machine or elsewhere.

Servers for Whisper's weights and others speak it. Settings: `url` (as `http://127.0.0.1:9000/v1`), `model`, `key` (name
of a secret), `seconds`, and `path`, where it is not `/audio/transcriptions`. Sound goes as WAV, as it is: 11,025
samples a second.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from hakam.adapters.declared import Declared
from hakam.adapters.endpoint import TroubleError, opened
from hakam.adapters.model import Heard, ModelUnavailableError, Unknown

if TYPE_CHECKING:
    from hakam.adapters.model import Samples

LONGEST: Final = 4_000  # characters of what was said in one piece of sound
_BYTES_A_SAMPLE: Final = 2
_AT_ONCE: Final = 2


class TranscriptionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the declaration says under `settings`."""

    url: str
    model: str = ""
    key: str = ""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 20.0
    path: str = "/audio/transcriptions"


class _Said(msgspec.Struct):
    text: str
    language: str | None = None


class TranscriptionsModel:
    """A service that writes down speech. Raises `ModelUnavailableError` for what can't be used."""

    labels: tuple[str, ...] = ()

    def __init__(self, declared: Declared, *, secret: Callable[[str], str]) -> None:
        try:
            self._settings = chosen = msgspec.convert(declared.what.settings, TranscriptionSettings)
        except msgspec.ValidationError as error:
            raise ModelUnavailableError(f"settings: {error}") from error
        self._endpoint = opened(chosen, secret, at_once=_AT_ONCE)
        self.sends_to = self._endpoint.host
        digest = sha256(msgspec.json.encode(chosen, order="deterministic")).hexdigest()[:12]
        self.id = f"{declared.name}-{declared.version}-{digest}"

    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:
        """Write down some seconds of sound."""
        fields: dict[str, Any] = {"response_format": "json"}
        if self._settings.model:
            fields["model"] = self._settings.model
        if language:
            fields["language"] = language.split("-")[0]
        try:
            found = self._endpoint.upload(self._settings.path, wav(samples, rate), "stream.wav", fields)
            said = msgspec.json.decode(found, type=_Said)
        except TroubleError as error:
            return Unknown(str(error), error.again, calls=1)
        except (msgspec.MsgspecError, RecursionError) as error:
            return Unknown(f"the endpoint gives no text: {error}"[:300], calls=1)
        return Heard(said.text.strip()[:LONGEST], said.language, calls=1)

    def close(self) -> None:
        """Close the connections."""
        self._endpoint.close()


def wav(samples: Samples, rate: int) -> bytes:
    """Return samples of one channel as a WAV file. `rate`: samples a second."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(_BYTES_A_SAMPLE)
        out.setframerate(rate)
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()
