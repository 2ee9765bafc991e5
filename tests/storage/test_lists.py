"""Files of lists: read from what people have, whole or not at all, and kept so that nothing can change them unseen."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any
from zlib import crc32

import psutil
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hakam.policy.lists import ListKind
from hakam.policy.outside import BadListError, OutsideList, pack_list
from hakam.signals.links import host_of
from hakam.storage.embedded import list_files
from hakam.storage.embedded.list_files import Kept, keep
from hakam.storage.embedded.lists import blank, entries_of, is_whole, open_list, open_lists, read_through
from hakam.storage.published import PublishedList

pytestmark = pytest.mark.embedded  # files only: one database is enough

V, D, T = ListKind.VALUES, ListKind.DOMAINS, ListKind.TERMS

READABLE = [
    ("a.txt", "# a comment\nx\n\n  y  \nx\n\\#z\n", V, None, ("x", "y", "#z"), 1),
    ("a.txt", "\ufeffx\r\ny", V, None, ("x", "y"), 0),
    ("a", "x\n", V, None, ("x",), 0),
    ("a.csv", 'x,1\n"y, z",2\n', V, None, ("x", "y, z"), 0),
    ("a.csv", "n,who\n1,x\n2,y\n", V, "who", ("x", "y"), 0),
    ("a.csv", "n;who\n1;x, y\n2;y\n", V, "who", ("x, y", "y"), 0),
    ("a.csv", "sep=;\nx;1\ny;2\n", V, None, ("x", "y"), 0),
    ("a.csv", "x;1\ny;2\n", V, None, ("x", "y"), 0),
    ("a.csv", "Agent/1 (x; y)\nAgent/2 (x; z)\n", V, None, ("Agent/1 (x; y)", "Agent/2 (x; z)"), 0),
    ("a.tsv", "n\twho\n1\tx;y\n2\ty\n", V, "who", ("x;y", "y"), 0),
    ("a.ndjson", '"x"\n"\\u0645"\n', V, None, ("x", "م"), 0),
    ("a.jsonl", '{"who": "x"}\n{"who": "y", "n": 1}\n', V, "who", ("x", "y"), 0),
    (
        "a.txt",
        "EVIL.Example.\nhttps://www.win.example/a\n",
        D,
        None,
        ("evil.example", "https://www.win.example/a"),
        0,
    ),
    ("a.txt", "free money\nربح سريع\n", T, None, ("free money", "ربح سريع"), 0),
]


@pytest.mark.parametrize(("name", "text", "kind", "column", "entries", "repeated"), READABLE)
@pytest.mark.parametrize("around", ["", ".zst", ".gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_people_have_is_read(  # noqa: PLR0917 -- a table
    tmp_path: Path,
    name: str,
    text: str,
    kind: ListKind,
    column: str | None,
    entries: tuple[str, ...],
    repeated: int,
    around: str,
    encoding: str,
) -> None:
    data = (text if encoding == "utf-8" else text.lstrip("\ufeff")).encode(encoding)
    squeezed = {
        "": lambda: data,
        ".zst": lambda: zstandard.compress(data),
        ".gz": lambda: gzip.compress(data),
    }[around]()
    file = tmp_path / f"{name}{around}"
    file.write_bytes(squeezed)
    told: list[float] = []
    found = tuple(entries_of(file, kind, column=column, progress=told.append))
    assert tuple(dict.fromkeys(found)) == entries
    assert len(found) - len(entries) == repeated
    assert told
    assert all(0 <= share <= 1 for share in told)
    assert keep(tmp_path / "lists", kind, iter(found)).repeated == repeated


REFUSED = [
    ("a.pdf", b"x", None, "neither"),
    (
        "a.txt",
        b"x\n\xff\n",
        None,
        "`a.txt`: 1 entry can't be used; nothing was taken: line 2: not UTF-8; save it as",
    ),
    ("a.txt.zst", b"no zstandard", None, "can't be read"),
    ("a.txt.gz", b"no gzip", None, "can't be read"),
    ("a.csv", b"n,who\n1,x\n", "whom", "no column `whom`; there are n, who"),
    ("a.csv", b"", "who", "there are none"),
    ("a.csv", b"n,who\n1\n", "who", "line 2: nothing"),
    ("a.csv", b"n;gr\xfc\xdfe\n1;x\n", "who", "line 1 is not UTF-8: save it as"),
    ("a.csv", b"n;who\n1;x\n2;\xe9\n", "who", "1 entry can't be used; nothing was taken: line 3: not UTF-8"),
    ("a.ndjson", b'"x"\n"\xe9"\n', None, "line 2 is not UTF-8: save it as"),
    ("a.txt", "x\ny".encode("utf-16") + b"z", None, "can't be read"),
    ("a.ndjson", b"{", None, "line 1 is no JSON"),
    ("a.ndjson", b"7\n", None, "line 1 is not a text"),
    ("a.ndjson", b'"x"\n{"n": 7}\n', "n", "line 1 is not an object"),
    (
        "a.txt",
        b"fine\na\x01b\n" + b"y" * 201 + b"\n",
        None,
        "2 entries can't be used; nothing was taken: line 2: a control",
    ),
    ("a.txt", b"\x02\n" * 9, None, "and 4 more"),
]


@pytest.mark.parametrize(("name", "data", "column", "said"), REFUSED)
def test_what_can_not_be_used_is_refused_with_its_place(
    tmp_path: Path, name: str, data: bytes, column: str | None, said: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadListError, match=said):
        keep(tmp_path / "lists", V, entries_of(tmp_path / name, V, column=column))
    assert list((tmp_path / "lists").iterdir()) == []


def test_terms_of_which_nothing_is_left_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("good\n!!!\n", encoding="utf-8")
    with pytest.raises(BadListError, match="line 2: neither letters nor digits"):
        list(entries_of(tmp_path / "a.txt", T))


def test_a_list_is_kept_once_and_opened_by_its_digest(tmp_path: Path) -> None:
    digest = keep(tmp_path / "lists", V, ["b", "a"]).digest
    assert keep(tmp_path / "lists", V, ["a", "b", "a"]) == Kept(digest, 2, 1)
    assert [path.name for path in (tmp_path / "lists").iterdir()] == [digest]
    found = open_list(tmp_path / "lists", "n", digest)
    assert "a" in found
    assert "c" not in found
    assert (found.name, found.kind, found.digest) == ("n", V, digest)
    assert open_lists(tmp_path / "lists", [PublishedList("n", digest)]) == {"n": found}


def test_a_missing_or_changed_file_is_told(tmp_path: Path) -> None:
    digest = keep(tmp_path, V, ["a"]).digest
    other = keep(tmp_path, V, ["b"]).digest
    with pytest.raises(BadListError, match="can't be read"):
        open_list(tmp_path, "n", "0" * 64)
    (tmp_path / ("1" * 64)).write_bytes((tmp_path / digest).read_bytes())
    with pytest.raises(BadListError, match="holds something else"):
        open_list(tmp_path, "n", "1" * 64)
    (tmp_path / ("2" * 64)).write_bytes(b"")
    with pytest.raises(BadListError, match="can't be read"):
        open_list(tmp_path, "n", "2" * 64)
    assert other != digest


entries = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=9)


@given(st.lists(entries, min_size=1, max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_list_built_in_parts_is_the_one_built_in_memory(tmp_path: Path, held: list[str]) -> None:
    data, digest, count = pack_list(V, held)
    kept = keep(tmp_path, V, held)
    assert kept == Kept(digest, count, len(held) - count)
    assert (tmp_path / digest).read_bytes() == data
    assert is_whole(tmp_path, digest)


def test_a_long_list_waits_in_files_and_takes_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_files, "_IN_MEMORY", 1_000)  # all parts go to files
    monkeypatch.setattr(list_files, "_SYNCED", 1_000_000)
    count = 300_000
    before = psutil.Process().memory_info().rss
    kept = keep(tmp_path, V, (f"{n * 7919 % count:x}.hash.example" for n in range(count * 2)))
    grown = psutil.Process().memory_info().rss - before
    assert kept == Kept(kept.digest, count, count)
    assert grown < 60_000_000  # as texts in a set they alone would take twice that
    found = open_list(tmp_path, "n", kept.digest)
    assert found.count == count
    assert len(set(found.entries())) == count
    assert all(f"{n:x}.hash.example" in found for n in range(0, count, 997))
    assert not any(f"{n:x}.hash.example" in found for n in range(count, count * 2, 997))
    assert [path.name for path in tmp_path.iterdir()] == [kept.digest]


@pytest.mark.parametrize("at", [0, 1, 70_000])
def test_whatever_ends_the_reading_leaves_nothing_behind(tmp_path: Path, at: int) -> None:
    def broken() -> Any:
        for n in range(at):
            yield str(n)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep(tmp_path, V, broken())
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_import_left_behind_goes_after_a_day(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, itertools\n"
        "from hakam.policy.lists import ListKind\n"
        "from hakam.storage.embedded import list_files\n"
        "def stopping(*_):\n    print('writing', flush=True)\n    sys.stdin.read()\n"
        "list_files.places_of = stopping\n"
        "list_files.keep(pathlib.Path(sys.argv[1]), ListKind.VALUES, map(str, range(1000)))\n"
    )
    done = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with done:
        assert done.stdout is not None
        assert done.stdout.readline().strip() == b"writing"
        done.kill()
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(".new")
    kept = keep(tmp_path, V, ["a"])
    assert {path.name for path in tmp_path.iterdir()} == {left.name, kept.digest}  # it may be at work
    os.utime(left, (1, 1))
    keep(tmp_path, V, ["a"])
    assert [path.name for path in tmp_path.iterdir()] == [kept.digest]


def test_too_many_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_files, "_MOST_BYTES", 1_000)
    with pytest.raises(BadListError, match="said again included"):
        keep(tmp_path, V, ("the same again" for _ in range(100_000)))
    with pytest.raises(BadListError, match="empty"):
        keep(tmp_path, V, [])
    assert list(tmp_path.iterdir()) == []


def test_entries_of_one_code_stand_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    same = ["plumless", "buckeroo"]  # one CRC-32
    assert len({crc32(word.encode()) for word in same}) == 1
    one, two = keep(tmp_path, V, same), keep(tmp_path, V, reversed(same))
    assert one.digest == two.digest
    found = open_list(tmp_path, "n", one.digest)
    assert all(word in found for word in same)
    assert list(found.entries()) == sorted(same)


@given(st.text("abcx0n-h.w:/@ %[]19é。", max_size=14) | entries)
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_domains_are_read_as_links_are(tmp_path: Path, entry: str) -> None:
    line = entry.strip()
    if not line or line.startswith(("#", "\\")) or "\r" in line:
        return
    (tmp_path / "a.txt").write_text(f"{line}\n", encoding="utf-8")
    wanted = line.lower().removesuffix(".") if "/" in line else host_of(line) or line
    try:
        assert list(entries_of(tmp_path / "a.txt", D)) == [wanted]
    except BadListError:
        assert (
            not any(char.isalnum() for char in line)
            or any(char.isspace() for char in line)
            or any(ord(char) < 32 for char in wanted)
        )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("http://not a domain/", "line 2: a space in a domain"),
        ("https://scam.example/win now", "line 2: a space in a domain"),
        ("not a domain", "line 2: a space in a domain"),
        ("scam\u00a0.example/x", "line 2: a space in a domain"),
        ("...", "line 2: neither letters nor digits in a domain"),
    ],
)
def test_what_no_link_can_lead_to_is_refused(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "a.txt").write_text(f"fine.example\n{line}\nبنك.example\n", encoding="utf-8")
    with pytest.raises(BadListError, match=re.escape(reason)):
        list(entries_of(tmp_path / "a.txt", D))


@pytest.mark.parametrize(
    "line", ["scam.example", "Scam.Example.", "xn--mgba3a4f16a.ir", "http://scam.example/win", "[::1]"]
)
def test_what_a_link_can_lead_to_is_taken(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.txt").write_text(f"{line}\n", encoding="utf-8")
    assert len(list(entries_of(tmp_path / "a.txt", D))) == 1


def test_a_damaged_byte_is_found_by_reading_all(tmp_path: Path) -> None:
    digest = keep(tmp_path, V, map(str, range(1_000))).digest
    path = tmp_path / digest
    assert is_whole(tmp_path, digest)
    moved = tmp_path / "moved"
    moved.mkdir()
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    (moved / digest).write_bytes(data)
    assert not is_whole(moved, digest)
    (moved / ("1" * 64)).write_bytes(path.read_bytes())
    assert not is_whole(moved, "1" * 64)
    (moved / ("2" * 64)).write_bytes(b"no list")
    assert not is_whole(moved, "2" * 64)
    with pytest.raises(OSError, match="No such file"):
        is_whole(moved, "3" * 64)
    read_through(moved, digest)
    read_through(moved, "3" * 64)  # whoever looks up tells what is wrong


def test_lists_of_the_first_form_are_still_read(tmp_path: Path) -> None:
    """Verdicts name them: places before the entries, told by the last bits of the code."""
    digest = first_form(tmp_path, [b"mallory", "ملوري".encode(), b"eve"])
    found = open_list(tmp_path, "n", digest)
    assert (found.kind, found.count) == (V, 3)
    assert [word in found for word in ("mallory", "ملوري", "eve", "ev", "alice")] == [True] * 3 + [False] * 2
    assert set(found.terms()) == {"mallory", "ملوري", "eve"}
    assert is_whole(tmp_path, digest)
    with pytest.raises(BadListError):
        OutsideList("n", (tmp_path / digest).read_bytes()[:-1])


def first_form(folder: Path, given: list[bytes]) -> str:
    """Write a list as it was written first, with eight places; return its digest."""
    words = sorted(given, key=lambda word: crc32(word) & 7)
    text, starts, at = b"\n", [], 1
    for place in range(9):
        starts.append(at)
        for word in words:
            if crc32(word) & 7 == place:
                text += word + b"\n"
                at += len(word) + 1
    digest = pack_first_digest(words)
    head = struct.pack("<8sIIQ32s8x", b"hakamls1", 2, 3, len(words), bytes.fromhex(digest))
    (folder / digest).write_bytes(head + struct.pack("<9I", *starts) + text)
    return digest


def pack_first_digest(words: list[bytes]) -> str:
    return hashlib.sha256(b"values\n" + b"".join(word + b"\n" for word in sorted(words))).hexdigest()


# Erasing ------------------------------------------------------------------------------------------


def erased(folder: Path, digest: str, *names: str) -> tuple[OutsideList, str]:
    """Overwrite names in a list; return it as somebody has it open meanwhile, and the digest that was foretold."""
    held = open_list(folder, "n", digest)
    spans = [span for name in names if (span := held.span_of(name)) is not None]
    rest = held.digest_without(spans)
    blank(folder, digest, spans)
    return held, rest


@given(st.sets(entries, min_size=1, max_size=40), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_erased_is_found_no_more_and_all_else_is(
    tmp_path: Path, held: set[str], data: st.DataObject
) -> None:
    folder = tmp_path / str(
        len(list(tmp_path.iterdir()))
    )  # an earlier example may have erased from the same list
    digest = keep(folder, V, held).digest
    gone = data.draw(st.sets(st.sampled_from(sorted(held))))
    found, rest = erased(folder, digest, *gone, "nobody's name")
    for reader in (found, OutsideList("n", (folder / digest).read_bytes())):
        assert set(reader.entries()) == held - gone
        assert {name for name in held if name in reader} == held - gone
        assert reader.digest_of_entries() == rest
        assert reader.span_of(next(iter(gone), "nobody's name")) is None
    assert is_whole(folder, digest, rest)
    assert is_whole(folder, digest) is (not gone)
    assert len(open_list(folder, "n", digest).terms()) == len(held - gone)


def test_no_byte_of_it_is_left_and_who_has_it_open_sees_that(tmp_path: Path) -> None:
    digest = keep(tmp_path, V, ["mallory", "eve", "alice-mallory", "mallory2"]).digest
    held, rest = erased(tmp_path, digest, "mallory")
    assert "mallory" not in held
    assert all(name in held for name in ("eve", "alice-mallory", "mallory2"))
    assert b"\nmallory\n" not in (tmp_path / digest).read_bytes()
    assert erased(tmp_path, digest, "mallory")[1] == rest  # twice is once
    changed = bytearray((tmp_path / digest).read_bytes())
    changed[changed.index(b"eve")] ^= 1
    (tmp_path / digest).write_bytes(changed)
    assert not is_whole(tmp_path, digest, rest)


def test_a_list_of_the_first_form_is_erased_from_as_well(tmp_path: Path) -> None:
    words = ["mallory", "ملوري", "eve", "alice"]
    digest = first_form(tmp_path, [word.encode() for word in words])
    held, rest = erased(tmp_path, digest, "ملوري", "eve")
    assert [word in held for word in words] == [True, False, False, True]
    assert set(held.entries()) == {"mallory", "alice"}
    assert is_whole(tmp_path, digest, rest)
    assert not is_whole(tmp_path, digest)
