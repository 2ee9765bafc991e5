"""Every change of the rules can be seen, clause by clause and word by word (DSA Art. 14(2))."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance import rulebook
from hakam.compliance.differences import Fate, differences, word_runs
from hakam.compliance.models import RulebookVersion
from hakam.testing.scene import PACK
from hakam.vocabulary.actor import Actor, ActorKind

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
class TestDifferences:
    def test_equal_versions_do_not_differ(self) -> None:
        version = publish(PACK)
        found = differences(version, version)
        assert (found.clauses, found.rules, found.files) == ((), (), ())

    def test_a_changed_text_is_shown_word_by_word_in_its_language(self) -> None:
        a = publish(PACK)
        b = publish(edition("1.1.0", ("Do not threaten people.", "Do not threaten anybody.")), NOW + DAY)
        (clause,) = differences(a, b).clauses
        assert (clause.id, clause.fate) == ("threat", Fate.CHANGED)
        (field,) = clause.fields
        assert field.field == "text/en"
        assert [(r.fate, r.text) for r in field.runs] == [
            (Fate.SAME, "Do not threaten "),
            (Fate.REMOVED, "people"),
            (Fate.ADDED, "anybody"),
            (Fate.SAME, "."),
        ]

    def test_arabic_is_compared_by_words_too(self) -> None:
        a = publish(PACK)
        b = publish(edition("1.1.0", ("لا تهدد الناس.", "لا تهدد أحدًا.")), NOW + DAY)
        (clause,) = differences(a, b).clauses
        assert [r.text for r in clause.fields[0].runs if r.fate is Fate.REMOVED] == ["الناس"]

    def test_a_changed_ladder_and_law_are_shown(self) -> None:
        a = publish(PACK)
        b = publish(
            edition("1.1.0", ("suspend(days=90)", "suspend(days=30)"), ("section 130", "section 131")),
            NOW + DAY,
        )
        changed = {c.id: [f.field for f in c.fields] for c in differences(a, b).clauses}
        assert changed == {"hate": ["legal"], "threat": ["ladder"]}

    def test_added_and_removed_clauses_show_everything(self) -> None:
        clause = (
            "- policy: adult\n  title: {en: Adult, ar: للبالغين}\n  text: {en: Label it., ar: ضع وسمًا.}\n"
            "  harm: adult_sexual\n  severity: 30\n  ladder: [age_gate]\n"
        )
        more = edition("1.1.0")
        more["policies.yaml"] += clause
        a, b = publish(PACK), publish(more, NOW + DAY)
        (added,) = differences(a, b).clauses
        (removed,) = differences(b, a).clauses
        assert (added.id, added.fate) == ("adult", Fate.ADDED)
        assert (removed.id, removed.fate) == ("adult", Fate.REMOVED)
        assert {"title/en", "title/ar", "text/en", "text/ar", "harm", "severity", "ladder"} <= {
            f.field for f in added.fields
        }
        assert all(r.fate is Fate.ADDED for f in added.fields for r in f.runs)

    def test_a_changed_rule_shows_its_condition_and_stage(self) -> None:
        a = publish(PACK)
        b = publish(
            edition("1.1.0", ("stage: live", "stage: canary 5%"), ('"buy followers"', '"buy likes"')),
            NOW + DAY,
        )
        (rule,) = differences(a, b).rules
        assert rule.id == "known-spam"
        assert [f.field for f in rule.fields] == ["stage", "when"]


TEXTS = st.text(st.sampled_from("ab سم .،\n"), max_size=40)


@given(TEXTS, TEXTS)
def test_runs_spell_both_texts(old: str, new: str) -> None:
    runs = word_runs(old, new)
    assert "".join(r.text for r in runs if r.fate is not Fate.ADDED) == old
    assert "".join(r.text for r in runs if r.fate is not Fate.REMOVED) == new


def test_a_very_long_text_is_compared_by_lines() -> None:
    old = "".join(f"line {n} of many words here\n" for n in range(3_000))
    runs = word_runs(old, old.replace("line 7 of", "line seven of"))
    assert [r.text for r in runs if r.fate is Fate.ADDED] == ["line seven of many words here\n"]
