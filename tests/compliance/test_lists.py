"""Lists outside packs: one version in force at a time, changes in the ledger, none taken from rules that read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hakam.compliance import ledger, lists, rulebook
from hakam.compliance.facts import FactKind
from hakam.compliance.lists import ListError
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
