"""Filing with a receiver that enforces its order: submit, upload, fileinfo, finish; killed at any step, it goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import msgspec
import pytest
from tests.safeguarding.conftest import NOW, Office

from hakam.compliance.access import deadlines_of, facts_of
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.privacy import holds
from hakam.safeguarding import reports
from hakam.safeguarding.cybertip.client import HttpTipline, NotNowError, RefusedError
from hakam.safeguarding.cybertip.writing import report_xml
from hakam.safeguarding.filing import file_due
from hakam.safeguarding.models import Report
from hakam.safeguarding.reports import ReportState, contents_of
from hakam.testing.cybertip import USER, Receiver

pytestmark = [pytest.mark.django_db, pytest.mark.sockets]
HOUR = timedelta(hours=1)


def test_it_is_filed_in_the_documented_order(
    office: Office, receiver: Receiver, tipline: HttpTipline
) -> None:
    made = office.approved()
    assert file_due(tipline, vault=office.vault, now=NOW) == 1
    made.refresh_from_db()
    assert made.state == ReportState.FILED
    assert receiver.asked == ["/submit", "/upload", "/fileinfo", "/finish"]
    assert list(receiver.filed) == [made.number]
    root = fromstring(receiver.filed[made.number])  # noqa: S314 -- our own
    assert root.findtext("incidentSummary/incidentType", "").startswith("Child Pornography")
    assert root.findtext("incidentSummary/incidentDateTime") == "2026-03-02T09:00:00Z"
    assert root.findtext("internetDetails/webPageIncident/url") == "https://maydan.example/x1"
    assert root.findtext("personOrUserReported/espIdentifier") == "u9"
    (file,) = receiver.described.values()
    assert file["fileViewedByEsp"] == "true"
    assert file["publiclyAvailable"] == "true"
    assert receiver.files[made.files.get().sent_id][1] == office.vault.get(made.files.get().digest)
    (fact,) = facts_of(f"child_report:{made.pk}", FactKind.CHILD_REPORT_FILED)
    assert body_of(fact)["number"] == made.number
    assert [c.met_at for c in deadlines_of(f"child_report:{made.pk}")] == [NOW]
    assert file_due(tipline, vault=office.vault, now=NOW) == 0


def test_nothing_is_sent_that_nobody_approved(
    office: Office, receiver: Receiver, tipline: HttpTipline
) -> None:
    office.prepare()
    office.approved(body="nca")
    assert file_due(tipline, vault=office.vault, now=NOW + HOUR) == 0
    assert receiver.asked == []


def test_what_was_filed_is_held_for_a_year(office: Office, tipline: HttpTipline) -> None:
    """18 USC 2258A(h), as the REPORT Act made it."""
    case = office.case()
    office.approved(case)
    file_due(tipline, vault=office.vault, now=NOW)
    holds.follow(now=NOW)
    held = holds.held(NOW + timedelta(days=364))
    assert held.covers([f"case:{case.pk}"])
    assert held.covers(["account:maydan/u9"])
    assert not holds.held(NOW + timedelta(days=368))


@pytest.mark.parametrize("after", [0, 1, 2, 3])
@pytest.mark.parametrize("trouble", [503, 1000])
def test_trouble_at_any_step_sends_nothing_twice(
    office: Office, receiver: Receiver, tipline: HttpTipline, after: int, trouble: int
) -> None:
    made = office.approved()
    real = receiver._answer
    seen = [0]

    def answer(*arguments: Any) -> tuple[str, bytes]:
        if seen[0] == after:
            receiver.trouble.append(trouble)
        seen[0] += 1
        return real(*arguments)

    receiver._answer = answer  # type: ignore[method-assign]
    file_due(tipline, vault=office.vault, now=NOW)
    made.refresh_from_db()
    assert made.state == ReportState.APPROVED
    assert made.attempts == 1
    assert made.next_at is not None
    assert made.next_at > NOW
    assert file_due(tipline, vault=office.vault, now=NOW) == 0  # not before its time
    file_due(tipline, vault=office.vault, now=NOW + HOUR)
    made.refresh_from_db()
    assert made.state == ReportState.FILED
    assert len(receiver.filed) == 1
    assert len(receiver.open) == 0
    assert len(receiver.files) == 1


@pytest.mark.parametrize("step", ["submit", "upload", "describe", "finish"])
def test_killed_after_any_step_it_goes_on(
    office: Office, receiver: Receiver, tipline: HttpTipline, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made = office.approved()
    real = getattr(tipline, step)

    def dying(*arguments: Any) -> Any:
        real(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(tipline, step, dying)
    with pytest.raises(KeyboardInterrupt):
        file_due(tipline, vault=office.vault, now=NOW)
    monkeypatch.undo()
    file_due(tipline, vault=office.vault, now=NOW)
    made.refresh_from_db()
    assert made.state == ReportState.FILED
    assert list(receiver.filed) == [made.number]


def test_what_is_refused_goes_back_to_people(
    office: Office, receiver: Receiver, tipline: HttpTipline
) -> None:
    made = office.approved()
    receiver.trouble.append(4100)
    file_due(tipline, vault=office.vault, now=NOW)
    made.refresh_from_db()
    assert made.state == ReportState.FAILED
    assert "4100" in made.last_error
    assert "u9" not in made.last_error
    assert len(facts_of(f"child_report:{made.pk}", FactKind.CHILD_REPORT_FAILED)) == 1
    reports.complete(str(made.pk), contents_of(made), viewed=set(), user=office.sana, now=NOW)
    reports.approve(str(made.pk), user=office.omar, now=NOW)
    file_due(tipline, vault=office.vault, now=NOW)
    made.refresh_from_db()
    assert made.state == ReportState.FILED


@pytest.mark.parametrize("code", [5001, 5101])
def test_a_report_that_the_receiver_lost_is_begun_anew(
    office: Office, receiver: Receiver, tipline: HttpTipline, code: int
) -> None:
    made = office.approved()
    receiver.trouble.append(503)
    Report.objects.filter(pk=made.pk).update(number="999")
    file_due(tipline, vault=office.vault, now=NOW)
    receiver.trouble.append(code)
    file_due(tipline, vault=office.vault, now=NOW + HOUR)
    file_due(tipline, vault=office.vault, now=NOW + 3 * HOUR)
    made.refresh_from_db()
    assert made.state == ReportState.FILED
    assert made.number != "999"


def test_a_file_that_is_gone_fails_loudly(office: Office, tipline: HttpTipline) -> None:
    made = office.approved()
    office.vault.delete(made.files.get().digest)
    file_due(tipline, vault=office.vault, now=NOW)
    made.refresh_from_db()
    assert (made.state, made.last_error) == (ReportState.FAILED, "a file of the report is absent or damaged")


def test_what_is_given_up_half_way_is_retracted_there(
    office: Office, receiver: Receiver, tipline: HttpTipline
) -> None:
    made = office.approved()
    number = tipline.submit(report_xml(contents_of(made)))
    Report.objects.filter(pk=made.pk).update(number=number)
    reports.send_back(str(made.pk), because="A mistake.", user=office.omar, now=NOW)
    assert file_due(tipline, vault=office.vault, now=NOW) == 1
    assert receiver.retracted == {number}
    assert receiver.filed == {}
    assert file_due(tipline, vault=office.vault, now=NOW + HOUR) == 0


# The receiver and the client ----------------------------------------------------------------------


def test_the_receiver_enforces_its_order(office: Office, receiver: Receiver, tipline: HttpTipline) -> None:
    for call, code in (
        (lambda: tipline.upload("1", "a", b"x"), 5001),
        (lambda: tipline.finish("1"), 5001),
        (lambda: tipline.retract("1"), 5001),
        (lambda: tipline.submit(b"<report"), 4110),
        (lambda: tipline.submit(b"<report/>"), 4100),
        (lambda: tipline.describe(b"<fileDetails><reportId>1</reportId></fileDetails>"), 5001),
    ):
        with pytest.raises(RefusedError) as refused:
            call()
        assert refused.value.code == code
    number = tipline.submit(report_xml(contents_of(office.prepare())))
    tipline.finish(number)
    tipline.finish(number)  # filed is filed
    with pytest.raises(RefusedError) as refused:
        tipline.upload(number, "a", b"x")
    assert refused.value.code == 5102


def test_a_wrong_password_is_refused_and_named_nowhere(address: str) -> None:
    wrong = HttpTipline(address, USER, "hunter2")
    with pytest.raises(RefusedError) as refused:
        wrong.submit(b"<report/>")
    wrong.close()
    assert refused.value.code == 2000
    assert "hunter2" not in str(refused.value)


def test_nobody_there_is_trouble_for_now() -> None:
    nobody = HttpTipline("http://127.0.0.1:9", "a", "b", timeout=5)
    with pytest.raises(NotNowError):
        nobody.submit(b"<report/>")
    nobody.close()


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b> & 'quoted' \"text\"",
        "\u0645\u0646\u0634\u0648\u0631 \U0001f9ea",
        "]]>",
        "nul\x00bell\x07",
        "a\nb\tc",
    ],
)
def test_whatever_somebody_wrote_is_well_formed(office: Office, text: str) -> None:
    contents = msgspec.structs.replace(contents_of(office.prepare()), summary=text, screen_name=text)
    root = fromstring(report_xml(contents))  # noqa: S314 -- our own
    assert (root.findtext("additionalInfo") or "").replace("\ufffd", "") == text.replace("\x00", "").replace(
        "\x07", ""
    )
