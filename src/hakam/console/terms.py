"""The words for the values of our closed vocabularies, in the language in force. A test holds the table complete."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hakam.console import incident_terms, live_terms, model_terms, queue_terms
from hakam.console.annex_fields import ANNEX_FIELDS
from hakam.console.exchange_terms import (
    ENTRY_KINDS,
    FIRES_POLICIES,
    PARTNER_STATES,
    PURPOSES,
    TRUST,
    TRUST_MEANS,
)
from hakam.console.fact_terms import FACTS
from hakam.intake.harms import HARMS

Words = dict[str, Promise]

TARGETS: Words = {
    "origin": _("origin or colour"),
    "religion": _("religion"),
    "gender": _("sex"),
    "orientation": _("sexual orientation or gender identity"),
    "disability": _("disability"),
    "age": _("age"),
    "migrants": _("migrants and refugees"),
}
MEASURES: Words = {
    "notify": _("Notify"),
    "context_note": _("Context note"),
    "label": _("Label"),
    "warn": _("Warn"),
    "age_gate": _("Age gate"),
    "lock_replies": _("Lock replies"),
    "delay": _("Delay the broadcast"),
    "limit_reach": _("Limit reach"),
    "demonetise": _("Demonetise"),
    "hold": _("Hold for approval"),
    "withhold": _("Withhold in a country"),
    "remove": _("Remove"),
    "bar_from_live": _("Bar from live"),
    "suspend": _("Suspend the account"),
    "terminate": _("Terminate the account"),
}
CONSEQUENCES: Words = {
    "notify": _("The author is told. Nothing changes."),
    "context_note": _("Stays visible, with a note that gives context."),
    "label": _("Stays visible, under a label."),
    "warn": _("The author is warned. The content stays."),
    "age_gate": _("Only adults see it."),
    "lock_replies": _("Stays visible; nobody can reply."),
    "delay": _("Stays on air, some seconds later."),
    "limit_reach": _("Stays visible, but is no longer recommended."),
    "demonetise": _("Stays visible, but earns nothing."),
    "hold": _("Nobody sees it until it is approved."),
    "withhold": _("Hidden in the countries named; visible elsewhere."),
    "remove": _("Disappears for everyone."),
    "bar_from_live": _("The author can't go live."),
    "suspend": _("The author can't use the account."),
    "terminate": _("The account ends."),
}
STAGES: Words = {
    "shadow": _("Shadow"),
    "canary": _("Canary"),
    "live": pgettext_lazy("stage of a rule", "Live"),
}
SOURCES: Words = {
    "verdict": _("Rule"),
    "notice": pgettext_lazy("report by a person", "Notice"),
    "trusted_flagger": _("Trusted flagger"),
    "order": _("Order of an authority"),
    "complaint": _("Complaint"),
    "version": _("Later version"),
    "staff": _("Colleague"),
}
OUTCOMES: Words = {
    "violation": _("Violation"),
    "no_violation": _("Nothing wrong"),
    "stands": _("Earlier decision stands"),
}
CASE_STATES: Words = {
    "open": pgettext_lazy("state of a case", "Open"),
    "decided": pgettext_lazy("state of a case", "Decided"),
    "merged": pgettext_lazy("state of a case", "Merged"),
}
DECISION_STATES: Words = {
    "pending": _("Can be undone"),
    "final": pgettext_lazy("state of a decision", "Final"),
    "undone": pgettext_lazy("state of a decision", "Undone"),
    "replaced": pgettext_lazy("state of a decision", "Replaced"),
}
PROPOSAL_STATES: Words = {
    "open": pgettext_lazy("state of a proposal", "Waits for a second person"),
    "confirmed": pgettext_lazy("state of a proposal", "Confirmed"),
    "refused": pgettext_lazy("state of a proposal", "Refused"),
    "withdrawn": pgettext_lazy("state of a proposal", "Withdrawn"),
    "lapsed": pgettext_lazy("state of a proposal", "Lapsed: the case was decided otherwise"),
}
COMPLAINT_STATES: Words = {
    "open": pgettext_lazy("state of a complaint", "Waiting"),
    "upheld": pgettext_lazy("state of a complaint", "Upheld"),
    "denied": pgettext_lazy("state of a complaint", "Rejected"),
}
KINDS: Words = {
    "post": _("Post"),
    "comment": _("Comment"),
    "message": _("Message"),
    "profile": _("Profile"),
    "account": _("Account"),
    "image": _("Picture"),
    "video": _("Video"),
    "audio": _("Sound"),
    "live.start": _("Live stream"),
    "live.segment": _("Part of a live stream"),
    "live.chat": _("Live chat message"),
    "live.end": _("End of a live stream"),
    "review": _("Review"),
    "listing": _("Listing"),
    "event": _("Event"),
    "group": _("Group"),
    "membership": _("Membership"),
    "other": pgettext_lazy("kind of content", "Other"),
    "url": _("Address"),
}
CHANGES: Words = {
    "created": pgettext_lazy("version of an item", "Posted"),
    "edited": pgettext_lazy("version of an item", "Edited"),
    "deleted": pgettext_lazy("version of an item", "Deleted"),
}
ROLES: Words = {
    "viewer": _("Viewer"),
    "moderator": _("Moderator"),
    "senior_moderator": _("Senior moderator"),
    "policy_lead": _("Policy lead"),
    "child_safety": _("Child safety"),
    "legal": pgettext_lazy("role", "Legal"),
    "incident_lead": _("Incident lead"),
    "administrator": _("Administrator"),
    "auditor": _("Auditor"),
    "researcher": _("Researcher"),
    "trusted_flagger": _("Trusted flagger"),
}
REVERSALS: Words = {
    "reversible": _("Can be undone wholly"),
    "compensable": _("Can be undone; lost time is not given back"),
    "irreversible": _("Can't be undone"),
}
ACTORS: Words = {
    "staff": _("Staff"),
    "rule": _("Rule"),
    "platform": _("Platform"),
    "affected": _("Affected person"),
    "notifier": _("Notifier"),
    "flagger": _("Trusted flagger"),
    "authority": _("Authority"),
    "partner": _("Partner"),
    "system": _("System"),
}
SCOPES: Words = {
    "events:write": _("Send events"),
    "check": _("Check without storing"),
    "notices:write": _("Send notices"),
    "deliveries:confirm": _("Confirm deliveries"),
    "statements:read": _("Read statements"),
    "complaints:write": _("Send complaints"),
    "flags:write": _("Send notices as a trusted flagger"),
    "edge:read": _("Read what is barred"),
    "banks:read": _("Look hashes up in banks"),
    "banks:write": _("Put hashes into banks"),
    **incident_terms.KEY_SCOPES,
}
TERMS_OF_PRIORITY: Words = {
    "incident": _("Declared incident"),
    "lane": _("Right of way"),
    "clock": _("Clock"),
    "live": pgettext_lazy("happening now", "Live"),
    "harm": _("Harm"),
    "urgency": _("Urgency"),
    "volume": _("Volume"),
}
EFFECT_STATES: Words = {
    "pending": pgettext_lazy("state of a delivery", "Waiting"),
    "sending": pgettext_lazy("state of a delivery", "On its way"),
    "delivered": pgettext_lazy("state of a delivery", "Delivered"),
    "confirmed": pgettext_lazy("state of a delivery", "Confirmed"),
    "failed": pgettext_lazy("state of a delivery", "Refused by the platform"),
    "dead": pgettext_lazy("state of a delivery", "Dead letter"),
    "cancelled": pgettext_lazy("state of a delivery", "Cancelled"),
}
EFFECT_KINDS: Words = {
    **live_terms.EFFECTS,
    **incident_terms.EFFECTS,
    "measure.apply": _("Apply a measure"),
    "measure.reverse": _("Reverse a measure"),
    "statement.issued": _("Statement of reasons"),
    "statement.withdrawn": _("Withdrawal of a statement"),
    "notice.receipt": _("Receipt of a notice"),
    "notice.outcome": _("Outcome of a notice"),
    "complaint.receipt": _("Receipt of a complaint"),
    "complaint.outcome": _("Outcome of a complaint"),
    "flagger.report": _("Report on a trusted flagger"),
    "data_request.answer": _("Answer to a request about data"),
    "threat.report": _("Word to authorities of a threat to life"),
    "order.receipt": _("Receipt of an order"),
    "order.answer": _("Answer to an authority"),
    "order.recipient": _("Word about an order to whom it concerns"),
    "misuse.warning": _("Warning about misuse"),
    "misuse.suspension": _("Suspension for misuse"),
    "misuse.end": _("End of a suspension for misuse"),
    "staff.alert": _("Call to a colleague"),
}
MEASURE_STATES: Words = {
    "planned": pgettext_lazy("state of a measure", "Planned"),
    "cancelled": pgettext_lazy("state of a measure", "Cancelled"),
    "sent": pgettext_lazy("state of a measure", "Sent"),
    "applied": pgettext_lazy("state of a measure", "In force"),
    "failed": pgettext_lazy("state of a measure", "Failed"),
    "reversing": pgettext_lazy("state of a measure", "Being reversed"),
    "expiring": pgettext_lazy("state of a measure", "Ending"),
    "reversed": pgettext_lazy("state of a measure", "Reversed"),
    "expired": pgettext_lazy("state of a measure", "Ended"),
}
LANGUAGES: Words = {
    "ar": _("Arabic"),
    "en": _("English"),
    "fr": _("French"),
    "de": _("German"),
    "es": _("Spanish"),
    "it": _("Italian"),
    "fa": _("Persian"),
    "ur": _("Urdu"),
    "tr": _("Turkish"),
    "ku": _("Kurdish"),
    "he": _("Hebrew"),
    "ru": _("Russian"),
    "und": _("Unknown language"),
}
AUDIENCES: Words = {
    "public": _("seen by everybody"),
    "followers": _("seen by followers"),
    "group": _("seen by a group"),
    "private": _("private message"),
}
COMPLAINANTS: Words = {"affected": _("Affected person"), "notifier": _("Notifier")}
AUTOMATIONS: Words = {
    "full": _("Wholly automated"),
    "partial": _("Partly automated"),
    "none": _("Taken by a person"),
}
SUBMISSION_STATES: Words = {
    "queued": pgettext_lazy("statement", "Waiting"),
    "sending": pgettext_lazy("statement", "Under way"),
    "sent": pgettext_lazy("statement", "In the database"),
    "needs_fix": pgettext_lazy("statement", "To be mended"),
    "not_due": pgettext_lazy("statement", "Not due"),
}
NOT_DUE: Words = {
    "no_restriction": _("Nobody is restricted, so no statement is owed."),
    "elsewhere": _("It applies in no country of the Union."),
    "withdrawn": _("It was reversed before it was sent."),
    "small": _("Micro and small companies are exempt."),
    "grace": _("The company was small until lately: the exemption goes on for twelve months."),
    "tier": _("The duty is one of online platforms."),
    "not_yet": _("The law did not count yet."),
    "ended": _("The law counts no more."),
    "marketplace": _("The duty is one of marketplaces."),
}
FLAGGER_STATES: Words = {
    "active": pgettext_lazy("status of a trusted flagger", "Active"),
    "suspended": pgettext_lazy("status of a trusted flagger", "Suspended"),
    "revoked": pgettext_lazy("status of a trusted flagger", "Ended"),
}
MISUSE_KINDS: Words = {
    "illegal_content": _("Manifestly illegal content"),
    "notices": _("Manifestly unfounded notices"),
    "complaints": _("Manifestly unfounded complaints"),
}
DRAFT_STATES: Words = {
    "open": pgettext_lazy("state of a draft", "Being written"),
    "published": pgettext_lazy("state of a draft", "Published"),
    "discarded": pgettext_lazy("state of a draft", "Laid aside"),
}
RELEASE_STATES: Words = {
    "waiting": pgettext_lazy("state of a release", "Waits for a second person"),
    "published": pgettext_lazy("state of a release", "Published"),
    "refused": pgettext_lazy("state of a release", "Refused"),
    "withdrawn": pgettext_lazy("state of a release", "Withdrawn"),
}
TRIAL_STATES: Words = {
    "waiting": pgettext_lazy("state of a trial", "Waiting"),
    "running": pgettext_lazy("state of a trial", "Running"),
    "done": pgettext_lazy("state of a trial", "Done"),
    "failed": pgettext_lazy("state of a trial", "Failed"),
    "cancelled": pgettext_lazy("state of a trial", "Cancelled"),
}
FILE_CHANGES: Words = {
    "added": pgettext_lazy("file of a draft", "new"),
    "changed": pgettext_lazy("file of a draft", "changed"),
    "removed": pgettext_lazy("file of a draft", "removed"),
}
BANK_SOURCES: Words = {
    "own": _("Our own decisions"),
    "stopncii": _("StopNCII, handed in by who is in them"),
    "ncmec": _("NCMEC, abuse of children"),
    "gifct": _("GIFCT, terrorist content"),
    "tcap": _("Tech Against Terrorism"),
    "threatexchange": _("ThreatExchange, shared by platforms"),
    "partner": _("Another platform"),
    "authority": _("An authority"),
}
BANK_ACTIONS: Words = {
    "shadow": _("Only written down"),
    "note": _("Note it; rules say what follows"),
    "review": _("A person looks"),
    "hold": _("Held until a person has looked"),
}
ORDER_KINDS: Words = {
    "act": _("Act against content"),
    "inform": _("Give information"),
    "removal": _("Remove terrorist content"),
    "production": _("Produce data (European Production Order)"),
}
ORDER_STATES: Words = {
    "open": pgettext_lazy("state of an order", "To be carried out"),
    "returned": pgettext_lazy("state of an order", "Returned to the authority"),
    "carried_out": pgettext_lazy("state of an order", "Carried out, not answered"),
    "answered": pgettext_lazy("state of an order", "Answered"),
    "annulled": pgettext_lazy("state of an order", "Without effect"),
}
CONTENT_TYPES: Words = {
    "incitement": _("Incites to terrorist offences"),
    "solicit_offence": _("Solicits to commit them"),
    "solicit_group": _("Solicits to join a terrorist group"),
    "instruction": _("Instructs in weapons or methods"),
    "threat": _("Threatens to commit them"),
}
DATA_KINDS: Words = {
    "account": _("Account: id, name, since when"),
    "contact": _("Contact: e-mail, language"),
    "items": _("Items: addresses and times"),
    "content": _("Content: the frozen copies"),
}
AUTHORITY_KINDS: Words = {
    "court": _("Court or judge"),
    "law_enforcement": _("Law enforcement"),
    "administrative": _("Administrative authority"),
    "europol": _("Europol"),
    "other": pgettext_lazy("kind of authority", "Other"),
}
THREAT_STATES: Words = {
    "open": pgettext_lazy("state of a threat", "Nobody is told yet"),
    "reported": pgettext_lazy("state of a threat", "Authorities told"),
    "dismissed": pgettext_lazy("state of a threat", "Found to be none"),
}
DISPUTE_STATES: Words = {
    "open": pgettext_lazy("state of a dispute", "With the body"),
    "refused": pgettext_lazy("state of a dispute", "Refused"),
    "decided": pgettext_lazy("state of a dispute", "Outcome to answer for"),
    "closed": pgettext_lazy("state of a dispute", "Closed"),
}
DISPUTE_OUTCOMES: Words = {
    "upheld": _("Our decision stands"),
    "partly": _("Our decision is wrong in part"),
    "reversed": _("Our decision is wrong"),
    "omitted": _("Withdrawn or settled, no finding"),
}
SPANS: Words = {
    "1h": pgettext_lazy("span of time", "1 hour"),
    "24h": pgettext_lazy("span of time", "24 hours"),
    "7d": pgettext_lazy("span of time", "7 days"),
    "30d": pgettext_lazy("span of time", "30 days"),
    "90d": pgettext_lazy("span of time", "90 days"),
    "all": pgettext_lazy("span of time", "everything"),
}
BULK_STATES: Words = {
    "prepared": pgettext_lazy("decision on many", "prepared"),
    "waiting": pgettext_lazy("decision on many", "waits for a second person"),
    "running": pgettext_lazy("decision on many", "under way"),
    "done": pgettext_lazy("decision on many", "carried out"),
    "undoing": pgettext_lazy("decision on many", "being taken back"),
    "undone": pgettext_lazy("decision on many", "taken back"),
    "refused": pgettext_lazy("decision on many", "refused or withdrawn"),
}
PROOFS: Words = {
    "proven": _("Proven: this message was sent so, from this account"),
    "unknown_key": _("Not proven: the platform does not know the key"),
    "not_carried": _("Not proven: the platform carried no such message"),
    "not_this_message": _("Not proven: the message sent was another"),
    "from_the_future": _("Not proven: it is dated after the report"),
    "malformed": _("Not proven: the proof is malformed"),
}
FACETS: Words = {
    "author.id": pgettext_lazy("facet", "authors"),
    "links.domains": pgettext_lazy("facet", "domains"),
    "text.fingerprint": pgettext_lazy("facet", "texts that say the same"),
    "media.hash": pgettext_lazy("facet", "files"),
    "rule": pgettext_lazy("facet", "rules"),
    "policy": pgettext_lazy("facet", "clauses"),
    "text.language": pgettext_lazy("facet", "languages"),
    "item.community": pgettext_lazy("facet", "communities"),
    "context.ip_hash": pgettext_lazy("facet", "addresses (hashed)"),
}
REQUEST_STATES: Words = {
    "open": pgettext_lazy("state of a request", "To be done"),
    "incomplete": pgettext_lazy("state of a request", "Something is missing"),
    "carried_out": pgettext_lazy("state of a request", "Carried out"),
    "answered": pgettext_lazy("state of a request", "Answered"),
    "refused": pgettext_lazy("state of a request", "Refused"),
    "reversed": pgettext_lazy("state of a request", "Taken back"),
}
WHYS: Words = {
    "applies": _("It applies."),
    "elsewhere": _("The service is not offered where this law counts."),
    "not_yet": _("This law does not count yet."),
    "ended": _("This law counts no more."),
    "tier": _("It is a duty of services of a larger kind."),
    "marketplace": _("It is a duty of marketplaces."),
    "minors": _("It is a duty of services that children are likely to access."),
    "established": _("It is a duty of those who are established there."),
    "users": _("It is a duty of services with more users there."),
    "category": _("It is a duty of services that the regulator put into a category."),
    "small": _("Micro and small companies are exempt."),
    "grace": _("The exemption of small companies goes on for twelve months."),
}
TIERS: Words = {
    "intermediary": _("Intermediary"),
    "hosting": _("Hosting service"),
    "platform": _("Online platform"),
    "very_large": _("Very large online platform"),
}
SIZES: Words = {
    "micro": _("Micro: fewer than 10 staff, at most 2 million euros"),
    "small": _("Small: fewer than 50 staff, at most 10 million euros"),
    "larger": _("Larger"),
}
REPORT_LAWS: Words = {
    "dsa": _("Digital Services Act: transparency report"),
    "tco": _("Terrorist content: yearly report"),
    "uk": _("Online Safety Act: figures for a notice of Ofcom"),
}
LEVELS: Words = {
    "negligible": pgettext_lazy("level of risk", "Negligible"),
    "low": pgettext_lazy("level of risk", "Low"),
    "medium": pgettext_lazy("level of risk", "Medium"),
    "high": pgettext_lazy("level of risk", "High"),
}
LINE_STATES: Words = {
    "met": pgettext_lazy("state of a line", "Met"),
    "attested": pgettext_lazy("state of a line", "Attested"),
    "unshown": pgettext_lazy("state of a line", "Nothing shows it yet"),
    "open": pgettext_lazy("state of a line", "To be done here"),
    "operator": pgettext_lazy("state of a line", "The operator must do it"),
    "not_owed": pgettext_lazy("state of a line", "Not owed"),
}
PIECES: Words = {
    "notices": _("notices in twelve months"),
    "violations": _("decisions that found a violation"),
    "automated": _("of these by rules alone"),
    "reversed": _("complaints that were right"),
    "hours": _("median hours from notice to answer"),
    "rules": _("rules that are live"),
    "shadow": _("rules that only watch"),
    "banks": _("banks in force"),
    "entries": _("entries in them"),
}
DATA_REQUEST_KINDS: Words = {
    "access": _("A copy of the data"),
    "erasure": _("Erasure of the data"),
    "rectification": _("Correction of the data"),
    "objection": _("Objection to the use of the data"),
}
DATA_REQUEST_STATES: Words = {
    "received": pgettext_lazy("state of a request", "Make sure who asks"),
    "identified": pgettext_lazy("state of a request", "To be answered"),
    "gathering": pgettext_lazy("state of a request", "Being looked up"),
    "prepared": pgettext_lazy("state of a request", "Waits for a second person"),
    "erasing": pgettext_lazy("state of a request", "Being erased"),
    "waiting": pgettext_lazy("state of a request", "Waits for a decision"),
    "answered": pgettext_lazy("state of a request", "Answered"),
    "refused": pgettext_lazy("state of a request", "Refused"),
}
REPORT_BODIES: Words = {"ncmec": _("NCMEC, United States"), "nca": _("National Crime Agency, United Kingdom")}
CHILD_REPORT_STATES: Words = {
    "draft": pgettext_lazy("state of a report", "To be completed"),
    "approved": pgettext_lazy("state of a report", "Approved, to be sent"),
    "filed": pgettext_lazy("state of a report", "Filed"),
    "failed": pgettext_lazy("state of a report", "Not taken: mend it"),
    "retracted": pgettext_lazy("state of a report", "Given up"),
}
REPORT_ANNOTATIONS: Words = {
    "sextortion": _("Sextortion"),
    "csamSolicitation": _("Solicitation of such material"),
    "minorToMinorInteraction": _("Between minors"),
    "spam": _("Spam"),
    "sadisticOnlineExploitation": _("Sadistic online exploitation"),
    "informational": _("For information only"),
}
PROJECT_STATES: Words = {
    "asked": pgettext_lazy("state of a project", "Asked for"),
    "approved": pgettext_lazy("state of a project", "Being made"),
    "made": pgettext_lazy("state of a project", "Ready"),
    "refused": pgettext_lazy("state of a project", "Refused"),
    "ended": pgettext_lazy("state of a project", "Ended"),
}
RESEARCH_TABLES: Words = {
    "cases": _("Cases"),
    "decisions": _("Decisions"),
    "notices": _("Notices"),
    "statements": _("Statements of reasons"),
}
FAMILIES: dict[str, Words] = {
    "project_state": PROJECT_STATES,
    "research_table": RESEARCH_TABLES,
    "report_body": REPORT_BODIES,
    "child_report_state": CHILD_REPORT_STATES,
    "report_annotation": REPORT_ANNOTATIONS,
    "level": LEVELS,
    "report_law": REPORT_LAWS,
    "line_state": LINE_STATES,
    "piece": PIECES,
    "request_state": REQUEST_STATES,
    "why": WHYS,
    "tier": TIERS,
    "size": SIZES,
    "data_request_kind": DATA_REQUEST_KINDS,
    "data_request_state": DATA_REQUEST_STATES,
    **live_terms.FAMILIES,
    **model_terms.FAMILIES,
    **incident_terms.FAMILIES,
    "dispute_state": DISPUTE_STATES,
    "dispute_outcome": DISPUTE_OUTCOMES,
    "proof": PROOFS,
    "threat_state": THREAT_STATES,
    "order_kind": ORDER_KINDS,
    "queue": queue_terms.QUEUES,
    "order_state": ORDER_STATES,
    "content_type": CONTENT_TYPES,
    "annex_field": ANNEX_FIELDS,
    "data_kind": DATA_KINDS,
    "authority_kind": AUTHORITY_KINDS,
    "misuse_kind": MISUSE_KINDS,
    "draft_state": DRAFT_STATES,
    "file_change": FILE_CHANGES,
    "trial_state": TRIAL_STATES,
    "release_state": RELEASE_STATES,
    "flagger_state": FLAGGER_STATES,
    "bank_source": BANK_SOURCES,
    "bank_action": BANK_ACTIONS,
    "partner_state": PARTNER_STATES,
    "fires_policy": FIRES_POLICIES,
    "trust": TRUST,
    "trust_means": TRUST_MEANS,
    "purpose": PURPOSES,
    "entry_kind": ENTRY_KINDS,
    "submission_state": SUBMISSION_STATES,
    "not_due": NOT_DUE,
    "bulk_state": BULK_STATES,
    "span": SPANS,
    "facet": FACETS,
    "measure": MEASURES,
    "consequence": CONSEQUENCES,
    "stage": STAGES,
    "source": SOURCES,
    "outcome": OUTCOMES,
    "case_state": CASE_STATES,
    "decision_state": DECISION_STATES,
    "complaint_state": COMPLAINT_STATES,
    "proposal_state": PROPOSAL_STATES,
    "kind": KINDS,
    "change": CHANGES,
    "role": ROLES,
    "reversal": REVERSALS,
    "actor": ACTORS,
    "scope": SCOPES,
    "priority_term": TERMS_OF_PRIORITY,
    "effect_state": EFFECT_STATES,
    "effect_kind": EFFECT_KINDS,
    "measure_state": MEASURE_STATES,
    "fact": FACTS,
    "language": LANGUAGES,
    "complainant": COMPLAINANTS,
    "audience": AUDIENCES,
    "automation": AUTOMATIONS,
    "harm": HARMS,
    "target": TARGETS,
}


def term(family: str, value: str) -> str:
    """Return the word for `value`. A value that the table lacks is shown as it is: a newer room may know more."""
    words = FAMILIES[family]
    if family == "language":
        value = value.partition("-")[0].lower() or "und"
    return str(words.get(value, value))
