"""Each kind of problem, brought about by a request: status, type, pointer; nothing is kept of what was refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.utils import timezone
from tests.api.conftest import NOTICE, Caller, problem

from hakam.api.problems import Fault, ProblemError, ProblemKind, response
from hakam.compliance.access import statement_of
from hakam.enforcement.models import Effect
from hakam.intake.models import Conduct, HeldComplaint, Notice, Suspension
from hakam.review.models import Complaint, Decision
from hakam.staff.keys import issue_key, revoke_key
from hakam.staff.models import ApiKey
from hakam.staff.roles import Scope
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
K = ProblemKind


class Scene(NamedTuple):
    """What a case of the table has at hand."""

    platform: Caller
    statement: Any
    notice: Notice
    effect: Effect


@pytest.fixture
def stage(platform: Caller, removed: Decision) -> Scene:
    statement = statement_of(f"decision:{removed.pk}")
    assert statement is not None
    return Scene(platform, statement, Notice.objects.get(), Effect.objects.get(kind="measure.apply"))


def _late(s: Scene) -> Any:
    s.statement.complain_until = timezone.now() - timedelta(seconds=1)
    s.statement.save()
    return _object(s)


def _object(s: Scene, **more: Any) -> Any:
    return s.platform.post("/complaints", {"statement": str(s.statement.pk), "text": "No."} | more)


def _twice(s: Scene) -> Any:
    assert _object(s).status_code == 201
    return _object(s)


def _suspended(s: Scene) -> Any:
    conduct = Conduct.objects.create(
        token="t" * 43, platform=scene.PLATFORM, kind="complaints", account=s.statement.recipient
    )
    day = timedelta(days=1)
    Suspension.objects.create(
        conduct=conduct,
        begins=timezone.now() - day,
        ends=timezone.now() + day,
        by=str(SYSTEM),
        because="x",
        factors={},
    )
    answer = _object(s)
    assert HeldComplaint.objects.get().text == "No."  # kept, DSA Art. 23(2) or not
    assert not Complaint.objects.exists()
    return answer


def _keyless(s: Scene) -> Any:
    s.platform.headers = {}
    return s.platform.get(f"/notices/{s.notice.pk}")


def _notice(s: Scene, body: Any = None, key: str = "new", **more: Any) -> Any:
    return s.platform.post("/notices", NOTICE | more if body is None else body, Idempotency_Key=key)


TABLE: dict[ProblemKind, Callable[[Scene], Any]] = {
    K.MALFORMED: lambda s: _notice(s, b'{"harm": '),
    K.NO_IDEMPOTENCY_KEY: lambda s: s.platform.post("/notices", NOTICE, Idempotency_Key="  "),
    K.KEY_MISSING: _keyless,
    K.KEY_UNKNOWN: lambda s: s.platform.client.get(
        "/api/v1/notices/1", headers={"Authorization": "Bearer hk_no"}
    ),
    K.SCOPE_MISSING: lambda _s: Caller(Scope.CHECK).post("/notices", NOTICE, Idempotency_Key="x"),
    K.NOT_FOUND: lambda s: s.platform.get("/statements/00000000-0000-4000-8000-000000000000"),
    K.METHOD: lambda s: s.platform.client.delete(
        f"/api/v1/notices/{s.notice.pk}", headers=s.platform.headers
    ),
    K.ALREADY_COMPLAINED: _twice,
    K.SUSPENDED: _suspended,
    K.NO_OUTCOME: lambda s: s.platform.post(f"/deliveries/{s.effect.pk}/confirmation", {"status": "failed"}),
    K.WINDOW_CLOSED: _late,
    K.BODY_TOO_LARGE: lambda s: _notice(s, b"[" + b" " * 3_000_000 + b"]"),
    K.INVALID: lambda s: _notice(s, harm="evil"),
    K.KEY_REUSED: lambda s: _notice(s, key="r-1", explanation="Something else."),
}


def test_every_kind_is_tried_here_or_beside() -> None:
    assert set(TABLE) == set(ProblemKind) - {K.INTERNAL, K.REFUSED}  # of test_interface and test_incidents


@pytest.mark.parametrize("kind", sorted(TABLE, key=lambda kind: kind.name))
def test_each_kind(stage: Scene, kind: ProblemKind) -> None:
    body = problem(TABLE[kind](stage), kind)
    assert body["title"] == kind.value.title
    assert ("pointer" in body) == ("errors" in body) == (kind is K.INVALID)
    assert Notice.objects.count() == 1


@pytest.mark.parametrize("kind", [K.MALFORMED, K.INVALID, K.KEY_REUSED, K.NO_IDEMPOTENCY_KEY])
def test_what_was_refused_leaves_its_key_free(stage: Scene, kind: ProblemKind) -> None:
    TABLE[kind](stage)
    answer = _notice(stage, key="new")
    assert answer.status_code == 201
    assert answer.json()["id"] != str(stage.notice.pk)


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"harm": "evil", "explanation": 7}, {"/harm", "/explanation"}),
        ({"items": [{"kind": "post", "id": "1"}, {"kind": "", "id": ""}]}, {"/items/1/kind", "/items/1/id"}),
        ({"items": [{"kind": "post", "id": "1", "x": 1}]}, {"/items/0/x"}),
        ({"items": [{"kind": "post", "id": "a\x00"}]}, {"/items/0"}),
        ({"urls": ["https://a.example", "ftp://b.example", "c"]}, {"/urls/1", "/urls/2"}),
        ({"urls": ["https://a.example/" + "x" * 8_200]}, {"/urls/0"}),
        ({"illegal": "maybe"}, {"/illegal"}),
        ({"language": "x"}, {"/language"}),
        ({"language": ""}, {"/language"}),
        ({"notifier": ""}, {"/name", "/email"}),
        ({"notifier": "u" * 513}, {"/notifier"}),
        ({"notifier": "u\x00"}, {"/notifier"}),
        ({"good_faith": " "}, {"/good_faith"}),
        ({"a/b~c": 1}, {"/a~1b~0c"}),
        ({"explanation": "x" * 20_001}, {"/explanation"}),
        ({"clause": "c" * 129}, {"/clause"}),
    ],
)
def test_everything_that_is_wrong_is_pointed_at_at_once(
    platform: Caller, change: dict[str, Any], pointers: set[str]
) -> None:
    body = problem(platform.post("/notices", NOTICE | change, Idempotency_Key="k"), K.INVALID)
    assert {error["pointer"] for error in body["errors"]} == pointers
    assert all(error["detail"] for error in body["errors"])
    assert body["pointer"] == body["errors"][0]["pointer"]
    assert not Notice.objects.exists()


@pytest.mark.parametrize("key", ["clé", "k" * 201, "a\x00b"])
def test_a_key_that_cannot_be_kept(platform: Caller, key: str) -> None:
    answer = platform.post("/notices", NOTICE, Idempotency_Key=key)
    assert answer.status_code in {201, 422}
    if answer.status_code == 422:
        assert problem(answer, K.INVALID)["pointer"] == "/Idempotency-Key"


# --------------------------------------------------------------------------------------- idempotency


def test_the_same_key_of_two_platforms_is_two_notices(platform: Caller) -> None:
    first = platform.post("/notices", NOTICE, Idempotency_Key="r-1").json()
    other = Caller(platform="other").post("/notices", NOTICE, Idempotency_Key="r-1").json()
    assert first["id"] != other["id"]
    assert Notice.objects.count() == 2


def test_a_repeat_is_told_how_far_the_notice_is_by_now(stage: Scene) -> None:
    again = stage.platform.post("/notices", NOTICE, Idempotency_Key="r-1")
    assert again.status_code == 201
    assert (again.json()["id"], again.json()["answered"]) == (str(stage.notice.pk), True)
    assert Effect.objects.filter(kind="notice.receipt").count() == 1


def test_space_around_a_key_is_no_other_key(platform: Caller) -> None:
    first = platform.post("/notices", NOTICE, Idempotency_Key="r-1").json()
    assert platform.post("/notices", NOTICE, Idempotency_Key=" r-1 ").json() == first


# --------------------------------------------------------------------------------------- keys


@pytest.fixture
def key() -> tuple[ApiKey, Caller]:
    later = timezone.now() + timedelta(hours=1)
    made, text = issue_key(
        platform=scene.PLATFORM,
        scopes=[Scope.NOTICES_WRITE],
        name="k",
        by=SYSTEM,
        now=timezone.now(),
        expires_at=later,
    )
    who = Caller(Scope.NOTICES_WRITE)
    who.headers = {"Authorization": f"Bearer {text}"}
    return made, who


def test_a_key_that_was_revoked_opens_nothing(platform: Caller, key: tuple[ApiKey, Caller]) -> None:
    made, who = key
    assert who.post("/notices", NOTICE, Idempotency_Key="1").status_code == 201
    revoke_key(made, by=SYSTEM, now=timezone.now())
    problem(who.post("/notices", NOTICE, Idempotency_Key="2"), K.KEY_UNKNOWN)


def test_a_key_that_expired_opens_nothing(platform: Caller, key: tuple[ApiKey, Caller]) -> None:
    made, who = key
    ApiKey.objects.filter(pk=made.pk).update(expires_at=timezone.now())
    problem(who.post("/notices", NOTICE, Idempotency_Key="2"), K.KEY_UNKNOWN)


# --------------------------------------------------------------------------------------- complaints


def test_a_complaint_keeps_its_own_address_and_language(stage: Scene) -> None:
    said = {
        "notice": str(stage.notice.pk),
        "text": "ما زال الحساب هناك.",
        "email": "n@example.net",
        "language": "ar",
    }
    assert stage.platform.post("/complaints", said).status_code == 201
    made = Complaint.objects.get()
    assert (made.email, made.language) == ("n@example.net", "ar")
    receipt = Effect.objects.get(kind="complaint.receipt", channel="email")
    assert (receipt.payload["to"], receipt.payload["language"]) == ("n@example.net", "ar")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"notice": "00000000-0000-4000-8000-000000000000"}, K.NOT_FOUND),
        ({"notice": "nonsense"}, K.NOT_FOUND),
        ({"statement": "nonsense"}, K.NOT_FOUND),
        ({"notice": "it", "item": 7}, K.NOT_FOUND),
        ({"notice": "it", "item": 100}, K.INVALID),
    ],
)
def test_a_complaint_about_nothing(stage: Scene, said: dict[str, Any], kind: ProblemKind) -> None:
    said = said | ({"notice": str(stage.notice.pk)} if said.get("notice") == "it" else {})
    problem(stage.platform.post("/complaints", {"text": "x"} | said), kind)
    assert not Complaint.objects.exists()


def test_a_problem_without_details_holds_none() -> None:
    bare = response(ProblemError(K.NOT_FOUND)).content
    assert b"detail" not in bare
    assert b"errors" not in bare
    full = response(
        ProblemError(K.INVALID, "two things", errors=[Fault("/a", "b"), Fault("/c", "d")])
    ).content
    assert b'"pointer":"/a"' in full
    assert b'"detail":"two things"' in full
