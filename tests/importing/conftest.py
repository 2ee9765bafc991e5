"""Reading fixtures of imported rules, and judging events by the pack that they become."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from hakam.importing.carried import Imported
from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.pack import load_pack
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

FIXTURES = Path(__file__).parent / "fixtures"


class Case(NamedTuple):
    """A rule of another system, and what the documentation of that system says of events."""

    name: str
    source: str
    told: list[tuple[str, str]]  # (yes | no | status | note, what)


def cases(name: str) -> list[Case]:
    found = []
    for block in re.split(r"(?m)^== ", (FIXTURES / f"{name}.txt").read_text("utf-8"))[1:]:
        title, _, rest = block.partition("\n")
        lines = rest.split("\n")
        told = [tuple(line[3:].split(" ", 1)) for line in lines if line.startswith(">> ")]
        source = "\n".join(line for line in lines if not line.startswith(">> ")).strip("\n")
        found.append(Case(title, source + "\n", told))  # type: ignore[arg-type]
    return found


def engine_of(made: Imported) -> Engine:
    loaded = load_pack(made.files)
    assert loaded.pack is not None, loaded.errors
    return compile_pack(loaded.pack)


def event_of(given: dict[str, Any]) -> Event:
    plain: dict[str, Any] = {"id": "e", "platform": "test", "kind": "post", "at": "2026-01-01T12:00:00Z"}
    data = {**plain, **given}
    data["author"] = {"id": "a", **given.get("author", {})}
    data["item"] = {"id": "i", **given.get("item", {})}
    return msgspec.convert(data, Event)


def fired(engine: Engine, given: dict[str, Any]) -> list[str]:
    event = event_of(given)
    return [one.rule for one in engine.judge(event, measure(event, engine.needs), MemoryCounters()).firings]


def agree(case: Case, made: Imported) -> None:
    """Ask that the pack says of each event what the fixture says, and that the report says what it must."""
    (entry,) = made.entries
    engine = engine_of(made)
    for what, value in case.told:
        if what in {"yes", "no"}:
            assert bool(fired(engine, json.loads(value))) is (what == "yes"), (
                value,
                made.files["rules.yaml"],
            )
        elif what == "status":
            assert entry.status == value, entry.notes
        else:
            assert any(value in note for note in entry.notes), entry.notes
    assert any(what in {"yes", "status"} for what, _ in case.told)
