"""Keyword filters of Mastodon and Discord, and thresholds: documented meaning and pack agree."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

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


@pytest.mark.parametrize(
    ("name", "separator"), [("filters.csv", ";"), ("filters.tsv", "\t"), ("filters.TXT", "\t")]
)
def test_a_table_of_filters_is_read_as_spreadsheets_write_it(name: str, separator: str) -> None:
    table = "Keyword|Title|Action\r\nربح; سريع|Spam|hide\r\n||\r\ncasino|Spam|hide\r\n"
    made = read_mastodon({name: table.replace("|", separator).replace("ربح; سريع", '"ربح; سريع"')})
    assert [(entry.what, entry.line) for entry in made.entries if entry.rule] == [("Spam", 2)]
    engine = engine_of(made)
    assert fired(engine, {"item": {"text": "هنا ربح; سريع لكم"}}) == ["spam"]
    assert fired(engine, {"item": {"text": "Casino!"}}) == ["spam"]
    assert fired(engine, {"item": {"text": "ربح"}}) == []


def test_json_in_a_text_file_is_no_table() -> None:
    made = read_mastodon({"filters.txt": '[{"title": "A", "keywords": [{"keyword": "casino"}]}]'})
    assert [entry.rule for entry in made.entries] == ["a"]


def test_rows_of_one_title_that_act_otherwise_are_filters_of_their_own() -> None:
    table = "title,keyword,action,expires_at\nSpam,casino,hide,\nSpam,lottery,warn,\nspam 2,bet,warn,\n"
    table += "Spam,raffle,hide,2999-01-01T00:00:00Z\nSpam,poker,hide,\n"
    made = read_mastodon({"a.csv": table, "b.csv": "keyword\nSpam\n"})
    assert [(entry.what, entry.rule) for entry in made.entries] == [
        ("Spam (hide)", "spam-hide"),
        ("Spam (warn)", "spam-warn"),
        ("spam 2", "spam-2"),
        ("Spam (hide, 2999-01-01T00:00:00Z)", "spam-hide-2999-01-01t00-00-00z"),
        ("Spam", "spam"),
    ]
    engine = engine_of(made)
    for text, rule in (
        ("casino", "spam-hide"),
        ("poker", "spam-hide"),
        ("lottery", "spam-warn"),
        ("bet", "spam-2"),
    ):
        assert fired(engine, {"item": {"text": text}}) == [rule]
    measures = {rule.id: [str(one.kind) for one in rule.measures] for rule in engine.pack.rules}
    assert (measures["spam-hide"], measures["spam-warn"]) == (["limit_reach"], ["label"])


def test_ids_are_of_one_rule_each_whatever_their_titles() -> None:
    made = read_mastodon(
        {"a.csv": "title,keyword\nX 2,a1\nX,b1\nx,c1\nX!,d1\n", "b.csv": "title,keyword\nX,e1\nX-2,f1\n"}
    )
    ids = [entry.rule for entry in made.entries]
    assert None not in ids
    assert len(set(ids)) == 6
    assert len(engine_of(made).pack.rules) == 6


@pytest.mark.parametrize("title", ["No", "y", "OFF", "true", "Null"])
def test_a_title_that_yaml_takes_for_a_value_names_a_rule_all_the_same(title: str) -> None:
    made = read_mastodon({"a.json": json.dumps({"title": title, "keywords": [{"keyword": "cat"}]})})
    assert [entry.rule for entry in made.entries] == [f"rule-{title.lower()}"]
    assert [rule.id for rule in engine_of(made).pack.rules] == [f"rule-{title.lower()}"]


@pytest.mark.parametrize(
    ("words", "silent"), [(["."], ","), (["a.b", ",", "c"], ";"), (["cat"], "."), ([".,;:-"], None)]
)
def test_a_sign_among_the_keywords_is_no_text_without_one(words: list[str], silent: str | None) -> None:
    filter_ = {"title": "t", "keywords": [{"keyword": word} for word in words]}
    discord = {"name": "t", "trigger_type": 1, "trigger_metadata": {"keyword_filter": [f"*{word}*" for word in words]},
               "actions": [{"type": 1}]}  # fmt: skip
    for made in (
        read_mastodon({"a.json": json.dumps(filter_)}),
        read_discord({"a.json": json.dumps(discord)}),
    ):
        assert [entry.rule for entry in made.entries] == ["t"], made.entries
        (example,) = [one for one in engine_of(made).pack.examples if one.name == "t 2"]
        if silent is not None:
            assert (example.event.item.text, example.silent) == (silent, ("t",))


def test_a_filter_that_has_ended_is_left_out_and_said() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    filters = [
        {
            "title": name,
            "filter_action": "hide",
            "expires_at": until,
            "keywords": [{"keyword": name, "whole_word": True}],
        }
        for name, until in (
            ("over", "2026-06-01T00:00:00.000Z"),
            ("running", "2026-06-01T01:00:00.000Z"),
            ("elsewhere", "2026-06-01T01:00:00+02:00"),
            ("zoneless", "2026-06-02 00:00:00"),
            ("wrong", "soon"),
            ("endless", None),
        )
    ]
    made = read_mastodon({"filters.json": json.dumps(filters, indent=1)}, now=now)
    assert {entry.what: entry.notes for entry in made.entries if entry.rule is None} == {
        "over": ("it ended at 2026-06-01 00:00 UTC",),
        "elsewhere": ("it ended at 2026-05-31 23:00 UTC",),
        "wrong": ("it ends at `soon`, which is no moment",),
    }
    engine = engine_of(made)
    for at, names in (("2026-06-01T00:30:00Z", ["running"]), ("2026-06-01T02:00:00Z", [])):
        assert fired(engine, {"at": at, "item": {"text": "running"}}) == names
    assert fired(engine, {"at": "2026-06-01T23:00:00Z", "item": {"text": "zoneless"}}) == ["zoneless"]
    assert fired(engine, {"at": "2999-06-01T23:00:00Z", "item": {"text": "endless"}}) == ["endless"]


@pytest.mark.parametrize(
    ("text", "has"),
    [("title,word\na,b\n", "title, word"), ("", "nothing"), ("keyword|title\n", r"keyword\|title")],
)
def test_a_table_without_keywords_is_refused(text: str, has: str) -> None:
    why = (
        rf"filters\.csv: no column `keyword` in its first line, which has {has}; columns stand between commas"
    )
    with pytest.raises(ValueError, match=why):
        read_mastodon({"filters.csv": text})


def test_a_table_that_no_reader_of_csv_takes_is_refused_with_its_line() -> None:
    before = csv.field_size_limit(131_072)  # Python's own; a back-test of a table raises it
    try:
        with pytest.raises(ValueError, match=r"filters\.csv: line 3 of the table: field larger"):
            read_mastodon({"filters.csv": "keyword\nfine\n" + "x" * 200_000 + "\n"})
    finally:
        csv.field_size_limit(before)


def test_text_that_is_no_json_is_refused_with_its_file() -> None:
    with pytest.raises(ValueError, match=r"rules\.json: Expecting"):
        read_discord({"rules.json": "{name: A}"})


@pytest.mark.parametrize(
    ("filter_", "why"),
    [
        ({"title": "A", "keywords": [{"id": "1", "whole_word": True}]}, "another form than is known: 'keyword'"),
        ({"title": "A", "keywords": ["word"]}, "another form than is known"),
        ({"title": "A", "keywords": 7}, "another form than is known"),
    ],
)  # fmt: skip
def test_a_filter_of_an_odd_form_is_left_out_alone(filter_: dict[str, object], why: str) -> None:
    fine = {"title": "Fine", "keywords": [{"keyword": "casino", "whole_word": True}]}
    odd, kept = read_mastodon({"filters.json": json.dumps([filter_, fine])}).entries
    assert (odd.status, kept.rule) == (Status.LEFT_OUT, "fine")
    assert why in odd.notes[0]


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"trigger_type": "KEYWORD"}, "the trigger type 'KEYWORD', which is not known"),
        ({"trigger_type": [1]}, "another form than is known"),
        ({"trigger_type": 5, "trigger_metadata": {"mention_total_limit": "many"}}, "is no number of mentions: `many`"),
        ({"trigger_metadata": {"keyword_filter": "ban"}}, "`keyword_filter` is no list"),
        ({"trigger_metadata": {"regex_patterns": "b.n"}}, "`regex_patterns` is no list"),
    ],
)  # fmt: skip
def test_a_rule_of_an_odd_form_is_left_out_alone(odd: dict[str, object], why: str) -> None:
    fine = {
        "name": "Fine",
        "trigger_type": 1,
        "trigger_metadata": {"keyword_filter": ["cat"]},
        "actions": [{"type": 1}],
    }
    wrong, kept = read_discord({"rules.json": json.dumps([{**fine, "name": "Odd", **odd}, fine])}).entries
    assert (wrong.what, wrong.status, kept.rule) == ("Odd", Status.LEFT_OUT, "fine")
    assert why in wrong.notes[0]


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


def test_a_thousand_keywords_are_one_rule() -> None:
    def rule(keywords: list[str]) -> str:
        metadata = {"keyword_filter": keywords, "allow_list": ["word7ok"]}
        one = {"name": "Many", "trigger_type": 1, "trigger_metadata": metadata, "actions": [{"type": 1}]}
        return json.dumps([one])

    begun = read_discord({"rules.json": rule([f"word{n}x*" for n in range(1_000)])})
    assert [entry.rule for entry in begun.entries] == ["many"]
    engine = engine_of(begun)
    assert fired(engine, {"item": {"text": "a word999xyz"}}) == ["many"]
    assert fired(engine, {"item": {"text": "sword999xyz"}}) == []
    assert fired(engine, {"item": {"text": "a word999xyz word7ok"}}) == []
    long = [f"{'verylongword' * 3}{n}" for n in range(500)]
    plain = read_discord({"rules.json": rule([*long, *(f"*part{n}of{n}*" for n in range(500))])})
    (entry,) = plain.entries
    assert (entry.rule, "so many words are searched in folded text" in entry.notes[0]) == ("many", True)
    assert len([name for name in plain.files if name.startswith("lists/")]) == 2
    engine = engine_of(plain)
    assert fired(engine, {"item": {"text": long[499]}}) == ["many"]
    assert fired(engine, {"item": {"text": f"{long[499]}9"}}) == []
    assert fired(engine, {"item": {"text": "apart499of499s"}}) == ["many"]


def test_rules_are_told_by_the_line_on_which_they_begin() -> None:
    rule = {"trigger_type": 1, "trigger_metadata": {"keyword_filter": ["cat"]}, "actions": [{"type": 1}]}
    text = json.dumps([{"name": "Same", **rule}, {"name": "", **rule}, {"name": "Same", **rule}], indent=1)
    begin = [n for n, line in enumerate(text.split("\n"), 1) if line == " {"]
    made = read_discord({"rules.json": text})
    assert [(entry.line, entry.rule) for entry in made.entries] == list(
        zip(begin, ["same", "rule-2", "same-3"], strict=True)
    )


def test_a_table_says_true_and_false_as_spreadsheets_of_the_world_do() -> None:
    table = "title;keyword;whole_word;context\nA;casino;VRAI;home\nA;scam;FAUX;public\nB;word;peut-être;\n"
    made = read_mastodon({"filters.csv": table})
    assert [(entry.what, entry.rule) for entry in made.entries] == [("A", "a"), ("B", None)]
    assert "it held in home, public only; it holds everywhere here" in made.entries[0].notes
    assert made.entries[1].notes == ("`whole_word` is neither true nor false: `peut-être`",)
    engine = engine_of(made)
    assert fired(engine, {"item": {"text": "casinos"}}) == []
    assert fired(engine, {"item": {"text": "scammers"}}) == ["a"]


def test_thresholds_that_stand_twice_or_have_no_name_are_not_guessed() -> None:
    with pytest.raises(ValueError, match=r"limits\.json: `TOXICITY` stands twice in one object"):
        thresholds.read({"limits.json": '{"openai": {"TOXICITY": 0.5, "TOXICITY": 0.9}}'})
    made = thresholds.read({"limits.json": '{"": 0.5, "خطر": 0.25}'})
    assert [(entry.what, entry.rule) for entry in made.entries] == [
        ("", None),
        ("خطر at 0.25 or more", "rule-2"),
    ]
    assert fired(engine_of(made), {"scores": {"خطر": 0.25}}) == ["rule-2"]


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
        (80, "between 0.0001 and 1, and is a number, not 80"),
        ("0.8", "is a number, not '0.8'"),
        (True, "is a number, not True"),
        (None, "is a number, not None"),
        (1e-9, "not 1e-09"),
        (float("inf"), "not inf"),
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
