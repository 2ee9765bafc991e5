"""A trusted flagger's notice goes first, inside its area; and many wrong ones are told to its Coordinator."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.intake.test_notices import GOOD_FAITH, Inbox, submission

from hakam.compliance.access import facts_after
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.compliance.models import Deadline, RulebookVersion
from hakam.compliance.reports import gathering
from hakam.compliance.reports.categories import places
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.tally import Cell
from hakam.compliance.reports.template import NOTICES, TOTAL
from hakam.enforcement.models import Effect
from hakam.intake import access, answers, flaggers, flagging
from hakam.intake.flaggers import FlaggerError, FlaggerEvent
from hakam.intake.models import Flagger, Notice, NoticeItem
from hakam.intake.notices import KeyReusedError
from hakam.review.cases import CaseState
from hakam.review.decisions import decide, finalise_due
from hakam.review.models import Case
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
HOUR = timedelta(hours=1)


@pytest.fixture
def hotline(book: RulebookVersion, amal: User) -> Flagger:
    return flaggers.register(
        platform=scene.PLATFORM,
        name="Hotline e. V.",
        email="notices@hotline.example",
        country="DE",
        coordinator_email="dsc@coordinator.example",
        scope=["hate_speech"],
        awarded_on=date(2025, 5, 1),
        by=amal.actor,
        now=NOW,
    )


class Line:
    """The flagger's channel."""

    def __init__(self, flagger: Flagger, vault: FileVault, log: FileEventLog) -> None:
        self.flagger, self.vault, self.log = flagger, vault, log

    def send(self, n: int, now: Any = NOW, key: str | None = None, **more: Any) -> Notice:
        given = {"urls": (f"https://maydan.example/p/{n}",), "name": "", "email": ""} | more
        self.flagger.refresh_from_db()
        return flagging.flag(
            self.flagger, submission(**given), vault=self.vault, log=self.log, now=now, key=key
        )


@pytest.fixture
def line(hotline: Flagger, vault: FileVault, log: FileEventLog) -> Line:
    return Line(hotline, vault, log)


@pytest.fixture
def inbox(vault: FileVault, log: FileEventLog) -> Inbox:
    return Inbox(vault, log)


def answer_all(by: User, outcome: Outcome, now: Any) -> None:
    """Decide what is open and let the flagger hear of it, as the worker does."""
    for case in Case.objects.filter(state=CaseState.OPEN):
        more: dict[str, Any] = {}
        if outcome is Outcome.VIOLATION:
            more = {"clause": "hate", "measures": [Measure(MeasureKind.REMOVE)], "facts": "Vermin."}
        decide(case.pk, by=by.actor, now=now, outcome=outcome, illegal=outcome is Outcome.VIOLATION, **more)
    finalise_due(now + timedelta(seconds=10))
    for fact in facts_after(0, kinds=answers.KINDS):
        answers.on_fact(fact, now + timedelta(seconds=10))


