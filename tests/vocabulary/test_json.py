"""Every word of the vocabulary goes through JSON and comes back as it was: the event log and the ledger rely on it.

The values are made from the structs' own types and bounds, so that a struct or a field that is added is tested too.
"""

# ruff: noqa: E501, ISC004 -- tables of stored texts

from __future__ import annotations

import importlib
import pkgutil
import string
from datetime import UTC
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

import hakam.vocabulary
from hakam.vocabulary.event import Audience, Author, Change, ContentKind, Event, Item, ItemRef, Media
from hakam.vocabulary.finding import Finding, Severity, Span
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import Automation, Ground, GroundKind, Reasons, Source
from hakam.vocabulary.verdict import Firing, PackRef, ReviewRequest, Stage, Verdict


def structs() -> dict[str, type[msgspec.Struct]]:
    """Return every public struct that the vocabulary defines, by its name."""
    return {
        name: value
        for module in pkgutil.iter_modules(hakam.vocabulary.__path__, "hakam.vocabulary.")
        for name, value in vars(importlib.import_module(module.name)).items()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == module.name
        and not name.startswith("_")
    }


STRUCTS = structs()

letters = st.characters(codec="utf-8")
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(letters, max_size=6),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.text(letters, max_size=4), below, max_size=2),
    max_leaves=3,
)  # fmt: skip


def values_of(kind: inspect.Type, *, says: bool) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911, PLR0912 -- one branch for each
    """Return a strategy for the values that a type admits; with `says`, no text and no list of them is empty."""
    match kind:
        case inspect.Metadata():
            return values_of(kind.type, says=says)
        case inspect.StrType():
            if kind.pattern is not None:
                return st.from_regex(kind.pattern, fullmatch=True, alphabet=string.printable)
            texts = st.text(letters, min_size=kind.min_length or 0, max_size=min(kind.max_length or 20, 20))
            return texts.map(lambda text: f"{text}ض") if says else texts
        case inspect.IntType():
            return st.integers(min_value=kind.ge, max_value=2**63 - 1)
        case inspect.FloatType():
            return st.floats(allow_nan=False, allow_infinity=False)
        case inspect.BoolType():
            return st.booleans()
        case inspect.BytesType():
            return st.binary(max_size=20)
        case inspect.DateTimeType():
            return st.datetimes(timezones=st.just(UTC))
        case inspect.NoneType():
            return st.none()
        case inspect.AnyType():
            return json_values
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.EnumType():
            return st.sampled_from(list(kind.cls))
        case inspect.UnionType():
            return st.one_of([values_of(part, says=says) for part in kind.types])
        case inspect.VarTupleType():
            return st.lists(values_of(kind.item_type, says=says), min_size=says, max_size=2).map(tuple)
        case inspect.DictType():
            keys, values = (values_of(part, says=says) for part in (kind.key_type, kind.value_type))
            return st.dictionaries(keys, values, max_size=2)
        case inspect.StructType():
            return instances_of(kind.cls)
    raise NotImplementedError(f"no values for {kind}")


