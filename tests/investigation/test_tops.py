"""Counting values: exact while they fit, and honest about what is missing when they don't."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hakam.investigation.entities import Entity, EntityKind, question_of
from hakam.investigation.tops import LONGEST, OWN, Facet, Tally, UnknownFieldError, facet, shown
from hakam.policy.counters import MemoryCounters
from hakam.policy.fields import FIELDS
from hakam.policy.pack import Pack
from hakam.signals.measure import Signals
from hakam.vocabulary.event import Author, ContentKind, Event, Item, Media

PLAIN = Facet("value", lambda stored: stored)  # type: ignore[arg-type,return-value]  # a tuple stands for the event


def tally(values: list[Any], kept: int = 1_000) -> Tally:
    made = Tally(PLAIN, kept)
    for value in values:
        made.add(value)
    return made


def test_an_event_counts_each_value_once() -> None:
    top = tally([("a", "a"), ("a", "b"), ()]).top(5)
    assert [(one.value, one.count) for one in top.counts] == [("a", 2), ("b", 1)]
    assert (top.without, top.values, top.short_by) == (1, 2, 0)


@given(st.lists(st.integers(0, 40), max_size=400))
def test_what_is_forgotten_bounds_the_error(values: list[int]) -> None:
    top = tally([(value,) for value in values], kept=5).top(5)
    true = Counter(map(str, values))
    for one in top.counts:
        assert one.count <= true[one.value] <= one.count + top.short_by
    if top.short_by == 0:
        best = sorted(true.items(), key=lambda one: (-one[1], one[0]))[:5]
        assert [(one.value, one.count) for one in top.counts] == best


def test_memory_is_bounded() -> None:
    made = tally([(n,) for n in range(10_000)], kept=50)
    assert len(made._counts) <= 101
    assert made.top(3).short_by > 0


def test_every_field_and_every_word_of_our_own_can_be_counted(pack: Pack) -> None:
    for name in (*FIELDS, *OWN, "extra.price", 'scores["toxicity"]', "scores['toxicity']"):
        assert facet(name, pack).name.replace("'", '"') == name.replace("'", '"')


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("author.idd", "author.id"),
        ("links.domain", "links.domains"),
        ("", "as `author.id`"),
        ("scores[toxicity]", ""),
        ('scores[""]', ""),
        ("ruel", "rule"),
    ],
)
def test_an_unknown_field_is_an_error_that_names_the_nearest(pack: Pack, name: str, hint: str) -> None:
    with pytest.raises(UnknownFieldError) as caught:
        facet(name, pack)
    assert hint in str(caught.value)


def test_values_as_they_are_read() -> None:
    assert [shown(one) for one in (True, False, 3, 3.0, 0.25, "ali")] == [
        "true",
        "false",
        "3",
        "3",
        "0.25",
        "ali",
    ]
    long, other = "x" * 400 + "a", "x" * 400 + "b"
    assert len(shown(long)) <= LONGEST
    assert shown(long) != shown(other)


def files_of(pack: Pack, *media: Media) -> list[str]:
    stored = SimpleNamespace(event=SimpleNamespace(item=SimpleNamespace(media=media)))
    return list(facet("media.hash", pack).values(stored))  # type: ignore[arg-type]  # as above


def test_hashes_of_media_are_told_with_their_algorithm(pack: Pack) -> None:
    assert files_of(pack, Media(hashes={"sha256": "ab", "pdq": "cd"}), Media()) == ["pdq:cd", "sha256:ab"]


def test_a_file_that_was_sent_without_a_hash_is_known_by_its_own(pack: Pack) -> None:
    own = f"sha256:{hashlib.sha256(b'picture').hexdigest()}"
    assert files_of(pack, Media(data=b"picture", hashes={"pdq": "cd"})) == ["pdq:cd", own]
    assert files_of(pack, Media(data=b"picture", hashes={"sha256": "ab"})) == ["sha256:ab"]
    assert files_of(pack, Media(data=b"picture"), Media(data=b"other"))[0] == own


def test_the_page_of_a_file_holds_what_the_facet_counts(pack: Pack) -> None:
    event = Event(
        "e", "forum", ContentKind.POST, datetime(2026, 1, 1, tzinfo=UTC), Author("a"),
        Item("i", media=(Media(data=b"picture"),)),
    )  # fmt: skip
    (value,) = files_of(pack, *event.item.media)
    fits = question_of(Entity(EntityKind.HASH, value)).holds
    assert fits(event, Signals(), MemoryCounters())
    assert not fits(replace(event, item=Item("i")), Signals(), MemoryCounters())
