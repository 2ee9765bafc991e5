"""What is installed beside Hakam is found by its entry points, and never left out silently."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hakam.wiring import plugins
from hakam.wiring.plugins import PluginError


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a distribution, as pip would lay it out, for the time of the test."""

    def put(name: str, entries: str, code: str = "") -> None:
        info = tmp_path / f"{name}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[hakam.connectors]\n{entries}\n")
        (tmp_path / f"{name}.py").write_text(code)
        sys.modules.pop(name, None)

    monkeypatch.syspath_prepend(tmp_path)
    plugins.load.cache_clear()
    yield put  # type: ignore[misc]
    plugins.load.cache_clear()


def test_nothing_installed_is_nothing_loaded(install: Callable[..., None]) -> None:
    assert plugins.load(plugins.CONNECTORS) == {}


def test_an_extension_is_loaded_under_its_id(install: Callable[..., None]) -> None:
    install("hakam_pigeon", "pigeon = hakam_pigeon:Pigeon", "class Pigeon:\n    id = 'pigeon'\n")
    assert plugins.load(plugins.CONNECTORS)["pigeon"].id == "pigeon"


def test_two_extensions_never_share_an_id(install: Callable[..., None]) -> None:
    install("pigeon_a", "pigeon = pigeon_a:A", "A = 1")
    install("pigeon_b", "pigeon = pigeon_b:B", "B = 2")
    with pytest.raises(PluginError, match=r"pigeon_. 1.2 and pigeon_. 1.2 both claim the id 'pigeon'"):
        plugins.load(plugins.CONNECTORS)


def test_an_extension_that_can_not_be_imported_is_named(install: Callable[..., None]) -> None:
    install("pigeon_c", "pigeon = pigeon_c:Pigeon", "raise RuntimeError('needs a loft')")
    with pytest.raises(PluginError, match=r"'pigeon' of pigeon_c 1.2 can't be loaded: needs a loft"):
        plugins.load(plugins.CONNECTORS)


def test_only_known_groups_are_looked_for() -> None:
    with pytest.raises(PluginError, match=r"'hakam.pigeons' is no group of extensions"):
        plugins.load("hakam.pigeons")
