"""The daily pass: what is due goes, what is held stays, what was killed goes on, and the ledger still proves itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.privacy.conftest import DAY, NOW, YEAR, World

from hakam.compliance import ledger
from hakam.compliance.access import facts_after, facts_of
from hakam.compliance.facts import FactKind
from hakam.compliance.findings import check as sound
from hakam.compliance.ledger import body_of, verify_chain
from hakam.compliance.models import Fact, Statement
from hakam.enforcement.models import Effect
from hakam.intake.models import Notice, Quarantined
from hakam.privacy import account_erasure, erasing, holds, requests, retention, schedule
from hakam.privacy.erasers import key_of_record
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Pass
from hakam.privacy.requests import RequestKind
from hakam.review.findings import check as review_sound
from hakam.review.models import Complaint, Draft, Evidence
from hakam.review.proposing import propose
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import Measure, MeasureKind

LATER = NOW + 5 * YEAR


def run_all(world: World, now: Any = LATER, *, limit: int = 500) -> int:
    done = 0
    while step := retention.run(world.stores, now=now, limit=limit):
        done += step
    return done


def test_a_case_loses_its_words_and_keeps_its_story(world: World) -> None:
    case = world.case("You are vermin, says Quillfeather")
    world.decided(case)
    (copy,) = Evidence.objects.filter(case=case)
    run_all(world, NOW + 300 * DAY)
    case.refresh_from_db()
    assert "Quillfeather" in case.excerpt
    run_all(world, NOW + 370 * DAY)
    case.refresh_from_db()
    assert (case.excerpt, case.search_text, case.author_email) == ("", "", "")
    assert (case.state, case.clause, case.author_id) == ("decided", "hate", "u1")
    assert not Evidence.objects.exists()
    with pytest.raises(KeyError):
        world.vault.get(copy.digest)
    (fact,) = facts_of("retention:cases", FactKind.RETENTION_APPLIED)
    assert body_of(fact)["erased"] == 1
    assert list(verify_chain()) == []


def test_what_was_proposed_about_a_case_goes_with_it(world: World) -> None:
    case = world.case("I will find you", clause="threat", harm="threat")
    made = propose(
        case.pk, by=world.amal.actor, now=NOW, clause="threat", measures=[Measure(MeasureKind.TERMINATE)],
        facts="Quillfeather threatens somebody.", note="Ask Quillfeather's school.",
    )  # fmt: skip
    world.decided(case)
    run_all(world, NOW + 370 * DAY)
    made.refresh_from_db()
    assert (made.facts, made.note, made.because) == ("[erased]", "", "")
    assert (made.clause, made.state) == ("threat", "lapsed")


def test_a_proposal_that_waits_keeps_its_words(world: World) -> None:
    case = world.case("I will find you", clause="threat", harm="threat")
    made = propose(
        case.pk, by=world.amal.actor, now=NOW, clause="threat", measures=[Measure(MeasureKind.TERMINATE)],
        facts="It threatens somebody.",
    )  # fmt: skip
    run_all(world)
    made.refresh_from_db()
    assert made.facts == "It threatens somebody."


def set_aside(seq: int, text: str, at: Any = NOW) -> Quarantined:
    made = Quarantined.objects.create(seq=seq, at=at, reason=text)
    ledger.record(
        FactKind.EVENT_QUARANTINED, by=SYSTEM, now=at, subject=key_of_record(seq), private={"reason": text}
    )
    return made


def test_what_an_error_quotes_goes_with_the_record_or_in_half_a_year(world: World) -> None:
    # GDPR Art. 5(1)(e)
    seq = world.post("says Quillfeather", at=NOW)
    of_event = set_aside(seq, "ValueError: says Quillfeather")
    of_notice = set_aside(-7, "ValueError: writes Quillfeather", NOW + 100 * DAY)
    run_all(world, NOW + 170 * DAY)
    assert "Quillfeather" in Quarantined.objects.get(pk=of_event.pk).reason
    run_all(world, NOW + 185 * DAY)
    assert Quarantined.objects.get(pk=of_event.pk).reason == "[erased]"
    assert "Quillfeather" in Quarantined.objects.get(pk=of_notice.pk).reason
    run_all(world, NOW + 285 * DAY)
    assert Quarantined.objects.get(pk=of_notice.pk).reason == "[erased]"
    assert not Fact.objects.filter(kind=FactKind.EVENT_QUARANTINED, private__isnull=False).exists()
    assert Quarantined.objects.count() == 2  # that they were set aside stays
    assert list(verify_chain()) == []


def test_an_erased_account_leaves_no_quotation_behind(world: World) -> None:
    seq = world.post("says Quillfeather", at=NOW)
    set_aside(seq, "ValueError: says Quillfeather")
    request = requests.receive(
        RequestKind.ERASURE, platform="maydan", account="u1", by=world.amal.actor, now=NOW
    )
    while account_erasure.erase(request, world.stores, now=NOW + DAY):
        pass
    assert Quarantined.objects.get().reason == "[erased]"
    assert not Fact.objects.filter(kind=FactKind.EVENT_QUARANTINED, private__isnull=False).exists()


def test_what_is_open_stays_however_old(world: World) -> None:
    case = world.case("still open")
    run_all(world)
    case.refresh_from_db()
    assert case.excerpt == "still open"
    assert Evidence.objects.filter(case=case).exists()


def test_a_complaint_that_is_open_keeps_its_case(world: World) -> None:
    decided = world.decided(world.case("contested"))
    Complaint.objects.create(
        token="t", decision=decided, complainant="affected", text="No!", language="en", state="open",
        received_at=NOW, due_at=NOW,
    )  # fmt: skip
    run_all(world)
    assert decided.case is not None
    decided.case.refresh_from_db()
    assert decided.case.excerpt == "contested"
    Complaint.objects.update(state="denied", decided_at=NOW, answer="It stands.")
    run_all(world, LATER + DAY)
    decided.case.refresh_from_db()
    assert decided.case.excerpt == ""
    assert Complaint.objects.get().text == "[erased]"


def test_a_copy_that_another_case_needs_stays(world: World) -> None:
    old, young = world.case("same words"), world.case("other words", at=NOW + 300 * DAY)
    shared = Evidence.objects.get(case=old)
    Evidence.objects.create(
        case=young, kind="event", digest=shared.digest, size=shared.size, captured_at=NOW + 300 * DAY
    )
    world.decided(old)
    run_all(world, NOW + 370 * DAY)
    assert world.vault.get(shared.digest)
    world.decided(young, at=NOW + 300 * DAY)
    run_all(world, NOW + 700 * DAY)
    with pytest.raises(KeyError):
        world.vault.get(shared.digest)


def test_a_hold_wins_and_when_it_ends_the_pass_comes_back(world: World) -> None:
    kept, goes = world.case("kept"), world.case("goes", author="u2")
    for case in (kept, goes):
        world.decided(case)
    seqs = [world.post("kept too", at=NOW), world.post("goes too", author="u2", at=NOW)]
    hold = holds.place("account:maydan/u1", reason="r", until=NOW + 3 * YEAR, by=world.amal.actor, now=NOW)
    run_all(world, NOW + 2 * YEAR)
    for case in (kept, goes):
        case.refresh_from_db()
    assert (kept.excerpt, goes.excerpt) == ("kept", "")
    assert [r.seq for r in world.events.read(0, 9)] == [seqs[0]]
    assert Pass.objects.get(kind="cases").held == 1
    assert Pass.objects.get(kind="events").held == 1
    holds.release(hold.pk, reason="over", by=world.basil.actor, now=NOW + 2 * YEAR)
    run_all(world, NOW + 2 * YEAR + DAY)
    kept.refresh_from_db()
    assert kept.excerpt == ""
    assert world.events.read(0, 9) == []


def test_events_go_by_the_day_and_repeats_are_known(world: World) -> None:
    for day in range(10):
        world.post(f"words of day {day}", at=NOW + day * DAY)
    run_all(world, NOW + 185 * DAY)
    assert [r.seq for r in world.events.read(0, 20)] == [6, 7, 8, 9, 10]
    on_disk = b"".join(p.read_bytes() for p in (world.folder / "events").glob("*.events"))
    assert b"words of day 3" not in on_disk
    assert b"words of day 7" in on_disk
    (fact,) = facts_of("retention:events", FactKind.RETENTION_APPLIED)
    body = body_of(fact)
    assert (body["erased"], body["first"], body["last"]) == (5, 1, 5)


def test_a_shorter_period_that_two_people_agreed_on_counts(world: World) -> None:
    world.post("old", at=NOW)
    made = schedule.propose(
        "events", months=1, days=0, ground="GDPR Art. 5", because="enough", by=world.amal.actor, now=NOW
    )
    run_all(world, NOW + 60 * DAY)
    assert len(world.events.read(0, 9)) == 1
    schedule.settle(made.pk, confirm=True, by=world.basil.actor, now=NOW + 60 * DAY)
    run_all(world, NOW + 61 * DAY)
    assert world.events.read(0, 9) == []


def test_a_notice_loses_its_sender_first_and_its_words_later(world: World) -> None:
    notice = world.notice("Quillfeather hates us")
    Notice.objects.update(receipt_at=NOW)
    notice.items.update(answered_at=NOW, upheld=True)
    run_all(world, NOW + 370 * DAY)
    notice.refresh_from_db()
    assert (notice.name, notice.email, notice.explanation) == ("", "", "Quillfeather hates us")
    run_all(world, NOW + 740 * DAY)
    notice.refresh_from_db()
    assert notice.explanation == "[erased]"
    assert notice.items.get().url == ""
    received = facts_of(f"notice:{notice.pk}", FactKind.NOTICE_RECEIVED)
    assert [fact.private for fact in received] == [None]
    assert list(verify_chain()) == []


def test_a_notice_nobody_answered_yet_stays(world: World) -> None:
    notice = world.notice("waiting")
    run_all(world)
    notice.refresh_from_db()
    assert (notice.name, notice.explanation) == ("Nora", "waiting")


def test_a_statement_keeps_law_and_clause_and_loses_the_person(world: World) -> None:
    decided = world.decided(world.case("You are vermin"))
    statement = Statement.objects.get()
    run_all(world, NOW + 2 * YEAR)
    statement.refresh_from_db()
    assert statement.reasons["facts"] == "It calls people vermin."
    run_all(world)
    statement.refresh_from_db()
    decided.refresh_from_db()
    assert statement.recipient == ""
    assert statement.reasons["facts"] == "[erased]"
    assert statement.reasons["clause"] == "hate"
    assert statement.reasons["grounds"][0]["reference"]
    assert decided.author_id == ""
    assert decided.reasons is not None
    assert decided.reasons["facts"] == "[erased]"
    assert [
        one for one in sound() if one.code in {"C010", "C011", "C012", "C013", "C015", "C005", "C006"}
    ] == []
    assert [one for one in review_sound() if one.code in {"R003", "R012"}] == []


def test_letters_lose_what_they_said_when_they_were_delivered(world: World) -> None:
    world.decided(world.case())
    scene.deliver(NOW + timedelta(minutes=5))
    assert Effect.objects.exclude(payload={}).exists()
    run_all(world, NOW + 230 * DAY)
    assert not Effect.objects.filter(state__in=["delivered", "confirmed"]).exclude(payload={}).exists()
    assert Effect.objects.filter(delivered_at__isnull=False).exists()  # that they were, stays


def test_facts_lose_their_personal_parts_in_one_fact_for_many(world: World) -> None:
    for n in range(12):
        world.decided(world.case(f"case {n}", author=f"u{n}"))
    assert Fact.objects.filter(private__isnull=False).count() > 12
    run_all(world)
    assert not Fact.objects.filter(private__isnull=False, at__lt=NOW + YEAR).exists()
    many = Fact.objects.filter(kind=FactKind.LEDGER_ERASED, subject="ledger:private")
    assert 0 < many.count() < 12
    assert list(verify_chain()) == []
    Fact.objects.filter(pk=many.values_list("pk", flat=True)[0])


def test_who_erased_a_personal_part_without_a_fact_is_still_found_out(world: World) -> None:
    world.decided(world.case())
    fact = Fact.objects.filter(private__isnull=False).first()
    assert fact is not None
    Fact.objects.filter(pk=fact.pk).update(private=None)
    assert [one.code for one in verify_chain()] == ["C006"]
    assert ledger.erase_many([fact.pk], by=world.amal.actor, now=NOW, reason="r") == 0  # no excuse afterwards
    assert [one.code for one in verify_chain()] == ["C006"]


def test_old_logs_and_mail_go_and_open_logs_are_emptied(world: World) -> None:
    import os  # noqa: PLC0415 -- only here

    logs, mail = world.folder / "logs", world.folder / "mail"
    for folder in (logs, mail):
        folder.mkdir()
    old = [logs / "door.log", logs / "door.log.1", mail / "20250101-1.log"]
    young, other = logs / "worker.log", logs / "note.txt"
    for path in (*old, young, other):
        path.write_text("u1@people.example")
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    os.utime(young, ((NOW + 38 * DAY).timestamp(),) * 2)
    run_all(world, NOW + 40 * DAY)
    assert (logs / "door.log").read_bytes() == b""
    assert not old[1].exists()
    assert old[2].read_bytes() == b""
    assert young.read_text()
    assert other.read_text()


def test_a_pass_is_done_in_batches_and_goes_on_after_a_kill(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(7):
        world.decided(world.case(f"words {n}", author=f"u{n}"))
    now = NOW + 370 * DAY
    real, calls = erasing.record, [0]

    def dying(*args: Any, **given: Any) -> None:
        calls[0] += 1
        if calls[0] == 2:
            raise RuntimeError("killed")
        real(*args, **given)

    monkeypatch.setattr(erasing, "record", dying)
    assert retention.run(world.stores, now=now, limit=3) == 3
    with pytest.raises(RuntimeError):
        retention.run(world.stores, now=now, limit=3)
    monkeypatch.setattr(erasing, "record", real)
    while retention.run(world.stores, now=now + timedelta(hours=1), limit=3):
        pass
    assert not Evidence.objects.exists()
    erased = [body_of(f)["erased"] for f in facts_of("retention:cases", FactKind.RETENTION_APPLIED)]
    assert erased == [3, 3, 1]
    assert Pass.objects.get(kind="cases").erased == 7
    assert list(verify_chain()) == []


def test_events_that_were_being_erased_are_counted_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        world.post(f"words {n}", at=NOW)
    now = NOW + 200 * DAY
    monkeypatch.setattr(erasing, "record", lambda *_a, **_k: (_ for _ in ()).throw(RuntimeError("killed")))
    with pytest.raises(RuntimeError):
        retention.run(world.stores, now=now)
    assert world.events.read(0, 9) == []  # gone, but not told yet
    assert facts_after(0, kinds=[FactKind.RETENTION_APPLIED]) == []
    monkeypatch.undo()
    run_all(world, now + timedelta(hours=1))
    (fact,) = facts_of("retention:events", FactKind.RETENTION_APPLIED)
    assert body_of(fact)["erased"] == 5


def test_a_second_pass_on_one_day_does_nothing_and_the_next_day_looks_again(world: World) -> None:
    world.decided(world.case())
    assert run_all(world) > 0
    assert retention.run(world.stores, now=LATER) == 0
    facts = Fact.objects.count()
    run_all(world, LATER + DAY)
    again = Fact.objects.filter(seq__gt=facts, kind=FactKind.RETENTION_APPLIED)
    assert {body_of(fact)["kind"] for fact in again} <= {"letters", "ledger"}


def test_the_preview_says_what_would_go_and_touches_nothing(world: World) -> None:
    held, free = world.case("held"), world.case("free", author="u2")
    for case in (held, free):
        world.decided(case)
    world.post("old", at=NOW)
    holds.place(f"case:{held.pk}", reason="r", until=LATER + YEAR, by=world.amal.actor, now=NOW)
    before = Fact.objects.count()
    rows = {row.kept.kind: row for row in retention.overview(world.stores, now=LATER)}
    assert set(rows) == set(Kind)
    assert (rows[Kind.CASES].due.free, rows[Kind.CASES].due.held) == (1, 1)
    assert rows[Kind.CASES].due.samples == [f"case:{free.pk}"]
    assert rows[Kind.EVENTS].due.free == 1
    assert rows[Kind.CASES].last is None
    assert Fact.objects.count() == before
    held.refresh_from_db()
    assert held.excerpt == "held"
    run_all(world)
    rows = {row.kept.kind: row for row in retention.overview(world.stores, now=LATER)}
    assert (rows[Kind.CASES].due.free, rows[Kind.CASES].erased) == (0, 1)
    assert {one.kind for one in retention.passes()} >= {"cases", "events"}


def test_drafts_of_moderators_go(world: World) -> None:
    case = world.case()
    Draft.objects.create(case=case, user=world.amal, body={"facts": "hm"}, saved_at=NOW)
    run_all(world, NOW + 80 * DAY)
    assert Draft.objects.exists()
    run_all(world, NOW + 100 * DAY)
    assert not Draft.objects.exists()


def test_a_folder_that_is_not_there_is_no_trouble(world: World) -> None:
    assert retention.preview(Kind.LOGS, world.stores, held=holds.held(NOW), before=NOW).free == 0
    assert not Path(world.folder / "logs").exists()
