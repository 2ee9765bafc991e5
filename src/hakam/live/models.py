"""Nouns of the room: streams, what was seen of them and done to them, whom the gate refused, what an audience asks."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Stream(models.Model):
    """One broadcast, from the moment that the gate let it pass."""

    platform = models.CharField(max_length=63)
    server = models.CharField(max_length=63)  # its name in `live.json`
    name = models.CharField(max_length=200)  # on the server
    session = models.CharField(max_length=200, blank=True)  # the server's own number of it
    account = models.CharField(max_length=512, blank=True)
    item_id = models.CharField(max_length=512)  # the platform's id of the broadcast, or ours
    url = models.TextField(blank=True)
    title = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=35, blank=True)  # of the account
    account_created = models.DateTimeField(null=True)
    state = models.CharField(max_length=16, db_index=True)  # a `StreamState`
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # last sign of life from server or watcher
    ended_at = models.DateTimeField(null=True)
    viewers = models.PositiveIntegerField(null=True)
    most_viewers = models.PositiveIntegerField(default=0)
    shares = models.PositiveIntegerField(default=0)
    score = models.FloatField(default=0)  # the newest, 0 to 1
    flagged_at = models.DateTimeField(null=True)  # when a bank first knew something of it
    flagged = models.JSONField(default=dict)  # bank -> how, for people
    clause = models.CharField(max_length=128, blank=True)  # of the bank that knew it
    case = models.PositiveBigIntegerField(null=True)  # the case of it, if one was opened by the watch
    watched = models.CharField(max_length=16, default="")  # a `Closeness`, empty: not watched
    trouble = models.CharField(max_length=300, blank=True)  # why it can't be watched

    class Meta:
        indexes = [
            models.Index(fields=["server", "name", "state"], name="stream_name"),
            models.Index(fields=["platform", "item_id"], name="stream_item"),
        ]


class StreamPoint(models.Model):
    """The score of a stream at a moment, with what it is made of."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="points")
    at = models.DateTimeField()
    score = models.FloatField()
    parts = models.JSONField(default=dict)  # name -> 0 to 1

    class Meta:
        indexes = [models.Index(fields=["stream", "at"], name="stream_point")]


class StreamStep(models.Model):
    """A step of the ladder that was taken. The decision says why, and is what a complaint is about."""

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=32)  # a `Step`
    decision = models.PositiveBigIntegerField(unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class Cut(models.Model):
    """An order to make a stream black: written before anything is done, so that no crash loses it."""

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="cuts")
    decision = models.PositiveBigIntegerField(unique=True)
    preserve = models.BooleanField(default=False)
    ordered_at = models.DateTimeField()
    black_at = models.DateTimeField(null=True)  # somebody looked, and nothing could be got any more
    next_at = models.DateTimeField(null=True, db_index=True)  # when to try again; null: done, or given up
    tries = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    preserved_at = models.DateTimeField(null=True)
    preserved = models.JSONField(
        default=list
    )  # {"name", "digest", "size", "bank", "rows", "error"} a recording
    preserve_next_at = models.DateTimeField(null=True, db_index=True)
    preserve_tries = models.PositiveIntegerField(default=0)


class Presence(models.Model):
    """Who looks at a stream now. Any number may; each sees the others."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="present")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "user"], name="one_presence")]


class Refusal(models.Model):
    """Somebody was not let on air. The page behind `token` says why."""

    token = models.CharField(max_length=64, unique=True)
    platform = models.CharField(max_length=63)
    server = models.CharField(max_length=63)
    stream = models.CharField(max_length=200)
    account = models.CharField(max_length=512, blank=True, db_index=True)
    language = models.CharField(max_length=35, blank=True)
    event = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=16)  # a `Why`
    until = models.DateTimeField(null=True)
    source = models.CharField(max_length=64, blank=True)
    statement = models.CharField(
        max_length=64, blank=True
    )  # token of the statement of reasons it follows from
    facts = models.JSONField(default=dict)  # what was measured against what: {"account_days": [3, 7]}
    sure = models.BooleanField(default=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=1)


class LivePermit(models.Model):
    """A person asks to be live although a condition is not met, or a colleague approves an event beforehand."""

    platform = models.CharField(max_length=63)
    account = models.CharField(max_length=512)
    event = models.CharField(max_length=200, blank=True)  # empty: whatever it is
    state = models.CharField(max_length=16, db_index=True)  # a `PermitState`
    asked_at = models.DateTimeField(null=True)
    words = models.TextField(blank=True)  # of the person who asks
    refusal = models.OneToOneField(Refusal, on_delete=models.PROTECT, null=True, related_name="asked")
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=160, blank=True)  # an `Actor`
    settled_at = models.DateTimeField(null=True)
    because = models.TextField(blank=True)  # told to the person

    class Meta:
        indexes = [models.Index(fields=["platform", "account"], name="permit_account")]


class AudienceQuestion(models.Model):
    """A question to a live event, however many ask it and in whatever words."""

    platform = models.CharField(max_length=63)
    event = models.CharField(max_length=63)  # name in its plan
    language = models.CharField(max_length=8)  # primary subtag; empty: nothing says
    text = models.TextField()  # of the first who asked it and is not refused
    state = models.CharField(max_length=16)  # a `QuestionState`
    accounts = models.PositiveIntegerField(
        default=0
    )  # different ones that ask it; 0: all is refused or deleted
    young = models.PositiveIntegerField(default=0)  # of them: accounts made in the week before
    account = models.CharField(max_length=512)  # that asked it first
    first_at = models.DateTimeField()
    newest_at = models.DateTimeField()
    moved_at = models.DateTimeField(null=True)
    moved_by = models.CharField(max_length=160, blank=True)  # an `Actor`

    class Meta:
        indexes = [
            models.Index(
                fields=["platform", "event", "state", "-accounts", "-newest_at"], name="question_rank"
            )
        ]


class Asking(models.Model):
    """One message of the audience that asks a question."""

    question = models.ForeignKey(AudienceQuestion, on_delete=models.CASCADE, related_name="askings")
    platform = models.CharField(max_length=63)
    item_id = models.CharField(max_length=512)
    account = models.CharField(max_length=512)
    text = models.TextField()
    seq = models.PositiveBigIntegerField()  # of its record in the event log
    at = models.DateTimeField()
    young = models.BooleanField(default=False)
    refused = models.BooleanField(default=False)  # a measure keeps it from being shown

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform", "item_id"], name="one_asking")]
        indexes = [models.Index(fields=["platform", "account"], name="asking_account")]


class AdmissionHold(models.Model):
    """A person holds the gate of a live event at a step or below; load may take it lower still."""

    event = models.CharField(max_length=63, unique=True)  # name in its plan
    step = models.PositiveSmallIntegerField(default=0)  # place in the plan's steps; 0: not held
    asked_by = models.CharField(max_length=160)  # an `Actor`
    asked_at = models.DateTimeField()
    known_at = models.DateTimeField(null=True)  # when the gate's controller took it; null: it must be told
    trouble = models.CharField(max_length=300, blank=True)  # why it could not be told


class EventPoint(models.Model):
    """A live event at a moment: what its nodes counted, and what its crowd looks like."""

    event = models.CharField(max_length=63)
    at = models.DateTimeField()
    admission = models.JSONField(null=True)  # what the controller said; null: it could not be reached
    trouble = models.CharField(max_length=300, blank=True)
    crowd = models.JSONField(default=dict)  # what was measured, see docs/reference/attack-or-crowd.md

    class Meta:
        indexes = [models.Index(fields=["event", "at"], name="event_point")]
