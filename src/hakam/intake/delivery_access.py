"""Which deliveries a person may see: those about what they may read. An effect's key says what it is about."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Q

from hakam.compliance import statements
from hakam.enforcement import access as enforcement
from hakam.enforcement.models import Effect
from hakam.enforcement.states import EffectState
from hakam.intake.models import Notice
from hakam.review import access as review
from hakam.review.complaint_access import decisions_of
from hakam.review.models import CaseSource, Decision
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES

_CHUNK: Final = 200
_CHUNKS: Final = 25  # so many are looked through for one page
_OFFENCES: Final = [harm.value for harm in CHILD_ABUSE_OFFENCES]


def deliveries(
    *,
    user: User,
    state: EffectState | None = None,
    kind: str = "",
    before: tuple[datetime, uuid.UUID] | None = None,
    limit: int = 50,
) -> list[Effect]:
    """Return effects that this person may see, newest first."""
    if not user.may(Permission.DELIVERY_READ):
        return []
    found: list[Effect] = []
    for _ in range(_CHUNKS):
        some = enforcement.deliveries(state=state, kind=kind, before=before, limit=_CHUNK)
        found += visible(some, user=user)
        if len(found) >= limit or len(some) < _CHUNK:
            break
        before = some[-1].created_at, some[-1].pk
    return found[:limit]


def delivery(effect_id: str, *, user: User) -> Effect | None:
    """Return an effect; None if it is absent or not this person's to see."""
    found = enforcement.effect(effect_id) if user.may(Permission.DELIVERY_READ) else None
    return found if found is not None and visible([found], user=user) else None


def visible(effects: Sequence[Effect], *, user: User) -> list[Effect]:
    """Return those of `effects` that this person may see, in a handful of queries.

    What is about a decision or a notice is seen by whoever may read its cases; where there is no case, child abuse
    is seen with its own permission only. What is about neither is not for people who work on certain queues.
    """
    if user.may(Permission.CHILD_SAFETY_READ) and not user.queues:
        return list(effects)
    heads = {effect.pk: _head(effect) for effect in effects}
    of_statement = statements.decisions_of(_ids(heads.values(), "statement"))
    of_complaint = decisions_of(_ids(heads.values(), "complaint"))
    about: dict[uuid.UUID, str] = {}  # the decision of an effect
    for effect in effects:
        kind, name = heads[effect.pk]
        if effect.measure is not None:
            about[effect.pk] = effect.measure.decision
        elif kind in {"statement", "complaint"}:
            about[effect.pk] = (of_statement if kind == "statement" else of_complaint).get(name, "")
    hidden = _hidden_decisions(set(about.values()), user)
    hidden_notices = _hidden_notices(_ids(heads.values(), "notice"), user)
    out = []
    for effect in effects:
        kind, name = heads[effect.pk]
        if effect.pk in about:
            seen = about[effect.pk] not in hidden
        elif kind == "notice":
            seen = name not in hidden_notices
        else:
            seen = not user.queues
        if seen:
            out.append(effect)
    return out


def _head(effect: Effect) -> tuple[str, str]:
    kind, _colon, rest = effect.key.partition(":")
    return kind, rest.partition(":")[0]


def _ids(heads: Iterable[tuple[str, str]], wanted: str) -> set[str]:
    return {name for kind, name in heads if kind == wanted}


def _hidden_decisions(names: set[str], user: User) -> set[str]:
    numbers = [int(name.partition(":")[2]) for name in names if name.startswith("decision:")]
    found = Decision.objects.filter(pk__in=numbers)
    readable = review.readable(user).values("pk")
    out = found.filter(case__isnull=False).exclude(case__in=readable)
    hidden = set(out.values_list("pk", flat=True))
    if not user.may(Permission.CHILD_SAFETY_READ):
        hidden |= set(found.filter(reasons__harm__in=_OFFENCES).values_list("pk", flat=True))
    return {f"decision:{pk}" for pk in hidden}


def _hidden_notices(ids: set[str], user: User) -> set[str]:
    hidden: set[str] = set()
    if not user.may(Permission.CHILD_SAFETY_READ):
        grave = Notice.objects.filter(pk__in=ids, harm__in=_OFFENCES)
        hidden = {str(pk) for pk in grave.values_list("pk", flat=True)}
    refs = Q(pk=None)
    for name in ids - hidden:
        refs |= Q(ref__startswith=f"notice:{name}:")
    sources = CaseSource.objects.filter(refs).exclude(case__in=review.readable(user).values("pk"))
    return hidden | {ref.split(":")[1] for ref in sources.values_list("ref", flat=True)}
