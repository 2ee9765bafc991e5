"""What is wrong with a file is said of the file, what is wrong with a row of that row, and no value stops a run."""

from __future__ import annotations

import gzip
import json
import lzma
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from hakam.backtest.columns import Row as Prepared
from hakam.backtest.prepare import ARCHIVE, Reading, prepare, rows_of
from hakam.backtest.rows import Row, RowFile, UnreadableFileError
from hakam.backtest.workers import Here
from hakam.vocabulary.event import ContentKind, Event

READING = Reading("import", ContentKind.POST, datetime(2026, 1, 1, tzinfo=UTC))
DEEP = "[" * 100_000
MANY_ZEROS = "0" * 5_000
TABLE = b"text,lang\n" + b"".join(b"%d %d,en\n" % (n, n * 7_919 % 10_007) for n in range(5_000))
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}


def events(path: Path) -> list[Event | str]:
    """Return the events of a file as the door takes them, or why it does not."""
    found: list[Event | str] = []
    for row in rows_of(path, READING, lambda _share: None):
        try:
            found.append(msgspec.json.decode(row.raw, type=Event))
        except msgspec.MsgspecError as error:
            found.append(str(error))
    return found


def of_parquet(folder: Path, **columns: Any) -> list[Event | str]:
    path = folder / "posts.parquet"
    parquet.write_table(pa.table(columns), path)
    return events(path)


# Packed files


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("where", [0.02, 0.5, 0.95])
def test_bytes_that_fell_over_end_the_reading_with_the_name_of_the_file(
    tmp_path: Path, packing: str, where: float
) -> None:
    packed = bytearray(PACKINGS[packing](TABLE))
    begin = int(len(packed) * where)
    for place in range(begin, min(begin + 100, len(packed))):
        packed[place] ^= 0x5A
    path = tmp_path / f"posts.csv{packing}"
    path.write_bytes(packed)
    with pytest.raises(UnreadableFileError, match=r"posts\.csv") as error:
        list(RowFile(path).rows())
    assert str(path) in str(error.value)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("kind", ["csv", "ndjson"])
@pytest.mark.parametrize("length", [0, 1, 5, 12])
def test_a_packed_file_of_a_few_bytes_is_no_file(
    tmp_path: Path, packing: str, kind: str, length: int
) -> None:
    path = tmp_path / f"posts.{kind}{packing}"
    path.write_bytes(PACKINGS[packing](TABLE)[:length])
    if kind == "ndjson" and not length:  # not even a frame was begun: no rows, as in an empty file
        if packing == ".xz":
            with pytest.raises(UnreadableFileError):
                list(RowFile(path).rows())
        else:
            assert list(RowFile(path).rows()) == []
        return
    with pytest.raises(UnreadableFileError):
        list(RowFile(path).rows())


@given(cut=st.integers(0, 60), flip=st.integers(0, 400), packing=st.sampled_from(sorted(PACKINGS)))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_is_met_by_another_error_and_none_makes_up_rows(
    tmp_path: Path, cut: int, flip: int, packing: str
) -> None:
    small = TABLE[:2_000].rsplit(b"\n", 1)[0] + b"\n"
    packed = bytearray(PACKINGS[packing](small))
    packed[flip % len(packed)] ^= 0xFF
    path = tmp_path / f"posts.csv{packing}"
    path.write_bytes(packed[: len(packed) - cut])
    whole = [line.split(",")[0] for line in small.decode().splitlines()[1:]]
    try:
        read = [row.values.get("text") for row in RowFile(path).rows()]
    except UnreadableFileError:
        return
    assert read == whole  # what fell over was a name or a time in the header of the packing


