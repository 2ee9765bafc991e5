"""Tuning the parameters of the rule book: another value goes the way of every change of a rule.

It is written into a draft, judged against the latest events at once, and released from there: a second person where a
rule that reads it is live, an earlier version as the way back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import drafts, lists
from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.policy import tuning
from hakam.policy.pack import Pack, load_pack
from hakam.policy.params import Number, Param
from hakam.policy.rules import Rule
from hakam.policy.tuning import NoTrialStageError, SameValueError, TuningError
from hakam.review import releases, trials
from hakam.review.models import Release
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.finding import Finding

_Rewriting = Callable[[Mapping[str, str]], str]


class BrokenDraftError(TuningError):
    """The draft that it should be written into has errors."""


class SpoiltError(TuningError):
    """The draft would have errors by it. `finding` is the first."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class Setting(NamedTuple):
    """A value that a version brought. `by` released it, `confirmed_by` is the second person, if there was one."""

    version: RulebookVersion
    by: str
    confirmed_by: str
    value: Number
    by_community: tuple[tuple[str, Number], ...]


class Dial(NamedTuple):
    """A parameter in force: what it is, which rules read it, and who set it when, the newest first."""

    param: Param
    rules: tuple[Rule, ...]
    settings: tuple[Setting, ...]


def dials(pack: Pack) -> list[Dial]:
    """Return the parameters of the pack in force, in the order of `params.yaml`."""
    told = _settings(list(pack.params))
    readers = {rule.id: tuning.read_by(rule) for rule in pack.rules}
    return [
        Dial(
            param,
            tuple(rule for rule in pack.rules if name in readers[rule.id] and not rule.variant_of),
            tuple(told[name]),
        )
        for name, param in pack.params.items()
    ]


def _settings(names: list[str]) -> dict[str, list[Setting]]:
    """Return who set each parameter when. A version that left it as it was is no setting."""
    found: dict[str, list[Setting]] = {name: [] for name in names}
    texts: tuple[str | None, str | None] | None = None
    released = {
        release.version_id: release
        for release in Release.objects.exclude(version=None).only("version_id", "by", "settled_by")
    }
    for version in RulebookVersion.objects.order_by("published_at", "pk").iterator(chunk_size=20):
        here = version.files.get("params.yaml"), version.files.get(tuning.FILE)
        if here == texts:
            continue
        texts = here
        held = tuning.tuning_of(version.files).params
        release = released.get(version.pk)
        for name in names:
            param = held.get(name)
            if param is None:
                continue
            last = found[name][-1] if found[name] else None
            if last is None or (last.value, last.by_community) != (param.value, param.by_community):
                by = release.by if release is not None else version.published_by
                second = release.settled_by if release is not None and release.settled_by != by else ""
                found[name].append(Setting(version, by, second, param.value, param.by_community))
    return {name: settings[::-1] for name, settings in found.items()}


def propose(
    name: str,
    value: str | None,
    *,
    community: str = "",
    staging: str | None = None,
    on_trial: bool = False,
    draft_id: int | None = None,
    days: int,
    by: Actor,
    now: datetime,
) -> RulebookDraft:
    """Write another value of a parameter into a draft, and ask whom it would touch in the last `days`.

    `value` as typed; None is the default again, or no value of its own for `community` (empty: for all). `staging`
    (`shadow`, `canary 5%`, `live`) is how the rules that read it work with it, None as they do. `on_trial`: the old
    value stays in force, and the new one only watches (`staging` shadow) or holds for a share of authors; `value` None
    ends that. Without `draft_id` a draft is begun.

    Raises `TuningError`, `DraftError`, `ReleaseError` and `TrialError`; then nothing was changed.
    """
    community = community.strip()

    def rewritten(files: Mapping[str, str]) -> str:
        if on_trial and community:
            raise NoTrialStageError("a value is tried for all communities")
        if on_trial:
            return tuning.with_staged(files, name, value, staging or "")
        return tuning.with_value(dict(files), name, value, community)

    with transaction.atomic():
        ends = on_trial and value is None
        draft = _written(rewritten, _title(name, community, ends=ends), draft_id, by=by, now=now)
        pack = _pack_of(draft.files)
        if staging is not None and not on_trial:
            for rule in pack.rules:
                if name in tuning.read_by(rule) and not rule.variant_of and str(rule.staging) != staging:
                    draft = releases.set_stage(draft.pk, rule=rule.id, staging=staging, by=by, now=now)
        trials.ask(draft.pk, days=days, by=by, now=now)
    return draft


def switch(
    rule: str, *, community: str, off: bool, draft_id: int | None = None, days: int, by: Actor, now: datetime
) -> RulebookDraft:
    """Write into a draft that a rule does not hold in a community, or holds there again, and ask whom that touches.

    Raises as `propose` does.
    """
    community = community.strip()

    def rewritten(files: Mapping[str, str]) -> str:
        if rule not in {one.id for one in _pack_of(files).rules}:
            raise tuning.UnknownNameError(f"there is no rule `{rule[:60]}`")
        return tuning.with_rule(dict(files), rule, community, off=off)

    with transaction.atomic():
        draft = _written(rewritten, _title(rule, community), draft_id, by=by, now=now)
        trials.ask(draft.pk, days=days, by=by, now=now)
    return draft


def _title(name: str, community: str, *, ends: bool = False) -> str:
    """Return what a new draft is called; `ends`: it ends the trial of a value."""
    if ends:
        return _("End of the trial of %(name)s") % {"name": name}
    if community:
        return _("Tuning of %(name)s in %(community)s") % {"name": name, "community": community}
    return _("Tuning of %(name)s") % {"name": name}


def _written(
    rewritten: _Rewriting, title: str, draft_id: int | None, *, by: Actor, now: datetime
) -> RulebookDraft:
    """Write `tuned.yaml` of a draft anew.

    Raises `SameValueError` if that says what it said, `BrokenDraftError` and `SpoiltError`.
    """
    draft = drafts.begin(title, by=by, now=now) if draft_id is None else drafts.locked(draft_id)
    text = rewritten(draft.files)
    files = {**draft.files, tuning.FILE: text}
    if tuning.tuning_of(files) == tuning.tuning_of(draft.files):
        raise SameValueError("it is so already")
    found = load_pack(files, lists.at_hand())
    if found.pack is None:
        _pack_of(draft.files)
        raise SpoiltError(found.errors[0])
    return drafts.save(
        draft.pk,
        path=tuning.FILE,
        text=text or None,
        seen=drafts.seen_at(draft, tuning.FILE),
        by=by,
        now=now,
        apart=True,
    )


def _pack_of(files: Mapping[str, str]) -> Pack:
    pack = load_pack(files, lists.at_hand()).pack
    if pack is None:
        raise BrokenDraftError("the draft has errors; mend them first")
    return pack
