"""Every finding is made by its own example, at a place, and not by the repaired one."""

from __future__ import annotations

import inspect
import re

import pytest

from hakam.policy.codes import CHECKED, CODES, CodeSpec
from hakam.policy.differing import Judging, differing
from hakam.policy.pack import Loaded, load_pack
from hakam.policy.render import render
from hakam.policy.source import Reporter
from hakam.policy.wording import in_language, show_code
from hakam.vocabulary.finding import Severity

RULES = """\
- rule: r0
  policy: spam
  stage: live
  when: contains_any(text.folded, list("bad-words"))
  then: [limit_reach]
- rule: r1
  policy: spam
  stage: live
  when: author.posts > 3
  then: [limit_reach]
"""
BASE = {
    "pack.yaml": 'id: sample\nversion: "1.0"\nmaturity: test\nlanguages: [en]\n',
    "policies.yaml": (
        "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam}\n  text: {en: Do not send spam.}\n"
        '  ladder: [limit_reach, withhold(territory="DE"), remove]\n'
    ),
    "rules.yaml": RULES,
    "tests.yaml": "- test: t0\n  text: one\n  fires: [r0]\n- test: t1\n  event: {author: {posts: 4}}\n  fires: [r1]\n",
    "lists/bad-words.txt": "one\n",
}
PARAM = "- param: {}\n  type: number\n  least: 1\n  most: 9\n  default: 3\n"
RULE_KEYS = ("when", "then", "stage", "policy")


def overlay(spec: CodeSpec, text: str) -> dict[str, str]:
    """Return the base pack with a fragment in its place."""
    files = dict(BASE)
    if spec.where in RULE_KEYS:
        head, tail = RULES.split("- rule: r1", 1)
        new = f"  {spec.where}: |\n    {text}\n" if spec.where == "when" else f"  {spec.where}: {text}\n"
        tail = re.sub(rf"  {spec.where}: .*\n", lambda _: new, tail)
        files["rules.yaml"] = f"{head}- rule: r1{tail}"
    elif text in {"", "<absent>"}:
        files.pop(spec.where, None)
    elif text.startswith("<more than"):
        files[spec.where] = "".join(f"t{n}\n" for n in range(200_002))
    else:
        files[spec.where] = text
    if spec.where == "tuned.yaml":
        files["params.yaml"] = "".join(PARAM.format(name) for name in ("most", "few"))
        files["rules.yaml"] = RULES.replace(
            "author.posts > 3", "author.posts > params.most and author.followers > params.few"
        )
        files["tests.yaml"] = BASE["tests.yaml"].replace("posts: 4", "posts: 5, followers: 4")
    if "policy: scam" in text:
        files["policies.yaml"] += BASE["policies.yaml"].replace("policy: spam", "policy: scam")
    if spec.where == "rules.yaml":  # the fragments have other rules
        del files["tests.yaml"]
    if spec.where == "tests.yaml":
        files["tests.yaml"] += "- test: t0\n  text: one\n  fires: [r0]\n"
    return files


def found(loaded: Loaded) -> set[str]:
    return {finding.code for finding in loaded.findings}


def test_the_base_pack_is_sound() -> None:
    assert load_pack(BASE).findings == ()


@pytest.mark.parametrize("spec", CHECKED.values(), ids=CHECKED)
def test_bad_example_is_found_and_good_one_is_not(spec: CodeSpec) -> None:
    files = overlay(spec, spec.bad)
    bad = load_pack(files)
    assert spec.code in found(bad)
    assert spec.code not in found(load_pack(overlay(spec, spec.good)))
    for finding in bad.findings:
        assert finding.severity is CODES[finding.code].severity
        assert finding.message[0] in "`\"'" or not finding.message[0].isupper()
        assert not finding.message.endswith(".")
    if spec.severity is Severity.ERROR:
        assert bad.pack is None
    else:
        assert bad.pack is not None, bad.errors
    text = render(bad.findings, files)
    assert f"[{spec.code}]" in text


@pytest.mark.parametrize("spec", CHECKED.values(), ids=CHECKED)
def test_examples_with_a_place_point_into_the_file(spec: CodeSpec) -> None:
    files = overlay(spec, spec.bad)
    for finding in load_pack(files).findings:
        if finding.span is None:
            assert finding.code in {"P001", "P005", "P505"}
            continue
        span = finding.span
        assert (span.end_line, span.end_column) > (span.line, span.column)
        if span.file in files:
            assert span.line <= files[span.file].count("\n") + 1


@pytest.mark.parametrize("spec", CHECKED.values(), ids=CHECKED)
def test_every_finding_of_an_example_says_what_to_do(spec: CodeSpec) -> None:
    files = overlay(spec, spec.bad)
    for finding in load_pack(files).findings:
        assert finding.hint, finding
        arabic = in_language(finding, "ar")
        assert arabic.message != finding.message
        assert arabic.hint
        assert f"= hint: {finding.hint}" in render([finding], files)


def test_a_difference_between_ways_of_judging_says_what_to_do() -> None:
    for by in Judging:
        for fires in (True, False):
            found = differing("spam-links", "e1", by=by, function_fires=fires)
            assert found.code == "P605"
            assert found.hint
            assert in_language(found, "ar").hint != found.hint


def test_no_finding_can_be_made_without_a_way_out() -> None:
    """The checker has hundreds of places that report: the signature asks each of them."""
    asked = inspect.signature(Reporter.report).parameters["hint"]
    assert asked.default is inspect.Parameter.empty
    assert asked.annotation == "str"


@pytest.mark.parametrize("spec", CODES.values(), ids=CODES)
def test_a_code_can_be_explained(spec: CodeSpec) -> None:
    text = show_code(spec.code.lower(), str, "en")
    assert text is not None
    assert spec.title in text
    assert spec.explanation in text


def test_what_no_file_can_show_has_no_example() -> None:
    assert set(CODES) - set(CHECKED) == {"P605"}
    told = show_code("P605", str, "en")
    assert told is not None
    assert "In " not in told
    assert "instead" not in told


def test_unknown_code_has_no_explanation() -> None:
    assert show_code("P999", str, "en") is None


def test_codes_are_in_order_and_unique() -> None:
    assert list(CODES) == sorted(CODES)