# Text files


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f'{{"text": {DEEP}', "is no JSON object: maximum recursion depth"),
        (f'{{"text": {DEEP}{"]" * len(DEEP)}}}', "is no JSON object: maximum recursion depth"),
        ('{"text": 1e999}', "is no JSON object: Number out of range"),
        ('{"text": "\\ud800"}', "is no JSON object: Input data was truncated"),
        ('{"text": NaN}', "is no JSON object: JSON is malformed"),
        ('{"text": "a"} {"text": "b"}', "is no JSON object: JSON is malformed"),
        ("null", "is no JSON object: Expected `object`, got `null`"),
        ('"text"', "is no JSON object: Expected `object`, got `str`"),
        ("{'text': 'a'}", "is no JSON object: JSON is malformed"),
    ],
)  # fmt: skip
def test_a_hostile_line_spoils_itself(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "posts.ndjson"
    path.write_text(f'{{"text": "before"}}\n{line}\n{{"text": "after"}}\n', encoding="utf-8")
    before, bad, after = RowFile(path).rows()
    assert (before.values, after.values) == ({"text": "before"}, {"text": "after"})
    assert (bad.number, bad.values) == (2, {})
    assert bad.problem.startswith(problem)


def test_a_bad_first_line_does_not_hide_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "posts.ndjson"
    path.write_text('{"body": \n[]\n{"body": "مرحبا", "label": "spam"}\n', encoding="utf-8")
    assert RowFile(path).columns() == ["body", "label"]
    reading = msgspec.structs.replace(READING, mapping={"body": "item.text"}, decided="label")
    *bad, good = rows_of(path, reading, lambda _share: None)
    assert [row.raw for row in bad] == [b"", b""]
    assert good.decided == "spam"
    assert msgspec.json.decode(good.raw, type=Event).item.text == "مرحبا"


def test_a_cell_longer_than_a_row_may_be_spoils_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hakam.backtest.rows.MAX_ROW_BYTES", 100)
    path = tmp_path / "posts.csv"
    path.write_text(f"text,lang\n{'x' * 101},en\n{'x' * 100},en\nshort,ar\n", encoding="utf-8")
    rows = list(RowFile(path).rows())
    assert [row.problem for row in rows] == ["line 2 is no CSV: field larger than field limit (100)", "", ""]
    assert rows[2] == Row(3, {"text": "short", "lang": "ar"})


def test_a_quote_that_is_never_closed_is_told_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text('text,lang\ngood,en\n"open,en\nlost,en\n', encoding="utf-8")
    good, bad = RowFile(path).rows()
    assert good.values["text"] == "good"
    assert bad.problem == "line 4 is no CSV: unexpected end of data"


# Cells


@pytest.mark.parametrize(
    ("cell", "followers"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("+12", 12),
        ("١٢", 12),  # digits as they are written in Arabic
        ("12.0", 12),
        (f"{MANY_ZEROS}7", 7),
        (str(2**70), 2**70),
        ("nan", "Expected `int | null`, got `str`"),
        ("-inf", "Expected `int | null`, got `str`"),
        ("1e999", "Expected `int | null`, got `str`"),
        ("9" * 5_000, "Expected `int | null`, got `str`"),
        ("12 people", "Expected `int | null`, got `str`"),
        ("-1", "Expected `int` >= 0"),
        ("1.5", "Expected `int | null`, got `float`"),
    ],
)
def test_a_number_in_a_cell_is_a_number_or_is_refused(
    tmp_path: Path, cell: str, followers: int | str
) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(f"text,author.followers\nhello,{cell}\n", encoding="utf-8")
    (found,) = events(path)
    if isinstance(followers, int):
        assert isinstance(found, Event)
        assert found.author.followers == followers
    else:
        assert isinstance(found, str)
        assert found.startswith(followers)


@pytest.mark.parametrize(
    ("cell", "links"),
    [
        ("https://a.example", ("https://a.example",)),
        ("https://a.example | | https://b.example |", ("https://a.example", "https://b.example")),
        ('["https://a.example"]', ("https://a.example",)),
        (" [ ] ", ()),
        ("[", "Expected `array`, got `str`"),
        (DEEP, "Expected `array`, got `str`"),
        ('{"a": 1}', "Expected `array`, got `object`"),
        ("[1]", "Expected `str`, got `int`"),
    ],
)
def test_a_list_in_a_cell_is_a_list_or_is_refused(
    tmp_path: Path, cell: str, links: tuple[str, ...] | str
) -> None:
    path = tmp_path / "posts.tsv"
    quoted = '"' + cell.replace('"', '""') + '"'
    path.write_text(f"text\titem.links\nhello\t{quoted}\n", encoding="utf-8")
    (found,) = events(path)
    if isinstance(links, tuple):
        assert isinstance(found, Event)
        assert found.item.links == links
    else:
        assert isinstance(found, str)
        assert found.startswith(links)


# Parquet


@pytest.mark.parametrize(
    ("columns", "read"),
    [
        ({"scores.toxicity": pa.array([Decimal("0.50")])}, lambda event: event.scores == {"toxicity": 0.5}),
        ({"author.followers": pa.array([Decimal(12)])}, lambda event: event.author.followers == 12),
        ({"author.followers": pa.array([2**64 - 1], pa.uint64())}, lambda event: event.author.followers == 2**64 - 1),
        ({"author.followers": pa.array([None], pa.int64())}, lambda event: event.author.followers is None),
        ({"author.posts": [12.0]}, lambda event: event.author.posts == 12),
        ({"author.posts": [math.nan]}, lambda event: event.author.posts is None),
        ({"scores.toxicity": [math.nan]}, lambda event: event.scores == {}),
        ({"scores": pa.array([[("toxicity", 0.5)]], pa.map_(pa.string(), pa.float64()))},
         lambda event: event.scores == {"toxicity": 0.5}),
        ({"at": pa.array([10**9], pa.timestamp("ns"))},
         lambda event: event.at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ({"at": pa.array([0], pa.timestamp("s", tz="Asia/Riyadh"))},
         lambda event: event.at == datetime(1970, 1, 1, tzinfo=UTC)),
        ({"lang": pa.array(["ar"]).dictionary_encode()}, lambda event: event.item.language == "ar"),
        ({"item.links": pa.array([["https://a.example"]], pa.large_list(pa.large_string()))},
         lambda event: event.item.links == ("https://a.example",)),
        ({"context": pa.array([{"client": "curl/8", "country": None}])},
         lambda event: (event.context.client, event.context.country) == ("curl/8", None)),
        ({"nothing": pa.nulls(1)}, lambda event: event.extra == {}),
    ],
)  # fmt: skip
def test_types_of_parquet_become_those_of_an_event(
    tmp_path: Path, columns: dict[str, Any], read: Callable[[Event], bool]
) -> None:
    (found,) = of_parquet(tmp_path, text=["مرحبا"], **columns)
    assert isinstance(found, Event), found
    assert found.item.text == "مرحبا"
    assert read(found), found


def not_utf8() -> pa.Array:
    held = pa.array([b"fine", b"caf\xe9", b"fine too"]).buffers()
    return pa.StringArray.from_buffers(3, held[1], held[2])


@pytest.mark.parametrize(
    "columns",
    [
        {"at": pa.array([0, 1, 1_000], pa.timestamp("ns"))},  # a nanosecond is less than Python's clock has
        {"at": pa.array([0, 2**60, 0], pa.timestamp("us"))},  # the year 38,505
        {"at": pa.array([0, -(2**60), 0], pa.timestamp("us"))},
        {"extra.note": not_utf8()},
    ],
)
def test_a_value_that_python_can_not_hold_spoils_its_row_alone(
    tmp_path: Path, columns: dict[str, Any]
) -> None:
    path = tmp_path / "posts.parquet"
    parquet.write_table(pa.table({"text": ["one", "two", "three"], **columns}), path)
    first, bad, third = RowFile(path).rows()
    assert [first.number, bad.number, third.number] == [1, 2, 3]
    assert [first.values["text"], third.values["text"]] == ["one", "three"]
    assert bad.problem.startswith("has a value that can't be read: ")
    kept = prepare(rows_of(path, READING, lambda _share: None), tmp_path / "data", pool=Here())
    assert (kept.rows, kept.manifest.refused) == (2, 1)


@pytest.mark.parametrize("archive", [False, True])
def test_damaged_pages_are_told_by_the_name_of_the_file(tmp_path: Path, archive: bool) -> None:
    """An hour of the event log, which is read another way, is no exception."""
    path = tmp_path / "posts.parquet"
    texts = [f"{n * 7_919}" for n in range(20_000)]
    columns: dict[str, Any] = dict.fromkeys(ARCHIVE, pa.nulls(len(texts))) if archive else {}
    columns["raw" if archive else "text"] = [text.encode() for text in texts] if archive else texts
    parquet.write_table(pa.table(columns), path, row_group_size=5_000)
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 2, len(data) // 2 + 200):
        data[place] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(UnreadableFileError, match="is damaged"):
        list(rows_of(path, READING, lambda _share: None))


# Times of all zones


@given(
    moments=st.lists(
        st.tuples(
            st.datetimes(min_value=datetime(2025, 12, 30), max_value=datetime(2026, 1, 3)),  # noqa: DTZ001 -- the zone comes beside it
            st.integers(-14 * 60, 14 * 60),
        ),
        min_size=1,
        max_size=25,
    )
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_times_of_all_zones_are_put_in_one_order(
    tmp_path_factory: pytest.TempPathFactory, moments: list[tuple[datetime, int]]
) -> None:
    times = [moment.replace(tzinfo=timezone(timedelta(minutes=minutes))) for moment, minutes in moments]
    rows = [
        Prepared(
            json.dumps(
                {
                    "id": f"e{n}",
                    "platform": "forum",
                    "kind": "post",
                    "at": moment.isoformat(),
                    "author": {"id": "a"},
                    "item": {"id": "i"},
                }
            ).encode()
        )
        for n, moment in enumerate(times)
    ]
    found = prepare(rows, tmp_path_factory.mktemp("zones") / "data", pool=Here())
    (chunk,) = found.chunks()
    order = sorted(range(len(times)), key=lambda n: times[n])  # both sorts keep the order of equal times
    assert chunk.stored("event_id").to_pylist() == [f"e{n}" for n in order]
    assert chunk.at.tolist() == [times[n].timestamp() for n in order]
