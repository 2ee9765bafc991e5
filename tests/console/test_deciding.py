from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.console.conftest import Desk, SignIn

from hakam.review import leases
from hakam.review.models import Case, Decision
from hakam.staff.models import User

HATE = {"outcome": "violation", "clause": "hate", "step:hate": "1", "facts": "It calls people vermin."}
FRAGMENT = {"HTTP_X_CASE_FRAGMENT": "next"}


def decide(client: Client, case: Case, given: dict[str, str], **more: Any) -> Any:
    return client.post(f"/desk/cases/{case.pk}/decide", given, **more)


def test_nothing_wrong_and_next(desk: Desk, sign_in: SignIn, amal: User) -> None:
    first, second = desk.case("one"), desk.case("two")
    answer = decide(sign_in(amal), first, {"outcome": "no_violation"})
    assert answer.headers["Location"] == f"/desk/cases/{second.pk}/"
    decided = Decision.objects.get()
    assert (decided.outcome, decided.by, decided.state) == ("no_violation", str(amal.actor), "pending")
    second.refresh_from_db()
    assert second.lease_by == amal


def test_the_last_case_leads_back_to_the_queue(desk: Desk, sign_in: SignIn) -> None:
    assert decide(sign_in(), desk.case(), {"outcome": "no_violation"}).headers["Location"] == "/desk/"


def test_a_violation_takes_clause_step_and_facts(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case()
    assert decide(sign_in(), case, HATE | {"note": "third time"}).status_code == 302
    decided = Decision.objects.get()
    assert decided.clause == "hate"
    assert [m["kind"] for m in decided.measures] == ["remove"]
    assert decided.reasons["facts"] == "It calls people vermin."
    assert decided.note == "third time"
    assert desk.statement(decided).language == "en"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"clause": "no-such"}, "Choose the clause"),
        ({"clause": ""}, "Choose the clause"),
        ({"step:hate": ""}, "Choose a measure"),
        ({"step:hate": "99"}, "Choose a measure"),
        ({"step:hate": "-1"}, "Choose a measure"),
        ({"step:hate": "x"}, "Choose a measure"),
        ({"facts": "  "}, "Write the facts"),
        ({"outcome": "else"}, "Choose an outcome"),
        ({"outcome": ""}, "Choose an outcome"),
    ],
)
def test_what_is_unclear_is_refused_and_nothing_is_lost(
    desk: Desk, sign_in: SignIn, change: dict[str, str], words: str
) -> None:
    case = desk.case()
    client = sign_in()
    answer = decide(client, case, HATE | {"facts": "precious words"} | change)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    if "facts" not in change:
        assert "precious words</textarea>" in page
    assert decide(client, case, HATE | change, **FRAGMENT).status_code == 422
    assert not Decision.objects.exists()


