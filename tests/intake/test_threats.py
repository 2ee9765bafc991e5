"""A threat to life is raised by anybody, bundled in that instant, told promptly, and closed by a second person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hakam.compliance import deadlines
from hakam.compliance.access import facts_after
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.compliance.models import Deadline, Fact, RulebookVersion
from hakam.enforcement import alerts
from hakam.enforcement.models import Effect
from hakam.intake import authorities, threats
from hakam.intake.authorities import AuthorityError
from hakam.intake.models import Authority, Threat
from hakam.intake.threats import ThreatError
from hakam.review import evidence
from hakam.review.cases import Source, open_case
from hakam.review.models import Case
from hakam.review.states import SourceKind
from hakam.staff.models import User
from hakam.staff.roles import PERMISSIONS, Permission, Role
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NOW = scene.NOW
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Shift:
    """A night on which somebody is threatened."""

    def __init__(self, vault: FileVault, amal: User, basil: User) -> None:
        self.vault, self.amal, self.basil = vault, amal, basil

    def case(self, *, clause: str = "threat", harm: str = "threat") -> Case:
        n = Case.objects.count()
        event = scene.event(
            "I know where you live. Tonight.", item=f"t{n}", author="u1", email="u1@example.net",
            url=f"https://maydan.example/t/{n}", at=NOW - HOUR,
        )  # fmt: skip
        return open_case(
            by=SYSTEM, now=NOW, item=scene.ref(event),
            source=Source(kind=SourceKind.NOTICE, ref=f"seen:{n}", clause=clause, harm=harm),
            snapshot=evidence.freeze(self.vault, scene.raw(event)), event=event,
        )  # fmt: skip

    def start(self, case: Case | None = None, **more: Any) -> Threat:
        found = case or self.case()
        given: dict[str, Any] = {"what": "He says he will kill her tonight.", "user": self.amal, "now": NOW}
        return threats.start(found.pk, vault=self.vault, **(given | more))

    def report(self, threat: Threat, *to: Authority, now: Any = NOW) -> Threat:
        return threats.report(
            str(threat.pk), to=[one.pk for one in to], vault=self.vault, by=self.basil.actor, now=now
        )

    def office(
        self, name: str, country: str, kind: str = "law_enforcement", *, confirmed: bool = True
    ) -> Authority:
        made = authorities.register(
            name=name, kind=kind, country=country, email=f"{name.lower()}@office.example", phone="1",
            by=self.amal.actor, now=NOW,
        )  # fmt: skip
        return authorities.confirm(made.pk, by=self.basil.actor, now=NOW) if confirmed else made


@pytest.fixture
def shift(book: RulebookVersion, vault: FileVault, amal: User, basil: User) -> Shift:
    return Shift(vault, amal, basil)


def facts(kind: FactKind) -> list[Fact]:
    return list(facts_after(0, kinds=frozenset({kind})))


class TestRaising:
    def test_everything_known_is_bundled_in_that_instant(self, shift: Shift) -> None:
        # DSA Art. 18(1): "all relevant information available"
        threat = shift.start()
        known = msgspec.json.decode(shift.vault.get(threat.bundle))
        assert known["what"] == "He says he will kill her tonight."
        assert known["account"] == {"id": "u1", "email": "u1@example.net", "language": "en"}
        assert known["item"]["url"] == "https://maydan.example/t/0"
        [version] = known["versions"]
        assert version["text"] == "I know where you live. Tonight."
        assert version["posted_at"] == "2026-03-02T08:00:00Z"  # with its time zone
        assert len(version["digest"]) == 64

    def test_what_is_deleted_afterwards_is_in_the_bundle_all_the_same(self, shift: Shift) -> None:
        case = shift.case()
        threat = shift.start(case)
        for copy in case.evidence.all():
            shift.vault.delete(copy.digest)
        assert b"Tonight" in shift.vault.get(threat.bundle)

    def test_its_fact_holds_no_words_and_names_the_bundle(self, shift: Shift) -> None:
        threat = shift.start(imminent=True, countries=["de", "at"])
        [fact] = facts(FactKind.THREAT_RAISED)
        assert body_of(fact)["countries"] == ["AT", "DE"]
        assert body_of(fact)["bundle"] == threat.bundle
        assert "kill" not in fact.body
        assert [link.subject for link in fact.links.all()] == [threat.case]

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"what": " \n"}, "what threatens whom"),
            ({"countries": ["US"]}, "Member States"),
            ({"countries": ["ZZ"]}, "two letters"),
        ],
    )
    def test_what_is_missing_is_said(self, shift: Shift, more: dict[str, Any], said: str) -> None:
        with pytest.raises(ThreatError, match=said):
            shift.start(**more)
        assert not Threat.objects.exists()
        assert not Deadline.objects.exists()

    def test_nobody_raises_what_they_may_not_read(self, shift: Shift) -> None:
        hidden = shift.case(clause="child-abuse", harm="csam")
        for case_id in (hidden.pk, 987_654):
            with pytest.raises(ThreatError, match="no such case"):
                threats.start(case_id, what="x", user=shift.amal, vault=shift.vault, now=NOW)
        safe = scene.person("sam", Role.CHILD_SAFETY)
        made = threats.start(hidden.pk, what="x", user=safe, vault=shift.vault, now=NOW)
        assert threats.threats(shift.amal) == []
        assert threats.threat(shift.amal, str(made.pk)) is None
        assert threats.threats(safe) == [made]

    def test_every_moderator_may_and_who_only_reads_may_not(self) -> None:
        raises = {role for role in Role if Permission.THREAT_RAISE in PERMISSIONS[role]}
        decides = {role for role in Role if Permission.CASE_DECIDE in PERMISSIONS[role]}
        assert raises == decides
        assert Permission.THREAT_HANDLE not in PERMISSIONS[Role.MODERATOR]


class TestTheClock:
    @pytest.mark.parametrize(
        ("harm", "imminent", "clock", "hours"),
        [
            ("threat", False, "threat.report", 2),
            ("threat", True, "threat.report", 2),
            ("terrorism_threat", False, "threat.report", 2),
            ("terrorism_threat", True, "tco.threat", 1),
            ("perpetrator_content", True, "tco.threat", 1),
        ],
    )
    def test_an_imminent_terrorist_threat_has_the_shorter_one(
        self, shift: Shift, *, harm: str, imminent: bool, clock: str, hours: int
    ) -> None:
        # TCO Art. 14(5)
        threat = shift.start(shift.case(harm=harm), imminent=imminent)
        running = Deadline.objects.get(subject=f"threat:{threat.pk}")
        assert (running.clock, running.due_at) == (clock, NOW + hours * HOUR)

    def test_colleagues_are_rung_at_night(self, shift: Shift) -> None:
        lead = scene.person("ines", Role.INCIDENT_LEAD)
        threat = shift.start()
        deadlines.warned(now=NOW + 31 * MINUTE)
        for fact in facts_after(0, kinds=alerts.KINDS):
            alerts.on_fact(fact, NOW + 31 * MINUTE)
        assert [e.payload["to"] for e in Effect.objects.filter(kind="staff.alert")] == [lead.email]
        assert threat.state == "open"

    def test_a_miss_is_a_fact(self, shift: Shift) -> None:
        threat = shift.start()
        assert deadlines.missed(now=NOW + 2 * HOUR) == []
        assert [one.subject for one in deadlines.missed(now=NOW + 2 * HOUR + MINUTE)] == [
            f"threat:{threat.pk}"
        ]


class TestTelling:
    def test_whom_to_tell_is_looked_up(self, shift: Shift) -> None:
        # DSA Art. 18(2)
        bka, krim = shift.office("BKA", "DE"), shift.office("Krim", "AT")
        shift.office("Court", "DE", "court")
        shift.office("New", "DE", confirmed=False)
        assert threats.whom(["DE"]) == [bka]
        assert threats.whom(["AT", "DE"]) == [krim, bka]
        assert threats.whom([]) == [krim, bka]  # not clear, and Europol is not registered
        europol = shift.office("Europol", "EU", "europol")
        assert threats.whom([]) == [europol]
        assert threats.whom(["FR"]) == [europol]

    def test_only_europol_is_of_the_union(self, shift: Shift) -> None:
        with pytest.raises(AuthorityError):
            shift.office("Somebody", "EU")

    def test_the_letter_holds_what_must_be_known_at_once(self, shift: Shift) -> None:
        # DSA Art. 18(1)
        office = shift.office("BKA", "DE")
        threat = shift.report(shift.start(imminent=True), office, now=NOW + 10 * MINUTE)
        sent = Effect.objects.get(kind="threat.report")
        said = "\n".join(sent.payload["sections"][0]["paragraphs"])
        for words in (
            "Immediate danger", "kill her tonight", "https://maydan.example/t/0", "2026-03-02T08:00:00Z",
            "u1@example.net", "Tonight", str(threat.pk),
        ):  # fmt: skip
            assert words in said
        assert sent.payload["to"] == "bka@office.example"
        assert Deadline.objects.get(subject=f"threat:{threat.pk}").met_at == NOW + 10 * MINUTE

    def test_another_authority_can_be_told_later_and_none_twice(self, shift: Shift) -> None:
        one, other = shift.office("BKA", "DE"), shift.office("Krim", "AT")
        threat = shift.start()
        shift.report(threat, one)
        shift.report(threat, one)
        again = shift.report(threat, other, now=NOW + HOUR)
        assert again.told == [one.pk, other.pk]
        assert again.settled_at == NOW
        assert Effect.objects.filter(kind="threat.report").count() == 2

    def test_nobody_outside_the_register_is_told(self, shift: Shift) -> None:
        threat, confirmed = shift.start(), shift.office("BKA", "DE")
        new = shift.office("New", "DE", confirmed=False)
        for to in ((), (new,), (confirmed, new), (Authority(pk=987_654),)):
            with pytest.raises(ThreatError, match="two people have entered"):
                shift.report(threat, *to)
        assert not Effect.objects.filter(kind="threat.report").exists()

    def test_in_arabic_the_letter_is_arabic(self, shift: Shift) -> None:
        office = shift.office("BKA", "DE")
        Authority.objects.update(language="ar")
        shift.report(shift.start(), office)
        assert "تهديد للحياة" in Effect.objects.get(kind="threat.report").payload["subject"]

    def test_each_copy_of_the_bundle_is_a_fact(self, shift: Shift) -> None:
        threat = shift.start()
        for _ in range(2):
            threats.take_bundle(str(threat.pk), vault=shift.vault, by=shift.basil.actor, now=NOW)
        assert len(facts(FactKind.THREAT_BUNDLE_TAKEN)) == 2


class TestNone:
    def test_a_second_person_says_why(self, shift: Shift) -> None:
        threat = shift.start()
        with pytest.raises(ThreatError, match="somebody else"):
            threats.dismiss(str(threat.pk), because="x", by=shift.amal.actor, now=NOW)
        with pytest.raises(ThreatError, match="say why"):
            threats.dismiss(str(threat.pk), because=" ", by=shift.basil.actor, now=NOW)
        done = threats.dismiss(
            str(threat.pk), because="A line of a song.", by=shift.basil.actor, now=NOW + MINUTE
        )
        assert (done.state, done.because) == ("dismissed", "A line of a song.")
        assert Deadline.objects.get(subject=f"threat:{threat.pk}").met_at == NOW + MINUTE
        with pytest.raises(ThreatError, match="found to be none"):
            threats.dismiss(str(threat.pk), because="x", by=shift.basil.actor, now=NOW)
        with pytest.raises(ThreatError, match="found to be none"):
            shift.report(threat, shift.office("BKA", "DE"))

    def test_what_was_told_is_not_dismissed(self, shift: Shift) -> None:
        threat = shift.report(shift.start(), shift.office("BKA", "DE"))
        with pytest.raises(ThreatError, match="were told"):
            threats.dismiss(str(threat.pk), because="x", by=shift.basil.actor, now=NOW)

    def test_open_ones_stand_first(self, shift: Shift) -> None:
        first, second = shift.start(), shift.start(now=NOW + HOUR)
        threats.dismiss(str(second.pk), because="x", by=shift.basil.actor, now=NOW + HOUR)
        assert [one.pk for one in threats.threats(shift.amal)] == [first.pk, second.pk]
        assert threats.threats(scene.person("res", Role.RESEARCHER)) == []

    def test_what_is_not_there_is_refused(self, shift: Shift) -> None:
        nothing = "00000000-0000-4000-8000-000000000000"
        for call in (
            lambda: threats.dismiss(nothing, because="x", by=shift.basil.actor, now=NOW),
            lambda: threats.take_bundle(nothing, vault=shift.vault, by=shift.basil.actor, now=NOW),
            lambda: threats.report(nothing, to=[1], vault=shift.vault, by=shift.basil.actor, now=NOW),
        ):
            with pytest.raises(ThreatError, match="no such suspicion"):
                call()
