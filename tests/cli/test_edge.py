"""`hakam edge` as an operator types it, and as an edge node without a home does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.cli.test_home_commands import Hakam, installation, migrated, ok, run

pytestmark = pytest.mark.embedded
__all__ = ["installation", "migrated"]


@pytest.fixture
def hakam(installation: Path) -> Hakam:
    return lambda *words, **more: run(installation, *words, **more)


def test_a_snapshot_is_built_verified_and_asked(hakam: Hakam, installation: Path, tmp_path: Path) -> None:
    assert "wrote base and delta number 1: 0 entries" in ok(hakam("edge", "build"))
    assert "wrote delta number 2: 0 entries" in ok(hakam("edge", "build", "--hours", "1"))
    assert "wrote base and delta number 3" in ok(hakam("edge", "build", "--fresh"))
    key = ok(hakam("edge", "key")).strip()
    assert re.fullmatch("[0-9a-f]{64}", key)
    folder = installation / "edge" / "default"
    base, delta = str(folder / "base"), str(folder / "delta")

    def node(*words: str) -> tuple[int, str, str]:
        done = run(tmp_path / "no-home", "edge", *words)
        return done.returncode, done.stdout, done.stderr

    code, said, _ = node("verify", delta, "--key", key)
    assert (code, "delta number 3 of default, 0 entries, good until" in said) == (0, True)
    asked = ("--base", base, "--delta", delta)
    assert node("check", "live", "u1", *asked, "--key", key)[:2] == (0, "not barred\n")
    code, _, said = node("check", "item", "77", *asked, "--key", key)
    assert (code, said) == (2, "error: an item has a kind, and nothing else has\n")
    code, _, said = node("check", "live", "u1", *asked, "--key", "0" * 64)
    assert (code, said) == (2, "error: the signature is not of this key\n")
    code, _, said = node("verify", base, "--key", "rubbish")
    assert (code, "a public key has 64 hex digits" in said) == (1, True)
    code, _, said = node("verify", str(folder / "nothing"), "--key", key)
    assert (code, "can't be read" in said) == (1, True)


def test_another_platform_has_a_folder_of_its_own(hakam: Hakam, installation: Path) -> None:
    ok(hakam("edge", "build", "--platform", "maydan"))
    assert (installation / "edge" / "maydan" / "base").is_file()
    assert not (installation / "edge" / "default").exists()
