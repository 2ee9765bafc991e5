"""Whole verdicts to the letter: what rules propose together, at which stage, with which values, and why.

The cases stand in `fixtures/verdicts/*.txt`. A case begins with `=== title`; `--- rules` holds rules of the pack, as
`name | stage | then | condition`, one a line; `--- events` an event a line, as in `fixtures/conditions`; `--- says` the
verdict on each, and `--- why` the explanation of every rule on the last event. `UPDATE_FIXTURES=1` writes the last two
anew from what the engine says now; read the difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.engine import compile_pack
from hakam.policy.explain import explain, show
from hakam.policy.pack import load_pack
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.verdict import ReviewRequest, Verdict

FOLDER = Path(__file__).parent / "fixtures" / "verdicts"
FILES = sorted(FOLDER.glob("*.txt"))
PACK = {
    "pack.yaml": 'id: sample\nversion: "1"\nmaturity: test\nlanguages: [en]\nextra: {karma: number}\n',
    "policies.yaml": """\
- policy: spam
  harm: spam
  severity: 20
  title: {en: Spam}
  text: {en: Do not send spam.}
  ladder:
    - notify
    - context_note("Seen before.")
    - label("spam")
    - warn
    - limit_reach
    - withhold(territory="DE")
    - remove
    - suspend
""",
    "terms.yaml": 'newcomer: author.age < "7d" or author.posts < 3\n',
    "lists/bad.txt": "free money\nربح سريع\n",
}


class Case(msgspec.Struct):
    """Some rules, events, and what comes of them."""

    title: str
    parts: dict[str, str]

    def outcome(self) -> tuple[str, str]:
        """Return what `says` and `why` should hold."""
        rules = ""
        for line in self.parts["rules"].splitlines():
            name, stage, then, when = (part.strip() for part in line.split(" | ", 3))
            rules += f"- rule: {name}\n  policy: spam\n  stage: {stage}\n  when: |\n    {when}\n  then:\n"
            rules += "".join(f"    - {act}\n" for act in then.split("; "))
        loaded = load_pack({**PACK, "rules.yaml": rules})
        assert loaded.pack is not None, loaded.errors
        engine = compile_pack(loaded.pack)
        counters = RecordingCounters(MemoryCounters())
        said: list[str] = []
        why = ""
        for n, line in enumerate(self.parts["events"].splitlines()):
            event = event_of(msgspec.json.decode(line), n)
            signals = measure(event, engine.needs)
            counters.start()
            said += [f"{n + 1}", *shown(engine.judge(event, signals, counters))]
            explained = explain(engine, event, signals, counters.seen)
            why = "".join(f"{show(rule)}\n" for rule in explained.rules)
        return "".join(f"{line}\n" for line in said), why


def event_of(fragment: dict[str, Any], n: int) -> Event:
    """Return the whole event of a line."""
    given = dict(fragment)
    item = {"id": f"i{n}", **given.pop("item", {})}
    if "text" in given:
        item["text"] = given.pop("text")
    author = {"id": "a1", **given.pop("author", {})}
    base = {"id": f"e{n}", "platform": "test", "kind": "post", "at": "2026-03-01T12:00:00Z"}
    return msgspec.convert({**base, **given, "author": author, "item": item}, Event)


def act(one: Measure | ReviewRequest) -> str:
    """Return a measure or a review as one word with its details."""
    fields = {
        name: value for name, value in msgspec.structs.asdict(one).items() if value not in {None, (), 0.0}
    }
    name = fields.pop("kind", "review")
    return f"{name}({', '.join(f'{key}={value}' for key, value in fields.items())})"


def shown(verdict: Verdict) -> Iterator[str]:
    """Yield a verdict line by line."""
    for firing in verdict.firings:
        yield f"  {firing.rule} ({firing.stage})"
        for text, value in firing.values.items():
            yield f"    {text} = {msgspec.json.encode(value).decode()}"
    proposed = [*verdict.measures, *([verdict.review] if verdict.review else [])]
    yield f"  => {', '.join(map(act, proposed)) or 'nothing'}"


def cases(file: Path) -> Iterator[Case]:
    """Yield the cases of a file."""
    for block in f"\n{file.read_text(encoding='utf-8')}".split("\n=== ")[1:]:
        title, *parts = block.split("\n--- ")
        split = [part.partition("\n") for part in parts]
        yield Case(title.strip(), {name: f"{text.strip(chr(10))}\n" for name, _, text in split})


ALL = [pytest.param(case, id=f"{file.stem}: {case.title}") for file in FILES for case in cases(file)]


@pytest.mark.skipif("UPDATE_FIXTURES" not in os.environ, reason="writes the fixtures")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_write(file: Path) -> None:
    blocks = []
    for case in cases(file):
        says, why = case.outcome()
        parts = {**case.parts, "says": says, **({"why": why} if "why" in case.parts else {})}
        blocks.append(f"=== {case.title}\n" + "".join(f"--- {name}\n{text}" for name, text in parts.items()))
    file.write_text("\n".join(blocks), encoding="utf-8")


@pytest.mark.parametrize("case", ALL)
def test_the_verdict_is_this_to_the_letter(case: Case) -> None:
    says, why = case.outcome()
    assert says == case.parts["says"]
    if "why" in case.parts:
        assert why == case.parts["why"]
