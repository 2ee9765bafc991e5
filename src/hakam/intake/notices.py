"""Notices (DSA Art.

16): anybody says that something is illegal or against the rules, gets a receipt and an answer.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import RulebookVersion
from hakam.compliance.profile import profile_of
from hakam.enforcement.kinds import EffectKind
from hakam.intake import known_items, letters, misuse, misuse_letters, notice_clocks, opened
from hakam.intake.misuse import MisuseKind
from hakam.intake.models import Flagger, KnownItem, Notice, NoticeItem, Suspension
from hakam.intake.telling import tell
from hakam.review import clauses, evidence
from hakam.review.cases import Source, lock_open, open_case
from hakam.review.evidence import EvidenceKind, Snapshot
from hakam.review.priority import Inputs, accuracy_of
from hakam.review.states import SourceKind
from hakam.review.ties import outlast_ties
from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import Event, ItemRef
from hakam.vocabulary.notice import MAX_ID, LoggedNotice, Submission, faults, needs_name

__all__ = [
    "KeyReusedError",
    "NoticeError",
    "Submission",
    "Wrong",
    "by_token",
    "check",
    "item_of_url",
    "needs_name",
    "receive_notice",
]

DECISION_CLOCK: Final = "notice.decision"
FLAGGER_CLOCK: Final = "notice.decision.flagger"
URL_KIND: Final = "url"  # kind of an item of which nothing but the address is known
CONFIDENCE: Final = 0.5  # of a notice, before the accuracy of who sent it


class Wrong(msgspec.Struct, frozen=True):
    """One thing that is wrong with a notice. `pointer` is a JSON pointer, `code` is stable."""

    pointer: str
    code: str
    message: str


class NoticeError(ValueError):
    """The notice can't be taken as it is. `wrong` is everything that is wrong with it."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        self.wrong = tuple(wrong)
        super().__init__("; ".join(f"{w.pointer}: {w.message}" for w in self.wrong))


class KeyReusedError(ValueError):
    """Another notice came under the same idempotency key."""


class _Target(NamedTuple):
    """An item of a notice, found or not."""

    ref: ItemRef
    url: str
    event: Event | None
    snapshot: Snapshot
    proof: str = ""  # of a message that the notifier opened


class _Alleged(NamedTuple):
    """What is the same for every item of a notice, read once: the profile and the rule book are long."""

    clause: str
    by_harm: bool  # the clause was found by the harm; the notice names none in force
    pack: str  # the digest of the rule book in force
    beside: tuple[str, ...]  # the clocks beside the one of its decision


def check(submission: Submission) -> tuple[Wrong, ...]:
    """Return everything that is wrong with a notice, in the reader's language: nothing, if it can be taken."""
    return tuple(
        Wrong(fault.pointer, fault.code, _(fault.text) % fault.values if fault.values else _(fault.text))
        for fault in faults(submission, is_email=_is_email)
    )


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def receive_notice(
    submission: Submission,
    *,
    vault: Vault,
    now: datetime,
    by: Actor | None = None,
    log: EventLog | None = None,
    key: str | None = None,
    decide_within: timedelta | None = None,
    flagger: Flagger | None = None,
    logged: LoggedNotice | None = None,
    franking: Mapping[str, bytes] | None = None,
) -> Notice:
    """Take a notice: freeze what it names, open or join a case for each item, start clocks, send a receipt.

    Content is looked for among the events seen (`log`); an address that none told of makes a case of its
    own. `key` makes it idempotent: the same notice under the same key is the same notice. `by` is the trusted
    flagger or the platform that hands it in; by default the notifier. `flagger` is only for `flagging.flag`, which
    says what a flagger is trusted with. `logged` is the notice as the door receipted it: its id and link stay.
    `franking` are the platform's keys by id, against which messages of encrypted chats are proven.

    Raises `NoticeError` and `KeyReusedError`.
    """
    wrong = check(submission)
    if wrong:
        raise NoticeError(wrong)
    digest = hashlib.sha256(msgspec.json.encode(submission)).hexdigest()
    if key is not None:
        earlier = _earlier(submission.platform, key, digest)
        if earlier is not None:
            return earlier
    targets = _targets(submission, vault=vault, log=log, now=now, franking=franking or {})
    try:
        return _kept(
            submission,
            targets,
            by=by,
            now=now,
            key=key,
            digest=digest,
            decide_within=decide_within,
            flagger=flagger,
            logged=logged,
        )
    except IntegrityError:
        earlier = None if key is None else _earlier(submission.platform, key, digest)
        if earlier is None:
            raise
        return earlier  # the same notice, in the same instant


