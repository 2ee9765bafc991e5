"""Facts are appended in the verb's own transaction, tell their subjects' story, and keep no personal data for ever."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.compliance import ledger
from hakam.compliance.chain import GENESIS, Link, canonical, digest_of_private
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import LedgerError
from hakam.compliance.models import Fact, LedgerHead
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind

NOW = datetime.fromisoformat("2026-03-02T09:00:00.000006+00:00")
pytestmark = pytest.mark.django_db


def note(subject: str = "case:1", **more: object) -> Fact:
    return ledger.record(FactKind.CASE_OPENED, by=SYSTEM, now=NOW, subject=subject, **more)  # type: ignore[arg-type]


def test_the_first_fact_follows_nothing() -> None:
    fact = note()
    assert (fact.seq, fact.previous) == (1, GENESIS)
    assert LedgerHead.objects.get().digest == fact.digest


def test_each_fact_names_the_digest_of_the_one_before() -> None:
    first, second, third = note(), note("case:2"), note("case:3")
    assert [f.seq for f in (first, second, third)] == [1, 2, 3]
    assert (second.previous, third.previous) == (first.digest, second.digest)


def test_the_digest_is_over_the_documented_bytes() -> None:
    """An auditor can recompute it with nothing but the documentation: this is that computation, written anew."""
    import hashlib  # noqa: PLC0415 -- the test stands alone

    fact = note(about=["item:b", "item:a"], body={"z": 1, "a": "ü"})
    fields = [
        "0" * 64,
        "1",
        "2026-03-02T09:00:00.000006Z",
        "case.opened",
        "system",
        "case:1",
        '["item:a","item:b"]',
        '{"a":"ü","z":1}',
        "",
    ]
    raw = b"hakam-fact-1\n" + b"".join(len(f.encode()).to_bytes(8, "big") + f.encode() for f in fields)
    assert fact.digest == hashlib.sha256(raw).hexdigest()


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_refused() -> None:
    with pytest.raises(LedgerError, match="outside a transaction"):
        note()
    assert not Fact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_deed_that_fails_takes_its_fact_with_it() -> None:
    with transaction.atomic():
        note()
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012 -- the deed is the point
        note("case:2")
        _ = 1 / 0
    with transaction.atomic():
        note("case:3")
    assert [f.subject for f in Fact.objects.order_by("seq")] == ["case:1", "case:3"]
    assert list(ledger.verify_chain()) == []


@pytest.mark.parametrize("subject", ["", "case:\x00", "x" * 701])
def test_a_subject_that_cannot_be_kept_is_refused(subject: str) -> None:
    with pytest.raises(LedgerError, match="can't be named"):
        note(subject)
    with pytest.raises(LedgerError, match="can't be named"):
        note(about=[subject])


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(LedgerError, match="time zone"):
        ledger.record(FactKind.CASE_OPENED, by=SYSTEM, now=NOW.replace(tzinfo=None), subject="case:1")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"case\.invented"):
        ledger.record("case.invented", by=SYSTEM, now=NOW, subject="case:1")  # type: ignore[arg-type]


def test_a_story_has_the_facts_of_its_subject_and_its_links_in_order() -> None:
    note("case:1", about=["item:a"])
    note("case:2", about=["item:b"])
    note("decision:1", about=["case:1", "item:a"])
    note("item:a")
    assert [f.seq for f in ledger.story("item:a")] == [1, 3, 4]
    assert [f.seq for f in ledger.story("case:1")] == [1, 3]
    assert ledger.story("case:9") == []


def test_a_subject_linked_to_itself_is_told_once() -> None:
    note("case:1", about=["case:1", "item:a", "item:a"])
    assert len(ledger.story("case:1")) == len(ledger.story("item:a")) == 1


def test_a_subscriber_gets_what_it_has_not_seen() -> None:
    for n in range(1, 6):
        note(f"case:{n}")
    ledger.record(FactKind.CASE_DECIDED, by=SYSTEM, now=NOW, subject="case:1")
    assert [f.seq for f in ledger.facts_after(3)] == [4, 5, 6]
    assert [f.seq for f in ledger.facts_after(0, kinds=[FactKind.CASE_DECIDED])] == [6]
    assert [f.seq for f in ledger.facts_after(0, limit=2)] == [1, 2]


def test_people_browse_from_the_newest() -> None:
    for n in range(1, 6):
        note(f"case:{n}", about=["item:a"] if n % 2 else [])
    assert [f.seq for f in ledger.page(limit=2)] == [5, 4]
    assert [f.seq for f in ledger.page(before=4, limit=2)] == [3, 2]
    assert [f.seq for f in ledger.page(subject="item:a")] == [5, 3, 1]
    assert [f.seq for f in ledger.page(kind="case.decided")] == []
    assert [f.seq for f in ledger.page(actor="system", limit=1)] == [5]


def test_personal_data_is_kept_apart_and_salted() -> None:
    one = note(private={"email": "a@example.org"})
    two = note(private={"email": "a@example.org"})
    assert ledger.private_of(one) == {"email": "a@example.org"}
    assert "example.org" not in one.body
    assert one.private_digest != two.private_digest, "equal data must not be recognisable from its digest"


def test_erasing_leaves_the_chain_whole_and_says_who_did_it() -> None:
    fact = note(private={"email": "a@example.org"})
    note("case:2")
    said = ledger.erase_private(
        fact, by=Actor(ActorKind.STAFF, "7"), now=NOW, reason="the person asked for it"
    )
    fact.refresh_from_db()
    assert fact.private is None
    assert ledger.private_of(fact) is None
    assert fact.private_digest
    assert (said.kind, said.subject, said.actor) == ("ledger.erased", "fact:1", "staff:7")
    assert ledger.body_of(said) == {"reason": "the person asked for it"}
    assert said in ledger.story("case:1")
    assert list(ledger.verify_chain()) == []


def test_erasing_twice_is_erasing_once() -> None:
    fact = note(private={"email": "a@example.org"})
    once = ledger.erase_private(fact, by=SYSTEM, now=NOW, reason="asked")
    assert ledger.erase_private(fact, by=SYSTEM, now=NOW, reason="again") == once


def test_erasing_what_was_never_there_is_refused() -> None:
    with pytest.raises(LedgerError, match="no private part"):
        ledger.erase_private(note(), by=SYSTEM, now=NOW, reason="asked")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_canonical_json_does_not_depend_on_the_order_of_keys(body: dict[str, object]) -> None:
    turned = dict(reversed(list(body.items())))
    assert canonical(body) == canonical(turned)
    assert msgspec.json.decode(canonical(body)) == msgspec.json.decode(msgspec.json.encode(body))


@settings(max_examples=25)
@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_any_body_comes_back_and_verifies(body: dict[str, object]) -> None:
    with transaction.atomic():
        fact = note(body=body, private=body)
        fact.refresh_from_db()
        assert msgspec.json.encode(ledger.body_of(fact), order="sorted") == msgspec.json.encode(
            body, order="sorted"
        )
        assert list(ledger.verify_chain()) == []
        transaction.set_rollback(True)
    with transaction.atomic():
        pass


FIELDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(FIELDS, FIELDS, FIELDS, FIELDS)
def test_moving_text_between_fields_changes_the_digest(a: str, b: str, c: str, d: str) -> None:
    one = Link("0", 1, NOW, a, b, "s", (), c, d)
    for other in (
        one._replace(kind=a + b, actor=""),
        one._replace(kind="", actor=a + b),
        one._replace(body=c + d, private_digest=""),
    ):
        assert (other.digest() == one.digest()) == (other == one)


def test_the_salt_is_within_what_is_hashed() -> None:
    fact = note(private={"a": 1})
    assert fact.private is not None
    assert digest_of_private(fact.private) == fact.private_digest
    assert set(msgspec.json.decode(fact.private)) == {"data", "salt"}


def test_every_kind_of_fact_is_documented() -> None:
    page = (
        Path(__file__)
        .parent.parent.parent.joinpath("docs", "reference", "facts-and-effects.md")
        .read_text("utf-8")
    )
    assert [kind for kind in FactKind if f"`{kind}`" not in page] == []
