"""Reads of the audience's questions: the queue of a moderator and the stage of a host."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Final, NamedTuple

from django.db.models import Count, Min, Window
from django.db.models.functions import RowNumber

from hakam.live.audience.ranking import Waiting, ranked
from hakam.live.audience.states import QuestionState
from hakam.live.models import Asking, AudienceQuestion
from hakam.review.models import Case
from hakam.review.states import CaseState
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.event import ContentKind

SHOWN: Final = 60
_WORDINGS: Final = 10
_RANKED: Final = (
    400  # of each language, those that most accounts ask: no rule brings one from behind them to the front
)


class Row(NamedTuple):
    """A question as a moderator sees it."""

    question: AudienceQuestion
    wordings: list[Asking]  # other words for it; one asking each, at most ten
    case: Case | None  # that waits for a person, about one of its messages


class Board(NamedTuple):
    """All questions of an event."""

    pending: list[Row]  # in the order of the ranking
    next: list[Row]  # in the order in which they were chosen
    answered: list[Row]  # the newest first
    aside: list[Row]
    counts: dict[str, int]  # of each state, and `refused`, `messages`
    languages: list[
        tuple[str, int, int]
    ]  # (language, accounts that ask and wait, questions that had their turn)


def board(
    platform: str, event: str, *, weights: Mapping[str, float] | None = None, newest: bool = False
) -> Board:
    """Return the questions of an event, ranked; `newest`: what waits in the order in which it was asked last."""
    rows = AudienceQuestion.objects.filter(platform=platform, event=event, accounts__gt=0)
    by_state = dict(rows.values_list("state").annotate(n=Count("pk")))
    chosen = list(rows.filter(state=QuestionState.NEXT).order_by("moved_at", "pk"))
    answered = rows.filter(state=QuestionState.ANSWERED).order_by("-moved_at", "-pk")
    taken = rows.filter(state__in=[QuestionState.NEXT, QuestionState.ANSWERED])
    had = dict(taken.values_list("language").annotate(n=Count("pk")))
    place = Window(RowNumber(), partition_by="language", order_by=["-accounts", "-newest_at", "-pk"])
    first = rows.filter(state=QuestionState.PENDING).annotate(place=place).filter(place__lte=_RANKED)
    found = {row.pk: row for row in first.order_by("language", "place")}  # one query, however many languages
    waiting = [
        Waiting(row.pk, row.language, row.accounts, row.account, row.newest_at.timestamp())
        for row in found.values()
    ]
    done = list(answered[:SHOWN])
    last = chosen[-1].account if chosen else done[0].account if done else ""
    order = islice(ranked(waiting, chosen=had, weights=weights, last_account=last), SHOWN)
    latest = (
        list(rows.filter(state=QuestionState.PENDING).order_by("-newest_at", "-pk")[:SHOWN]) if newest else []
    )
    asking: dict[str, int] = {}
    for one in waiting:
        asking[one.language] = asking.get(one.language, 0) + one.accounts
    aside = rows.filter(state=QuestionState.ASIDE).order_by("-moved_at", "-pk")[:SHOWN]
    askings = Asking.objects.filter(question__platform=platform, question__event=event)
    return Board(
        pending=_rows(latest if newest else [found[one.id] for one in order]),
        next=_rows(chosen),
        answered=_rows(done),
        aside=_rows(list(aside)),
        counts={
            **{state.value: by_state.get(state.value, 0) for state in QuestionState},
            "refused": askings.filter(refused=True).count(),
            "messages": askings.count(),
        },
        languages=sorted(
            ((name, asking.get(name, 0), had.get(name, 0)) for name in {*asking, *had}),
            key=lambda one: -one[1],
        ),
    )


def _rows(questions: list[AudienceQuestion]) -> list[Row]:
    texts = {one.pk: one.text for one in questions}
    several = [one.pk for one in questions if one.accounts > 1]
    rows = Asking.objects.filter(question__in=several, refused=False)
    first = rows.values("question_id", "text").annotate(first=Min("pk")).order_by("first")
    other: dict[int, list[int]] = {}
    for row in first:
        mine = other.setdefault(row["question_id"], [])
        if row["text"] != texts[row["question_id"]] and len(mine) < _WORDINGS:
            mine.append(row["first"])
    askings = Asking.objects.in_bulk([pk for mine in other.values() for pk in mine])
    cases = _open_cases(questions)
    return [Row(one, [askings[pk] for pk in other.get(one.pk, [])], cases.get(one.pk)) for one in questions]


def _open_cases(questions: list[AudienceQuestion]) -> dict[int, Case]:
    """Return the case that waits about a message of each question, the gravest first."""
    if not questions:
        return {}
    shown = Asking.objects.filter(question__in=[one.pk for one in questions], refused=False)
    cases = Case.objects.filter(
        platform=questions[0].platform,
        item_kind=ContentKind.LIVE_CHAT.value,
        item_id__in=shown.values("item_id"),
        state=CaseState.OPEN.value,
    )
    by_item = {one.item_id: one for one in cases.order_by("priority")}
    rows = shown.filter(item_id__in=by_item).values_list("question_id", "item_id")
    found: dict[int, Case] = {}
    for question, item in rows:
        if question not in found or by_item[item].priority > found[question].priority:
            found[question] = by_item[item]
    return found


def on_stage(platform: str, event: str) -> list[AudienceQuestion]:
    """Return what the host reads: the questions that were chosen, in their order."""
    rows = AudienceQuestion.objects.filter(
        platform=platform, event=event, accounts__gt=0, state=QuestionState.NEXT
    )
    return list(rows.order_by("moved_at", "pk"))


def has_question(question_id: int, *, event: str, user: User) -> bool:
    """Whether there is such a question of the event for this person."""
    return (
        user.may(Permission.LIVE_READ)
        and AudienceQuestion.objects.filter(pk=question_id, event=event).exists()
    )


def question_of(asking_id: int) -> int | None:
    """Return the question that a message of the audience is part of."""
    return Asking.objects.filter(pk=asking_id).values_list("question_id", flat=True).first()


def events_with_questions() -> list[tuple[str, str]]:
    """Return (platform, event) of all that are asked anything."""
    return sorted(set(AudienceQuestion.objects.values_list("platform", "event")))
