"""Inputs that nobody thought of: every target keeps its promises on its first ones, and on all that broke one once."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.engine.list_reload import MARKED, import_here, write_lines
from benchmarks.fuzz import __main__ as fuzz
from benchmarks.fuzz import around, kept, target, targets
from benchmarks.fuzz.target import FILES, Choices, Target, WrongError
from benchmarks.fuzz.targets import TARGETS
from benchmarks.fuzz.words import LEAVES, PIECES, SIGNS

from hakam.backtest.run import Judge
from hakam.importing.carried import Imported
from hakam.policy.codes import CODES
from hakam.policy.counters import MemoryCounters
from hakam.storage.embedded.lists import open_list
from hakam.vocabulary.finding import Finding, Severity, Span

pytestmark = pytest.mark.embedded  # values only: one database is enough
KEPT = sorted((Path(__file__).parent / "fixtures" / "fuzz").iterdir())


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_keeps_its_promises_on_what_it_begins_with(name: str) -> None:
    target = TARGETS[name]
    assert target.seeds
    for seed in target.seeds:
        target(seed)
    target(b"")


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_mean_something(name: str) -> None:
    rng = random.Random(name)  # noqa: S311 -- the same each time
    target = TARGETS[name]
    for _ in range(25):
        seed = bytearray(rng.choice(target.seeds))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(seed) + 1)
            word = (
                rng.choice(target.words).encode() if target.words and rng.random() < 0.5 else rng.randbytes(2)
            )
            seed[at : at + rng.randint(0, 3)] = word
        target(bytes(seed))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_what_broke_a_promise_once_keeps_it_now(path: Path) -> None:
    TARGETS[path.name.partition("-")[0]](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_keeps_its_promises_wherever_a_search_went(name: str) -> None:
    tried = [data for path, data in kept.inputs() if path.startswith(f"{name}/")]
    assert len(tried) > 20
    for data in tried:
        TARGETS[name](data)


def test_it_is_told_how_long_was_searched_for_what_is_kept() -> None:
    spent = json.loads(kept.SEARCHED.read_text("utf-8"))
    assert spent.keys() == TARGETS.keys()
    for one in spent.values():
        assert one["seconds"] >= 600
        assert one["tried"] > one["seconds"]


def test_the_time_of_searches_adds_up(tmp_path: Path) -> None:
    file = tmp_path / "searched.json"
    kept.account([{"yaml": {"seconds": 9, "processor_seconds": 5, "tried": 70, "found": []}}], file)
    more = {"yaml": {"processor_seconds": 6, "tried": 80}, "pack": {"processor_seconds": 1, "tried": 2}}
    assert kept.account([more], file) == json.loads(file.read_text("utf-8"))
    assert kept.account([], file) == {
        "pack": {"seconds": 1, "tried": 2},
        "yaml": {"seconds": 11, "tried": 150},
    }


def test_kept_inputs_can_be_tried_again_and_a_wrong_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "yaml-1").write_bytes(b"a: b")
    assert fuzz.again([tmp_path / "yaml-1"]) == 0

    def broken(_data: bytes) -> None:
        raise WrongError("a promise")

    monkeypatch.setitem(TARGETS, "yaml", Target(broken, (), ()))
    assert fuzz.again([tmp_path / "yaml-1"]) == 1
    assert "yaml-1: WrongError: a promise" in capsys.readouterr().out


@pytest.mark.parametrize(
    "finding",
    [
        Finding("P999", Severity.ERROR, "m", Span("rules.yaml", 1, 1, 1, 2), "h"),
        Finding("P101", Severity.ERROR, "m", None, "h"),
        Finding("P101", Severity.ERROR, "m", Span("rules.yaml", 1, 1, 1, 2)),
        Finding("P101", Severity.ERROR, "m", Span("rules.yaml", 0, 1, 1, 2), "h"),
        Finding("P101", Severity.ERROR, "m", Span("rules.yaml", 1, 2, 1, 2), "h"),
        Finding("P101", Severity.ERROR, "m", Span("rules.yaml", 9, 1, 9, 2), "h"),
    ],
)
def test_a_finding_that_nobody_could_find_is_wrong(finding: Finding) -> None:
    with pytest.raises(WrongError):
        targets._located((finding,), {"rules.yaml": "one\ntwo"})
    assert "P101" in CODES
    targets._located(
        (Finding("P101", Severity.ERROR, "m", Span("rules.yaml", 2, 1, 2, 2), "h"),), {"rules.yaml": "a\nb"}
    )


def test_judging_that_differs_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hakam.policy.coverage.outcome", lambda _when, _seen: None)
    always = targets._checked("not known(author.posts) or known(author.posts)")
    with pytest.raises(WrongError, match="compiled True, plain None"):
        targets._judged_both_ways([always], 1)


def test_columns_that_differ_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes([0, LEAVES.index("author.verified")])
    TARGETS["columns"](data)
    held = Judge.by_columns

    def other(self: Judge, *given: Any) -> Any:
        flags, failed, texts = held(self, *given)
        return [~one for one in flags], failed, texts

    monkeypatch.setattr(Judge, "by_columns", other)
    with pytest.raises(WrongError, match=r"author\.verified"):
        TARGETS["columns"](data)


def test_folding_that_is_not_done_once_and_for_all_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "fold", lambda text: text + "x")
    with pytest.raises(WrongError, match="folding a folded text"):
        TARGETS["folding"](b"a")


def test_a_log_that_answers_otherwise_than_the_door_judged_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes([0, LEAVES.index("author.verified")])
    TARGETS["asked"](data)
    monkeypatch.setattr("hakam.investigation.where._found", lambda *given: not given[3])  # what fired
    with pytest.raises(WrongError, match="asked"):
        TARGETS["asked"](data)


def test_rules_of_others_that_become_something_else_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    data = f"\x00{around.RULES_OF_OTHERS[0]}".encode()
    TARGETS["imported"](data)
    read = around.automoderator.read

    def without_a_row(files: dict[str, str]) -> Imported:
        made = read(files)
        return Imported(made.files, made.entries[1:])

    monkeypatch.setattr(around, "_READERS", (("a.yaml", without_a_row),))
    with pytest.raises(WrongError, match="told"):
        TARGETS["imported"](data)
    unsound = Imported({"pack.yaml": "id: x"}, [])
    monkeypatch.setattr(around, "_READERS", (("a.yaml", lambda _files: unsound),))
    with pytest.raises(WrongError, match="a pack with errors"):
        TARGETS["imported"](data)


@pytest.mark.parametrize("whole", [0, 1])
def test_a_pattern_that_is_found_elsewhere_is_wrong(monkeypatch: pytest.MonkeyPatch, whole: int) -> None:
    a, b = PIECES.index("a"), SIGNS.index("b")
    data = bytes([whole, 0, a, 1, b])  # the pattern `a`, and a text that is `b`
    TARGETS["edges"](data)
    monkeypatch.setattr(around, "translated", lambda _pattern, **_: ("b", []))
    with pytest.raises(WrongError, match="in 'b'"):
        TARGETS["edges"](data)


def test_a_layout_that_means_something_else_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(around, "lay_out", lambda files: {path: f"{text}#" for path, text in files.items()})
    with pytest.raises(WrongError, match="twice"):
        TARGETS["layout"](b"")
    other = {**FILES, "rules.yaml": FILES["rules.yaml"].replace("< 3", "< 4")}
    monkeypatch.setattr(around, "lay_out", lambda _files: other)
    with pytest.raises(WrongError, match="other rules"):
        TARGETS["layout"](b"\x00" + FILES["lists/words.txt"].encode())
    monkeypatch.setattr(around, "lay_out", lambda _files: {**FILES, "rules.yaml": "- rule"})
    with pytest.raises(WrongError, match="none before"):
        TARGETS["layout"](b"\x00" + FILES["lists/words.txt"].encode())


@pytest.mark.parametrize(("kind", "verb"), [(0, "count"), (1, "distinct"), (2, "total")])
def test_a_counter_that_miscounts_is_wrong(monkeypatch: pytest.MonkeyPatch, kind: int, verb: str) -> None:
    data = bytes([1, *([0, kind, 0, 1, 0, 3, 0, 1] * 3)])
    TARGETS["counted"](data)
    monkeypatch.setattr(MemoryCounters, verb, lambda *_, **__: 7)
    with pytest.raises(WrongError, match="7 instead of"):
        TARGETS["counted"](data)


def test_an_input_that_takes_too_long_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "SLOWEST", -1.0)
    with pytest.raises(WrongError, match="took"):
        TARGETS["yaml"](b"a")


def test_conditions_made_of_choices_are_many_and_the_same_each_time() -> None:
    rng = random.Random(5)  # noqa: S311 -- the same each time
    made = {targets._condition(Choices(rng.randbytes(30))) for _ in range(300)}
    assert len(made) > 200
    assert targets._condition(Choices(b"\x08\x01\x02")) == targets._condition(Choices(b"\x08\x01\x02"))
    sound = sum(targets._checked(one) is not None for one in made)
    assert sound > 60  # enough of them get as far as being judged


@pytest.mark.skipif(
    sys.platform != "linux",
    reason="atheris has packages for Linux only; elsewhere the targets are tried above",
)
def test_the_search_finds_a_planted_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("atheris", reason="atheris has packages for x86-64 only")
    result = fuzz.run("pattern", 4, tmp_path / "corpus", tmp_path / "found")
    assert result["found"] == []
    assert result["tried"] > 10
    assert result["edges"] > 50
    assert 1 <= result["processor_seconds"] < 60
    assert list((tmp_path / "corpus" / "pattern").iterdir())
    monkeypatch.setenv("HAKAM_FUZZ_PLANTED", "1")
    result = fuzz.run("pattern", 4, tmp_path / "corpus", tmp_path / "found")
    (name,) = result["found"]
    assert "planted" in (tmp_path / "found" / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.skipif(
    sys.platform != "linux",
    reason="atheris has packages for Linux only; elsewhere the targets are tried above",
)
def test_the_fewest_inputs_that_go_everywhere_are_kept(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has packages for x86-64 only")
    corpus, archive = tmp_path / "corpus", tmp_path / "kept.zip"
    (corpus / "pattern").mkdir(parents=True)
    for n, data in enumerate([b"a+b", b"a+b", b"(", b"a{2}", b"[", b"a+b"]):
        (corpus / "pattern" / str(n)).write_bytes(data)
    many = kept.keep(corpus, archive)
    first = dict(kept.inputs(archive))
    assert 2 <= many == len(first) < 5
    assert set(first.values()) <= {b"a+b", b"(", b"a{2}", b"["}

    again = tmp_path / "again"  # another search found nothing new: nothing is lost
    assert kept.keep(again, archive) == many
    assert dict(kept.inputs(archive)).keys() == first.keys()
    assert sorted(path.name for path in (again / "pattern").iterdir()) == sorted(
        name.removeprefix("pattern/") for name in first
    )


@pytest.mark.parametrize("kind", ["hashes", "domains"])
def test_a_list_of_the_benchmark_tells_its_version(tmp_path: Path, kind: str) -> None:
    write_lines(tmp_path / "1.txt", kind, 500, 1)
    write_lines(tmp_path / "2.txt", kind, 500, 2)
    one, two = (import_here(tmp_path / f"{n}.txt", tmp_path / "lists", kind) for n in (1, 2))
    assert (one["entries"], two["entries"]) == (500, 500)
    assert one["digest"] != two["digest"]
    first = open_list(tmp_path / "lists", "ids", one["digest"])
    assert [f"{MARKED}-{n}.example" in first for n in (1, 2)] == [True, False]
