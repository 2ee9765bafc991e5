"""The order in which questions wait, by its three rules; each is checked against what it says, on any audience."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from hakam.live.audience.ranking import Waiting, ranked

questions = st.lists(
    st.builds(
        Waiting,
        st.integers(1, 10_000),
        st.sampled_from(["ar", "en", "fr"]),
        st.integers(1, 500),
        st.sampled_from([f"u{n}" for n in range(8)]),
        st.integers(0, 1_000).map(float),
    ),
    max_size=40,
    unique_by=lambda one: one.id,
)


def ask(n: int, language: str = "en", accounts: int = 1, account: str = "", newest: float = 0) -> Waiting:
    return Waiting(n, language, accounts, account or f"u{n}", newest)


def order(*waiting: Waiting, **more: object) -> list[int]:
    return [one.id for one in ranked(waiting, **more)]  # type: ignore[arg-type]


def test_what_most_accounts_ask_comes_first_and_of_equals_the_newest() -> None:
    assert order(ask(1), ask(2, accounts=9), ask(3, newest=5)) == [2, 3, 1]


def test_languages_take_turns_by_how_many_ask_in_them() -> None:
    many = [ask(n, "en", accounts=30) for n in range(1, 10)]
    few = [ask(n, "ar", accounts=30) for n in range(11, 14)]
    first = list(ranked([*many, *few]))[:8]
    assert Counter(one.language for one in first) == {"en": 6, "ar": 2}  # 270 ask in one, 90 in the other


def test_a_language_that_few_speak_is_not_drowned() -> None:
    loud = [ask(n, "en", accounts=100) for n in range(1, 20)]
    place = [one.language for one in ranked([*loud, ask(99, "ar", accounts=100)])].index("ar")
    assert place < 12  # one in twenty asks in it: by the middle of the list it had its turn


def test_who_had_turns_already_waits_for_the_other_language() -> None:
    waiting = [ask(1, "en", 50), ask(2, "ar", 50)]
    assert order(*waiting, chosen={"ar": 1})[0] == 1
    assert order(*waiting, chosen={"en": 1})[0] == 2


def test_a_plan_says_how_turns_are_shared() -> None:
    waiting = [
        *(ask(n, "en", 100) for n in range(1, 6)),
        *(ask(n, "ar", 1) for n in range(11, 16)),
        ask(20, "fr"),
    ]
    spoken = [one.language for one in ranked(waiting, weights={"ar": 1, "en": 1})]
    assert spoken == ["en", "ar", "en", "ar", "en", "ar", "en", "ar", "en", "ar", "fr"]


def test_nobody_speaks_twice_in_a_row() -> None:
    waiting = [ask(1, accounts=9, account="loud"), ask(2, accounts=8, account="loud"), ask(3)]
    assert order(*waiting) == [1, 3, 2]
    assert order(*waiting, last_account="loud") == [3, 1, 2]  # nobody else is left for the last


def test_another_language_comes_before_the_same_account_again() -> None:
    waiting = [ask(1, "en", 90, "loud"), ask(2, "en", 80, "loud"), ask(3, "ar", 1)]
    assert order(*waiting) == [1, 3, 2]


@given(questions)
def test_everybody_comes_once_and_an_account_follows_itself_only_when_it_must(waiting: list[Waiting]) -> None:
    found = list(ranked(waiting))
    assert sorted(found) == sorted(waiting)
    for n in range(1, len(found)):
        if found[n].account == found[n - 1].account:
            assert {one.account for one in found[n:]} == {found[n].account}


@given(questions)
def test_within_a_language_and_with_an_account_each_more_accounts_never_come_later(
    waiting: list[Waiting],
) -> None:
    each = [one._replace(account=f"a{one.id}") for one in waiting]
    for language in {one.language for one in each}:
        mine = [(one.accounts, one.newest) for one in ranked(each) if one.language == language]
        assert mine == sorted(mine, reverse=True)
