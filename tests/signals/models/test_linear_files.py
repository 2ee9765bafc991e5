"""The file of a linear model: what is cut off, changed or claimed in it is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hakam.signals.models.calibration import ANY, Scale, best_threshold, fit
from hakam.signals.models.features import ROWS, SHAPE_ROWS
from hakam.signals.models.heads import Head
from hakam.signals.models.linear import MARK, LinearHead, LinearModel, UnreadableModelError, pack, unpack

SAME_FIXTURE = [HealthCheck.function_scoped_fixture]


@pytest.fixture(scope="module")
def model(small: bytes) -> LinearModel:
    return unpack(small)


def head_end(data: bytes) -> int:
    start = len(MARK) + 4
    return start + int.from_bytes(data[len(MARK) : start], "little")


@settings(max_examples=40, deadline=None, suppress_health_check=SAME_FIXTURE)
@given(data=st.data())
def test_a_file_cut_anywhere_is_refused(small: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(small) - 1))
    with pytest.raises(UnreadableModelError):
        unpack(small[:cut])


@settings(max_examples=40, deadline=None, suppress_health_check=SAME_FIXTURE)
@given(data=st.data())
def test_a_changed_byte_of_the_head_is_noticed_or_shows_in_the_id(
    small: bytes, model: LinearModel, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, head_end(small) - 1))
    changed = bytearray(small)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        other = unpack(bytes(changed)).id
    except UnreadableModelError as error:
        other = str(error)
    assert other not in {"", model.id}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": ()}, "one step"),
        ({"steps": (0.1,) * 99}, "one step"),
        ({"scales": {}}, "one step, scale"),
        ({"thresholds": {}}, "threshold"),
        ({"thresholds": {Head.SPAM: {}}}, "threshold"),
        ({"heads": ()}, "size of its heads"),
        ({"heads": (Head.SPAM,)}, "size of its heads"),
        ({"bits": 0}, "another version"),
        ({"features": 0}, "another version"),
        ({"folding": 1_000}, "another version"),
    ],
)
def test_a_head_that_does_not_fit_is_refused_in_words(
    model: LinearModel, change: dict[str, Any], words: str
) -> None:
    data = pack(msgspec.structs.replace(model.head, **change), model.table)
    with pytest.raises(UnreadableModelError, match=words):
        unpack(data)


def test_a_head_named_twice_is_refused(model: LinearModel) -> None:
    heads = (model.heads[0], *model.heads[:-1])
    with pytest.raises(UnreadableModelError, match="for each head"):
        unpack(pack(msgspec.structs.replace(model.head, heads=heads), model.table))


def test_a_scale_without_the_unknown_language_is_refused(model: LinearModel) -> None:
    scales = {head: {"en": table[ANY]} for head, table in model.head.scales.items()}
    with pytest.raises(UnreadableModelError, match="unknown language"):
        unpack(pack(msgspec.structs.replace(model.head, scales=scales), model.table))


@pytest.mark.parametrize("rows", [0, 1, ROWS + SHAPE_ROWS - 1, ROWS + SHAPE_ROWS + 1])
def test_a_table_of_another_size_is_refused(model: LinearModel, rows: int) -> None:
    table = np.zeros((rows, len(model.heads)), np.int8)
    with pytest.raises(UnreadableModelError, match="size"):
        unpack(pack(model.head, table))


def test_a_table_that_says_it_is_huge_is_refused_before_it_is_unpacked(small: bytes) -> None:
    start = head_end(small)
    huge = zstandard.ZstdCompressor(level=1).compress(bytes(1 << 28))
    assert len(huge) < 100_000
    with pytest.raises(UnreadableModelError, match="size"):
        unpack(small[:start] + huge)


@pytest.mark.parametrize(
    "data", [b"", b"HKLINEAR2\n", b"\x1f\x8b", MARK, MARK + b"\xff\xff\xff\xff{}", MARK + bytes(4)]
)
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableModelError):
        unpack(data)


def test_a_model_packed_again_is_the_same_file(small: bytes, model: LinearModel) -> None:
    assert pack(model.head, model.table) == small
    assert msgspec.json.decode(msgspec.json.encode(model.head), type=LinearHead) == model.head


@settings(max_examples=60, deadline=None, suppress_health_check=SAME_FIXTURE)
@given(text=st.text(max_size=400), language=st.sampled_from([None, "en", "es", "en-GB", "xx", ""]))
def test_any_text_in_any_language_has_the_same_probabilities_each_time(
    model: LinearModel, text: str, language: str | None
) -> None:
    found = model.score(text, language)
    assert found == model.score(text, language)
    assert all(0 <= value <= 1 for value in found.values())


@given(st.floats(0.02, 50), st.floats(-50, 50), st.lists(st.floats(-1e300, 1e300), min_size=2))
def test_a_scale_never_turns_an_order_around(slope: float, shift: float, values: list[float]) -> None:
    found = [Scale(slope, shift)(value) for value in sorted(values)]
    assert found == sorted(found)
    assert all(0 < value < 1 for value in found)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-20, 20), st.integers(0, 1)), min_size=1, max_size=40))
def test_whatever_is_fitted_rises(pairs: list[tuple[float, int]]) -> None:
    found = fit([x for x, _ in pairs], [y for _, y in pairs])
    assert 0.02 <= found.slope < float("inf")
    assert abs(found.shift) < float("inf")
    assert found(-5.0) <= found(0.0) <= found(5.0)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=2, max_size=30))
def test_a_cut_is_chosen_as_trying_every_cut_would(pairs: list[tuple[float, int]]) -> None:
    p, y = np.array([x for x, _ in pairs]), np.array([label for _, label in pairs])

    def f1(found: Any, wanted: Any) -> float:
        both = int((found & wanted).sum())
        return 2 * both / max(int(found.sum()) + int(wanted.sum()), 1)

    every = [(f1(p >= cut, y == 1) + f1(p < cut, y == 0)) / 2 for cut in np.arange(0.05, 0.96, 0.01)]
    found = best_threshold(p, y, rounds=5)
    assert found.macro_f1 == pytest.approx(max(every), abs=1e-4)
    assert (found.positives, found.negatives) == (int(y.sum()), len(y) - int(y.sum()))
