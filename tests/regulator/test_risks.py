"""Risk assessments: kinds as the law lists them, drafts, a second person, versions that stay, their evidence."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from hakam.banks.filling import fill
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.rows import Row
from hakam.compliance import ledger
from hakam.compliance.clocks import clocks
from hakam.compliance.models import Deadline, RulebookVersion
from hakam.compliance.profile import duties
from hakam.intake.models import Notice, NoticeItem
from hakam.regulator import risks
from hakam.regulator.evidence import Situation, of_harms
from hakam.regulator.models import RiskAssessment
from hakam.regulator.risks import Assessment, Judged, RiskError, Scheme, schemes
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.harm import Harm

pytestmark = pytest.mark.django_db
NOW, DAY = scene.NOW, timedelta(days=1)
WHOLE = Assessment(
    kinds={
        kind.key: Judged("low", "Few users, no private groups.", "Rules.") for kind in schemes()["uk"].kinds
    }
    | {"hate": Judged("high", "Open comments.", "Live rules and people.")},
    consulted="Risk profiles of Ofcom",
)


def write(lena: User, said: Assessment = WHOLE, **more: Any) -> RiskAssessment:
    given: dict[str, Any] = {"owner": lena, "by": lena.actor, "now": NOW}
    return risks.write("p", "uk", said, **(given | more))


def test_the_kinds_are_those_that_the_law_lists() -> None:
    # OSA s.9: eighteen priority kinds since 2026, and the rest as one group
    keys = [kind.key for kind in schemes()["uk"].kinds]
    assert len(keys) == 19
    assert keys[-1] == "other"
    assert {"terrorism", "csea", "cyberflashing", "animals", "interference", "suicide"} <= set(keys)
    assert [kind.key for kind in schemes()["eu"].kinds] == ["illegal", "rights", "civic", "wellbeing"]


@pytest.mark.parametrize("scheme", schemes().values(), ids=list(schemes()))
def test_each_scheme_is_whole_data(scheme: Scheme) -> None:
    assert {scheme.review, scheme.keep} <= set(clocks())
    assert not scheme.first or scheme.first in clocks()
    assert scheme.duty in duties()
    assert len({kind.key for kind in scheme.kinds}) == len(scheme.kinds)
    for kind in scheme.kinds:
        assert set(kind.harms) <= set(Harm)
        assert re.search("[\u0600-\u06ff]", kind.title["ar"])


def test_a_draft_grows_and_is_one(lena: User, omar: User) -> None:
    first = write(lena, Assessment(kinds={"hate": Judged("high", "Open comments.")}))
    assert len(risks.wanting(first)) == 18
    second = write(lena, by=omar.actor, trigger="A new feature: groups")
    assert (first.pk, second.trigger) == (second.pk, "A new feature: groups")
    assert risks.wanting(second) == []
    assert risks.newest("p", "uk") is None
    assert risks.levels("p", "uk") == {}


def test_a_second_person_approves_and_the_year_begins(lena: User, omar: User) -> None:
    draft = write(lena)
    with pytest.raises(RiskError):
        risks.approve("p", draft.pk, by=lena.actor, now=NOW)
    made = risks.approve("p", draft.pk, by=omar.actor, now=NOW)
    assert (made.version, made.review_on) == (1, date(2027, 3, 2))
    assert risks.levels("p", "uk")["hate"] == "high"
    clock = Deadline.objects.get(clock="uk.risk.review")
    assert (clock.subject, clock.due_at.year) == ("risk:p/uk/1", 2027)
    (fact,) = [one for one in ledger.story("risk:p/uk") if one.kind == "risk.approved"]
    assert ledger.body_of(fact)["levels"]["hate"] == "high"
    with pytest.raises(RiskError):
        risks.approve("p", draft.pk, by=omar.actor, now=NOW)


def test_what_is_superseded_is_kept_for_three_years(lena: User, omar: User) -> None:
    # OSA s.23
    risks.approve("p", write(lena).pk, by=omar.actor, now=NOW)
    later = NOW + 100 * DAY
    changed = msgspec.structs.replace(WHOLE, consulted="New guidance")
    second = risks.approve("p", write(lena, changed, now=later).pk, by=omar.actor, now=later)
    assert second.version == 2
    assert [risks.said_in(one).consulted for one in risks.versions("p", "uk")] == [
        "New guidance",
        "Risk profiles of Ofcom",
    ]
    kept = Deadline.objects.get(clock="uk.records")
    assert (kept.subject, kept.due_at.year) == ("risk:p/uk/1", later.year + 3)
    assert Deadline.objects.get(clock="uk.risk.review", subject="risk:p/uk/1").met_at == later
    assert Deadline.objects.get(clock="uk.risk.review", subject="risk:p/uk/2").met_at is None


@pytest.mark.parametrize("review", [NOW.date(), NOW.date() + 366 * DAY])
def test_a_review_lies_ahead_and_within_the_year(lena: User, omar: User, review: date) -> None:
    draft = write(lena)
    with pytest.raises(RiskError):
        risks.approve("p", draft.pk, by=omar.actor, now=NOW, review_on=review)
    assert risks.approve("p", draft.pk, by=omar.actor, now=NOW, review_on=NOW.date() + 90 * DAY).version == 1


def test_what_is_not_assessed_is_named(lena: User, omar: User) -> None:
    said = msgspec.structs.replace(WHOLE, kinds=WHOLE.kinds | {"fraud": Judged("low", " ")})
    with pytest.raises(RiskError, match="Fraud"):
        risks.approve("p", write(lena, said).pk, by=omar.actor, now=NOW)


def test_no_other_kinds_levels_or_owners(lena: User, amal: User) -> None:
    for said in (Assessment(kinds={"boredom": Judged()}), Assessment(kinds={"hate": Judged("enormous")})):
        with pytest.raises(RiskError):
            write(lena, said)
    with pytest.raises(RiskError):
        write(lena, owner=amal)
    with pytest.raises(RiskError):
        risks.write("p", "moon", WHOLE, owner=lena, by=lena.actor, now=NOW)
    assert not RiskAssessment.objects.exists()


def notice(harm: str, *, hours: float | None = None) -> None:
    made = Notice.objects.create(
        token=f"t{Notice.objects.count()}", platform="p", harm=harm, illegal=True, received_at=NOW - DAY
    )
    answered = None if hours is None else NOW - DAY + timedelta(hours=hours)
    NoticeItem.objects.create(notice=made, ref=f"notice:{made.pk}:0", item_id="7", answered_at=answered)


def test_evidence_comes_from_the_running_system(book: RulebookVersion) -> None:
    for hours in (2, 4, None):
        notice("hate_speech", hours=hours)
    notice("fraud")
    bank = create_bank("hateful", source=BankSource.OWN, purpose="p", clause="hate", by=SYSTEM, now=NOW)
    fill(bank.name, [Row(EntryKind.MD5, f"{n:032x}") for n in range(3)], by=SYSTEM, now=NOW)
    found = {one.key: one.value for one in of_harms(Situation("p", now=NOW), ("hate_speech", "hate_women"))}
    assert (found["notices"], found["hours"], found["banks"], found["entries"]) == (3, 3.0, 1, 3)
    assert found["rules"] == 0
    spam = {one.key: one.value for one in of_harms(Situation("p", now=NOW), ("spam",))}
    assert spam["rules"] == 1
    other = {one.key: one.value for one in of_harms(Situation("p", now=NOW), ("animal_cruelty",))}
    assert (other["notices"], other["banks"], other["rules"]) == (0, 0, 0)
    assert "hours" not in other  # a median of nothing is none
    assert of_harms(Situation("p", now=NOW), ()) == []


def test_evidence_is_frozen_with_the_version(lena: User, omar: User, book: RulebookVersion) -> None:
    notice("hate_speech")
    made = risks.approve("p", write(lena).pk, by=omar.actor, now=NOW)
    notice("hate_speech")
    made.refresh_from_db()
    (piece,) = [one for one in made.evidence["hate"] if one["key"] == "notices"]
    assert piece["value"] == 1
    fresh = risks.evidence_of(schemes()["uk"], Situation("p", now=NOW))["hate"]
    assert next(one.value for one in fresh if one.key == "notices") == 2
