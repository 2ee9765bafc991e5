"""From a statement of reasons to the payload of the database: derived from one decision, without personal data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from django.utils.timezone import get_default_timezone, localdate

from hakam.compliance import rulebook
from hakam.compliance.eu_database.codes import EEA, EU, codes
from hakam.compliance.eu_database.form import DECISIONS, ENDS
from hakam.compliance.eu_database.redaction import Redacted, redact
from hakam.compliance.models import Statement
from hakam.compliance.statements import measures_of, reasons_of
from hakam.vocabulary.harm import Harm, crosswalk
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.reasons import Automation, Ground, GroundKind, Reasons, Source

OTHER_TERMS: Final = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
_SOURCES: Final = {
    Source.NOTICE: "SOURCE_ARTICLE_16",
    Source.TRUSTED_FLAGGER: "SOURCE_TRUSTED_FLAGGER",
    Source.OTHER_NOTIFICATION: "SOURCE_TYPE_OTHER_NOTIFICATION",
    Source.OWN_INITIATIVE: "SOURCE_VOLUNTARY",
}
_AUTOMATED: Final = {
    Automation.FULL: "AUTOMATED_DECISION_FULLY",
    Automation.PARTIAL: "AUTOMATED_DECISION_PARTIALLY",
    Automation.NONE: "AUTOMATED_DECISION_NOT_AUTOMATED",
}
# Kinds of items whose content is not text; what an event shows of its media comes on top.
_TYPES: Final = {
    "image": "CONTENT_TYPE_IMAGE",
    "video": "CONTENT_TYPE_VIDEO",
    "audio": "CONTENT_TYPE_AUDIO",
    "live.start": "CONTENT_TYPE_VIDEO",
    "live.segment": "CONTENT_TYPE_VIDEO",
    "live.end": "CONTENT_TYPE_VIDEO",
    "listing": "CONTENT_TYPE_PRODUCT",
    "app": "CONTENT_TYPE_APP",
}
_MEDIA: Final = {"image": "CONTENT_TYPE_IMAGE", "video": "CONTENT_TYPE_VIDEO", "audio": "CONTENT_TYPE_AUDIO"}
_OTHER_TYPES: Final = {
    "profile": "Profile",
    "account": "Account",
    "group": "Group",
    "membership": "Membership",
}
_LIMITS: Final = {"facts": 5000, "ground": 500, "explanation": 2000}


class ItemFacts(msgspec.Struct, frozen=True):
    """What must be known of an item beside its statement."""

    hosted_since: date  # when the platform began to host it; of an account its registration
    language: str = ""  # of the content, a tag as `ar-EG`
    media: tuple[str, ...] = ()  # MIME types


class Entry(msgspec.Struct, frozen=True):
    """A payload, and what was covered in each of its texts."""

    payload: dict[str, Any]
    covered: dict[str, Redacted]


def is_due(statement: Statement) -> str:
    """Return why a statement does not go to the database, or nothing: then it does.

    # DSA Art. 24(5) with Art. 17(1): restrictions of visibility, money, service and account that concern the Union.
    """
    if not any(m.nature.tdb_field for m in measures_of(statement)):
        return "no_restriction"
    return "" if _reported(measures_of(statement)) else "elsewhere"


def _reported(measures: Iterable[Measure]) -> list[Measure]:
    """Return the measures that the database gets: no warning, and nothing that applies nowhere in the EEA."""
    return [m for m in measures if m.nature.tdb_field and scope_of([m])]


def scope_of(measures: Iterable[Measure]) -> list[str]:
    """Return the EEA countries in which any of the measures applies."""
    found: set[str] = set()
    for measure in measures:
        named = set(measure.territory)
        found |= EEA if not named or "EEA" in named else named & EEA
        found |= EU if "EU" in named else set()
    return sorted(found)


def build(statement: Statement, item: ItemFacts, *, puid: str, base_url: str = "") -> Entry:
    """Return what the database gets of a statement."""
    reasons, measures = reasons_of(statement), _reported(measures_of(statement))
    applied = localdate(statement.effective_from, get_default_timezone())
    names = [statement.recipient, *([reasons.notifier] if reasons.notifier else [])]
    covered: dict[str, Redacted] = {}

    def text(field: str, value: str, limit: str) -> str:
        covered[field] = redact(value, names=names)
        most = _LIMITS[limit]
        said = covered[field].text
        return said if len(said) <= most else said[: most - 1] + "…"

    payload: dict[str, Any] = {"puid": puid}
    payload |= _restrictions(measures, applied)
    payload |= {
        "content_type": _content_types(statement.item_kind, item.media),
        "content_date": max(item.hosted_since, date(2000, 1, 1)).isoformat(),
        "application_date": applied.isoformat(),
        "territorial_scope": scope_of(measures),
        "decision_facts": text("decision_facts", reasons.facts, "facts"),
        "source_type": _SOURCES[reasons.source],
        "automated_detection": "Yes" if reasons.automated_detection else "No",
        "automated_decision": _AUTOMATED[reasons.automated_decision],
    }
    if "CONTENT_TYPE_OTHER" in payload["content_type"]:
        payload["content_type_other"] = _OTHER_TYPES[statement.item_kind]
    payload |= category_of(reasons)
    language = item.language.partition("-")[0].upper()
    if language in codes("content_language"):
        payload["content_language"] = language
    ground = ground_of(reasons.grounds)
    kind = "illegal_content" if ground.kind is GroundKind.ILLEGAL else "incompatible_content"
    law = f"{ground.reference} ({ground.country})" if ground.country else ground.reference
    payload["decision_ground"] = f"DECISION_GROUND_{kind.upper()}"
    name = f"{kind}_legal_ground" if ground.kind is GroundKind.ILLEGAL else f"{kind}_ground"
    payload[name] = text(name, law, "ground")
    payload[f"{kind}_explanation"] = text(f"{kind}_explanation", ground.explanation, "explanation")
    if ground.kind is GroundKind.CONTRACTUAL and base_url.startswith(("http://", "https://")):
        address = base_url.rstrip("/") + rulebook.clause_path(reasons.pack, reasons.clause)
        payload["decision_ground_reference_url"] = address
    return Entry(payload, covered)


_OTHER: Final = "DECISION_VISIBILITY_OTHER"


def ground_of(grounds: Sequence[Ground]) -> Ground:
    """Return the ground that is named to the database: the law, where it was relied on."""
    return next((g for g in grounds if g.kind is GroundKind.ILLEGAL), grounds[0])


def category_of(reasons: Reasons) -> dict[str, Any]:
    """Return category and keyword: those of the harm, the first keyword of the crosswalk being the usual case."""
    try:
        row = crosswalk()[Harm(reasons.harm or "")]
    except ValueError:
        return {"category": OTHER_TERMS}
    found: dict[str, Any] = {"category": row.tdb_category}
    if row.tdb_keywords:
        found["category_specification"] = [row.tdb_keywords[0]]
    return found


def _restrictions(measures: Sequence[Measure], start: date) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for field in DECISIONS:
        here = [m for m in measures if m.nature.tdb_field == field]
        if not here:
            continue
        here.sort(key=lambda m: m.nature.severity)
        values = {str(m.nature.tdb_value) for m in here}
        out[field] = sorted(values) if field == "decision_visibility" else here[-1].nature.tdb_value
        if _OTHER in values:
            out["decision_visibility_other"] = "The live broadcast was delayed."
        days = [m.days for m in here if m.days is not None]
        if len(days) == len(here):
            out[ENDS[field]] = min(start + timedelta(days=max(days)), date(2038, 1, 1)).isoformat()
    return out


def _content_types(kind: str, media: Sequence[str]) -> list[str]:
    if kind in _OTHER_TYPES:
        return ["CONTENT_TYPE_OTHER"]
    found = {_TYPES.get(kind, "CONTENT_TYPE_TEXT")}
    found |= {_MEDIA[family] for mime in media if (family := mime.partition("/")[0]) in _MEDIA}
    return sorted(found)
