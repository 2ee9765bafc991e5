"""The encoder that ships, with its real weights: what it tells apart, its size, and the doors that ask it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hakam.door.drop_in.analyst import Analyst
from hakam.signals.models import shipped
from hakam.signals.models.encoder import BATCH, Encoder, folder_of_package
from hakam.signals.models.heads import HEADS, Head
from hakam.signals.models.reading import TRAINED_LINEAR, Reader, read_alone

ROOT = Path(__file__).resolve().parents[3]
PROJECT = ROOT / "models" / "hakam-encoder"
FILES = ("manifest.json", "network.onnx", "pieces.json.zst", "words.npy")
FORBIDDEN = {
    "cad",
    "sms_spam",
    "youtube_spam",
    "isis_fanboy",
    "hatecheck",
    "hatemojicheck",
    "ethos",
    "beep_ko",
    "cold_zh",
}

# Each with a harmless neighbour; in Spanish, Italian, Urdu and Hindi the linear tier hardly knows a word.
PAIRS = [
    (Head.HATE, "en", "I hate all immigrants, they are vermin", "I teach immigrants to read"),
    (Head.HATE, "ar", "المهاجرون حيوانات قذرة", "المهاجرون جيراننا وأصدقاؤنا"),
    (Head.HATE, "de", "Ausländer raus, das sind alles Verbrecher", "Ausländer helfen in unserem Verein"),
    (Head.TOXICITY, "en", "shut up you disgusting idiot", "thank you, that was very kind"),
    (Head.TOXICITY, "ar", "اخرس يا حمار يا قذر", "شكرا لك هذا لطف كبير"),
    (Head.TOXICITY, "tr", "kapa çeneni aptal herif", "çok teşekkür ederim, harika"),
    (Head.TOXICITY, "pt", "cala a boca seu idiota", "muito obrigado, que lindo"),
    (Head.THREAT, "en", "I will come and kill you tonight", "see you tonight at the concert"),
    (Head.THREAT, "ar", "سآتي وأقتلك الليلة", "نلتقي الليلة في الحفل"),
    (Head.THREAT, "es", "voy a matarte esta noche", "nos vemos esta noche en el concierto"),
    (Head.THREAT, "it", "stanotte vengo e ti ammazzo", "ci vediamo stasera al concerto"),
    (Head.SPAM, "en", "win 5000 dollars a week, click here [URL]", "here is the article that I meant [URL]"),
]  # fmt: skip


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(folder_of_package())


@pytest.mark.parametrize(("head", "language", "bad", "good"), PAIRS)
def test_the_worse_of_two_scores_higher(
    encoder: Encoder, head: Head, language: str, bad: str, good: str
) -> None:
    worse, better = read_alone(encoder, [bad, good], [language, language])
    assert worse.scores[head] > better.scores[head]


def test_both_tiers_together_are_below_sixty_megabytes() -> None:
    folder = folder_of_package()
    encoder_bytes = sum((folder / name).stat().st_size for name in FILES)
    assert encoder_bytes < 30_000_000
    linear = ROOT / "src" / "hakam" / "signals" / "models" / "linear.bin"
    assert encoder_bytes + linear.stat().st_size < 60_000_000


def test_it_says_what_it_was_made_of(encoder: Encoder) -> None:
    told = encoder.manifest
    assert told.heads == HEADS
    assert not FORBIDDEN & set(told.sources)
    assert set(told.share_alike) <= set(told.sources)
    assert "MIT" in told.base
    assert encoder.id.startswith("encoder-2-")


def test_it_was_fitted_beside_the_linear_model_that_ships(encoder: Encoder) -> None:
    assert encoder.fusion is not None
    assert encoder.fusion.beside == shipped.shipped_linear().id
    for head in HEADS:
        assert set(encoder.fusion.blends[head]) <= TRAINED_LINEAR
        for table in (encoder.manifest.thresholds[head], encoder.fusion.cuts[head]):
            for cut in table.values():
                assert 0.05 <= cut.at <= 0.95
                assert cut.low <= cut.macro_f1 <= cut.high


def test_what_the_linear_tier_is_sure_of_is_read_once(encoder: Encoder) -> None:
    asked: list[str] = []

    class Watched(Encoder):
        def sums(self, texts: Sequence[str]) -> Any:
            asked.extend(texts)
            return super().sums(texts)

    reader = Reader(shipped.shipped_linear(), Watched(folder_of_package()))
    calm = "thank you for the bread"
    rude = "you are a disgusting idiot and everybody hates you"
    spanish = "no entiendo por qué el autobús llega tarde todos los días"
    readings = reader.read([calm, rude, spanish], ["en", "en", "es"])
    assert calm not in asked
    assert {rude, spanish} <= set(asked)
    assert readings[0].model == shipped.shipped_linear().id
    assert readings[1].model == readings[2].model == reader.model
    asked.clear()
    assert reader.read([rude], ["en"]) == [readings[1]]
    assert asked == []  # from memory


def test_a_batch_says_what_single_texts_say(encoder: Encoder) -> None:
    texts = [text for _, _, bad, good in PAIRS for text in (bad, good)]
    together = encoder.sums(texts)
    apart = np.concatenate([encoder.sums([text]) for text in texts])
    # Not to the last digit: 8-bit arithmetic has one scale for a whole batch.
    assert np.abs(together - apart).mean() < 0.5
    assert float(np.corrcoef(together.ravel(), apart.ravel())[0, 1]) > 0.99
    assert len(texts) > BATCH


def test_a_threat_at_the_end_of_a_long_letter_is_seen(encoder: Encoder) -> None:
    letter = "I wanted to tell you about the garden and the weather and the bread we baked. " * 12
    calm, threat = read_alone(encoder, [letter, letter + "I will come and kill you tonight."], ["en", "en"])
    assert threat.scores[Head.THREAT] > 2 * calm.scores[Head.THREAT]


def test_it_keeps_up_with_a_door(encoder: Encoder) -> None:
    """A floor with room for slow machines; the figures stand in the reference of the model."""
    texts = [
        f"why is the bus late every day, does anybody know who I could write to about line {n}"
        for n in range(64)
    ]
    encoder.sums(texts[:16])
    began = time.thread_time()
    encoder.sums(texts)
    assert len(texts) / (time.thread_time() - began) > 25


def test_requests_of_many_clients_are_read_by_one_thread(encoder: Encoder) -> None:
    analyst = Analyst(lambda: Reader(shipped.shipped_linear(), encoder))

    async def story() -> list[str]:
        asked = [analyst.read([bad], [language]) for _, language, bad, _ in PAIRS]
        return [found[0].model for found in await asyncio.gather(*asked)]

    try:
        models = asyncio.run(story())
    finally:
        analyst.stop()
    assert len(models) == len(PAIRS)
    assert sum(encoder.id in model for model in models) >= len(PAIRS) // 2
    assert [thread.name for thread in threading.enumerate() if thread.name == "analyst"] == []


def test_the_wheel_holds_every_file(tmp_path: Path) -> None:
    """Built with the backend that it names, without the network."""
    pytest.importorskip("hatchling", reason="the backend is fetched by pip when somebody builds the wheel")
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"import os; os.chdir({str(PROJECT)!r}); import hatchling.build as b; b.build_wheel({str(tmp_path)!r})",
        ],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {f"hakam_encoder/{name}" for name in FILES} <= held


@pytest.mark.parametrize(
    "sign", ["\u0640", "\u064e", "\u0651\u064f"], ids=["tatweel", "fatha", "shadda and damma"]
)
def test_vowel_signs_and_tatweel_hide_nothing(encoder: Encoder, sign: str) -> None:
    for _, language, bad, good in PAIRS:
        if language == "ar":
            for plain in (bad, good):
                dressed = sign.join(plain)
                assert dressed != plain
                assert encoder.sums([dressed]) == pytest.approx(encoder.sums([plain]))
