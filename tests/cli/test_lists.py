"""`hakam lists`: from a file that people have to rules that read it, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
import zstandard
from tests.cli.test_home_commands import Hakam, hakam, installation, migrated, ok, refused

from hakam.storage.embedded import published

pytestmark = pytest.mark.embedded
__all__ = ["hakam", "installation", "migrated"]  # fixtures

POLICIES = """
- policy: spam
  title: {en: Spam}
  text: {en: Do not advertise.}
  harm: spam
  severity: 20
  ladder: [limit_reach, remove]
"""
RULES = """
- rule: known-scammers
  policy: spam
  stage: live
  when: author.id in list("bad-ids")
  then: [remove]
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    folder.mkdir()
    head = 'id: listed\nversion: "1"\nmaturity: test\nlanguages: [en]\n'
    for name, text in (("pack.yaml", head), ("policies.yaml", POLICIES), ("rules.yaml", RULES)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def write(tmp_path: Path, text: str, name: str = "ids.txt") -> str:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return str(tmp_path / name)


def test_a_list_lives_beside_the_rules_that_read_it(
    hakam: Hakam, installation: Path, pack: Path, tmp_path: Path
) -> None:
    unknown = hakam("pack", "publish", str(pack), "--note", "too early")
    assert "P111" in unknown.stdout + unknown.stderr
    assert "P111" in hakam("check", str(pack)).stdout
    file = write(tmp_path, "mallory\nملوري\nmallory\n")
    said = ok(hakam("lists", "add", "bad-ids", file, "--note", "seen at other sites"))
    assert "version 1 is in force: 2 values, 1 said twice" in said
    assert "is sound" in ok(hakam("check", str(pack)))
    ok(hakam("pack", "publish", str(pack), "--note", "reads it"))
    more = tmp_path / "more.csv.zst"
    more.write_bytes(zstandard.compress(b"n,who\n1,mallory\n2,eve\n"))
    ok(hakam("lists", "add", "bad-ids", str(more), "--column", "who", "--note", "one more"))
    told = published.read(installation / "published.json")
    assert told is not None
    assert [one.name for one in told.lists] == ["bad-ids"]
    assert (installation / "lists" / told.lists[0].digest).is_file()
    assert "seen at other sites" in ok(hakam("lists", "history", "bad-ids"))
    assert "one more" in ok(hakam("lists", "list"))
    assert sorted(ok(hakam("lists", "show", "bad-ids")).split()) == ["eve", "mallory"]
    assert sorted(ok(hakam("lists", "show", "bad-ids", "--version", "1")).split()) == ["mallory", "ملوري"]
    assert "rules in force read" in refused(hakam("lists", "remove", "bad-ids", "--note", "x"))
    assert ok(hakam("ledger", "verify")).strip() == "3 facts, no breaks in the chain"


def test_it_tells_whether_a_list_holds_something(hakam: Hakam, tmp_path: Path) -> None:
    ok(hakam("lists", "add", "bad-ids", write(tmp_path, "mallory\neve\ntrent\n"), "--note", "x"))
    assert "holds it" in ok(hakam("lists", "show", "bad-ids", "--holds", "eve"))
    missing = hakam("lists", "show", "bad-ids", "--holds", "alice")
    assert (missing.returncode, "does not hold it" in missing.stdout) == (1, True)
    assert "2 more" in hakam("lists", "show", "bad-ids", "--most", "1").stderr
    assert len(ok(hakam("lists", "show", "bad-ids", "--most", "0")).split()) == 3


def test_what_no_rule_reads_can_be_removed(hakam: Hakam, tmp_path: Path) -> None:
    ok(hakam("lists", "add", "old", write(tmp_path, "x\n"), "--note", "x"))
    assert "no longer in force" in ok(hakam("lists", "remove", "old", "--note", "not needed"))
    assert "there is no list `old` in force" in refused(hakam("lists", "remove", "old", "--note", "x"))
    assert ok(hakam("lists", "show", "old")).split() == ["x"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            ("add", "bad-ids", "{file}", "--note", "x", "--kind", "terms"),
            "line 2: neither letters nor digits",
        ),
        (("add", "Bad", "{file}", "--note", "x"), "can't be a list's name"),
        (("show", "nothing"), "there is no list `nothing`"),
        (("history", "nothing"), "there is no list `nothing`"),
        (("remove", "nothing", "--note", "x"), "there is no list `nothing`"),
    ],
)
def test_what_can_not_be_is_refused(
    hakam: Hakam, installation: Path, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    file = write(tmp_path, "fine\n!!!\n")
    said = refused(hakam("lists", *(word.replace("{file}", file) for word in words)))
    assert reason in said.replace("\n", " ")
    assert not (installation / "published.json").exists()


def test_a_version_that_never_was_is_told(hakam: Hakam, tmp_path: Path) -> None:
    ok(hakam("lists", "add", "bad-ids", write(tmp_path, "x\n"), "--note", "x"))
    assert "the newest is 1" in refused(hakam("lists", "show", "bad-ids", "--version", "7"))
    assert "did you mean `bad-ids`" in refused(hakam("lists", "show", "bad-idz"))


def test_a_back_test_reads_the_lists_in_force(hakam: Hakam, pack: Path, tmp_path: Path) -> None:
    posts = write(tmp_path, "user,text\nmallory,buy\nalice,hello\nmallory,buy more\n", "posts.csv")
    assert "P111" in refused(hakam("backtest", str(pack), posts, "--processes", "1"))
    ok(hakam("lists", "add", "bad-ids", write(tmp_path, "mallory\n"), "--note", "x"))
    assert "2 of 3 events fire a rule" in ok(hakam("backtest", str(pack), posts, "--processes", "1"))
