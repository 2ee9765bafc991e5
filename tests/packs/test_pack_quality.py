"""The measurement of packs: its arithmetic, its reading of corpora, and the page that it writes."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
import zstandard

from hakam.policy.engine import Engine
from hakam.policy.pack import Pack

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "default-pack.md"


@pytest.fixture
def quality(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script; it and its neighbours are importable for this test only."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks" / "pack_quality"))
    for name in ("corpora", "figures", "report", "measure"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return import_module("measure")


def corpus(folder: Path, name: str, *lines: str) -> None:
    header = "text,lang,split,raw,abuse,hate,threat,extremism,spam,source,licence"
    data = "\n".join([header, *lines]).encode()
    (folder / f"{name}.csv.zst").write_bytes(zstandard.compress(data))


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(8, 10, 0.490, 0.943), (0, 20, 0.0, 0.161), (50, 100, 0.404, 0.596), (0, 0, 0.0, 1.0)],
)
def test_wilson_interval(quality: ModuleType, hits: int, total: int, low: float, high: float) -> None:
    share = import_module("figures").Share(hits, total)
    assert share.interval == pytest.approx((low, high), abs=0.001)


def test_rows_become_events(quality: ModuleType, tmp_path: Path) -> None:
    corpus(
        tmp_path,
        "sample",
        '"@USER see [URL], now",en,test,x,1,0,,,,sample,MIT',
        "مرحبا,ar,train,x,0,0,,,,sample,MIT",
        "bonjour,fr,test,x,0,0,,,,sample,MIT",
    )
    corpora = import_module("corpora")
    first, second = corpora.rows(tmp_path / "sample.csv.zst", languages=frozenset({"en", "ar"}))
    assert first.event.item.text == "@USER see https://link.example.org/page, now"
    assert first.event.item.mentions == ("user-0",)
    assert first.labels == {"abuse": 1, "hate": 0}
    assert not first.benign
    assert second.benign
    assert second.event.author.id != first.event.author.id


@pytest.mark.parametrize("name", ["hatecheck", "mhc_ar", "HatemojiCheck", "ethos_binary"])
def test_functional_tests_are_never_read(quality: ModuleType, tmp_path: Path, name: str) -> None:
    corpus(tmp_path, name, "a,en,test,x,1,1,,,,s,MIT")
    corpus(tmp_path, "other", "a,en,test,x,1,1,,,,s,MIT")
    assert [path.name for path in import_module("corpora").sources(tmp_path)] == ["other.csv.zst"]


def test_an_empty_folder_is_refused(quality: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no \*\.csv\.zst"):
        import_module("corpora").sources(tmp_path)


def test_fires_are_counted_against_labels(quality: ModuleType, engine: Engine, tmp_path: Path) -> None:
    corpus(
        tmp_path,
        "sample",
        "I will kill you,en,test,x,1,0,1,,,sample,MIT",
        "I will kill you now,en,test,x,0,0,0,,,sample,MIT",
        "I will shoot you,en,test,x,1,0,,,,sample,MIT",
        "good morning,en,test,x,0,0,0,,,sample,MIT",
        "I will kill you,en,train,x,0,0,0,,,sample,MIT",
    )
    english = quality.run(engine, tmp_path, frozenset({"test"}))["en"]
    seen = english.rules["threat-en"]
    assert (seen.fires, seen.labelled, seen.right, seen.known, seen.harmful, seen.benign) == (
        3,
        2,
        1,
        3,
        2,
        1,
    )
    assert (english.rows, english.benign, english.sent_to_review, english.sent_to_review_benign) == (
        4,
        2,
        3,
        1,
    )
    assert english.restricted == 0


def test_the_page_names_every_rule_and_clause_as_the_pack_has_them(quality: ModuleType, pack: Pack) -> None:
    described = import_module("report").describe(pack)
    page = PAGE.read_text("utf-8")
    assert described in page, (
        "run benchmarks/pack_quality/measure.py with --write docs/reference/default-pack.md"
    )
    for rule in pack.rules:
        assert f"`{rule.id}`" in page.split("<!-- figures:begin -->")[1], rule.id


def test_the_figures_were_measured_with_the_rules_as_they_are(quality: ModuleType, pack: Pack) -> None:
    figures = PAGE.read_text("utf-8").split("<!-- figures:begin -->")[1]
    assert (
        f"Pack {pack.ref}, meaning of its rules `{import_module('report').meaning_of(pack)}`." in figures
    ), (
        "the rules are others than those that were measured: run benchmarks/pack_quality/measure.py DATA --write"
    )


def test_a_rule_that_means_something_else_asks_for_new_figures(quality: ModuleType, pack: Pack) -> None:
    meaning_of = import_module("report").meaning_of
    first, *others = pack.rules
    assert meaning_of(msgspec.structs.replace(pack, rules=(*others, first))) == meaning_of(pack)
    assert meaning_of(msgspec.structs.replace(pack, rules=tuple(others))) != meaning_of(pack)
    another = msgspec.structs.replace(first, digest="0" * 64)
    assert meaning_of(msgspec.structs.replace(pack, rules=(another, *others))) != meaning_of(pack)
    staged = msgspec.structs.replace(first, about="said in other words")
    assert meaning_of(msgspec.structs.replace(pack, rules=(staged, *others))) == meaning_of(pack)


def test_a_part_is_replaced_between_its_marks(quality: ModuleType, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- rules:begin -->\nold\n<!-- rules:end -->\nafter\n")
    import_module("report").write_part(page, "rules", "new")
    assert page.read_text() == "before\n<!-- rules:begin -->\n\nnew\n\n<!-- rules:end -->\nafter\n"
    with pytest.raises(SystemExit, match="no part `figures`"):
        import_module("report").write_part(page, "figures", "new")
