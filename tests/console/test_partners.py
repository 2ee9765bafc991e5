"""Partners in the console: added, agreed with, trusted by two people, ended; and what the public reads."""

from __future__ import annotations

import re

import msgspec
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.console.conftest import SignIn
from tests.exchange.conftest import MD5, OWN, page

from hakam.banks.filling import fill
from hakam.banks.keeping import change_bank, create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.models import Bank
from hakam.banks.rows import row
from hakam.compliance.models import RulebookVersion
from hakam.exchange import partners, taking, words
from hakam.exchange.delivery import serve
from hakam.exchange.kinds import Trust, Way, Word
from hakam.exchange.messages import Changes, Said, Words
from hakam.exchange.models import Agreement, Partner
from hakam.intake import sightings
from hakam.staff.roles import Role
from hakam.storage.bank_firings import firing_of
from hakam.storage.published import PublishedBank
from hakam.testing import scene
from hakam.testing.peers import Peer
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import ItemRef

pytestmark = pytest.mark.django_db


def said(response: object) -> str:
    """Return the text of a page."""
    text = response.content.decode()  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


@pytest.fixture
def lead(book: RulebookVersion, sign_in: SignIn) -> Client:
    return sign_in(Role.INCIDENT_LEAD)


@pytest.fixture
def peer() -> Peer:
    return Peer()


def add(client: Client, peer: Peer, **more: str) -> object:
    given = {
        "name": "maidan",
        "title": "ميدان",
        "address": "https://maidan.example/exchange/v1",
        "key": peer.public,
    }
    return client.post(reverse("console:add_partner"), given | more)


def do(client: Client, what: str, **more: str) -> object:
    return client.post(reverse("console:act_on_partner", args=["maidan"]), {"do": what, **more})


def shown(client: Client) -> str:
    return said(client.get(reverse("console:partner", args=["maidan"])))


def test_without_partners_the_page_says_what_others_need(lead: Client) -> None:
    text = said(lead.get(reverse("console:partners")))
    assert "No partner yet" in text
    assert "/exchange/v1" in text
    assert re.search(r"\b[\w-]{43}\b", text)


def test_a_partner_is_added_in_quarantine(lead: Client, peer: Peer) -> None:
    answer = add(lead, peer)
    assert answer.status_code == 302  # type: ignore[attr-defined]
    text = shown(lead)
    assert "ميدان" in text
    assert "Quarantine" in text
    assert peer.thumbprint in text
    assert "Nothing came yet." in text
    assert "Quarantine" in said(lead.get(reverse("console:partners")))


def test_what_was_typed_is_not_lost_to_an_error(lead: Client, peer: Peer) -> None:
    answer = add(lead, peer, key="short")
    assert answer.status_code == 422  # type: ignore[attr-defined]
    body = answer.content.decode()  # type: ignore[attr-defined]
    assert "43 characters" in body
    assert 'value="https://maidan.example/exchange/v1"' in body
    assert not Partner.objects.exists()


def test_what_goes_which_way_is_agreed_and_ended(lead: Client, peer: Peer) -> None:
    add(lead, peer)
    do(lead, "take", purpose="incident", clause="threat", response="hold", countries="de, fr")
    do(lead, "give", purpose="spam")
    taken = Agreement.objects.get(way="take")
    assert (taken.countries, taken.clause, taken.response) == (["DE", "FR"], "threat", "hold")
    text = shown(lead)
    assert "Declared incidents" in text
    assert "Held until a person has looked" in text
    page = lead.get(reverse("console:partner", args=["maidan"])).content.decode()
    assert page.count("<bdi>Threats</bdi>") == 2  # what is agreed, and in the form
    assert '<select id="clause" name="clause"><option value="">' in page
    assert '<option value="threat">' in page  # none is chosen for anybody
    do(lead, "end take", purpose="incident")
    assert [one.way for one in Agreement.objects.all()] == ["give"]


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("take", {"purpose": "incident", "clause": "nothing"}),
        ("take", {"purpose": "incident", "clause": ""}),
        ("take", {"purpose": "fun", "clause": "threat"}),
        ("give", {"purpose": "spam", "countries": "Germany"}),
        ("take", {"purpose": "spam", "clause": "threat", "response": "remove"}),
        ("trust", {"trust": "blind", "because": "x"}),
        ("trust", {"trust": "act", "because": " "}),
        ("confirm", {}),
        ("end", {}),
        ("dance", {}),
        ("end give", {"purpose": "spam"}),
    ],
)
def test_what_can_t_be_done_is_told(lead: Client, peer: Peer, what: str, more: dict[str, str]) -> None:
    add(lead, peer)
    answer = do(lead, what, **more)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert 'role="alert"' in answer.content.decode()  # type: ignore[attr-defined]
    assert not Agreement.objects.exists()


