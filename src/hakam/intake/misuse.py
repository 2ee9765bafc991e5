"""Misuse (DSA Art. 23): who often does what is manifestly wrong is warned, then suspended for a time, and may object.

Three kinds: manifestly illegal content, manifestly unfounded notices, manifestly unfounded complaints. A strike is one
such thing, marked by a person; a mere breach of the terms is none. Nobody is suspended without a warning that came
before the last strike, nor without the factors of Art. 23(3) on record.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.direction import settled
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import EffectKind
from hakam.intake import misuse_letters
from hakam.intake.models import Conduct, Notice, Strike, Suspension
from hakam.review.complaints import NOTIFIER
from hakam.review.concluding import Judged
from hakam.review.decisions import DecisionError, decide_item, replace
from hakam.review.ladder import NotOnLadderError
from hakam.review.lineage import decision_named, name_of, standing
from hakam.review.models import Complaint, Decision
from hakam.review.states import ComplaintState, DecisionState, Outcome
from hakam.vocabulary.actor import SYSTEM, Actor
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.harm import GRAVE
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import GroundKind, Reasons

YEAR: Final = timedelta(days=365)
MOST_DAYS: Final = 365  # of one suspension: "a reasonable period of time"


class MisuseKind(StrEnum):
    """What is misused."""

    ILLEGAL_CONTENT = "illegal_content"  # Art. 23(1)
    NOTICES = "notices"  # Art. 23(2)
    COMPLAINTS = "complaints"  # Art. 23(2)


class MisuseError(ValueError):
    """This can't be done. Nothing was changed."""


class Factors(msgspec.Struct, frozen=True):
    """What was considered (DSA Art. 23(3)), as it stood when the suspension was imposed."""

    strikes: int  # (a): absolute number in the past year
    total: int  # of items, notices or complaints in the past year
    # DSA Art. 23(3)(a), Art. 23(3)(b), Art. 23(3)(c)
    gravity: str  # (c): of the misuse, with its consequences
    intention: str = ""  # (d): where it is possible to identify; empty: it was not

    @property
    def share(self) -> float:
        """(b): the strikes in proportion to the total."""
        return self.strikes / self.total


class _Who(NamedTuple):
    platform: str
    account: str
    email: str
    language: str


def subject_of(conduct: Conduct) -> str:
    """Return the name of a record of misuse in the ledger; it tells nobody's name."""
    return f"misuse:{conduct.pk}"


def kind_of(ref: str) -> MisuseKind:
    """Return what kind of misuse a strike about `ref` is. Raises `MisuseError`."""
    try:
        return {
            "decision": MisuseKind.ILLEGAL_CONTENT,
            "notice": MisuseKind.NOTICES,
            "complaint": MisuseKind.COMPLAINTS,
        }[ref.partition(":")[0]]
    except KeyError:
        raise MisuseError(_("name a decision, a notice or a complaint, as `decision:7`")) from None


def strike(ref: str, *, because: str, by: Actor, now: datetime) -> Strike:
    """Mark a decided thing as manifestly illegal or manifestly unfounded. Twice is once.

    `ref` names the decision that found content illegal, the notice that was not upheld, or the complaint that was
    denied. Raises `MisuseError`.
    """
    because = _said(because, _("say why it is manifest, so that a person without legal knowledge sees it"))
    kind = kind_of(ref)
    who = {
        MisuseKind.ILLEGAL_CONTENT: _of_decision,
        MisuseKind.NOTICES: _of_notice,
        MisuseKind.COMPLAINTS: _of_complaint,
    }[kind](ref)
    if not (who.account or who.email):
        raise MisuseError(_("nobody is known behind it"))
    try:
        with transaction.atomic():
            ledger.lock()
            earlier = Strike.objects.filter(ref=ref).first()
            if earlier is not None:
                return earlier
            conduct, _fresh = Conduct.objects.get_or_create(
                platform=who.platform,
                kind=kind.value,
                account=who.account,
                email="" if who.account else who.email,
                defaults={"token": secrets.token_urlsafe(24), "language": who.language or "en"},
            )
            made = Strike.objects.create(conduct=conduct, ref=ref, at=now, by=str(by), because=because)
            _record(
                FactKind.MISUSE_STRIKE, conduct, by=by, now=now, about=(ref,), body={"ref": ref},
                private={"because": because, "account": who.account, "email": who.email},
            )  # fmt: skip
    except IntegrityError:
        return Strike.objects.get(ref=ref)
    return made


