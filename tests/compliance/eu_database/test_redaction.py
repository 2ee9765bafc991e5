"""Nothing that points at a person goes out; what only looks like it stays."""

from __future__ import annotations

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
