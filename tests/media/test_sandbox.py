"""The sandbox: sound pictures are hashed as anywhere, hostile ones cost a child at most."""

from __future__ import annotations

import io
import os
import random
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.media.hostile import MAKERS, good, hostile, png
from PIL import Image
from tests.media.drawings import drawing, file_of, grey

from hakam.media import pdq, picture, variants
from hakam.media.sandbox import Bounds, Sandbox, UnreadableError
from hakam.media.sandboxed import receive, send
from hakam.media.trouble import Trouble

POSIX = os.name == "posix"
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="limits on memory are Linux's")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_picture_has_the_same_hashes_as_without_a_sandbox(sandbox: Sandbox, form: str) -> None:
    data = file_of(drawing(3), form)
    wanted = variants.of_query(picture.luma(data))
    found = sandbox.hashes(data)
    assert [(one.name, one.digest) for one in found] == [(one.name, one.hash.hex) for one in wanted]
    assert found[0].good


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF"])
def test_a_picture_can_be_asked_for_its_plain_hash_alone(sandbox: Sandbox, form: str) -> None:
    data = file_of(drawing(3), form)
    assert sandbox.plain(data).digest == picture.plain_hash(data).hex
    with pytest.raises(UnreadableError):
        sandbox.plain(data[:500])


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_file_without_its_end_is_looked_at_as_far_as_it_goes(sandbox: Sandbox, form: str) -> None:
    whole = file_of(drawing(3), form)
    cut = whole[:-40]
    looked = sandbox.look(cut, landmarks=True)
    assert looked.missed.startswith("damaged or cut short")
    assert looked.landmarks
    wanted = {one.name: bytes.fromhex(one.digest) for one in sandbox.hashes(whole)}
    assert pdq.distance(bytes.fromhex(looked.hashes[0].digest), wanted["as it is"]) <= 8
    assert sandbox.said(cut).plates is not None
    with pytest.raises(UnreadableError):  # a bank keeps whole files only
        sandbox.look(cut, bank=True)
    assert sandbox.look(whole).missed == ""


def test_a_checksum_that_browsers_pass_over_hides_no_picture(sandbox: Sandbox) -> None:
    whole = file_of(drawing(3))
    data = whole[:33] + b"\0\0\0\3tEXtk\0v\0\0\0\1" + whole[33:]
    assert sandbox.look(data).hashes == sandbox.hashes(whole)
    assert sandbox.said(data).plates == sandbox.said(whole).plates


def test_a_bank_keeps_more_than_a_query_asks(sandbox: Sandbox) -> None:
    data = file_of(drawing(4))
    kept = {one.name for one in sandbox.hashes(data, bank=True)}
    assert {"mirrored", "5.0% cropped", "turned by 1 degrees"} <= kept
    assert kept == {one.name for one in variants.of_bank(grey(drawing(4)))}


def test_frames_of_an_animation_are_told_apart(sandbox: Sandbox) -> None:
    frames = [Image.fromarray(drawing(n, 300, 200)) for n in range(3)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    names = {one.name for one in sandbox.hashes(file.getvalue())}
    assert {"as it is", "frame 2, as it is", "frame 3, mirrored"} <= names


def test_a_blank_has_no_good_hash(sandbox: Sandbox) -> None:
    blank = file_of(Image.new("RGB", (400, 300), "white"))
    assert not any(one.good for one in sandbox.hashes(blank))
    assert sandbox.hashes(blank, bank=True) == []


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"", "empty"),
        (b"hello", "not a picture"),
        (file_of(drawing(5), "JPEG")[:3_000], "damaged or cut short"),
        (png(100_000, 100_000), "too many pixels"),
        (bytes(32_000_001), "too many bytes"),
    ],
    ids=["empty", "text", "cut", "huge", "long"],
)
def test_each_trouble_has_its_word_and_says_more(sandbox: Sandbox, data: bytes, trouble: str) -> None:
    before = sandbox.started
    with pytest.raises(UnreadableError) as raised:
        sandbox.hashes(data)
    assert raised.value.trouble == trouble
    assert str(raised.value)
    sandbox.hashes(file_of(drawing(3)))
    assert sandbox.started == max(1, before)  # nobody died of it


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    ],
)
def test_a_kind_of_picture_that_can_not_be_read_is_named(sandbox: Sandbox, head: bytes, kind: str) -> None:
    with pytest.raises(UnreadableError, match=f"not a picture: {kind}, which can't be read here") as raised:
        sandbox.look(head + bytes(100))
    assert raised.value.trouble == "not a picture"


