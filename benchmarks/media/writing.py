"""How much of the writing in pictures is read: sentences over photographs, and on a bar above them, as memes have it.

Through all that the worker does: the child of the sandbox makes plates, Tesseract reads them with both languages. A
word counts as read if it is in what was read once both are folded, as rules see them.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from benchmarks.hashes.edits import Pixels, saved
from PIL import Image, ImageDraw, ImageFont

from hakam.media import tesseract
from hakam.media.sandbox import Sandbox
from hakam.signals.fold import fold_words

SENTENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "NOBODY TELLS YOU TO BUY FOLLOWERS", "WHEN THE BUS IS LATE AGAIN", "THEY WILL NOT STOP US TONIGHT",
        "Send me your number and win a phone", "My neighbour says the market is closed",
        "WAIT UNTIL YOU SEE THE BRIDGE", "this is what they do not want you to know", "GO BACK TO WHERE YOU CAME FROM",
        "we meet at the old station at nine", "NEVER TRUST A STRANGER WITH YOUR KEYS",
        "the teacher who never gives homework", "ONLY REAL ONES WILL UNDERSTAND",
    ),
    "ar": (
        "عندما يقولون لك إن الحافلة تأخرت", "سوف نضرب الجميع هذه الليلة", "أرسل رقمك واربح هاتفا جديدا",
        "جاري يقول إن السوق مغلق اليوم", "انتظر حتى ترى الجسر الجديد", "هذا ما لا يريدون أن تعرفه",
        "ارجع إلى البلد الذي جئت منه", "نلتقي عند المحطة القديمة في التاسعة", "لا تثق بغريب يطلب منك المفتاح",
        "المعلم الذي لا يعطي واجبات", "صديقي ينام في كل درس", "الشتاء في مدينتنا قصير جدا",
    ),
}  # fmt: skip
_WIDTH, _HEIGHT = 1_000, 750


@cache
def font(language: str, size: int) -> ImageFont.FreeTypeFont:
    """Return a bold font of the language that this machine has."""
    name = "Noto Sans Arabic" if language == "ar" else "Noto Sans"
    found = subprocess.run(
        ["fc-match", "-f", "%{file}", f"{name}:bold"], capture_output=True, text=True, check=True
    )
    return ImageFont.truetype(found.stdout, size)


def over(photo: Pixels, words: str, language: str) -> Pixels:
    """Write over the picture in two lines, white with a black edge."""
    picture = Image.fromarray(photo[:, :, ::-1]).resize((_WIDTH, _HEIGHT))
    draw = ImageDraw.Draw(picture)
    parts = words.split()
    lines = (" ".join(parts[: len(parts) // 2]), " ".join(parts[len(parts) // 2 :]))
    for line, down in zip(lines, (25, 630), strict=True):
        left = (_WIDTH - draw.textlength(line, font=font(language, 56))) / 2
        draw.text(
            (left, down), line, font=font(language, 56), fill="white", stroke_fill="black", stroke_width=5
        )
    return np.asarray(picture)[:, :, ::-1]


def above(photo: Pixels, words: str, language: str) -> Pixels:
    """Write on a white bar above the picture."""
    whole = Image.new("RGB", (_WIDTH, _HEIGHT + 150), "white")
    whole.paste(Image.fromarray(photo[:, :, ::-1]).resize((_WIDTH, _HEIGHT)), (0, 150))
    ImageDraw.Draw(whole).text((30, 45), words, font=font(language, 40), fill="black")
    return np.asarray(whole)[:, :, ::-1]


def read_of(words: str, text: str) -> tuple[int, int]:
    """Return how many of the words were read, and how many there are."""
    wanted, found = fold_words(words).split(), set(fold_words(text).split())
    return sum(one in found for one in wanted), len(wanted)


def pairs_of(words: str, text: str) -> bool:
    """Whether two words that stand side by side were read so: what a rule for words in pictures should ask for."""
    wanted, found = fold_words(words).split(), f" {fold_words(text)} "
    return any(f" {one} {other} " in found for one, other in pairwise(wanted))


def measure(photos: Sequence[Pixels], languages: Iterable[str] = ("en", "ar")) -> None:
    """Print what is read of each kind."""
    print("\n| | words read | pictures of which two words side by side were read | seconds a picture |")
    print("| --- | --: | --: | --: |")
    with Sandbox() as sandbox:
        for language in languages:
            for name, write in (("over a photograph", over), ("on a bar", above)):
                right = all_ = met = 0
                began = time.perf_counter()
                for number, words in enumerate(SENTENCES[language]):
                    picture = saved(write(photos[number % len(photos)], words, language), 80)
                    plates = sandbox.said(picture).plates
                    text = tesseract.read(plates, ["en", "ar"]).text if plates else ""
                    read, there = read_of(words, text)
                    right, all_, met = right + read, all_ + there, met + pairs_of(words, text)
                count = len(SENTENCES[language])
                took = (time.perf_counter() - began) / count
                print(
                    f"| {language}, {name} | {right / all_:.0%} | {met / count:.0%} | {took:.1f} |",
                    flush=True,
                )
