"""What was chosen for a power is read in words: no reader has to know how it is kept."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.utils import translation

from hakam.console.incident_settings import in_words
from hakam.incidents.powers import BankSettings, NoSettings, StricterSettings
from hakam.incidents.states import Power
from hakam.vocabulary.incident import DelayRule

ISOLATED = "\u2068\u2069"


def said(power: Power, settings: Any, language: str = "en") -> str:
    with translation.override(language):
        found = in_words(power.value, msgspec.to_builtins(settings))
    return found.translate(dict.fromkeys(map(ord, ISOLATED)))


@pytest.mark.parametrize(
    ("power", "settings", "words"),
    [
        (Power.EMERGENCY_BANK, BankSettings(), "copies are held"),
        (Power.EMERGENCY_BANK, BankSettings(hold=False), "a person looks"),
        (
            Power.STRICTER,
            StricterSettings({"flood_limit": "5", "quiet_days": "10d"}),
            "flood_limit = 5, quiet_days = 10d",
        ),
        (Power.DELAY, DelayRule(600), "10 min · only what has pictures, clips or sound"),
        (Power.DELAY, DelayRule(90, only_media=False), "1 min 30 s · texts too"),
        (
            Power.DELAY,
            DelayRule(300, newer_than_days=7, kinds=("post", "video")),
            "5 min · accounts younger than 7 days · Post, Video · only what has pictures, clips or sound",
        ),
        (Power.PRIORITY, NoSettings(), ""),
        (Power.SHARE, NoSettings(), ""),
    ],
)
def test_each_choice_has_words(power: Power, settings: Any, words: str) -> None:
    assert said(power, settings) == words


def test_in_arabic_it_is_arabic() -> None:
    delay = said(Power.DELAY, DelayRule(300, newer_than_days=7, kinds=("post", "video")), "ar")
    assert "حسابات أحدث من 7 أيام" in delay
    assert "، " in delay
    assert not [letter for letter in delay if "a" <= letter.lower() <= "z"]
    assert said(Power.EMERGENCY_BANK, BankSettings(), "ar") != said(Power.EMERGENCY_BANK, BankSettings())
    assert "flood_limit" in said(Power.STRICTER, StricterSettings({"flood_limit": "5"}), "ar")


def test_every_power_can_be_read() -> None:
    kept: dict[Power, Any] = {Power.STRICTER: {"values": {}}, Power.DELAY: {"seconds": 60}}
    for power in Power:
        assert "{" not in in_words(power.value, kept.get(power, {}))
