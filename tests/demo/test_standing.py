"""How a post stands under every kind of measure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.demo.standing import Standing, Visibility, standing
from hakam.demo.store import Measure
from hakam.vocabulary.measure import NATURE, MeasureKind, Target

KINDS = [kind.value for kind in MeasureKind]
measures = st.builds(
    Measure,
    id=st.integers(1, 1000),
    target=st.just("item"),
    subject=st.just("p1"),
    kind=st.sampled_from([kind.value for kind in MeasureKind if NATURE[kind].target is Target.ITEM]),
    label=st.none() | st.just("satire"),
    note=st.none() | st.just("read the whole thread"),
    statement=st.none() | st.just("s1"),
)


def of(kind: str, target: str = "item", **more: object) -> Measure:
    return Measure(id=1, target=target, subject="p1", kind=kind, **more)  # type: ignore[arg-type]


def test_nothing_decided_is_open() -> None:
    assert standing([]) == Standing()


@pytest.mark.parametrize(
    ("kind", "visibility"),
    [
        ("notify", Visibility.OPEN),
        ("context_note", Visibility.OPEN),
        ("label", Visibility.OPEN),
        ("age_gate", Visibility.COVERED),
        ("lock_replies", Visibility.OPEN),
        ("limit_reach", Visibility.LIMITED),
        ("demonetise", Visibility.OPEN),
        ("hold", Visibility.GONE),
        ("withhold", Visibility.GONE),
        ("remove", Visibility.GONE),
    ],
)
def test_each_measure_on_a_post_shows(kind: str, visibility: Visibility) -> None:
    assert standing([of(kind)]).visibility is visibility


@pytest.mark.parametrize("kind", ["suspend", "terminate"])
def test_posts_of_a_suspended_account_are_gone_and_say_so(kind: str) -> None:
    stands = standing([], [of(kind, target="account", statement="s9")])
    assert stands.visibility is Visibility.GONE
    assert stands.because_of_account
    assert stands.statement == "s9"


@pytest.mark.parametrize("kind", ["warn", "bar_from_live"])
def test_other_measures_on_an_account_leave_its_posts(kind: str) -> None:
    assert standing([], [of(kind, target="account")]).visibility is Visibility.OPEN


def test_a_label_shows_its_note_first() -> None:
    assert standing([of("label", label="satire")]).labels == ("satire",)
    assert standing([of("context_note", label="x", note="see the thread")]).labels == ("see the thread",)


def test_replies_can_be_locked_beside_anything_else() -> None:
    assert standing([of("lock_replies"), of("limit_reach")]).replies_locked


def test_a_removed_post_of_a_suspended_person_links_to_its_own_statement() -> None:
    stands = standing([of("remove", statement="s1")], [of("suspend", target="account", statement="s2")])
    assert stands.statement == "s1"
    assert not stands.because_of_account


@given(st.lists(measures, max_size=6), st.randoms())
def test_the_order_of_measures_does_not_matter(on_post: list[Measure], random: object) -> None:
    shuffled = list(on_post)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = standing(on_post), standing(shuffled)
    assert one.visibility is other.visibility
    assert sorted(one.labels) == sorted(other.labels)
    assert one.replies_locked == other.replies_locked


@given(st.lists(measures, max_size=5), measures)
def test_one_more_measure_never_shows_more(on_post: list[Measure], more: Measure) -> None:
    order = list(Visibility)
    assert order.index(standing([*on_post, more]).visibility) >= order.index(standing(on_post).visibility)
