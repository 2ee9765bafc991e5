"""`hakam privacy`: what is due is shown and erased, requests are entered and their copies taken, on an own home."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_home_commands import Hakam, hakam, installation, migrated, ok, refused

from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.event_log import Entry

__all__ = ["hakam", "installation", "migrated"]
OLD = 1_600_000_000.0  # Unix seconds: years ago


def post(installation: Path, count: int, *, at: float) -> None:
    log = FileEventLog(installation / "events", clock=lambda: at)
    for n in range(count):
        raw: dict[str, Any] = {
            "id": f"e{at}-{n}", "platform": "forum", "kind": "post", "at": "2026-01-02T03:04:05Z",
            "author": {"id": "u1"}, "item": {"id": f"p{n}", "text": f"words {n}"},
        }  # fmt: skip
        log.append([Entry("forum", raw["id"], at, json.dumps(raw).encode(), b"{}", b"{}")])
    log.close()


def test_what_is_due_is_shown_and_then_erased(hakam: Hakam, installation: Path) -> None:
    post(installation, 3, at=OLD)
    told = ok(hakam("privacy", "due"))
    assert "events" in told
    assert "180 days" in told
    assert "3 erased" in ok(hakam("privacy", "erase"))
    assert "0 erased" in ok(hakam("privacy", "erase"))
    assert b"words 1" not in b"".join(p.read_bytes() for p in (installation / "events").glob("*.events"))
    assert "no breaks in the chain" in ok(hakam("ledger", "verify"))


def test_a_request_is_entered_and_listed_and_nothing_leaves_before_its_release(
    hakam: Hakam, tmp_path: Path
) -> None:
    number = ok(hakam("privacy", "ask", "access", "forum", "u1")).strip()
    listed = ok(hakam("privacy", "requests"))
    assert "received" in listed
    target = tmp_path / "copy.zip"
    assert "nothing is released" in refused(hakam("privacy", "take", number, str(target)))
    assert not target.exists()


def test_a_request_that_is_none_is_refused(hakam: Hakam) -> None:
    assert "what the person asks for" in refused(hakam("privacy", "ask", "everything", "forum", "u1"))
    assert "write down" in refused(hakam("privacy", "ask", "objection", "forum", "u1"))


def test_a_file_that_is_there_is_not_written_over(hakam: Hakam, tmp_path: Path) -> None:
    there = tmp_path / "copy.zip"
    there.write_bytes(b"mine")
    number = ok(hakam("privacy", "ask", "access", "forum", "u1")).strip()
    assert "is there already" in refused(hakam("privacy", "take", number, str(there)))
    assert there.read_bytes() == b"mine"


def test_nobody_is_erased_anew_when_nobody_was(hakam: Hakam, installation: Path) -> None:
    post(installation, 2, at=OLD)
    assert "0 accounts" in ok(hakam("privacy", "again"))


@pytest.mark.parametrize("name", ["data.json", "data-en.html", "data-ar.html"])
def test_the_zip_of_a_copy_has_three_files(name: str) -> None:
    from hakam.privacy import document  # noqa: PLC0415 -- needs Django started, which pytest-django does

    held = {"about": {"platform": "forum", "account": "u1", "made_at": "now"}, "events": [{"text": "mine"}]}
    with zipfile.ZipFile(io.BytesIO(document.as_zip(held))) as archive:
        assert "mine" in archive.read(name).decode()
