"""Nouns of the room: partners, what is agreed, how far each bank has come to them, and what came from them."""

from __future__ import annotations

from django.db import models

from hakam.banks.models import Bank, BankEntry


class Partner(models.Model):
    """Another platform. It is known by its key; the name is what we call it."""

    name = models.CharField(max_length=24, unique=True)
    title = models.CharField(max_length=200)  # for people, also in public
    address = models.CharField(max_length=500)  # where its exchange takes envelopes
    key = models.CharField(max_length=43)  # Ed25519, base64url
    thumbprint = models.CharField(max_length=43, unique=True)  # of the key, RFC 7638
    state = models.CharField(max_length=16)  # a `PartnerState`
    trust = models.CharField(max_length=16)  # a `Trust`
    wanted_trust = models.CharField(max_length=16, blank=True)  # waits for a second person
    wanted_by = models.CharField(max_length=160, blank=True)
    wanted_at = models.DateTimeField(null=True)
    wanted_because = models.TextField(blank=True)
    created_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True)  # when it last sent something that held
    reached_at = models.DateTimeField(null=True)  # when it last answered
    failures = models.PositiveIntegerField(default=0)  # in a row
    next_at = models.DateTimeField(null=True)  # not before: it could not be reached
    pull_at = models.DateTimeField(null=True)  # when it is asked next what it has
    last_error = models.TextField(blank=True)


class Agreement(models.Model):
    """What is given to a partner, or taken from it, for one purpose."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="agreements")
    way = models.CharField(max_length=8)  # a `Way`
    purpose = models.CharField(max_length=64)  # of `PURPOSES`
    countries = models.JSONField(default=list)  # whose law asks for it; empty: whatever country
    clause = models.CharField(max_length=128, blank=True)  # taken: the clause of ours that it breaks
    response = models.CharField(max_length=16, blank=True)  # taken: a `Response`

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "way", "purpose"], name="agreed_once")]


class Given(models.Model):
    """How far a bank of ours has come to a partner, as the partner confirmed. The outbox is the bank itself."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="given")
    bank = models.BigIntegerField()  # its number; the bank may be gone
    name = models.CharField(max_length=63)
    epoch = models.CharField(max_length=32)  # of this telling: another one begins anew
    revision = models.PositiveBigIntegerField(default=0)  # the place that was confirmed: see `sharing.Place`
    left = models.PositiveSmallIntegerField(default=0)
    row = models.PositiveBigIntegerField(default=0)
    read = models.PositiveBigIntegerField(default=0)  # revision up to which nothing is left to tell
    about = models.CharField(max_length=64, blank=True)  # digest of what was told of the bank itself
    closing = models.BooleanField(default=False)  # the partner is to be told that it is shared no longer
    moved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "bank"], name="given_once")]


class Mirror(models.Model):
    """A bank of a partner, kept here as a bank of its own."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="mirrors")
    theirs = models.BigIntegerField()  # the partner's number of it
    title = models.CharField(max_length=63)  # the partner's name of it
    purpose = models.CharField(max_length=64)
    country = models.CharField(max_length=2, blank=True)
    epoch = models.CharField(max_length=32)
    revision = models.PositiveBigIntegerField(default=0)  # the place up to which it was taken
    left = models.PositiveSmallIntegerField(default=0)
    row = models.PositiveBigIntegerField(default=0)
    whole = models.BooleanField(default=False)  # it was read to its end once in this epoch
    bank = models.OneToOneField(Bank, on_delete=models.PROTECT, related_name="mirror")
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "theirs"], name="mirrored_once")]


class Taken(models.Model):
    """Which entry of the partner an entry of a mirror is."""

    mirror = models.ForeignKey(Mirror, on_delete=models.CASCADE, related_name="taken")
    entry = models.OneToOneField(BankEntry, on_delete=models.CASCADE, related_name="taken")
    theirs = models.BigIntegerField()  # the partner's number of it
    epoch = models.CharField(max_length=32)  # in which it was named last


class WordOut(models.Model):
    """What is to be told to a partner of an entry that it gave us."""

    taken = models.ForeignKey(Taken, on_delete=models.CASCADE, related_name="words")
    word = models.CharField(max_length=8)  # a `Word`
    about = models.CharField(max_length=8)  # `seen` or `judged`: the newest of each kind counts
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["taken", "about"], name="said_once")]
        indexes = [models.Index(fields=["told_at"], name="word_due")]


class WordIn(models.Model):
    """What a partner said of an entry that we gave it."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="words")
    entry = models.ForeignKey(BankEntry, on_delete=models.CASCADE, related_name="words")
    seen_at = models.DateTimeField(null=True)
    right = models.BooleanField(null=True)
    judged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "entry"], name="heard_once")]


class Opened(models.Model):
    """An envelope that was opened: none is opened twice. Forgotten once its time is over."""

    sender = models.CharField(max_length=43)
    number = models.CharField(max_length=64)
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sender", "number"], name="opened_once")]


class Dataset(models.Model):
    """A list outside packs that servers of the fediverse may follow, as recommendations in the shape of FIRES."""

    name = models.CharField(max_length=64, unique=True)  # of the list
    number = models.CharField(max_length=36, unique=True)  # a UUID, in its address
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=2_000, blank=True)
    kind = models.CharField(max_length=8)  # an `EntityKind`
    policy = models.CharField(max_length=8)  # a `Policy`: what is recommended about each entry
    filters = models.JSONField(default=list)  # addresses of filters, where the policy is `filter`
    harm = models.CharField(max_length=64, blank=True)  # its label
    digest = models.CharField(max_length=64, blank=True)  # of the version that was told last
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # everything was retracted, and nothing follows


class DatasetChange(models.Model):
    """What was said of an entry. Rows are only ever added: who has read up to one has missed nothing.

    A tombstone names a change, `of`, whose own row stays at its place without its words.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="changes")
    number = models.CharField(max_length=36, unique=True)  # a UUID of version 7
    type = models.CharField(max_length=16)  # a `ChangeType`
    key = models.CharField(max_length=200)
    of = models.CharField(max_length=36, blank=True)  # of a tombstone that was added: whose it is
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["dataset", "key"], name="dataset_change_key")]


class Followed(models.Model):
    """A dataset of another server, kept as a list outside packs that rules may read. It does nothing by itself."""

    name = models.CharField(max_length=64, unique=True)  # of the list
    address = models.CharField(max_length=500)  # of the dataset
    title = models.CharField(max_length=200, blank=True)  # as the other server calls it
    kind = models.CharField(max_length=8)  # an `EntityKind`; entries of other kinds are left out
    policies = models.JSONField(default=list)  # which recommendations come into the list
    page = models.CharField(max_length=1_000, blank=True)  # address of the last page, where reading goes on
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)  # in a row
    last_error = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)


class FollowedChange(models.Model):
    """What the other server said of an entry. The newest row of a key counts; a tombstone erases all of its key."""

    followed = models.ForeignKey(Followed, on_delete=models.CASCADE, related_name="changes")
    number = models.CharField(max_length=500)  # its address there
    type = models.CharField(max_length=16)  # a `ChangeType`
    key = models.CharField(max_length=200)
    policy = models.CharField(max_length=8, blank=True)  # a `Policy`; empty: none is recommended

    class Meta:
        constraints = [models.UniqueConstraint(fields=["followed", "number"], name="followed_change_once")]
        indexes = [models.Index(fields=["followed", "key"], name="followed_change_key")]
