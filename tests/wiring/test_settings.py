"""What an operator can choose, and what happens when a variable is wrong."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ({"HAKAM_DOOR_PORT": "0"}, "HAKAM_DOOR_PORT is 0, but takes a number from 1 to 65535"),
        ({"HAKAM_CONSOLE_PORT": "65536"}, "HAKAM_CONSOLE_PORT is 65536, but takes a number from 1 to 65535"),
        ({"HAKAM_DEMO_PORT": "8422.0"}, "HAKAM_DEMO_PORT is '8422.0', but takes a whole number"),
        ({"HAKAM_UNDO_SECONDS": "-1"}, "HAKAM_UNDO_SECONDS is -1, but takes a number from 0 to 2147483647"),
        ({"HAKAM_LEASE_SECONDS": "0"}, "HAKAM_LEASE_SECONDS is 0, but takes a number from 1 to 86400"),
        ({"HAKAM_MAX_BODY_BYTES": "32 MB"}, "HAKAM_MAX_BODY_BYTES is '32 MB', but takes a whole number"),
        ({"HAKAM_NOTICE_HOURS": ""}, "HAKAM_NOTICE_HOURS is '', but takes a whole number"),
        (
            {"HAKAM_TIME_ZONE": "Mars/Base"},
            "HAKAM_TIME_ZONE is 'Mars/Base', but takes an IANA name, as `Asia/Amman`",
        ),
        ({"HAKAM_TIME_ZONE": ""}, "HAKAM_TIME_ZONE is '', but takes an IANA name, as `Asia/Amman`"),
        (
            {"HAKAM_TIME_ZONE": "../UTC"},
            "HAKAM_TIME_ZONE is '../UTC', but takes an IANA name, as `Asia/Amman`",
        ),
        (
            {"HAKAM_PLATFORM": "My Forum"},
            "HAKAM_PLATFORM is 'My Forum', but takes lower-case letters, digits and hyphens, at most 63",
        ),
        (
            {"HAKAM_PLATFORM": "ميدان"},
            "HAKAM_PLATFORM is 'ميدان', but takes lower-case letters, digits and hyphens, at most 63",
        ),
        ({"HAKAM_LANGUAGES": " , "}, "HAKAM_LANGUAGES is empty, but takes one language at least, as `en,ar`"),
        ({"HAKAM_HOME": " "}, "HAKAM_HOME is empty, but takes a folder"),
        ({"HAKAM_HOME": __file__}, f"HAKAM_HOME is {__file__!r}, which is no folder"),
        ({"HAKAM_DEBUG": "perhaps"}, "HAKAM_DEBUG is 'perhaps', but takes true or false"),
    ],
)
def test_a_wrong_variable_is_refused_with_its_remedy(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings(environment)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("HAKAM_DOOR_PORT", "1", "door_port", 1),
        ("HAKAM_DOOR_PORT", " 65535 ", "door_port", 65_535),
        ("HAKAM_UNDO_SECONDS", "0", "undo_seconds", 0),
        ("HAKAM_TIME_ZONE", "Asia/Amman", "time_zone", "Asia/Amman"),
        ("HAKAM_PLATFORM", "a" * 63, "platform", "a" * 63),
        ("HAKAM_LANGUAGES", "ar", "languages", ("ar",)),
        ("HAKAM_HOME", "/nowhere/yet", "home", Path("/nowhere/yet")),
        ("HAKAM_SCORES", "", "scores", ()),
        ("HAKAM_DEBUG", "", "debug", False),
        ("HAKAM_BEHIND_TLS", "ON", "behind_tls", True),
    ],
)
def test_what_lies_on_the_edge_is_taken(variable: str, text: str, name: str, value: object) -> None:
    assert getattr(read_settings({variable: text}), name) == value


@given(st.text(max_size=12))
def test_no_text_passes_for_a_number_that_is_none(text: str) -> None:
    try:
        port = read_settings({"HAKAM_DOOR_PORT": text}).door_port
    except SettingError:
        return
    assert 1 <= port <= 65_535
    assert int(text) == port


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
