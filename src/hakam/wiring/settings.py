"""All settings of Hakam: one frozen dataclass, read from the environment once. At most thirty."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs

from hakam.vocabulary.event import PLATFORM_PATTERN

_PORT = (1, 65_535)
_ANY = (0, 2**31 - 1)
_BOUNDS = {"console_port": _PORT, "door_port": _PORT, "demo_port": _PORT, "lease_seconds": (1, 86_400)}


class SettingError(ValueError):
    """A setting can't be used. The message names the variable and says what it takes."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator can choose. Each field is the environment variable `HAKAM_<NAME>`."""

    home: Annotated[Path, "folder of everything that Hakam writes"] = Path(
        platformdirs.user_data_dir("hakam")
    )
    database_url: Annotated[str, "`postgres://user:password@host/name`; empty: SQLite in `home`"] = ""
    platform: Annotated[str, "the platform that forms without a choice belong to"] = "default"
    platform_name: Annotated[str, "its name, as people outside read it"] = "Hakam"
    base_url: Annotated[str, "address of the console and the public pages, as others reach it"] = (
        "http://127.0.0.1:8420"
    )
    host: Annotated[str, "address that the processes listen on"] = "127.0.0.1"
    console_port: Annotated[int, "port of the console"] = 8420
    door_port: Annotated[int, "port of the door"] = 8421
    demo_port: Annotated[int, "port of the demo platform"] = 8422
    allowed_hosts: Annotated[tuple[str, ...], "host names that the console answers to"] = (
        "127.0.0.1",
        "localhost",
    )
    behind_tls: Annotated[bool, "a proxy in front ends TLS: secure cookies, HSTS"] = False
    debug: Annotated[bool, "show errors in the browser; never where others can reach it"] = False
    languages: Annotated[tuple[str, ...], "languages of forms and messages, the first is the default"] = (
        "en",
        "ar",
    )
    time_zone: Annotated[str, "time zone of pages (IANA name)"] = "UTC"
    pack: Annotated[str, "folder of the pack to start with; empty: the default pack that ships"] = ""
    media_url: Annotated[
        str, "how addresses of media begin whose files lie in `media_folder`; Hakam itself fetches none"
    ] = ""
    media_folder: Annotated[str, "folder with the platform's media, read by the worker; empty: none"] = ""
    max_event_bytes: Annotated[int, "largest event that the door takes, in bytes"] = 1_048_576
    max_body_bytes: Annotated[int, "largest request body that the door takes, in bytes"] = 33_554_432
    undo_seconds: Annotated[int, "how long effects wait, so that a decision can be taken back"] = 10
    lease_seconds: Annotated[int, "how long a case stays with a moderator who gives no sign of life"] = 300
    complaint_days: Annotated[int, "internal target for answering a complaint, in days"] = 14
    notice_hours: Annotated[int, "internal target for deciding a notice, in hours"] = 24
    eu_database_url: Annotated[
        str,
        "address of the EU Transparency Database or its sandbox; empty: statements are kept, none is sent",
    ] = ""
    smtp_url: Annotated[
        str, "`smtp://user:password@host:587?tls=true`; empty: mail becomes files in `home`/mail"
    ] = ""
    mail_from: Annotated[str, "sender of mail"] = "Hakam <hakam@localhost>"
    scores: Annotated[
        tuple[str, ...],
        "scores that the door measures of every text; those that rules read it measures anyway",
    ] = ()
    linear_model: Annotated[
        str,
        "file of a linear model of your own, from `hakam train` or `calibrate`; empty: the one that ships",
    ] = ""
    metrics_public: Annotated[bool, "serve `/metrics` to other than this machine"] = False
    allow_private_endpoints: Annotated[bool, "let webhooks go to private addresses"] = False

    @property
    def secrets_dir(self) -> Path:
        """Where secrets lie as files, readable by their owner only."""
        return self.home / "secrets"

    def given_secret(self, name: str) -> str:
        """Return a secret that somebody else made. Raises `SettingError` where it is not given."""
        variable = f"HAKAM_SECRET_{name.upper().replace('-', '_')}"
        path = self.secrets_dir / name
        if not os.environ.get(variable) and not path.exists():
            raise SettingError(f"neither {variable} nor the file {path} gives the secret")
        return self.secret(name)

    def secret(self, name: str) -> str:
        """Return the secret `name` from `HAKAM_SECRET_<NAME>` or its file, made on first use."""
        from_environment = os.environ.get(f"HAKAM_SECRET_{name.upper().replace('-', '_')}")
        if from_environment:
            return from_environment
        path = self.secrets_dir / name
        if not path.exists():
            self.secrets_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = path.with_suffix(f".{os.getpid()}.new")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48), encoding="utf-8")
            try:
                os.link(fresh, path)  # atomic: the first process wins
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text(encoding="utf-8").strip()


def _parse(name: str, kind: Any, text: str) -> Any:
    variable = f"HAKAM_{name.upper()}"
    if kind is bool:
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off", ""}:
            return False
        raise SettingError(f"{variable} is {text!r}, but takes true or false")
    if kind is int:
        try:
            number = int(text)
        except ValueError:
            raise SettingError(f"{variable} is {text!r}, but takes a whole number") from None
        low, high = _BOUNDS.get(name, _ANY)
        if not low <= number <= high:
            raise SettingError(f"{variable} is {text}, but takes a number from {low} to {high}")
        return number
    if kind is Path:
        if not text.strip():
            raise SettingError(f"{variable} is empty, but takes a folder")
        return Path(text).expanduser()
    if kind is str:
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _refuse_unusable(chosen: Settings) -> None:
    """Refuse what would fail later, in a place that does not know the setting. Raises `SettingError`."""
    if chosen.home.exists() and not chosen.home.is_dir():
        raise SettingError(f"HAKAM_HOME is {str(chosen.home)!r}, which is no folder")
    try:
        ZoneInfo(chosen.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingError(
            f"HAKAM_TIME_ZONE is {chosen.time_zone!r}, but takes an IANA name, as `Asia/Amman`"
        ) from None
    if not re.fullmatch(PLATFORM_PATTERN, chosen.platform):
        raise SettingError(
            f"HAKAM_PLATFORM is {chosen.platform!r}, but takes lower-case letters, digits and hyphens, at most 63"
        )
    if not chosen.languages:
        raise SettingError("HAKAM_LANGUAGES is empty, but takes one language at least, as `en,ar`")


def _refuse_unknown(environment: Mapping[str, str], known: list[str]) -> None:
    for name in sorted(environment):
        if name.startswith("HAKAM_") and name not in known and not name.startswith("HAKAM_SECRET_"):
            words = {variable.removeprefix("HAKAM_"): variable for variable in known}
            near = get_close_matches(name.removeprefix("HAKAM_"), words, n=1)
            hint = f"did you mean {words[near[0]]}?" if near else "`docs/reference/settings.md` lists all"
            raise SettingError(f"{name} is no setting; {hint}")


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from `environment`.

    Raises `SettingError`, also for a `HAKAM_` variable that is no setting; it tells the nearest name.
    """
    hints = get_type_hints(Settings)
    variables = {f"HAKAM_{field.name.upper()}": field.name for field in fields(Settings)}
    _refuse_unknown(environment, list(variables))
    given = {
        name: _parse(name, hints[name], environment[variable])
        for variable, name in variables.items()
        if variable in environment
    }
    chosen = Settings(**given)
    _refuse_unusable(chosen)
    return chosen


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return read_settings(os.environ)
