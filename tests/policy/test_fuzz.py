"""Whatever is given as a pack, loading it never raises, and every finding has a code and a place in a file."""
# ruff: noqa: E501 -- tables of examples

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hakam.policy.codes import CODES
from hakam.policy.engine import compile_pack
from hakam.policy.pack import load_pack
from hakam.policy.render import render

quiet = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

TOKENS = (
    "author.posts", "text.folded", "text.raw", "and", "or", "not", "in", "(", ")", "[", "]", ",", "<", ">=", "==", "!=", "3",
    "0.5", '"spam"', "r'\\d+'", "contains_any", "matches", "word", "count", "distinct", "by=", "within=", '"10m"', "known",
    "len", 'list("bad-words")', "list", "None", "True", "lambda", "x", ":", "if", "else", "{", "}", "f'{x}'", "**", "*", "-",
    "//", "%", "@", "~", "await", "extra.karma", 'scores["x"]', "scores[", "\n", "#", "\\", "'", '"', "اقتل", "\u202e", "\x00", "😀",
    "9" * 5_000, "1e999", "0x1F", "1_000", "is", "...", ":=", "yield", "print", "__import__('os')", "author.__class__",
)  # fmt: skip
expressions = st.one_of(
    st.lists(st.sampled_from(TOKENS), max_size=14).map(" ".join),
    st.text(max_size=60),
    st.recursive(
        st.sampled_from(
            ["author.posts > 3", "author.verified", 'word(text.folded, "x")', "author.name", "3"]
        ),
        lambda below: st.tuples(below, st.sampled_from(["and", "or", "+", "==", "in", ","]), below).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        max_leaves=12,
    ),
)


def check(files: dict[str, str]) -> None:
    loaded = load_pack(files)
    for finding in loaded.findings:
        assert finding.code in CODES
        assert finding.message
        if finding.span is None:
            assert finding.code in {"P001", "P005", "P505"}
        else:
            assert finding.span.line >= 1
            assert finding.span.column >= 1
            assert (finding.span.end_line, finding.span.end_column) > (finding.span.line, finding.span.column)
            if finding.span.file in files:
                lines = files[finding.span.file].replace("\r\n", "\n").replace("\r", "\n").split("\n")
                assert finding.span.line <= len(lines) + 1
    assert render(loaded.findings, files)
    assert (loaded.pack is None) is bool(loaded.errors)
    if loaded.pack is not None:
        compile_pack(loaded.pack)


@given(st.lists(expressions, min_size=1, max_size=3))
@quiet
def test_any_expression(packs: Any, conditions: list[str]) -> None:
    files = packs.files("author.posts > 3")
    quoted = [one.replace("\x00", "").replace("'", "''") for one in conditions]
    files["rules.yaml"] += "".join(
        f"- rule: f{n}\n  policy: spam\n  stage: live\n  when: '{one}'\n  then: [limit_reach]\n"
        for n, one in enumerate(quoted)
    )
    check(files)
    check(packs.files(*conditions))


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200), st.sampled_from(["then", "stage", "policy"])
)
@quiet
def test_any_text_elsewhere_in_a_rule(packs: Any, text: str, key: str) -> None:
    check(packs.files("author.posts > 3", **{key: text}))


yaml_bits = st.lists(
    st.sampled_from(
        ["- ", "rule: r\n", "  when: ", "|\n", ">\n", "[", "]", "{", "}", "&a ", "*a", "!!python/object:x ", "? ", ": ", "\t",
         "'", '"', "#", "---\n", "...\n", "%YAML 1.1\n", "<<: ", "yes", "012", "~", "null", "- - - ", "\n", "  ", "x", "é", "\u2028", "\x85"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "pack.yaml",
                "policies.yaml",
                "rules.yaml",
                "terms.yaml",
                "tests.yaml",
                "rules/a.yaml",
                "lists/x.txt",
                "other",
            ]
        )
        | st.text(max_size=12),
        yaml_bits | st.text(max_size=80) | st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")),
        max_size=5,
    )
)
@quiet
def test_any_files(files: dict[str, str]) -> None:
    check(files)


@given(st.data())
@quiet
def test_a_sound_pack_with_something_cut_out_or_put_in(packs: Any, data: st.DataObject) -> None:
    files = packs.files(
        'contains_any(text.folded, list("bad-words"))', 'count(by=author.id, within="10m") > 3'
    )
    path = data.draw(st.sampled_from(sorted(files)))
    text = files[path]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 12, len(text))))
    files[path] = text[:start] + data.draw(yaml_bits | st.text(max_size=4)) + text[end:]
    check(files)


def test_nested_brackets_and_parentheses_end(packs: Any) -> None:
    check({"rules.yaml": "[" * 5_000})
    check({"rules.yaml": "- " * 3_000})
    check({"rules.yaml": "{a: " * 3_000})
    check(packs.files("(" * 3_000 + "author.verified" + ")" * 3_000))
    check(packs.files("not " * 5_000 + "author.verified"))
    check(packs.files("author" + ".x" * 5_000))


def test_terms_that_double_each_time_are_refused(packs: Any) -> None:
    files = packs.files("t0")
    files["terms.yaml"] = (
        "".join(f"t{n}: t{n + 1} and t{n + 1}\n" for n in range(40)) + "t40: author.verified\n"
    )
    loaded = load_pack(files)
    assert "P110" in {finding.code for finding in loaded.findings}
    assert loaded.pack is None


def test_many_findings_are_cut_and_it_is_said(packs: Any) -> None:
    files = packs.files("author.posts > 3")
    files["rules.yaml"] = "- x\n" * 3_000
    loaded = load_pack(files)
    assert len(loaded.findings) == 1_001
    assert any(finding.code == "P005" and "2000" in finding.message for finding in loaded.findings)


def test_more_warnings_than_are_shown_do_not_refuse_a_pack(packs: Any) -> None:
    loaded = load_pack(packs.files(*(f"author.posts > {n}" for n in range(1_100))))
    cut = [finding for finding in loaded.findings if finding.code == "P005"]
    assert [str(finding.severity) for finding in cut] == ["warning"]
    assert loaded.pack is not None
    assert not loaded.errors


def test_an_error_behind_too_many_warnings_refuses_the_pack(packs: Any) -> None:
    files = packs.files(*(f"author.posts > {n}" for n in range(1_100)))
    files["tests.yaml"] = "- no test\n"
    loaded = load_pack(files)
    assert loaded.errors
    assert loaded.pack is None


def test_all_findings_of_a_pack_are_made_at_once(packs: Any) -> None:
    codes = packs.codes(
        'author.folowers > "3" and contains_any(text.folded, list("no-such")) and frist(text.raw)', "len(1) >"
    )
    assert codes == ["P103", "P111", "P104", "P101"]
