"""The banks in force, asked about an event: which were asked, what matched, and what nobody could tell."""

from __future__ import annotations

from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import pytest

from hakam.signals.fold import fold, split_words
from hakam.signals.near_duplicates import simhash
from hakam.storage.bank_shelf import Held, write
from hakam.storage.known_content import NOTHING, KnownContent, bank_folder
from hakam.storage.published import PublishedBank
from hakam.testing import scene
from hakam.vocabulary.bank import BankMatch, EntryKind
from hakam.vocabulary.event import Event, Item, Media

K = EntryKind
AT = 1_000.0
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
NEAR_PDQ = PDQ[:-1] + "3"  # one bit
MD5 = "0123456789abcdef0123456789abcdef"
TEXT = "send me your wallet phrase now and win ten thousand dollars today"


def text_hash(text: str) -> str:
    found = simhash(split_words(fold(text)))
    assert found is not None
    return f"{found:016x}"


def event(*media: Media, text: str | None = None) -> Event:
    plain = scene.event()
    return Event(
        plain.id, plain.platform, plain.kind, plain.at, plain.author, Item(id="1", text=text, media=media)
    )


def words(text: str | None) -> Any:
    return lambda: None if text is None else split_words(fold(text))


def shelf(home: Path, number: int, name: str, *held: Held, revision: int = 1, **more: Any) -> PublishedBank:
    write(bank_folder(home, number), revision, held, [])
    return PublishedBank(number, name, revision, **more)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def test_without_banks_nothing_is_asked(home: Path) -> None:
    known = KnownContent(home)
    assert not known
    assert known.look(event(Media(hashes={"md5": MD5})), AT, words(None)) is NOTHING


def test_hashes_that_came_with_an_event_are_looked_up(home: Path) -> None:
    known = KnownContent(home, [shelf(home, 1, "a", Held(7, K.PDQ, PDQ), Held(8, K.MD5, MD5))])
    media = (Media(), Media(hashes={"pdq": NEAR_PDQ, "MD5": MD5.upper()}))
    seen = known.look(event(*media), AT, words(None))
    assert seen.matches == (BankMatch("a", 8, K.MD5, 0, 1), BankMatch("a", 7, K.PDQ, 1, 1))
    assert seen.asked == ("a",)


def test_the_bytes_that_came_along_are_hashed(home: Path) -> None:
    data = b"a small picture"
    known = KnownContent(home, [shelf(home, 1, "a", Held(7, K.SHA256, sha256(data).hexdigest()))])
    seen = known.look(event(Media(data=data)), AT, words(None))
    assert [match.entry for match in seen.matches] == [7]
    other = KnownContent(home, [shelf(home, 2, "b", Held(1, K.MD5, md5(data).hexdigest()))])  # noqa: S324
    assert [match.kind for match in other.look(event(Media(data=data)), AT, words(None)).matches] == [K.MD5]


def test_a_bank_is_asked_only_what_it_could_know(home: Path) -> None:
    banks = [shelf(home, 1, "files", Held(1, K.MD5, MD5)), shelf(home, 2, "pictures", Held(1, K.PDQ, PDQ))]
    known = KnownContent(home, banks)
    assert known.look(event(Media(hashes={"sha256": PDQ})), AT, words(None)).asked == ("files",)
    assert known.look(event(Media(hashes={"pdq": PDQ[::-1]})), AT, words(None)).asked == ("pictures",)
    assert known.look(event(Media(url="https://example.org/a.jpg")), AT, words(TEXT)) is NOTHING


def test_texts_are_looked_up_where_a_bank_holds_texts(home: Path) -> None:
    known = KnownContent(home, [shelf(home, 1, "scams", Held(3, K.TEXT, text_hash(TEXT)))])
    edited = f"{TEXT.upper()} 8842!!"
    (match,) = known.look(event(text=edited), AT, words(edited)).matches
    assert (match.bank, match.entry, match.media) == ("scams", 3, None)
    seen = known.look(event(text="x"), AT, words("a text about gardens and the long winter evenings"))
    assert (seen.matches, seen.asked) == ((), ("scams",))
    assert known.look(event(text="short"), AT, words("short")) is NOTHING


def test_words_are_not_made_for_banks_without_texts(home: Path) -> None:
    known = KnownContent(home, [shelf(home, 1, "a", Held(1, K.MD5, MD5))])

    def never() -> str:
        raise AssertionError

    known.look(event(Media(hashes={"md5": MD5}), text=TEXT), AT, never)


@pytest.mark.parametrize("hashes", [{"pdq": "x" * 64}, {"pdq": PDQ[:-2]}, {"photodna": MD5}, {"": ""}])
def test_what_is_no_hash_is_passed_over(home: Path, hashes: dict[str, str]) -> None:
    known = KnownContent(home, [shelf(home, 1, "a", Held(7, K.PDQ, PDQ))])
    assert known.look(event(Media(hashes=hashes)), AT, words(None)) is NOTHING


def test_each_bank_has_its_own_radius(home: Path) -> None:
    far = f"{int(PDQ, 16) ^ 0xFFF:064x}"
    banks = [
        shelf(home, 1, "narrow", Held(1, K.PDQ, PDQ), distance=11),
        shelf(home, 2, "wide", Held(1, K.PDQ, PDQ), distance=12),
    ]
    seen = KnownContent(home, banks).look(event(Media(hashes={"pdq": far})), AT, words(None))
    assert [(match.bank, match.distance) for match in seen.matches] == [("wide", 12)]
    assert seen.asked == ("narrow", "wide")


def test_a_bank_ends_by_the_clock(home: Path) -> None:
    known = KnownContent(home, [shelf(home, 1, "a", Held(1, K.MD5, MD5), expires_at=AT)])
    given = event(Media(hashes={"md5": MD5}))
    assert known.look(given, AT - 1, words(None)).matches
    assert known.look(given, AT, words(None)) == NOTHING


def test_a_bank_that_can_t_be_opened_is_told_and_the_others_asked(home: Path) -> None:
    good = shelf(home, 1, "good", Held(1, K.MD5, MD5))
    ahead = PublishedBank(2, "ahead", 9)
    broken = shelf(home, 3, "broken", Held(1, K.MD5, MD5))
    (bank_folder(home, 3) / "shelf.json").write_text("{")
    known = KnownContent(home, [good, ahead, broken])
    assert list(known.banks) == ["good"]
    assert [trouble.split(":")[0] for trouble in known.troubles] == ["bank ahead", "bank broken"]
