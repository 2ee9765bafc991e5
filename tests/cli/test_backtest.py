"""`hakam backtest`: from files, or the home's own log, to a table, a page and JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from benchmarks.backtest import events as made_events
from benchmarks.backtest import pack as made_pack
from typer.testing import CliRunner

from hakam.backtest.report import Report
from hakam.cli.main import app
from hakam.cli.screen import OUT, CommandError
from hakam.policy.pack import load_pack
from hakam.storage.packs import read_folder

CONDITIONS = (
    'word(text.folded, "sun", "قهوة")',
    "author.posts < 5 and author.verified",
    'count(by=author.id, within="10m") > 5',
)


def write_pack(folder: Path, conditions: tuple[str, ...], version: str = "1") -> Path:
    for path, text in made_pack.files(conditions, version=version).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return write_pack(tmp_path / "pack", CONDITIONS)


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    path = tmp_path / "posts.ndjson"
    with path.open("w", encoding="utf-8") as file:
        for n, line in enumerate(made_events.events(400, authors=20)):
            row = {**json.loads(line), "label": ("spam", "maybe", "", "threats")[n % 4]}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["backtest", *map(str, arguments), "--processes", "1"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output + result.stderr


def test_a_pack_is_tested_on_a_file_and_reported(pack: Path, posts: Path, tmp_path: Path) -> None:
    before = write_pack(tmp_path / "before", (*CONDITIONS[:1], "author.posts < 3", *CONDITIONS[2:]), "0")
    out = run(
        pack, posts, "--against", before, "--decided", "label", "--violating", "spam", "--violating", "threats",
        "--html", tmp_path / "r.html", "--json", tmp_path / "r.json", "--lang", "ar", "--sample", "3",
    )  # fmt: skip
    assert "of 400 events fire a rule" in out
    assert "against backtest@0" in out
    assert "all rules together against people: precision" in out
    made = msgspec.json.decode((tmp_path / "r.json").read_bytes(), type=Report)
    assert made.events == 400
    assert [rule.state for rule in made.rules] == ["same", "changed", "same"]
    assert made.decisions == {"maybe": 100, "spam": 100, "threats": 100}
    assert made.agreement is not None
    assert made.agreement.precision.whole + made.agreement.missed + made.agreement.right == 300
    assert '<html lang="ar" dir="rtl">' in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_prepared_events_are_kept_and_used_again(pack: Path, posts: Path, tmp_path: Path) -> None:
    first = run(pack, posts, "--keep", tmp_path / "kept")
    posts.unlink()
    again = run(pack, tmp_path / "kept", "--way", "function")
    figures = [
        line.split(";")[0] for line in (first + again).splitlines() if "of 400 events fire a rule" in line
    ]
    assert len(figures) == 2
    assert figures[0] == figures[1]
    assert "judged by function" in again


def test_decisions_that_can_not_be_read_are_named(pack: Path, posts: Path) -> None:
    assert "decisions that can't be read: maybe" in run(pack, posts, "--decided", "label")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--way", "magic"], "'magic' is no way of judging"),
        (["--lang", "fr"], "'fr' is no language of the report"),
        (["--decided", "labl"], "there is no column `labl` with decisions"),
        (["--map", "label=item.txt"], "did you mean `item.text`"),
        (["--keep", "."], "is not empty"),
    ],
)
def test_what_can_not_be_done_is_said_in_one_line(  # noqa: PLR0917 -- a table and fixtures
    pack: Path,
    posts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match=message):
        run(pack, posts, *arguments)


def test_a_pack_with_errors_is_shown_them(posts: Path, tmp_path: Path) -> None:
    broken = write_pack(tmp_path / "broken", ("author.pots < 5",))
    with pytest.raises(CommandError, match=r"author\.posts"):
        run(broken, posts)
    with pytest.raises(CommandError, match="cannot read the pack"):
        run(tmp_path / "nowhere", posts)
    with pytest.raises(CommandError, match="is not there"):
        run(write_pack(tmp_path / "pack", CONDITIONS), tmp_path / "nothing.csv")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("posts.ndjson", b"", "there is not one event"),
        ("posts.ndjson", b"[]\n{\n", "there is not one event; posts.ndjson: row 1: is no JSON object"),
        ("posts.csv", b"", "is empty: its first line must name the columns"),
        ("posts.csv", b"text\n", "there is not one event"),
        ("posts.csv", b"id,at\n1,2026-01-01T00:00:00Z\n", "say which is the text: --map id=item.text"),
        ("posts.csv", b"text,at\nhello,yesterday\n", "there is not one event; posts.csv: row 1: Invalid"),
        ("posts.csv.gz", b"\x1f\x8b\x08\x00", "can't be read"),
        ("posts.parquet", b"PAR1", "can't be read"),
        ("posts.xlsx", b"PK", "has a name that tells no format"),
    ],
)
def test_a_file_that_gives_no_event_is_said_in_one_line(
    pack: Path, tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(CommandError, match=message) as error:
        run(pack, path)
    assert "\n" not in str(error.value)


def test_rows_that_are_no_events_are_counted_and_the_others_judged(pack: Path, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("text,at\nsun,2026-01-01T00:00:00Z\nsun,today\nrain,2026-01-01T00:00:00+03:00\n")
    out = run(pack, path, "--json", tmp_path / "r.json")
    assert "1 row is no event: posts.csv: row 2: " in out
    assert "1 of 2 events fires a rule (50.00%)" in out
    made = msgspec.json.decode((tmp_path / "r.json").read_bytes(), type=Report)
    assert (made.refused, made.days) == (1, {"2025-12-31": 1, "2026-01-01": 1})


@pytest.mark.parametrize("option", ["--html", "--json"])
def test_a_report_that_can_not_be_written_is_said_before_anything_is_judged(
    pack: Path, tmp_path: Path, option: str
) -> None:
    for place, why in ((tmp_path / "nowhere" / "report", "no folder"), (tmp_path, "is a folder")):
        with pytest.raises(CommandError, match=f"the report can't be written.*{why}"):
            run(pack, tmp_path / "no-such-posts.csv", option, place)


def test_figures_are_told_even_if_the_file_can_not_be_written_in_the_end(
    pack: Path, posts: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report"
    report.symlink_to(tmp_path / "gone" / "report")  # its own folder is there
    words = ["backtest", str(pack), str(posts), "--json", str(report), "--processes", "1"]
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, CommandError)
    assert "of 400 events fire a rule" in result.output


def test_names_of_rules_are_never_cut(pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"hate-elimination-of-a-group-{n}" for n in range(2)]
    rule = "- rule: {}\n  policy: {}\n  stage: live\n  when: author.posts < 9\n  then: [remove]\n"
    clause = next(iter(load_pack(read_folder(pack)).pack.clauses))  # type: ignore[union-attr] -- it is sound
    (pack / "rules.yaml").write_text("".join(rule.format(name, clause) for name in names))
    rows = tmp_path / "rows.csv"
    rows.write_text("id,text,author.posts,label\n" + "".join(f"{n},hello,1,true\n" for n in range(50)))
    monkeypatch.setattr(OUT, "width", 80)
    out = run(pack, rows, "--decided", "label")
    assert "100.0%" in out
    assert all(name in out for name in names)


def test_a_folder_that_another_release_prepared_is_not_believed(pack: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    for manifest in ("{", "{}", '{"signature": {"format": 0}, "parts": []}'):
        (kept / "manifest.json").write_text(manifest)
        with pytest.raises(CommandError, match=r"holds no prepared events|prepare the events again"):
            run(pack, kept)


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def heeding() -> None:
    """Let a program that is started be ended by Ctrl-C, whatever this one ignores."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_it_with_one_line_and_nothing_left(pack: Path, tmp_path: Path) -> None:
    """As from a terminal: every process of the group is told, also those that judge."""
    many = tmp_path / "many.ndjson"
    many.write_bytes(b"\n".join(made_events.events(60_000, authors=20)))
    page, kept = tmp_path / "r.html", tmp_path / "kept"
    command = [sys.executable, "-m", "hakam.cli", "backtest", pack, many, "--html", page, "--keep", kept]
    process = subprocess.Popen(
        [*map(str, command), "--processes", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        preexec_fn=heeding,  # noqa: PLW1509 -- the suite may run in the background, which ignores Ctrl-C
    )
    until = time.monotonic() + 60
    while not kept.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, said + errors
    assert said == ""
    assert errors.split("\n")[-2:] == ["interrupted: nothing was changed", ""]
    assert "Traceback" not in errors
    assert {path.name for path in tmp_path.iterdir()} == {"pack", "many.ndjson"}
    until = time.monotonic() + 60
    while group_lives(process.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not group_lives(process.pid)


def test_columns_that_could_not_be_kept_leave_an_empty_folder_as_it_was(pack: Path, tmp_path: Path) -> None:
    kept, wrong = tmp_path / "kept", tmp_path / "wrong.ndjson"
    wrong.write_text('{"item": {"text": 5}}\n')
    for there in (False, True):
        if there:
            kept.mkdir()
        with pytest.raises(CommandError, match="not one event"):
            run(pack, wrong, "--keep", kept)
        assert kept.exists() is there
    (kept / "mine.txt").write_text("x")
    with pytest.raises(CommandError, match="not empty"):
        run(pack, wrong, "--keep", kept)
    assert [path.name for path in kept.iterdir()] == ["mine.txt"]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_command_that_ctrl_c_ends_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def pressed(_folder: Path) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("hakam.storage.packs.read_folder", pressed)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = CliRunner().invoke(app, ["fmt", str(tmp_path)])
    finally:
        signal.signal(signal.SIGINT, before)
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "interrupted\n")
