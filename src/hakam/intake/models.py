"""Nouns of the room: what came in."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from hakam.review.models import Decision
from hakam.staff.models import ApiKey


class Cursor(models.Model):
    """How far a reader of the event log, or of the ledger, has come."""

    name = models.CharField(max_length=64, primary_key=True)
    seq = models.BigIntegerField(default=0)


class Flagger(models.Model):
    """A trusted flagger (DSA Art. 22): an entity to which a Digital Services Coordinator gave the status."""

    platform = models.CharField(max_length=63)
    name = models.CharField(max_length=300)  # of the entity, as in the Commission's public register
    email = models.CharField(max_length=320)  # where its receipts and answers go
    country = models.CharField(max_length=2)  # Member State of the Coordinator that gave the status
    coordinator_email = models.CharField(max_length=320)  # where reports under Art. 22(6) go
    reference = models.CharField(max_length=300, blank=True)  # of the award
    awarded_on = models.DateField()
    scope = models.JSONField(default=list)  # harms: its area of expertise, Art. 22(1)
    state = models.CharField(max_length=16)  # a `FlaggerState`
    since = models.DateTimeField()  # of the state
    because = models.TextField(blank=True)  # why it is in that state
    registered_by = models.CharField(max_length=160)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="flaggers")  # who signs in for it
    keys = models.ManyToManyField(ApiKey, related_name="flaggers")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform", "name"], name="flagger_once")]


class Conduct(models.Model):
    """Somebody whose misuse of one kind is on record (DSA Art. 23): strikes, a warning, suspensions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    token = models.CharField(
        max_length=64, unique=True
    )  # of the page /m/<token>, where the person reads and objects
    platform = models.CharField(max_length=63)
    kind = models.CharField(max_length=16)  # a `MisuseKind`
    account = models.CharField(max_length=512, blank=True)  # the id on the platform, if it is known
    email = models.CharField(max_length=320, blank=True)
    language = models.CharField(max_length=35, default="en")
    warned_at = models.DateTimeField(null=True)
    warned_by = models.CharField(max_length=160, blank=True)
    warning = models.TextField(blank=True)  # as the person reads it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "kind", "account", "email"], name="conduct_once")
        ]


class Strike(models.Model):
    """One thing that was manifestly illegal, or manifestly unfounded. Nothing less counts."""

    conduct = models.ForeignKey(Conduct, on_delete=models.PROTECT, related_name="strikes")
    ref = models.CharField(max_length=200, unique=True)  # `decision:7`, `notice:<uuid>`, `complaint:<uuid>`
    at = models.DateTimeField()
    by = models.CharField(max_length=160)
    because = models.TextField()  # why it is manifest
    withdrawn_at = models.DateTimeField(null=True)


class Suspension(models.Model):
    """A suspension for misuse, with a start, an end, and the factors that were considered (DSA Art. 23(3))."""

    conduct = models.ForeignKey(Conduct, on_delete=models.PROTECT, related_name="suspensions")
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # by time, or earlier because it was lifted
    lifted = models.BooleanField(default=False)
    by = models.CharField(max_length=160)
    because = models.TextField()  # as the person reads it
    factors = models.JSONField()  # a `Factors`
    decision = models.CharField(
        max_length=64, blank=True
    )  # of an account: what restricts it and gives reasons
    objection = models.TextField(blank=True)  # DSA Art. 20(1)(b)
    objected_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    upheld = models.BooleanField(null=True)


class HeldComplaint(models.Model):
    """A complaint of somebody whose complaints are not processed for a time: kept, and answered so."""

    suspension = models.ForeignKey(Suspension, on_delete=models.PROTECT, related_name="complaints")
    statement_token = models.CharField(max_length=64, blank=True)
    notice_token = models.CharField(max_length=64, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    text = models.TextField()
    email = models.CharField(max_length=320, blank=True)
    language = models.CharField(max_length=35, blank=True)
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)


