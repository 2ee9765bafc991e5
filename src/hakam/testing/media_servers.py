"""For authors of media servers: the suite that every adapter must pass, with or without the real server beside it.

An adapter's tests derive from `MediaServerSuite` and say how its server speaks and how it can be made to behave:

    class TestMine(MediaServerSuite):
        @pytest.fixture
        def rig(self):
            return MediaRig(adapter=Mine(), settings={...}, secret=..., start=..., end=..., strange=..., handle=...,
                            on_air=..., off_air=...)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from hakam.live.gate import passes
from hakam.live.gate.judge import Answer, Why
from hakam.live.servers.server import Call, Dropped, Handle, MediaServer, Moment, Reply, Source, Unreachable

MAX_ID = 64
LEAST_PASS = 200  # characters: account, times, country, age and verification fit
_CLOSED = "http://127.0.0.1:9"  # the port of "discard", on which nobody listens


@dataclass(frozen=True)
class MediaRig:
    """An adapter under test. `start` and `end` make calls of its server; `on_air` a real stream, if any."""

    adapter: MediaServer
    settings: Mapping[str, Any]
    start: Callable[[str, str], Call]  # stream, live pass
    end: Callable[[str], Call] | None  # stream; None: the server does not tell
    strange: tuple[Call, ...]  # what is no call of it
    stream: str  # a name that the server takes
    secret: str = ""
    on_air: Callable[[], AbstractContextManager[Handle]] | None = None
    plays: Callable[[Handle], bool] | None = None  # whether a viewer gets anything new of it


class MediaServerSuite:
    """What every adapter must do. Derive, and give a fixture `rig`."""

    def test_it_has_a_stable_id_and_says_what_happens_without_the_gate(self, rig: MediaRig) -> None:
        """The id stands in `live.json`; what the server does by itself is declared."""
        id_ = type(rig.adapter).id
        assert id_ == rig.adapter.id
        assert 1 <= len(id_) <= MAX_ID
        assert id_ == id_.lower()
        assert rig.adapter.without_gate in {"refuse", "admit"}
        assert LEAST_PASS <= rig.adapter.longest_pass <= passes.LONGEST

    def test_good_settings_have_no_problems_and_unknown_ones_do(self, rig: MediaRig) -> None:
        """A setting that is misspelt is told, with the names that there are."""
        assert rig.adapter.problems(rig.settings) == []
        problems = rig.adapter.problems({**rig.settings, "colour": "red"})
        assert any("colour" in problem for problem in problems)

    def test_a_start_names_stream_and_pass(self, rig: MediaRig) -> None:
        """The gate learns who wants to be live under what name."""
        asked = rig.adapter.asked(rig.start(rig.stream, "a.pass"), rig.secret)
        assert (asked.moment, asked.stream, asked.shown) == (Moment.START, rig.stream, "a.pass")

    def test_an_end_names_the_stream(self, rig: MediaRig) -> None:
        """The gate learns that it is over."""
        if rig.end is not None:
            asked = rig.adapter.asked(rig.end(rig.stream), rig.secret)
            assert (asked.moment, asked.stream) == (Moment.END, rig.stream)

    def test_what_is_no_call_is_refused(self, rig: MediaRig) -> None:
        """Nothing that a stranger sends is taken for a call."""
        assert rig.strange
        for call in rig.strange:
            with pytest.raises(ValueError, match=r".+"):
                rig.adapter.asked(call, rig.secret)

    def test_yes_and_no_are_different_answers(self, rig: MediaRig) -> None:
        """What the server reads differs, and a refusal carries no line end into a header."""
        asked = rig.adapter.asked(rig.start(rig.stream, "a.pass"), rig.secret)
        yes = rig.adapter.reply(asked, Answer(allowed=True), "")
        no = rig.adapter.reply(asked, Answer(allowed=False, why=Why.BARRED), "No: سبب\r\nx-evil: 1")
        assert _read(yes) != _read(no)
        for reply in (yes, no):
            assert all("\n" not in value and "\r" not in value for _name, value in reply.headers)

    def test_a_server_that_is_gone_is_a_try_that_failed(self, rig: MediaRig) -> None:
        """`drop` never raises; looking raises `Unreachable` and nothing else; a recording is not there."""
        gone = {
            name: _CLOSED + "/x" if isinstance(value, str) and value.startswith("http") else value
            for name, value in rig.settings.items()
        }
        handle = Handle(rig.stream, settings=gone, secret="wrong")  # noqa: S106 -- no password of anybody
        dropped = rig.adapter.drop(handle)
        assert isinstance(dropped, Dropped)
        assert not dropped.done
        assert dropped.detail
        with pytest.raises(Unreachable):
            rig.adapter.black(handle)
        assert isinstance(rig.adapter.recordings(handle), tuple)

    def test_names_with_tricks_touch_no_file(self, rig: MediaRig) -> None:
        """A stream's name comes from a stranger."""
        for name in ("../../etc/passwd", "a/../b", "x\x00y", "a b", "*"):
            handle = Handle(name, settings=rig.settings, secret=rig.secret)
            assert all(".." not in str(path) for path in rig.adapter.recordings(handle))

    def test_a_source_may_use_few_protocols(self, rig: MediaRig) -> None:
        """FFmpeg never reads a file on a stranger's word."""
        try:
            source = rig.adapter.source(Handle(rig.stream, settings=rig.settings, secret=rig.secret))
        except Unreachable:
            source = None
        if isinstance(source, Source):
            assert "file" not in source.protocols.split(",") or source.before
            assert source.sight or source.sound

    def test_a_reader_that_left_is_let_go(self, rig: MediaRig) -> None:
        """`left` never raises: of a reader that never came, of a server that is gone, twice."""
        for settings in (rig.settings, dict.fromkeys(rig.settings, _CLOSED)):
            handle = Handle(rig.stream, settings=settings, secret=rig.secret, reader="video")
            for _ in range(2):
                rig.adapter.left(handle)

    def test_a_real_stream_is_cut_and_looked_at(self, rig: MediaRig) -> None:
        """On air it is not black; dropped it is, and dropping it again changes nothing."""
        if rig.on_air is None or rig.plays is None:
            pytest.skip(f"no real server of {rig.adapter.id} beside this test")
        with rig.on_air() as handle:
            assert rig.plays(handle)
            assert not rig.adapter.black(handle)
            for _ in range(2):
                assert rig.adapter.drop(handle).done
            assert _soon(lambda: rig.adapter.black(handle))
            assert not rig.plays(handle)


def _read(reply: Reply) -> tuple[Any, ...]:
    """Return what servers read of a reply."""
    return (
        reply.status,
        tuple(header for header in reply.headers if header[0].startswith("icecast")),
        reply.body,
    )


def _soon(what: Callable[[], bool], seconds: float = 30.0) -> bool:
    import time  # noqa: PLC0415 -- here only

    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


__all__ = ["MediaRig", "MediaServerSuite"]
