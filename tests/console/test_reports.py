"""Transparency reports at the desk: made, read, followed to their facts, published; and what the public sees."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from tests.console.conftest import Desk, SignIn

from hakam.compliance.models import MadeReport, RecipientsCount, ReportWish
from hakam.compliance.reports import keeping, laws, making
from hakam.console import sheet_words
from hakam.regulator import risks
from hakam.staff.models import User
from hakam.staff.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _of_maydan(settings: Any) -> None:
    """Let the installation be the platform of the scene."""
    settings.HAKAM = replace(settings.HAKAM, platform="maydan", platform_name="Maydan")


@pytest.fixture
def legal(desk: Desk, sign_in: SignIn) -> Client:
    return sign_in(Role.LEGAL)


def last_year() -> int:
    return timezone.localdate().year - 1


def make(client: Client, **more: str) -> Any:
    given = {"year": str(last_year()), "half": "0", "provider": "Maydan Ltd", "stated": ""}
    answer = client.post(reverse("console:make_report"), given | more)
    while making.run_next(now=timezone.now(), zone=timezone.get_default_timezone(), groups={}):
        pass
    return answer


@pytest.fixture
def report(legal: Client) -> MadeReport:
    assert make(legal).status_code == 302
    return MadeReport.objects.get()


def read(client: Client, report: MadeReport, **query: Any) -> str:
    return client.get(reverse("console:report_made", args=[report.pk]), query).content.decode()


def publish(client: Client, report: MadeReport, note: str = "") -> Any:
    return client.post(reverse("console:publish_report", args=[report.pk]), {"note": note})


def test_a_figure_leads_down_to_the_facts_that_make_it(legal: Client, desk: Desk, amal: User) -> None:
    # DSA Art. 15(1)(c), and every figure can be followed
    from hakam.review.states import SourceKind  # noqa: PLC0415 -- of this test alone

    removed = desk.remove(desk.case(kind=SourceKind.STAFF), amal)
    make(legal, year=str(desk.now.year))
    report = MadeReport.objects.get()
    page = read(legal, report, part=6)
    link = reverse("console:report_figure", args=[report.pk, 6, 0, 7])
    assert link in page
    assert "rows without figures are not shown" in page
    facts = legal.get(link).content.decode()
    assert "fact makes this figure." in facts
    assert f"decision:{removed.pk}" in facts
    assert "Visibility restriction Removal: 1" in facts
    whole = read(legal, report, part=6, all=1)
    assert whole.count("<tr>") == 99


def test_a_place_that_is_none_is_not_found(legal: Client, report: MadeReport) -> None:
    for part, row, column in ((99, 0, 0), (6, 99_999, 0), (6, 0, 999)):
        url = reverse("console:report_figure", args=[report.pk, part, row, column])
        assert legal.get(url).status_code == 404
    empty = legal.get(reverse("console:report_figure", args=[report.pk, 6, 0, 5])).content.decode()
    assert "No fact: nothing was counted here" in empty
    assert legal.get(reverse("console:report_files", args=[report.pk, "exe"])).status_code == 404
    assert "report identification" in read(legal, report, part="x")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("year", "1", "2000"),
        ("provider", "", "required"),
        ("stated", "{", "truncated"),
        ("stated", '{"nonsense": 1}', "nonsense"),
        ("stated", '{"recipients": 7}', "recipients"),
        ("year", "2199", "lies ahead"),
    ],
)
def test_a_wrong_form_keeps_what_was_typed(legal: Client, field: str, value: str, said: str) -> None:
    answer = make(legal, **({"provider": "Kept Ltd"} | {field: value}))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    if field != "provider":
        assert "Kept Ltd" in answer.content.decode()
    assert not MadeReport.objects.exists()


def test_a_published_report_is_public_in_all_its_versions(legal: Client, report: MadeReport) -> None:
    url = reverse("console:public_report", args=[report.pk, "zip"])
    assert Client().get(url).status_code == 404
    assert publish(legal, report).status_code == 302
    public = Client().get(reverse("console:transparency")).content.decode()
    assert url in public
    archive = zipfile.ZipFile(io.BytesIO(Client().get(url).content))
    assert len(archive.namelist()) == 11
    assert "Maydan Ltd" in archive.read(archive.namelist()[0]).decode()
    book = Client().get(reverse("console:public_report", args=[report.pk, "xlsx"]))
    assert book.content.startswith(b"PK")
    make(legal, provider="Maydan plc")
    draft = MadeReport.objects.get(version=None)
    assert publish(legal, draft).status_code == 422
    assert publish(legal, draft, "The company has another name.").status_code == 302
    public = Client().get(reverse("console:transparency")).content.decode()
    assert "The company has another name." in public
    assert url in public
    assert "changed" in read(legal, draft)
    assert "Publish this report" not in read(legal, draft)


def test_recipients_are_published_and_stand_in_the_next_report(legal: Client) -> None:
    # DSA Art. 24(2)
    today = timezone.localdate()
    given = {
        "first": str(today - timedelta(days=200)),
        "last": str(today - timedelta(days=10)),
        "total": "45000000",
        "method": "Accounts that opened a page in a month.",
        "by_state": "DE 30000000\nGR 5",
    }
    url = reverse("console:count_recipients")
    for wrong in (
        {"total": "-1"},
        {"by_state": "US 1"},
        {"by_state": "DE many"},
        {"method": ""},
        {"last": "2999-01-01"},
    ):
        assert legal.post(url, given | wrong).status_code == 422
    assert not RecipientsCount.objects.exists()
    assert legal.post(url, given).status_code == 302
    assert "45,000,000" in Client().get(reverse("console:transparency")).content.decode()
    make(legal)
    assert MadeReport.objects.get().stated["recipients"] == {"TOTAL": 45_000_000, "DE": 30_000_000, "EL": 5}
    keeping.publish(
        MadeReport.objects.get().pk, by=User.objects.get(username="the-legal").actor, now=timezone.now()
    )
    make(legal, half="1")
    assert MadeReport.objects.get(version=None).stated["previous"] == str(today)


def test_who_only_reads_makes_and_publishes_nothing(report: MadeReport, sign_in: SignIn) -> None:
    auditor = sign_in(Role.AUDITOR)
    assert "Publish this report" not in read(auditor, report)
    assert publish(auditor, report).status_code == 404
    researcher = sign_in(Role.RESEARCHER)
    assert researcher.get(reverse("console:reports")).status_code == 200
    assert researcher.get(reverse("console:report_figure", args=[report.pk, 6, 0, 5])).status_code == 404


def test_in_arabic_it_is_arabic(legal: Client, report: MadeReport, sign_in: SignIn) -> None:
    arabic = sign_in(Role.LEGAL, language="ar")
    page = arabic.get(reverse("console:reports")).content.decode()
    assert "تقارير الشفافية" in page
    assert "Make a report" not in page
    assert 'dir="ltr" lang="en"' in read(arabic, report, part=6)


def test_a_report_waits_for_the_worker_and_shows_how_far_it_is(legal: Client) -> None:
    given = {"law": "tco", "year": str(last_year()), "half": "0", "provider": "Maydan Ltd", "stated": ""}
    assert legal.post(reverse("console:make_report"), given).headers["Location"] == reverse("console:reports")
    page = legal.get(reverse("console:reports")).content.decode()
    assert "waits for the worker" in page
    assert 'hx-trigger="every 2s"' in page
    assert not MadeReport.objects.exists()
    ReportWish.objects.update(state="running", seen=20_000, of=90_000)
    assert "of" in legal.get(reverse("console:report_progress")).content.decode()
    ReportWish.objects.update(state="asked")
    making.run_next(now=timezone.now(), zone=timezone.get_default_timezone(), groups={})
    done = legal.get(reverse("console:report_progress"), headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"


def test_the_report_on_terrorist_content_is_read_followed_and_published(legal: Client) -> None:
    # TCO Art. 7(2)
    make(
        legal,
        law="tco",
        stated='{"texts": {"Measures to identify and remove or disable access to terrorist content": "Rules."}}',
    )
    report = MadeReport.objects.get()
    page = read(legal, report)
    assert "Removal orders received" in page
    assert "Rules." in page
    figure = legal.get(reverse("console:report_figure", args=[report.pk, 1, 2, 3]))
    assert figure.status_code == 200
    publish(legal, report)
    assert "Terrorist content: yearly report" in Client().get("/transparency").content.decode()
    for form in ("xlsx", "zip"):
        answer = Client().get(reverse("console:public_report", args=[report.pk, form]))
        assert "tco-transparency-report" in answer.headers["Content-Disposition"]


def test_the_figures_for_ofcom_are_by_kind(legal: Client) -> None:
    given = {"law": "uk", "year": str(last_year()), "half": "0", "provider": "Maydan Ltd", "stated": ""}
    legal.post(reverse("console:make_report"), given)
    making.run_next(
        now=timezone.now(),
        zone=timezone.get_default_timezone(),
        groups={"uk": [("hate", "Hate", ("hate_speech",))]},
    )
    page = read(legal, MadeReport.objects.get())
    assert "Hate" in page
    assert "Reports of trusted flaggers among them" in page


def test_in_arabic_the_report_on_terrorist_content_is_arabic_to_its_last_row(legal: Client) -> None:
    said = "Measures to identify and remove or disable access to terrorist content"
    make(legal, law="tco", stated=f'{{"texts": {{"{said}": "Rules of our own."}}}}')
    report = MadeReport.objects.get()
    legal.cookies["django_language"] = "ar"
    sheet = read(legal, report)
    sheet = sheet[sheet.index("<table") : sheet.index("</table>")]
    assert not set(re.findall("[A-Za-z]{3,}", re.sub("<[^>]+>", " ", sheet))) - {"Rules", "our", "own"}
    assert 'dir="ltr"' not in sheet
    figure = legal.get(reverse("console:report_figure", args=[report.pk, 1, 2, 3])).content.decode()
    head = figure[figure.index("<h1>") : figure.index("</div></div>", figure.index("<h1>"))]
    assert not re.findall("[A-Za-z]{3,}", re.sub("<[^>]+>", " ", head))


def test_only_a_report_of_several_parts_has_tabs_and_a_part_11(legal: Client) -> None:
    make(legal)
    dsa = read(legal, MadeReport.objects.get())
    assert "Read part 11 first" in dsa
    assert 'aria-label="Parts"' in dsa
    assert 'dir="ltr" lang="en"' in dsa[dsa.index('aria-label="Sheet"') :][:60]  # its words are prescribed
    make(legal, law="tco")
    tco = read(legal, MadeReport.objects.get(law="tco"))
    assert "part 11" not in tco
    assert 'aria-label="Parts"' not in tco
    assert "Publish this report" in tco


def test_hours_are_read_without_their_tail(legal: Client, report: MadeReport) -> None:
    MadeReport.objects.filter(pk=report.pk).update(
        sheets=[
            {
                **page,
                "rows": [[*page["rows"][0][:6], 0.6195277777777778, *page["rows"][0][7:]], *page["rows"][1:]],
            }
            if page["part"] == 7
            else page
            for page in report.sheets
        ]
    )
    assert ">0.62<" in read(legal, report, part=7)
    url = reverse("console:report_figure", args=[report.pk, 7, 0, 6])
    assert ": 0.62<" in legal.get(url).content.decode()


@pytest.mark.parametrize("rows", [laws.TCO_ROWS, laws.UK_ROWS])
def test_every_word_of_a_sheet_is_said_in_arabic(rows: tuple[laws.Row, ...]) -> None:
    report = MadeReport(law="uk")
    kinds = [kind.title["en"] for kind in risks.schemes()["uk"].kinds]
    with translation.override("ar"):
        said = [sheet_words.title_in_words(report, title) for title in laws.HEADER]
        said += [str(sheet_words.in_words(report, 1, title)) for title in (laws.EVERY, "Terrorism", *kinds)]
        said += [str(sheet_words.in_words(report, 2, row.indicator)) for row in rows]
        said += [
            str(sheet_words.in_words(report, 0, row.point)) for row in rows if not row.point.startswith("7")
        ]
    assert [one for one in said if re.search("[a-z]", one)] == []
