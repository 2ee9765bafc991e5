"""What people read, whole: letters, the copy, the record of processing, in both languages, held against kept texts.

Whoever changes words on purpose deletes the file, runs the test once, reads what it wrote, and commits that.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from dateutil.relativedelta import relativedelta
from django.utils import translation
from tests.privacy.conftest import DAY, NOW, World

from hakam.intake.models import Authority
from hakam.privacy import document, gathering, records, request_letters, requests, work
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Project, Subject
from hakam.privacy.requests import RequestKind
from hakam.privacy.schedule import Kept, shipped
from hakam.testing import scene

FIXTURES = Path(__file__).parent / "fixtures"
LANGUAGES = ["en", "ar"]


def held_against(name: str, text: str) -> None:
    """Compare a text with the kept one; a text that is kept for the first time must be read by a person."""
    path = FIXTURES / f"{name}.txt"
    if not path.exists():
        FIXTURES.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path.name} was written: read it, then run the test again")
    assert text == path.read_text(encoding="utf-8")


def lines_of(page: str) -> Iterator[str]:
    """Yield what can be read on a page, one cell a line."""
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    for part in re.split(r"</(?:h1|h2|p|dt|dd|dl|section|title)>", page):
        words = html.unescape(re.sub(r"<[^>]*>", "", part)).strip()
        if words:
            yield words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_letters(language: str) -> None:
    """GDPR Art. 12(1): plain words, in the person's language; Art. 12(4): reasons and the ways to object."""
    kept = [
        {"kind": kind.value, "count": 3, "why": why}
        for kind, why in zip(Kind, ["law", "held", "open"] * 8, strict=False)
    ]
    out = []
    for kind in RequestKind:
        request = Subject(
            pk="00000000-0000-4000-8000-000000000001", kind=kind, language=language, account="u1", answer="(...)",
            extended_because="(...)", outcome={"erased": {"events": 41, "cases": 1}, "kept": kept},
        )  # fmt: skip
        told = {
            "extended": request_letters.extended(request),
            "ready": request_letters.ready(request),
            "erased": request_letters.erased(request),
            "answered": request_letters.answered(request),
        }
        for ground in requests.grounds_of(kind):
            request.ground = ground
            told[f"refused, {ground}"] = request_letters.refused(request)
        for name, letter in told.items():
            out += [f"== {kind}, {name}", letter.subject, *letter.paragraphs, ""]
    held_against(f"letters {language}", "\n".join(map(str, out)) + "\n")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.django_db
def test_the_record_of_processing(language: str) -> None:
    """GDPR Art. 30(1)(b) and on: purposes, people, data, recipients, transfers, periods, security."""
    Authority.objects.create(
        name="Court", kind="court", country="DE", email="c@court.example", registered_by="staff:1", registered_at=NOW,
        confirmed_by="staff:2", confirmed_at=NOW,
    )  # fmt: skip
    Project.objects.create(
        title="T", researcher="University of Amman", email="r@uni.example", purpose="p", platform="maydan",
        first=NOW.date(), last=NOW.date(), owner="staff:1", state="made", asked_at=NOW, expires_on=NOW.date(),
    )  # fmt: skip
    running = SimpleNamespace(
        platform_name="Maydan", base_url="https://hakam.example", behind_tls=True, smtp_url="smtp://mail.example:587",
        eu_database_url="https://transparency.example", database_url="",
    )  # fmt: skip
    with translation.override(language):
        made = records.record(running, now=NOW, language=language)
    out = [made.controller, made.address, *made.systems, *made.security, ""]
    for entry in made.entries:
        out += [f"== {entry.key}", entry.title, entry.purpose, entry.people, entry.ground]
        for name in ("data", "recipients", "transfers", "erased"):
            out += [f"{name}: {line}" for line in getattr(entry, name)]
        out.append("")
    held_against(f"records {language}", "\n".join(out))
    assert records.as_csv(made).count(b"\r\n") == len(made.entries) + 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_copy(world: World, language: str) -> None:
    """GDPR Art. 15 and 20: everything, in order, nothing of others."""
    world.post("First words", at=NOW)
    world.post("Second words\nwith a line of their own", at=NOW + DAY, url="https://maydan.example/2")
    world.decided(world.case("You are vermin"))
    world.decided(world.case("Only a joke"), violation=False)
    world.notice("I am hurt", notifier="u1", name="Una", email="u1@people.example")
    made = requests.receive("access", platform=scene.PLATFORM, account="u1", by=world.amal.actor, now=NOW)
    requests.identify(str(made.pk), how="Signed in.", by=world.basil.actor, now=NOW)
    while work.step(world.stores, secret="key", now=NOW):
        pass
    made.refresh_from_db()
    held = gathering.gather(made, log=world.events, vault=world.vault, now=NOW)
    text = "\n".join(lines_of(document.as_page(held, language))) + "\n"
    text = re.sub(r"/s/[\w-]{20,}", "/s/TOKEN", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "SHA-256", text)
    text = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "UUID", text)
    held_against(f"copy {language}", text)


DAYS = [
    *(datetime(2026, month, day, 3, 30, tzinfo=UTC) for month in range(1, 13) for day in (1, 28)),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC), datetime(2027, 3, 31, tzinfo=UTC), datetime(2027, 5, 31, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC), datetime(2028, 12, 31, tzinfo=UTC),
    datetime(2032, 2, 29, tzinfo=UTC), datetime(2100, 2, 28, tzinfo=UTC), datetime(2100, 3, 1, tzinfo=UTC),
]  # fmt: skip
PERIODS = [
    (0, 1),
    (0, 30),
    (0, 180),
    (1, 0),
    (1, 15),
    (3, 0),
    (7, 0),
    (12, 0),
    (13, 40),
    (24, 0),
    (36, 0),
    (240, 0),
]


def test_what_is_due_on_which_day() -> None:
    """Months are calendar months, the last day where there is no such day: as another library counts them."""
    out = []
    for months, days in PERIODS:
        kept = Kept(Kind.EVENTS, months, days, "", shipped()[Kind.EVENTS])
        for day in DAYS:
            before = kept.due_before(day)
            whole = day.replace(hour=0, minute=0, second=0, microsecond=0) - relativedelta(days=1 + days)
            assert before == whole - relativedelta(months=months) + relativedelta(days=1)
            out.append(
                f"{months:3} months {days:3} days on {day:%Y-%m-%d %H:%M:%S}: before {before:%Y-%m-%d %H:%M:%S}"
            )
    held_against("due", "\n".join(out) + "\n")