def _earlier(platform: str, key: str, digest: str) -> Notice | None:
    earlier = Notice.objects.filter(key=f"{platform}:{key}").first()
    if earlier is not None and earlier.request_digest != digest:
        raise KeyReusedError("another notice came under this idempotency key")
    return earlier


def _targets(
    submission: Submission,
    *,
    vault: Vault,
    log: EventLog | None,
    now: datetime,
    franking: Mapping[str, bytes],
) -> list[_Target]:
    found: dict[ItemRef, _Target] = {}
    for url in (one.strip() for one in submission.urls):
        known = known_items.at_url(url)
        ref = known_items.ref_of(known) if known is not None else item_of_url(submission.platform, url)
        if ref not in found:
            found[ref] = _freeze(submission, ref, url, known, vault=vault, log=log, now=now)
    for ref in submission.items:
        if ref not in found:
            found[ref] = _freeze(submission, ref, "", known_items.by_ref(ref), vault=vault, log=log, now=now)
    for message in submission.messages:
        event, proof = opened.event_of(message, submission.platform, franking, now=now)
        ref = ItemRef(submission.platform, str(event.kind), message.id)
        found[ref] = _Target(ref, "", event, evidence.freeze(vault, opened.encode(event)), proof)
    return list(found.values())


def item_of_url(platform: str, url: str) -> ItemRef:
    """Return the item that an address stands for while no event told what lies there."""
    address = known_items.normalise(url)
    name = address if len(address) <= MAX_ID else f"sha256:{hashlib.sha256(address.encode()).hexdigest()}"
    return ItemRef(platform, URL_KIND, name)


def _freeze(
    submission: Submission,
    ref: ItemRef,
    url: str,
    known: KnownItem | None,
    *,
    vault: Vault,
    log: EventLog | None,
    now: datetime,
) -> _Target:
    data = known_items.newest_event(known, log) if known is not None and log is not None else None
    if data is not None:
        try:
            event = evidence.read_event(data)
        except (
            msgspec.MsgspecError
        ):  # an older version of the event's form; the bytes are evidence all the same
            event = None
        return _Target(
            ref, url or (event.item.url or "" if event else ""), event, evidence.freeze(vault, data)
        )
    record = {"item": str(ref), "url": url, "explanation": submission.explanation, "received_at": now}
    return _Target(ref, url, None, evidence.freeze(vault, msgspec.json.encode(record), EvidenceKind.NOTICE))


