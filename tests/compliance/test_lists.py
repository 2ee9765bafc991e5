"""Lists outside packs: one version in force at a time, changes in the ledger, none taken from rules that read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from hakam.compliance import ledger, lists, rulebook
from hakam.compliance.facts import FactKind
from hakam.compliance.lists import ListError, ListGround
from hakam.compliance.models import ListVersion
from hakam.policy.lists import ListKind
from hakam.policy.outside import BadListError, OutsideList, pack_list
from hakam.storage.embedded.list_files import keep
from hakam.testing.scene import PACK
from hakam.vocabulary.actor import Actor, ActorKind

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEAD = Actor(ActorKind.STAFF, "5")
DAY = timedelta(days=1)
READING = """
- rule: known-scammers
  policy: spam
  stage: live
  when: author.id in list("bad-ids")
  then: [review(queue="spam")]
"""


def publish(
    name: str = "bad-ids", digest: str = "a" * 64, *, now: datetime = NOW, kind: ListKind = ListKind.VALUES
) -> ListVersion:
    return lists.publish(name, kind, digest, 3, by=LEAD, now=now, note="why")


def reading_pack() -> dict[str, str]:
    rules = next(path for path in PACK if path.startswith("rules"))
    return {**PACK, rules: PACK[rules] + READING}


def test_each_version_takes_over_from_the_one_before() -> None:
    first, second = publish(), publish(digest="b" * 64, now=NOW + DAY)
    assert (first.number, second.number) == (1, 2)
    assert [one.number for one in lists.history("bad-ids")] == [2, 1]
    assert lists.history("bad-ids")[1].active_until == NOW + DAY
    assert lists.in_force() == [second]
    assert lists.names() == ["bad-ids"]


def test_the_very_same_content_changes_nothing() -> None:
    assert publish() == publish(now=NOW + DAY)
    assert ListVersion.objects.count() == 1


def test_what_was_in_force_before_can_come_back_as_a_new_version() -> None:
    publish()
    publish(digest="b" * 64, now=NOW + DAY)
    assert publish(now=NOW + 2 * DAY).number == 3


def test_every_change_is_in_the_ledger() -> None:
    publish()
    publish(digest="b" * 64, now=NOW + DAY)
    lists.remove("bad-ids", by=LEAD, now=NOW + 2 * DAY, note="not needed")
    facts = list(
        ledger.facts_after(0, kinds=frozenset({FactKind.LIST_PUBLISHED, FactKind.LIST_REMOVED}), limit=9)
    )
    assert [fact.kind for fact in facts] == ["list.published", "list.published", "list.removed"]
    assert {fact.subject for fact in facts} == {"list:bad-ids"}
    assert '"replaces":"' + "a" * 64 in facts[1].body


@pytest.mark.parametrize("name", ["", "Bad", "a b", "-a", "a" * 65, "a/b", "../a", "قائمة"])
def test_a_name_is_what_a_rule_can_write(name: str) -> None:
    with pytest.raises(ListError, match="name"):
        publish(name)
    assert ListVersion.objects.count() == 0


def test_a_list_does_not_change_its_kind_under_rules_that_read_it() -> None:
    publish()
    with pytest.raises(ListError, match="values"):
        publish(digest="c" * 64, kind=ListKind.TERMS)
    lists.remove("bad-ids", by=LEAD, now=NOW + DAY, note="another kind")
    assert publish(digest="c" * 64, kind=ListKind.TERMS, now=NOW + DAY).number == 2


def test_what_is_not_there_can_not_be_removed() -> None:
    with pytest.raises(ListError, match="no list"):
        lists.remove("bad-ids", by=LEAD, now=NOW, note="x")
    publish()
    lists.remove("bad-ids", by=LEAD, now=NOW + DAY, note="x")
    with pytest.raises(ListError, match="no list"):
        lists.remove("bad-ids", by=LEAD, now=NOW + DAY, note="x")
    assert lists.in_force() == []
    assert len(lists.history("bad-ids")) == 1


def test_lists_are_opened_from_the_home_and_a_missing_file_leaves_the_name(
    tmp_path: Path, settings: Any
) -> None:
    settings.HAKAM_LISTS = tmp_path
    kept = keep(tmp_path, ListKind.VALUES, ["mallory"])
    lists.publish("bad-ids", ListKind.VALUES, kept.digest, kept.entries, by=LEAD, now=NOW, note="x")
    assert "mallory" in lists.opened()["bad-ids"]
    publish("lost")
    assert sorted(lists.at_hand()) == ["bad-ids", "lost"]
    assert "mallory" in lists.at_hand()["bad-ids"]
    assert "mallory" not in lists.at_hand()["lost"]
    with pytest.raises(BadListError, match="lost"):
        lists.opened()


def test_a_pack_that_reads_an_unknown_list_is_refused() -> None:
    with pytest.raises(rulebook.BrokenPackError) as refused:
        rulebook.publish(reading_pack(), by=LEAD, now=NOW)
    assert "P111" in [finding.code for finding in refused.value.findings]


def test_a_list_that_rules_read_stays() -> None:
    found = OutsideList("bad-ids", pack_list(ListKind.VALUES, ["mallory"])[0])
    publish(digest=found.digest)
    version = rulebook.publish(reading_pack(), by=LEAD, now=NOW, lists={"bad-ids": found})
    with pytest.raises(ListError, match="rules in force read"):
        lists.remove("bad-ids", by=LEAD, now=NOW + DAY, note="x")
    assert len(lists.in_force()) == 1
    assert "spam" in rulebook.load(version).clauses  # without the list's content
    assert "mallory" in rulebook.load(version, {"bad-ids": found}).outside["bad-ids"]


# Grounds, and erasing -----------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def lists_folder(tmp_path: Path) -> Iterator[None]:
    """Keep the files of lists apart: what one test erases from a file would be missing in the next."""
    with override_settings(HAKAM_LISTS=tmp_path / "lists"):
        yield


def kept(*entries: str, name: str = "bad-ids", ground: ListGround | None = ListGround.INTEREST) -> str:
    """Put a list in force whose file is there; return its digest."""
    made = keep(settings.HAKAM_LISTS, ListKind.VALUES, entries)
    lists.publish(
        name, ListKind.VALUES, made.digest, made.entries, by=LEAD, now=NOW, note="why", ground=ground
    )
    return made.digest


def test_a_ground_is_told_once_and_can_change() -> None:
    assert publish().ground == ""
    first = lists.publish(
        "bad-ids", ListKind.VALUES, "a" * 64, 3, by=LEAD, now=NOW, note="n", ground=ListGround.VITAL
    )
    assert (first.number, first.ground) == (2, "vital")
    assert publish(digest="b" * 64).ground == "vital"  # what nobody says anew
    assert (
        '"ground":"vital"'
        in ledger.facts_after(0, kinds=frozenset({FactKind.LIST_PUBLISHED}), limit=9)[-1].body
    )


def test_only_values_name_people() -> None:
    with pytest.raises(ListError, match="names nobody"):
        lists.publish(
            "hosts", ListKind.DOMAINS, "a" * 64, 3, by=LEAD, now=NOW, note="n", ground=ListGround.INTEREST
        )


def test_an_erasure_says_the_digests_before_and_after_and_no_name() -> None:
    digest = kept("mallory", "eve", "alice")
    assert lists.erase(digest, ["mallory", "nobody"], by=LEAD, now=NOW, reason="data_request:1") == 1
    assert lists.erase(digest, ["mallory"], by=LEAD, now=NOW, reason="data_request:1") == 0
    assert lists.erase(digest, ["eve"], by=LEAD, now=NOW, reason="data_request:2") == 1
    facts = ledger.facts_after(0, kinds=frozenset({FactKind.LIST_ERASED}), limit=9)
    first, second = (ledger.body_of(fact) for fact in facts)
    assert first["before"] == digest
    assert first["after"] == second["before"]
    assert second["after"] == ListVersion.objects.get().rest
    assert ListVersion.objects.get().erased == 2
    assert "mallory" not in "".join(fact.body for fact in facts)
    assert set(lists.opened()["bad-ids"].entries()) == {"alice"}


def test_killed_before_the_file_was_reached_it_is_done_again_with_one_fact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digest = kept("mallory", "eve")

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lists, "blank", killed)
    with pytest.raises(KeyboardInterrupt):
        lists.erase(digest, ["mallory"], by=LEAD, now=NOW, reason="data_request:1")
    monkeypatch.undo()
    assert "mallory" in lists.opened()["bad-ids"]
    assert lists.erase(digest, ["mallory"], by=LEAD, now=NOW, reason="data_request:1") == 1
    assert "mallory" not in lists.opened()["bad-ids"]
    assert len(ledger.facts_after(0, kinds=frozenset({FactKind.LIST_ERASED}), limit=9)) == 1


def test_the_same_file_given_again_does_not_bring_it_back() -> None:
    digest = kept("mallory", "eve")
    lists.erase(digest, ["mallory"], by=LEAD, now=NOW, reason="data_request:1")
    lists.remove("bad-ids", by=LEAD, now=NOW, note="over")
    assert kept("mallory", "eve") == digest
    (again,) = lists.in_force()
    assert (again.number, again.erased) == (2, 1)
    assert "mallory" not in lists.opened()["bad-ids"]


def test_every_version_that_names_somebody_is_found() -> None:
    kept("mallory", "eve")
    kept("eve")
    kept("mallory", name="others", ground=None)
    assert [(one.name, one.number) for one in lists.naming(["mallory"])] == [("bad-ids", 1), ("others", 1)]
    assert lists.naming(["mal", "zoe"]) == []


def test_the_file_of_a_version_goes_when_no_other_needs_it() -> None:
    first = kept("mallory")
    kept("eve")
    kept("mallory", name="others")
    (old, _newer) = reversed(lists.history("bad-ids"))
    lists.drop(old)
    assert (settings.HAKAM_LISTS / first).exists()  # `others` is in force
    lists.remove("others", by=LEAD, now=NOW, note="over")
    (other,) = lists.history("others")
    lists.drop(other)
    assert not (settings.HAKAM_LISTS / first).exists()
    (newest, _old) = lists.history("bad-ids")
    lists.drop(newest)
    assert [one.file_kept for one in lists.history("bad-ids")] == [True, False]  # in force: it stays
    assert lists.naming(["mallory"]) == []
