"""The gate without a socket: whoever asks, and what each of them is told."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from tests.live.stage import DAY, SERVER, Stage, secret

from hakam.live.gate.book import Bar, Writer, path_of
from hakam.live.gate.judge import Why
from hakam.live.gate.keeper import SAME_REFUSAL, WORDS, address_token
from hakam.live.gate.spool import path_of as spool_path
from hakam.live.gate.spool import read
from hakam.live.servers.server import Asked, Moment


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path, account_days=7)
    Writer(path_of(tmp_path)).stamp(made.now.timestamp())
    return made


def said(stage: Stage) -> list[object]:
    return [row for _seq, row in read(spool_path(stage.home), 0, 99)]


def test_a_good_pass_goes_on_air_and_a_new_account_does_not(stage: Stage) -> None:
    assert stage.call(Moment.START, key=stage.key()).status == 200
    assert stage.server.on_air == {"show"}
    refused = stage.call(Moment.START, "other", key=stage.key("u2", created=stage.now.timestamp() - DAY))
    assert refused.status == 403
    text = refused.body.decode()
    assert WORDS[Why.NEW_ACCOUNT] in text
    assert "https://hakam.example/live/" in text
    first, second = said(stage)
    assert (first.allowed, first.shown.account) == (True, "u1")  # type: ignore[attr-defined]
    assert (second.allowed, second.why) == (False, Why.NEW_ACCOUNT)  # type: ignore[attr-defined]


def test_to_ask_is_not_to_be_live_but_a_refusal_is_told_all_the_same(stage: Stage) -> None:
    assert stage.call(Moment.ASK, key=stage.key()).status == 200
    assert said(stage) == []
    assert stage.server.on_air == set()
    assert stage.call(Moment.ASK, key=stage.key("u2", created=stage.now.timestamp() - DAY)).status == 403
    assert [row.why for row in said(stage)] == [Why.NEW_ACCOUNT]  # type: ignore[attr-defined]
    assert stage.call(Moment.ASK, key=stage.key(until=stage.now.timestamp() - 1)).status == 403


def test_what_a_call_tells_besides_is_judged_and_kept_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = (Asked(Moment.START, "b", stage.key("u2", created=0.0)), Asked(Moment.START, "c", "guess"))
    monkeypatch.setattr(stage.server, "asked", lambda *_: Asked(Moment.START, "a", stage.key(), further=told))
    assert stage.call(Moment.START).status == 200
    assert stage.server.on_air == {"a", "b"}
    assert [row.stream for row in said(stage)] == ["a", "b", "c"]  # type: ignore[attr-defined]


def test_who_tries_again_is_told_by_the_same_page_for_an_hour(stage: Stage) -> None:
    key = stage.key("u2", created=stage.now.timestamp() - DAY)
    pages = [stage.call(Moment.START, key=key).body for _ in range(3)]
    assert len(set(pages)) == 1
    assert stage.call(Moment.START, key=stage.key("u3", created=stage.now.timestamp())).body not in pages
    stage.now = stage.now.fromtimestamp(stage.now.timestamp() + SAME_REFUSAL + 1, tz=stage.now.tzinfo)
    Writer(path_of(stage.home)).stamp(stage.now.timestamp())
    again = stage.key("u2", created=stage.now.timestamp() - DAY)
    assert stage.call(Moment.START, key=again).body not in pages


def test_passes_that_are_none_are_refused_before_the_book_is_opened(stage: Stage) -> None:
    for key, why in (
        ("", Why.PASS_MISSING),
        ("guess", Why.PASS_FALSE),
        (stage.key(until=stage.now.timestamp() - 1), Why.PASS_EXPIRED),
        (stage.key(stream="another"), Why.PASS_FALSE),
    ):
        refused = stage.call(Moment.START, key=key)
        assert refused.status == 403
        assert WORDS[why] in refused.body.decode()


def test_a_beat_may_end_a_stream_but_never_because_the_pass_grew_old(stage: Stage) -> None:
    key = stage.key(until=stage.now.timestamp() + 1)
    assert stage.call(Moment.START, key=key).status == 200
    stage.now = stage.now.fromtimestamp(stage.now.timestamp() + 30, tz=stage.now.tzinfo)
    assert stage.call(Moment.BEAT, key=key).status == 200
    assert stage.call(Moment.BEAT).status == 200  # a server whose beats show no pass
    bar = Bar("measure:1", "barred", 0.0, None, (), "")
    Writer(path_of(stage.home)).write("maydan", "u1", [bar])
    assert stage.call(Moment.BEAT, key=key).status == 403


def test_without_a_book_each_server_answers_as_declared(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert stage.call(Moment.START, key=stage.key()).status == 403
    stage.configure(when_unsure="admit")
    (tmp_path / "live.json").touch()
    assert stage.gate.reload()
    assert stage.call(Moment.START, key=stage.key()).status == 200
    assert [row.sure for row in said(stage)] == [False, False]  # type: ignore[attr-defined]


def test_only_its_own_address_speaks_for_a_server(stage: Stage) -> None:
    right = address_token(secret("gate"), SERVER)
    assert stage.gate.server_at(SERVER, right) is not None
    for name, token in ((SERVER, ""), (SERVER, right[:-1]), ("other", right), (SERVER, "é")):
        assert stage.gate.server_at(name, token) is None


def test_a_configuration_that_can_not_be_used_leaves_the_old_in_force(stage: Stage) -> None:
    path = stage.home / "live.json"
    before = stage.gate.configuration
    for written, words in (
        ("{", "live.json"),
        (
            json.dumps({"servers": [{"name": "x", "kind": "nothing", "platform": "maydan"}]}),
            "no media server",
        ),
        (
            json.dumps(
                {"servers": [{"name": "x", "kind": "paper", "platform": "maydan", "settings": {"colour": 1}}]}
            ),
            "colour",
        ),
    ):
        path.write_text(written)
        assert not stage.gate.reload()
        assert words in stage.gate.trouble
        assert stage.gate.configuration == before
    assert not stage.gate.reload()  # seen already
    path.unlink()
    assert not stage.gate.reload()
    assert "missing" in stage.gate.trouble
    stage.configure()
    assert stage.gate.reload()
    assert stage.gate.trouble == ""


def test_a_pass_that_the_server_cut_off_is_told_apart(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    long = stage.key(title="t" * 200)
    cut = Asked(Moment.START, "a", long[:255], detail={"cut_off": True})
    monkeypatch.setattr(stage.server, "asked", lambda *_: cut)
    assert WORDS[Why.PASS_CUT_OFF] in stage.call(Moment.START).body.decode()
    monkeypatch.setattr(
        stage.server, "asked", lambda *_: Asked(Moment.START, "a", long, detail={"cut_off": True})
    )
    assert stage.call(Moment.START).status == 200  # whatever its length, it is true
    assert [row.why for row in said(stage)] == [Why.PASS_CUT_OFF, None]  # type: ignore[attr-defined]


def test_what_could_not_be_written_is_written_within_a_second(stage: Stage) -> None:
    other = sqlite3.connect(spool_path(stage.home), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert stage.call(Moment.START, key=stage.key()).status == 200
    stage.gate.tidy()
    assert said(stage) == []
    other.execute("COMMIT")
    other.close()
    stage.gate.tidy()
    assert len(said(stage)) == 1


def test_another_secret_is_in_force_within_a_second(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"name": "first"}
    monkeypatch.setattr(stage.gate, "_secret", lambda _name: given["name"])
    stage.gate.reload()
    assert stage.gate._kept("live-x") == "first"
    given["name"] = "second"
    assert stage.gate._kept("live-x") == "first"
    stage.gate.reload()
    assert stage.gate._kept("live-x") == "second"


def test_what_is_no_call_is_no_answer(stage: Stage) -> None:
    with pytest.raises(ValueError, match="no stream"):
        stage.call(Moment.START, "")
    assert stage.call(Moment.OTHER).status == 200
    assert said(stage) == []
    stage.call(Moment.BEAT, viewers="12")
    assert said(stage)[0].viewers == 12  # type: ignore[attr-defined]


def test_every_refusal_has_words() -> None:
    assert set(WORDS) == set(Why)
    assert all(text.isascii() for text in WORDS.values())  # they go into headers


def test_who_is_on_air_goes_on_while_the_gate_can_not_know_unless_the_old_book_bars(stage: Stage) -> None:
    key = stage.key()
    assert stage.call(Moment.START, key=key).status == 200
    stage.now = stage.now.fromtimestamp(stage.now.timestamp() + 3_600, tz=stage.now.tzinfo)  # no worker
    assert stage.call(Moment.START, "next", key=stage.key()).status == 403
    assert stage.call(Moment.BEAT, key=key).status == 200
    assert [row.sure for row in said(stage)] == [True, False, False]  # type: ignore[attr-defined]
    Writer(path_of(stage.home)).write("maydan", "u1", [Bar("measure:1", "barred", 0.0, None, (), "")])
    assert stage.call(Moment.BEAT, key=key).status == 403


def test_what_bars_from_beginning_ends_nothing_that_runs(stage: Stage) -> None:
    key = stage.key()
    assert stage.call(Moment.START, key=key).status == 200
    strike = Bar("decision:1", "strike", 0.0, None, (), "", begins=True)
    Writer(path_of(stage.home)).write("maydan", "u1", [strike])
    assert stage.call(Moment.BEAT, key=key).status == 200
    assert stage.call(Moment.START, key=key).status == 403