@outlast_ties  # the database may end a tie with the worker at our cost; a notice is not lost
@transaction.atomic
def _kept(
    submission: Submission,
    targets: Sequence[_Target],
    *,
    by: Actor | None,
    now: datetime,
    key: str | None,
    digest: str,
    decide_within: timedelta | None,
    flagger: Flagger | None,
    logged: LoggedNotice | None,
) -> Notice:
    s = submission
    number = uuid.UUID(logged.id) if logged else uuid.uuid4()
    who = by or Actor(ActorKind.FLAGGER if s.trusted else ActorKind.NOTIFIER, str(number))
    email = s.email.strip().lower()
    accuracy = accuracy_of(*track_record(s.platform, email=email, notifier=s.notifier))
    held_by = (
        misuse.in_force(
            MisuseKind.NOTICES, platform=s.platform, account=s.notifier, email=email, now=now, harm=s.harm
        )
        if flagger is None
        else None
    )
    if held_by is None:
        lock_open(target.ref for target in targets)
    notice = Notice.objects.create(
        id=number,
        token=logged.token if logged else secrets.token_urlsafe(24),
        key=None if key is None else f"{s.platform}:{key}",
        request_digest=digest,
        platform=s.platform,
        harm=s.harm,
        clause=s.clause,
        illegal=s.illegal,
        trusted=s.trusted,
        flagger=flagger,
        held_by=held_by,
        explanation=s.explanation.strip(),
        name=s.name.strip(),
        email=email,
        notifier=s.notifier,
        good_faith=s.good_faith,
        language=s.language,
        received_at=now,
    )
    about = _alleged(s.clause, s.harm, s.platform)
    cases = []
    for n, target in enumerate(targets):
        item = NoticeItem.objects.create(
            notice=notice,
            ref=f"notice:{number}:{n}",
            url=target.url,
            item_kind=target.ref.kind,
            item_id=target.ref.id,
            opened=target.snapshot.digest if target.proof else "",
            proof=target.proof,
        )
        if held_by is None:
            cases.append(
                _into_case(
                    notice,
                    item,
                    target,
                    about=about,
                    by=who,
                    now=now,
                    accuracy=accuracy,
                    decide_within=decide_within,
                )
            )
    words = letters.receipt(notice, len(targets)) if held_by is None else _held_receipt(notice, held_by)
    tell(notice, EffectKind.NOTICE_RECEIPT, words, now=now, key="receipt")
    ledger.record(
        FactKind.NOTICE_RECEIVED,
        by=who,
        now=now,
        subject=subject_of(notice),
        about=[f"case:{pk}" for pk in cases],
        body={
            "platform": s.platform,
            "harm": s.harm,
            "illegal": s.illegal,
            "items": len(targets),
            "proofs": [target.proof for target in targets if target.proof],
            "language": s.language,
            "trusted": s.trusted,
            "flagger": flagger.pk if flagger else None,
            "held": held_by is not None,
            "anonymous": not (email or s.notifier),
        },
        private={
            "explanation": notice.explanation,
            "name": notice.name,
            "email": email,
            "notifier": s.notifier,
            "good_faith": s.good_faith,
            "urls": list(s.urls),
        },
    )
    if held_by is not None:
        ledger.record(
            FactKind.NOTICE_HELD,
            by=who,
            now=now,
            subject=subject_of(notice),
            about=[misuse.subject_of(held_by.conduct)],
            body={"platform": s.platform, "until": held_by.ends},
        )
    return notice


def _into_case(
    notice: Notice,
    item: NoticeItem,
    target: _Target,
    *,
    about: _Alleged,
    by: Actor,
    now: datetime,
    accuracy: float | None,
    decide_within: timedelta | None,
) -> int:
    """Start the clock of an item, open or join its case, and return the case's number."""
    clock = FLAGGER_CLOCK if notice.trusted else DECISION_CLOCK
    due = deadlines.start(
        clock, subject=item.ref, by=by, now=now, length=decide_within, about=(subject_of(notice),)
    ).due_at
    due = notice_clocks.start(about.beside, subject=item.ref, by=by, now=now, due=due)
    case = open_case(
        by=by,
        now=now,
        item=target.ref,
        source=Source(
            kind=SourceKind.TRUSTED_FLAGGER if notice.trusted else SourceKind.NOTICE,
            ref=item.ref,
            clause=about.clause,
            by_harm=about.by_harm,
            harm=notice.harm,
            summary={
                "harm": notice.harm,
                "illegal": notice.illegal,
                "language": notice.language,
                "accuracy": accuracy,
                "proof": target.proof,
            },
            inputs=Inputs(confidence=opened.confidence(target.proof, CONFIDENCE), accuracy=accuracy),
            due_at=due,
        ),
        snapshot=target.snapshot,
        event=target.event,
        item_url=target.url,
        language="" if target.event else notice.language,
        pack=about.pack,
    )
    return case.pk


