"""`hakam models`: what is declared, switching it on and off, and asking it once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.adapters.speaking import service

pytestmark = [pytest.mark.embedded, pytest.mark.sockets]


def hakam(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hakam.cli", *words], capture_output=True, text=True, timeout=120, check=False
    )


def test_the_life_of_a_model(home: Path) -> None:
    with service() as served:
        (home / "models").mkdir()
        (home / "models" / "guard.toml").write_text(
            f"""\
adapter = "chat"
labels = ["unsafe"]
[settings]
url = "{served.url}"
model = "guard"
style = "llama-guard"
""",
            encoding="utf-8",
        )
        (home / "models" / "torn.toml").write_text("adapter =", encoding="utf-8")
        assert hakam("migrate").returncode == 0
        listed = {row["name"]: row for row in json.loads(hakam("models", "list", "--json").stdout)}
        assert list(listed) == ["encoder", "guard", "torn.toml"]
        assert listed["guard"]["state"] == "off"
        assert listed["guard"]["sends_to"] == served.url.removeprefix("http://").removesuffix("/v1")
        assert listed["torn.toml"]["state"] == "broken"
        assert "encoder:hate" in listed["encoder"]["scores"]
        tried = hakam("models", "try", "guard", "I will hurt you")
        assert tried.returncode == 0, tried.stderr
        assert "guard:unsafe  1.0000" in tried.stdout
        on = hakam("models", "on", "guard")
        assert "texts go to 127.0.0.1" in on.stdout
        assert hakam("models", "on", "guard").returncode == 1
        shown = hakam("models", "list")
        assert "torn.toml: " in shown.stdout
        assert hakam("models", "off", "guard").stdout == "guard is off\n"
        served.manner = "401"
        refused = hakam("models", "try", "guard", "hello")
        assert (refused.returncode, "refuses with 401" in refused.stderr) == (1, True)
        missing = hakam("models", "on", "nobody")
        assert (missing.returncode, "there is no declaration" in missing.stderr) == (1, True)
