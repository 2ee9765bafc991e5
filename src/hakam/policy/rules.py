"""Rules.

When something surely holds, under which clause, and what is proposed (`rules.yaml`, `rules/*.yaml`).
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping as Dictionary

import msgspec

from hakam.policy.about import About, read_about
from hakam.policy.canonical import canonical
from hakam.policy.check import Checker
from hakam.policy.clauses import Clause
from hakam.policy.cost import MAX_RULE_COST, cost_of
from hakam.policy.fields import FIELDS
from hakam.policy.measures import Act, Mark, needs_two_people, read_acts
from hakam.policy.shape import ID, Shape
from hakam.policy.source import Reporter, listing, nearest
from hakam.policy.staging import Staging, parse_staging
from hakam.policy.strict_yaml import Mapping, Node
from hakam.policy.tree import Among, And, Condition, Field, Known, Not, Or
from hakam.vocabulary.finding import Span
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.verdict import ReviewRequest, Stage

KEYS = ("rule", "policy", "stage", "when", "then", "quota", "about", "examples")
QUOTAS = {"hour": 3_600.0, "day": 86_400.0}  # seconds
MAX_QUOTA = 1_000_000
MAX_RULES = 5_000


class Rule(msgspec.Struct, frozen=True):
    """One rule.

    `digest` is the SHA-256 (hex) of its meaning: condition, terms and lists it reads, clause and acts.
    """

    id: str
    policy: str
    staging: Staging
    when: Condition
    measures: tuple[Measure, ...]
    review: ReviewRequest | None
    digest: str
    source: str  # the condition as written
    about: About | None
    span: Span
    marks: tuple[Mark, ...] = ()
    quota: tuple[tuple[float, int], ...] = ()  # (seconds of the window, measures in it at most)
    off: frozenset[str] = frozenset()  # communities in which it does not hold; `when` asks that first
    variant_of: str = (
        ""  # the rule whose variant it is, with a parameter's value on trial; see `policy.staged`
    )
    tried: str = ""  # which value that is, as `params.most = 20`

    @property
    def placed(self) -> str:
        """By what a canary shares out authors: the rule, or the parameter it tries, alike for all that read it."""
        return self.tried.partition(" ")[0] or self.id

    @property
    def written(self) -> Condition:
        """The condition as the pack says it, without the question whether the rule holds in the community."""
        return self.when.items[1] if self.off and isinstance(self.when, And) else self.when

    @property
    def elsewhere(self) -> Condition | None:
        """The question whether the rule holds in the community; `None` if it holds in all."""
        return self.when.items[0] if self.off and isinstance(self.when, And) else None

    @property
    def stage(self) -> Stage:
        """Its stage, before an author is known."""
        return self.staging.stage


def read_rules(  # noqa: PLR0917 -- each is another part of the pack
    node: Node,
    checker: Checker,
    clauses: Dictionary[str, Clause],
    known: frozenset[str] | None,
    report: Reporter,
    off: Dictionary[str, frozenset[str]] | None = None,
    languages: tuple[str, ...] = (),
) -> list[Rule]:
    """Read the rules of one file. Rules that are wrong are reported and left out.

    `known` holds the ids of all clauses that the file of policies names, also of those that are wrong
    themselves; `None` if it could not be read.

    `off` names the communities in which a rule does not hold, `languages` those of the pack.
    """
    shape = Shape(report)
    rules = []
    for entry in shape.entries(node, "rules", KEYS):
        rule = _rule(entry, checker, clauses, known, shape, languages)
        if rule is not None:
            rules.append(_elsewhere(rule, (off or {}).get(rule.id, frozenset())))
    return rules


def _rule(  # noqa: PLR0917 -- each is another part of the pack
    entry: Mapping,
    checker: Checker,
    clauses: Dictionary[str, Clause],
    known: frozenset[str] | None,
    shape: Shape,
    languages: tuple[str, ...],
) -> Rule | None:
    report, before = shape.report, len(shape.report)
    id_ = shape.text(entry, "rule", pattern=ID, what="a rule's id")
    policy = shape.text(entry, "policy", what="policy")
    if policy is not None and known is not None and policy not in known:
        hint = (
            nearest(policy, known)
            or _within(policy, known)
            or (f"there are {listing(sorted(known))}" if known else "add it to `policies.yaml`")
        )
        report.report("P310", f"there is no policy `{policy[:60]}`", entry.entries["policy"].span, hint=hint)
    staging = _staging(entry, shape)
    scalar = shape.scalar(entry, "when")
    checker.reading.append(f"rule {id_}")  # which it may not need itself
    when = checker.check(scalar) if scalar is not None else None
    checker.reading.pop()
    if when is not None and (cost := cost_of(when)) > MAX_RULE_COST:
        message = f"about {cost / 1000:,.0f} us for each event"
        report.report(
            "P504",
            message,
            entry.keys["when"],
            hint=f"at most {MAX_RULE_COST // 1000}; search `text.folded` rather than other fields",
        )
    first = len(report)
    acts = (
        read_acts(entry.entries["then"], report, what="then", reviews=True)
        if shape.has(entry, "then")
        else []
    )
    marks = tuple(sorted(act.mark for act in acts if act.mark is not None))
    measures, review = _sorted_acts(
        [act for act in acts if act.mark is None], clauses.get(policy or ""), report
    )
    if not acts and "then" in entry.entries and not report.has_errors(first):
        report.report("P308", "the rule does nothing", entry.keys["then"], hint='as `[review(queue="spam")]`')
    about = read_about(entry, shape, languages)
    if (
        report.has_errors(before)
        or id_ is None
        or policy is None
        or staging is None
        or when is None
        or scalar is None
    ):
        return None
    quota = _quota(entry, shape)
    if report.has_errors(before):
        return None
    digest = _digest(id_, policy, when, measures, review, marks, quota)
    source = scalar.value.strip()
    return Rule(id_, policy, staging, when, measures, review, digest, source, about, entry.span, marks, quota)


def _within(policy: str, known: frozenset[str]) -> str | None:
    """Return a hint with the clause of which `policy` looks like a part: `spam.bulk` for `spamm`."""
    parts: dict[str, list[str]] = {}
    for clause in sorted(known):
        for part in re.split(r"[.-]", clause):
            parts.setdefault(part, []).append(clause)
    close = difflib.get_close_matches(policy[:100].lower(), parts, n=1, cutoff=0.7)
    if not close:
        return None
    found = parts[close[0]]
    return f"did you mean `{found[0]}`?" if len(found) == 1 else f"there are {listing(found)}"


def _elsewhere(rule: Rule, communities: frozenset[str]) -> Rule:
    """Return a rule that does not hold in some communities."""
    if not communities:
        return rule
    span, text = rule.when.span, "item.community"
    community = Field(FIELDS[text], text, span)
    named = ", ".join(sorted(communities))
    there = Among(community, communities, None, f"item.community in [{named}]", span)
    unknown = Not(Known(community, "known(item.community)", span), "not known(item.community)", span)
    elsewhere = Or((unknown, Not(there, f"not {there.text}", span)), "elsewhere", span)
    when = And((elsewhere, rule.when), rule.when.text, span)
    digest = _digest(rule.id, rule.policy, when, rule.measures, rule.review, rule.marks, rule.quota)
    return msgspec.structs.replace(rule, when=when, digest=digest, off=communities)


def _quota(entry: Mapping, shape: Shape) -> tuple[tuple[float, int], ...]:
    node = entry.entries.get("quota")
    if node is None:
        return ()
    if not isinstance(node, Mapping) or not node.entries:
        shape.report.report("P009", "`quota` has keys", node.span, hint="as `{hour: 100, day: 500}`")
        return ()
    shape.keys(node, tuple(QUOTAS))
    found = {name: shape.whole(node, name, 1, MAX_QUOTA) for name in QUOTAS if name in node.entries}
    return tuple((QUOTAS[name], most) for name, most in found.items() if most is not None)


def _staging(entry: Mapping, shape: Shape) -> Staging | None:
    text = shape.text(entry, "stage", what="stage")
    if text is None:
        return None
    staging, span = parse_staging(text), entry.entries["stage"].span
    if staging is None:
        hint = nearest(text, ("shadow", "live", "canary 5%")) or "`shadow`, `canary 5%` or `live`"
        shape.report.report("P306", f"`{text[:40]}` is no stage", span, hint=hint)
    elif not 0 < staging.share <= 1:
        shape.report.report(
            "P307", "a canary's share lies above 0 and up to 100 %", span, hint="as `canary 5%`"
        )
        return None
    return staging


def _sorted_acts(
    acts: list[Act], clause: Clause | None, report: Reporter
) -> tuple[tuple[Measure, ...], ReviewRequest | None]:
    measures: list[Measure] = []
    review: ReviewRequest | None = None
    for act in acts:
        if act.review is not None:
            if review is not None:
                report.report("P309", "a second `review`", act.span, hint="a rule asks for one queue")
            else:
                review = act.review
            continue
        assert act.measure is not None
        measures.append(act.measure)
        if needs_two_people(act.measure):
            hint = "ask for a review; two people can decide it"
            report.report(
                "P303", f"`{act.measure.kind}` can't be taken back, so no rule takes it", act.span, hint=hint
            )
        elif clause is not None and act.measure.kind not in {step.kind for step in clause.ladder}:
            steps = listing([str(step.kind) for step in clause.ladder])
            report.report(
                "P304",
                f"`{act.measure.kind}` is not on the ladder of `{clause.id}`",
                act.span,
                hint=f"the ladder has {steps}",
            )
    return tuple(measures), review


def _digest(  # noqa: PLR0917 -- each is another part of the rule
    id_: str,
    policy: str,
    when: Condition,
    measures: tuple[Measure, ...],
    review: ReviewRequest | None,
    marks: tuple[Mark, ...],
    quota: tuple[tuple[float, int], ...],
) -> str:
    more = [*([marks] if marks else []), *([quota] if quota else [])]
    parts = (id_, policy, canonical(when), measures, review, *more)
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()
