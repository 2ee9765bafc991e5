"""Heads and fragments out of what FFmpeg writes, whatever the size of the pieces in which it comes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media.films import H264, MP4, VP8, WEBM, film

from hakam.media.fragments import MOST, SPLITTERS, Fragment, FragmentError, Mp4, Splitter, WebM


def split(splitter: Splitter, data: bytes, size: int) -> list[Fragment]:
    out: list[Fragment] = []
    for place in range(0, len(data), size):
        out += splitter.feed(data[place : place + size])
    return out


@pytest.mark.parametrize("size", [7, 1_000_000])
@pytest.mark.parametrize(("kind", "words"), [("mp4", (*H264, *MP4)), ("webm", (*VP8, *WEBM))])
def test_pieces_of_any_size_are_the_same_film(kind: str, words: tuple[str, ...], size: int) -> None:
    whole = film(*words)
    splitter = SPLITTERS[kind]()
    found = split(splitter, whole, size)
    assert splitter.type.startswith(f"video/{kind}; codecs=")
    assert 8 <= len(found) <= 14  # a quarter of a second each, or a frame more
    together = splitter.head + b"".join(one.data for one in found)
    assert whole.startswith(splitter.head)
    assert len(whole) - len(together) < 1_000  # what ends a file that is whole


@pytest.mark.parametrize(("kind", "words"), [("mp4", (*H264, *MP4)), ("webm", (*VP8, *WEBM))])
def test_one_can_begin_at_each_second(kind: str, words: tuple[str, ...]) -> None:
    found = split(SPLITTERS[kind](), film(*words), 4_096)
    keys = [place for place, one in enumerate(found) if one.key]
    assert keys[0] == 0
    assert len(keys) == 3  # a frame that needs none before it each second, of three


def test_what_a_browser_needs_to_know_is_said() -> None:
    silent, loud, webm, both = Mp4(), Mp4(), WebM(), WebM()
    split(silent, film(*H264, *MP4), 4_096)
    assert silent.type == 'video/mp4; codecs="avc1.42c00d"'
    split(loud, film(*H264, "-c:a", "aac", *MP4, sound=True), 4_096)
    assert loud.type == 'video/mp4; codecs="avc1.42c00d, mp4a.40.2"'
    split(webm, film(*VP8, *WEBM), 4_096)
    assert webm.type == 'video/webm; codecs="vp8"'
    split(both, film(*VP8, "-c:a", "libopus", *WEBM, sound=True), 4_096)
    assert both.type == 'video/webm; codecs="vp8, opus"'


def test_with_sound_the_pictures_say_where_one_can_begin() -> None:
    found = split(Mp4(), film(*H264, "-c:a", "aac", *MP4, sound=True), 4_096)
    assert [one.key for one in found].count(True) == 3
    assert not all(one.key for one in found)


def test_of_sound_alone_one_can_begin_anywhere() -> None:
    webm, mp4 = WebM(), Mp4()
    found = split(webm, film("-c:a", "libopus", *WEBM, sight=False, sound=True), 4_096)
    found += split(mp4, film("-c:a", "aac", *MP4, sight=False, sound=True), 4_096)
    assert (webm.type, mp4.type) == ('audio/webm; codecs="opus"', 'audio/mp4; codecs="mp4a.40.2"')
    assert len(found) > 10
    assert all(one.key for one in found)


def test_what_browsers_do_not_play_is_refused() -> None:
    with pytest.raises(FragmentError, match="a track of"):
        split(Mp4(), film("-c:v", "mpeg4", *MP4), 4_096)
    with pytest.raises(FragmentError, match="do not play"):
        split(WebM(), film("-c:v", "mpeg4", "-f", "matroska", "-live", "1"), 4_096)


def test_what_would_not_end_is_refused() -> None:
    with pytest.raises(FragmentError, match="a box of"):
        Mp4().feed(struct.pack(">I4s", MOST + 1, b"mdat"))
    with pytest.raises(FragmentError, match="a box of"):
        Mp4().feed(struct.pack(">I4sQ", 1, b"mdat", 2**60))
    with pytest.raises(FragmentError, match="without end"):
        WebM().feed(b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff")
    with pytest.raises(FragmentError, match="before the head"):
        Mp4().feed(struct.pack(">I4s", 8, b"mdat"))
    with pytest.raises(FragmentError, match="no track"):
        WebM().feed(b"\x1f\x43\xb6\x75\x80")
    with pytest.raises(FragmentError, match="no element"):
        WebM().feed(b"\x00" * 12)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damage_is_refused_or_passes_and_nothing_else(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(SPLITTERS)))
    whole = bytearray(film(*((*H264, *MP4) if kind == "mp4" else (*VP8, *WEBM)))[:6_000])
    for _ in range(data.draw(st.integers(1, 12))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    splitter = SPLITTERS[kind]()
    try:
        split(splitter, bytes(whole), data.draw(st.sampled_from([1, 50, 6_000])))
    except FragmentError:
        return
    assert len(splitter.head) <= len(whole)
