"""The engine.

A compiled pack that judges events. Values in, values out; it reads no clock and touches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

from msgspec.structs import replace

from hakam.policy.compile import Counted, Failures, Hits, Program, compile_rules
from hakam.policy.cost import fields_read
from hakam.policy.counters import NO_COUNTERS, Counters
from hakam.policy.counting import mark_name
from hakam.policy.generate import shown
from hakam.policy.interpret import Seen, leaf_value, outcome
from hakam.policy.kinds import unix
from hakam.policy.pack import Pack
from hakam.policy.recorded import Recorded
from hakam.policy.rules import Rule
from hakam.policy.staged import giving_way, judges
from hakam.policy.staging import place
from hakam.policy.tree import Constant, Counter, CounterKind, label, leaves, walk
from hakam.signals.measure import Need, Signals
from hakam.vocabulary.event import Event
from hakam.vocabulary.measure import Measure, merged
from hakam.vocabulary.verdict import Aside, Firing, PackRef, ReviewRequest, Stage, Verdict

MAX_TOGETHER = 10_000
HOLDBACK = "holdback"  # the name under which authors are divided
GRAVE = 50  # severity of a clause; from here on nobody is held back
TRIPPED = "tripped"  # queue for rules that ask for no other
URGENT = 0.5


_LIVE, _SHADOW, _CANARY = Stage.LIVE, Stage.SHADOW, Stage.CANARY  # at hand: asked for each firing
_Together: TypeAlias = "tuple[tuple[Measure, ...], ReviewRequest | None]"
_Alike: TypeAlias = (  # live, what they propose, and their verdict if it is always the same
    "tuple[tuple[int, ...], tuple[Measure, ...], ReviewRequest | None, Verdict | None]"
)


class Engine:
    """A pack, ready to judge. Made by `compile_pack`; safe to share between threads.

    `needs` says which signals its rules read, `source` is the generated code, `counters` what is counted.
    """

    def __init__(self, pack: Pack, aside: Mapping[str, Aside] | None = None) -> None:
        self.pack = pack
        self.ref: PackRef = pack.ref
        self.aside = dict(aside or {})
        self.rules: tuple[Rule, ...] = tuple([rule for rule in pack.rules if rule.id not in self.aside])
        self.needs: frozenset[Need] = needs_of(self.rules)
        self.lists = {name: found.digest for name, found in pack.outside.items()}
        self.nothing = Verdict(pack.ref, aside=self.aside, lists=self.lists)
        self.failing: Callable[[str, BaseException], None] = _nobody
        """Is told of each rule that fails, with its error."""
        alone: list[Verdict | None] = [None] * len(self.rules)
        self._program: Program = compile_rules(
            self.rules, nothing=self.nothing, found=self._verdict, broken=self._broken, alone=alone
        )
        self.judge: Callable[[Event, Signals, Counters], Verdict] = self._program.judge
        """Return what the rules say.

        Never raises: a rule that fails is named in `quarantined`, the others go on. Every event feeds all
        counters, whatever its rules say.
        """
        self._marking = any(rule.marks for rule in self.rules)
        self._bare: Callable[[Event, Signals, Counters], tuple[int, ...]] | None = None
        self._holdback = pack.holdback
        self._giving_way = giving_way(self.rules)
        self._limited = frozenset(n for n, rule in enumerate(self.rules) if rule.quota and rule.measures)
        canaries = [n for n, rule in enumerate(self.rules) if rule.staging.stage is _CANARY]
        self._by_author = self._limited.union(canaries, self._giving_way)
        """The rules whose word depends on whose event it is, or on how often they have fired."""
        self._held = frozenset(
            n for n, rule in enumerate(self.rules) if pack.clauses[rule.policy].severity < GRAVE
        )
        self._together: dict[tuple[tuple[int, ...], tuple[int, ...]], _Together] = {}
        self._alike: dict[tuple[int, ...], _Alike] = {}
        if not self._holdback:
            for n in self._program.only.keys() - self._by_author:
                alone[n] = self._as_staged((n,))[-1]

    @property
    def source(self) -> str:
        """The generated code of all rules."""
        return self._program.source

    @property
    def counters(self) -> tuple[Counter, ...]:
        """The counters that every event feeds, and those of quotas, which firings feed."""
        return (*self._program.counters, *(one for rule in self.rules for one in _quotas(rule)))

    @property
    def counting(self) -> tuple[Counter, ...]:
        """The counters that every event feeds, in the order in which the function takes what they said."""
        return self._program.counters

    def fired(self, event: Event, signals: Signals, counters: Counters) -> tuple[int, ...]:
        """Return the places in `rules` of those that fire, whatever their stage: a verdict without detail."""
        if self._marking:  # what rules note for later is part of the verdict
            names = {firing.rule for firing in self.judge(event, signals, counters).firings}
            return tuple(n for n, rule in enumerate(self.rules) if rule.id in names)
        if self._bare is None:
            program = compile_rules(self.rules, nothing=(), found=_numbers, broken=self._broken_numbers)
            self._bare = program.judge
        return self._bare(event, signals, counters)

    def recorder(self, *, counted: bool = False) -> Callable[[Event, Signals, Any], Recorded | None]:
        """Return a function that judges as `judge` does and leaves the verdict to be made later, `None` for nothing.

        Made anew each time. If `counted`, its last argument is what counters said: a value for each of `counting`.
        Then no quota is ever used up.
        """
        acts = not counted and (self._marking or bool(self._limited))
        found = self._at_once if acts else partial(Recorded, self._later)
        return compile_rules(
            self.rules, nothing=None, found=found, broken=self._broken_recorded, counted=counted
        ).judge

    def _later(  # noqa: PLR0917 -- as `_verdict`
        self,
        event: Event,
        signals: Signals,
        _counters: object,
        fired: list[int],
        failed: Failures,
        hits: Hits | None,
        counted: Counted,
    ) -> Verdict:
        return self._verdict(event, signals, NO_COUNTERS, fired, failed, hits, counted)

    def _at_once(self, event: Event, signals: Signals, counters: Counters, *found: Any) -> Recorded:
        """Make a verdict that counts or marks something: others judged after it depend on that."""
        made = Recorded(self._later, event, signals, counters, *found)
        made.told = self._verdict(event, signals, counters, *found)
        return made

    def _broken_recorded(self, event: Event, signals: Signals, _: Exception) -> Recorded:
        found = self._one_by_one(event, signals)
        return Recorded(self._later, event, signals, NO_COUNTERS, *found)

    def places(self, recorded: Recorded) -> tuple[list[int], list[int]]:
        """Return the places in `rules` of what the verdict says fires and failed, without making the verdict."""
        failed, hits = recorded.failed or {}, recorded.hits
        safe = self._program.safe
        if not failed and hits is not None and safe.issuperset(recorded.fired):
            return recorded.fired, []
        fires, fails = [], list(failed)
        event, signals, counted = recorded.event, recorded.signals, recorded.counted
        for n in recorded.fired:
            if n in failed:
                continue
            try:  # what can't be told does not fire
                self._firing(n, event, signals, hits, counted)
            except Exception:  # noqa: BLE001 -- as in `_verdict`
                fails.append(n)
            else:
                fires.append(n)
        return fires, fails

    def plainly(self, event: Event, signals: Signals) -> Verdict:
        """Judge without the compiled function. Rules that read counters are left out, and nothing is counted."""
        return self._verdict(event, signals, NO_COUNTERS, *self._one_by_one(event, signals))

    def _broken(self, event: Event, signals: Signals, _: Exception) -> Verdict:
        """Judge when the compiled function failed outside any rule: the other rules must still be heard."""
        return self.plainly(event, signals)

    def _broken_numbers(self, event: Event, signals: Signals, _: Exception) -> tuple[int, ...]:
        return _numbers(event, signals, NO_COUNTERS, *self._one_by_one(event, signals))

    def _one_by_one(self, event: Event, signals: Signals) -> tuple[list[int], Failures, Hits | None, Counted]:
        """Judge with the interpreter, rule by rule.

        Counters are unknown then, and their rules quarantined.
        """
        seen = Seen(event, signals)
        fired: list[int] = []
        failed: dict[int, BaseException] = {}
        for n, rule in enumerate(self.rules):
            try:
                if any(isinstance(node, Counter) for node in walk(rule.when)):
                    failed[n] = UnreadError("counters were not read")
                elif outcome(rule.when, seen) is True:
                    fired.append(n)
            except Exception as error:  # noqa: BLE001 -- whatever it was, the other rules must still be heard
                failed[n] = error
        return fired, failed or None, None, (None,) * len(self._program.counters)

    def _verdict(  # noqa: PLR0917 -- called from generated code
        self,
        event: Event,
        signals: Signals,
        counters: Counters,
        fired: list[int],
        failed: Failures,
        hits: Hits | None,
        counted: Counted,
    ) -> Verdict:
        if len(fired) > 1:
            fired.sort()
        held = self._holdback > 0 and place(HOLDBACK, event.platform, event.author.id) < self._holdback
        if failed is None and hits is not None and not held:
            places = tuple(fired)
            found = self._alike.get(places)
            if found is None and self._by_author.isdisjoint(fired):
                found = self._as_staged(places)
            if found is not None:
                live, measures, review, verdict = found
                if verdict is not None:
                    return verdict
                tell, author, item, context = self._program.tell, event.author, event.item, event.context
                firings = []
                try:
                    for n in fired:
                        firings.append(tell[n](event, signals, author, item, context, hits, counted))  # noqa: PERF401
                except Exception:  # noqa: BLE001 -- which rule it was is found rule by rule
                    return self._each(event, signals, counters, fired, failed, hits, counted, held=held)
                if self._marking:
                    self._mark(event, counters, live)
                return Verdict(self.ref, tuple(firings), measures, review, (), (), (), self.aside, self.lists)
        return self._each(event, signals, counters, fired, failed, hits, counted, held=held)

    def _as_staged(self, fired: tuple[int, ...]) -> _Alike:
        """Return which of some rules are live, none of them by author, what these propose, and their one verdict."""
        live = tuple(n for n in fired if self.rules[n].staging.stage is _LIVE)
        measures, review = self._proposal(live, ())
        verdict, only = None, self._program.only
        if not self._marking and only.keys() >= set(fired):
            firings = tuple(only[n] for n in fired)
            verdict = Verdict(self.ref, firings, measures, review, (), (), (), self.aside, self.lists)
        found = live, measures, review, verdict
        if len(self._alike) < MAX_TOGETHER:
            self._alike[fired] = found
        return found

    def _each(  # noqa: PLR0917 -- as `_verdict`
        self,
        event: Event,
        signals: Signals,
        counters: Counters,
        fired: list[int],
        failed: Failures,
        hits: Hits | None,
        counted: Counted,
        *,
        held: bool,
    ) -> Verdict:
        """Make a verdict rule by rule: each may fail, be over its quota, or mean less for this author."""
        firings: list[Firing] = []
        live: list[int] = []
        tripped: list[int] = []
        for n in fired:
            if failed is not None and n in failed:
                continue
            try:
                firing = self._firing(n, event, signals, hits, counted)
            except Exception as error:  # noqa: BLE001 -- the rule is put aside, as if its condition had failed
                failed = {**(failed or {}), n: error}
                continue
            stage = self._stage(n, event, failed or (), held=held)
            if stage is not firing.stage:
                firing = replace(firing, stage=stage)
            if stage is _LIVE:
                if n in self._limited and self._over(event, counters, self.rules[n]):
                    tripped.append(n)
                    asked = firing.review or ReviewRequest(TRIPPED, URGENT)
                    firing = replace(firing, measures=(), review=asked)
                live.append(n)
            firings.append(firing)
        quarantined = tuple([self.rules[n].id for n in sorted(failed or ())])
        for n, cause in (failed or {}).items():
            self.failing(self.rules[n].id, cause)
        if not firings and not quarantined:
            return self.nothing
        if self._marking:
            self._mark(event, counters, live)
        together, asks = self._proposal(tuple(live), tuple(tripped))
        names = tuple([self.rules[n].id for n in tripped])
        return Verdict(
            self.ref, tuple(firings), together, asks, quarantined, names, (), self.aside, self.lists
        )

    def _firing(self, n: int, event: Event, signals: Signals, hits: Hits | None, counted: Counted) -> Firing:
        """Return the firing of a rule at the stage on which it stands. Raises what reading its values raises."""
        if hits is not None:
            return self._program.tell[n](
                event, signals, event.author, event.item, event.context, hits, counted
            )
        rule = self.rules[n]
        values = shown(values_of(rule, Seen(event, signals)))
        return Firing(
            rule.id, rule.policy, rule.digest, rule.staging.stage, rule.measures, rule.review, values
        )

    def _stage(self, n: int, event: Event, failed: Container[int], *, held: bool) -> Stage:
        """Return the stage of a rule for the author of an event."""
        rule = self.rules[n]
        stage = rule.staging.stage
        if stage is _CANARY:
            stage = rule.staging.for_author(rule.placed, event.platform, event.author.id)
        if stage is _LIVE and (self.gives_way(n, event, failed) or (held and n in self._held)):
            return _SHADOW
        return stage

    def gives_way(self, n: int, event: Event, failed: Container[int] = ()) -> bool:
        """Whether a rule leaves the author of an event to its variant with a value on trial (`policy.staged`)."""
        variant = self._giving_way.get(n)
        return variant is not None and variant not in failed and judges(self.rules[variant], event)

    @staticmethod
    def _over(event: Event, counters: Counters, rule: Rule) -> bool:
        """Count one more firing with measures, and tell whether a quota is used up.

        What was counted is recorded with the event, as every counter is, so a replay decides the same.
        """
        at = unix(event.at)
        counts = [
            (counters.count(_quota_name(rule, within), event.platform, at, within, add=True), most)
            for within, most in rule.quota
        ]
        return any(count is not None and count > most for count, most in counts)

    def _mark(self, event: Event, counters: Counters, live: Iterable[int]) -> None:
        for n in live:
            for mark in self.rules[n].marks:
                who = event.author.id if mark.on == "author" else event.item.id
                name = mark_name(mark.on, mark.name)
                counters.mark(name, f"{event.platform}\x1f{who}", unix(event.at), mark.life)

    def _proposal(
        self, live: tuple[int, ...], tripped: tuple[int, ...]
    ) -> tuple[tuple[Measure, ...], ReviewRequest | None]:
        """Return what some live rules propose together. The same rules always propose the same."""
        known = self._together.get((live, tripped))
        if known is None:
            rules = [self.rules[n] for n in live]
            measures = merged(measure for n in live if n not in tripped for measure in self.rules[n].measures)
            fallback = ReviewRequest(TRIPPED, URGENT) if tripped else None
            asked = [rule.review for rule in rules]
            if any(self.rules[n].review is None for n in tripped):
                asked.append(fallback)
            known = measures, most_urgent(asked)
            if len(self._together) < MAX_TOGETHER:
                self._together[live, tripped] = known
        return known


def compile_pack(pack: Pack, aside: Mapping[str, Aside] | None = None) -> Engine:
    """Return the engine of a pack. The rules of `aside` are not asked, which each verdict says."""
    return Engine(pack, aside)


class UnreadError(LookupError):
    """Counters were not read, so a rule that reads them could not be judged. The rule itself is sound."""


def _nobody(_rule: str, _error: BaseException) -> None:
    """Hear of a failure and do nothing."""


def needs_of(rules: Iterable[Rule], *, counted: bool = False) -> frozenset[Need]:
    """Return the signals that some rules read; if `counted`, not those that only their counters read."""
    return frozenset(
        need for rule in rules for spec in fields_read(rule.when, counted=counted) for need in spec.needs
    )


def _numbers(
    _event: Event,
    _signals: Signals,
    _counters: Counters,
    fired: list[int],
    failed: Failures,
    _hits: Hits | None,
    _counted: Counted,
) -> tuple[int, ...]:
    if failed is not None:
        fired = [n for n in fired if n not in failed]
    if len(fired) > 1:
        fired.sort()
    return tuple(fired)


def _quota_name(rule: Rule, within: float) -> str:
    return f"quota {rule.variant_of or rule.id} {within:g}s"  # a variant and its rule use up one quota


def _quotas(rule: Rule) -> Iterable[Counter]:
    for within, _ in () if rule.variant_of else rule.quota:
        name = _quota_name(rule, within)
        yield Counter(CounterKind.COUNT, None, (), within, None, name, name, rule.span)


def most_urgent(requests: Iterable[ReviewRequest | None]) -> ReviewRequest | None:
    """Return the most urgent request, the first among equals."""
    there = [request for request in requests if request is not None]
    return max(there, key=lambda request: request.urgency, default=None)


def values_of(rule: Rule, seen: Seen) -> dict[str, Any]:
    """Return what each leaf of a rule saw, as a verdict keeps it. Unknown values are left out."""
    found = {
        label(leaf): leaf_value(leaf, seen) for leaf in leaves(rule.when) if not isinstance(leaf, Constant)
    }
    return {text: value for text, value in found.items() if value is not None}