def _of_decision(ref: str) -> _Who:
    decision = decision_named(ref)
    if decision is None:
        raise MisuseError(_("there is no such decision"))
    if decision.state != DecisionState.FINAL or decision.outcome != Outcome.VIOLATION:
        raise MisuseError(_("only a final decision that found a violation can be a strike"))
    reasons = msgspec.convert(decision.reasons, Reasons)
    if not any(ground.kind is GroundKind.ILLEGAL for ground in reasons.grounds):
        raise MisuseError(_("the decision says that the terms were broken, not the law"))
    email = decision.case.author_email if decision.case is not None else ""
    return _Who(decision.platform, decision.author_id, email, decision.language)


def _of_notice(ref: str) -> _Who:
    notice = Notice.objects.filter(pk=_uuid(ref)).first()
    if notice is None:
        raise MisuseError(_("there is no such notice"))
    if notice.flagger_id is not None:
        raise MisuseError(_("a trusted flagger's Coordinator is told instead (DSA Art. 22(6))"))
    if notice.items.exclude(upheld=False).exists() or not notice.items.exists():
        raise MisuseError(_("only a notice that was answered, and upheld in nothing, can be a strike"))
    return _Who(notice.platform, notice.notifier, notice.email, notice.language)


def _of_complaint(ref: str) -> _Who:
    complaint = Complaint.objects.filter(pk=_uuid(ref)).select_related("decision").first()
    if complaint is None:
        raise MisuseError(_("there is no such complaint"))
    if complaint.state != ComplaintState.DENIED:
        raise MisuseError(_("only a complaint that was denied can be a strike"))
    return complainant(complaint.decision, complaint.complainant, complaint.notice, complaint.email)


def complainant(decision: Decision, side: str, notice_ref: str, email: str) -> _Who:
    """Return who complains about a decision: the affected account, or the notifier behind a notice."""
    if side == NOTIFIER:
        notice = Notice.objects.filter(pk=_uuid(notice_ref)).first()
        if notice is not None:
            return _Who(decision.platform, notice.notifier, notice.email or email, notice.language)
    return _Who(decision.platform, decision.author_id, email, decision.language)


def _uuid(ref: str) -> str:
    """Return the id in `notice:<uuid>:<n>`; one that exists nowhere if it is no id."""
    part = ref.split(":")[1] if ":" in ref else ""
    return part if len(part) == 36 and part.count("-") == 4 else "00000000-0000-0000-0000-000000000000"  # noqa: PLR2004 -- of a UUID


def withdraw(strike_id: int, *, because: str, by: Actor, now: datetime) -> Strike:
    """Take a strike back: it was none. Twice is once. Raises `MisuseError`."""
    because = _said(because, _("say why it is none"))
    with transaction.atomic():
        ledger.lock()
        found = Strike.objects.select_for_update().select_related("conduct").filter(pk=strike_id).first()
        if found is None:
            raise MisuseError(_("there is no such strike"))
        if found.withdrawn_at is None:
            found.withdrawn_at = now
            found.save(update_fields=["withdrawn_at"])
            _record(
                FactKind.MISUSE_STRIKE_WITHDRAWN, found.conduct, by=by, now=now, about=(found.ref,),
                body={"ref": found.ref}, private={"because": because},
            )  # fmt: skip
    return found


def standing_strikes(conduct: Conduct, *, now: datetime) -> list[Strike]:
    """Return the strikes of the past year that still count, the oldest first.

    What was reversed since is none any more: a decision that does not stand, a notice that was right after all.
    """
    found = conduct.strikes.filter(withdrawn_at=None, at__gt=now - YEAR).order_by("at", "pk")
    return [one for one in found if _stands(conduct, one.ref)]


def _stands(conduct: Conduct, ref: str) -> bool:
    if conduct.kind == MisuseKind.ILLEGAL_CONTENT:
        decision = decision_named(ref)
        return decision is not None and standing(decision).outcome == Outcome.VIOLATION
    if conduct.kind == MisuseKind.NOTICES:
        return not Notice.objects.filter(pk=_uuid(ref), items__upheld=True).exists()
    return True


def total_of(conduct: Conduct, *, now: datetime) -> int | None:
    """Return how many notices or complaints the person sent in the past year; None for content: the platform knows."""
    since = now - YEAR
    if conduct.kind == MisuseKind.NOTICES:
        return _notices_of(conduct).filter(received_at__gt=since).count()
    if conduct.kind == MisuseKind.COMPLAINTS:
        sent = Complaint.objects.filter(received_at__gt=since, decision__platform=conduct.platform)
        if conduct.account:
            theirs = [f"notice:{pk}" for pk in _notices_of(conduct).values_list("pk", flat=True)]
            mine = Q(complainant="affected", decision__author_id=conduct.account)
            for name in theirs:
                mine |= Q(notice__startswith=name)
            return sent.filter(mine).count()
        return sent.filter(email__iexact=conduct.email).count()
    return None


