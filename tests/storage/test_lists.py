"""Files of lists: read from what people have, whole or not at all, and kept so that nothing can change them unseen."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard

from hakam.policy.lists import ListKind
from hakam.policy.outside import BadListError
from hakam.storage.embedded.lists import keep, open_list, open_lists, read_source
from hakam.storage.published import PublishedList

pytestmark = pytest.mark.embedded  # files only: one database is enough

V, D, T = ListKind.VALUES, ListKind.DOMAINS, ListKind.TERMS

READABLE = [
    ("a.txt", "# a comment\nx\n\n  y  \nx\n\\#z\n", V, None, ("x", "y", "#z"), 1),
    ("a.txt", "\ufeffx\r\ny", V, None, ("x", "y"), 0),
    ("a", "x\n", V, None, ("x",), 0),
    ("a.csv", 'x,1\n"y, z",2\n', V, None, ("x", "y, z"), 0),
    ("a.csv", "n,who\n1,x\n2,y\n", V, "who", ("x", "y"), 0),
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
def test_what_people_have_is_read(  # noqa: PLR0917 -- a table
    tmp_path: Path,
    name: str,
    text: str,
    kind: ListKind,
    column: str | None,
    entries: tuple[str, ...],
    repeated: int,
    around: str,
) -> None:
    data = text.encode()
    squeezed = {
        "": lambda: data,
        ".zst": lambda: zstandard.compress(data),
        ".gz": lambda: gzip.compress(data),
    }[around]()
    file = tmp_path / f"{name}{around}"
    file.write_bytes(squeezed)
    found = read_source(file, kind, column=column)
    assert (found.entries, found.repeated) == (entries, repeated)


REFUSED = [
    ("a.pdf", b"x", None, "neither"),
    ("a.txt", b"x\xff\n", None, "can't be read"),
    ("a.txt.zst", b"no zstandard", None, "can't be read"),
    ("a.txt.gz", b"no gzip", None, "can't be read"),
    ("a.csv", b"n,who\n1,x\n", "whom", "no column `whom`; there are n, who"),
    ("a.csv", b"", "who", "there are none"),
    ("a.csv", b"n,who\n1\n", "who", "line 2: nothing"),
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
        read_source(tmp_path / name, V, column=column)


def test_terms_of_which_nothing_is_left_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("good\n!!!\n", encoding="utf-8")
    with pytest.raises(BadListError, match="line 2: neither letters nor digits"):
        read_source(tmp_path / "a.txt", T)


def test_a_list_is_kept_once_and_opened_by_its_digest(tmp_path: Path) -> None:
    digest, count = keep(tmp_path / "lists", V, ["b", "a"])
    assert keep(tmp_path / "lists", V, ["a", "b"]) == (digest, 2)
    assert count == 2
    assert [path.name for path in (tmp_path / "lists").iterdir()] == [digest]
    found = open_list(tmp_path / "lists", "n", digest)
    assert "a" in found
    assert "c" not in found
    assert (found.name, found.kind, found.digest) == ("n", V, digest)
    assert open_lists(tmp_path / "lists", [PublishedList("n", digest)]) == {"n": found}


def test_a_missing_or_changed_file_is_told(tmp_path: Path) -> None:
    digest, _ = keep(tmp_path, V, ["a"])
    other, _ = keep(tmp_path, V, ["b"])
    with pytest.raises(BadListError, match="can't be read"):
        open_list(tmp_path, "n", "0" * 64)
    (tmp_path / ("1" * 64)).write_bytes((tmp_path / digest).read_bytes())
    with pytest.raises(BadListError, match="holds something else"):
        open_list(tmp_path, "n", "1" * 64)
    (tmp_path / ("2" * 64)).write_bytes(b"")
    with pytest.raises(BadListError, match="can't be read"):
        open_list(tmp_path, "n", "2" * 64)
    assert other != digest
