"""The paths of links, and hours and days in UTC, case by case."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from hakam.policy.fields import FIELDS, hour, paths_of, weekday
from hakam.signals.links import host_of, registrable

PATHS = [
    ("https://x.example", "/"),
    ("https://x.example/", "/"),
    ("https://x.example/a", "/a"),
    ("https://x.example/a/", "/a/"),
    ("https://x.example/a/b", "/a/b"),
    ("https://x.example/a?b=c", "/a"),
    ("https://x.example/a#b", "/a"),
    ("https://x.example/a?b#c", "/a"),
    ("https://x.example/?a=/b", "/"),
    ("x.example", "/"),
    ("x.example/", "/"),
    ("x.example/a", "/a"),
    ("x.example/a/b?c", "/a/b"),
    ("http://x.example:80/a", "/a"),
    ("http://[::1]/a", "/a"),
    ("https://x.example/سلام", "/سلام"),
    ("https://x.example//a", "//a"),
    ("ftp://x.example/a.zip", "/a.zip"),
    ("bit.ly/3xY", "/3xY"),
]


@pytest.mark.parametrize(("link", "path"), PATHS)
def test_the_path_of_a_link(link: str, path: str) -> None:
    assert paths_of((link,)) == (path,)


def test_paths_are_kept_once_and_in_order() -> None:
    assert paths_of(("https://a.example/x", "https://b.example/x", "https://c.example/y")) == ("/x", "/y")
    assert paths_of(()) == ()
    assert paths_of(None) is None


def test_what_links_have_is_in_the_form_that_is_asked_for() -> None:
    """Nobody is told that a host is never there which is."""
    hosts = [
        *(
            "a.example",
            "www.a.co.uk",
            "пример.рф",
            "a.b.github.io",
            "127.0.0.1",
            "[::1]",
            "localhost",
        ),
        *map(
            host_of,
            (
                "HTTP://A.Example:80/x",
                "http://xn--e1afmkfd.xn--p1ai",
                "//0x7f.1/",
                "http://%65vil.example",
                "http://xn--zz--.de",
            ),
        ),
    ]
    as_host, as_domain = FIELDS["links.hosts"].host, FIELDS["links.domains"].host
    assert as_host is not None
    assert as_domain is not None
    for host in hosts:
        assert host is not None
        assert as_host(host) == host
        assert as_domain(registrable(host)) == registrable(host)
    for text in ("no host at all", "", "a b.example", "/path"):
        assert as_host(text) == as_domain(text) == text


TIMES = [
    ("2026-03-01T00:00:00Z", 0, 7),
    ("2026-03-01T23:59:59Z", 23, 7),
    ("2026-03-02T00:00:00Z", 0, 1),
    ("2026-03-02T00:30:00+03:00", 21, 7),
    ("2026-03-01T22:30:00-05:00", 3, 1),
    ("2026-03-07T12:00:00Z", 12, 6),
    ("2026-03-04T12:00:00", 12, 3),
]


@pytest.mark.parametrize(("moment", "hours", "day"), TIMES)
def test_hours_and_days_are_in_utc(moment: str, hours: int, day: int) -> None:
    assert hour(datetime.fromisoformat(moment)) == hours
    assert weekday(datetime.fromisoformat(moment)) == day


@pytest.mark.parametrize("moment", ["0001-01-01T00:30:00+01:00", "9999-12-31T23:30:00-01:00"])
def test_at_the_ends_of_time_the_hour_is_unknown(
    packs: Any, make_event: Any, judge: Any, moment: str
) -> None:
    assert hour(datetime.fromisoformat(moment)) is None
    assert weekday(datetime.fromisoformat(moment)) is None
    engine = packs.engine("not event.hour == 12", "not known(event.weekday)")
    verdict = judge(engine, make_event(at=moment))
    assert [firing.rule for firing in verdict.firings] == ["r1"]
    assert verdict.quarantined == ()
