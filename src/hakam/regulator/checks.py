"""The checks of the checklists: each reads configuration or figures, and says by what a measure is met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, timedelta
from statistics import median
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from hakam.compliance import guards
from hakam.compliance.clocks import clock
from hakam.compliance.eu_database.submissions import SubmissionState
from hakam.compliance.models import Deadline, Fact, MadeReport, Statement, Submission
from hakam.compliance.reports import recipients
from hakam.compliance.reports.making import on_record
from hakam.compliance.reports.period import year as whole
from hakam.enforcement.models import AppliedMeasure
from hakam.enforcement.states import MeasureState
from hakam.intake.flaggers import FlaggerState
from hakam.intake.models import Conduct, Flagger, Notice, NoticeItem, Suspension
from hakam.policy.rules import Rule
from hakam.regulator import contacts, risks
from hakam.regulator.evidence import Situation
from hakam.review.models import Complaint, Decision
from hakam.review.states import ComplaintState, Outcome
from hakam.staff.models import ApiKey, User
from hakam.staff.roles import PERMISSIONS, Permission, Role, Scope

_CSAM: Final = ("csam", "csam_synthetic")
_INTIMATE: Final = ("ncii", "ncii_women", "deepfake_intimate", "deepfake_intimate_women")
_GRAVE: Final = 80  # severity of a clause, of 100, from which a case is grave
_LATELY: Final = timedelta(days=90)
_MOST: Final = 2_000  # decisions that are looked at
_DECIDES: Final = [role.value for role in Role if Permission.CASE_DECIDE in PERMISSIONS[role]]


class Chosen(NamedTuple):
    """What the operator set."""

    notice_hours: int
    complaint_days: int
    database: bool  # whether statements are sent to the EU database


class Found(NamedTuple):
    """Whether it is met, by what, and where to see it. `None`: nothing has happened yet that could show it."""

    met: bool | None
    by: str
    url: str = ""


def _met(by: str, url: str) -> Found:
    return Found(met=True, by=by, url=url)


def _unmet(by: str, url: str) -> Found:
    return Found(met=False, by=by, url=url)


def _unshown(by: str, url: str) -> Found:
    return Found(met=None, by=by, url=url)


def _on_time(situation: Situation, *keys: str) -> tuple[int, int]:
    """Return how many clocks of these kinds ended in twelve months, and how many of them were met in time."""
    ended = Deadline.objects.filter(
        clock__in=keys, started_at__gte=situation.since, due_at__lte=situation.now
    )
    late = ended.filter(missed_at__isnull=False).count()
    return ended.count(), ended.count() - late  # fmt: skip


def _timely(situation: Situation, *keys: str) -> Found:
    of, met = _on_time(situation, *keys)
    url = f"/desk/clocks?of={','.join(keys)}"
    if not of:
        return _unshown(_("The clocks are set; nothing fell due in twelve months."), url)
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
    text = _("Roles and permissions of %(count)s people.") % {"count": count}
    if count == 1:
        text = _("One person alone: nobody can be the second where two are needed.")
    return Found(count > 1, text, "/desk/people")


def _ledger(_situation: Situation, _chosen: Chosen) -> Found:
    gone = guards.missing(connection)
    if gone:
        return _unmet(_("The ledger lacks its guards in the database; run the doctor."), "/desk/ledger/chain")
    facts = Fact.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    text = _("A ledger of %(count)s facts that proves itself.") % {"count": facts}
    return Found(facts > 0, text, "/desk/ledger/chain")


def _figures(situation: Situation, _chosen: Chosen) -> Found:
    lately = situation.now - _LATELY
    harms = NoticeItem.objects.filter(notice__received_at__gte=situation.since)
    count = harms.values("notice__harm").distinct().count()
    if not count:
        return _unshown(_("No notice came in twelve months."), "/transparency")
    now = Counter(harms.filter(notice__received_at__gte=lately).values_list("notice__harm", flat=True))
    before = Counter(
        harms.filter(notice__received_at__gte=lately - _LATELY, notice__received_at__lt=lately)
        .values_list("notice__harm", flat=True)
    )  # fmt: skip
    rising = sum(number > before[harm] for harm, number in now.items())
    text = _(
        "%(count)s kinds of harm were notified in twelve months; %(rising)s rose in the last ninety days."
    )
    return _met(text % {"count": count, "rising": rising}, "/transparency")


def _moderators(_situation: Situation, _chosen: Chosen) -> Found:
    count = User.objects.filter(is_active=True, role__in=_DECIDES).count()
    return Found(count > 0, _("%(count)s people may decide cases.") % {"count": count}, "/desk/")


def _swift(situation: Situation, _chosen: Chosen) -> Found:
    return _timely(situation, "notice.decision", "notice.decision.flagger")


def _rulebook(situation: Situation, _chosen: Chosen) -> Found:
    if situation.pack is None:
        return _unmet(_("No rule book is in force."), "/desk/rules")
    text = _("Rule book %(version)s with %(count)s clauses, each with its ladder and examples.")
    given = {"version": situation.pack.ref.version, "count": len(situation.pack.clauses)}
    return _met(text % given, "/rules")


def _targets(situation: Situation, chosen: Chosen) -> Found:
    decided = Decision.objects.filter(at__gte=situation.since, by__startswith="staff:")
    if not decided.exists():
        return _unshown(
            _("The target is %(hours)s hours; nobody decided anything in twelve months.")
            % {"hours": chosen.notice_hours},
            "/desk/complaints?state=",
        )
    wrong = Complaint.objects.filter(received_at__gte=situation.since, state=ComplaintState.UPHELD).count()
    text = _("The target is %(hours)s hours; %(wrong)s of %(of)s decisions were found wrong on a complaint.")
    given = {"hours": chosen.notice_hours, "wrong": wrong, "of": decided.count()}
    return Found(chosen.notice_hours > 0, text % given, "/desk/complaints?state=upheld")


def _priority(situation: Situation, _chosen: Chosen) -> Found:
    grave: list[float] = []
    others: list[float] = []
    decided = Decision.objects.filter(at__gte=situation.since, by__startswith="staff:", case__isnull=False)
    for clause, at, opened in decided.order_by("-at").values_list("clause", "at", "case__opened_at")[:_MOST]:
        known = situation.pack.clauses.get(clause) if situation.pack else None
        spans = grave if known is not None and known.severity >= _GRAVE else others
        spans.append((at - opened).total_seconds() / 3600)
    if not grave or not others:
        return _unshown(
            _("The queue ranks by severity and reach; not enough was decided in twelve months to show it."),
            "/desk/",
        )
    first, rest = median(grave), median(others)
    text = _(
        "The gravest were decided in %(grave)s hours, the others in %(others)s (medians of twelve months)."
    )
    return Found(first <= rest, text % {"grave": round(first, 1), "others": round(rest, 1)}, "/desk/")


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
    late = Complaint.objects.filter(state=ComplaintState.OPEN, due_at__lt=situation.now).count()
    if late:
        return _unmet(
            _("%(count)s complaints wait past their aim.") % {"count": late}, "/desk/complaints?state=open"
        )
    count = Complaint.objects.filter(received_at__gte=situation.since).count()
    text = _("Everybody told of a decision can complain; %(count)s did in twelve months.") % {"count": count}
    return Found(True if count else None, text, "/desk/complaints?state=")


def _easy(_situation: Situation, _chosen: Chosen) -> Found:
    return _unshown(
        _(
            "The public form works by keyboard, with screen readers and in Arabic. That your app leads to it, attest."
        ),
        "/report",
    )


def _acknowledged(situation: Situation, _chosen: Chosen) -> Found:
    """One clock for each notice would say no more than its row does: when it came, when its receipt arrived."""
    within = clock("notice.receipt", at=situation.now).length
    sent = Notice.objects.filter(received_at__gte=situation.since, receipt_at__isnull=False)
    of, met = sent.count(), sent.filter(receipt_at__lte=F("received_at") + within).count()
    if not of:
        return _unshown(_("The clocks are set; nothing fell due in twelve months."), "/desk/deliveries")
    text = _("%(met)s of %(of)s were in time in twelve months.") % {"met": met, "of": of}
    return Found(met == of, text, "/desk/deliveries")


def _answered(situation: Situation, _chosen: Chosen) -> Found:
    return _timely(situation, "notice.decision", "notice.decision.flagger")


def _answered_a_day(situation: Situation, chosen: Chosen) -> Found:
    found = _timely(situation, "notice.decision")
    if chosen.notice_hours > 24:  # noqa: PLR2004 -- hours of a day
        return _unmet(
            _("The target for notices is %(hours)s hours.") % {"hours": chosen.notice_hours},
            "/desk/clocks",
        )
    return found


def _optout(situation: Situation, _chosen: Chosen) -> Found:
    came = Notice.objects.filter(received_at__gte=situation.since)
    text = _("%(count)s of %(of)s notices came without an address, and nothing was sent about them.")
    given = {"count": came.filter(email="").count(), "of": came.count()}
    return Found(True if given["count"] else None, text % given, "/report")


def _appeal_targets(situation: Situation, chosen: Chosen) -> Found:
    found = _timely(situation, "complaint.answer", "tco.complaint")
    return Found(
        found.met, f"{_('Target: %(days)s days.') % {'days': chosen.complaint_days}} {found.by}", found.url
    )


def _reversals(situation: Situation, _chosen: Chosen) -> Found:
    decided = Complaint.objects.filter(received_at__gte=situation.since).exclude(state=ComplaintState.OPEN)
    right = decided.filter(state=ComplaintState.UPHELD)
    before = right.filter(decided_at__lt=situation.now - timedelta(days=1)).values_list(
        "decision_id", flat=True
    )
    stands = AppliedMeasure.objects.filter(
        decision__in=[f"decision:{pk}" for pk in before], state__in=[MeasureState.SENT, MeasureState.APPLIED]
    ).count()
    url = "/desk/complaints?state=upheld"
    if stands:
        return _unmet(
            _("%(count)s measures still stand though a complaint was right.") % {"count": stands}, url
        )
    text = _("%(right)s of %(of)s decided complaints were right, and their decisions reversed.")
    of = decided.count()
    return Found(True if of else None, text % {"right": right.count(), "of": of}, url)


def _automation_told(situation: Situation, _chosen: Chosen) -> Found:
    made = Decision.objects.filter(at__gte=situation.since, by__startswith="rule:", outcome=Outcome.VIOLATION)
    names = [f"decision:{pk}" for pk in made.values_list("pk", flat=True)]
    url = "/desk/ledger?kind=statement.issued"
    if not names:
        return _unshown(_("No rule decided by itself in twelve months."), url)
    told = Statement.objects.filter(decision__in=names).count()
    text = _("%(told)s of %(of)s decisions of rules were told with a statement that says so.")
    return Found(told >= len(names), text % {"told": told, "of": len(names)}, url)


def _misuse(situation: Situation, _chosen: Chosen) -> Found:
    standing = Conduct.objects.annotate(
        count=Count("strikes", filter=Q(strikes__withdrawn_at=None, strikes__at__gte=situation.since))
    ).filter(count__gt=0)
    unwarned = standing.filter(count__gt=1, warned_at=None).count()
    if unwarned:
        return _unmet(_("Not warned, with several strikes: %(count)s.") % {"count": unwarned}, "/desk/misuse")
    text = _("With strikes of twelve months: %(count)s; suspensions so far: %(suspended)s.")
    given = {"count": standing.count(), "suspended": Suspension.objects.count()}
    return Found(True if given["count"] or given["suspended"] else None, text % given, "/desk/misuse")


def _flaggers(situation: Situation, _chosen: Chosen) -> Found:
    count = Flagger.objects.filter(state=FlaggerState.ACTIVE).count()
    text = _("A register and a channel of their own; %(count)s are active.") % {"count": count}
    if not count:
        return _unshown(text, "/desk/flaggers")
    of, met = _on_time(situation, "notice.decision.flagger")
    if met < of:
        return _timely(situation, "notice.decision.flagger")
    return _met(text, "/desk/flaggers")


def _terms(situation: Situation, _chosen: Chosen) -> Found:
    if situation.pack is None:
        return _unmet(_("No rule book is in force."), "/desk/rules")
    return _unshown(
        _("The rules are public in every version, with what changed. That your terms lead to them, attest."),
        "/rules",
    )


def _orders(situation: Situation, _chosen: Chosen) -> Found:
    keys = ("order.act.receipt", "order.act.effect", "order.inform.receipt", "order.inform.effect")
    return _timely(situation, *keys)


def _removal_orders(situation: Situation, _chosen: Chosen) -> Found:
    return _timely(situation, "tco.removal", "tco.feedback")


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
        if not found.exists() and not on_record(whole(year), UTC):
            text = _("The record begins after %(year)s: the report of that year does not come from here.")
            return _unshown(text % {"year": year}, "/desk/reports")
        return Found(found.exists(), _("Report of %(year)s.") % {"year": year}, "/desk/reports")

    return check


def _statements(situation: Situation, _chosen: Chosen) -> Found:
    found = Statement.objects.filter(issued_at__gte=situation.since)
    told = found.filter(informed_at__isnull=False).count()
    silent = found.filter(informed_at=None, issued_at__lt=situation.now - timedelta(days=2)).count()
    text = _("%(count)s statements in twelve months, %(told)s with proof of delivery.") % {
        "count": found.count(), "told": told,
    }  # fmt: skip
    url = "/desk/ledger?kind=statement.issued"
    if silent:
        return _unmet(
            f"{text} {_('Not delivered for two days: %(count)s') % {'count': silent}}", "/desk/deliveries"
        )
    return Found(True if found.exists() else None, text, url)


def _threats(situation: Situation, _chosen: Chosen) -> Found:
    return _timely(situation, "threat.report", "tco.threat")


def _disputes(situation: Situation, _chosen: Chosen) -> Found:
    return _timely(situation, "dispute.outcome")


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


def _reporting_api(situation: Situation, _chosen: Chosen) -> Found:
    keys = ApiKey.objects.filter(platform=situation.platform, revoked_at=None).exclude(
        expires_at__lt=situation.now
    )
    count = sum(Scope.NOTICES_WRITE in key.scopes for key in keys)
    text = _("Keys of the app that may hand reports in: %(count)s. The public form takes those of anybody.")
    return Found(count > 0, text % {"count": count}, "/desk/keys")


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
