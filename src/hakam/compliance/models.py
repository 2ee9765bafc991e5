"""Nouns of the room: the record that everything else is derived from."""

from __future__ import annotations

import uuid

from django.db import models


class Fact(models.Model):
    """An entry of the ledger. Appended only, by `hakam.compliance.ledger.record`; never changed but to erase `private`.

    The chain covers `private_digest`, not `private`: personal data can be erased and the chain still proves itself.
    """

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=64, db_index=True)  # a `FactKind`
    actor = models.CharField(max_length=160)
    subject = models.CharField(max_length=700, db_index=True)  # as `case:12`, `item:maydan/post/77`
    body = models.TextField()  # canonical JSON, no personal data
    # canonical JSON with a salt; null when there is none, or when it was erased
    private = models.TextField(null=True)  # noqa: DJ001 -- null is not the empty text here
    private_digest = models.CharField(max_length=64, blank=True)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)


class FactLink(models.Model):
    """Further subjects of a fact, so that a case, an item and a person each tell their whole story."""

    fact = models.ForeignKey(Fact, on_delete=models.PROTECT, related_name="links")
    subject = models.CharField(max_length=700, db_index=True)


class LedgerHead(models.Model):
    """The end of the chain: one row, locked by whoever appends."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="0" * 64)


class RulebookVersion(models.Model):
    """A pack as it was published: every file, so that any decision can be read and replayed under it."""

    pack = models.CharField(max_length=128)
    version = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    files = models.JSONField()  # path -> text
    note = models.TextField(blank=True)
    published_by = models.CharField(max_length=160)
    published_at = models.DateTimeField()
    active_from = models.DateTimeField(null=True)
    active_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pack", "version"], name="rulebook_version_once")]


class RulebookDraft(models.Model):
    """A pack that people are writing: nobody is judged by it."""

    title = models.CharField(max_length=200)  # what it is for
    base = models.ForeignKey(RulebookVersion, on_delete=models.PROTECT, null=True, related_name="drafts")
    files = models.JSONField()  # path -> text, as they are now
    revision = models.PositiveIntegerField()  # of the newest save
    state = models.CharField(max_length=16, db_index=True)  # a `DraftState`
    created_by = models.CharField(max_length=160)
    created_at = models.DateTimeField()
    changed_by = models.CharField(max_length=160)
    changed_at = models.DateTimeField()


class RulebookDraftSave(models.Model):
    """A text that somebody saved in a draft: its history, and what a save that comes too late is held against."""

    draft = models.ForeignKey(RulebookDraft, on_delete=models.CASCADE, related_name="saves")
    revision = models.PositiveIntegerField()
    path = models.CharField(max_length=128)
    text = models.TextField(null=True)  # noqa: DJ001 -- null: the file was removed
    by = models.CharField(max_length=160)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "revision"], name="rulebook_draft_revision_once")
        ]
        indexes = [models.Index(fields=["draft", "path", "revision"], name="rulebook_draft_file")]


class ListVersion(models.Model):
    """A version of a list that stands outside packs. Its entries are in a file named by the digest."""

    name = models.CharField(max_length=64)
    number = models.PositiveIntegerField()  # of the version, from 1
    kind = models.CharField(max_length=16)  # a `ListKind`
    digest = models.CharField(max_length=64)
    entries = models.PositiveIntegerField()
    note = models.TextField(blank=True)
    published_by = models.CharField(max_length=160)
    active_from = models.DateTimeField()
    active_until = models.DateTimeField(null=True)
    ground = models.CharField(
        max_length=16, blank=True
    )  # a `ListGround`; empty: it does not say that it names people
    file_kept = models.BooleanField(default=True)  # False: its period is over, its entries are gone
    erased = models.PositiveIntegerField(default=0)  # entries that were overwritten where they stood
    rest = models.CharField(
        max_length=64, blank=True
    )  # digest of what the file holds since; empty: nothing was erased

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "number"], name="list_version_once"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(active_until=None), name="list_one_version_in_force"
            ),
        ]


class Statement(models.Model):
    """A statement of reasons (DSA Art. 17): what was decided about whose item, and why. Derived once, never edited."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    token = models.CharField(max_length=64, unique=True)  # of the public page /s/<token>
    platform = models.CharField(max_length=63)
    item_kind = models.CharField(max_length=32)
    item_id = models.CharField(max_length=512)
    item_url = models.TextField(blank=True)
    recipient = models.CharField(max_length=512)  # the author's id on the platform
    decision = models.CharField(max_length=64, db_index=True)  # subject of the decision, as `decision:7`
    reasons = models.JSONField()  # a `Reasons`
    measures = models.JSONField()  # list of `Measure`
    language = models.CharField(max_length=35)
    issued_at = models.DateTimeField()
    effective_from = models.DateTimeField()
    effective_until = models.DateTimeField(null=True)
    complain_until = models.DateTimeField()  # six calendar months or more, DSA Art. 20(1)
    informed_at = models.DateTimeField(null=True)  # proof of delivery
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["platform", "item_kind", "item_id"], name="statement_item")]


