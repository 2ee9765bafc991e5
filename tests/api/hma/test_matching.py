"""Look-ups in the shape of HMA: the answers that its own clients read, and its errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.api.hma.conftest import Hma
from tests.media.drawings import drawing, file_of
from threatexchange.signal_type.pdq.signal import PdqSignal

from hakam.api.hma import hashing, matching
from hakam.api.hma.matching import our_name, their_name
from hakam.media.sandbox import Bounds, Sandbox
from hakam.staff.roles import Scope

pytestmark = pytest.mark.django_db
EXAMPLES = PdqSignal.get_examples()
PDQ = EXAMPLES[0]
FOUR_OFF = f"{int(PDQ, 16) ^ 0b10110001:064x}"
FAR = f"{int(PDQ, 16) ^ (2**128 - 1):064x}"
MD5 = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def content(hma: Hma, written: Callable[[], object]) -> int:
    """Put a PDQ and a file of a clip into one bank, the PDQ into another too; return the number of the first."""
    for name in ("TEST_BANK", "OTHER"):
        assert hma("POST", "/c/banks", {"name": name, "clause": "spam"})[0] == 201
    _, added = hma("POST", "/c/bank/TEST_BANK/signal", {"pdq": PDQ})
    hma("POST", "/c/bank/TEST_BANK/signal", {"video_md5": MD5})
    hma("POST", "/c/bank/OTHER/signal", {"pdq": PDQ})
    written()
    return int(added["id"])


def test_a_raw_look_up_names_contents(hma: Hma, content: int) -> None:
    status, body = hma("GET", "/m/raw_lookup", signal=PDQ, signal_type="pdq", banks="TEST_BANK")
    assert (status, body) == (200, {"matches": [content]})
    _, both = hma("GET", "/m/raw_lookup", signal=FOUR_OFF, signal_type="pdq", include_distance="true")
    assert len(both["matches"]) == 2
    assert {"bank_content_id": content, "distance": "4"} in both["matches"]
    assert hma("GET", "/m/raw_lookup", signal=FAR, signal_type="pdq") == (200, {"matches": []})


def test_a_look_up_names_banks(hma: Hma, content: int) -> None:
    status, body = hma("GET", "/m/lookup", signal=FOUR_OFF, signal_type="pdq")
    assert status == 200
    assert set(body) == {"TEST_BANK", "OTHER"}
    assert body["TEST_BANK"] == [{"bank_content_id": content, "distance": "4"}]
    assert set(hma("GET", "/m/lookup", signal=PDQ, signal_type="pdq", banks="OTHER")[1]) == {"OTHER"}
    assert list(hma("GET", "/m/lookup", signal=MD5, signal_type="video_md5")[1]) == ["TEST_BANK"]
    assert hma("GET", "/m/lookup", signal=FAR, signal_type="pdq") == (200, {})


def test_a_bank_that_is_off_matches_nothing(hma: Hma, content: int, written: Callable[[], object]) -> None:
    assert hma("PUT", "/c/bank/TEST_BANK", {"enabled": False})[1]["matching_enabled_ratio"] == 0
    written()
    assert set(hma("GET", "/m/lookup", signal=PDQ, signal_type="pdq")[1]) == {"OTHER"}


def test_a_file_is_looked_up_and_found_though_it_was_mirrored(
    hma: Hma, written: Callable[[], object]
) -> None:
    hma("POST", "/c/banks", {"name": "PICTURES", "clause": "hate"})
    status, added = hma.upload("/c/bank/PICTURES/content", {"photo": file_of(drawing(3))})
    assert status == 200
    written()
    for copy in (file_of(drawing(3), "JPEG", quality=60), file_of(drawing(3)[:, ::-1])):
        status, body = hma.upload("/m/lookup", {"photo": copy})
        assert status == 200
        assert [match["bank_content_id"] for match in body["pdq"]["PICTURES"]] == [added["id"]]
    assert hma.upload("/m/lookup", {"photo": file_of(drawing(9))}) == (200, {"pdq": {}})


def test_hashes_are_those_of_the_reference(hma: Hma) -> None:
    picture = file_of(drawing(5))
    status, body = hma.upload("/h/hash", {"photo": picture})
    assert status == 200
    reference = PdqSignal.hash_from_bytes(picture)
    assert (int(body["pdq"], 16) ^ int(reference, 16)).bit_count() <= 4
    assert hma.upload("/h/hash", {"video": b"clip"}) == (
        200,
        {"video_md5": "f6d8b886335927d46fad323c60335d09"},
    )


def test_two_hashes_are_compared(hma: Hma) -> None:
    asked = {"pdq": [PDQ, FOUR_OFF], "video_md5": [MD5, MD5[::-1]]}
    status, body = hma("POST", "/m/compare", asked)
    assert status == 200
    assert body["pdq"] == [True, {"distance": 4}]
    assert body["video_md5"][0] is False
    for wrong in (
        {"pdq": [PDQ]},
        {"pdq": PDQ},
        {"pdq": [PDQ, 1]},
        {"sha3": [PDQ, PDQ]},
        {"pdq": [PDQ, "zz"]},
    ):
        status, body = hma("POST", "/m/compare", wrong)
        assert (status, list(body)) == (400, ["message"])


def test_the_index_says_what_is_in_it(hma: Hma, content: int) -> None:
    _, body = hma("GET", "/m/index/status")
    assert {name: one["size"] for name, one in body.items()} == {"pdq": 2, "video_md5": 1}
    assert body["pdq"]["present"] is True
    assert body["pdq"]["built_to"] > 1_700_000_000
    assert list(hma("GET", "/m/index/status", signal_type="pdq")[1]) == ["pdq"]
    assert hma("GET", "/m/index/status", signal_type="x")[0] == 400


def test_an_empty_index_is_absent(hma: Hma) -> None:
    assert hma("GET", "/m/index/status")[1]["pdq"] == {"present": False, "built_to": -1, "size": 0}


@pytest.mark.parametrize(
    ("path", "query", "status", "message"),
    [
        ("/m/raw_lookup", {"signal_type": "pdq"}, 400, "signal is required"),
        ("/m/raw_lookup", {"signal": PDQ}, 400, "signal_type is required"),
        ("/m/raw_lookup", {"signal": PDQ, "signal_type": "x"}, 400, "No such SignalType 'x'"),
        ("/m/raw_lookup", {"signal": "ab", "signal_type": "pdq"}, 400, "invalid signal: "),
        (
            "/m/raw_lookup",
            {"signal": PDQ, "signal_type": "pdq", "include_distance": "maybe"},
            400,
            "invalid boolean parameter - prefer true/false",
        ),
        ("/m/lookup", {}, 400, "Either url or both signal and signal_type are required"),
        ("/m/lookup", {"url": "https://e.example/a.png"}, 501, "no address is fetched"),
        ("/h/hash", {}, 400, "url is required"),
        ("/h/hash", {"url": "https://e.example/a.png"}, 501, "no address is fetched"),
        ("/x/y", {}, 404, "there is no such address"),
    ],
)
def test_what_can_t_be_answered_is_told_in_their_shape(  # noqa: PLR0917 -- one case
    hma: Hma, home: Any, path: str, query: dict[str, str], status: int, message: str
) -> None:
    found, body = hma("GET", path, **query)
    assert (found, list(body)) == (status, ["message"])
    assert body["message"].startswith(message)


@pytest.mark.parametrize(
    ("files", "query", "message"),
    [
        ({}, {}, "Missing multipart/form-data file upload"),
        ({"photo": b"a", "video": b"b"}, {}, "Only one file allowed per request"),
        ({"sound": b"a"}, {}, "no such content_type: 'sound'"),
        ({"photo": b"a"}, {"types": "video_md5"}, "signal type 'video_md5' doesn't exist or is disabled"),
        ({"photo": b"a"}, {"types": ","}, "empty signal type selection"),
        ({"photo": b"no picture"}, {}, "the file can't be read as a picture"),
    ],
)
def test_an_upload_that_can_t_be_hashed_is_refused(
    hma: Hma, home: Any, files: dict[str, bytes], query: dict[str, str], message: str
) -> None:
    for path in ("/h/hash", "/m/lookup"):
        status, body = hma.upload(path, files, **query)
        assert (status, list(body)) == (400, ["message"])
        assert body["message"].startswith(message)


def test_a_picture_for_which_there_was_no_time_may_be_sent_again(
    hma: Hma, home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(Bounds(seconds=0.0001)) as hurried:
        monkeypatch.setattr(hashing, "_sandbox", [hurried])
        for path in ("/h/hash", "/m/lookup"):
            status, body = hma.upload(path, {"photo": file_of(drawing(3))})
            assert (status, list(body)) == (503, ["message"])
            assert body["message"].startswith("the picture was not read: more than 0.0001 seconds")


def test_keys_say_who_may_look_and_who_may_change(hma: Hma, home: Any) -> None:
    reader = Hma(Scope.BANKS_READ)
    assert reader("GET", "/c/banks") == (200, [])
    assert reader("POST", "/c/banks", {"name": "A"})[0] == 403
    assert Hma(Scope.CHECK)("GET", "/c/banks")[0] == 403
    stranger = Hma()
    for shown in ("", "Bearer hk_no", "Basic %%%", "Basic aGE6aGtfbm8="):
        stranger.headers = {"Authorization": shown} if shown else {}
        status, body = stranger("GET", "/m/index/status")
        assert (status, list(body)) == (401, ["message"])
    stranger.headers = {"Authorization": f"Bearer {stranger.text}"}
    assert stranger("GET", "/c/banks")[0] == 200
    assert stranger("DELETE", "/m/lookup")[0] == 405


def test_a_failure_of_ours_is_told_in_their_shape_and_logged(
    hma: Hma, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(matching.access, "counted", lambda _: 1 / 0)
    status, body = hma("GET", "/m/index/status")
    assert (status, list(body)) == (500, ["message"])
    assert "ZeroDivisionError" in caplog.text


def test_names_of_banks_go_there_and_back() -> None:
    for name in ("a", "known-spam", "b2-x-9"):
        assert our_name(their_name(name)) == name
    assert their_name("known-spam") == "KNOWN_SPAM"
