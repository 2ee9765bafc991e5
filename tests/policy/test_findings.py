"""What the checker says, to the letter: the cases and the expected text stand in `fixtures/findings/*.txt`.

A case begins with `=== title`. Each `--- name` begins a part of it: a file of the pack, or a key of the rule `r1`
(`when`, `then`, `stage`, `policy`). `--- says` holds what `hakam check` prints. `UPDATE_FIXTURES=1` writes that part
anew from what the checker says now; read the difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.policy.check import Expression
from hakam.policy.codes import CHECKED
from hakam.policy.coverage import disagreements, generated_events
from hakam.policy.engine import compile_pack
from hakam.policy.lists import ListKind
from hakam.policy.outside import OutsideList, pack_list
from hakam.policy.pack import load_pack
from hakam.policy.render import render
from hakam.vocabulary.finding import Severity

FOLDER = Path(__file__).parent / "fixtures" / "findings"
FILES = sorted(FOLDER.glob("*.txt"))
RULE = """\
- rule: r0
  policy: spam
  stage: live
  when: contains_any(text.folded, list("bad-words")) and author.country in list("countries")
  then: [limit_reach]
- rule: r1
  policy: {policy}
  stage: {stage}
  when: |
    {when}
  then: {then}
"""
BASE = {
    "pack.yaml": 'id: sample\nversion: "1.0"\nmaturity: test\nlanguages: [en]\n',
    "policies.yaml": (
        "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam}\n  text: {en: Do not send spam.}\n"
        '  ladder: [limit_reach, withhold(territory="DE"), remove]\n'
    ),
    "tests.yaml": "- test: t0\n  text: one\n  fires: []\n- test: t1\n  silent: [r0, r1]\n",
    "lists/bad-words.txt": "one\n",
    "lists/countries.txt": "# kind: values\nDE\n",
}
KEYS = {"when": "author.posts > 3", "then": "[limit_reach]", "stage": "live", "policy": "spam"}
BIG = {"P001", "P005", "P505"}  # need thousands of lines; see test_codes.py


class Case(msgspec.Struct, frozen=True):
    """One pack and what is said about it."""

    title: str
    parts: dict[str, str]
    says: str

    def files(self) -> dict[str, str]:
        """Return the sound pack of all cases with this case's parts in it."""
        rule = {key: self.parts.get(key, usual).rstrip("\n") for key, usual in KEYS.items()}
        rule["when"] = rule["when"].replace("\n", "\n    ")
        files = {**BASE, "rules.yaml": RULE.format(**rule)}
        files |= {path: text for path, text in self.parts.items() if path not in KEYS}
        return {path: text for path, text in files.items() if text.strip() != "<absent>"}

    def text(self) -> str:
        """Return the case as it stands in its file."""
        parts = "".join(f"--- {name}\n{text}" for name, text in self.parts.items())
        return f"=== {self.title}\n{parts}--- says\n{self.says}"


def cases(file: Path) -> Iterator[Case]:
    """Yield the cases of a file."""
    for block in f"\n{file.read_text(encoding='utf-8')}".split("\n=== ")[1:]:
        title, _, rest = block.partition("\n")
        parts: dict[str, str] = {}
        for part in f"\n{rest}".split("\n--- ")[1:]:
            name, _, text = part.partition("\n")
            parts[name] = f"{text.rstrip(chr(10))}\n" if text.strip() else ""
        yield Case(
            title, {name: text for name, text in parts.items() if name != "says"}, parts.get("says", "")
        )


ALL = [pytest.param(case, id=f"{file.stem}: {case.title}") for file in FILES for case in cases(file)]


if "UPDATE_FIXTURES" in os.environ:

    @pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
    def test_write(file: Path) -> None:
        written = [
            msgspec.structs.replace(case, says=render(load_pack(case.files()).findings, case.files()))
            for case in cases(file)
        ]
        file.write_text("\n".join(case.text() for case in written), encoding="utf-8")


@pytest.mark.parametrize("case", ALL)
def test_the_checker_says_this_to_the_letter(case: Case) -> None:
    files = case.files()
    loaded = load_pack(files)
    assert render(loaded.findings, files) == case.says
    assert (loaded.pack is None) is any(finding.severity is Severity.ERROR for finding in loaded.findings)


def test_the_pack_of_all_cases_is_sound() -> None:
    assert load_pack(Case("", {}, "").files()).findings == ()


def test_every_code_is_said_in_some_case() -> None:
    said = {code for param in ALL for code in CHECKED if f"[{code}]" in param.values[0].says}
    assert set(CHECKED) - said == BIG


def test_no_two_cases_are_the_same() -> None:
    found = [(param.values[0].title, tuple(param.values[0].parts.items())) for param in ALL]
    assert len({title for title, _ in found}) == len({parts for _, parts in found}) == len(found)


@pytest.mark.parametrize(
    "when",
    [
        'similar(text.folded, "free", at_least=0.5)',
        'similar(text.folded, "free") > 0.5',
        'author.verified and similar(text.folded, "!", at_least=0.5)',
    ],
)
def test_a_text_too_short_to_be_like_is_an_error_and_no_rule_vanishes(packs: Any, when: str) -> None:
    loaded = packs.load(when)
    assert loaded.pack is None
    assert loaded.errors[0].message.endswith("is too short to be like it")


def test_a_rule_whose_two_constants_are_compared_with_a_list_outside_stays(packs: Any) -> None:
    lists = {"bad-ids": OutsideList("bad-ids", pack_list(ListKind.VALUES, ["mallory"])[0])}
    loaded = load_pack(packs.files('"mallory" in list("bad-ids")'), lists)
    assert loaded.pack is not None
    assert "P113" in {one.code for one in loaded.findings}
    (rule,) = loaded.pack.rules
    assert rule.id == "r0"
    engine = compile_pack(loaded.pack)
    assert list(disagreements(engine, generated_events(engine, 5))) == []


def test_a_condition_that_can_not_be_read_is_never_silent(
    packs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Expression, "condition", lambda _self, _root: None)
    loaded = packs.load("author.posts > 3")
    assert loaded.pack is None
    assert "P101" in {one.code for one in loaded.errors}
