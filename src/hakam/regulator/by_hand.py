"""Clocks that a person starts: an audit came, the Commission decided, an advert was shown for the last time.

Nothing of ours can know of such a thing. Whoever does says what happened, when and how they know, and says later that
the duty was done; both are facts. Where the law wants it again and again the next clock starts with that word
(`then`), and what is owed from the day on which its duty applies starts without anybody's (`standing`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.access import facts_of
from hakam.compliance.clocks import Clock, clocks
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline
from hakam.compliance.profile import Profile, duties, judge, profile_of
from hakam.compliance.storable import storable
from hakam.vocabulary.actor import SYSTEM, Actor

_LONGEST: Final = 2_000  # characters of what somebody says


class ByHandError(ValueError):
    """This can't be done to the clock. Nothing was changed."""


class Told(NamedTuple):
    """What a person said of a clock. Empty where it started by itself, or where it was erased."""

    about: str
    because: str
    by: str
    done: str = ""
    done_by: str = ""


def offered() -> tuple[Clock, ...]:
    """Return the clocks that a person can start."""
    return tuple(one for one in clocks().values() if one.hand)


def begin(
    clock: str,
    *,
    platform: str,
    because: str,
    by: Actor,
    now: datetime,
    since: datetime | None = None,
    about: str = "",
) -> Deadline:
    """Start a clock from what a person knows. `since`: when that happened, by default now. Raises `ByHandError`.

    # DSA Art. 37(1), DSA Art. 42(4): audits and their reports. DSA Art. 39(1): adverts. DSA Art. 36(3): a crisis.
    # TCO Art. 5(5), TCO Art. 5(7): specific measures. IT Rules r.3(1)(c): reminders.
    """
    data = clocks().get(clock)
    if data is None or not data.hand:
        raise ByHandError(_("no such clock is started by hand"))
    because = _said(because, _("say how you know of it"))
    at = since or now
    if at > now:
        raise ByHandError(_("this lies ahead"))
    if not data.in_force(at.date()):
        raise ByHandError(_("this law had no such clock yet on that day"))
    with transaction.atomic():
        ledger.lock()
        return _begin(
            clock, platform, about=storable(about).strip()[:_LONGEST], because=because, at=at, by=by, now=now
        )


def _begin(
    clock: str, platform: str, *, about: str, because: str, at: datetime, by: Actor, now: datetime
) -> Deadline:
    earlier = Deadline.objects.filter(clock=clock, subject__startswith=f"duty:{platform}/{clock}/").count()
    subject = f"duty:{platform}/{clock}/{earlier + 1}"
    ledger.record(
        FactKind.DUTY_BEGUN, by=by, now=now, subject=subject, body={"platform": platform, "clock": clock, "since": at},
        private={"about": about, "because": because} if about or because else None,
    )  # fmt: skip
    return deadlines.start(clock, subject=subject, by=by, now=at)


def done(
    platform: str, clock: str, number: int, *, note: str, by: Actor, now: datetime, at: datetime | None = None
) -> Deadline:
    """Say that it was done, `at` which moment (by default now), and start what follows. Raises `ByHandError`."""
    note = _said(note, _("say what was done, and where it can be seen"))
    moment = at or now
    with transaction.atomic():
        ledger.lock()
        found = find(platform, clock, number)
        if found is None:
            raise ByHandError(_("there is no such clock"))
        if found.met_at is not None:
            raise ByHandError(_("it has ended already"))
        if not found.started_at <= moment <= now:
            raise ByHandError(_("it was done after it began, and not in the future"))
        ledger.record(
            FactKind.DUTY_DONE, by=by, now=now, subject=found.subject, private={"note": note},
            body={"platform": platform, "clock": clock, "at": moment},
        )  # fmt: skip
        deadlines.meet(clock, subject=found.subject, by=by, now=moment)
        for key in clocks()[clock].then:
            _begin(key, platform, about="", because=note, at=moment, by=by, now=now)
        found.refresh_from_db()
    return found


def keep_up(platform: str, *, now: datetime) -> int:
    """Start the clocks of duties that apply from a day on, end those whose duty is gone; return how many.

    # IT Rules r.3(1)(c): every three months. DSA Art. 37(1): every year.
    """
    profile, changed = profile_of(platform), 0
    for data in clocks().values():
        if not data.standing:
            continue
        running = _running(platform, data.key)
        applies = _applies(data.key, profile, now)
        if applies and not running:
            with transaction.atomic():
                ledger.lock()
                if not _running(platform, data.key):
                    _begin(data.key, platform, about="", because="", at=now, by=SYSTEM, now=now)
                    changed += 1
        elif running and not applies:
            for one in running:
                reason = _("the duty does not apply any more")
                deadlines.drop(data.key, subject=one.subject, by=SYSTEM, now=now, reason=reason)
                changed += 1
    return changed


def _applies(clock: str, profile: Profile, now: datetime) -> bool:
    return any(
        clock in duty.clocks and judge(duty, profile, now.date()).applies for duty in duties().values()
    )


def _running(platform: str, clock: str) -> list[Deadline]:
    found = Deadline.objects.filter(clock=clock, subject__startswith=f"duty:{platform}/{clock}/", met_at=None)
    return list(found.order_by("started_at", "pk"))


def find(platform: str, clock: str, number: int) -> Deadline | None:
    """Return one clock by its number, or None."""
    return Deadline.objects.filter(clock=clock, subject=f"duty:{platform}/{clock}/{number}").first()


def told(deadline: Deadline) -> Told:
    """Return what people said of a clock when it began, and when it was done."""
    begun = facts_of(deadline.subject, FactKind.DUTY_BEGUN)
    ended = facts_of(deadline.subject, FactKind.DUTY_DONE)
    said = (ledger.private_of(begun[-1]) or {}) if begun else {}
    note = (ledger.private_of(ended[-1]) or {}) if ended else {}
    return Told(
        about=str(said.get("about", "")),
        because=str(said.get("because", "")),
        by=begun[-1].actor if begun else "",
        done=str(note.get("note", "")),
        done_by=ended[-1].actor if ended else "",
    )


def _said(text: str, otherwise: str) -> str:
    text = storable(text).strip()
    if not text:
        raise ByHandError(otherwise)
    return text[:_LONGEST]
