"""CSV and JSON lists, as platforms and small exchanges write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hakam.banks.formats import csv_list, json_list
from hakam.banks.formats.form import About, FormatError, Leaving
from hakam.banks.rows import BadRow, Row
from hakam.media import long_hashes
from hakam.vocabulary.bank import EntryKind

MD5 = "0123456789abcdef0123456789abcdef"
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
TEXT = "Send me your wallet phrase now and win ten thousand dollars"


def test_columns_may_stand_in_any_order_under_any_usual_name() -> None:
    data = f"Label,ID,hash_digest,Algorithm,deleted\nA1,x,{MD5},MD5,false\n,y,{PDQ},pdq,TRUE\n".encode()
    assert list(csv_list.read(data)) == [
        Row(EntryKind.MD5, MD5, "x", "A1"),
        Row(EntryKind.PDQ, PDQ, "y", "", gone=True),
    ]


def test_a_column_may_be_named_by_its_kind() -> None:
    assert list(csv_list.read(f"pdq,label\n{PDQ},beach\n".encode())) == [Row(EntryKind.PDQ, PDQ, "", "beach")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_list_is_read_as_spreadsheets_write_it(separator: str, encoding: str) -> None:
    table = f"kind,hash,label\r\nmd5,{MD5},منزل\r\n".replace(",", separator)
    assert list(csv_list.read(table.encode(encoding))) == [Row(EntryKind.MD5, MD5, "", "منزل")]
    bare = f"{PDQ},100\r\n{PDQ[::-1]},88\r\n".replace(",", separator)
    assert len(list(csv_list.read(bare.encode(encoding), EntryKind.PDQ))) == 2


def test_texts_with_semicolons_stay_whole() -> None:
    texts = [f"{TEXT}; today {n}; only" for n in range(3)]
    rows = list(csv_list.read("\n".join(["text", *texts]).encode()))
    assert rows == list(csv_list.read("\n".join(["text,label", *(f"{one}," for one in texts)]).encode()))
    assert len(rows) == 3


def test_what_is_no_text_is_told_with_its_line() -> None:
    with pytest.raises(FormatError, match="line 2 is not UTF-8: save it as UTF-8"):
        list(csv_list.read(f"kind,hash,label\nmd5,{MD5},caf\xe9\n".encode("latin-1")))


def test_a_list_without_a_head_needs_its_kind() -> None:
    data = f"{PDQ},100,a.jpg\n{PDQ[::-1]},88,b.jpg\n".encode()
    assert [row.digest for row in csv_list.read(data, EntryKind.PDQ) if isinstance(row, Row)] == [
        PDQ,
        PDQ[::-1],
    ]
    with pytest.raises(FormatError, match="say the kind"):
        list(csv_list.read(data))


def test_bad_rows_are_told_by_their_line_and_good_ones_kept() -> None:
    data = f"\ufeffkind,hash\r\nmd5,{MD5}\r\n\r\nmd5,short\r\nphotodna,{MD5}\r\npdq,{PDQ}\r\n".encode()
    rows = list(csv_list.read(data))
    assert [row.place for row in rows if isinstance(row, BadRow)] == [4, 5]
    assert [row.kind for row in rows if isinstance(row, Row)] == ["md5", "pdq"]


def test_a_row_without_a_kind_is_told() -> None:
    (row,) = csv_list.read(f"hash\n{MD5}\n".encode())
    assert isinstance(row, BadRow)
    assert list(csv_list.read(f"hash\n{MD5}\n".encode(), EntryKind.MD5)) == [Row(EntryKind.MD5, MD5)]


def test_a_quote_that_never_ends_refuses_the_list() -> None:
    """It swallows the rows behind it, and what a whole list does not name is withdrawn."""
    with pytest.raises(FormatError, match="line 4: no CSV from here on"):
        list(csv_list.read(f'kind,hash,label\nmd5,{MD5},a\nmd5,{MD5},"b\nmd5,{MD5[::-1]},\n'.encode()))


def test_a_long_clip_is_one_cell_and_comes_in_again() -> None:
    """Ten minutes of frames: more than the csv module's own limit of 131,072 characters in a cell."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    frames = [long_hashes.Frame(bytes.fromhex(PDQ), 100, n / 4) for n in range(2_400)]
    clip = long_hashes.written(EntryKind.VPDQ, long_hashes.packed_frames(frames))
    leaving = [Leaving(EntryKind.VPDQ, clip, "clip", "", at), Leaving(EntryKind.MD5, MD5, "", "", at)]
    rows = list(csv_list.read(b"".join(csv_list.write(About("b", "own", "p", 31, at), leaving))))
    assert [row.kind for row in rows if isinstance(row, Row)] == [EntryKind.VPDQ, EntryKind.MD5]


def test_texts_are_kept_as_their_hash_alone() -> None:
    (row,) = csv_list.read(f"text,label\n{TEXT},scam\n".encode())
    assert isinstance(row, Row)
    assert (row.kind, row.label) == (EntryKind.TEXT, "scam")
    (same,) = json_list.read(f'[{{"text":"{TEXT.upper()}!!","label":"scam"}}]'.encode())
    assert same == row
    (short,) = csv_list.read(b"text\nhello\n")
    assert isinstance(short, BadRow)


def test_no_cell_is_a_formula() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    data = b"".join(
        csv_list.write(About("b", "own", "p", 31, at), [Leaving(EntryKind.MD5, MD5, "=1+1", "@x", at)])
    )
    assert b",'=1+1,'@x," in data


@pytest.mark.parametrize("words", ["-4711", "=1+1", "'-4711", "'tis", "@x"])
def test_ids_and_labels_come_back_as_they_were(words: str) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    leaving = Leaving(EntryKind.MD5, MD5, words, words, at)
    rows = list(csv_list.read(b"".join(csv_list.write(About("b", "own", "p", 31, at), [leaving]))))
    assert rows == [Row(EntryKind.MD5, MD5, words, words)]


@pytest.mark.parametrize(
    "data",
    [
        f'{{"entries":[{{"kind":"md5","hash":"{MD5}","id":7}}]}}',
        f'[{{"kind":"md5","hash":"{MD5}","id":"7"}}]',
        f'{{"kind":"md5","hash":"{MD5}","id":"7"}}\n',
    ],
)
def test_json_is_a_list_an_object_with_one_or_an_object_a_line(data: str) -> None:
    assert list(json_list.read(data.encode())) == [Row(EntryKind.MD5, MD5, "7")]


def test_lines_of_json_are_told_apart() -> None:
    good = f'{{"kind":"md5","hash":"{MD5}"}}'
    rows = list(json_list.read(f"{good}\n{{broken\n{good}\n7\n".encode()))
    assert [type(row) for row in rows] == [Row, BadRow, Row, BadRow]
    assert [row.place for row in rows if isinstance(row, BadRow)] == [2, 4]


def test_bare_hashes_need_a_kind() -> None:
    assert list(json_list.read(f'["{MD5}"]'.encode(), EntryKind.MD5)) == [Row(EntryKind.MD5, MD5)]
    (row,) = json_list.read(f'["{MD5}"]'.encode())
    assert isinstance(row, BadRow)


def test_gone_is_said_plainly() -> None:
    rows = list(json_list.read(f'[{{"kind":"md5","hash":"{MD5}","gone":true}}]'.encode()))
    assert rows == [Row(EntryKind.MD5, MD5, gone=True)]
