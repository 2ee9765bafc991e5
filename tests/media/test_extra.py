"""What is said when the extra is not there."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from hakam.media import extra


def test_everything_is_here_when_tested() -> None:
    assert extra.missing() == ()
    assert extra.available()
    extra.demand()


def test_what_is_missing_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "MODULES", ("json", "no_such_module"))
    assert not extra.available()
    with pytest.raises(
        extra.MediaExtraMissingError, match=r"no_such_module missing; install .*hakam\[media\]"
    ):
        extra.demand()


def test_what_another_thread_is_about_to_load_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    half = ModuleType("half_loaded")
    assert half.__spec__ is None  # as it is while its own files are read
    monkeypatch.setitem(sys.modules, "half_loaded", half)
    monkeypatch.setattr(extra, "MODULES", ("half_loaded",))
    assert extra.missing() == ()
