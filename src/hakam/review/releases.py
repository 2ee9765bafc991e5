"""From a draft to the rule book in force: one person publishes what only watches, two what takes measures.

A release needs a trial that fits it: whoever puts it in force has seen whom it touches, and the two ways of judging
agreed. The way back to an earlier version is one person's and needs no trial: it was in force before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import drafts, ledger, lists, rulebook
from hakam.compliance.catching_up import behind
from hakam.compliance.direction import settled
from hakam.compliance.drafts import DraftState
from hakam.compliance.facts import FactKind
from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.compliance.storable import storable
from hakam.policy.pack import Pack, digest_of, load_pack
from hakam.policy.staging import Staging, parse_staging
from hakam.review import trials
from hakam.review.models import Release
from hakam.review.trials import TrialState
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.verdict import Stage


class ReleaseState(StrEnum):
    """What became of a release."""

    WAITING = "waiting"  # for a second person
    PUBLISHED = "published"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ReleaseError(ValueError):
    """The rule book can't be changed like this. Nothing was changed."""


class NoReasonError(ReleaseError):
    """Why was not said."""


class BrokenError(ReleaseError):
    """The draft has errors."""


class NoRuleError(ReleaseError):
    """The draft has no such rule."""


class VariantError(ReleaseError):
    """The rule tries a value of a parameter: its stage is that of the value."""


class UntriedError(ReleaseError):
    """There is no sound trial of this draft against what is in force."""


class BehindError(UntriedError):
    """What came in force since the draft began is not in it."""


class OwnReleaseError(ReleaseError):
    """Who released it can't be the second person."""


class ChangedError(ReleaseError):
    """The draft, or what is in force, is another one by now."""


class OverError(ReleaseError):
    """It was settled, or is not there."""


class Step(NamedTuple):
    """How a rule's word changes. None: the rule is not there."""

    rule: str
    before: Staging | None
    after: Staging | None
    changed: bool  # something else than its stage is another one

    @property
    def goes_live(self) -> bool:
        """Whether it takes measures that it did not take before: it becomes live, or is live and changed.

        A canary for all authors is live by another name.
        """
        return _live(self.after) and (not _live(self.before) or self.changed)

    @property
    def moves(self) -> bool:
        """Whether the draft makes another one of it."""
        return self.changed or self.before != self.after

    @property
    def per_cent(self) -> str:
        """The share of authors of a canary in the draft, as it is written; of another stage, one to begin with."""
        if self.after is None or self.after.stage is not Stage.CANARY:
            return "5"
        return f"{self.after.share * 100:g}"


def _live(staging: Staging | None) -> bool:
    return staging is not None and (
        staging.stage is Stage.LIVE or (staging.stage is Stage.CANARY and staging.share >= 1)
    )


def steps(before: Pack | None, after: Pack) -> list[Step]:
    """Return every rule of both versions with its stages, what goes live first."""
    old = {rule.id: rule for rule in before.rules} if before is not None else {}
    new = {rule.id: rule for rule in after.rules}
    found = [
        Step(
            name,
            old[name].staging if name in old else None,
            new[name].staging if name in new else None,
            name not in old or name not in new or old[name].digest != new[name].digest,
        )
        for name in dict.fromkeys([*new, *old])
    ]
    return sorted(found, key=lambda step: (not step.goes_live, not step.moves))


def takes_two(chosen: Sequence[Step]) -> bool:
    """Whether a second person must confirm."""
    return any(step.goes_live for step in chosen)


_STAGE: Final = re.compile(r"^(\s*(?:- )?stage:[ \t]*)([^#\n]*?)([ \t]*(?:#.*)?)$")


def set_stage(
    draft_id: int, *, rule: str, staging: str, seen: int | None = None, by: Actor, now: datetime
) -> RulebookDraft:
    """Write another stage of a rule (`shadow`, `canary 5%`, `live`) into a draft. Raises `ReleaseError`, `DraftError`.

    `seen`: the revision of its file that whoever asks has read; by default as it is.
    """
    chosen = parse_staging(staging)
    if chosen is None or not 0 < chosen.share <= 1:
        raise ReleaseError(_("a stage is `shadow`, `canary 5%` or `live`"))
    return _rewrite(draft_id, rule, _STAGE, str(chosen), seen=seen, by=by, now=now)


