"""All settings of Hakam: one frozen dataclass, read from the environment once. At most thirty."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import platformdirs


class SettingError(ValueError):
    """A setting can't be used. The message names the variable and says what it takes."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator can choose. Each field is the environment variable `HAKAM_<NAME>`."""

    home: Path = Path(platformdirs.user_data_dir("hakam"))  # everything that Hakam writes
    database_url: str = ""  # empty: SQLite in `home`; or postgres://...
    platform: str = "default"  # the platform that forms without a choice belong to
    platform_name: str = "Hakam"  # as people outside read it
    base_url: str = "http://127.0.0.1:8420"  # of the console and the public pages
    host: str = "127.0.0.1"
    console_port: int = 8420
    door_port: int = 8421
    demo_port: int = 8422
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    behind_tls: bool = False  # secure cookies, HSTS
    debug: bool = False
    languages: tuple[str, ...] = ("en", "ar")
    time_zone: str = "UTC"
    pack: str = ""  # folder of the pack; empty: the default pack that ships
    max_event_bytes: int = 1_048_576
    max_body_bytes: int = 33_554_432
    undo_seconds: int = 10  # how long effects wait, so that a decision can be taken back
    lease_seconds: int = 300
    complaint_days: int = 14  # internal target for answering a complaint
    notice_hours: int = 24  # internal target for deciding a notice
    smtp_url: str = ""  # smtp://user:password@host:587?tls=true; empty: mail is written to files in `home`
    mail_from: str = "Hakam <hakam@localhost>"
    metrics_public: bool = False  # serve /metrics to other than this machine
    allow_private_endpoints: bool = False  # let webhooks go to private addresses

    @property
    def secrets_dir(self) -> Path:
        """Where secrets lie as files, readable by their owner only."""
        return self.home / "secrets"

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
            return int(text)
        except ValueError:
            raise SettingError(f"{variable} is {text!r}, but takes a whole number") from None
    if kind is Path:
        return Path(text).expanduser()
    if kind is str:
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def read_settings(environment: dict[str, str]) -> Settings:
    """Read the settings from `environment`; a variable that is no setting is refused, with the nearest name."""
    hints = get_type_hints(Settings)
    given = {}
    for field in fields(Settings):
        text = environment.get(f"HAKAM_{field.name.upper()}")
        if text is not None:
            given[field.name] = _parse(field.name, hints[field.name], text)
    return Settings(**given)


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return read_settings(dict(os.environ))
