"""What a notice must say (DSA Art. 16(2)(a) to (d)), judged without any framework."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES, Harm
from hakam.vocabulary.notice import (
    MAX_ITEMS,
    MAX_TEXT,
    MAX_URL,
    LoggedNotice,
    Submission,
    faults,
    needs_name,
    plausible_email,
)


def notice(**more: Any) -> Submission:
    given: dict[str, Any] = {
        "platform": "maydan",
        "harm": "hate_speech",
        "explanation": "It calls people vermin.",
        "urls": ("https://maydan.example/p/1",),
        "name": "Nadia",
        "email": "nadia@example.net",
        "good_faith": "I believe it is accurate.",
    }
    return Submission(**(given | more))


def test_a_whole_notice_has_no_fault() -> None:
    assert faults(notice()) == []
    assert faults(notice(urls=(), items=(ItemRef("maydan", "post", "1"),))) == []


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({"explanation": " "}, "/explanation", "missing"),  # (a)
        ({"explanation": "x" * (MAX_TEXT + 1)}, "/explanation", "too_long"),
        ({"urls": ()}, "/urls", "missing"),  # (b)
        ({"urls": ("https://a.example/" + "x" * MAX_URL,)}, "/urls/0", "malformed"),
        ({"urls": ("https://[bad",)}, "/urls/0", "malformed"),
        ({"urls": ("javascript:alert(1)",)}, "/urls/0", "malformed"),
        ({"urls": ("https://a.example/a b",)}, "/urls/0", "malformed"),
        ({"urls": ("https://a.example/",) * (MAX_ITEMS + 1)}, "/urls", "too_many"),
        ({"items": (ItemRef("maydan", "", "1"),)}, "/items/0", "malformed"),
        ({"items": (ItemRef("maydan", "post", "\x00"),)}, "/items/0", "malformed"),
        ({"name": ""}, "/name", "missing"),  # (c)
        ({"email": "nowhere"}, "/email", "malformed"),
        ({"good_faith": ""}, "/good_faith", "missing"),  # (d)
        ({"harm": "bad manners"}, "/harm", "unknown"),
        ({"language": ""}, "/language", "missing"),
        ({"name": "a\x00b"}, "/name", "bad_character"),
    ],
)
def test_each_fault_is_named_where_it_is(more: dict[str, Any], pointer: str, code: str) -> None:
    [found] = faults(notice(**more))
    assert (found.pointer, found.code) == (pointer, code)
    assert found.english
    assert "%(" not in found.english


@pytest.mark.parametrize("harm", list(Harm))
def test_a_name_is_asked_for_unless_children_are_abused(harm: Harm) -> None:
    assert needs_name(notice(harm=harm.value)) is (harm not in CHILD_ABUSE_OFFENCES)
    assert not needs_name(notice(harm=harm.value, illegal=False))
    assert not needs_name(notice(harm=harm.value, notifier="u1"))


@given(st.text(max_size=60))
def test_no_address_is_too_strange_to_be_judged(text: str) -> None:
    faults(notice(urls=(text,), email=text))
    assert isinstance(plausible_email(text), bool)


def test_a_notice_in_the_log_is_read_back_as_it_was() -> None:
    kept = LoggedNotice(notice(items=(ItemRef("maydan", "post", "ص"),)), "id", "token", "maydan/k", "r1")
    assert msgspec.json.decode(msgspec.json.encode(kept), type=LoggedNotice) == kept
