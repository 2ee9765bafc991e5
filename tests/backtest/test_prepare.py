"""Events of every origin become the same columns."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from hakam.backtest.columns import Row, read_event
from hakam.backtest.dataset import MANIFEST, Dataset, StaleColumnsError
from hakam.backtest.prepare import (
    NothingToTestError,
    Reading,
    files_in,
    is_prepared,
    prepare,
    rows_of,
    rows_of_log,
    with_decisions,
)
from hakam.backtest.row_events import MappingError
from hakam.backtest.rows import UnreadableFileError
from hakam.backtest.workers import CancelledError, Here
from hakam.policy.pack import Pack
from hakam.signals.measure import measure
from hakam.storage.embedded.archive import roll
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.event_log import Entry
from hakam.vocabulary.event import ContentKind

READING = Reading("import", ContentKind.POST, datetime(2026, 1, 1, tzinfo=UTC))
_encode = msgspec.json.Encoder().encode


def texts(dataset: Dataset) -> list[str | None]:
    return [text for chunk in dataset.chunks() for text in chunk.stored("text_raw").to_pylist()]


def of_file(path: Path, reading: Reading = READING) -> list[Row]:
    return list(rows_of(path, reading, lambda _share: None))


def test_rows_of_a_table_become_events(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [
                ["body", "lang", "label", "extra words"],
                ["مرحبا", "ar", "1", "x"],
                ["hello", "en", "0", "y"],
                ["last", "", "", ""],
            ]
        )
    reading = msgspec.structs.replace(READING, mapping={"body": "item.text"}, decided="label")
    dataset = prepare(of_file(path, reading), tmp_path / "data", pool=Here())
    assert texts(dataset) == ["مرحبا", "hello", "last"]
    (chunk,) = dataset.chunks()
    assert chunk.stored("decided").to_pylist() == ["1", "0", None]
    assert chunk.stored("text_language").to_pylist() == ["ar", "en", None]


@pytest.mark.parametrize(
    ("separator", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-16"), (";", "utf-16-le")]
)
def test_tables_of_spreadsheets_bring_texts_scores_and_decisions(
    tmp_path: Path, separator: str, encoding: str
) -> None:
    path = tmp_path / "posts.csv"
    table = 'body|scores.toxicity|decided|\r\n"مرحبا; و, سلام"|0,83|1|\r\nhello|1|0|\r\n|||\r\n'
    path.write_bytes(table.replace("|", separator).encode(encoding))
    reading = msgspec.structs.replace(READING, mapping={"body": "item.text"}, decided="decided")
    dataset = prepare(of_file(path, reading), tmp_path / "data", pool=Here())
    (chunk,) = dataset.chunks()
    assert texts(dataset) == ["مرحبا; و, سلام", "hello"]
    assert chunk.stored("scores_toxicity").to_pylist() == [0.83, 1.0]
    assert chunk.stored("decided").to_pylist() == ["1", "0"]
    assert dataset.manifest.refused == 0


def test_a_row_that_is_no_event_is_named_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"text,at\ngood,2026-01-01T00:00:00Z\nx,y,z\n")
    (tmp_path / "b.csv").write_bytes(b"text;at\nfine;2026-01-01T00:00:00Z\ncaf\xe9;\nlate;31.12.2025\n")
    rows = [row for name in ("a.csv", "b.csv") for row in of_file(tmp_path / name)]
    manifest = prepare(rows, tmp_path / "data", pool=Here()).manifest
    assert manifest.refused == 3
    first, second, third = manifest.why_refused
    assert first == "a.csv: row 2: line 3 has 3 fields, the header has 2"
    assert second.startswith("b.csv: row 2: line 3 is not UTF-8: save it as UTF-8")
    assert third == "b.csv: row 3: Invalid RFC3339 encoded datetime - at `$.at`"


def test_a_table_of_which_nothing_is_judged_says_so_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "pipes.csv"
    path.write_text("body|lang\nhello|en\n", encoding="utf-8")
    why = r"pipes\.csv: no column is what is judged \(it has body\|lang and columns stand between commas"
    with pytest.raises(MappingError, match=why):
        of_file(path)
    with pytest.raises(MappingError, match=r"pipes\.csv: there is no column `label` with decisions"):
        of_file(path, msgspec.structs.replace(READING, decided="label"))
    with pytest.raises(MappingError, match=r"pipes\.csv: there is no column `body`"):
        of_file(path, msgspec.structs.replace(READING, mapping={"body": "item.text"}))


def test_compressed_lines_of_events_keep_what_they_say(tmp_path: Path, lines: list[bytes]) -> None:
    path = tmp_path / "events.ndjson.gz"
    path.write_bytes(gzip.compress(b"\n".join([*lines[:50], b"{broken"])))
    dataset = prepare(of_file(path), tmp_path / "data", pool=Here())
    assert dataset.rows == 50
    assert dataset.manifest.refused == 1
    assert dataset.manifest.why_refused[0].startswith("events.ndjson.gz: row 51: is no JSON")
    chunk = dataset.chunk(0)
    wanted = sorted((read_event(line) for line in lines[:50]), key=lambda event: event.at)
    for row, event in enumerate(wanted):
        assert chunk.event(row).id == event.id
        assert chunk.event(row).author == event.author


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("body,label\nx,1\n", encoding="utf-8")
    with pytest.raises(MappingError, match="there is no column `labl` with decisions; it has body, label"):
        of_file(path, msgspec.structs.replace(READING, mapping={"body": "item.text"}, decided="labl"))
    with pytest.raises(MappingError, match=r"say which is the text: --map body=item\.text"):
        of_file(path)


@pytest.fixture
def log(tmp_path: Path, lines: list[bytes]) -> FileEventLog:
    """Give a log of three hours."""
    clock = iter(range(0, 10_800, 60))
    log = FileEventLog(tmp_path / "events", clock=lambda: float(next(clock)))
    for line in lines[:150]:
        event = read_event(line)
        signals = {"signals": msgspec.to_builtins(measure(event)), "counted": {}}
        log.append(
            [
                Entry(
                    event.platform,
                    event.id,
                    event.at.timestamp(),
                    line,
                    json.dumps(signals).encode(),
                    b'{"pack":{}}',
                )
            ]
        )
    return log


def test_hours_of_the_log_and_the_log_itself_give_the_same_columns(log: FileEventLog, tmp_path: Path) -> None:
    written = roll(log, tmp_path / "hours", now=3 * 3_600.0)
    assert len(written) == 3
    rows = [row for path in files_in([tmp_path / "hours"]) for row in of_file(path)]
    from_hours = prepare(rows, tmp_path / "one", pool=Here())
    from_log = prepare(rows_of_log(log.scan(0.0)), tmp_path / "two", pool=Here())
    log.close()
    assert all(row.folded is not None for row in rows if b'"text"' in row.raw)
    assert from_hours.rows == from_log.rows == 150
    for one, other in zip(from_hours.chunks(), from_log.chunks(), strict=True):
        for name in (
            "raw",
            "text_folded",
            "text_words",
            "text_fingerprint",
            "text_repairs",
            "event_at",
            "links_domains",
        ):
            assert one.stored(name).equals(other.stored(name)), name


def test_decisions_are_put_beside_the_items_that_they_are_about() -> None:
    event = {"platform": "forum", "kind": "post", "item": {"id": "i1"}}
    rows = [
        Row(_encode(event)),
        Row(_encode({**event, "item": {"id": "i1", "kind": "comment"}})),
        Row(_encode({**event, "platform": "other"})),
        Row(_encode(event), "kept"),
        Row(b"no json"),
    ]
    decisions = {("forum", "post", "i1"): "spam", ("forum", "comment", "i1"): "not violating"}
    assert [row.decided for row in with_decisions(rows, decisions)] == [
        "spam",
        "not violating",
        None,
        "kept",
        None,
    ]


def test_events_are_prepared_into_an_empty_place(tmp_path: Path, lines: list[bytes]) -> None:
    (tmp_path / "there").touch()
    with pytest.raises(FileExistsError, match="is not empty"):
        prepare([Row(lines[0])], tmp_path, pool=Here())


def test_no_event_at_all_is_said_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(NothingToTestError, match=r"there is not one event; row 1: "):
        prepare([Row(b"{}")], tmp_path / "data", pool=Here())
    with pytest.raises(NothingToTestError, match=r"there is not one event$"):
        prepare([], tmp_path / "none", pool=Here())


def test_columns_of_another_release_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    manifest = msgspec.json.decode((dataset.folder / MANIFEST).read_bytes())
    manifest["signature"]["fold_version"] = 0
    (tmp_path / MANIFEST).write_bytes(_encode(manifest))
    assert is_prepared(tmp_path)
    with pytest.raises(StaleColumnsError, match="prepare the events again"):
        Dataset(tmp_path)
    with pytest.raises(StaleColumnsError, match="holds no prepared events"):
        Dataset(tmp_path / "nowhere")


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".hidden"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert files_in([tmp_path, tmp_path / "b.csv"]) == [
        tmp_path / "a.csv",
        tmp_path / "b.csv",
        tmp_path / "b.csv",
    ]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableFileError, match="holds no file"):
        files_in([tmp_path / "empty"])


def test_preparing_can_be_given_up(tmp_path: Path, lines: list[bytes]) -> None:
    with pytest.raises(CancelledError):
        prepare(map(Row, lines), tmp_path / "data", pool=Here(), cancelled=lambda: True)


def test_events_are_found_again_by_their_position(dataset: Dataset, pack: Pack) -> None:
    found = dataset.events_at([0, dataset.starts[1], dataset.rows - 1])
    assert found[0][0].at <= found[dataset.starts[1]][0].at <= found[dataset.rows - 1][0].at
    assert found[0][0] == dataset.chunk(0).event(0)
