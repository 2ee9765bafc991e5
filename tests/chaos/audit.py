"""The reckoning after the storm: what was promised against what is there, and what the platform saw.

`python -m tests.chaos.audit drain SECONDS` waits until nothing is left to do; exit code 1 if it takes longer.
`python -m tests.chaos.audit reckon PROMISES JOURNAL` compares everything, prints figures and what is broken.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from hakam.wiring import start

SETTINGS = start.start_django()

from tests.chaos.traffic import Promises  # noqa: E402
from tests.house import PLATFORM  # noqa: E402
from tests.receiver import Received, read_journal  # noqa: E402

from hakam.compliance import ledger  # noqa: E402 -- needs Django started
from hakam.compliance.access import facts_after  # noqa: E402
from hakam.enforcement.models import AppliedMeasure, Effect  # noqa: E402
from hakam.enforcement.states import RECEIVED, UNFINISHED, EffectState, MeasureState  # noqa: E402
from hakam.intake import cursors, events  # noqa: E402
from hakam.intake.models import Notice, Quarantined  # noqa: E402
from hakam.review.lineage import name_of  # noqa: E402
from hakam.review.models import Case, CaseSource, Complaint, Decision  # noqa: E402
from hakam.review.states import DecisionState  # noqa: E402
from hakam.storage.embedded.event_log import FileEventLog  # noqa: E402
from hakam.storage.event_log import Record  # noqa: E402
from hakam.vocabulary.verdict import Verdict  # noqa: E402
from hakam.wiring.subscriptions import SUBSCRIBERS  # noqa: E402

APPLY, REVERSE = "measure.apply", "measure.reverse"


def left_to_do(log: FileEventLog) -> dict[str, int]:
    """Return what still waits, by name; empty when the installation is at rest."""
    waiting = {
        "events": log.last_seq() - cursors.position(events.CURSOR),
        "effects": Effect.objects.filter(state__in=[state.value for state in UNFINISHED]).count(),
        "decisions": Decision.objects.filter(state=DecisionState.PENDING).count(),
        "facts": sum(
            len(facts_after(cursors.position(one.name), kinds=one.kinds, limit=100)) for one in SUBSCRIBERS
        ),
    }
    return {name: count for name, count in waiting.items() if count}


def drain(seconds: float) -> int:
    """Wait until everything is done; return the exit code."""
    log = FileEventLog(SETTINGS.home / "events")
    began = time.monotonic()
    calm = 0
    while True:
        left = left_to_do(log)
        calm = 0 if left else calm + 1
        if calm > 2:
            print(f"at rest after {time.monotonic() - began:.1f} s")
            return 0
        if time.monotonic() - began > seconds:
            print(f"after {seconds:.0f} s left to do: {left}")
            return 1
        time.sleep(0.5)


class Audit:
    """Compares, and collects what is broken."""

    def __init__(self, promises: Promises, journal: list[Received]) -> None:
        self.promises = promises
        self.journal = journal
        self.firsts = [line for line in journal if not (line.repeat or line.refused)]
        self.log = FileEventLog(SETTINGS.home / "events")
        self.figures: dict[str, int] = {}
        self.broken: list[str] = []

    def run(self) -> None:
        """Make every comparison."""
        records = {record.id: record for record in self.log.scan(0)}
        self._promised_events(records)
        self._decisions(records)
        self._messages()
        self._measures()
        self._people()
        self._chain()

    def _say(self, rule: str, wrong: Iterator[Any] | list[Any]) -> None:
        found = list(wrong)
        if found:
            self.broken.append(f"{rule}: {len(found)}, as {found[:3]}")

    def _promised_events(self, records: dict[str, Record]) -> None:
        promised = self.promises.events
        self.figures |= {
            "events acknowledged": len(promised),
            "events in the log": len(records),
            "requests": self.promises.requests,
            "requests repeated": self.promises.repeats,
        }
        self._say("acknowledged and not in the log", [name for name in promised if name not in records])
        self._say(
            "acknowledged with another verdict than the log's",
            [n for n, v in promised.items() if n in records and msgspec.json.decode(records[n].verdict) != v],
        )
        self._say("a repeat was answered otherwise", self.promises.changed)
        self._say("refused for good", self.promises.refused)
        self._say("damaged records", list(self.log.damaged()))
        rows = self.log.read(0, 10_000_000)
        self._say("events twice in the log", [k for k, n in Counter(r.id for r in rows).items() if n > 1])
        self._say("events set aside", list(Quarantined.objects.values_list("seq", "reason")))

    def _decisions(self, records: dict[str, Record]) -> None:
        """Each live verdict with measures became one decision, unless a person had settled it before."""
        made = {d.key: d for d in Decision.objects.exclude(key=None)}
        taken: dict[str, list[str]] = defaultdict(list)
        for measure in AppliedMeasure.objects.order_by("pk"):
            taken[measure.decision].append(measure.kind)
        by_person = set(Decision.objects.filter(key=None).values_list("item_id", flat=True))
        wanted = settled = 0
        lost: list[str] = []
        odd: list[str] = []
        for record in records.values():
            verdict = msgspec.json.decode(record.verdict, type=Verdict)
            if not verdict.measures:
                continue
            wanted += 1
            item = msgspec.json.decode(record.raw)["item"]["id"]
            decision = made.pop(f"event:{record.seq}", None)
            if decision is None:
                settled += item in by_person
                if item not in by_person:
                    lost.append(record.id)
                continue
            expected = Counter(measure.kind.value for measure in verdict.measures)
            got = Counter(taken[name_of(decision)])
            if got - expected or (expected - got and item not in by_person):
                odd.append(f"{record.id}: {dict(expected)} became {dict(got)}")
        self.figures |= {"verdicts with measures": wanted, "of these settled by a person before": settled}
        self._say("verdicts whose measures were never decided", lost)
        self._say("verdicts whose measures are not those decided", odd)
        self._say("automated decisions without a verdict", sorted(made))
        asked = {
            r.id
            for r in records.values()
            for verdict in [msgspec.json.decode(r.verdict, type=Verdict)]
            if verdict.review is not None
        }
        cases = set(Case.objects.values_list("item_id", flat=True)) | by_person
        self._say(
            "verdicts that asked for a person and opened no case",
            [n for n in asked if f"p{n[1:]}" not in cases],
        )
        sources = Counter(CaseSource.objects.filter(kind="verdict").values_list("ref", flat=True))
        self._say("verdicts that are twice a source of cases", [ref for ref, n in sources.items() if n > 1])

    def _messages(self) -> None:
        """Every message that left is known, every known one arrived, and each was carried out once."""
        self._say(
            "messages whose signature did not hold", [line.refused for line in self.journal if line.refused]
        )
        arrived = {line.id: line.kind for line in self.firsts}
        self._say(
            "messages carried out twice", [k for k, n in Counter(x.id for x in self.firsts).items() if n > 1]
        )
        effects = {str(e.pk): e for e in Effect.objects.filter(platform=PLATFORM, channel="platform")}
        done = {state.value for state in RECEIVED}
        # What is taken back while it is tried again is not tried further: it may have arrived or not.
        open_ended = {n for n, e in effects.items() if e.state == EffectState.CANCELLED.value and e.attempts}
        self._say("messages that nobody sent", [name for name in arrived if name not in effects])
        self._say(
            "messages said to be delivered that never arrived",
            [f"{e.key} {e.state}" for name, e in effects.items() if e.state in done and name not in arrived],
        )
        self._say(
            "messages that arrived and are not said to be delivered",
            [
                f"{effects[name].key} {effects[name].state}"
                for name in arrived
                if name in effects and name not in open_ended and effects[name].state not in done
            ],
        )
        bad = {EffectState.DEAD.value, EffectState.FAILED.value, *(state.value for state in UNFINISHED)}
        self._say(
            "messages not delivered", [f"{e.key} {e.state}" for e in effects.values() if e.state in bad]
        )
        self.figures |= {
            "messages": len(effects),
            "messages carried out": len(self.firsts),
            "messages repeated": sum(line.repeat for line in self.journal),
            "most tries of a message": max((e.attempts for e in effects.values()), default=0),
        }

    def _measures(self) -> None:
        """Each measure was applied exactly once, and taken back exactly once, afterwards, if at all."""
        applied: dict[int, list[int]] = defaultdict(list)
        reversed_: dict[int, list[int]] = defaultdict(list)
        for place, line in enumerate(self.firsts):
            if line.kind in {APPLY, REVERSE}:
                (applied if line.kind == APPLY else reversed_)[line.data["measure"]["id"]].append(place)
        ended = {MeasureState.REVERSED.value, MeasureState.EXPIRED.value}
        stopped = set(
            Effect.objects.filter(kind=APPLY, state=EffectState.CANCELLED.value, attempts__gt=0).values_list(
                "measure_id", flat=True
            )
        )
        wrong: list[str] = []
        states: Counter[str] = Counter()
        known = set()
        for measure in AppliedMeasure.objects.order_by("pk"):
            known.add(measure.pk)
            states[measure.state] += 1
            on, off = applied[measure.pk], reversed_[measure.pk]
            cancelled = measure.state == MeasureState.CANCELLED.value
            if len(on) != (0 if cancelled else 1) and not (measure.pk in stopped and len(on) <= 1):
                wrong.append(f"measure {measure.pk} ({measure.state}) was applied {len(on)} times")
            if len(off) != (1 if measure.state in ended else 0):
                wrong.append(f"measure {measure.pk} ({measure.state}) was reversed {len(off)} times")
            if on and off and off[0] < on[0]:
                wrong.append(f"measure {measure.pk} was reversed before it was applied")
        self._say("measures", wrong)
        self._say("measures that nobody took", [pk for pk in {*applied, *reversed_} if pk not in known])
        self.figures |= {f"measures {state}": count for state, count in sorted(states.items())}

    def _people(self) -> None:
        """Whoever was told "received" is on record, once."""
        notices = {str(pk) for pk in Notice.objects.values_list("pk", flat=True)}
        self._say(
            "notices promised and not there",
            [k for k, v in self.promises.notices.items() if v not in notices],
        )
        self._say("notices that nobody was told of", sorted(notices - set(self.promises.notices.values())))
        complaints = list(Complaint.objects.all())
        ids = {str(complaint.pk) for complaint in complaints}
        self._say(
            "complaints promised and not there",
            [s for s, name in self.promises.complaints.items() if name and name not in ids],
        )
        twice = Counter(c.decision_id for c in complaints)
        self._say("decisions with two complaints of one person", [d for d, n in twice.items() if n > 1])
        self.figures |= {
            "notices": len(notices),
            "cases": Case.objects.count(),
            "decisions": Decision.objects.count(),
            "complaints": len(complaints),
            "complaints upheld": sum(complaint.state == "upheld" for complaint in complaints),
        }

    def _chain(self) -> None:
        self._say("breaks in the chain", [finding.message for finding in ledger.verify_chain()])
        newest = facts_after(0, limit=10_000_000)
        self.figures["facts in the chain"] = len(newest)


def main() -> int:
    """Do what the command line says."""
    if sys.argv[1] == "drain":
        return drain(float(sys.argv[2]))
    promises = msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=Promises)
    audit = Audit(promises, read_journal(Path(sys.argv[3])))
    audit.run()
    sys.stdout.buffer.write(msgspec.json.encode({"figures": audit.figures, "broken": audit.broken}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