def _notices_of(conduct: Conduct) -> QuerySet[Notice]:
    who = Q(notifier=conduct.account) if conduct.account else Q(email=conduct.email, notifier="")
    return Notice.objects.filter(who, platform=conduct.platform)


def warn(conduct_id: str, *, because: str, by: Actor, now: datetime) -> Conduct:
    """Warn somebody, as must come before every suspension (DSA Art. 23(1) and (2)). Raises `MisuseError`."""
    because = settled(_said(because, _("say what the person did; it is what the warning says")))
    with transaction.atomic():
        conduct = _locked(conduct_id)
        if not standing_strikes(conduct, now=now):
            raise MisuseError(_("no strike of the past year stands"))
        conduct.warned_at, conduct.warned_by, conduct.warning = now, str(by), because
        conduct.save(update_fields=["warned_at", "warned_by", "warning"])
        fact = _record(
            FactKind.MISUSE_WARNED, conduct, by=by, now=now, body={}, private={"because": because}
        )  # fmt: skip
        misuse_letters.tell(
            conduct,
            EffectKind.MISUSE_WARNING,
            misuse_letters.warning(conduct),
            now=now,
            key=f"warned:{fact.pk}",
        )
    return conduct


def running(conduct: Conduct, *, now: datetime) -> Suspension | None:
    """Return the suspension in force, if there is one."""
    return conduct.suspensions.filter(ended_at=None, begins__lte=now, ends__gt=now).first()


def suspend(
    conduct_id: str,
    *,
    days: int,
    because: str,
    gravity: str,
    by: Actor,
    now: datetime,
    intention: str = "",
    total: int | None = None,
) -> Suspension:
    """Suspend somebody for `days`, after a warning and further misuse, with the factors (DSA Art. 23(1) to (3)).

    An account is suspended by a decision with a statement of reasons; notices and complaints are kept and answered,
    but not processed. `total` is how many items the account posted in the past year, which only the platform knows.
    Raises `MisuseError`.
    """
    because = settled(_said(because, _("give the reasons; the person reads them")))
    gravity = _said(gravity, _("say how grave the misuse is, with its consequences (Art. 23(3)(c))"))
    if not 0 < days <= MOST_DAYS:
        raise MisuseError(_("a suspension lasts 1 to %(most_days)s days") % {"most_days": MOST_DAYS})
    with transaction.atomic():
        conduct = _locked(conduct_id)
        strikes = standing_strikes(conduct, now=now)
        if conduct.warned_at is None or not any(one.at > conduct.warned_at for one in strikes):
            raise MisuseError(_("a suspension follows a warning and a strike that came after it"))
        if running(conduct, now=now) is not None:
            raise MisuseError(_("a suspension is in force"))
        known = total_of(conduct, now=now)
        whole = max(known, len(strikes)) if known is not None else (total or 0)
        if whole < len(strikes):
            raise MisuseError(_("say how many items the account posted in the past year (Art. 23(3)(b))"))
        factors = Factors(len(strikes), whole, gravity, storable(intention).strip())
        made = Suspension.objects.create(
            conduct=conduct,
            begins=now,
            ends=now + timedelta(days=days),
            by=str(by),
            because=because,
            factors=msgspec.to_builtins(factors),
        )
        if conduct.kind == MisuseKind.ILLEGAL_CONTENT:
            made.decision = name_of(_restrict(conduct, strikes, days=days, because=because, by=by, now=now))
            made.save(update_fields=["decision"])
        _record(
            FactKind.MISUSE_SUSPENDED, conduct, by=by, now=now, about=tuple(one.ref for one in strikes),
            body={"until": made.ends, "days": days, "strikes": factors.strikes, "total": factors.total,
                  "decision": made.decision},
            private={"because": because, "gravity": gravity, "intention": factors.intention},
        )  # fmt: skip
        if conduct.kind != MisuseKind.ILLEGAL_CONTENT:  # an account gets its statement of reasons
            misuse_letters.tell(
                conduct, EffectKind.MISUSE_SUSPENSION, misuse_letters.suspension(conduct, made), now=now,
                key=f"suspended:{made.pk}",
            )  # fmt: skip
    return made