def _held_receipt(notice: Notice, suspension: Suspension) -> letters.Words:
    # DSA Art. 16(4): who is suspended gets a receipt too, with the reasons and the way to object
    told = misuse_letters.held(suspension, notice.language)
    return letters.Words(told.subject, told.paragraphs, told.link)


@outlast_ties
def take_up(notice_id: str, *, vault: Vault, by: Actor, now: datetime, log: EventLog | None = None) -> Notice:
    """Process a notice that was held, as if it came now: its suspension was lifted. Twice is once."""
    notice = Notice.objects.get(pk=notice_id)
    items = list(notice.items.order_by("pk"))
    targets = []
    for item in items:
        ref = ItemRef(notice.platform, item.item_kind, item.item_id)
        if item.opened:
            targets.append(_as_opened(item, ref, vault))
            continue
        s = Submission(notice.platform, notice.harm, notice.explanation)
        targets.append(_freeze(s, ref, item.url, known_items.by_ref(ref), vault=vault, log=log, now=now))
    accuracy = accuracy_of(*track_record(notice.platform, email=notice.email, notifier=notice.notifier))
    with transaction.atomic():
        lock_open(target.ref for target in targets)
        about = _alleged(notice.clause, notice.harm, notice.platform)
        if not Notice.objects.filter(pk=notice_id, held_by__isnull=False).update(held_by=None):
            return notice
        cases = [
            _into_case(
                notice, item, target, about=about, by=by, now=now, accuracy=accuracy, decide_within=None
            )
            for item, target in zip(items, targets, strict=True)
        ]
        ledger.record(
            FactKind.NOTICE_TAKEN_UP,
            by=by,
            now=now,
            subject=subject_of(notice),
            about=[f"case:{pk}" for pk in cases],
            body={"platform": notice.platform},
        )
    return notice


def _as_opened(item: NoticeItem, ref: ItemRef, vault: Vault) -> _Target:
    """Return a message as it was opened when the notice came."""
    data = vault.get(item.opened)
    copy = Snapshot(EvidenceKind.EVENT, item.opened, len(data))
    return _Target(ref, "", evidence.read_event(data), copy, item.proof)


def subject_of(notice: Notice) -> str:
    """Return a notice's name in the ledger."""
    return f"notice:{notice.pk}"


def path_of(notice: Notice) -> str:
    """Return the address of the public page that shows how far it is, from the root of the site."""
    return f"/n/{notice.token}"


def clause_for(clause: str, harm: str, version: RulebookVersion | None) -> str:
    """Return the clause that a notice alleges: the one it names, else the gravest in `version` about its harm."""
    if version is None:
        return ""
    known = clauses.all_in(version)
    if clause in {one.id for one in known}:
        return clause
    fitting = [found for found in known if clauses.harm_of(found) == harm]
    return max(fitting, key=clauses.severity).id if fitting else ""


def _alleged(clause: str, harm: str, platform: str) -> _Alleged:
    version = clauses.active()
    named = clause_for(clause, harm, version)
    return _Alleged(
        named,
        not clause or named != clause,
        version.digest if version else "",
        notice_clocks.beside(profile_of(platform), harm),
    )


def track_record(platform: str, *, email: str = "", notifier: str = "") -> tuple[int, int]:
    """Return (how often decisions agreed with this notifier, how many notices were answered)."""
    who = Q()
    if email:
        who |= Q(notice__email=email)
    if notifier:
        who |= Q(notice__platform=platform, notice__notifier=notifier)
    if not who:
        return 0, 0
    answered = NoticeItem.objects.filter(who, answered_at__isnull=False)
    return answered.filter(upheld=True).count(), answered.count()


def by_token(token: str) -> Notice | None:
    """Return the notice behind a public link, or None."""
    return Notice.objects.filter(token=token).first() if token else None
