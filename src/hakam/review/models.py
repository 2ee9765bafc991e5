"""Nouns of the room: what a person must decide, and what people decided."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from hakam.compliance.models import RulebookDraft, RulebookVersion


class Case(models.Model):
    """All notices and verdicts on one item, until somebody decides."""

    platform = models.CharField(max_length=63)
    item_kind = models.CharField(max_length=32)
    item_id = models.CharField(max_length=512)
    item_url = models.TextField(blank=True)
    author_id = models.CharField(max_length=512, blank=True, db_index=True)
    author_email = models.CharField(
        max_length=320, blank=True
    )  # where a statement goes; never in a fact's body
    author_language = models.CharField(max_length=35, blank=True)  # what a statement is written in
    language = models.CharField(
        max_length=35, blank=True
    )  # of the content, first part of the tag: who can read it
    content = models.CharField(max_length=64, blank=True)  # digest of the content seen last
    queue = models.CharField(max_length=64)
    state = models.CharField(max_length=16)  # a `CaseState`
    clause = models.CharField(max_length=128, blank=True)  # the gravest clause alleged
    harm = models.CharField(max_length=64, blank=True)
    restricted = models.BooleanField(default=False)  # child abuse: own role, never in search
    excerpt = models.TextField(blank=True)  # start of the text as reported
    search_text = models.TextField(blank=True)  # folded text, for search
    priority = models.FloatField(default=0)
    priority_parts = models.JSONField(default=dict)  # name of each term of the formula -> value
    priority_inputs = models.JSONField(default=dict)  # `hakam.review.priority.Inputs`
    rank_again_at = models.DateTimeField(null=True, db_index=True)  # when the clock's term changes
    notices = models.PositiveIntegerField(default=0)
    verdicts = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    lease_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="leased_cases"
    )
    lease_until = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="merged")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "item_kind", "item_id"],
                condition=Q(state="open"),
                name="one_open_case_an_item",
            )
        ]
        indexes = [
            models.Index(fields=["state", "-priority", "opened_at", "id"], name="case_order"),
            models.Index(fields=["state", "opened_at", "id"], name="case_age"),
            models.Index(fields=["state", "due_at", "-priority"], name="case_due"),
            models.Index(fields=["state", "restricted", "queue"], name="case_queues"),
            models.Index(fields=["platform", "item_kind", "item_id"], name="case_item"),
        ]


class Precedence(models.Model):
    """Cases under a clause that go before all others, until an hour."""

    name = models.CharField(max_length=80, unique=True)  # who asked for it: `incident-harbour`
    clause = models.CharField(max_length=128, db_index=True)
    languages = models.JSONField(default=list)  # of the content; empty: all
    until = models.DateTimeField()


class CaseSource(models.Model):
    """One reason why a case exists: a verdict, a notice. Counted each, decided together."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="sources")
    kind = models.CharField(max_length=16)  # a `SourceKind`
    ref = models.CharField(
        max_length=200, unique=True
    )  # `event:812`, `notice:<uuid>`: an act is taken in once
    at = models.DateTimeField()
    clause = models.CharField(max_length=128, blank=True)  # the clause alleged, if one is named
    summary = models.JSONField(default=dict)  # no personal data: what the console shows beside the case

    class Meta:
        indexes = [models.Index(fields=["case", "kind"], name="source_kind")]


