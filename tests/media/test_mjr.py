"""Recordings of Janus: made into files that play, or said to be none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.live.real.rig import need

from hakam.media.mjr import codec_of, playable
from hakam.media.sandbox import UnreadableError


def recording(folder: Path, head: bytes, body: bytes = b"") -> Path:
    path = folder / "videoroom-5-user-9-17-video-0.mjr"
    path.write_bytes(b"MJR00002" + len(head).to_bytes(2, "big") + head + body)
    return path


def test_what_is_no_recording_of_janus_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "show.flv"
    path.write_bytes(b"FLV")
    with playable(path) as file:
        assert file == path


def test_the_head_says_the_codec(tmp_path: Path) -> None:
    assert codec_of(recording(tmp_path, b'{"t": "v", "c": "vp8", "s": 1}')) == "vp8"
    assert codec_of(recording(tmp_path, b"no json")) == ""
    (tmp_path / "x.mjr").write_bytes(b"MJR0")
    assert codec_of(tmp_path / "x.mjr") == ""


HEADS = [b"no json", b'{"c": "text"}', b'{"c": "vp8"}', b'{"t": "v", "c": "vp8", "s": 1, "u": 1}']


@pytest.mark.parametrize("head", HEADS)
def test_what_can_not_be_played_is_said(tmp_path: Path, head: bytes) -> None:
    need("janus-pp-rec")
    path = recording(tmp_path, head, b"MEET\x00\x00\x00\x00\x00\x02xx")
    with pytest.raises(UnreadableError), playable(path):
        pass


def test_without_the_program_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(UnreadableError, match="janus-tools"), playable(recording(tmp_path, b'{"c": "vp8"}')):
        pass
