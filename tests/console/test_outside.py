"""The pages for everybody: reporting, reading the reasons, objecting, the rules, the figures."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.conftest import Desk, SignIn

from hakam.console.charts import bar, columns
from hakam.intake.models import Notice
from hakam.review.models import Case, Complaint
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.measure import Measure, MeasureKind

REPORT = {
    "harm": "hate_speech",
    "addresses": "https://maydan.example/1",
    "illegal": "yes",
    "explanation": "It calls a whole people vermin.",
    "name": "Huda",
    "email": "huda@example.org",
    "good_faith": "on",
}


def report(change: dict[str, Any] | None = None, **more: Any) -> Any:
    given = {key: value for key, value in (REPORT | (change or {})).items() if value is not None}
    return Client().post("/report", given, **more)


def page(path: str, **more: Any) -> str:
    answer = Client().get(path, **more)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("path", ["/", "/report", "/rules", "/transparency"])
@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl")])
def test_everybody_may_read_it_in_both_languages(
    desk: Desk, path: str, language: str, direction: str
) -> None:
    found = page(path, HTTP_ACCEPT_LANGUAGE=language)
    assert f'<html lang="{language}" dir="{direction}"' in found


def test_the_front_door_leads_staff_to_their_work(desk: Desk, sign_in: SignIn) -> None:
    assert sign_in().get("/").headers["Location"] == "/desk/"


def test_a_report_gives_a_receipt_and_opens_a_case(desk: Desk) -> None:
    answer = report()
    notice = Notice.objects.get()
    assert answer.headers["Location"] == f"/n/{notice.token}?new=1"
    assert notice.good_faith == "I believe in good faith that what I state here is accurate and complete."
    receipt = page(answer.headers["Location"])
    assert "Your report has arrived" in receipt
    assert "Waits for a person" in receipt
    assert "Huda" not in receipt
    assert Case.objects.count() == 1


def test_the_statement_of_good_faith_is_kept_as_it_was_read(desk: Desk) -> None:
    report(HTTP_ACCEPT_LANGUAGE="ar")
    assert Notice.objects.get().good_faith.startswith("أعتقد بحسن نية")


def test_several_addresses_are_several_items(desk: Desk) -> None:
    report({"addresses": "https://a.example/1\n\n  https://a.example/2 \nhttps://a.example/1"})
    assert Notice.objects.get().items.count() == 2
    assert page(f"/n/{Notice.objects.get().token}").count("data-item=") == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"harm": ""}, "Choose what it is about."),
        ({"harm": "nonsense"}, "data-form"),
        ({"addresses": ""}, "Give at least one exact address."),
        ({"addresses": "https://ok.example\nfacebook post"}, "Line 2 is no web address"),
        ({"addresses": "javascript:alert(1)"}, "Line 1 is no web address"),
        ({"addresses": "http://[::1"}, "Line 1 is no web address"),
        ({"addresses": "\n".join(f"https://a.example/{n}" for n in range(51))}, "At most 50 addresses"),
        ({"illegal": None}, "Choose one of the two."),
        ({"explanation": " "}, "Explain why, in your own words."),
        ({"name": ""}, "Give your name."),
        ({"email": ""}, "Give your e-mail address."),
        ({"email": "nonsense"}, "This is no e-mail address."),
        ({"good_faith": None}, "Without this statement"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    desk: Desk, change: dict[str, Any], words: str
) -> None:
    answer = report({"explanation": "My precious words"} | change)
    found = answer.content.decode()
    assert answer.status_code == 422
    assert words in found
    assert "Nothing you typed is lost" in found
    if "explanation" not in change:
        assert "My precious words</textarea>" in found
    assert not Notice.objects.exists()


def told(found: str, field: str) -> str:
    """Return what a screen reader says of a field beside its label."""
    (tag,) = re.findall(rf'<[a-z]+[^>]* name="{field}"[^>]*>|<fieldset[^>]* id="id_{field}"[^>]*>', found)[:1]
    (ids,) = re.findall(r'aria-describedby="([^"]*)"', tag)
    return " ".join(" ".join(re.findall(rf'<p[^>]* id="{one}"[^>]*>(.*?)</p>', found)) for one in ids.split())


@pytest.mark.parametrize("field", ["harm", "explanation", "good_faith", "name", "email"])
def test_what_is_wrong_is_said_with_its_field(desk: Desk, field: str) -> None:
    found = report({field: None}).content.decode()
    (said,) = re.findall(rf'<li><a href="#id_{field}">[^<]*</a>[:?.]?(.*?)</li>', found)
    assert said.strip(" :") in told(found, field)


def test_the_two_ways_to_be_wrong_are_asked_for_as_one_group(desk: Desk) -> None:
    found = report({"illegal": None}).content.decode()
    assert 'id="id_illegal" tabindex="-1" aria-describedby="id_illegal_error"' in found
    assert 'class="wrong" id="id_illegal_error"' in found


@pytest.mark.parametrize("harm", ["csam", "csam_link", "grooming"])
def test_sexual_abuse_of_children_is_reported_without_a_name(desk: Desk, harm: str) -> None:
    assert report({"harm": harm, "name": "", "email": ""}).status_code == 302


def test_a_breach_of_the_rules_is_reported_without_a_name(desk: Desk) -> None:
    assert report({"illegal": "no", "name": "", "email": ""}).status_code == 302


def test_what_somebody_types_is_text(desk: Desk) -> None:
    answer = report({"explanation": "</textarea><script>alert(1)</script>", "name": ""})
    assert "<script>alert" not in answer.content.decode()


def test_pages_behind_a_link_are_kept_by_nobody(desk: Desk, amal: User) -> None:
    decided = desk.remove(desk.case(), amal)
    complaint = desk.complaint(decided)
    report()
    for path in (
        f"/s/{desk.statement(decided).token}",
        f"/c/{complaint.token}",
        f"/n/{Notice.objects.get().token}",
    ):
        headers = Client().get(path).headers
        assert headers["Cache-Control"] == "private, no-store"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/n/x", "/s/x", "/c/x", "/rules/9.9.9"])
def test_a_link_that_leads_nowhere(path: str) -> None:
    assert Client().get(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/n/x/0/complain", "/s/x/complain"])
def test_a_form_that_leads_nowhere(path: str) -> None:
    assert Client().post(path, {"text": "t"}).status_code == 404


def test_a_statement_says_all_that_the_law_asks_for(desk: Desk, amal: User) -> None:
    found = page(f"/s/{desk.statement(desk.remove(desk.case(), amal)).token}")
    for section in ("decision", "territory", "duration", "facts", "automation", "ground", "redress"):
        assert f'data-section="{section}"' in found
    assert "It calls people vermin." in found
    assert 'id="complain"' in found


def test_the_page_names_one_last_day_to_complain(desk: Desk, amal: User) -> None:
    # DSA Art. 20(1): the statement and the form beneath it say the same
    found = page(f"/s/{desk.statement(desk.remove(desk.case(), amal)).token}")
    told = found[found.index('data-section="redress"') :]
    days = re.findall(r"until\W+(?:<[^>]*>)?(\w+ \w+ \d{4})", told)
    assert len(days) == 2, told
    assert len(set(days)) == 1, days


def test_a_statement_speaks_the_language_of_the_affected_person(desk: Desk, amal: User) -> None:
    token = desk.statement(desk.remove(desk.case("أنتم حشرات", language="ar"), amal)).token
    assert 'lang="ar" dir="rtl"' in page(f"/s/{token}")
    client = Client()
    client.cookies["django_language"] = "en"
    assert 'lang="en"' in client.get(f"/s/{token}").content.decode()


def test_the_affected_person_complains_once(desk: Desk, amal: User) -> None:
    token = desk.statement(desk.remove(desk.case(), amal)).token
    answer = Client().post(f"/s/{token}/complain", {"text": "I was joking", "email": ""})
    complaint = Complaint.objects.get()
    assert answer.headers["Location"] == f"/c/{complaint.token}"
    assert "I was joking" in page(f"/c/{complaint.token}")
    found = page(f"/s/{token}")
    assert "You have complained about this decision" in found
    assert 'data-form="complain"' not in found
    again = Client().post(f"/s/{token}/complain", {"text": "Once more"})
    assert again.headers["Location"] == f"/c/{complaint.token}"
    assert Complaint.objects.count() == 1


@pytest.mark.parametrize("given", [{"text": " "}, {"text": "x", "email": "nonsense"}])
def test_a_complaint_needs_words_and_no_more(desk: Desk, amal: User, given: dict[str, str]) -> None:
    token = desk.statement(desk.remove(desk.case(), amal)).token
    answer = Client().post(f"/s/{token}/complain", given)
    assert answer.status_code == 422
    assert 'class="wrong"' in answer.content.decode()


def test_after_six_months_nobody_complains(desk: Desk, amal: User) -> None:
    statement = desk.statement(desk.remove(desk.case(), amal))
    type(statement).objects.update(complain_until=timezone.now())
    assert "The time for complaints about this decision is over" in page(f"/s/{statement.token}")
    answer = Client().post(f"/s/{statement.token}/complain", {"text": "late"})
    assert answer.status_code == 422


def test_the_answer_to_a_complaint_is_shown(desk: Desk, sign_in: SignIn, amal: User) -> None:
    complaint = desk.complaint(desk.remove(desk.case(), amal))
    assert "Waits for a person who took no part" in page(f"/c/{complaint.token}")
    sign_in().post(
        f"/desk/complaints/{complaint.pk}/decide", {"verdict": "uphold", "answer": "You are right."}
    )
    found = page(f"/c/{complaint.token}")
    assert "The decision is reversed" in found
    assert "You are right." in found
    assert "This decision was reversed." in page(f"/s/{complaint.statement_token}")


def reported_and_decided(desk: Desk, by: User, *, remove: bool) -> Notice:
    report()
    case = Case.objects.get()
    decided = (
        desk.remove(case, by, measures=[Measure(MeasureKind.LIMIT_REACH)]) if remove else desk.keep(case, by)
    )
    desk.answer(decided)
    return Notice.objects.get()


def test_the_notifier_reads_the_outcome_and_objects(desk: Desk, amal: User) -> None:
    notice = reported_and_decided(desk, amal, remove=False)
    found = page(f"/n/{notice.token}")
    assert "It was found not to break the rules." in found
    assert "A person decided." in found
    answer = Client().post(f"/n/{notice.token}/0/complain", {"text": "Please look again"})
    complaint = Complaint.objects.get()
    assert answer.headers["Location"] == f"/c/{complaint.token}"
    assert complaint.complainant == "notifier"
    assert "Your complaint about this outcome" in page(f"/n/{notice.token}")


def test_the_notifier_reads_what_became_of_the_item_and_not_of_its_author(desk: Desk, amal: User) -> None:
    # DSA Art. 16(5): the decision in respect of the information to which the notice relates
    report()
    taken = [Measure(MeasureKind.REMOVE), Measure(MeasureKind.SUSPEND, days=7), Measure(MeasureKind.WARN)]
    Case.objects.update(author_id="u1")
    desk.answer(desk.remove(Case.objects.get(), amal, measures=taken))
    found = page(f"/n/{Notice.objects.get().token}")
    (done,) = re.findall(r"What was done:.*?</p>", found)
    assert "Remov" in done
    assert not re.search("uspen|arn", done)


def test_a_notifier_who_says_nothing_is_asked_again(desk: Desk, amal: User) -> None:
    notice = reported_and_decided(desk, amal, remove=False)
    answer = Client().post(f"/n/{notice.token}/0/complain", {"text": ""})
    assert answer.status_code == 422
    assert "<details open>" in answer.content.decode()


def test_each_item_has_a_form_of_its_own(desk: Desk, amal: User) -> None:
    lines = "https://maydan.example/1\nhttps://maydan.example/2"
    path = report({"addresses": lines}).headers["Location"].partition("?")[0]
    for case in Case.objects.order_by("pk"):
        desk.answer(desk.keep(case, amal))
    found = page(path)
    ids = re.findall(r' id="([^"]+)"', found)
    assert len(ids) == len(set(ids))
    assert {"id_text-0", "id_text-1", "id_email-0", "id_email-1"} <= set(ids)
    asked_again = Client().post(f"{path}/1/complain", {"text": "", "email": "no address"}).content.decode()
    assert asked_again.count('aria-invalid="true"') == 2
    assert told(asked_again.partition('data-item="1"')[2], "text")
    assert "no address" not in asked_again.partition('data-item="1"')[0]


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Received, with what you wrote about it"), ("ar", "وصل، مع ما كتبتموه عنه")],
)
def test_no_copy_is_told_of_where_there_is_none(desk: Desk, language: str, said: str) -> None:
    path = report(HTTP_ACCEPT_LANGUAGE=language).headers["Location"]
    assert said in page(path, HTTP_ACCEPT_LANGUAGE=language)


def test_nobody_objects_before_the_outcome(desk: Desk) -> None:
    report()
    notice = Notice.objects.get()
    assert 'data-form="complain"' not in page(f"/n/{notice.token}")
    assert Client().post(f"/n/{notice.token}/0/complain", {"text": "x"}).status_code == 404


def test_the_rules_are_read_in_both_languages(desk: Desk) -> None:
    assert "Do not threaten people." in page("/rules")
    assert "لا تهدد الناس." in page("/rules", HTTP_ACCEPT_LANGUAGE="ar")


def test_versions_and_what_changed(desk: Desk) -> None:
    newer = {
        **scene.PACK,
        "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0"),
        "policies.yaml": scene.PACK["policies.yaml"]
        .replace("Do not threaten people.", "Do not threaten anybody.")
        .replace("severity: 20", "severity: 30")
        .replace("ladder: [limit_reach, remove, suspend(days=30)]", 'ladder: [label("x"), remove]'),
    }
    assert Client().get("/rules/differences").status_code == 404
    scene.publish(newer, now=desk.now)
    assert "This version is no longer in force" in page("/rules/1.0.0")
    found = page("/rules/differences")
    assert "<del>people</del><ins>anybody</ins>" in found
    assert '<del><span class="num">20</span></del> <ins><span class="num">30</span></ins>' in found
    assert "<ins>Label, Remove</ins>" in found
    assert "Sexual abuse of children" not in found
    assert "The clauses are the same" in page("/rules/differences?from=1.1.0&to=1.1.0")
    assert Client().get("/rules/differences?from=0").status_code == 404


def test_machines_read_the_rules_too(desk: Desk) -> None:
    body = Client().get("/rules.json").json()
    assert body["version"] == "1.0.0"
    threat = next(clause for clause in body["clauses"] if clause["id"] == "threat")
    assert threat["title"] == {"en": "Threats", "ar": "تهديد"}
    assert [m["kind"] for m in threat["measures"]] == ["warn", "remove", "suspend", "terminate"]
    assert body["versions"][0]["until"] is None


@pytest.mark.django_db
def test_without_rules_nothing_breaks() -> None:
    assert "No rule book is in force" in page("/rules")
    assert Client().get("/rules.json").status_code == 404
    assert Client().get("/transparency").status_code == 200


def figure(found: str, name: str) -> int:
    match = re.search(rf'data-figure="{name}"><span class="num">(\d+)</span>', found)
    assert match is not None
    return int(match[1])


def test_the_figures_count_what_happened(desk: Desk, sign_in: SignIn, amal: User) -> None:
    reported_and_decided(desk, amal, remove=True)
    complaint = desk.complaint(desk.remove(desk.case("another"), amal))
    sign_in().post(f"/desk/complaints/{complaint.pk}/decide", {"verdict": "uphold", "answer": "Right."})
    for span in ("30", "90", "all", "nonsense"):
        found = page(f"/transparency?span={span}")
        assert figure(found, "notices") == 1
        assert figure(found, "decisions") == 3
        assert figure(found, "complaints") == 1
        assert "100%" in found
        assert "Hate speech" in found


def test_undone_and_pending_decisions_are_in_no_figure(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case()
    sign_in().post(f"/desk/cases/{case.pk}/decide", {"outcome": "no_violation"})
    assert figure(page("/transparency"), "decisions") == 0


def test_figures_name_nobody(desk: Desk, amal: User) -> None:
    reported_and_decided(desk, amal, remove=True)
    found = page("/transparency")
    for secret in ("Huda", "huda@", "amal", "maydan.example"):
        assert secret not in found


def test_a_bar_fills_its_share() -> None:
    assert 'class="one" x="0.00" width="50.00"' in bar((1, 1), 2)
    assert 'class="two" x="50.00" width="50.00"' in bar((1, 1), 2)
    assert 'class="one"' not in bar((1,), 0)


def test_columns_stand_in_order_of_time() -> None:
    drawing = columns([0, 5, 10])
    heights = re.findall(r'height="([\d.]+)" rx', drawing)
    assert heights == ["0.00", "60.00", "120.00"]
    assert columns([]).startswith("<svg")


def test_charts_are_drawn_without_styles() -> None:
    assert "style" not in bar((1, 2), 3) + columns([1, 2])
