"""The checks of the checklists: each reads configuration or figures, and says by what a measure is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from hakam.compliance.eu_database.submissions import SubmissionState
from hakam.compliance.models import Deadline, Fact, MadeReport, Statement, Submission
from hakam.compliance.reports import recipients
from hakam.intake.flaggers import FlaggerState
from hakam.intake.models import Flagger, Suspension
from hakam.policy.rules import Rule
from hakam.regulator import contacts, risks
from hakam.regulator.evidence import Situation
from hakam.review.models import Complaint
from hakam.review.states import ComplaintState
from hakam.staff.models import User
from hakam.staff.roles import PERMISSIONS, Permission, Role

_CSAM: Final = ("csam", "csam_synthetic")
_INTIMATE: Final = ("ncii", "ncii_women", "deepfake_intimate", "deepfake_intimate_women")
_DECIDES: Final = [role.value for role in Role if Permission.CASE_DECIDE in PERMISSIONS[role]]


class Chosen(NamedTuple):
    """What the operator set."""

    notice_hours: int
    complaint_days: int
    database: bool  # whether statements are sent to the EU database


class Found(NamedTuple):
    """Whether it is met, by what, and where to see it."""

    met: bool
    by: str
    url: str = ""


def _met(by: str, url: str) -> Found:
    return Found(met=True, by=by, url=url)


def _unmet(by: str, url: str) -> Found:
    return Found(met=False, by=by, url=url)


def _on_time(situation: Situation, *keys: str) -> tuple[int, int]:
    """Return how many clocks of these kinds ended in twelve months, and how many of them were met in time."""
    ended = Deadline.objects.filter(
        clock__in=keys, started_at__gte=situation.since, due_at__lte=situation.now
    )
    late = ended.filter(missed_at__isnull=False).count()
    return ended.count(), ended.count() - late  # fmt: skip


def _timely(situation: Situation, url: str, *keys: str) -> Found:
    of, met = _on_time(situation, *keys)
    if not of:
        return _met(_("The clocks are set; nothing fell due in twelve months."), url)
    text = _("%(met)s of %(of)s were in time in twelve months.") % {"met": met, "of": of}
    return Found(met == of, text, url)


def _accountable(scheme: str) -> Callable[[Situation, Chosen], Found]:
    def check(situation: Situation, _chosen: Chosen) -> Found:
        row = risks.newest(situation.platform, scheme)
        owner = User.objects.filter(pk=row.owner, is_active=True).first() if row else None
        if owner is None:
            return _unmet(_("No approved risk assessment names a person who is here."), "/desk/risks")
        return _met(_("%(who)s owns it.") % {"who": owner.get_full_name() or owner.username}, "/desk/risks")

    return check


def _roles(_situation: Situation, _chosen: Chosen) -> Found:
    count = User.objects.filter(is_active=True).count()
    return Found(
        count > 0, _("Roles and permissions of %(count)s people.") % {"count": count}, "/desk/people"
    )


def _ledger(_situation: Situation, _chosen: Chosen) -> Found:
    facts = Fact.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    return Found(
        facts > 0,
        _("A ledger of %(count)s facts that proves itself.") % {"count": facts},
        "/desk/ledger/chain",
    )


def _figures(_situation: Situation, _chosen: Chosen) -> Found:
    return _met(_("Figures of notices and decisions by kind of harm, day by day."), "/transparency")


def _moderators(_situation: Situation, _chosen: Chosen) -> Found:
    count = User.objects.filter(is_active=True, role__in=_DECIDES).count()
    return Found(count > 0, _("%(count)s people may decide cases.") % {"count": count}, "/desk/")


def _swift(situation: Situation, _chosen: Chosen) -> Found:
    return _timely(situation, "/desk/clocks", "notice.decision", "notice.decision.flagger")


def _rulebook(situation: Situation, _chosen: Chosen) -> Found:
    if situation.pack is None:
        return _unmet(_("No rule book is in force."), "/desk/rules")
    text = _("Rule book %(version)s with %(count)s clauses, each with its ladder and examples.")
    given = {"version": situation.pack.ref.version, "count": len(situation.pack.clauses)}
    return _met(text % given, "/rules")


def _targets(_situation: Situation, chosen: Chosen) -> Found:
    text = _("Notices are decided in %(hours)s hours; reversals are counted.") % {
        "hours": chosen.notice_hours
    }
    return Found(chosen.notice_hours > 0, text, "/desk/clocks")


def _priority(_situation: Situation, _chosen: Chosen) -> Found:
    return _met(
        _("The queue ranks by clock, severity, reach, confidence and trust; each case shows how."),
        "/desk/",
    )


def _languages(situation: Situation, _chosen: Chosen) -> Found:
    read = {
        one for user in User.objects.filter(is_active=True, role__in=_DECIDES) for one in user.languages_read
    }
    wanted = set(situation.pack.languages) if situation.pack else set()
    gone = sorted(wanted - read)
    if gone:
        return _unmet(
            _("Nobody who decides reads: %(languages)s") % {"languages": ", ".join(gone)},
            "/desk/people",
        )
    return Found(
        bool(read),
        _("Moderators read: %(languages)s") % {"languages": ", ".join(sorted(read))},
        "/desk/people",
    )


def _hashes(*harms: str) -> Callable[[Situation, Chosen], Found]:
    def check(situation: Situation, _chosen: Chosen) -> Found:
        banks, entries = situation.bank_entries(harms)
        text = _("%(banks)s banks in force with %(entries)s hashes.") % {"banks": banks, "entries": entries}
        return Found(entries > 0, text, "/desk/banks")

    return check


def _lists(situation: Situation, _chosen: Chosen) -> Found:
    from hakam.compliance.lists import in_force  # noqa: PLC0415 -- opened only here

    names = [one.name for one in in_force()] + sorted(situation.pack.lists if situation.pack else ())
    return _unmet(
        _("Lists in force: %(names)s. Attest which of them this is.") % {"names": ", ".join(names) or "–"},
        "/desk/rules",
    )


def _complaints(situation: Situation, _chosen: Chosen) -> Found:
    count = Complaint.objects.filter(received_at__gte=situation.since).count()
    return _met(
        _("Everybody told of a decision can complain; %(count)s did in twelve months.") % {"count": count},
        "/desk/complaints",
    )


def _easy(_situation: Situation, _chosen: Chosen) -> Found:
    return _met(_("The public form, tested against WCAG 2.2 AA, by keyboard and in Arabic."), "/report")


def _acknowledged(situation: Situation, _chosen: Chosen) -> Found:
    return _timely(situation, "/desk/clocks", "notice.receipt")


def _answered(situation: Situation, _chosen: Chosen) -> Found:
    return _timely(situation, "/desk/clocks", "notice.decision", "notice.decision.flagger")


def _answered_a_day(situation: Situation, chosen: Chosen) -> Found:
    found = _timely(situation, "/desk/clocks", "notice.decision")
    if chosen.notice_hours > 24:  # noqa: PLR2004 -- hours of a day
        return _unmet(
            _("The target for notices is %(hours)s hours.") % {"hours": chosen.notice_hours},
            "/desk/clocks",
        )
    return found


def _optout(_situation: Situation, _chosen: Chosen) -> Found:
    return _met(_("Who leaves no address is sent nothing; the page of the notice says all."), "/report")


def _appeal_targets(situation: Situation, chosen: Chosen) -> Found:
    found = _timely(situation, "/desk/complaints", "complaint.answer")
    return Found(
        found.met, f"{_('Target: %(days)s days.') % {'days': chosen.complaint_days}} {found.by}", found.url
    )


def _reversals(situation: Situation, _chosen: Chosen) -> Found:
    decided = Complaint.objects.filter(received_at__gte=situation.since).exclude(state=ComplaintState.OPEN)
    right = decided.filter(state=ComplaintState.UPHELD).count()
    text = _("%(right)s of %(of)s decided complaints were right, and their decisions reversed.")
    return _met(text % {"right": right, "of": decided.count()}, "/desk/complaints")


def _automation_told(situation: Situation, _chosen: Chosen) -> Found:
    live, _watching = situation.rules()
    text = _("Every statement says whether automation took part; %(count)s rules are live.") % {
        "count": len(live)
    }
    return _met(text, "/transparency")


def _misuse(_situation: Situation, _chosen: Chosen) -> Found:
    count = Suspension.objects.count()
    return _met(
        _("Warnings and suspensions by person and kind; %(count)s suspensions so far.") % {"count": count},
        "/desk/misuse",
    )


def _flaggers(_situation: Situation, _chosen: Chosen) -> Found:
    count = Flagger.objects.filter(state=FlaggerState.ACTIVE).count()
    return _met(
        _("A register and a channel of their own; %(count)s are active.") % {"count": count},
        "/desk/flaggers",
    )


def _terms(situation: Situation, _chosen: Chosen) -> Found:
    found = _rulebook(situation, _chosen)
    return Found(
        found.met,
        _("The rules are public in every version, with what changed. The terms must link to them."),
        "/rules",
    )


def _orders(situation: Situation, _chosen: Chosen) -> Found:
    keys = ("order.act.receipt", "order.act.effect", "order.inform.receipt", "order.inform.effect")
    return _timely(situation, "/desk/orders", *keys)


def _removal_orders(situation: Situation, _chosen: Chosen) -> Found:
    return _timely(situation, "/desk/orders", "tco.removal", "tco.feedback")


def _contact(*fields: str) -> Callable[[Situation, Chosen], Found]:
    def check(situation: Situation, _chosen: Chosen) -> Found:
        from hakam.compliance.profile import profile_of  # noqa: PLC0415 -- opened only here

        said = contacts.contacts_of(situation.platform)
        wanting = {
            gap.field for gap in contacts.gaps(said, profile_of(situation.platform), now=situation.now)
        }
        there = not wanting & set(fields)
        return Found(there, _("It is public.") if there else _("It is not public yet."), "/contact")

    return check


def _people(situation: Situation, _chosen: Chosen) -> Found:
    said = contacts.contacts_of(situation.platform)
    there = bool(said.people_email or said.people_phone)
    return Found(there, _("It is public.") if there else _("It is not public yet."), "/contact")


def _report(law: str) -> Callable[[Situation, Chosen], Found]:
    def check(situation: Situation, _chosen: Chosen) -> Found:
        year = situation.now.year - 1
        found = MadeReport.objects.filter(
            platform=situation.platform, version__isnull=False, first__year=year, law=law
        )
        return Found(found.exists(), _("Report of %(year)s.") % {"year": year}, "/desk/reports")

    return check


def _statements(situation: Situation, _chosen: Chosen) -> Found:
    found = Statement.objects.filter(issued_at__gte=situation.since)
    told = found.filter(informed_at__isnull=False).count()
    text = _("%(count)s statements in twelve months, %(told)s with proof of delivery.")
    return _met(text % {"count": found.count(), "told": told}, "/desk/ledger")


def _threats(situation: Situation, _chosen: Chosen) -> Found:
    return _timely(situation, "/desk/threats", "threat.report", "tco.threat")


def _disputes(situation: Situation, _chosen: Chosen) -> Found:
    return _timely(situation, "/desk/disputes", "dispute.outcome")


def _recipients(situation: Situation, _chosen: Chosen) -> Found:
    count = recipients.latest(situation.platform)
    fresh = count is not None and situation.now - count.published_at < timedelta(days=184)
    when = count.published_at.date().isoformat() if count is not None else "–"
    return Found(fresh, _("Published last: %(day)s") % {"day": when}, "/transparency")


def _database(_situation: Situation, chosen: Chosen) -> Found:
    waiting = Submission.objects.filter(state=SubmissionState.NEEDS_FIX).count()
    text = (
        _("Statements are sent; %(count)s wait to be mended.")
        if chosen.database
        else _("No database is set.")
    )
    return Found(
        chosen.database and not waiting,
        text % {"count": waiting} if chosen.database else text,
        "/desk/database",
    )


def _risks_eu(situation: Situation, _chosen: Chosen) -> Found:
    row = risks.newest(situation.platform, "eu")
    fresh = row is not None and row.review_on is not None and row.review_on >= situation.now.date()
    return Found(
        fresh,
        _("An approved assessment that is not overdue.") if fresh else _("None is in force."),
        "/desk/risks",
    )


def _filtering(situation: Situation, _chosen: Chosen) -> Found:
    live: list[Rule] = situation.rules()[0]
    text = _("%(count)s rules judge posts at the door, before they are shown.") % {"count": len(live)}
    return Found(bool(live), text, "/desk/rules")


def _blocking(_situation: Situation, _chosen: Chosen) -> Found:
    return _unmet(
        _("Accounts can be suspended and barred here; blocking by users is a button of the app."),
        "/desk/misuse",
    )


def _reporting_api(_situation: Situation, _chosen: Chosen) -> Found:
    return _met(_("The app hands reports in by the API; the public form takes those of anybody."), "/report")


CHECKS: Final[Mapping[str, Callable[[Situation, Chosen], Found]]] = {
    "accountable": _accountable("uk"), "accountable_children": _accountable("uk_children"), "roles": _roles,
    "ledger": _ledger, "figures": _figures, "moderators": _moderators, "swift": _swift, "rulebook": _rulebook,
    "targets": _targets, "priority": _priority, "languages": _languages, "hashes_csam": _hashes(*_CSAM),
    "hashes_intimate": _hashes(*_INTIMATE), "lists": _lists, "complaints": _complaints, "easy": _easy,
    "acknowledged": _acknowledged, "answered": _answered, "answered_a_day": _answered_a_day, "optout": _optout,
    "appeal_targets": _appeal_targets, "reversals": _reversals, "automation_told": _automation_told, "misuse": _misuse,
    "flaggers": _flaggers, "terms": _terms, "orders": _orders, "removal_orders": _removal_orders,
    "contact_authorities": _contact("authorities_email", "authorities_languages"), "contact_people": _people,
    "contact_tco": _contact("removal_email"), "representative": _contact("representative_name"),
    "report": _report("dsa"), "report_tco": _report("tco"), "statements": _statements, "threats": _threats,
    "disputes": _disputes, "recipients": _recipients, "database": _database, "risks_eu": _risks_eu,
    "filtering": _filtering, "blocking": _blocking, "reporting_api": _reporting_api,
}  # fmt: skip
