"""A linear model of one's own: in use wherever texts are scored, and refused before the first text if it is broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hakam.door.scoring import Scorer
from hakam.signals.models import shipped
from hakam.signals.models.heads import Head
from hakam.signals.models.linear import UnreadableModelError, unpack
from hakam.wiring.programs import require_model
from hakam.wiring.settings import SettingError, Settings


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Let each test read models anew, and the tests after it too."""
    shipped.linear.cache_clear()
    shipped.reader.cache_clear()
    yield
    shipped.linear.cache_clear()
    shipped.reader.cache_clear()


@pytest.fixture
def own(small: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "own.bin"
    path.write_bytes(small)
    monkeypatch.setenv(shipped.OWN, str(path))
    return path


def test_the_operators_model_is_the_one_in_use(own: Path, small: bytes) -> None:
    assert shipped.linear().id == unpack(small).id
    assert shipped.shipped_linear().id != unpack(small).id
    assert Scorer((Head.TOXICITY,)).model == unpack(small).id
    require_model(Settings(linear_model=str(own)))


def test_the_reader_says_which_model_read(own: Path, small: bytes) -> None:
    (found,) = shipped.reader().read(["what a vile garden this is"], ["en"])
    assert found.model.startswith(unpack(small).id)


def test_without_a_choice_the_shipped_one_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(shipped.OWN, raising=False)
    assert shipped.linear() is shipped.shipped_linear()
    require_model(Settings())


def test_a_broken_model_is_not_replaced_by_another(own: Path) -> None:
    own.write_bytes(b"nothing of the kind")
    with pytest.raises(UnreadableModelError):
        shipped.linear()
    with pytest.raises(SettingError, match=r"HAKAM_LINEAR_MODEL.*own\.bin"):
        require_model(Settings(linear_model=str(own)))


def test_a_model_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.bin")
    monkeypatch.setenv(shipped.OWN, gone)
    with pytest.raises(SettingError, match="gone"):
        require_model(Settings(linear_model=gone))
