"""Nouns of the room: an incident, its powers, requests for more time, and who does what."""

from __future__ import annotations

from django.db import models


class Incident(models.Model):
    """A crisis that was declared, or an exercise of one."""

    slug = models.CharField(max_length=50, unique=True)  # its name in addresses, banks and the ledger
    platform = models.CharField(max_length=63)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)  # key of `kinds.json`
    reference = models.CharField(max_length=200, blank=True)  # of whoever activated it: GIFCT, an authority
    summary = models.TextField()  # what happened, for colleagues
    clause = models.CharField(max_length=128)  # of the rule book: what its content breaks
    scope = models.JSONField(default=dict)  # a `Scope`
    exercise = models.BooleanField(default=False)
    partners_take_part = models.BooleanField(default=False)  # in an exercise: they know, and may get its bank
    state = models.CharField(max_length=16, db_index=True)  # an `IncidentState`
    hours = models.PositiveIntegerField()  # as declared
    declared_by = models.CharField(max_length=160)
    declared_at = models.DateTimeField()
    confirm_until = models.DateTimeField()
    confirmed_by = models.CharField(max_length=160, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    until = models.DateTimeField()
    closed_by = models.CharField(max_length=160, blank=True)
    closed_at = models.DateTimeField(null=True)
    because = models.TextField(blank=True)  # why it was ended or refused
    bank_kept = models.BooleanField(default=False)  # its hashes stay, as those of an ordinary bank
    counted_to = models.BigIntegerField(default=0)  # number of the last sighting that the ledger has
    reported_at = models.DateTimeField(null=True)  # the public report was published
    report = models.JSONField(null=True)  # as it was published


class IncidentPower(models.Model):
    """A power that was chosen. What it changed stands in `did`, until `undone_at`."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="powers")
    power = models.CharField(max_length=16)  # a `Power`
    settings = models.JSONField(default=dict)
    did = models.JSONField(default=dict)  # what taking it back needs
    taken_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)  # why it could not be taken back yet

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "power"], name="one_power_an_incident")]


class IncidentRenewal(models.Model):
    """More time, asked for with a reason; a second person grants it."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="renewals")
    state = models.CharField(max_length=16)  # a `RenewalState`
    hours = models.PositiveIntegerField()
    reason = models.TextField()
    asked_by = models.CharField(max_length=160)
    asked_at = models.DateTimeField()
    settled_by = models.CharField(max_length=160, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=models.Q(state="asked"), name="one_renewal_asked"
            )
        ]


class IncidentRole(models.Model):
    """Who does what now. Who did it before stands in the ledger."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(max_length=16)  # a `RoleKind`
    person = models.PositiveBigIntegerField()  # number of an account
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "role"], name="one_person_a_role")]
