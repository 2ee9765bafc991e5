"""What the person at the keyboard sees: findings, errors with their exit codes, conditions drawn as trees."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from tests.cli.conftest import PACK

from hakam.cli.explanations import all_codes, code, tree_of
from hakam.cli.screen import CommandError, complain, show_findings, show_whole, table
from hakam.policy.engine import compile_pack
from hakam.policy.explain import explain
from hakam.policy.fragments import event_of
from hakam.policy.pack import load_pack
from hakam.signals.measure import measure
from hakam.testing import scene
from hakam.vocabulary.finding import Finding, Severity, Span
from hakam.wiring.settings import SettingError
from hakam.wiring.start import NotReadyError


def shown(*findings: Finding) -> str:
    """Return what is printed on a narrow screen without colours."""
    page = io.StringIO()
    show_findings(findings, to=Console(file=page, width=40, highlight=False))
    return page.getvalue()


def found(message: str, severity: Severity = Severity.ERROR, **more: object) -> Finding:
    return Finding(code="W001", severity=severity, message=message, **more)  # type: ignore[arg-type]


def test_a_finding_is_one_line_however_narrow_the_screen_with_its_hint_below() -> None:
    said = shown(
        found("the database lacks migrations, which is a long story", subject="database", hint="run it")
    )
    assert said == ("error W001 database: the database lacks migrations, which is a long story\n    run it\n")


def test_a_place_in_a_file_wins_over_the_subject() -> None:
    said = shown(found("unknown name", subject="rule", span=Span("rules.yaml", 3, 7, 3, 9)))
    assert said.startswith("error W001 rules.yaml:3:7: unknown name")


@pytest.mark.parametrize("message", ["[bold]not markup[/bold]", "[/] unbalanced", "نص عربي", "`a[0]`"])
def test_what_a_finding_says_is_never_markup(message: str) -> None:
    assert message in shown(found(message, subject="[red]x"))
    assert "[red]x" in shown(found(message, subject="[red]x"))


def test_findings_are_counted_by_how_bad_they_are() -> None:
    to = Console(file=io.StringIO())
    counts = show_findings([found("a"), found("b"), found("c", Severity.NOTE)], to=to)
    assert counts == {Severity.ERROR: 2, Severity.WARNING: 0, Severity.NOTE: 1}


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (SettingError("HAKAM_X is no setting"), 2),
        (CommandError("no key has the prefix '[x]'"), 1),
        (NotReadyError("the database is empty"), 1),
    ],
)
def test_an_error_that_can_be_mended_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, exit_code: int
) -> None:
    page = io.StringIO()
    monkeypatch.setattr("hakam.cli.screen.ERR", Console(file=page, width=20, highlight=False))
    with pytest.raises(SystemExit) as ended, complain():
        raise error
    assert ended.value.code == exit_code
    assert page.getvalue() == f"error: {error}\n"
    assert capsys.readouterr().out == ""


def test_a_programming_error_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), complain():
        1 / 0  # noqa: B018 -- it is the error


def test_a_reader_that_went_away_is_no_failure() -> None:
    with pytest.raises(SystemExit) as ended, complain():
        raise BrokenPipeError
    assert ended.value.code == 0


def test_a_table_has_its_columns_in_order() -> None:
    made = table("seq", "fact", title="The story")
    assert [column.header for column in made.columns] == ["seq", "fact"]
    assert made.title == "The story"


# ------------------------------------------------------------------------------------- explaining


def drawn(text: str, rule: str) -> str:
    loaded = load_pack(PACK)
    assert loaded.pack is not None
    event = scene.event(text)
    told = explain(compile_pack(loaded.pack), event, measure(event), {})
    page = io.StringIO()
    Console(file=page, width=160, highlight=False).print(tree_of(told.rule(rule)))
    return page.getvalue()


def test_a_rule_that_fired_shows_its_condition_and_what_would_have_turned_it() -> None:
    said = drawn("buy now", "says-buy")
    assert said.startswith("says-buy (live, spam): yes\n")
    assert 'word(text.folded, "buy")' in said
    assert "it would be otherwise" in said


def test_a_rule_that_did_not_fire_says_so() -> None:
    assert drawn("good morning", "says-buy").startswith("says-buy (live, spam): no\n")
    assert drawn("for free", "says-free").startswith("says-free (shadow, spam): yes\n")


@pytest.mark.parametrize("text", ["buy [bold]x[/bold]", "buy [/]", "buy \u202ex", "اشتر buy"])
def test_no_text_of_a_user_breaks_the_tree(text: str) -> None:
    assert "says-buy (live, spam): yes" in drawn(text, "says-buy")


# ------------------------------------------------------------------------------------- codes


@pytest.mark.django_db
def test_every_code_of_the_doctor_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    codes = all_codes()
    assert {"W001", "W007"} <= set(codes)
    for name, meaning in codes.items():
        code(name)
        assert meaning in " ".join(capsys.readouterr().out.split()), name


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "W999", "w001", "[red]", "سلام"])
def test_an_unknown_code_says_where_all_stand(name: str) -> None:
    with pytest.raises(CommandError, match=r"docs/reference/findings\.md lists all"):
        code(name)


def test_a_rule_that_is_off_and_a_value_of_a_community_are_told() -> None:
    files = {
        **PACK,
        "rules.yaml": PACK["rules.yaml"] + "- rule: many\n  policy: spam\n  stage: live\n"
        "  when: author.posts > params.most\n  then: [limit_reach]\n",
        "params.yaml": "- param: most\n  type: number\n  least: 1\n  most: 100\n  default: 3\n",
        "tuned.yaml": "communities:\n  chess: {without: [many]}\n  cooking: {params: {most: 50}}\n",
    }
    pack = load_pack(files).pack
    assert pack is not None
    said = {}
    for community in ("chess", "cooking"):
        event = event_of({"author": {"posts": 9}, "item": {"community": community}})
        assert event is not None
        page = io.StringIO()
        found = explain(compile_pack(pack), event, measure(event), {}).rule("many")
        Console(file=page, width=160, highlight=False).print(tree_of(found))
        said[community] = page.getvalue()
    assert said["chess"].startswith(
        "many (live, spam): no, switched off in the community chess; its condition alone:\n"
    )
    assert "otherwise" not in said["chess"]
    assert "params.most is 50 in the community cooking, 3 elsewhere" in said["cooking"].replace("`", "")


def test_figures_are_whole_on_a_narrow_screen(capsys: pytest.CaptureFixture[str]) -> None:
    rows = table("what is tested", *(f"right: {tier}" for tier in ("linear", "encoder", "both")))
    cells = ["blaming a whole group of people", *["98.123% (97.001-99.004%)"] * 3]
    rows.add_row(*cells)
    show_whole(rows)
    head, line = capsys.readouterr().out.splitlines()
    assert line.split("  ") == cells
    assert head.split()[-1] == "both"
