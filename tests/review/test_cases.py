"""Everything that is said about one item is one case."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hakam.compliance import ledger
from hakam.compliance.models import Fact, RulebookVersion
from hakam.review import evidence
from hakam.review.cases import (
    CHILD_SAFETY_QUEUE,
    Source,
    add_version,
    open_case,
    open_on,
    rerank_due,
    subject_of,
)
from hakam.review.models import Case, CaseSource
from hakam.review.priority import Inputs
from hakam.review.states import CaseState, SourceKind
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Change, ContentKind, Event

pytestmark = pytest.mark.django_db
NOW = scene.NOW


def report(
    event: Event,
    vault: FileVault,
    *,
    ref: str = "notice:1:0",
    kind: SourceKind = SourceKind.NOTICE,
    clause: str = "hate",
    harm: str = "hate_speech",
    now: object = NOW,
    **more: object,
) -> Case:
    return open_case(
        by=SYSTEM,
        now=now,  # type: ignore[arg-type]
        item=scene.ref(event),
        source=Source(kind=kind, ref=ref, clause=clause, harm=harm, **more),  # type: ignore[arg-type]
        snapshot=evidence.freeze(vault, scene.raw(event)),
        event=event,
        pack="p" * 64,
    )


def test_the_first_report_opens_a_case_with_a_frozen_copy(book: RulebookVersion, vault: FileVault) -> None:
    event = scene.event(
        "You are vermin", reach=1000, email="u1@example.net", url="https://maydan.example/p/77"
    )
    case = report(event, vault)
    assert (case.state, case.notices, case.clause, case.author_id) == (CaseState.OPEN, 1, "hate", "u1")
    assert (case.item_url, case.excerpt) == ("https://maydan.example/p/77", "You are vermin")
    copy = case.evidence.get()
    assert vault.get(copy.digest) == scene.raw(event)
    assert copy.pack == "p" * 64
    assert case.priority == pytest.approx(sum(case.priority_parts.values()))
    (fact,) = ledger.story(subject_of(case))
    assert (fact.kind, ledger.body_of(fact)["evidence"]) == ("case.opened", copy.digest)


def test_no_address_of_a_person_stands_in_a_fact(book: RulebookVersion, vault: FileVault) -> None:
    report(scene.event("x", email="u1@example.net"), vault)
    assert not Fact.objects.filter(body__contains="example.net").exists()


def test_further_reports_join_the_open_case_and_are_counted_each(
    book: RulebookVersion, vault: FileVault
) -> None:
    event = scene.event()
    first = report(event, vault, ref="notice:1:0", clause="spam", harm="spam")
    before = first.priority
    for n in range(2, 5):
        assert report(event, vault, ref=f"notice:{n}:0").pk == first.pk
    first.refresh_from_db()
    assert (first.notices, first.sources.count(), first.evidence.count()) == (4, 4, 1)
    assert first.clause == "hate"  # the gravest leads
    assert first.priority > before


def test_a_clause_that_was_named_stays_when_a_report_tells_only_the_harm(
    book: RulebookVersion, vault: FileVault
) -> None:
    event = scene.event("I do not want to live anymore")
    report(event, vault, ref="verdict:1", kind=SourceKind.VERDICT, clause="spam", harm="spam")
    case = report(event, vault, clause="hate", harm="spam", by_harm=True)
    assert case.clause == "spam"  # somebody in need, say: not the gravest about the same harm
    case = report(event, vault, ref="notice:2:0", clause="threat", harm="threat", by_harm=True)
    assert case.clause == "threat"  # another harm
    named = report(scene.event("x", item="78"), vault, ref="verdict:2", clause="spam", harm="spam")
    assert report(scene.event("x", item="78"), vault, ref="notice:3:0", harm="spam").pk == named.pk
    named.refresh_from_db()
    assert named.clause == "hate"  # whoever reported named it


def test_the_same_source_is_taken_in_once(book: RulebookVersion, vault: FileVault) -> None:
    event = scene.event()
    first = report(event, vault)
    facts = Fact.objects.count()
    assert report(event, vault).pk == first.pk
    first.refresh_from_db()
    assert (first.notices, CaseSource.objects.count(), Fact.objects.count()) == (1, 1, facts)


def test_a_decided_case_stays_closed_and_a_new_report_opens_another(
    book: RulebookVersion, vault: FileVault
) -> None:
    event = scene.event()
    first = report(event, vault)
    Case.objects.filter(pk=first.pk).update(state=CaseState.DECIDED)
    second = report(event, vault, ref="notice:2:0")
    assert second.pk != first.pk
    assert report(event, vault, ref="notice:1:0").pk == first.pk


def test_child_abuse_is_restricted_and_leaves_no_words_behind(
    book: RulebookVersion, vault: FileVault
) -> None:
    event = scene.event("secret words")
    case = report(event, vault, ref="notice:1:0", clause="spam", harm="spam")
    assert "secret" in case.search_text
    case = report(event, vault, ref="notice:2:0", clause="child-abuse", harm="csam")
    assert case.restricted
    assert (case.queue, case.excerpt, case.search_text) == (CHILD_SAFETY_QUEUE, "", "")
    case = report(event, vault, ref="notice:3:0", clause="spam", harm="spam", queue="spam")
    assert (case.queue, case.search_text) == (CHILD_SAFETY_QUEUE, "")


def test_an_order_and_a_trusted_flagger_come_first(book: RulebookVersion, vault: FileVault) -> None:
    plain = report(scene.event(item="1"), vault, ref="notice:1:0", clause="threat")
    trusted = report(
        scene.event(item="2"), vault, ref="notice:2:0", kind=SourceKind.TRUSTED_FLAGGER, clause="spam"
    )
    order = report(scene.event(item="3"), vault, ref="order:1", kind=SourceKind.ORDER, clause="spam")
    assert order.priority > trusted.priority > plain.priority


def test_what_is_live_comes_before_what_was_recorded(book: RulebookVersion, vault: FileVault) -> None:
    stream = report(scene.event(item="1", kind=ContentKind.LIVE_START), vault, ref="notice:1:0")
    post = report(scene.event(item="2"), vault, ref="notice:2:0")
    assert stream.priority > post.priority


def test_the_earliest_deadline_counts(book: RulebookVersion, vault: FileVault) -> None:
    event = scene.event()
    late, early = NOW + timedelta(hours=24), NOW + timedelta(hours=2)
    report(event, vault, ref="notice:1:0", due_at=late)
    assert report(event, vault, ref="notice:2:0", due_at=early).due_at == early
    assert report(event, vault, ref="notice:3:0", due_at=late).due_at == early


def test_priorities_are_counted_again_when_a_clock_crosses_an_edge(
    book: RulebookVersion, vault: FileVault
) -> None:
    case = report(scene.event(), vault, due_at=NOW + timedelta(hours=24))
    idle = report(scene.event(item="2"), vault, ref="notice:2:0")
    assert rerank_due(NOW) == 0
    assert rerank_due(NOW + timedelta(hours=23)) == 1
    before = case.priority
    case.refresh_from_db()
    assert case.priority > before
    assert case.priority_parts["clock"] == 800
    assert idle.rank_again_at is None


def test_an_edit_after_the_report_is_kept_beside_it(book: RulebookVersion, vault: FileVault) -> None:
    first = scene.event("You are vermin")
    case = report(first, vault)
    edited = scene.event("Have a nice day", change=Change.EDITED)
    gone = scene.event("", change=Change.DELETED)
    for n, version in enumerate([edited, gone, gone]):
        add_version(
            now=NOW + timedelta(minutes=n + 1),
            item=scene.ref(version),
            ref=f"version:{n}",
            snapshot=evidence.freeze(vault, scene.raw(version)),
            event=version,
            pack="",
        )
    case.refresh_from_db()
    assert (case.notices, case.verdicts, case.excerpt) == (1, 0, "You are vermin")
    assert "nice day" in case.search_text
    shown = evidence.versions_of(case, vault)
    assert [(v.text, v.change, v.changed) for v in shown] == [
        ("You are vermin", "created", False),
        ("Have a nice day", "edited", True),
        ("", "deleted", True),
    ]


def test_nothing_is_kept_of_edits_that_nobody_asked_about(book: RulebookVersion, vault: FileVault) -> None:
    edited = scene.event("x", change=Change.EDITED)
    kept = add_version(
        now=NOW,
        item=scene.ref(edited),
        ref="version:1",
        snapshot=evidence.freeze(vault, scene.raw(edited)),
        event=edited,
        pack="",
    )
    assert kept is None
    assert open_on(scene.ref(edited)) is None


def test_a_text_with_nul_and_one_of_a_megabyte_are_taken_in(book: RulebookVersion, vault: FileVault) -> None:
    case = report(scene.event("a\x00b " + "x" * 150_000), vault)
    assert "\x00" not in case.excerpt + case.search_text
    assert len(case.search_text) <= 20_000
    assert vault.get(case.evidence.get().digest).count(b"x") >= 150_000


def test_inputs_of_all_sources_are_merged(book: RulebookVersion, vault: FileVault) -> None:
    event = scene.event(reach=10)
    report(event, vault, ref="notice:1:0", inputs=Inputs(accuracy=0.9, confidence=0.2))
    case = report(event, vault, ref="notice:2:0", inputs=Inputs(accuracy=0.1, confidence=0.7))
    assert case.priority_inputs["accuracy"] == 0.9
    assert case.priority_inputs["confidence"] == 0.7
    assert case.priority_inputs["notices"] == 2
