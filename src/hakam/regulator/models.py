"""Nouns of the room: what authorities and persons ask for, whom they reach, what was assessed."""

from __future__ import annotations

import uuid

from django.db import models


class Request(models.Model):
    """What an authority or a person asks for under a law of `regimes.json`, with its owner and deputy."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    token = models.CharField(max_length=64, unique=True)  # of the page on which a person sees how far it is
    platform = models.CharField(max_length=63)
    regime = models.CharField(max_length=64)  # key of the regime's data
    state = models.CharField(max_length=16, db_index=True)  # a `RequestState`
    contents = models.JSONField()  # a `Said`
    document = models.CharField(max_length=64, blank=True)  # digest in the vault, as it came
    received_at = models.DateTimeField()
    complete_at = models.DateTimeField(null=True)
    owner = models.PositiveBigIntegerField(null=True)  # number of an account
    deputy = models.PositiveBigIntegerField(null=True)
    told = models.CharField(max_length=160, blank=True)  # who was last told that it is theirs, as `staff:7`
    hashes = models.JSONField(default=list)  # of the media asked about: [kind, value]
    copies_from = models.BigIntegerField(
        null=True
    )  # records below it are still to be looked through; 0: all were
    copies = models.PositiveIntegerField(default=0)  # identical copies that were found
    carried_out_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)


class Absence(models.Model):
    """Somebody is away: what is theirs goes to the deputy meanwhile."""

    person = models.PositiveBigIntegerField(db_index=True)  # number of an account
    begins = models.DateTimeField()
    ends = models.DateTimeField()


class ContactPoints(models.Model):
    """How authorities and people reach a platform (DSA Arts 11 to 13, TCO Art. 15)."""

    platform = models.CharField(max_length=63, primary_key=True)
    body = models.JSONField()  # a `Contacts`
    changed_by = models.CharField(max_length=160)
    changed_at = models.DateTimeField()


class RiskAssessment(models.Model):
    """A risk assessment: a draft, or a version that a second person approved and that stays as it is."""

    platform = models.CharField(max_length=63)
    scheme = models.CharField(max_length=16)  # a key of `risk_kinds.json`
    version = models.PositiveIntegerField(null=True)  # from 1, when it is approved; a draft has none
    body = models.JSONField()  # an `Assessment`
    evidence = models.JSONField(default=dict)  # by kind, as it was when it was approved
    owner = models.PositiveBigIntegerField()  # number of an account
    written_by = models.CharField(max_length=160)
    written_at = models.DateTimeField()
    approved_by = models.CharField(max_length=160, blank=True)
    approved_at = models.DateTimeField(null=True)
    review_on = models.DateField(null=True)
    trigger = models.TextField(blank=True)  # why it was made anew: a significant change, the year

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "scheme", "version"], name="risk_version_once"),
            models.UniqueConstraint(
                fields=["platform", "scheme"], condition=models.Q(version=None), name="risk_one_draft"
            ),
        ]


class Attestation(models.Model):
    """What the operator says of a line of a checklist that no figure of ours can show."""

    platform = models.CharField(max_length=63)
    checklist = models.CharField(max_length=32)
    line = models.CharField(max_length=32)
    text = models.TextField()  # how it is met, or why another measure does as well
    until = models.DateField()  # when it is looked at again
    by = models.CharField(max_length=160)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "checklist", "line"], name="attestation_once")
        ]
