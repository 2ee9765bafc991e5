"""Trusted flaggers (DSA Art. 22): who has the status, for what, through which channel, and when it rests.

The status is given, suspended and taken away by a Digital Services Coordinator, never by a platform. What is written
here follows the Coordinator's register; the platform's own part is to look at such notices first, and to tell the
Coordinator of many that were not precise enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.intake import already
from hakam.intake.models import Flagger
from hakam.staff import keys
from hakam.staff.models import ApiKey, User
from hakam.staff.roles import Role, Scope
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.harm import Harm


class FlaggerState(StrEnum):
    """Where the status of a flagger is."""

    ACTIVE = "active"
    SUSPENDED = "suspended"  # while the Coordinator investigates, Art. 22(6)
    REVOKED = "revoked"  # Art. 22(7)


class FlaggerEvent(StrEnum):
    """What a Coordinator can do with a status."""

    SUSPEND = "suspend"
    RESTORE = "restore"
    REVOKE = "revoke"


FLAGGER: Final[Mapping[tuple[FlaggerState, FlaggerEvent], FlaggerState]] = {
    (FlaggerState.ACTIVE, FlaggerEvent.SUSPEND): FlaggerState.SUSPENDED,
    (FlaggerState.ACTIVE, FlaggerEvent.REVOKE): FlaggerState.REVOKED,
    (FlaggerState.SUSPENDED, FlaggerEvent.RESTORE): FlaggerState.ACTIVE,
    (FlaggerState.SUSPENDED, FlaggerEvent.REVOKE): FlaggerState.REVOKED,
}
_FACTS: Final = {
    FlaggerEvent.SUSPEND: FactKind.FLAGGER_SUSPENDED,
    FlaggerEvent.RESTORE: FactKind.FLAGGER_RESTORED,
    FlaggerEvent.REVOKE: FactKind.FLAGGER_REVOKED,
}
MAX_NAME: Final = 300


class FlaggerError(ValueError):
    """This can't be done to the flagger. `wrong` maps each field to what is wrong with it. Nothing was changed."""

    def __init__(self, message: str, *, wrong: Mapping[str, str] | None = None) -> None:
        self.wrong = dict(wrong or {})
        super().__init__(message)


def subject_of(flagger: Flagger) -> str:
    """Return a flagger's name in the ledger."""
    return f"flagger:{flagger.pk}"


def actor_of(flagger: Flagger) -> Actor:
    """Return a flagger as the `by` of a verb."""
    return Actor(ActorKind.FLAGGER, str(flagger.pk))


def trusts(flagger: Flagger, harm: str) -> bool:
    """Whether a notice about `harm` goes first: an active flagger, inside its area of expertise (DSA Art. 22(1))."""
    return flagger.state == FlaggerState.ACTIVE and harm in flagger.scope


def register(
    *,
    platform: str,
    name: str,
    email: str,
    country: str,
    coordinator_email: str,
    scope: Iterable[str],
    awarded_on: date,
    by: Actor,
    now: datetime,
    reference: str = "",
) -> Flagger:
    """Enter an entity that a Coordinator awarded the status. Raises `FlaggerError` with everything that is wrong."""
    harms = sorted(set(scope))
    wrong = _wrong(
        name=name, email=email, country=country, coordinator_email=coordinator_email, reference=reference
    )
    wrong |= _wrong_scope(harms)
    if awarded_on > localdate(now):
        wrong["awarded_on"] = _("the status is not awarded yet")
    if wrong:
        raise FlaggerError("; ".join(f"{field}: {what}" for field, what in wrong.items()), wrong=wrong)
    try:
        with transaction.atomic():
            flagger = Flagger.objects.create(
                platform=platform,
                name=name.strip(),
                email=email.strip().lower(),
                country=country.upper(),
                coordinator_email=coordinator_email.strip().lower(),
                reference=reference.strip(),
                awarded_on=awarded_on,
                scope=harms,
                state=FlaggerState.ACTIVE,
                since=now,
                registered_by=str(by),
            )
            ledger.record(
                FactKind.FLAGGER_REGISTERED,
                by=by,
                now=now,
                subject=subject_of(flagger),
                body={
                    "platform": platform,
                    "country": flagger.country,
                    "scope": harms,
                    "awarded_on": awarded_on,
                },
                private={"name": flagger.name, "email": flagger.email, "reference": flagger.reference},
            )
    except IntegrityError:
        raise FlaggerError(
            _("there is such a flagger"), wrong={"name": _("there is such a flagger")}
        ) from None
    return flagger


def _wrong(*, name: str, email: str, country: str, coordinator_email: str, reference: str) -> dict[str, str]:
    wrong = {}
    for field, text in (("name", name), ("reference", reference)):
        if len(text) > MAX_NAME or "\x00" in text:
            wrong[field] = _("1 to %(max_name)s characters, no NUL") % {"max_name": MAX_NAME}
    if not name.strip():
        wrong["name"] = _("a name is needed, as in the public register")
    for field, address in (("email", email), ("coordinator_email", coordinator_email)):
        try:
            validate_email(address.strip())
        except ValidationError:
            wrong[field] = _("this is no e-mail address")
    if country.upper() not in EU:
        wrong["country"] = _("a Member State of the Union, by its two letters")
    return wrong


