"""How a table is written is told by its beginning, and a comma file stays one whatever its texts hold."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.storage.tables import (
    SAMPLE,
    Form,
    NotTextError,
    beginning,
    encoding_of,
    form_of,
    is_text,
    lenient,
    rows_in,
    sample_of,
    spoken,
    text_of,
)

TABLE = 'text;note\r\n"مرحبا; بك";ar\r\nhello;en\r\n'


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le:marked"]
)
def test_a_table_is_read_in_every_encoding_that_programs_write(encoding: str) -> None:
    name, _, marked = encoding.partition(":")
    data = (f"\ufeff{TABLE}" if marked else TABLE).encode(name)
    assert text_of(data) == TABLE
    assert list(rows_in(text_of(data))) == [["text", "note"], ["مرحبا; بك", "ar"], ["hello", "en"]]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_mark_that_is_missing_is_made_up_for_by_ends_of_lines(encoding: str) -> None:
    table = "نص\tلغة\r\n" + "كلام عربي طويل بلا أي حرف آخر\tعربي\r\n" * 20
    assert encoding_of(table.encode(encoding)) == encoding


@pytest.mark.parametrize(
    "data", [b"", b"a", b"\0", b"a\0b,c\n" + b"x" * 300, b"\0a" + b"b\0" * 9, b"text\nhi\n"]
)
def test_a_stray_zero_makes_no_utf_16(data: bytes) -> None:
    assert encoding_of(data) == ("utf-16-be" if data == b"\0" else "utf-8-sig")


@pytest.mark.parametrize(
    ("data", "line", "name"),
    [
        ("text\nfine\nمرحبا\n".encode("cp1256"), 3, "UTF-8"),
        ("größe\n".encode("cp1252"), 1, "UTF-8"),
        ("a\nb\n".encode("utf-16") + b"c", 3, "UTF-16"),
    ],
)
def test_what_is_no_text_is_named_by_its_line_and_what_to_do(data: bytes, line: int, name: str) -> None:
    with pytest.raises(NotTextError) as caught:
        text_of(data)
    assert (caught.value.line, caught.value.encoding) == (line, name)
    assert f"line {line} is not {name}: save it as UTF-8 (in a spreadsheet: `CSV UTF-8`)" in str(caught.value)


def test_what_a_reader_lets_pass_is_known_again() -> None:
    for data, encoding in ((b"caf\xe9", "utf-8-sig"), (b"\x3d\xd8a\0", "utf-16-le")):
        assert not is_text(data.decode(encoding, lenient(encoding)))
    assert is_text("مرحبا 🙂")
    assert [spoken(one) for one in ("utf-8-sig", "utf-16-le", "utf-32")] == ["UTF-8", "UTF-16", "UTF-32"]


def test_a_sample_ends_with_a_whole_character_and_before_damage() -> None:
    data = "ä".encode() * SAMPLE
    sample = sample_of(io.BufferedReader(io.BytesIO(data)))  # type: ignore[arg-type]
    assert len(sample) == SAMPLE
    assert beginning(sample[:-1], "utf-8-sig") == "ä" * (SAMPLE // 2 - 1)

    class Broken(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise EOFError
            return super().read1(4)

    assert sample_of(Broken(b"text;lang"), (EOFError,)) == b"text"
    with pytest.raises(EOFError):
        sample_of(Broken(b"text;lang"))


COMMAS = [
    "text\nhello; world\nyes; no\n",  # one column
    "text\n",
    "",
    "text,lang\na;b;c,en\nd;e;f,en\n",
    'text,lang\n"a;b\nc;d",en\n',
    "id,text\n1,a, b\n2,c\n3,d, e; f\n4,g\n",  # some rows that are no good
    'id,"tags; more",text\n1,a; b,c\n',
    "text\n" + "no separator in any of the rows\n" * 100,
    "note; more\nplain\nplain too\nand; some\n",
    '"a;b"\n1\n',
    "text,at\nonly one\n",
]


@pytest.mark.parametrize("table", COMMAS)
@pytest.mark.parametrize("whole", [True, False])
def test_a_comma_file_stays_one(table: str, whole: bool) -> None:
    assert form_of(table, whole=whole) == Form(",")


@pytest.mark.parametrize(
    ("table", "usual", "separator"),
    [
        ("text;lang\nhello, world;en\n", ",", ";"),
        ("text;lang\n", ",", ";"),
        ("text\tlang\nhello, world\ten\n", ",", "\t"),
        ("text,lang\nhello\tworld,en\n", "\t", ","),
        ("text;price, net;lang\na;1;en\nb, c, d;2;en\n", ",", ";"),
        ("text;lang\ngood;en\nbad\ngood;en\n\nfine;en\n", ",", ";"),
        ('text;lang\n"a;\nb";en\n"cut off in the midd', ",", ";"),
    ],
)
def test_another_separator_is_seen_where_it_fits_better(table: str, usual: str, separator: str) -> None:
    assert form_of(table, usual=usual, whole=False) == Form(separator)


@pytest.mark.parametrize("said", ["sep=;\r\n", "SEP=;\n", '"sep=;"\r\n'])
def test_a_line_that_says_the_separator_is_believed_and_is_no_row(said: str) -> None:
    rows = rows_in(f"{said}a,b;c\nd,e;f\n")
    assert list(rows) == [["a,b", "c"], ["d,e", "f"]]
    assert rows.line_num == 3


@pytest.mark.parametrize(
    ("table", "separator"),
    [
        ("mallory;seen twice\neve;once\n", ";"),
        ("mallory\tx\neve\ty\n", "\t"),
        ("mallory;x\n", ","),  # one row shows no pattern
        ("Mozilla/5.0 (X11; Linux)\nMozilla/5.0 (Mac; ARM)\n", ","),
        ("a;b\nc\n", ","),
        ("a;b\nc;d,e\n", ","),
        ("mallory,x;y\neve,z;y\n", ","),
    ],
)
def test_without_a_head_an_entry_is_taken_apart_only_if_all_are(table: str, separator: str) -> None:
    assert form_of(table, head=False) == Form(separator)


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1)


@given(
    rows=st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=80),
    separator=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_a_spreadsheet_writes_comes_out(
    rows: list[tuple[str, str, str]], separator: str, encoding: str
) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([("id", "text", "lang"), *rows])
    found = list(rows_in(text_of(out.getvalue().encode(encoding))))
    assert found == [["id", "text", "lang"], *map(list, rows)]
