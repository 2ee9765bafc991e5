"""Hosts that imitate others are found; names of all the world's languages are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals.homographs import WELL_KNOWN, homographs_of, imitates
from hakam.signals.links import find_links, host_of

# Each is written as it was seen or could be; hosts are read from the link, as at the door.
IMITATIONS = (
    "https://аррӏе.com/",  # Cyrillic alone: registered by a researcher in 2017
    "https://www.xn--80ak6aa92e.com/",  # the same in punycode
    "https://раураӏ.com/login",
    "https://gооgle.com",  # two Cyrillic letters within Latin
    "https://ɢoogle.com",  # a small capital: registered by a spammer in 2016
    "https://microsоft.example",
    "https://wikipediа.org",
    "https://ωhatsapp.com",  # Greek
    "https://faсebook-login.example.net",
    "https://login.fаcebook.evil.example",  # in a name below the one that was registered
    "https://ցoogle.com",  # Armenian
    "https://ġoogle.com",  # a mark on a letter
    "https://ḅinance.com",
    "https://paypał.com",
    "https://tеlеgram.org",
    "https://shоp.example",  # no well-known name: alphabets are mixed
    "https://αpotheke.example",
    "https://paypa1.com",
    "https://g00gle.com",
    "https://rnicrosoft.com/x",
    "https://tvvitter.com",
    "https://secure-arnazon.com",
    "https://www.faceb00k.co.uk",
)
# Names that are real, or of the kind that registries give.
HONEST = (
    "https://موقع.السعودية", "https://وزارة-الأتصالات.مصر", "https://مثال.إختبار", "https://عرب.com", "https://شبكة٢٤.امارات",
    "https://ایران.ir", "https://پاکستان.پاکستان", "https://müller.de", "https://bücher.example", "https://straße.de",
    "https://größe-und-maß.de", "https://www.xn--mnchen-3ya.de", "https://ışık.com.tr", "https://şişecam.com.tr",
    "https://çiçeksepeti.com", "https://türkiye.gov.tr", "https://डाटामेल.भारत", "https://भारत.भारत", "https://हिन्दी.com",
    "https://президент.рф", "https://почта.рф", "https://хор.рф", "https://оса.com", "https://укрзалізниця.укр",
    "https://ελλάδα.gr", "https://παράδειγμα.δοκιμή", "https://österreich.at", "https://café.fr", "https://élysée.fr",
    "https://españa.es", "https://ação.pt", "https://città.it", "https://rødgrødmedfløde.dk", "https://żabka.pl",
    "https://日本語abc.jp", "https://中文.com", "https://삼성.com", "https://việtnam.vn", "https://ไทย.com", "https://אתר.co.il",
    "https://հայաստան.հայ", "https://google.com", "https://mail.google.com", "https://paypal.me", "https://apple.example",
    "https://www.google.com.sa", "https://office365.com", "https://m1.example", "https://modern.example",
    "https://corner.example", "https://10.0.0.1", "https://[2001:db8::1]/", "https://apple-orchard.example",
)  # fmt: skip


@pytest.mark.parametrize("link", IMITATIONS)
def test_a_host_that_imitates_another_is_found(link: str) -> None:
    host = host_of(link)
    assert host is not None
    assert homographs_of((host,)) == (host,)
    (in_text,) = find_links(f"look: {link}")
    assert host_of(in_text) == host


@pytest.mark.parametrize("link", HONEST)
def test_a_name_in_the_letters_of_its_language_is_left_alone(link: str) -> None:
    host = host_of(link)
    assert host is not None
    assert homographs_of((host,)) == ()


def test_those_that_imitate_are_given_in_order_and_unknown_stays_unknown() -> None:
    assert homographs_of(("gооgle.com", "google.com", "paypa1.com")) == ("gооgle.com", "paypa1.com")
    assert homographs_of(()) == ()
    assert homographs_of(None) is None


def test_well_known_names_imitate_nobody_wherever_they_stand() -> None:
    for name in WELL_KNOWN:
        assert len(name) >= 5
        for host in (f"{name}.com", f"www.{name}.co.uk", f"{name}.blogspot.com", f"my-{name}.example", name):
            assert not imitates(host), host


@given(st.sampled_from(sorted(WELL_KNOWN)), st.data())
def test_one_twin_letter_of_another_alphabet_in_a_well_known_name_is_enough(
    name: str, data: st.DataObject
) -> None:
    twins = {
        "a": "а",
        "c": "с",
        "e": "е",
        "i": "і",
        "o": "о",
        "p": "р",
        "x": "х",
        "y": "у",
        "s": "ѕ",
        "h": "һ",
        "l": "ӏ",
    }
    places = [n for n, letter in enumerate(name) if letter in twins]
    if places:
        place = data.draw(st.sampled_from(places))
        assert imitates(f"www.{name[:place]}{twins[name[place]]}{name[place + 1 :]}.example")


@given(st.text(max_size=60))
def test_any_text_is_a_host_that_is_answered(host: str) -> None:
    assert imitates(host) in {True, False}
