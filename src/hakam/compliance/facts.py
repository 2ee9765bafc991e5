"""The kinds of facts. One closed list: whatever the ledger can say is said here."""

from __future__ import annotations

from enum import StrEnum


class FactKind(StrEnum):
    """What happened. The part before the dot names the noun, the part after it what became of it."""

    CASE_OPENED = "case.opened"
    CASE_SOURCE_ADDED = "case.source_added"
    CASE_LEASED = "case.leased"
    CASE_RELEASED = "case.released"
    CASE_ASSIGNED = "case.assigned"
    CASE_MERGED = "case.merged"
    CASE_DECIDED = "case.decided"
    DECISION_UNDONE = "decision.undone"
    DECISION_FINAL = "decision.final"
    DECISION_REPLACED = "decision.replaced"
    PROPOSAL_MADE = "proposal.made"  # of what can't be taken back; a second person settles it
    PROPOSAL_CONFIRMED = "proposal.confirmed"
    PROPOSAL_REFUSED = "proposal.refused"
    PROPOSAL_WITHDRAWN = "proposal.withdrawn"
    PROPOSAL_LAPSED = "proposal.lapsed"
    BULK_ASKED = "bulk.asked"  # many items decided as one act
    BULK_CONFIRMED = "bulk.confirmed"  # by a second person
    BULK_REFUSED = "bulk.refused"
    BULK_UNDONE = "bulk.undone"
    BULK_ENDED = "bulk.ended"  # all of it is decided, or taken back
    MEASURE_PLANNED = "measure.planned"
    MEASURE_CANCELLED = "measure.cancelled"
    MEASURE_DELIVERED = "measure.delivered"
    MEASURE_APPLIED = "measure.applied"
    MEASURE_FAILED = "measure.failed"
    MEASURE_REVERSING = "measure.reversing"
    MEASURE_REVERSED = "measure.reversed"
    MEASURE_EXPIRED = "measure.expired"
    MEASURE_STANDING = (
        "measure.standing"  # rules proposed it again; it is in force already, so nothing was done
    )
    STATEMENT_ISSUED = "statement.issued"
    STATEMENT_INFORMED = "statement.informed"
    STATEMENT_WITHDRAWN = "statement.withdrawn"
    STATEMENTS_SUBMITTED = "statements.submitted"  # a batch was taken by the EU Transparency Database
    STATEMENT_REFUSED = "statement.refused"  # the database, or our own check, found something wrong with it
    STATEMENT_MENDED = "statement.mended"
    STATEMENTS_RECONCILED = "statements.reconciled"  # the database was asked what it has
    PROFILE_CHANGED = "profile.changed"
    NOTICE_RECEIVED = "notice.received"
    NOTICE_RECEIPT_SENT = "notice.receipt_sent"
    NOTICE_ANSWERED = "notice.answered"
    THREAT_RAISED = "threat.raised"  # a suspicion of a crime against life or safety
    THREAT_REPORTED = "threat.reported"  # authorities were told
    THREAT_DISMISSED = "threat.dismissed"  # by a second person
    THREAT_BUNDLE_TAKEN = "threat.bundle_taken"
    DISPUTE_OPENED = "dispute.opened"  # before a certified body
    DISPUTE_REFUSED = "dispute.refused"  # it was resolved before
    DISPUTE_FILE_EXPORTED = "dispute.file_exported"
    DISPUTE_DECIDED = "dispute.decided"  # by the body
    DISPUTE_IMPLEMENTED = "dispute.implemented"
    DISPUTE_NOT_IMPLEMENTED = "dispute.not_implemented"  # with the reason
    DISPUTE_PAID = "dispute.paid"
    FLAGGER_REGISTERED = "flagger.registered"  # as a trusted flagger
    FLAGGER_SCOPE_CHANGED = "flagger.scope_changed"
    FLAGGER_SUSPENDED = "flagger.suspended"
    FLAGGER_RESTORED = "flagger.restored"
    FLAGGER_REVOKED = "flagger.revoked"
    FLAGGER_ADMITTED = "flagger.admitted"  # a person or an API key may flag in its name
    FLAGGER_REPORTED = "flagger.reported"  # its Coordinator was told of insufficient notices
    NOTICE_HELD = "notice.held"  # kept, not processed: notices of this person are suspended
    NOTICE_TAKEN_UP = "notice.taken_up"  # processed after all
    COMPLAINT_HELD = "complaint.held"
    MISUSE_STRIKE = (
        "misuse.strike"  # manifestly illegal content, or a manifestly unfounded notice or complaint
    )
    MISUSE_STRIKE_WITHDRAWN = "misuse.strike_withdrawn"
    MISUSE_WARNED = "misuse.warned"
    MISUSE_SUSPENDED = "misuse.suspended"
    MISUSE_LIFTED = "misuse.lifted"  # before its time
    MISUSE_ENDED = "misuse.ended"
    EVENT_QUARANTINED = "event.quarantined"
    EVENT_JUDGED_AGAIN = (
        "event.judged_again"  # by the same rules, with scores that came after the first verdict
    )
    MODEL_SWITCHED_ON = "model.switched_on"  # a declared model; texts may leave this machine from now on
    MODEL_SWITCHED_OFF = "model.switched_off"
    MODEL_ASKED = "model.asked"  # texts were sent to an endpoint: how many, where to
    ORDER_RECEIVED = "order.received"  # of an authority, to act or to inform
    ORDER_ACKNOWLEDGED = "order.acknowledged"  # the authority was told that it arrived
    ORDER_CARRIED_OUT = "order.carried_out"
    ORDER_ANSWERED = "order.answered"  # the authority was told what was done
    ORDER_RETURNED = "order.returned"  # incomplete, wrong or impossible: the authority was told which
    ORDER_CLARIFIED = "order.clarified"
    ORDER_VERIFIED = "order.verified"  # by calling back; by key it is verified as it arrives
    ORDER_RECIPIENT_INFORMED = "order.recipient_informed"
    ORDER_SCRUTINY_ASKED = "order.scrutiny_asked"  # of the home authority
    ORDER_ANNULLED = "order.annulled"  # it has no effect any more: what it did was taken back
    DISCLOSURE_PREPARED = "disclosure.prepared"  # for an order to inform
    DISCLOSURE_RELEASED = "disclosure.released"  # by a second person
    DISCLOSURE_TAKEN = "disclosure.taken"  # somebody took a copy to hand over
    AUTHORITY_REGISTERED = "authority.registered"
    AUTHORITY_CONFIRMED = "authority.confirmed"  # by a second person
    REQUEST_RECEIVED = "request.received"  # of an authority or a person, under a law of another kind
    REQUEST_ACKNOWLEDGED = "request.acknowledged"
    REQUEST_COMPLETED = "request.completed"  # what was missing came, or what was mistyped was mended
    REQUEST_CARRIED_OUT = "request.carried_out"
    REQUEST_ANSWERED = "request.answered"
    REQUEST_REFUSED = "request.refused"
    REQUEST_REVERSED = "request.reversed"  # it was wrong: what it did was taken back
    REQUEST_ASSIGNED = "request.assigned"  # to an owner and a deputy
    REQUEST_HANDED_OVER = "request.handed_over"  # whoever looked after it is away or gone
    REQUEST_COPIES_REMOVED = "request.copies_removed"  # identical copies, found in the log
    ABSENCE_NOTED = "absence.noted"
    ABSENCE_ENDED = "absence.ended"
    CONTACTS_CHANGED = "contacts.changed"  # of the platform, for authorities and for people
    RISK_WRITTEN = "risk.written"  # a draft of an assessment was saved
    RISK_APPROVED = "risk.approved"  # by a second person: it is a version, and stays
    CHECKLIST_ATTESTED = "checklist.attested"  # what the operator says of a line that no figure shows
    EVIDENCE_PACKED = "evidence.packed"  # a dated pack for a regulator left the house
    DISPUTE_BODY_REGISTERED = "dispute_body.registered"
    DISPUTE_BODY_CHANGED = "dispute_body.changed"
    COMPLAINT_RECEIVED = "complaint.received"
    COMPLAINT_DECIDED = "complaint.decided"
    DEADLINE_STARTED = "deadline.started"
    DEADLINE_MET = "deadline.met"
    DEADLINE_MISSED = "deadline.missed"
    DEADLINE_WARNED = "deadline.warned"
    DEADLINE_ESCALATED = "deadline.escalated"  # the warning went to others than the first one
    DEADLINE_PAUSED = "deadline.paused"
    DEADLINE_RESUMED = "deadline.resumed"
    DEADLINE_EXTENDED = "deadline.extended"
    DEADLINE_ENDED = "deadline.ended"  # of keeping, or of somebody else's right to act
    EFFECT_DELIVERED = "effect.delivered"  # of messages that are neither a measure nor a statement
    EFFECT_DEAD = "effect.dead"
    EFFECT_REPLAYED = "effect.replayed"
    ENDPOINT_REGISTERED = "endpoint.registered"
    ENDPOINT_ENABLED = "endpoint.enabled"
    ENDPOINT_DISABLED = "endpoint.disabled"
    RULEBOOK_PUBLISHED = "rulebook.published"
    DRAFT_BEGUN = "draft.begun"  # of the rule book; saves are its own history
    DRAFT_DISCARDED = "draft.discarded"
    BANK_CREATED = "bank.created"
    BANK_CHANGED = "bank.changed"  # switched on or off, another end, action, clause or distance
    BANK_FILLED = "bank.filled"  # entries came in, and perhaps others went: numbers, no hash
    BANK_EXPORTED = "bank.exported"  # its hashes left the house
    BANK_WITHDRAWN = "bank.withdrawn"  # entries were taken out for good, by their source or by us
    BANK_JUDGED = "bank.judged"  # a person said whether a match was right
    BANK_DELETED = "bank.deleted"
    TRIAL_ASKED = "trial.asked"  # whom a draft would have touched
    TRIAL_CANCELLED = "trial.cancelled"
    RELEASE_PROPOSED = "release.proposed"  # a draft is to be in force; a second person where a rule goes live
    RELEASE_CONFIRMED = "release.confirmed"
    RELEASE_REFUSED = "release.refused"
    RELEASE_WITHDRAWN = "release.withdrawn"
    LIST_PUBLISHED = "list.published"  # a version of a list outside packs
    LIST_REMOVED = "list.removed"
    RULE_TRIPPED = "rule.tripped"  # its quota is used up: it only asks for people
    RULE_PUT_ASIDE = "rule.put_aside"  # it failed too often: the door does not ask it
    RULE_TAKEN_BACK = "rule.taken_back"  # by a person: the door asks it again
    TRIP_SETTLED = "trip.settled"  # a person looked after it
    PRIVATE_BASIS_PROPOSED = (
        "private_basis.proposed"  # why private messages may be read; a second person confirms
    )
    PRIVATE_BASIS_CONFIRMED = "private_basis.confirmed"  # from now on the door takes them
    PRIVATE_BASIS_REFUSED = "private_basis.refused"
    PRIVATE_BASIS_ENDED = "private_basis.ended"  # before its time
    REPORT_MADE = "report.made"
    REPORT_PUBLISHED = "report.published"  # with its version; earlier ones stay public
    RECIPIENTS_PUBLISHED = "recipients.published"  # the average of six months
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    KEY_ISSUED = "key.issued"
    KEY_REVOKED = "key.revoked"
    EVIDENCE_VIEWED = "evidence.viewed"
    PERSONAL_DATA_REVEALED = "personal_data.revealed"
    LOG_QUERIED = "log.queried"  # somebody asked something of all events
    LEDGER_ERASED = "ledger.erased"
