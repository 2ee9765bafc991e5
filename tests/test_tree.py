"""The shape of the repository: what the house rules say of files, names and tests."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "hakam"
LONGEST = 600
FORBIDDEN_NAMES = {"utils", "helpers", "common", "lib", "misc", "base", "core", "manager"}


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the repository that fit, those not yet committed included."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file())


def lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


def source_files() -> list[Path]:
    return [path for path in tracked("src/*.py") if "migrations" not in path.parts]


def rooms() -> list[str]:
    return sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))


def test_no_file_is_longer_than_one_can_hold_in_mind() -> None:
    long = {
        str(p.relative_to(ROOT)): lines(p)
        for p in tracked("*.py", "*.html", "*.css", "*.js")
        if lines(p) > LONGEST
    }
    vendored = {name for name in long if "/vendor/" in name}
    assert set(long) - vendored == set()


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = {str(path.relative_to(ROOT)) for path in source_files() if path.stem in FORBIDDEN_NAMES}
    assert named == {"src/hakam/wiring/sqlite_in_turn/base.py"}  # Django asks an engine for that name


@pytest.mark.parametrize("room", rooms())
def test_each_room_has_its_tests(room: str) -> None:
    assert list((ROOT / "tests" / room).glob("**/test_*.py")), f"tests/{room} has no test"


def test_there_is_at_least_as_much_test_as_source() -> None:
    source = sum(lines(path) for path in source_files())
    # A test is text: fixtures read line by line count, a pack's examples and the functional tests too.
    written = tracked(
        "tests/*.py",
        "tests/*/fixtures/*.txt",
        "src/hakam/packs/*/tests/*.yaml",
        "src/hakam/signals/evaluation/functional/*.yaml",
    )
    tests = sum(lines(path) for path in written)
    assert tests >= source, f"{tests} lines of test for {source} lines of source"


def test_nothing_is_skipped_or_expected_to_fail_without_a_reason() -> None:
    bare = re.compile(r"pytest\.mark\.(skip|xfail)(?!if)\b(?!\([^)]*reason=)|pytest\.skip\(\s*\)")
    found = {
        str(path.relative_to(ROOT))
        for path in tracked("tests/*.py")
        if path != Path(__file__) and bare.search(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_every_noqa_names_its_rule() -> None:
    bare = re.compile(r"#\s*noqa(?!: [A-Z]+[0-9]+)")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in source_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert found == []


def locked(name: str) -> dict[str, str]:
    """Return name -> version of a lock file."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9][a-z0-9.-]*)==([^\s;\\]+)", text, re.MULTILINE))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_locked_within_its_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    run, dev = locked("run"), locked("dev")
    for text in project["project"]["dependencies"]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(run.get(canonical(wanted.name), "0")), f"{text}: run `make lock`"
    for text in project["dependency-groups"]["dev"]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(dev.get(canonical(wanted.name), "0")), f"{text}: run `make lock`"


def test_what_runs_and_what_is_tested_have_the_same_versions() -> None:
    run, dev = locked("run"), locked("dev")
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}


def test_every_locked_file_has_its_hash() -> None:
    for name in ("run", "dev"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        for block in re.split(r"\n(?=[a-z0-9])", text):
            if "==" in block.split("\n")[0]:
                assert "--hash=sha256:" in block, block.split("\n")[0]


def test_the_installed_package_asks_for_what_the_project_says() -> None:
    names = {canonical(Requirement(text).name) for text in requires("hakam") or []}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {canonical(Requirement(text).name) for text in project["project"]["dependencies"]} <= names


@pytest.mark.parametrize("script", [*tracked("scripts/*"), ROOT / ".ci" / "run"], ids=lambda path: path.name)
def test_shell_scripts_parse(script: Path) -> None:
    if script.suffix == ".py":
        compile(script.read_text(encoding="utf-8"), str(script), "exec")
    else:
        subprocess.run(["bash", "-n", str(script)], check=True)


def test_every_extension_of_the_wheel_is_in_the_package() -> None:
    """Packs, templates and styles are data inside the package: a wheel without them would not start."""
    for needed in (
        "packs/default/pack.yaml",
        "demo/script/posts-ar.yaml",
        "demo/templates/page.html",
        "demo/static/maydan.css",
        "vocabulary/harms.json",
        "compliance/clocks.json",
        "signals/models/linear.bin",
        "signals/models/targets.bin",
        "signals/models/groups.yaml",
        "signals/evaluation/functional/ar.yaml",
        "signals/evaluation/baselines.json",
    ):
        assert (SOURCE / needed).is_file(), needed
