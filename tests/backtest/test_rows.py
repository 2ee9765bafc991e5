"""Rows come out of every format the same, a bad row spoils only itself, and memory stays bounded."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import lzma
import re
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyarrow import parquet

from hakam.backtest.rows import Row, RowFile, UnreadableFileError
from hakam.storage.tables import SAVE_AS

POSTS = [
    {"text": "مرحبا، كيف الحال؟", "lang": "ar"},
    {"text": 'he said "no", then left\nthe room', "lang": "en"},
    {"text": "emoji 🙂 and a comma, here", "lang": "en"},
]


def as_csv(rows: list[dict[str, str]], *, delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_unicode(rows: list[dict[str, str]], delimiter: str = "\t") -> bytes:
    return as_csv(rows, delimiter=delimiter).decode().encode("utf-16")


def as_ndjson(rows: list[dict[str, str]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".zst": zstandard.ZstdCompressor().compress,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("posts.csv", as_csv(POSTS)),
        ("posts.tsv", as_csv(POSTS, delimiter="\t")),
        ("posts.ndjson", as_ndjson(POSTS)),
        ("posts.jsonl", as_ndjson(POSTS)),
        ("with-bom.csv", b"\xef\xbb\xbf" + as_csv(POSTS)),
        ("semicolons.csv", as_csv(POSTS, delimiter=";")),
        ("said.csv", b"\xef\xbb\xbfsep=;\r\n" + as_csv(POSTS, delimiter=";")),
        ("tabs.csv", as_csv(POSTS, delimiter="\t")),
        ("commas.tsv", as_csv(POSTS)),
        ("unicode.txt", as_unicode(POSTS)),
        ("unicode.csv", as_unicode(POSTS, ";")),
        ("unmarked.tsv", as_unicode(POSTS)[2:]),
        ("big-end.tsv", as_csv(POSTS, delimiter="\t").decode().encode("utf-16-be")),
        ("redirected.ndjson", as_ndjson(POSTS).decode().encode("utf-16")),
    ],
)
def test_every_text_format_gives_the_same_rows(tmp_path: Path, name: str, made: bytes, packing: str) -> None:
    path = tmp_path / f"{name}{packing}"
    path.write_bytes(PACKINGS[packing](made))
    file = RowFile(path)
    assert file.columns() == ["text", "lang"]
    assert [row.values for row in file.rows()] == POSTS
    assert [row.number for row in file.rows()] == [1, 2, 3]
    assert file.position >= file.size


def test_parquet_gives_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "posts.parquet"
    parquet.write_table(pa.Table.from_pylist(POSTS), path)
    file = RowFile(path)
    assert file.columns() == ["text", "lang"]
    assert list(file.rows()) == [Row(number, row) for number, row in enumerate(POSTS, 1)]
    assert file.position == file.size


def test_a_file_of_several_zstandard_frames_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "posts.ndjson.zst"
    pack = zstandard.ZstdCompressor().compress
    path.write_bytes(pack(as_ndjson(POSTS)) + pack(as_ndjson(POSTS)))
    assert len(list(RowFile(path).rows())) == 6


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"only one\n", "line 3 has 1 fields, the header has 2"),
        (b"a,b,c\n", "line 3 has 3 fields, the header has 2"),
        (b"caf\xe9,fr\n", f"line 3 is not UTF-8: {SAVE_AS}"),
        (b'"a"b,c\n', "line 3 is no CSV: ',' expected after '\"'"),
    ],
)
def test_a_bad_row_of_csv_is_named_and_the_others_are_read(tmp_path: Path, line: bytes, problem: str) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(b"text,lang\ngood,en\n" + line + b"good too,en\n")
    rows = list(RowFile(path).rows())
    assert [row.problem for row in rows] == ["", problem, ""]
    assert [row.number for row in rows] == [1, 2, 3]


def test_half_a_character_of_utf_16_spoils_its_row_alone(tmp_path: Path) -> None:
    path = tmp_path / "posts.txt"
    table = "text\tlang\r\ngood\ten\r\ncut \ud83d\ten\r\nمرحبا\tar\r\n"
    path.write_bytes(table.encode("utf-16", "surrogatepass"))
    rows = list(RowFile(path).rows())
    assert [row.problem for row in rows] == ["", f"line 3 is not UTF-16: {SAVE_AS}", ""]
    path = tmp_path / "posts.ndjson"
    path.write_bytes('{"text": "a"}\n{"text": "\ud83d"}\n'.encode("utf-16", "surrogatepass"))
    assert [row.problem for row in RowFile(path).rows()] == ["", "is not UTF-16"]


def test_utf_16_that_ends_in_a_character_gives_its_rows_and_then_an_error(tmp_path: Path) -> None:
    path = tmp_path / "posts.txt"
    path.write_bytes(as_unicode(POSTS * 500) + b"x")
    read: list[Row] = []
    with pytest.raises(UnreadableFileError, match=r"posts\.txt is damaged: it ends in the middle of a char"):
        read.extend(RowFile(path).rows())
    assert len(read) > 1_000


def test_rows_of_nothing_are_passed_over_and_leave_the_numbers_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(b"text;lang;;\r\na;en;;\r\n;;;\r\nb;en;;\r\n;;;\r\n")
    assert [(row.number, row.values["text"]) for row in RowFile(path).rows()] == [(1, "a"), (3, "b")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"[1, 2]\n", "is no JSON object: Expected `object`, got `array`"),
        (b'{"text": \n', "is no JSON object: Input data was truncated"),
        (b'{"text": "caf\xe9"}\n', "is not UTF-8"),
    ],
)
def test_a_bad_line_of_ndjson_is_named_and_the_others_are_read(
    tmp_path: Path, line: bytes, problem: str
) -> None:
    path = tmp_path / "posts.ndjson"
    path.write_bytes(b'{"text": "good"}\n\n' + line + b'{"text": "good too"}')
    rows = list(RowFile(path).rows())
    assert [row.problem for row in rows] == ["", problem, ""]
    assert [row.values.get("text") for row in rows] == ["good", None, "good too"]


def test_a_line_without_end_is_one_bad_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hakam.backtest.rows.MAX_ROW_BYTES", 100)
    path = tmp_path / "posts.ndjson"
    path.write_text(json.dumps({"text": "x" * 1_000}) + "\n" + json.dumps({"text": "short"}) + "\n")
    rows = list(RowFile(path).rows())
    assert [bool(row.problem) for row in rows] == [True, False]
    assert rows[1].values == {"text": "short"}


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("posts.doc", b"", "has a name that tells no format"),
        ("posts", b"", "has a name that tells no format"),
        ("posts.csv", b"", "is empty"),
        ("posts.csv", b"text,text\n", "has the column text twice"),
        ("posts.csv", b"gr\xf6\xdfe,text\n", f": line 1 is not UTF-8: {re.escape(SAVE_AS)}"),
        ("posts.parquet", b"PAR1 but not really", "can't be read"),
        ("posts.parquet.zst", b"", "compresses itself"),
        ("posts.csv.zst", b"no zstandard at all", "can't be read"),
        ("posts.csv.gz", b"no gzip at all", "can't be read"),
    ],
)
def test_a_file_that_cannot_be_replayed_says_why(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UnreadableFileError, match=says) as error:
        RowFile(path).columns()
    assert str(path) in str(error.value)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="is not there"):
        RowFile(tmp_path / "posts.csv")
    with pytest.raises(UnreadableFileError, match="is not a file"):
        RowFile(tmp_path)


@pytest.mark.parametrize("packing", [".zst", ".gz", ".xz"])
def test_a_file_cut_short_gives_its_rows_and_then_an_error(tmp_path: Path, packing: str) -> None:
    rows = [{"text": f"{number} {number * 7919 % 10_007}", "lang": "en"} for number in range(20_000)]
    whole = PACKINGS[packing](as_csv(rows))
    path = tmp_path / f"posts.csv{packing}"
    path.write_bytes(whole[: len(whole) * 3 // 4])
    read: list[Row] = []
    with pytest.raises(UnreadableFileError, match="is damaged"):
        read.extend(RowFile(path).rows())
    assert [row.values for row in read] == rows[: len(read)]
    assert len(read) > 1_000


def test_without_pyarrow_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "posts.parquet"
    parquet.write_table(pa.Table.from_pylist(POSTS), path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UnreadableFileError, match=r"pip install 'hakam\[parquet\]'"):
        RowFile(path).columns()


def test_the_digest_is_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(b"text\nhello\n")
    assert RowFile(path).digest() == hashlib.sha256(b"text\nhello\n").hexdigest()


@pytest.mark.parametrize("name", ["posts.csv.zst", "posts.ndjson.gz", "unicode.txt.gz"])
def test_a_large_file_is_read_in_little_memory(tmp_path: Path, name: str) -> None:
    rows = [{"text": f"{number} " + "word " * 100, "lang": "en"} for number in range(20_000)]
    made = (as_csv if "csv" in name else as_unicode if "txt" in name else as_ndjson)(rows)
    path = tmp_path / name
    path.write_bytes(PACKINGS[path.suffix](made))
    assert len(made) > 10_000_000
    del rows, made
    tracemalloc.start()
    count = sum(1 for _ in RowFile(path).rows())
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 3_000_000


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    texts=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1),
        min_size=1,
        max_size=20,
    )
)
def test_whatever_text_goes_into_a_csv_comes_out(tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "posts.csv"
    rows: list[dict[str, Any]] = [{"text": text, "lang": "und"} for text in texts]
    path.write_bytes(as_csv(rows))
    assert [row.values for row in RowFile(path).rows()] == rows
