"""Copies of a text have one fingerprint, however they are dressed; other texts have others."""

from __future__ import annotations

import pytest

from hakam.signals.fingerprint import fingerprint
from hakam.signals.fold import fold_words

COPY = "Earn money fast from your home, ask me how"


def of(text: str) -> str | None:
    return fingerprint(fold_words(text))


@pytest.mark.parametrize(
    "copy",
    [
        "EARN MONEY FAST!!! from your home - ask me how",
        "earn money fast from your home ask me how 4821",
        "еаrn mоney fast from your home, ask me how xk39z",
        "earn 💰 money fast 💰💰 from your home ... ask me how",
        "E.a.r.n money fast from your home, ask me how",
    ],
)
def test_a_dressed_up_copy_has_the_same_fingerprint(copy: str) -> None:
    assert of(copy) == of(COPY) is not None


def test_another_text_has_another() -> None:
    assert of("Ask me how, earn money fast from your home") != of(COPY)
    assert of("Earn money fast from your farm, ask me how") != of(COPY)


@pytest.mark.parametrize("short", ["", "ok", "happy new", "1234 5678 9012 3456", "👍👍👍"])
def test_what_everybody_says_has_none(short: str) -> None:
    assert of(short) is None


def test_it_is_stable_across_processes_and_releases() -> None:
    assert of(COPY) == "8d8354236953a0d0"
