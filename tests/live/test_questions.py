"""Questions as bytes: no two things that differ are the same entry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.live.questions import BARRING, Question, entry
from hakam.vocabulary.measure import NATURE, Target

NAME = st.text(st.characters(exclude_characters="\0"), max_size=20)


def test_an_entry_is_its_fields_parted_by_nul() -> None:
    assert entry(Question.LIVE, "u1") == b"live\0u1\0"
    assert entry(Question.ACCOUNT, "u1", territory="DE") == b"account\0u1\0DE"
    assert entry(Question.ITEM, "77", kind="post", territory="EU") == b"item\0post\00077\0EU"
    assert entry(Question.LIVE, "هند") == "live\0هند\0".encode()


@given(st.lists(st.tuples(st.sampled_from(Question), NAME, NAME.filter(bool), NAME), max_size=20))
def test_different_things_are_different_entries(asked: list[tuple[Question, str, str, str]]) -> None:
    things = {
        (question, subject, kind if question is Question.ITEM else "", place)
        for question, subject, kind, place in asked
    }
    assert len({entry(q, s, kind=k, territory=t) for q, s, k, t in things}) == len(things)


@pytest.mark.parametrize("field", ["subject", "kind", "territory"])
def test_a_nul_is_refused(field: str) -> None:
    fields = {"subject": "77", "kind": "post", "territory": "DE"} | {field: "a\0b"}
    with pytest.raises(ValueError, match="NUL"):
        entry(Question.ITEM, fields["subject"], kind=fields["kind"], territory=fields["territory"])


def test_only_an_item_has_a_kind() -> None:
    with pytest.raises(ValueError, match="kind"):
        entry(Question.ITEM, "77")
    with pytest.raises(ValueError, match="kind"):
        entry(Question.LIVE, "u1", kind="post")


def test_measures_on_accounts_answer_for_accounts_and_those_on_items_for_items() -> None:
    for question, kinds in BARRING.items():
        target = Target.ITEM if question is Question.ITEM else Target.ACCOUNT
        assert {NATURE[kind].target for kind in kinds} == {target}
    assert BARRING[Question.ACCOUNT] < BARRING[Question.LIVE]  # who is shut out is not live either
