"""What partners give: in order and once, under what was agreed, each bank apart; a bad row costs that row alone."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from tests.exchange.conftest import MD5, NOW, end_of, page

from hakam.banks import access
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankAction, BankSource
from hakam.banks.models import Bank, BankEntry
from hakam.banks.sharing import Place
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.exchange import partners, taking
from hakam.exchange.kinds import ExchangeError, Response, Trust, Way
from hakam.exchange.messages import Changes, Taken
from hakam.exchange.models import Mirror, Partner
from hakam.exchange.models import Taken as TakenRow
from hakam.exchange.taking import NotAgreedError
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NAME = "maidan--attack"


def take(partner: Partner, *given: Any, **more: Any) -> Taken:
    return taking.take(partner, msgspec.convert(page(*given, **more), Changes), now=NOW)


def here() -> set[str]:
    return set(Bank.objects.get(name=NAME).entries.values_list("digest", flat=True))


def test_a_partner_s_bank_is_a_bank_of_its_own(partner: Partner) -> None:
    answer = take(partner, MD5[:3], country="DE", distance=12)
    assert answer == Taken(9, "e1", Place(*end_of(1)))
    bank = Bank.objects.get(name=NAME)
    assert (bank.source, bank.clause, bank.country, bank.distance) == (BankSource.PARTNER, "threat", "DE", 12)
    assert bank.action == BankAction.SHADOW
    assert (bank.purpose, bank.shared) == ("an attack", False)
    assert here() == set(MD5[:3])
    assert sorted(TakenRow.objects.values_list("theirs", flat=True)) == [1, 2, 3]
    fact = Fact.objects.get(kind=FactKind.EXCHANGE_TAKEN)
    assert ledger.body_of(fact) == {"bank": NAME, "purpose": "threat", "came": 3, "left": 0}
    assert fact.actor == "partner:maidan"


def test_the_same_page_twice_changes_nothing(partner: Partner) -> None:
    first = take(partner, MD5[:3])
    assert take(partner, MD5[:3]) == first
    assert Fact.objects.filter(kind=FactKind.EXCHANGE_TAKEN).count() == 1


def test_a_gap_is_answered_by_where_to_go_on(partner: Partner) -> None:
    assert take(partner, MD5[:1], after=(4, 0, 0), revision=5) == Taken(9)
    assert not Mirror.objects.exists()
    take(partner, MD5[:1])
    answer = take(partner, MD5[1:2], after=(4, 1, 7), revision=5)
    assert answer.place == Place(*end_of(1))
    assert here() == set(MD5[:1])


def test_a_withdrawal_goes_at_once(partner: Partner) -> None:
    take(partner, MD5[:3])
    take(partner, [], gone=[MD5[0]], after=end_of(1), revision=2)
    assert here() == set(MD5[1:3])
    assert TakenRow.objects.count() == 2


def test_a_correction_changes_the_words_and_keeps_the_hash(partner: Partner) -> None:
    take(partner, MD5[:2])
    before = list(BankEntry.objects.order_by("pk").values_list("pk", "digest"))
    told = page(MD5[:1], after=end_of(1), revision=2)
    told["changes"][0] |= {"item": "another", "label": "scam"}
    taking.take(partner, msgspec.convert(told, Changes), now=NOW)
    assert list(BankEntry.objects.order_by("pk").values_list("pk", "digest")) == before
    assert BankEntry.objects.get(digest=MD5[0]).item == "another"
    assert BankEntry.objects.get(digest=MD5[0]).label == "scam"
    assert BankEntry.objects.get(digest=MD5[1]).label == ""
    fact = Fact.objects.filter(kind=FactKind.EXCHANGE_TAKEN).order_by("-seq")[0]
    assert ledger.body_of(fact) == {"bank": NAME, "purpose": "threat", "came": 0, "left": 0, "corrected": 1}


def test_what_left_and_came_again_with_other_words_in_one_page_has_those(partner: Partner) -> None:
    take(partner, MD5[:1])
    told = page(MD5[:1], after=end_of(1), revision=3)
    told["changes"][0] |= {"label": "scam"}
    told["changes"].insert(0, {"at": [2, 1, 7], "kind": "md5", "digest": MD5[0]})
    taking.take(partner, msgspec.convert(told, Changes), now=NOW)
    assert BankEntry.objects.get(digest=MD5[0]).label == "scam"


def test_within_a_page_the_last_word_counts(partner: Partner) -> None:
    take(partner, MD5[:1])
    two = page(gone=[MD5[0]], after=end_of(1), revision=2)
    two["changes"].append({"at": [3, 0, 8], "kind": "md5", "digest": MD5[0]})
    two["upto"] = list(end_of(3))
    taking.take(partner, msgspec.convert(two, Changes), now=NOW)
    assert here() == {MD5[0]}


def test_without_an_agreement_nothing_is_taken(partner: Partner) -> None:
    with pytest.raises(NotAgreedError, match="purpose `spam`"):
        take(partner, MD5[:1], purpose="spam")
    partners.agree("maidan", Way.TAKE, "threat", clause="threat", countries=["FR"], by=SYSTEM, now=NOW)
    with pytest.raises(NotAgreedError, match="the law of DE"):
        take(partner, MD5[:1], country="DE")
    take(partner, MD5[:1])  # no one country's
    assert here() == {MD5[0]}


def test_what_is_closed_goes_whole(partner: Partner) -> None:
    take(partner, MD5[:3])
    assert take(partner, after=end_of(1), closed=True) == Taken(9)
    assert not Bank.objects.exists()
    assert not Mirror.objects.exists()
    assert take(partner, after=end_of(1), closed=True) == Taken(9)  # told twice
    assert Fact.objects.filter(kind=FactKind.EXCHANGE_CLOSED).count() == 1


def test_what_has_expired_is_not_kept(partner: Partner) -> None:
    take(partner, MD5[:1], expires_at=(NOW + timedelta(days=1)).isoformat())
    assert Bank.objects.get().expires_at == NOW + timedelta(days=1)  # so it ends here, whether or not we hear
    take(partner, [], after=end_of(1), revision=2, expires_at=NOW.isoformat())
    assert not Bank.objects.exists()


def test_a_new_telling_takes_out_what_it_does_not_name(partner: Partner) -> None:
    take(partner, MD5[:3])
    first = page(MD5[1:2], epoch="e2", revision=1, more=True)
    taking.take(partner, msgspec.convert(first, Changes), now=NOW)
    assert here() == set(MD5[:3])  # not whole yet
    entry = Bank.objects.get().entries.get(digest=MD5[1]).pk
    take(partner, MD5[3:4], epoch="e2", after=end_of(1), revision=2)
    assert here() == {MD5[1], MD5[3]}
    assert Bank.objects.get().entries.get(digest=MD5[1]).pk == entry  # what was held for it stays held


def test_a_bad_row_costs_that_row_alone(partner: Partner) -> None:
    said = page(MD5[:1])
    said["changes"] += [
        {"at": [1, 0, 50], "kind": "md5", "digest": "xyz"},
        {"at": [1, 0, 51], "kind": "photodna", "digest": "00"},
        {"at": [1, 0, 52], "kind": "vpdq", "digest": "0" * 64, "data": base64.b64encode(b"x" * 37).decode()},
        {"at": [1, 0, 53], "kind": "vpdq", **_data(b"not a multiple of 37")},
        {"at": [1, 0, 54], "kind": "landmarks", **_data(b"garbage")},
        {"at": [1, 0, 55], "kind": "chromaprint", **_data(b"abc")},
        {"at": [1, 0, 56], "kind": "md5", "digest": "d41d8cd98f00b204e9800998ecf8427e"},
    ]
    taking.take(partner, msgspec.convert(said, Changes), now=NOW)
    assert here() == {MD5[0]}


def _data(raw: bytes) -> dict[str, str]:
    return {"digest": sha256(raw).hexdigest(), "data": base64.b64encode(raw).decode()}


def test_clips_come_in_with_their_frames(partner: Partner) -> None:
    from hakam.media.long_hashes import Frame, packed_frames  # noqa: PLC0415 -- only here

    data = packed_frames([Frame(bytes([n]) * 32, 90, n / 4) for n in range(8)])
    said = page()
    said["changes"] = [{"at": [1, 0, 1], "kind": "vpdq", "item": "clip-1", **_data(data)}]
    taking.take(partner, msgspec.convert(said, Changes), now=NOW)
    assert bytes(Bank.objects.get().entries.get().data) == data


@pytest.mark.parametrize(
    "wrong",
    [
        {"upto": [0, 0, 0]},
        {"after": [1, 0, 2]},
        {"upto": [1, 0, 1]},
    ],
)
def test_a_page_that_contradicts_itself_is_refused(partner: Partner, wrong: dict[str, Any]) -> None:
    said = {**page(MD5[:3]), **wrong}
    with pytest.raises(ExchangeError, match="between"):
        taking.take(partner, msgspec.convert(said, Changes), now=NOW)
    assert not Bank.objects.exists()


def test_names_that_clash_are_told_apart(partner: Partner) -> None:
    create_bank(NAME, source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=NOW)
    take(partner, MD5[:1])
    take(partner, MD5[:1], bank=10, name="attack")
    take(partner, MD5[:1], bank=11, name="Übel / \n " + "x" * 50)
    names = {told.bank.name for told in access.told()}
    assert {NAME, f"{NAME}-9", f"{NAME}-10"} < names
    assert all(len(name) <= 63 for name in names)


def test_the_bank_follows_what_its_partner_says_of_it(
    partner: Partner, trusted: Callable[[Trust], Partner]
) -> None:
    take(partner, MD5[:1], distance=31)
    trusted(Trust.ACT)
    take(partner, [], after=end_of(1), revision=2, distance=4, name="renamed")
    bank = Bank.objects.get()
    assert (bank.distance, bank.action, Mirror.objects.get().title) == (4, BankAction.HOLD, "renamed")
    partners.agree("maidan", Way.TAKE, "threat", clause="hate", response=Response.REVIEW, by=SYSTEM, now=NOW)
    assert Bank.objects.get().clause == "hate"


def test_what_stands_is_told_for_a_pull(partner: Partner) -> None:
    assert taking.standing(partner) == []
    take(partner, MD5[:1])
    assert taking.standing(partner) == [Taken(9, "e1", Place(*end_of(1)))]
