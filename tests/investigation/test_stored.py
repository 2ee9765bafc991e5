"""A record is read as rules saw it: nothing is measured twice, and what was not measured is measured now."""

from __future__ import annotations

import msgspec
import pytest
from tests.investigation.conftest import Forum

from hakam.door.judgement import Measured
from hakam.investigation.stored import Said, fired_in, read, verdict_of
from hakam.signals.fold import FOLD_VERSION
from hakam.signals.measure import ALL_NEEDS, Need, Signals, measure
from hakam.storage.event_log import Record
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Stage

TEXT = "Buy a most lovely carpet at https://shop.example/c for every room of your house"


def only(forum: Forum) -> Record:
    (record,) = forum.log.read(0, 10)
    return record


def with_signals(record: Record, signals: Signals) -> Record:
    return msgspec.structs.replace(record, signals=msgspec.json.encode(Measured(signals)))


def test_what_fired_is_read_without_the_rest(forum: Forum) -> None:
    forum.post(TEXT)
    found = fired_in(only(forum))
    assert found == (
        Said("says-buy", "spam", Stage.LIVE),
        Said("newcomer-with-shop", "spam", Stage.SHADOW),
    )
    whole = verdict_of(only(forum))
    assert [firing.rule for firing in whole.firings] == [one.rule for one in found]
    assert whole.pack == forum.pack.ref


def test_a_verdict_of_nothing_is_nothing(forum: Forum) -> None:
    forum.post("a lovely day")
    assert fired_in(only(forum)) == ()


@pytest.mark.parametrize("need", sorted(ALL_NEEDS))
def test_each_signal_is_there_if_it_is_asked_for(forum: Forum, need: Need) -> None:
    forum.judgement._needs = frozenset()
    forum.post(TEXT)
    whole = measure(msgspec.json.decode(only(forum).raw, type=Event), ALL_NEEDS)
    stored = read(only(forum), {need}, ())
    assert getattr(stored.signals, str(need)) == getattr(whole, str(need))
    if need is Need.LINKS:
        assert stored.signals.domains == ("shop.example",)
        assert stored.signals.hosts == ("shop.example",)


def test_all_together_are_those_of_the_door(forum: Forum) -> None:
    forum.post(TEXT)
    event = msgspec.json.decode(only(forum).raw, type=Event)
    assert read(only(forum), ALL_NEEDS, ()).signals == measure(event, ALL_NEEDS)


def test_what_was_measured_then_is_believed(forum: Forum) -> None:
    forum.post(TEXT)
    then = with_signals(only(forum), Signals(folded="what was folded then", language="xx"))
    signals = read(then, {Need.FOLDED, Need.WORDS, Need.LANGUAGE}, ()).signals
    assert (signals.folded, signals.language) == ("what was folded then", "xx")
    assert signals.words == " what was folded then "


def test_another_way_of_folding_is_measured_anew(forum: Forum) -> None:
    forum.post(TEXT)
    old = with_signals(only(forum), Signals(folded="as it was once", fold_version=FOLD_VERSION - 1))
    signals = read(old, {Need.FOLDED}, ()).signals
    assert signals.folded is not None
    assert "carpet" in signals.folded


def test_scores_of_the_door_stand_beside_those_of_the_platform(forum: Forum) -> None:
    forum.post(TEXT, scores={"toxicity": 0.25})
    kept = Measured(Signals(), {"n": 3}, {"toxicity": 0.75, "insult": 0.5}, "a-model")
    record = msgspec.structs.replace(only(forum), signals=msgspec.json.encode(kept))
    stored = read(record, (), ())
    assert stored.event.scores == {"toxicity": 0.25, "insult": 0.5}
    assert stored.counted == {"n": 3}
    assert stored.counters.count("n", "", 0.0, 1.0, add=False) == 3
    assert stored.counters.count("other", "", 0.0, 1.0, add=False) is None


@pytest.mark.parametrize("part", ["raw", "signals"])
@pytest.mark.parametrize("bad", [b"", b"{", b"[]", b'{"x":1}', b"\xff"])
def test_what_is_no_record_is_a_value_error(forum: Forum, part: str, bad: bytes) -> None:
    forum.post(TEXT)
    record = msgspec.structs.replace(only(forum), **{part: bad})
    with pytest.raises(ValueError, match=r".+"):
        read(record, ALL_NEEDS, ())