class Notice(models.Model):
    """A notice of illegal or unwanted content (DSA Art. 16), from anybody."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    token = models.CharField(max_length=64, unique=True)  # of the public status page /n/<token>
    # Of a notice by API: platform and its key.
    key = models.CharField(max_length=300, unique=True, null=True)  # noqa: DJ001 -- unique where there is one
    request_digest = models.CharField(
        max_length=64, blank=True
    )  # of what came under the key, to tell a repeat
    platform = models.CharField(max_length=63)
    harm = models.CharField(max_length=64)
    clause = models.CharField(max_length=128, blank=True)  # the clause alleged, if the notifier named one
    trusted = models.BooleanField(default=False)  # by a trusted flagger within its scope (DSA Art. 22(1))
    flagger = models.ForeignKey(Flagger, on_delete=models.PROTECT, null=True, related_name="notices")
    held_by = models.ForeignKey(
        Suspension, on_delete=models.PROTECT, null=True, related_name="notices"
    )  # kept and answered, not processed (DSA Art. 23(2)); null again when it is processed after all
    illegal = models.BooleanField()  # alleged illegal, or against the rules only
    explanation = models.TextField()  # Art. 16(2)(a)
    name = models.CharField(max_length=300, blank=True)  # Art. 16(2)(c)
    email = models.CharField(max_length=320, blank=True, db_index=True)
    notifier = models.CharField(
        max_length=512, blank=True, db_index=True
    )  # the notifier's id on the platform, if by API
    good_faith = models.TextField(blank=True)  # Art. 16(2)(d): the very statement, as it stood on the form
    language = models.CharField(max_length=35)
    received_at = models.DateTimeField()
    receipt_at = models.DateTimeField(null=True)  # Art. 16(4)

    class Meta:
        indexes = [models.Index(fields=["receipt_at", "received_at"], name="notice_receipt")]


class NoticeItem(models.Model):
    """One item of a notice. Several may be named in one notice; each is decided on its own.

    Its case is found by `ref` among the sources of cases, which move with a case.
    """

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="items")
    ref = models.CharField(max_length=200, unique=True)  # `notice:<uuid>:<n>`
    url = models.TextField(blank=True)  # Art. 16(2)(b): the exact electronic location
    item_kind = models.CharField(max_length=32, blank=True)
    item_id = models.CharField(max_length=512)
    # Of a message of an encrypted chat that the notifier opened: the copy in the vault, and whether it was sent so.
    opened = models.CharField(max_length=64, blank=True)
    proof = models.CharField(max_length=32, blank=True)  # `proven`, or the code of why not
    decision = models.CharField(max_length=64, blank=True)  # subject of the decision that answered it
    upheld = models.BooleanField(null=True)  # whether the decision agreed with the notifier
    answered_at = models.DateTimeField(null=True)  # Art. 16(5)
    # Of a notice that was one of a crowd, and became one of its own, as when its notifier complains.
    crowd = models.ForeignKey("Crowd", on_delete=models.PROTECT, null=True, related_name="items")


class Crowd(models.Model):
    """Very many notices of one item. They lie in the log of notices; here they are counted and answered together.

    Its case is found by `crowd:<number>` among the sources of cases.
    """

    platform = models.CharField(max_length=63)
    item_kind = models.CharField(max_length=32)
    item_id = models.CharField(max_length=512)
    url = models.TextField(blank=True)
    count = models.PositiveIntegerField(default=0)
    kinds = models.JSONField(default=dict)  # `harm/illegal` or `harm/terms` -> how many
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    receipted_to = models.BigIntegerField(default=0)  # in the log: letters of receipt went out up to here
    decision = models.CharField(max_length=64, blank=True)  # subject of the decision that answered it
    upheld = models.BooleanField(null=True)  # whether the decision agreed with the notifiers
    answered_at = models.DateTimeField(null=True)  # Art. 16(5)
    told_to = models.BigIntegerField(default=0)  # in the log: who was told that decision
    telling = models.BooleanField(default=True, db_index=True)  # whether letters have to go out yet

    class Meta:
        indexes = [models.Index(fields=["platform", "item_kind", "item_id"], name="crowd_item")]


class CrowdSpan(models.Model):
    """A stretch of the log of notices: whatever in it names this one place, and nothing else, is of the crowd."""

    crowd = models.ForeignKey(Crowd, on_delete=models.PROTECT, related_name="spans")
    place = models.CharField(max_length=32)  # digest of the address, or of the item's name
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    count = models.PositiveIntegerField()
    open = models.BooleanField(default=True)  # whether the next notice of this place can lengthen it

    class Meta:
        indexes = [models.Index(fields=["place", "-last_seq"], name="crowd_span_place")]


class KnownItem(models.Model):
    """Which item lies at an address, and where its newest event is, as learnt from the events seen."""

    digest = models.CharField(max_length=32, primary_key=True)  # of the address or of `platform/kind/id`, hex
    platform = models.CharField(max_length=63)
    item_kind = models.CharField(max_length=32)
    item_id = models.CharField(max_length=512)
    seq = models.BigIntegerField()  # in the event log


class Quarantined(models.Model):
    """A record of the event log that could not be taken in. The cursor went on; a person must look."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    reason = models.TextField()
    resolved_at = models.DateTimeField(null=True)


