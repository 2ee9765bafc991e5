"""The worker's reading of texts with models: what they say becomes scores, and the event is judged again.

Each model follows the event log with a cursor of its own, behind that of the first verdict; the log is its queue. It
reads only records whose rules read one of its scores. Texts go to an endpoint in batches: first the fact that they
go, then the call, then, at once, what it cost and what it answered, so that a worker that is killed pays for one batch
twice at most. Scores, judgements and the cursor are one transaction.

What a model can't say is unknown, never 0. While its endpoint is in trouble, texts wait as long as the declaration has
patience; then its fallback applies.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final, NamedTuple

import msgspec
from django.db import transaction
from django.db.models import F

from hakam.adapters.declared import Budget, Declaration
from hakam.adapters.model import Answer, Known, Text, TextModel, Unknown
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.intake import again, cursors, events
from hakam.intake.fallback import Fallen, fall_back
from hakam.intake.models import LaterJudgement, ModelUse
from hakam.intake.remembering import key_of, recall, remember
from hakam.intake.switching import cursor_of, subject_of
from hakam.review import evidence
from hakam.review.confined import Confined, confined
from hakam.signals.measure import text_of
from hakam.signals.models import shipped
from hakam.signals.models.heads import Head
from hakam.signals.statistical_language import identify
from hakam.storage.event_log import CorruptRecordError, EventLog, Record
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Audience, Change, Event

AT_ONCE: Final = 32  # texts of one batch
_LONGEST_ROUND: Final = 30.0  # seconds
_LOG: Final = logging.getLogger(__name__)


class Wanted(NamedTuple):
    """A record that a model is asked about."""

    record: Record
    text: Text
    key: str


class Asker:
    """One model at work. Holds nothing that a restart may not forget."""

    def __init__(self, name: str, model: TextModel, what: Declaration) -> None:
        self.name = name
        self.model = model
        self.what = what
        self.scores = {label: f"{name}:{label}" for label in model.labels}
        self._rest_until = 0.0
        self.trouble = ""  # why it rests, for people
        self._confined = Confined(frozenset(), frozenset(), frozenset())

    def consume(self, log: EventLog, *, vault: Vault, now: datetime, limit: int) -> int:
        """Read up to `limit` records after the cursor; return how many it passed. Raises for outages only."""
        after = cursors.position(cursor_of(self.name))
        judged = cursors.position(events.CURSOR)
        if after >= judged:
            return 0
        try:
            records = [record for record in log.read(after, limit) if record.seq <= judged]
        except CorruptRecordError as error:  # the first reader of the log has set it aside, with a fact
            with transaction.atomic():
                return int(cursors.move(cursor_of(self.name), to=error.seq))
        passed, until = 0, monotonic() + _LONGEST_ROUND
        while passed < len(records) and monotonic() < until:
            part = records[passed : passed + AT_ONCE]
            done = self._batch(part, vault=vault, now=now)
            passed += done
            if done < len(part):
                break  # the endpoint is in trouble and the next text can wait
        return passed

    def _batch(self, records: Sequence[Record], *, vault: Vault, now: datetime) -> int:
        """Ask about some records and take in what was said; return how many are done, from the first on."""
        if self.model.sends_to:
            self._confined = confined()
        wanted = {one.record.seq: one for record in records if (one := self._wanted(record)) is not None}
        answers = self._answers(list(wanted.values()), now=now)
        done = 0
        for record in records:
            answer = answers.get(record.seq)
            waits = isinstance(answer, Unknown) and answer.again > 0
            if waits and now.timestamp() - record.received_at < self.what.patience:
                break
            done += 1
        if not done:
            return 0
        with transaction.atomic():
            if not cursors.move(cursor_of(self.name), to=records[done - 1].seq):
                return 0
            for record in records[:done]:
                if record.seq in answers:
                    self._take_in(wanted[record.seq], answers[record.seq], vault=vault, now=now)
        return done

    def _wanted(self, record: Record) -> Wanted | None:
        """Return what is asked about a record, None if nothing is."""
        if again.reads(record).isdisjoint(self.scores.values()):
            return None
        try:
            event = evidence.read_event(record.raw)
        except msgspec.MsgspecError:
            return None  # the first reader of the log has set it aside
        text = text_of(event)
        if event.change is Change.DELETED or not text or not text.strip():
            return None
        language = identify(text, event.item.language)
        if not (self._may_leave(record, event) and self._worth(text, language)):
            return None
        if LaterJudgement.objects.filter(seq=record.seq, source=self.name).exists():
            return None
        asked = Text(text[: self.what.longest], language)
        return Wanted(record, asked, key_of(self.model.id, asked))

    def _may_leave(self, record: Record, event: Event) -> bool:
        """Whether a text may be read.

        An endpoint never gets what is held for abuse of children, and private messages only if that is declared.
        """
        if not self.model.sends_to:
            return True
        if event.item.audience is Audience.PRIVATE and not self.what.private:
            return False
        return not self._confined.record(record)

    def _worth(self, text: str, language: str | None) -> bool:
        """Whether the model is for this language, and the model at the door says enough that a slower one is asked."""
        if self.what.languages and (language or "").split("-")[0] not in self.what.languages:
            return False
        if not self.what.only_above:
            return True
        found = shipped.linear().score(text, language)
        return any(found[Head(head)] >= least for head, least in self.what.only_above.items())

    def _answers(self, wanted: Sequence[Wanted], *, now: datetime) -> dict[int, Answer]:
        """Return an answer for each, from memory where there is one."""
        known = recall([one.key for one in wanted], now=now) if self.model.sends_to else {}
        found: dict[int, Answer] = {
            one.record.seq: Known(known[one.key]) for one in wanted if one.key in known
        }
        fresh = [one for one in wanted if one.record.seq not in found]
        use = _use(self.name, now)
        if found:
            _count(use, texts=len(found), remembered=len(found))
        if not fresh:
            return found
        if monotonic() < self._rest_until:
            return found | {one.record.seq: Unknown(self.trouble, 1.0) for one in fresh}
        first = list({one.key: one for one in fresh}.values())  # the same text is asked about once
        affordable = self._affordable(use, len(first))
        said = self._ask(first[:affordable], use, now=now)
        over = Unknown("its budget of today is used up")
        by_key = {one.key: answer for one, answer in zip(first[:affordable], said, strict=True)}
        return found | {one.record.seq: by_key.get(one.key, over) for one in fresh}

    def _affordable(self, use: ModelUse, wanted: int) -> int:
        """Return how many of the texts the budget of the day lets it ask about."""
        budget = self.what.budget
        if budget.tokens is not None and use.tokens >= budget.tokens:
            return 0
        if budget.money is not None and use.micros >= budget.money * 1_000_000:
            return 0
        return wanted if budget.calls is None else max(0, min(wanted, budget.calls - use.calls))

    def _ask(self, wanted: Sequence[Wanted], use: ModelUse, *, now: datetime) -> list[Answer]:
        if not wanted:
            return []
        if self.model.sends_to:
            self._tell(wanted, now=now)
        texts = [one.text for one in wanted]
        began = monotonic()
        try:
            answers = self.model.read(texts)
        except Exception as error:  # noqa: BLE001 -- it should not; whatever it was, the others' reading goes on
            _LOG.exception("the model %s failed", self.name)
            answers = [Unknown(f"it failed: {type(error).__name__}", 30.0)] * len(texts)
        took = round((monotonic() - began) * 1_000)
        answers = [self._sound(answer) for answer in answers]
        if len(answers) != len(texts):
            answers = [Unknown("it answers another number of texts than it was asked")] * len(texts)
        with transaction.atomic():
            _count(
                use,
                texts=len(answers),
                unknown=sum(isinstance(one, Unknown) for one in answers),
                calls=sum(one.calls for one in answers),
                characters=sum(one.sent for one in answers),
                tokens=sum(one.tokens for one in answers),
                micros=sum(one.micros for one in answers),
                milliseconds=took,
            )
            self._note(use, answers, now=now)
            if self.model.sends_to:
                remember(
                    {
                        one.key: answer.scores
                        for one, answer in zip(wanted, answers, strict=True)
                        if isinstance(answer, Known)
                    },
                    now=now,
                )
        resting = [one for one in answers if isinstance(one, Unknown) and one.again > 0]
        if resting:
            self._rest_until = monotonic() + max(one.again for one in resting)
            self.trouble = resting[0].why
            _LOG.warning("the model %s rests: %s", self.name, self.trouble)
        else:
            self.trouble = ""
        return answers

    def _note(self, use: ModelUse, answers: Sequence[Answer], *, now: datetime) -> None:
        """Keep, for people, under which id it answered and what went wrong last."""
        said: dict[str, object] = {}
        if any(isinstance(one, Known) for one in answers):
            said["model"] = self.model.id
        whys = [one.why for one in answers if isinstance(one, Unknown)]
        if whys:
            said |= {"trouble": storable(whys[-1])[:300], "trouble_at": now}
        if said:
            ModelUse.objects.filter(pk=use.pk).update(**said)

    def _sound(self, answer: Answer) -> Answer:
        """Return the answer if it is one: a probability for each label and nothing else."""
        if isinstance(answer, Known) and (
            set(answer.scores) != set(self.model.labels)
            or not all(0.0 <= value <= 1.0 for value in answer.scores.values())
        ):
            return Unknown(
                "it gives no probability for each of its labels",
                tokens=answer.tokens,
                micros=answer.micros,
                sent=answer.sent,
                calls=answer.calls,
            )
        return answer

    def _tell(self, wanted: Sequence[Wanted], *, now: datetime) -> None:
        """Put into the ledger that texts leave this machine, before they do: the record of who gets them."""
        with transaction.atomic():
            ledger.record(
                FactKind.MODEL_ASKED,
                by=SYSTEM,
                now=now,
                subject=subject_of(self.name),
                body={
                    "model": self.model.id,
                    "to": self.model.sends_to,
                    "texts": len(wanted),
                    "characters": sum(len(one.text.text) for one in wanted),
                    "records": [one.record.seq for one in wanted],
                },
            )

    def _take_in(self, one: Wanted, answer: Answer, *, vault: Vault, now: datetime) -> None:
        fallen = None
        if isinstance(answer, Known):
            learnt = again.Learnt(one.record, self.name, self.model.id, self._named(answer.scores))
        else:
            fallen = fall_back(self.name, self.what, one.text, answer.why)
            scores = self._named(fallen.scores)
            learnt = again.Learnt(one.record, self.name, fallen.made_by or self.model.id, scores, answer.why)
        if again.take_in(learnt, vault=vault, now=now) and fallen is not None and fallen.asks:
            self._ask_a_person(fallen, one.record, vault=vault, now=now)

    def _ask_a_person(self, fallen: Fallen, record: Record, *, vault: Vault, now: datetime) -> None:
        """Open the case of the fallback, as long as today's number is not reached."""
        use = _use(self.name, now)
        if use.reviews < self.what.fallback.most:
            _count(use, reviews=1)
            fallen.open_case(record, vault=vault, now=now)

    def _named(self, scores: Mapping[str, float]) -> dict[str, float]:
        return {self.scores[label]: value for label, value in scores.items()}


