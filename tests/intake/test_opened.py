"""Reports from end-to-end encrypted chats: the notifier opens a message, and the proof says whether it was sent so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.intake.test_notices import submission

from hakam.compliance.models import Fact
from hakam.franking.message import digest_of
from hakam.intake import access, opened
from hakam.intake.models import Conduct, Notice, NoticeItem, Suspension
from hakam.intake.notices import NoticeError, check, receive_notice, take_up
from hakam.intake.opened import Proof, proof_of
from hakam.review import access as review
from hakam.review.models import Case, CaseSource
from hakam.staff.roles import Role
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.testing.franked import KEYS, TEXT, carried
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.notice import OpenedMessage

NOW = scene.NOW


def receive(vault: FileVault, *messages: OpenedMessage, **more: Any) -> Notice:
    given: dict[str, Any] = {"urls": (), "messages": messages, "harm": "threat", "notifier": "nadia"}
    return receive_notice(submission(**(given | more)), vault=vault, now=NOW, franking=KEYS)


@pytest.mark.django_db
def test_a_proven_message_becomes_a_case_with_its_words_and_its_sender(
    book: object, vault: FileVault
) -> None:
    notice = receive(vault, carried())
    case = Case.objects.get()
    assert (case.item_kind, case.item_id, case.author_id) == ("message", "m-1", "mallory")
    source = CaseSource.objects.get()
    assert source.summary["proof"] == "proven"
    seen = review.case(case.pk, user=scene.person("sara", Role.MODERATOR), now=NOW, vault=vault)
    assert seen is not None
    [version] = seen.versions
    assert version.event is not None
    assert (version.event.item.text, version.event.extra["proof"]) == (TEXT, "proven")
    assert version.event.extra["attachments"] == [digest_of(b"a picture").hex()]
    status = access.status(notice.token, now=NOW)
    assert status is not None
    assert [item.proof for item in status.items] == ["proven"]
    fact = Fact.objects.get(kind="notice.received")
    assert '"proofs":["proven"]' in fact.body
    assert TEXT not in fact.body + (fact.private or "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("more", "proof"),
    [
        ({"text": "I will greet you."}, Proof.NOT_THIS_MESSAGE),
        ({"sender": "victor"}, Proof.NOT_CARRIED),
        ({"recipient": "olga"}, Proof.NOT_CARRIED),
        ({"sent_at": NOW - timedelta(minutes=2)}, Proof.NOT_CARRIED),
        ({"attachments": ()}, Proof.NOT_THIS_MESSAGE),
        ({"key_id": "2020-01"}, Proof.UNKNOWN_KEY),
        ({"commitment": b"short"}, Proof.MALFORMED),
        ({"attachments": (b"no digest",)}, Proof.NOT_THIS_MESSAGE),
    ],
)
def test_what_is_not_proven_is_taken_and_said_to_be_so(
    book: object, vault: FileVault, more: dict[str, Any], proof: Proof
) -> None:
    notice = receive(vault, carried(**more))
    assert notice.items.get().proof == proof
    assert CaseSource.objects.get().summary["proof"] == proof
    assert notice.items.get().opened


@pytest.mark.django_db
def test_a_forged_report_weighs_less_than_a_proven_one(book: object, vault: FileVault) -> None:
    receive(vault, carried(id="m-2"))  # changed afterwards: never carried so
    forged = Case.objects.get().priority
    receive(vault, carried())
    assert Case.objects.get(item_id="m-1").priority > forged


@pytest.mark.django_db
def test_a_message_that_another_platform_carried_proves_nothing_here(book: object, vault: FileVault) -> None:
    assert receive(vault, carried(platform="elsewhere")).items.get().proof == Proof.NOT_CARRIED


@pytest.mark.django_db
def test_several_messages_are_items_of_one_notice(book: object, vault: FileVault) -> None:
    first, second = carried(), carried(id="m-9")
    notice = receive(vault, first, second, urls=("https://maydan.example/p/1",))
    found = [(item.item_kind, item.proof) for item in notice.items.order_by("pk")]
    assert found == [("url", ""), ("message", "proven"), ("message", "not_carried")]


@pytest.mark.django_db
def test_a_notice_that_was_held_keeps_what_was_opened(book: object, vault: FileVault, log: Any) -> None:
    conduct = Conduct.objects.create(token="t", platform=scene.PLATFORM, kind="notices", account="nadia")
    suspended = Suspension.objects.create(
        conduct=conduct,
        begins=NOW,
        ends=NOW + timedelta(days=7),
        by=str(SYSTEM),
        because="It went on.",
        factors={},
    )
    notice = receive(vault, carried())
    assert (notice.held_by, Case.objects.count()) == (suspended, 0)
    take_up(str(notice.pk), vault=vault, by=SYSTEM, now=NOW, log=log)
    seen = review.case(Case.objects.get().pk, user=scene.person("sara"), now=NOW, vault=vault)
    assert seen is not None
    assert seen.versions[0].event is not None
    assert seen.versions[0].event.item.text == TEXT
    assert CaseSource.objects.get().summary["proof"] == "proven"


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"id": ""}, "/messages/0/id"),
        ({"sender": "x" * 513}, "/messages/0/sender"),
        ({"text": "  ", "attachments": ()}, "/messages/0/text"),
        ({"text": "x" * 200_001}, "/messages/0/text"),
        ({"text": "a\x00b"}, "/messages/0/text"),
        ({"sent_at": NOW.replace(tzinfo=None)}, "/messages/0/sent_at"),
        ({"conversation": "a\x00"}, "/messages/0/conversation"),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_place(more: dict[str, Any], pointer: str) -> None:
    wrong = check(submission(urls=(), messages=(carried(**more),)))
    assert [one.pointer for one in wrong] == [pointer]


@pytest.mark.django_db
def test_a_notice_of_messages_alone_needs_no_address(book: object, vault: FileVault) -> None:
    assert check(submission(urls=(), messages=(carried(),))) == ()
    with pytest.raises(NoticeError, match="at least one"):
        receive(vault)


@given(
    text=st.text(max_size=40),
    change=st.sampled_from(["text", "sender", "recipient", "conversation", "id"]),
    other=st.text(min_size=1, max_size=20),
)
def test_no_change_of_what_was_sent_is_ever_proven(text: str, change: str, other: str) -> None:
    try:
        sent = carried(text)
    except ValueError:  # half of a surrogate pair
        return
    assert proof_of(sent, scene.PLATFORM, KEYS, now=NOW) is Proof.PROVEN
    changed = msgspec.structs.replace(sent, **{change: other})
    if changed != sent:
        assert proof_of(changed, scene.PLATFORM, KEYS, now=NOW) is not Proof.PROVEN


def test_json_carries_it_whole() -> None:
    message = carried()
    assert msgspec.json.decode(msgspec.json.encode(message), type=OpenedMessage) == message
    event, _proof = opened.event_of(message, scene.PLATFORM, KEYS, now=NOW)
    assert opened.encode(event) == opened.encode(opened.event_of(message, scene.PLATFORM, KEYS, now=NOW)[0])
    assert NoticeItem._meta.get_field("proof").max_length >= max(len(proof) for proof in Proof)