class Authority(models.Model):
    """A court or authority that sends orders. Two people enter it: one registers, another confirms."""

    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=32)  # an `AuthorityKind`
    country = models.CharField(max_length=2)
    email = models.CharField(max_length=320)  # where answers go, as it was verified
    phone = models.CharField(max_length=64, blank=True)  # to call back, as it was verified
    public_key = models.TextField(blank=True)  # Ed25519, PEM: what signs its orders
    language = models.CharField(max_length=35, default="en")
    removal = models.BooleanField(default=False)  # competent under TCO Art. 12(1)(a)
    first_contact_at = models.DateTimeField(
        null=True
    )  # TCO Art. 3(2): at least 12 hours before its first order
    registered_by = models.CharField(max_length=160)
    registered_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=160, blank=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["country", "name"], name="authority_once")]


class Order(models.Model):
    """An order of an authority, from its arrival to the answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    platform = models.CharField(max_length=63)
    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="orders")
    kind = models.CharField(max_length=16)  # an `OrderKind`
    state = models.CharField(max_length=16)  # an `OrderState`
    contents = models.JSONField()  # a `Contents`
    document = models.CharField(max_length=64, blank=True)  # digest in the vault of what came
    received_at = models.DateTimeField()  # at the contact point; never changed (TCO Art. 3(8))
    complete_at = models.DateTimeField(null=True)  # when the last missing element was there
    verified_by = models.CharField(max_length=160, blank=True)
    verified_at = models.DateTimeField(null=True)
    verified_how = models.CharField(max_length=16, blank=True)  # `key`, `call_back`
    unverified_because = models.TextField(blank=True)  # why it was carried out before it was verified
    acknowledged_at = models.DateTimeField(null=True)
    carried_out_at = models.DateTimeField(null=True)
    carried_out_by = models.CharField(max_length=160, blank=True)
    answered_at = models.DateTimeField(null=True)
    silent_until = models.DateTimeField(null=True)
    recipient_informed_at = models.DateTimeField(null=True)
    scrutiny_asked_at = models.DateTimeField(null=True)  # TCO Art. 4(4)
    late_contact = models.BooleanField(default=False)  # a first order without twelve hours' notice

    class Meta:
        indexes = [models.Index(fields=["state", "received_at"], name="order_state")]


class Disclosure(models.Model):
    """What an authority gets to know on an order to inform: prepared by one person, released by another."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="disclosure")
    document = models.CharField(max_length=64)  # digest in the vault
    fields = models.JSONField()  # which kinds of data of how many accounts: no values
    prepared_by = models.CharField(max_length=160)
    prepared_at = models.DateTimeField()
    released_by = models.CharField(max_length=160, blank=True)
    released_at = models.DateTimeField(null=True)


class Threat(models.Model):
    """A suspicion of a crime against somebody's life or safety (DSA Art. 18), until the authorities know of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    platform = models.CharField(max_length=63)
    case = models.CharField(max_length=64)  # as `case:12`
    what = models.TextField()  # in the words of whoever raised it
    imminent = models.BooleanField(default=False)
    terrorist = models.BooleanField(default=False)  # TCO Art. 14(5): a shorter clock
    countries = models.JSONField(default=list)  # Member States concerned; empty: not clear
    state = models.CharField(max_length=16)  # a `ThreatState`
    raised_by = models.CharField(max_length=160)
    raised_at = models.DateTimeField()
    bundle = models.CharField(max_length=64)  # digest in the vault of everything that is known
    told = models.JSONField(default=list)  # numbers of the authorities
    settled_by = models.CharField(max_length=160, blank=True)
    settled_at = models.DateTimeField(null=True)
    because = models.TextField(blank=True)  # why it was found to be none


class DisputeBody(models.Model):
    """A certified body for the settlement of disputes out of court (DSA Art. 21(3))."""

    name = models.CharField(max_length=300, unique=True)
    country = models.CharField(max_length=2)
    email = models.CharField(max_length=320)
    certified_on = models.DateField()
    certified_until = models.DateField()  # five years at most


class Dispute(models.Model):
    """A dispute before a certified body, about one decision."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    platform = models.CharField(max_length=63)
    body = models.ForeignKey(DisputeBody, on_delete=models.PROTECT, related_name="disputes")
    decision = models.CharField(max_length=64, db_index=True)  # as `decision:7`
    reference = models.CharField(max_length=300)  # of the body
    state = models.CharField(max_length=16)  # a `DisputeState`
    received_at = models.DateTimeField()  # by the body, as it told us
    outcome = models.CharField(max_length=16, blank=True)  # a `DisputeOutcome`
    outcome_text = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    fee = models.DecimalField(max_digits=10, decimal_places=2, default=0)  # EUR, of the body, that we owe
    reimbursed = models.DecimalField(max_digits=10, decimal_places=2, default=0)  # EUR, to the recipient
    paid_at = models.DateTimeField(null=True)
    implemented_at = models.DateTimeField(null=True)
    not_implemented = models.TextField(blank=True)  # why not: the outcome does not bind
    refused_because = models.TextField(blank=True)


