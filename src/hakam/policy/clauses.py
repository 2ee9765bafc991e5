"""Clauses: what the rule book forbids, in the words that the affected person reads (`policies.yaml`)."""

from __future__ import annotations

from difflib import get_close_matches

import msgspec

from hakam.policy.listed import report_country
from hakam.policy.measures import read_acts
from hakam.policy.shape import ID, Shape
from hakam.policy.source import Reporter, listing, nearest
from hakam.policy.strict_yaml import Mapping, Node
from hakam.vocabulary.finding import Span
from hakam.vocabulary.harm import Harm, harms_meant
from hakam.vocabulary.iso_codes import country_meant
from hakam.vocabulary.measure import Measure

_SLIP = 0.85  # likeness from which a word is a slip of the pen
KEYS = ("policy", "title", "text", "examples", "harm", "severity", "legal", "contractual", "ladder")
MOST_SEVERE = 100
MILD = 40


class LegalGround(msgspec.Struct, frozen=True, omit_defaults=True):
    """A provision of law that the clause enforces. `country` is where it holds (`EU` for Union law)."""

    provision: str
    country: str | None = None


class Clause(msgspec.Struct, frozen=True):
    """One clause. `severity` is 0 to 100; `ladder` climbs from the mildest measure; texts are by language."""

    id: str
    harm: Harm
    severity: int
    title: dict[str, str]
    text: dict[str, str]
    ladder: tuple[Measure, ...]
    examples: dict[str, tuple[str, ...]] = {}
    legal: tuple[LegalGround, ...] = ()
    contractual: bool = True
    span: Span | None = None

    def in_language(self, language: str) -> tuple[str, str]:
        """Return title and text in `language`, else in English, else in the first language there is."""
        spoken = self.language_for(language)
        return self.title[spoken], self.text[spoken]

    def language_for(self, language: str) -> str:
        """Return the language in which somebody who reads `language` is shown the clause."""
        for wanted in (language, language.split("-", maxsplit=1)[0], "en", *self.title):
            if wanted in self.title and wanted in self.text:
                return wanted
        raise LookupError(f"clause {self.id} has no text")


def read_clauses(node: Node, languages: tuple[str, ...], report: Reporter) -> dict[str, Clause]:
    """Read `policies.yaml`. Clauses that are wrong are reported and left out."""
    shape = Shape(report)
    found: dict[str, Clause] = {}
    for entry in shape.entries(node, "policies", KEYS):
        clause = _clause(entry, languages, shape)
        if clause is None:
            continue
        if clause.id in found:
            report.report("P013", f"a second clause `{clause.id}`", clause.span, hint="ids are unique")
            continue
        found[clause.id] = clause
    return found


def _clause(entry: Mapping, languages: tuple[str, ...], shape: Shape) -> Clause | None:
    report, before = shape.report, len(shape.report)
    id_ = shape.text(entry, "policy", pattern=ID, what="a clause's id")
    harm = shape.text(entry, "harm", what="harm")
    if harm is not None and harm not in set(Harm):
        hint = _harm_hint(harm)
        report.report("P011", f"there is no harm `{harm[:60]}`", entry.entries["harm"].span, hint=hint)
    severity = shape.whole(entry, "severity", 0, MOST_SEVERE)
    title = shape.texts_by_language(entry, "title", languages)
    text = shape.texts_by_language(entry, "text", languages)
    examples = shape.lists_by_language(entry, "examples")
    legal = _legal(entry, shape)
    contractual = shape.boolean(entry, "contractual")
    if contractual is False and not legal:
        report.report(
            "P023",
            "neither a law nor our own terms forbid this",
            entry.keys["contractual"],
            hint="name a law under `legal`",
        )
    ladder: tuple[Measure, ...] = ()
    if shape.has(entry, "ladder"):
        acts = read_acts(entry.entries["ladder"], report, what="ladder", reviews=False)
        ladder = tuple(act.measure for act in acts if act.measure is not None)
        for lower, higher, act in zip(ladder, ladder[1:], acts[1:], strict=False):
            if higher.nature.severity < lower.nature.severity:
                report.report(
                    "P311",
                    f"`{higher.kind}` is milder than `{lower.kind}` before it",
                    act.span,
                    hint="mildest first",
                )
        if ladder and ladder[0].nature.severity > MILD:
            report.report(
                "P022",
                "the ladder has no mild step",
                acts[0].span,
                hint="begin with `label`, `warn` or `limit_reach`",
            )
        elif not ladder and not report.has_errors(before):
            report.report(
                "P009", "the ladder is empty", entry.keys["ladder"], hint="as `[warn, limit_reach, remove]`"
            )
    if report.has_errors(before) or id_ is None or harm is None or severity is None:
        return None
    return Clause(
        id_, Harm(harm), severity, title, text, ladder, examples, legal, contractual is not False, entry.span
    )


def _harm_hint(said: str) -> str:
    """Return the harm that is meant, or those that are: `terrorism` has several."""
    same = [harm for harm in Harm if harm.startswith(f"{said.lower()}_")]
    close = get_close_matches(said.lower(), list(Harm), n=1, cutoff=_SLIP)
    if close and len(same) < 2:  # noqa: PLR2004 -- more than one
        return f"did you mean `{close[0]}`?"
    meant = tuple(same) if len(same) > 1 else harms_meant(said)
    if len(meant) > 1 and (same or nearest(said, Harm) is None):
        return f"there are {listing(meant)}"
    if len(meant) == 1:
        return f"did you mean `{meant[0]}`?"
    return nearest(said, Harm) or "see the list of harms in the reference"


def _legal(entry: Mapping, shape: Shape) -> tuple[LegalGround, ...]:
    if "legal" not in entry.entries:
        return ()
    found = []
    for ground in shape.entries(entry.entries["legal"], "legal", ("provision", "country")):
        provision = shape.text(ground, "provision", what="provision")
        country = shape.text(ground, "country", what="country") if "country" in ground.entries else None
        if country is not None and not (len(country) == 2 and country.isupper()):  # noqa: PLR2004 -- ISO 3166-1 alpha-2
            meant = country_meant(country)
            hint = "as `DE`, or `EU`" if meant is None else f"did you mean `{meant}`?"
            span = ground.entries["country"].span
            shape.report.report("P011", f"`{country[:20]}` is no country", span, hint=hint)
        elif country is not None and country != "EU":
            report_country(shape.report, country, ground.entries["country"].span)
        if provision is not None:
            found.append(LegalGround(provision, country))
    return tuple(found)
