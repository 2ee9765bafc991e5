"""Roles and what they permit. Permissions read `room:resource:action`; all else derives from this table."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a person may do."""

    CASE_READ = "review:case:read"
    CASE_DECIDE = "review:case:decide"
    CASE_ASSIGN = "review:case:assign"
    BULK_DECIDE = "review:bulk:decide"
    COMPLAINT_READ = "review:complaint:read"
    COMPLAINT_DECIDE = "review:complaint:decide"
    CHILD_SAFETY_READ = "review:child-safety:read"
    PERSONAL_DATA_READ = "review:personal-data:read"
    PACK_READ = "compliance:rulebook:read"
    PACK_PUBLISH = "compliance:rulebook:publish"
    LEDGER_READ = "compliance:ledger:read"
    LOG_QUERY = "investigation:log:query"
    LOG_SQL = "investigation:log:sql"
    DELIVERY_READ = "enforcement:delivery:read"
    DELIVERY_REPLAY = "enforcement:delivery:replay"
    BANK_READ = "banks:bank:read"
    BANK_MANAGE = "banks:bank:manage"
    PARTNER_READ = "exchange:partner:read"
    PARTNER_MANAGE = "exchange:partner:manage"
    STAFF_MANAGE = "staff:user:manage"
    KEY_MANAGE = "staff:key:manage"
    REPORT_READ = "compliance:report:read"
    REPORT_PUBLISH = "compliance:report:publish"
    PRIVATE_BASIS_READ = "compliance:private-basis:read"
    PRIVATE_BASIS_MANAGE = "compliance:private-basis:manage"
    DISPUTE_READ = "intake:dispute:read"
    DISPUTE_HANDLE = "intake:dispute:handle"
    THREAT_RAISE = "intake:threat:raise"
    THREAT_HANDLE = "intake:threat:handle"
    FLAGGER_READ = "intake:flagger:read"
    FLAGGER_MANAGE = "intake:flagger:manage"
    ORDER_READ = "intake:order:read"
    ORDER_HANDLE = "intake:order:handle"
    REGULATOR_READ = "regulator:desk:read"
    REGULATOR_HANDLE = "regulator:desk:handle"
    MISUSE_READ = "intake:misuse:read"
    MISUSE_STRIKE = "intake:misuse:strike"
    MISUSE_SUSPEND = "intake:misuse:suspend"
    LIVE_READ = "live:stream:read"
    LIVE_ACT = "live:stream:act"
    LIVE_PERMIT = "live:permit:settle"
    INCIDENT_READ = "incidents:incident:read"
    INCIDENT_DECLARE = "incidents:incident:declare"
    NOTICE_FLAG = "intake:notice:flag"
    RETENTION_READ = "privacy:schedule:read"
    RETENTION_CHANGE = "privacy:schedule:change"
    HOLD_PLACE = "privacy:hold:place"
    DATA_REQUEST_HANDLE = "privacy:request:handle"
    RESEARCH_HANDLE = "privacy:research:handle"
    CHILD_REPORT_HANDLE = "safeguarding:report:handle"


class Role(StrEnum):
    """Who one is in the console."""

    VIEWER = "viewer"
    MODERATOR = "moderator"
    SENIOR_MODERATOR = "senior_moderator"
    POLICY_LEAD = "policy_lead"
    CHILD_SAFETY = "child_safety"
    LEGAL = "legal"
    INCIDENT_LEAD = "incident_lead"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    RESEARCHER = "researcher"
    TRUSTED_FLAGGER = "trusted_flagger"