def test_several_hundred_hostile_files_end_in_an_answer_each(sandbox: Sandbox) -> None:
    sound = good(random.Random(0))  # noqa: S311 -- the same each time
    right = sandbox.hashes(sound)
    tried: set[str] = set()
    told: set[str] = set()
    for file in hostile(330, seed=7):
        tried.add(file.name)
        started = time.monotonic()
        try:
            sandbox.hashes(file.data)
        except UnreadableError as error:
            told.add(error.trouble)
        # Its own limit, and the start of the next child, which waits for a core on a busy machine.
        assert time.monotonic() - started < sandbox.bounds.seconds + 60, file.name
    assert tried == set(MAKERS)
    assert told >= {"not a picture", "damaged or cut short", "too many pixels"}
    assert told <= set(Trouble)
    assert sandbox.hashes(sound) == right


def test_hostile_files_are_the_same_each_time() -> None:
    assert list(hostile(40, seed=3)) == list(hostile(40, seed=3))
    assert list(hostile(40, seed=3)) != list(hostile(40, seed=4))


def test_what_takes_too_long_is_ended_and_the_next_is_fine() -> None:
    with Sandbox() as sandbox:
        sandbox.hashes(file_of(drawing(1)))
        sandbox.bounds = Bounds(seconds=0.005)
        large = file_of(drawing(1, 6_000, 4_500), "BMP")
        sandbox.bounds = sandbox.bounds._replace(size=len(large))
        with pytest.raises(UnreadableError) as raised:
            sandbox.hashes(large)
        assert raised.value.trouble == "took too long"
        sandbox.bounds = Bounds()
        assert sandbox.hashes(file_of(drawing(1)))
        assert sandbox.started == 2


@only_linux
def test_memory_has_an_end() -> None:
    with Sandbox(Bounds(memory=60_000_000)) as sandbox:
        with pytest.raises(UnreadableError) as raised:
            sandbox.hashes(file_of(Image.new("L", (7_900, 7_900))))
        assert raised.value.trouble in {"too many pixels", "ended its reader", "damaged or cut short"}
        assert sandbox.hashes(file_of(drawing(2, 200, 150)))


@pytest.mark.skipif(not POSIX, reason="signals are POSIX's")
def test_a_child_that_is_killed_is_replaced() -> None:
    with Sandbox() as sandbox:
        sandbox.hashes(file_of(drawing(1)))
        os.kill(sandbox._idle[0].pid, 9)
        with pytest.raises(UnreadableError) as raised:
            sandbox.hashes(file_of(drawing(1)))
        assert raised.value.trouble == "ended its reader"
        assert sandbox.hashes(file_of(drawing(1)))
        assert sandbox.started == 2


def test_threads_share_the_children() -> None:
    data = [file_of(drawing(n, 300, 200)) for n in range(6)]
    wanted = [variants.of_query(picture.luma(one))[0].hash.hex for one in data]
    found: dict[int, str] = {}
    with Sandbox(workers=2) as sandbox:

        def work(number: int) -> None:
            found[number] = sandbox.hashes(data[number])[0].digest

        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert [found[n] for n in range(6)] == wanted
        assert sandbox.started <= 2


@only_linux
def test_a_child_can_open_nothing_and_write_nothing(sandbox: Sandbox) -> None:
    sandbox.hashes(file_of(drawing(1)))
    text = Path(f"/proc/{sandbox._idle[0].pid}/limits").read_text(encoding="ascii")
    limits = {line[:25].strip(): line[25:].split()[0] for line in text.splitlines()}
    assert limits["Max core file size"] == "0"
    assert limits["Max file size"] == "0"
    assert limits["Max open files"] == "8"
    assert limits["Max address space"] != "unlimited"
    assert limits["Max cpu time"] != "unlimited"


def test_messages_arrive_whole_or_not_at_all() -> None:
    pipe = io.BytesIO()
    send(pipe, b"one")
    send(pipe, b"")
    whole = pipe.getvalue()
    source = io.BytesIO(whole)
    assert [receive(source), receive(source), receive(source)] == [b"one", b"", None]
    assert receive(io.BytesIO(struct.pack("<Q", 10) + b"short")) is None
    assert receive(io.BytesIO(b"\x01")) is None
