"""AutoModerator's documented meaning and the imported pack agree, check by check."""

from __future__ import annotations

import re

import pytest
from tests.importing.conftest import Case, agree, cases, engine_of, fired

from hakam.importing import packing
from hakam.importing.automoderator import read
from hakam.importing.carried import Status

PAGE = """\
Rules of r/example. Nothing here is a rule.

---
    # Doxxing
    title+body (regex): ['\\d{3}-\\d{4}']
    action: remove
    modmail: |
        {{permalink}}
 \t
        Please look.
---
# only a comment
---
#### Flair
type: submission
title: "[help]"
set_flair: "Help"
---
Moderators_exempt: false
title: bad
action: remove
title: worse
"""


@pytest.mark.parametrize("case", cases("automoderator"), ids=lambda case: case.name)
def test_a_rule_means_what_it_meant(case: Case) -> None:
    agree(case, read({"automoderator.yaml": case.source}))


def test_a_page_is_read_rule_by_rule_with_its_lines() -> None:
    made = read({"page.yaml": PAGE})
    assert [(entry.line, entry.what, entry.status) for entry in made.entries] == [
        (1, "Rules of r/example. Nothing here is a rule.", Status.LEFT_OUT),
        (5, "Doxxing", Status.APPROXIMATED if made.entries[1].notes else Status.CARRIED),
        (15, "Flair", Status.LEFT_OUT),
        (19, "Moderators_exempt: false", Status.CARRIED),
    ]
    engine = engine_of(made)
    assert fired(engine, {"item": {"text": "call 555-1234"}}) == ["doxxing"]
    # the later of two keys holds, and moderators are not exempt
    assert len(fired(engine, {"item": {"title": "worse"}, "author": {"labels": ["moderator"]}})) == 1
    assert fired(engine, {"item": {"title": "bad"}}) == []


def test_all_rules_only_watch_and_name_a_clause() -> None:
    rules = read({"page.yaml": PAGE}).files["rules.yaml"]
    assert re.findall("stage: (.*)", rules) == ["shadow", "shadow"]
    assert set(re.findall("policy: (.*)", rules)) == {"imported"}


def test_two_rules_of_one_name_get_two_ids() -> None:
    text = "# Same\ntitle: a1\naction: remove\n---\n# Same\ntitle: b1\naction: remove\n"
    assert [entry.rule for entry in read({"p": text}).entries] == ["same", "same-2"]


def test_a_rule_that_the_checker_refuses_is_left_out_and_the_others_stay() -> None:
    text = (
        f"# Long\ntitle (regex): ['{'a' * 2100}']\naction: remove\n---\n# Fine\ntitle: fine\naction: remove\n"
    )
    made = read({"p": text})
    assert [(entry.what, entry.status) for entry in made.entries] == [
        ("Long", Status.LEFT_OUT),
        ("Fine", Status.CARRIED),
    ]
    assert made.entries[0].notes == (f"the pattern `{'a' * 80} ...`: a pattern of 2,105 characters",)
    assert fired(engine_of(made), {"item": {"title": "fine"}}) == ["fine"]


def test_more_rules_than_a_pack_holds_are_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MAX_RULES", 2)
    assert read({"page.yaml": PAGE}).files["rules.yaml"].count("- rule: ") == 2
    more = f"{PAGE}\n---\ntitle: another\naction: remove\n"
    with pytest.raises(ValueError, match="3 rules, and a pack holds 2 at most: divide them"):
        read({"page.yaml": more})


def test_nothing_makes_an_empty_pack() -> None:
    made = read({"p": "# nothing\n---\n"})
    assert made.entries == []
    assert engine_of(made).pack.rules == ()


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("body_longer_than: lots", "`body_longer_than: lots` is no number"),
        ("body_shorter_than: true", "`body_shorter_than: True` is no number"),
        ("reports:", "`reports: None` is no number"),
        ("reports: [2]", "`reports: [2]` is no number"),
        ("author: {account_age: {a: 1}}", "account_age"),
    ],
)
def test_a_wrong_value_leaves_out_its_own_rule_alone(check: str, why: str) -> None:
    made = read({"p": f"# Odd\n{check}\naction: remove\n---\n# Fine\ntitle: fine\naction: remove\n"})
    assert [(entry.what, entry.status) for entry in made.entries] == [
        ("Odd", Status.LEFT_OUT),
        ("Fine", Status.CARRIED),
    ]
    assert why in made.entries[0].notes[0]