_P = Permission
_READ = frozenset({_P.CASE_READ, _P.PACK_READ, _P.COMPLAINT_READ})
_MODERATE = _READ | {
    _P.CASE_DECIDE,
    _P.COMPLAINT_DECIDE,
    _P.DELIVERY_READ,
    _P.MISUSE_READ,
    _P.MISUSE_STRIKE,
    _P.THREAT_RAISE,
    _P.LIVE_READ,
    _P.LIVE_ACT,
    _P.INCIDENT_READ,
}
_SENIOR = _MODERATE | {
    _P.CASE_ASSIGN,
    _P.BULK_DECIDE,
    _P.DELIVERY_REPLAY,
    _P.PERSONAL_DATA_READ,
    _P.LEDGER_READ,
    _P.LOG_QUERY,
    _P.REPORT_READ,
    _P.MISUSE_SUSPEND,
    _P.THREAT_HANDLE,
    _P.DISPUTE_READ,
    _P.BANK_READ,
    _P.PARTNER_READ,
    _P.LIVE_PERMIT,
}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _READ,
    Role.MODERATOR: _MODERATE,
    Role.SENIOR_MODERATOR: _SENIOR,
    Role.POLICY_LEAD: _READ
    | {
        _P.PACK_PUBLISH,
        _P.LEDGER_READ,
        _P.REPORT_READ,
        _P.REPORT_PUBLISH,
        _P.DELIVERY_READ,
        _P.REGULATOR_READ,
        _P.INCIDENT_READ,
        _P.INCIDENT_DECLARE,
    }
    | {_P.BANK_READ, _P.BANK_MANAGE, _P.PARTNER_READ, _P.PARTNER_MANAGE, _P.LOG_QUERY, _P.LOG_SQL},
    Role.CHILD_SAFETY: _SENIOR | {_P.CHILD_SAFETY_READ, _P.BANK_MANAGE, _P.CHILD_REPORT_HANDLE},
    Role.LEGAL: _SENIOR
    | {
        _P.PRIVATE_BASIS_READ,
        _P.PRIVATE_BASIS_MANAGE,
        _P.REPORT_PUBLISH,
        _P.FLAGGER_READ,
        _P.FLAGGER_MANAGE,
        _P.ORDER_READ,
        _P.ORDER_HANDLE,
        _P.DISPUTE_HANDLE,
        _P.REGULATOR_READ,
        _P.REGULATOR_HANDLE,
        _P.RETENTION_READ,
        _P.RETENTION_CHANGE,
        _P.HOLD_PLACE,
        _P.DATA_REQUEST_HANDLE,
        _P.RESEARCH_HANDLE,
    },
    Role.INCIDENT_LEAD: _SENIOR
    | {
        _P.PACK_PUBLISH,
        _P.BANK_MANAGE,
        _P.PARTNER_MANAGE,
        _P.ORDER_READ,
        _P.ORDER_HANDLE,
        _P.LOG_SQL,
        _P.INCIDENT_DECLARE,
    },
    Role.ADMINISTRATOR: frozenset(_P) - {_P.CHILD_SAFETY_READ, _P.NOTICE_FLAG, _P.CHILD_REPORT_HANDLE},
    Role.AUDITOR: _READ
    | {
        _P.PRIVATE_BASIS_READ,
        _P.LEDGER_READ,
        _P.LOG_QUERY,
        _P.LOG_SQL,
        _P.DELIVERY_READ,
        _P.REPORT_READ,
        _P.PERSONAL_DATA_READ,
        _P.FLAGGER_READ,
        _P.MISUSE_READ,
        _P.BANK_READ,
        _P.PARTNER_READ,
        _P.ORDER_READ,
        _P.DISPUTE_READ,
        _P.REGULATOR_READ,
        _P.RETENTION_READ,
        _P.LIVE_READ,
        _P.INCIDENT_READ,
    },
    Role.RESEARCHER: frozenset({_P.PACK_READ, _P.REPORT_READ}),
    Role.TRUSTED_FLAGGER: frozenset({_P.NOTICE_FLAG}),  # somebody outside: reads nothing of ours
}


class Scope(StrEnum):
    """What an API key may do."""

    EVENTS_WRITE = "events:write"
    CHECK = "check"
    NOTICES_WRITE = "notices:write"
    DELIVERIES_CONFIRM = "deliveries:confirm"
    STATEMENTS_READ = "statements:read"
    COMPLAINTS_WRITE = "complaints:write"
    FLAGS_WRITE = "flags:write"
    EDGE_READ = "edge:read"
    BANKS_READ = "banks:read"
    BANKS_WRITE = "banks:write"
    INCIDENTS_READ = "incidents:read"
    INCIDENTS_ACT = "incidents:act"


SCOPE_MEANS: dict[Scope, str] = {
    Scope.EVENTS_WRITE: "send events to the door and get verdicts",
    Scope.CHECK: "ask for a verdict without anything being stored",
    Scope.NOTICES_WRITE: "hand in notices for the platform's users",
    Scope.DELIVERIES_CONFIRM: "say whether a measure was applied or failed",
    Scope.STATEMENTS_READ: "read the statements of reasons of the platform's users",
    Scope.COMPLAINTS_WRITE: "hand in complaints for the platform's users",
    Scope.FLAGS_WRITE: "hand in notices as a trusted flagger; issued on the flagger's page",
    Scope.EDGE_READ: "fetch edge snapshots and ask whether somebody or something is barred",
    Scope.BANKS_READ: "look hashes and files up in the banks, and read shared banks",
    Scope.BANKS_WRITE: "make banks and put hashes into them or take them out",
    Scope.INCIDENTS_READ: "read incidents, as the person whose key it is",
    Scope.INCIDENTS_ACT: "declare, confirm, renew, end and report incidents, as the person whose key it is",
}
PERSONAL_SCOPES: frozenset[Scope] = frozenset({Scope.INCIDENTS_READ, Scope.INCIDENTS_ACT})
"""What only a key of a person may do: each deed is that person's, within what the role permits."""