@cache
def instances_of(struct: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Return a strategy for instances, with and without their optional fields."""
    fields = inspect.type_info(struct).fields  # type: ignore[attr-defined]
    says = struct in {Reasons, Ground}  # they refuse to be empty
    needed = {field.name: values_of(field.type, says=says) for field in fields if field.required}
    others = {field.name: values_of(field.type, says=says) for field in fields if not field.required}
    return st.fixed_dictionaries(needed, optional=others).map(lambda values: struct(**values))


def test_there_are_structs_to_test() -> None:
    assert {"Event", "Verdict", "Reasons", "Measure", "Finding", "Problem", "Actor", "ItemRef"} <= set(
        STRUCTS
    )


@pytest.mark.parametrize("name", STRUCTS)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_json_gives_back_the_same_value(name: str, data: st.DataObject) -> None:
    value = data.draw(instances_of(STRUCTS[name]))
    text = msgspec.json.encode(value)
    again = msgspec.json.decode(text, type=STRUCTS[name])
    assert again == value
    assert msgspec.json.encode(again) == text


@pytest.mark.parametrize("name", STRUCTS)
def test_values_are_frozen(name: str) -> None:
    struct = STRUCTS[name]
    assert struct.__struct_config__.frozen, f"{name} could be changed after it was judged"


EVENT = {
    "id": "e1",
    "platform": "forum",
    "kind": "post",
    "at": "2026-01-02T03:04:05Z",
    "author": {"id": "ann"},
    "item": {"id": "p1"},
}

# What is stored today must be readable by every later release: these texts may not change.
STORED = [
    (Event, '{"id":"e1","platform":"forum","kind":"post","at":"2026-01-02T03:04:05Z","author":{"id":"ann"},"item":{"id":"p1"}}'),
    (
        Verdict(
            PackRef("p", "1.0", "d" * 64),
            (Firing("r", "spam", "e" * 64, Stage.LIVE, (Measure(MeasureKind.REMOVE, ("DE",), 3),),
                    ReviewRequest("spam", 0.5), {"author.posts > 3": 4}),),
            (Measure(MeasureKind.REMOVE, ("DE",), 3),),
            ReviewRequest("spam", 0.5),
        ),
        '{"pack":{"id":"p","version":"1.0","digest":"' + "d" * 64 + '"},"firings":[{"rule":"r","policy":"spam",'
        '"rule_digest":"' + "e" * 64 + '","stage":"live","measures":[{"kind":"remove","territory":["DE"],"days":3}],'
        '"review":{"queue":"spam","urgency":0.5},"values":{"author.posts > 3":4}}],'
        '"measures":[{"kind":"remove","territory":["DE"],"days":3}],"review":{"queue":"spam","urgency":0.5}}',
    ),
    (Measure(MeasureKind.NOTIFY), '{"kind":"notify"}'),
    (ItemRef("forum", "post", "p1"), '{"platform":"forum","kind":"post","id":"p1"}'),
    (
        Reasons("spam", PackRef("p", "1", "d"), (Ground(GroundKind.CONTRACTUAL, "p@1, spam", "why"),), "facts",
                Source.OWN_INITIATIVE, automated_detection=True, automated_decision=Automation.FULL),
        '{"clause":"spam","pack":{"id":"p","version":"1","digest":"d"},"grounds":[{"kind":"contractual",'
        '"reference":"p@1, spam","explanation":"why"}],"facts":"facts","source":"own_initiative",'
        '"automated_detection":true,"automated_decision":"full"}',
    ),
    (Finding("P103", Severity.ERROR, "no", Span("f", 1, 2, 1, 3), "h"),
     '{"code":"P103","severity":"error","message":"no","span":{"file":"f","line":1,"column":2,"end_line":1,'
     '"end_column":3},"hint":"h"}'),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), STORED, ids=lambda part: getattr(type(part), "__name__", ""))
def test_what_is_stored_keeps_its_form(value: Any, text: str) -> None:
    if isinstance(value, type):
        value = msgspec.json.decode(text, type=value)
    assert msgspec.json.encode(value).decode() == text
    assert msgspec.json.decode(text, type=type(value)) == value


def decode(**changes: Any) -> Event:
    return msgspec.json.decode(msgspec.json.encode({**EVENT, **changes}), type=Event)


def test_an_event_says_only_what_the_platform_said() -> None:
    event = decode()
    assert event.change is Change.CREATED
    assert (event.author.followers, event.author.verified, event.item.text, event.item.audience) == (
        None,
    ) * 4
    assert (event.author.labels, event.item.links, event.scores, event.extra) == ((), (), {}, {})


def test_a_field_of_a_later_version_does_not_stop_an_event() -> None:
    event = decode(version=9, mood="angry", item={"id": "p1", "hologram": {"depth": 3}})
    assert event.version == 9
    assert event.item == Item("p1")


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"id": ""}, "$.id"),
        ({"id": "x" * 513}, "$.id"),
        ({"id": 7}, "$.id"),
        ({"platform": "Forum"}, "$.platform"),
        ({"platform": "-forum"}, "$.platform"),
        ({"platform": "f" * 64}, "$.platform"),
        ({"platform": "fo rum"}, "$.platform"),
        ({"platform": "forum\n"}, "$.platform"),
        ({"kind": "posts"}, "$.kind"),
        ({"at": "yesterday"}, "$.at"),
        ({"at": 1_767_225_600}, "$.at"),
        ({"author": {}}, "$.author"),
        ({"author": {"id": "a", "followers": -1}}, "$.author.followers"),
        ({"author": {"id": "a", "country": "de"}}, "$.author.country"),
        ({"author": {"id": "a", "country": "DEU"}}, "$.author.country"),
        ({"author": {"id": "a", "country": "DE\n"}}, "$.author.country"),
        ({"author": {"id": "a", "verified": "yes"}}, "$.author.verified"),
        ({"author": {"id": "a", "labels": ["ok", ""]}}, "$.author.labels[1]"),
        ({"item": {"id": "i", "text": "x" * 200_001}}, "$.item.text"),
        ({"item": {"id": "i", "links": "http://x"}}, "$.item.links"),
        ({"item": {"id": "i", "media": [{}, {"size": -1}]}}, "$.item.media[1].size"),
        ({"item": {"id": "i", "media": [{"hashes": {"pdq": 1}}]}}, "$.item.media[0].hashes[...]"),
        ({"item": {"id": "i", "media": [{"data": "not base64!"}]}}, "$.item.media[0].data"),
        ({"item": {"id": "i", "audience": "everybody"}}, "$.item.audience"),
        ({"scores": {"toxicity": "high"}}, "$.scores[...]"),
        ({"change": "restored"}, "$.change"),
    ],
)  # fmt: skip
def test_a_wrong_event_is_refused_at_its_place(changes: dict[str, Any], at: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        decode(**changes)
    assert str(raised.value).endswith(f"at `{at}`")


@pytest.mark.parametrize("missing", ["id", "platform", "kind", "at", "author", "item"])
def test_what_an_event_cannot_do_without(missing: str) -> None:
    rest = {key: value for key, value in EVENT.items() if key != missing}
    with pytest.raises(msgspec.ValidationError, match=f"missing required field `{missing}`"):
        msgspec.json.decode(msgspec.json.encode(rest), type=Event)


def test_the_longest_text_is_taken() -> None:
    text = "ض" * 200_000
    assert decode(item={"id": "i", "text": text}).item.text == text


def test_an_item_has_its_event_s_kind_unless_it_says_another() -> None:
    assert decode(kind="comment").item_kind is ContentKind.COMMENT
    assert decode(kind="comment", item={"id": "i", "kind": "image"}).item_kind is ContentKind.IMAGE


def test_pictures_travel_as_base64() -> None:
    media = decode(item={"id": "i", "media": [{"data": "AP8=", "hashes": {"pdq": "ff"}}]}).item.media
    assert media == (Media(data=b"\x00\xff", hashes={"pdq": "ff"}),)


def test_audiences_and_kinds_are_closed_lists_of_their_own_words() -> None:
    assert [str(audience) for audience in Audience] == ["public", "followers", "group", "private"]
    assert len(set(ContentKind)) == 18
    assert Author("a") == Author(id="a", labels=())


def test_references_sort_and_print_as_ledger_subjects() -> None:
    one, other = ItemRef("forum", "post", "7"), ItemRef("forum", "comment", "9")
    assert str(one) == "forum/post/7"
    assert sorted([one, other]) == [other, one]
    assert str(PackRef("core", "1.2.0", "d")) == "core@1.2.0"
