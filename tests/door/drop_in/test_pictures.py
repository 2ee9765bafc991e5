"""Pictures at the door of OpenAI: known byte for byte by a bank, or not judged at all; never called harmless."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.door.drop_in.conftest import Ask, admit, asker

from hakam.door.drop_in.analyst import Analyst
from hakam.door.drop_in.moderations import Moderations
from hakam.door.drop_in.pictures import MAX_PICTURES, BadPictureError, Pictures, bytes_of
from hakam.policy.clauses import Clause
from hakam.policy.pack import load_pack
from hakam.storage.bank_shelf import Held, write
from hakam.storage.known_content import KnownContent, bank_folder
from hakam.storage.published import PublishedBank
from hakam.testing.doors import NOW, pack_files
from hakam.vocabulary.bank import EntryKind

PATH = "/v1/moderations"
KNOWN, ALSO, NEW = b"a picture that was removed", b"one that is only noted", b"a picture that nobody knows"
KIND = "thank you all for the lovely evening, see you next week"


def data(picture: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"


def part(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def clause_of(harm: str) -> Clause:
    files = pack_files()
    files["policies.yaml"] = files["policies.yaml"].replace("harm: spam", f"harm: {harm}")
    loaded = load_pack(files)
    assert loaded.pack is not None, loaded.errors
    return loaded.pack.clauses["spam"]


@pytest.fixture
def known(tmp_path: Path) -> KnownContent:
    for number, picture in ((1, KNOWN), (2, ALSO)):
        held = Held(number, EntryKind.SHA256, sha256(picture).hexdigest())
        write(bank_folder(tmp_path, number), 1, [held], [])
    banks = (PublishedBank(1, "asks", 1, clause="abuse"), PublishedBank(2, "notes", 1))
    return KnownContent(tmp_path, banks)


@pytest.fixture
def moderate_known(analyst: Analyst, known: KnownContent) -> Ask:
    clauses = {"abuse": clause_of("csam")}
    return asker(Moderations(admit, analyst, Pictures(lambda: known, clauses.get, lambda: NOW)))


def test_a_known_picture_is_flagged_under_the_category_of_the_banks_clause(moderate_known: Ask) -> None:
    status, body, headers = moderate_known(PATH, {"input": [part(data(KNOWN))]})
    assert status == 200
    (result,) = body["results"]
    assert result["flagged"] is True
    assert result["categories"]["sexual/minors"] is True
    assert result["category_scores"]["sexual/minors"] == 1.0
    assert result["category_applied_input_types"]["sexual/minors"] == ["image"]
    assert result["category_applied_input_types"]["hate"] == []
    assert headers["x-hakam-banks"] == "asks"
    assert "x-hakam-not-judged" not in headers
    assert body["model"] == "banks"


def test_a_harmless_text_does_not_excuse_a_known_picture(moderate_known: Ask) -> None:
    message = [{"type": "text", "text": KIND}, part(data(KNOWN)), part(data(NEW))]
    _, body, headers = moderate_known(PATH, {"input": message})
    (result,) = body["results"]
    assert result["flagged"] is True
    assert result["category_applied_input_types"]["hate"] == ["text"]
    assert headers["x-hakam-not-judged"] == "image"


def test_a_bank_without_a_clause_flags_without_a_category(moderate_known: Ask) -> None:
    _, body, headers = moderate_known(PATH, {"input": [part(data(ALSO))]})
    (result,) = body["results"]
    assert result["flagged"] is True
    assert not any(result["categories"].values())
    assert headers["x-hakam-banks"] == "notes"


def test_an_unknown_picture_alone_is_refused(moderate_known: Ask) -> None:
    status, body, _ = moderate_known(PATH, {"input": [part(data(NEW)), part("https://e.example/a.png")]})
    assert (status, body["error"]["code"]) == (400, "image_not_supported")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://e.example/a",
        "",
        "data:image/png;base64,%%%",
        "data:image/png;base64,",
        "data:text/plain;base64,YQ==",
    ],
)
def test_what_holds_no_picture_is_refused_in_their_shape(moderate_known: Ask, url: str) -> None:
    status, body, _ = moderate_known(PATH, {"input": [{"type": "text", "text": KIND}, part(url)]})
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "invalid_image", "input")
    with pytest.raises(BadPictureError):
        bytes_of(url)


def test_no_address_is_fetched() -> None:
    assert bytes_of("https://e.example/a.png") is None
    assert bytes_of(data(KNOWN, "IMAGE/JPEG")) == KNOWN


def test_too_many_pictures_are_refused(moderate_known: Ask) -> None:
    parts = [part("https://e.example/a.png")] * (MAX_PICTURES + 1)
    status, body, _ = moderate_known(PATH, {"input": [{"type": "text", "text": KIND}, *parts]})
    assert status == 400
    assert str(MAX_PICTURES) in body["error"]["message"]
