"""Links are found where they stand, and their hosts are named as their owners registered them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.signals.links import SHORTENERS, find_links, host_of, registrable, shorteners_of


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.org/a?b=c#d.", ("https://example.org/a?b=c#d",)),
        ("(www.example.org)", ("www.example.org",)),
        ("hxxp://bad[.]example[.]com/x", ("hxxp://bad.example.com/x",)),
        ("join t.me/group and bit.ly/xyz", ("t.me/group", "bit.ly/xyz")),
        ("write to a.b@example.com", ()),
        ("end.of sentence. Next", ()),
        ("version 1.2.3", ()),
        ("مرحبا http://مثال.example، شكرا", ("http://مثال.example",)),
        ("twice example.com example.com", ("example.com",)),
        ("no links here", ()),
    ],
)
def test_links_are_found_in_text(text: str, links: tuple[str, ...]) -> None:
    assert find_links(text) == links


def test_links_that_the_platform_names_come_first() -> None:
    assert find_links("and http://b.example", ("http://a.example",)) == (
        "http://a.example",
        "http://b.example",
    )
    assert find_links(None, ("http://a.example",)) == ("http://a.example",)


def test_a_flood_of_links_is_bounded() -> None:
    assert len(find_links(" ".join(f"http://h{n}.example/" for n in range(1_000)))) == 200


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("https://WWW.Example.ORG:8443/a", "www.example.org"),
        ("http://user:pass@evil.example/", "evil.example"),
        ("http://user:pa@ss@evil.example/", "evil.example"),
        ("hxxps://evil.example/", "evil.example"),
        ("http://xn--mgbh0fb.example", "مثال.example"),
        ("http://xn--\u00e9.example", "xn--\u00e9.example"),
        ("http://xn--o2ax.example", "ѯѣ.example"),  # capitals, which no name has
        ("http://www.xn--", "www.xn--"),
        ("www.example.org", "www.example.org"),
        ("http://[2001:db8::1]:80/", "[2001:db8::1]"),
        ("//cdn.example/x.js", "cdn.example"),
        ("http://example.org.", "example.org"),
        ("http:///nothing", None),
        ("example.org:8080/x", "example.org"),
        ("mailto:a@b.example", "b.example"),
        ("http://%65vil.example/", "evil.example"),
        ("https://evil%2Eexample/a", "evil.example"),
        ("https://%45%56%49%4C.example", "evil.example"),
        ("http://user@%65vil.example:80/", "evil.example"),
        ("http://evil%E3%80%82example", "evil.example"),  # an ideographic full stop is a dot
        ("http://e%C2%ADvil.example", "evil.example"),  # a soft hyphen is nothing
        ("http://%ef%bc%85vil.example", "%ef%bc%85vil.example"),  # a full-width `%`: no host to a browser
        ("http://%D9%85%D8%AB%D8%A7%D9%84.example", "مثال.example"),
        ("http://%78n--mgbh0fb.example", "مثال.example"),
        ("http://%2565vil.example", "%2565vil.example"),  # decoded once: `%65vil` is no host
        ("http://evil.example%2F.good.example", "evil.example%2f.good.example"),
        ("http://%ff.example", "%ff.example"),
        ("https://ev\til.exa\nmple/", "evil.example"),
    ],
)
def test_the_host_of_a_link(link: str, host: str | None) -> None:
    assert host_of(link) == host


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.example.org", "example.org"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("news.example.com.eg", "example.com.eg"),
        ("someone.blogspot.com", "someone.blogspot.com"),
        ("blogspot.com", "blogspot.com"),
        ("shop.someone.wordpress.com", "someone.wordpress.com"),
        ("shop.someone.example.kyoto.jp", "example.kyoto.jp"),
        ("www.example.gov.sa", "example.gov.sa"),
        ("login.example.k12.ca.us", "example.k12.ca.us"),
        ("a.b.example.公司.cn", "example.公司.cn"),
        ("www.موقع.السعودية", "موقع.السعودية"),
        ("co.uk", "co.uk"),
        ("a.b.nobody-knows", "b.nobody-knows"),
        ("a..b", "a..b"),
        ("example.de", "example.de"),
        ("localhost", "localhost"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:db8::1]", "[2001:db8::1]"),
    ],
)
def test_what_somebody_registered(host: str, domain: str) -> None:
    assert registrable(host) == domain


@given(st.text(max_size=200))
@settings(max_examples=500, deadline=None)
def test_any_text_is_searched_without_error(text: str) -> None:
    for link in find_links(text):
        host = host_of(link)
        assert host is None or registrable(host)


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("http://2130706433/", "127.0.0.1"),
        ("http://0x7f.1/", "127.0.0.1"),
        ("http://0177.0.0.1", "127.0.0.1"),
        ("http://0x7F000001:8080/x", "127.0.0.1"),
        ("http://192.168.257", "192.168.1.1"),
        ("http://3232235777.", "192.168.1.1"),
        ("http://10.0.0.1", "10.0.0.1"),
        ("http://1", "0.0.0.1"),
        ("http://256.1.1.1", "256.1.1.1"),  # no address, and in a browser no page
        ("http://1.2.3.4.5", "1.2.3.4.5"),
        ("http://08.1", "08.1"),
        ("http://4294967296", "4294967296"),
        ("http://shop24", "shop24"),
        ("http://0xyz.example", "0xyz.example"),
        ("http://mp3.4all", "mp3.4all"),
    ],
)
def test_an_address_in_numbers_is_one_address_however_written(link: str, host: str) -> None:
    assert host_of(link) == host


@given(st.integers(0, 2**32 - 1))
def test_all_ways_to_write_an_address_are_one(value: int) -> None:
    a, b, c, d = value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255
    plain = f"{a}.{b}.{c}.{d}"
    ways = [
        str(value),
        hex(value),
        f"0{value:o}",
        f"{a}.{b}.{c << 8 | d}",
        f"{a:#x}.{value & 0xFFFFFF}",
        plain,
    ]
    assert {host_of(f"http://{way}/") for way in ways} == {plain}


def test_shortened_addresses_are_known_by_their_hosts() -> None:
    text = "hxxps://BIT[.]ly/3xY, www.tinyurl.com/a https://t.co./b https://bit.ly.example/c https://x.example/bit.ly"
    hosts = tuple(host for link in find_links(text) if (host := host_of(link)))
    assert shorteners_of(hosts) == ("bit.ly", "www.tinyurl.com", "t.co")
    assert shorteners_of(()) == ()
    assert shorteners_of(None) is None


def test_a_known_shortener_is_written_as_hosts_are_read() -> None:
    assert all(host_of(f"https://{host}/x") == host for host in SHORTENERS)
    assert not {"youtu.be", "linktr.ee", "wikipedia.org"} & SHORTENERS  # these show where they lead
