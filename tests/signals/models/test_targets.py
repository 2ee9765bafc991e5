"""Whom hate is aimed at: the list of words, the model that ships, and files that are none."""

from __future__ import annotations

import struct

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals.evaluation.functional import all_cases
from hakam.signals.fold import fold_words
from hakam.signals.models.calibration import ANY
from hakam.signals.models.features import ROWS, SHAPE_ROWS
from hakam.signals.models.fusion import Blend
from hakam.signals.models.heads import Head
from hakam.signals.models.linear import UnreadableModelError
from hakam.signals.models.targets import (
    MARK,
    TARGETS,
    Target,
    TargetHead,
    pack,
    shipped_targets,
    targets_named,
    unpack,
)

ATTACKED = {
    "immigrants": Target.MIGRANTS,
    "Muslims": Target.RELIGION,
    "Jewish people": Target.RELIGION,
    "Black people": Target.ORIGIN,
    "women": Target.GENDER,
    "gay people": Target.ORIENTATION,
    "trans people": Target.ORIENTATION,
    "disabled people": Target.DISABILITY,
    "المهاجرين": Target.MIGRANTS,
    "اللاجئين": Target.MIGRANTS,
    "الشيعة": Target.RELIGION,
    "اليهود": Target.RELIGION,
    "السود": Target.ORIGIN,
    "النساء": Target.GENDER,
    "المثليين": Target.ORIENTATION,
    "المعاقين": Target.DISABILITY,
}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Muslims and Jews", {Target.RELIGION}),
        ("those refugees and their women", {Target.MIGRANTS, Target.GENDER}),
        ("والمهاجرين", {Target.MIGRANTS}),
        ("لليهود", {Target.RELIGION}),
        ("بالنساء والمعاقين", {Target.GENDER, Target.DISABILITY}),
        ("اليَهُـــود", {Target.RELIGION}),
        ("كبار السن عبء", {Target.AGE}),
        ("old people should not drive", {Target.AGE}),
        ("faggots", {Target.ORIENTATION}),
        ("w0men drivers", {Target.GENDER}),
        ("the transport of goods", set()),
        ("a jewel in a mosaic", set()),
        ("سنة جديدة سعيدة", set()),
        ("هذه المرة السادسة", set()),
        ("القطار نور الطريق", set()),
        ("", set()),
    ],
)
def test_groups_are_found_by_their_names(text: str, named: set[Target]) -> None:
    assert targets_named(fold_words(text)) == named


def test_the_model_that_ships_says_whom_a_text_attacks() -> None:
    model = shipped_targets()
    assert model.id.startswith("target-1-")
    assert model.targets == TARGETS
    assert model.aimed_at("all muslims are terrorists, ban islam", "en")[0][0] is Target.RELIGION
    assert model.aimed_at("women belong in the kitchen, stupid bitches", "en")[0][0] is Target.GENDER
    expelled = model.score("اطردوا اللاجئين من البلد", "ar")
    assert Target.MIGRANTS in sorted(expelled, key=lambda target: -expelled[target])[:2]
    assert model.aimed_at("النساء ناقصات عقل", "ar")[0][0] is Target.GENDER
    assert model.aimed_at("the weather is fine today", "en") == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_it_finds_the_groups_of_the_functional_tests(language: str) -> None:
    """Sentences that no model learnt from: nine in ten have their target first or second."""
    model = shipped_targets()
    cases = [
        case
        for case in all_cases()
        if case.language == language and case.group and case.head is Head.HATE and case.expected
    ]
    assert len(cases) > 150
    found = 0
    for case in cases:
        scores = model.score(case.text, language)
        best = sorted(scores, key=lambda target: -scores[target])[:2]
        found += ATTACKED[case.group] in best
    assert found / len(cases) >= 0.9


@given(st.text(max_size=400))
def test_any_text_has_probabilities(text: str) -> None:
    scores = shipped_targets().score(text)
    assert set(scores) == set(TARGETS)
    assert all(0.0 <= value <= 1.0 for value in scores.values())


def test_folding_may_be_given() -> None:
    model = shipped_targets()
    text = "W0men are v3rmin"
    from hakam.signals.fold import fold_counting  # noqa: PLC0415 -- beside its only use

    folded, repairs = fold_counting(text)
    assert model.score(text, "en") == model.score(text, "en", folded=folded, repairs=repairs)


def head(**more: object) -> TargetHead:
    plain: dict[str, object] = {
        "targets": (Target.AGE,),
        "steps": (0.1,),
        "blends": {Target.AGE: {ANY: Blend(1.0, 2.0, -1.0), "ar": Blend(0.0, 0.0, 3.0)}},
        "cuts": {Target.AGE: {ANY: 0.5, "ar": 0.9}},
        "floors": {Target.AGE: {ANY: 0.1, "de": 0.8}},
    }
    return TargetHead(**{**plain, **more})  # type: ignore[arg-type]


def file(**more: object) -> bytes:
    return pack(head(**more), np.zeros((ROWS + SHAPE_ROWS, 1), np.int8))


def test_a_language_has_its_own_blend_and_cut() -> None:
    model = unpack(file())
    assert model.score("nothing", "en")[Target.AGE] == pytest.approx(0.2689, abs=1e-4)
    assert model.score("boomers", "en")[Target.AGE] == pytest.approx(0.7311, abs=1e-4)
    assert model.score("nothing", "ar")[Target.AGE] == pytest.approx(0.9526, abs=1e-4)
    assert model.aimed_at("boomers", "en") == [(Target.AGE, 0.7311)]
    assert model.cut(Target.AGE, "ar-EG") == 0.9
    assert model.score("boomers", "de")[Target.AGE] == 0.8  # as often as the list alone is right


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HKLINEAR1\n",
        MARK,
        MARK + struct.pack("<I", 5) + b"{}",
        file()[:-20],
        file(features=99),
        file(folding=99),
        file(bits=3),
        file(steps=()),
        file(cuts={}),
        file(floors={}),
        file(blends={Target.AGE: {"ar": Blend(1.0, 1.0, 0.0)}}),
        file(targets=(Target.AGE, Target.GENDER)),
    ],
)
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableModelError):
        unpack(data)


def test_another_file_is_another_model() -> None:
    assert unpack(file()).id != unpack(file(steps=(0.2,))).id
    assert msgspec.json.decode(msgspec.json.encode(head()), type=TargetHead) == head()
