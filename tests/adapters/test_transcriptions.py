"""A service that writes down speech, over a socket, and the sound that it gets."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from tests.adapters.conftest import Declare
from tests.adapters.speaking import Service
from tests.media.clip_files import tones

from hakam.adapters.declared import DeclarationError
from hakam.adapters.model import Heard, ModelUnavailableError, Unknown
from hakam.adapters.transcriptions import TranscriptionsModel, wav
from hakam.testing.sense_models import SpeechModelSuite, SpeechRig

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]
TOML = """\
adapter = "transcriptions"
reads = "speech"
[settings]
url = "{url}"
seconds = {seconds}
"""


def build(declare: Declare, served: Service, more: str = "", seconds: float = 0.5) -> TranscriptionsModel:
    told = TOML.format(url=served.url, seconds=seconds) + more
    return TranscriptionsModel(declare(told), secret=lambda name: name)


class TestTranscriptions(SpeechModelSuite):
    @pytest.fixture
    def rig(self, declare: Declare, served: Service) -> SpeechRig:
        return SpeechRig(
            build=lambda: build(declare, served, seconds=10),
            other=lambda: build(declare, served, 'model = "large"', 10),
            broken=lambda: setattr(served, "manner", "503"),
        )


def test_sound_goes_out_as_a_file_and_words_come_back(declare: Declare, served: Service) -> None:
    model = build(declare, served, 'model = "small"\nkey = "k"')
    said = model.hear(tones(1, 3.0), 11_025, "ar-EG")
    model.close()
    assert said == Heard("I will hurt you", "en", calls=1)
    assert served.keys == ["Bearer k"]
    form = served.seen[0]["form"]
    assert b'name="model"' in form
    assert b"small" in form
    assert b'name="language"\r\n\r\nar\r\n' in form
    assert b"RIFF" in form


def test_the_file_holds_the_samples_as_they_are() -> None:
    samples = tones(2, 1.0)
    with wave.open(io.BytesIO(wav(samples, 11_025))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (11_025, 1, 2)
        assert np.array_equal(np.frombuffer(file.readframes(file.getnframes()), "<i2"), samples)


@pytest.mark.parametrize(
    ("manner", "again"),
    [("503", True), ("silent", True), ("garbage", False), ("nested", False), ("401", False)],
)
def test_a_service_in_trouble_is_unknown_and_told(
    declare: Declare, served: Service, manner: str, again: bool
) -> None:
    served.manner = manner
    model = build(declare, served)
    said = model.hear(tones(1, 1.0), 11_025, None)
    assert isinstance(said, Unknown)
    assert (said.again > 0) is again
    served.hold.set()
    model.close()


def test_a_declaration_of_speech_has_no_labels_and_knows_its_settings(
    declare: Declare, served: Service
) -> None:
    assert build(declare, served).labels == ()
    with pytest.raises(DeclarationError, match="has none"):
        declare('labels = ["x"]\n' + TOML.format(url=served.url, seconds=1))
    with pytest.raises(DeclarationError, match="`labels`"):
        declare(TOML.format(url=served.url, seconds=1).replace('"speech"', '"picture"'))
    with pytest.raises(DeclarationError, match="texts"):
        declare(
            'labels = ["x"]\n'
            + TOML.format(url=served.url, seconds=1).replace('"speech"', '"picture"')
            + "[only_above]\nhate = 0.1"
        )
    with pytest.raises(ModelUnavailableError, match="colour"):
        build(declare, served, "colour = 1")
