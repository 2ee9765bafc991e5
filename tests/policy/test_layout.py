"""One layout: doing it twice changes nothing, comments and meaning stay."""

from __future__ import annotations

from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hakam.policy.layout import expression, lay_out
from hakam.policy.pack import load_pack
from hakam.policy.source import Reporter
from hakam.policy.strict_yaml import Mapping, Text, read
from hakam.storage.packs import read_folder

DEFAULT = Path(str(package_files("hakam"))) / "packs" / "default"


@pytest.mark.parametrize(
    ("written", "laid"),
    [
        ("author.posts>3", "author.posts > 3"),
        ("author.posts  >  -3 and( author.verified )", "author.posts > -3 and (author.verified)"),
        ('count( by = author.id,within="1h" )>=3', 'count(by=author.id, within="1h") >= 3'),
        ('author.country   in["DE" ,"AT" ]', 'author.country in ["DE", "AT"]'),
        ('scores [ "toxicity" ] > .5', 'scores["toxicity"] > .5'),
        ("not(a.b)or not c.d", "not (a.b) or not c.d"),
        ("1 < author.posts<= 3*-2", "1 < author.posts <= 3 * -2"),
        ("(author.posts\n  > 3)", "(author.posts > 3)"),
        ("author.posts > 3  # few\n and x.y", None),
        ("author.posts > (3", None),
    ],
)
def test_expressions(written: str, laid: str | None) -> None:
    assert expression(written) == laid
    if laid is not None:
        assert expression(laid) == laid


def test_a_long_condition_has_a_line_for_each_part() -> None:
    part = 'contains_any(text.folded, list("some-words"))'
    assert (
        expression(f"{part} and {part} and ({part} or {part})")
        == f"{part}\nand {part}\nand ({part} or {part})"
    )
    assert expression(f"{part} and {part} or {part}") == f"{part} and {part}\nor {part}"


UNTIDY = """\
# the first rule
- rule: r0
  policy: spam
  stage: live   
  when: author.posts>3   # never said
  then: [limit_reach]
# about the second
- rule: r1
  policy: spam
  stage: live
  when: |
    author.posts  < 3
      and author.verified
  then: [limit_reach]



- rule: r2
  policy: spam
  stage: live
  when: |
    author.posts < 3   # they are few
    and author.verified
  then: [limit_reach]
"""  # noqa: W291 -- what the layout takes away
TIDY = """\
# the first rule
- rule: r0
  policy: spam
  stage: live
  when: author.posts > 3   # never said
  then: [limit_reach]

# about the second
- rule: r1
  policy: spam
  stage: live
  when: |
    author.posts < 3 and author.verified
  then: [limit_reach]

- rule: r2
  policy: spam
  stage: live
  when: |
    author.posts < 3   # they are few
    and author.verified
  then: [limit_reach]
"""


def test_comments_and_meaning_stay(packs: Any) -> None:
    files = {**packs.files("author.verified"), "rules.yaml": UNTIDY}
    laid = lay_out(files)
    assert laid["rules.yaml"] == TIDY
    assert lay_out(laid) == laid
    before, after = load_pack(files).pack, load_pack(laid).pack
    assert before is not None
    assert after is not None
    assert [rule.digest for rule in after.rules] == [rule.digest for rule in before.rules]


def test_the_default_pack_means_the_same_in_layout() -> None:
    files = read_folder(DEFAULT)
    laid = lay_out(files)
    assert lay_out(laid) == laid
    before, after = load_pack(files).pack, load_pack(laid).pack
    assert before is not None
    assert after is not None
    assert [rule.digest for rule in after.rules] == [rule.digest for rule in before.rules]


@pytest.mark.parametrize(
    ("when", "laid"),
    [
        ("author.posts > 3\n    and author.verified", "author.posts > 3 and author.verified"),
        (
            "author.posts > 3\n    or\n\n    author.verified  # why",
            "author.posts > 3 or author.verified  # why",
        ),
        (
            "author.posts > 3\n    and author.verified\n  # below",
            "author.posts > 3 and author.verified\n  # below",
        ),
    ],
)
def test_a_condition_that_yaml_folds_over_lines_is_said_once(packs: Any, when: str, laid: str) -> None:
    files = packs.files("author.verified")
    files["rules.yaml"] = UNTIDY.replace("author.posts>3   # never said", when)
    assert when in files["rules.yaml"]
    found = lay_out(files)
    assert f"  when: {laid}\n  then:" in found["rules.yaml"]
    before, after = load_pack(files).pack, load_pack(found).pack
    assert before is not None
    assert after is not None
    assert [rule.digest for rule in after.rules] == [rule.digest for rule in before.rules]


@pytest.mark.parametrize("text", ["one: 1\rtwo: a\r", "\ufeff\ufeffone: 1\r\ntwo: a  \n\n", "one: 1\ntwo: a"])
def test_lines_end_alike_and_nothing_stands_before_the_first(text: str) -> None:
    laid = lay_out({"terms.yaml": text, "lists/x.txt": text})
    assert laid == {"terms.yaml": "one: 1\ntwo: a\n", "lists/x.txt": "one: 1\ntwo: a\n"}
    assert lay_out(laid) == laid


def said(files: dict[str, str]) -> dict[str, Any] | None:
    """Return what each term says, in whatever layout; `None` of what can't be read."""
    report = Reporter()
    node = read("terms.yaml", files["terms.yaml"], report)
    if not isinstance(node, Mapping) or report.has_errors():
        return None
    values = {name: one.scalar.value if isinstance(one, Text) else None for name, one in node.entries.items()}
    return {name: value and (expression(value) or value) for name, value in values.items()}


@example(":1")  # with a space it would be no text
@example("1\n 1")  # one number over two lines
@example(":. 1")  # would become another: a number that begins with its point
@given(st.text(alphabet="ab.()[]\"'<>=!+-*/, \n#andornoti1:|", max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_it_and_twice_is_once(text: str) -> None:
    once = expression(text)
    assert once is None or expression(once) == once
    files = {"rules.yaml": text, "terms.yaml": f"one: {text}\n", "lists/x.txt": text}
    laid = lay_out(files)
    assert lay_out(laid) == laid
    assert said(laid) == said(files)