class TestPriority:
    def test_its_notice_goes_before_everybody_elses(self, line: Line, inbox: Inbox) -> None:
        # DSA Art. 22(1)
        for n in range(3):
            inbox.take(urls=(f"https://maydan.example/p/{n}",), email=f"n{n}@example.net")
        line.send(9)
        first = Case.objects.order_by("-priority")[0]
        assert first.item_id == "https://maydan.example/p/9"
        assert first.priority_parts["lane"] == 2000
        assert Deadline.objects.filter(clock="notice.decision.flagger").count() == 1

    def test_outside_its_area_it_is_a_notice_like_any_other(self, line: Line) -> None:
        notice = line.send(1, harm="fraud")
        assert (notice.trusted, notice.flagger_id) == (False, line.flagger.pk)
        assert Case.objects.get().priority_parts["lane"] == 0
        assert not Deadline.objects.filter(clock="notice.decision.flagger").exists()

    def test_while_its_status_rests_it_is_a_notice_like_any_other(self, line: Line, amal: User) -> None:
        # DSA Art. 22(6)
        flaggers.change_status(
            line.flagger.pk, FlaggerEvent.SUSPEND, because="Inquiry", by=amal.actor, now=NOW
        )
        assert line.send(1).trusted is False
        flaggers.change_status(
            line.flagger.pk, FlaggerEvent.RESTORE, because="Cleared", by=amal.actor, now=NOW
        )
        assert line.send(2).trusted is True

    def test_what_it_says_of_itself_counts_less_than_the_register(self, line: Line) -> None:
        notice = line.send(1, name="Somebody Else", email="else@example.net", notifier="u7", platform="other")
        assert (notice.name, notice.email, notice.notifier) == (
            "Hotline e. V.",
            "notices@hotline.example",
            "",
        )
        assert notice.platform == scene.PLATFORM

    def test_nobody_else_can_claim_to_be_trusted_through_the_form(self, inbox: Inbox) -> None:
        notice = inbox.take()
        assert (notice.trusted, notice.flagger_id) == (False, None)

    def test_the_same_key_is_the_same_notice_and_no_platforms_key(self, line: Line, inbox: Inbox) -> None:
        one = line.send(1, key="k1")
        assert line.send(1, key="k1").pk == one.pk
        assert inbox.take(key="k1").pk != one.pk  # a platform may number its own notices as it likes
        with pytest.raises(KeyReusedError):
            line.send(2, key="k1")

    def test_it_is_told_by_letter_and_the_platform_is_not(self, line: Line) -> None:
        line.send(1, key="k1")
        told = Effect.objects.get(kind="notice.receipt")
        assert (told.channel, told.payload["to"]) == ("email", "notices@hotline.example")

    def test_only_it_asks_how_far_its_notice_is(self, line: Line, inbox: Inbox) -> None:
        notice = line.send(1, key="k1")
        mine = access.status_for_flagger(str(notice.pk), flagger=line.flagger.pk, now=NOW)
        assert mine is not None
        assert mine.token == notice.token
        assert access.status_for_flagger(str(notice.pk), flagger=line.flagger.pk + 1, now=NOW) is None
        assert access.status_by_id(str(notice.pk), platform=scene.PLATFORM, now=NOW) is None
        others = inbox.take(key="k2")
        assert access.status_for_flagger(str(others.pk), flagger=line.flagger.pk, now=NOW) is None


class TestQuality:
    def test_before_the_first_answer_nobody_knows(self, line: Line) -> None:
        found = flagging.quality(line.flagger)
        assert (found.notices, found.precision, found.median_seconds) == (0, None, None)
        line.send(1)
        assert flagging.quality(line.flagger).precision is None

    def test_right_and_wrong_are_counted_by_the_item(self, line: Line, basil: User) -> None:
        line.send(1, urls=("https://maydan.example/a", "https://maydan.example/b"))
        answer_all(basil, Outcome.VIOLATION, NOW + HOUR)
        line.send(2, harm="fraud")
        answer_all(basil, Outcome.NO_VIOLATION, NOW + 5 * HOUR)
        line.send(3)
        found = flagging.quality(line.flagger)
        assert (found.notices, found.trusted, found.items) == (3, 2, 4)
        assert (found.answered, found.upheld, found.rejected) == (3, 2, 1)
        assert found.precision == pytest.approx(2 / 3)
        assert found.median_seconds == 3610

    def test_a_span_is_from_its_begin_to_before_its_end(self, line: Line) -> None:
        line.send(1, now=NOW)
        line.send(2, now=NOW + HOUR)
        assert flagging.quality(line.flagger, since=NOW, until=NOW + HOUR).notices == 1
        assert flagging.quality(line.flagger, since=NOW + HOUR).notices == 1
        assert flagging.quality(line.flagger, since=NOW + 2 * HOUR).notices == 0

    def test_the_yearly_report_counts_flaggers_apart(self, line: Line, inbox: Inbox, basil: User) -> None:
        # DSA Art. 15(1)(b): notices "submitted by trusted flaggers"
        line.send(1)
        line.send(2, harm="fraud")  # outside: not as a trusted flagger
        inbox.take(urls=("https://maydan.example/p/5",))
        answer_all(basil, Outcome.VIOLATION, NOW + HOUR)
        tally = gathering.gather(scene.PLATFORM, year_of(NOW.year), zone=NOW.tzinfo)  # type: ignore[arg-type]
        counted = {
            (harm, column): tally.number(Cell(NOTICES, (TOTAL, *place), column))
            for harm in ("hate_speech", "fraud")
            for place in places(NOTICES, harm)
            for column in "FG"
        }
        assert {
            harm: {c: n for (h, c), n in counted.items() if h == harm} for harm in ("hate_speech", "fraud")
        } == {
            "hate_speech": {"F": 2, "G": 1},
            "fraud": {"F": 1, "G": 0},
        }