class BankSighting(models.Model):
    """An item in which a bank that asks for something knew something: what was held for it, and is released with it."""

    bank = models.CharField(max_length=63)
    entry = models.BigIntegerField()  # its number in the bank
    content = models.CharField(
        max_length=200, blank=True
    )  # the source's id of the thing: its hashes share it
    platform = models.CharField(max_length=63)
    item_kind = models.CharField(max_length=32)
    item_id = models.CharField(max_length=512)
    seq = models.BigIntegerField(db_index=True)  # of the record in the event log
    at = models.DateTimeField()
    shadow = models.BooleanField(default=False)  # it was written down and did nothing
    held_by = models.ForeignKey(  # the decision that held it, if nothing but banks asked for it
        Decision, on_delete=models.PROTECT, null=True, related_name="known_by"
    )
    gone_at = models.DateTimeField(null=True)  # the entry left its bank

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bank", "entry", "seq"], name="sighted_once")]
        indexes = [
            models.Index(fields=["bank", "gone_at"], name="sighted_in"),
            models.Index(fields=["platform", "item_kind", "item_id"], name="sighted_item"),
        ]


class LaterJudgement(models.Model):
    """An event judged again by the same rules, since the worker learnt scores of it after the first verdict.

    One row for each source of scores that rules read, so that what was learnt is never taken in twice.
    """

    seq = models.BigIntegerField()  # of the record in the event log
    source = models.CharField(max_length=64)  # `media`, or the name of a model
    made_by = models.CharField(max_length=160)  # id of the model, with its version
    scores = models.JSONField(default=dict)  # name -> 0 to 1; empty: it stays unknown
    unknown = models.CharField(max_length=300, blank=True)  # why there is no score
    pack = models.CharField(max_length=64)  # digest of the rule book that judged, both times
    firings = models.JSONField(default=list)  # the rules that fire now and did not before: `Firing`
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seq", "source"], name="learnt_once")]


class LaterFiring(models.Model):
    """A rule that fired with measures in a later judgement: what its quota counts there."""

    judgement = models.ForeignKey(LaterJudgement, on_delete=models.CASCADE, related_name="fired")
    rule = models.CharField(max_length=128)
    platform = models.CharField(max_length=63)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["rule", "platform", "at"], name="later_quota")]


class ModelSwitch(models.Model):
    """A declared model that somebody switched on: in this version, and in no other."""

    name = models.CharField(max_length=40, primary_key=True)
    version = models.CharField(max_length=12)  # of the declaration that was read by whoever switched it on
    on = models.BooleanField(default=True)
    by = models.CharField(max_length=160)
    at = models.DateTimeField()


class ModelAnswer(models.Model):
    """What an endpoint answered about a text, so that the same text is not sent, nor paid, twice. Holds no text."""

    key = models.CharField(max_length=64, primary_key=True)  # digest over model id, language and text
    scores = models.JSONField()
    at = models.DateTimeField(db_index=True)


class ModelUse(models.Model):
    """What one model did on one day (UTC): budgets are counted here, so that a restart forgets nothing."""

    name = models.CharField(max_length=40)
    day = models.DateField()
    texts = models.PositiveIntegerField(default=0)  # judged by it
    remembered = models.PositiveIntegerField(default=0)  # of them answered from memory
    unknown = models.PositiveIntegerField(default=0)  # of them without an answer
    calls = models.PositiveIntegerField(default=0)  # to an endpoint, failed ones included
    characters = models.PositiveBigIntegerField(default=0)  # that left this machine
    tokens = models.PositiveBigIntegerField(default=0)
    micros = models.PositiveBigIntegerField(default=0)  # millionths of the currency of its prices
    reviews = models.PositiveIntegerField(default=0)  # cases opened since there was no answer
    milliseconds = models.PositiveBigIntegerField(default=0)  # that it took to answer
    model = models.CharField(max_length=160, default="")  # the id under which it answered last
    trouble = models.CharField(max_length=300, default="")  # the last of the day, for people
    trouble_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "day"], name="model_day_once")]
