"""What is said when the extra is not there."""

from __future__ import annotations

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
