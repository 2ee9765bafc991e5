"""Taking the audience's questions in from the event log, in groups: a burst of ten thousand is a few transactions.

A question is a `live.chat` event whose item carries the label `question`; its `thread` is the name of the live event.
It came through the door, so the rules have judged it, and what they do about it happens as with all content: measure,
statement, complaint. Here it is only kept from the host while a measure holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from django.db import transaction
from django.db.models import Count, Max, Min, Q

from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.compliance.storable import storable
from hakam.enforcement.access import in_force
from hakam.enforcement.models import AppliedMeasure
from hakam.enforcement.standing import KINDS as STANDING
from hakam.intake import cursors
from hakam.live.audience.folding import Folder, words_of
from hakam.live.audience.states import QuestionState
from hakam.live.models import Asking, AudienceQuestion
from hakam.live.questions import BARRING, Question
from hakam.live.waiting.asking import LABEL
from hakam.signals.statistical_language import identify
from hakam.storage.event_log import CorruptRecordError, EventLog, Record
from hakam.vocabulary.event import Change, ContentKind, ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind

CURSOR: Final = "audience"
KINDS: Final[frozenset[FactKind]] = STANDING
KEEP: Final = timedelta(days=30)  # after they were asked; the event log keeps by its own schedule
LONGEST: Final = 2_000  # characters of a question that are kept
YOUNG: Final = timedelta(days=7)
_FOLDERS: Final = 64  # events and languages whose questions are kept in memory
_SHUT: Final[frozenset[MeasureKind]] = BARRING[Question.ITEM] | BARRING[Question.ACCOUNT]
_EVENT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class _Item(msgspec.Struct):
    id: str
    text: str | None = None
    title: str | None = None
    language: str | None = None
    thread: str | None = None
    labels: tuple[str, ...] = ()


class _Author(msgspec.Struct):
    id: str
    created_at: datetime | None = None
    language: str | None = None


class _Told(msgspec.Struct):
    kind: ContentKind
    item: _Item
    author: _Author
    at: datetime
    change: Change = Change.CREATED


class _Verdict(msgspec.Struct):
    measures: tuple[Measure, ...] = ()


class _Asked(msgspec.Struct, frozen=True):
    """A question as it came."""

    platform: str
    event: str
    language: str
    text: str
    words: str
    item: str
    account: str
    seq: int
    at: datetime
    young: bool
    refused: bool
    change: Change


class Audience:
    """Follows the event log. One process does it; what it remembers it can always read again from the database."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._folders: dict[tuple[str, str, str], Folder] = {}

    def take_in(self, now: datetime, *, limit: int = 1_000) -> int:
        """Take in up to `limit` records after the cursor; return how many it passed. A crash takes in nothing twice."""
        after = cursors.position(CURSOR)
        if not after:  # an installation that had years before it had audiences
            after = self._log.before((now - KEEP).timestamp())
        try:
            records = self._log.read(after, limit)
        except CorruptRecordError as error:  # what is wrong with it, intake says
            with transaction.atomic():
                cursors.move(CURSOR, to=error.seq)
            return 1
        if not records:
            return 0
        asked = [one for one in map(_asked, records) if one is not None]
        try:
            with transaction.atomic():
                if cursors.move(CURSOR, to=records[-1].seq):
                    self._take(asked)
        except BaseException:
            self._folders.clear()  # it may know questions that were not written
            raise
        return len(records)

    def _take(self, asked: Sequence[_Asked]) -> None:
        changed = [one for one in asked if one.change is not Change.CREATED]
        gone = {(one.platform, one.item) for one in changed}
        touched = forget_items(gone)
        newest = {(one.platform, one.item): one for one in asked}  # of what was edited, the last word
        kept = [one for one in newest.values() if one.change is not Change.DELETED and one.words.strip()]
        known = _known(kept)
        kept = [one for one in kept if (one.platform, one.item) not in known]
        fresh: list[Asking] = []
        for one in kept:
            folder = self._folder(one)
            question = folder.find(one.words)
            if question is None:
                question = _begin(one).pk
            folder.add(question, one.words)
            touched.add(question)
            fresh.append(
                Asking(
                    question_id=question, platform=one.platform, item_id=one.item, account=one.account,
                    text=one.text, seq=one.seq, at=one.at, young=one.young, refused=one.refused,
                )
            )  # fmt: skip
        Asking.objects.bulk_create(fresh)
        recount(touched)

    def _folder(self, one: _Asked) -> Folder:
        key = (one.platform, one.event, one.language)
        folder = self._folders.get(key)
        if folder is None:
            while len(self._folders) >= _FOLDERS:
                del self._folders[next(iter(self._folders))]
            folder = self._folders[key] = Folder()
            rows = AudienceQuestion.objects.filter(
                platform=one.platform, event=one.event, language=one.language
            )
            for pk, text in rows.order_by("pk").values_list("pk", "text").iterator():
                folder.add(pk, words_of(text))
        return folder

    def forget(self) -> None:
        """Drop what is remembered, after somebody took questions apart."""
        self._folders.clear()


