"""What is asked of the log is answered from its newest record backwards, with what was stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.investigation.conftest import DAY, HOUR, START, Damage, Forum

from hakam.investigation import query as room
from hakam.investigation.backwards import Range, backwards, pages, range_of
from hakam.investigation.query import ANY, Answer, Fired, Query, Step, Stopped, ask
from hakam.investigation.tops import facet
from hakam.investigation.where import Asker, Question
from hakam.storage.event_log import Entry
from hakam.vocabulary.verdict import Stage


def question(forum: Forum, text: str) -> Question:
    asked = Asker(forum.pack).ask(text)
    assert asked.question is not None, asked.findings
    return asked.question


def asked(forum: Forum, text: str = "", **more: Any) -> Answer:
    return ask(forum.log, Query(question(forum, text) if text else None, **more))


def test_the_newest_hits_come_first_and_the_count_is_of_all(busy: Forum) -> None:
    answer = asked(busy, 'word(text.folded, "lovely")', limit=3)
    assert (answer.looked, answer.matched) == (17, 16)
    assert [hit.event for hit in answer.hits] == ["e16", "e15", "e14"]
    assert answer.stopped is None
    assert answer.last == datetime.fromtimestamp(START + 2 * DAY + HOUR, tz=UTC)
    assert answer.first == answer.looked_since == datetime.fromtimestamp(START, tz=UTC)


def test_a_hit_shows_what_was_stored(busy: Forum) -> None:
    (hit,) = asked(busy, 'word(text.folded, "اشتري") and author.posts < 3').hits
    assert (hit.platform, hit.event, hit.author, hit.item, hit.kind) == (
        "forum",
        "e17",
        "souq",
        "p17",
        "post",
    )
    assert hit.text == "اشتري السجاد من https://souq.example الآن"
    assert {(one.rule, one.stage) for one in hit.fired} == {
        ("says-buy", Stage.LIVE),
        ("newcomer-with-shop", Stage.SHADOW),
    }
    assert hit.values["author.posts < 3"] == 1


@pytest.mark.parametrize(
    ("fired", "matched"),
    [
        (Fired(frozenset({"says-buy"})), 5),
        (Fired(frozenset({ANY})), 5),
        (Fired(frozenset({"in-a-row"})), 2),
        (Fired(frozenset({"in-a-row", "says-buy"})), 5),
        (Fired(policies=frozenset({"insult"})), 2),
        (Fired(stages=frozenset({Stage.LIVE})), 5),
        (
            Fired(frozenset({"in-a-row"}), stages=frozenset({Stage.LIVE})),
            0,
        ),  # it fired, and another one was live
        (Fired(frozenset({"no-such"})), 0),
        (Fired(), 17),
    ],
)
def test_the_stored_verdict_is_a_filter(busy: Forum, fired: Fired, matched: int) -> None:
    assert asked(busy, fired=fired).matched == matched


@pytest.mark.parametrize(
    ("missed", "events"),
    [
        ({"says-buy"}, ["failed", "both", "aside"]),
        ({"other"}, ["both"]),
        ({"says-buy", "other"}, ["failed", "both", "aside"]),
        ({ANY}, ["failed", "both", "aside"]),
        ({"says"}, []),
    ],
)
def test_events_that_were_judged_without_a_rule(forum: Forum, missed: set[str], events: list[str]) -> None:
    """It failed on them, or had been put aside; a text that says so is another matter."""
    forum.post('they wrote "quarantined" and "aside"')
    pack = b'{"pack":{"id":"asked","version":"1.0.0","digest":"0"}'
    verdicts = {
        "failed": b',"quarantined":["says-buy"]}',
        "both": b',"quarantined":["other"],"aside":{"says-buy":{"why":"it failed","at":1.0}}}',
        "aside": b',"aside":{"says-buy":{"why":"it failed","at":1.0}}}',
    }
    for name, rest in verdicts.items():
        raw = json.dumps(
            {
                "id": name,
                "platform": "forum",
                "kind": "post",
                "at": "2026-01-01T00:00:00Z",
                "author": {"id": "a"},
                "item": {"id": name, "text": "hello"},
            }
        ).encode()
        forum.log.append([Entry("forum", name, START, raw, b'{"signals":{}}', pack + rest)])
    answer = asked(forum, missed=frozenset(missed))
    assert sorted(hit.event for hit in answer.hits) == sorted(events)
    assert (answer.matched, answer.unread) == (len(events), 0)


def test_condition_and_verdict_together(busy: Forum) -> None:
    answer = asked(busy, '"shop.example" in links.domains', fired=Fired(frozenset({"in-a-row"})))
    assert answer.matched == 2


def test_counters_are_those_of_that_time(busy: Forum) -> None:
    answer = asked(busy, 'count(by=author.id, within="10m") >= 4')
    assert [hit.event for hit in answer.hits] == ["e16"]
    assert answer.uncounted == 0


def test_a_counter_that_nobody_kept_is_unknown_and_told(busy: Forum) -> None:
    answer = asked(busy, 'count(by=author.country, within="7d") >= 1')
    assert (answer.matched, answer.uncounted) == (0, 17)


@pytest.mark.parametrize(
    ("since", "until", "matched"),
    [
        (0.0, None, 17),
        (DAY, None, 11),
        (DAY, 2 * DAY, 6),
        (2 * DAY + 60, 2 * DAY + 180, 2),
        (9 * DAY, None, 0),
    ],
)
def test_the_range_holds_its_beginning_and_not_its_end(
    busy: Forum, since: float, until: float | None, matched: int
) -> None:
    end = None if until is None else START + until
    assert asked(busy, since=START + since, until=end).matched == matched


def test_the_series_has_every_column_between_the_first_and_the_last(busy: Forum) -> None:
    days = asked(busy, by=Step.DAY).series
    assert [(one.start.day, one.count) for one in days] == [(1, 6), (2, 6), (3, 5)]
    hours = asked(busy, by=Step.HOUR, since=START + DAY).series
    assert len(hours) == 26
    assert [one.count for one in hours][:7] == [1, 1, 1, 1, 1, 1, 0]
    assert sum(one.count for one in hours) == 11
    assert asked(busy, "author.posts > 100", by=Step.DAY).series == ()


@pytest.mark.parametrize("by", [Step.DAY, Step.HOUR])
def test_what_fell_on_one_day_is_shown_by_all_hours_of_that_day(busy: Forum, by: Step) -> None:
    one = asked(busy, by=by, finer=True, since=START + DAY, until=START + 2 * DAY)
    assert one.by is Step.HOUR
    assert [moment.start.hour for moment in one.series] == list(range(24))
    assert {moment.start.day for moment in one.series} == {2}
    assert [moment.count for moment in one.series][:7] == [1, 1, 1, 1, 1, 1, 0]
    assert sum(moment.count for moment in one.series) == 6


def test_more_than_one_day_stays_in_days(busy: Forum) -> None:
    answer = asked(busy, by=Step.DAY, finer=True)
    assert (answer.by, answer.series) == (Step.DAY, asked(busy, by=Step.DAY).series)
    hours = asked(busy, by=Step.HOUR, finer=True)
    assert (hours.by, hours.series) == (Step.HOUR, asked(busy, by=Step.HOUR).series)
    assert asked(busy, "author.posts > 100", by=Step.DAY, finer=True).series == ()
    assert asked(busy, by=None, finer=True).series == ()


def test_tops(busy: Forum) -> None:
    names = ("author.id", "links.domains", "rule", "context.ip_hash")
    tops = asked(busy, top=tuple(facet(name, busy.pack) for name in names), top_size=2).top
    found = [(top.field, [(one.value, one.count) for one in top.counts], top.without) for top in tops]
    assert found == [
        ("author.id", [("shop", 4), ("user0", 2)], 0),
        ("links.domains", [("shop.example", 4), ("souq.example", 1)], 12),
        ("rule", [("newcomer-with-shop", 5), ("says-buy", 5)], 12),
        ("context.ip_hash", [("aa", 5)], 12),
    ]
    assert tops[0].values == 8


def test_an_empty_log_answers(forum: Forum) -> None:
    answer = asked(forum, by=Step.DAY)
    assert (answer.looked, answer.matched, answer.hits, answer.series, answer.last) == (0, 0, (), (), None)


def small_blocks(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(room, "backwards", lambda stretch: backwards(stretch, block=size))


@pytest.mark.parametrize("size", [1, 2, 5, 17, 100])
def test_blocks_change_no_answer(busy: Forum, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    whole = asked(busy, "newcomer", by=Step.HOUR, limit=7)
    small_blocks(monkeypatch, size)
    shares: list[float] = []
    asked_again = Query(question(busy, "newcomer"), by=Step.HOUR, limit=7)
    again = ask(busy.log, asked_again, progress=shares.append)
    assert again.hits == whole.hits
    assert (again.matched, again.series, again.first) == (whole.matched, whole.series, whole.first)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_budget_cuts_off_the_oldest_and_says_how_far_it_came(
    busy: Forum, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_blocks(monkeypatch, 5)
    ticks = iter(range(1_000))
    answer = ask(busy.log, Query(budget=2.0), clock=lambda: float(next(ticks)))
    assert answer.stopped is Stopped.TIME
    assert (answer.looked, answer.whole) == (10, 17)
    assert answer.looked_since == datetime.fromtimestamp(START + DAY + HOUR, tz=UTC)
    assert answer.first == datetime.fromtimestamp(START, tz=UTC)
    assert answer.hits[0].event == "e17"


def test_a_budget_of_nothing_still_looks_at_the_newest(busy: Forum, monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch, 5)
    assert asked(busy, budget=0.0).looked == 5


def test_cancelled_it_answers_with_what_it_has(busy: Forum, monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch, 4)
    seen: list[float] = []
    answer = ask(busy.log, Query(), progress=seen.append, cancelled=lambda: len(seen) >= 2)
    assert answer.stopped is Stopped.CANCELLED
    assert answer.looked == 8


def test_a_damaged_record_costs_itself_and_is_counted(busy: Forum, damage: Damage) -> None:
    damage("اشتري السجاد".encode())
    answer = asked(busy)
    assert (answer.damaged, answer.looked) == (1, 16)
    assert answer.hits[0].event == "e16"


def test_a_damaged_record_between_others_hides_none_of_them(busy: Forum, damage: Damage) -> None:
    damage(b"a lovely day 3")
    assert [record.seq for page in pages(busy.log, Range(0, 6)) for record in page.records] == [1, 2, 3, 5, 6]


def test_a_record_that_is_no_event_is_counted_as_unread(forum: Forum) -> None:
    forum.post("fine")
    forum.log.append([Entry("forum", "odd", START, b'{"x":1}', b'{"signals":{}}', b'{"pack":{}}')])
    answer = asked(forum)
    assert (answer.looked, answer.matched, answer.unread) == (2, 1, 1)


def test_signals_that_nobody_measured_then_are_measured_now(forum: Forum) -> None:
    forum.judgement._needs = frozenset()  # a pack that asked for nothing
    forum.post("Visit https://shop.example/x, a most lovely carpet for every house in the town", author="a")
    answer = asked(
        forum,
        '"shop.example" in links.domains and word(text.folded, "carpet") and known(text.fingerprint)',
        top=(facet("text.fingerprint", forum.pack), facet("text.language", forum.pack)),
    )
    assert answer.matched == 1
    assert answer.top[0].without == 0


def test_a_long_text_is_cut(forum: Forum) -> None:
    forum.post("x" * 5_000)
    (hit,) = asked(forum).hits
    assert hit.text is not None
    assert len(hit.text) == room.SHOWN_TEXT + 1


def test_a_post_without_text_is_shown_without(forum: Forum) -> None:
    forum.post(None)
    (hit,) = asked(forum).hits
    assert (hit.text, hit.language) == (None, None)


@pytest.mark.parametrize(("after", "last", "size"), [(0, 0, 3), (0, 1, 3), (2, 11, 3), (0, 9, 3), (5, 6, 1)])
def test_blocks_cover_the_stretch_once_from_its_end(after: int, last: int, size: int) -> None:
    found = list(backwards(Range(after, last), block=size))
    numbers = [n for one in reversed(found) for n in range(one.after + 1, one.last + 1)]
    assert numbers == list(range(after + 1, last + 1))
    assert all(one.records <= size for one in found)


def test_records_that_come_meanwhile_are_not_in_the_range(busy: Forum) -> None:
    stretch = range_of(busy.log, 0.0)
    busy.post("late", at=3 * DAY)
    seen = [
        record.seq
        for block in backwards(stretch, block=4)
        for page in pages(busy.log, block)
        for record in page.records
    ]
    assert sorted(seen) == list(range(1, 18))
