"""A platform's programs: notices, complaints, statements, confirmations; every error a problem document."""

from __future__ import annotations

import string
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.conftest import Caller, vault

from hakam.api.interface import pointer_of
from hakam.api.problems import MEDIA_TYPE, ProblemKind, problem_table
from hakam.compliance.access import statement_of
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.intake import answers
from hakam.intake.events import consume
from hakam.intake.models import Notice
from hakam.review.decisions import decide, finalise_due
from hakam.review.models import Case, Complaint, Decision
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.staff.roles import Scope
from hakam.storage.embedded.event_log import SqliteEventLog
from hakam.testing import scene
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOTICE: dict[str, Any] = {
    "harm": "hate_speech",
    "explanation": "It calls people vermin.",
    "items": [{"kind": "post", "id": "77"}],
    "notifier": "u9",
    "good_faith": "Accurate and complete.",
}


def problem(answer: Any, kind: ProblemKind) -> dict[str, Any]:
    assert answer["content-type"] == MEDIA_TYPE, answer.content
    body: dict[str, Any] = msgspec.json.decode(answer.content)
    assert (answer.status_code, body["type"], body["status"]) == (
        kind.value.status,
        kind.urn,
        kind.value.status,
    )
    return body


@pytest.fixture
def amal(db: None) -> User:
    return scene.person("amal")


@pytest.fixture
def removed(platform: Caller, log: SqliteEventLog, amal: User) -> Decision:
    """Remove a post that the platform told of and that was reported through it."""
    now = timezone.now()
    log.append([scene.entry(scene.event("You are vermin"), scene.verdict())])
    consume(log, vault=vault(), now=now, limit=10)
    assert platform.post("/notices", NOTICE, Idempotency_Key="r-1").status_code == 201
    decision = decide(
        Case.objects.get().pk,
        by=amal.actor,
        now=now,
        outcome=Outcome.VIOLATION,
        clause="hate",
        measures=[Measure(MeasureKind.REMOVE)],
        facts="It calls people vermin.",
        undo_seconds=1,
    )
    finalise_due(now + timedelta(seconds=1))
    for fact in answers.ledger.facts_after(0, kinds=answers.KINDS):
        answers.on_fact(fact, now)
    decision.refresh_from_db()
    return decision


# --------------------------------------------------------------------------------------- notices


def test_a_notice_is_taken_and_looked_up(platform: Caller) -> None:
    answer = platform.post("/notices", NOTICE, Idempotency_Key="r-1")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["harm"], body["answered"]) == ("hate_speech", False)
    assert body["items"][0] | {"position": 0, "kind": "post", "id": "77", "upheld": None} == body["items"][0]
    notice = Notice.objects.get()
    assert body["link"].endswith(f"/n/{notice.token}")
    assert platform.get(f"/notices/{body['id']}").json() == body


def test_a_repeat_is_the_same_notice_and_another_one_is_refused(platform: Caller) -> None:
    first = platform.post("/notices", NOTICE, Idempotency_Key="r-1").json()
    assert platform.post("/notices", NOTICE, Idempotency_Key="r-1").json() == first
    assert Case.objects.get().notices == 1
    other = NOTICE | {"explanation": "Something else."}
    problem(platform.post("/notices", other, Idempotency_Key="r-1"), ProblemKind.KEY_REUSED)
    problem(platform.post("/notices", NOTICE), ProblemKind.NO_IDEMPOTENCY_KEY)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"harm": "evil"}, "/harm"),
        ({"explanation": ""}, "/explanation"),
        ({"explanation": "a\x00b"}, "/explanation"),
        ({"items": []}, "/urls"),
        ({"items": [{"kind": "post"}]}, "/items/0/id"),
        ({"urls": ["nowhere"]}, "/urls/0"),
        ({"urls": "https://maydan.example"}, "/urls"),
        ({"email": "nobody"}, "/email"),
        ({"good_faith": ""}, "/good_faith"),
        ({"explenation": "misspelt"}, "/explenation"),
    ],
)
def test_what_is_wrong_is_pointed_at(platform: Caller, change: dict[str, Any], pointer: str) -> None:
    body = problem(platform.post("/notices", NOTICE | change, Idempotency_Key="k"), ProblemKind.INVALID)
    assert (body["pointer"], [e["pointer"] for e in body["errors"]]) == (pointer, [pointer])
    assert not Notice.objects.exists()


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"not json"])
def test_what_is_no_json_is_refused(platform: Caller, body: bytes) -> None:
    problem(platform.post("/notices", body, Idempotency_Key="k"), ProblemKind.MALFORMED)


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'"text"', b"null"])
def test_what_is_no_object_is_refused(platform: Caller, body: bytes) -> None:
    problem(platform.post("/notices", body, Idempotency_Key="k"), ProblemKind.INVALID)


