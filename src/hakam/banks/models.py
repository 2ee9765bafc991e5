"""Nouns of the room. No hash is ever kept outside `BankEntry`: deleting its row, and the shelf's copy, ends it."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from hakam.banks.kinds import BankAction, BankSource
from hakam.vocabulary.bank import LARGEST_DISTANCE, EntryKind


class Bank(models.Model):
    """Known content of one source, kept for one purpose. `revision` grows with every change that a match could feel."""

    name = models.CharField(max_length=63, unique=True)
    source = models.CharField(max_length=32, choices=[(s.value, s.value) for s in BankSource])
    purpose = models.TextField()  # why these hashes are kept, for people
    country = models.CharField(max_length=2, blank=True)  # whose law asks for it; empty: no one country's
    clause = models.CharField(max_length=128)  # of the rule book: what content like this breaks
    action = models.CharField(max_length=16, choices=[(a.value, a.value) for a in BankAction])
    distance = models.PositiveSmallIntegerField(default=LARGEST_DISTANCE)  # bits
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revision = models.PositiveBigIntegerField(default=0)
    shared = models.BooleanField(default=False)  # whether partners with a key may fetch its hashes
    emptied_in = models.PositiveBigIntegerField(
        default=0
    )  # the revision in which everything before it was withdrawn

    def in_force(self, now: datetime) -> bool:
        """Whether matches count at `now`."""
        return self.enabled and (self.expires_at is None or self.expires_at > now)


class BankEntry(models.Model):
    """One hash. What a picture was put in under (mirrored, cropped ...) is one entry each, of one `item`."""

    bank = models.ForeignKey(Bank, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in EntryKind])
    digest = models.CharField(max_length=64)  # lower-case hex
    item = models.CharField(
        max_length=200, blank=True
    )  # the source's own id: several hashes of one thing share it
    label = models.CharField(max_length=200, blank=True)  # as the source classifies it
    variant = models.CharField(max_length=64, blank=True)  # what was done to the picture before it was hashed
    data = models.BinaryField(
        default=b""
    )  # of the kinds that are more than one hash (`vocabulary.bank.MADE`)
    example = models.BooleanField(default=False)  # a seed: the doctor tries whether it is still found
    added_at = models.DateTimeField()
    added_in = models.PositiveBigIntegerField()  # revision of the bank
    corrected_in = models.PositiveBigIntegerField(
        null=True
    )  # revision of the bank in which its words were corrected

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bank", "kind", "digest"], name="bank_entry_once")]
        indexes = [
            models.Index(fields=["bank", "added_in"], name="bank_entry_added"),
            models.Index(fields=["bank", "item"], name="bank_entry_item"),
            models.Index(
                fields=["bank", "corrected_in"],
                name="bank_entry_corrected",
                condition=models.Q(corrected_in__isnull=False),
            ),
        ]


class BankRemoval(models.Model):
    """That an entry is gone: its number and no more, for the shelves that still have it."""

    bank = models.ForeignKey(Bank, on_delete=models.CASCADE, related_name="removals")
    entry = models.PositiveBigIntegerField()
    removed_in = models.PositiveBigIntegerField()  # revision of the bank

    class Meta:
        indexes = [models.Index(fields=["bank", "removed_in"], name="bank_removal_in")]


class BankRetraction(models.Model):
    """A hash that left a shared bank, for 90 days, so that partners who fetched it drop it too."""

    bank = models.ForeignKey(Bank, on_delete=models.CASCADE, related_name="retractions")
    kind = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)  # lower-case hex
    variant = models.CharField(
        max_length=64, blank=True
    )  # of the entry: edited copies are not told to everybody
    removed_in = models.PositiveBigIntegerField()  # revision of the bank
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["bank", "removed_in"], name="bank_retraction_in")]


class BankFeedback(models.Model):
    """What a person found of a match: truly known content, or not. One word per person and entry."""

    entry = models.ForeignKey(BankEntry, on_delete=models.CASCADE, related_name="feedback")
    by = models.CharField(max_length=160)
    correct = models.BooleanField()
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "by"], name="bank_feedback_once")]
