"""The after-action report: its figures are those of the ledger, counted here a second time by other means."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from hashlib import sha256
from statistics import median
from typing import Any

import msgspec
import pytest
from django.db import transaction
from tests.incidents.stage import CLIP, NOW, Stage, facts

from hakam.banks.judging import judge_entry
from hakam.banks.models import BankEntry
from hakam.banks.withdraw import withdraw
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact, Statement
from hakam.incidents.closing import end
from hakam.incidents.counting import count_due
from hakam.incidents.figures import figures_of
from hakam.incidents.models import Incident
from hakam.incidents.naming import IncidentError
from hakam.incidents.powers import BankSettings, NoSettings
from hakam.incidents.renewing import ask_renewal, grant_renewal
from hakam.incidents.report import Report, confidential, publish, published
from hakam.incidents.states import Power
from hakam.incidents.team import note_told
from hakam.intake.models import BankSighting
from hakam.review.complaints import complain, decide_complaint
from hakam.review.decisions import decide, finalise_due
from hakam.review.leases import take
from hakam.review.models import Case, Complaint, Decision
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
BANK = {Power.EMERGENCY_BANK: BankSettings(), Power.SHARE: NoSettings()}
OTHER = b"a longer cut of it"
WRONG = b"a trailer that looks like it"


def minute(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def work(stage: Stage, now: datetime) -> None:
    stage.work(now)
    while count_due(stage.log, now=now):
        pass


def crisis(stage: Stage, amal: User) -> None:
    """Live through a day: seven uploads of three files, and people who look at some of them."""
    stage.declared(BANK)
    stage.put_in(Incident.objects.get(), now=minute(2))
    from tests.incidents.stage import hashes_of  # noqa: PLC0415

    from hakam.banks.filling import fill  # noqa: PLC0415

    fill("incident-harbour", hashes_of(OTHER, "clip-2"), by=SYSTEM, now=minute(4))
    fill("incident-harbour", hashes_of(WRONG, "clip-3"), by=SYSTEM, now=minute(4))
    for number, (item, data) in enumerate(
        [("a", CLIP), ("b", CLIP), ("c", OTHER), ("d", WRONG), ("e", CLIP), ("f", OTHER), ("x", b"a cat")]
    ):
        stage.upload(item, data, now=minute(5 + number), author=None, email=f"{item}@example.org")
        work(stage, minute(5.5 + number))
    people_look(stage, amal)
    entry = BankEntry.objects.get(item="clip-3")
    judge_entry("incident-harbour", entry.pk, correct=False, by=amal.actor, now=minute(40))
    withdraw("incident-harbour", items=["clip-3"], reason="a trailer", by=amal.actor, now=minute(41))
    work(stage, minute(42))
    somebody_complains(stage)
    note_told("harbour", whom="Europol", words="all of it", by=stage.nadia.actor, now=minute(60))
    ask_renewal("harbour", hours=6, reason="copies still come", by=stage.nadia.actor, now=minute(90))
    grant_renewal("harbour", by=stage.omar.actor, now=minute(95))
    stage.upload("late", CLIP, now=minute(100))
    work(stage, minute(101))
    end("harbour", because="no uploads", release=True, by=stage.nadia.actor, now=minute(200))
    work(stage, minute(201))


def people_look(stage: Stage, amal: User) -> None:
    for item, outcome in (("a", Outcome.VIOLATION), ("b", Outcome.NO_VIOLATION)):
        case = Case.objects.get(item_id=item)
        take(case.pk, by=amal.actor, now=minute(30))
        bad = outcome is Outcome.VIOLATION
        decide(
            case.pk,
            by=amal.actor,
            now=minute(31),
            outcome=outcome,
            clause="threat" if bad else "",
            measures=[Measure(MeasureKind.WARN), Measure(MeasureKind.REMOVE)] if bad else [],
            facts="It shows the attack." if bad else "",
        )
    finalise_due(minute(35))
    stage.work(minute(36))


def somebody_complains(stage: Stage) -> None:
    for item in ("c", "e"):
        decision = Decision.objects.get(item_id=item)
        statement = Statement.objects.get(decision=f"decision:{decision.pk}")
        complain(statement_token=statement.token, text="It is news.", now=minute(50))
    complaint = Complaint.objects.get(decision__item_id="c")
    decide_complaint(
        str(complaint.pk), uphold=True, answer="You are right.", by=stage.omar.actor, now=minute(55)
    )
    finalise_due(minute(56))


def bodies(kind: str) -> list[tuple[Fact, dict[str, Any]]]:
    return [(fact, json.loads(fact.body)) for fact in facts(kind)]


def test_every_figure_is_that_of_the_ledger(stage: Stage, amal: User) -> None:
    crisis(stage, amal)
    found = figures_of(Incident.objects.get())
    # times
    assert found.declared_at == NOW
    assert found.confirmed_at == minute(1)
    assert found.first_hash_at == minute(2)
    assert found.first_uploaded_at == minute(5)
    assert found.first_detected_at == minute(5.5)
    assert found.first_blocked_at == minute(5.5)
    assert found.first_shared_at == minute(2)  # it was shared before anything was in it
    assert (found.closed_at, found.closed_how) == (minute(200), "incident.ended")
    assert found.seconds("first_uploaded_at", "first_blocked_at") == 30
    # copies: counted again by the rows and by the door's own decisions
    sightings = BankSighting.objects.filter(bank="incident-harbour")
    holds = Decision.objects.filter(by="rule:bank:incident-harbour", outcome=Outcome.VIOLATION)
    assert found.copies_seen == sightings.count() == 7
    assert found.items_seen == len({row.item_id for row in sightings}) == 7
    assert found.items_held == holds.count() == 7
    assert found.seen_by_hour == {"2026-03-02T09:00:00+00:00": 6, "2026-03-02T10:00:00+00:00": 1}
    # what became of what was held: counted again by the rows
    after = {one.item_id: one.replaced_by for one in holds}
    assert {item for item, one in after.items() if one and one.by.startswith("rule:")} == {
        "d",
        "e",
        "f",
        "late",
    }
    assert (found.upheld_by_people, found.left_up_by_people, found.let_go) == (1, 2, 4)
    assert found.undecided == sum(one is None for one in after.values()) == 0
    # mistakes and safeguards: counted again by the raw facts
    assert found.hashes_withdrawn == 1
    assert sum(body["entries"] for _, body in bodies("bank.withdrawn")) == 3  # the rest went with the bank
    assert found.matches_called_wrong == 1
    held_names = {f"decision:{pk}" for pk in holds.values_list("pk", flat=True)}
    said = [body for _, body in bodies("statement.issued") if body["decision"] in held_names]
    assert found.statements == len(said) == 7
    objected = [body for _, body in bodies("complaint.received") if body["decision"] in held_names]
    assert found.complaints == len(objected) == 2
    assert found.complaints_upheld == len(bodies("complaint.decided")) == 1
    assert (found.renewals, found.told) == (1, 1)
    # all copies, not only the first
    assert (found.hashes_added, found.partners_reached) == (3, 0)
    assert (found.seen_within_minute, found.median_seconds_to_see, found.longest_seconds_to_see) == (
        7,
        30,
        60,
    )
    free_at = {"b": 36, "c": 56, "d": 42, "e": 201, "f": 201, "late": 201}
    assert set(free_at) == {item for item, one in after.items() if one and one.outcome != Outcome.VIOLATION}
    held = {one.item_id: one.at for one in holds}
    spans = sorted((after[item].at - held[item]).total_seconds() for item in free_at)
    assert found.median_seconds_until_free == median(spans)
    assert found.longest_seconds_until_free == spans[-1] > spans[0] > 0
    assert found.looked_at == 3
    assert found.share_wrong == pytest.approx(2 / 3)
    assert [one.power for one in found.powers] == [Power.EMERGENCY_BANK, Power.SHARE]
    assert {one.undone_at for one in found.powers} == {minute(200)}


def test_the_rows_may_be_erased_and_the_figures_stay(stage: Stage, amal: User) -> None:
    crisis(stage, amal)
    before = figures_of(Incident.objects.get())
    BankSighting.objects.all().delete()
    assert figures_of(Incident.objects.get()) == before


def test_an_exercise_is_counted_by_the_same_code_and_held_nothing(stage: Stage) -> None:
    stage.declared(BANK, exercise=True)
    stage.put_in(Incident.objects.get())
    stage.upload("a", CLIP, now=minute(5))
    stage.upload("b", CLIP, now=minute(6))
    work(stage, minute(7))
    end("harbour", because="done", by=stage.nadia.actor, now=minute(9))
    found = figures_of(Incident.objects.get())
    assert (found.copies_seen, found.items_held, found.statements) == (2, 0, 0)
    assert found.first_uploaded_at == minute(5)
    assert found.first_blocked_at is None
    assert found.first_shared_at is None
    report = publish("harbour", words="We rehearsed.", by=stage.nadia.actor, now=minute(10))
    assert report.exercise
    assert all(body["exercise"] for _, body in bodies("incident.copies_seen"))
    assert bodies("incident.reported")[0][1]["exercise"] is True


def test_shared_is_what_a_partner_has_confirmed(stage: Stage) -> None:
    stage.declared(BANK)
    stage.put_in(Incident.objects.get(), now=minute(2))
    for at, came in ((minute(3), 0), (minute(4), 1), (minute(5), 2)):
        with transaction.atomic():
            ledger.record(
                FactKind.EXCHANGE_GIVEN, by=SYSTEM, now=at, subject="partner:1", about=["bank:incident-harbour"],
                body={"bank": "incident-harbour", "came": came, "left": 0},
            )  # fmt: skip
    found = figures_of(Incident.objects.get())
    assert found.first_shared_at == minute(4)
    assert found.partners_reached == 1  # one partner, told twice


def test_counting_twice_is_counting_once(stage: Stage) -> None:
    stage.declared(BANK)
    stage.put_in(Incident.objects.get())
    stage.upload("a", CLIP, now=minute(5))
    stage.work(minute(6))
    assert count_due(stage.log, now=minute(6)) == 1
    assert count_due(stage.log, now=minute(6)) == 0
    stage.upload("a", CLIP, now=minute(7))  # the same item again
    stage.work(minute(8))
    assert count_due(stage.log, now=minute(8)) == 1
    found = figures_of(Incident.objects.get())
    assert (found.copies_seen, found.items_seen) == (2, 1)


def test_what_is_taken_in_late_is_counted_and_what_comes_much_later_is_not(stage: Stage) -> None:
    stage.declared(BANK)
    stage.put_in(Incident.objects.get())
    stage.upload("a", CLIP, now=minute(5))
    end("harbour", because="done", by=stage.nadia.actor, now=minute(6))
    stage.work(minute(7))
    assert count_due(stage.log, now=minute(67)) == 0
    assert count_due(stage.log, now=minute(8)) == 1


def test_without_anything_seen_nothing_is_made_up(stage: Stage) -> None:
    stage.declare(BANK)
    found = figures_of(Incident.objects.get())
    assert found.first_uploaded_at is None
    assert found.seconds("first_uploaded_at", "first_blocked_at") is None
    assert (found.copies_seen, found.items_held, found.closed_how) == (0, 0, "")
    assert found.median_seconds_to_see is found.longest_seconds_until_free is found.share_wrong is None


def test_the_public_report_names_no_hash_no_account_and_nobody(stage: Stage, amal: User) -> None:
    # DSA Art. 48(4)(f)
    crisis(stage, amal)
    with pytest.raises(IncidentError, match="for the public"):
        publish("harbour", words=" ", by=stage.nadia.actor, now=minute(300))
    report = publish("harbour", words="An attack was streamed.", by=stage.nadia.actor, now=minute(300))
    text = msgspec.json.encode(report).decode()
    for secret in (
        sha256(CLIP).hexdigest(), "u1", "nadia", "omar", "amal", "staff:", "decision:", "example.org", "Europol",
        "shoots", "maydan/post", "incident-harbour",
    ):  # fmt: skip
        assert secret not in text, secret
    assert published(Incident.objects.get()) == report
    (fact,) = facts("incident.reported")
    assert ledger.body_of(fact)["digest"] == sha256(text.encode()).hexdigest()
    assert report.seconds["first_uploaded_at/first_blocked_at"] == 30
    assert report.seconds["declared_at/confirmed_at"] == 60


def test_it_is_published_after_the_end_only_and_may_be_published_anew(stage: Stage) -> None:
    stage.declared(BANK)
    with pytest.raises(IncidentError, match="not over yet"):
        publish("harbour", words="w", by=stage.nadia.actor, now=minute(5))
    end("harbour", because="over", by=stage.nadia.actor, now=minute(6))
    publish("harbour", words="first", by=stage.nadia.actor, now=minute(7))
    publish("harbour", words="second", by=stage.omar.actor, now=minute(8))
    found = published(Incident.objects.get())
    assert isinstance(found, Report)
    assert found.words == "second"
    assert len(facts("incident.reported")) == 2


def test_the_confidential_report_says_who_and_what(stage: Stage, amal: User) -> None:
    crisis(stage, amal)
    report = confidential(Incident.objects.get(), now=minute(300))
    assert report["summary"].endswith("shoots.")
    assert report["declared_by"] == str(stage.nadia.actor)
    assert report["figures"]["items_held"] == 7
    assert [row["power"] for row in report["powers"]] == [Power.EMERGENCY_BANK, Power.SHARE]
    assert report["renewals"][0]["reason"] == "copies still come"
    (told,) = [row for row in report["log"] if row["kind"] == "incident.told"]
    assert (told["whom"], told["words"]) == ("Europol", "all of it")
    assert EntryKind.SHA256.value not in json.dumps(report["powers"])
    json.dumps(report)  # as it stands