def test_trust_is_raised_by_two(lead: Client, sign_in: SignIn, peer: Peer) -> None:
    add(lead, peer)
    do(lead, "trust", trust="advise", because="a good month")
    text = shown(lead)
    assert "somebody else must confirm it" in text
    assert do(lead, "confirm").status_code == 422  # type: ignore[attr-defined]
    other = sign_in(Role.POLICY_LEAD)
    assert "Confirm it" in shown(other)
    do(other, "confirm")
    assert Partner.objects.get().trust == Trust.ADVISE
    do(other, "trust", trust="act", because="better")
    do(lead, "refuse", because="not yet")
    assert (Partner.objects.get().trust, Partner.objects.get().wanted_trust) == (Trust.ADVISE, "")


def test_who_may_only_read_sees_no_button(lead: Client, sign_in: SignIn, peer: Peer) -> None:
    add(lead, peer)
    reader = sign_in(Role.SENIOR_MODERATOR)
    body = reader.get(reverse("console:partner", args=["maidan"])).content.decode()
    assert 'name="do"' not in body
    assert do(reader, "pause").status_code == 404  # type: ignore[attr-defined]


def test_it_is_paused_resumed_and_ended(lead: Client, peer: Peer) -> None:
    add(lead, peer)
    do(lead, "pause")
    assert "Paused" in shown(lead)
    do(lead, "resume")
    do(lead, "end", because="they were bought")
    text = shown(lead)
    assert "Ended" in text
    assert "End it for good" not in text


def test_the_page_shows_what_came_and_what_it_would_have_touched(lead: Client, peer: Peer) -> None:
    add(lead, peer)
    do(lead, "take", purpose="threat", clause="threat", response="hold")
    partner = Partner.objects.get()
    taking.take(partner, msgspec.convert(page(MD5[:3]), Changes), now=timezone.now())
    bank = Bank.objects.get()
    told = PublishedBank(bank.pk, bank.name, 1, clause="threat", shadow=True)
    entry = bank.entries.order_by("pk")[0].pk
    sightings.note(
        [firing_of(told, entry, "md5")],
        item=ItemRef(scene.PLATFORM, "post", "p-77"),
        seq=5,
        now=timezone.now(),
    )
    text = shown(lead)
    assert "maidan--attack" in text
    assert "post/p-77" in text


def share(peer: Peer, *, wrong: int) -> None:
    """Let the partner have three hashes of ours, and call some wrong."""
    now = timezone.now()
    create_bank("ours", source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=now)
    change_bank("ours", shared=True, by=SYSTEM, now=now)
    fill("ours", [row(n, "md5", one) for n, one in enumerate(MD5[:3])], by=SYSTEM, now=now)
    partners.agree("maidan", Way.GIVE, "spam", by=SYSTEM, now=now)
    partner = Partner.objects.get()
    serve(partner, reach=peer.answering(OWN, timezone.now), key=OWN, clock=timezone.now)
    bank = Bank.objects.get(name="ours")
    said = tuple(
        Said(bank.pk, entry.pk, Word.FALSE if n < wrong else Word.TRUE, now)
        for n, entry in enumerate(bank.entries.order_by("pk"))
    )
    words.hear(partner, Words(said), now=now)


def test_the_public_reads_with_whom_how_much_and_how_often_wrong(
    lead: Client, client: Client, peer: Peer
) -> None:
    add(lead, peer)
    share(peer, wrong=1)
    body = client.get(reverse("console:public_exchange")).content.decode()
    given = re.search(r'<tr data-way="given">(.*?)</tr>', body, re.DOTALL)
    assert given is not None
    cells = [
        re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in re.findall(r"<td.*?</td>", given[1], re.DOTALL)
    ]
    assert cells[1:4] == ["3", "0", "3"]
    assert cells[4].startswith("33")
    assert MD5[0] not in body
    assert "ours" not in re.sub(r"<[^>]+>", " ", body).split()  # no bank is named
    assert reverse("console:public_exchange") in client.get(reverse("console:transparency")).content.decode()


def test_without_partners_the_public_reads_that(book: RulebookVersion, client: Client) -> None:
    assert "Nothing is exchanged with anybody." in said(client.get(reverse("console:public_exchange")))


def test_in_arabic(sign_in: SignIn, book: RulebookVersion, peer: Peer) -> None:
    client = sign_in(Role.INCIDENT_LEAD, language="ar")
    add(client, peer)
    assert "المنصات الشريكة" in said(client.get(reverse("console:partners")))
    assert "مدى الأخذ بكلامه" in shown(client)
