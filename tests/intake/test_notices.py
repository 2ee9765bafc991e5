"""Anybody reports, gets a receipt, an answer, and a way to object (DSA Art. 16)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance import ledger
from hakam.compliance.access import facts_after
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline, Fact
from hakam.enforcement.models import Effect
from hakam.intake import access, answers, notices
from hakam.intake.events import consume
from hakam.intake.models import Notice, NoticeItem
from hakam.intake.notices import (
    KeyReusedError,
    NoticeError,
    Submission,
    check,
    needs_name,
    receive_notice,
    track_record,
)
from hakam.intake.objections import complain
from hakam.review.cases import Source, open_case
from hakam.review.complaints import NothingToContestError, decide_complaint
from hakam.review.decisions import decide, finalise_due, replace
from hakam.review.models import Case, CaseSource
from hakam.review.states import CaseState, Outcome, SourceKind
from hakam.staff.models import User
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES, Harm
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LATER = NOW + timedelta(seconds=10)
DAY = timedelta(days=1)
URL = "https://maydan.example/p/77"
REMOVE = Measure(MeasureKind.REMOVE)
GOOD_FAITH = "I believe in good faith that this notice is accurate and complete."


def submission(**more: Any) -> Submission:
    given: dict[str, Any] = {
        "platform": scene.PLATFORM,
        "harm": "hate_speech",
        "explanation": "It calls people vermin.",
        "urls": (URL,),
        "name": "Nadia N.",
        "email": "Nadia@Example.net",
        "good_faith": GOOD_FAITH,
        "language": "en",
    }
    return Submission(**(given | more))


@pytest.fixture
def post(book: object, log: FileEventLog, vault: FileVault) -> ItemRef:
    """Tell of an item."""
    event = scene.event("You are vermin", url=URL, email="author@example.net")
    log.append([scene.entry(event, scene.verdict())])
    consume(log, vault=vault, now=NOW, limit=10)
    return scene.ref(event)


class Inbox:
    """Where notices arrive."""

    def __init__(self, vault: FileVault, log: FileEventLog) -> None:
        self.vault, self.log = vault, log

    def take(self, now: Any = NOW, by: Actor | None = None, key: str | None = None, **more: Any) -> Notice:
        return receive_notice(submission(**more), vault=self.vault, log=self.log, now=now, by=by, key=key)

    def decide(self, by: User, outcome: Outcome, *, now: Any = NOW, **more: Any) -> None:
        case = Case.objects.filter(state=CaseState.OPEN).order_by("pk")[0]
        decide(case.pk, by=by.actor, now=now, outcome=outcome, **more)
        self.settle(now + timedelta(seconds=10))

    def remove(self, by: User, **more: Any) -> None:
        self.decide(by, Outcome.VIOLATION, clause="hate", measures=[REMOVE], facts="Vermin.", **more)

    def settle(self, now: Any) -> None:
        """Do what the worker does: end undo windows, let the subscriber hear of them."""
        finalise_due(now)
        for fact in facts_after(0, kinds=answers.KINDS):
            answers.on_fact(fact, now)


@pytest.fixture
def inbox(vault: FileVault, log: FileEventLog) -> Inbox:
    return Inbox(vault, log)


def letters(kind: str) -> list[dict[str, Any]]:
    return [
        e.payload for e in Effect.objects.filter(kind=kind, channel="email").order_by("created_at", "place")
    ]


def text_of(letter: dict[str, Any]) -> str:
    return "\n".join(p for section in letter["sections"] for p in section["paragraphs"])


def test_a_copy_is_told_of_where_there_is_one(post: ItemRef, inbox: Inbox) -> None:
    notice = inbox.take(urls=(URL, "https://maydan.example/nobody-knows"))
    found = access.status(notice.token, now=NOW)
    assert found is not None
    assert [item.frozen for item in found.items] == [True, False]


def test_a_report_that_tells_only_the_harm_says_so(
    post: ItemRef, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Source] = []

    def noted(**about: Any) -> Case:
        taken.append(about["source"])
        return open_case(**about)

    monkeypatch.setattr(notices, "open_case", noted)
    inbox.take()
    inbox.take(clause="hate")
    assert [(source.clause, source.by_harm) for source in taken] == [("hate", True), ("hate", False)]


def test_a_notice_opens_a_case_on_what_the_address_shows(post: ItemRef, inbox: Inbox) -> None:
    notice = inbox.take()
    item = notice.items.get()
    case = Case.objects.get()
    assert (item.item_kind, item.item_id, item.url) == ("post", "77", URL)
    assert (case.item_id, case.author_id, case.excerpt, case.clause) == ("77", "u1", "You are vermin", "hate")
    assert case.sources.get().ref == item.ref
    assert case.evidence.get().kind == "event"
    assert notice.good_faith == GOOD_FAITH  # word for word
    deadline = Deadline.objects.get(subject=item.ref)
    assert case.due_at == deadline.due_at == NOW + DAY


def test_the_receipt_goes_out_at_once(post: ItemRef, inbox: Inbox) -> None:
    notice = inbox.take()
    (receipt,) = letters("notice.receipt")
    assert receipt["to"] == "nadia@example.net"
    assert receipt["links"][0]["url"] == f"/n/{notice.token}"
    assert notice.receipt_at is None
    scene.deliver(NOW)
    assert answers.note_receipts(NOW) == 1
    assert answers.note_receipts(NOW) == 0
    notice.refresh_from_db()
    assert notice.receipt_at is not None


def test_no_name_and_no_address_stands_in_a_fact(post: ItemRef, inbox: Inbox, amal: User) -> None:
    inbox.take()
    inbox.remove(amal)
    for trace in ("example.net", "Nadia", "maydan.example/p"):
        assert not Fact.objects.filter(body__icontains=trace).exists(), trace


def test_an_unknown_address_still_makes_a_case(book: object, inbox: Inbox) -> None:
    inbox.take(urls=("https://maydan.example/p/unseen",))
    case = Case.objects.get()
    assert (case.item_kind, case.item_id) == ("url", "https://maydan.example/p/unseen")
    copy = case.evidence.get()
    assert (copy.kind, case.author_id) == ("notice", "")
    assert b"It calls people vermin." in inbox.vault.get(copy.digest)


def test_an_address_of_eight_thousand_characters_makes_one_case(book: object, inbox: Inbox) -> None:
    long = "https://maydan.example/p?" + "a=1&" * 2_000
    inbox.take(urls=(long,))
    inbox.take(urls=(long,))
    assert Case.objects.get().notices == 2


def test_each_item_of_a_notice_is_a_case_and_duplicates_are_one(post: ItemRef, inbox: Inbox) -> None:
    notice = inbox.take(urls=(URL, URL + "/", "https://maydan.example/p/other"), items=(post,))
    assert notice.items.count() == Case.objects.count() == 2
    inbox.take(email="somebody@example.net")
    case = Case.objects.get(item_id="77")
    assert (case.notices, case.sources.count(), case.evidence.count()) == (2, 2, 1)


def test_the_profile_is_read_once_however_many_items_and_the_rule_book_once_more_for_each(
    post: ItemRef, inbox: Inbox
) -> None:
    inbox.take()  # from now on the clauses of this version are in memory
    for count in (1, 5):
        with CaptureQueriesContext(connection) as asked:
            inbox.take(urls=tuple(f"{URL}/{count}/{n}" for n in range(count)))
        reads = [one["sql"] for one in asked if one["sql"].startswith("SELECT")]
        assert len([one for one in reads if "compliance_platformprofile" in one]) == 1
        assert len([one for one in reads if "compliance_rulebookversion" in one]) <= 1 + count


def test_a_platform_names_its_items_itself(post: ItemRef, inbox: Inbox) -> None:
    by = Actor(ActorKind.PLATFORM, "maydan/abc")
    inbox.take(by=by, key="r-1", urls=(), items=(post,), email="", name="", notifier="u9")
    case = Case.objects.get()
    assert (case.excerpt, case.item_url) == ("You are vermin", URL)
    effect = Effect.objects.get(kind="notice.receipt")
    assert (effect.channel, effect.payload["notifier"]) == ("platform", {"id": "u9"})
    assert ledger.story(f"case:{case.pk}")[0].actor == str(by)


def test_the_same_key_is_the_same_notice(post: ItemRef, inbox: Inbox) -> None:
    first = inbox.take(key="r-1")
    assert inbox.take(key="r-1").pk == first.pk
    assert (Notice.objects.count(), Case.objects.get().notices, len(letters("notice.receipt"))) == (1, 1, 1)
    with pytest.raises(KeyReusedError):
        inbox.take(key="r-1", explanation="Something else.")


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"explanation": "  "}, "/explanation"),
        ({"explanation": "x" * 20_001}, "/explanation"),
        ({"explanation": "a\x00b"}, "/explanation"),
        ({"name": ""}, "/name"),
        ({"email": ""}, "/email"),
        ({"email": "nobody"}, "/email"),
        ({"good_faith": ""}, "/good_faith"),
        ({"harm": "evil"}, "/harm"),
        ({"urls": ()}, "/urls"),
        ({"urls": ("maydan.example/p/7",)}, "/urls/0"),
        ({"urls": (URL, "ftp://maydan.example")}, "/urls/1"),
        ({"urls": ("javascript:alert(1)",)}, "/urls/0"),
        ({"urls": ("https://",)}, "/urls/0"),
        ({"urls": ("https://a.example/b c",)}, "/urls/0"),
        ({"urls": ("https://[::1",)}, "/urls/0"),
        ({"urls": (URL,) * 101}, "/urls"),
        ({"items": (ItemRef("maydan", "post", " "),)}, "/items/0"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    book: object, inbox: Inbox, given: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(NoticeError) as refused:
        inbox.take(**given)
    assert [wrong.pointer for wrong in refused.value.wrong] == [pointer]
    assert not Notice.objects.exists()


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = check(Submission(platform="maydan", harm="evil", explanation=""))
    assert {w.pointer for w in wrong} == {"/harm", "/explanation", "/urls", "/name", "/email", "/good_faith"}


@pytest.mark.parametrize("harm", sorted(CHILD_ABUSE_OFFENCES))
def test_child_abuse_is_reported_without_a_name(book: object, inbox: Inbox, harm: Harm) -> None:
    # DSA Art. 16(2)(c)
    inbox.take(harm=harm.value, name="", email="")
    case = Case.objects.get()
    assert case.restricted
    assert not Effect.objects.exists()  # nobody to tell; the page behind the link shows it


@pytest.mark.parametrize("harm", sorted(set(Harm) - CHILD_ABUSE_OFFENCES))
def test_for_everything_else_that_is_illegal_a_name_is_asked_for(harm: Harm) -> None:
    assert needs_name(submission(harm=harm.value))
    assert not needs_name(submission(harm=harm.value, illegal=False))
    assert not needs_name(submission(harm=harm.value, notifier="u9"))


@given(
    st.builds(
        Submission,
        platform=st.just("maydan"),
        harm=st.text(max_size=20),
        explanation=st.text(max_size=50),
        urls=st.lists(st.text(max_size=40), max_size=3).map(tuple),
        name=st.text(max_size=20),
        email=st.text(max_size=20),
        good_faith=st.text(max_size=20),
        language=st.text(max_size=40),
    )
)
def test_no_form_makes_the_check_fail(given_: Submission) -> None:
    for wrong in check(given_):
        assert wrong.pointer.startswith("/")
        assert wrong.message


def test_a_trusted_flagger_goes_ahead_and_has_a_shorter_clock(post: ItemRef, inbox: Inbox) -> None:
    inbox.take(urls=("https://maydan.example/p/other",))
    inbox.take(trusted=True, by=Actor(ActorKind.FLAGGER, "f1"))
    flagged = Case.objects.order_by("-priority")[0]
    assert flagged.item_id == "77"
    assert flagged.sources.get().kind == SourceKind.TRUSTED_FLAGGER
    assert flagged.due_at == NOW + DAY / 2


# --------------------------------------------------------------------------------------- answers


def test_every_notifier_is_answered_with_redress_and_the_use_of_machines(
    post: ItemRef, inbox: Inbox, amal: User
) -> None:
    inbox.take()
    inbox.take(email="second@example.net")
    inbox.take(harm="csam", urls=("https://maydan.example/p/x",), name="", email="")
    inbox.remove(amal)
    told = letters("notice.outcome")
    assert [letter["to"] for letter in told] == ["nadia@example.net", "second@example.net"]
    assert "Hate speech" in text_of(told[0])
    assert "A person decided; no automated means were used." in text_of(told[0])
    assert "out-of-court" in text_of(told[0])
    assert "complain" in text_of(told[0])
    answered = NoticeItem.objects.filter(answered_at__isnull=False)
    assert answered.count() == 2
    assert all(item.upheld for item in answered)
    assert Deadline.objects.filter(met_at__isnull=False).count() == 2


def test_hearing_of_a_decision_twice_tells_once(post: ItemRef, inbox: Inbox, amal: User) -> None:
    inbox.take()
    inbox.remove(amal)
    inbox.settle(LATER)
    inbox.settle(LATER)
    assert len(letters("notice.outcome")) == 1
    assert Fact.objects.filter(kind=FactKind.NOTICE_ANSWERED).count() == 1


@pytest.mark.parametrize("language", ["en", "ar"])
def test_removed_and_kept_are_different_letters(
    post: ItemRef, inbox: Inbox, amal: User, language: str
) -> None:
    inbox.take(language=language)
    inbox.remove(amal)
    inbox.take(language=language)
    inbox.decide(amal, Outcome.NO_VIOLATION)
    removed, kept = letters("notice.outcome")
    assert removed["subject"] != kept["subject"]
    assert text_of(removed) != text_of(kept)


def test_an_undone_decision_is_heard_by_nobody(post: ItemRef, inbox: Inbox, amal: User) -> None:
    inbox.take()
    decide(Case.objects.get().pk, by=amal.actor, now=NOW, outcome=Outcome.NO_VIOLATION)
    for fact in facts_after(0):
        answers.on_fact(fact, NOW)
    assert not letters("notice.outcome")


def test_who_reports_after_the_decision_is_answered_too(post: ItemRef, inbox: Inbox, amal: User) -> None:
    inbox.take()
    inbox.remove(amal)
    late = inbox.take(email="late@example.net", now=NOW + DAY)
    assert Case.objects.filter(state=CaseState.OPEN).count() == 1
    inbox.decide(amal, Outcome.STANDS, now=NOW + DAY)
    (letter,) = [one for one in letters("notice.outcome") if one["to"] == "late@example.net"]
    assert "before your notice arrived" in text_of(letter)
    assert late.items.get().upheld


def test_a_changed_decision_tells_every_notifier_again(
    post: ItemRef, inbox: Inbox, amal: User, basil: User
) -> None:
    inbox.take()
    inbox.remove(amal)
    number = int(NoticeItem.objects.get().decision.removeprefix("decision:"))
    replace(number, by=basil.actor, now=LATER, outcome=Outcome.NO_VIOLATION, because="Satire.")
    inbox.settle(LATER)
    first, second = letters("notice.outcome")
    assert first["subject"] != second["subject"]
    item = NoticeItem.objects.get()
    assert (item.upheld, item.decision) == (False, f"decision:{number + 1}")


def test_a_notifier_objects_on_the_page_of_the_notice(
    post: ItemRef, inbox: Inbox, amal: User, basil: User
) -> None:
    notice = inbox.take()
    with pytest.raises(NothingToContestError):
        complain(token=notice.token, text="Hurry up.", now=NOW)
    inbox.decide(amal, Outcome.NO_VIOLATION)
    before = access.status(notice.token, now=NOW + DAY)
    assert before is not None
    assert before.items[0].complain_until is not None
    complaint = complain(token=notice.token, text="It is still there.", now=NOW + DAY)
    after = access.status(notice.token, now=NOW + DAY)
    assert after is not None
    assert (after.items[0].complain_until, after.items[0].complaint_token) == (None, complaint.token)
    decide_complaint(
        str(complaint.pk),
        by=basil.actor,
        now=NOW + 2 * DAY,
        uphold=True,
        answer="You are right.",
        clause="hate",
        measures=[REMOVE],
        facts="Vermin.",
    )
    inbox.settle(NOW + 2 * DAY)
    assert len(letters("notice.outcome")) == 1  # the outcome of the complaint says it
    assert [letter["to"] for letter in letters("complaint.outcome")] == ["nadia@example.net"]
    item = NoticeItem.objects.get()
    assert item.upheld
    assert item.decision == f"decision:{complaint.decision_id + 1}"


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_wrong_link_shows_nothing_and_contests_nothing(book: object, token: str) -> None:
    assert access.status(token, now=NOW) is None
    with pytest.raises(NothingToContestError):
        complain(token=token, text="x", now=NOW)


def test_the_page_of_a_notice_tells_how_far_each_item_is(post: ItemRef, inbox: Inbox, amal: User) -> None:
    notice = inbox.take(urls=(URL, "https://maydan.example/p/other"))
    inbox.remove(amal)
    found = access.status(notice.token, now=LATER)
    assert found is not None
    assert not found.answered
    assert [(item.url, item.upheld) for item in found.items] == [
        (URL, True),
        ("https://maydan.example/p/other", None),
    ]


def test_a_reporters_accuracy_is_what_decisions_said(post: ItemRef, inbox: Inbox, amal: User) -> None:
    inbox.take()
    inbox.remove(amal)
    inbox.take(urls=("https://maydan.example/p/2",))
    inbox.decide(amal, Outcome.NO_VIOLATION)
    assert track_record("maydan", email="nadia@example.net") == (1, 2)
    assert track_record("maydan") == (0, 0)
    inbox.take(urls=("https://maydan.example/p/3",))
    case = Case.objects.order_by("-pk")[0]
    assert case.priority_inputs["accuracy"] == 0.5
    (words,) = access.words_of([case.sources.get().ref])
    assert (words.text, words.url) == ("It calls people vermin.", "https://maydan.example/p/3")
    assert "example.net" not in str(msgspec.to_builtins(CaseSource.objects.get(ref=words.ref).summary))


def test_who_reported_is_shown_to_those_who_may_and_every_look_is_a_fact(
    post: ItemRef, inbox: Inbox, amal: User
) -> None:
    notice = inbox.take()
    assert access.reveal_notifier(str(notice.pk), user=amal, now=NOW) is None
    senior = scene.person("carol", scene.Role.SENIOR_MODERATOR)
    shown = access.reveal_notifier(str(notice.pk), user=senior, now=NOW)
    assert shown is not None
    assert (shown.name, shown.email) == ("Nadia N.", "nadia@example.net")
    assert Fact.objects.filter(kind=FactKind.PERSONAL_DATA_REVEALED, actor=str(senior.actor)).count() == 1
    assert access.reveal_notifier("no-such", user=senior, now=NOW) is None
