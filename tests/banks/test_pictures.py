"""A picture in a bank is found again whatever people did to it; the picture itself is kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.banks.conftest import NOW, Make
from tests.media.drawings import drawing, file_of

from hakam.banks import filling, publication
from hakam.banks.filling import fill
from hakam.banks.kinds import BankError
from hakam.banks.pictures import kept_as
from hakam.banks.rows import made
from hakam.banks.withdraw import withdraw
from hakam.media.landmarks import unpacked
from hakam.media.sandbox import Sandbox
from hakam.storage.known_content import KnownContent
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def known(make: Make, shelves: Path, sandbox: Sandbox) -> KnownContent:
    bank = make("attack")
    for seed in (1, 2, 3):
        kept = kept_as(file_of(drawing(seed)), label=f"number {seed}", sandbox=sandbox)
        fill("attack", kept.rows, variants=kept.variants, by=SYSTEM, now=NOW)
    assert set(bank.entries.filter(kind="pdq").values_list("variant", flat=True)) >= {"as it is", "mirrored"}
    return KnownContent(shelves, publication.bring_up(shelves, now=NOW))


def found(known: KnownContent, sandbox: Sandbox, data: bytes) -> bool:
    wanted = [(EntryKind.PDQ, one.digest, 0) for one in sandbox.hashes(data) if one.good]
    return bool(known.find(wanted, NOW.timestamp()).matches)


def edited() -> dict[str, bytes]:
    whole = Image.fromarray(drawing(2))
    framed = Image.new("RGB", (1_000, 900), "black")
    framed.paste(whole, (100, 150))
    return {
        "saved anew": file_of(whole, "JPEG", quality=40),
        "half size": file_of(whole.resize((400, 300))),
        "mirrored": file_of(whole.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG"),
        "upside down": file_of(whole.rotate(180)),
        "on its side": file_of(whole.rotate(90, expand=True), "WEBP"),
        "cropped by a tenth": file_of(whole.crop((40, 30, 760, 570))),
        "turned by two degrees": file_of(whole.rotate(2)),
        "in a frame": file_of(framed),
        "grey": file_of(whole.convert("L")),
    }


@pytest.mark.parametrize("name", sorted(edited()))
def test_edited_copies_are_found(known: KnownContent, sandbox: Sandbox, name: str) -> None:
    assert found(known, sandbox, edited()[name])


@pytest.mark.parametrize("seed", range(10, 20))
def test_other_pictures_are_not(known: KnownContent, sandbox: Sandbox, seed: int) -> None:
    assert not found(known, sandbox, file_of(drawing(seed)))


def test_landmarks_are_kept_where_they_are_asked_for(make: Make, sandbox: Sandbox) -> None:
    bank = make("attack")
    kept = kept_as(file_of(drawing(1)), label="a", sandbox=sandbox, landmarks=True)
    fill("attack", kept.rows, variants=kept.variants, by=SYSTEM, now=NOW)
    (held,) = bank.entries.filter(kind="landmarks")
    assert [len(one.points) > 50 for one in unpacked(bytes(held.data))] == [True, True]
    assert sha256(bytes(held.data)).hexdigest() == held.digest
    again = kept_as(file_of(drawing(1)), label="a", sandbox=sandbox, landmarks=True)
    assert fill("attack", again.rows, variants=again.variants, by=SYSTEM, now=NOW).added == 0
    withdraw("attack", items=[held.item], reason="r", by=SYSTEM, now=NOW)
    assert bank.entries.count() == 0


def test_a_bank_keeps_no_more_landmarks_than_a_worker_can_compare(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = make("attack")
    monkeypatch.setattr(filling, "MOST_LANDMARKS", 2)
    rows = [made(EntryKind.LANDMARKS, bytes([n]), item=f"p-{n}") for n in range(3)]
    fill("attack", rows[:2], by=SYSTEM, now=NOW)
    with pytest.raises(BankError, match="at most 2 pictures"):
        fill("attack", rows[2:], by=SYSTEM, now=NOW)
    assert bank.entries.count() == 2


def test_a_picture_is_withdrawn_with_all_that_it_was_kept_under(make: Make, sandbox: Sandbox) -> None:
    bank = make("attack")
    kept = kept_as(file_of(drawing(1)), label="", sandbox=sandbox)
    assert fill("attack", kept.rows, variants=kept.variants, by=SYSTEM, now=NOW).added > 20
    (item,) = set(bank.entries.values_list("item", flat=True))
    withdraw("attack", items=[item], reason="r", by=SYSTEM, now=NOW)
    assert bank.entries.count() == 0


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"hello", "not a picture"),
        (file_of(Image.new("RGB", (300, 300), "white")), "structure"),
        (file_of(drawing(1), "JPEG")[:2_000], "cut short"),
        (file_of(Image.fromarray(np.zeros((3, 3), np.uint8))), "structure"),
    ],
    ids=["text", "blank", "cut", "tiny"],
)
def test_what_can_t_be_known_again_is_refused(sandbox: Sandbox, data: bytes, why: str) -> None:
    with pytest.raises(BankError, match=why):
        kept_as(data, label="", sandbox=sandbox)
