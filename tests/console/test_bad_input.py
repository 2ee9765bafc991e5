"""What nobody types by accident: each gets a clear answer, is never taken for something else, and changes nothing."""

from __future__ import annotations

import pytest
from tests.console.conftest import Desk, SignIn

from hakam.compliance.models import Fact
from hakam.review.models import Case, Decision, Draft
from hakam.staff.models import User
from hakam.staff.roles import Role

NUL = "a\x00b"


@pytest.mark.parametrize("given", [{"role": "king"}, {}, {"active": "perhaps"}])
def test_a_change_of_nothing_is_not_called_saved(
    desk: Desk, sign_in: SignIn, amal: User, given: dict[str, str]
) -> None:
    client = sign_in(Role.ADMINISTRATOR)
    facts = Fact.objects.count()
    assert client.post(f"/desk/people/{amal.pk}", given).status_code in {400, 422}
    amal.refresh_from_db()
    assert (amal.role, amal.is_active) == ("moderator", True)
    assert Fact.objects.count() == facts
    assert "Saved." not in client.get("/desk/people").content.decode()


def test_no_address_with_a_nul_breaks_a_page(desk: Desk, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMINISTRATOR)
    paths = [
        "/n/a%00b", "/s/a%00b", "/c/a%00b", "/rules/a%00b", "/rules/differences?from=a%00b&to=%00",
        "/report?url=a%00b", "/transparency?span=%00", "/desk/?queue=a%00b&search=%00&clause=%00&language=%00",
        "/desk/search?search=a%00b&source=%00&sort=%00&page=%00", "/desk/complaints?state=%00",
        "/desk/complaints/a%00b", "/desk/rules?version=%00", "/desk/deliveries?state=%00&kind=%00&before=%00",
        "/desk/deliveries/a%00b", "/desk/ledger?kind=%00&before=%00", "/desk/ledger/story?subject=a%00b",
    ]  # fmt: skip
    for path in paths:
        assert client.get(path).status_code in {200, 302, 404, 422}, path


def test_a_nul_in_a_form_breaks_nothing(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case()
    client = sign_in(Role.ADMINISTRATOR)
    given = {
        "outcome": "violation",
        "clause": "hate",
        "step:hate": "1",
        "facts": NUL,
        "note": NUL,
        "queue": NUL,
    }
    for name in ("draft", "decide", "skip"):
        assert client.post(f"/desk/cases/{case.pk}/{name}", given).status_code in {200, 302, 422}, name
    assert client.post("/desk/next", {"queue": NUL}).status_code == 302


@pytest.mark.parametrize(
    "given",
    [
        {"outcome": "violation", "clause": "hate", "step:hate": "-1", "facts": "f"},
        {"outcome": "violation", "clause": "hate", "step:hate": "٠", "facts": "f"},
        {"outcome": "violation", "clause": "hate", "step:hate": "9" * 400, "facts": "f"},
        {"outcome": "violation", "clause": "hate", "step:threat": "0", "facts": "f"},
        {"outcome": "violation", "clause": "h\u200bate", "step:h\u200bate": "0", "facts": "f"},
        {"outcome": "violation", "clause": "hate", "step:hate": "0", "facts": " \u200b\n"},
        {"outcome": "NO_VIOLATION"},
        {"outcome": "no_violation "},
        {"outcome": "undone"},
    ],
)
def test_what_is_not_one_of_the_choices_decides_nothing(
    desk: Desk, sign_in: SignIn, given: dict[str, str]
) -> None:
    case = desk.case()
    assert sign_in().post(f"/desk/cases/{case.pk}/decide", given).status_code == 422
    assert not Decision.objects.exists()
    assert Case.objects.get().state == "open"


def test_a_refused_decision_keeps_every_choice_of_the_form(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case()
    given = {"outcome": "violation", "clause": "hate", "step:hate": "1", "facts": "", "note": "look at <b>"}
    page = sign_in().post(f"/desk/cases/{case.pk}/decide", given).content.decode()
    assert 'value="look at &lt;b&gt;"' in page
    assert 'value="hate"' in page
    assert 'data-step="1"' in page  # a milder step must not become the recommended one unnoticed


def test_a_draft_is_kept_within_bounds(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case()
    given = {"facts": "ا" * 20_000, "note": "n" * 20_000, "clause": "c" * 900, "step:" + "c" * 128: "12345"}
    assert sign_in().post(f"/desk/cases/{case.pk}/draft", given).status_code == 200
    body = Draft.objects.get().body
    assert {name: len(text) for name, text in body.items()} == {
        "facts": 5000,
        "note": 5000,
        "clause": 128,
        "step": 3,
    }


def test_an_undone_decision_leads_back_to_the_words_that_were_typed(
    desk: Desk, sign_in: SignIn, unhurried: None
) -> None:
    case = desk.case()
    client = sign_in()
    given = {"outcome": "violation", "clause": "hate", "step:hate": "1", "facts": "My own careful words."}
    client.post(f"/desk/cases/{case.pk}/draft", given)
    client.post(f"/desk/cases/{case.pk}/decide", given)
    client.post(f"/desk/decisions/{Decision.objects.get().pk}/undo")
    assert "My own careful words.</textarea>" in client.get(f"/desk/cases/{case.pk}/").content.decode()


def test_an_unknown_preference_changes_nothing(desk: Desk, sign_in: SignIn, amal: User) -> None:
    answer = sign_in(amal).post("/desk/preferences", {"language": "ar", "veil": "nonsense"})
    assert answer.status_code == 400
    amal.refresh_from_db()
    assert (amal.language, amal.preferences) == ("en", {})
