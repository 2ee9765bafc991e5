"""Live passes: what is signed is read, everything else is refused and says as what."""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.live.gate.passes import LONGEST, Pass, PassError, account_in, issue, read

SECRET = "the platform's own"
NOW = 1_800_000_000.0
PASS = Pass(
    account="u1", until=NOW + 60, stream="show", created=NOW - 86_400, verified=True, age=30, country="JO"
)


def refused(text: str, **given: object) -> str:
    with pytest.raises(PassError) as error:
        read(text, SECRET, **{"now": NOW, **given})  # type: ignore[arg-type]
    return error.value.code


def test_what_was_issued_is_read() -> None:
    assert read(issue(PASS, SECRET), SECRET, now=NOW, stream="show") == PASS
    least = Pass(account="بنت البلد", until=NOW + 1)
    assert read(issue(least, SECRET), SECRET, now=NOW, stream="any") == least


def test_a_pass_fits_into_the_address_of_a_stream() -> None:
    text = issue(PASS, SECRET)
    assert all(letter.isascii() and (letter.isalnum() or letter in "._-") for letter in text)
    assert len(text) < LONGEST


def test_each_refusal_says_what_is_wrong() -> None:
    text = issue(PASS, SECRET)
    assert refused("") == "missing"
    assert refused("secret-key") == "false"
    assert refused(text, stream="another") == "false"
    assert refused(text, now=NOW + 60) == "expired"
    assert refused(issue(PASS, "another platform's")) == "false"
    assert refused(text.replace("hakam1", "hakam2")) == "false"
    assert refused("é" + text) == "false"
    assert refused("a" * (LONGEST + 1)) == "false"
    assert refused("hakam1.e30." + text.rpartition(".")[2]) == "false"


def test_a_body_without_account_is_no_pass_even_if_signed() -> None:
    body = base64.urlsafe_b64encode(msgspec.json.encode({"until": NOW + 9})).rstrip(b"=").decode()
    signed = f"hakam1.{body}"
    mac = hmac.digest(SECRET.encode(), signed.encode(), hashlib.sha256)
    assert refused(f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}") == "false"


@given(place=st.integers(min_value=0), to=st.characters(min_codepoint=33, max_codepoint=126))
def test_no_changed_pass_is_read(place: int, to: str) -> None:
    text = issue(PASS, SECRET)
    place %= len(text)
    changed = text[:place] + to + text[place + 1 :]
    if changed == text:
        return
    try:
        found = read(changed, SECRET, now=NOW, stream="show")
    except PassError:
        return
    assert found == PASS  # the last letter of base64 has bits that say nothing


def test_whose_a_pass_is_can_be_read_without_the_secret() -> None:
    assert account_in(issue(Pass(account="u7", until=1.0), "secret")) == "u7"
    for text in ("", "hakam1", "hakam1.!!.x", "hakam1.e30.x", "é.é.é"):
        assert account_in(text) == ""
