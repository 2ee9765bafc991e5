"""`hakam test`: the examples, what they cover, and generated events that two ways must judge alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hakam.cli.main import app
from hakam.importing import automoderator

FILES = {
    "pack.yaml": 'id: t\nversion: "1"\nmaturity: test\nlanguages: [en]\n',
    "policies.yaml": "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam}\n  text: {en: No spam.}\n"
    "  ladder: [limit_reach, remove]\n",
    "rules.yaml": """\
- rule: sold
  policy: spam
  stage: live
  when: word(text.folded, "buy followers") and author.posts < 9
  then: [limit_reach]
  examples:
    fires: [{text: buy followers now, event: {author: {posts: 1}}}]
    silent: [hello]
""",
}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return written(tmp_path / "pack", FILES)


def written(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def run(pack: Path, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["test", str(pack), *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_it_tells_what_passed_what_is_covered_and_what_was_generated(pack: Path) -> None:
    assert run(pack).splitlines() == [
        "2 passed, 0 failed",
        "4 of 4 outcomes of conditions are covered (100 %)",
        "200 generated events, 0 differences",
    ]


def test_what_no_example_has_seen_is_named_on_request(pack: Path) -> None:
    rules = FILES["rules.yaml"].replace("    silent: [hello]\n", "")
    (pack / "rules.yaml").write_text(rules, encoding="utf-8")
    assert "2 of 4 outcomes of conditions are covered (50 %); --coverage names the others" in run(pack)
    assert "sold: `author.posts < 9` was never other than true" in run(pack, "--coverage")


def test_a_share_can_be_asked_for(pack: Path) -> None:
    run(pack, "--cover-at-least", "100")
    rules = FILES["rules.yaml"].replace("    silent: [hello]\n", "")
    (pack / "rules.yaml").write_text(rules, encoding="utf-8")
    assert "that is less than 75 %" in run(pack, "--cover-at-least", "75", code=1)
    run(pack, "--cover-at-least", "50")


def test_generated_events_can_be_left_out(pack: Path) -> None:
    assert "generated" not in run(pack, "--generated", "0")
    assert "7 generated events" in run(pack, "--generated", "7")


def test_some_tests_alone_tell_of_nothing_else(pack: Path) -> None:
    assert run(pack, "--only", "fires").splitlines() == ["1 passed, 0 failed"]


def test_an_example_that_fails_shows_what_the_rule_saw(pack: Path) -> None:
    (pack / "rules.yaml").write_text(FILES["rules.yaml"].replace("posts: 1", "posts: 99"), encoding="utf-8")
    told = run(pack, code=1)
    assert "FAILED sold: fires 1  (rules.yaml:7)" in told
    assert "`sold` did not fire and should" in told
    assert "1 passed, 1 failed" in told


def test_an_imported_pack_passes_and_covers(tmp_path: Path) -> None:
    page = "title+body (includes-word): [casino, 'free spins']\nauthor:\n    account_age: '< 7 days'\naction: remove\n"
    made = automoderator.read({"automoderator.yaml": page})
    assert "(100 %)" in run(written(tmp_path / "made", made.files), "--cover-at-least", "100")
