"""Nothing that points at a person goes out; what only looks like it stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance.eu_database.redaction import COVER, Trace, find, redact


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Write to amal.k+x@example.co.uk now", "Write to [e-mail] now"),
        ("راسلني على amal@example.org", "راسلني على [e-mail]"),
        ("See https://maydan.example/u/amal?x=1, twice", "See [link] twice"),
        ("see www.maydan.example/amal", "see [link]"),
        ("at maydan.example/amal/7 it says", "at [link] it says"),
        ("It calls @amal_k vermin", "It calls [account] vermin"),
        ("by @amal@social.example again", "by [account] again"),
        ("u/amal_k wrote", "[account] wrote"),
        ("did:plc:ewvi7nxzyoun6zhxrhs64oiz wrote", "[account] wrote"),
        ("Call +49 30 1234567 or 0171/2345678", "Call [number] or [number]"),
        ("اتصل بالرقم ٠٥٠١٢٣٤٥٦٧ الآن", "اتصل بالرقم [number] الآن"),
        ("(030) 123-4567 rings", "[number] rings"),
        ("pay to DE89 3704 0044 0532 0130 00 today", "pay to [number] today"),
        ("card 4111 1111 1111 1111 used", "card [number] used"),
        ("from 203.0.113.77 came", "from [address] came"),
        ("from 2001:db8:0:0:1:2:3:4 came", "from [address] came"),
        ("from 2001:db8::1 came", "from [address] came"),
        ("from FE80::1ff:fe23:4567:890a, twice", "from [address], twice"),
        ("from 2a01:4f8:: came", "from [address] came"),
        ("192.168.0.1:8080.", "[address]:8080."),
        ("It came from 192.168.0.1.", "It came from [address]."),
        ("amal (at) example (dot) org, amal[at]example.org", "[e-mail], [e-mail]"),
        ("amal(ät)beispiel(punkt)de", "[e-mail]"),
        ("راسل أمل@مثال.مصر", "راسل [e-mail]"),
        ("@amal-k and @amal_k-2.b wrote", "[account] and [account] wrote"),
        ("كتب @أمل_ك هذا", "كتب [account] هذا"),
        ("at t.me/amal_k or wa.me/491712345678", "at [link] or [link]"),
        ("+1 (415) 555-2671, 06.12.34.56.78, tel:+493012345678", "[number], [number], tel:[number]"),
        ("call +٤٩ ٣٠ ١٢٣٤٥٦٧ or ۰۹۱۲-۳۴۵-۶۷۸۹", "call [number] or [number]"),
        ("de89370400440532013000, de89 3704 0044 0532 0130 00", "[number], [number]"),
        ("card 378282246310005 or 4111-1111-1111-1111", "card [number] or [number]"),
    ],
)
def test_what_points_at_a_person_is_covered(text: str, left: str) -> None:
    assert redact(text).text == left


@pytest.mark.parametrize(
    "text",
    [
        "On 2026-03-02 the post broke section 130 of the Criminal Code.",
        "Article 16(2)(c) of Regulation (EU) 2022/2065 applies.",
        "It was seen 1,204,311 times within 10 minutes.",
        "It costs EUR 49.90, and 3 of 4 words match.",
        "القسم 130 من القانون الجنائي، في 2 مارس 2026.",
        "clause hate of default@1.4.2",
        "50% at 10:30; version 2.14.0",
        "on 02.03.2026, 2/3/2026 and 2026/03/02, between 2026-03-02 and 2026-03-09",
        "from 10:30:15 to 12:00, at a ratio of 1:2:3:4:5",
        "std::vector, a::b and :: are no addresses, nor is meeting (at) noon",
        "as in 20 of 30 days, no 16 of 2026",
        "من الساعة ١٠:٣٠ إلى ١٢:٠٠ يوم ٢ مارس ٢٠٢٦",
        "",
    ],
)
def test_what_points_at_nobody_stays(text: str) -> None:
    assert redact(text).text == text
    assert find(text) == ()


def test_names_that_the_decision_knows_are_covered_as_whole_words() -> None:
    said = redact(
        "Amal Kassem wrote it; amal is not Amalfi, nor u1.", names=["amal", "Amal Kassem", "u1", "  "]
    )
    assert said.text == "[name] wrote it; [name] is not Amalfi, nor u1."
    assert [span.trace for span in said.spans] == [Trace.NAME, Trace.NAME]


@pytest.mark.parametrize(
    ("text", "name", "left"),
    [
        ("كتبت لباسمة وباسمة", "باسمة", "كتبت [name] [name]"),  # "to" and "and" are one word with a name
        ("قال فبباسمة للباسمة كباسمة", "باسمة", "قال [name] [name] [name]"),
        ("باسمات ومباسمة", "باسمة", "باسمات ومباسمة"),  # other words
        ("Mu\u0308ller and M\u00fcller", "M\u00fcller", "[name] and [name]"),  # they look the same
        ("M\u00fcller", "Mu\u0308ller", "[name]"),
        ("AMAL's post", "amal", "[name]'s post"),
        ("amal_k.2 wrote", "amal_k.2", "[name] wrote"),
        ("a+b (x) wrote", "a+b (x)", "[name] wrote"),  # no pattern of ours
        ("by user-7, not user-77", "user-7", "by [name], not user-77"),
        ("Jo wrote", "Jo", "Jo wrote"),  # too short to be told from words
    ],
)
def test_a_name_is_covered_however_it_is_written(text: str, name: str, left: str) -> None:
    assert redact(text, names=[name]).text == left


@given(
    st.sampled_from(["amal_k", "باسمة", "M\u00fcller", "O'Brien", "user.77", "[x]y"]),
    st.sampled_from(["", "It says: ", "كتب ", "(", "\u201c", "\n"]),
    st.sampled_from(["", ".", ", again", ")", "\u201d", "؟", "\n"]),
)
def test_no_name_that_the_decision_knows_survives(name: str, before: str, after: str) -> None:
    assert redact(f"{before}{name}{after}", names=[name]).text == f"{before}[name]{after}"


@given(st.ip_addresses(v=6).filter(lambda a: "::" not in str(a) or int(a) > 2**96), st.sampled_from(" ,;)\n"))
def test_no_address_of_a_device_survives(address: object, after: str) -> None:
    assert str(address) not in redact(f"from {address}{after}").text


def test_spans_name_the_very_characters() -> None:
    text = "a@b.example and @amal_k"
    said = redact(text)
    assert [text[s.start : s.end] for s in said.spans] == ["a@b.example", "@amal_k"]


@given(st.text(alphabet="ab @.:/-+0123456789٣٤٥u_x(), \n", max_size=120))
def test_covering_twice_is_covering_once(text: str) -> None:
    once = redact(text)
    assert all(a.end <= b.start for a, b in zip(once.spans, once.spans[1:], strict=False))
    assert redact(once.text).text.count("@") <= once.text.count("@")
    for span in once.spans:
        assert text[span.start : span.end] != COVER[span.trace]


@given(st.from_regex(r"\A[a-z]{1,10}@[a-z]{1,10}\.[a-z]{2,6}\Z"), st.text(alphabet="abc ,.\n", max_size=20))
def test_no_address_of_mail_survives_anywhere(mail: str, around: str) -> None:
    assert mail not in redact(f"{around} {mail} {around}").text


NAMES = st.lists(
    st.one_of(
        st.sampled_from(["amal", "Σίσυφος", "STRASSE", "İpek", "ليلى", "a.b", "ama"]), st.text(max_size=5)
    ),
    max_size=3,
)
PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            ["amal", "AMAL", "Amal", "σίσυφος", "İPEK", "i̇pek", "و", "وال", "بـ", "وبليلى", "ليلى", "ك"]
        ),
        st.sampled_from([" ", ".", "-", "_", "7", "x", "لل", "a.b", "axb"]),
    ),
    max_size=12,
).map("".join)


@given(PIECES, NAMES)
def test_names_are_found_wherever_one_pattern_a_name_would_find_them(text: str, names: list[str]) -> None:
    """The scan spells out what this pattern says, without compiling one for each name."""
    wanted = set()
    for name in names:
        bare = name.strip()
        if len(bare) >= 3:
            pattern = rf"(?<!\w)[وف]?(?:[بكل]|لل)?{re.escape(bare)}(?!\w)"
            wanted |= {
                at for m in re.finditer(pattern, text, re.IGNORECASE) for at in range(m.start(), m.end())
            }
    spans = [span for span in find(text, names=names) if span.trace is Trace.NAME]
    covered = {at for span in spans for at in range(span.start, span.end)}
    assert wanted <= covered | {at for s in find(text) for at in range(s.start, s.end)}
    for span in spans:
        assert redact(text[span.start : span.end], names=names).text == COVER[Trace.NAME]


def test_what_is_remembered_of_a_text_is_not_about_its_names() -> None:
    text = "amal wrote to x@example.org"
    assert redact(text).text == "amal wrote to [e-mail]"
    assert redact(text, names=["amal"]).text == "[name] wrote to [e-mail]"
    assert redact(text).text == "amal wrote to [e-mail]"


def test_a_name_twice_is_covered_twice() -> None:
    assert (
        redact("Amal, and AMAL again; amalgam not", names=["amal"]).text
        == "[name], and [name] again; amalgam not"
    )
    assert redact("x" * 600 + " amal", names=["amal"]).text == "x" * 600 + " [name]"