def test_an_irreversible_measure_needs_a_second_person(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case(clause="threat", harm="threat")
    given = {"outcome": "violation", "clause": "threat", "step:threat": "3", "facts": "f"}
    answer = decide(sign_in(), case, given)
    assert answer.status_code == 302
    assert not Decision.objects.exists()
    assert Case.objects.get().state == "open"


def test_a_case_that_somebody_holds_can_not_be_decided_by_another(
    desk: Desk, sign_in: SignIn, amal: User, basil: User
) -> None:
    case = desk.case()
    leases.take(case.pk, by=basil.actor, now=desk.now)
    answer = decide(sign_in(amal), case, HATE, **FRAGMENT)
    assert answer.status_code == 422
    assert "A colleague holds this case" in answer.content.decode()


def test_two_people_do_not_decide_twice(desk: Desk, sign_in: SignIn, amal: User, basil: User) -> None:
    case = desk.case()
    desk.keep(case, basil)
    answer = decide(sign_in(amal), case, HATE, **FRAGMENT)
    assert "Nothing was decided twice" in answer.content.decode()
    assert Decision.objects.count() == 1


def test_a_script_gets_the_next_case_in_the_answer(desk: Desk, sign_in: SignIn) -> None:
    first, second = desk.case("one"), desk.case("two")
    answer = decide(sign_in(), first, {"outcome": "no_violation"}, **FRAGMENT)
    page = answer.content.decode()
    assert answer.headers["X-Next"] == f"/desk/cases/{second.pk}/"
    assert "data-undo" in page
    assert "1 case left" in page
    assert f"Case {second.pk}" in page
    assert "<html" not in page


def test_what_was_fetched_ahead_is_not_sent_again(desk: Desk, sign_in: SignIn) -> None:
    first, second = desk.case("one"), desk.case("two")
    answer = decide(
        sign_in(),
        first,
        {"outcome": "no_violation"},
        HTTP_X_CASE_AHEAD=f"/desk/cases/{second.pk}/",
        **FRAGMENT,
    )
    assert "data-screen" not in answer.content.decode()
    assert answer.headers["X-Next"] == f"/desk/cases/{second.pk}/"


def test_a_decision_can_be_undone_while_its_effects_wait(
    desk: Desk, sign_in: SignIn, unhurried: None
) -> None:
    case = desk.case()
    client = sign_in()
    decide(client, case, HATE)
    decided = Decision.objects.get()
    page = client.get("/desk/").content.decode()
    assert f'action="/desk/decisions/{decided.pk}/undo"' in page
    answer = client.post(f"/desk/decisions/{decided.pk}/undo")
    assert answer.headers["Location"] == f"/desk/cases/{case.pk}/"
    decided.refresh_from_db()
    assert decided.state == "undone"
    page = client.get("/desk/").content.decode()
    assert "data-undo" not in page
    assert "Undone. Nobody outside heard of it." in page


def test_an_undo_that_comes_too_late_says_so(desk: Desk, sign_in: SignIn, amal: User) -> None:
    decided = desk.remove(desk.case(), amal)
    client = sign_in(amal)
    assert client.post(f"/desk/decisions/{decided.pk}/undo").headers["Location"] == "/desk/"
    assert "Too late" in client.get("/desk/").content.decode()


def test_nobody_undoes_the_decision_of_another(
    desk: Desk, sign_in: SignIn, amal: User, basil: User, unhurried: None
) -> None:
    case = desk.case()
    decide(sign_in(amal), case, HATE)
    assert sign_in(basil).post(f"/desk/decisions/{Decision.objects.get().pk}/undo").status_code == 404


def test_the_offer_to_undo_ends_with_the_window(desk: Desk, sign_in: SignIn) -> None:
    client = sign_in()
    decide(client, desk.case(), HATE)
    session = client.session
    session["undo"] = session["undo"] | {"until": (desk.now - timedelta(seconds=1)).isoformat()}
    session.save()
    assert "data-undo" not in client.get("/desk/").content.decode()


def preview(client: Client, case: Case, **given: str) -> str:
    answer = client.get(f"/desk/cases/{case.pk}/preview", given)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_preview_says_what_would_happen(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case()
    page = preview(
        sign_in(), case, **{"clause": "hate", "step:hate": "1", "facts": "It calls people vermin."}
    )
    assert "Disappears for everyone." in page
    assert re.sub(r"<[^>]+>", "", page).count("1 notifier is answered")
    assert "It calls people vermin." in page
    assert not Decision.objects.exists()


def test_the_preview_words_the_statement_for_the_author(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("أنتم حشرات", language="ar")
    page = preview(sign_in(), case, **{"clause": "hate", "step:hate": "1", "facts": "وصف الناس بالحشرات."})
    assert 'lang="ar" dir="rtl"' in page
    assert "بيان الأسباب" in page
    assert "\u2068" not in page


def test_the_preview_of_nothing_asks_for_a_clause(desk: Desk, sign_in: SignIn) -> None:
    assert "Choose the clause" in preview(sign_in(), desk.case())


def test_the_preview_without_facts_asks_for_them(desk: Desk, sign_in: SignIn) -> None:
    page = preview(sign_in(), desk.case(), **{"clause": "hate", "step:hate": "0", "facts": ""})
    assert "Write the facts" in page
