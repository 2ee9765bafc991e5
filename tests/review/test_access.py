"""What people see: what is absent and what is forbidden look the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hakam.compliance import ledger
from hakam.review import access, complaint_access
from hakam.review.automatic import decide_automatically, key_of
from hakam.review.complaints import complain
from hakam.review.evidence import content_digest
from hakam.review.leases import save_draft, take
from hakam.review.models import Complaint, Decision
from hakam.review.personal import reveal_personal_data
from hakam.review.priority import Inputs
from hakam.review.shapes import QueueFilter
from hakam.review.states import ComplaintState, Outcome, SourceKind
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.event_log import FileEventLog
from hakam.testing import scene
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LATER = NOW + timedelta(seconds=10)


def found(user: User, **wanted: str) -> list[int]:
    page = access.queue(user, now=NOW, wanted=QueueFilter(**wanted))
    assert page.total == len(page.rows)
    return [row.id for row in page.rows]


@pytest.fixture
def three(desk: Any) -> list[int]:
    """Cases of falling priority: a threat in Arabic, hate in English, spam."""
    return [
        desk.case(
            scene.event("سأقتلك غداً", item="1", language="ar"),
            clause="threat",
            harm="threat",
            queue="threats",
        ).pk,
        desk.case(scene.event("You are vermin", item="2", author="u2"), queue="hate").pk,
        desk.case(
            scene.event("BUY FOLLOWERS now", item="3", author="u3"),
            clause="spam",
            harm="spam",
            kind=SourceKind.VERDICT,
            summary={"firings": [], "pack": "scene@1.0.0", "seq": 3},
        ).pk,
    ]


def test_the_queue_is_in_order_and_filtered(three: list[int], amal: User) -> None:
    threat, hate, spam = three
    assert found(amal) == three
    assert found(amal, sort="newest") == [spam, hate, threat]
    assert found(amal, sort="oldest") == three
    assert found(amal, queue="hate") == [hate]
    assert found(amal, language="ar") == [threat]
    assert found(amal, clause="spam") == [spam]
    assert found(amal, author="u2") == [hate]
    assert found(amal, platform="other") == []
    assert found(amal, source="verdict") == [spam]
    assert found(amal, state="decided") == []


@pytest.mark.parametrize(
    ("search", "hit"),
    [
        ("vermin", 1),
        ("VERMIN", 1),
        ("followers buy", 2),
        ("ساقتلك", 0),
        ("سأقتلك", 0),
        ("سَأَقْـتُلك", 0),
        ("u2", 1),
    ],
)
def test_search_folds_what_is_asked_as_it_folded_the_text(
    three: list[int], amal: User, search: str, hit: int
) -> None:
    assert found(amal, search=search) == [three[hit]]


@pytest.mark.parametrize("search", ["%", "_", "\\", "' or 1=1 --", "\x00", "zzz"])
def test_search_takes_every_character_as_itself(three: list[int], amal: User, search: str) -> None:
    assert found(amal, search=f"x{search}x") == []


def test_leases_show_who_and_filter(three: list[int], amal: User, basil: User) -> None:
    take(three[0], by=amal.actor, now=NOW)
    take(three[1], by=basil.actor, now=NOW)
    lease = access.queue(amal, now=NOW).rows[0].lease
    assert lease is not None
    assert (lease.username, lease.mine, lease.until) == ("amal", True, NOW + timedelta(minutes=5))
    assert found(amal, lease="mine") == [three[0]]
    assert found(amal, lease="taken") == [three[1]]
    assert found(amal, lease="free") == [three[2]]
    assert access.queue(amal, now=NOW + timedelta(minutes=5)).rows[0].lease is None


def test_pages(desk: Any, amal: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "PER_PAGE", 2)
    for n in range(5):
        desk.case(scene.event(item=str(n)))
    pages = [access.queue(amal, now=NOW, page=n) for n in (1, 2, 3, 99, -1)]
    assert [(p.page, p.pages, p.total, len(p.rows)) for p in pages] == [
        (1, 3, 5, 2),
        (2, 3, 5, 2),
        (3, 3, 5, 1),
        (3, 3, 5, 1),
        (1, 3, 5, 2),
    ]
    assert len({row.id for page in pages[:3] for row in page.rows}) == 5


def test_counts_are_of_what_one_may_see(desk: Any, three: list[int], amal: User, dana: User) -> None:
    desk.case(scene.event(item="9"), clause="child-abuse", harm="csam", due_at=NOW)
    take(three[0], by=amal.actor, now=NOW)
    mine, hers = access.counts(amal, now=NOW), access.counts(dana, now=NOW)
    assert (mine.open, mine.overdue, mine.mine) == (3, 0, 1)
    assert mine.queues == {"threats": 1, "hate": 1, "general": 1}
    assert (hers.open, hers.overdue, hers.queues["child-safety"]) == (4, 1, 1)


def test_a_case_on_one_screen(desk: Any, amal: User, carol: User) -> None:
    desk.final(desk.remove(desk.case(scene.event(item="0")), amal))
    event = scene.event("You are vermin", reach=100)
    firing = scene.firing("hate", rule="slurs", values={"word(...)": "vermin"})
    desk.case(
        event,
        kind=SourceKind.VERDICT,
        ref="event:812",
        summary={
            "firings": [{"rule": "slurs", "policy": "hate", "rule_digest": "0", "stage": "live"}],
            "seq": 812,
        },
    )
    case = desk.case(event, inputs=Inputs(confidence=0.5, accuracy=0.9))
    save_draft(case.pk, {"facts": "It"}, by=amal.actor, now=NOW)
    view = access.case(case.pk, user=amal, now=NOW, vault=desk.vault)
    assert view is not None
    assert sum(term.value for term in view.terms) == pytest.approx(view.row.priority)
    assert view.source_counts == {"verdict": 1, "notice": 1}
    assert [f.rule for f in view.firings] == [firing.rule]
    assert [v.text for v in view.versions] == ["You are vermin"]
    assert view.versions[0].event == event
    assert view.history is not None
    assert (view.history.violations, view.history.automated, view.history.open_cases) == (1, 0, 1)
    assert view.draft is not None
    assert (view.draft.body, view.may_decide, view.hidden, view.pack) == (
        {"facts": "It"},
        True,
        False,
        "scene@1.0.0",
    )
    first = view.clauses[0]
    assert (first.id, first.alleged, first.severity) == ("hate", True, 60)
    assert [(s.recommended, s.milder) for s in first.ladder] == [(False, True), (True, False), (False, False)]
    assert [clause.id for clause in view.clauses] == ["hate", "child-abuse", "threat", "spam"]
    other = access.case(case.pk, user=carol, now=NOW, vault=desk.vault)
    assert other is not None
    assert other.draft is None


def test_a_decided_case_shows_what_can_be_undone(desk: Any, amal: User) -> None:
    case = desk.case()
    decision = desk.remove(case, amal)
    view = access.case(case.pk, user=amal, now=NOW, vault=desk.vault)
    assert view is not None
    assert view.pending is not None
    assert (view.pending.id, view.pending.by_name, view.pending.undoable(NOW)) == (decision.pk, "amal", True)
    assert not view.pending.undoable(LATER)
    assert view.in_force == (Measure(MeasureKind.REMOVE),)
    assert not view.may_decide
    desk.final(decision)
    view = access.case(case.pk, user=amal, now=LATER, vault=desk.vault)
    assert view is not None
    assert view.pending is None


@pytest.mark.parametrize("role", list(Role))
def test_child_abuse_is_absent_for_everybody_without_the_permission(desk: Any, role: Role) -> None:
    case = desk.case(scene.event("secret", item="9"), clause="child-abuse", harm="csam")
    user = scene.person("somebody", role)
    may = role is Role.CHILD_SAFETY
    assert found(user) == ([case.pk] if may else [])
    assert found(user, search="secret") == []
    view = access.case(case.pk, user=user, now=NOW, vault=desk.vault)
    assert (view is not None) is may
    shown = access.reveal(case.pk, user=user, now=NOW, vault=desk.vault)
    assert (shown is not None) is may
    assert (reveal_personal_data(case.pk, user=user, now=NOW, vault=desk.vault) is not None) is may
    assert access.terms(case.pk, user=user) is None or may


def test_every_view_of_child_abuse_is_a_fact(desk: Any, dana: User) -> None:
    case = desk.case(scene.event("secret", item="9"), clause="child-abuse", harm="csam")
    view = access.case(case.pk, user=dana, now=NOW, vault=desk.vault)
    assert view is not None
    assert (view.hidden, view.versions, view.row.excerpt) == (True, (), "")
    for _ in range(2):
        shown = access.reveal(case.pk, user=dana, now=NOW, vault=desk.vault)
        assert shown is not None
        assert shown[0].text == "secret"
    seen = [f for f in ledger.story(f"case:{case.pk}") if f.kind == "evidence.viewed"]
    assert [f.actor for f in seen] == [str(dana.actor)] * 2


def test_who_works_on_some_queues_sees_no_others(three: list[int], desk: Any) -> None:
    user = scene.person("narrow", queues=["hate"])
    assert found(user) == [three[1]]
    assert access.case(three[0], user=user, now=NOW, vault=desk.vault) is None
    assert access.terms(three[0], user=user) is None


def test_absent_looks_like_forbidden(desk: Any, amal: User) -> None:
    assert access.case(99_999, user=amal, now=NOW, vault=desk.vault) is None
    assert access.decision(99_999, user=amal) is None
    assert access.reveal(99_999, user=amal, now=NOW, vault=desk.vault) is None
    assert complaint_access.complaint("no-uuid", user=amal, now=NOW, vault=desk.vault) is None


def test_a_damaged_copy_says_so_and_the_rest_is_shown(desk: Any, amal: User) -> None:
    case = desk.case()
    copy = case.evidence.get()
    path = next(p for p in desk.vault.folder.rglob(copy.digest))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    view = access.case(case.pk, user=amal, now=NOW, vault=desk.vault)
    assert view is not None
    assert view.versions[0].damaged
    assert view.versions[0].event is None


def test_the_next_case_can_be_looked_up_without_taking_it(three: list[int], amal: User) -> None:
    assert access.peek(user=amal, now=NOW) == three[0]
    assert access.peek(user=amal, now=NOW, after=three[0]) == three[1]
    assert access.next_case(user=amal, now=NOW) == three[0]
    assert access.peek(user=scene.person("v", Role.VIEWER), now=NOW) is None


def test_complaints_say_who_may_decide_and_why_not(desk: Any, amal: User, basil: User) -> None:
    decision = desk.final(desk.remove(desk.case(), amal))
    token = access.decision(decision.pk, user=amal)
    assert token is not None
    from hakam.compliance.access import statement_of  # noqa: PLC0415

    statement = statement_of(token.subject)
    assert statement is not None
    made = complain(
        statement_token=statement.token, text="It was a quotation. " * 30, now=NOW + timedelta(days=1)
    )
    (mine,) = complaint_access.complaints(user=amal).rows
    (his,) = complaint_access.complaints(user=basil).rows
    assert (mine.may_decide, his.may_decide) == (False, True)
    assert "somebody else" in mine.why_not
    assert len(his.excerpt) == 280
    viewer = scene.person("v", Role.VIEWER)
    assert not complaint_access.complaints(user=viewer).rows[0].may_decide
    assert complaint_access.complaints(user=scene.person("r", Role.RESEARCHER)).total == 0
    view = complaint_access.complaint(str(made.pk), user=basil, now=NOW, vault=desk.vault)
    assert view is not None
    assert (view.decision.id, view.decision.by_name, view.versions[0].text) == (
        decision.pk,
        "amal",
        "You are vermin",
    )
    assert view.clauses[0].id == "hate"
    assert access.counts(basil, now=NOW).complaints == 1
    assert complaint_access.complaints(user=basil, state=ComplaintState.DENIED).total == 0


def test_a_complaint_about_child_abuse_is_not_for_everybody(desk: Any, amal: User, dana: User) -> None:
    case = desk.case(scene.event(item="9", email="x@example.net"), clause="child-abuse", harm="csam")
    decision = desk.final(desk.remove(case, dana, clause="child-abuse", facts="It shows abuse."))
    from hakam.compliance.access import statement_of  # noqa: PLC0415

    statement = statement_of(f"decision:{decision.pk}")
    assert statement is not None
    made = complain(statement_token=statement.token, text="No.", now=NOW + timedelta(days=1))
    assert complaint_access.complaints(user=amal).total == 0
    assert complaint_access.complaint(str(made.pk), user=amal, now=NOW, vault=desk.vault) is None
    assert access.decision(decision.pk, user=amal) is None
    view = complaint_access.complaint(str(made.pk), user=dana, now=NOW, vault=desk.vault)
    assert view is not None
    assert (view.hidden, view.versions) == (True, ())


def automatic(log: FileEventLog, clause: str) -> Complaint:
    """Let a rule take something down by itself, and its author complain."""
    told = scene.event("Buy followers", item="31", email="u1@example.net")
    said = scene.verdict([scene.firing(clause, measures=[Measure(MeasureKind.REMOVE)])])
    (kept,) = log.append([scene.entry(told, said)])
    decision = decide_automatically(
        event=told,
        item=scene.ref(told),
        verdict=said,
        key=key_of(kept.seq),
        now=NOW,
    )
    assert decision is not None
    assert decision.case is None
    from hakam.compliance.access import statement_of  # noqa: PLC0415

    statement = statement_of(f"decision:{decision.pk}")
    assert statement is not None
    return complain(statement_token=statement.token, text="No.", now=NOW + timedelta(days=1))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FileEventLog]:
    made = FileEventLog(tmp_path / "events", clock=NOW.timestamp)
    yield made
    made.close()


def test_who_judges_a_complaint_sees_what_a_rule_judged_alone(
    desk: Any, basil: User, log: FileEventLog
) -> None:
    # DSA Art. 20(4), Art. 20(6): nobody can judge with care what they do not see
    made = automatic(log, "spam")
    blind = complaint_access.complaint(str(made.pk), user=basil, now=NOW, vault=desk.vault)
    view = complaint_access.complaint(str(made.pk), user=basil, now=NOW, vault=desk.vault, log=log)
    assert blind is not None
    assert view is not None
    assert (blind.versions, blind.record) == ((), 0)
    assert [version.text for version in view.versions] == ["Buy followers"]
    assert view.versions[0].captured_at == NOW
    assert (view.hidden, view.record) == (False, 1)


def test_what_a_rule_judged_as_child_abuse_is_opened_with_its_reasons_only(
    desk: Any, dana: User, log: FileEventLog
) -> None:
    made = automatic(log, "child-abuse")
    view = complaint_access.complaint(str(made.pk), user=dana, now=NOW, vault=desk.vault, log=log)
    assert view is not None
    assert (view.hidden, view.versions, view.record) == (True, (), 1)


def test_a_record_that_was_erased_shows_nothing_and_breaks_nothing(
    desk: Any, basil: User, log: FileEventLog
) -> None:
    made = automatic(log, "spam")
    Decision.objects.filter(pk=made.decision_id).update(key="event:99")
    view = complaint_access.complaint(str(made.pk), user=basil, now=NOW, vault=desk.vault, log=log)
    assert view is not None
    assert (view.versions, view.hidden, view.record) == ((), False, 0)


def test_the_content_of_two_events_is_the_same_if_it_shows_the_same() -> None:
    one, other = scene.event("a", reach=1), scene.event("a", reach=99, author="u2")
    assert content_digest(one) == content_digest(other)
    assert content_digest(one) != content_digest(scene.event("b"))
    assert Outcome.STANDS in set(Outcome)
