"""A stream as browsers play it: FFmpeg as a program that is ended when nobody looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.media.films import H264, VP8, Sender, film, sent

from hakam.media import remux
from hakam.media.ffmpeg import ProgramMissingError
from hakam.media.fragments import Fragment, Splitter
from hakam.media.remux import Remux, Remuxing

pytestmark = [pytest.mark.sockets]
PATIENCE = 60.0
FLV = ("-f", "flv")
MKV = ("-f", "matroska")


class Taker:
    """Keeps what comes."""

    def __init__(self) -> None:
        self.found: list[Fragment] = []
        self.type = ""

    def take(self, splitter: Splitter, fragment: Fragment) -> None:
        self.type = splitter.type
        self.found.append(fragment)

    def of(self, sender: Sender, **given: Any) -> Remux:
        return Remux(Remuxing(sender.url, "http,tcp", **given), on_fragment=self.take)


def until(what: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def whole(sender: Sender, **given: Any) -> Taker:
    taker = Taker()
    made = taker.of(sender, **given)
    until(lambda: not made.running)
    made.close()
    return taker


def test_what_was_sent_is_put_into_mp4_as_it_is() -> None:
    with sent(film(*H264, "-c:a", "aac", *FLV, seconds=4.0, sound=True)) as sender:
        taker = whole(sender)
    assert taker.type == 'video/mp4; codecs="avc1.42c00d"'  # and no sound, which nobody asked for
    assert len(taker.found) >= 12
    assert taker.found[0].key


def test_sound_comes_when_it_is_asked_for() -> None:
    with sent(film(*H264, "-c:a", "aac", *FLV, seconds=4.0, sound=True)) as sender:
        taker = whole(sender, sound=True)
    assert taker.type == 'video/mp4; codecs="avc1.42c00d, mp4a.40.2"'


def test_who_asks_for_the_sound_of_a_silent_stream_sees_it() -> None:
    with sent(film(*H264, *FLV, seconds=4.0)) as sender:
        taker = whole(sender, sound=True)
    assert taker.type == 'video/mp4; codecs="avc1.42c00d"'


def test_vp8_is_put_into_webm_as_it_is_and_not_into_mp4() -> None:
    with sent(film(*VP8, *MKV, seconds=4.0)) as sender:
        assert whole(sender, container="webm").type == 'video/webm; codecs="vp8"'
        assert whole(sender, container="mp4").found == []


def test_what_browsers_can_not_play_is_encoded_anew() -> None:
    with sent(film("-c:v", "mpeg4", *MKV, seconds=4.0)) as sender:
        assert whole(sender, container="mp4").found == []
        assert whole(sender, container="webm").found == []
        taker = whole(sender, container="webm", encode=True)
    assert taker.type == 'video/webm; codecs="vp8"'
    assert sum(one.key for one in taker.found) >= 3  # once a second


def test_a_recording_of_sound_alone_is_heard() -> None:
    words = ("-c:a", "libvorbis", "-f", "ogg")
    with sent(film(*words, seconds=4.0, sight=False, sound=True)) as sender:
        taker = whole(sender, container="webm", sight=False, sound=True)
    assert taker.type == 'audio/webm; codecs="opus"'


def test_pieces_come_while_the_stream_goes_on() -> None:
    with sent(film(*H264, *FLV, seconds=12.0), held=True) as sender:
        taker = Taker()
        made = taker.of(sender)
        until(lambda: len(taker.found) > 4)
        assert made.running
        made.close()
        assert not made.running


def test_it_opens_no_file() -> None:
    taker = Taker()
    made = Remux(Remuxing(__file__, "http,tcp"), on_fragment=taker.take)
    until(lambda: not made.running)
    made.close()
    assert taker.found == []


def test_who_has_no_place_for_it_ends_it() -> None:
    def full(_splitter: Splitter, _fragment: Fragment) -> None:
        raise OSError(28, "no space left")

    with sent(film(*H264, *FLV, seconds=12.0), 12.0) as sender:
        made = Remux(Remuxing(sender.url, "http,tcp"), on_fragment=full)
        until(lambda: not made.running)
        made.close()


def test_without_the_program_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ProgramMissingError, match="ffmpeg"):
        Remux(Remuxing("http://127.0.0.1:9/", "http,tcp"), on_fragment=lambda _s, _f: None)


def test_nothing_of_the_stream_is_in_the_words_but_its_address() -> None:
    words = remux.words(Remuxing("rtmp://127.0.0.1/live/show", "rtmp,tcp"))
    assert words[words.index("-i") + 1] == "rtmp://127.0.0.1/live/show"
    assert "copy" in words
    assert "-c:a" not in words
    assert words[words.index("-protocol_whitelist") + 1] == "rtmp,tcp"
