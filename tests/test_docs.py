"""Documented or it does not exist: pages fit the code, links lead somewhere, examples work."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import msgspec
import pytest

from hakam.api.problems import ProblemKind as ApiProblemKind
from hakam.cli.doctor import modules
from hakam.cli.explanations import all_codes
from hakam.compliance.facts import FactKind
from hakam.door.problems import ProblemKind
from hakam.enforcement.kinds import EffectKind
from hakam.policy.codes import CODES
from hakam.policy.pack import load_pack
from hakam.staff.roles import Permission, Role, Scope
from hakam.storage.packs import read_folder
from hakam.vocabulary.event import Event
from hakam.vocabulary.harm import Harm
from hakam.vocabulary.measure import MeasureKind
from hakam.wiring.ports import default_pack
from hakam.wiring.settings import Settings, read_settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    """Load scripts/write_reference.py, which is no module of the package."""
    spec = importlib.util.spec_from_file_location("write_reference", ROOT / "scripts" / "write_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["write_reference"] = module
    spec.loader.exec_module(module)
    return module


def test_generated_pages_fit_the_code(writer: ModuleType) -> None:
    assert writer.stale() == [], "run `make reference`"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("reference/settings.md", [f"HAKAM_{field.name.upper()}" for field in fields(Settings)]),
        ("reference/permissions.md", [*Permission, *Scope]),
        ("reference/permissions.md", [role.value.replace("_", " ") for role in Role]),
        ("reference/problems.md", [kind.value.slug for kind in ProblemKind]),
        ("reference/problems.md", [kind.value.slug for kind in ApiProblemKind]),
        ("reference/findings.md", list(CODES)),
        ("reference/measures.md", list(MeasureKind)),
        ("reference/harms.md", list(Harm)),
        ("reference/facts-and-effects.md", [*FactKind, *EffectKind]),
        ("how-to/connect-a-platform.md", list(EffectKind)),
    ],
)
def test_every_word_of_a_closed_list_is_documented(page: str, words: list[str]) -> None:
    text = text_of(page)
    assert [word for word in words if word not in text] == []


def test_every_command_is_documented(writer: ModuleType) -> None:
    text = text_of("reference/cli.md")
    names = [name for name, _ in writer.commands()]
    assert len(names) >= 15
    assert [name for name in names if f"## {name}\n" not in text] == []


def test_every_command_and_option_says_what_it_is_for(writer: ModuleType) -> None:
    for name, command in writer.commands():
        assert command.help, name
        for param in command.params:
            if not getattr(param, "hidden", False):
                assert param.help, f"{name}: {param.name}"


def test_every_code_of_the_doctor_is_documented(writer: ModuleType) -> None:
    text = text_of("reference/findings.md")
    assert [code for code in all_codes() if f"`{code}`" not in text] == []


def test_no_code_means_two_things() -> None:
    seen = [code for module in modules().values() for code in module.CODES] + list(CODES)
    assert sorted(seen) == sorted(set(seen))


# Law ----------------------------------------------------------------------------------------------


def test_every_clause_that_the_code_cites_has_its_duty(writer: ModuleType) -> None:
    known = writer.duties()
    missing = sorted({(c.law, c.clause) for c in writer.citations() if (c.law, c.clause) not in known})
    assert missing == [], "say in docs/law/duties.toml what these clauses ask for"


def test_every_file_that_implements_law_has_a_test(writer: ModuleType) -> None:
    passive = re.compile(r"/(models|kinds|wording_\w+|apps|__init__|shapes)\.py$")
    files = sorted({c.file for c in writer.citations() if not passive.search(c.file)})
    assert len(files) > 10
    bare = [f for f in files if writer.test_of(f) is None]
    uncited = [
        f
        for f in bare
        if not any(writer.tests_citing(c.law, c.clause) for c in writer.citations() if c.file == f)
    ]
    assert uncited == []


# What DSA Arts 9 to 28 ask of intermediaries, hosts and platforms; Art. 19 only says who is exempt.
TIERS_ONE_TO_THREE = [number for number in range(9, 29) if number != 19]


@pytest.mark.parametrize("article", TIERS_ONE_TO_THREE)
def test_every_article_of_the_first_three_tiers_is_done_and_tried_or_left_to_the_operator(
    writer: ModuleType, article: int
) -> None:
    def of_it(clause: str) -> bool:
        return re.match(r"\d+", clause)[0] == str(article)  # type: ignore[index]

    tried = [
        c
        for c in writer.citations()
        if c.law == "dsa"
        and of_it(c.clause)
        and (writer.test_of(c.file) or writer.tests_citing(c.law, c.clause))
    ]
    left = [clause for law, clause in writer.operators() if law == "dsa" and of_it(clause)]
    assert tried or left, f"Art. {article} has neither a file with a test nor a task of the operator"


# The paragraphs that ask something of who runs a service, so that none is forgotten; marketplaces included.
ASKED = {
    "dsa": """9(1) 9(5) 10(1) 10(5) 11(1) 11(2) 11(3) 12(1) 12(2) 13(1) 13(2) 13(4) 14(1) 14(2) 14(3) 14(4) 15(1) 15(3)
        16(1) 16(2) 16(4) 16(5) 16(6) 17(1) 17(2) 17(3) 17(4) 18(1) 18(2) 20(1) 20(3) 20(4) 20(5) 20(6) 21(1) 21(2)
        21(5) 22(1) 22(6) 23(1) 23(2) 23(3) 23(4) 24(1) 24(2) 24(3) 24(5) 25(1) 26(1) 26(2) 26(3) 27(1) 27(2) 27(3)
        28(1) 28(2) 30(1) 31(1) 32(1)""",
    "tco": """3(3) 3(6) 3(7) 3(8) 4(2) 4(7) 5(1) 5(2) 5(5) 6(1) 6(2) 7(1) 7(2) 7(3) 10(1) 10(2) 11(1) 11(2) 11(3) 14(5)
        15 17""",
}


@pytest.mark.parametrize("law", ASKED)
def test_every_paragraph_that_asks_something_is_in_the_table(writer: ModuleType, law: str) -> None:
    cited = {c.clause for c in writer.citations() if c.law == law}
    left = {clause for of, clause in writer.operators() if of == law}
    assert set(ASKED[law].split()) - cited - left == set()
    assert {clause for of, clause in writer.operators() if (of, clause) not in writer.duties()} == set()


def test_a_box_that_the_operator_ticks_is_no_work_of_hakam(writer: ModuleType) -> None:
    # DSA Art. 26(1): whether adverts are labelled is attested in a checklist, and nothing else is built
    table = _table(writer, "Digital Services Act")
    rows = dict(re.findall(r"^\| Art\. (\S+) \| .*? \| ([^|]*) \|", table, re.MULTILINE))
    for clause in ("25(1)", "26(1)", "27(1)", "28(1)"):
        assert rows[clause].startswith("the operator: "), clause
    for clause in ("12(1)", "24(2)"):  # checked, or done
        assert rows[clause].startswith("Hakam"), clause
    checklist = ["src/hakam/regulator/checklists.json"]
    assert not writer.built(("dsa", "26(1)"), checklist)
    assert writer.built(("dsa", "26(1)"), [*checklist, "src/hakam/console/outside/contact.py"])
    assert writer.built(("dsa", "14(1)"), checklist)  # what is attested nowhere is looked at
    assert not writer.built(("dsa", "13(2)"), [])


def _table(writer: ModuleType, law: str) -> str:
    page: str = writer.law_page()
    start = page.index(f"## {law}")
    return page[start : page.index("\n## ", start + 1)]


def _duties_of_tiers(writer: ModuleType) -> list[tuple[str, str]]:
    """Return every duty of T1 to T3 of the DSA, and of the other laws of content, by law and clause."""
    every = {*writer.duties(), *writer.operators(), *((c.law, c.clause) for c in writer.citations())}
    laws = {"tco", "osa", "takedown", "itrules", "auosa"}
    return sorted(
        (law, clause)
        for law, clause in every
        if law in laws or (law == "dsa" and int(re.match(r"\d+", clause)[0]) in TIERS_ONE_TO_THREE)  # type: ignore[index]
    )


def test_no_duty_of_the_first_three_tiers_is_without_a_file_and_a_test_unless_the_operator_does_it(
    writer: ModuleType,
) -> None:
    files: dict[tuple[str, str], list[str]] = {}
    for cited in writer.citations():
        files.setdefault((cited.law, cited.clause), []).append(cited.file)
    bare = [
        key
        for key in _duties_of_tiers(writer)
        if key not in writer.operators()
        and not (files.get(key) and (writer.tests_citing(*key) or any(map(writer.test_of, files[key]))))
    ]
    assert len(_duties_of_tiers(writer)) > 90
    assert bare == []


# Links and examples -------------------------------------------------------------------------------

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<to>[^)\s]+)\)")


def anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for match in _LINK.finditer(page.read_text(encoding="utf-8")):
        target, _, anchor = match["to"].partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
            broken.append(match["to"])
    assert broken == []


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    language: str
    text: str


def blocks(language: str) -> Iterator[Block]:
    for page in PAGES:
        for found in re.finditer(
            r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            if found[1] == language:
                yield Block(str(page.relative_to(ROOT)), language, found[2])


def shell_lines() -> list[tuple[str, str]]:
    joined = ((block.page, block.text.replace("\\\n", " ")) for block in blocks("sh"))
    ours = re.compile(r"(\S*/)?(hakam|make|python) ")
    return [(page, line) for page, text in joined for line in text.splitlines() if ours.match(line)]


def test_every_command_in_the_documents_exists_with_its_options(writer: ModuleType) -> None:
    """Each `hakam ...` of a shell block names a command that is there, and options that it has."""
    known = dict(writer.commands())
    checked = 0
    for page, line in shell_lines():
        words = shlex.split(line, comments=True)
        if words and words[0].endswith("python") and words[1:3] == ["-m", "hakam.cli"]:
            words = ["hakam", *words[3:]]
        if not words or not words[0].endswith("hakam"):
            continue
        words[0] = "hakam"
        name = next((" ".join(words[:n]) for n in (3, 2) if " ".join(words[:n]) in known), None)
        assert name, f"{page}: {line}"
        flags = {flag for param in known[name].params for flag in param.opts}
        wrong = [word for word in words if word.startswith("--") and word.split("=")[0] not in flags]
        assert wrong == [], f"{page}: {line}"
        checked += 1
    assert checked >= 15


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        words[1] for _, line in shell_lines() if (words := shlex.split(line, comments=True))[:1] == ["make"]
    }
    assert {"run", "test"} <= named <= targets


def test_settings_in_the_documents_are_settings() -> None:
    named = {
        name: "1"
        for page in PAGES
        for name in re.findall(r"\bHAKAM_[A-Z_]+[A-Z]\b(?!_)(?!<)", page.read_text(encoding="utf-8"))
        if not name.startswith("HAKAM_SECRET") and page.name != "CHANGELOG.md"
    }
    assert len(named) > 10
    fit = {"HAKAM_" + field.name.upper() for field in fields(Settings)}
    assert sorted(set(named) - fit) == []


def test_every_secret_is_documented() -> None:
    asked = re.compile(r"(?:\bsecret|given_secret|_given)\((f?)\"([a-z-]+)(?:\{[a-z_.]+\})?\"\)")
    source = "\n".join(path.read_text() for path in (ROOT / "src" / "hakam").rglob("*.py"))
    names = {name + ("<" if formatted else "`") for formatted, name in asked.findall(source)}
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert len(names) > 10
    assert [name for name in sorted(names) if f"| `{name}" not in page] == []


def test_the_event_in_the_documents_is_an_event() -> None:
    body = re.search(r"-d '(\{.*?\})'", text_of("how-to/connect-a-platform.md"), re.DOTALL)
    assert body is not None
    event = msgspec.json.decode(body[1], type=Event)
    assert event.item.text == "Hello, everybody"


def test_the_settings_in_the_documents_can_be_read() -> None:
    shown = next(block.text for block in blocks("sh") if "HAKAM_BEHIND_TLS" in block.text)
    settings = read_settings(dict(line.split("=", 1) for line in shown.splitlines() if line))
    assert settings.behind_tls
    assert settings.platform_name == "My Forum"


def test_the_rule_in_the_documents_can_be_loaded() -> None:
    shown = next(block.text for block in blocks("yaml") if block.page == "docs/how-to/write-a-rule.md")
    files = read_folder(default_pack())
    policy = re.search(r"policy: (\S+)", shown)
    assert policy is not None
    files["rules/shown.yaml"] = shown
    errors = [f for f in load_pack(files).findings if f.severity == "error"]
    assert errors == []


def test_each_decision_says_what_it_should() -> None:
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert len(records) >= 9
    for record in records:
        text = record.read_text(encoding="utf-8")
        number = record.name[:4].lstrip("0")
        assert re.match(rf"# 0*{number}[.:]? \S", text), f"{record.name} has no title"
        assert re.search(r"^(## |\*\*)Decision", text, re.MULTILINE), f"{record.name} decides nothing"
        named = re.findall(r"`((?:src|tests|scripts|docs)/[^`*]+?)`", text)
        assert named, f"{record.name} names no file"
        gone = [name for name in named if not (ROOT / name).exists()]
        assert gone == [], record.name


def test_the_documents_speak_of_the_project_alone() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for word in ("/work/", "TODO", "FIXME", "issue #", "lorem"):
            assert word not in text, f"{page.name}: {word}"
