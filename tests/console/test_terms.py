from __future__ import annotations

from enum import StrEnum

import pytest
from django.utils import translation

from hakam.banks.kinds import BankAction, BankSource
from hakam.compliance.drafts import DraftState
from hakam.compliance.facts import FactKind
from hakam.compliance.profile import Size, Tier, Why
from hakam.console.terms import FAMILIES, term
from hakam.enforcement.kinds import EffectKind
from hakam.enforcement.states import EffectState, MeasureState
from hakam.exchange.kinds import PartnerState, Trust
from hakam.intake.authorities import AuthorityKind
from hakam.intake.disputes import DisputeOutcome, DisputeState
from hakam.intake.flaggers import FlaggerState
from hakam.intake.harms import GROUPS, HARMS
from hakam.intake.misuse import MisuseKind
from hakam.intake.opened import Proof
from hakam.intake.order_contents import ContentType, DataKind, OrderKind
from hakam.intake.orders import OrderState
from hakam.intake.threats import ThreatState
from hakam.privacy.requests import RequestKind
from hakam.privacy.requests import RequestState as DataRequestState
from hakam.privacy.research import ProjectState
from hakam.regulator.checklists import LineState
from hakam.regulator.requests import RequestState
from hakam.regulator.risks import Level
from hakam.review.releases import ReleaseState
from hakam.review.states import CaseState, ComplaintState, DecisionState, Outcome, SourceKind
from hakam.review.trials import TrialState
from hakam.safeguarding.contents import Annotation, Body
from hakam.safeguarding.reports import ReportState
from hakam.signals.models.targets import Target
from hakam.staff.roles import Role, Scope
from hakam.vocabulary.actor import ActorKind
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.event import Audience, Change, ContentKind
from hakam.vocabulary.harm import Harm
from hakam.vocabulary.measure import MeasureKind, Reversal
from hakam.vocabulary.reasons import Automation
from hakam.vocabulary.verdict import Stage

CLOSED: list[tuple[str, type[StrEnum]]] = [
    ("measure", MeasureKind),
    ("consequence", MeasureKind),
    ("reversal", Reversal),
    ("stage", Stage),
    ("source", SourceKind),
    ("outcome", Outcome),
    ("case_state", CaseState),
    ("decision_state", DecisionState),
    ("complaint_state", ComplaintState),
    ("kind", ContentKind),
    ("audience", Audience),
    ("change", Change),
    ("role", Role),
    ("scope", Scope),
    ("actor", ActorKind),
    ("effect_state", EffectState),
    ("effect_kind", EffectKind),
    ("measure_state", MeasureState),
    ("fact", FactKind),
    ("flagger_state", FlaggerState),
    ("misuse_kind", MisuseKind),
    ("proof", Proof),
    ("draft_state", DraftState),
    ("trial_state", TrialState),
    ("order_kind", OrderKind),
    ("dispute_state", DisputeState),
    ("dispute_outcome", DisputeOutcome),
    ("threat_state", ThreatState),
    ("project_state", ProjectState),
    ("report_body", Body),
    ("child_report_state", ReportState),
    ("report_annotation", Annotation),
    ("data_request_kind", RequestKind),
    ("data_request_state", DataRequestState),
    ("order_state", OrderState),
    ("content_type", ContentType),
    ("data_kind", DataKind),
    ("authority_kind", AuthorityKind),
    ("release_state", ReleaseState),
    ("automation", Automation),
    ("harm", Harm),
    ("target", Target),
    ("request_state", RequestState),
    ("why", Why),
    ("tier", Tier),
    ("size", Size),
    ("level", Level),
    ("line_state", LineState),
    ("bank_source", BankSource),
    ("bank_action", BankAction),
    ("partner_state", PartnerState),
    ("trust", Trust),
    ("trust_means", Trust),
    ("entry_kind", EntryKind),
]


@pytest.mark.parametrize(("family", "vocabulary"), CLOSED)
def test_every_value_has_a_word_and_no_word_is_left_over(family: str, vocabulary: type[StrEnum]) -> None:
    more = {"url"} if family == "kind" else set()  # an address of which no event told
    assert set(FAMILIES[family]) == {str(value) for value in vocabulary} | more


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_word_is_said_in_arabic(family: str) -> None:
    for value in FAMILIES[family]:
        with translation.override("en"):
            english = term(family, value)
        with translation.override("ar"):
            arabic = term(family, value)
        assert any("\u0600" <= letter <= "\u06ff" for letter in arabic), f"{english} -> {arabic}"


def test_an_unknown_value_is_shown_as_it_is() -> None:
    assert term("measure", "tickle") == "tickle"


def test_a_language_tag_is_read_by_its_first_part() -> None:
    with translation.override("en"):
        assert term("language", "ar-EG") == "Arabic"
        assert term("language", "") == "Unknown language"


def test_each_harm_stands_in_one_group() -> None:
    assert sum(len(words) for _title, words in GROUPS) == len(HARMS)


def test_measures_have_distinct_names() -> None:
    for language in ("en", "ar"):
        with translation.override(language):
            names = [term("measure", kind) for kind in MeasureKind]
        assert len(set(names)) == len(names)
