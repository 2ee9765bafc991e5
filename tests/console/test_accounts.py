"""Signing in: with a password, with a second step, in both languages; and what strangers can't do."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from hakam.staff.models import User
from hakam.testing import scene

pytestmark = pytest.mark.django_db
PASSWORD = "a sentence that only I would say"


@pytest.fixture
def nour(book: object) -> User:
    return scene.person("nour", password=PASSWORD)


def sign_in(client: Client, login: str = "nour", password: str = PASSWORD) -> str:
    answer = client.post("/accounts/login/", {"login": login, "password": password})
    return str(answer.headers.get("Location", answer.content.decode()))


@pytest.mark.parametrize("login", ["nour", "nour@example.org"])
def test_a_person_signs_in_by_name_or_address(nour: User, login: str) -> None:
    client = Client()
    assert sign_in(client, login) == "/"
    assert client.get("/desk/").status_code == 200


@pytest.mark.parametrize(("language", "heading"), [("en", "Sign in"), ("ar", "تسجيل الدخول")])
def test_the_page_speaks_both_languages(language: str, heading: str) -> None:
    page = Client().get("/accounts/login/", HTTP_ACCEPT_LANGUAGE=language).content.decode()
    assert f"<h1>{heading}</h1>" in page


def test_a_wrong_password_says_nothing_about_the_name(nour: User) -> None:
    known, unknown = (sign_in(Client(), login, "wrong password") for login in ("nour", "nobody"))
    assert 'role="alert"' in known
    tell = re.compile(r'role="alert">.*?</div></div>', re.DOTALL)
    one, other = tell.search(known), tell.search(unknown)
    assert one is not None
    assert other is not None
    assert one[0] == other[0]


def test_signing_in_leaves_no_message(nour: User) -> None:
    client = Client()
    sign_in(client)
    assert "data-message" not in client.get("/desk/").content.decode()


def test_signing_out(nour: User) -> None:
    client = Client()
    sign_in(client)
    assert client.get("/accounts/logout/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/desk/").status_code == 302


def test_nobody_signs_up() -> None:
    page = Client().get("/accounts/signup/").content.decode()
    assert "Nobody signs up here" in page
    Client().post("/accounts/signup/", {"username": "x", "email": "x@example.org", "password1": PASSWORD})
    assert not User.objects.exists()


def test_a_second_step_is_set_up_and_asked_for(nour: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(nour, secret)
    client = Client()
    assert sign_in(client) == "/accounts/2fa/authenticate/"
    page = client.get("/accounts/2fa/authenticate/").content.decode()
    assert "Two-step sign-in" in page
    assert client.get("/desk/").status_code == 302
    wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    assert 'class="wrong"' in wrong
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time  # noqa: PLC0415

    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert client.post("/accounts/2fa/authenticate/", {"code": code}).headers["Location"] == "/"
    assert client.get("/desk/").status_code == 200


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    "path",
    [
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/password/change/",
        "/accounts/reauthenticate/",
    ],
)
def test_the_pages_of_an_account_are_ours(nour: User, path: str, language: str) -> None:
    client = Client()
    sign_in(client)
    client.cookies["django_language"] = language
    answer = client.get(path, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "tokens.css" in page
    if language == "ar":
        assert re.search(r"<h1>[^<]*[\u0600-\u06ff]", page)


def test_the_square_of_the_second_step_needs_no_foreign_picture(nour: User) -> None:
    client = Client()
    sign_in(client)
    confirmed = {"password": PASSWORD, "next": "/accounts/2fa/totp/activate/"}
    page = client.post("/accounts/reauthenticate/", confirmed, follow=True).content.decode()
    assert 'src="data:image/svg+xml' in page
    assert not Authenticator.objects.exists()


def test_a_forgotten_password_says_nothing_about_accounts(nour: User) -> None:
    for address in ("nour@example.org", "nobody@example.org"):
        answer = Client().post("/accounts/password/reset/", {"email": address})
        assert answer.headers["Location"] == "/accounts/password/reset/done/"
