"""Django as operators get it: guarded by default, stricter behind TLS, and never speaking to anybody by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.db import connection
from django.test import Client

NAMES = [
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "SECURE_HSTS_SECONDS",
    "SECURE_PROXY_SSL_HEADER",
    "CSRF_TRUSTED_ORIGINS",
    "DEBUG",
    "ALLOWED_HOSTS",
    "EMAIL_BACKEND",
    "EMAIL_HOST",
    "EMAIL_PORT",
    "EMAIL_HOST_USER",
    "EMAIL_HOST_PASSWORD",
    "EMAIL_USE_TLS",
    "DATABASES",
    "SECRET_KEY",
    "TIME_ZONE",
]
READ = (
    "import json, hakam.wiring.django_settings as s;"
    f"print(json.dumps({{n: getattr(s, n, None) for n in {NAMES}}}, default=str))"
)


def derived(home: Path, **variables: str) -> dict[str, Any]:
    """Return what Django is told by an operator's variables, read by a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HAKAM_")}
    done = subprocess.run(
        [sys.executable, "-c", READ],
        env=clean | {"HAKAM_HOME": str(home)} | variables,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return msgspec.json.decode(done.stdout, type=dict[str, Any])


def test_behind_tls_cookies_and_browsers_never_go_back_to_plain_http(tmp_path: Path) -> None:
    told = derived(
        tmp_path,
        HAKAM_BEHIND_TLS="yes",
        HAKAM_BASE_URL="https://hakam.example",
        HAKAM_SMTP_URL="smtp://us%40er:p%2Fw@mail.example:2525?tls=true",
        HAKAM_DATABASE_URL="postgres://u:p%40ss@db.example:5433/hakam",
        HAKAM_SECRET_DJANGO="from the environment",
    )
    assert told["SESSION_COOKIE_SECURE"] is told["CSRF_COOKIE_SECURE"] is True
    assert told["SECURE_HSTS_SECONDS"] == 31_536_000
    assert told["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert told["CSRF_TRUSTED_ORIGINS"] == ["https://hakam.example"]
    mail = [told[f"EMAIL_{name}"] for name in ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS")]
    assert mail == ["mail.example", 2525, "us@er", "p/w", True]
    base = told["DATABASES"]["default"]
    assert (base["HOST"], base["PORT"], base["NAME"], base["PASSWORD"]) == (
        "db.example",
        5433,
        "hakam",
        "p@ss",
    )
    assert told["SECRET_KEY"] == "from the environment"
    assert not (tmp_path / "secrets" / "django").exists()


def test_a_new_installation_trusts_no_proxy_and_sends_no_mail(tmp_path: Path) -> None:
    told = derived(tmp_path)
    assert told["DEBUG"] is False
    assert told["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost"]
    assert told["SECURE_PROXY_SSL_HEADER"] is None
    assert told["EMAIL_BACKEND"].endswith("filebased.EmailBackend")
    assert told["SECRET_KEY"] == (tmp_path / "secrets" / "django").read_text(encoding="utf-8")
    assert len(told["SECRET_KEY"]) >= 50


@pytest.mark.django_db
def test_django_finds_nothing_to_complain_about() -> None:
    assert [str(message) for message in run_checks(include_deployment_checks=False)] == []


def test_the_guards_stand_before_what_they_guard() -> None:
    order = [name.rpartition(".")[2] for name in settings.MIDDLEWARE]
    assert order[:2] == ["StorableRequestMiddleware", "SecurityMiddleware"]
    for first, then in (
        ("SessionMiddleware", "AuthenticationMiddleware"),
        ("SessionMiddleware", "LocaleMiddleware"),
        ("CSPMiddleware", "CsrfViewMiddleware"),
        ("CsrfViewMiddleware", "AuthenticationMiddleware"),
        ("AuthenticationMiddleware", "ReaderMiddleware"),
    ):
        assert order.index(first) < order.index(then), (first, then)


def test_passwords_are_kept_by_a_slow_hash_and_nobody_signs_up() -> None:
    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    assert "ClosedAccounts" in settings.ACCOUNT_ADAPTER


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/login/", "/api/v1/docs", "/.env", "/static/../secrets/django"]
)
def test_nothing_is_served_that_nobody_meant_to_serve(path: str) -> None:
    assert Client(raise_request_exception=False).get(path).status_code == 404


@pytest.mark.django_db
def test_a_host_that_is_not_ours_is_not_answered() -> None:
    answer = Client(raise_request_exception=False).get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/signup"])
def test_signing_up_is_closed(path: str) -> None:
    answer = Client().post(
        path, {"username": "x", "email": "x@example.org", "password1": "long enough words"}, follow=True
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM staff_user")
        assert cursor.fetchone() == (0,)
    assert answer.status_code in {200, 403, 404}
