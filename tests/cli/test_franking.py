"""`hakam franking` as an operator types it: a key for the servers that carry messages, and the check of a report."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.cli.test_home_commands import Hakam, installation, migrated, ok, run

from hakam.testing.franked import carried

pytestmark = pytest.mark.embedded
__all__ = ["installation", "migrated"]


@pytest.fixture
def hakam(installation: Path) -> Hakam:
    return lambda *words, **more: run(installation, *words, **more)


def test_a_key_is_made_once_and_proves_what_was_carried_under_it(hakam: Hakam, tmp_path: Path) -> None:
    assert "no key yet" in ok(hakam("franking", "keys"))
    key = ok(hakam("franking", "key", "2026-11")).strip()
    assert re.fullmatch("[0-9a-f]{64}", key)
    assert ok(hakam("franking", "key", "2026-11")).strip() == key
    assert ok(hakam("franking", "key", "2026-12")).strip() != key
    assert ok(hakam("franking", "keys")).split() == ["2026-11", "2026-12"]
    message = carried(
        platform="default", secret=bytes.fromhex(key), key_id="2026-11",
        at=datetime.now(tz=UTC).replace(microsecond=0) - timedelta(minutes=5),
    )  # fmt: skip
    path = tmp_path / "report.json"
    path.write_bytes(msgspec.json.encode(message))
    assert "proven, sent by mallory" in ok(hakam("franking", "check", str(path)))
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(message, text="Something else")))
    done = hakam("franking", "check", str(path))
    assert (done.returncode, "not_this_message" in done.stderr) == (1, True)
    done = hakam("franking", "check", str(path), "--platform", "elsewhere")
    assert (done.returncode, "not_carried" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("text", "said"), [("{", "truncated"), ("{}", "missing required field"), (None, "can't be read")]
)
def test_what_is_no_report_is_said(hakam: Hakam, tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "report.json"
    if text is not None:
        path.write_text(text)
    done = hakam("franking", "check", str(path))
    assert done.returncode == 1
    assert said in done.stderr


def test_what_can_be_no_id_is_refused(hakam: Hakam) -> None:
    done = hakam("franking", "key", "../../etc/passwd")
    assert done.returncode != 0
    assert "can't be the id of a key" in done.stderr
