"""Everything that the checker can say has its Arabic, and nothing that it can't say has.

The sentences are read out of the code: whatever is reported under a code of `P...`, whatever is a hint of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.policy.test_codes import overlay

import hakam.policy
from hakam.policy.codes import CHECKED, CodeSpec
from hakam.policy.pack import load_pack
from hakam.policy.render import render, summary
from hakam.policy.wording import catalogue, in_language, read_catalogue, show_code, translated
from hakam.vocabulary.finding import Finding, Severity, Span

ROOM = Path(hakam.policy.__file__).parent
ARABIC = re.compile("[\u0600-\u06ff]")
ISOLATED = re.compile("[\u2066-\u2069]")
SENTENCES, TERMS = read_catalogue((ROOM / "findings_ar.txt").read_text("utf-8"))
# Names of variables and of functions that hold or return what is said to people.
SAID = {"hint", "message", "why", "_RAW"}


def templates(node: ast.expr | None) -> Iterator[str]:
    """Yield the sentences that an expression can be, each value as `{}`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from templates(node.body)
        yield from templates(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from templates(value)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "nearest":
        yield from (
            one for keyword in node.keywords if keyword.arg == "say" for one in templates(keyword.value)
        )


def said_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) > 1 and is_code(node.args[0]):
            yield from templates(node.args[1])
            for argument in node.args[2:4]:
                yield from templates(argument)
            for keyword in node.keywords:
                yield from templates(keyword.value if keyword.arg == "hint" else None)
        elif isinstance(node, ast.Assign) and any(name_of(target) in SAID for target in node.targets):
            yield from templates(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name.endswith("_hint"):
            yield from (
                one
                for below in ast.walk(node)
                if isinstance(below, ast.Return)
                for one in templates(below.value)
            )


def is_code(node: ast.expr) -> bool:
    given = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return any(isinstance(one, str) and re.fullmatch("P[0-9]{3}", one) for one in given)


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def everything_said() -> set[str]:
    found: set[str] = set()
    for path in ROOM.glob("*.py"):
        if path.stem not in {"codes", "wording"}:
            found |= set(said_in(ast.parse(path.read_text("utf-8"))))
    return {one for one in found if one.replace("{}", "").strip("`. ")}


def test_everything_that_the_code_says_has_its_arabic() -> None:
    said = everything_said()
    assert len(said) > 250
    assert (
        sorted(
            one
            for one in said
            if one not in SENTENCES and one not in TERMS and translated(filled(one), "ar") is None
        )
        == []
    )


def filled(template: str) -> str:
    return template.replace("{}", "x")


def test_no_sentence_of_the_catalogue_is_left_over() -> None:
    said = everything_said()
    spoken = "\n".join(path.read_text("utf-8") for path in ROOM.glob("*.py") if path.stem != "wording")
    bare = [re.split(r"\{\}", one) for one in SENTENCES if one not in said]
    assert [parts for parts in bare if not all(longest in spoken for longest in parts)] == []


@pytest.mark.parametrize("english", SENTENCES)
def test_a_translation_is_arabic_and_keeps_each_value(english: str) -> None:
    arabic = SENTENCES[english]
    assert ARABIC.search(arabic) or not re.search("[a-z]{3}", re.sub('`[^`]*`|"[^"]*"', "", english)), english
    numbered = re.findall(r"\{([0-9])\}", arabic)
    wanted = english.count("{}")
    assert arabic.count("{}") == wanted or sorted(map(int, numbered)) == list(range(wanted))
    assert re.findall("`([^`{}]*)`", english) == re.findall("`([^`{}]*)`", arabic) or wanted, english


@pytest.mark.parametrize("english", SENTENCES)
def test_a_sentence_is_recognised_as_itself(english: str) -> None:
    values = [f"v{n}" for n in range(english.count("{}"))]
    given = iter(values)
    told = translated(re.sub(r"\{\}", lambda _: next(given), english), "ar")
    assert told is not None
    assert all(value in told for value in values)


@pytest.mark.parametrize("spec", CHECKED.values(), ids=CHECKED)
def test_each_code_tells_its_example_in_arabic(spec: CodeSpec) -> None:
    files = overlay(spec, spec.bad)
    for finding in load_pack(files).findings:
        told = in_language(finding, "ar")
        assert ARABIC.search(told.message), finding.message
        assert told.hint is None or ARABIC.search(told.hint) or "`" in told.hint, finding.hint
        assert (told.code, told.span, told.severity) == (finding.code, finding.span, finding.severity)
    text = render(load_pack(files).findings, files, "ar")
    assert "hint" not in text
    assert "error[" not in text


def test_values_keep_their_own_direction_and_terms_are_translated() -> None:
    assert translated("there is no field or term `author.folowers`", "ar") == (
        "لا حقل ولا مصطلح باسم \u2068`author.folowers`\u2069"
    )
    assert ISOLATED.sub("", translated("text is compared with number", "ar") or "") == "يُقارن نص بنوع عدد"
    told = translated("`contains_any` takes 2 arguments before the named ones, not 1", "ar") or ""
    assert ISOLATED.sub("", told) == "تأخذ `contains_any` 2 وسائط قبل ذات الأسماء، لا 1"


def test_what_nobody_translated_stays_english_and_nothing_is_lost() -> None:
    finding = Finding("P999", Severity.ERROR, "something new", Span("a", 1, 1, 1, 2), "do something")
    assert in_language(finding, "ar") == finding
    assert translated("something new", "ar") is None
    assert translated("anything", "en") == "anything"


@pytest.mark.parametrize(
    ("n", "told"),
    [
        (0, "لا نتائج"),
        (1, "خطأ واحد"),
        (2, "خطآن"),
        (3, "3 أخطاء"),
        (10, "10 أخطاء"),
        (11, "11 خطأً"),
        (100, "100 خطأ"),
        (103, "103 أخطاء"),
    ],
)
def test_errors_are_counted_as_arabic_counts(n: int, told: str) -> None:
    assert summary([Finding("P101", Severity.ERROR, "x")] * n, "ar") == told


def test_two_kinds_are_counted_apart() -> None:
    found = [Finding("P101", Severity.ERROR, "x"), Finding("P021", Severity.WARNING, "x")]
    assert summary(found, "ar") == "خطأ واحد، تنبيه واحد"
    assert summary(found) == "1 error, 1 warning"


def test_an_explanation_is_arabic_around_the_example() -> None:
    told = show_code("p103", lambda text: f"«{text}»", "ar") or ""
    assert told.startswith("P103 (خطأ): «unknown name»")
    assert "بدلًا من\n\n    author.folowers > 3\n\nيُكتب\n\n    author.followers > 3" in told
    assert show_code("P999", str, "ar") is None


@pytest.mark.parametrize("text", ["one\n", "one\n= واحد\none\n= واحد\n", "one\ntwo\n= اثنان\n"])
def test_a_catalogue_with_a_gap_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="translation"):
        read_catalogue(text)


def test_the_catalogue_is_read_once() -> None:
    assert catalogue("ar") is catalogue("ar")
