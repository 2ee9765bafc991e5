"""Declarations: what an operator writes, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.adapters.conftest import Declare

from hakam.adapters.declared import DeclarationError, Declared, all_in, read

GOOD = """\
adapter = "onnx"
labels = ["hate"]
languages = ["ar", "en"]
licence = "MIT"
[budget]
calls = 100
[fallback]
then = "review"
clause = "hate"
[settings]
folder = "x"
"""


def test_a_declaration_has_a_name_and_a_version(declare: Declare) -> None:
    one = declare(GOOD)
    assert (one.name, len(one.version)) == ("judge", 12)
    assert one.score("hate") == "judge:hate"
    assert one.what.budget.calls == 100
    assert declare(GOOD + "# a remark\n").version == one.version  # what it says is the same
    assert declare(GOOD.replace("100", "101")).version != one.version


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("labels", "lables", "unknown field `lables`"),
        ('["hate"]', "[]", "`labels`"),
        ('["hate"]', '["a\\"b"]', "matching regex"),
        ("calls = 100", "calls = -1", ">= 0"),
        ('"review"', '"guess"', "Invalid enum value"),
        ('clause = "hate"\n', "", "names the `clause`"),
        ('then = "review"', 'then = "local"', "a head for each label"),
        ("adapter", "[", "Invalid"),
    ],
)
def test_mistakes_are_named(declare: Declare, old: str, new: str, says: str) -> None:
    with pytest.raises(DeclarationError, match=f"judge.toml: .*{says}"):
        declare(GOOD.replace(old, new, 1))


@pytest.mark.parametrize("name", ["encoder", "bank", "Big", "1st", "a b", "x" * 41])
def test_names_that_rules_could_not_read_are_refused(declare: Declare, name: str) -> None:
    with pytest.raises(DeclarationError, match="the name of a model"):
        declare(GOOD, name)


def test_all_declarations_of_a_home(declare: Declare, tmp_path: Path) -> None:
    assert list(all_in(tmp_path / "nowhere")) == []
    declare(GOOD, "second")
    declare(GOOD, "first")
    (tmp_path / "models" / "third.toml").write_bytes(b"\xff")
    found = list(all_in(tmp_path))
    assert [one.name for one in found if isinstance(one, Declared)] == ["first", "second"]
    assert isinstance(found[-1], DeclarationError)
    with pytest.raises(DeclarationError):
        read(tmp_path / "models" / "gone.toml")
