"""A draft that began on an earlier version takes over what came in force since, before it is published."""

from __future__ import annotations

import pytest
from tests.compliance.test_drafts import LEAD, NOW, OTHER, begun, save
from tests.compliance.test_rulebook import publish

from hakam.compliance import catching_up, drafts, ledger, rulebook
from hakam.compliance.catching_up import CaughtUp
from hakam.compliance.drafts import DraftConflictError, DraftOverError, TooMuchError
from hakam.compliance.models import RulebookDraft
from hakam.policy.pack import load_pack
from hakam.testing.scene import PACK

pytestmark = pytest.mark.django_db
RULES = PACK["rules.yaml"]
THEIR_RULE = """\
- rule: rugs
  policy: spam
  stage: shadow
  when: word(text.folded, "rugs")
  then: [label("spam")]
"""
MY_RULE = THEIR_RULE.replace("rugs", "lamps")


def published(version: str, **files: str) -> None:
    """Let a colleague publish another version; `rules` is the text of `rules.yaml`."""
    named = {f"{name.replace('__', '/')}.yaml": text for name, text in files.items()}
    publish({**PACK, **named, "pack.yaml": PACK["pack.yaml"].replace("1.0.0", version)})


def caught_up(draft: RulebookDraft) -> CaughtUp:
    return catching_up.catch_up(draft.pk, by=OTHER, now=NOW)


class TestBehind:
    def test_a_draft_on_what_is_in_force_is_not(self) -> None:
        assert catching_up.behind(begun()) is None

    def test_one_on_an_earlier_version_is(self) -> None:
        draft = begun()
        published("1.0.1", rules=RULES + THEIR_RULE)
        assert catching_up.behind(draft) == rulebook.active()

    def test_the_same_texts_under_another_number_are_nothing_to_take_over(self) -> None:
        draft = begun()
        published("1.0.1")
        assert catching_up.behind(draft) is None
        assert caught_up(draft).draft.base_id == draft.base_id

    def test_one_that_is_over_is_not(self) -> None:
        draft = begun()
        published("1.0.1", rules=RULES + THEIR_RULE)
        gone = drafts.discard(draft.pk, because="no", by=LEAD, now=NOW)
        assert catching_up.behind(gone) is None
        with pytest.raises(DraftOverError):
            caught_up(gone)


class TestCatchingUp:
    def test_both_changes_are_in_the_draft(self) -> None:
        draft = save(begun(), MY_RULE + RULES)
        published("1.0.1", rules=RULES + THEIR_RULE)
        made, clashes = caught_up(draft)
        pack = load_pack(made.files).pack
        assert pack is not None
        assert {"rugs", "lamps"} <= {rule.id for rule in pack.rules}
        assert (clashes, pack.ref.version, catching_up.behind(made)) == ((), "1.0.2", None)
        assert drafts.changed_files(made).keys() == {"pack.yaml", "rules.yaml"}

    def test_files_that_only_one_touched_are_as_that_one_wrote_them(self) -> None:
        draft = save(begun(), MY_RULE, path="rules/mine.yaml")
        published("1.0.1", rules__theirs=THEIR_RULE)
        files = caught_up(draft).draft.files
        assert (files["rules/mine.yaml"], files["rules/theirs.yaml"]) == (MY_RULE, THEIR_RULE)
        assert files["rules.yaml"] == RULES

    def test_a_file_that_was_taken_away_is_gone(self) -> None:
        publish({**PACK, "rules/more.yaml": MY_RULE})
        draft = drafts.begin("More", by=LEAD, now=NOW)
        published("1.0.1")
        made, clashes = caught_up(draft)
        assert ("rules/more.yaml" in made.files, clashes) == (False, ())

    @pytest.mark.parametrize("mine", [True, False])
    def test_a_file_that_one_removed_and_the_other_wrote_in_stays_to_be_looked_at(self, mine: bool) -> None:
        publish({**PACK, "rules/more.yaml": MY_RULE})
        draft = drafts.begin("More", by=LEAD, now=NOW)
        changed = MY_RULE + THEIR_RULE
        if mine:
            draft = save(draft, changed, path="rules/more.yaml")
            published("1.0.1")
        else:
            draft = save(draft, None, path="rules/more.yaml")
            published("1.0.1", rules__more=changed)
        made, clashes = caught_up(draft)
        assert (made.files["rules/more.yaml"], clashes) == (changed, ("rules/more.yaml",))

    def test_where_both_changed_the_same_nobody_can_publish_before_somebody_chose(self) -> None:
        draft = save(begun(), RULES.replace("stage: live", "stage: shadow", 1))
        published("1.0.1", rules=RULES.replace("stage: live", "stage: canary 5%", 1))
        made, clashes = caught_up(draft)
        assert clashes == ("rules.yaml",)
        assert "stage: shadow" in made.files["rules.yaml"]
        assert "stage: canary 5%" in made.files["rules.yaml"]
        assert load_pack(made.files).pack is None

    def test_lines_of_a_list_are_all_kept(self) -> None:
        draft = save(begun(), "one\nmine\n", path="lists/words.txt")
        publish({
            **PACK, "lists/words.txt": "one\ntheirs\n", "pack.yaml": PACK["pack.yaml"].replace("1.0.0", "1.0.1"),
        })  # fmt: skip
        made, clashes = caught_up(draft)
        assert made.files["lists/words.txt"].splitlines() == ["one", "mine", "theirs"]
        assert clashes == ("lists/words.txt",)

    def test_what_was_gone_back_from_does_not_come_again(self) -> None:
        publish({**PACK, "rules.yaml": RULES + THEIR_RULE})
        draft = save(drafts.begin("Lamps", by=LEAD, now=NOW), MY_RULE, path="rules/mine.yaml")
        published("1.0.1")
        assert "rugs" not in caught_up(draft).draft.files["rules.yaml"]

    def test_it_is_a_fact_and_stands_in_the_history(self) -> None:
        draft = save(begun(), MY_RULE + RULES)
        published("1.0.1", rules=RULES + THEIR_RULE)
        made = caught_up(draft).draft
        fact = ledger.story(f"draft:{draft.pk}")[-1]
        assert (fact.kind, fact.actor) == ("draft.caught_up", "staff:6")
        assert ledger.body_of(fact) == {"base": "scene@1.0.1", "clashes": []}
        assert [one.by for one in drafts.history(made, "rules.yaml")] == ["staff:6", "staff:5"]

    def test_a_window_that_was_open_meanwhile_overwrites_nothing(self) -> None:
        draft = save(begun(), MY_RULE + RULES)
        seen = drafts.seen_at(draft, "rules.yaml")
        published("1.0.1", rules=RULES + THEIR_RULE)
        caught_up(draft)
        with pytest.raises(DraftConflictError):
            save(draft, MY_RULE, seen=seen)

    def test_a_pack_holds_no_more_files_than_it_can(self, monkeypatch: pytest.MonkeyPatch) -> None:
        draft = save(begun(), MY_RULE, path="rules/mine.yaml")
        published("1.0.1", rules__theirs=THEIR_RULE)
        monkeypatch.setattr(catching_up, "MAX_FILES", len(PACK) + 1)
        with pytest.raises(TooMuchError):
            caught_up(draft)
        draft.refresh_from_db()
        assert "rules/theirs.yaml" not in draft.files
