"""Measuring takes what is asked for, leaves the rest unknown, and is the same each time."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.signals.measure import ALL_NEEDS, Need, Signals, measure, text_of
from hakam.vocabulary.event import Author, ContentKind, Event, Item


def post(
    text: str | None = None,
    *,
    title: str | None = None,
    language: str | None = None,
    links: tuple[str, ...] = (),
) -> Event:
    return Event(
        id="e1",
        platform="forum",
        kind=ContentKind.POST,
        at=datetime(2026, 1, 2, tzinfo=UTC),
        author=Author(id="ann"),
        item=Item(id="p1", title=title, text=text, language=language, links=links),
    )


def test_text_is_title_and_text() -> None:
    assert text_of(post("body", title="Head")) == "Head\nbody"
    assert text_of(post("body")) == "body"
    assert text_of(post(title="Head")) == "Head"
    assert text_of(post()) is None


def test_without_text_everything_about_text_is_unknown() -> None:
    signals = measure(post())
    assert signals == Signals()
    assert signals.folded is None
    assert signals.links is None


def test_empty_text_is_known_to_be_empty() -> None:
    signals = measure(post(""))
    assert signals.text == ""
    assert signals.folded == ""
    assert signals.words == "  "
    assert signals.script is None


@pytest.mark.parametrize("need", list(Need))
def test_one_need_measures_that_and_agrees_with_measuring_all(need: Need) -> None:
    event = post("Visit http://evil.example/x now, k i l l them with friends")
    one, everything = measure(event, frozenset({need})), measure(event, ALL_NEEDS)
    assert getattr(one, need) == getattr(everything, need)
    assert getattr(one, need) is not None or need is Need.LANGUAGE


def test_nothing_asked_nothing_measured() -> None:
    signals = measure(post("Visit http://evil.example/x"), frozenset())
    assert (signals.folded, signals.words, signals.links, signals.script) == (None, None, None, None)


def test_the_declared_language_wins() -> None:
    assert measure(post("مرحبا بكم", language="fa")).language == "fa"
    assert measure(post("مرحبا بكم")).language == "ar"


def test_signals_survive_json() -> None:
    signals = measure(post("Hello http://a.example/ عالم"))
    assert msgspec.json.decode(msgspec.json.encode(signals), type=Signals) == signals


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_measured_and_stored(text: str) -> None:
    signals = measure(post(text))
    assert measure(post(text)) == signals
    assert msgspec.json.decode(msgspec.json.encode(signals), type=Signals) == signals
