"""An edge node fetches what is barred, and asks when it is in doubt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.api.conftest import Caller, problem

from hakam.api import installation
from hakam.api.problems import ProblemKind
from hakam.enforcement.access import of_item
from hakam.live.edge import EdgeFolder
from hakam.live.edge_keys import signing_key
from hakam.live.questions import Question
from hakam.live.snapshot import Snapshot
from hakam.review.models import Decision
from hakam.staff.roles import PERSONAL_SCOPES, Scope
from hakam.testing import scene
from hakam.vocabulary.event import ItemRef

pytestmark = pytest.mark.django_db
KEY = signing_key("test")


@pytest.fixture
def folder(removed: Decision) -> EdgeFolder:
    folder = EdgeFolder(installation.home(), scene.PLATFORM)
    folder.build(KEY, now=timezone.now() + timedelta(seconds=2))
    return folder


def test_base_and_delta_come_as_they_were_signed(platform: Caller, folder: EdgeFolder) -> None:
    base, delta = platform.get("/edge/base"), platform.get("/edge/delta")
    assert (base.status_code, base["content-type"]) == (200, "application/octet-stream")
    read = Snapshot(base.content, delta.content, KEY.public_key())
    assert read.barred(Question.ITEM, "77", kind="post")


def test_what_has_not_changed_is_not_sent_again(platform: Caller, folder: EdgeFolder) -> None:
    for path in ("/edge/base", "/edge/delta"):
        etag = platform.get(path)["etag"]
        again = platform.get(path, **{"If-None-Match": etag})
        assert (again.status_code, again.content, again["etag"]) == (304, b"", etag)
    folder.build(KEY, now=timezone.now() + timedelta(seconds=3))
    assert platform.get("/edge/delta", **{"If-None-Match": etag}).status_code == 200


def test_a_doubt_is_settled_exactly(platform: Caller, removed: Decision, folder: EdgeFolder) -> None:
    row = of_item(ItemRef(scene.PLATFORM, "post", "77"))[0]
    assert row.release_at > timezone.now() - timedelta(minutes=5)
    type(row).objects.filter(pk=row.pk).update(release_at=timezone.now() - timedelta(seconds=1))
    for query, expected in (
        ("question=item&kind=post&subject=77", True),
        ("question=live&subject=u1", False),
        ("question=account&subject=u1", False),
        ("question=item&kind=post&subject=78", False),
        ("question=item&kind=video&subject=77", False),
    ):
        assert platform.get(f"/edge/barred?{query}").json() == {"barred": expected}, query


def test_a_question_that_is_none_is_told_what_is_wrong(platform: Caller) -> None:
    for query in (
        "question=item&subject=77",
        "question=live&subject=u1&kind=post",
        "question=mood&subject=u1",
        "question=live",
        "question=live&subject=",
        "question=live&subject=u1&country=Germany",
    ):
        problem(platform.get(f"/edge/barred?{query}"), ProblemKind.INVALID)


def test_another_platform_sees_nothing_of_it(platform: Caller, folder: EdgeFolder) -> None:
    stranger = Caller(platform="elsewhere")
    detail = problem(stranger.get("/edge/base"), ProblemKind.NOT_FOUND)["detail"]
    assert "hakam edge build" in detail
    problem(stranger.get("/edge/delta"), ProblemKind.NOT_FOUND)
    assert stranger.get("/edge/barred?question=item&kind=post&subject=77").json() == {"barred": False}


def test_the_scope_is_needed(platform: Caller) -> None:
    poor = Caller(*(set(Scope) - PERSONAL_SCOPES - {Scope.EDGE_READ}))
    for path in ("/edge/base", "/edge/delta", "/edge/barred?question=live&subject=u1"):
        assert Scope.EDGE_READ in problem(poor.get(path), ProblemKind.SCOPE_MISSING)["detail"]
