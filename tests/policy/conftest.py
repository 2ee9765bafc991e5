"""A small sound pack to vary, events, and shortcuts to load and judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hakam.policy.counters import NO_COUNTERS, Counters
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.pack import Loaded, load_pack
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict

PACK = 'id: sample\nversion: "1.0"\nmaturity: test\nlanguages: [en]\n'
EXTRA = "extra:\n  karma: number\n  vip: boolean\n  plan: text\n  tags: texts\n  joined: time\n"
POLICIES = """\
- policy: spam
  harm: spam
  severity: 20
  title: {en: Spam}
  text: {en: Do not send spam.}
  ladder: [label("spam"), warn, limit_reach, withhold(territory="DE"), remove, bar_from_live, suspend]
"""
RULE = """\
- rule: {name}
  policy: {policy}
  stage: {stage}
  when: |
    {when}
  then: {then}
"""


class Packs:
    """Makes packs from single conditions."""

    nothing_counted = NO_COUNTERS

    @staticmethod
    def files(*conditions: str, **changes: Any) -> dict[str, str]:
        """Return a pack with one rule (`r0`, `r1` ...) for each condition."""
        values = {"policy": "spam", "stage": "live", "then": "[limit_reach]", **changes}
        rules = [
            RULE.format(name=f"r{n}", **{**values, "when": when.replace("\n", "\n    ")})
            for n, when in enumerate(conditions)
        ]
        return {
            "pack.yaml": PACK + EXTRA,
            "policies.yaml": POLICIES,
            "rules.yaml": "".join(rules),
            "lists/bad-words.txt": "free money\nربح سريع\n",
            "lists/countries.txt": "# kind: values\nDE\nAT\n",
            "lists/bad-domains.txt": "# kind: domains\nevil.example\n",
        }

    def load(self, *conditions: str, **changes: Any) -> Loaded:
        """Load such a pack."""
        return load_pack(self.files(*conditions, **changes))

    def engine(self, *conditions: str, **changes: Any) -> Engine:
        """Compile such a pack, which must be sound."""
        loaded = self.load(*conditions, **changes)
        assert loaded.pack is not None, loaded.errors
        return compile_pack(loaded.pack)

    @staticmethod
    def engine_of(files: dict[str, str]) -> Engine:
        """Compile a whole pack, which must be sound."""
        loaded = load_pack(files)
        assert loaded.pack is not None, loaded.errors
        return compile_pack(loaded.pack)

    def codes(self, *conditions: str, **changes: Any) -> list[str]:
        """Return the codes found in such a pack, without what concerns unused lists and missing tests."""
        found = self.load(*conditions, **changes).findings
        return [finding.code for finding in found if finding.code not in {"P021", "P404"}]

    def fires(self, condition: str, event: Event) -> bool:
        """Whether a condition fires on an event."""
        return bool(judge(self.engine(condition), event).firings)


@pytest.fixture(scope="session")
def packs() -> Packs:
    return Packs()


def judge(engine: Engine, event: Event, counters: Counters = NO_COUNTERS) -> Verdict:
    """Judge an event with the signals that the engine needs."""
    return engine.judge(event, measure(event, engine.needs), counters)


@pytest.fixture(scope="session", name="judge")
def judge_fixture() -> Callable[..., Verdict]:
    return judge


@pytest.fixture(scope="session")
def make_event() -> Callable[..., Event]:
    """Return a function that makes an event: `make_event("text", author={...}, item={...}, scores={...})`."""

    def make(text: str | None = None, **parts: Any) -> Event:
        data: dict[str, Any] = {
            "id": "e1",
            "platform": "test",
            "kind": "post",
            "at": "2026-03-01T12:00:00Z",
            **parts,
            "author": {"id": "a1", **parts.get("author", {})},
            "item": {"id": "i1", **({} if text is None else {"text": text}), **parts.get("item", {})},
        }
        return msgspec.convert(data, Event)

    return make
