"""Files are read once as long as they are the same, and what is wrong with one is told each time."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hakam.policy import strict_yaml
from hakam.policy.pack import load_pack
from hakam.policy.source import Reporter
from hakam.policy.strict_yaml import Mapping, plain, read
from hakam.policy.wording import in_language
from hakam.testing import scene

FINE = "- rule: a-name\n  then: [remove]\n"
WRONG = "- rule: no\n  when: &a yes\n"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the files that the parser is given, in order."""
    strict_yaml._remembered.cache_clear()
    files: list[str] = []

    class Reader(strict_yaml._Reader):
        def __init__(self, file: str, *more: Any) -> None:
            files.append(file)
            super().__init__(file, *more)

    monkeypatch.setattr(strict_yaml, "_Reader", Reader)
    return files


def codes(text: str, file: str = "rules.yaml") -> list[str]:
    report = Reporter()
    read(file, text, report)
    return [one.code for one in report.findings()]


def test_the_same_file_is_parsed_once(parsed: list[str]) -> None:
    report = Reporter()
    first, second = (read("rules.yaml", FINE, report) for _ in range(2))
    assert parsed == ["rules.yaml"]
    assert first == second
    assert first is not None
    assert plain(first) == [{"rule": "a-name", "then": ["remove"]}]


def test_another_text_or_another_name_is_another_file(parsed: list[str]) -> None:
    report = Reporter()
    here, there, more = (
        read(file, text, report)
        for file, text in (("a.yaml", "k: 1"), ("b.yaml", "k: 1"), ("a.yaml", "k: 2"))
    )
    assert parsed == ["a.yaml", "b.yaml", "a.yaml"]
    assert isinstance(here, Mapping)
    assert isinstance(there, Mapping)
    assert (here.span.file, there.span.file) == ("a.yaml", "b.yaml")
    assert more is not None
    assert plain(more) == {"k": 2}


def test_what_is_wrong_is_told_each_time() -> None:
    assert codes(WRONG) == codes(WRONG) == ["P006", "P004", "P006"]
    assert codes(FINE) == []


def test_a_character_that_nobody_sees_is_told_at_its_place() -> None:
    report = Reporter()
    assert read("rules.yaml", "- rule: a\n  when: x\0y\n", report) is None
    (found,) = report.findings()
    assert (found.code, found.message) == (
        "P002",
        "cannot read the file: the character U+0000 is not allowed",
    )
    assert found.span is not None
    assert (found.span.line, found.span.column) == (2, 10)
    told = in_language(found, "ar")
    assert re.sub("[\u2066-\u2069]", "", told.message) == "لا يُقرأ الملف: الحرف U+0000 لا يُقبل"
    assert told.hint == "يُحذف؛ لا يراه أحد في محرّر"


@pytest.mark.parametrize("before", ["", "one: 1\n", "o\ufeffne: 1\n"])
def test_a_mark_within_a_line_moves_no_place(before: str) -> None:
    report = Reporter()
    read("terms.yaml", f"{before}k: [a\ufeffb, *x]\n", report)
    (found,) = report.findings()
    assert found.span is not None
    assert (found.span.line, found.span.column) == (1 + before.count("\n"), 10)


def test_a_long_file_is_not_remembered(parsed: list[str]) -> None:
    text = "k: |\n" + "  line\n" * 40_000
    codes(text)
    codes(text)
    assert len(parsed) == 2


def test_a_pack_in_which_one_file_changed_reads_that_one_alone(parsed: list[str]) -> None:
    load_pack(scene.PACK)
    every = set(parsed)
    parsed.clear()
    loaded = load_pack({**scene.PACK, "rules.yaml": scene.PACK["rules.yaml"] + "# more\n"})
    assert loaded.pack is not None
    assert parsed == ["rules.yaml"]
    assert every > {"rules.yaml"}