class TestTheReportToTheCoordinator:
    def wrong_ones(self, line: Line, by: User, count: int = 2) -> None:
        for n in range(count):
            line.send(n)
        answer_all(by, Outcome.NO_VIOLATION, NOW + HOUR)

    def test_it_names_figures_explanation_and_each_notice(self, line: Line, basil: User) -> None:
        # DSA Art. 22(6)
        self.wrong_ones(line, basil)
        line.send(7)
        answer_all(basil, Outcome.VIOLATION, NOW + 2 * HOUR)
        named = flagging.report_to_coordinator(
            line.flagger.pk, since=NOW, because="No post is quoted.", by=basil.actor, now=NOW + 3 * HOUR
        )
        assert named == 2
        sent = Effect.objects.get(kind="flagger.report")
        assert sent.payload["to"] == "dsc@coordinator.example"
        text = "\n".join(sent.payload["sections"][0]["paragraphs"])
        assert "concern: 3. Decided: 3. With neither illegal content nor a breach found: 2." in text
        assert "No post is quoted." in text
        for item in NoticeItem.objects.all():
            assert (item.ref in text) is (item.upheld is False)
        [fact] = facts_after(0, kinds=frozenset({FactKind.FLAGGER_REPORTED}))
        assert len(body_of(fact)["items"]) == 2
        assert "No post" not in fact.body

    def test_in_arabic_it_is_arabic(self, line: Line, basil: User) -> None:
        self.wrong_ones(line, basil)
        flagging.report_to_coordinator(
            line.flagger.pk, since=NOW, because="سبب", by=basil.actor, now=NOW + HOUR, language="ar"
        )
        sent = Effect.objects.get(kind="flagger.report")
        assert sent.payload["language"] == "ar"
        assert "المادة 22" in sent.payload["subject"]

    @pytest.mark.parametrize(
        ("language", "word"),
        [("en", "Hate speech"), ("ar", "خطاب كراهية"), ("fr", "Discours de haine"), ("de", "Hassrede"),
         ("es", "Discurso de odio"), ("it", "Discorso d'odio")],
    )  # fmt: skip
    def test_a_harm_is_named_in_words_of_the_letters_language(
        self, line: Line, basil: User, language: str, word: str
    ) -> None:
        self.wrong_ones(line, basil)
        flagging.report_to_coordinator(
            line.flagger.pk, since=NOW, because="x", by=basil.actor, now=NOW + HOUR, language=language
        )
        named = Effect.objects.get(kind="flagger.report").payload["sections"][0]["paragraphs"][3:]
        assert [one.rpartition(" · ")[2] for one in named] == [word, word]

    def test_without_an_insufficient_notice_there_is_nothing_to_tell(self, line: Line, basil: User) -> None:
        line.send(1)
        answer_all(basil, Outcome.VIOLATION, NOW + HOUR)
        with pytest.raises(FlaggerError, match="no notice of this flagger"):
            flagging.report_to_coordinator(
                line.flagger.pk, since=NOW, because="x", by=basil.actor, now=NOW + HOUR
            )
        assert not Effect.objects.filter(kind="flagger.report").exists()

    def test_a_report_explains_itself(self, line: Line, basil: User) -> None:
        self.wrong_ones(line, basil)
        with pytest.raises(FlaggerError, match="explain"):
            flagging.report_to_coordinator(
                line.flagger.pk, since=NOW, because=" ", by=basil.actor, now=NOW + HOUR
            )
        with pytest.raises(FlaggerError, match="no such flagger"):
            flagging.report_to_coordinator(98_765, since=NOW, because="x", by=basil.actor, now=NOW + HOUR)

    def test_a_long_list_is_cut_and_says_so(
        self, line: Line, basil: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flagging, "MOST_LISTED", 2)
        self.wrong_ones(line, basil, count=5)
        assert (
            flagging.report_to_coordinator(
                line.flagger.pk, since=NOW, because="x", by=basil.actor, now=NOW + HOUR
            )
            == 5
        )
        paragraphs = Effect.objects.get(kind="flagger.report").payload["sections"][0]["paragraphs"]
        assert paragraphs[-1] == "And 3 more."


def test_who_may_not_read_flaggers_finds_none(hotline: Flagger) -> None:
    assert [one for one, _quality in flagging.flaggers(scene.person("lea", Role.LEGAL))] == [hotline]
    assert flagging.flaggers(scene.person("mo")) == []
    assert flagging.flagger(scene.person("vi", Role.VIEWER), hotline.pk) is None


def test_the_good_faith_of_a_flagger_is_asked_for_too(line: Line) -> None:
    assert line.send(1).good_faith == GOOD_FAITH
