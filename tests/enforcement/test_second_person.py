"""Whoever may be the second person is told that something waits; who proposed it, and who may not settle it, is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.urls import resolve

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.enforcement import second_person
from hakam.enforcement.models import Effect
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import Actor
from hakam.wiring.subscriptions import SUBSCRIBERS

pytestmark = pytest.mark.django_db
NOW = scene.NOW


def happen(
    kind: FactKind,
    by: Actor,
    body: dict[str, Any] | None = None,
    *,
    subject: str = "proposal:4",
    about: tuple[str, ...] = (),
) -> None:
    with transaction.atomic():
        ledger.record(kind, by=by, now=NOW, subject=subject, about=about, body=body)
    for fact in ledger.facts_after(0, kinds=second_person.KINDS):
        second_person.on_fact(fact, NOW)


def letters() -> dict[str, dict[str, Any]]:
    return {effect.payload["to"]: effect.payload for effect in Effect.objects.all()}


def test_a_proposal_is_told_to_those_who_decide_but_not_to_its_author() -> None:
    amal, _basil, _lena = (scene.person("amal"), scene.person("basil", Role.SENIOR_MODERATOR),
                         scene.person("lena", Role.POLICY_LEAD))  # fmt: skip
    happen(FactKind.PROPOSAL_MADE, amal.actor)
    assert set(letters()) == {"basil@example.org"}
    assert letters()["basil@example.org"]["subject"] == "A proposal waits for a second person"


def test_rules_that_go_live_are_told_to_those_who_publish() -> None:
    lena, _otto, _amal = (scene.person("lena", Role.POLICY_LEAD), scene.person("otto", Role.INCIDENT_LEAD),
                        scene.person("amal"))  # fmt: skip
    happen(FactKind.RELEASE_PROPOSED, lena.actor, {"goes_live": ["vermin"]})
    assert set(letters()) == {"otto@example.org"}


def test_a_decision_on_many_items_is_told_to_those_who_may_decide_like_that() -> None:
    lena, _sana, _amal = (scene.person("lena", Role.SENIOR_MODERATOR), scene.person("sana", Role.SENIOR_MODERATOR),
                          scene.person("amal"))  # fmt: skip
    happen(FactKind.BULK_ASKED, lena.actor, {"items": 60, "waits": True}, subject="bulk:3")
    assert set(letters()) == {"sana@example.org"}
    told = letters()["sana@example.org"]
    assert told["subject"] == "A decision on many items waits for a second person"


@pytest.mark.parametrize(
    ("kind", "subject", "about", "path"),
    [
        (FactKind.RELEASE_PROPOSED, "release:7", ("draft:12",), "/desk/rules/drafts/12/release"),
        (FactKind.PROPOSAL_MADE, "proposal:4", ("case:9",), "/desk/proposals/4"),
        (FactKind.BULK_ASKED, "bulk:3", (), "/desk/together/3"),
    ],
)
def test_the_letter_leads_to_the_page_where_it_is_confirmed(
    kind: FactKind, subject: str, about: tuple[str, ...], path: str
) -> None:
    lena, _sana = scene.person("lena", Role.ADMINISTRATOR), scene.person("sana", Role.ADMINISTRATOR)
    happen(kind, lena.actor, {"goes_live": ["vermin"], "waits": True}, subject=subject, about=about)
    (told,) = letters().values()
    assert [link["url"] for link in told["links"]] == [path]
    assert resolve(path).view_name in {"console:rule_release", "console:proposal", "console:bulk"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [(FactKind.RELEASE_PROPOSED, {"goes_live": []}), (FactKind.BULK_ASKED, {"items": 3, "waits": False})],
)
def test_what_one_person_may_do_is_told_to_nobody(kind: FactKind, body: dict[str, Any]) -> None:
    lena = scene.person("lena", Role.ADMINISTRATOR)
    scene.person("otto", Role.ADMINISTRATOR)
    happen(kind, lena.actor, body)
    assert letters() == {}


def test_each_reads_it_in_their_language() -> None:
    amal = scene.person("amal")
    scene.person("basim", Role.MODERATOR, language="ar")
    happen(FactKind.PROPOSAL_MADE, amal.actor)
    told = letters()["basim@example.org"]
    assert told["subject"] == "اقتراح ينتظر شخصًا ثانيًا"
    assert told["language"] == "ar"


def test_telling_twice_is_telling_once() -> None:
    amal = scene.person("amal")
    scene.person("basil")
    happen(FactKind.PROPOSAL_MADE, amal.actor)
    (fact,) = ledger.facts_after(0, kinds=second_person.KINDS)
    second_person.on_fact(fact, NOW)
    assert Effect.objects.count() == 1


def test_who_has_left_is_not_written_to() -> None:
    amal, basil = scene.person("amal"), scene.person("basil")
    basil.is_active = False
    basil.save()
    happen(FactKind.PROPOSAL_MADE, amal.actor)
    assert letters() == {}


def test_the_worker_follows_these_facts() -> None:
    (found,) = (one for one in SUBSCRIBERS if one.name == "second person")
    assert found.kinds == second_person.KINDS