class Evidence(models.Model):
    """A frozen copy of what was reported. The bytes are in the vault under `digest`."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=32)  # `event`, `notice`, `media`, `writing`
    digest = models.CharField(max_length=64)  # SHA-256 (hex) of the plain bytes
    size = models.PositiveBigIntegerField()
    captured_at = models.DateTimeField()
    pack = models.CharField(max_length=64, blank=True)  # digest of the rule book in force

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "kind", "digest"], name="evidence_once")]


class Decision(models.Model):
    """The outcome of a case, with its reasons.

    Written once; a change is another decision that replaces it.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions", null=True)
    platform = models.CharField(max_length=63)
    item_kind = models.CharField(max_length=32)
    item_id = models.CharField(max_length=512)
    item_url = models.TextField(blank=True)
    author_id = models.CharField(max_length=512, blank=True, db_index=True)
    language = models.CharField(max_length=35, blank=True)  # of the affected person
    content = models.CharField(max_length=64, blank=True)  # digest of the content that was judged
    clause = models.CharField(max_length=128, blank=True)
    considered = models.JSONField(default=list)  # every clause alleged when it was decided
    by = models.CharField(max_length=160)  # an `Actor`
    at = models.DateTimeField()
    outcome = models.CharField(max_length=16)  # an `Outcome`
    reasons = models.JSONField(null=True)  # a `Reasons`; null only when nothing is restricted
    measures = models.JSONField(default=list)
    note = models.TextField(blank=True)  # for colleagues, never sent
    state = models.CharField(max_length=16, db_index=True)  # a `DecisionState`
    undo_until = models.DateTimeField()
    replaced_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replaced")
    stands_on = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="upholding")
    seconded_by = models.CharField(
        max_length=160, blank=True
    )  # the second person, for what can't be taken back
    # Of an automated decision: `event:812`.
    key = models.CharField(max_length=200, unique=True, null=True)  # noqa: DJ001 -- unique where there is one

    class Meta:
        indexes = [
            models.Index(fields=["platform", "item_kind", "item_id"], name="decision_item"),
            models.Index(fields=["state", "undo_until"], name="decision_window"),
        ]


class Proposal(models.Model):
    """What one person wants to do that can't be taken back, until a second one confirms or refuses it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="proposals")
    clause = models.CharField(max_length=128)
    measures = models.JSONField()
    facts = models.TextField()  # as the affected person would read them
    note = models.TextField(blank=True)  # for colleagues, never sent
    content = models.CharField(max_length=64, blank=True)  # digest of the content that was judged
    by = models.CharField(max_length=160)  # an `Actor`
    at = models.DateTimeField()
    state = models.CharField(max_length=16, db_index=True)  # a `ProposalState`
    settled_by = models.CharField(max_length=160, blank=True)
    settled_at = models.DateTimeField(null=True)
    because = models.TextField(blank=True)  # why it was refused, for colleagues
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="open"), name="one_open_proposal_a_case"
            )
        ]


class Trial(models.Model):
    """A draft of the rules, held against the events of the last days before anybody publishes it."""

    draft = models.ForeignKey(RulebookDraft, on_delete=models.CASCADE, related_name="trials")
    before = models.ForeignKey(RulebookVersion, on_delete=models.PROTECT, null=True, related_name="+")
    files = models.JSONField()  # of the draft, as they were when it was asked for
    digest = models.CharField(max_length=64)  # over the files
    days = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, db_index=True)  # a `TrialState`
    asked_by = models.CharField(max_length=160)
    asked_at = models.DateTimeField()
    token = models.CharField(max_length=16, blank=True)  # of whoever runs it
    lease_until = models.DateTimeField(null=True)
    events = models.PositiveIntegerField(default=0)  # judged so far
    result = models.JSONField(null=True)  # a `TrialResult`
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)


class Release(models.Model):
    """A draft on its way to being in force; where a rule goes live, until a second person settles it."""

    draft = models.ForeignKey(RulebookDraft, on_delete=models.PROTECT, related_name="releases")
    files = models.JSONField()  # as they were released
    digest = models.CharField(max_length=64)  # over the files
    note = models.TextField()  # why the rules change
    by = models.CharField(max_length=160)  # an `Actor`
    at = models.DateTimeField()
    state = models.CharField(max_length=16, db_index=True)  # a `ReleaseState`
    settled_by = models.CharField(max_length=160, blank=True)
    settled_at = models.DateTimeField(null=True)
    because = models.TextField(blank=True)  # why it was refused
    version = models.ForeignKey(RulebookVersion, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["draft"], condition=Q(state="waiting"), name="one_waiting_release_a_draft"
            )
        ]


class RuleTrip(models.Model):
    """A rule that does not do all it says, until somebody looked after it.

    Its quota was used up, so it only asked for people; or it was put aside, since it failed too often (`why`).
    """

    kind = models.CharField(max_length=16, default="quota")  # `quota` or `aside`
    why = models.CharField(max_length=300, blank=True)
    rule = models.CharField(max_length=128)
    pack = models.CharField(max_length=200)  # the newest version under which it happened, as `id@version`
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    events = models.PositiveIntegerField()  # on which it was held back
    # Of a quota: at the latest; earlier once the rule acted again.
    held_until = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=160, blank=True)
    seen_at = models.DateTimeField(null=True)
    because = models.TextField(blank=True)  # what they made of it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "kind"], condition=Q(seen_at=None), name="one_unseen_trip_a_rule"
            )
        ]


class Complaint(models.Model):
    """An objection to a decision (DSA Art. 20), decided by somebody else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    token = models.CharField(max_length=64, unique=True)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="complaints")
    complainant = models.CharField(max_length=16)  # `affected` or `notifier`
    statement_token = models.CharField(max_length=64, blank=True)
    notice = models.CharField(max_length=64, blank=True)  # subject of the notice, when a notifier complains
    text = models.TextField()
    email = models.CharField(max_length=320, blank=True)
    language = models.CharField(max_length=35)
    state = models.CharField(max_length=16, db_index=True)  # a `ComplaintState`
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    decided_by = models.CharField(max_length=160, blank=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)  # the reasoned decision, sent to the complainant
    new_decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "complainant", "notice"],
                condition=Q(state="open"),
                name="one_open_complaint_a_person",
            )
        ]


