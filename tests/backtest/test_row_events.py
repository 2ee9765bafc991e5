"""A row becomes the event that its columns say, and labels reach no rule."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.backtest.row_events import EventMaker, MappingError, event_fields, field_for, plan, read_mapping
from hakam.backtest.rows import Row
from hakam.vocabulary.event import ContentKind, Event

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CORPUS = ["text", "lang", "split", "raw", "abuse", "hate", "source", "licence"]


def maker(columns: list[str], *pairs: str, **choices: Any) -> EventMaker:
    return EventMaker(
        digest="ab" * 32,
        platform="forum",
        kind=ContentKind.POST,
        made=plan(columns, read_mapping(pairs)),
        now=NOW,
        **choices,
    )


def made(values: dict[str, Any], *pairs: str, number: int = 1, **choices: Any) -> dict[str, Any]:
    return maker(list(values), *pairs, **choices).event(Row(number, values))


def valid(event: dict[str, Any]) -> Event:
    return msgspec.json.decode(msgspec.json.encode(event), type=Event)


def test_a_row_of_a_corpus_becomes_a_post_whose_labels_stay_out() -> None:
    row = dict.fromkeys(CORPUS, "1") | {"text": "مرحبا", "lang": "ar"}
    event = valid(made(row, number=7))
    assert (event.item.text, event.item.language) == ("مرحبا", "ar")
    assert event.id == event.item.id == event.author.id == "replay-abababababababab-7"
    assert (event.platform, event.kind, event.at) == ("forum", ContentKind.POST, NOW)
    assert event.extra == {}


def test_labels_are_kept_on_demand_under_one_name() -> None:
    row = {"text": "hi", "raw": "neither", "abuse": "0", "spam": ""}
    assert valid(made(row, keep_labels=True)).extra == {"labels": {"raw": "neither", "abuse": "0"}}


@pytest.mark.parametrize(
    ("told", "score"),
    [
        ("0,83", 0.83),
        (" 1,0 ", 1.0),
        ("0.5", 0.5),
        ("1", 1),
        ("1,234,5", "1,234,5"),
        ("12,5", "12,5"),
        (",5", ",5"),
    ],
)
def test_a_score_may_have_a_decimal_comma(told: str, score: float | str) -> None:
    assert made({"text": "x", "scores.toxicity": told})["scores"] == {"toxicity": score}
    assert made({"text": "0,5"})["item"]["text"] == "0,5"


def test_the_same_row_makes_the_same_event_and_each_row_another() -> None:
    rows = maker(["text"])
    first = rows.event(Row(1, {"text": "hi"}))
    assert first == maker(["text"]).event(Row(1, {"text": "hi"}))
    assert first["id"] != rows.event(Row(2, {"text": "hi"}))["id"]
    assert first["id"] != made({"text": "hi"}, again="second")["id"]


def test_columns_named_as_fields_are_those_fields_with_their_types() -> None:
    event = valid(
        made(
            {
                "id": "e1",
                "item.text": "hello",
                "item.links": "https://a.example|https://b.example",
                "item.hashtags": '["one", "two, three"]',
                "author.id": "u1",
                "author.followers": "12",
                "author.verified": "VRAI",
                "author.created_at": "2020-01-01T00:00:00Z",
                "scores.toxicity": "0.25",
                "extra.tier": "gold",
                "kind": "comment",
                "at": "2026-02-01T10:00:00+03:00",
            }
        )
    )
    assert event.id == "e1"
    assert event.kind is ContentKind.COMMENT
    assert event.item.id == "e1"
    assert event.item.links == ("https://a.example", "https://b.example")
    assert event.item.hashtags == ("one", "two, three")
    assert (event.author.followers, event.author.verified) == (12, True)
    assert event.scores == {"toxicity": 0.25}
    assert event.extra == {"tier": "gold"}
    assert event.at == datetime(2026, 2, 1, 7, tzinfo=UTC)


def test_an_empty_cell_is_a_field_that_is_not_known() -> None:
    event = valid(made({"text": "hi", "author.followers": "", "item.url": None}))
    assert event.author.followers is None
    assert event.item.url is None


def test_a_value_that_does_not_fit_goes_to_the_door_as_it_is() -> None:
    event = made({"text": "hi", "author.followers": "many", "author.verified": "perhaps"})
    assert event["author"] == {"id": event["id"], "followers": "many", "verified": "perhaps"}


def test_whole_events_of_ndjson_pass_unchanged() -> None:
    whole = {
        "id": "e9",
        "platform": "other",
        "kind": "live.chat",
        "at": "2026-01-01T00:00:00Z",
        "author": {"id": "u9", "labels": ["trusted"]},
        "item": {"id": "i9", "text": "hey", "media": [{"url": "https://a.example/1.png"}]},
        "extra": {"a": {"b": 1}},
    }
    assert made(whole) == whole


def test_members_that_the_first_row_lacked_are_placed_all_the_same() -> None:
    rows = maker(["text"], keep_labels=True)
    event = rows.event(
        Row(2, {"text": "hi", "author": {"id": "u1"}, "item.url": "https://a.example", "x": 1})
    )
    assert event["author"]["id"] == "u1"
    assert event["item"]["url"] == "https://a.example"
    assert event["extra"] == {"labels": {"x": 1}}


def test_a_mapping_takes_any_column_and_can_leave_one_out() -> None:
    event = valid(made({"body": "hello", "who": "u5", "lang": "en"}, "body=item.text", "who=user", "lang="))
    assert (event.item.text, event.author.id, event.item.language) == ("hello", "u5", None)


def test_a_mapped_column_wins_over_one_of_the_same_name() -> None:
    made_plan = plan(["text", "body"], {"body": "item.text"})
    assert made_plan.fields == {"body": "item.text"}
    assert made_plan.labels == ("text",)


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        (["body"], "it takes `column=field`"),
        (["=item.text"], "it takes `column=field`"),
        (["body=item.txt"], "did you mean `item.text`"),
        (["body=scores"], ""),
        (["body=extra."], "has no field `extra.`"),
        (["body=qqqq"], "has no field `qqqq`"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_nearest_name(pairs: list[str], says: str) -> None:
    if not says:
        assert read_mapping(pairs) == {"body": "scores"}
        return
    with pytest.raises(MappingError, match=says.replace(".", r"\.")):
        read_mapping(pairs)


def test_a_mapping_of_an_absent_column_names_the_nearest() -> None:
    with pytest.raises(MappingError, match="there is no column `txt`; did you mean `text`"):
        plan(["text", "lang"], {"txt": "item.text"})


def test_values_of_parquet_keep_their_types() -> None:
    event = valid(
        made(
            {
                "text": "hi",
                "at": datetime(2026, 1, 1, 8),  # noqa: DTZ001 -- Parquet has times without a zone
                "author.followers": 5,
                "item.links": ["https://a.example"],
                "scores": {"toxicity": 0.5},
                "extra.day": date(2026, 1, 2),
            }
        )
    )
    assert event.at == datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert event.author.followers == 5
    assert event.item.links == ("https://a.example",)
    assert event.scores == {"toxicity": 0.5}
    assert event.extra == {"day": "2026-01-02"}


@pytest.mark.parametrize(("cell", "id_"), [(1001, "1001"), (1001.0, "1001"), (-3, "-3"), ("0042", "0042")])
def test_ids_that_a_table_keeps_as_numbers_are_texts(cell: object, id_: str) -> None:
    event = valid(made({"id": cell, "author_id": cell, "item": {"id": cell, "text": "hi", "reach": 3.0}}))
    assert (event.id, event.author.id, event.item.id, event.item.reach) == (id_, id_, id_, 3)


def test_what_is_no_whole_number_is_no_id() -> None:
    for cell in (1.5, True, float("inf")):
        assert made({"author_id": cell})["author"]["id"] == cell
    assert made({"text": 5})["item"]["text"] == 5  # a number is no text, and the door says so


def test_unknown_members_of_a_whole_author_are_not_known() -> None:
    event = valid(made({"text": "hi", "author": {"id": "u1", "posts": None, "followers": float("nan")}}))
    assert (event.author.id, event.author.posts, event.author.followers) == ("u1", None, None)


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("2026-03-01 08:00:00+00", datetime(2026, 3, 1, 8, tzinfo=UTC)),  # PostgreSQL, DuckDB
        ("2026-03-01 08:00:00.25+03", datetime(2026, 3, 1, 5, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-03-01T08:00:00.000000+0530", datetime(2026, 3, 1, 2, 30, tzinfo=UTC)),  # Polars
        ("2026-03-01 08:00:00 UTC", datetime(2026, 3, 1, 8, tzinfo=UTC)),  # BigQuery
        ("2026-03-01T08:00:00-04:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_databases_write_them(cell: str, at: datetime) -> None:
    assert valid(made({"text": "hi", "created_at": cell})).at == at


@pytest.mark.parametrize("field", sorted(event_fields()))
def test_every_field_of_an_event_can_be_a_column(field: str) -> None:
    assert field_for(field) == field


@given(text=st.text(st.characters(codec="utf-8")), number=st.integers(1, 10**9))
def test_any_text_makes_an_event_that_the_vocabulary_takes(text: str, number: int) -> None:
    event = valid(made({"text": text}, number=number))
    assert event.item.text == (text or None)
    assert event.id.endswith(f"-{number}")


@given(value=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30))
def test_no_cell_can_break_the_making(value: str) -> None:
    columns = ["text", "author.followers", "author.verified", "item.links", "item.media", "scores.x", "at"]
    event = made(dict.fromkeys(columns, value))
    assert msgspec.json.decode(msgspec.json.encode(event)) == event
