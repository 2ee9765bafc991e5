"""The reading, by its published thresholds: each figure leans as its row says, the worst front decides."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.live.surge.signs import (
    ATTACK_AT,
    MIXED_AT,
    PARTS,
    Front,
    Part,
    Reading,
    Signs,
    lean,
    read,
    signs_from,
)

CROWD = Signs(
    messages=600, accounts=400, aged=400, young=20, networked=400, networks=350, countries=3, long=500, alike=10,
    long_aged=500, alike_young=2,
    reports=12, named=12, reporters=12, report_texts=12, given=900, refused=4, pace=10,
)  # fmt: skip


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_figure_leans_in_a_straight_line_between_its_thresholds(part: Part) -> None:
    middle = (part.crowd_at + part.attack_at) / 2
    assert [lean(part, f) for f in (0, part.crowd_at, part.attack_at, part.attack_at * 9)] == [0, 0, 1, 1]
    assert lean(part, middle) == pytest.approx(0.5)


def test_a_crowd_is_read_as_a_crowd_and_nothing_as_quiet() -> None:
    assert read(CROWD).reading is Reading.CROWD
    quiet = read(Signs())
    assert (quiet.reading, quiet.worst, quiet.score) == (Reading.QUIET, None, None)
    assert all(one.lean is None for front in quiet.fronts for one in front.parts)


def test_forged_tickets_are_not_hidden_by_a_friendly_chat() -> None:
    found = read(msgspec.structs.replace(CROWD, refused=2_000))
    assert (found.reading, found.worst) == (Reading.ATTACK, Front.TICKETS)


def test_many_who_come_at_once_with_good_tickets_are_a_crowd() -> None:
    found = read(msgspec.structs.replace(CROWD, given=30_000, refused=30))
    assert found.reading is Reading.CROWD  # fifty times what the plan lets in, and nobody lied
    assert found.score == pytest.approx(0.2)


def test_a_brigade_of_reports_is_found_by_its_words() -> None:
    found = read(
        msgspec.structs.replace(CROWD, reports=90, named=90, reporters=15, report_texts=90, reports_alike=80)
    )
    assert (found.reading, found.worst) == (Reading.ATTACK, Front.REPORTS)
    angry = msgspec.structs.replace(
        CROWD, reports=90, named=90, reporters=85, report_texts=90, reports_alike=5
    )
    assert read(angry).reading is Reading.CROWD  # many people complain of the same thing


def test_what_rests_on_too_little_does_not_count() -> None:
    few = Signs(messages=120, accounts=90, aged=20, young=20)  # the ages of twenty: too few
    found = read(few)
    assert (found.reading, found.worst) == (Reading.UNCLEAR, Front.CHAT)
    swarm = msgspec.structs.replace(CROWD, swarm=4_000, reports=0, named=0, reporters=0, report_texts=0)
    assert (read(swarm).reading, read(swarm).worst) == (Reading.UNCLEAR, Front.REPORTS)


def test_an_attack_that_is_known_outweighs_a_front_that_is_not() -> None:
    both = msgspec.structs.replace(CROWD, refused=2_000, swarm=4_000, reports=0, named=0, report_texts=0)
    assert read(both).reading is Reading.ATTACK


@given(st.integers(0, 400), st.integers(0, 500), st.integers(1, 400), st.integers(0, 900))
def test_the_score_is_the_weighted_mean_of_its_parts_and_names_its_reading(
    young: int, alike: int, networks: int, refused: int
) -> None:
    found = read(msgspec.structs.replace(CROWD, young=young, alike=alike, networks=networks, refused=refused))
    front = next(one for one in found.fronts if one.front is found.worst)
    known = [one for one in front.parts if one.lean is not None]
    mean = sum(one.part.weight * (one.lean or 0) for one in known) / sum(one.part.weight for one in known)
    assert found.score == pytest.approx(mean)
    assert found.score == max(one.score or 0 for one in found.fronts if one.busy)
    expected = Reading.ATTACK if mean >= ATTACK_AT else Reading.MIXED if mean >= MIXED_AT else Reading.CROWD
    assert found.reading is expected


def test_the_page_of_the_reference_has_the_very_thresholds() -> None:
    text = Path("docs/reference/attack-or-crowd.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| [^|]+\| ([\d.]+) \| ([\d.]+) \| (\d) \| (\d+) \|$", text, re.MULTILINE
    )
    told = [(n, f, float(c), float(a), int(w), int(least)) for n, f, c, a, w, least in rows]
    assert told == [(p.name, p.front.value, p.crowd_at, p.attack_at, p.weight, p.least) for p in PARTS]
    assert f"from {ATTACK_AT} " in text
    assert f"from {MIXED_AT} " in text


def test_what_another_release_kept_is_read_as_nothing() -> None:
    assert signs_from(msgspec.to_builtins(CROWD)) == CROWD
    assert signs_from({"messages": "many"}) == Signs()
    assert signs_from(None) == Signs()
