"""The pack that ships, loaded and compiled once."""

from __future__ import annotations

from importlib.resources import as_file, files

import pytest

from hakam.policy.engine import Engine, compile_pack
from hakam.policy.pack import Loaded, Pack, load_pack
from hakam.storage.packs import read_folder


@pytest.fixture(scope="session")
def loaded() -> Loaded:
    with as_file(files("hakam").joinpath("packs", "default")) as folder:
        return load_pack(read_folder(folder))


@pytest.fixture(scope="session")
def pack(loaded: Loaded) -> Pack:
    assert loaded.pack is not None, loaded.errors
    return loaded.pack


@pytest.fixture(scope="session")
def engine(pack: Pack) -> Engine:
    return compile_pack(pack)