_QUOTA: Final = re.compile(r"^(\s*(?:- )?quota:[ \t]*)(\{[^}#\n]*\})([ \t]*(?:#.*)?)$")
MOST_MEASURES: Final = 1_000_000


def set_quota(
    draft_id: int, *, rule: str, hour: int | None, day: int | None, by: Actor, now: datetime
) -> RulebookDraft:
    """Write another quota of a rule, measures an hour and a day, into a draft. Raises `ReleaseError`, `DraftError`.

    It goes the way of every change: a live rule's quota is covered by its digest, so a second person confirms it.
    """
    wanted = {name: most for name, most in (("hour", hour), ("day", day)) if most is not None}
    if not wanted or not all(1 <= most <= MOST_MEASURES for most in wanted.values()):
        raise ReleaseError(_("a quota is a number of measures an hour, a day, or both"))
    written = ", ".join(f"{name}: {most}" for name, most in wanted.items())
    draft = _rewrite(draft_id, rule, _QUOTA, f"{{{written}}}", seen=None, by=by, now=now)
    pack = load_pack(draft.files, lists.at_hand()).pack
    if pack is None or {most for _within, most in pack.rule(rule).quota} != set(wanted.values()):
        raise ReleaseError(
            _("the quota of `%(rule)s` stands in a form that only the editor can change") % {"rule": rule}
        )
    return draft


def _rewrite(
    draft_id: int, rule: str, line: re.Pattern[str], text: str, *, seen: int | None, by: Actor, now: datetime
) -> RulebookDraft:
    """Put a text in the place of what a line of a rule says. Without such a line the file stays as it is."""
    draft = drafts.find(draft_id)
    pack = load_pack(draft.files, lists.at_hand()).pack if draft is not None else None
    if draft is None or pack is None:
        raise BrokenError(_("the draft has errors; mend them first"))
    try:
        if pack.rule(rule).variant_of:
            raise VariantError(
                _("`%(rule)s` tries a value of a parameter; its stage stands in `tuned.yaml`")
                % {"rule": rule}
            )
        span = pack.rule(rule).span
    except KeyError:
        raise NoRuleError(_("there is no rule `%(rule)s` in the draft") % {"rule": rule}) from None
    lines = draft.files[span.file].split("\n")
    for at in range(span.line - 1, min(span.end_line, len(lines))):
        found = line.match(lines[at])
        if found is not None:
            lines[at] = f"{found[1]}{text}{found[3]}"
            break
    return drafts.save(
        draft_id,
        path=span.file,
        text="\n".join(lines),
        seen=drafts.seen_at(draft, span.file) if seen is None else seen,
        by=by,
        now=now,
        apart=True,
    )


def release(draft_id: int, *, note: str, by: Actor, now: datetime) -> Release:
    """Put a draft in force, or, where a rule goes live, ask a second person for it.

    Raises `NoReasonError`, `UntriedError`, `ReleaseError`, and `rulebook.RulebookError`.
    """
    note = reason_of(note)
    with transaction.atomic():
        draft = drafts.locked(draft_id)
        chosen = _tried(draft)
        if Release.objects.filter(draft=draft, state=ReleaseState.WAITING).exists():
            raise ReleaseError(_("it waits for a second person already"))
        made = Release.objects.create(
            draft=draft,
            files=draft.files,
            digest=digest_of(draft.files),
            note=note,
            by=str(by),
            at=now,
            state=ReleaseState.WAITING,
        )
        live = [step.rule for step in chosen if step.goes_live]
        _record(FactKind.RELEASE_PROPOSED, made, by=by, now=now, body={"note": note, "goes_live": live})
        if not live:
            _publish(made, by=by, now=now)
    return made


def confirm(release_id: int, *, by: Actor, now: datetime) -> Release:
    """Put in force, as the second person, what somebody else released.

    Raises `OwnReleaseError`, `ChangedError`, `OverError`, and `rulebook.RulebookError`.
    """
    with transaction.atomic():
        made = _locked(release_id)
        if made.by == str(by):
            raise OwnReleaseError(_("the second person is somebody else"))
        draft = drafts.locked(made.draft_id)
        if digest_of(draft.files) != made.digest:
            raise ChangedError(_("the draft was changed since it was released"))
        try:
            _tried(draft)
        except UntriedError as error:
            raise ChangedError(_("another version is in force since; look again whom it touches")) from error
        _publish(made, by=by, now=now)
    return made


