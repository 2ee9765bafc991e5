"""What a copy of one's data tells and what it keeps silent about, part by part."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.utils import translation
from tests.privacy.conftest import NOW, World
from tests.privacy.test_requests import DAY, copy_of, inform, released

from hakam.compliance.access import facts_of
from hakam.compliance.facts import FactKind
from hakam.intake import authorities, threats
from hakam.intake.models import Order
from hakam.privacy import document, gathering, requests
from hakam.privacy import schedule as periods
from hakam.privacy.kinds import Kind
from hakam.privacy.schedule import schedule
from hakam.safeguarding import reports
from hakam.staff.roles import Role
from hakam.storage.event_log import Entry
from hakam.testing import scene
from hakam.vocabulary.event import Author


def gathered(world: World, account: str = "u1") -> dict[str, Any]:
    """Return the copy as whoever asks gets it: searched, prepared by one person, released by another."""
    return copy_of(world, released(world, account=account))


def words_of(held: dict[str, Any]) -> str:
    return json.dumps(held, default=str, ensure_ascii=False)


# What the law asks to be told ---------------------------------------------------------------------


def test_the_copy_tells_for_what_each_kind_is_kept_and_for_how_long(world: World) -> None:
    # GDPR Art. 15(1)(a) and (d)
    told = {one["kind"]: one for one in gathered(world)["purposes"]}
    assert set(told) == {kind.value for kind in Kind}
    for kind, kept in schedule().items():
        one = told[kind.value]
        assert one["ground"] == kept.ground
        assert one["what"]["en"]
        assert one["what"]["ar"]
        assert one["from"]["en"]
        assert one["from"]["ar"]
        assert (one["months"], one["days"]) == (kept.months, kept.days)


def test_a_period_that_the_operator_changed_is_told(world: World) -> None:
    # GDPR Art. 15(1)(a) and (d)
    made = periods.propose(
        "notices", months=60, days=0, ground="Art. 15", because="An audit.", by=world.amal.actor, now=NOW
    )
    before = {one["kind"]: one["months"] for one in gathered(world)["purposes"]}
    periods.settle(made.pk, confirm=True, by=world.lena.actor, now=NOW)
    after = {one["kind"]: one["months"] for one in gathered(world, "u2")["purposes"]}
    assert before["notices"] != 60
    assert after["notices"] == 60


# What a law keeps secret --------------------------------------------------------------------------


def test_nothing_tells_of_a_suspicion_that_was_handed_to_the_authorities(world: World) -> None:
    # GDPR Art. 23(1)(d): the detection of crimes; DSA Art. 18
    world.post("Tonight at the station.")
    case = world.case("Tonight.")
    office = authorities.register(
        name="Bundespolizei", kind="law_enforcement", country="DE", email="p@police.example", phone="1",
        by=world.amal.actor, now=NOW,
    )  # fmt: skip
    authorities.confirm(office.pk, by=world.basil.actor, now=NOW)
    threat = threats.start(case.pk, what="He will kill her.", user=world.amal, vault=world.vault, now=NOW)
    threats.report(str(threat.pk), to=[office.pk], vault=world.vault, by=world.amal.actor, now=NOW)
    assert facts_of(
        threats.subject_of(threat), FactKind.THREAT_REPORTED
    )  # there is something to be silent about
    held = gathered(world)
    text = words_of(held)
    assert "threat" not in {one["what"].partition(".")[0] for one in held["ledger"]}
    for secret in ("He will kill her", "Bundespolizei", "threat:", str(threat.pk)):
        assert secret not in text
    assert held["events"][0]["text"] == "Tonight at the station."  # their own words they get


def test_nothing_tells_of_a_report_of_child_abuse(world: World) -> None:
    # GDPR Art. 23(1)(d)
    case = world.case("zq7-words", harm="csam", clause="child-abuse")
    kim = scene.person("kim", Role.CHILD_SAFETY)
    report = reports.prepare(case.pk, "ncmec", platform_name="Maydan", user=kim, vault=world.vault, now=NOW)
    facts = facts_of(reports.subject_of(report), FactKind.CHILD_REPORT_PREPARED)
    assert facts
    held = gathered(world)
    text = words_of(
        {name: part for name, part in held.items() if name != "purposes"}
    )  # those are everybody's
    assert not {one["number"] for one in held["ledger"]} & {fact.seq for fact in facts}
    for secret in ("ncmec", "NCMEC", "child_report", str(report.pk)):
        assert secret not in text


@pytest.mark.parametrize(
    "kind", ["order.", "disclosure.", "threat.", "child_report.", "hold.", "personal_data."]
)
def test_the_kinds_of_facts_that_a_copy_leaves_out_are_in_the_list(kind: str) -> None:
    assert kind in gathering._SECRET


def test_the_copy_of_another_account_holds_nothing_of_this_one(world: World) -> None:
    world.post("mine")
    world.decided(world.case("You are vermin"))
    text = words_of(gathered(world, "u2"))
    for of_others in ("mine", "vermin", '"u1"'):
        assert of_others not in text


@pytest.mark.parametrize("field", [*Author.__struct_fields__, *sorted(gathering._HANDED)])
def test_every_field_that_a_platform_tells_has_a_name_in_both_languages(field: str) -> None:
    with translation.override("ar"):
        assert re.search("[\u0600-\u06ff]", document._label(field)), field
    with translation.override("en"):
        assert "_" not in document._label(field)


def test_when_an_account_was_made_is_a_time_and_no_code(world: World) -> None:
    told = scene.event("hello", item="p1", author="u1", at=NOW)
    told = msgspec.structs.replace(told, author=msgspec.structs.replace(told.author, created_at=NOW))
    world.events.append([Entry(told.platform, told.id, told.at.timestamp(), scene.raw(told), b"{}", b"{}")])
    made = released(world)
    data = requests.hand_over(str(made.pk), vault=world.vault, by=world.amal.actor, now=NOW)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert (
            f"{NOW:%Y-%m-%d %H:%M:%S} UTC"
            in archive.read("data-en.html").decode().partition("What you posted")[0]
        )
        assert "T" in json.loads(archive.read("data.json"))["account"]["created_at"]  # for machines: ISO 8601


def test_figures_count_lists_and_nothing_else(world: World) -> None:
    world.post("one")
    world.post("two", at=NOW + timedelta(minutes=1))
    figures = gathering.figures(gathered(world))
    assert figures["events"] == 2
    assert figures["purposes"] == len(Kind)
    assert not {"account", "about", "complaints"} & set(figures)  # no lists, or empty ones


def test_a_removal_order_is_secret_as_long_as_silence_is_ordered_and_no_longer(world: World) -> None:
    # TCO Art. 11(3), GDPR Art. 23(1)(d): content is named by its address, so that no account stands in the order
    order = inform(world, silent_days=0)
    contents = order.contents | {"kind": "removal", "accounts": []}
    Order.objects.filter(pk=order.pk).update(kind="removal", contents=contents, silent_until=NOW + DAY)
    assert gathering.silenced(scene.PLATFORM, "u1", now=NOW) == {f"order:{order.pk}"}
    assert gathering.silenced(scene.PLATFORM, "u1", now=NOW + 2 * DAY) == frozenset()
    Order.objects.filter(pk=order.pk).update(recipient_informed_at=NOW)
    assert gathering.silenced(scene.PLATFORM, "u1", now=NOW) == frozenset()
