"""Nouns of the room: a report of child abuse, and the files that go with it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Report(models.Model):
    """A report to a body that the law names, from its preparation until its number came back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    body = models.CharField(max_length=16)  # a `Body`
    platform = models.CharField(max_length=63)
    case = models.PositiveBigIntegerField(db_index=True)
    state = models.CharField(max_length=16, db_index=True)  # a `ReportState`
    contents = models.JSONField()  # a `Contents`; erased when its year is over
    prepared_by = models.CharField(max_length=160)
    prepared_at = models.DateTimeField()
    approved_by = models.CharField(max_length=160, blank=True)
    approved_at = models.DateTimeField(null=True)
    number = models.CharField(max_length=64, blank=True)  # of the receiver
    filed_at = models.DateTimeField(null=True)
    retracted_at = models.DateTimeField(null=True)
    because = models.TextField(blank=True)  # why it was retracted or sent back
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True, db_index=True)
    last_error = models.TextField(blank=True)  # of the receiver, never contents

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "body"], condition=~Q(state="retracted"), name="one_report_a_case_and_body"
            )
        ]


class ReportFile(models.Model):
    """A file of a report. The bytes are in the vault under `digest`."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="files")
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    viewed = models.BooleanField()  # a person of ours saw it: of legal weight in the United States
    public = models.BooleanField(default=True)  # it was publicly available
    sent_id = models.CharField(max_length=64, blank=True)  # of the receiver, once uploaded
    described = models.BooleanField(default=False)  # its details were sent

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "digest"], name="report_file_once")]
