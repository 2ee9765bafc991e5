"""A pack's own tests run by the engine, and a failure says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hakam.cli.main import app
from hakam.policy.testing import run_examples

TESTS = """\
- test: fires
  text: spam
  fires: [r0]
- test: silent
  text: ham
  fires: []
- test: only
  text: spam
  event: {author: {posts: 9}}
  fires: [r0]
  silent: all
- test: burst
  text: ham
  before: {repeat: 4, every: "10s", vary: [author.id, item.id, context.ip_hash]}
  fires: [r2]
- test: too slow a burst
  text: ham
  before: {repeat: 4, every: "5m", vary: [author.id]}
  silent: [r2]
- test: same author
  text: ham
  before: {repeat: 4, every: "10s"}
  silent: [r2]
"""
CONDITIONS = (
    'word(text.folded, "spam")',
    "author.posts > 3",
    'distinct(author.id, per=item.text, within="10m") >= 5',
)


def files(packs: Any) -> dict[str, str]:
    return {**packs.files(*CONDITIONS, stage="shadow"), "tests.yaml": TESTS}


def test_results(packs: Any) -> None:
    results = {result.name: result for result in run_examples(packs.engine_of(files(packs)))}
    assert {name for name, result in results.items() if not result.passed} == {"only"}
    (miss,) = results["only"].misses
    assert (miss.rule, miss.should_fire) == ("r1", False)
    assert "author.posts > 3  [9]" in miss.why
    assert results["burst"].fired == ("r2",)


@pytest.fixture
def run() -> Any:
    def invoke(*arguments: str) -> Any:
        return CliRunner().invoke(app, list(arguments))

    return invoke


def write(folder: Path, pack: dict[str, str]) -> str:
    for path, text in pack.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return str(folder)


def test_check_says_what_is_wrong_and_where(packs: Any, run: Any, tmp_path: Path) -> None:
    broken = files(packs)
    broken["rules.yaml"] = broken["rules.yaml"].replace("author.posts", "author.psots")
    result = run("check", write(tmp_path, broken))
    assert result.exit_code == 1
    assert "error[P103]" in result.output
    assert "did you mean `author.posts`?" in result.output


def test_check_of_a_sound_pack(packs: Any, run: Any, tmp_path: Path) -> None:
    folder = write(tmp_path, files(packs))
    result = run("check", folder)
    assert result.exit_code == 0, result.output
    assert "sample@1.0 is sound: 3 rules" in result.output
    assert run("check", "--strict", folder).exit_code == 1  # lists that nothing reads
    assert run("check", "--json", folder).output.startswith("[{")


def test_check_of_no_folder(run: Any, tmp_path: Path) -> None:
    result = run("check", str(tmp_path / "nowhere"))
    assert result.exit_code == 2
    assert "cannot read the pack" in result.output


def test_test_shows_the_failure_and_counts(packs: Any, run: Any, tmp_path: Path) -> None:
    result = run("test", write(tmp_path, files(packs)))
    assert result.exit_code == 1
    assert "`r1` fired and should not" in result.output
    assert "5 passed, 1 failed" in result.output
    chosen = run("test", str(tmp_path), "--only", "burst")
    assert chosen.exit_code == 0
    assert "2 passed, 0 failed" in chosen.output


def test_test_of_a_broken_pack(packs: Any, run: Any, tmp_path: Path) -> None:
    broken = files(packs) | {"policies.yaml": "- policy: spam\n"}
    result = run("test", write(tmp_path, broken))
    assert result.exit_code == 1
    assert "error[P008]" in result.output
