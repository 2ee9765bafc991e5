"""No restriction without reasons: what is incomplete can't exist."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.vocabulary.reasons import Automation, Ground, GroundKind, IncompleteReasonsError, Reasons, Source
from hakam.vocabulary.verdict import PackRef

GROUND = Ground(GroundKind.CONTRACTUAL, "house@1, spam", "the same text forty times")


def reasons(**more: Any) -> Reasons:
    given: dict[str, Any] = {
        "clause": "spam",
        "pack": PackRef("house", "1", "0" * 64),
        "grounds": (GROUND,),
        "facts": "forty copies in ten minutes",
        "source": Source.OWN_INITIATIVE,
        "automated_detection": True,
        "automated_decision": Automation.NONE,
    }
    return Reasons(**(given | more))


def test_complete_reasons_exist_and_survive_their_record() -> None:
    made = reasons()
    assert msgspec.json.decode(msgspec.json.encode(made), type=Reasons) == made


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"clause": ""}, "clause"),
        ({"facts": "  \n"}, "facts"),
        ({"grounds": ()}, "grounds"),
        ({"grounds": (GROUND, Ground(GroundKind.ILLEGAL, " ", "x"))}, "grounds/1/reference"),
        ({"grounds": (Ground(GroundKind.ILLEGAL, "x", ""),)}, "grounds/0/explanation"),
    ],
)
def test_what_the_law_asks_for_can_not_be_left_out(change: dict[str, Any], missing: str) -> None:
    # DSA Art. 17(3)
    with pytest.raises(IncompleteReasonsError) as caught:
        reasons(**change)
    assert caught.value.missing == (missing,)
    assert missing in str(caught.value)


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(IncompleteReasonsError) as caught:
        reasons(clause="", facts="", grounds=())
    assert caught.value.missing == ("clause", "facts", "grounds")


def test_incomplete_reasons_can_not_come_in_by_a_record_either() -> None:
    record = msgspec.json.decode(msgspec.json.encode(reasons()))
    record["facts"] = ""
    with pytest.raises((IncompleteReasonsError, msgspec.ValidationError)):
        msgspec.convert(record, Reasons)


@given(st.text(alphabet=" \t\n\u00a0\u2003", max_size=8))
def test_blanks_are_no_facts(blank: str) -> None:
    with pytest.raises(IncompleteReasonsError):
        reasons(facts=blank)