class Deadline(models.Model):
    """A running clock on a subject."""

    clock = models.CharField(max_length=64)  # key of the clock's data
    version = models.PositiveIntegerField(default=1)  # of the clock's data
    kind = models.CharField(max_length=16, default="act")  # a `ClockKind`
    zone = models.CharField(max_length=64, default="UTC")  # where days and months are counted
    subject = models.CharField(max_length=700, db_index=True)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    next_at = models.DateTimeField(null=True, db_index=True)  # when the next warning is due
    told = models.PositiveSmallIntegerField(default=0)  # how many warnings were given
    paused_at = models.DateTimeField(null=True)  # it stands still since then
    met_at = models.DateTimeField(null=True)  # done, or (a period of keeping, of others' right) over
    missed_at = models.DateTimeField(null=True)  # when the miss was recorded

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clock", "subject"], name="deadline_once")]


class PlatformProfile(models.Model):
    """What a platform is in law: how large, what it does, whom it serves. Decides which duties apply."""

    platform = models.CharField(max_length=63, primary_key=True)
    body = models.JSONField()  # a `Profile`
    changed_by = models.CharField(max_length=160)
    changed_at = models.DateTimeField()


class Submission(models.Model):
    """A statement on its way to the EU Transparency Database (DSA Art. 24(5)): built once, taken there once."""

    puid = models.CharField(
        max_length=64, unique=True
    )  # random; the database knows the statement by it for ever
    statement = models.OneToOneField(Statement, on_delete=models.PROTECT, related_name="submission")
    payload = models.JSONField(default=dict)  # without personal data; empty when it is not due
    state = models.CharField(max_length=16)  # a `SubmissionState`
    because = models.CharField(max_length=64, blank=True)  # why it is not due
    wrong = models.JSONField(default=list)  # [field, message]: what must be mended
    batch = models.CharField(max_length=32, blank=True)  # the newest attempt; an older one is worth nothing
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)  # when to try (again), or when the lease of an attempt ends
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    uuid = models.CharField(max_length=64, blank=True)  # the database's name for it
    permalink = models.TextField(blank=True)
    confirmed_at = models.DateTimeField(null=True)  # when the database, asked again, knew it
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "next_at", "id"], name="submission_due"),
            models.Index(fields=["state", "confirmed_at", "sent_at"], name="submission_unconfirmed"),
        ]


class MadeReport(models.Model):
    """A transparency report as it was made: every sheet, and for each figure the facts that make it.

    What is published stays public, older versions too (Implementing Regulation (EU) 2024/2835, Annex II).
    """

    platform = models.CharField(max_length=63)
    law = models.CharField(max_length=8, default="dsa")  # whose report it is: `dsa`, `tco`, `uk`
    first = models.DateField()
    last = models.DateField()
    version = models.PositiveIntegerField(null=True)  # from 1, when it is published; a draft has none
    stated = models.JSONField()  # a `Stated`: what no ledger knows
    sheets = models.JSONField()  # list of a sheet's part, name, file, header, rows
    facts_until = models.BigIntegerField()  # the newest fact of the ledger when it was counted
    made_by = models.CharField(max_length=160)
    made_at = models.DateTimeField()
    published_by = models.CharField(max_length=160, blank=True)
    published_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)  # why there is a further version, and how it was corrected

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "law", "first", "last", "version"], name="report_version_once"
            )
        ]


class ReportFigure(models.Model):
    """One figure of a report, and the facts that make it."""

    report = models.ForeignKey(MadeReport, on_delete=models.CASCADE, related_name="figures")
    part = models.PositiveSmallIntegerField()
    row = models.PositiveIntegerField()  # from 0, the header not counted
    column = models.PositiveSmallIntegerField()  # from 0
    count = models.PositiveIntegerField()  # of the facts
    facts = models.BinaryField()  # their numbers, as `hakam.compliance.reports.keeping` packs them

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report", "part", "row", "column"], name="report_figure_once")
        ]


class ReportWish(models.Model):
    """A report that somebody asked for, made by the worker; how far it is."""

    platform = models.CharField(max_length=63)
    law = models.CharField(max_length=8)
    first = models.DateField()
    last = models.DateField()
    stated = models.JSONField()  # a `Stated`
    state = models.CharField(max_length=16, db_index=True)  # a `WishState`
    asked_by = models.CharField(max_length=160)
    asked_at = models.DateTimeField()
    beat_at = models.DateTimeField(null=True)  # the worker's last sign of life
    seen = models.BigIntegerField(default=0)  # the fact up to which it has counted
    of = models.BigIntegerField(default=0)  # the newest fact when it was asked for
    error = models.TextField(blank=True)
    report = models.ForeignKey(MadeReport, on_delete=models.SET_NULL, null=True, related_name="wishes")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "law", "first", "last"], name="report_wish_once")
        ]


class RecipientsCount(models.Model):
    """The average number of monthly active recipients over six months, as it was published (DSA Art. 24(2))."""

    platform = models.CharField(max_length=63)
    first = models.DateField()
    last = models.DateField()
    total = models.PositiveBigIntegerField()  # in the Union
    by_state = models.JSONField(default=dict)  # Member State -> number; very large platforms owe it
    method = models.TextField()  # how it was counted
    published_by = models.CharField(max_length=160)
    published_at = models.DateTimeField()


class PrivateBasis(models.Model):
    """Why private messages of a platform may be read at all: two people stand for it, for a time."""

    platform = models.CharField(max_length=63, db_index=True)
    law = models.CharField(max_length=300)  # the provision, act and article
    purpose = models.TextField()  # what is looked for, and why nothing milder does
    proposed_by = models.CharField(max_length=160)
    proposed_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=160, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    until = models.DateTimeField()
    ended_by = models.CharField(max_length=160, blank=True)
    ended_at = models.DateTimeField(null=True)  # before its time, or refused
    because = models.TextField(blank=True)  # of the end