def _asked(record: Record) -> _Asked | None:
    if b'"live.chat"' not in record.raw or b'"question"' not in record.raw:
        return None
    try:
        told = msgspec.json.decode(record.raw, type=_Told)
        measures = msgspec.json.decode(record.verdict, type=_Verdict).measures
    except msgspec.MsgspecError:
        return None  # intake sets it aside, with its reason
    item, author = told.item, told.author
    if told.kind is not ContentKind.LIVE_CHAT or LABEL not in item.labels:
        return None
    if not item.thread or not _EVENT.fullmatch(item.thread):
        return None
    text = str(storable(item.text or item.title or "")).strip()[:LONGEST]
    said = item.language or identify(text) or author.language or ""
    return _Asked(
        platform=record.platform,
        event=item.thread,
        language=said.split("-")[0].lower()[:8],
        text=text,
        words=words_of(text),
        item=item.id,
        account=author.id,
        seq=record.seq,
        at=datetime.fromtimestamp(record.received_at, tz=UTC),
        young=author.created_at is not None and told.at - author.created_at < YOUNG,
        refused=any(measure.kind in _SHUT for measure in measures),
        change=told.change,
    )


def _known(asked: Iterable[_Asked]) -> set[tuple[str, str]]:
    """Return those that were taken in before: an outage of the cursor's table must not ask anything twice."""
    by: dict[str, list[str]] = {}
    for one in asked:
        by.setdefault(one.platform, []).append(one.item)
    return {
        (platform, item)
        for platform, items in by.items()
        for item in Asking.objects.filter(platform=platform, item_id__in=items).values_list(
            "item_id", flat=True
        )
    }


def _begin(one: _Asked) -> AudienceQuestion:
    return AudienceQuestion.objects.create(
        platform=one.platform, event=one.event, language=one.language, text=one.text, account=one.account,
        state=QuestionState.PENDING, first_at=one.at, newest_at=one.at,
    )  # fmt: skip


def forget_items(items: Collection[tuple[str, str]]) -> set[int]:
    """Delete what was asked by these items, as (platform, id); return the questions that must be counted again."""
    touched: set[int] = set()
    for platform, item in items:
        rows = Asking.objects.filter(platform=platform, item_id=item)
        touched.update(rows.values_list("question_id", flat=True))
        rows.delete()
    return touched


def recount(questions: Collection[int]) -> None:
    """Count again who asks these questions, and by whose words they are shown, inside the caller's transaction."""
    if not questions:
        return
    stands = Q(askings__refused=False)
    rows = AudienceQuestion.objects.filter(pk__in=questions).annotate(
        n=Count("askings__account", filter=stands, distinct=True),
        n_young=Count("askings__account", filter=stands & Q(askings__young=True), distinct=True),
        newest=Max("askings__at", filter=stands),
        lead=Min("askings__pk", filter=stands),
    )
    found = list(rows)
    leads = Asking.objects.in_bulk([row.lead for row in found if row.lead is not None])
    for row in found:
        row.accounts, row.young = row.n, row.n_young
        lead = leads.get(row.lead)
        if lead is not None:
            row.text, row.account, row.first_at = lead.text, lead.account, lead.at
            row.newest_at = row.newest
    AudienceQuestion.objects.bulk_update(
        found, ["accounts", "young", "text", "account", "first_at", "newest_at"], batch_size=500
    )


def on_fact(fact: Fact, _now: datetime) -> None:
    """Keep a question from the host, or give it back, as the measure that a fact is about stands. Bears repetition."""
    _, _, number = fact.subject.partition(":")
    row = AppliedMeasure.objects.filter(pk=number).first() if number.isdigit() else None
    if row is None or row.kind not in {kind.value for kind in _SHUT}:
        return
    same = Q(item_id=row.item_id) if row.item_kind == ContentKind.LIVE_CHAT.value else Q(pk=None)
    if row.author_id:
        same |= Q(account=row.author_id)
    askings = list(Asking.objects.filter(same, platform=row.platform))
    touched = set()
    for asking in askings:
        refused = _shut(asking)
        if refused != asking.refused:
            asking.refused = refused
            touched.add(asking.question_id)
    Asking.objects.bulk_update(askings, ["refused"], batch_size=500)
    recount(touched)


def _shut(asking: Asking) -> bool:
    item = ItemRef(asking.platform, ContentKind.LIVE_CHAT.value, asking.item_id)
    return any(measure.kind in _SHUT for measure in in_force(item, author_id=asking.account))


def forget_old(now: datetime) -> int:
    """Remove questions that were asked long ago; return how many."""
    return AudienceQuestion.objects.filter(newest_at__lt=now - KEEP).delete()[0]
