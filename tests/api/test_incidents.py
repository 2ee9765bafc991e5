"""Incidents over HTTP: the same powers, the same two people, and keys that are somebody's."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.test import Client
from tests.api.conftest import problem
from tests.incidents.stage import CLIP, PACK, hashes_of

from hakam.api.problems import ProblemKind
from hakam.banks.filling import fill
from hakam.banks.models import Bank
from hakam.compliance.models import Fact
from hakam.incidents.models import Incident
from hakam.staff.keys import BadKeyError, issue_key
from hakam.staff.models import User
from hakam.staff.roles import Role, Scope
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
SCOPES = (Scope.INCIDENTS_READ, Scope.INCIDENTS_ACT)


class Lead:
    """The program of somebody who leads incidents."""

    def __init__(self, person: User | None, *scopes: Scope, platform: str = scene.PLATFORM) -> None:
        _key, text = issue_key(
            platform=platform, scopes=scopes or SCOPES, name="test", by=SYSTEM, now=scene.NOW, person=person
        )
        self.headers = {"Authorization": f"Bearer {text}"}
        self.client = Client(raise_request_exception=False)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = b"" if body is None else msgspec.json.encode(body)
        return self.client.generic(
            method, f"/api/v1/incidents{path}", data, content_type="application/json", headers=self.headers
        )

    def done(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.ask(method, path, body)
        assert answer.status_code == status, answer.content
        return answer.json()


@pytest.fixture
def people(db: None) -> tuple[User, User]:
    scene.publish(PACK)
    return scene.person("nadia", Role.INCIDENT_LEAD), scene.person("omar", Role.INCIDENT_LEAD)


@pytest.fixture
def nadia(people: tuple[User, User]) -> Lead:
    return Lead(people[0])


@pytest.fixture
def omar(people: tuple[User, User]) -> Lead:
    return Lead(people[1])


def told(**more: Any) -> dict[str, Any]:
    return {
        "slug": "harbour",
        "title": "Attack at the harbour",
        "summary": "A man streams himself.",
        "clause": "threat",
        "powers": {"emergency_bank": {"hold": True}, "delay": {"seconds": 600}, "priority": True},
    } | more


def test_one_declares_and_another_confirms(nadia: Lead, omar: Lead, people: tuple[User, User]) -> None:
    made = nadia.done("POST", "", told(), 201)
    assert (made["state"], made["declared_by"]) == ("provisional", str(people[0].actor))
    assert {row["power"]: row["settings"] for row in made["powers"]} == {
        "emergency_bank": {"hold": True},
        "priority": {},
        "delay": {"seconds": 600},
    }
    assert made["roles"] == [{"role": "lead", "person": "nadia", "since": made["declared_at"]}]
    refused = problem(nadia.ask("POST", "/harbour/confirmation"), ProblemKind.REFUSED)
    assert "somebody else" in refused["detail"]
    confirmed = omar.done("POST", "/harbour/confirmation")
    assert (confirmed["state"], confirmed["confirmed_by"]) == ("active", str(people[1].actor))
    assert confirmed["ends_at"] > made["ends_at"]
    fact = Fact.objects.get(kind="incident.confirmed")
    assert fact.actor == str(people[1].actor)  # the deed of a person, not of a platform


def test_what_a_second_person_refuses_is_taken_back(nadia: Lead, omar: Lead) -> None:
    nadia.done("POST", "", told(wait=True), 201)
    assert nadia.done("GET", "/harbour")["powers"][0]["taken_at"] is None
    problem(omar.ask("POST", "/harbour/refusal", {"because": ""}), ProblemKind.INVALID)
    refused = omar.done("POST", "/harbour/refusal", {"because": "It is a film."})
    assert (refused["state"], refused["because"]) == ("refused", "It is a film.")
    problem(omar.ask("POST", "/harbour/confirmation"), ProblemKind.REFUSED)


def test_it_is_renewed_by_two_and_loses_a_power_alone(nadia: Lead, omar: Lead) -> None:
    nadia.done("POST", "", told(powers={"emergency_bank": {}, "share": True}), 201)
    problem(nadia.ask("POST", "/harbour/renewal", {"hours": 12, "because": "b"}), ProblemKind.REFUSED)
    before = omar.done("POST", "/harbour/confirmation")["ends_at"]
    asked = nadia.done("POST", "/harbour/renewal", {"hours": 12, "because": "copies still come"})
    assert asked["renewal"]["hours"] == 12
    problem(nadia.ask("POST", "/harbour/renewal/grant"), ProblemKind.REFUSED)
    granted = omar.done("POST", "/harbour/renewal/grant")
    assert granted["renewal"] is None
    assert granted["ends_at"] > before
    omar.done("POST", "/harbour/renewal", {"hours": 1, "because": "more"})
    assert nadia.done("POST", "/harbour/renewal/refusal")["ends_at"] == granted["ends_at"]
    left = nadia.done("DELETE", "/harbour/powers/share")
    assert [row["power"] for row in left["powers"] if row["undone_at"]] == ["share"]
    assert not Bank.objects.get().shared or Bank.objects.get().entries.count() == 0
    problem(nadia.ask("DELETE", "/harbour/powers/delay"), ProblemKind.REFUSED)
    problem(nadia.ask("DELETE", "/harbour/powers/magic"), ProblemKind.INVALID)


def test_log_roles_end_and_report(nadia: Lead, omar: Lead) -> None:
    nadia.done("POST", "", told(), 201)
    omar.done("POST", "/harbour/confirmation")
    fill("incident-harbour", hashes_of(CLIP), by=SYSTEM, now=scene.NOW)
    noted = omar.done("POST", "/harbour/notes", {"whom": "Europol", "words": "one clip"}, 201)
    assert [(note["whom"], note["words"]) for note in noted["notes"]] == [("Europol", "one clip")]
    assert noted["hashes"] == 1
    assert nadia.done("PUT", "/harbour/roles/deputy", {"person": "omar"})["roles"][-1]["person"] == "omar"
    problem(nadia.ask("PUT", "/harbour/roles/deputy", {"person": "nobody"}), ProblemKind.REFUSED)
    problem(nadia.ask("POST", "/harbour/report", {"words": "w"}), ProblemKind.REFUSED)  # it is not over
    ended = nadia.done("POST", "/harbour/end", {"because": "no uploads"})
    assert (ended["state"], ended["hashes"]) == ("ended", 0)
    public = omar.done("GET", "/harbour/report")
    assert public["figures"]["hashes_added"] == 1
    assert "nadia" not in msgspec.json.encode(public).decode()
    secret = omar.done("GET", "/harbour/report?confidential=true")
    assert secret["summary"] == "A man streams himself."
    made = omar.done("POST", "/harbour/report", {"words": "It was streamed."})
    assert made["words"] == "It was streamed."
    assert made["link"].endswith("/incidents/harbour")
    assert Incident.objects.get().reported_at is not None
    assert nadia.done("GET", "")[0]["reported_at"] is not None


def test_an_exercise_and_a_bank_that_is_kept(nadia: Lead, omar: Lead) -> None:
    assert nadia.done("POST", "", told(exercise=True), 201)["exercise"] is True
    nadia.done("POST", "/harbour/end", {"because": "done"})
    nadia.done("POST", "", told(slug="quay"), 201)
    nadia.done("POST", "/quay/end", {"because": "done", "held": "keep"})
    assert Incident.objects.get(slug="quay").bank_kept
    assert [one["slug"] for one in omar.done("GET", "")] == ["quay", "harbour"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"slug": "Harbour"}, "is no name"),
        ({"clause": "nothing"}, "no clause"),
        ({"kind": "gifct.cip"}, "can't be declared"),
        ({"powers": {}}, "at least one power"),
        ({"powers": {"share": True}}, "emergency bank"),
        ({"powers": {"stricter": {"values": {"nothing": "1"}}}}, "nothing"),
        ({"scope": {"countries": ["de"]}}, "no country"),
    ],
)
def test_what_the_room_refuses_is_told(nadia: Lead, more: dict[str, Any], said: str) -> None:
    assert said in problem(nadia.ask("POST", "", told(**more)), ProblemKind.REFUSED)["detail"]
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"hours": 100}, "/hours"),
        ({"powers": {"delay": {"seconds": 0}}}, "/powers/delay/seconds"),
        ({"powers": {"magic": True}}, "/powers/magic"),
        ({"title": ""}, "/title"),
        ({"titel": "t"}, "/titel"),
    ],
)
def test_what_has_the_wrong_shape_is_pointed_at(nadia: Lead, more: dict[str, Any], pointer: str) -> None:
    assert problem(nadia.ask("POST", "", told(**more)), ProblemKind.INVALID)["pointer"] == pointer


def test_a_key_does_what_its_person_may(nadia: Lead, people: tuple[User, User]) -> None:
    nadia.done("POST", "", told(), 201)
    amal = Lead(scene.person("amal", Role.MODERATOR))
    assert amal.done("GET", "/harbour")["slug"] == "harbour"
    assert amal.done("POST", "/harbour/notes", {"whom": "w", "words": "w"}, 201)["notes"]
    for method, path, body in (
        ("POST", "", told(slug="quay")),
        ("POST", "/harbour/confirmation", None),
        ("POST", "/harbour/end", {"because": "b"}),
        ("GET", "/harbour/report?confidential=true", None),
    ):
        detail = problem(amal.ask(method, path, body), ProblemKind.SCOPE_MISSING)["detail"]
        assert "incidents:incident:declare" in detail
    viewer = Lead(scene.person("viewer", Role.VIEWER))
    problem(viewer.ask("GET", ""), ProblemKind.SCOPE_MISSING)
    reading = Lead(people[1], Scope.INCIDENTS_READ)
    problem(reading.ask("POST", "/harbour/confirmation"), ProblemKind.SCOPE_MISSING)
    User.objects.filter(username="nadia").update(is_active=False)
    problem(nadia.ask("GET", ""), ProblemKind.KEY_UNKNOWN)  # a key ends with its person


def test_a_key_without_a_person_and_one_of_another_platform(nadia: Lead, people: tuple[User, User]) -> None:
    nadia.done("POST", "", told(), 201)
    other = Lead(people[1], platform="elsewhere")
    assert other.done("GET", "") == []
    problem(other.ask("GET", "/harbour"), ProblemKind.NOT_FOUND)
    problem(other.ask("POST", "/harbour/confirmation"), ProblemKind.NOT_FOUND)
    problem(nadia.ask("GET", "/quay"), ProblemKind.NOT_FOUND)
    with pytest.raises(BadKeyError, match="somebody's"):
        Lead(None)


def test_a_person_s_key_does_nothing_for_the_platform(people: tuple[User, User]) -> None:
    with pytest.raises(BadKeyError, match="of its own"):
        Lead(people[0], Scope.INCIDENTS_ACT, Scope.NOTICES_WRITE)
