"""Who may open what. What one may not see and what does not exist look the same."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import Desk, SignIn

from hakam.enforcement.models import Effect
from hakam.staff.roles import PERMISSIONS, Permission, Role
from hakam.testing import scene

P = Permission
NO_ID = "00000000-0000-4000-8000-000000000000"

PAGES: list[tuple[str, str, tuple[object, ...], Permission]] = [
    ("GET", "search", (), P.CASE_READ),
    ("GET", "case", (1,), P.CASE_READ),
    ("GET", "priority", (1,), P.CASE_READ),
    ("POST", "next", (), P.CASE_DECIDE),
    ("POST", "lease", (1,), P.CASE_DECIDE),
    ("POST", "skip", (1,), P.CASE_DECIDE),
    ("POST", "draft", (1,), P.CASE_DECIDE),
    ("GET", "preview", (1,), P.CASE_DECIDE),
    ("POST", "decide", (1,), P.CASE_DECIDE),
    ("POST", "undo", (1,), P.CASE_DECIDE),
    ("POST", "reveal", (1,), P.PERSONAL_DATA_READ),
    ("POST", "reveal_evidence", (1,), P.CASE_READ),
    ("GET", "proposals", (), P.CASE_READ),
    ("GET", "proposal", (987_654,), P.CASE_READ),
    ("POST", "settle_proposal", (987_654,), P.CASE_DECIDE),
    ("GET", "complaints", (), P.COMPLAINT_READ),
    ("GET", "complaint", (NO_ID,), P.COMPLAINT_READ),
    ("POST", "decide_complaint", (NO_ID,), P.COMPLAINT_DECIDE),
    ("GET", "rules", (), P.PACK_READ),
    ("GET", "holdback", (), P.PACK_READ),
    ("GET", "rule_params", (), P.PACK_READ),
    ("POST", "tune_param", (), P.PACK_PUBLISH),
    ("POST", "switch_rule", (), P.PACK_PUBLISH),
    ("GET", "rule_drafts", (), P.PACK_READ),
    ("POST", "begin_rule_draft", (), P.PACK_PUBLISH),
    ("GET", "rule_draft", (987_654,), P.PACK_READ),
    ("POST", "save_rule_draft", (987_654,), P.PACK_PUBLISH),
    ("POST", "add_rule_file", (987_654,), P.PACK_PUBLISH),
    ("POST", "catch_up_rule_draft", (987_654,), P.PACK_PUBLISH),
    ("POST", "discard_rule_draft", (987_654,), P.PACK_PUBLISH),
    ("GET", "rule_trial", (987_654,), P.PACK_READ),
    ("POST", "ask_rule_trial", (987_654,), P.PACK_PUBLISH),
    ("POST", "cancel_rule_trial", (987_654,), P.PACK_PUBLISH),
    ("GET", "rule_release", (987_654,), P.PACK_READ),
    ("POST", "stage_rule", (987_654,), P.PACK_PUBLISH),
    ("POST", "publish_rules", (987_654,), P.PACK_PUBLISH),
    ("POST", "settle_release", (987_654,), P.PACK_PUBLISH),
    ("POST", "go_back", (987_654,), P.PACK_PUBLISH),
    ("POST", "go_back_at_once", (987_654,), P.PACK_PUBLISH),
    ("POST", "explain_back", (987_654,), P.PACK_PUBLISH),
    ("POST", "settle_trip", (987_654,), P.PACK_PUBLISH),
    ("GET", "investigate", (), P.LOG_QUERY),
    ("GET", "check_question", (), P.LOG_QUERY),
    ("GET", "entity", (), P.LOG_QUERY),
    ("POST", "keep_question", (), P.LOG_QUERY),
    ("POST", "change_question", (987_654,), P.LOG_QUERY),
    ("POST", "forget_question", (987_654,), P.LOG_QUERY),
    ("GET", "investigate_sql", (), P.LOG_SQL),
    ("POST", "run_sql", (), P.LOG_SQL),
    ("GET", "bulks", (), P.BULK_DECIDE),
    ("POST", "prepare_bulk", (), P.BULK_DECIDE),
    ("GET", "bulk", (987_654,), P.BULK_DECIDE),
    ("POST", "ask_bulk", (987_654,), P.BULK_DECIDE),
    ("POST", "settle_bulk", (987_654,), P.BULK_DECIDE),
    ("POST", "undo_bulk", (987_654,), P.BULK_DECIDE),
    ("GET", "verdict", (987_654,), P.CASE_READ),
    ("GET", "models", (), P.PACK_READ),
    ("GET", "deliveries", (), P.DELIVERY_READ),
    ("GET", "delivery", (NO_ID,), P.DELIVERY_READ),
    ("POST", "replay", (NO_ID,), P.DELIVERY_REPLAY),
    ("GET", "clocks", (), P.LEDGER_READ),
    ("POST", "begin_clock", (), P.REGULATOR_HANDLE),
    ("GET", "duty_clock", ("audit.publish", 987_654), P.LEDGER_READ),
    ("POST", "clock_done", ("audit.publish", 987_654), P.REGULATOR_HANDLE),
    ("GET", "ledger", (), P.LEDGER_READ),
    ("GET", "chain", (), P.LEDGER_READ),
    ("GET", "story", (), P.LEDGER_READ),
    ("GET", "fact", (1,), P.LEDGER_READ),
    ("GET", "eu_database", (), P.REPORT_READ),
    ("GET", "submission", (NO_ID,), P.REPORT_READ),
    ("POST", "mend_submission", (NO_ID,), P.REPORT_PUBLISH),
    ("GET", "flag", (), P.NOTICE_FLAG),
    ("POST", "send_flag", (), P.NOTICE_FLAG),
    ("GET", "flaggers", (), P.FLAGGER_READ),
    ("POST", "add_flagger", (), P.FLAGGER_MANAGE),
    ("GET", "flagger", (987_654,), P.FLAGGER_READ),
    ("POST", "change_flagger", (987_654,), P.FLAGGER_MANAGE),
    ("GET", "misuse", (), P.MISUSE_READ),
    ("POST", "strike", (), P.MISUSE_STRIKE),
    ("GET", "conduct", (NO_ID,), P.MISUSE_READ),
    ("POST", "act_on_conduct", (NO_ID,), P.MISUSE_SUSPEND),
    ("GET", "partners", (), P.PARTNER_READ),
    ("POST", "add_partner", (), P.PARTNER_MANAGE),
    ("GET", "partner", ("nobody",), P.PARTNER_READ),
    ("POST", "act_on_partner", ("nobody",), P.PARTNER_MANAGE),
    ("GET", "banks", (), P.BANK_READ),
    ("POST", "make_bank", (), P.BANK_MANAGE),
    ("GET", "bank", ("no-bank",), P.BANK_READ),
    ("POST", "fill_bank", ("no-bank",), P.BANK_MANAGE),
    ("POST", "change_bank", ("no-bank",), P.BANK_MANAGE),
    ("POST", "judge_entry", ("no-bank", 1), P.BANK_READ),
    ("POST", "withdraw_entry", ("no-bank", 1), P.BANK_MANAGE),
    ("GET", "incidents", (), P.INCIDENT_READ),
    ("GET", "new_incident", (), P.INCIDENT_DECLARE),
    ("POST", "declare_incident", (), P.INCIDENT_DECLARE),
    ("GET", "incident", ("no-incident",), P.INCIDENT_READ),
    ("POST", "act_on_incident", ("no-incident",), P.INCIDENT_DECLARE),
    ("POST", "note_incident", ("no-incident",), P.INCIDENT_READ),
    ("GET", "incident_report", ("no-incident",), P.INCIDENT_READ),
    ("POST", "publish_incident", ("no-incident",), P.INCIDENT_DECLARE),
    ("GET", "incident_confidential", ("no-incident",), P.INCIDENT_DECLARE),
    ("GET", "incident_confidential_pdf", ("no-incident", "ar"), P.INCIDENT_DECLARE),
    ("GET", "live", (), P.LIVE_READ),
    ("GET", "events", (), P.LIVE_READ),
    ("GET", "event", ("no-event",), P.LIVE_READ),
    ("POST", "steer", ("no-event",), P.LIVE_ACT),
    ("GET", "surge", ("no-event",), P.LIVE_READ),
    ("GET", "questions", ("no-event",), P.LIVE_READ),
    ("POST", "move_question", ("no-event",), P.LIVE_ACT),
    ("POST", "take_question_apart", ("no-event",), P.LIVE_ACT),
    ("GET", "stream", (987_654,), P.LIVE_READ),
    ("GET", "stream_state", (987_654,), P.LIVE_READ),
    ("GET", "stream_frame", (987_654, "1.000.jpg"), P.LIVE_READ),
    ("GET", "stream_video", (987_654,), P.LIVE_READ),
    ("POST", "take_step", (987_654,), P.LIVE_ACT),
    ("POST", "lift_step", (987_654,), P.LIVE_ACT),
    ("GET", "permits", (), P.LIVE_READ),
    ("POST", "approve_live", (), P.LIVE_PERMIT),
    ("POST", "settle_permit", (987_654,), P.LIVE_PERMIT),
    ("GET", "orders", (), P.ORDER_READ),
    ("POST", "receive_order", (), P.ORDER_HANDLE),
    ("POST", "read_order_form", (), P.ORDER_HANDLE),
    ("GET", "order_annex", (NO_ID, 2), P.ORDER_READ),
    ("GET", "order", (NO_ID,), P.ORDER_READ),
    ("POST", "act_on_order", (NO_ID,), P.ORDER_HANDLE),
    ("POST", "clarify_order", (NO_ID,), P.ORDER_HANDLE),
    ("GET", "authorities", (), P.ORDER_READ),
    ("POST", "add_authority", (), P.ORDER_HANDLE),
    ("POST", "confirm_authority", (987_654,), P.ORDER_HANDLE),
    ("GET", "private_bases", (), P.PRIVATE_BASIS_READ),
    ("POST", "propose_private_basis", (), P.PRIVATE_BASIS_MANAGE),
    ("POST", "act_on_private_basis", (1,), P.PRIVATE_BASIS_MANAGE),
    ("GET", "requests", (), P.REGULATOR_READ),
    ("POST", "receive_request", (), P.REGULATOR_HANDLE),
    ("POST", "note_absence", (), P.REGULATOR_HANDLE),
    ("GET", "request", (NO_ID,), P.REGULATOR_READ),
    ("POST", "act_on_request", (NO_ID,), P.REGULATOR_HANDLE),
    ("POST", "complete_request", (NO_ID,), P.REGULATOR_HANDLE),
    ("GET", "profile", (), P.REGULATOR_READ),
    ("POST", "save_profile", (), P.REGULATOR_HANDLE),
    ("GET", "contacts", (), P.REGULATOR_READ),
    ("POST", "save_contacts", (), P.REGULATOR_HANDLE),
    ("GET", "risks", (), P.REGULATOR_READ),
    ("GET", "risk", (987_654,), P.REGULATOR_READ),
    ("GET", "risk_draft", ("uk",), P.REGULATOR_READ),
    ("POST", "save_risk", ("uk",), P.REGULATOR_HANDLE),
    ("GET", "checklist", ("dsa",), P.REGULATOR_READ),
    ("POST", "attest", ("dsa",), P.REGULATOR_HANDLE),
    ("POST", "evidence_pack", (), P.REGULATOR_HANDLE),
    ("GET", "threats", (), P.THREAT_RAISE),
    ("POST", "raise_threat", (), P.THREAT_RAISE),
    ("GET", "threat", (NO_ID,), P.THREAT_RAISE),
    ("POST", "act_on_threat", (NO_ID,), P.THREAT_HANDLE),
    ("GET", "disputes", (), P.DISPUTE_READ),
    ("POST", "open_dispute", (), P.DISPUTE_HANDLE),
    ("POST", "add_dispute_body", (), P.DISPUTE_HANDLE),
    ("GET", "dispute", (NO_ID,), P.DISPUTE_READ),
    ("POST", "act_on_dispute", (NO_ID,), P.DISPUTE_HANDLE),
    ("GET", "child_reports", (), P.CHILD_REPORT_HANDLE),
    ("POST", "prepare_child_report", (), P.CHILD_REPORT_HANDLE),
    ("GET", "child_report", (NO_ID,), P.CHILD_REPORT_HANDLE),
    ("POST", "act_on_child_report", (NO_ID,), P.CHILD_REPORT_HANDLE),
    ("GET", "research", (), P.RESEARCH_HANDLE),
    ("POST", "ask_research", (), P.RESEARCH_HANDLE),
    ("GET", "research_project", (NO_ID,), P.RESEARCH_HANDLE),
    ("POST", "act_on_research", (NO_ID,), P.RESEARCH_HANDLE),
    ("GET", "retention", (), P.RETENTION_READ),
    ("POST", "propose_retention", (), P.RETENTION_CHANGE),
    ("POST", "settle_retention", (987_654,), P.RETENTION_CHANGE),
    ("GET", "holds", (), P.RETENTION_READ),
    ("POST", "place_hold", (), P.HOLD_PLACE),
    ("GET", "hold", (987_654,), P.RETENTION_READ),
    ("POST", "act_on_hold", (987_654,), P.HOLD_PLACE),
    ("GET", "data_requests", (), P.DATA_REQUEST_HANDLE),
    ("POST", "receive_data_request", (), P.DATA_REQUEST_HANDLE),
    ("GET", "data_request", (NO_ID,), P.DATA_REQUEST_HANDLE),
    ("POST", "act_on_data_request", (NO_ID,), P.DATA_REQUEST_HANDLE),
    ("GET", "processing", (), P.RETENTION_READ),
    ("GET", "processing_export", ("json",), P.RETENTION_READ),
    ("GET", "staff", (), P.STAFF_MANAGE),
    ("POST", "add_person", (), P.STAFF_MANAGE),
    ("POST", "change_person", (1,), P.STAFF_MANAGE),
    ("GET", "keys", (), P.KEY_MANAGE),
    ("POST", "issue_key", (), P.KEY_MANAGE),
    ("GET", "reports", (), P.REPORT_READ),
    ("GET", "report_progress", (), P.REPORT_READ),
    ("POST", "make_report", (), P.REPORT_PUBLISH),
    ("POST", "count_recipients", (), P.REPORT_PUBLISH),
    ("GET", "report_made", (1,), P.REPORT_READ),
    ("POST", "publish_report", (1,), P.REPORT_PUBLISH),
    ("GET", "report_files", (1, "zip"), P.REPORT_READ),
    ("GET", "report_figure", (1, 6, 0, 5), P.LEDGER_READ),
    ("POST", "revoke_key", ("abcdefgh",), P.KEY_MANAGE),
]
names = [page[1] for page in PAGES]


LIMITED = [page for page in PAGES if any(page[3] not in permitted for permitted in PERMISSIONS.values())]
"""Pages that not everybody who signs in may open."""


def ask(client: Client, method: str, name: str, arguments: tuple[object, ...], **more: str) -> object:
    url = reverse(f"console:{name}", args=arguments)
    return client.get(url, **more) if method == "GET" else client.post(url, **more)  # type: ignore[arg-type]


def without(permission: Permission) -> Role:
    """Return a role that may sign in and lacks `permission`."""
    return next(role for role in Role if permission not in PERMISSIONS[role])


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "name", "arguments", "permission"), PAGES, ids=names)
def test_strangers_are_sent_to_the_sign_in(
    method: str, name: str, arguments: tuple[object, ...], permission: Permission
) -> None:
    answer = ask(Client(), method, name, arguments)
    assert answer.status_code == 302  # type: ignore[attr-defined]
    assert answer.headers["Location"].startswith("/accounts/login/?next=")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("method", "name", "arguments", "permission"), LIMITED, ids=[page[1] for page in LIMITED]
)
def test_who_lacks_the_permission_finds_no_such_page(
    desk: Desk,
    sign_in: SignIn,
    *,
    method: str,
    name: str,
    arguments: tuple[object, ...],
    permission: Permission,
) -> None:
    desk.case()
    client = sign_in(without(permission))
    forbidden = ask(client, method, name, arguments)
    absent = client.get("/desk/no-such-page")
    assert forbidden.status_code == absent.status_code == 404  # type: ignore[attr-defined]
    assert forbidden.content == absent.content  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("method", "name", "arguments", "permission"), [p for p in PAGES if p[0] == "POST"], ids=str
)
def test_no_form_is_taken_from_elsewhere(
    desk: Desk,
    sign_in: SignIn,
    *,
    method: str,
    name: str,
    arguments: tuple[object, ...],
    permission: Permission,
) -> None:
    signed_in = sign_in(next(role for role in Role if permission in PERMISSIONS[role]))
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in.cookies
    assert ask(client, method, name, arguments).status_code == 403  # type: ignore[attr-defined]


def test_who_reads_no_cases_is_led_to_what_they_read(desk: Desk, sign_in: SignIn) -> None:
    answer = sign_in(Role.RESEARCHER).get("/desk/")
    assert answer.headers["Location"] == "/desk/rules"
    answer = sign_in(Role.TRUSTED_FLAGGER).get("/desk/")
    assert answer.headers["Location"] == "/desk/flag"


def test_a_closed_account_is_shut_out(desk: Desk, sign_in: SignIn) -> None:
    client = sign_in(Role.MODERATOR)
    from hakam.staff.models import User  # noqa: PLC0415 -- only here

    User.objects.update(is_active=False)
    assert client.get("/desk/").status_code == 302


def test_an_expired_session_refreshes_a_fragment(db: None) -> None:
    answer = Client().get("/desk/counts", HTTP_HX_REQUEST="true")
    assert answer.status_code == 401
    assert answer.headers["HX-Refresh"] == "true"


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_shows_what_one_may_open(desk: Desk, sign_in: SignIn, role: Role) -> None:
    page = sign_in(role).get("/desk/preferences").content.decode()
    for place, entry, permission in (
        ("nav", "queue", P.CASE_READ),
        ("nav", "complaints", P.COMPLAINT_READ),
        ("nav", "rules", P.PACK_READ),
        ("nav", "investigate", P.LOG_QUERY),
        ("more-entry", "deliveries", P.DELIVERY_READ),
        ("more-entry", "ledger", P.LEDGER_READ),
        ("more-entry", "keys", P.KEY_MANAGE),
    ):
        assert (f'data-{place}="{entry}"' in page) is (permission in PERMISSIONS[role])
    assert ("data-more" in page) is ("more-entry" in page)  # no empty menu


def test_what_waits_under_more_is_said_on_its_button(desk: Desk, sign_in: SignIn) -> None:
    client = sign_in(Role.ADMINISTRATOR)
    assert 'aria-current="true">More' not in client.get("/desk/").content.decode()
    assert 'aria-current="true">More' in client.get("/desk/ledger").content.decode()
    Effect.objects.create(
        key="x", channel="platform", kind="measure.apply", platform=scene.PLATFORM, payload={"kind": "remove"},
        state="dead", created_at=desk.now,
    )  # fmt: skip
    page = client.get("/desk/").content.decode()
    assert '<span class="sr">dead letters</span>' in page.partition("data-more")[2].partition("</button>")[0]
