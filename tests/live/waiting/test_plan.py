"""Plans: what contradicts itself is refused, and names the reason."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.live.waiting.hall import OPENS, PLAN

from hakam.live.waiting.plan import PlanError, keep_plan, load_plan, read_plan


def with_changes(**changes: Any) -> bytes:
    """Return the plan as JSON, changed."""
    return json.dumps({**json.loads(msgspec.json.encode(PLAN)), **changes}).encode()


def test_a_plan_is_kept_and_read_again(tmp_path: Path) -> None:
    path = keep_plan(tmp_path, PLAN)
    assert load_plan(tmp_path, "talk") == PLAN
    assert "الحوار" in path.read_text(encoding="utf-8")
    assert [p.name for p in path.parent.iterdir()] == ["plan.json"]


def test_an_event_without_a_plan_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"no event `talk`: .*plan\.json is missing"):
        load_plan(tmp_path, "talk")


def test_lanes_have_the_public_one_first() -> None:
    assert PLAN.lane_names == ("public", "interpreters", "press")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"opens_at": "2026-05-01T18:00:00"}, "time zone"),
        ({"opens_at": "2026-05-01T18:00:00.5+00:00"}, "whole second"),
        ({"ends_at": OPENS.isoformat()}, "comes after"),
        ({"ends_at": (OPENS + timedelta(days=32)).isoformat()}, "31 days"),
        ({"title": {}}, "at least one language"),
        ({"title": {"en": ""}}, "length >= 1"),
        ({"capacity": 0}, ">= 1"),
        ({"pace": 0}, "> 0"),
        ({"event": "A b"}, "matching regex"),
        ({"lanes": [{"name": "press"}, {"name": "press"}]}, "different names"),
        ({"lanes": [{"name": "public"}]}, "none is `public`"),
        ({"lanes": [{"name": "press", "reserved": 1_001}]}, "more seats are reserved"),
        ({"steps": []}, "length >= 1"),
        ({"steps": [{"name": "a", "share": 1}, {"name": "a", "share": 0}]}, "steps have different names"),
        ({"steps": [{"name": "a", "share": 1.1}]}, "<= 1"),
        ({"step_up_at": 0.9}, "below"),
        ({"url": "javascript:alert(1)"}, "begins with"),
        ({"speed": 3}, "unknown field `speed`"),
    ],
)
def test_what_can_not_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        read_plan(with_changes(**changes))


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(PlanError, match="malformed"):
        read_plan(b"event: talk")
