"""`live.json` is read strictly: what is misspelt is refused, never a condition that is not checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hakam.live.configuration import (
    Conditions,
    ConfigurationError,
    LiveConfiguration,
    load,
    read_configuration,
)

SERVER = {"name": "rtmp-1", "kind": "nginx-rtmp", "platform": "maydan"}


def read(**given: Any) -> LiveConfiguration:
    return read_configuration(json.dumps(given).encode())


def test_what_is_left_out_has_a_default() -> None:
    found = read(servers=[SERVER], conditions={"maydan": {"one_strike": ["terrorism"]}})
    assert found.server("rtmp-1") is not None
    assert found.server("rtmp-2") is None
    assert found.conditions_of("maydan").strike_days == 30
    assert found.conditions_of("elsewhere") == Conditions()
    assert found.stale.total_seconds() == 120
    assert found.servers[0].when_unsure == "refuse"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"servers": [{**SERVER, "when_unsur": "admit"}]}, "when_unsur"),
        ({"servers": [{**SERVER, "when_unsure": "perhaps"}]}, "when_unsure"),
        ({"servers": [SERVER, SERVER]}, "one name"),
        ({"servers": [{**SERVER, "name": "Big Name"}]}, "name"),
        ({"conditions": {"maydan": {"least_age": -1}}}, "least_age"),
        ({"conditions": {"maydan": {"countries_only": ["Germany"]}}}, "countries_only"),
        ({"conditions": {"maydan": {"countries_only": ["DE"], "countries_refused": ["DE"]}}}, "DE is both"),
        ({"conditions": {"maydan": {"strike_days": 0}}}, "strike_days"),
        ({"port": 0}, "port"),
        ({"watching": {"most": -1}}, "most"),
        ({"extra": 1}, "extra"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read(**given)


def test_a_file_that_is_absent_guards_nothing_and_one_that_is_wrong_says_where(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    (tmp_path / "live.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"live\.json"):
        load(tmp_path)
    (tmp_path / "live.json").write_text("{}")
    assert load(tmp_path) == LiveConfiguration()
