"""No restriction without reasons, by type: what the law asks to be said (DSA Art. 17(3)) can't be left out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.vocabulary.reasons import Automation, Ground, GroundKind, IncompleteReasonsError, Reasons, Source
from hakam.vocabulary.verdict import PackRef

TERMS = Ground(GroundKind.CONTRACTUAL, "core@1.0, spam", "The same advertisement stood under forty posts.")
LAW = Ground(GroundKind.ILLEGAL, "Criminal Code, section 130", "It calls for violence against a group.", "DE")


def reasons(**changes: Any) -> Reasons:
    """Return complete reasons, changed."""
    said: dict[str, Any] = {
        "clause": "spam",
        "pack": PackRef("core", "1.0", "d" * 64),
        "grounds": (TERMS,),
        "facts": "The post advertises a shop; it is one of forty copies.",
        "source": Source.NOTICE,
        "automated_detection": False,
        "automated_decision": Automation.NONE,
    }
    return Reasons(**{**said, **changes})


BLANKS = ["", " ", "\t\n", "\u00a0", "\u200b", "\u200f\u202b", "...", "-", "؟"]


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
@pytest.mark.parametrize("field", ["clause", "facts"])
def test_a_text_that_says_nothing_is_missing(field: str, blank: str) -> None:
    with pytest.raises(IncompleteReasonsError) as raised:
        reasons(**{field: blank})
    assert raised.value.missing == (field,)
    assert str(raised.value) == f"reasons lack {field}"


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
@pytest.mark.parametrize("field", ["reference", "explanation"])
def test_each_ground_names_its_provision_and_says_why(field: str, blank: str) -> None:
    with pytest.raises(IncompleteReasonsError) as raised:
        reasons(grounds=(TERMS, msgspec.structs.replace(LAW, **{field: blank})))
    assert raised.value.missing == (f"grounds/1/{field}",)


def test_without_any_ground_there_is_no_restriction() -> None:
    with pytest.raises(IncompleteReasonsError) as raised:
        reasons(grounds=())
    assert raised.value.missing == ("grounds",)


def test_all_that_is_missing_is_named_at_once() -> None:
    empty = Ground(GroundKind.ILLEGAL, "", " ")
    with pytest.raises(IncompleteReasonsError) as raised:
        reasons(clause="", facts="", grounds=(empty,))
    assert raised.value.missing == ("clause", "facts", "grounds/0/reference", "grounds/0/explanation")
    assert str(raised.value) == "reasons lack clause, facts, grounds/0/reference, grounds/0/explanation"


@pytest.mark.parametrize(
    "field", ["clause", "pack", "grounds", "facts", "source", "automated_detection", "automated_decision"]
)
def test_nothing_that_the_law_asks_for_has_a_default(field: str) -> None:
    said = {name: getattr(reasons(), name) for name in Reasons.__struct_fields__ if name != field}
    with pytest.raises(TypeError, match=field):
        Reasons(**said)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"facts": " "}, "reasons lack facts"),
        ({"grounds": []}, "reasons lack grounds"),
        (
            {"grounds": [{"kind": "illegal", "reference": "s", "explanation": ""}]},
            "lack grounds/0/explanation",
        ),
        ({"source": "rumour"}, "rumour"),
        ({"automated_decision": "mostly"}, "mostly"),
        ({"automated_detection": "yes"}, "Expected `bool`"),
        ({"grounds": [{"kind": "moral", "reference": "x", "explanation": "y"}]}, "moral"),
    ],
)
def test_incomplete_reasons_are_not_read_from_json_either(changes: dict[str, Any], what: str) -> None:
    said = {**msgspec.to_builtins(reasons()), **changes}
    with pytest.raises(msgspec.ValidationError, match=what):
        msgspec.json.decode(msgspec.json.encode(said), type=Reasons)


def test_reasons_can_not_be_emptied_afterwards() -> None:
    whole = reasons()
    with pytest.raises(AttributeError):
        whole.facts = ""  # type: ignore[misc]
    with pytest.raises(IncompleteReasonsError):
        msgspec.structs.replace(whole, grounds=())


@pytest.mark.parametrize(
    "facts",
    ["نُشر الإعلان نفسه أربعين مرة.", "同じ広告です", "یہ اشتہار چالیس بار", "ข้อความนี้ซ้ำ", "4"],
)
def test_facts_may_be_told_in_any_script(facts: str) -> None:
    assert reasons(facts=facts).facts == facts


@given(st.lists(st.sampled_from([TERMS, LAW]), min_size=1, max_size=4), st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_reasons_exist_exactly_when_they_say_something(grounds: list[Ground], facts: str) -> None:
    if any(character.isalnum() for character in facts):
        assert reasons(grounds=tuple(grounds), facts=facts).grounds == tuple(grounds)
    else:
        with pytest.raises(IncompleteReasonsError, match=r"^reasons lack facts$"):
            reasons(grounds=tuple(grounds), facts=facts)


def test_sources_and_automation_are_the_lists_of_the_law() -> None:
    # DSA Art. 17(3)(b) and (c)
    assert list(map(str, Source)) == ["notice", "trusted_flagger", "other_notification", "own_initiative"]
    assert list(map(str, Automation)) == ["full", "partial", "none"]
