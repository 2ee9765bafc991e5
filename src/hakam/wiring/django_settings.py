"""Django's settings, derived from ours. Nothing here is for an operator to change."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from hakam.wiring.settings import settings

HAKAM = _S = settings()  # for pages: see `hakam.console.installation`
HAKAM_VAULT = "hakam.wiring.ports.vault"
HAKAM_STORES = "hakam.wiring.ports.stores"
HAKAM_MEDIA_SERVERS = "hakam.wiring.media_servers.servers"
HAKAM_EVENT_LOG = "hakam.wiring.ports.event_log"
HAKAM_NOTICE_LOG = "hakam.wiring.ports.notice_log"
HAKAM_FRANKING_KEYS = "hakam.wiring.ports.franking_keys"
_PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = _S.secret("django")
DEBUG = _S.debug
ALLOWED_HOSTS = list(_S.allowed_hosts)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "hakam.staff",
    "hakam.compliance",
    "hakam.banks",
    "hakam.enforcement",
    "hakam.review",
    "hakam.intake",
    "hakam.regulator",
    "hakam.safeguarding",
    "hakam.privacy",
    "hakam.live",
    "hakam.exchange",
    "hakam.incidents",
    "hakam.console",
]

MIDDLEWARE = [
    "hakam.wiring.storable_requests.StorableRequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "hakam.console.reader.ReaderMiddleware",
    "hakam.console.returning.ReturningMiddleware",
]

ROOT_URLCONF = "hakam.wiring.urls"
WSGI_APPLICATION = "hakam.wiring.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_PACKAGE / "console" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

_SQLITE: dict[str, Any] = {
    "ENGINE": "hakam.wiring.sqlite_in_turn",  # writers wait in line
    "NAME": str(_S.home / "control.db"),
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA secure_delete=ON;",
    },
    "TEST": {"NAME": None},
}
DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(_S.database_url, conn_max_age=60, conn_health_checks=True)
    if _S.database_url
    else _SQLITE,
}

AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_ADAPTER = "hakam.staff.accounts.ClosedAccounts"  # nobody signs up; an administrator invites
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Hakam"
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "/accounts/login/"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ar", "العربية")]
LOCALE_PATHS = [_PACKAGE / "console" / "locale"]
FORMAT_MODULE_PATH = ["hakam.console.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = _S.time_zone

STATIC_URL = "/static/"
STATIC_ROOT = str(_S.home / "static")
HAKAM_LISTS = _S.home / "lists"  # files of lists outside packs
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # whitenoise warns without it
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    },
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _S.behind_tls
SECURE_HSTS_SECONDS = 31_536_000 if _S.behind_tls else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _S.behind_tls else None
CSRF_TRUSTED_ORIGINS = [_S.base_url] if _S.behind_tls else []
CSRF_FAILURE_VIEW = "hakam.console.outside.astray.form_too_old"

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if _S.smtp_url
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = str(_S.home / "mail")
DEFAULT_FROM_EMAIL = _S.mail_from
if _S.smtp_url:
    _SMTP = urlsplit(_S.smtp_url)
    EMAIL_HOST = _SMTP.hostname or "localhost"
    EMAIL_PORT = _SMTP.port or 587
    EMAIL_HOST_USER = unquote(_SMTP.username or "")
    EMAIL_HOST_PASSWORD = unquote(_SMTP.password or "")
    EMAIL_USE_TLS = "tls=true" in _SMTP.query
    EMAIL_TIMEOUT = 20
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
SILENCED_SYSTEM_CHECKS: list[str] = []
