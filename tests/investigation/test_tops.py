"""Counting values: exact while they fit, and honest about what is missing when they don't."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.investigation.tops import LONGEST, OWN, Facet, Tally, UnknownFieldError, facet, shown
from hakam.policy.fields import FIELDS
from hakam.policy.pack import Pack

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


def test_hashes_of_media_are_told_with_their_algorithm(pack: Pack) -> None:
    media = [SimpleNamespace(hashes={"sha256": "ab", "pdq": "cd"}), SimpleNamespace(hashes={})]
    stored = SimpleNamespace(event=SimpleNamespace(item=SimpleNamespace(media=media)))
    assert list(facet("media.hash", pack).values(stored)) == ["pdq:cd", "sha256:ab"]  # type: ignore[arg-type]  # as above
