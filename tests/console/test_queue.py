from __future__ import annotations

import re

import pytest
from django.urls import reverse
from tests.console.conftest import Desk, SignIn

from hakam.review import leases
from hakam.review.models import Case
from hakam.review.priority import Inputs
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene


def listed(page: str) -> list[int]:
    return [int(n) for n in re.findall(r'<tr data-case="(\d+)"', page)]


def test_the_most_urgent_case_stands_on_top(desk: Desk, sign_in: SignIn) -> None:
    mild = desk.case("buy followers", clause="spam", harm="spam")
    grave = desk.case(
        "I will kill you", clause="threat", harm="threat", inputs=Inputs(confidence=1.0, urgency=1.0)
    )
    page = sign_in().get("/desk/").content.decode()
    assert listed(page) == [grave.pk, mild.pk]
    assert "2 cases wait" in re.sub(r"<[^>]+>", "", page)


def test_an_empty_queue_says_so(desk: Desk, sign_in: SignIn) -> None:
    assert "Nothing waits" in sign_in().get("/desk/").content.decode()
    assert "لا شيء ينتظر" in sign_in(language="ar").get("/desk/").content.decode()


def test_a_filter_that_finds_nothing_offers_a_way_back(desk: Desk, sign_in: SignIn) -> None:
    desk.case()
    page = sign_in().get("/desk/", {"clause": "threat"}).content.decode()
    assert "Nothing matches" in page
    assert listed(page) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [({"clause": "hate"}, 1), ({"language": "ar"}, 1), ({"source": "notice"}, 2), ({"lease": "mine"}, 0)],
)
def test_filters(desk: Desk, sign_in: SignIn, query: dict[str, str], expected: int) -> None:
    desk.case("one", clause="hate", language="en")
    desk.case("اثنان", clause="threat", language="ar")
    assert len(listed(sign_in().get("/desk/", query).content.decode())) == expected


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "x", "٣"])
def test_a_page_that_makes_no_sense_is_no_error(desk: Desk, sign_in: SignIn, page: str) -> None:
    desk.case()
    assert len(listed(sign_in().get("/desk/", {"page": page}).content.decode())) == 1


def test_what_people_wrote_can_not_break_out(desk: Desk, sign_in: SignIn) -> None:
    desk.case("<script>alert(1)</script>\u202egnorw")
    page = sign_in().get("/desk/").content.decode()
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert 'data-glyph="RLO"' in page


def test_content_is_isolated_from_the_words_around_it(desk: Desk, sign_in: SignIn) -> None:
    desk.case("سلام")
    assert '<bdi dir="auto">سلام</bdi>' in sign_in().get("/desk/").content.decode()


def test_typing_in_the_search_changes_the_list_alone(desk: Desk, sign_in: SignIn) -> None:
    desk.case("a needle here")
    desk.case("nothing")
    answer = sign_in().get("/desk/", {"search": "needle"}, HTTP_HX_TARGET="cases", HTTP_HX_REQUEST="true")
    page = answer.content.decode()
    assert "<html" not in page
    assert len(listed(page)) == 1


def test_search_finds_decided_cases_too(desk: Desk, sign_in: SignIn, amal: User) -> None:
    case = desk.case("a needle here")
    desk.keep(case, amal)
    client = sign_in()
    assert listed(client.get("/desk/", {"search": "needle"}).content.decode()) == []
    assert listed(client.get("/desk/search", {"search": "needle"}).content.decode()) == [case.pk]


def test_search_sees_through_spelling_tricks(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("يا كـــلب")
    assert listed(sign_in().get("/desk/search", {"search": "كلب"}).content.decode()) == [case.pk]


def test_child_abuse_is_never_in_lists_of_others(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("secret", clause="child-abuse", harm="csam")
    assert listed(sign_in().get("/desk/").content.decode()) == []
    page = sign_in(Role.CHILD_SAFETY).get("/desk/").content.decode()
    assert listed(page) == [case.pk]
    assert "secret" not in page


def test_the_formula_is_shown(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case()
    page = sign_in().get(reverse("console:priority", args=[case.pk])).content.decode()
    for term in ("Clock", "Harm", "Urgency", "Volume", "Sum"):
        assert term in page


def test_the_formula_of_no_case_is_no_page(desk: Desk, sign_in: SignIn) -> None:
    assert sign_in().get(reverse("console:priority", args=[99])).status_code == 404


def test_next_takes_the_lease_and_leads_to_the_case(desk: Desk, sign_in: SignIn, amal: User) -> None:
    case = desk.case()
    answer = sign_in(amal).post("/desk/next")
    assert answer.headers["Location"] == f"/desk/cases/{case.pk}/"
    case.refresh_from_db()
    assert case.lease_by == amal


def test_next_leaves_out_what_a_colleague_holds(desk: Desk, sign_in: SignIn, amal: User, basil: User) -> None:
    case = desk.case()
    leases.take(case.pk, by=basil.actor, now=desk.now)
    assert sign_in(amal).post("/desk/next").headers["Location"] == "/desk/"
    page = sign_in(amal).get("/desk/").content.decode()
    assert "<bdi>basil</bdi>" in page


def test_next_keeps_to_the_queue_one_works_on(desk: Desk, sign_in: SignIn) -> None:
    desk.case()
    assert sign_in().post("/desk/next", {"queue": "elsewhere"}).headers["Location"] == "/desk/"


def test_counts_come_alone(desk: Desk, sign_in: SignIn) -> None:
    desk.case()
    page = sign_in().get("/desk/counts?at=queue", HTTP_HX_REQUEST="true").content.decode()
    assert page.startswith("<nav")
    assert 'data-count="queue"' in page
    assert 'aria-current="page"' in page


def test_a_person_of_one_queue_sees_that_queue(desk: Desk, sign_in: SignIn) -> None:
    desk.case()
    narrow = scene.person("narrow", queues=["spam"])
    assert listed(sign_in(narrow).get("/desk/").content.decode()) == []


def test_the_queues_that_come_with_hakam_have_arabic_names_and_others_keep_theirs(
    desk: Desk, sign_in: SignIn
) -> None:
    Case.objects.filter(pk=desk.case("one").pk).update(queue="hate")
    Case.objects.filter(pk=desk.case("two").pk).update(queue="our-own")
    page = sign_in(language="ar").get(reverse("console:queue")).content.decode()
    assert '<option value="hate">كراهية</option>' in page
    assert "<bdi>كراهية</bdi>" in page
    assert "<bdi>our-own</bdi>" in page
    assert "<bdi>hate</bdi>" in sign_in().get(reverse("console:queue")).content.decode()