def test_a_body_that_is_too_large_is_refused(platform: Caller) -> None:
    problem(platform.post("/notices", b" " * 3_000_000, Idempotency_Key="k"), ProblemKind.BODY_TOO_LARGE)


def test_another_platforms_notice_is_not_there(platform: Caller) -> None:
    made = platform.post("/notices", NOTICE, Idempotency_Key="r-1").json()
    problem(Caller(platform="other").get(f"/notices/{made['id']}"), ProblemKind.NOT_FOUND)
    problem(platform.get("/notices/nothing"), ProblemKind.NOT_FOUND)


# --------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize("header", [None, "", "Basic abc", "Bearer", "Bearer "])
def test_without_a_key_nothing_goes(platform: Caller, header: str | None) -> None:
    platform.headers = {} if header is None else {"Authorization": header}
    answer = platform.get("/statements/1")
    problem(answer, ProblemKind.KEY_MISSING)
    assert answer["www-authenticate"] == 'Bearer realm="hakam"'


@pytest.mark.parametrize("key", ["hk_x", "hk_" + "0" * 8 + "_" + "a" * 43, "' or 1=1", "\u0663"])
def test_an_unknown_key_opens_nothing(platform: Caller, key: str) -> None:
    platform.headers = {"Authorization": f"Bearer {key}"}
    problem(platform.get("/statements/1"), ProblemKind.KEY_UNKNOWN)


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/notices", Scope.NOTICES_WRITE),
        ("/complaints", Scope.COMPLAINTS_WRITE),
        ("/deliveries/1/confirmation", Scope.DELIVERIES_CONFIRM),
    ],
)
def test_each_door_needs_its_scope(platform: Caller, path: str, needed: Scope) -> None:
    poor = Caller(*(set(Scope) - {needed}))
    assert needed in problem(poor.post(path, {}), ProblemKind.SCOPE_MISSING)["detail"]
    problem(Caller(*(set(Scope) - {Scope.STATEMENTS_READ})).get("/statements/1"), ProblemKind.SCOPE_MISSING)


# --------------------------------------------------------------------------------------- the chain


def test_a_statement_is_read_as_data_and_in_words(platform: Caller, removed: Decision) -> None:
    statement = statement_of(f"decision:{removed.pk}")
    assert statement is not None
    body = platform.get(f"/statements/{statement.pk}").json()
    assert (body["decision"], body["recipient"]) == (f"decision:{removed.pk}", "u1")
    assert body["measures"] == [{"kind": "remove"}]
    assert body["reasons"]["facts"] == "It calls people vermin."
    assert {part["key"] for part in body["sections"]} >= {"facts", "redress"}
    arabic = platform.get(f"/statements/{statement.pk}?language=ar").json()
    assert (arabic["language"], arabic["title"] != body["title"]) == ("ar", True)
    problem(Caller(platform="other").get(f"/statements/{statement.pk}"), ProblemKind.NOT_FOUND)
    problem(platform.get("/statements/nothing"), ProblemKind.NOT_FOUND)


def test_the_affected_person_complains_through_the_platform(platform: Caller, removed: Decision) -> None:
    statement = statement_of(f"decision:{removed.pk}")
    assert statement is not None
    said = {"statement": str(statement.pk), "text": "It was a quotation."}
    body = platform.post("/complaints", said)
    assert body.status_code == 201
    complaint = Complaint.objects.get()
    assert body.json()["id"] == str(complaint.pk)
    assert body.json()["link"].endswith(f"/c/{complaint.token}")
    problem(platform.post("/complaints", said), ProblemKind.ALREADY_COMPLAINED)
    problem(Caller(platform="other").post("/complaints", said), ProblemKind.NOT_FOUND)


