"""Tricks of spelling change nothing: what fires on plain words fires on disguised ones."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import Engine
from hakam.policy.examples import Example
from hakam.policy.pack import Pack
from hakam.signals.measure import measure

TATWEEL, ZERO_WIDTH = "\u0640", "\u200b"
VOWELS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"
VARIANTS = {"ا": "أإآا", "ه": "هة", "ي": "يى"}
LOOKALIKES = {"a": "а", "e": "е", "o": "о", "c": "с", "p": "р", "i": "і"}
ARABIC_RULES = (
    "threat-ar",
    "hate-dehumanising-ar",
    "hate-elimination-ar",
    "incitement-ar",
    "need-ar",
    "terror-praise",
)
ENGLISH_RULES = ("threat-en", "hate-elimination-en", "harassment-death-wish", "need-en", "terror-recruitment")


def fires(engine: Engine, example: Example, text: str, rule: str) -> bool:
    item = msgspec.structs.replace(example.event.item, text=text)
    event = msgspec.structs.replace(example.event, item=item)
    verdict = engine.judge(event, measure(event, engine.needs), MemoryCounters())
    return any(firing.rule == rule for firing in verdict.firings)


def examples_of(pack: Pack, rule: str, *, arabic: bool) -> list[Example]:
    def is_arabic(example: Example) -> bool:
        return any("\u0621" <= letter <= "\u064a" for letter in example.event.item.text or "")

    found = [example for example in pack.examples if rule in example.fires and is_arabic(example) is arabic]
    assert found, rule
    return found


@pytest.mark.parametrize("rule", ARABIC_RULES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_arabic_tricks(engine: Engine, rule: str, data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(examples_of(engine.pack, rule, arabic=True)))
    trick = st.sampled_from(["", "", "", TATWEEL, TATWEEL * 3, ZERO_WIDTH, *VOWELS])
    out = []
    for letter in example.event.item.text or "":
        out.append(data.draw(st.sampled_from(VARIANTS.get(letter, letter))))
        if "\u0621" <= letter <= "\u064a":
            out.append(data.draw(trick))
    assert fires(engine, example, "".join(out), rule)


@pytest.mark.parametrize("rule", ENGLISH_RULES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_latin_tricks(engine: Engine, rule: str, data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(examples_of(engine.pack, rule, arabic=False)))
    out = []
    for letter in example.event.item.text or "":
        look = LOOKALIKES.get(letter, letter)
        out.append(data.draw(st.sampled_from([letter, letter.upper(), letter + ZERO_WIDTH, look])))
    # A whole text of look-alikes is Cyrillic to the folding, as it should be: leave some Latin in each word.
    words = "".join(out).split(" ")
    plain_words = (example.event.item.text or "").split(" ")
    kept = [
        odd if set(plain) - set(LOOKALIKES) else plain for plain, odd in zip(plain_words, words, strict=True)
    ]
    assert fires(engine, example, " ".join(kept), rule)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=300))
def test_any_text_is_judged_and_no_rule_fails(engine: Engine, text: str) -> None:
    event = msgspec.structs.replace(
        engine.pack.examples[0].event,
        item=msgspec.structs.replace(engine.pack.examples[0].event.item, text=text),
    )
    assert engine.judge(event, measure(event, engine.needs), MemoryCounters()).quarantined == ()
