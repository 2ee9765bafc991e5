"""Stages, and the stable share of authors of a canary."""

from __future__ import annotations

from hakam.policy.staging import Staging, parse_staging, place, typed_share
from hakam.vocabulary.verdict import Stage


def test_stages() -> None:
    assert parse_staging("shadow") == Staging(Stage.SHADOW)
    assert parse_staging("live") == Staging(Stage.LIVE)
    assert parse_staging("canary 2.5%") == Staging(Stage.CANARY, 0.025)
    assert str(Staging(Stage.CANARY, 0.025)) == "canary 2.5%"
    for text in ("canary", "canary 5", "canary five%", "Live", "canary -1%", ""):
        assert parse_staging(text) is None


def test_shares_as_people_type_them() -> None:
    for text in ("12.5", " 12,5 %", "١٢٫٥٪", "۱۲٫۵", "12.5\N{NO-BREAK SPACE}%"):
        assert typed_share(text) == "12.5"
    for text in ("", "x", "1/2", "-5"):
        assert parse_staging(f"canary {typed_share(text)}%") is None


def test_places_are_stable_even_and_independent() -> None:
    assert place("rule", "platform", "author") == place("rule", "platform", "author")
    places = [place("rule", "p", f"a{n}") for n in range(4_000)]
    for tenth in range(10):
        share = sum(tenth / 10 <= one < (tenth + 1) / 10 for one in places)
        assert 320 < share < 480
    other = [place("other", "p", f"a{n}") for n in range(4_000)]
    both = sum(a < 0.5 and b < 0.5 for a, b in zip(places, other, strict=True))
    assert 850 < both < 1_150
    wider = {n for n in range(4_000) if places[n] < 0.2}
    assert {n for n in range(4_000) if places[n] < 0.05} <= wider  # a growing share keeps its authors
