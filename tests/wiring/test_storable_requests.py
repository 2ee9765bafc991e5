"""A NUL that comes in by HTTP is a character like another before anybody reads it."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from hakam.wiring.storable_requests import StorableRequestMiddleware

SIGN = "\ufffd"


def read(request: HttpRequest, view: Any = None) -> HttpRequest:
    """Return the request as a view gets it."""
    seen: list[HttpRequest] = []

    def answer(asked: HttpRequest) -> HttpResponse:
        seen.append(asked)
        return HttpResponse()

    middleware = StorableRequestMiddleware(answer)
    middleware(request)
    middleware.process_view(seen[0], view or answer, (), {})
    return seen[0]


def test_the_address_and_its_query() -> None:
    request = read(RequestFactory().get("/s/a%00b?x=%00&y=1%00&%00=z"))
    assert (request.path, request.path_info) == (f"/s/a{SIGN}b",) * 2
    assert request.GET.dict() == {"x": SIGN, "y": f"1{SIGN}", SIGN: "z"}


def test_the_form() -> None:
    request = read(RequestFactory().post("/x", {"a": "1\x002", "b\x00": ["3", "\x00"], "c": "ب"}))
    assert dict(request.POST.lists()) == {"a": [f"1{SIGN}2"], f"b{SIGN}": ["3", SIGN], "c": ["ب"]}


def test_cookies_that_spell_it_in_octal() -> None:
    factory = RequestFactory()
    factory.cookies.load('sessionid="a\\000b"; other=fine')
    assert {"sessionid": f"a{SIGN}b", "other": "fine"} == read(factory.get("/")).COOKIES


def test_the_body_of_the_control_interface_is_left_alone() -> None:
    def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    view.csrf_exempt = True  # type: ignore[attr-defined]
    body = b'{"text": "a\\u0000b"}'
    request = RequestFactory().post("/api/v1/complaints", body, content_type="application/json")
    assert read(request, view).body == body


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=4))
def test_nothing_else_changes(given: dict[str, str]) -> None:
    given = {
        name: text for name, text in given.items() if not any("\ud800" <= c <= "\udfff" for c in name + text)
    }
    request = read(RequestFactory().get("/x", given))
    assert request.GET.dict() == {n.replace("\0", SIGN): t.replace("\0", SIGN) for n, t in given.items()}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/healthz", "/accounts/login/", "/desk/"])
def test_a_session_with_a_nul_is_no_session(client: Client, path: str) -> None:
    client.cookies.load('sessionid="a\\000b"; django_language="\\000"; hakam_theme="\\000"')
    assert client.get(path).status_code in {200, 302}


@pytest.mark.django_db
def test_the_control_interface_says_what_is_wrong(client: Client) -> None:
    headers = {"authorization": "Bearer hk_a\x00b_c"}
    assert client.get("/api/v1/statements/a%00b", headers=headers).status_code == 401
