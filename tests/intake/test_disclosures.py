"""A disclosure holds what the order names and what is known, of that account and no other (DSA Art. 10(2)(b))."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.intake.test_order_contents import INFORM
from tests.intake.test_orders import NOW, Desk
from tests.intake.test_orders import desk as desk  # noqa: PLC0414 -- the fixture

from hakam.intake import disclosures
from hakam.intake.models import Disclosure, Order
from hakam.intake.order_contents import DataKind
from hakam.review import evidence
from hakam.review.cases import Source, open_case
from hakam.review.models import Evidence
from hakam.review.states import SourceKind
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db


def posted(desk: Desk, text: str, *, item: str, author: str = "u1", email: str | None = None) -> None:
    """Let somebody post something that is reported."""
    event = scene.event(text, item=item, author=author, email=email, url=f"https://maydan.example/{item}")
    open_case(
        by=SYSTEM, now=NOW, item=scene.ref(event),
        source=Source(kind=SourceKind.NOTICE, ref=f"seen:{item}", clause="threat", harm="threat"),
        snapshot=evidence.freeze(desk.vault, scene.raw(event)), event=event,
    )  # fmt: skip


def disclosed(desk: Desk, *data: DataKind, accounts: tuple[str, ...] = ("u1",)) -> dict[str, Any]:
    """Return what is prepared for an order, by account."""
    contents = msgspec.structs.replace(INFORM, data=tuple(one.value for one in data), accounts=accounts)
    order = desk.verified(contents)
    made = disclosures.prepare(str(order.pk), vault=desk.vault, by=desk.lena.actor, now=NOW)
    found: dict[str, Any] = msgspec.json.decode(desk.vault.get(made.document))["accounts"]
    return found


@pytest.mark.parametrize("kind", DataKind)
def test_each_kind_of_data_is_given_alone(desk: Desk, kind: DataKind) -> None:
    posted(desk, "I will find you", item="a", email="u1@example.net")
    found = disclosed(desk, kind)["u1"]
    assert set(found) == {kind.value}
    said = msgspec.json.encode(found).decode()
    assert ("u1@example.net" in said) is (kind is DataKind.CONTACT)
    assert ("I will find you" in said) is (kind is DataKind.CONTENT)
    assert ("https://maydan.example/a" in said) is (kind is DataKind.ITEMS)


def test_nobody_else_is_in_it(desk: Desk) -> None:
    posted(desk, "mine", item="a", email="u1@example.net")
    posted(desk, "theirs", item="b", author="u2", email="u2@example.net")
    said = msgspec.json.encode(disclosed(desk, *DataKind)).decode()
    assert "mine" in said
    assert "theirs" not in said
    assert "u2" not in said


def test_every_account_that_is_named_has_its_own_part(desk: Desk) -> None:
    posted(desk, "one", item="a")
    posted(desk, "two", item="b", author="u2")
    found = disclosed(desk, DataKind.CONTENT, accounts=("u1", "u2", "u3"))
    assert {account: [c["text"] for c in part["content"]] for account, part in found.items()} == {
        "u1": ["one"],
        "u2": ["two"],
        "u3": [],
    }


def test_a_copy_that_is_gone_or_damaged_holds_nothing_up(desk: Desk) -> None:
    posted(desk, "kept", item="a")
    posted(desk, "gone", item="b")
    desk.vault.delete(Evidence.objects.order_by("-pk")[0].digest)
    assert [c["text"] for c in disclosed(desk, DataKind.CONTENT)["u1"]["content"]] == ["kept"]


def test_gathered_again_before_it_is_released_the_newer_one_counts(desk: Desk) -> None:
    order = desk.verified(INFORM)
    for _ in range(2):
        disclosures.prepare(str(order.pk), vault=desk.vault, by=desk.lena.actor, now=NOW)
        posted(
            desk,
            f"more {Evidence.objects.count()}",
            item=f"x{Evidence.objects.count()}",
            email="new@example.net",
        )
    disclosures.prepare(str(order.pk), vault=desk.vault, by=desk.lena.actor, now=NOW)
    made = Disclosure.objects.get()
    assert b"new@example.net" in desk.vault.get(made.document)
    assert made.fields == {"u1": ["account", "contact"]}  # which kinds, no values
    disclosures.release(str(order.pk), by=desk.omar.actor, now=NOW)
    assert disclosures.release(str(order.pk), by=desk.omar.actor, now=NOW).released_at == NOW  # twice is once
    assert Order.objects.get(pk=order.pk).state == "carried_out"