def test_a_notifier_complains_through_the_platform(platform: Caller, removed: Decision) -> None:
    notice = Notice.objects.get()
    assert platform.get(f"/notices/{notice.pk}").json()["items"][0]["upheld"] is True
    said = {"notice": str(notice.pk), "text": "The account is still there."}
    assert platform.post("/complaints", said).status_code == 201
    shown = platform.get(f"/notices/{notice.pk}").json()["items"][0]
    assert (shown["complaint_state"], shown["complain_until"]) == ("open", None)


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"text": "x"}, "/statement"),
        ({"statement": "1", "notice": "2", "text": "x"}, "/statement"),
        ({"statement": "1", "text": ""}, "/text"),
        ({"statement": "1", "text": "a\x00"}, "/text"),
        ({"statement": "1", "text": "x", "email": "nobody"}, "/email"),
        ({"notice": "1", "text": "x", "item": -1}, "/item"),
    ],
)
def test_an_unclear_complaint_is_refused(platform: Caller, said: dict[str, Any], pointer: str) -> None:
    assert problem(platform.post("/complaints", said), ProblemKind.INVALID)["pointer"] == pointer


def test_too_late_is_said_so(platform: Caller, removed: Decision) -> None:
    statement = statement_of(f"decision:{removed.pk}")
    assert statement is not None
    statement.complain_until = timezone.now()
    statement.save()
    body = problem(
        platform.post("/complaints", {"statement": str(statement.pk), "text": "x"}), ProblemKind.WINDOW_CLOSED
    )
    assert "possible until" in body["detail"]


def test_a_delivery_is_confirmed_twice_as_once(platform: Caller, removed: Decision) -> None:
    effect = Effect.objects.get(kind="measure.apply")
    path = f"/deliveries/{effect.pk}/confirmation"
    problem(platform.post(path, {"status": "applied"}), ProblemKind.NO_OUTCOME)  # it was never sent
    scene.deliver(timezone.now() + timedelta(minutes=1))
    for _ in range(2):
        assert platform.post(path, {"status": "applied"}).json()["state"] == "confirmed"
    assert AppliedMeasure.objects.get().state == "applied"
    problem(Caller(platform="other").post(path, {"status": "applied"}), ProblemKind.NOT_FOUND)
    problem(platform.post("/deliveries/1/confirmation", {"status": "applied"}), ProblemKind.NOT_FOUND)
    assert problem(platform.post(path, {"status": "maybe"}), ProblemKind.INVALID)["pointer"] == "/status"


# --------------------------------------------------------------------------------------- everything else


def test_other_addresses_and_methods_are_problems_too(platform: Caller) -> None:
    for path in ("/", "/nothing", "/notices/1/2/3"):
        problem(platform.get(path), ProblemKind.NOT_FOUND)
    answer = platform.get("/notices")
    problem(answer, ProblemKind.METHOD)
    assert answer["allow"] == "POST"


def test_an_error_of_ours_is_a_problem_and_tells_nothing(
    platform: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("hakam.api.notices.receive_notice", broken)
    answer = platform.post("/notices", NOTICE, Idempotency_Key="k")
    assert "detail" not in problem(answer, ProblemKind.INTERNAL)
    assert b"secret" not in answer.content
    assert "secret detail" in caplog.text


def test_pointers() -> None:
    assert pointer_of(("body", "notice", "urls", 0)) == "/urls/0"
    assert pointer_of(("header", "Idempotency-Key")) == "/Idempotency-Key"
    assert pointer_of(("body", "notice", "a/b~c")) == "/a~1b~0c"
    assert pointer_of(()) == ""


def test_every_kind_of_problem_is_in_the_table() -> None:
    table = problem_table()
    assert all(kind.urn in table for kind in ProblemKind)
    assert len({kind.value.slug for kind in ProblemKind}) == len(ProblemKind)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(string.printable, max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*NOTICE, "text", "x"]), inner, max_size=5)
    ),
    max_leaves=10,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(path=st.sampled_from(["/notices", "/complaints", "/deliveries/1/confirmation"]), body=json_values)
def test_no_body_breaks_it(platform: Caller, path: str, body: Any) -> None:
    answer = platform.post(path, body, Idempotency_Key="any")
    assert 200 <= answer.status_code < 500
    if answer.status_code >= 400:
        assert answer["content-type"] == MEDIA_TYPE
