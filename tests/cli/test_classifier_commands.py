"""`hakam evaluate`, `train`, `calibrate` and `compare`, as a person runs them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hakam.cli.compare import Said, kappa, print_disagreements
from hakam.cli.labelled_rows import LeftOut, files_of, name_of, rows_of
from hakam.cli.main import app
from hakam.cli.screen import CommandError
from hakam.signals.models.heads import Head
from hakam.signals.models.linear import unpack
from hakam.signals.models.shipped import shipped_linear
from hakam.testing.doors import Running, key_text

RUN = CliRunner()
KIND = ("lovely", "kind", "bright", "gentle", "calm", "warm")
RUDE = ("nasty", "filthy", "rotten", "vile", "cruel", "horrid")
THINGS = ("day", "cake", "song", "house", "street", "friend", "letter", "garden")


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "lang", "abuse", "spam", "note"])
        for thing in THINGS:
            writer.writerows([f"what a {word} {thing}", "en", "0", "", "x"] for word in KIND)
            writer.writerows([f"what a {word} {thing}", "en", "1", "", "x"] for word in RUDE)
        writer.writerow(["", "en", "1", "", "no text"])
        writer.writerow(["unlabelled", "en", "", "", ""])
    return path


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    folder = tmp_path / "home"
    folder.mkdir()
    running = Running(folder)
    running.publish()
    running.start()
    yield running
    assert running.end() == 0


def test_rows_are_read_with_their_labels(labelled: Path, tmp_path: Path) -> None:
    rows = list(rows_of(labelled))
    assert len(rows) == len(THINGS) * 12
    assert rows[0].labels == {Head.TOXICITY: 0}
    kept = tmp_path / "labels.ndjson"
    kept.write_text(
        '{"text": "a", "labels": {"spam": 0.8, "nonsense": 1}, "language": "ar"}\n', encoding="utf-8"
    )
    (one,) = rows_of(kept)
    assert (one.labels, one.language) == ({Head.SPAM: 1}, "ar")
    assert {name_of(path) for path in files_of(tmp_path)} == {"own", "labels"}
    with pytest.raises(CommandError):
        files_of(tmp_path / "nowhere")


@pytest.mark.parametrize(("one", "other"), [("1", "0"), ("True", "False"), ("YES", "no"), ("0.9", "0.1")])
def test_labels_are_read_as_tables_write_them(tmp_path: Path, one: str, other: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"Text,Toxicity\na,{one}\nb,{other}\n", encoding="utf-8-sig")
    assert [row.labels[Head.TOXICITY] for row in rows_of(path)] == [1, 0]


@pytest.mark.parametrize(
    ("name", "separator", "encoding"),
    [("own.csv", ";", "utf-8-sig"), ("own.tsv", "\t", "utf-16"), ("own.txt", "\t", "utf-16")],
)
def test_labelled_texts_are_read_as_spreadsheets_write_them(
    tmp_path: Path, name: str, separator: str, encoding: str
) -> None:
    path = tmp_path / name
    path.write_bytes("Text|Toxicity\r\nمرحبا, يا صديق|0\r\n".replace("|", separator).encode(encoding))
    left_out = LeftOut()
    (row,) = rows_of(path, left_out)
    assert (row.text, row.labels, left_out.rows) == ("مرحبا, يا صديق", {Head.TOXICITY: 0}, 0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("text|toxicity\na|1\n", "there is no column `text` among 'text|toxicity'"),
        ("comment,toxicity\na,1\n", "there is no column `text` among 'comment, toxicity'"),
        ("text,label\na,1\n", "row 1: no label in a column toxicity, hate"),
        ("text,toxicity\na,rude\n", "row 1: `toxicity` should be 1 or 0, not 'rude'"),
        ("text,toxicity\na,nan\n", "row 1: `toxicity` should be 1 or 0, not 'nan'"),
        ("text,toxicity\n,1\n", "row 1 has no text"),
        ("text,toxicity\n\udce3,1\n", "line 2 is not UTF-8"),
        ("text,toxicity\na\n", "line 2 has 1 fields, the header has 2"),
    ],
)
def test_what_is_left_out_is_told(tmp_path: Path, data: str, why: str) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(data.encode("utf-8", "surrogateescape"))
    left_out = LeftOut()
    assert list(rows_of(path, left_out)) == []
    assert left_out.rows == 1
    assert why in left_out.told(path)
    result = RUN.invoke(app, ["calibrate", str(path), "--out", str(tmp_path / "own.bin")])
    assert result.exit_code == 1
    assert "left out 1 row" in result.output
    result = RUN.invoke(app, ["evaluate", str(path), "--tier", "linear"])
    assert result.exit_code == 1
    assert "left out 1 row" in result.output


def test_a_label_of_another_type_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "own.ndjson"
    path.write_text('{"text": "a", "toxicity": [1], "spam": true}\n{"text": "b", "hate": {}}\n')
    assert [row.labels for row in rows_of(path)] == [{Head.SPAM: 1}]


def test_functional_tests_alone() -> None:
    result = RUN.invoke(
        app, ["evaluate", "--tier", "linear", "--json", "--language", "en", "--language", "ur"]
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert list(told["models"]) == ["linear"]
    assert told["models"]["linear"].startswith("linear-")
    assert {line["language"] for line in told["lines"]} == {"en", "ur"}
    assert {line["head"] for line in told["lines"]} >= {"hate", "threat", "extremism", "spam"}


def test_a_language_without_functional_tests_is_told_with_those_that_have_them() -> None:
    result = RUN.invoke(app, ["evaluate", "--language", "xx", "--language", "en"])
    assert isinstance(result.exception, CommandError)
    assert str(result.exception).startswith("no functional tests in xx; there are en, ar, de")


def test_a_table_of_own_texts(labelled: Path) -> None:
    result = RUN.invoke(app, ["evaluate", str(labelled), "--tier", "linear", "--language", "en"])
    assert result.exit_code == 0, result.output
    for words in ("Test splits", "own", "48+48", "Functional tests", "In all"):
        assert words in result.output


def test_a_model_of_own_texts_is_trained_and_calibrated(labelled: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "own.bin", tmp_path / "again.bin"
    for path in (out, again):
        result = RUN.invoke(app, ["train", str(labelled), "--out", str(path)])
        assert result.exit_code == 0, result.output
    assert out.read_bytes() == again.read_bytes()
    model = unpack(out.read_bytes())
    assert (
        model.score("what a vile garden", "en")[Head.TOXICITY]
        > model.score("what a calm garden", "en")[Head.TOXICITY]
    )
    calibrated = tmp_path / "calibrated.bin"
    result = RUN.invoke(app, ["calibrate", str(labelled), "--out", str(calibrated), "--model", str(out)])
    assert result.exit_code == 0, result.output
    assert unpack(calibrated.read_bytes()).id in result.output.replace("\n", "")


def test_the_shipped_model_can_be_calibrated(labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "calibrated.bin"
    result = RUN.invoke(app, ["calibrate", str(labelled), "--out", str(out)])
    assert result.exit_code == 0, result.output
    found = unpack(out.read_bytes()).head.thresholds
    assert found[Head.TOXICITY]["en"].positives == 48
    before = shipped_linear().head.thresholds
    assert found[Head.TOXICITY]["ar"] == before[Head.TOXICITY]["ar"]
    assert found[Head.HATE] == before[Head.HATE]
    told = result.output.replace("\n", "")
    assert "96 texts: en 96" in told
    assert "toxicity: fitted to 96 texts" in told
    kept = sum(len(table) for table in before.values()) - 2  # all but `*` and `en` of toxicity
    assert f"{kept} thresholds as before" in told
    assert "extremism   ar" not in told


def test_calibrating_reads_a_bounded_number_of_texts_spread_over_a_file(
    labelled: Path, tmp_path: Path
) -> None:
    out = tmp_path / "calibrated.bin"
    result = RUN.invoke(app, ["calibrate", str(labelled), "--out", str(out), "--most", "50"])
    assert result.exit_code == 0, result.output
    assert "own.csv: 50 of 96 texts, spread over it" in result.output
    found = unpack(out.read_bytes()).head.thresholds[Head.TOXICITY]["en"]
    assert (found.positives + found.negatives, abs(found.positives - found.negatives) <= 6) == (50, True)


@pytest.mark.parametrize(
    "words",
    [
        ["train", "nowhere", "--out", "x"],
        ["evaluate", "nowhere"],
        ["calibrate", "{few}", "--out", "x"],
        ["calibrate", "{own}", "--out", "x", "--model", "{own}"],
    ],
)
def test_what_can_not_be_done_is_said(labelled: Path, tmp_path: Path, words: list[str]) -> None:
    few = tmp_path / "few.csv"
    few.write_text("text,abuse\na,1\n", encoding="utf-8")
    result = RUN.invoke(app, [word.format(few=few, own=labelled) for word in words])
    assert isinstance(result.exception, CommandError)


@pytest.mark.parametrize(
    ("pairs", "value"),
    [
        ([(True, True), (False, False)], 1.0),
        ([(True, False), (False, True)], -1.0),
        ([(True, True), (True, False), (False, True), (False, False)], 0.0),
        ([(False, False)] * 3, 1.0),
    ],
)
def test_kappa_is_agreement_beyond_chance(pairs: list[tuple[bool, bool]], value: float) -> None:
    assert kappa(pairs) == pytest.approx(value)


@pytest.mark.sockets
@pytest.mark.embedded
@pytest.mark.parametrize("shape", ["openai", "perspective"])
def test_a_service_agrees_with_itself(door: Running, labelled: Path, shape: str) -> None:
    keys = ["--a-key", key_text("forum"), "--b-key", key_text("checker")]
    words = [
        "compare",
        str(labelled),
        "--a",
        door.url,
        "--b",
        door.url,
        "--shape",
        shape,
        "--most",
        "12",
        *keys,
    ]
    result = RUN.invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "12 texts" in result.output
    assert "100.0%" in result.output
    assert "Furthest apart" not in result.output  # nothing is apart
    whole = "self-harm/instructions" if shape == "openai" else "SEVERE_TOXICITY"
    assert whole in result.output  # on 80 columns too


def test_texts_are_listed_that_are_apart_and_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    same, other = Said({"hate": 0.5}, {}), Said({"hate": 0.9}, {})
    print_disagreements(["one", "two"], [(same, same), (same, other)])
    shown = capsys.readouterr().out
    assert ("0.40" in shown, "two" in shown, "one" in shown) == (True, True, False)
    print_disagreements(["one"], [(same, same)])
    assert capsys.readouterr().out == ""


@pytest.mark.sockets
@pytest.mark.embedded
def test_a_wrong_key_is_said(door: Running, labelled: Path) -> None:
    result = RUN.invoke(app, ["compare", str(labelled), "--a", door.url, "--b", door.url, "--a-key", "hk_no"])
    assert isinstance(result.exception, CommandError)
    assert "401" in str(result.exception)
