"""A small model fitted to a few hundred sentences, for tests of everything around models."""

from __future__ import annotations

import pytest

from hakam.signals.models.fitting import Example, fit_linear
from hakam.signals.models.heads import Head

KIND = ("lovely", "kind", "bright", "gentle", "calm", "warm", "sweet", "happy")
RUDE = ("nasty", "filthy", "rotten", "vile", "mean", "cruel", "foul", "horrid")
THINGS = ("day", "cake", "song", "house", "street", "friend", "letter", "garden", "story", "river")


def sentences() -> list[Example]:
    found = []
    for n, thing in enumerate(THINGS):
        found += [
            Example(f"what a {word} {thing} this is", "en", {Head.TOXICITY: 0, Head.SPAM: n % 2})
            for word in KIND
        ]
        for word in RUDE:
            found.append(Example(f"what a {word} {thing} this is", "en", {Head.TOXICITY: 1}))
            found.append(Example(f"que {word} {thing} es este", "es", {Head.TOXICITY: 1}))
            found.append(Example(f"que {KIND[n % 8]} {thing} es este", "es", {Head.TOXICITY: 0}))
    return found


@pytest.fixture(scope="session")
def small() -> bytes:
    examples = sentences()
    return fit_linear(examples[::2] + examples[1::4], examples[3::4], sources=("tests",))
