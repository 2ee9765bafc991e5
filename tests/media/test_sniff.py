"""Pictures, clips and recordings are told apart by how they begin."""

from __future__ import annotations

import pytest
from tests.media.clip_files import clip, edited, tones, wav
from tests.media.drawings import drawing, file_of

from hakam.media.sniff import is_clip, unread_kind

pytestmark = pytest.mark.embedded  # values only: one database is enough


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_pictures_are_no_clips(kind: str) -> None:
    assert not is_clip(file_of(drawing(1, 64, 48), kind))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_what_can_be_read_is_no_unread_kind(kind: str) -> None:
    assert unread_kind(file_of(drawing(1, 64, 48), kind)) == ""


@pytest.mark.parametrize("kind", ["mp4", "mov", "mkv", "avi", "flv", "ts", "mpg", "wmv"])
def test_clips_are(kind: str) -> None:
    codec = "flv1" if kind == "flv" else "mpeg2video" if kind in {"ts", "mpg"} else "mpeg4"
    assert is_clip(edited(clip((1,)), "-r", "25", "-c", codec, kind=kind))


@pytest.mark.parametrize("kind", ["wav", "mp3", "ogg", "flac", "aiff", "aac"])
def test_recordings_are(kind: str) -> None:
    assert is_clip(edited(wav(tones(1, 3)), "-ar", "44100", "-c", *codec_of(kind), kind=kind))


def codec_of(kind: str) -> tuple[str, ...]:
    named = {"wav": "pcm_s16le", "mp3": "libmp3lame", "ogg": "libvorbis", "flac": "flac", "aiff": "pcm_s16be"}
    return (named.get(kind, "aac"),)


@pytest.mark.parametrize("data", [b"", b"G", b"\xff", b"\xff\xff\xff", b"<!doctype html>", b"%PDF-1.7"])
def test_the_rest_is_asked_of_the_reader_of_pictures(data: bytes) -> None:
    assert not is_clip(data)


@pytest.mark.parametrize("brand", [b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"])
def test_pictures_in_a_container_of_clips_are_pictures(brand: bytes) -> None:
    assert not is_clip(b"\0\0\0\x20ftyp" + brand + bytes(20))


@pytest.mark.parametrize("brand", [b"isom", b"mp42", b"qt  ", b"M4A ", b"3gp4"])
def test_clips_in_that_container_are_clips(brand: bytes) -> None:
    assert is_clip(b"\0\0\0\x20ftyp" + brand + bytes(20))
