"""What the near misses of a trial lacked: from the event in the log and the numbers of that time, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from hakam.compliance import drafts
from hakam.compliance.models import RulebookVersion
from hakam.policy.changes import Change, Turn
from hakam.policy.pack import load_pack
from hakam.policy.rules import Rule
from hakam.review import near_misses, trials
from hakam.review.models import Trial
from hakam.review.near_misses import NearSeen, lacked, near_seen
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Event

pytestmark = pytest.mark.django_db
COUNT = "count(by=author.id, within='1d')"
BUSY = """\
- rule: busy
  policy: spam
  stage: shadow
  when: count(by=author.id, within="1d") > 9 and scores["spam"] > 0.5 and item.language in ["en"]
  then: [review(queue="spam")]
"""
SEEN = NearSeen({COUNT: 4}, {"spam": 0.75})
MANY = ((Change(Turn.ABOVE, 'count(by=author.id, within="1d")', "9", 4),),)


def trial_of(text: str = BUSY) -> Trial:
    scene.publish()
    draft = drafts.begin("Busy", by=SYSTEM, now=scene.NOW)
    drafts.save(draft.pk, path="rules/busy.yaml", text=text, seen=0, by=SYSTEM, now=scene.NOW)
    return trials.ask(draft.pk, days=7, by=SYSTEM, now=scene.NOW)


def rule() -> Rule:
    pack = load_pack({**scene.PACK, "rules/busy.yaml": BUSY}).pack
    assert pack is not None
    return pack.rule("busy")


def test_it_lacked_what_the_counter_of_that_time_says() -> None:
    assert lacked(trial_of(), "busy", scene.event("hello"), SEEN) == MANY


def test_scores_are_those_of_that_time_whatever_was_learnt_since() -> None:
    event = replace(scene.event("hello"), scores={"spam": 0.1})
    assert lacked(trial_of(), "busy", event, SEEN) == MANY


def test_a_counter_that_was_unknown_is_told_as_unknown() -> None:
    (way,) = lacked(trial_of(), "busy", scene.event("hello"), replace(SEEN, counted={COUNT: None}))
    assert way == (Change(Turn.ABOVE, 'count(by=author.id, within="1d")', "9", unknown=True),)


@pytest.mark.parametrize(
    ("id_", "changed", "seen"),
    [
        ("gone", {}, SEEN),  # a rule that nobody has
        ("busy", {"language": "de"}, SEEN),  # the text was edited: two conditions lack by now
        ("busy", {}, NearSeen({COUNT: 10}, {"spam": 0.75})),  # it fires
        ("busy", {}, NearSeen()),  # nothing was kept
    ],
)
def test_what_does_not_nearly_fire_any_more_lacked_nothing(
    id_: str, changed: dict[str, Any], seen: NearSeen
) -> None:
    event: Event = scene.event("hello", **changed)
    assert lacked(trial_of(), id_, event, seen) == ()


def test_a_draft_that_can_t_be_read_any_more_explains_nothing(book: RulebookVersion) -> None:
    trial = trial_of()
    Trial.objects.update(files={"pack.yaml": "id: ["}, digest="0" * 64)
    trial.refresh_from_db()
    assert lacked(trial, "busy", scene.event("hello"), SEEN) == ()


def test_it_is_the_rule_as_it_was_tried_not_as_the_draft_says_now() -> None:
    trial = trial_of()
    easier = BUSY.replace("> 9", "> 1")
    drafts.save(trial.draft_id, path="rules/busy.yaml", text=easier, seen=1, by=SYSTEM, now=scene.NOW)
    assert lacked(trial, "busy", scene.event("hello"), SEEN) == MANY
    again = trials.ask(trial.draft_id, days=7, by=SYSTEM, now=scene.NOW)
    assert lacked(again, "busy", scene.event("hello"), SEEN) == ()


def test_a_rule_that_fails_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_given: object) -> Any:
        raise RecursionError

    monkeypatch.setattr(near_misses.Nearly, "lacked", failing)
    assert lacked(trial_of(), "busy", scene.event("hello"), SEEN) == ()


def test_of_numbers_those_that_the_rule_reads_are_kept() -> None:
    event = replace(scene.event("hello"), scores={"spam": 0.75, "toxicity": 0.5})
    counted = {COUNT: 4, "count(by=item.parent, within='1h')": 2}
    assert near_seen(rule(), event, counted) == SEEN
    assert near_seen(rule(), scene.event("hello"), {}) == NearSeen()
