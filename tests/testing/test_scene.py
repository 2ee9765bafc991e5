"""The scene: a pack, colleagues, events and verdicts that are real, so that tests on it prove something."""

from __future__ import annotations

import msgspec
import pytest

from hakam.policy.counters import NO_COUNTERS
from hakam.policy.engine import compile_pack
from hakam.policy.pack import load_pack
from hakam.signals.measure import measure
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.testing.doors import pack_files
from hakam.vocabulary.event import ContentKind, Event, ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.verdict import Stage, Verdict


def test_the_pack_of_the_scene_loads_in_both_languages() -> None:
    loaded = load_pack(scene.PACK)
    assert loaded.pack is not None, loaded.errors
    assert {finding.code for finding in loaded.findings} <= {"P404"}
    for clause in loaded.pack.clauses.values():
        assert set(clause.title) == set(clause.text) == {"en", "ar"}
    assert list(loaded.pack.clauses) == ["spam", "hate", "threat", "child-abuse"]


def test_its_rule_says_what_a_firing_of_the_scene_says() -> None:
    pack = load_pack(scene.PACK).pack
    assert pack is not None
    engine = compile_pack(pack)
    said = scene.event("Buy followers now")
    (real,) = engine.judge(said, measure(said, engine.needs), NO_COUNTERS).firings
    made = scene.firing(measures=[Measure(MeasureKind.LIMIT_REACH, days=7)])
    assert (real.rule, real.policy, real.measures, real.review) == (
        made.rule,
        made.policy,
        made.measures,
        made.review,
    )


def test_events_have_ids_of_their_own_and_survive_the_wire() -> None:
    one, other = scene.event(), scene.event()
    assert one.id != other.id
    assert msgspec.json.decode(scene.raw(one), type=Event) == one
    assert scene.ref(scene.event(item="9", kind=ContentKind.COMMENT)) == ItemRef("maydan", "comment", "9")


@pytest.mark.django_db
def test_publishing_puts_the_pack_in_force_and_verdicts_name_it() -> None:
    version = scene.publish()
    made = scene.verdict([scene.firing(), scene.firing(stage=Stage.SHADOW)])
    assert isinstance(made, Verdict)
    assert made.pack == scene.in_force()
    assert str(version.digest) == made.pack.digest
    assert len(made.live) == 1
    again = scene.publish(pack_files())
    assert scene.in_force().digest == again.digest != version.digest


@pytest.mark.django_db
def test_colleagues_have_the_role_that_was_asked_for() -> None:
    assert scene.person("amal").role == Role.MODERATOR
    assert scene.person("omar", Role.AUDITOR).role == Role.AUDITOR


@pytest.mark.django_db
def test_nothing_due_delivers_nothing() -> None:
    taken = scene.deliver(scene.NOW)
    assert taken.messages == []
    assert scene.deliver(scene.NOW, connector=taken) is taken
