"""What frames every page of the console: where one can go, what waits there, what can still be undone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hakam.enforcement import access as enforcement
from hakam.incidents import access as incidents
from hakam.incidents.clock import ends_at, ends_soon
from hakam.incidents.models import Incident
from hakam.intake import order_access
from hakam.live import access as live
from hakam.regulator import access as regulator
from hakam.review import access as review
from hakam.review import proposal_access, trips
from hakam.staff.models import User
from hakam.staff.roles import Permission

UNDO = "undo"
"""The key of the session under which the last decision lies while it can be taken back."""


@dataclass(frozen=True)
class Entry:
    """A place to go."""

    name: str
    title: str
    icon: str
    url: str
    count: int | None = None
    alert: str = ""  # why the count is a warning
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Places of one task, under "More"."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Undoable:
    """A decision whose effects still wait."""

    id: int
    case_id: int
    outcome: str
    at: datetime
    until: datetime


@dataclass(frozen=True)
class Shortcuts:
    """One group of the sheet."""

    title: str
    rows: tuple[tuple[tuple[str, ...], str], ...]


class Crisis(NamedTuple):
    """An incident that is not over, when it ends by itself, and whether that is soon."""

    incident: Incident
    ends: datetime
    soon: bool


@dataclass(frozen=True)
class Frame:
    """All of it."""

    here: str
    entries: tuple[Entry, ...] = ()
    more: tuple[Group, ...] = ()
    commands: tuple[Entry, ...] = ()
    undo: Undoable | None = None
    incidents: tuple[Crisis, ...] = ()  # that are not over: every page says so
    shortcuts: tuple[Shortcuts, ...] = field(default_factory=tuple)

    @property
    def inside(self) -> bool:
        """Whether this page is one of those under "More"."""
        return any(entry.name == self.here for group in self.more for entry in group.entries)

    @property
    def alerts(self) -> tuple[str, ...]:
        """What under "More" asks for somebody."""
        return tuple(entry.alert for group in self.more for entry in group.entries if entry.alert)


# The first part of a view's name -> the entry that it belongs to.
_PLACES = {
    "case": "queue", "next": "queue", "decide": "queue", "complaint": "complaints", "proposal": "proposals",
    "verdict": "queue",
    "story": "ledger", "fact": "ledger",
    "rulebook_version": "rules", "rulebook_differences": "rules", "rule_drafts": "rules", "rule_draft": "rules",
    "save_rule_draft": "rules", "begin_rule_draft": "rules", "add_rule_file": "rules", "discard_rule_draft": "rules",
    "catch_up_rule_draft": "rules",
    "rule_trial": "rules", "ask_rule_trial": "rules", "cancel_rule_trial": "rules",
    "rule_release": "rules", "stage_rule": "rules", "publish_rules": "rules", "settle_release": "rules",
    "go_back": "rules", "go_back_at_once": "rules", "explain_back": "rules", "holdback": "rules",
    "rule_params": "rules", "tune_param": "rules", "switch_rule": "rules",
    "delivery": "deliveries", "key": "keys",
    "submission": "eu_database", "flagger": "flaggers", "send_flag": "flag",
    "conduct": "misuse", "bank": "banks", "partner": "partners", "order": "orders", "authorities": "orders",
    "request": "requests", "receive_request": "requests", "act_on_request": "requests",
    "complete_request": "requests", "note_absence": "requests", "save_profile": "profile",
    "save_contacts": "contacts", "risk": "risks", "risk_draft": "risks", "save_risk": "risks", "attest": "checklist",
    "bulk": "bulks", "entity": "investigate", "investigate_sql": "investigate", "run_sql": "investigate",
    "stream": "live", "stream_state": "live", "take_step": "live", "permits": "live", "approve_live": "live",
    "settle_permit": "live", "event": "events", "steer": "events", "surge": "events",
    "questions": "events", "move_question": "events", "take_question_apart": "events",
    "incident": "incidents", "new_incident": "incidents", "declare_incident": "incidents",
    "act_on_incident": "incidents", "note_incident": "incidents", "incident_report": "incidents",
    "publish_incident": "incidents",
    "threat": "threats", "dispute": "disputes", "report_made": "reports", "report_figure": "reports",
    "propose_private_basis": "private_bases", "act_on_private_basis": "private_bases",
    "child_report": "child_reports", "prepare_child_report": "child_reports", "act_on_child_report": "child_reports",
    "research_project": "research", "ask_research": "research", "act_on_research": "research",
    "hold": "holds", "place_hold": "holds", "act_on_hold": "holds",
    "propose_retention": "retention", "settle_retention": "retention",
    "data_request": "data_requests", "receive_data_request": "data_requests", "act_on_data_request": "data_requests",
    "make_report": "reports", "report_progress": "reports",
    "read_order_form": "orders", "count_recipients": "reports", "publish_report": "reports",
}  # fmt: skip


def here_of(request: HttpRequest) -> str:
    """Return the name of the entry that this page belongs to."""
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    return _PLACES.get(name, name)


def _tripped() -> tuple[int, str]:
    """Return how many rules do not do all they say, and the gravest of what is the matter."""
    unseen = trips.unseen()
    kinds = {trip.kind for trip in unseen}
    if trips.TripKind.ASIDE in kinds:
        return len(unseen), _("rules that are put aside")
    return len(unseen), _("rules whose quota is used up") if kinds else ""


def _on_air(user: User) -> list[Entry]:
    """Return the way to the streams on air, in the front row while there are any."""
    if not user.may(Permission.LIVE_READ):
        return []
    count, known = live.count_on_air()
    if not count and not live.asked_count():
        return []
    alert = _("a bank knows what is shown") if known else ""
    return [Entry("live", pgettext("streams", "Live"), "signal", reverse("console:live"), count, alert)]


def _crisis(user: User) -> list[Entry]:
    """Return the way to incidents, in the front row while one is not over."""
    there = incidents.running(user)
    if not there:
        return []
    waits = any(incidents.may_be_second(user, one) for one in there)
    alert = _("one waits for a second person") if waits else ""
    return [Entry("incidents", _("Incidents"), "alarm", reverse("console:incidents"), len(there), alert)]


def _entries(user: User, now: datetime) -> list[Entry]:
    counts = review.counts(user=user, now=now)
    out: list[Entry] = []
    if user.may(Permission.CASE_READ):
        overdue = _("some are overdue") if counts.overdue else ""
        out.append(Entry("queue", _("Queue"), "queue", reverse("console:queue"), counts.open, overdue))
    if user.may(Permission.COMPLAINT_READ):
        url = reverse("console:complaints")
        out.append(Entry("complaints", _("Complaints"), "complaint", url, counts.complaints))
    if user.may(Permission.CASE_DECIDE):
        url = reverse("console:proposals")
        out.append(Entry("proposals", _("Two people"), "people", url, proposal_access.waiting(user) or None))
    if user.may(Permission.ORDER_READ):
        waiting = order_access.open_count(user)
        out.append(Entry("orders", _("Orders"), "alarm", reverse("console:orders"), waiting or None))
    out += _crisis(user)
    out += _on_air(user)
    if user.may(Permission.PACK_READ):
        tripped, alert = _tripped()
        out.append(Entry("rules", _("Rules"), "rules", reverse("console:rules"), tripped or None, alert))
    if user.may(Permission.CASE_READ):
        out.append(Entry("search", _("Search"), "search", reverse("console:search")))
    if user.may(Permission.LOG_QUERY):
        out.append(Entry("investigate", _("Investigate"), "chart", reverse("console:investigate")))
    if user.may(Permission.NOTICE_FLAG):
        out.append(Entry("flag", _("Flag content"), "flag", reverse("console:flag")))
    return out


def _more(user: User) -> list[Group]:
    """Return what one goes to now and then, by task. The lanes of daily work are not among it."""
    groups = [
        Group(_("Records"), _records(user)),
        Group(_("Duties"), _duties(user)),
        Group(_("Data protection"), _data(user)),
        Group(_("House"), _house(user)),
    ]
    return [group for group in groups if group.entries]


def _records(user: User) -> tuple[Entry, ...]:
    out = []
    if user.may(Permission.BULK_DECIDE):
        out.append(Entry("bulks", _("Decided together"), "scale", reverse("console:bulks")))
    if user.may(Permission.LEDGER_READ):
        out.append(Entry("clocks", _("Clocks"), "clock", reverse("console:clocks")))
        out.append(Entry("ledger", _("Ledger"), "ledger", reverse("console:ledger")))
    if user.may(Permission.DELIVERY_READ):
        dead = enforcement.dead_letters()
        alert = _("dead letters") if dead else ""
        url = reverse("console:deliveries")
        out.append(Entry("deliveries", _("Deliveries"), "delivery", url, dead or None, alert))
    if user.may(Permission.REPORT_READ):
        url = reverse("console:eu_database")
        out.append(Entry("eu_database", _("Transparency Database"), "document", url))
        out.append(Entry("reports", _("Transparency reports"), "chart", reverse("console:reports")))
    return tuple(out)


def _duties(user: User) -> tuple[Entry, ...]:
    out = []
    if user.may(Permission.INCIDENT_READ) and not incidents.running(user):  # else it stands in the front row
        out.append(Entry("incidents", _("Incidents"), "alarm", reverse("console:incidents")))
    return (*out, *_legal_duties(user))


def _legal_duties(user: User) -> tuple[Entry, ...]:
    out = []
    if user.may(Permission.LIVE_READ) and not _on_air(user):  # else it stands in the front row
        out.append(Entry("live", _("Live streams"), "signal", reverse("console:live")))
    if user.may(Permission.LIVE_READ):
        out.append(Entry("events", _("Live events"), "megaphone", reverse("console:events")))
    if user.may(Permission.THREAT_RAISE):
        out.append(Entry("threats", _("Threats to life"), "alarm", reverse("console:threats")))
    if user.may(Permission.CHILD_REPORT_HANDLE):
        url = reverse("console:child_reports")
        out.append(Entry("child_reports", _("Reports of child abuse"), "shield", url))
    if user.may(Permission.DISPUTE_READ):
        out.append(Entry("disputes", _("Disputes"), "scale", reverse("console:disputes")))
    if user.may(Permission.MISUSE_READ):
        out.append(Entry("misuse", _("Misuse"), "warning", reverse("console:misuse")))
    if user.may(Permission.PRIVATE_BASIS_READ):
        out.append(Entry("private_bases", _("Private messages"), "lock", reverse("console:private_bases")))
    if user.may(Permission.REGULATOR_READ):
        waiting = regulator.open_count(user)
        out.append(Entry("requests", _("Requests"), "mail", reverse("console:requests"), waiting or None))
        out.append(Entry("profile", _("Profile and duties"), "scale", reverse("console:profile")))
        out.append(Entry("checklist", _("Checklists"), "check", reverse("console:checklist", args=["dsa"])))
        out.append(Entry("risks", _("Risk assessments"), "shield", reverse("console:risks")))
        out.append(Entry("contacts", _("Contact points"), "account", reverse("console:contacts")))
    if user.may(Permission.FLAGGER_READ):
        out.append(Entry("flaggers", _("Trusted flaggers"), "megaphone", reverse("console:flaggers")))
    return tuple(out)


def _data(user: User) -> tuple[Entry, ...]:
    out = []
    if user.may(Permission.DATA_REQUEST_HANDLE):
        out.append(
            Entry("data_requests", _("Requests about data"), "person", reverse("console:data_requests"))
        )
    if user.may(Permission.RESEARCH_HANDLE):
        out.append(Entry("research", _("Data for researchers"), "search", reverse("console:research")))
    if user.may(Permission.RETENTION_READ):
        out.append(Entry("retention", _("How long what is kept"), "clock", reverse("console:retention")))
        out.append(Entry("holds", _("Legal holds"), "lock", reverse("console:holds")))
        out.append(Entry("processing", _("Records of processing"), "document", reverse("console:processing")))
    return tuple(out)


def _house(user: User) -> tuple[Entry, ...]:
    out = []
    if user.may(Permission.BANK_READ):
        out.append(Entry("banks", _("Banks of known content"), "bank", reverse("console:banks")))
    if user.may(Permission.PARTNER_READ):
        out.append(Entry("partners", _("Partner platforms"), "globe", reverse("console:partners")))
    if user.may(Permission.PACK_READ):
        out.append(Entry("models", _("Models"), "machine", reverse("console:models")))
    if user.may(Permission.STAFF_MANAGE):
        out.append(Entry("staff", _("People"), "people", reverse("console:staff")))
    if user.may(Permission.KEY_MANAGE):
        out.append(Entry("keys", _("API keys"), "key", reverse("console:keys")))
    return tuple(out)


def _shortcuts() -> tuple[Shortcuts, ...]:
    everywhere = (
        (("/",), _("Command palette")),
        (("Ctrl", "K"), _("Command palette")),
        (("?",), _("This sheet")),
        (("U",), _("Undo the last decision")),
        (("Shift", "B"), _("Back to the rules before (on their page)")),
    )
    lists = (
        (("J",), _("Down")),
        (("K",), _("Up")),
        (("Enter",), pgettext("shortcut", "Open")),
        (("N",), _("Next case")),
        (("F",), _("Search field")),
    )
    case = (
        (("0",), _("Nothing wrong, next")),
        (("1", "–", "7"), _("Choose a clause")),
        (("M",), _("Other clause")),
        (("Enter",), _("Apply and next")),
        (("−",), _("Milder measure")),
        (("+",), _("Stronger measure")),
        (("E",), _("Write the facts")),
        (("S",), _("Skip, give the case back")),
        (("V",), _("Hold to see veiled content")),
        (("Esc",), _("Choose again")),
    )
    stream = (
        (("1", "–", "6"), _("A step on the stream")),
        (("7",), _("Cut the stream")),
        (("8",), _("Cut and preserve the recording")),
        (("V",), _("See the stream clearly, or not")),
        (("C",), _("See it in colour, or grey")),
        (("M",), _("Hear it, or not")),
    )
    question = (
        (("1",), _("On air next")),
        (("2",), pgettext("move of a question", "Answered")),
        (("3",), _("Put aside")),
        (("4",), _("Breaks a rule")),
        (("0",), _("Back to waiting")),
    )
    admission = (
        (("−",), _("One step down")),
        (("+",), _("One step up")),
    )
    return (
        Shortcuts(_("On a case"), case),
        Shortcuts(_("On a live stream"), stream),
        Shortcuts(_("On questions of an audience"), question),
        Shortcuts(_("On a live event"), admission),
        Shortcuts(_("In lists"), lists),
        Shortcuts(_("Everywhere"), everywhere),
    )


def _undoable(request: HttpRequest, now: datetime) -> Undoable | None:
    kept: dict[str, Any] | None = request.session.get(UNDO)
    if not kept:
        return None
    until = datetime.fromisoformat(kept["until"])
    if until <= now:
        del request.session[UNDO]
        return None
    at = datetime.fromisoformat(kept["at"])
    return Undoable(kept["id"], kept["case"], kept["outcome"], at, until)


def frame_of(request: HttpRequest) -> Frame:
    """Return the frame for whoever asks."""
    user = request.user
    if not isinstance(user, User):
        return Frame("")
    now = timezone.now()
    entries, more = _entries(user, now), _more(user)
    outside = [
        Entry("report", _("Public form: report content"), "flag", reverse("console:report")),
        Entry("transparency", _("Public page: transparency"), "chart", reverse("console:transparency")),
        Entry("preferences", _("Preferences"), "account", reverse("console:preferences")),
    ]
    return Frame(
        here=request.GET.get("at", "") or here_of(request),
        entries=tuple(entries),
        more=tuple(more),
        commands=(*entries, *(entry for group in more for entry in group.entries), *outside),
        undo=_undoable(request, now),
        incidents=tuple(Crisis(one, ends_at(one), ends_soon(one, now)) for one in incidents.running(user)),
        shortcuts=_shortcuts(),
    )
