"""Imported rules bring examples: both kinds, made from their own terms, judged by the engine of the door."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.importing.conftest import FIXTURES, engine_of

from hakam.importing import automoderator, filters, osprey, thresholds
from hakam.importing.carried import Draft, Imported
from hakam.importing.packing import Pack
from hakam.policy.coverage import coverage
from hakam.policy.testing import run_examples

PAGE = """\
---
# Casinos
type: submission
title+body (includes-word): [casino, "free spins"]
author:
    account_age: "< 7 days"
action: remove
---
# Shorteners
domain: [bit.ly, t.co]
action: filter
---
# Shouting
title (regex, case-sensitive): '^[A-Z ]{20,}$'
action: report
"""


def sources() -> list[tuple[str, Imported]]:
    readers = {
        "automoderator": (automoderator.read, "yaml"),
        "discord": (filters.read_discord, "json"),
        "mastodon": (filters.read_mastodon, "json"),
    }
    found = []
    for name, (read, suffix) in readers.items():
        blocks = re.split(r"(?m)^== ", (FIXTURES / f"{name}.txt").read_text("utf-8"))[1:]
        for block in blocks:
            title, _, rest = block.partition("\n")
            lines = [line for line in rest.split("\n") if not line.startswith(">> ")]
            found.append((f"{name}: {title}", read({f"rules.{suffix}": "\n".join(lines).strip("\n") + "\n"})))
    return found


SOURCES = sources()


@pytest.mark.parametrize("made", [made for _, made in SOURCES], ids=[name for name, _ in SOURCES])
def test_every_rule_has_both_kinds_and_they_pass(made: Imported) -> None:
    results = list(run_examples(engine_of(made)))
    assert [result.name for result in results if not result.passed] == []
    for entry in made.entries:
        if entry.rule is not None:
            assert entry.lacks is None, (entry, made.files["rules.yaml"])
            assert entry.fires + entry.silent == sum(
                result.name.startswith(f"{entry.rule} ") for result in results
            )


def test_they_cover_the_conditions() -> None:
    made = automoderator.read({"automoderator.yaml": PAGE})
    found = coverage(engine_of(made))
    assert found.total > 8
    assert found.uncovered == ()


def test_they_are_made_of_the_rule_s_own_terms() -> None:
    made = automoderator.read({"automoderator.yaml": PAGE})
    assert '"casino"' in made.files["tests.yaml"]
    assert "https://bit.ly/" in made.files["tests.yaml"]


def test_osprey_s_rules_too(tmp_path: Path) -> None:
    text = (
        'Text = JsonData(path="$.text")\n'
        'Spam = Rule(when_all=[TextContains(text=Text, phrase="free money")], description="money")\n'
        'WhenRules(rules_any=[Spam], then=[LabelAdd(entity=Text, label="spam")])\n'
    )
    made = osprey.read({"main.sml": text})
    for entry in made.entries:
        assert entry.rule is None or entry.lacks is None


def test_thresholds_keep_their_own_examples_on_either_side() -> None:
    made = thresholds.read(
        {"t.json": '{"perspective": {"TOXICITY": 0.8, "SPAM": 0.95}, "openai": {"hate": 0.5}}'}
    )
    assert [(entry.fires >= 1, entry.silent >= 1) for entry in made.entries] == [(True, True)] * 3
    assert '"scores": {"toxicity": 0.79}' in made.files["tests.yaml"]
    assert all(result.passed for result in run_examples(engine_of(made)))


def test_what_cannot_be_exemplified_is_named() -> None:
    page = "title (includes-word): casino\nbody_longer_than: 500\nbody_shorter_than: 100\naction: remove\n"
    (entry,) = automoderator.read({"a.yaml": page}).entries
    assert entry.lacks == "no event was found on which it fires: write one into tests.yaml"


@pytest.mark.parametrize("condition", ["Score >= 0.000000001", "Score > 1e22", "Score < 1e-7"])
def test_examples_are_written_as_a_pack_reads_them(condition: str) -> None:
    sml = f"Score: float = JsonData(path='$.score')\nA = Rule(when_all=[{condition}], description='\x85\u2028')\n"
    made = osprey.read({"main.sml": sml + "B = Rule(when_all=[Score > 0.5], description='b')\n"})
    assert "b" in {entry.rule for entry in made.entries}
    assert all(result.passed for result in run_examples(engine_of(made)))


def test_an_example_that_no_pack_takes_costs_its_rule_alone() -> None:
    pack = Pack("mine")
    for name, score in (("good", 0.5), ("bad", "much")):
        pack.add(
            Draft(
                name,
                'scores["spam"] >= 0.5',
                ["warn"],
                name,
                "f",
                1,
                [],
                [({"scores": {"spam": score}}, True)],
            )
        )
    told = {entry.what: entry for entry in pack.finish().entries}
    assert (told["good"].rule, told["bad"].rule) == ("good", None)
    assert told["bad"].notes[0].startswith("P403: the event is wrong at `/scores")
