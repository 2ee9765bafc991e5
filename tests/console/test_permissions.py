"""Every role before every page: what is permitted opens, what is not looks exactly like what does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from tests.console.conftest import Desk, SignIn, Stored
from tests.console.test_admission import NO_ID, PAGES
from tests.incidents.stage import said
from tests.intake.test_order_contents import ACT, REMOVAL

from hakam.banks.filling import fill
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.rows import Row
from hakam.compliance import drafts, private_bases
from hakam.compliance.access import statement_of
from hakam.compliance.eu_database import submissions
from hakam.compliance.eu_database.payload import ItemFacts
from hakam.compliance.models import Fact, MadeReport, RulebookDraft, RulebookVersion, Submission
from hakam.compliance.reports import keeping
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.sheets import Stated
from hakam.console.installation import installation, vault
from hakam.enforcement.models import Effect
from hakam.enforcement.outbox import EffectState
from hakam.exchange import partners
from hakam.incidents.declaring import declare
from hakam.incidents.powers import NoSettings
from hakam.incidents.states import Power
from hakam.intake import flaggers, orders, threats
from hakam.intake.models import Authority, Conduct, Dispute, DisputeBody, Flagger, Order, Threat
from hakam.live.models import LivePermit, Stream, StreamStep
from hakam.live.waiting.plan import Plan, keep_plan
from hakam.live.watching.watcher import frames_folder
from hakam.privacy import holds, research, schedule
from hakam.privacy import requests as data_requests
from hakam.regulator import by_hand, requests
from hakam.regulator.models import Request, RiskAssessment
from hakam.regulator.regimes import Said
from hakam.review import bulk, decisions, questions, trips
from hakam.review.models import Case, Complaint, Decision, Draft, Proposal, RuleTrip
from hakam.review.proposing import propose
from hakam.review.states import Outcome
from hakam.safeguarding import reports as child_reports
from hakam.staff.keys import issue_key
from hakam.staff.models import ApiKey, User
from hakam.staff.roles import PERMISSIONS, Permission, Role, Scope
from hakam.testing import scene
from hakam.testing.peers import Peer
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.measure import Measure, MeasureKind

P = Permission
ANYBODY = frozenset({"queue", "counts", "preferences"})
"""Pages of the desk for whoever is signed in."""

METHODS = {name: method for method, name, _arguments, _permission in PAGES}
NEEDS = {name: permission for _method, name, _arguments, permission in PAGES}
OF_A_DRAFT = ["rule_draft", "save_rule_draft", "add_rule_file", "catch_up_rule_draft",
              "discard_rule_draft", "rule_trial", "ask_rule_trial", "cancel_rule_trial", "rule_release",
              "stage_rule", "publish_rules", "settle_release"]  # fmt: skip
WITH_MORE = {"report_files": ("zip",), "report_figure": (6, 0, 5), "stream_frame": ("1.000.jpg",)}
OF_AN_INCIDENT = ["incident", "act_on_incident", "note_incident", "incident_report", "publish_incident",
                  "incident_confidential"]  # fmt: skip
OF_A_CASE = ["case", "priority", "lease", "skip", "draft", "preview", "decide", "reveal_evidence", "reveal"]


@dataclass
class World:
    """A house in which each page of the desk has something real to show."""

    case: Case
    decision: Decision
    complaint: Complaint
    proposal: Proposal
    effect: Effect
    colleague: User
    key: ApiKey
    submission: Submission
    flagger: Flagger
    conduct: Conduct
    draft: RulebookDraft
    trip: RuleTrip
    bank_entry: int
    order: Order
    threat: Threat
    dispute: Dispute
    record: int
    question: int
    bulk: int
    basis: int
    report: MadeReport
    request: Request
    risk: int
    on_air: StreamStep
    permit: int
    removal: Order
    hold: int = 0
    period: int = 0
    data_request: str = ""
    child_report: str = ""
    project: str = ""

    def arguments(self, name: str) -> tuple[object, ...]:
        """Return what stands in the address of a page."""
        if name in OF_A_CASE:
            return (self.case.pk,)
        if name in OF_A_DRAFT:
            return (self.draft.pk,)
        found: dict[str, object] = {
            "undo": self.decision.pk,
            "complaint": self.complaint.pk,
            "decide_complaint": self.complaint.pk,
            "proposal": self.proposal.pk,
            "settle_proposal": self.proposal.pk,
            "delivery": self.effect.pk,
            "replay": self.effect.pk,
            "fact": 1,
            "change_person": self.colleague.pk,
            "revoke_key": self.key.prefix,
            "submission": self.submission.puid,
            "mend_submission": self.submission.puid,
            "flagger": self.flagger.pk,
            "settle_trip": self.trip.pk,
            **dict.fromkeys(
                ("go_back", "go_back_at_once", "explain_back"), RulebookVersion.objects.earliest("pk").pk
            ),
            "change_flagger": self.flagger.pk,
            "conduct": self.conduct.pk,
            "act_on_conduct": self.conduct.pk,
            **dict.fromkeys(("bank", "fill_bank", "change_bank"), "known-spam"),
            "order": self.order.pk,
            "act_on_order": self.order.pk,
            "clarify_order": self.order.pk,
            "confirm_authority": self.order.authority_id,
            **dict.fromkeys(("request", "act_on_request", "complete_request"), self.request.pk),
            "risk": self.risk,
            **dict.fromkeys(("risk_draft", "save_risk"), "uk"),
            **dict.fromkeys(("checklist", "attest"), "dsa"),
            "threat": self.threat.pk,
            "act_on_private_basis": self.basis,
            "act_on_threat": self.threat.pk,
            "dispute": self.dispute.pk,
            "verdict": self.record,
            **dict.fromkeys(("bulk", "ask_bulk", "settle_bulk", "undo_bulk"), self.bulk),
            **dict.fromkeys(("forget_question", "change_question"), self.question),
            "act_on_dispute": self.dispute.pk,
            **dict.fromkeys(("hold", "act_on_hold"), self.hold),
            **dict.fromkeys(("child_report", "act_on_child_report"), self.child_report),
            **dict.fromkeys(("research_project", "act_on_research"), self.project),
            "settle_retention": self.period,
            **dict.fromkeys(("data_request", "act_on_data_request"), self.data_request),
            "processing_export": "json",
            **dict.fromkeys(OF_AN_INCIDENT, "harbour"),
            **dict.fromkeys(("stream", "stream_state", "stream_video", "take_step"), self.on_air.stream_id),
            "lift_step": self.on_air.pk,
            **dict.fromkeys(
                ("event", "steer", "surge", "questions", "move_question", "take_question_apart"), "talk"
            ),
            "settle_permit": self.permit,
            **dict.fromkeys(("partner", "act_on_partner"), "maidan"),
            "report_made": self.report.pk,
            "publish_report": self.report.pk,
        }
        if name in WITH_MORE:
            return (self.on_air.stream_id if name == "stream_frame" else self.report.pk, *WITH_MORE[name])
        pairs: dict[str, tuple[object, ...]] = {
            "order_annex": (self.removal.pk, 2),
            "incident_confidential_pdf": ("harbour", "ar"),
            **dict.fromkeys(("duty_clock", "clock_done"), ("audit.publish", 1)),
            **dict.fromkeys(("judge_entry", "withdraw_entry"), ("known-spam", self.bank_entry)),
        }
        if name in pairs:
            return pairs[name]
        return (found[name],) if name in found else ()


ABSENT: dict[str, object] = dict.fromkeys([*OF_A_CASE, *OF_A_DRAFT], 987_654) | {
    "undo": 987_654,
    "complaint": NO_ID,
    "decide_complaint": NO_ID,
    "proposal": 987_654,
    "verdict": 987_654,
    **dict.fromkeys(("bulk", "ask_bulk", "settle_bulk", "undo_bulk"), 987_654),
    **dict.fromkeys(("forget_question", "change_question"), 987_654),
    "settle_proposal": 987_654,
    "delivery": NO_ID,
    "replay": NO_ID,
    "fact": 987_654,
    "change_person": 987_654,
    "revoke_key": "zzzzzzzz",
    "submission": "zzzzzzzz",
    "mend_submission": "zzzzzzzz",
    "flagger": 987_654,
    **dict.fromkeys(("go_back", "go_back_at_once", "explain_back"), 987_654),
    "settle_trip": 987_654,
    "change_flagger": 987_654,
    "conduct": NO_ID,
    "act_on_conduct": NO_ID,
    "bank": "no-bank",
    "fill_bank": "no-bank",
    "change_bank": "no-bank",
    "order": NO_ID,
    "act_on_order": NO_ID,
    "clarify_order": NO_ID,
    "confirm_authority": 987_654,
    **dict.fromkeys(("request", "act_on_request", "complete_request"), NO_ID),
    "risk": 987_654,
    **dict.fromkeys(("risk_draft", "save_risk", "checklist", "attest"), "no-such"),
    "threat": NO_ID,
    "act_on_private_basis": 987_654,
    "act_on_threat": NO_ID,
    "dispute": NO_ID,
    "act_on_dispute": NO_ID,
    **dict.fromkeys(("hold", "act_on_hold", "settle_retention"), 987_654),
    **dict.fromkeys(("data_request", "act_on_data_request", "child_report", "act_on_child_report"), NO_ID),
    **dict.fromkeys(("research_project", "act_on_research"), NO_ID),
    **dict.fromkeys(OF_AN_INCIDENT, "no-incident"),
    **dict.fromkeys(("partner", "act_on_partner"), "no-partner"),
    **dict.fromkeys(
        ("stream", "stream_state", "stream_video", "take_step", "lift_step", "settle_permit"), 987_654
    ),
    **dict.fromkeys(
        ("event", "steer", "surge", "questions", "move_question", "take_question_apart"), "no-event"
    ),
    "report_made": 987_654,
    "publish_report": 987_654,
}


def ask(client: Client, name: str, *arguments: object, data: dict[str, str] | None = None) -> Any:
    url = reverse(f"console:{name}", args=arguments)
    return client.get(url, data) if METHODS[name] == "GET" else client.post(url, data)


def seen(answer: Any) -> tuple[int, str, bytes]:
    """Return everything by which somebody could tell two answers apart."""
    return answer.status_code, answer.headers.get("Location", ""), answer.content


def on_air(desk: Desk, by: User, decision: Decision) -> StreamStep:
    """Put a stream on air, with a frame to show and a step that was taken."""
    stream = Stream.objects.create(
        platform="maydan", server="s", name="show", account="u1", item_id="b-1", state="live",
        started_at=desk.now, seen_at=desk.now,
    )  # fmt: skip
    folder = frames_folder(installation().home, stream.pk)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1.000.jpg").write_bytes(b"a picture")
    opens = desk.now.replace(microsecond=0)
    keep_plan(
        installation().home,
        Plan(
            "talk", {"en": "Talk"}, opens, opens + timedelta(hours=2), capacity=100, pace=5, platform="maydan"
        ),
    )
    return StreamStep.objects.create(stream=stream, step="warn", decision=decision.pk, by=by, at=desk.now)


@pytest.fixture
def world(desk: Desk, amal: User, stored: Stored) -> World:
    removed = desk.remove(desk.case("You are vermin"), amal)
    complaint = desk.complaint(removed)
    effect = Effect.objects.get(kind="measure.apply")
    Effect.objects.filter(pk=effect.pk).update(state=EffectState.DEAD)
    key, _text = issue_key(
        platform="maydan", scopes=[Scope.CHECK], name="shop", by=SYSTEM, now=desk.now, expires_at=None
    )
    fresh = decisions.decide(
        desk.case("pending").pk, by=amal.actor, now=desk.now, outcome=Outcome.NO_VIOLATION, undo_seconds=3600
    )
    statement = statement_of(f"decision:{removed.pk}")
    assert statement is not None
    entry = submissions.put_in(statement, ItemFacts(desk.now.date()), now=desk.now)
    proposal = propose(
        desk.case("I will find you", clause="threat", harm="threat").pk,
        by=amal.actor,
        now=desk.now,
        clause="threat",
        measures=[Measure(MeasureKind.TERMINATE)],
        facts="It threatens.",
    )
    bank = create_bank(
        "known-spam", source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=desk.now
    )
    fill(bank.name, [Row(EntryKind.MD5, f"{7:032x}")], by=SYSTEM, now=desk.now)
    in_bank = bank.entries.get().pk
    hotline = flaggers.register(
        platform="maydan",
        name="Hotline",
        email="notices@hotline.example",
        country="DE",
        coordinator_email="dsc@coordinator.example",
        scope=["threat"],
        awarded_on=desk.now.date(),
        by=amal.actor,
        now=desk.now,
    )
    conduct = Conduct.objects.create(token="t", platform="maydan", kind="notices", account="u7")
    draft = drafts.begin("Followers", by=amal.actor, now=desk.now)
    body = DisputeBody.objects.create(
        name="Body", country="DE", email="b@body.example", certified_on=desk.now.date(),
        certified_until=desk.now.date(),
    )  # fmt: skip
    office = Authority.objects.create(
        name="Office", kind="court", country="DE", email="o@office.example", registered_by="staff:0",
        registered_at=desk.now,
    )  # fmt: skip
    order = orders.receive(
        ACT, platform="maydan", authority_id=office.pk, vault=vault(), by=amal.actor, now=desk.now
    )
    removal = orders.receive(
        REMOVAL, platform="maydan", authority_id=office.pk, vault=vault(), by=amal.actor, now=desk.now
    )
    orders.carry_out(str(removal.pk), by=amal.actor, now=desk.now, unverified_because="The hour runs.")
    with transaction.atomic():
        trips.note(["known-spam"], pack=scene.in_force(), now=desk.now)
    trip = RuleTrip.objects.get()
    by_hand.begin("audit.publish", platform="default", because="It came.", by=amal.actor, now=desk.now)
    opened = desk.case("open")
    partners.add_partner(
        "maidan", title="Maidan", address="https://maidan.example/exchange/v1", key=Peer().public, own="",
        by=SYSTEM, now=desk.now,
    )  # fmt: skip
    declare(
        said(), {Power.PRIORITY: NoSettings()}, platform="maydan", lead=amal.pk, by=amal.actor, now=desk.now
    )
    return World(
        opened,
        fresh,
        complaint,
        proposal,
        effect,
        amal,
        key,
        entry,
        hotline,
        conduct,
        draft,
        trip,
        in_bank,
        order,
        threats.start(proposal.case_id, what="A threat", user=amal, vault=vault(), now=desk.now),
        Dispute.objects.create(
            platform="maydan", body=body, decision=f"decision:{removed.pk}", reference="1", state="open",
            received_at=desk.now,
        ),
        stored.post("open", item=opened.item_id),
        questions.keep("mine", {}, shared=True, user=amal, now=desk.now).kept.pk,
        bulk.prepare(stored.log.read(0, 9), user=amal, now=desk.now, asked={}).pk,
        private_bases.propose(
            "default", law="An Act", purpose="p", until=desk.now + timedelta(days=9), by=SYSTEM, now=desk.now
        ).pk,
        keeping.make(
            "default", year_of(2025), stated=Stated(provider="P", service="S"), by=SYSTEM, now=desk.now, zone=UTC
        ),
        requests.receive("authority.request", Said(), platform="default", vault=vault(), by=SYSTEM, now=desk.now),
        RiskAssessment.objects.create(
            platform="default", scheme="uk", version=1, body={}, owner=amal.pk, written_by="staff:1",
            written_at=desk.now, approved_by="staff:2", approved_at=desk.now, review_on=desk.now.date(),
        ).pk,
        on_air(desk, amal, removed),
        LivePermit.objects.create(platform="maydan", account="u2", state="asked", words="Please").pk,
        removal,
        holds.place(
            f"case:{opened.pk}", reason="r", until=desk.now + timedelta(days=9), by=amal.actor, now=desk.now
        ).pk,
        schedule.propose(
            "events", months=3, days=0, ground="GDPR", because="b", by=amal.actor, now=desk.now
        ).pk,
        str(data_requests.receive("access", platform="maydan", account="u1", by=amal.actor, now=desk.now).pk),
        str(
            child_reports.prepare(
                desk.case("secret", clause="child-abuse", harm="csam").pk, "ncmec", platform_name="Maydan",
                user=scene.person("sana", Role.CHILD_SAFETY), vault=vault(), now=desk.now,
            ).pk
        ),
        str(
            research.ask(
                title="T", researcher="R", email="r@uni.example", purpose="p", platform="maydan", tables=["cases"],
                first=desk.now.date(), last=desk.now.date(), expires_on=desk.now.date() + timedelta(days=9),
                owner=amal.actor, now=desk.now,
            ).pk
        ),
    )  # fmt: skip


def test_the_matrix_leaves_no_page_out() -> None:
    resolver = get_resolver("hakam.console.urls")
    desk_pages = {
        name
        for name in resolver.reverse_dict
        if isinstance(name, str) and resolver.reverse_dict.getlist(name)[0][0][0][0].startswith("desk/")
    }
    assert desk_pages - ANYBODY == set(METHODS)


@pytest.mark.parametrize("role", list(Role))
def test_what_a_role_permits_opens_and_the_rest_does_not_exist(
    world: World, desk: Desk, sign_in: SignIn, role: Role
) -> None:
    client = sign_in(role)
    me = User.objects.get(role=role, username=f"the-{role.value.replace('_', '-')}")
    if P.CASE_DECIDE in PERMISSIONS[role]:  # a decision can be undone by who took it
        world.decision = decisions.decide(
            desk.case("mine").pk, by=me.actor, now=desk.now, outcome=Outcome.NO_VIOLATION, undo_seconds=3600
        )
    if P.LOG_QUERY in PERMISSIONS[role]:  # a question is removed by who kept it
        world.question = questions.keep("mine", {}, shared=False, user=me, now=desk.now).kept.pk
    nothing = seen(client.get("/desk/no-such-page"))
    wrong = []
    for name, permission in NEEDS.items():
        answer = ask(client, name, *world.arguments(name))
        if permission in PERMISSIONS[role]:
            if answer.status_code not in {200, 204, 302, 400, 422}:  # an empty form may be refused
                wrong.append(f"{name}: permitted, answers {answer.status_code}")
        elif seen(answer) != nothing:
            wrong.append(f"{name}: forbidden, answers {answer.status_code}")
    assert wrong == []


def test_who_only_reads_leaves_no_trace_in_the_work(world: World, sign_in: SignIn) -> None:
    clients = [sign_in(role) for role in Role if P.CASE_DECIDE not in PERMISSIONS[role]]
    before = Fact.objects.count()
    given = {"outcome": "no_violation", "facts": "mine", "verdict": "deny", "answer": "no", "state": "open"}
    for client in clients:
        for name in (
            "next",
            "lease",
            "skip",
            "draft",
            "decide",
            "undo",
            "decide_complaint",
            "settle_proposal",
        ):
            assert ask(client, name, *world.arguments(name), data=given).status_code == 404
    world.case.refresh_from_db()
    world.decision.refresh_from_db()
    world.complaint.refresh_from_db()
    assert (world.case.state, world.case.lease_by) == ("open", None)
    assert world.decision.state == "pending"
    assert world.complaint.state == "open"
    assert not Draft.objects.exists()
    assert Fact.objects.count() == before


def test_only_administrators_touch_people_and_keys(world: World, sign_in: SignIn) -> None:
    clients = [sign_in(role) for role in Role if role is not Role.ADMINISTRATOR]
    people = User.objects.count()
    person = {"username": "x", "email": "x@example.org", "role": "administrator", "language": "en"}
    for client in clients:
        ask(client, "add_person", data=person)
        ask(client, "change_person", world.colleague.pk, data={"role": "administrator"})
        ask(client, "change_person", world.colleague.pk, data={"active": "no"})
        ask(client, "issue_key", data={"name": "k", "platform": "maydan", "scopes": "check", "days": ""})
        ask(client, "revoke_key", world.key.prefix)
    world.colleague.refresh_from_db()
    world.key.refresh_from_db()
    assert (world.colleague.role, world.colleague.is_active) == ("moderator", True)
    assert world.key.revoked_at is None
    assert (User.objects.count(), ApiKey.objects.count()) == (people, 1)


def able(sign_in: SignIn, name: str) -> Client:
    """Return a client signed in as somebody who may open the page."""
    return sign_in(next(role for role in Role if NEEDS[name] in PERMISSIONS[role]))


def test_what_does_not_exist_is_not_found_for_who_might_see_it(world: World, sign_in: SignIn) -> None:
    wrong = []
    for name, id_ in ABSENT.items():
        client = able(sign_in, name)
        answer = ask(client, name, id_)
        if name == "skip":  # a case that is gone meanwhile: on with the next one
            assert answer.status_code == 302
        elif seen(answer) != seen(client.get("/desk/no-such-page")):
            wrong.append(f"{name}: {answer.status_code}")
    assert wrong == []


def test_a_number_too_large_for_the_database_is_not_found(world: World, sign_in: SignIn) -> None:
    for name in [name for name, id_ in ABSENT.items() if isinstance(id_, int)]:
        for digits in (19, 40):
            status = ask(able(sign_in, name), name, int("9" * digits)).status_code
            assert status == (302 if name == "skip" else 404), name


def test_reading_and_writing_are_not_exchanged(world: World, sign_in: SignIn) -> None:
    clients = {name: able(sign_in, name) for name in METHODS}
    facts = Fact.objects.count()
    for name, method in METHODS.items():
        url, client = reverse(f"console:{name}", args=world.arguments(name)), clients[name]
        answer = client.post(url) if method == "GET" else client.get(url)
        assert answer.status_code == 405, name
        assert method in answer.headers["Allow"], name
    assert Fact.objects.count() == facts


# ------------------------------------------------------------------------------- abuse of children


def test_a_case_of_child_abuse_does_not_exist_for_others(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("the words of it", clause="child-abuse", harm="csam")
    for role in [role for role in Role if P.CHILD_SAFETY_READ not in PERMISSIONS[role]]:
        for name in OF_A_CASE:
            there, gone = (seen(ask(sign_in(role), name, id_)) for id_ in (case.pk, case.pk + 1000))
            assert there == gone, (role, name)
    case.refresh_from_db()
    assert (case.state, case.lease_by) == ("open", None)
    assert not Fact.objects.filter(kind__in=["evidence.viewed", "personal_data.revealed"]).exists()


def test_lists_name_child_abuse_to_its_own_role_alone(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("wordsofit", clause="child-abuse", harm="csam")
    for role in [role for role in Role if P.CASE_READ in PERMISSIONS[role]]:
        pages = "".join(
            sign_in(role).get(path).content.decode()
            for path in ("/desk/", "/desk/search?search=wordsofit", f"/desk/search?search={case.item_id}")
        )
        assert (f"/desk/cases/{case.pk}/" in pages) is (role is Role.CHILD_SAFETY), role
        assert ">wordsofit<" not in pages, role


def test_a_complaint_about_child_abuse_does_not_exist_for_others(desk: Desk, sign_in: SignIn) -> None:
    sara = scene.person("sara", Role.CHILD_SAFETY)
    case = desk.case("the words of it", clause="child-abuse", harm="csam")
    ladder = sign_in(sara).get(f"/desk/cases/{case.pk}/")
    assert ladder.status_code == 200
    given = {
        "outcome": "violation",
        "clause": "child-abuse",
        "step:child-abuse": "1",
        "facts": "It shows it.",
    }
    assert sign_in(sara).post(f"/desk/cases/{case.pk}/decide", given).status_code == 302
    decisions.finalise_due(Decision.objects.get().undo_until)
    complaint = desk.complaint(Decision.objects.get(), "I did nothing")
    for role in Role:
        shown = sign_in(role).get(f"/desk/complaints/{complaint.pk}")
        may = {P.COMPLAINT_READ, P.CHILD_SAFETY_READ} <= PERMISSIONS[role]
        assert shown.status_code == (200 if may else 404), role
        if P.COMPLAINT_READ in PERMISSIONS[role]:
            listed = sign_in(role).get("/desk/complaints").content.decode()
            assert (str(complaint.pk) in listed) is may, role


# ---------------------------------------------------------------------------- one queue, one language


def test_a_person_of_another_queue_finds_no_case(desk: Desk, sign_in: SignIn) -> None:
    case = desk.case("You are vermin")
    outsider = scene.person("ola", queues=["elsewhere"])
    client = sign_in(outsider)
    for name in OF_A_CASE:
        assert seen(ask(client, name, case.pk)) == seen(ask(client, name, case.pk + 1000)), name
    assert f"/desk/cases/{case.pk}/" not in client.get("/desk/search").content.decode()
    assert client.post("/desk/next").headers["Location"] == "/desk/"
