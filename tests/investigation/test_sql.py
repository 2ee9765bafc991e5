"""SQL reads two tables, and nothing else in the world."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.investigation.conftest import START, Forum

from hakam.backtest import extras
from hakam.investigation import shut_in, sql
from hakam.investigation.query import Query
from hakam.investigation.sql import (
    Loaded,
    SqlRefusedError,
    SqlUnavailableError,
    TookTooLongError,
    load,
    select,
)
from hakam.investigation.where import Asker


@pytest.fixture
def loaded(busy: Forum, tmp_path: Path) -> Loaded:
    return load(busy.log, Query(limit=0), tmp_path)


def test_events_and_what_the_rules_said(loaded: Loaded) -> None:
    assert loaded.answer.looked == 17
    found = select(
        loaded,
        "SELECT e.author_id, count(*) AS n FROM events e JOIN verdicts v USING (seq) "
        "WHERE v.rule = 'says-buy' AND v.stage = 'live' GROUP BY 1 ORDER BY n DESC",
    )
    assert found.columns == ("author_id", "n")
    assert found.rows == (("shop", 4), ("souq", 1))


def test_times_texts_lists_and_maps(busy: Forum, tmp_path: Path) -> None:
    busy.post("buy", scores={"toxicity": 0.5}, extra={"price": 7}, author="x")
    found = select(
        load(busy.log, Query(limit=0), tmp_path),
        "SELECT scores['toxicity'], extra, rules, epoch(received_at), text_raw FROM events WHERE author_id = 'x'",
    )
    score, extra, rules, received, text = found.rows[0]
    assert (score if isinstance(score, float) else score[0]) == 0.5
    assert (extra, rules, text) == ('{"price":7}', ["says-buy"], "buy")
    assert received == pytest.approx(busy.now)
    assert busy.now > START


def test_only_what_fits_the_condition_is_in_the_tables(busy: Forum, tmp_path: Path) -> None:
    question = Asker(busy.pack).ask('"shop.example" in links.domains').question
    found = select(load(busy.log, Query(question, limit=0), tmp_path), "SELECT count(*) FROM events")
    assert found.rows == ((4,),)


def test_an_empty_log_has_both_tables(forum: Forum, tmp_path: Path) -> None:
    loaded = load(forum.log, Query(limit=0), tmp_path)
    assert select(loaded, "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM verdicts)").rows == (
        (0, 0),
    )


def test_more_events_than_a_batch(forum: Forum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "_BATCH", 3)
    for n in range(10):
        forum.post("buy now", author=f"u{n}", at=float(n))
    loaded = load(forum.log, Query(limit=0), tmp_path)
    assert select(loaded, "SELECT count(*), count(DISTINCT author_id) FROM events").rows == ((10, 10),)
    assert select(loaded, "SELECT count(*) FROM verdicts").rows == ((10,),)


def test_rows_are_bounded_and_it_says_that_there_are_more(loaded: Loaded) -> None:
    found = select(loaded, "SELECT seq FROM events ORDER BY seq", limit=3)
    assert (found.rows, found.more) == (((1,), (2,), (3,)), True)
    assert not select(loaded, "SELECT seq FROM events", limit=17).more


@pytest.mark.parametrize(
    "statement",
    [
        "COPY events TO '{folder}/out.csv'",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/other.db'",
        "ATTACH '{folder}/control.db' (TYPE sqlite)",
        "INSTALL httpfs",
        "LOAD httpfs",
        "INSERT INTO events SELECT * FROM events",
        "DELETE FROM events",
        "UPDATE events SET author_id = 'x'",
        "DROP TABLE events",
        "CREATE TABLE mine AS SELECT 1",
        "CREATE TEMP TABLE mine AS SELECT 1",
        "SET memory_limit = '100GB'",
        "PRAGMA threads = 64",
        "CALL pragma_version()",
        "SELECT * FROM read_csv('{folder}/secret.csv')",
        "SELECT * FROM read_text('{folder}/secret.csv')",
        "SELECT * FROM read_blob('{folder}/secret.csv')",
        "SELECT * FROM read_parquet('{folder}/secret.csv')",
        "SELECT * FROM read_json('{folder}/secret.csv')",
        "SELECT * FROM '{folder}/secret.csv'",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_csv('https://example.org/x.csv')",
        "SELECT * FROM sqlite_scan('{folder}/control.db', 'staff')",
        "SELECT getenv('HAKAM_SECRET')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM query('COPY events TO ''{folder}/out.csv''')",
        "WITH a AS (SELECT * FROM read_text('{folder}/secret.csv')) SELECT * FROM a",
        "EXPLAIN ANALYZE COPY events TO '{folder}/out.csv'",
        "EXPLAIN ANALYZE INSERT INTO events SELECT * FROM events",
        "SELECT 1; DROP TABLE events",
        "",
        "-- nothing",
        "SELEC 1",
        "SELECT * FROM nothing",
    ],
)
def test_whatever_is_no_reading_of_the_tables_is_refused(
    loaded: Loaded, tmp_path: Path, statement: str
) -> None:
    folder = tmp_path / "around"
    folder.mkdir()
    (folder / "secret.csv").write_text("secret\nhush\n", encoding="utf-8")
    with pytest.raises(SqlRefusedError) as caught:
        select(loaded, statement.format(folder=folder))
    assert "hush" not in str(caught.value)
    assert str(caught.value)
    assert [path.name for path in folder.iterdir()] == ["secret.csv"]
    assert select(loaded, "SELECT count(*) FROM events").rows == ((17,),)


def test_variables_of_the_program_are_no_tables(loaded: Loaded) -> None:
    import pyarrow as pa  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra

    secrets = pa.table({"key": ["hush"]})
    assert len(secrets) == 1
    with pytest.raises(SqlRefusedError, match="secrets"):
        select(loaded, "SELECT * FROM secrets")


def test_the_time_is_limited(loaded: Loaded) -> None:
    with pytest.raises(SqlRefusedError, match=r"longer than 0\.2 s"):
        select(loaded, "SELECT count(*) FROM range(10000000000) a WHERE a.range % 7 = 3", seconds=0.2)


def test_the_memory_is_limited(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sql._OPEN, "memory_limit", "40MB")
    monkeypatch.setitem(sql._OPEN, "max_temp_directory_size", "1MB")
    with pytest.raises(SqlRefusedError, match=r"(?i)memory"):
        select(loaded, "SELECT list(range) FROM range(50000000)")


def test_what_does_not_hear_that_it_shall_stop_is_ended(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = "SELECT levenshtein(repeat('ab', 200000), repeat('ba', 200000))"
    monkeypatch.setattr(sql, "_BEGINNING", 2.0)
    began = time.monotonic()
    with pytest.raises(TookTooLongError):
        select(loaded, statement, seconds=0.5)
    assert time.monotonic() - began < 5


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not count what is mapped")
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT length(repeat('x', 4000000000))",
        "SELECT list_reduce(range(400000000), lambda x, y: x + y)",
    ],
)
def test_memory_that_duckdb_does_not_count_is_bounded_as_well(loaded: Loaded, statement: str) -> None:
    with pytest.raises(SqlRefusedError, match=r"(?i)memory"):
        select(loaded, statement, seconds=30)
    assert select(loaded, "SELECT count(*) FROM events").rows == ((17,),)


def test_a_program_that_the_system_ends_is_told_as_one(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "_ROOM", 1_000)
    with pytest.raises(SqlRefusedError, match=r"(?i)memory"):
        select(loaded, "SELECT count(*) FROM events")


def test_a_cell_and_an_answer_end_somewhere(loaded: Loaded) -> None:
    one = select(loaded, "SELECT repeat('ص', 3000000) AS a, 5 AS b")
    assert len(one.rows[0][0]) == shut_in.LONGEST + 1
    assert one.rows[0][0].endswith("…")
    many = select(loaded, "SELECT repeat('x', 9000) FROM range(2000)")
    assert many.more
    assert sum(len(row[0]) for row in many.rows) < shut_in.MOST + shut_in.LONGEST


def test_values_of_every_kind_come_through(loaded: Loaded) -> None:
    found = select(
        loaded,
        "SELECT TIMESTAMP '2026-01-31 12:00:00', DATE '2026-01-31', 1.50::DECIMAL(9,2), 10::HUGEINT ** 30, "
        "MAP {'a': [1, NULL]}, INTERVAL 1 DAY, 'ab'::BLOB, TRUE, 'nan'::FLOAT, chr(0) || 'x'",
    ).rows[0]
    assert found[:3] == ("2026-01-31 12:00:00", "2026-01-31", "1.50")
    assert found[4:8] == ({"a": [1, None]}, "1 day, 0:00:00", "6162", True)
    assert found[9] == "\x00x"


def test_lists_in_lists_end_somewhere() -> None:
    deep: list[object] = []
    for _n in range(500):
        deep = [deep]
    assert str(shut_in.plain(deep)).count("[") < 2_000


def test_the_program_of_a_statement_is_handed_no_secrets(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[dict[str, str]] = []
    run = subprocess.run

    def watched(*args: Any, env: dict[str, str], **how: Any) -> Any:
        handed.append(env)
        return run(*args, env=env, **how)

    monkeypatch.setenv("HAKAM_SECRET_VAULT", "hush")
    monkeypatch.setenv("HAKAM_DATABASE_URL", "postgres://user:hush@host/name")
    monkeypatch.setattr(subprocess, "run", watched)
    assert select(loaded, "SELECT count(*) FROM events").rows == ((17,),)
    assert "hush" not in str(handed)


def test_without_the_extra_it_says_how_to_get_it(
    busy: Forum, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "duckdb" else object())
    with pytest.raises(SqlUnavailableError, match=r"duckdb not installed: pip install 'hakam\[backtest\]'"):
        load(busy.log, Query(), tmp_path)
