"""A report to the NCA: one request with its files, over a real socket; a lost answer files it once, not twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from tests.safeguarding.conftest import NOW, Office

from hakam.compliance.access import deadlines_of, facts_of
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.privacy import holds
from hakam.privacy.models import Hold
from hakam.safeguarding.cybertip.client import NotNowError, RefusedError
from hakam.safeguarding.filing import hand_over_due
from hakam.safeguarding.handing_over import HttpReceiver
from hakam.safeguarding.models import Report
from hakam.safeguarding.reports import ReportState, document

pytestmark = [pytest.mark.django_db, pytest.mark.sockets]
MINUTE = timedelta(minutes=1)


class Desk(BaseHTTPRequestHandler):
    """A receiver that knows each report by our number. `say` answers the next requests instead, then it takes them."""

    taken: ClassVar[dict[str, dict[str, Any]]] = {}
    say: ClassVar[list[tuple[int, bytes]]] = []
    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        ours = self.headers["idempotency-key"]
        self.asked.append(ours)
        parts = message_from_bytes(
            f"content-type: {self.headers['content-type']}\r\n\r\n".encode() + body, policy=HTTP
        )
        found = [
            (p.get_param("name", header="content-disposition"), p.get_filename(), p.get_payload(decode=True))
            for p in parts.iter_parts()  # type: ignore[attr-defined]
        ]
        number = f"NCA-{len(self.taken) + 1}" if ours not in self.taken else self.taken[ours]["number"]
        self.taken[ours] = {
            "number": number, "authorization": self.headers["authorization"], "path": self.path,
            "report": json.loads(next(data for name, _file, data in found if name == "report")),
            "files": {file: data for name, file, data in found if name == "file"},
        }  # fmt: skip
        status, answer = self.say.pop(0) if self.say else (201, json.dumps({"number": number}).encode())
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def nca() -> Iterator[HttpReceiver]:
    Desk.taken.clear()
    Desk.say.clear()
    Desk.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Desk) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        made = HttpReceiver(f"http://127.0.0.1:{server.server_port}/csea/reports", "us", "key", timeout=20)
        yield made
        made.close()
        server.shutdown()
        thread.join()


def test_an_approved_report_goes_with_its_files_and_is_held_for_a_year(
    office: Office, nca: HttpReceiver
) -> None:
    # OSA s.66
    made = office.approved(body="nca")
    assert hand_over_due(nca, vault=office.vault, now=NOW) == 1
    made.refresh_from_db()
    (got,) = Desk.taken.values()
    assert (made.state, made.number, made.filed_at) == (ReportState.FILED, got["number"], NOW)
    assert got["path"] == "/csea/reports"
    assert got["authorization"] == "Basic dXM6a2V5"
    assert got["report"] == json.loads(document(made))
    file = made.files.get()
    assert got["files"] == {file.name: office.vault.get(file.digest)}
    assert b"zq7-words" in got["files"][file.name]
    (fact,) = facts_of(f"child_report:{made.pk}", FactKind.CHILD_REPORT_FILED)
    assert body_of(fact)["number"] == got["number"]
    assert [(c.clock, c.met_at) for c in deadlines_of(f"child_report:{made.pk}")] == [("uk.csea", NOW)]
    holds.follow(now=NOW)
    assert holds.held(NOW + timedelta(days=364)).covers([f"case:{made.case}"])
    assert not holds.held(NOW + timedelta(days=368))
    assert Hold.objects.get().authority == "OSA s.66"  # and not a law of the United States
    assert hand_over_due(nca, vault=office.vault, now=NOW + MINUTE) == 0
    assert len(Desk.asked) == 1


def test_nothing_leaves_that_nobody_approved_or_that_is_for_another_body(
    office: Office, nca: HttpReceiver
) -> None:
    office.prepare(body="nca")
    office.approved(body="ncmec")
    assert hand_over_due(nca, vault=office.vault, now=NOW + MINUTE) == 0
    assert Desk.asked == []


@pytest.mark.parametrize(
    "answer", [(503, b""), (429, b""), (201, b"{}"), (201, b'{"number": " "}'), (200, b"<html>")]
)
def test_after_an_answer_that_is_none_it_is_sent_again_under_the_same_number(
    office: Office, nca: HttpReceiver, answer: tuple[int, bytes]
) -> None:
    made = office.approved(body="nca")
    Desk.say.append(answer)
    hand_over_due(nca, vault=office.vault, now=NOW)
    made.refresh_from_db()
    assert made.state == ReportState.APPROVED
    assert made.next_at is not None
    assert made.next_at > NOW
    assert "zq7-words" not in made.last_error
    assert hand_over_due(nca, vault=office.vault, now=NOW) == 0
    hand_over_due(nca, vault=office.vault, now=made.next_at)
    made.refresh_from_db()
    assert made.state == ReportState.FILED
    assert Desk.asked == [str(made.pk)] * 2
    assert len(Desk.taken) == 1


@pytest.mark.parametrize("status", [302, 400, 401, 413])
def test_what_the_receiver_refuses_comes_back_to_people(
    office: Office, nca: HttpReceiver, status: int
) -> None:
    made = office.approved(body="nca")
    Desk.say.append((status, b'{"number": "no"}'))
    hand_over_due(nca, vault=office.vault, now=NOW)
    made.refresh_from_db()
    assert (made.state, made.number) == (ReportState.FAILED, "")
    assert str(status) in made.last_error
    assert [f.kind for f in facts_of(f"child_report:{made.pk}", FactKind.CHILD_REPORT_FAILED)]


def test_a_damaged_copy_is_no_report(office: Office, nca: HttpReceiver) -> None:
    made = office.approved(body="nca")
    made.files.update(digest="0" * 64)
    hand_over_due(nca, vault=office.vault, now=NOW)
    assert Report.objects.get(pk=made.pk).state == ReportState.FAILED
    assert Desk.asked == []


def test_nobody_there_is_not_now_and_a_refusal_says_its_code(nca: HttpReceiver) -> None:
    away = HttpReceiver("http://127.0.0.1:9/", "us", "key", timeout=2)
    with pytest.raises(NotNowError, match="ConnectError"):
        away.hand_over("1", b"{}", [])
    away.close()
    Desk.say.append((403, b""))
    with pytest.raises(RefusedError, match="403") as caught:
        nca.hand_over("1", b"{}", [])
    assert caught.value.code == 403
