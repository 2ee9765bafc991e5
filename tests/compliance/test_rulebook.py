"""The rule book: published whole or not at all, each text in force in one span of time, every change to be seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hakam.compliance import ledger, rulebook
from hakam.compliance.models import RulebookVersion
from hakam.compliance.rulebook import BrokenPackError, UnknownClauseError, VersionTakenError
from hakam.testing.scene import PACK
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.verdict import PackRef

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEAD = Actor(ActorKind.STAFF, "5")
DAY = timedelta(days=1)


def edition(version: str, *changes: tuple[str, str]) -> dict[str, str]:
    files = {**PACK, "pack.yaml": PACK["pack.yaml"].replace('"1.0.0"', f'"{version}"')}
    for old, new in changes:
        assert any(old in text for text in files.values()), old
        files = {path: text.replace(old, new) for path, text in files.items()}
    return files


def publish(files: dict[str, str], now: datetime = NOW, note: str = "") -> RulebookVersion:
    return rulebook.publish(files, by=LEAD, now=now, note=note)


@pytest.mark.django_db
class TestPublishing:
    def test_nothing_is_in_force_before_the_first(self) -> None:
        assert rulebook.active() is None
        assert rulebook.at(NOW) is None

    def test_the_first_is_in_force_from_its_publication(self) -> None:
        version = publish(PACK, note="we begin")
        assert rulebook.active() == version
        assert rulebook.at(NOW) == version
        assert rulebook.at(NOW - DAY) is None
        assert (version.pack, version.version, version.note) == ("scene", "1.0.0", "we begin")
        assert version.files == PACK

    def test_the_next_takes_over_at_one_instant(self) -> None:
        first = publish(PACK)
        second = publish(edition("1.1.0", ("severity: 20", "severity: 25")), NOW + DAY)
        assert rulebook.active() == second
        assert rulebook.at(NOW + DAY - timedelta(seconds=1)) == first
        assert rulebook.at(NOW + DAY) == second
        assert [v.version for v in rulebook.versions()] == ["1.1.0", "1.0.0"]

    def test_it_is_a_fact_with_both_versions_linked(self) -> None:
        publish(PACK)
        publish(edition("1.1.0"), NOW + DAY, note="typo")
        facts = ledger.story("rulebook:scene@1.0.0")
        assert [f.kind for f in facts] == ["rulebook.published"] * 2
        body = ledger.body_of(facts[1])
        assert (body["version"], body["replaces"], body["note"]) == ("1.1.0", "scene@1.0.0", "typo")

    def test_the_very_pack_in_force_is_published_once(self) -> None:
        assert publish(PACK) == publish(PACK, NOW + DAY)
        assert RulebookVersion.objects.count() == 1
        assert len(ledger.story("rulebook:scene@1.0.0")) == 1

    def test_what_was_published_before_is_not_read_again(self) -> None:
        rulebook._alone.cache_clear()
        publish(PACK)
        publish(PACK, NOW + DAY)
        publish(dict(reversed(PACK.items())), NOW + 2 * DAY)
        assert (rulebook._alone.cache_info().misses, rulebook._alone.cache_info().hits) == (1, 2)
        publish(edition("1.1.0"), NOW + 3 * DAY)
        assert rulebook._alone.cache_info().misses == 2

    def test_what_is_broken_stays_broken(self) -> None:
        wrong = edition("1.1.0", ("policy: spam\n  stage", "policy: spamm\n  stage"))
        for _ in range(2):
            with pytest.raises(BrokenPackError):
                publish(wrong)

    def test_a_version_means_one_text_for_ever(self) -> None:
        publish(PACK)
        with pytest.raises(VersionTakenError, match=r"scene@1\.0\.0"):
            publish(edition("1.0.0", ("severity: 20", "severity: 25")))
        assert rulebook.active() is not None

    def test_going_back_takes_a_new_version(self) -> None:
        publish(PACK)
        publish(edition("1.1.0"), NOW + DAY)
        with pytest.raises(VersionTakenError):
            publish(PACK, NOW + 2 * DAY)
        assert publish(edition("1.2.0"), NOW + 2 * DAY) == rulebook.active()

    def test_a_broken_pack_is_refused_with_all_its_findings(self) -> None:
        publish(PACK)
        broken = edition("2.0.0", ("harm: spam", "harm: spammy"), ("severity: 60", "severity: 600"))
        with pytest.raises(BrokenPackError) as refused:
            publish(broken)
        assert len([f for f in refused.value.findings if f.severity == "error"]) >= 2
        current = rulebook.active()
        assert current is not None
        assert current.version == "1.0.0"
        assert len(ledger.story("rulebook:scene@1.0.0")) == 1


@pytest.mark.django_db
class TestReading:
    def test_a_version_is_found_by_its_digest(self) -> None:
        version = publish(PACK)
        assert rulebook.find(rulebook.ref_of(version)) == version
        assert rulebook.find(PackRef("scene", "1.0.0", "0" * 64)) is None

    def test_the_pack_is_that_of_the_version(self) -> None:
        old = publish(PACK)
        new = publish(edition("1.1.0", ("Never.", "Never at all.")), NOW + DAY)
        assert rulebook.load(old).clauses["child-abuse"].text["en"] == "Never."
        assert rulebook.load(new).clauses["child-abuse"].text["en"] == "Never at all."
        assert rulebook.load(old) is rulebook.load(old)

    def test_a_clause_is_read_in_the_language_asked_for(self) -> None:
        ref = rulebook.ref_of(publish(PACK))
        for language, title in (
            ("en", "Spam"),
            ("ar", "رسائل مزعجة"),
            ("ar-EG", "رسائل مزعجة"),
            ("fr", "Spam"),
        ):
            clause = rulebook.clause_text(ref, "spam", language)
            assert clause is not None
            assert clause.title == title

    def test_a_clause_that_is_not_there_is_said_so(self) -> None:
        ref = rulebook.ref_of(publish(PACK))
        rulebook.require_clause(ref, "spam")
        assert rulebook.clause_text(ref, "spa", "en") is None
        with pytest.raises(UnknownClauseError, match="`spa`"):
            rulebook.require_clause(ref, "spa")
        with pytest.raises(UnknownClauseError, match="never published"):
            rulebook.require_clause(PackRef("scene", "9", "0" * 64), "spam")

    def test_the_address_of_a_clause_is_safe(self) -> None:
        assert rulebook.clause_path(PackRef("p", "1.0/x", "d"), "a b") == "/rules/1.0%2Fx#a%20b"


def test_system_is_an_actor_too(db: None) -> None:
    assert rulebook.publish(PACK, by=SYSTEM, now=NOW).published_by == "system"
