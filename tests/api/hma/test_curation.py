"""Banks made, filled and emptied through the shape of HMA; each is a verb of the house, with its fact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.api.hma.conftest import Hma
from tests.media.drawings import drawing, file_of

from hakam.banks.models import Bank, BankEntry
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind

pytestmark = pytest.mark.django_db
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
MD5 = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _home(home: Any) -> None: ...


@pytest.fixture
def bank(hma: Hma) -> str:
    assert (
        hma("POST", "/c/banks", {"name": "KNOWN_SPAM", "clause": "spam", "purpose": "seen before"})[0] == 201
    )
    return "/c/bank/KNOWN_SPAM"


def test_a_bank_is_made_read_and_ended(hma: Hma, bank: str) -> None:
    shown = {"name": "KNOWN_SPAM", "matching_enabled_ratio": 1.0}
    assert hma("GET", bank) == (200, shown)
    assert hma("GET", "/c/banks") == (200, [shown])
    made = Bank.objects.get()
    assert (made.name, made.purpose, made.clause, made.source) == ("known-spam", "seen before", "spam", "own")
    assert hma("DELETE", bank) == (200, {"message": "Done"})
    assert hma("DELETE", bank) == (200, {"message": "Done"})
    assert hma("GET", bank) == (404, {"message": "bank 'KNOWN_SPAM' not found"})
    kinds = [fact.kind for fact in ledger.facts_after(0) if fact.kind.startswith("bank.")]
    assert kinds == [FactKind.BANK_CREATED, FactKind.BANK_DELETED]


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "name is required"),
        ({"name": "KNOWN_SPAM", "clause": "spam"}, 403, "Bank already exists"),
        ({"name": "NEW"}, 400, "clause"),
        ({"name": "NEW", "clause": "nothing"}, 400, "there is no clause 'nothing'"),
        ({"name": "no name!", "clause": "spam"}, 400, "is no name"),
        ({"name": "NEW", "clause": "spam", "enabled_ratio": 0.5}, 400, "always (1) or never (0)"),
        ({"name": "NEW", "clause": "spam", "enabled": "perhaps"}, 400, "invalid boolean"),
        (b"{", 400, "no JSON"),
        ([1], 400, "expects a json object payload"),
    ],
)
def test_a_bank_that_can_t_be_made_says_why(
    hma: Hma, bank: str, body: Any, status: int, message: str
) -> None:
    found, said = hma("POST", "/c/banks", body)
    assert (found, list(said)) == (status, ["message"])
    assert message in said["message"]
    assert Bank.objects.count() == 1


def test_matching_is_turned_off_and_on(hma: Hma, bank: str) -> None:
    off = {"name": "OFF", "clause": "spam", "enabled": "false"}
    assert hma("POST", "/c/banks", off) == (201, {"name": "OFF", "matching_enabled_ratio": 0.0})
    for body, ratio in (({"enabled": False}, 0.0), ({"enabled_ratio": 1}, 1.0), ({}, 1.0)):
        assert hma("PUT", bank, body)[1]["matching_enabled_ratio"] == ratio
    status, said = hma("PUT", bank, {"name": "OTHER"})
    assert (status, "keeps its name" in said["message"]) == (400, True)
    assert hma("PUT", "/c/bank/NONE", {})[0] == 404


def test_signals_of_one_request_are_one_content(hma: Hma, bank: str) -> None:
    status, added = hma("POST", f"{bank}/signal", {"pdq": PDQ.upper(), "video_md5": MD5, "note": "seen"})
    assert status == 200
    assert added["signals"] == {"pdq": PDQ, "video_md5": MD5}
    assert hma("POST", f"{bank}/signal", {"pdq": PDQ})[1]["id"] == added["id"]
    _, shown = hma("GET", f"{bank}/content/{added['id']}", include_signals="true", include_metadata="true")
    assert shown["id"] == added["id"]
    assert shown["bank"]["name"] == "KNOWN_SPAM"
    assert shown["signals"] == {"pdq": PDQ, "video_md5": MD5}
    assert shown["metadata"]["content_id"] == ""
    assert hma("DELETE", f"{bank}/content/{added['id']}") == (200, {"deleted": 1})
    assert hma("DELETE", f"{bank}/content/{added['id']}") == (200, {"deleted": 0})
    assert BankEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "No signals given"),
        ({"sha3": PDQ}, "No such signal type sha3"),
        ({"pdq": "abc"}, "invalid signal: "),
        ({"pdq": 5}, "invalid signal: "),
        ({"pdq": "0" * 64}, "invalid signal: "),
    ],
)
def test_a_signal_that_is_none_is_refused(hma: Hma, bank: str, body: Any, message: str) -> None:
    status, said = hma("POST", f"{bank}/signal", body)
    assert status == 400
    assert said["message"].startswith(message)
    assert BankEntry.objects.count() == 0


def test_a_picture_is_one_content_under_many_hashes(
    hma: Hma, bank: str, written: Callable[[], object]
) -> None:
    picture = {"photo": file_of(drawing(1))}
    status, added = hma.upload(f"{bank}/content", picture, {"metadata": '{"content_id": "case 7"}'})
    assert status == 200
    assert len(added["signals"]["pdq"]) == 64
    assert BankEntry.objects.count() > 20
    _, shown = hma("GET", f"{bank}/content/{added['id']}", include_signals="true", include_metadata="true")
    assert shown["signals"] == added["signals"]
    assert shown["metadata"]["content_id"] == "case 7"
    written()
    query = {"signal": added["signals"]["pdq"], "signal_type": "pdq"}
    assert hma("GET", "/m/raw_lookup", **query)[1] == {"matches": [added["id"]]}
    assert hma("DELETE", f"{bank}/content/{added['id']}") == (200, {"deleted": 1})
    assert BankEntry.objects.count() == 0
    written()
    assert hma("GET", "/m/raw_lookup", **query)[1] == {"matches": []}


def test_a_clip_is_kept_by_its_bytes(hma: Hma, bank: str) -> None:
    _, added = hma.upload(f"{bank}/content", {"video": b"clip"})
    assert added["signals"] == {"video_md5": "f6d8b886335927d46fad323c60335d09"}
    assert BankEntry.objects.get().kind == "md5"


@pytest.mark.parametrize(
    ("files", "fields", "query", "status", "message"),
    [
        ({}, {}, {}, 400, "Neither `url` nor multipart file upload was received"),
        ({}, {}, {"url": "https://e.example/a.png"}, 501, "no address is fetched here"),
        ({"photo": b"x"}, {"metadata": "[1]"}, {}, 400, "metadata should be a json object"),
        ({"photo": b"x"}, {"metadata": "{"}, {}, 400, "metadata should be a json object"),
        ({"photo": b"x"}, {"metadata": '{"a": 1}'}, {}, 400, "metadata contains unexpected keys: a"),
        ({"photo": b"x"}, {}, {}, 400, "the file can't be read as a picture"),
    ],
)
def test_a_file_that_can_t_be_kept_says_why(  # noqa: PLR0917 -- one case
    hma: Hma, bank: str, files: Any, fields: Any, query: Any, status: int, message: str
) -> None:
    found, said = hma.upload(f"{bank}/content", files, fields, **query)
    assert found == status
    assert said["message"].startswith(message)
    assert BankEntry.objects.count() == 0


def test_what_is_not_here_is_said_plainly(hma: Hma, bank: str) -> None:
    assert hma("PUT", f"{bank}/content/1", {"disable_until_ts": 5})[0] == 501
    assert hma("GET", f"{bank}/content/999")[0] == 404
    assert hma("GET", "/c/exchanges") == (200, [])
    assert hma("GET", "/c/signal_type")[1] == [
        {"name": "pdq", "enabled_ratio": 1.0},
        {"name": "video_md5", "enabled_ratio": 1.0},
    ]
    assert [one["name"] for one in hma("GET", "/c/content_type")[1]] == ["photo", "video"]
    assert hma.client.get("/hma/status").content == b"I-AM-ALIVE"
