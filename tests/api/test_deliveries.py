"""A platform confirms what it did."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.api.conftest import Caller, problem

from hakam.api.problems import ProblemKind
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.review.models import Decision
from hakam.testing import scene

pytestmark = pytest.mark.django_db


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
