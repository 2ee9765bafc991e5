from __future__ import annotations

import pytest
from tests.console.conftest import Desk, SignIn

from hakam.intake.models import Notice
from hakam.review.complaints import complain_as_notifier
from hakam.review.models import Complaint, Decision
from hakam.staff.models import User
from hakam.staff.roles import Role

UPHOLD = {"verdict": "uphold", "answer": "The context was missed."}


def contested(desk: Desk, by: User) -> Complaint:
    return desk.complaint(desk.remove(desk.case(), by), "I was \u202ejoking")


def test_complaints_wait_in_a_list(desk: Desk, sign_in: SignIn, amal: User) -> None:
    complaint = contested(desk, amal)
    page = sign_in().get("/desk/complaints").content.decode()
    assert f'data-complaint="{complaint.pk}"' in page
    assert "may decide" in page
    assert "\u202e" not in page


def test_the_list_tells_who_decided_that_they_may_not(desk: Desk, sign_in: SignIn, amal: User) -> None:
    contested(desk, amal)
    assert "You took part in the decision" in sign_in(amal).get("/desk/complaints").content.decode()


@pytest.mark.parametrize("state", ["upheld", "denied", "", "nonsense"])
def test_every_state_can_be_listed(desk: Desk, sign_in: SignIn, state: str) -> None:
    assert sign_in().get("/desk/complaints", {"state": state}).status_code == 200


def test_a_complaint_stands_beside_what_was_decided_and_told(desk: Desk, sign_in: SignIn, amal: User) -> None:
    page = sign_in().get(f"/desk/complaints/{contested(desk, amal).pk}").content.decode()
    for words in ("In their words", "What the person was told", "It calls people vermin.", "<bdi>amal</bdi>"):
        assert words in page
    assert 'data-glyph="RLO"' in page


def test_what_was_told_is_in_the_language_of_the_page(desk: Desk, sign_in: SignIn, amal: User) -> None:
    page = sign_in(language="ar").get(f"/desk/complaints/{contested(desk, amal).pk}").content.decode()
    assert "مضمون القرار" in page or "القرار" in page
    assert "\u2068" not in page


def test_another_person_upholds_and_everything_is_reversed(desk: Desk, sign_in: SignIn, amal: User) -> None:
    complaint = contested(desk, amal)
    client = sign_in()
    answer = client.post(f"/desk/complaints/{complaint.pk}/decide", UPHOLD)
    assert answer.headers["Location"] == f"/desk/complaints/{complaint.pk}"
    complaint.refresh_from_db()
    assert complaint.state == "upheld"
    assert complaint.new_decision is not None
    assert complaint.new_decision.outcome == "no_violation"
    page = client.get(f"/desk/complaints/{complaint.pk}").content.decode()
    assert "The context was missed." in page
    assert 'data-form="complaint"' not in page


def test_another_person_rejects_and_the_decision_stands(desk: Desk, sign_in: SignIn, amal: User) -> None:
    complaint = contested(desk, amal)
    sign_in().post(
        f"/desk/complaints/{complaint.pk}/decide", {"verdict": "deny", "answer": "It is an insult."}
    )
    complaint.refresh_from_db()
    assert (complaint.state, complaint.answer) == ("denied", "It is an insult.")
    assert Decision.objects.get().state == "final"


def test_who_decided_sees_no_form_and_is_refused(desk: Desk, sign_in: SignIn, amal: User) -> None:
    complaint = contested(desk, amal)
    client = sign_in(amal)
    page = client.get(f"/desk/complaints/{complaint.pk}").content.decode()
    assert "data-may-not" in page
    assert 'data-form="complaint"' not in page
    answer = client.post(f"/desk/complaints/{complaint.pk}/decide", UPHOLD)
    assert answer.status_code == 403
    assert "somebody else must look again" in answer.content.decode()
    complaint.refresh_from_db()
    assert complaint.state == "open"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"verdict": "uphold", "answer": " "}, "Write the reasons"),
        ({"answer": "Because."}, "Say whether the complaint is right"),
        ({"verdict": "perhaps", "answer": "Because."}, "Say whether the complaint is right"),
    ],
)
def test_what_is_missing_is_asked_for(
    desk: Desk, sign_in: SignIn, amal: User, given: dict[str, str], words: str
) -> None:
    complaint = contested(desk, amal)
    answer = sign_in().post(f"/desk/complaints/{complaint.pk}/decide", given)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    if given["answer"].strip():
        assert "Because.</textarea>" in answer.content.decode()


def test_it_is_decided_once(desk: Desk, sign_in: SignIn, amal: User) -> None:
    complaint = contested(desk, amal)
    sign_in().post(f"/desk/complaints/{complaint.pk}/decide", UPHOLD)
    answer = sign_in(Role.SENIOR_MODERATOR).post(f"/desk/complaints/{complaint.pk}/decide", UPHOLD)
    assert answer.status_code == 409


@pytest.mark.parametrize("id_", ["nonsense", "00000000-0000-4000-8000-000000000000"])
def test_no_complaint_no_page(desk: Desk, sign_in: SignIn, id_: str) -> None:
    assert sign_in().get(f"/desk/complaints/{id_}").status_code == 404


def notifiers(desk: Desk, by: User) -> Complaint:
    decided = desk.keep(desk.case(), by)
    return complain_as_notifier(
        decided.pk, notice="notice:1:0", informed_at=desk.now, text="Look again.", now=desk.now
    )


def test_upholding_a_notifier_takes_a_measure(desk: Desk, sign_in: SignIn, amal: User) -> None:
    complaint = notifiers(desk, amal)
    assert not Notice.objects.exists()
    client = sign_in()
    page = client.get(f"/desk/complaints/{complaint.pk}").content.decode()
    assert "The notifier objects" in page
    assert 'value="hate#1"' in page
    client.post(f"/desk/complaints/{complaint.pk}/decide", UPHOLD | {"instead": "hate#1"})
    complaint.refresh_from_db()
    assert complaint.new_decision is not None
    assert [m["kind"] for m in complaint.new_decision.measures] == ["remove"]


@pytest.mark.parametrize("instead", ["", "hate", "hate#99", "nothing#0", "#"])
def test_upholding_a_notifier_without_a_measure_is_unclear(
    desk: Desk, sign_in: SignIn, amal: User, instead: str
) -> None:
    complaint = notifiers(desk, amal)
    answer = sign_in().post(f"/desk/complaints/{complaint.pk}/decide", UPHOLD | {"instead": instead})
    assert answer.status_code == 422
    assert "Choose what is done instead" in answer.content.decode()
