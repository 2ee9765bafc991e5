"""What partners are given: everything once and in order, however often it is interrupted; nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.exchange.conftest import MD5, NOW, OWN, put

from hakam.banks.correcting import correct
from hakam.banks.filling import fill
from hakam.banks.keeping import change_bank, create_bank, delete_bank
from hakam.banks.kinds import BankSource
from hakam.banks.models import Bank
from hakam.banks.rows import made, row
from hakam.banks.withdraw import withdraw
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.exchange import giving, partners
from hakam.exchange.delivery import UnreachableError, serve
from hakam.exchange.kinds import Way
from hakam.exchange.models import Given, Partner
from hakam.testing.peers import Peer
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind
from hakam.wiring.subscriptions import SUBSCRIBERS, advance

pytestmark = pytest.mark.django_db


def tell(partner: Partner, peer: Peer) -> int:
    """Serve the partner once, as the worker does; a lost answer is no end."""
    (one,) = [s for s in SUBSCRIBERS if s.name == giving.CURSOR]
    while advance(one, now=NOW):
        pass
    partner.refresh_from_db()
    try:
        return serve(partner, reach=peer.answering(OWN, lambda: NOW), key=OWN, clock=lambda: NOW)
    except UnreachableError:
        return -1


def held(peer: Peer, bank: Bank) -> set[str]:
    return {digest for _kind, digest in peer.banks.get(bank.pk, {})}


def changes(peer: Peer) -> list[dict[str, object]]:
    return [one["body"] for one in peer.heard if one["kind"] == "changes"]


def test_a_partner_mirrors_a_shared_bank(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:3], item="a7")
    tell(partner, peer)
    assert held(peer, shared) == set(MD5[:3])
    about = peer.about[shared.pk]
    assert (about["name"], about["purpose"], about["reviewed"]) == ("ours", "spam", True)
    assert {one["item"] for one in peer.banks[shared.pk].values()} == {"a7"}
    fact = Fact.objects.get(kind=FactKind.EXCHANGE_GIVEN)
    assert ledger.body_of(fact) == {"bank": "ours", "purpose": "spam", "came": 3, "left": 0}
    assert MD5[0] not in fact.body


def test_nothing_is_said_twice(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:3])
    tell(partner, peer)
    before = len(changes(peer))
    tell(partner, peer)
    assert len(changes(peer)) == before
    put(MD5[3])
    tell(partner, peer)
    assert [len(one["changes"]) for one in changes(peer)[before:]] == [1]  # type: ignore[arg-type]


def test_a_long_bank_goes_in_pages(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:1_200])
    tell(partner, peer)
    assert held(peer, shared) == set(MD5[:1_200])
    assert [one.get("more", False) for one in changes(peer)] == [True, True, False]


def test_a_retraction_follows(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:3])
    tell(partner, peer)
    withdraw("ours", hashes=[(EntryKind.MD5, MD5[1])], reason="wrong", by=SYSTEM, now=NOW)
    tell(partner, peer)
    assert held(peer, shared) == {MD5[0], MD5[2]}
    put(MD5[1])  # and back again
    tell(partner, peer)
    assert held(peer, shared) == set(MD5[:3])


def test_a_correction_follows_and_counts_as_nothing_new(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:3], item="a7")
    tell(partner, peer)
    assert correct("ours", items=["a7"], label="scam", reason="it was one", by=SYSTEM, now=NOW) == 3
    tell(partner, peer)
    assert {one["label"] for one in peer.banks[shared.pk].values()} == {"scam"}
    given = [ledger.body_of(fact)["came"] for fact in Fact.objects.filter(kind=FactKind.EXCHANGE_GIVEN)]
    assert given == [3]


def test_clips_and_edited_copies_go_whole(partner: Partner, peer: Peer, shared: Bank) -> None:
    data = bytes(range(37)) * 3
    fill("ours", [made(EntryKind.VPDQ, data, item="clip-1")], by=SYSTEM, now=NOW)
    fill("ours", [row(1, "pdq", "ab" * 32)], variants={"ab" * 32: "mirrored"}, by=SYSTEM, now=NOW)
    tell(partner, peer)
    import base64  # noqa: PLC0415 -- only here

    told = {one["kind"]: one for one in peer.banks[shared.pk].values()}
    assert base64.b64decode(told["vpdq"]["data"]) == data
    assert told["pdq"]["variant"] == "mirrored"


def test_what_takes_much_room_goes_in_several_envelopes(partner: Partner, peer: Peer, shared: Bank) -> None:
    fill("ours", [made(EntryKind.LANDMARKS, bytes([n]) * 400_000) for n in range(5)], by=SYSTEM, now=NOW)
    tell(partner, peer)
    assert len(peer.banks[shared.pk]) == 5
    assert [len(one["changes"]) for one in changes(peer)] == [2, 2, 1]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("purpose", "country", "countries", "given"),
    [
        ("spam", "", [], True),
        ("spam", "DE", [], True),
        ("spam", "DE", ["DE", "FR"], True),
        ("spam", "US", ["DE", "FR"], False),
        ("spam", "", ["DE"], True),
        ("threat", "", [], False),
    ],
)
def test_purpose_and_country_decide(
    partner: Partner, peer: Peer, purpose: str, country: str, countries: list[str], *, given: bool
) -> None:
    create_bank("b", source=BankSource.OWN, purpose="p", clause=purpose, country=country, by=SYSTEM, now=NOW)
    change_bank("b", shared=True, by=SYSTEM, now=NOW)
    partners.agree("maidan", Way.GIVE, "spam", countries=countries, by=SYSTEM, now=NOW)
    put(MD5[0], bank="b")
    tell(partner, peer)
    assert bool(peer.banks) is given


def test_without_the_operator_s_word_nothing_leaves(partner: Partner, peer: Peer) -> None:
    create_bank("b", source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=NOW)
    put(MD5[0], bank="b")
    tell(partner, peer)
    assert not peer.banks
    assert not changes(peer)


def ends(how: str) -> None:
    match how:
        case "unshared":
            change_bank("ours", shared=False, by=SYSTEM, now=NOW)
        case "off":
            change_bank("ours", enabled=False, by=SYSTEM, now=NOW)
        case "deleted":
            delete_bank("ours", reason="over", by=SYSTEM, now=NOW)
        case "expired":
            Bank.objects.update(expires_at=NOW)
        case "agreed no more":
            partners.end_agreement("maidan", Way.GIVE, "spam", by=SYSTEM, now=NOW)
        case "toggled":  # back before anybody looked: retractions of that time are kept by nobody
            change_bank("ours", shared=False, by=SYSTEM, now=NOW)
            withdraw("ours", hashes=[(EntryKind.MD5, MD5[0])], reason="wrong", by=SYSTEM, now=NOW)
            change_bank("ours", shared=True, by=SYSTEM, now=NOW)


@pytest.mark.parametrize("how", ["unshared", "off", "deleted", "expired", "agreed no more"])
def test_what_is_shared_no_longer_is_withdrawn_there(
    partner: Partner, peer: Peer, shared: Bank, how: str
) -> None:
    put(*MD5[:3])
    tell(partner, peer)
    ends(how)
    tell(partner, peer)
    assert not peer.banks
    assert not Given.objects.exists()
    assert Fact.objects.filter(kind=FactKind.EXCHANGE_CLOSED).count() == 1


def test_a_bank_that_was_unshared_for_a_moment_is_told_anew(
    partner: Partner, peer: Peer, shared: Bank
) -> None:
    put(*MD5[:3])
    tell(partner, peer)
    ends("toggled")
    tell(partner, peer)
    assert held(peer, shared) == {MD5[1], MD5[2]}


def test_another_purpose_or_end_of_the_bank_itself_is_told(
    partner: Partner, peer: Peer, shared: Bank
) -> None:
    put(MD5[0])
    tell(partner, peer)
    change_bank("ours", expires_at=NOW + timedelta(days=3), distance=12, by=SYSTEM, now=NOW)
    tell(partner, peer)
    assert peer.about[shared.pk]["distance"] == 12
    assert peer.about[shared.pk]["expires_at"].startswith("2026-03-05")


def test_what_partners_gave_us_is_theirs_to_give(partner: Partner, peer: Peer, shared: Bank) -> None:
    from hakam.exchange.models import Mirror  # noqa: PLC0415 -- only here

    Mirror.objects.create(
        partner=partner, theirs=1, title="t", purpose="spam", epoch="e", bank=shared, taken_at=NOW
    )
    put(MD5[0])
    tell(partner, peer)
    assert shared.pk not in peer.banks


def test_an_answer_that_gets_lost_loses_nothing(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:3])
    peer.forgets = 1  # it has taken the page, and we never heard
    assert tell(partner, peer) == -1
    put(MD5[3])
    tell(partner, peer)
    assert held(peer, shared) == set(MD5[:4])
    bodies = [ledger.body_of(fact) for fact in Fact.objects.filter(kind=FactKind.EXCHANGE_GIVEN)]
    assert sum(body["came"] for body in bodies) == 4


def test_a_partner_that_lost_its_data_gets_them_again(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:3])
    tell(partner, peer)
    peer.banks, peer.places = {}, {}
    put(MD5[3])
    tell(partner, peer)
    assert held(peer, shared) == set(MD5[:4])


def test_a_partner_that_went_back_to_a_backup_goes_on_from_there(
    partner: Partner, peer: Peer, shared: Bank
) -> None:
    put(*MD5[:2])
    tell(partner, peer)
    kept, places = dict(peer.banks[shared.pk]), dict(peer.places)
    put(*MD5[2:4])
    tell(partner, peer)
    peer.banks[shared.pk], peer.places = kept, places
    put(MD5[4])
    tell(partner, peer)
    assert held(peer, shared) == set(MD5[:5])


def test_who_was_away_for_months_begins_anew(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(*MD5[:3])
    tell(partner, peer)
    withdraw("ours", hashes=[(EntryKind.MD5, MD5[0])], reason="wrong", by=SYSTEM, now=NOW)
    shared.retractions.all().delete()  # as after 90 days
    Given.objects.update(moved_at=NOW - timedelta(days=86))
    tell(partner, peer)
    assert held(peer, shared) == {MD5[1], MD5[2]}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "drop", "tell", "lose", "down", "toggle", "correct"]), st.integers(0, 7)
    ),
    max_size=25,
)


@given(STEPS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_happens_the_mirror_is_the_bank_in_the_end(
    partner: Partner, shared: Bank, steps: list[tuple[str, int]]
) -> None:
    """Additions, withdrawals, lost envelopes, lost answers and toggles in any order."""
    peer = Peer()
    Given.objects.all().delete()
    withdraw("ours", everything=True, reason="anew", by=SYSTEM, now=NOW)
    for what, n in [*steps, ("tell", 0)]:
        match what:
            case "add":
                put(MD5[n])
            case "drop":
                withdraw("ours", hashes=[(EntryKind.MD5, MD5[n])], reason="wrong", by=SYSTEM, now=NOW)
            case "correct":
                correct(
                    "ours",
                    hashes=[(EntryKind.MD5, MD5[n])],
                    label=f"{len(steps)}-{n}",
                    reason="x",
                    by=SYSTEM,
                    now=NOW,
                )
            case "lose":
                peer.forgets = 1
            case "down":
                peer.down = 1
            case "toggle":
                change_bank("ours", shared=False, by=SYSTEM, now=NOW)
                withdraw("ours", hashes=[(EntryKind.MD5, MD5[n])], reason="wrong", by=SYSTEM, now=NOW)
                change_bank("ours", shared=True, by=SYSTEM, now=NOW)
            case _:
                while tell(partner, peer) == -1:
                    pass
    told = {digest: one.get("label", "") for (_kind, digest), one in peer.banks.get(shared.pk, {}).items()}
    assert told == dict(shared.entries.values_list("digest", "label"))
