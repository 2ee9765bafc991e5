"""Partners: quarantine first, more trust by two people only, and nothing outlives the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.exchange.conftest import MD5, NOW, OWN_THUMBPRINT, page

from hakam.banks.kinds import BankAction
from hakam.banks.models import Bank
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact, RulebookVersion
from hakam.exchange import messages, partners, taking
from hakam.exchange.kinds import ExchangeError, PartnerState, Response, Trust, Way, action_of, purpose_of
from hakam.exchange.models import Agreement, Mirror, Partner
from hakam.exchange.states import PARTNER, PartnerEvent, raises, state_after
from hakam.testing import scene
from hakam.testing.peers import Peer
from hakam.vocabulary.actor import SYSTEM

import msgspec  # isort: skip

pytestmark = pytest.mark.django_db


def taken(partner: Partner, **more: object) -> Bank:
    told = msgspec.convert(page(MD5[:2], **more), messages.Changes)  # type: ignore[arg-type]
    taking.take(partner, told, now=NOW)
    return Bank.objects.get(name="maidan--attack")


def kinds() -> list[str]:
    return list(Fact.objects.filter(subject="partner:maidan").order_by("seq").values_list("kind", flat=True))


def test_a_new_partner_is_in_quarantine(partner: Partner) -> None:
    assert (partner.trust, partner.state) == (Trust.QUARANTINE, PartnerState.ACTIVE)
    assert kinds() == [FactKind.PARTNER_ADDED, FactKind.PARTNER_AGREED, FactKind.PARTNER_AGREED]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": "Two Words"}, "no name"),
        ({"name": "x" * 25}, "no name"),
        ({"title": "  "}, "who it is"),
        ({"address": "ftp://x.example/"}, "begins with ftp"),
        ({"address": "https://u:p@x.example/"}, "password"),
        ({"key": "no key"}, "43 characters"),
        ({"name": "maidan"}, "there is a partner"),
        ({}, "there is a partner"),
    ],
)
def test_what_can_t_be_a_partner_is_told(
    partner: Partner, peer: Peer, change: dict[str, str], why: str
) -> None:
    said = {"name": "second", "title": "T", "address": "https://x.example/v1", "key": peer.public, **change}
    with pytest.raises(ExchangeError, match=why):
        partners.add_partner(said.pop("name"), own=OWN_THUMBPRINT, by=SYSTEM, now=NOW, **said)
    assert Partner.objects.count() == 1


def test_our_own_key_is_no_partner(book: RulebookVersion, peer: Peer) -> None:
    with pytest.raises(ExchangeError, match="this installation"):
        partners.add_partner(
            "us",
            title="T",
            address="https://x.example/",
            key=peer.public,
            own=peer.thumbprint,
            by=SYSTEM,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"purpose": "fun"}, "no purpose"),
        ({"countries": ["Germany"]}, "no country"),
        ({"clause": "nothing"}, "which clause"),
        ({"clause": ""}, "which clause"),
    ],
)
def test_what_can_t_be_agreed_is_told(partner: Partner, said: dict[str, object], why: str) -> None:
    wanted = {"purpose": "spam", "clause": "spam", **said}
    with pytest.raises(ExchangeError, match=why):
        partners.agree("maidan", Way.TAKE, wanted.pop("purpose"), by=SYSTEM, now=NOW, **wanted)  # type: ignore[arg-type]


def test_more_trust_takes_two_people(partner: Partner) -> None:
    amal, basil = scene.person("amal"), scene.person("basil")
    partners.ask_trust("maidan", Trust.ADVISE, because="we met them", by=amal.actor, now=NOW)
    assert Partner.objects.get().trust == Trust.QUARANTINE
    with pytest.raises(ExchangeError, match="somebody else"):
        partners.confirm_trust("maidan", by=amal.actor, now=NOW)
    partners.confirm_trust("maidan", by=basil.actor, now=NOW)
    raised = Partner.objects.get()
    assert (raised.trust, raised.wanted_trust, raised.wanted_by) == (Trust.ADVISE, "", "")
    with pytest.raises(ExchangeError, match="nobody asked"):
        partners.confirm_trust("maidan", by=basil.actor, now=NOW)
    assert kinds()[-2:] == [FactKind.PARTNER_TRUST_ASKED, FactKind.PARTNER_TRUSTED]


def test_less_trust_takes_one(trusted: Callable[[Trust], Partner]) -> None:
    trusted(Trust.ACT)
    partners.ask_trust("maidan", Trust.QUARANTINE, because="too many mistakes", by=SYSTEM, now=NOW)
    assert Partner.objects.get().trust == Trust.QUARANTINE


def test_a_wish_can_be_refused(partner: Partner) -> None:
    partners.ask_trust("maidan", Trust.ACT, because="we met", by=SYSTEM, now=NOW)
    with pytest.raises(ExchangeError, match="say why"):
        partners.refuse_trust("maidan", because=" ", by=SYSTEM, now=NOW)
    partners.refuse_trust("maidan", because="too early", by=SYSTEM, now=NOW)
    assert (Partner.objects.get().trust, Partner.objects.get().wanted_trust) == (Trust.QUARANTINE, "")


def test_trust_is_asked_for_with_a_reason_and_for_a_change(partner: Partner) -> None:
    for trust, because, why in ((Trust.ACT, "", "say why"), (Trust.QUARANTINE, "x", "that far already")):
        with pytest.raises(ExchangeError, match=why):
            partners.ask_trust("maidan", trust, because=because, by=SYSTEM, now=NOW)


def test_what_a_match_does_follows_trust_and_agreement(
    partner: Partner, trusted: Callable[[Trust], Partner]
) -> None:
    assert taken(partner).action == BankAction.SHADOW
    trusted(Trust.ADVISE)
    assert Bank.objects.get(name="maidan--attack").action == BankAction.REVIEW
    partners.ask_trust("maidan", Trust.ACT, because="good", by=SYSTEM, now=NOW)
    partners.confirm_trust("maidan", by=scene.person("third").actor, now=NOW)
    assert Bank.objects.get(name="maidan--attack").action == BankAction.HOLD
    partners.agree("maidan", Way.TAKE, "threat", clause="hate", response=Response.NOTE, by=SYSTEM, now=NOW)
    changed = Bank.objects.get(name="maidan--attack")
    assert (changed.action, changed.clause) == (BankAction.NOTE, "hate")


@pytest.mark.parametrize("trust", Trust)
@pytest.mark.parametrize("response", Response)
def test_nothing_acts_on_a_partner_s_word_alone_unless_both_say_so(trust: Trust, response: Response) -> None:
    acts = action_of(trust, response) is BankAction.HOLD
    assert acts == (trust is Trust.ACT and response is Response.HOLD)
    assert (action_of(trust, response) is BankAction.SHADOW) == (trust is Trust.QUARANTINE)


def test_the_end_of_an_agreement_withdraws_what_came_under_it(partner: Partner) -> None:
    taken(partner)
    partners.end_agreement("maidan", Way.TAKE, "threat", by=SYSTEM, now=NOW)
    assert not Mirror.objects.exists()
    assert not Bank.objects.exists()
    with pytest.raises(ExchangeError, match="nothing of the kind"):
        partners.end_agreement("maidan", Way.TAKE, "threat", by=SYSTEM, now=NOW)


def test_the_end_of_a_partnership_withdraws_everything_for_good(partner: Partner) -> None:
    taken(partner)
    with pytest.raises(ExchangeError, match="say why"):
        partners.end("maidan", because="", by=SYSTEM, now=NOW)
    partners.end("maidan", because="they were bought", by=SYSTEM, now=NOW)
    assert not Bank.objects.exists()
    assert not Agreement.objects.exists()
    for late in (
        lambda: partners.resume("maidan", by=SYSTEM, now=NOW),
        lambda: partners.agree("maidan", Way.GIVE, "spam", by=SYSTEM, now=NOW),
        lambda: partners.change_partner("maidan", title="x", by=SYSTEM, now=NOW),
        lambda: partners.ask_trust("maidan", Trust.ACT, because="x", by=SYSTEM, now=NOW),
    ):
        with pytest.raises(ExchangeError):
            late()


def test_a_pause_keeps_what_came(partner: Partner) -> None:
    taken(partner)
    partners.pause("maidan", by=SYSTEM, now=NOW)
    assert Bank.objects.get().entries.count() == 2
    partners.resume("maidan", by=SYSTEM, now=NOW)
    assert Partner.objects.get().state == PartnerState.ACTIVE


def test_another_address_is_tried_at_once(partner: Partner) -> None:
    Partner.objects.update(failures=7, next_at=NOW)
    changed = partners.change_partner(
        "maidan", address="https://new.example/v1", title="New", by=SYSTEM, now=NOW
    )
    assert (changed.address, changed.title, changed.failures, changed.next_at) == (
        "https://new.example/v1", "New", 0, None,
    )  # fmt: skip
    facts = Fact.objects.count()
    partners.change_partner("maidan", title="New", by=SYSTEM, now=NOW)
    assert Fact.objects.count() == facts  # what stays as it was is no change


def test_a_partner_that_is_not_there_is_told() -> None:
    with pytest.raises(ExchangeError, match="no partner 'nobody'"):
        partners.pause("nobody", by=SYSTEM, now=NOW)


@pytest.mark.parametrize("state", PartnerState)
@pytest.mark.parametrize("event", PartnerEvent)
def test_the_life_of_a_partner_is_a_closed_table(state: PartnerState, event: PartnerEvent) -> None:
    if (state, event) in PARTNER:
        assert state_after(state, event) is PARTNER[state, event]
    else:
        with pytest.raises(ExchangeError, match="can't happen"):
            state_after(state, event)
    assert (PartnerState.ENDED, event) not in PARTNER


def test_trust_has_an_order() -> None:
    assert raises(Trust.QUARANTINE, Trust.ADVISE)
    assert raises(Trust.ADVISE, Trust.ACT)
    assert not any(raises(one, one) for one in Trust)
    assert not raises(Trust.ACT, Trust.QUARANTINE)


def test_the_purpose_of_a_bank_is_its_harm_or_its_incident(shared: Bank) -> None:
    assert purpose_of(shared) == "spam"
    assert purpose_of(Bank(name="incident-square", clause="spam")) == "incident"
    assert purpose_of(Bank(name="x", clause="gone")) == "tc_other"
