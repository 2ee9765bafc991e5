"""Whether all ways of judging a pack agree on a sample: asked before it is published.

The compiled function, the plain interpreter and, where the extra for back-tests is installed, the columns. A rule that
they judge otherwise, or that fails, must not come into force.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import msgspec

from hakam.backtest.effect import Disagreement
from hakam.backtest.extras import NEEDED
from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.coverage import generated_events
from hakam.policy.differing import Judging, differing
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.interpret import Seen, outcome
from hakam.policy.outside import BadListError
from hakam.policy.pack import Pack
from hakam.policy.testing import earlier
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Finding

GENERATED = 200
LATEST = 1_000  # events of the log that are enough
SHOWN = 20  # differences that are kept; the first is one too many
_encode = msgspec.json.Encoder().encode


class Agreement(msgspec.Struct, frozen=True):
    """What came of it. `ways` are those that were held against the compiled function."""

    events: int
    ways: tuple[Judging, ...]
    differences: tuple[Disagreement, ...] = ()
    failed: Mapping[str, int] = {}  # rules that failed in the compiled function, on how many events

    @property
    def sound(self) -> bool:
        """Whether all ways agree and no rule failed."""
        return not self.differences and not self.failed


def findings_of(found: Iterable[Disagreement], pack: Pack | None = None) -> tuple[Finding, ...]:
    """Return what is said of differences, at the place of the rule if the pack is given."""
    places = {rule.id: rule.span for rule in pack.rules} if pack is not None else {}
    return tuple(
        differing(one.rule, one.event, by=one.by, function_fires=one.compiled, span=places.get(one.rule))
        for one in found
    )


def sample_of(pack: Pack, latest: Iterable[Event] = ()) -> list[Event]:
    """Return events on which a pack is worth trying, in order of time.

    They are the examples of its tests, events generated around what its rules ask for, and `latest`.
    """
    found = {(event.platform, event.id): event for event in latest}
    for event in (*_examples(pack), *generated_events(compile_pack(pack), GENERATED)):
        found.setdefault((event.platform, event.id), event)
    return sorted(found.values(), key=lambda event: event.at)


def _examples(pack: Pack) -> Iterator[Event]:
    for n, example in enumerate(pack.examples):
        for m, event in enumerate((*earlier(example.event, example.before), example.event)):
            yield msgspec.structs.replace(event, id=f"example-{n}-{m}")


def compare(pack: Pack, events: Sequence[Event], *, lists: Path | None = None) -> Agreement:
    """Judge events, which come in order of time and each once, in all ways; return where they differ.

    `lists` is the folder of lists outside packs. Counters begin empty, for all ways alike.
    """
    engine = compile_pack(pack)
    fired, failed, differ = _by_function(engine, events)
    ways: tuple[Judging, ...] = (Judging.INTERPRETER,)
    if events and all(find_spec(name) is not None for name in NEEDED):
        try:
            differ += _by_columns(pack, events, fired, lists)
            ways += (Judging.COLUMNS,)
        except BadListError:  # its content is not at hand, so nothing can be said of events that ask it
            pass
    return Agreement(len(events), ways, tuple(differ[:SHOWN]), failed)


def _by_function(
    engine: Engine, events: Sequence[Event]
) -> tuple[list[frozenset[str]], dict[str, int], list[Disagreement]]:
    """Judge by the compiled function and by the interpreter, which reads the counters that the function saw."""
    counters = RecordingCounters(MemoryCounters())
    fired: list[frozenset[str]] = []
    failed: dict[str, int] = {}
    differ: dict[str, Disagreement] = {}
    for event in events:
        counters.start()
        signals = measure(event, engine.needs)
        verdict = engine.judge(event, signals, counters)
        now = frozenset(firing.rule for firing in verdict.firings)
        fired.append(now)
        seen = Seen(event, signals, counters.seen)
        for rule in engine.rules:
            if rule.id in verdict.quarantined:
                failed[rule.id] = failed.get(rule.id, 0) + 1
            elif (outcome(rule.when, seen) is True) is not (rule.id in now):
                differ.setdefault(rule.id, Disagreement(rule.id, event.id, rule.id in now))
    return fired, failed, list(differ.values())


def _by_columns(
    pack: Pack, events: Sequence[Event], fired: Sequence[frozenset[str]], lists: Path | None
) -> list[Disagreement]:
    """Judge over columns, as a back-test does; return where that differs from what fired."""
    from hakam.backtest import run  # noqa: PLC0415 -- needs the extra
    from hakam.backtest.columns import Row  # noqa: PLC0415 -- as above
    from hakam.backtest.counting import count_all  # noqa: PLC0415 -- as above
    from hakam.backtest.packs import outside_of  # noqa: PLC0415 -- as above
    from hakam.backtest.prepare import prepare  # noqa: PLC0415 -- as above
    from hakam.backtest.workers import Here  # noqa: PLC0415 -- as above

    said = {(event.platform, event.id): rules for event, rules in zip(events, fired, strict=True)}
    differ: dict[str, Disagreement] = {}
    with tempfile.TemporaryDirectory(prefix="hakam-agreement-") as work:
        dataset = prepare((Row(_encode(event)) for event in events), Path(work) / "events", pool=Here())
        outside = outside_of((pack,), lists)
        counts = count_all(dataset, (pack.files,), Path(work), pool=Here(), outside=outside)
        job = run.Job(str(dataset.folder), (pack.files,), counts, run.Way.COLUMNS, outside=outside)
        judge = run.Judge(job)
        for number in range(len(dataset.parts)):
            chunk = dataset.chunk(number, judge.paths)
            found, _, _ = judge.by_columns(chunk, counts.of(chunk))
            for row in range(chunk.rows):
                event = chunk.event(row)
                function = said[event.platform, event.id]
                for unit, flags in zip(judge.units, found, strict=True):
                    if bool(flags[row]) is not (unit.rule in function):
                        one = Disagreement(unit.rule, event.id, unit.rule in function, Judging.COLUMNS)
                        differ.setdefault(unit.rule, one)
    return list(differ.values())
