"""Drafts of the rule book: nothing written is lost to a second window, a colleague or a crash."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.compliance.test_rulebook import edition, publish

from hakam.compliance import drafts, ledger
from hakam.compliance.drafts import (
    DraftConflictError,
    DraftOverError,
    TooMuchError,
    UnsaidError,
    WrongFileError,
)
from hakam.compliance.models import RulebookDraft
from hakam.policy.pack import load_pack
from hakam.testing.scene import PACK
from hakam.vocabulary.actor import Actor, ActorKind

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEAD, OTHER = Actor(ActorKind.STAFF, "5"), Actor(ActorKind.STAFF, "6")
RULES = PACK["rules.yaml"]


def begun() -> RulebookDraft:
    publish(PACK)
    return drafts.begin("Burners", by=LEAD, now=NOW)


def save(draft: RulebookDraft, text: str | None, *, seen: int = 0, by: Actor = LEAD, minutes: int = 0,
         path: str = "rules.yaml", apart: bool = False) -> RulebookDraft:  # fmt: skip
    now = NOW + timedelta(minutes=minutes)
    return drafts.save(draft.pk, path=path, text=text, seen=seen, by=by, now=now, apart=apart)


def texts(draft: RulebookDraft, path: str = "rules.yaml") -> list[str | None]:
    return [one.text for one in drafts.history(draft, path)]


class TestBeginning:
    def test_it_is_a_copy_of_what_is_in_force_under_a_version_that_is_free(self) -> None:
        draft = begun()
        pack = load_pack(draft.files).pack
        assert pack is not None
        assert pack.ref.version == "1.0.1"
        assert {**draft.files, "pack.yaml": ""} == {**PACK, "pack.yaml": ""}

    def test_it_is_a_fact(self) -> None:
        draft = begun()
        facts = ledger.story(f"draft:{draft.pk}")
        assert [(f.kind, f.actor) for f in facts] == [("draft.begun", "staff:5")]
        assert ledger.body_of(facts[0]) == {"title": "Burners", "base": "scene@1.0.0"}

    def test_without_a_rule_book_it_begins_as_a_pack_that_only_lacks_clauses(self) -> None:
        draft = drafts.begin("Our first", by=LEAD, now=NOW)
        assert draft.base is None
        assert {f.code for f in load_pack(draft.files).findings} <= {"P008", "P009", "P014"}

    def test_it_must_say_what_it_is_for(self) -> None:
        with pytest.raises(UnsaidError):
            drafts.begin("  ", by=LEAD, now=NOW)
        assert drafts.drafts() == []

    @pytest.mark.parametrize(
        ("version", "fresh"), [("1.0.9", "1.0.10"), ("2026-03", "2026-4"), ("beta", "beta.1"), ("7", "8")]
    )
    def test_versions_count_on(self, version: str, fresh: str) -> None:
        publish(edition(version))
        files = drafts.with_fresh_version(edition(version))
        assert f'version: "{fresh}"' in files["pack.yaml"]

    def test_it_counts_past_all_that_were_published(self) -> None:
        publish(edition("1.0.1"))
        publish(edition("1.0.2"), NOW + timedelta(days=1))
        assert 'version: "1.0.3"' in drafts.with_fresh_version(edition("1.0.1"))["pack.yaml"]

    def test_a_version_that_is_free_or_not_there_stays(self) -> None:
        assert drafts.with_fresh_version(PACK) == PACK
        assert drafts.with_fresh_version({"pack.yaml": "id: x"}) == {"pack.yaml": "id: x"}


class TestSaving:
    def test_a_file_is_changed_added_and_removed(self) -> None:
        draft = save(begun(), RULES + "# more\n")
        draft = save(draft, "free money\n", path="lists/offers.txt")
        assert drafts.changed_files(draft) == {
            "pack.yaml": "changed", "rules.yaml": "changed", "lists/offers.txt": "added",
        }  # fmt: skip
        draft = save(draft, None, seen=drafts.seen_at(draft, "rules.yaml"), minutes=1)
        assert drafts.changed_files(draft)["rules.yaml"] == "removed"
        assert texts(draft) == [None, RULES + "# more\n"]

    def test_what_is_in_force_stays_as_it_is(self) -> None:
        draft = save(begun(), "")
        assert draft.base is not None
        draft.base.refresh_from_db()
        assert draft.base.files == PACK

    def test_the_same_text_again_is_no_save(self) -> None:
        draft = save(begun(), RULES)
        assert (draft.revision, texts(draft)) == (0, [])

    def test_lines_end_in_one_way_and_no_character_breaks_the_database(self) -> None:
        draft = save(begun(), "a\r\nb\rc\x00\ud800")
        draft.refresh_from_db()
        assert draft.files["rules.yaml"] == "a\nb\nc\ufffd?"

    def test_a_second_window_overwrites_nothing(self) -> None:
        draft = save(begun(), "mine\n")
        with pytest.raises(DraftConflictError) as error:
            save(draft, "from a window that was open before\n")
        assert error.value.theirs.text == "mine\n"
        draft.refresh_from_db()
        assert draft.files["rules.yaml"] == "mine\n"

    def test_nor_does_a_colleague(self) -> None:
        draft = save(begun(), "mine\n")
        with pytest.raises(DraftConflictError) as error:
            save(draft, "theirs\n", by=OTHER)
        assert error.value.theirs.by == "staff:5"

    def test_two_who_write_in_two_files_do_not_meet(self) -> None:
        draft = save(begun(), "mine\n")
        draft = save(draft, "theirs\n", path="terms.yaml", by=OTHER)
        draft = save(draft, "mine too\n", seen=drafts.seen_at(draft, "rules.yaml"))
        assert (draft.files["rules.yaml"], draft.files["terms.yaml"]) == ("mine too\n", "theirs\n")

    def test_who_saw_the_newest_may_go_on(self) -> None:
        draft = save(begun(), "one\n")
        draft = save(draft, "two\n", seen=drafts.seen_at(draft, "rules.yaml"), by=OTHER)
        assert texts(draft) == ["two\n", "one\n"]

    def test_one_sitting_is_one_entry_and_still_guards_against_older_windows(self) -> None:
        draft = save(begun(), "one\n")
        seen = drafts.seen_at(draft, "rules.yaml")
        draft = save(draft, "two\n", seen=seen, minutes=9)
        assert texts(draft) == ["two\n"]
        with pytest.raises(DraftConflictError):
            save(draft, "three\n", seen=seen, minutes=9)

    def test_a_later_sitting_is_another_entry(self) -> None:
        draft = save(begun(), "one\n")
        draft = save(draft, "two\n", seen=1, minutes=11)
        assert texts(draft) == ["two\n", "one\n"]

    def test_of_two_texts_that_met_both_stay_in_the_history(self) -> None:
        draft = save(begun(), "theirs\n")
        draft = save(draft, "mine\n", seen=1, apart=True)
        assert texts(draft) == ["mine\n", "theirs\n"]

    @pytest.mark.parametrize(
        "path", ["rules/../pack.yaml", "rule.yaml", "lists/a.yaml", "", "rules/a/b.yaml", "/etc/passwd", "x" * 999]
    )  # fmt: skip
    def test_a_name_that_no_pack_knows_is_refused(self, path: str) -> None:
        with pytest.raises(WrongFileError):
            save(begun(), "x", path=path)

    @pytest.mark.parametrize("path", ["tests/a.yaml", "lists/slurs-ar.txt", "tuned.yaml", "README.md"])
    def test_every_sort_of_file_can_be_written(self, path: str) -> None:
        assert save(begun(), "x\n", path=path).files[path] == "x\n"

    def test_a_file_is_bounded(self) -> None:
        with pytest.raises(TooMuchError):
            save(begun(), "x" * (drafts.MAX_FILE + 1))

    def test_so_is_the_number_of_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(drafts, "MAX_FILES", 3)
        with pytest.raises(TooMuchError):
            save(begun(), "x\n", path="terms.yaml")


class TestLayingAside:
    def test_it_takes_a_reason_that_stands_in_the_ledger(self) -> None:
        draft = begun()
        with pytest.raises(UnsaidError):
            drafts.discard(draft.pk, because=" ", by=OTHER, now=NOW)
        drafts.discard(draft.pk, because="not needed", by=OTHER, now=NOW)
        fact = ledger.story(f"draft:{draft.pk}")[-1]
        assert (fact.kind, fact.actor, ledger.body_of(fact)) == (
            "draft.discarded", "staff:6", {"because": "not needed"},
        )  # fmt: skip
        assert drafts.drafts() == []

    def test_its_text_stays_and_can_no_longer_be_changed(self) -> None:
        draft = save(begun(), "mine\n")
        drafts.discard(draft.pk, because="later", by=LEAD, now=NOW)
        with pytest.raises(DraftOverError):
            save(draft, "more\n", seen=1)
        found = drafts.find(draft.pk)
        assert found is not None
        assert found.files["rules.yaml"] == "mine\n"

    def test_there_is_none_of_that_number(self) -> None:
        assert drafts.find(77) is None
        with pytest.raises(DraftOverError):
            drafts.discard(77, because="x", by=LEAD, now=NOW)


def test_the_list_begins_with_what_was_changed_last() -> None:
    first = begun()
    second = drafts.begin("Scam", by=LEAD, now=NOW + timedelta(minutes=1))
    assert [one.pk for one in drafts.drafts()] == [second.pk, first.pk]
    save(first, "x\n", minutes=5)
    assert [one.pk for one in drafts.drafts()] == [first.pk, second.pk]