class Draft(models.Model):
    """What a moderator began to write. Survives a lost lease, a closed window, a crash."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="drafts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    body = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="one_draft_a_person")]


class SavedQuestion(models.Model):
    """A question to the event log that somebody kept, for themselves or for colleagues."""

    name = models.CharField(max_length=120)
    asked = models.JSONField()  # the fields of the form
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="questions")
    shared = models.BooleanField(default=False)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["by", "name"], name="one_question_a_name")]


class Bulk(models.Model):
    """Many items of an answer of the log that one person decides as one act."""

    by = models.CharField(max_length=160)  # an `Actor`
    at = models.DateTimeField()
    state = models.CharField(max_length=16, db_index=True)  # a `BulkState`
    asked = models.JSONField(default=dict)  # the question that found them
    total = models.PositiveIntegerField()
    clause = models.CharField(max_length=128, blank=True)
    measures = models.JSONField(default=list)
    facts = models.TextField(blank=True)  # as each affected person reads them
    because = models.TextField(blank=True)  # why together; for colleagues
    seconded_by = models.CharField(max_length=160, blank=True)  # who confirmed or refused it
    started_at = models.DateTimeField(null=True)
    undo_until = models.DateTimeField(null=True)  # of all of its decisions
    finished_at = models.DateTimeField(null=True)


class BulkItem(models.Model):
    """One of its items, as it was when it was prepared."""

    bulk = models.ForeignKey(Bulk, on_delete=models.CASCADE, related_name="items")
    seq = models.PositiveBigIntegerField()  # of its newest event in the log
    platform = models.CharField(max_length=63)
    item_kind = models.CharField(max_length=32)
    item_id = models.CharField(max_length=512)
    author_id = models.CharField(max_length=512, blank=True)
    content = models.CharField(max_length=64)  # digest of what was looked at
    state = models.CharField(max_length=16)  # an `ItemState`
    why = models.CharField(max_length=200, blank=True)  # it was skipped
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bulk", "platform", "item_kind", "item_id"], name="bulk_item_once"
            )
        ]
        indexes = [models.Index(fields=["bulk", "state"], name="bulk_item_state")]
