"""Misuse (DSA Art. 23): only what is manifest counts, a warning comes first, and the factors are on record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.intake.test_notices import Inbox

from hakam.compliance.access import facts_after
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.compliance.models import Fact, RulebookVersion, Statement
from hakam.compliance.reports import gathering
from hakam.compliance.reports.gathering import SUSPENDED
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.tally import Cell
from hakam.compliance.reports.template import APPEALS
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.intake import findings, misuse
from hakam.intake.misuse import MisuseError, MisuseKind
from hakam.intake.models import Conduct, Notice, Strike, Suspension
from hakam.review import evidence
from hakam.review.cases import Source, open_case
from hakam.review.complaints import complain, decide_complaint
from hakam.review.decisions import decide, finalise_due, replace
from hakam.review.models import Complaint, Decision
from hakam.review.states import DecisionState, Outcome, SourceKind
from hakam.staff.models import User
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MANIFEST = "It calls for killing people, in so many words."


class House:
    """A platform on which people do things that are manifestly wrong."""

    def __init__(self, vault: FileVault, log: FileEventLog, moderator: User, lead: User) -> None:
        self.vault, self.log, self.moderator, self.lead = vault, log, moderator, lead
        self.inbox = Inbox(vault, log)
        self.n = 0

    def removed(
        self, author: str = "u1", *, clause: str = "hate", illegal: bool = True, now: Any = NOW
    ) -> Decision:
        """Decide that an item of an account is illegal, for good."""
        self.n += 1
        event = scene.event("You are vermin", item=f"i{self.n}", author=author, email="u1@example.net")
        case = open_case(
            by=SYSTEM, now=now, item=scene.ref(event),
            source=Source(kind=SourceKind.NOTICE, ref=f"seen:{self.n}", clause=clause, harm="hate_speech"),
            snapshot=evidence.freeze(self.vault, scene.raw(event)), event=event,
        )  # fmt: skip
        made = decide(
            case.pk, by=self.moderator.actor, now=now, outcome=Outcome.VIOLATION, clause=clause,
            measures=[Measure(MeasureKind.REMOVE)], facts="Vermin.", illegal=illegal, undo_seconds=0,
        )  # fmt: skip
        assert made.state == DecisionState.FINAL
        return made

    def rejected(self, email: str = "n@example.net", *, now: Any = NOW, **more: Any) -> Notice:
        """Take a notice and find it wrong."""
        self.n += 1
        notice = self.inbox.take(now=now, urls=(f"https://maydan.example/q/{self.n}",), email=email, **more)
        self.inbox.decide(self.moderator, Outcome.NO_VIOLATION, now=now + HOUR)
        return notice

    def denied(self, author: str = "u1", *, now: Any = NOW) -> Complaint:
        """Let an account complain, and deny it."""
        decision = self.removed(author, now=now)
        token = Statement.objects.get(decision=f"decision:{decision.pk}").token
        made = complain(statement_token=token, text="No!", now=now + HOUR)
        return decide_complaint(
            str(made.pk), by=self.lead.actor, now=now + 2 * HOUR, uphold=False, answer="It is."
        )

    def strike(self, ref: str, now: Any = NOW) -> Strike:
        return misuse.strike(ref, because=MANIFEST, by=self.moderator.actor, now=now)

    def warn(self, conduct: Conduct, now: Any = NOW) -> Conduct:
        return misuse.warn(str(conduct.pk), because="You called for violence.", by=self.lead.actor, now=now)

    def suspend(self, conduct: Conduct, now: Any = NOW, **more: Any) -> Suspension:
        given: dict[str, Any] = {"days": 14, "because": "It went on.", "gravity": "Grave.", "total": 40}
        return misuse.suspend(str(conduct.pk), by=self.lead.actor, now=now, **(given | more))

    def account(self) -> Conduct:
        """Return the record of an account that was warned and went on."""
        first = self.strike(f"decision:{self.removed().pk}")
        self.warn(first.conduct, NOW + HOUR)
        self.strike(f"decision:{self.removed(now=NOW + 2 * HOUR).pk}", NOW + 2 * HOUR)
        first.conduct.refresh_from_db()
        return first.conduct

    def notifier(self) -> Conduct:
        """Return the record of a notifier who was warned and went on."""
        first = self.strike(f"notice:{self.rejected().pk}", NOW + HOUR)
        self.warn(first.conduct, NOW + 2 * HOUR)
        self.strike(f"notice:{self.rejected(now=NOW + 3 * HOUR).pk}", NOW + 5 * HOUR)
        first.conduct.refresh_from_db()
        return first.conduct


@pytest.fixture
def house(book: RulebookVersion, vault: FileVault, log: FileEventLog, amal: User, basil: User) -> House:
    return House(vault, log, amal, basil)


def facts(kind: FactKind) -> list[Fact]:
    return list(facts_after(0, kinds=frozenset({kind})))


class TestStrikes:
    def test_a_decision_on_illegal_content_is_a_strike_of_its_author(self, house: House) -> None:
        # DSA Art. 23(1)
        made = house.strike(f"decision:{house.removed().pk}")
        assert (made.conduct.kind, made.conduct.account, made.conduct.email) == ("illegal_content", "u1", "")
        [fact] = facts(FactKind.MISUSE_STRIKE)
        assert body_of(fact)["ref"] == made.ref
        assert MANIFEST not in fact.body

    def test_a_wrong_notice_is_a_strike_of_its_notifier(self, house: House) -> None:
        # DSA Art. 23(2)
        made = house.strike(f"notice:{house.rejected().pk}")
        assert (made.conduct.kind, made.conduct.email) == ("notices", "n@example.net")
        of_an_account = house.strike(f"notice:{house.rejected(notifier='u9').pk}")
        assert (of_an_account.conduct.account, of_an_account.conduct.email) == ("u9", "")

    def test_a_denied_complaint_is_a_strike_of_the_complainant(self, house: House) -> None:
        made = house.strike(f"complaint:{house.denied().pk}")
        assert (made.conduct.kind, made.conduct.account) == ("complaints", "u1")

    def test_one_thing_is_one_strike(self, house: House) -> None:
        ref = f"decision:{house.removed().pk}"
        assert house.strike(ref).pk == house.strike(ref).pk
        assert len(facts(FactKind.MISUSE_STRIKE)) == 1

    def test_each_kind_has_its_own_record(self, house: House) -> None:
        one, other = (
            house.strike(f"decision:{house.removed().pk}"),
            house.strike(f"complaint:{house.denied().pk}"),
        )
        assert one.conduct != other.conduct
        assert Conduct.objects.count() == 2

    def test_a_mere_breach_of_the_terms_is_none(self, house: House) -> None:
        decision = house.removed(clause="spam", illegal=False)
        with pytest.raises(MisuseError, match="the terms were broken, not the law"):
            house.strike(f"decision:{decision.pk}")

    def test_what_is_not_decided_is_none(self, house: House) -> None:
        notice = house.inbox.take()
        with pytest.raises(MisuseError, match="answered"):
            house.strike(f"notice:{notice.pk}")
        token = Statement.objects.get(decision=f"decision:{house.removed().pk}").token
        waiting = complain(statement_token=token, text="No!", now=NOW)
        with pytest.raises(MisuseError, match="denied"):
            house.strike(f"complaint:{waiting.pk}")

    @pytest.mark.parametrize(
        "ref",
        ["decision:987654", "decision:x", "notice:nothing", "complaint:", "case:1", "", "notice:" + "a" * 36],
    )
    def test_what_does_not_exist_is_none(self, house: House, ref: str) -> None:
        with pytest.raises(MisuseError):
            house.strike(ref)
        assert not Conduct.objects.exists()

    def test_nobody_known_is_nobody_struck(self, house: House) -> None:
        notice = house.rejected(email="", harm="csam", name="")
        with pytest.raises(MisuseError, match="nobody is known"):
            house.strike(f"notice:{notice.pk}")

    def test_a_strike_says_why_it_is_manifest(self, house: House) -> None:
        with pytest.raises(MisuseError, match="why it is manifest"):
            misuse.strike(f"decision:{house.removed().pk}", because=" \n", by=house.moderator.actor, now=NOW)

    def test_what_was_reversed_counts_no_more(self, house: House) -> None:
        decision = house.removed()
        made = house.strike(f"decision:{decision.pk}")
        assert len(misuse.standing_strikes(made.conduct, now=NOW)) == 1
        replace(decision.pk, by=house.lead.actor, now=NOW, outcome=Outcome.NO_VIOLATION, because="A quote.")
        assert misuse.standing_strikes(made.conduct, now=NOW) == []

    def test_after_a_year_a_strike_counts_no_more(self, house: House) -> None:
        # DSA Art. 23(3)(a) and (b): "in the past year"
        made = house.strike(f"decision:{house.removed().pk}")
        assert misuse.standing_strikes(made.conduct, now=NOW + 364 * DAY)
        assert not misuse.standing_strikes(made.conduct, now=NOW + 365 * DAY)

    def test_a_strike_is_taken_back_with_a_reason(self, house: House) -> None:
        made = house.strike(f"decision:{house.removed().pk}")
        with pytest.raises(MisuseError, match="why it is none"):
            misuse.withdraw(made.pk, because="", by=house.lead.actor, now=NOW)
        for _ in range(2):
            misuse.withdraw(made.pk, because="A mistake", by=house.lead.actor, now=NOW)
        assert misuse.standing_strikes(made.conduct, now=NOW) == []
        assert len(facts(FactKind.MISUSE_STRIKE_WITHDRAWN)) == 1
        with pytest.raises(MisuseError, match="no such strike"):
            misuse.withdraw(987_654, because="x", by=house.lead.actor, now=NOW)


class TestTheWarning:
    def test_it_reaches_the_person_in_words(self, house: House) -> None:
        conduct = house.warn(house.strike(f"notice:{house.rejected(language='ar').pk}").conduct)
        sent = Effect.objects.get(kind="misuse.warning")
        assert (sent.channel, sent.payload["to"], sent.payload["language"]) == (
            "email",
            "n@example.net",
            "ar",
        )
        assert "إنذار" in sent.payload["subject"]
        assert sent.payload["links"][0]["url"] == f"/m/{conduct.token}"

    def test_an_account_is_warned_through_its_platform(self, house: House) -> None:
        house.warn(house.strike(f"decision:{house.removed().pk}").conduct)
        sent = Effect.objects.get(kind="misuse.warning")
        assert (sent.channel, sent.payload["recipient"]) == ("platform", "u1")
        assert "You called for violence." in sent.payload["text"]

    def test_without_a_standing_strike_nobody_is_warned(self, house: House) -> None:
        made = house.strike(f"decision:{house.removed().pk}")
        misuse.withdraw(made.pk, because="x", by=house.lead.actor, now=NOW)
        with pytest.raises(MisuseError, match="no strike"):
            house.warn(made.conduct)
        with pytest.raises(MisuseError, match="no such record"):
            misuse.warn("00000000-0000-4000-8000-000000000000", because="x", by=house.lead.actor, now=NOW)


class TestTheSuspension:
    def test_nobody_is_suspended_without_a_warning(self, house: House) -> None:
        # DSA Art. 23(1): "after having issued a prior warning"
        made = house.strike(f"decision:{house.removed().pk}")
        house.strike(f"decision:{house.removed().pk}")
        with pytest.raises(MisuseError, match="follows a warning"):
            house.suspend(made.conduct)

    def test_nobody_is_suspended_for_what_came_before_the_warning(self, house: House) -> None:
        made = house.strike(f"decision:{house.removed().pk}")
        house.warn(made.conduct, NOW + HOUR)
        with pytest.raises(MisuseError, match="strike that came after it"):
            house.suspend(made.conduct, NOW + 2 * HOUR)

    def test_an_account_is_suspended_with_a_statement_of_reasons(self, house: House) -> None:
        conduct = house.account()
        made = house.suspend(conduct, NOW + 3 * HOUR)
        measure = AppliedMeasure.objects.get(kind="suspend")
        assert (measure.author_id, measure.until) == ("u1", NOW + 3 * HOUR + 14 * DAY)
        statement = Statement.objects.get(decision=made.decision)
        assert statement.reasons["facts"] == "It went on."
        assert statement.complain_until > NOW + 180 * DAY
        assert (
            Effect.objects.filter(kind="measure.apply", payload__measure__kind="suspend").exists() or measure
        )
        assert list(findings.check()) == []

    def test_the_four_factors_are_on_record(self, house: House) -> None:
        # DSA Art. 23(3)(a), DSA Art. 23(3)(b), DSA Art. 23(3)(c), DSA Art. 23(3)(d)
        conduct = house.account()
        made = house.suspend(conduct, NOW + 3 * HOUR, intention="Announced it.")
        assert made.factors == {"strikes": 2, "total": 40, "gravity": "Grave.", "intention": "Announced it."}
        body = body_of(facts(FactKind.MISUSE_SUSPENDED)[0])
        assert (body["strikes"], body["total"], body["days"]) == (2, 40, 14)
        assert "Announced" not in facts(FactKind.MISUSE_SUSPENDED)[0].body

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"days": 0}, "1 to 365"),
            ({"days": 366}, "1 to 365"),
            ({"gravity": " "}, "how grave"),
            ({"because": ""}, "give the reasons"),
            ({"total": None}, "how many items"),
            ({"total": 1}, "how many items"),
            ({"days": 200}, "no clause that was broken"),  # the clause allows 30
        ],
    )
    def test_what_is_missing_is_said_and_nothing_is_done(
        self, house: House, given: dict[str, Any], said: str
    ) -> None:
        conduct = house.account()
        with pytest.raises(MisuseError, match=said):
            house.suspend(conduct, NOW + 3 * HOUR, **given)
        assert not Suspension.objects.exists()
        assert not AppliedMeasure.objects.filter(kind="suspend").exists()

    def test_a_notifier_s_total_is_counted_and_not_asked(self, house: House) -> None:
        conduct = house.notifier()
        house.inbox.take(now=NOW + 6 * HOUR, urls=("https://maydan.example/ok",), email="n@example.net")
        made = house.suspend(conduct, NOW + 7 * HOUR, total=None)
        assert (made.factors["strikes"], made.factors["total"]) == (2, 3)
        sent = Effect.objects.get(kind="misuse.suspension")
        assert sent.payload["to"] == "n@example.net"
        assert "It went on." in sent.payload["sections"][0]["paragraphs"]

    def test_one_suspension_at_a_time(self, house: House) -> None:
        conduct = house.notifier()
        house.suspend(conduct, NOW + 6 * HOUR)
        with pytest.raises(MisuseError, match="is in force"):
            house.suspend(conduct, NOW + 7 * HOUR)

    def test_it_ends_by_itself(self, house: House) -> None:
        conduct = house.notifier()
        house.suspend(conduct, NOW + 6 * HOUR, days=7)
        end = NOW + 6 * HOUR + 7 * DAY
        asked = {"platform": scene.PLATFORM, "account": "", "email": "N@example.net"}
        assert misuse.in_force(MisuseKind.NOTICES, now=end - HOUR, **asked) is not None
        assert misuse.in_force(MisuseKind.NOTICES, now=end, **asked) is None
        assert misuse.end_due(end - HOUR) == 0
        assert (misuse.end_due(end), misuse.end_due(end)) == (1, 0)
        assert len(facts(FactKind.MISUSE_ENDED)) == 1

    def test_a_lifted_suspension_gives_the_account_back(self, house: House) -> None:
        made = house.suspend(house.account(), NOW + 3 * HOUR)
        misuse.lift(made.pk, because="We erred.", by=house.moderator.actor, now=NOW + 4 * HOUR)
        measure = AppliedMeasure.objects.get(kind="suspend")
        assert measure.state in {"cancelled", "reversing", "reversed"}
        with pytest.raises(MisuseError, match="has ended"):
            misuse.lift(made.pk, because="x", by=house.moderator.actor, now=NOW + 5 * HOUR)
        with pytest.raises(MisuseError, match="no such suspension"):
            misuse.lift(987_654, because="x", by=house.moderator.actor, now=NOW)

    def test_the_yearly_report_counts_each_kind(self, house: House) -> None:
        # DSA Art. 24(1)
        house.suspend(house.account(), NOW + 3 * HOUR)
        house.suspend(house.notifier(), NOW + 6 * HOUR)
        tally = gathering.gather(scene.PLATFORM, year_of(NOW.year), zone=NOW.tzinfo)  # type: ignore[arg-type]
        counted = {
            kind: tally.number(Cell(APPEALS, (row, "Total number"), "G")) for kind, row in SUSPENDED.items()
        }
        assert counted == {"illegal_content": 1, "notices": 1, "complaints": 0}
        assert set(SUSPENDED) == set(MisuseKind)


def test_the_doctor_finds_a_suspension_without_its_warning(house: House) -> None:
    made = house.suspend(house.notifier(), NOW + 6 * HOUR)
    assert [f for f in findings.check() if f.code == "I009"] == []
    Conduct.objects.update(warned_at=None)
    assert [f.subject for f in findings.check() if f.code == "I009"] == [f"suspension:{made.pk}"]
    finalise_due(NOW)
