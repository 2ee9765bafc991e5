"""What an operator can choose, and what happens when a variable is wrong."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

from hakam.wiring.settings import SettingError, Settings, read_settings


def test_without_any_variable_everything_has_a_default() -> None:
    assert read_settings({}) == Settings()


def test_there_are_at_most_thirty_settings_and_each_says_what_it_is() -> None:
    hints = get_type_hints(Settings, include_extras=True)
    assert len(fields(Settings)) <= 30
    for field in fields(Settings):
        assert len(hints[field.name].__metadata__[0]) > 10, field.name


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("HAKAM_HOME", "/srv/hakam", "home", Path("/srv/hakam")),
        ("HAKAM_DOOR_PORT", "9000", "door_port", 9000),
        ("HAKAM_BEHIND_TLS", "yes", "behind_tls", True),
        ("HAKAM_BEHIND_TLS", "0", "behind_tls", False),
        ("HAKAM_ALLOWED_HOSTS", "a.example, b.example,", "allowed_hosts", ("a.example", "b.example")),
        ("HAKAM_PLATFORM_NAME", "ميدان", "platform_name", "ميدان"),
    ],
)
def test_a_variable_sets_its_setting(variable: str, text: str, name: str, value: object) -> None:
    assert getattr(read_settings({variable: text}), name) == value


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"HAKAM_DOR_PORT": "1"}, "HAKAM_DOR_PORT is no setting; did you mean HAKAM_DOOR_PORT?"),
        ({"HAKAM_ZZZ": "1"}, "HAKAM_ZZZ is no setting; `docs/reference/settings.md` lists all"),
        ({"HAKAM_DOOR_PORT": "many"}, "HAKAM_DOOR_PORT is 'many', but takes a whole number"),
        ({"HAKAM_DEBUG": "perhaps"}, "HAKAM_DEBUG is 'perhaps', but takes true or false"),
    ],
)
def test_a_wrong_variable_is_refused_with_its_remedy(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings(environment)
    assert str(caught.value) == message


def test_other_programs_variables_and_secrets_are_let_alone() -> None:
    assert read_settings({"PATH": "/bin", "HAKAM_SECRET_WEBHOOK_MAYDAN": "whsec_x"}) == Settings()


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    chosen = Settings(home=tmp_path)
    first = chosen.secret("django")
    assert len(first) >= 48
    assert chosen.secret("django") == first
    assert chosen.secret("vault") != first
    assert (tmp_path / "secrets" / "django").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["django", "vault"] or {
        path.name for path in (tmp_path / "secrets").iterdir()
    } == {"django", "vault"}


def test_a_secret_from_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAKAM_SECRET_WEBHOOK_MAYDAN", "whsec_from_outside")
    assert Settings(home=tmp_path).secret("webhook-maydan") == "whsec_from_outside"
    assert not (tmp_path / "secrets").exists()


def test_a_secret_that_others_make_must_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = Settings(home=tmp_path)
    with pytest.raises(SettingError, match="HAKAM_SECRET_EU_DATABASE"):
        chosen.given_secret("eu-database")
    assert not (tmp_path / "secrets").exists()
    monkeypatch.setenv("HAKAM_SECRET_EU_DATABASE", "12|token")
    assert chosen.given_secret("eu-database") == "12|token"