def _use(name: str, now: datetime) -> ModelUse:
    return ModelUse.objects.get_or_create(name=name, day=now.astimezone(UTC).date())[0]


def _count(use: ModelUse, **more: int) -> None:
    """Add to what a model did today, here and in the database."""
    ModelUse.objects.filter(pk=use.pk).update(**{name: F(name) + value for name, value in more.items()})
    for name, value in more.items():
        setattr(use, name, getattr(use, name) + value)


class Day(NamedTuple):
    """What a model did since it was last noted, for whoever asks one elsewhere than here."""

    asked: int = 0
    unknown: int = 0
    calls: int = 0
    milliseconds: int = 0
    model: str = ""  # its id, if it answered
    trouble: str = ""


def note_use(name: str, day: Day, *, now: datetime) -> ModelUse:
    """Add to what a model did today; return all of today."""
    use = _use(name, now)
    with transaction.atomic():
        _count(use, texts=day.asked, unknown=day.unknown, calls=day.calls, milliseconds=day.milliseconds)
        said: dict[str, object] = {"model": day.model} if day.model else {}
        if day.trouble:
            said |= {"trouble": storable(day.trouble)[:300], "trouble_at": now}
        if said:
            ModelUse.objects.filter(pk=use.pk).update(**said)
    return use


def is_used_up(use: ModelUse, budget: Budget) -> bool:
    """Whether nothing is left of the budget of the day."""
    return (
        (budget.calls is not None and use.calls >= budget.calls)
        or (budget.tokens is not None and use.tokens >= budget.tokens)
        or (budget.money is not None and use.micros >= budget.money * 1_000_000)
    )


def note_trouble(name: str, why: str, *, now: datetime) -> None:
    """Keep why a model can't be used at all, where people see it."""
    with transaction.atomic():
        use = _use(name, now)
        ModelUse.objects.filter(pk=use.pk).update(trouble=storable(why)[:300], trouble_at=now)


def waiting(name: str, log: EventLog) -> int:
    """Return how many records of the log a model has not come to."""
    return max(0, log.last_seq() - cursors.position(cursor_of(name)))


def used_since(name: str, days: int, *, now: datetime) -> list[ModelUse]:
    """Return what a model did on each of the last days, newest first."""
    since = now.astimezone(UTC).date() - timedelta(days=days)
    return list(ModelUse.objects.filter(name=name, day__gt=since).order_by("-day"))
