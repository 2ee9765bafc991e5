"""Reports as the XML that the CyberTipline takes. Element names and values are those of its documentation."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from hakam.safeguarding.contents import Contents


def report_xml(contents: Contents) -> bytes:
    """Return the report, UTF-8, for `POST /submit`."""
    root = Element("report")
    summary = SubElement(root, "incidentSummary")
    _text(summary, "incidentType", contents.incident)
    _text(summary, "platform", contents.platform)
    if contents.escalate:
        _text(summary, "escalateToHighPriority", contents.escalate)
    if contents.annotations:
        marks = SubElement(summary, "reportAnnotations")
        for one in contents.annotations:
            SubElement(marks, one)
    _text(summary, "incidentDateTime", _when(contents.at))
    _place_and_reporter(root, contents)
    _reported(root, contents)
    if contents.summary:
        _text(root, "additionalInfo", contents.summary)
    return _bytes(root)


def _place_and_reporter(root: Element, contents: Contents) -> None:
    details = SubElement(root, "internetDetails")
    place = SubElement(details, "chatImIncident" if contents.chat else "webPageIncident")
    for url in () if contents.chat else contents.urls:
        _text(place, "url", url)
    reporter = SubElement(root, "reporter")
    person = SubElement(reporter, "reportingPerson")
    first, _space, last = contents.reporter.strip().partition(" ")
    _text(person, "firstName", first)
    _text(person, "lastName", last.strip())
    _text(person, "email", contents.reporter_email)
    if contents.terms:
        _text(reporter, "termsOfService", contents.terms)


def _reported(root: Element, contents: Contents) -> None:
    reported = SubElement(root, "personOrUserReported")
    if contents.account_email:
        _text(SubElement(reported, "personOrUserReportedPerson"), "email", contents.account_email)
    if contents.account:
        _text(reported, "espIdentifier", contents.account)
    if contents.screen_name:
        _text(reported, "screenName", contents.screen_name)
    for url in contents.profile_urls:
        _text(reported, "profileUrl", url)
    if contents.address:
        seen = SubElement(reported, "ipCaptureEvent")
        _text(seen, "ipAddress", contents.address)
        _text(seen, "eventName", contents.address_event)
        if contents.address_at:
            _text(seen, "dateTime", _when(contents.address_at))


def file_xml(*, report: str, file: str, name: str, viewed: bool, public: bool, digest: str) -> bytes:
    """Return the details of an uploaded file, for `POST /fileinfo`."""
    root = Element("fileDetails")
    _text(root, "reportId", report)
    _text(root, "fileId", file)
    _text(root, "originalFileName", name)
    _text(root, "fileViewedByEsp", str(viewed).lower())
    _text(root, "publiclyAvailable", str(public).lower())
    _text(root, "fileRelevance", "Reported")
    SubElement(root, "originalFileHash", hashType="SHA256").text = digest
    return _bytes(root)


def _text(parent: Element, name: str, text: str) -> None:
    # XML 1.0 has no place for most control characters: what can't be written is shown as such.
    SubElement(parent, name).text = "".join(c if c >= " " or c in "\t\n\r" else "\ufffd" for c in text)


def _when(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def _bytes(root: Element) -> bytes:
    found: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return found
