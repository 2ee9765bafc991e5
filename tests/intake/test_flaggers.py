"""Trusted flaggers (DSA Art. 22): who is one, for what, and what a Coordinator's decision changes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance.access import facts_after
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.compliance.models import Fact
from hakam.intake import flaggers
from hakam.intake.flaggers import FLAGGER, FlaggerError, FlaggerEvent, FlaggerState
from hakam.intake.models import Flagger
from hakam.staff import keys
from hakam.staff.models import User
from hakam.staff.roles import PERMISSIONS, PERSONAL_SCOPES, Permission, Role, Scope
from hakam.testing import scene

pytestmark = pytest.mark.django_db
NOW = scene.NOW
HELP = {
    "platform": scene.PLATFORM,
    "name": "Hotline e. V.",
    "email": "Notices@Hotline.example",
    "country": "de",
    "coordinator_email": "dsc@coordinator.example",
    "scope": ["hate_speech", "threat", "threat"],
    "awarded_on": date(2025, 5, 1),
}


@pytest.fixture
def hotline(amal: User) -> Flagger:
    return flaggers.register(**HELP, by=amal.actor, now=NOW)  # type: ignore[arg-type]


def change(flagger: Flagger, event: FlaggerEvent, by: User, because: str = "Decision of 1 March") -> Flagger:
    return flaggers.change_status(flagger.pk, event, because=because, by=by.actor, now=NOW)


def facts(kind: FactKind) -> list[Fact]:
    return list(facts_after(0, kinds=frozenset({kind})))


class TestTheRegister:
    def test_an_entry_names_the_entity_its_area_and_its_coordinator(self, hotline: Flagger) -> None:
        hotline.refresh_from_db()
        assert (hotline.email, hotline.country, hotline.state) == ("notices@hotline.example", "DE", "active")
        assert hotline.scope == ["hate_speech", "threat"]
        [fact] = facts(FactKind.FLAGGER_REGISTERED)
        assert body_of(fact)["scope"] == ["hate_speech", "threat"]
        assert "otline" not in fact.body  # names are private: they can be erased

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("name", " ", "as in the public register"),
            ("name", "x" * 301, "1 to 300"),
            ("name", "a\x00b", "no NUL"),
            ("email", "nobody", "no e-mail address"),
            ("coordinator_email", "", "no e-mail address"),
            ("country", "US", "Member State"),
            ("country", "", "Member State"),
            ("scope", [], "at least one harm"),
            ("scope", ["boredom"], "`boredom` is no kind of harm"),
            ("awarded_on", date(2999, 1, 1), "not awarded yet"),
            ("reference", "y" * 301, "1 to 300"),
        ],
    )
    def test_what_is_wrong_is_named_by_its_field(self, amal: User, field: str, value: Any, said: str) -> None:
        with pytest.raises(FlaggerError) as error:
            flaggers.register(**(HELP | {field: value}), by=amal.actor, now=NOW)  # type: ignore[arg-type]
        assert set(error.value.wrong) == {field}
        assert said in error.value.wrong[field]
        assert not Flagger.objects.exists()
        assert not facts(FactKind.FLAGGER_REGISTERED)

    def test_everything_that_is_wrong_is_said_at_once(self, amal: User) -> None:
        with pytest.raises(FlaggerError) as error:
            flaggers.register(
                **(HELP | {"email": "", "country": "XX", "scope": []}),  # type: ignore[arg-type]
                by=amal.actor,
                now=NOW,
            )
        assert set(error.value.wrong) == {"email", "country", "scope"}

    def test_an_entity_is_entered_once_on_a_platform(self, hotline: Flagger, amal: User) -> None:
        with pytest.raises(FlaggerError, match="there is such a flagger"):
            flaggers.register(**HELP, by=amal.actor, now=NOW)  # type: ignore[arg-type]
        elsewhere = flaggers.register(**(HELP | {"platform": "other"}), by=amal.actor, now=NOW)  # type: ignore[arg-type]
        assert elsewhere.pk != hotline.pk

    def test_a_changed_area_tells_what_it_was(self, hotline: Flagger, amal: User) -> None:
        flaggers.set_scope(hotline.pk, ["csam"], by=amal.actor, now=NOW)
        [fact] = facts(FactKind.FLAGGER_SCOPE_CHANGED)
        assert body_of(fact) == {"from": ["hate_speech", "threat"], "to": ["csam"]}
        for wrong in ([], ["nothing"]):
            with pytest.raises(FlaggerError):
                flaggers.set_scope(hotline.pk, wrong, by=amal.actor, now=NOW)
        with pytest.raises(FlaggerError, match="no such flagger"):
            flaggers.set_scope(987_654, ["csam"], by=amal.actor, now=NOW)


class TestTheStatus:
    @pytest.mark.parametrize("state", FlaggerState)
    @pytest.mark.parametrize("event", FlaggerEvent)
    def test_a_status_changes_as_the_table_says_and_not_otherwise(
        self, hotline: Flagger, amal: User, state: FlaggerState, event: FlaggerEvent
    ) -> None:
        Flagger.objects.filter(pk=hotline.pk).update(state=state)
        to = FLAGGER.get((state, event))
        if to is None:
            with pytest.raises(FlaggerError, match="its status"):
                change(hotline, event, amal)
            hotline.refresh_from_db()
            assert hotline.state == state
            return
        assert change(hotline, event, amal).state == to

    @given(st.lists(st.sampled_from(list(FlaggerEvent)), max_size=8))
    def test_an_ended_status_never_comes_back(self, events: list[FlaggerEvent]) -> None:
        # DSA Art. 22(7)
        state = FlaggerState.ACTIVE
        for event in events:
            before, state = state, FLAGGER.get((state, event), state)
            if before is FlaggerState.REVOKED:
                assert state is FlaggerState.REVOKED

    def test_a_change_of_status_needs_the_coordinators_decision(self, hotline: Flagger, amal: User) -> None:
        with pytest.raises(FlaggerError, match="say what the Coordinator decided"):
            change(hotline, FlaggerEvent.SUSPEND, amal, because=" \n")
        change(hotline, FlaggerEvent.SUSPEND, amal, because="Inquiry of 2 March")
        [fact] = facts(FactKind.FLAGGER_SUSPENDED)
        assert "Inquiry" not in fact.body
        assert "Inquiry" in (fact.private or "")

    def test_trust_is_for_the_area_and_for_an_active_status(self, hotline: Flagger, amal: User) -> None:
        # DSA Art. 22(1): "acting within their designated area of expertise"
        assert flaggers.trusts(hotline, "threat")
        assert not flaggers.trusts(hotline, "fraud")
        assert not flaggers.trusts(change(hotline, FlaggerEvent.SUSPEND, amal), "threat")
        assert flaggers.trusts(change(hotline, FlaggerEvent.RESTORE, amal), "threat")


class TestTheChannel:
    def test_a_key_does_nothing_but_flag_and_ends_with_the_status(self, hotline: Flagger, amal: User) -> None:
        key, text = flaggers.issue_key(hotline.pk, by=amal.actor, now=NOW)
        assert key.scopes == [Scope.FLAGS_WRITE]
        found = keys.find(text, now=NOW)
        assert found is not None
        assert flaggers.of_key(found) == hotline
        change(hotline, FlaggerEvent.REVOKE, amal)
        assert keys.find(text, now=NOW + timedelta(seconds=1)) is None
        assert flaggers.of_key(found) is None
        with pytest.raises(FlaggerError, match="has ended"):
            flaggers.issue_key(hotline.pk, by=amal.actor, now=NOW)

    def test_a_key_of_the_platform_belongs_to_no_flagger(self, hotline: Flagger, amal: User) -> None:
        key, _text = keys.issue_key(
            platform=scene.PLATFORM, scopes=set(Scope) - PERSONAL_SCOPES, name="all", by=amal.actor, now=NOW
        )
        assert flaggers.of_key(key) is None

    def test_a_person_flags_for_one_entity_with_the_role_for_it(self, hotline: Flagger, amal: User) -> None:
        with pytest.raises(FlaggerError, match="role of a trusted flagger"):
            flaggers.admit(hotline.pk, amal, by=amal.actor, now=NOW)
        nora = scene.person("nora", Role.TRUSTED_FLAGGER)
        for _ in range(2):  # twice is once
            flaggers.admit(hotline.pk, nora, by=amal.actor, now=NOW)
        assert flaggers.of_user(nora) == hotline
        assert len(facts(FactKind.FLAGGER_ADMITTED)) == 1
        other = flaggers.register(**(HELP | {"name": "Other"}), by=amal.actor, now=NOW)  # type: ignore[arg-type]
        with pytest.raises(FlaggerError, match="for another entity"):
            flaggers.admit(other.pk, nora, by=amal.actor, now=NOW)
        change(hotline, FlaggerEvent.REVOKE, amal)
        assert flaggers.of_user(nora) is None

    def test_the_role_reads_nothing_of_the_house(self) -> None:
        assert PERMISSIONS[Role.TRUSTED_FLAGGER] == {Permission.NOTICE_FLAG}
        assert [role for role in Role if Permission.NOTICE_FLAG in PERMISSIONS[role]] == [
            Role.TRUSTED_FLAGGER
        ]
