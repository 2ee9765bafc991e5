"""Bulletins in banks: an address or an account comes in as its hash, is found where events name it, and goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.banks import looking, publication
from hakam.banks.exporting import export
from hakam.banks.filling import fill
from hakam.banks.formats.known import FORMATS, ListFormat
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankAction, BankSource
from hakam.banks.models import BankEntry
from hakam.banks.rows import BadRow, Row, row
from hakam.banks.withdraw import withdraw
from hakam.signals.bulletins import account_digest, url_digest
from hakam.storage.bank_shelf import manifest_of
from hakam.storage.known_content import KnownContent, Seen, bank_folder
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LIST = """kind,hash,id
url,https://shop.example/win,b-1
account,eve@bad.example,b-2
account,eve,b-3
url,no address,b-4
"""


@pytest.fixture
def home(db: None, tmp_path: Path) -> Path:
    scene.publish()
    create_bank(
        "warned",
        source=BankSource.OWN,
        purpose="p",
        clause="spam",
        action=BankAction.REVIEW,
        by=SYSTEM,
        now=NOW,
    )
    fill("warned", FORMATS[ListFormat.CSV].read(LIST.encode(), None), by=SYSTEM, now=NOW)
    return tmp_path / "home"


def look(home: Path, **item: Any) -> Seen:
    author = item.pop("author", {})
    event = scene.event(item.pop("text", "hello"))
    event = msgspec.structs.replace(
        event,
        item=msgspec.structs.replace(event.item, **item),
        author=msgspec.structs.replace(event.author, **author),
    )
    known = KnownContent(home, publication.bring_up(home, now=NOW))
    return known.look(event, NOW.timestamp(), lambda: None)


def test_a_list_of_plain_words_comes_in_as_hashes(home: Path) -> None:
    held = set(BankEntry.objects.values_list("kind", "digest"))
    assert held == {
        ("url", url_digest("shop.example/win")),
        ("account", account_digest("eve@bad.example")),
    }
    assert b"shop.example" not in b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", [EntryKind.URL, EntryKind.ACCOUNT])
def test_a_hash_comes_in_as_it_is_and_what_is_neither_is_told(kind: EntryKind) -> None:
    read = row(1, kind, "AB" * 32)
    assert isinstance(read, Row)
    assert read.digest == "ab" * 32
    bad = row(3, kind, "nothing of the kind")
    assert isinstance(bad, BadRow)
    assert str(kind) in bad.why


@pytest.mark.parametrize(
    ("event", "kinds"),
    [
        ({"text": "see https://SHOP.example/win/ now"}, {"url"}),
        ({"links": ("http://shop.example/win",)}, {"url"}),
        ({"author": {"email": "Eve@bad.example"}}, {"account"}),
        ({"author": {"id": "@eve@bad.example"}}, {"account"}),
        ({"author": {"name": "eve@bad.example"}, "links": ("shop.example/win",)}, {"account", "url"}),
        ({"text": "see https://shop.example/other"}, set()),
        ({"author": {"name": "eve"}}, set()),
    ],
)
def test_it_is_found_where_an_event_names_it(home: Path, event: dict[str, Any], kinds: set[str]) -> None:
    assert {match.kind.value for match in look(home, **event).matches} == kinds


def test_other_banks_are_not_asked_by_it(home: Path) -> None:
    create_bank("files", source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=NOW)
    fill("files", [row(1, "md5", "0" * 31 + "1")], by=SYSTEM, now=NOW)
    assert look(home, links=("https://shop.example/win",)).asked == ("warned",)


def test_it_goes_for_good(home: Path) -> None:
    withdraw("warned", items=["b-1"], reason="wrong", by=SYSTEM, now=NOW)
    assert look(home, links=("https://shop.example/win",)).matches == ()
    withdraw("warned", everything=True, reason="over", by=SYSTEM, now=NOW)
    publication.bring_up(home, now=NOW)
    from hakam.banks.models import Bank  # noqa: PLC0415 -- only here

    assert not manifest_of(bank_folder(home, Bank.objects.get(name="warned").pk)).bulletins


@pytest.mark.parametrize(
    "given", ["https://shop.example/win", "eve@bad.example", url_digest("shop.example/win")]
)
def test_people_look_it_up_by_its_words(home: Path, given: str) -> None:
    publication.bring_up(home, now=NOW)
    seen, troubles = looking.look_up(home, given, now=NOW)
    assert [match.bank for match in seen.matches] == ["warned"]
    assert troubles == []


def test_it_leaves_in_lists_of_our_own_alone(home: Path) -> None:
    written = {
        form: b"".join(export("warned", form, by=SYSTEM, now=NOW))
        for form in (ListFormat.CSV, ListFormat.STIX)
    }
    digest = (url_digest("shop.example/win") or "").encode()
    assert digest in written[ListFormat.CSV]
    assert digest not in written[ListFormat.STIX]