def _wrong_scope(harms: Sequence[str]) -> dict[str, str]:
    unknown = [harm for harm in harms if harm not in set(Harm)]
    if unknown:
        return {"scope": _("`%(unknown)s` is no kind of harm") % {"unknown": unknown[0][:60]}}
    return {} if harms else {"scope": _("name the area of expertise: at least one harm")}


def set_scope(flagger_id: int, scope: Iterable[str], *, by: Actor, now: datetime) -> Flagger:
    """Change the area of expertise. Notices taken before keep their place. Raises `FlaggerError`."""
    harms = sorted(set(scope))
    wrong = _wrong_scope(harms)
    if wrong:
        raise FlaggerError(wrong["scope"], wrong=wrong)
    with transaction.atomic():
        flagger = _locked(flagger_id)
        before, flagger.scope = flagger.scope, harms
        flagger.save(update_fields=["scope"])
        ledger.record(
            FactKind.FLAGGER_SCOPE_CHANGED,
            by=by,
            now=now,
            subject=subject_of(flagger),
            body={"from": before, "to": harms},
        )
    return flagger


def change_status(flagger_id: int, event: FlaggerEvent, *, because: str, by: Actor, now: datetime) -> Flagger:
    """Follow a Coordinator's decision: suspend, restore or end the status (DSA Art. 22(6)).

    Notices that it sends while it is not active are taken like anybody's. An end also ends its keys and accounts.
    Raises `FlaggerError`.
    """
    because = storable(because).strip()
    if not because:
        raise FlaggerError(_("say what the Coordinator decided, and when"), wrong={"because": _("say why")})
    with transaction.atomic():
        flagger = _locked(flagger_id)
        to = FLAGGER.get((FlaggerState(flagger.state), event))
        if to is None:
            raise FlaggerError(str(already.FLAGGER[flagger.state]))
        flagger.state, flagger.since, flagger.because = to, now, because
        flagger.save(update_fields=["state", "since", "because"])
        if to is FlaggerState.REVOKED:
            for key in flagger.keys.filter(revoked_at=None):
                keys.revoke_key(key, by=by, now=now)
            flagger.members.clear()
        ledger.record(
            _FACTS[event],
            by=by,
            now=now,
            subject=subject_of(flagger),
            body={"platform": flagger.platform},
            private={"because": because},
        )
    return flagger


def issue_key(flagger_id: int, *, by: Actor, now: datetime) -> tuple[ApiKey, str]:
    """Give a flagger an API key of its own and return it with its text, which can't be had again."""
    with transaction.atomic():
        flagger = _open(flagger_id)
        key, text = keys.issue_key(
            platform=flagger.platform,
            scopes=[Scope.FLAGS_WRITE],
            name=flagger.name[:200],
            by=by,
            now=now,
        )
        flagger.keys.add(key)
        _admitted(flagger, f"key:{key.prefix}", by=by, now=now)
    return key, text


def admit(flagger_id: int, user: User, *, by: Actor, now: datetime) -> Flagger:
    """Let a person with the role of trusted flagger sign in for this one. Raises `FlaggerError`."""
    with transaction.atomic():
        flagger = _open(flagger_id)
        if user.role != Role.TRUSTED_FLAGGER:
            raise FlaggerError(_("only an account with the role of a trusted flagger flags"))
        if user.flaggers.exclude(pk=flagger.pk).exists():
            raise FlaggerError(_("this account flags for another entity"))
        if not flagger.members.filter(pk=user.pk).exists():
            flagger.members.add(user)
            _admitted(flagger, f"staff:{user.pk}", by=by, now=now)
    return flagger


def _admitted(flagger: Flagger, who: str, *, by: Actor, now: datetime) -> None:
    ledger.record(
        FactKind.FLAGGER_ADMITTED,
        by=by,
        now=now,
        subject=subject_of(flagger),
        about=(who,),
        body={"who": who},
    )


def _locked(flagger_id: int) -> Flagger:
    flagger = Flagger.objects.select_for_update().filter(pk=flagger_id).first()
    if flagger is None:
        raise FlaggerError(_("there is no such flagger"))
    return flagger


def _open(flagger_id: int) -> Flagger:
    flagger = _locked(flagger_id)
    if flagger.state == FlaggerState.REVOKED:
        raise FlaggerError(_("its status has ended"))
    return flagger


def of_key(key: ApiKey) -> Flagger | None:
    """Return the flagger behind an API key, or None."""
    return Flagger.objects.filter(keys=key).exclude(state=FlaggerState.REVOKED).first()


def of_user(user: User) -> Flagger | None:
    """Return the flagger that a person signs in for, or None."""
    return Flagger.objects.filter(members=user).exclude(state=FlaggerState.REVOKED).first()
