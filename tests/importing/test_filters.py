"""Keyword filters of Mastodon and Discord, and thresholds: documented meaning and pack agree."""

from __future__ import annotations

import json

import pytest
from tests.importing.conftest import Case, agree, cases, engine_of, fired

from hakam.importing import thresholds
from hakam.importing.carried import Status
from hakam.importing.filters import read_discord, read_mastodon
from hakam.policy.testing import run_examples


@pytest.mark.parametrize("case", cases("discord"), ids=lambda case: case.name)
def test_a_rule_of_discord_means_what_it_meant(case: Case) -> None:
    agree(case, read_discord({"rules.json": case.source}))


@pytest.mark.parametrize("case", cases("mastodon"), ids=lambda case: case.name)
def test_a_filter_of_mastodon_means_what_it_meant(case: Case) -> None:
    agree(case, read_mastodon({"filters.json": case.source}))


def test_a_table_of_filters_is_gathered_by_title() -> None:
    table = "title,keyword,whole_word,action\nSpam,free money,true,hide\nSpam,casino,false,hide\n"
    table += "Other,x ray,true,warn\n"
    made = read_mastodon({"filters.csv": table})
    assert [(entry.line, entry.rule) for entry in made.entries] == [(2, "spam"), (4, "other")]
    engine = engine_of(made)
    assert fired(engine, {"item": {"text": "casinos"}}) == ["spam"]
    assert fired(engine, {"item": {"text": "an X-ray"}}) == ["other"]
    assert fired(engine, {"item": {"text": "free moneys"}}) == []


@pytest.mark.parametrize("text", ["title,word\na,b\n", ""])
def test_a_table_without_keywords_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="keyword"):
        read_mastodon({"filters.csv": text})


@pytest.mark.parametrize("text", ["[1]", "7", '["a"]'])
def test_json_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="object"):
        read_discord({"rules.json": text})


def test_words_bring_examples_that_pass() -> None:
    rules = [
        {
            "name": "A",
            "trigger_type": 1,
            "trigger_metadata": {"keyword_filter": ["cat*"]},
            "actions": [{"type": 1}],
        }
    ]
    engine = engine_of(read_discord({"rules.json": json.dumps(rules)}))
    results = list(run_examples(engine))
    assert {bool(result.fired) for result in results} == {True, False}
    assert all(result.passed for result in results)


def test_thresholds_hold_from_their_value_on() -> None:
    given = {
        "perspective": {"TOXICITY": 0.8, "IDENTITY_ATTACK": {"threshold": 0.7, "action": "hold"}},
        "openai": {"hate/threatening": {"threshold": 0.5, "action": "remove"}},
    }
    made = thresholds.read({"limits.json": json.dumps(given, indent=1)})
    assert [(entry.line, entry.rule, entry.status) for entry in made.entries] == [
        (3, "toxicity", Status.APPROXIMATED),
        (4, "identity-attack", Status.APPROXIMATED),
        (10, "hate-threatening", Status.APPROXIMATED),
    ]
    engine = engine_of(made)
    assert fired(engine, {"scores": {"toxicity": 0.8}}) == ["toxicity"]
    assert fired(engine, {"scores": {"toxicity": 0.79}}) == []
    assert fired(engine, {"scores": {"hate": 0.71}}) == ["identity-attack"]
    assert fired(engine, {"scores": {"hate_threatening": 0.5}}) == ["hate-threatening"]
    assert fired(engine, {}) == []
    assert all(result.passed for result in run_examples(engine))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (80, "above 0 and up to 1"),
        ("0.8", "above 0"),
        (True, "above 0"),
        ({"threshold": 0.5, "action": "ban"}, "'ban'"),
    ],
)
def test_a_threshold_that_is_none_is_left_out(given: object, why: str) -> None:
    (entry,) = thresholds.read({"limits.json": json.dumps({"TOXICITY": given})}).entries
    assert entry.status is Status.LEFT_OUT
    assert why in entry.notes[0]


@pytest.mark.parametrize("text", ["[0.8]", "{"])
def test_thresholds_that_are_no_object_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"object|Expecting"):
        thresholds.read({"limits.json": text})
