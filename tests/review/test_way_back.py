"""The way back with one key: at once, by one person, once however often the key is pressed; why is said afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hakam.compliance import drafts, ledger, rulebook
from hakam.compliance.models import RulebookVersion
from hakam.review import releases, way_back
from hakam.review.releases import ChangedError, NoReasonError, OverError
from hakam.testing import scene
from hakam.vocabulary.actor import Actor, ActorKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LENA = Actor(ActorKind.STAFF, "5")
RULE = """\
- rule: {name}
  policy: hate
  stage: shadow
  when: word(text.folded, "{name}")
  then: [review(queue="hate")]
"""


def published(*names: str) -> RulebookVersion:
    """Put the rules of these names in force, beside those of the scene."""
    version = rulebook.active() or scene.publish()
    files = {path: text for path, text in version.files.items() if path != "rules/more.yaml"}
    if names:
        files["rules/more.yaml"] = "".join(RULE.format(name=name) for name in names)
    later = NOW + timedelta(minutes=len(rulebook.versions()))
    return rulebook.publish(drafts.with_fresh_version(files), by=LENA, now=later, note="n")


def back(because: str = "") -> RulebookVersion:
    target, current = way_back.before(), rulebook.active()
    assert target is not None
    assert current is not None
    later = NOW + timedelta(minutes=len(rulebook.versions()))
    return way_back.go(target.pk, instead_of=current.pk, because=because, by=LENA, now=later)


def more() -> set[str]:
    version = rulebook.active()
    assert version is not None
    return {rule.id for rule in rulebook.load(version).rules} & {"vermin", "rats", "mice"}


def test_before_the_first_rules_there_is_nothing() -> None:
    assert way_back.before() is None
    scene.publish()
    assert way_back.before() is None


def test_one_key_brings_back_what_was_in_force_before() -> None:
    published("vermin")
    published("vermin", "rats")
    version = back()
    assert more() == {"vermin"}
    assert (version.version, version.note, version.published_by) == ("1.0.3", "back to 1.0.1", "staff:5")


def test_the_second_time_it_goes_further_back_and_not_to_and_fro() -> None:
    published("vermin")
    published("vermin", "rats")
    published("vermin", "rats", "mice")
    seen = []
    for _ in range(3):
        back()
        seen.append(more())
    assert seen == [{"vermin", "rats"}, {"vermin"}, set()]
    assert way_back.before() is None


def test_what_is_published_after_it_has_its_own_way_back() -> None:
    published("vermin")
    published("rats")
    back()
    published("mice")
    back()
    assert more() == {"vermin"}


def test_a_text_that_somebody_put_in_force_again_by_hand_stands_where_it_stood() -> None:
    published("vermin")
    published("rats")
    published("vermin")
    back()
    assert more() == set()


def test_a_key_pressed_twice_goes_back_once() -> None:
    published("vermin")
    bad = published("rats")
    target = way_back.before()
    assert target is not None
    way_back.go(target.pk, instead_of=bad.pk, because="", by=LENA, now=NOW + timedelta(hours=1))
    with pytest.raises(ChangedError):
        way_back.go(target.pk, instead_of=bad.pk, because="", by=LENA, now=NOW + timedelta(hours=1))
    assert len(rulebook.versions()) == 4
    with pytest.raises(OverError):
        way_back.go(987_654, instead_of=bad.pk, because="", by=LENA, now=NOW)


def test_why_is_said_afterwards_and_once() -> None:
    published("vermin")
    version = back()
    assert way_back.unexplained(version)
    with pytest.raises(NoReasonError):
        way_back.explain(version.pk, because=" \n", by=LENA, now=NOW)
    said = way_back.explain(version.pk, because="it hit jokes", by=LENA, now=NOW + timedelta(hours=1))
    assert said.note == "back to 1.0.0: it hit jokes"
    assert not way_back.unexplained(said)
    with pytest.raises(OverError):
        way_back.explain(version.pk, because="again", by=LENA, now=NOW)
    fact = ledger.story(f"rulebook:{rulebook.ref_of(said)}")[-1]
    assert fact.kind == "rulebook.explained"
    assert ledger.body_of(fact)["note"] == "back to 1.0.0: it hit jokes"


def test_who_says_why_at_once_is_not_asked_again() -> None:
    published("vermin")
    version = back("it hit jokes")
    assert version.note == "back to 1.0.0: it hit jokes"
    assert not way_back.unexplained(version)


def test_no_other_note_waits_for_a_reason() -> None:
    assert not way_back.unexplained(published("vermin"))
    first = rulebook.versions()[-1]
    with pytest.raises(NoReasonError):
        releases.go_back(first.pk, because="", by=LENA, now=NOW)
