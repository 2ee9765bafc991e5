"""The language of a text: by letters, by statistics, and of Arabic and Urdu in Latin letters."""

from __future__ import annotations

import pytest

from hakam.signals.statistical_language import CANDIDATES, identify, romanised


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I think this is a good idea, thanks for telling me", "en"),
        ("je ne sais pas quoi dire à propos de cette histoire", "fr"),
        ("Ich weiß nicht, was ich dazu sagen soll", "de"),
        ("no sé qué decir sobre esta historia tan triste", "es"),
        ("non so cosa dire di questa storia così triste", "it"),
        ("não sei o que dizer sobre essa história tão triste", "pt"),
        ("bu hikaye hakkında ne diyeceğimi bilmiyorum", "tr"),
        ("मुझे नहीं पता कि इस कहानी पर क्या कहूँ", "hi"),
        ("لا أعرف ماذا أقول عن هذه القصة", "ar"),
        ("مجھے نہیں معلوم اس کہانی پر کیا کہوں", "ur"),
        ("не знаю, что сказать об этой истории", "ru"),
    ],
)
def test_a_sentence_is_known(text: str, language: str) -> None:
    assert identify(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "enta fein ya 7abibi 3ayez ashofak el leila",
        "shu akhbarak ya zalameh kifak enta",
        "wach labas 3lik a khoya bezaf",
        "ana mesh 3aref leh keda walla",
    ],
)
def test_arabic_in_latin_letters(text: str) -> None:
    assert identify(text) == "ar-Latn"


@pytest.mark.parametrize(
    "text",
    [
        "tum kahan ho yaar mujhe nahi pata",
        "ye kya kar rahe ho tum log, sab theek hai na",
        "itni baat nhi krta khud dekh liya",
        "aik din sakta hy phr baad apko pehle",
    ],
)
def test_urdu_in_latin_letters(text: str) -> None:
    assert identify(text) == "ur-Latn"


@pytest.mark.parametrize(
    "text",
    [
        "I have 3 dogs and 2 cats in 2024",
        "meet me at 5pm by the h3 hotel on the 2nd",
        "main street is the place to be for all of us",
        "the mp3 player is 4x faster than my ps5",
        "ha ha ha very funny to me",
    ],
)
def test_english_with_digits_is_not_taken_for_it(text: str) -> None:
    assert romanised(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("mañana voy al mercado con mi hermano", "es"),
        ("güzel bir hafta geçirdik, özledim sizi", "tr"),
        ("a manhã está linda e a maçã da ana é boa", "pt"),
        ("han har en hund och hon har en katt, din vän", "sv"),
        ("ha fatto una torta buonissima e ho mangiato tutto", "it"),
    ],
)
def test_pieces_of_longer_words_are_no_words_of_another_language(text: str, language: str) -> None:
    assert romanised(text) is None
    assert identify(text) == language


def test_what_the_platform_declares_comes_first() -> None:
    assert identify("hello, how are you today my friend", "sw") == "sw"


@pytest.mark.parametrize("text", ["", "ok", "12345", "😀", "!!!"])
def test_too_little_tells_nothing(text: str) -> None:
    assert identify(text) is None


def test_every_candidate_is_a_language_of_the_package() -> None:
    assert identify("a sentence that loads the model of the package first") == "en"
    assert len(set(CANDIDATES)) == len(CANDIDATES)
