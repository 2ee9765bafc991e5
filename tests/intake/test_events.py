"""What rules ask for becomes cases and measures: each once, nothing lost, nothing stuck."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import OperationalError

from hakam.compliance import ledger
from hakam.compliance.models import Fact
from hakam.enforcement import access as enforcement
from hakam.enforcement.models import Effect
from hakam.intake import access, cursors, events, known_items
from hakam.intake.events import CURSOR, consume
from hakam.intake.models import KnownItem, Quarantined
from hakam.review import evidence, trips
from hakam.review.models import Case, CaseSource, Decision
from hakam.review.states import CaseState, SourceKind
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.event_log import CorruptRecordError, Entry, Record
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Change, Event, ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.verdict import Aside, Firing, Stage

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LIMIT = Measure(MeasureKind.LIMIT_REACH, days=7)


def happen(log: Any, event: Event, *firings: Firing) -> int:
    (appended,) = log.append([scene.entry(event, scene.verdict(firings))])
    return int(appended.seq)


def spoiled(id_: str, *, raw: bytes = b"{}", verdict: bytes = b"{}") -> Entry:
    return Entry(scene.PLATFORM, id_, NOW.timestamp(), raw, b"{}", verdict)


def test_quiet_events_move_the_cursor_and_are_learnt(
    book: object, log: FileEventLog, vault: FileVault
) -> None:
    for n in range(5):
        happen(log, scene.event(item=str(n), url=f"https://maydan.example/p/{n}"))
    facts = Fact.objects.count()
    assert consume(log, vault=vault, now=NOW, limit=3) == 3
    assert consume(log, vault=vault, now=NOW, limit=3) == 2
    assert consume(log, vault=vault, now=NOW, limit=3) == 0
    assert cursors.position(CURSOR) == log.last_seq()
    assert (Case.objects.count(), Fact.objects.count()) == (0, facts)
    known = known_items.at_url("http://MAYDAN.example:443/p/4/#comments")
    assert known is None  # port 443 is not the port of http
    known = known_items.at_url("http://MAYDAN.example/p/4/#comments")
    assert known is not None
    assert known_items.ref_of(known) == ItemRef("maydan", "post", "4")
    assert known_items.newest_event(known, log) == log.read(4, 1)[0].raw


def test_a_review_request_opens_a_case(book: object, log: FileEventLog, vault: FileVault) -> None:
    event = scene.event("Buy followers", email="u1@example.net", reach=500)
    seq = happen(log, event, scene.firing(queue="spam", urgency=0.5))
    consume(log, vault=vault, now=NOW, limit=10)
    case = Case.objects.get()
    assert (case.queue, case.clause, case.harm, case.verdicts, case.notices) == ("spam", "spam", "spam", 1, 0)
    assert case.priority_parts["urgency"] == 50
    source = case.sources.get()
    assert (source.kind, source.ref) == (SourceKind.VERDICT, f"event:{seq}")
    assert source.summary["firings"][0]["values"]
    assert vault.get(case.evidence.get().digest) == scene.raw(event)
    assert case.evidence.get().pack == scene.in_force().digest
    assert ledger.story(f"case:{case.pk}")[0].actor == "rule:known-spam"


def test_live_measures_are_carried_out(book: object, log: FileEventLog, vault: FileVault) -> None:
    seq = happen(log, scene.event(email="u1@example.net"), scene.firing(measures=[LIMIT]))
    consume(log, vault=vault, now=NOW, limit=10)
    assert Decision.objects.get().key == f"event:{seq}"
    assert enforcement.in_force(ItemRef("maydan", "post", "77"), author_id="u1") == [LIMIT]
    assert Effect.objects.filter(channel="email").get().payload["to"] == "u1@example.net"
    assert Case.objects.get().state == CaseState.OPEN


def test_a_case_says_what_was_in_force_already(book: object, log: FileEventLog, vault: FileVault) -> None:
    happen(log, scene.event(id="1"), scene.firing(measures=[Measure(MeasureKind.REMOVE)], queue=None))
    consume(log, vault=vault, now=NOW, limit=10)
    happen(log, scene.event(id="2"), scene.firing(rule="other", measures=[LIMIT], queue="spam"))
    consume(log, vault=vault, now=NOW, limit=10)
    source = CaseSource.objects.get(case=Case.objects.get(), ref="event:2")
    assert source.summary["in_force"] == [{"kind": "limit_reach", "days": 7}]
    assert Decision.objects.count() == 1
    assert Fact.objects.filter(kind="measure.standing").count() == 1


def test_measures_without_a_review_open_no_case(book: object, log: FileEventLog, vault: FileVault) -> None:
    happen(log, scene.event(), scene.firing(measures=[LIMIT], queue=None))
    consume(log, vault=vault, now=NOW, limit=10)
    assert (Decision.objects.count(), Case.objects.count()) == (1, 0)


def test_a_rule_whose_quota_is_used_up_is_noted(book: object, log: FileEventLog, vault: FileVault) -> None:
    event = scene.event("buy followers")
    said = msgspec.structs.replace(scene.verdict([scene.firing(measures=[LIMIT])]), tripped=("known-spam",))
    log.append([scene.entry(event, said)])
    consume(log, vault=vault, now=NOW, limit=9)
    consume(log, vault=vault, now=NOW, limit=9)
    (found,) = trips.unseen()
    assert (found.rule, found.events) == ("known-spam", 1)


def test_a_rule_that_was_put_aside_is_noted_once_with_the_events_that_it_missed(
    book: object, log: FileEventLog, vault: FileVault
) -> None:
    """Also where no rule fired: the event was judged without it."""
    aside = {"known-spam": Aside("it failed with ValueError", NOW.timestamp())}
    for n in range(5):
        event = scene.event("hello", item=str(n))
        log.append([scene.entry(event, msgspec.structs.replace(scene.verdict([]), aside=aside))])
    happen(log, scene.event('they wrote "aside"', item="7"))
    assert consume(log, vault=vault, now=NOW, limit=3) == 3
    consume(log, vault=vault, now=NOW, limit=9)
    (found,) = trips.unseen()
    assert (found.kind, found.rule, found.events) == ("aside", "known-spam", 5)
    assert Fact.objects.filter(kind="rule.put_aside").count() == 1


def judged_without(
    log: Any, ago: float, item: str, *, failed: tuple[str, ...] = (), aside: tuple[str, ...] = ()
) -> None:
    """Append an event, received `ago` seconds before now, on which rules failed, or of which they were put aside."""
    said = msgspec.structs.replace(
        scene.verdict([]),
        quarantined=failed,
        aside={rule: Aside("it failed with ValueError", NOW.timestamp()) for rule in aside},
    )
    log.at = NOW.timestamp() - ago
    log.append([scene.entry(scene.event("hello", item=item), said)])


class Clocked(MemoryEventLog):
    """A log whose clock is set."""

    def __init__(self) -> None:
        self.at = NOW.timestamp()
        super().__init__(clock=lambda: self.at)


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_the_events_on_which_a_rule_failed_before_are_counted_with_those_that_it_missed(
    book: object, vault: FileVault, limit: int
) -> None:
    """However the records fall into batches; not those on which another failed, nor what lies long before."""
    log = Clocked()
    judged_without(log, 3_600, "long-ago", failed=("known-spam",))
    for n in range(5):
        judged_without(log, 20 - n, f"failed-{n}", failed=("known-spam", "other") if n else ("known-spam",))
    judged_without(log, 10, "of-another", failed=("other",))
    for n in range(4):
        judged_without(log, 0, f"aside-{n}", aside=("known-spam",))
    while consume(log, vault=vault, now=NOW, limit=limit):
        pass
    (found,) = trips.unseen()
    assert (found.rule, found.events) == ("known-spam", 9)


def test_failures_before_a_rule_was_taken_back_are_not_counted_again(book: object, vault: FileVault) -> None:
    log = Clocked()
    judged_without(log, 5, "failed", failed=("known-spam",))
    judged_without(log, 0, "aside", aside=("known-spam",))
    consume(log, vault=vault, now=NOW, limit=9)
    judged_without(log, -1, "aside-still", aside=("known-spam",))
    consume(log, vault=vault, now=NOW, limit=9)
    (found,) = trips.unseen()
    assert found.events == 3
    trips.settle(found.pk, because="mended", by=SYSTEM, now=NOW + timedelta(seconds=2))
    judged_without(log, -3, "aside-unheard", aside=("known-spam",))
    consume(log, vault=vault, now=NOW + timedelta(seconds=3), limit=9)
    assert trips.unseen() == []


def test_a_rule_that_only_failed_is_not_said_to_be_put_aside(book: object, vault: FileVault) -> None:
    log = Clocked()
    judged_without(log, 5, "failed", failed=("known-spam",))
    assert consume(log, vault=vault, now=NOW, limit=9) == 1
    assert trips.unseen() == []


def test_the_shadow_is_recorded_only(book: object, log: FileEventLog, vault: FileVault) -> None:
    happen(log, scene.event(), scene.firing(measures=[LIMIT], stage=Stage.SHADOW))
    assert consume(log, vault=vault, now=NOW, limit=10) == 1
    assert (Decision.objects.count(), Case.objects.count(), Quarantined.objects.count()) == (0, 0, 0)


def test_events_on_one_item_are_one_case(book: object, log: FileEventLog, vault: FileVault) -> None:
    for n in range(4):
        happen(log, scene.event(f"text {n}"), scene.firing())
    consume(log, vault=vault, now=NOW, limit=10)
    case = Case.objects.get()
    assert (case.verdicts, case.evidence.count()) == (4, 4)


def test_reading_again_changes_nothing(book: object, log: FileEventLog, vault: FileVault) -> None:
    for n in range(3):
        happen(log, scene.event(item=str(n), author=f"u{n}"), scene.firing(measures=[LIMIT]))
    consume(log, vault=vault, now=NOW, limit=10)

    def everything() -> tuple[int, ...]:
        return tuple(m.objects.count() for m in (Case, CaseSource, Decision, Effect, Fact, KnownItem))

    before = everything()
    cursors.Cursor.objects.update(seq=0)  # as if the cursor had been lost
    assert consume(log, vault=vault, now=NOW + timedelta(minutes=1), limit=10) == 3
    assert everything() == before


def test_edits_and_deletions_are_kept_for_open_cases_only(
    book: object, log: FileEventLog, vault: FileVault
) -> None:
    happen(log, scene.event("Buy followers"), scene.firing())
    happen(log, scene.event("Nice weather", change=Change.EDITED))
    happen(log, scene.event("other", item="78", change=Change.EDITED))
    consume(log, vault=vault, now=NOW, limit=2)
    happen(log, scene.event("", change=Change.DELETED))
    consume(log, vault=vault, now=NOW, limit=10)
    case = Case.objects.get()
    shown = evidence.versions_of(case, vault)
    assert [(v.change, v.changed) for v in shown] == [("created", False), ("edited", True), ("deleted", True)]
    assert sum(1 for path in vault.folder.rglob("*") if path.is_file()) == 3


def test_what_was_deleted_is_not_restricted_any_more(
    book: object, log: FileEventLog, vault: FileVault
) -> None:
    happen(log, scene.event("x", change=Change.DELETED), scene.firing(measures=[LIMIT], queue=None))
    consume(log, vault=vault, now=NOW, limit=10)
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"raw": b"not json"},
        {"raw": b"{}"},
        {"raw": b'{"kind":"post","item":{"id":"1"}}', "verdict": b'{"firings":[]}'},
        {"raw": b'{"kind":"post","item":{"id":"1"}}', "verdict": b'{"firings":7}'},
    ],
)
def test_a_spoiled_record_is_set_aside_and_the_rest_goes_on(
    book: object, log: FileEventLog, vault: FileVault, bad: dict[str, bytes]
) -> None:
    happen(log, scene.event(item="1"), scene.firing())
    (appended,) = log.append([spoiled("bad", **bad)])
    happen(log, scene.event(item="2"), scene.firing())
    assert consume(log, vault=vault, now=NOW, limit=10) == 3
    assert Case.objects.count() == 2
    (found,) = access.quarantined()
    assert found.seq == appended.seq
    assert [f.kind for f in ledger.story(f"event:{found.seq}")] == ["event.quarantined"]


def test_a_record_that_cannot_be_acted_on_is_set_aside_whole(
    book: object, log: FileEventLog, vault: FileVault
) -> None:
    unknown = scene.firing("no-such-clause", measures=[LIMIT])
    happen(log, scene.event(item="1"), unknown)
    happen(log, scene.event(item="2"), scene.firing())
    assert consume(log, vault=vault, now=NOW, limit=10) == 2
    assert [case.item_id for case in Case.objects.all()] == ["2"]
    assert "no-such-clause" in access.quarantined()[0].reason


class DamagedLog(MemoryEventLog):
    """A log in which the checksum of one record does not fit."""

    def __init__(self, bad: int) -> None:
        super().__init__()
        self.bad = bad

    def read(self, after: int, limit: int) -> list[Record]:
        found = super().read(after, limit)
        if any(record.seq == self.bad for record in found):
            raise CorruptRecordError(self.bad)
        return found


@pytest.mark.parametrize("bad", [1, 3, 5])
def test_a_corrupt_record_does_not_hold_up_the_log(book: object, vault: FileVault, bad: int) -> None:
    log = DamagedLog(bad)
    for n in range(5):
        happen(log, scene.event(item=str(n)), scene.firing())
    moved = 0
    while step := consume(log, vault=vault, now=NOW, limit=10):
        moved += step
    assert (moved, Case.objects.count(), cursors.position(CURSOR)) == (5, 4, 5)
    assert [q.seq for q in access.quarantined()] == [bad]


def test_an_outage_moves_nothing_and_sets_nothing_aside(
    book: object, log: FileEventLog, vault: FileVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(log, scene.event(item="1"), scene.firing())
    happen(log, scene.event(item="2"), scene.firing())

    def broken(**_given: object) -> None:
        raise OperationalError("the database went away")

    with monkeypatch.context() as patch:
        patch.setattr("hakam.intake.acting.open_case", broken)
        with pytest.raises(OperationalError):
            consume(log, vault=vault, now=NOW, limit=10)
    assert (cursors.position(CURSOR), Case.objects.count(), Quarantined.objects.count()) == (0, 0, 0)
    assert consume(log, vault=vault, now=NOW, limit=10) == 2
    assert Case.objects.count() == 2


def test_a_batch_takes_in_at_most_so_many_busy_records(
    book: object, log: FileEventLog, vault: FileVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MAX_ACTIVE", 2)
    for n in range(5):
        happen(log, scene.event(item=f"q{n}"))
        happen(log, scene.event(item=str(n)), scene.firing())
    moved = []
    while step := consume(log, vault=vault, now=NOW, limit=100):
        moved.append(step)
    assert moved == [4, 4, 2]
    assert Case.objects.count() == 5


def test_an_event_with_unknown_fields_is_frozen_as_it_came(
    book: object, log: FileEventLog, vault: FileVault
) -> None:
    event = scene.event()
    data = msgspec.json.decode(scene.raw(event)) | {"mood": "angry"}
    entry = msgspec.structs.replace(
        scene.entry(event, scene.verdict([scene.firing()])), raw=msgspec.json.encode(data)
    )
    log.append([entry])
    consume(log, vault=vault, now=NOW, limit=10)
    assert b'"mood":"angry"' in vault.get(Case.objects.get().evidence.get().digest)


def test_a_vault_that_is_full_stops_before_anything_is_written(
    book: object, log: FileEventLog, tmp_path: Path
) -> None:
    class FullVault(FileVault):
        def put(self, data: bytes) -> str:
            raise OSError(28, "No space left on device")

    happen(log, scene.event(), scene.firing())
    with pytest.raises(OSError, match="No space"):
        consume(log, vault=FullVault(tmp_path / "full", b"k" * 32), now=NOW, limit=10)
    assert (cursors.position(CURSOR), Case.objects.count()) == (0, 0)
