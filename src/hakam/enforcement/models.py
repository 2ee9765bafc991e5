"""Nouns of the room: measures in force and effects on their way out."""

from __future__ import annotations

import uuid

from django.db import models

from hakam.compliance.models import Statement


class Endpoint(models.Model):
    """Where a platform takes effects. The secret lives in a file or the environment, never here."""

    platform = models.CharField(max_length=63, unique=True)
    connector = models.CharField(max_length=64)  # id of the connector, as `webhook`
    settings = models.JSONField(default=dict)  # as {"url": "https://..."}
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()


class AppliedMeasure(models.Model):
    """A measure on one item or account, from its planning to its end."""

    platform = models.CharField(max_length=63)
    item_kind = models.CharField(max_length=32)
    item_id = models.CharField(max_length=512)
    author_id = models.CharField(max_length=512, blank=True)
    kind = models.CharField(max_length=32)  # a `MeasureKind`
    measure = models.JSONField()  # a `Measure`
    reversal = models.CharField(max_length=16)  # a `Reversal`, declared before it is applied
    decision = models.CharField(max_length=64, db_index=True)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, null=True, related_name="applied")
    state = models.CharField(max_length=16, db_index=True)  # a `MeasureState`
    planned_at = models.DateTimeField()
    release_at = models.DateTimeField()  # end of the undo window; no effect leaves before
    until = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["platform", "item_kind", "item_id"], name="measure_item")]


class Effect(models.Model):
    """A message that must reach somebody outside: the outbox. Its id is the message's id, so a repeat is harmless."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    key = models.CharField(max_length=200, unique=True)  # what it does, once: `measure:12:apply`
    platform = models.CharField(max_length=63, db_index=True)
    channel = models.CharField(max_length=16)  # `platform` (the endpoint's connector) or `email`
    kind = models.CharField(max_length=64)  # an `EffectKind`
    payload = models.JSONField()
    measure = models.ForeignKey(AppliedMeasure, on_delete=models.PROTECT, null=True, related_name="effects")
    stream = models.CharField(
        max_length=700, blank=True
    )  # effects of one stream leave in order; empty: in any
    place = models.PositiveIntegerField(default=0)  # within the stream
    state = models.CharField(max_length=16, db_index=True)  # an `EffectState`
    created_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, db_index=True)  # when to try (again)
    attempts = models.PositiveIntegerField(
        default=0
    )  # in all; a worker's claim is worth nothing after the next
    round_attempts = models.PositiveIntegerField(
        default=0
    )  # since it was put in or replayed: the retry schedule
    delivered_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["stream", "place"], name="effect_stream"),
            models.Index(fields=["state", "next_at"], name="effect_due"),
        ]


class Attempt(models.Model):
    """One try to deliver an effect."""

    effect = models.ForeignKey(Effect, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    seconds = models.FloatField()
    status = models.PositiveIntegerField(null=True)  # HTTP status, if there was an answer
    error = models.TextField(blank=True)
