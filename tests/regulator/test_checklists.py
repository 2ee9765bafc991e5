"""Checklists: whole data, which lines are owed, how figures and settings fill them, what the operator attests."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.regulator.test_contacts import CONTACTS
from tests.regulator.test_risks import WHOLE, write

from hakam.banks.filling import fill as fill_bank
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.rows import Row
from hakam.compliance import deadlines, ledger
from hakam.compliance.models import RulebookVersion
from hakam.compliance.profile import Profile, Size, duties, set_profile
from hakam.compliance.reports import recipients
from hakam.regulator import checklists, contacts, risks
from hakam.regulator.checklists import AttestationError, Checklist, Filled, LineState, Owed
from hakam.regulator.checks import CHECKS, Chosen
from hakam.regulator.models import Attestation
from hakam.regulator.risks import Assessment, Judged
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHOSEN = Chosen(24, 14, database=False)
APPLIES = {"all", "large", "large_or_multi", "large_and_multi", "large_or_medium", "neither", "minors", "csam",
           "intimate", "crisis", "fraud"}  # fmt: skip


def filled(key: str, *, chosen: Chosen = CHOSEN, now: datetime = NOW) -> dict[str, Filled]:
    return {
        one.line.id: one for one in checklists.fill(checklists.checklists()[key], "p", now=now, chosen=chosen)
    }


@pytest.fixture
def everywhere(db: None) -> None:
    set_profile(Profile(platform="p", countries=("DE", "GB"), minors=True), by=SYSTEM, now=NOW)


@pytest.mark.parametrize("checklist", checklists.checklists().values(), ids=list(checklists.checklists()))
def test_each_checklist_is_whole_data(checklist: Checklist) -> None:
    assert not checklist.duty or checklist.duty in duties()
    assert len({line.id for line in checklist.lines}) == len(checklist.lines)
    for line in checklist.lines:
        kind, _sep, duty = line.applies.partition(":")
        assert line.applies in APPLIES or (kind == "duty" and duty in duties()), line.id
        assert not line.check or line.check in CHECKS, line.id
        assert re.search("[a-z]", line.title["en"])
        assert re.search("[\u0600-\u06ff]", line.title["ar"])


def test_no_check_is_left_over() -> None:
    used = {line.check for one in checklists.checklists().values() for line in one.lines}
    assert used - {""} == set(CHECKS)


def test_the_profile_decides_which_lists_concern_a_platform() -> None:
    keys = [one.key for one in checklists.offered(Profile(platform="p", countries=("DE",)), on=NOW.date())]
    assert keys == ["dsa", "apple", "google-play"]
    british = Profile(platform="p", countries=("GB",), minors=True)
    assert [one.key for one in checklists.offered(british, on=NOW.date())][:2] == ["ofcom", "ofcom-children"]


@pytest.mark.parametrize("key", ["ofcom", "dsa", "apple"])
def test_an_empty_house_is_told_what_is_missing(everywhere: None, key: str) -> None:
    """Compare with the list as a person read it: `line  state  words`."""
    lines = [f"{one.line.law:<16}{one.state.value:<10}{one.by}".rstrip() for one in filled(key).values()]
    written = (FIXTURES / f"checklist {key}.txt").read_text(encoding="utf-8").splitlines()
    assert lines == written


# What is owed ----------------------------------------------------------------------------------------


def owed(**more: object) -> Owed:
    return Owed(Profile(platform="p", countries=("GB",), **more), on=NOW.date())  # type: ignore[arg-type]


def assess(lena: User, omar: User, **levels: str) -> None:
    kinds = {key: Judged(levels.get(key, "low"), "Because.") for key in WHOLE.kinds}
    draft = write(lena, Assessment(kinds=kinds), now=NOW)
    risks.approve("p", draft.pk, by=omar.actor, now=NOW)


def test_what_nobody_assessed_counts_as_a_risk() -> None:
    nobody = owed()
    assert nobody.owes("large_or_multi")
    assert nobody.owes("csam")
    assert not nobody.owes("large")
    assert not nobody.owes("neither")


def test_a_small_service_of_low_risk_owes_the_least(lena: User, omar: User) -> None:
    assess(lena, omar)
    small = owed()
    assert [rule for rule in sorted(APPLIES) if small.owes(rule)] == ["all", "neither"]


def test_one_kind_is_no_multi_risk_and_two_are(lena: User, omar: User) -> None:
    assess(lena, omar, csea="high")
    one = owed()
    assert (one.multi, one.owes("csam"), one.owes("intimate"), one.owes("large_or_medium")) == (
        False,
        True,
        False,
        True,
    )
    assess(lena, omar, csea="high", hate="medium")
    two = owed()
    assert (two.multi, two.owes("crisis"), two.owes("large_and_multi")) == (True, True, False)


def test_more_than_seven_million_users_are_large(lena: User, omar: User) -> None:
    assess(lena, omar)
    assert not owed(users={"GB": 7_000_000}).large
    large = owed(users={"GB": 7_000_001})
    assert [rule for rule in sorted(APPLIES) if large.owes(rule)] == [
        "all", "large", "large_or_medium", "large_or_multi",
    ]  # fmt: skip


def test_duties_of_the_profile_decide_lines_of_the_union() -> None:
    set_profile(Profile(platform="p", countries=("DE",), size=Size.MICRO), by=SYSTEM, now=NOW)
    lines = filled("dsa")
    assert lines["15"].state is LineState.NOT_OWED
    assert lines["24-5"].state is LineState.NOT_OWED
    assert lines["16"].state is not LineState.NOT_OWED


# How lines are filled --------------------------------------------------------------------------------


def test_contacts_fill_their_lines(everywhere: None) -> None:
    assert filled("dsa")["11"].state is LineState.OPEN
    contacts.publish("p", CONTACTS, by=SYSTEM, now=NOW)
    lines = filled("dsa")
    assert {lines[key].state for key in ("11", "12", "13", "tco-15")} == {LineState.MET}
    assert filled("apple")["contact"].state is LineState.MET


def test_a_missed_clock_opens_its_line(everywhere: None) -> None:
    assert filled("dsa")["9"].state is LineState.UNSHOWN  # nothing fell due
    deadlines.start("order.act.receipt", subject="order:1", by=SYSTEM, now=NOW - 3 * HOUR)
    deadlines.start("order.act.receipt", subject="order:2", by=SYSTEM, now=NOW - 3 * HOUR)
    deadlines.meet(
        "order.act.receipt", subject="order:1", by=SYSTEM, now=NOW - 2 * HOUR - timedelta(minutes=5)
    )
    deadlines.missed(now=NOW)
    line = filled("dsa")["9"]
    assert line.state is LineState.OPEN
    assert line.by == "1 of 2 were in time in twelve months."
    assert line.url.startswith("/desk/clocks?of=order.act.receipt,")


def test_people_and_their_languages_fill_lines(everywhere: None, book: RulebookVersion) -> None:
    assert filled("ofcom")["C1"].state is LineState.OPEN
    scene.person("mona", languages_read=["en"])
    lines = filled("ofcom")
    assert lines["C1"].state is LineState.MET
    assert (lines["C6"].state, lines["C6"].by) == (LineState.OPEN, "Nobody who decides reads: ar")
    scene.person("nour", languages_read=["ar"])
    assert filled("ofcom")["C6"].state is LineState.MET
    User.objects.update(is_active=False)
    assert filled("ofcom")["C1"].state is LineState.OPEN


def test_a_bank_of_known_images_fills_its_line(everywhere: None, book: RulebookVersion) -> None:
    bank = create_bank("known", source=BankSource.OWN, purpose="p", clause="child-abuse", by=SYSTEM, now=NOW)
    assert filled("ofcom")["C9"].state is LineState.OPEN  # it is empty
    fill_bank(bank.name, [Row(EntryKind.MD5, "ab" * 16)], by=SYSTEM, now=NOW)
    line = filled("ofcom")["C9"]
    assert (line.state, line.by) == (LineState.MET, "1 banks in force with 1 hashes.")
    assert filled("ofcom")["C14"].state is LineState.OPEN


def test_an_owner_who_left_is_no_accountable_person(everywhere: None, lena: User, omar: User) -> None:
    assess(lena, omar)
    assert filled("ofcom")["A2"].state is LineState.MET
    User.objects.filter(pk=lena.pk).update(is_active=False)
    assert filled("ofcom")["A2"].state is LineState.OPEN


def test_the_rule_book_fills_its_lines(everywhere: None, book: RulebookVersion) -> None:
    lines = filled("apple")
    assert lines["filter"].by == "1 rules judge posts at the door, before they are shown."
    assert (
        lines["eula"].state is LineState.UNSHOWN
    )  # that the terms lead to the rules, only the operator knows
    assert filled("google-play")["define"].state is LineState.MET


def test_the_number_of_recipients_grows_stale(everywhere: None) -> None:
    given = {"first": date(2026, 3, 1), "last": date(2026, 8, 31), "total": 9, "method": "Counted."}
    recipients.publish("p", by=SYSTEM, now=NOW, **given)  # type: ignore[arg-type]
    assert filled("dsa")["24-2"].state is LineState.MET
    assert filled("dsa", now=NOW + 200 * DAY)["24-2"].state is LineState.OPEN


def test_settings_fill_lines(everywhere: None) -> None:
    slow = Chosen(48, 14, database=True)
    assert filled("apple", chosen=slow)["report"].state is LineState.OPEN
    assert filled("apple")["report"].state is LineState.UNSHOWN
    assert filled("dsa", chosen=slow)["24-5"].state is LineState.MET
    assert filled("dsa")["24-5"].by == "No database is set."


# Attestations ----------------------------------------------------------------------------------------


def attest(line: str = "25", **more: object) -> Attestation:
    given = {"text": "Reviewed by the design team.", "until": NOW.date() + 90 * DAY, "by": SYSTEM, "now": NOW}
    return checklists.attest("p", "dsa", line, **(given | more))  # type: ignore[arg-type]


def test_what_no_figure_shows_is_attested_for_a_time(everywhere: None) -> None:
    assert filled("dsa")["25"].state is LineState.OPERATOR
    attest()
    line = filled("dsa")["25"]
    assert (line.state, line.by) == (LineState.ATTESTED, "Reviewed by the design team.")
    assert filled("dsa", now=NOW + 91 * DAY)["25"].state is LineState.OPERATOR
    (fact,) = ledger.story("checklist:p/dsa")
    assert ledger.body_of(fact)["line"] == "25"


def test_what_the_system_shows_needs_no_attestation_and_what_it_contradicts_can_have_one(
    everywhere: None,
) -> None:
    attest("9")
    assert filled("dsa")["9"].state is LineState.ATTESTED  # nothing shows it yet
    deadlines.start("order.act.receipt", subject="order:1", by=SYSTEM, now=NOW - 3 * HOUR)
    deadlines.meet("order.act.receipt", subject="order:1", by=SYSTEM, now=NOW - 3 * HOUR)
    assert filled("dsa")["9"].state is LineState.MET
    attest("11", text="It stands in our imprint.")
    assert filled("dsa")["11"].state is LineState.ATTESTED


def test_attesting_anew_replaces_what_was_said(everywhere: None) -> None:
    attest()
    attest(text="Reviewed again.")
    assert Attestation.objects.get().text == "Reviewed again."
    assert len(ledger.story("checklist:p/dsa")) == 2


@pytest.mark.parametrize(
    "more",
    [{"line": "99"}, {"text": " "}, {"until": NOW.date()}, {"until": NOW.date() + 400 * DAY}],
)
def test_an_attestation_says_something_about_a_line_for_a_time(more: dict[str, object]) -> None:
    with pytest.raises(AttestationError):
        attest(**more)  # type: ignore[arg-type]
    assert not Attestation.objects.exists()


def test_roles_are_counted_when_there_are_people(everywhere: None) -> None:
    assert filled("ofcom")["A3"].state is LineState.OPEN
    scene.person("root", Role.ADMINISTRATOR)
    assert filled("ofcom")["A3"].by.startswith("One person alone")
    scene.person("lena", Role.LEGAL)
    assert filled("ofcom")["A3"].by == "Roles and permissions of 2 people."
    assert msgspec.structs.asdict(filled("ofcom")["A3"])["url"] == "/desk/people"