def refuse(release_id: int, *, because: str, by: Actor, now: datetime) -> Release:
    """Refuse a release, or withdraw one's own. Raises `NoReasonError`, `OverError`."""
    with transaction.atomic():
        made = _locked(release_id)
        own = made.by == str(by)
        because = settled(storable(because)).strip() if own else reason_of(because)
        made.state = ReleaseState.WITHDRAWN if own else ReleaseState.REFUSED
        made.settled_by, made.settled_at, made.because = str(by), now, because
        made.save(update_fields=["state", "settled_by", "settled_at", "because"])
        kind = FactKind.RELEASE_WITHDRAWN if own else FactKind.RELEASE_REFUSED
        _record(kind, made, by=by, now=now, body={"because": because})
    return made


def go_back(
    version_id: int, *, because: str, by: Actor, now: datetime, reason_follows: bool = False
) -> RulebookVersion:
    """Put an earlier version in force again, at once and by one person, under a version of its own.

    Raises `NoReasonError` for an empty reason unless `reason_follows`, `ReleaseError` for the version in force, and
    `rulebook.RulebookError`.
    """
    version = RulebookVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise OverError(_("there is no version %(version_id)s") % {"version_id": version_id})
    because = reason_of(because) if because.strip() or not reason_follows else ""
    if version.active_until is None:
        raise ReleaseError(_("this version is in force"))
    files = drafts.with_fresh_version(version.files)
    note = f"back to {version.version}: {because}" if because else f"back to {version.version}"
    return rulebook.publish(files, by=by, now=now, note=note, lists=lists.opened())


def waiting() -> list[Release]:
    """Return what waits for a second person, the oldest first."""
    rows = Release.objects.filter(state=ReleaseState.WAITING, draft__state=DraftState.OPEN)
    return list(rows.select_related("draft").order_by("pk"))


def newest(draft: RulebookDraft) -> Release | None:
    """Return the last release of a draft, or None."""
    return Release.objects.filter(draft=draft).order_by("-pk").first()


def _tried(draft: RulebookDraft) -> list[Step]:
    if behind(draft) is not None:
        raise BehindError(_("the rules in force were changed since the draft began; take that over first"))
    trial = trials.newest(draft)
    result = trials.result_of(trial) if trial is not None and trial.state == TrialState.DONE else None
    if trial is None or result is None or not result.sound or not trials.fits(trial, draft):
        raise UntriedError(_("look first whom it would touch"))
    pack = load_pack(draft.files, lists.at_hand()).pack
    if pack is None:
        raise ReleaseError(_("the draft has errors; mend them first"))
    active = rulebook.active()
    return steps(rulebook.load(active) if active is not None else None, pack)


def _publish(made: Release, *, by: Actor, now: datetime) -> None:
    # Somebody may have gone back meanwhile, which takes a number.
    files = drafts.with_fresh_version(made.files)
    version = rulebook.publish(files, by=by, now=now, note=made.note, lists=lists.opened())
    made.state, made.version = ReleaseState.PUBLISHED, version
    made.settled_by, made.settled_at = str(by), now
    made.save(update_fields=["state", "version", "settled_by", "settled_at"])
    RulebookDraft.objects.filter(pk=made.draft_id).update(state=DraftState.PUBLISHED)
    ref = str(rulebook.ref_of(version))
    _record(FactKind.RELEASE_CONFIRMED, made, by=by, now=now, body={"version": ref, "proposed_by": made.by})


def reason_of(text: str) -> str:
    """Return a reason as it is kept. Raises `NoReasonError` for an empty one."""
    said = settled(storable(text)).strip()
    if not said:
        raise NoReasonError(_("say why; it stands in the rule book's history"))
    return said


def _locked(release_id: int) -> Release:
    draft = Release.objects.filter(pk=release_id).values_list("draft", flat=True).first()
    if draft is None:
        raise OverError(_("there is no release %(release_id)s") % {"release_id": release_id})
    RulebookDraft.objects.select_for_update(of=("self",)).get(pk=draft)
    made = Release.objects.select_for_update(of=("self",)).get(pk=release_id)
    if made.state != ReleaseState.WAITING:
        raise OverError(_("it was settled before"))
    return made


def _record(
    kind: FactKind, made: Release, *, by: Actor, now: datetime, body: dict[str, object] | None = None
) -> None:
    ledger.record(
        kind, by=by, now=now, subject=f"release:{made.pk}", about=[f"draft:{made.draft_id}"], body=body
    )