def _restrict(
    conduct: Conduct, strikes: list[Strike], *, days: int, because: str, by: Actor, now: datetime
) -> Decision:
    """Suspend the account under a clause that was broken and has such a step, the newest first."""
    decisions = [found for one in reversed(strikes) if (found := decision_named(one.ref)) is not None]
    newest = decisions[0]
    email = next((d.case.author_email for d in decisions if d.case is not None and d.case.author_email), "")
    judged = Judged(
        item=ItemRef(conduct.platform, "account", conduct.account),
        author_id=conduct.account,
        author_email=email,
        language=newest.language or "en",
    )
    for clause in dict.fromkeys(d.clause for d in decisions):
        try:
            return decide_item(
                judged,
                by=by,
                now=now,
                outcome=Outcome.VIOLATION,
                clause=clause,
                measures=[Measure(MeasureKind.SUSPEND, days=days)],
                facts=because,
                illegal=True,
                undo_seconds=0,
            )
        except NotOnLadderError:
            continue
        except DecisionError as error:
            raise MisuseError(str(error)) from error
    raise MisuseError(
        _("no clause that was broken has a suspension of %(days)s days among its steps") % {"days": days}
    )


def lift(suspension_id: int, *, because: str, by: Actor, now: datetime) -> Suspension:
    """End a suspension before its time; an account gets its rights back. Raises `MisuseError`.

    What was held is taken up by `holding.take_up`, which needs the vault.
    """
    because = settled(_said(because, _("say why; the person reads it")))
    with transaction.atomic():
        ledger.lock()
        made = (
            Suspension.objects.select_for_update().select_related("conduct").filter(pk=suspension_id).first()
        )
        if made is None:
            raise MisuseError(_("there is no such suspension"))
        if made.ended_at is not None:
            raise MisuseError(_("it has ended"))
        conduct = made.conduct
        decision = decision_named(made.decision) if made.decision else None
        if decision is not None and standing(decision).outcome == Outcome.VIOLATION:
            replace(standing(decision).pk, by=by, now=now, outcome=Outcome.NO_VIOLATION, because=because)
        made.ended_at, made.lifted = now, True
        made.save(update_fields=["ended_at", "lifted"])
        _record(
            FactKind.MISUSE_LIFTED, conduct, by=by, now=now, body={"suspended_at": made.begins},
            private={"because": because},
        )  # fmt: skip
        misuse_letters.tell(
            conduct,
            EffectKind.MISUSE_END,
            misuse_letters.lifted(conduct, because),
            now=now,
            key=f"lifted:{made.pk}",
        )
    return made


def end_due(now: datetime, *, limit: int = 200) -> int:
    """Record the suspensions whose time is over, and return how many. For the worker."""
    done = 0
    for pk in list(
        Suspension.objects.filter(ended_at=None, ends__lte=now).values_list("pk", flat=True)[:limit]
    ):
        with transaction.atomic():
            ledger.lock()
            if Suspension.objects.filter(pk=pk, ended_at=None).update(ended_at=now):
                made = Suspension.objects.select_related("conduct").get(pk=pk)
                _record(
                    FactKind.MISUSE_ENDED, made.conduct, by=SYSTEM, now=now, body={"suspended_at": made.begins}
                )  # fmt: skip
                done += 1
    return done


def in_force(
    kind: MisuseKind, *, platform: str, account: str, email: str, now: datetime, harm: str = ""
) -> Suspension | None:
    """Return the suspension that stops this person's notices or complaints now, or None.

    Notices of the gravest harms are processed whoever sends them: a child in danger does not pay for the sender's past.
    """
    if harm in {one.value for one in GRAVE} or not (account or email):
        return None
    who = (
        Q(conduct__account=account)
        if account
        else Q(conduct__account="", conduct__email=email.strip().lower())
    )
    return (
        Suspension.objects.filter(who, conduct__platform=platform, conduct__kind=kind.value)
        .filter(ended_at=None, begins__lte=now, ends__gt=now)
        .select_related("conduct")
        .first()
    )


def _said(text: str, otherwise: str) -> str:
    text = storable(text).strip()
    if not text:
        raise MisuseError(otherwise)
    return text


def _locked(conduct_id: str) -> Conduct:
    ledger.lock()
    conduct = Conduct.objects.select_for_update().filter(pk=conduct_id).first()
    if conduct is None:
        raise MisuseError(_("there is no such record"))
    return conduct


def _record(
    kind: FactKind,
    conduct: Conduct,
    *,
    by: Actor,
    now: datetime,
    body: dict[str, Any],
    about: tuple[str, ...] = (),
    private: dict[str, str] | None = None,
) -> Any:
    account = (f"account:{conduct.platform}/{conduct.account}",) if conduct.account else ()
    return ledger.record(
        kind,
        by=by,
        now=now,
        subject=subject_of(conduct),
        about=(*about, *account),
        body={"platform": conduct.platform, "kind": conduct.kind, **body},
        private=private,
    )
