"""Nouns of the room: periods of keeping, holds, passes of the eraser, requests of people, projects of researchers."""

from __future__ import annotations

import uuid

from django.db import models


class Period(models.Model):
    """A version of how long one kind is kept. The newest confirmed one counts; before any, what ships."""

    kind = models.CharField(max_length=32, db_index=True)  # a `Kind`
    months = models.PositiveSmallIntegerField(default=0)  # calendar months
    days = models.PositiveSmallIntegerField(default=0)  # further days
    ground = models.CharField(max_length=300)  # in law
    because = models.TextField()  # why it is changed
    proposed_by = models.CharField(max_length=160)
    proposed_at = models.DateTimeField()
    state = models.CharField(max_length=16, db_index=True)  # a `PeriodState`
    settled_by = models.CharField(max_length=160, blank=True)  # somebody else
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(state="waiting"), name="one_waiting_period_a_kind"
            )
        ]


class Hold(models.Model):
    """Something that must not be erased until a day, whatever a schedule or a request says."""

    target = models.CharField(max_length=700, db_index=True)  # `item:maydan/post/7`, `account:...`, `case:3`
    covers = models.JSONField(default=list)  # further subjects: the items of an incident, of an order
    reason = models.TextField()
    authority = models.CharField(max_length=300, blank=True)  # who asked for it, or the law that does
    # What made it by itself, as `order:<uuid>`.
    origin = models.CharField(max_length=200, unique=True, null=True)  # noqa: DJ001 -- unique where there is one
    placed_by = models.CharField(max_length=160)
    placed_at = models.DateTimeField()
    until = models.DateTimeField(db_index=True)
    renewed = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, db_index=True)  # by time, or released
    ended_by = models.CharField(max_length=160, blank=True)
    ended_because = models.TextField(blank=True)


class Pass(models.Model):
    """What the eraser did to one kind on one day: figures, no contents."""

    kind = models.CharField(max_length=32)  # a `Kind`
    day = models.DateField()
    erased = models.PositiveBigIntegerField(default=0)
    held = models.PositiveBigIntegerField(default=0)  # due, but held, when it ended
    before = models.DateTimeField()  # what began before was due
    cursor = models.BigIntegerField(default=0)  # how far a log was read
    doing = models.JSONField(
        default=list
    )  # numbers of records that are being erased, and recorded afterwards
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "day"], name="pass_once_a_day")]


class Subject(models.Model):
    """A request of a person about their data (GDPR Art. 15 to 21), from its arrival to the answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    platform = models.CharField(max_length=63)
    account = models.CharField(max_length=512)  # the id on the platform
    kind = models.CharField(max_length=16)  # a `RequestKind`
    state = models.CharField(max_length=16, db_index=True)  # a `RequestState`
    email = models.CharField(max_length=320, blank=True)  # where the answer goes
    language = models.CharField(max_length=35, default="en")
    words = models.TextField(blank=True)  # what the person asks for
    received_at = models.DateTimeField()
    entered_by = models.CharField(max_length=160)
    identity = models.TextField(blank=True)  # how it was made sure who asks; no copy of a document
    identified_by = models.CharField(max_length=160, blank=True)
    identified_at = models.DateTimeField(null=True)
    extended_because = models.TextField(blank=True)
    cursor = models.BigIntegerField(default=0)  # how far the event log was looked through
    found = models.JSONField(default=list)  # numbers of records of the log
    working = models.BooleanField(default=False, db_index=True)  # the worker gathers, or erases
    document = models.CharField(max_length=64, blank=True)  # digest in the vault: what the person gets
    outcome = models.JSONField(default=dict)  # figures: what is in it, what was erased, what stays and why
    prepared_by = models.CharField(max_length=160, blank=True)
    prepared_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=160, blank=True)
    released_at = models.DateTimeField(null=True)
    ground = models.CharField(max_length=32, blank=True)  # a `RefusalGround`
    answer = models.TextField(blank=True)  # to the person
    closed_at = models.DateTimeField(null=True)


class Project(models.Model):
    """A researcher's request for data (DSA Art. 40), and what they get: pseudonyms of their own, until a day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=300)
    researcher = models.CharField(max_length=300)  # institution and name
    email = models.CharField(max_length=320)
    reference = models.CharField(max_length=300, blank=True)  # of the Coordinator's reasoned request
    purpose = models.TextField()
    platform = models.CharField(max_length=63)
    tables = models.JSONField(default=list)  # which of the tables there are
    first = models.DateField()
    last = models.DateField()
    text = models.BooleanField(default=False)  # free text is part of it: approved by name
    least = models.PositiveSmallIntegerField(default=10)  # figures below are left out
    owner = models.CharField(max_length=160)
    state = models.CharField(max_length=16, db_index=True)  # a `ProjectState`
    asked_at = models.DateTimeField()
    settled_by = models.CharField(max_length=160, blank=True)
    settled_at = models.DateTimeField(null=True)
    because = models.TextField(blank=True)
    document = models.CharField(max_length=64, blank=True)  # digest in the vault: a zip
    rows = models.JSONField(default=dict)  # table -> number of rows
    made_at = models.DateTimeField(null=True)
    expires_on = models.DateField()
    key = models.CharField(max_length=64, blank=True)  # of its pseudonyms; destroyed when it ends


class Erasure(models.Model):
    """That an account's contents were erased, under a keyed digest of its name: to be done again after a back-up."""

    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
