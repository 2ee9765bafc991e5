"""The kinds of what is kept: one closed list, from which schedule, eraser, records of processing and pages derive."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What is kept, as far as it can be traced to a person."""

    EVENTS = "events"  # contents, signals and verdicts in the event log, and their columns
    NOTICE_LOG = "notice_log"  # notices as the door took them in
    CASES = "cases"  # excerpts, words for search, frozen copies of what was reported
    MEDIA = "media"  # frozen copies of pictures and frames
    CONTACTS = "contacts"  # e-mail addresses of affected people
    NOTIFIERS = "notifiers"  # names and addresses of who sent notices
    NOTICES = "notices"  # explanations and addresses of what was notified
    COMPLAINTS = "complaints"  # texts and addresses of complaints and disputes
    STATEMENTS = "statements"  # facts of statements of reasons and decisions, and whom they concern
    MISUSE = "misuse"  # strikes, warnings, suspensions
    ORDERS = "orders"  # documents and texts of orders of authorities
    DISCLOSURES = "disclosures"  # what was disclosed to authorities
    THREATS = "threats"  # suspicions of threats to life, and their bundles
    LETTERS = "letters"  # contents of messages that were delivered, and of letters that were given up
    ERASURE_LETTERS = "erasure_letters"  # letters about requests for erasure that were delivered
    DRAFTS = "drafts"  # what moderators began to write
    LEDGER = "ledger"  # personal parts of facts
    LOGS = "logs"  # logs of the processes, mail written to files
    REQUESTS = "requests"  # exports for people who asked for their data
    RESEARCH = "research"  # exports for researchers
    LEGAL_REQUESTS = "legal_requests"  # what authorities and persons ask for under other laws
    SET_ASIDE = "set_aside"  # why a record of a log could not be taken in: an error can quote it
    CHILD_REPORTS = "child_reports"  # reports to NCMEC and the NCA
    STREAMS = "streams"  # whose live streams they were, and what they were called
    LIVE_REFUSALS = "live_refusals"  # whom the gate did not let go live, and why
    LIVE_PERMITS = "live_permits"  # who asked to go live, and what was answered
    LISTS = "lists"  # names in lists outside packs, in bulletins and in what others were given
    QUESTIONS = "questions"  # what an audience asked
