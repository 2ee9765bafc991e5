"""What conditions make of events: rules as a trust-and-safety team writes them, in `fixtures/conditions/*.txt`.

A file may begin with parts of its pack (`--- lists/slurs.txt`). A case begins with `=== condition`, which may go on
over indented lines, and each line below is an event with what the condition is on it: `yes`, `no` or `unknown`. The
event is a text in quotes or a fragment in JSON, with `text` for the item's text, and all events of a case come one
after the other to the same counters. A line that begins with `#` says why.

`no` is more than "does not fire": its opposite, `not (...)`, must fire. With `unknown` neither does. The generated
code is asked for both, and the interpreter and the explanation must say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.explain import explain
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

FOLDER = Path(__file__).parent / "fixtures" / "conditions"
FILES = sorted(FOLDER.glob("*.txt"))
ANSWERS: dict[str, bool | None] = {"yes": True, "no": False, "unknown": None}
ACCEPTED = {"P021", "P404"}  # unused lists and missing tests


class Case(msgspec.Struct, frozen=True):
    """One condition, its pack's other files, and events with the answers wanted."""

    condition: str
    files: dict[str, str]
    lines: tuple[tuple[str, Any, str], ...]


def cases(file: Path) -> Iterator[Case]:
    """Yield the cases of a file."""
    preamble, *blocks = f"\n{file.read_text(encoding='utf-8')}".split("\n=== ")
    files = {}
    for part in preamble.split("\n--- ")[1:]:
        name, _, text = part.partition("\n")
        files[name] = f"{text.strip()}\n"
    for block in blocks:
        condition: list[str] = []
        lines = []
        for n, line in enumerate(block.splitlines()):
            answer, _, rest = line.strip().partition(" ")
            if answer in ANSWERS:
                lines.append((answer, msgspec.json.decode(rest.strip()), line))
            elif n == 0 or line.startswith("    "):
                condition.append(line.strip())
            else:
                assert not line.strip() or line.startswith("#"), f"{file.name}: {line}"
        yield Case("\n".join(condition), files, tuple(lines))


def event_of(fragment: Any, n: int) -> Event:
    """Return the whole event of a line."""
    given = {"text": fragment} if isinstance(fragment, str) else dict(fragment)
    item = {"id": f"i{n}", **given.pop("item", {})}
    if "text" in given:
        item["text"] = given.pop("text")
    author = {"id": "a1", **given.pop("author", {})}
    base = {"id": f"e{n}", "platform": "test", "kind": "post", "at": "2026-03-01T12:00:00Z"}
    return msgspec.convert({**base, **given, "author": author, "item": item}, Event)


ALL = [pytest.param(case, id=f"{file.stem}: {case.condition}") for file in FILES for case in cases(file)]


@pytest.mark.parametrize("case", ALL)
def test_the_condition_is_this_on_each_event(packs: Any, case: Case) -> None:
    files = {**packs.files(case.condition, f"not ({case.condition})"), **case.files}
    engine = packs.engine_of(files)
    counters = RecordingCounters(MemoryCounters())
    for n, (answer, fragment, line) in enumerate(case.lines):
        event = event_of(fragment, n)
        signals = measure(event, engine.needs)
        counters.start()
        verdict = engine.judge(event, signals, counters)
        assert verdict.quarantined == ()
        fired = {firing.rule for firing in verdict.firings}
        found = True if "r0" in fired else False if "r1" in fired else None
        assert len(fired) < 2, line
        assert found is ANSWERS[answer], f"{line}\n{engine.source}"
        explained = explain(engine, event, signals, counters.seen)
        assert explained.rule("r0").outcome is found, line
        opposite = None if found is None else not found
        assert explained.rule("r1").outcome is opposite, line
        assert all(value is not None for firing in verdict.firings for value in firing.values.values())


def test_each_condition_is_seen_from_more_than_one_side() -> None:
    for param in ALL:
        (case,) = param.values
        assert len({answer for answer, _, _ in case.lines}) > 1, case.condition


def test_no_condition_stands_twice() -> None:
    conditions = [(param.id.partition(":")[0], param.values[0].condition) for param in ALL]
    assert len(set(conditions)) == len(conditions)
