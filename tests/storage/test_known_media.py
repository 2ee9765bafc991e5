"""What banks keep beyond hashes, asked about a picture: the bank in force that has it, and the picture in it."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image
from tests.media.drawings import drawing, file_of, grey

from hakam.media.landmarks import landmarks, of_bank, packed
from hakam.media.pdq import pdq
from hakam.media.sandbox import Sandbox, UnreadableError
from hakam.media.variants import mirror
from hakam.storage.bank_shelf import Held, write
from hakam.storage.known_content import KnownContent, bank_folder
from hakam.storage.known_media import KnownMedia
from hakam.storage.media_lookup import look_at
from hakam.storage.published import PublishedBank
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.embedded  # files only: one database is enough
K = EntryKind
AT = 1_000.0


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def marks(entry: int, seed: int) -> Held:
    data = packed(of_bank(grey(drawing(seed))))
    return Held(entry, K.LANDMARKS, sha256(data).hexdigest(), data)


def bank(home: Path, number: int, name: str, *held: Held, expires_at: float | None = None) -> PublishedBank:
    write(bank_folder(home, number), 1, held, [])
    return PublishedBank(number, name, 1, expires_at=expires_at)


def known(home: Path, *banks: PublishedBank) -> KnownMedia:
    return KnownMedia(KnownContent(home, banks))


def query(seed: int) -> bytes:
    """Return the landmarks of a drawing in the corner of another one."""
    seen = grey(drawing(99))
    seen[300:, 400:] = grey(drawing(seed, 400, 300))
    return packed([landmarks(seen), landmarks(mirror(seen))])


def inside(seed: int) -> bytes:
    whole = Image.fromarray(drawing(99))
    whole.paste(Image.fromarray(drawing(seed)).resize((400, 300)), (380, 20))
    return file_of(whole, "JPEG", quality=75)


def test_the_picture_that_lies_in_it_is_named_once_a_bank(tmp_path: Path, sandbox: Sandbox) -> None:
    media = known(
        tmp_path, bank(tmp_path, 1, "a", marks(1, 1), marks(2, 2)), bank(tmp_path, 2, "b", marks(3, 3))
    )
    (alike,) = look_at(inside(2), media, sandbox, at=AT).alike
    assert (alike.bank, alike.entry, alike.kind) == ("a", 2, K.LANDMARKS)
    assert "landmarks in place" in alike.how


def test_a_bank_that_has_expired_is_not_asked(tmp_path: Path, sandbox: Sandbox) -> None:
    media = known(tmp_path, bank(tmp_path, 1, "a", marks(1, 1), expires_at=AT))
    assert look_at(inside(1), media, sandbox, at=AT).alike == []
    assert len(look_at(inside(1), media, sandbox, at=AT - 1).alike) == 1


def test_other_pictures_lie_in_none(tmp_path: Path, sandbox: Sandbox) -> None:
    media = known(tmp_path, bank(tmp_path, 1, "a", *(marks(n, n) for n in range(1, 6))))
    for seed in range(20, 25):
        assert look_at(file_of(drawing(seed)), media, sandbox, at=AT).alike == []
    assert list(media.pictures(query(30), AT)) == []


def test_a_near_hash_comes_before_landmarks(tmp_path: Path, sandbox: Sandbox) -> None:
    hash_ = Held(7, K.PDQ, pdq(grey(drawing(1))).hex)
    media = known(tmp_path, bank(tmp_path, 1, "a", hash_, marks(8, 1)))
    (alike,) = look_at(file_of(drawing(1)), media, sandbox, at=AT).alike
    assert (alike.entry, alike.kind) == (7, K.PDQ)
    assert "bits apart" in alike.how


def test_without_landmarks_none_are_sought(tmp_path: Path, sandbox: Sandbox) -> None:
    media = known(tmp_path, bank(tmp_path, 1, "a", Held(7, K.PDQ, pdq(grey(drawing(1))).hex)))
    assert not media.holds(K.LANDMARKS)
    assert look_at(inside(1), media, sandbox, at=AT).alike == []


def test_a_bank_whose_landmarks_are_damaged_is_told_and_the_others_are_asked(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    banks = [bank(tmp_path, 1, "a", marks(1, 1)), bank(tmp_path, 2, "b", marks(2, 1))]
    (bank_folder(tmp_path, 1) / "landmarks-1.npz").write_bytes(b"PK")
    media = known(tmp_path, *banks)
    assert [alike.bank for alike in look_at(inside(1), media, sandbox, at=AT).alike] == ["b"]
    assert ["bank a" in trouble for trouble in media.troubles] == [True]


def test_what_is_no_picture_is_refused(tmp_path: Path, sandbox: Sandbox) -> None:
    with pytest.raises(UnreadableError, match="not a picture"):
        look_at(b"hello", known(tmp_path), sandbox, at=AT)
