"""Events of which only what rules read is made: what they have is what whole events have."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from benchmarks.backtest import events as varied

from hakam.backtest.columns import SIGNALS, read_event
from hakam.backtest.lean import PARTS, decoder, lean_signals
from hakam.policy.fields import EXTRA_KINDS, FIELDS, FieldSpec, extra_field, reader, score_field
from hakam.policy.kinds import Kind
from hakam.signals.measure import Signals, measure, text_of
from hakam.vocabulary.event import Event

LINES = list(varied.events(300, authors=40))
OTHERS = (
    score_field("toxicity"),
    score_field("absent"),
    extra_field("karma", Kind.NUMBER),
    extra_field("tags", Kind.TEXTS),
)


@pytest.mark.parametrize("spec", [*FIELDS.values(), *OTHERS], ids=lambda spec: spec.path)
def test_a_field_of_a_lean_event_is_that_of_the_whole_one(spec: FieldSpec) -> None:
    decode, read = decoder([spec], text=False), reader(spec)
    lean = decode(LINES[0])
    assert type(lean) is not Event, "its code tells what it reads"
    for line in LINES:
        event = read_event(line)
        signals = measure(event)
        assert read(decode(line), signals) == read(event, signals)


def test_all_fields_together() -> None:
    specs = (*FIELDS.values(), *OTHERS)
    decode = decoder(specs, text=True)
    for line in LINES:
        event, lean = read_event(line), decode(line)
        signals = measure(event)
        assert [reader(spec)(lean, signals) for spec in specs] == [
            reader(spec)(event, signals) for spec in specs
        ]


def test_the_text_is_there_if_it_is_asked_for() -> None:
    decode = decoder([], text=True)
    assert [text_of(decode(line)) for line in LINES] == [text_of(read_event(line)) for line in LINES]
    assert any(text_of(decode(line)) for line in LINES)


def test_nothing_else_is_made() -> None:
    lean = decoder([FIELDS["author.posts"]], text=False)(LINES[0])
    assert lean.__struct_fields__ == ("author", "item", "context")
    assert lean.author.__struct_fields__ == ("posts",)
    assert lean.item.__struct_fields__ == lean.context.__struct_fields__ == ()
    with pytest.raises(AttributeError):
        lean.author.name  # noqa: B018 -- is not there


def field(code: str) -> FieldSpec:
    return FieldSpec("event.made", Kind.TEXT, code, "made for a test")


@pytest.mark.parametrize("code", ["SEEN(e)", "AGE(e, a)", "READ(x)", "[i][0]", "e.item_kind", "a.nickname"])
def test_code_that_does_not_tell_what_it_reads_gets_whole_events(code: str) -> None:
    made: Any = decoder([field(code)], text=False)(LINES[0])
    assert type(made) is Event


def test_the_code_of_every_extra_tells_what_it_reads() -> None:
    for kind in EXTRA_KINDS.values():
        assert type(decoder([extra_field("some", kind)], text=False)(LINES[0])) is not Event


def test_every_part_of_an_event_is_known() -> None:
    """A part that events gain must be lean too, or it would be made whole for every row."""
    event = read_event(LINES[0])
    parts = {name for name in Event.__struct_fields__ if hasattr(getattr(event, name), "__struct_fields__")}
    assert parts == set(PARTS)
    assert all(ast.parse(spec.code, mode="eval") for spec in FIELDS.values())


@pytest.mark.parametrize("needs", [("language", "folded"), ("text",), tuple(SIGNALS), ()], ids=len)
def test_lean_signals_are_those_that_were_measured_for_what_was_asked(needs: tuple[str, ...]) -> None:
    names, made = lean_signals(frozenset(needs))
    assert set(names) == set(needs)
    for line in LINES[:20]:
        whole = measure(read_event(line))
        lean = made(*[getattr(whole, name) for name in names])
        wanted = {
            name: getattr(whole if name in needs else Signals(), name) for name in Signals.__struct_fields__
        }
        assert {name: getattr(lean, name) for name in Signals.__struct_fields__} == wanted
