"""Before a pack is published all ways of judging are asked, and a difference is named: rule, event, who says what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from hakam.backtest import agreement, vectors
from hakam.backtest.agreement import compare, findings_of, sample_of
from hakam.backtest.columns import read_event
from hakam.backtest.effect import Disagreement
from hakam.backtest.run import Difference
from hakam.policy.differing import Judging, differing
from hakam.policy.lists import ListKind
from hakam.policy.pack import Pack, load_pack
from hakam.policy.wording import in_language
from hakam.storage.embedded.list_files import keep
from hakam.storage.embedded.lists import open_list
from hakam.vocabulary.event import Event

BOTH = (Judging.INTERPRETER, Judging.COLUMNS)
FILES = {
    "pack.yaml": 'id: tried\nversion: "1"\nmaturity: test\nlanguages: [en]\n',
    "policies.yaml": "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam}\n  text: {en: No spam.}\n"
    "  ladder: [limit_reach, remove]\n",
    "rules.yaml": "- rule: loud\n  policy: spam\n  stage: live\n  when: author.posts > 3\n  then: [limit_reach]\n"
    '- rule: flood\n  policy: spam\n  stage: live\n  when: count(by=author.id, within="10m") > 2\n  then: [remove]\n',
    "tests.yaml": "- test: many posts\n  event: {author: {posts: 9}}\n  fires: [loud]\n"
    '- test: a flood\n  text: x\n  before: {repeat: 4, every: "5s"}\n  fires: [flood]\n',
}


@pytest.fixture
def events(lines: list[bytes]) -> list[Event]:
    return sorted(map(read_event, lines[:400]), key=lambda event: event.at)


@pytest.fixture
def small(load_files: Callable[[dict[str, str]], Pack]) -> Pack:
    return load_files(FILES)


def test_a_pack_of_many_conditions_is_judged_alike(pack: Pack, events: list[Event]) -> None:
    sample = sample_of(pack, events)
    assert len(sample) > 400
    found = compare(pack, sample)
    assert found.differences == ()
    assert (found.events, found.ways, found.sound) == (len(sample), BOTH, True)


def test_a_sample_has_what_tests_and_rules_ask_for(small: Pack, events: list[Event]) -> None:
    sample = sample_of(small, events[:3])
    assert [one.at for one in sample] == sorted(one.at for one in sample)
    names = [one.id for one in sample]
    assert len(set(names)) == len(names)
    assert {one.id for one in events[:3]} <= set(names)
    assert sum(name.startswith("example-1-") for name in names) == 5  # with those before it
    posts = {one.author.posts for one in sample if one.id.startswith("generated")}
    assert posts >= {2, 3, 4}  # around the bound


def test_the_interpreter_that_differs_is_named(
    small: Pack, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = agreement.outcome
    loud = small.rule("loud").when
    monkeypatch.setattr(agreement, "outcome", lambda when, seen: when is loud or real(when, seen))
    found = compare(small, events)
    (one,) = found.differences
    assert (one.rule, one.compiled, one.by) == ("loud", False, Judging.INTERPRETER)
    assert not found.sound
    (told,) = findings_of(found.differences, small)
    assert told.code == "P605"
    assert told.message == (
        f"`loud` on the event `{one.event}`: the interpreter fires, the compiled function does not"
    )
    assert told.span == small.rule("loud").span


def test_columns_that_differ_are_named(
    small: Pack, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = vectors.Rules.true_rows

    def flipped(self: Any, *given: Any) -> Any:
        found, unsure = real(self, *given)
        return [np.zeros_like(found[0]), *found[1:]], unsure

    monkeypatch.setattr(vectors.Rules, "true_rows", flipped)
    found = compare(small, sample_of(small, events))
    assert {(one.rule, one.compiled, one.by) for one in found.differences} == {
        ("loud", True, Judging.COLUMNS)
    }
    (told,) = findings_of(found.differences)
    assert "the compiled function fires, the columns do not" in told.message
    assert told.span is None


def test_a_rule_that_fails_is_told(small: Pack, events: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    real = agreement.compile_pack

    def failing(pack: Pack) -> Any:
        engine = real(pack)
        judge = engine.judge
        name = "loud"

        def broken(*given: Any) -> Any:
            return msgspec.structs.replace(judge(*given), firings=(), quarantined=(name,))

        engine.judge = broken
        return engine

    monkeypatch.setattr(agreement, "compile_pack", failing)
    found = compare(small, events)
    assert found.failed == {"loud": len(events)}
    assert not found.sound


def test_without_the_extra_columns_are_not_asked(
    small: Pack, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "find_spec", lambda _name: None)
    found = compare(small, events)
    assert (found.ways, found.sound) == ((Judging.INTERPRETER,), True)


def test_nothing_to_judge_is_no_difference(small: Pack) -> None:
    assert compare(small, []).sound
    assert compare(small, sample_of(small)).events >= 200


def test_rules_that_read_lists_outside_are_judged_over_columns_too(
    tmp_path: Path, events: list[Event]
) -> None:
    kept = keep(tmp_path, ListKind.VALUES, [events[0].author.id, events[5].author.id])
    rules = FILES["rules.yaml"].replace("author.posts > 3", 'author.id in list("bad-ids")')
    loaded = load_pack(
        {**FILES, "rules.yaml": rules, "tests.yaml": ""},
        {"bad-ids": open_list(tmp_path, "bad-ids", kept.digest)},
    )
    assert loaded.pack is not None
    found = compare(loaded.pack, sample_of(loaded.pack, events), lists=tmp_path)
    assert (found.ways, found.sound) == (BOTH, True)
    gone = compare(loaded.pack, events, lists=tmp_path / "nowhere")
    assert gone.ways == (Judging.INTERPRETER,)


@pytest.mark.parametrize("by", Judging)
@pytest.mark.parametrize("fires", [True, False])
def test_both_answers_are_told_in_both_languages(by: Judging, fires: bool) -> None:
    english = differing("loud", "e1", by=by, function_fires=fires)
    arabic = in_language(english, "ar")
    for told in (english, arabic):
        assert "`loud`" in told.message
        assert "`e1`" in told.message
    assert str(by) in english.message
    assert ("function fires" in english.message) is fires
    assert {"interpreter": "المفسِّر", "columns": "الأعمدة"}[by] in arabic.message
    assert arabic.message.index("تنطبق في الدالّة") > 0
    assert arabic.hint != english.hint


def test_what_was_stored_before_is_read_as_it_was_meant() -> None:
    old = msgspec.convert({"rule": "loud", "event": "e1", "compiled": True}, Disagreement)
    assert old.by is Judging.INTERPRETER
    assert (
        msgspec.convert({"rule": "x", "event": "e", "function_fires": True}, Difference).by is Judging.COLUMNS
    )
