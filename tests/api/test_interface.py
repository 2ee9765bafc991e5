"""A platform's programs: notices, complaints, statements, confirmations; every error a problem document."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.conftest import NOTICE, Caller, problem

from hakam.api.interface import pointer_of
from hakam.api.problems import MEDIA_TYPE, ProblemKind, problem_table
from hakam.intake.models import Notice
from hakam.review.models import Case
from hakam.staff.roles import PERSONAL_SCOPES, Scope

pytestmark = pytest.mark.django_db
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
    poor = Caller(*(set(Scope) - PERSONAL_SCOPES - {needed}))
    assert needed in problem(poor.post(path, {}), ProblemKind.SCOPE_MISSING)["detail"]
    problem(
        Caller(*(set(Scope) - PERSONAL_SCOPES - {Scope.STATEMENTS_READ})).get("/statements/1"),
        ProblemKind.SCOPE_MISSING,
    )


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
