"""Incidents at the desk and in public: everything that the pages let people do, and what they show meanwhile."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader
from tests.console.conftest import SignIn
from tests.incidents.stage import PACK
from tests.media.drawings import drawing, file_of

from hakam.banks.models import Bank, BankEntry
from hakam.console import incident_figures
from hakam.incidents import report
from hakam.incidents.closing import close_due
from hakam.incidents.models import Incident
from hakam.incidents.states import IncidentState, Power, RoleKind
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
Enter = Callable[..., Client]


@pytest.fixture(autouse=True)
def _book(db: None) -> None:
    scene.publish(PACK)


@pytest.fixture
def enter(sign_in: SignIn) -> Enter:
    return lambda name, role=Role.INCIDENT_LEAD: sign_in(
        User.objects.filter(username=name).first() or scene.person(name, role)
    )


@pytest.fixture
def nadia(enter: Enter) -> Client:
    return enter("nadia")


@pytest.fixture
def omar(enter: Enter) -> Client:
    return enter("omar")


def told(**more: Any) -> dict[str, Any]:
    return {
        "title": "Attack at the harbour",
        "slug": "harbour",
        "summary": "A man streams himself.",
        "kind": "gifct.pci",
        "clause": "threat",
        "hours": "24",
        "power": ["emergency_bank", "priority"],
        "hold": "hold",
        **more,
    }


def declare(client: Client, **more: Any) -> Any:
    return client.post("/desk/incidents/declare", told(**more))


def act(client: Client, do: str, **more: Any) -> Any:
    return client.post("/desk/incidents/harbour/act", {"do": do, **more})


def read(client: Client, path: str = "/desk/incidents/harbour", **more: Any) -> str:
    return client.get(path, **more).content.decode()


def test_an_incident_is_declared_and_shown(nadia: Client, omar: Client) -> None:
    assert "No incident was ever declared" in read(nadia, "/desk/incidents")
    assert "Perpetrator Content Incident" in read(nadia, "/desk/incidents/new")
    assert "Content Incident Protocol" not in read(nadia, "/desk/incidents/new")  # retired
    assert declare(nadia).url == "/desk/incidents/harbour"
    made = Incident.objects.get()
    assert made.state == IncidentState.PROVISIONAL
    page = read(nadia)
    assert "somebody else must confirm it" in page
    assert 'data-form="confirm"' not in page
    assert 'data-form="confirm"' in read(omar)
    assert "harbour" in read(omar, "/desk/incidents")


def test_every_page_says_that_an_incident_is_not_over(nadia: Client, omar: Client) -> None:
    declare(nadia)
    for path in ("/desk/", "/desk/ledger", "/desk/incidents"):
        page = read(omar, path)
        assert 'class="crisis"' in page
        assert "Attack at the harbour" in page
        assert 'data-count="incidents"' in page
    declare(nadia, slug="drill", title="Drill", exercise="on")
    assert 'class="crisis exercise"' in read(omar, "/desk/")
    close_due(timezone.now() + timedelta(hours=2))
    assert "crisis" not in read(omar, "/desk/")


def test_the_second_person_confirms_or_refuses(nadia: Client, omar: Client) -> None:
    declare(nadia)
    assert act(nadia, "confirm").status_code == 422
    assert act(omar, "confirm").status_code == 302
    assert Incident.objects.get().state == IncidentState.ACTIVE
    declare(nadia, slug="quay")
    response = omar.post("/desk/incidents/quay/act", {"do": "refuse", "because": "a film"})
    assert response.status_code == 302
    assert Incident.objects.get(slug="quay").state == IncidentState.REFUSED


def test_an_error_loses_nothing_that_was_typed(nadia: Client) -> None:
    response = declare(
        nadia, hours="100", power=["delay", "stricter"], minutes="7", countries="DE, EG", **{"param:flood_limit": "5"}
    )  # fmt: skip
    page = response.content.decode()
    assert response.status_code == 422
    assert "1 to 72 hours" in page
    for kept in (
        "Attack at the harbour",
        "A man streams himself.",
        'value="100"',
        'value="7"',
        "DE, EG",
        'value="5"',
    ):
        assert kept in page
    assert not re.search(r'value="emergency_bank"[^>]* checked', page)
    assert re.search(r'value="delay"[^>]* checked', page)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"hours": "many"}, "a whole number"),
        ({"hours": ""}, "1 to 72 hours"),
        ({"power": []}, "at least one power"),
        ({"power": ["stricter"], "param:flood_limit": ""}, "stricter values: give one at least"),
        ({"power": ["stricter"], "param:flood_limit": "999"}, "flood_limit lies from 2 to 50"),
        ({"power": ["stricter"], "param:flood_limit": "three"}, "flood_limit: a number"),
        ({"clause": ""}, "Choose the clause"),
        ({"power": ["delay"], "minutes": ""}, "1 to 60 minutes"),
        ({"kind": "gifct.cip"}, "declared today"),
        ({"slug": "new"}, "another name"),
        ({"countries": "Germany"}, "is no country"),
    ],
)
def test_what_makes_no_sense_is_said(nadia: Client, more: dict[str, Any], said: str) -> None:
    response = declare(nadia, **more)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Incident.objects.exists()


def test_no_clause_is_chosen_for_anybody_and_bounds_are_shown(nadia: Client) -> None:
    page = read(nadia, "/desk/incidents/new")
    assert 'name="clause" required><option value="">' in page
    assert not re.search(r'<option value="threat"[^>]* selected', page)
    shown = re.search(r"<code>flood_limit</code>.*?</tr>", page)
    assert shown is not None
    assert re.sub("<[^>]*>", "", shown[0]).startswith("flood_limit")
    assert "from 2 to 50" in re.sub("<[^>]*>", "", shown[0])


def test_bounds_are_said_in_arabic(nadia: Client) -> None:
    nadia.cookies["django_language"] = "ar"
    response = declare(nadia, power=["stricter"], **{"param:flood_limit": "999"})
    assert "قيمة flood_limit بين 2 و50" in response.content.decode()


def test_who_waits_for_a_second_person_sees_who_that_may_be_and_what_happens_else(
    nadia: Client, omar: Client, enter: Enter
) -> None:
    declare(nadia)
    one = Incident.objects.get()
    page = read(nadia)
    assert re.search(r"data-seconds>.*omar.*</div>", page)
    assert "unless a second person confirms it" in page
    assert f"{one.until:%H:%M}" in page
    assert "data-seconds" not in read(omar)  # who has the button
    User.objects.filter(username="omar").update(is_active=False)
    assert "Nobody else here may" in read(nadia)
    declare(nadia, slug="quay", wait="on", hours="6")
    assert "6 hours after that" in re.sub("<[^>]*>", "", read(nadia, "/desk/incidents/quay"))


def test_why_it_ends_or_goes_on_is_not_lost_to_an_error(
    nadia: Client, omar: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(nadia)
    act(omar, "confirm")
    monkeypatch.setattr("hakam.incidents.closing.held_by", lambda _one: 2)
    page = act(nadia, "end", because="no uploads since noon", held="").content.decode()
    assert "2 items are held" in page
    assert ">no uploads since noon</textarea>" in page
    page = act(nadia, "ask", hours="900", because="copies still come").content.decode()
    assert ">copies still come</textarea>" in page
    assert page.count("copies still come") == 1


def test_a_power_is_not_taken_back_by_one_slip(
    nadia: Client, omar: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(nadia)
    act(omar, "confirm")
    assert "let go at once" not in read(nadia)
    monkeypatch.setattr("hakam.incidents.access.held_by", lambda _one: 2)
    page = read(nadia)
    row = re.search(r'<tr data-power="emergency_bank">.*?</tr>', page)
    assert row is not None
    assert row[0].index("<details>") < row[0].index('value="take_back"')
    said = "2 held items that nobody has looked at are let go at once."
    assert said in re.sub("<[^>]*>", "", row[0])
    assert page.count("let go at once") == 1
    assert 'data-counter="held"><a href="/desk/?clause=threat">' in page


def test_what_is_in_the_bank_is_not_put_in_twice(nadia: Client) -> None:
    declare(nadia)
    for said in ("hashes are in the bank, and are matched", "nothing was added"):
        file = SimpleUploadedFile("a.png", file_of(drawing(1)), content_type="image/png")
        assert (
            said
            in nadia.post(
                "/desk/incidents/harbour/act", {"do": "fill", "file": file}, follow=True
            ).content.decode()
        )


def test_all_powers_and_a_scope_are_read_from_the_form(nadia: Client) -> None:
    declare(
        nadia,
        power=[power.value for power in Power],
        hold="review",
        minutes="٥",  # in digits of the other script
        newer_than_days="7",
        only_media="on",
        countries="de، eg",
        languages="AR, en",
        communities="news; city",
        streams="show-1",
        hours="48",
        **{"param:flood_limit": "5"},
    )
    made = Incident.objects.get()
    assert made.hours == 48
    assert made.scope == {
        "countries": ["DE", "EG"],
        "languages": ["ar", "en"],
        "communities": ["news", "city"],
        "streams": ["show-1"],
    }
    settings = {row.power: row.settings for row in made.powers.all()}
    assert settings["emergency_bank"] == {"hold": False}
    assert settings["delay"] == {"seconds": 300, "newer_than_days": 7}
    assert settings["stricter"] == {"values": {"flood_limit": "5"}}
    page = read(nadia)
    assert "flood_limit" in page
    assert "DE, EG" in page
    assert "accounts younger than 7 days" in re.sub("<[^>]+>", "", page)


def test_a_title_without_latin_letters_gets_a_name(nadia: Client) -> None:
    response = declare(nadia, title="هجوم في المرفأ", slug="")
    assert re.fullmatch(r"/desk/incidents/\d{8}-\d{4}", response.url)
    declare(nadia, title="Attack at the Quay!", slug="")
    assert Incident.objects.filter(slug="attack-at-the-quay").exists()


def test_a_file_goes_into_the_bank_with_its_landmarks(nadia: Client, omar: Client) -> None:
    declare(nadia)
    act(omar, "confirm")
    file = SimpleUploadedFile("a.png", file_of(drawing(1)), content_type="image/png")
    assert act(nadia, "fill", file=file, label="first frame").status_code == 302
    kinds = set(BankEntry.objects.filter(bank__name="incident-harbour").values_list("kind", flat=True))
    assert kinds == {EntryKind.SHA256, EntryKind.PDQ, EntryKind.LANDMARKS}
    junk = SimpleUploadedFile("a.png", b"no picture", content_type="image/png")
    assert act(nadia, "fill", file=junk).status_code == 422
    assert act(nadia, "fill").status_code == 422
    act(nadia, "end", because="over")
    response = act(nadia, "fill", file=SimpleUploadedFile("a.png", file_of(drawing(2))))
    assert "no emergency bank is in force" in response.content.decode()


def test_more_time_is_asked_for_and_granted(nadia: Client, omar: Client) -> None:
    declare(nadia)
    act(omar, "confirm")
    until = Incident.objects.get().until
    assert act(nadia, "ask", hours="12", because="").status_code == 422
    assert act(nadia, "ask", hours="12", because="it goes on").status_code == 302
    assert "somebody else grants it" in read(nadia)
    assert act(nadia, "grant").status_code == 422
    assert act(omar, "grant").status_code == 302
    assert Incident.objects.get().until == until + timedelta(hours=12)
    act(omar, "ask", hours="1", because="it goes on")
    assert act(nadia, "decline").status_code == 302
    assert Incident.objects.get().until == until + timedelta(hours=12)


def test_each_role_is_offered_to_those_alone_who_can_have_it(
    nadia: Client, omar: Client, enter: Enter
) -> None:
    enter("amal", Role.MODERATOR)
    declare(nadia)
    act(omar, "confirm")
    page = read(nadia)
    forms = {
        role: re.findall(r'<option value="\d+">(\w+)<', form)
        for role, form in re.findall(r'data-role="(\w+)">(.*?)</form>', page, re.DOTALL)
    }
    assert forms["lead"] == ["omar"]  # nadia leads it; a moderator may not
    assert forms["deputy"] == ["amal", "nadia", "omar"]
    assert set(forms) == {role.value for role in RoleKind}
    assert "data-role" not in read(enter("amal", Role.MODERATOR))
    assert (
        act(nadia, "role", role="lead", person=str(User.objects.get(username="omar").pk)).status_code == 302
    )
    assert "Hand over" in read(nadia)


def test_roles_the_log_and_one_power_back(nadia: Client, omar: Client, enter: Enter) -> None:
    amal = enter("amal", Role.MODERATOR)
    declare(nadia)
    act(omar, "confirm")
    who = User.objects.get(username="amal")
    assert act(nadia, "role", role="communication", person=str(who.pk)).status_code == 302
    assert act(nadia, "role", role="lead", person=str(who.pk)).status_code == 422
    assert act(nadia, "role", role="king", person="x").status_code == 422
    assert Incident.objects.get().roles.get(role=RoleKind.COMMUNICATION).person == who.pk
    note = {"whom": "Europol", "words": "Three accounts."}
    assert amal.post("/desk/incidents/harbour/note", note).status_code == 302
    assert amal.post("/desk/incidents/harbour/note", note | {"words": ""}).status_code == 422
    page = read(amal)
    assert "Europol" in page
    assert "Three accounts." in page
    assert 'data-form="end"' not in page  # a moderator reads, and writes the log
    assert act(nadia, "take_back", power="priority").status_code == 302
    assert act(nadia, "take_back", power="nothing").status_code == 422
    assert act(nadia, "nonsense").status_code == 422
    assert Incident.objects.get().powers.get(power=Power.PRIORITY).undone_at is not None


def test_the_counters_renew_themselves_until_it_is_over(nadia: Client) -> None:
    declare(nadia)
    htmx = {"headers": {"HX-Request": "true"}}
    part = read(nadia, "/desk/incidents/harbour?part=live", **htmx)
    assert "<html" not in part
    assert 'data-counter="held"' in part
    assert "hx-trigger" in part
    close_due(timezone.now() + timedelta(hours=2))
    part = read(nadia, "/desk/incidents/harbour?part=live", **htmx)
    assert "hx-trigger" not in part
    assert "lapsed, nobody confirmed it" in part


@pytest.mark.parametrize(("language", "words"), [("en", "3 min behind"), ("ar", "متأخر 3 دقائق")])
def test_the_page_says_how_far_the_look_is_behind_while_it_lasts(
    nadia: Client, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    declare(nadia)
    nadia.cookies["django_language"] = language
    part = "/desk/incidents/harbour?part=live"
    htmx = {"headers": {"HX-Request": "true"}}
    monkeypatch.setattr("hakam.intake.pictures.behind", lambda _log, **_now: 170.0)
    assert "data-behind" not in read(nadia, part, **htmx)
    monkeypatch.setattr("hakam.intake.pictures.behind", lambda _log, **_now: 200.0)
    found = re.search(r"data-behind>.*?</p>", read(nadia, part, **htmx))
    assert found is not None
    assert words in re.sub("<[^>]*>", "", found[0])
    close_due(timezone.now() + timedelta(hours=2))
    assert "data-behind" not in read(nadia, part, **htmx)


def test_the_report_is_published_and_read_by_anybody(nadia: Client, omar: Client, client: Client) -> None:
    declare(nadia)
    act(omar, "confirm")
    assert "when the incident is over" in read(nadia, "/desk/incidents/harbour/report")
    assert client.get("/incidents/harbour").status_code == 404
    act(nadia, "end", because="over")
    publish = reverse("console:publish_incident", args=["harbour"])
    assert nadia.post(publish, {"words": ""}).status_code == 422
    assert client.get("/incidents/harbour").status_code == 404
    assert nadia.post(publish, {"words": "An attack was streamed."}).status_code == 302
    page = read(client, "/incidents/harbour")
    assert "An attack was streamed." in page
    assert "never came to that" in page
    assert "nadia" not in page
    assert "Attack at the harbour" in read(client, "/incidents")
    assert "/incidents" in read(client, "/transparency")
    found = json.loads(read(client, "/incidents/harbour.json"))
    assert found["figures"]["copies_seen"] == 0
    assert found["exercise"] is False
    assert client.get("/incidents/quay").status_code == 404
    assert client.get("/incidents/quay.json").status_code == 404
    secret = json.loads(read(nadia, "/desk/incidents/harbour/confidential.json"))
    assert secret["summary"] == "A man streams himself."


def paper(client: Client, path: str) -> str:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert "attachment" in response["Content-Disposition"]
    pages = PdfReader(io.BytesIO(response.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_report_is_a_paper_in_both_languages(nadia: Client, omar: Client, client: Client) -> None:
    declare(nadia)
    act(omar, "confirm")
    nadia.post("/desk/incidents/harbour/note", {"whom": "Europol", "words": "one clip"})
    assert client.get("/incidents/harbour.en.pdf").status_code == 404  # not published yet
    act(nadia, "end", because="over")
    nadia.post(reverse("console:publish_incident", args=["harbour"]), {"words": "It was streamed."})
    page = read(client, "/incidents/harbour")
    for language, words, taken in (
        ("en", "Who stood for it two people", "Power of an incident taken: Emergency bank"),
        ("ar", "المجريات", "المجريات"),
    ):
        path = f"/incidents/harbour.{language}.pdf"
        assert path in page
        public = paper(client, path)
        for said in ("Attack at the harbour", "It was streamed.", words):
            assert said in public
        assert not re.search("nadia|omar|Europol|A man streams", public)
        inside = f"/desk/incidents/harbour/confidential.{language}.pdf"
        assert inside in read(nadia, "/desk/incidents/harbour/report")
        secret = paper(nadia, inside)
        for said in ("A man streams himself.", "incident-harbour", "Europol", "one clip", "nadia", "omar"):
            assert said in secret
        assert taken in secret
        assert nadia.get(inside)["Cache-Control"] == "private, no-store"
        assert client.get(inside).status_code == 302  # to sign in
    assert client.get("/incidents/harbour.fr.pdf").status_code == 404
    assert client.get("/incidents/quay.en.pdf").status_code == 404


def test_the_confidential_paper_says_in_words_what_was_chosen(nadia: Client, omar: Client) -> None:
    more = {"power": ["emergency_bank", "stricter", "delay"], "minutes": "5", "newer_than_days": "7"}
    declare(nadia, **more, **{"param:flood_limit": "5"}, only_media="on")
    act(omar, "confirm")
    for language, said in (
        (
            "en",
            ("copies are held", "flood_limit = 5", "accounts younger than 7 days", "only what has pictures"),
        ),
        ("ar", ("flood_limit",)),
    ):
        secret = paper(nadia, f"/desk/incidents/harbour/confidential.{language}.pdf")
        for words in said:
            assert words in secret
        assert not re.search("hold = true|seconds = 300|newer_than_days", secret)


def test_a_report_tells_no_span_that_was_not(nadia: Client, omar: Client) -> None:
    declare(nadia, power=["emergency_bank", "share"])
    act(omar, "confirm")
    one = Incident.objects.get()
    made = report.report_of(one, words="", now=timezone.now())
    told = {line.name: line.value for line in incident_figures.times(made)}
    assert set(told.values()) == {"not yet", told["declared_at/confirmed_at"]}  # it still runs
    assert incident_figures.span(-185) == "3 min 5 s earlier"
    figures = msgspec.structs.replace(made.figures, closed_at=timezone.now())
    seconds = made.seconds | {"first_uploaded_at/first_shared_at": -180.0}
    over = msgspec.structs.replace(made, figures=figures, seconds=seconds)
    told = {line.name: line.value for line in incident_figures.times(over)}
    assert told["first_uploaded_at/first_shared_at"] == "offered; no partner has confirmed"
    assert told["first_uploaded_at/first_detected_at"] == "never came to that"
    reached = msgspec.structs.replace(over, figures=msgspec.structs.replace(figures, partners_reached=1))
    told = {line.name: line.value for line in incident_figures.times(reached)}
    assert told["first_uploaded_at/first_shared_at"] == "3 min earlier"


def test_an_exercise_is_marked_on_every_page_of_it(nadia: Client, omar: Client, client: Client) -> None:
    declare(nadia, exercise="on")
    act(omar, "confirm")
    assert Bank.objects.get().name == "exercise-harbour"
    assert "This is an exercise" in read(nadia)
    assert "Exercise" in read(nadia, "/desk/incidents")
    act(nadia, "end", because="over")
    nadia.post(reverse("console:publish_incident", args=["harbour"]), {"words": "We rehearsed."})
    assert "This was an exercise" in read(client, "/incidents/harbour")
    assert "Exercise" in read(client, "/incidents")
    assert json.loads(read(client, "/incidents/harbour.json"))["exercise"] is True


def test_the_end_asks_what_becomes_of_what_is_held(nadia: Client, omar: Client) -> None:
    declare(nadia)
    act(omar, "confirm")
    assert 'value="keep"' in read(nadia)
    assert act(nadia, "end", because="").status_code == 422
    assert act(nadia, "end", because="over", held="keep").status_code == 302
    assert Incident.objects.get().bank_kept


@pytest.mark.parametrize("path", ["/desk/incidents", "/desk/incidents/new", "/desk/incidents/harbour"])
def test_the_pages_speak_arabic(path: str, nadia: Client) -> None:
    declare(nadia, title="هجوم في المرفأ")
    User.objects.filter(username="nadia").update(language="ar")
    nadia.cookies["django_language"] = "ar"
    page = read(nadia, path)
    assert 'dir="rtl"' in page
    assert "حادثة" in page
    assert not re.search(r">[^<]*\b(Powers|Clock|Declare|Scope)\b[^<]*<", page)


@pytest.mark.parametrize(("language", "words"), [("en", "It ends soon"), ("ar", "تنتهي قريبًا")])
def test_every_page_says_that_an_incident_ends_soon(nadia: Client, language: str, words: str) -> None:
    declare(nadia)
    User.objects.filter(username="nadia").update(language=language)
    nadia.cookies["django_language"] = language
    assert "data-soon" not in read(nadia, "/desk/")
    Incident.objects.update(
        declared_at=timezone.now() - timedelta(minutes=50),
        confirm_until=timezone.now() + timedelta(minutes=10),
    )
    shown = read(nadia, "/desk/")
    assert words in shown.split("data-soon", 1)[1][:200]
    declare(nadia, slug="second")
    assert read(nadia, "/desk/").count("data-soon") == 1
