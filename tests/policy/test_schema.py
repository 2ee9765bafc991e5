"""The schemas for editors accept what the checker accepts, and know the same keys."""

from __future__ import annotations

import re
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from hakam.policy.codes import CODES
from hakam.policy.schema import KEYS, SCHEMAS
from hakam.storage.packs import read_folder


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name]())


@pytest.mark.parametrize("name", KEYS)
def test_keys_are_those_that_the_checker_reads(name: str) -> None:
    schema = SCHEMAS[name]()
    body = schema.get("items", schema)
    assert set(body["properties"]) == set(KEYS[name])


def validate(name: str, text: str) -> None:
    jsonschema.Draft202012Validator(SCHEMAS[name]()).validate(YAML(typ="safe", pure=True).load(text))


def test_the_sample_pack_is_valid(packs: Any) -> None:
    files = packs.files("author.posts > 3", 'word(text.folded, "x")')
    for name in ("pack", "policies", "rules"):
        validate(name, files[f"{name}.yaml"])


def test_the_default_pack_is_valid() -> None:
    folder = Path(str(package_files("hakam"))) / "packs" / "default"
    seen = set()
    for path, text in read_folder(folder).items():
        name = path.split("/")[0].removesuffix(".yaml")
        if name in SCHEMAS and path.endswith(".yaml"):
            validate(name, text)
            seen.add(name)
    assert {"pack", "policies", "rules", "tests"} <= seen


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pack", "id: X\nversion: '1'\nmaturity: test\nlanguages: [en]\n"),
        ("pack", "id: x\nversion: 1\nmaturity: test\nlanguages: [en]\n"),
        ("rules", "- rule: a\n  policy: b\n  stage: lvie\n  when: c\n  then: [d]\n"),
        ("rules", "- rule: a\n  policy: b\n  stage: live\n  when: c\n  then: []\n"),
        ("rules", "- rule: a\n  policy: b\n  stage: live\n  wenn: c\n  then: [d]\n"),
        ("tests", "- test: a\n"),
        ("terms", "A B: author.verified\n"),
    ],
)
def test_mistakes_are_not_valid(name: str, text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(name, text)


DOCS = Path(__file__).parents[2] / "docs"
FIRST_KEYS = {
    "- rule:": "rules",
    "- policy:": "policies",
    "- test:": "tests",
    "- param:": "params",
    "params:": "tuned",
    "id:": "pack",
}


def documented() -> list[tuple[str, str]]:
    """Return the examples of a pack's files that stand in the documentation, with the name of the file."""
    found = []
    for page in ("reference/rule-language.md", "how-to/write-a-pack.md", "how-to/write-a-rule.md"):
        for block in re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL):
            lines = [line for line in block.split("\n") if line and not line.startswith("#")]
            name = next(
                (name for start, name in FIRST_KEYS.items() if lines and lines[0].startswith(start)), None
            )
            if name is not None:
                found.append((name, block))
    return found


@pytest.mark.parametrize(("name", "text"), documented())
def test_examples_of_the_documentation_are_valid(name: str, text: str) -> None:
    validate(name, text)


def test_the_documentation_has_an_example_of_each_file_with_keys() -> None:
    assert {name for name, _ in documented()} >= set(KEYS)


@pytest.mark.parametrize(
    "code", [code for code, spec in CODES.items() if spec.where.endswith(".yaml") and spec.good]
)
def test_the_repair_of_each_finding_is_valid(code: str) -> None:
    spec = CODES[code]
    name = spec.where.removesuffix(".yaml")
    if name in SCHEMAS:
        validate(name, spec.good)


@pytest.mark.parametrize("code", ["P007", "P008", "P009", "P011", "P012", "P017", "P402"])
def test_an_editor_marks_what_is_wrong_in_the_shape(code: str) -> None:
    spec = CODES[code]
    with pytest.raises(jsonschema.ValidationError):
        validate(spec.where.removesuffix(".yaml"), spec.bad)
