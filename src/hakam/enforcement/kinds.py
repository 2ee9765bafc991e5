"""The kinds of effects: what Hakam tells the world outside."""

from __future__ import annotations

from enum import StrEnum


class EffectKind(StrEnum):
    """What a message says. It is the `type` of a webhook."""

    MEASURE_APPLY = "measure.apply"
    MEASURE_REVERSE = "measure.reverse"
    STATEMENT_ISSUED = "statement.issued"
    STATEMENT_WITHDRAWN = "statement.withdrawn"
    NOTICE_RECEIPT = "notice.receipt"
    NOTICE_OUTCOME = "notice.outcome"
    COMPLAINT_RECEIPT = "complaint.receipt"
    COMPLAINT_OUTCOME = "complaint.outcome"
    FLAGGER_REPORT = "flagger.report"  # to a Coordinator: a trusted flagger's insufficient notices
    MISUSE_WARNING = "misuse.warning"
    MISUSE_SUSPENSION = "misuse.suspension"
    MISUSE_END = "misuse.end"
    ORDER_RECEIPT = "order.receipt"  # to an authority
    ORDER_ANSWER = "order.answer"  # to an authority
    ORDER_RECIPIENT = "order.recipient"  # to whom an order concerns
    THREAT_REPORT = "threat.report"  # to authorities: a threat to life or safety
    DATA_REQUEST_ANSWER = "data_request.answer"  # to a person: about their data
    LIVE_REFUSED = "live.refused"  # to the platform: the gate let somebody not go live, and why
    LIVE_PERMIT = "live.permit"  # to the platform: what became of a request to go live
    INCIDENT_DECLARED = "incident.declared"  # to the platform: powers are in force from now on
    INCIDENT_ENDED = "incident.ended"  # to the platform: it is over, whatever ended it
    STAFF_ALERT = "staff.alert"  # to colleagues: a legal clock runs out


class Channel(StrEnum):
    """How it gets there."""

    PLATFORM = "platform"  # by the connector of the platform's endpoint
    EMAIL = "email"
