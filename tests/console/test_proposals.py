"""The second person of what can't be undone, at the desk."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from tests.console.conftest import Desk, SignIn

from hakam.review.models import Case, Decision, Proposal
from hakam.staff.models import User
from hakam.staff.roles import Role

GIVEN = {
    "outcome": "violation",
    "clause": "threat",
    "step:threat": "3",
    "facts": "It names a person and a day.",
}


@pytest.fixture
def case(desk: Desk) -> Case:
    return desk.case("I will find you", clause="threat", harm="threat")


def proposed(client: Client, case: Case) -> Proposal:
    client.post(f"/desk/cases/{case.pk}/decide", GIVEN)
    return Proposal.objects.get()


def page_of(client: Client, proposal: Proposal) -> str:
    return client.get(f"/desk/proposals/{proposal.pk}").content.decode()


def test_applying_what_cannot_be_undone_proposes_it(
    desk: Desk, sign_in: SignIn, amal: User, case: Case
) -> None:
    client = sign_in(amal)
    answer = client.post(f"/desk/cases/{case.pk}/decide", GIVEN, follow=True)
    assert "Nothing happens until a colleague confirms it." in answer.content.decode()
    assert not Decision.objects.exists()
    assert "data-undo" not in answer.content.decode()
    assert (Proposal.objects.get().clause, Proposal.objects.get().facts) == ("threat", GIVEN["facts"])


def test_the_next_case_comes_as_after_a_decision(desk: Desk, sign_in: SignIn, case: Case) -> None:
    other = desk.case()
    answer = sign_in().post(f"/desk/cases/{case.pk}/decide", GIVEN, headers={"X-Case-Fragment": "next"})
    assert answer.headers["X-Next"] == f"/desk/cases/{other.pk}/"
    assert "Proposed. Nothing happens" in answer.content.decode()


def test_the_preview_says_that_it_takes_two(desk: Desk, sign_in: SignIn, case: Case) -> None:
    client = sign_in()
    query = {"clause": "threat", "step:threat": "3", "facts": "f"}
    assert "It takes two people." in client.get(f"/desk/cases/{case.pk}/preview", query).content.decode()
    mild = query | {"step:threat": "1"}
    assert "It takes two people." not in client.get(f"/desk/cases/{case.pk}/preview", mild).content.decode()


@pytest.mark.parametrize(
    ("language", "once", "title"),
    [("en", "Can't be undone", "Propose and next"), ("ar", "لا رجعة", "اقتراح، ثم التالي")],
)
def test_what_cannot_be_undone_is_said_once_and_proposed_by_name(  # noqa: PLR0917 -- the people are fixtures
    desk: Desk, sign_in: SignIn, amal: User, case: Case, language: str, once: str, title: str
) -> None:
    client = sign_in(amal, language=language)
    query = {"clause": "threat", "step:threat": "3", "facts": "f"}
    shown = unescape(client.get(f"/desk/cases/{case.pk}/preview", query).content.decode())
    before_the_letter = shown.partition("statement-dialog")[0]
    assert before_the_letter.count(once) == 1
    assert "taken back" not in before_the_letter
    page = client.get(f"/desk/cases/{case.pk}/").content.decode()
    assert f'data-two-people="{title}"' in page
    steps = re.findall(r'<input type="radio" name="step:threat" value="(\d)"[^>]*data-two-people', page)
    assert steps == ["3"], "the last step of the ladder alone takes two people"


@pytest.mark.parametrize(
    "words",
    [
        (["en", "What is proposed", "Yes: confirm it", "Terminate the account", "You are the second person"]),
        (["ar", "المقترَح", "نعم: تأكيد", "أنتم الشخص الثاني", 'dir="rtl"']),
    ],
)
def test_the_second_person_reads_all_that_it_takes(  # noqa: PLR0917 -- the people are fixtures
    desk: Desk, sign_in: SignIn, amal: User, basil: User, case: Case, words: list[str]
) -> None:
    proposal = proposed(sign_in(amal), case)
    language, *shown = words
    page = page_of(sign_in(basil, language=language), proposal)
    for word in [*shown, GIVEN["facts"], "I will find you", "amal"]:
        assert word in page, word


def test_confirming_decides_and_can_be_taken_back(  # noqa: PLR0917 -- the people are fixtures
    desk: Desk, sign_in: SignIn, amal: User, basil: User, case: Case, unhurried: None
) -> None:
    proposal = proposed(sign_in(amal), case)
    client = sign_in(basil)
    answer = client.post(f"/desk/proposals/{proposal.pk}/settle", {"verdict": "confirm"}, follow=True)
    page = answer.content.decode()
    decision = Decision.objects.get()
    assert (decision.by, decision.seconded_by) == (str(basil.actor), str(amal.actor))
    assert "in both names" in page
    assert f"/desk/decisions/{decision.pk}/undo" in page
    assert 'data-form="proposal"' not in page


def test_refusing_takes_a_reason_which_the_first_person_reads(
    desk: Desk, sign_in: SignIn, amal: User, basil: User, case: Case
) -> None:
    first, second = sign_in(amal), sign_in(basil)
    proposal = proposed(first, case)
    path = f"/desk/proposals/{proposal.pk}/settle"
    refused = second.post(path, {"verdict": "refuse", "because": " "})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    second.post(path, {"verdict": "refuse", "because": "It quotes a film."})
    assert "It quotes a film." in page_of(first, proposal)
    assert "It quotes a film." in page_of(second, proposal)
    listed = first.get("/desk/proposals?state=settled").content.decode()
    assert f'data-proposal="{proposal.pk}"' in listed
    assert not Decision.objects.exists()


def test_whoever_proposed_it_can_only_withdraw_it(
    desk: Desk, sign_in: SignIn, amal: User, case: Case
) -> None:
    client = sign_in(amal)
    proposal = proposed(client, case)
    page = page_of(client, proposal)
    assert 'data-form="withdraw"' in page
    assert 'value="confirm"' not in page
    path = f"/desk/proposals/{proposal.pk}/settle"
    for verdict in ("confirm", "refuse", "", "nonsense"):
        answer = client.post(path, {"verdict": verdict, "because": "x"})
        assert answer.status_code == 422, verdict
    assert client.post(path, {"verdict": "withdraw"}).status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == "withdrawn"
    assert client.post(path, {"verdict": "withdraw"}).status_code == 409


def test_the_second_person_does_not_withdraw(
    desk: Desk, sign_in: SignIn, amal: User, basil: User, case: Case
) -> None:
    proposal = proposed(sign_in(amal), case)
    answer = sign_in(basil).post(f"/desk/proposals/{proposal.pk}/settle", {"verdict": "withdraw"})
    assert answer.status_code == 422


def test_changed_content_is_looked_at_again(
    desk: Desk, sign_in: SignIn, amal: User, basil: User, case: Case
) -> None:
    proposal = proposed(sign_in(amal), case)
    desk.later(case, "I will find you a job")
    client = sign_in(basil)
    assert "The content was changed since this was proposed" in page_of(client, proposal)
    answer = client.post(f"/desk/proposals/{proposal.pk}/settle", {"verdict": "confirm"})
    assert answer.status_code == 422
    assert not Decision.objects.exists()


def test_the_list_and_the_frame_say_what_waits(
    desk: Desk, sign_in: SignIn, amal: User, basil: User, case: Case
) -> None:
    proposal = proposed(sign_in(amal), case)
    second = sign_in(basil).get("/desk/proposals").content.decode()
    assert f'data-proposal="{proposal.pk}"' in second
    assert 'data-count="proposals"' in second
    first = sign_in(amal).get("/desk/proposals").content.decode()
    assert "proposed it yourself" in first
    assert 'data-count="proposals"' not in first
    shown = sign_in(basil).get(f"/desk/cases/{case.pk}/").content.decode()
    assert f"/desk/proposals/{proposal.pk}" in shown


def test_what_child_safety_proposes_is_not_there_for_others(desk: Desk, sign_in: SignIn, basil: User) -> None:
    grave = desk.case("secret", clause="child-abuse", harm="csam")
    given = GIVEN | {"clause": "child-abuse", "step:child-abuse": "2"}
    sign_in(Role.CHILD_SAFETY).post(f"/desk/cases/{grave.pk}/decide", given)
    proposal = Proposal.objects.get()
    client = sign_in(basil)
    assert client.get(f"/desk/proposals/{proposal.pk}").status_code == 404
    assert client.post(f"/desk/proposals/{proposal.pk}/settle", {"verdict": "confirm"}).status_code == 404
    assert f'data-proposal="{proposal.pk}"' not in client.get("/desk/proposals").content.decode()
